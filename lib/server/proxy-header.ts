import { isIPv4, isIPv6, type Socket } from 'node:net'
import { FloecastError } from '../errors.js'
import type { Logger } from '../log.js'
import type { ServerSettings } from '../options/index.js'
import { clientAddress, isTrusted } from './address.js'
import { formatRefusal } from './answer.js'
import { hangUp } from './hang-up.js'

/** What a header of the PROXY protocol says, versions 1 and 2 (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt). */
export interface ProxyHeader {
  /** Bytes that it takes. */
  readonly length: number
  /** Whose connection it is; empty where the proxy does not know, and `undefined` for its own, as where it looks whether the server is well. */
  readonly address: string | undefined
}

/** Version 1, with its line end, in bytes. */
const MAX_LINE = 107
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const PREFIX = Buffer.from('PROXY ')
// Signature, version and command, family and protocol, length.
const FIXED = 16

/**
 * Reads a header from the beginning of a connection.
 * @param bytes what has come so far
 * @param limit most bytes of a header of version 2, which may bring more than addresses
 * @returns `undefined` while more is needed
 * @throws FloecastError PROXY_HEADER
 */
export function readProxyHeader(bytes: Buffer, limit: number): ProxyHeader | undefined {
  if (startsAlike(bytes, SIGNATURE)) return bytes.length < FIXED ? undefined : readBinary(bytes, limit)
  if (startsAlike(bytes, PREFIX)) return readLine(bytes)
  throw new FloecastError('PROXY_HEADER', { reason: 'it begins with something else' })
}

const startsAlike = (bytes: Buffer, wanted: Buffer): boolean => {
  const length = Math.min(bytes.length, wanted.length)
  return bytes.compare(wanted, 0, length, 0, length) === 0
}

// PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n
function readLine(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.indexOf('\r\n')
  if (end < 0 && bytes.length < MAX_LINE) return undefined
  if (end < 0 || end + 2 > MAX_LINE) throw new FloecastError('PROXY_HEADER', { reason: `its line is longer than ${MAX_LINE} bytes` })
  const length = end + 2
  const [, family, ...values] = bytes.toString('latin1', 0, end).split(' ')
  if (family === 'UNKNOWN') return { length, address: '' }
  const [from = '', to = '', ...ports] = values
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined
  if (isAddress === undefined || !isAddress(from) || !isAddress(to) || ports.length !== 2 || !ports.every(isPort))
    throw new FloecastError('PROXY_HEADER', { reason: 'its line is not "PROXY TCP4" or "TCP6" with two addresses and two ports' })
  return { length, address: from }
}

const isPort = (text: string): boolean => /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535

//  0          12   13   14     16
// | signature | vc | fp | length | addresses, ports, further values |
function readBinary(bytes: Buffer, limit: number): ProxyHeader | undefined {
  const version = bytes[12]! >> 4
  const command = bytes[12]! & 15
  if (version !== 2 || command > 1) throw new FloecastError('PROXY_HEADER', { reason: 'its version or command is unknown' })
  const length = FIXED + bytes.readUInt16BE(14)
  if (length > limit) throw new FloecastError('PROXY_HEADER', { reason: `it is longer than ${limit} bytes` })
  if (bytes.length < length) return undefined
  // LOCAL: the proxy itself asks.
  if (command === 0) return { length, address: undefined }
  const family = bytes[13]! >> 4
  const size = family === 1 ? 4 : family === 2 ? 16 : 0
  // A Unix socket, or what the proxy does not tell.
  if (size === 0) return { length, address: '' }
  if (length < FIXED + 2 * size + 4) throw new FloecastError('PROXY_HEADER', { reason: 'it is too short for its addresses' })
  const from = bytes.subarray(FIXED, FIXED + size)
  return { length, address: size === 4 ? from.join('.') : formatIPv6(from) }
}

const formatIPv6 = (bytes: Buffer): string => bytes.toString('hex').replace(/(.{4})(?!$)/g, '$1:')

type UnwrapSettings = Pick<ServerSettings, 'proxyProtocol' | 'trustedProxies' | 'headerSize' | 'headerTimeout'>

/**
 * Takes the header of the PROXY protocol off a connection, which is that of the client from then on: its `remoteAddress` says so to everybody. What is no such
 * header is refused, for a connection without one would have no address that is known. Connections of others than trusted proxies stay as they are.
 * @param socket paused, and nothing has been read from it
 * @param done told when nothing stands before what is asked, with the connection paused
 */
export function unwrap(
  socket: Socket,
  { proxyProtocol, trustedProxies, headerSize: limit, headerTimeout: timeout }: UnwrapSettings,
  logger: Logger,
  done: () => void,
): void {
  const proxy = clientAddress(socket.remoteAddress, undefined, trustedProxies)
  if (!proxyProtocol || !isTrusted(proxy, trustedProxies)) return done()
  let bytes: Buffer = Buffer.alloc(0)
  const leave = (): void => {
    clearTimeout(timer)
    socket.off('data', read).off('end', gone).off('close', leave).pause()
  }
  const refuse = (error: FloecastError): void => {
    leave()
    logger.warn({ address: proxy }, error.message)
    hangUp(socket, formatRefusal(error))
  }
  const gone = (): void => {
    leave()
    socket.destroy()
  }
  const read = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    let header: ProxyHeader | undefined
    try {
      header = readProxyHeader(bytes, limit)
    } catch (error) {
      if (!(error instanceof FloecastError)) throw error
      return refuse(error)
    }
    if (header === undefined) return
    leave()
    if (header.address !== undefined) isFrom(socket, header.address)
    if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length))
    done()
  }
  const timer = setTimeout(
    () => refuse(new FloecastError('PROXY_HEADER', { reason: `it has not come within ${timeout / 1000} s` })),
    timeout,
  )
  socket.on('data', read).on('end', gone).on('close', leave).resume()
}

/** Says whose a connection is, instead of the proxy that has opened it: of nobody who is trusted where that is not known, so that they cannot say themselves who they are. */
function isFrom(socket: Socket, address: string): void {
  Object.defineProperty(socket, 'remoteAddress', { value: address, configurable: true, enumerable: true })
}

/** Carries over whose a connection is to the one that is within: TLS asks the system, which knows of the proxy alone. */
export function inherit(inner: Socket, outer: Socket): void {
  const address = Object.getOwnPropertyDescriptor(outer, 'remoteAddress')
  if (address !== undefined) Object.defineProperty(inner, 'remoteAddress', address)
}
