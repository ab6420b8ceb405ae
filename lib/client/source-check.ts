import { FloecastError } from '../errors.js'
import { Exchange } from './exchange.js'
import { sourceRefusal } from './refusal.js'
import { logIn } from './source-connection.js'
import { type SourceOptions, SourceTarget } from './source-target.js'

/** What {@link checkSource} has found out, where nothing is wrong. */
export interface SourceCheck {
  /** What the server calls itself, such as `Icecast 2.4.4`; `undefined` when it does not say. */
  readonly server: string | undefined
  /** Whether the password is right, or the server does not tell before a stream begins. */
  readonly password: 'right' | 'unknown'
  /** Whether nobody publishes on the mount, or the server does not tell before a stream begins. */
  readonly mount: 'free' | 'unknown'
}

/** Options of {@link checkSource}: those of the source to come. */
export type SourceCheckOptions = Partial<Pick<SourceOptions, 'protocol' | 'timeout' | 'ca'>>

/**
 * Finds out whether a source could publish, without starting a stream: asks Icecast and floecast about the mount with the source's
 * password, and gives SHOUTcast the password alone, which tells nothing of who else publishes there. Whether a mount or a media type is allowed, and how many sources
 * are, servers tell only a stream that begins.
 *
 * @throws FloecastError in one sentence, when the host is unknown, nothing answers, the password is wrong, somebody else publishes on
 * the mount, or the server is full
 * @throws TypeError when the address is none
 *
 * @example
 * ```ts
 * const { password, mount } = await checkSource('http://source:hackme@localhost:8000/live')
 * ```
 */
export async function checkSource(address: string | URL, options: SourceCheckOptions = {}): Promise<SourceCheck> {
  const target = new SourceTarget(address, { contentType: 'application/octet-stream', ...options })
  const exchange = new Exchange(target.url, target.doing, options)
  try {
    if (!target.isShoutcast) return await askAboutMount(exchange, target)
    await logIn(exchange, target)
    return { server: undefined, password: 'right', mount: 'unknown' }
  } finally {
    exchange.close()
  }
}

async function askAboutMount(exchange: Exchange, target: SourceTarget): Promise<SourceCheck> {
  const { doing, credentials } = target
  // A request for another title that names none: it changes nothing, and Icecast first looks at the password, then for the mount.
  exchange.socket.write(target.formatAdminRequest([]))
  const answer = await exchange.answer()
  if (answer.kind === 'login')
    throw new FloecastError('REQUEST_REFUSED', { doing, reason: "it is a SHOUTcast server; set protocol to 'shoutcast'" })
  const { status, headers } = answer
  const server = headers.get('server')
  const text = await exchange.text(answer)
  if (status === 400 || status === 404) {
    if (/source does not exist/i.test(text)) return { server, password: 'right', mount: 'free' }
    if (/missing parameter/i.test(text)) throw new FloecastError('MOUNT_TAKEN', { doing })
  }
  if (/<iceresponse>/.test(text)) throw new FloecastError('MOUNT_TAKEN', { doing })
  if (status === 401 || status === 403 || status === 429 || status >= 500 || (status >= 300 && status < 400))
    throw sourceRefusal(doing, answer, text, credentials)
  return { server, password: 'unknown', mount: 'unknown' }
}
