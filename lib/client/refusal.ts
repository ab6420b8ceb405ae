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
  const because =
    status >= 300 && status < 400 && location !== undefined
      ? `it has moved to ${cleanText(location, 200)}; use that address`
      : /\bin use\b/i.test(`${said} ${reason}`)
        ? 'another source is on that mount; stop it, or choose another mount'
        : `the server says "${said}"`
  return new FloecastError('REQUEST_REFUSED', { doing, reason: because })
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
