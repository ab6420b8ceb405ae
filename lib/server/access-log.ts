import type { ListenerDetails } from '../mount/listener.js'
import type { SourceDetails } from '../mount/source.js'

/** One finished request, as the access log shows it. */
export interface AccessEntry {
  /** Address of the peer. */
  readonly address: string
  /** User name it authenticated with. */
  readonly user?: string | undefined
  /** When it began. */
  readonly time: Date
  /** Method as it was sent, for example `GET` or `SOURCE`. */
  readonly method: string
  /** Request target as it was sent, with its query. */
  readonly target: string
  /** Protocol and version, for example `HTTP/1.1`. */
  readonly version: string
  /** Status code of the answer; 499 when the peer has gone before there was one. */
  readonly status: number
  /** Bytes of the body that were sent to the peer; for a source, the bytes that it sent. */
  readonly bytes: number
  /** Referer header. */
  readonly referer?: string | undefined
  /** User-Agent header. */
  readonly agent?: string | undefined
  /** Seconds for which it was connected. */
  readonly seconds: number
}

/** The status of a request whose sender has gone before it was answered, as nginx has it. */
export const GONE = 499

/**
 * The line of a source or a listener that has gone now.
 * @param bytes what it sent, or was sent
 */
export function endOf({ request, address, user, agent, connected }: ListenerDetails | SourceDetails, bytes: number): AccessEntry {
  const seconds = (Date.now() - connected) / 1000
  return { ...request, address, user, agent, time: new Date(connected), status: 200, bytes, seconds }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number): string => String(Math.trunc(n)).padStart(2, '0')

/** Common log format writes local time with the distance from UTC: `23/Nov/2026:12:04:31 +0100`. */
function formatTime(time: Date): string {
  const east = -time.getTimezoneOffset()
  const zone = `${east < 0 ? '-' : '+'}${two(Math.abs(east) / 60)}${two(Math.abs(east) % 60)}`
  const day = `${two(time.getDate())}/${months[time.getMonth()]}/${time.getFullYear()}`
  return `${day}:${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())} ${zone}`
}

/** Whatever could end a line or a field, hide text or steer a terminal becomes `\x22` or `\u{2028}`. */
const escape = (text: string, unsafe: RegExp): string =>
  text.replace(unsafe, (char) => {
    const code = char.codePointAt(0) ?? 0
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
const quoted = (text: string | undefined): string =>
  text === undefined || text === '' ? '"-"' : `"${escape(text, /["\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu)}"`
const bare = (text: string | undefined): string =>
  text === undefined || text === '' ? '-' : escape(text, /["\\[\]\s\p{Cc}\p{Cf}\p{Cs}\p{Z}]/gu)

const column = (text: string): string => escape(text, /[|\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu)

const secrets = new Set(['pass', 'passwd', 'password', 'pw', 'token'])

/** SHOUTcast encoders send their password in the query (`/admin.cgi?pass=…`); a log is no place for it. */
function withoutSecrets(url: string): string {
  const plain = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1')
  const mark = plain.indexOf('?')
  if (mark === -1) return plain
  // Pair by pair, so that the time stays linear in the length whatever stands there.
  const query = plain.slice(mark + 1).replace(/[^&;#]+/g, (pair) => {
    const key = pair.split('=', 1)[0]!
    const name = key.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    return key.length < pair.length && secrets.has(name.toLowerCase()) ? `${key}=***` : pair
  })
  return plain.slice(0, mark + 1) + query
}

/**
 * One line of Icecast's playlist log, without the line end: when, on which mount, how many listened, and what was played.
 * Nothing in a title can break the line or its fields.
 */
export function formatPlayed(time: Date, mount: string, listeners: number, title: string): string {
  return `${formatTime(time)}|${column(mount)}|${listeners}|${column(title)}`
}

const whole = (n: number): number => (n > 0 ? Math.round(n) : 0)

/**
 * One line of Icecast's access log, without the line end: the combined format with the seconds connected as its last field.
 * Nothing that a peer sends can break the line or its fields, and passwords in a query are blotted out.
 */
export function formatAccess(entry: AccessEntry): string {
  const request = `${entry.method} ${withoutSecrets(entry.target)} ${entry.version}`
  const referer = entry.referer === undefined ? undefined : withoutSecrets(entry.referer)
  const peer = `${bare(entry.address)} - ${bare(entry.user)} [${formatTime(entry.time)}]`
  return `${peer} ${quoted(request)} ${entry.status} ${whole(entry.bytes)} ${quoted(referer)} ${quoted(entry.agent)} ${whole(entry.seconds)}`
}
