import { type ClientRequest, type IncomingHttpHeaders, request as requestPlain } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { guardedLookup, type Lookup } from '../client/guarded-lookup.js'

/** What is to be sent, and where to. */
export interface Outgoing {
  /** http or https. */
  readonly url: URL
  /** Headers besides those that every request has. */
  readonly headers: Readonly<Record<string, string>>
  /** The media type of the body; JSON when it is left out. */
  readonly contentType?: string
  /** What is sent. */
  readonly body: Buffer
  /** Whether the address may be one of the own network. */
  readonly allowPrivate: boolean
  /** Gives it up. */
  readonly signal: AbortSignal
}

/** The head of an answer. */
export interface AnswerHead {
  /** Its status. */
  readonly status: number
  /** Its headers, by names in small letters. */
  readonly headers: IncomingHttpHeaders
}

/** Thrown when an address is one that strangers must not have this server call. */
export class PrivateAddress extends Error {
  /** @param host as the URL names it */
  constructor(host: string) {
    super(`${host} is an address within the own network; the option webhooks.allowPrivate allows that`)
    this.name = 'PrivateAddress'
  }
}

/**
 * Whether an address belongs to some host of the Internet: not to this machine, its networks, a cloud's own services, or a range
 * that leads to those.
 */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0) return false
  const address = ipaddr.process(text)
  // Azure answers virtual machines there, with what is theirs alone; it lies in no range of that kind.
  if (address.toString() === '168.63.129.16') return false
  if (address.range() !== 'unicast') return false
  // RFC 4291, 2.4: all that is given out to hosts of the Internet; what else is unicast there leads to IPv4.
  return address.kind() === 'ipv4' || address.match(GLOBAL)
}
const GLOBAL = ipaddr.parseCIDR('2000::/3') satisfies [ipaddr.IPv4 | ipaddr.IPv6, number]

/** Which addresses may be called. */
export const addressGuard =
  (allowPrivate: boolean) =>
  (address: string): boolean =>
    allowPrivate || isPublicAddress(address)

/** The host of a URL, an IPv6 address without its brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1')

/**
 * Sends a request by POST and gives the head of its answer, which is not read any further, however long it is; redirects are not followed. A name is looked up
 * once, and the connection goes to what was found and seen to be fit: no other answer for the same name can come in between.
 * @throws PrivateAddress; Error of Node's, such as ECONNREFUSED, or AbortError
 */
export function send(
  { url, headers, contentType = 'application/json', body, allowPrivate, signal }: Outgoing,
  lookup?: Lookup,
): Promise<AnswerHead> {
  const host = hostOf(url)
  const allow = addressGuard(allowPrivate)
  return new Promise((resolve, reject) => {
    // Nobody looks up what is an address already.
    if (isIP(host) !== 0 && !allow(host)) throw new PrivateAddress(host)
    const request: ClientRequest = (url.protocol === 'https:' ? requestSecurely : requestPlain)(url, {
      method: 'POST',
      // A connection of its own: an open one would have been looked up before.
      agent: false,
      signal,
      headers: { ...headers, 'Content-Type': contentType, 'Content-Length': body.length, Connection: 'close' },
      lookup: guardedLookup(allow, (name) => new PrivateAddress(name), lookup),
    })
    request.on('response', (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers })
      response.destroy()
    })
    request.on('error', reject)
    request.end(body)
  })
}
