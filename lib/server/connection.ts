import type { Socket } from 'node:net'
import { FloecastError } from '../errors.js'
import { type Head, HeadReader } from '../icy/head.js'
import type { RequestLine } from '../mount/listener.js'
import type { ServerSettings } from '../options/index.js'
import { clientAddress } from './address.js'
import { formatRefusal } from './answer.js'
import { hangUp } from './hang-up.js'

/** What happens to a connection that is being read. */
export interface ConnectionOwner {
  /** Its head has been read: one decision is to be made about it. */
  decide(head: Head, connection: Connection): void
  /** It has been refused, or has not said anything that can be understood. */
  refused(error: FloecastError, connection: Connection): void
  /** Something is wrong with it that may well be our own fault: it is to be ended. */
  failed(error: unknown, connection: Connection): void
}

/**
 * A connection from its first byte to the decision what it is, and from one request to the next. Node's HTTP parser cannot take an Icecast source, so the head is
 * read here, from the raw socket, and afterwards no parser stands in the way of the media.
 */
export class Connection {
  /** The connection itself. Whoever {@link Connection.release | releases} it owns it. */
  readonly socket: Socket
  /** Whether it is in TLS. */
  readonly secured: boolean
  /** Whose it is: the other end, or whoever stands behind trusted proxies once a head has told. */
  address: string
  /** What has been asked, once it has. */
  request: RequestLine | undefined
  /** When the reading of the present head began, in milliseconds. */
  began = 0
  readonly #owner: ConnectionOwner
  readonly #settings: ServerSettings
  readonly #reader: HeadReader
  /** One for the life of the connection: for whoever asks several times a second, it is only set anew. */
  #timer: NodeJS.Timeout | undefined
  /** Whether a request has been answered before. */
  #isIdle = false
  /** Whether anything has come of the head that is read. */
  #begun = false
  /** Who hears of the client's going while an answer is under way. */
  #held: (() => void) | undefined
  /** What has come meanwhile. */
  #pending: Buffer = EMPTY
  #ended = false

  /** @param socket fresh: nothing has been read from it, and its errors are heard */
  constructor(socket: Socket, secured: boolean, settings: ServerSettings, owner: ConnectionOwner) {
    this.socket = socket
    this.secured = secured
    this.#settings = settings
    this.#owner = owner
    this.#reader = new HeadReader(settings.headerSize)
    this.address = clientAddress(socket.remoteAddress, undefined, settings.trustedProxies)
    this.#listen(EMPTY)
  }

  /** Reads the head of the next request of a connection that was released, which may begin with bytes that have come already. */
  read(bytes: Buffer): void {
    this.#isIdle = true
    this.#listen(bytes)
  }

  /**
   * Stops reading, and hands the socket over: paused, and with the bytes after the head in its `rest`.
   * @returns the reader, for what may follow the head
   */
  release(): HeadReader {
    const { socket } = this
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#held = undefined
    socket.off('data', this.#data)
    socket.off('end', this.#end)
    socket.off('close', this.#gone)
    socket.pause()
    return this.#reader
  }

  /**
   * Waits with the next request until this one is answered, and the connection {@link Connection.proceed | proceeds}.
   * @param gone told when the client goes before
   */
  hold(gone: () => void): void {
    this.#held = gone
    this.#pending = this.#reader.rest
  }

  /** Goes on to the next request: this one is answered, and the connection has taken the answer. */
  proceed(): void {
    this.#held = undefined
    if (this.socket.destroyed) return
    if (this.#ended && this.#pending.length === 0) return this.#gone()
    this.#isIdle = true
    this.#next()
    const bytes = this.#pending
    this.#pending = EMPTY
    if (bytes.length === 0) return
    // Not at once: the answers to many requests that have come together would stand one inside the other.
    process.nextTick(() => {
      if (this.#timer === undefined) return
      this.#data(bytes)
      const isReading = this.#timer !== undefined && this.#held === undefined
      if (isReading && this.#ended) this.#gone()
      else if (this.#timer !== undefined) this.socket.resume()
    })
  }

  /** Answers that the peer is refused, and ends the connection in order. */
  refuse(error: FloecastError, version?: string): void {
    this.release()
    this.#owner.refused(error, this)
    hangUp(this.socket, formatRefusal(error, version === undefined ? {} : { version }))
  }

  /**
   * Writes a short answer on a connection that was released and, once it has gone out, reads the next request: a peer that asks faster than it reads has to wait.
   * @param rest what has come of the next request
   * @param timeout milliseconds within which the answer must have gone out
   */
  answer(answer: Buffer, rest: Buffer, timeout = this.#settings.headerTimeout): void {
    const { socket } = this
    const timer = setTimeout(() => socket.destroy(), timeout)
    socket.write(answer, (error) => {
      clearTimeout(timer)
      if (!error && !socket.destroyed) this.read(rest)
    })
  }

  #listen(bytes: Buffer): void {
    const { socket } = this
    const { headerTimeout } = this.#settings
    this.#timer = setTimeout(() => {
      if (this.#held !== undefined) return
      if (this.#isIdle && !this.#begun) this.#gone()
      else this.refuse(new FloecastError('HEAD_TIMEOUT', { seconds: headerTimeout / 1000 }))
    }, headerTimeout)
    this.#next()
    socket.on('data', this.#data)
    socket.on('end', this.#end)
    socket.on('close', this.#gone)
    if (bytes.length > 0) this.#data(bytes)
    // Unless those were a whole head, and somebody else reads on.
    if (this.#timer !== undefined) socket.resume()
  }

  // A client that asks for nothing more has done nothing wrong: its connection just ends.
  #next(): void {
    this.began = Date.now()
    this.request = undefined
    this.#begun = false
    this.#timer?.refresh()
  }

  readonly #data = (chunk: Buffer): void => {
    if (this.#held !== undefined) return this.#keep(chunk)
    this.#begun = true
    try {
      const head = this.#reader.push(chunk)
      if (head === undefined) return
      this.request = requestLine(head)
      if (head.kind === 'request')
        this.address = clientAddress(this.socket.remoteAddress, head.headers.get('x-forwarded-for'), this.#settings.trustedProxies)
      this.#owner.decide(head, this)
    } catch (error) {
      this.#owner.failed(error, this)
    }
  }

  // What comes of the next request while this one waits; as long as nobody reads on, no more than a little and what the kernel holds.
  #keep(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    if (this.#pending.length >= this.#settings.headerSize) this.socket.pause()
  }

  readonly #end = (): void => {
    this.#ended = true
    if (this.#held === undefined) this.#gone()
    else this.#held()
    if (this.socket.destroyed) this.#held = undefined
  }

  readonly #gone = (): void => {
    const held = this.#held
    this.#held = undefined
    this.release()
    this.socket.destroy()
    held?.()
  }
}

function requestLine(head: Head): RequestLine | undefined {
  if (head.kind === 'tls') return undefined
  if (head.kind === 'shoutcast') return { method: 'SHOUTcast', target: '-', version: 'ICY/1.0' }
  if (head.kind === 'xaudiocast') return { method: 'xaudiocast', target: head.mount ?? '-', version: 'ICE/1.0' }
  return { method: head.method, target: head.target, version: head.version, referer: head.headers.get('referer') }
}

const EMPTY = Buffer.alloc(0)
