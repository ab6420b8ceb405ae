import { STATUS_CODES } from 'node:http'
import type { FloecastError } from '../errors.js'
import { IcyEncoder } from '../icy/encoder.js'
import { formatStreamHeaders } from '../icy/stream-info.js'
import type { StreamAnswer } from '../mount/listener.js'
import type { Outlet } from '../mount/outlet.js'
import { SERVER } from '../version.js'

/** What the head of a live stream depends on, of the request. */
export interface ListenRequest {
  /** Such as `HTTP/1.1`. */
  readonly version: string
  /** Whether it asks for ICY metadata. */
  readonly icy: boolean
  /** Its `User-Agent`, or the empty string. */
  readonly agent: string
  /** What a stream is called to it that has no name of its own. */
  readonly name: string
  /** The `Via` to answer with, to another server that relays. */
  readonly via?: string | undefined
}

// What a script on another site may read, and send: without these, browsers hide the titles.
const EXPOSED = 'icy-metaint, icy-br, icy-description, icy-genre, icy-name, icy-pub, icy-url, ice-audio-info, Date, Server'
const ALLOWED =
  'Icy-MetaData, Range, If-Range, If-None-Match, Authorization, Content-Type, Cache-Control, User-Agent, CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status, X-Playback-Session-Id'
const NEVER_STORED = 'Cache-Control: no-cache, no-store\r\nExpires: Mon, 26 Jul 1997 05:00:00 GMT\r\nPragma: no-cache\r\n'

/** Players of the last century that know a stream by its status line. */
const ICY_STATUS = /^(shoutcastsource|RealMedia|BlackBerry)/i

/** Formats a short answer with everything that any client needs to read it. */
export function formatAnswer(
  status: number,
  {
    version = 'HTTP/1.0',
    headers = '',
    body = '',
    keep = false,
  }: { version?: string; headers?: string; body?: string; keep?: boolean } = {},
): Buffer {
  const type = body === '' ? '' : 'Content-Type: text/plain; charset=utf-8\r\n'
  return Buffer.from(
    `${version} ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\nServer: ${SERVER}\r\nConnection: ${keep ? 'keep-alive' : 'Close'}\r\nDate: ${new Date().toUTCString()}\r\n` +
      `${type}${headers}${NEVER_STORED}Access-Control-Allow-Origin: *\r\n${status === 204 ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`}\r\n${body}`,
  )
}

/** Formats the answer to a peer who is refused. Encoders look at the status and, for a mount in use, at the text. */
export function formatRefusal(error: FloecastError, { version, keep = false }: { version?: string; keep?: boolean } = {}): Buffer {
  const headers = error.status === 401 ? `WWW-Authenticate: ${CHALLENGE}\r\n` : ''
  return formatAnswer(error.status, { ...(version !== undefined && { version }), headers, body: `${error.message}\r\n`, keep })
}

/** The challenge of a 401. */
export const CHALLENGE = 'Basic realm="Icecast2 Server", charset="UTF-8"'

/** What a preflight is answered with, whether the stream is on the air or not: only then does a script get to see a 404. */
export const PREFLIGHT: Readonly<Record<string, string>> = {
  Allow: 'GET, HEAD, OPTIONS, PUT, SOURCE',
  'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
  'Access-Control-Allow-Headers': ALLOWED,
  'Access-Control-Max-Age': '86400',
}

/** Formats the answer to a preflight, in which a browser asks whether a script of another site may ask for a stream. */
export function formatPreflight(version: string): Buffer {
  return formatAnswer(204, {
    version,
    headers: Object.entries(PREFLIGHT)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join(''),
    keep: true,
  })
}

/**
 * Makes the answer that begins a live stream. It has no length and no ranges, so that players know that it is live; it is
 * HTTP/1.0 to those who ask for ICY metadata, because hardware radios know nothing else.
 */
export function streamAnswer(mount: Outlet, { version, icy, agent, name, via }: ListenRequest): StreamAnswer {
  const metaint = icy && mount.icy ? mount.settings.metaint : undefined
  const status = ICY_STATUS.test(agent) ? 'ICY' : metaint !== undefined || version !== 'HTTP/1.1' ? 'HTTP/1.0' : 'HTTP/1.1'
  const head = Buffer.from(
    `${status} 200 OK\r\nServer: ${SERVER}\r\nConnection: Close\r\nDate: ${new Date().toUTCString()}\r\nContent-Type: ${mount.contentType}\r\n` +
      `${NEVER_STORED}Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: ${EXPOSED}\r\n${formatOwn(mount.settings.headers)}${via === undefined ? '' : `Via: ${via}\r\n`}`,
  )
  // VLC asks for ICY metadata only when an answer to a request without has shown it a name or a genre.
  const info = mount.icy ? { ...mount.info, name: mount.info.name ?? name } : mount.info
  return {
    intro: mount.intro,
    head: Buffer.concat([head, formatStreamHeaders(info, metaint), LINE_END]),
    encoder: metaint === undefined ? undefined : new IcyEncoder(metaint),
  }
}

const formatOwn = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')

const LINE_END = Buffer.from('\r\n')
