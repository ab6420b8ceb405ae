import { isIP, isIPv6 } from 'node:net'
import { hostname } from 'node:os'
import ipaddr from 'ipaddr.js'

/** What a request tells about the address under which its sender sees this server. */
export interface Visit {
  /** The value of a request header by its lower-case name. */
  readonly header: (name: string) => string | undefined
  /** The other end of the connection. */
  readonly remoteAddress: string | undefined
  /** The port that the connection came in at. */
  readonly localPort: number | undefined
  /** Whether the connection is in TLS. */
  readonly secured: boolean
  /** The path at which a foreign application carries floecast, such as `/radio`; mostly empty. */
  readonly prefix: string
}

/** What is needed of the settings to tell addresses. */
export interface AddressSettings {
  /** Name in URLs where a request brings none. */
  readonly hostname?: string | undefined
  /** Addresses and ranges whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies: readonly string[]
}

/**
 * The address of a client, which may sit behind proxies: `X-Forwarded-For` is walked from right to left as long as trusted
 * proxies speak, so nobody can make an address up. IPv4 inside of IPv6 comes out as IPv4.
 * @param socketAddress the other end of the connection; empty or undefined for a Unix socket, which nobody is trusted on
 * @param forwardedFor the value of `X-Forwarded-For`, if any
 * @param trustedProxies addresses and ranges such as `10.0.0.0/8`; what is neither is passed over
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: readonly string[],
): string {
  let address = remembered(socketAddress ?? '')
  if (forwardedFor === undefined || trustedProxies.length === 0) return address
  const hops = forwardedFor.split(',')
  while (hops.length > 0 && isTrusted(address, trustedProxies)) {
    const before = normalAddress(hops.pop()!)
    // A trusted proxy that does not know its peer: then the proxy is all there is.
    if (before === undefined) break
    address = before
  }
  return address
}

// Reading an address takes longer than most of what is asked, and the same ones ask again and again.
const addresses = new Map<string, string>()
const MAX_ADDRESSES = 16_384

function remembered(socketAddress: string): string {
  let address = addresses.get(socketAddress)
  if (address === undefined) {
    address = normalAddress(socketAddress) ?? socketAddress
    if (addresses.size >= MAX_ADDRESSES) addresses.clear()
    addresses.set(socketAddress, address)
  }
  return address
}

/**
 * Scheme, host and prefix by which the sender of a request reaches this server, such as `https://radio.example/live`. A Host is
 * taken when it is no more than a name and a port; without one, the settings' name or the machine's own stands in.
 */
export function publicOrigin(visit: Visit, settings: AddressSettings): string {
  const trusted = isTrusted(normalAddress(visit.remoteAddress ?? '') ?? '', settings.trustedProxies)
  const forwarded = (name: string): string | undefined => (trusted ? visit.header(name)?.split(',', 1)[0]!.trim() : undefined)
  const said = forwarded('x-forwarded-proto')?.toLowerCase()
  const scheme = said === 'https' || said === 'http' ? said : visit.secured ? 'https' : 'http'
  const host = hostOf(forwarded('x-forwarded-host')) ?? hostOf(visit.header('host')) ?? ownHost(settings.hostname, visit.localPort, scheme)
  return `${scheme}://${host}${publicPrefix(visit, settings)}`
}

/** The path below which the sender of a request finds this server: what stands before `/live` in a link. Mostly empty. */
export function publicPrefix(visit: Visit, settings: AddressSettings): string {
  const trusted = isTrusted(normalAddress(visit.remoteAddress ?? '') ?? '', settings.trustedProxies)
  const said = trusted ? visit.header('x-forwarded-prefix')?.replace(/\/$/, '') : undefined
  return `${said !== undefined && PREFIX.test(said) ? said : ''}${visit.prefix}`
}

/** The whole URL of a decoded path, such as a mount's name, for the sender of a request. */
export function publicUrl(visit: Visit, settings: AddressSettings, path: string): string {
  return publicOrigin(visit, settings) + encodePath(path)
}

/** Percent-encodes a decoded path, segment by segment. */
export function encodePath(path: string): string {
  // Over Buffer, because half a surrogate pair, which a configuration may hold, has no encoding.
  return path
    .split('/')
    .map((segment) => encodeURIComponent(Buffer.from(segment).toString()))
    .join('/')
}

/** Whether a text is a host as it stands in a URL: a name, an IPv4 address or an IPv6 address in brackets, and a port or none. */
export function isHost(text: string): boolean {
  const match = /^(?:\[([0-9a-f:.]{2,45})\]|[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_.])?)(?::(\d{1,5}))?$/i.exec(text)
  if (match === null || Number(match[2] ?? 1) > 65_535 || Number(match[2] ?? 1) === 0) return false
  return match[1] === undefined || isIPv6(match[1])
}

const PREFIX = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~!$&()*+,;=:@-]{1,64}){1,16}$/

const hostOf = (text: string | undefined): string | undefined => (text !== undefined && isHost(text) ? text : undefined)

const ownHost = (name: string | undefined, port: number | undefined, scheme: string): string => {
  const host = name ?? hostname()
  const literal = isIPv6(host) ? `[${host}]` : host
  const usual = port === undefined || port === (scheme === 'https' ? 443 : 80)
  return usual || /:\d+$/.test(literal) ? literal : `${literal}:${port}`
}

/** An address, read. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6

// Only what Node calls an address: ipaddr.js also reads 127.1 and 0x7f000001. A port, as some proxies send it, is left out.
const parse = (text: string): Address | undefined => {
  const bare = text.trim().replace(/^"(.*)"$/, '$1')
  const host = /^\[(.+)\](?::\d+)?$/.exec(bare)?.[1] ?? /^([\d.]+):\d+$/.exec(bare)?.[1] ?? bare
  return isIP(host) === 0 ? undefined : ipaddr.process(host)
}

const normalAddress = (text: string): string | undefined => parse(text)?.toString()

type Range = readonly [base: Address, bits: number]

// Settings are compiled once: whoever reloads them brings another array.
const compiled = new WeakMap<readonly string[], readonly Range[]>()

/** Whether an address is that of a proxy which is believed, or in the range of some. */
export const isTrusted = (address: string, proxies: readonly string[]): boolean => {
  if (proxies.length === 0) return false
  const candidate = parse(address)
  if (candidate === undefined) return false
  let ranges = compiled.get(proxies)
  if (ranges === undefined) compiled.set(proxies, (ranges = proxies.map(readRange).filter((range) => range !== undefined)))
  return ranges.some(([base, bits]) => base.kind() === candidate.kind() && candidate.match(base, bits))
}

/** Reads an address, or a range in CIDR notation; `undefined` for what is neither. IPv4 inside of IPv6 is IPv4. */
export const readRange = (text: string): Range | undefined => {
  const [host = '', length, ...more] = text.trim().split('/')
  if (isIP(host) === 0 || more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined
  const given = ipaddr.parse(host)
  const base = ipaddr.process(host)
  const size = base.kind() === 'ipv4' ? 32 : 128
  // A range of IPv4 inside of IPv6 counts its 96 bits of prefix.
  const bits = length === undefined ? size : Number(length) - (given.kind() === base.kind() ? 0 : 96)
  return bits < 0 || bits > size ? undefined : [base, bits]
}
