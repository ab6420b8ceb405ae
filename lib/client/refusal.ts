import { FloecastError } from '../errors.js'
import type { Credentials } from '../icy/basic.js'
import type { ResponseHead } from '../icy/response.js'
import { cleanText } from '../icy/text.js'

/** The text of a short answer as one line of plain words, from plain text or HTML. */
export function plainText(text: string): string {
  const body = text.replace(/<(head|style|script)\b[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]{0,1000}>/g, ' ')
  return cleanText(body.replace(/\s+/g, ' '), 200).replace(/[.\s]+$/, '')
}

/** Says that a source's password is not the right one, and where to give it. */
export function wrongPassword(doing: string, { password }: Credentials): FloecastError {
  const fault = password === '' ? 'it needs a password' : 'wrong password'
  return new FloecastError('PASSWORD_REFUSED', { doing, reason: `${fault}. Give it in the address (http://source:PASSWORD@…)` })
}

/** Says why a source is refused: servers tell it in the body of their answer, or in its status line. */
export function sourceRefusal(
  doing: string,
  { status, reason, headers }: ResponseHead,
  text: string,
  credentials: Credentials,
): FloecastError {
  if (status === 401) return wrongPassword(doing, credentials)
  const said = plainText(text) || reason || `status ${status}`
  const location = headers.get('location')
  if (status >= 300 && status < 400 && location !== undefined)
    return new FloecastError('REQUEST_REFUSED', { doing, reason: `it has moved to ${cleanText(location, 200)}; use that address` })
  if (status === 409 || /\bin use\b/i.test(`${said} ${reason}`)) return new FloecastError('MOUNT_TAKEN', { doing })
  if (status >= 500 || status === 429 || /too many|limit reached|\bmax/i.test(`${said} ${reason}`))
    return new FloecastError('SERVER_BUSY', { doing, said })
  return new FloecastError('REQUEST_REFUSED', { doing, reason: `the server says "${said}"` })
}

/** Whether an error would come again, whenever the same is tried: a wrong password does, a server that does not run now may run later. */
export function isLasting(error: Error): boolean {
  return error instanceof FloecastError && ['PASSWORD_REFUSED', 'REQUEST_REFUSED', 'ANSWER_UNREADABLE'].includes(error.code)
}

/** Says why a listener is refused. */
export function listenerRefusal(doing: string, { status, reason }: ResponseHead, text: string, { password }: URL): FloecastError {
  if (status === 404) return new FloecastError('STREAM_NOT_FOUND', { doing })
  if (status === 401) {
    const fault = password === '' ? 'it needs a password' : 'wrong user name or password'
    return new FloecastError('PASSWORD_REFUSED', { doing, reason: `${fault}. Give them in the address (http://USER:PASSWORD@…)` })
  }
  return new FloecastError('REQUEST_REFUSED', { doing, reason: `the server says "${plainText(text) || reason || `status ${status}`}"` })
}
