import type { Duplex } from 'node:stream'
import type { IcyEncoder } from '../icy/encoder.js'
import type { Queue, SyncPoint } from './queue.js'

/** Where a listener starts: a position in the queue, and what it gets before. */
export type JoinPoint = Pick<SyncPoint, 'position' | 'header'>

/** What a {@link Listener} needs of the mount that it listens to. */
export interface ListenerOwner {
  /** Where its bytes come from. */
  readonly queue: Queue
  /** Whether what is sent is known well enough to say so in the head of an answer. */
  readonly ready: boolean
  /** Whether there are pictures: then a listener who lags skips to a key frame. */
  readonly video: boolean
  /** The ICY metadata block in force; another title is another Buffer. */
  readonly metadataBlock: Buffer
  /** Where someone who comes now starts, if there is a place yet. */
  joinPoint(): JoinPoint | undefined
  /** Takes a listener off the mount, once its connection has ended. */
  leave(listener: Listener): void
}

/** A request as a peer made it: what an access log tells of it. */
export interface RequestLine {
  /** Such as `GET`. */
  readonly method: string
  /** The target as it was sent, with its query. */
  readonly target: string
  /** Such as `HTTP/1.1`. */
  readonly version: string
  /** The page that led there, if the peer tells. */
  readonly referer?: string | undefined
}

/** How a stream begins for one listener. */
export interface StreamAnswer {
  /** The head of the answer, blank line included. */
  readonly head: Buffer
  /** Puts ICY metadata between the bytes, where it was asked for and the format can carry it. */
  readonly encoder: IcyEncoder | undefined
  /** What it hears first, before what is live; whole frames of the same format. */
  readonly intro?: Buffer | undefined
}

/** Who listens, and how to answer. */
export interface ListenerDetails {
  /** What it asked, for the access log. */
  readonly request: RequestLine
  /** The address of the listener, behind trusted proxies. */
  readonly address: string
  /** Its `User-Agent`, or the empty string. */
  readonly agent: string
  /** The name it has authenticated with, if any. */
  readonly user?: string | undefined
  /** When it came, in milliseconds. */
  readonly connected: number
  /** When it is to end, in milliseconds since 1970, where whoever let it in has said so. */
  readonly until?: number | undefined
  /** The mount that it asked for, when it gets that one's fallback. */
  readonly home?: string | undefined
  /** Makes the head of the answer, and the encoder where ICY metadata was asked for and the format can carry it. Called once. */
  readonly answer: () => StreamAnswer
}

// One write at a time to a listener who catches up: its progress shows, and a dead one holds no more than this.
const WRITE_MOST = 262_144
const LINGER = 10_000

/**
 * One who listens: a socket and a cursor into the mount's queue. It holds no bytes of its own; what is written is the shared
 * buffer that all listeners at the same cursor get.
 */
export class Listener {
  // First what every write touches: with thousands of listeners, memory that lies together is time.
  readonly #socket: Duplex
  #owner: ListenerOwner
  #phase: 'new' | 'intro' | 'answered' | 'playing' | 'ended' = 'new'
  #cursor = 0
  #encoder: IcyEncoder | undefined
  /** Bytes written to it, head included. */
  bytesSent = 0
  /** Its place in the mount's list; the mount keeps it. */
  index = -1
  /** Unique within the server's life. */
  readonly id: number
  /** Who it is. */
  readonly details: ListenerDetails
  /** Whether it has been dropped because the queue has forgotten what it was to get next. */
  overtaken = false
  /** The mount to which it belongs, whichever it hears: to that it goes back from a fallback. */
  home: string | undefined
  /** Times it has been moved to a newer key frame because it lagged. */
  skips = 0
  #header: Buffer | undefined
  #intro: Buffer | undefined

  /** @param socket a connection whose request has been read; the listener owns it from now on */
  constructor(id: number, socket: Duplex, owner: ListenerOwner, details: ListenerDetails) {
    this.id = id
    this.#socket = socket
    this.#owner = owner
    this.details = details
    this.home = details.home
    socket.on('error', ignore)
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      this.#phase = 'ended'
      this.#owner.leave(this)
    })
    socket.resume()
  }

  /** Bytes that the mount has and this listener has not been given yet; 0 before it plays. */
  get lag(): number {
    return this.#phase === 'playing' ? this.#owner.queue.end - this.#cursor : 0
  }

  /**
   * Gives it what is new.
   * @returns whether it wants more of what is already there, as soon as its connection has taken this
   */
  flush(): boolean {
    if (this.#phase !== 'playing' && !this.#begin()) return this.#phase === 'intro'
    const { queue, video } = this.#owner
    // Lag is looked at before the socket: a dead client's socket is always full.
    if (this.#cursor < queue.start) {
      this.overtaken = true
      this.close()
      return false
    }
    while (this.#cursor < queue.end && this.#socket.writableLength === 0) {
      let to = queue.reach(this.#cursor, WRITE_MOST)
      if (video && queue.end - this.#cursor > queue.limit / 2) {
        const next = queue.syncFrom(this.#cursor)
        const newest = queue.syncs[queue.syncs.length - 1]
        if (next?.position === this.#cursor && newest!.position > this.#cursor) {
          this.#skip(newest!)
          continue
        }
        if (next !== undefined && next.position > this.#cursor && next.position < to) to = next.position
      }
      this.#advance(to)
    }
    return this.#cursor < queue.end
  }

  /**
   * Goes on with another stream of the same format, from the next place on where one may start. Its bytes count anew.
   * @returns whether it does; not when its connection has ended
   */
  follow(owner: ListenerOwner): boolean {
    if (this.#phase === 'ended') return false
    this.#owner = owner
    this.bytesSent = 0
    if (this.#phase !== 'new') this.#phase = 'answered'
    this.#intro = undefined
    this.#cursor = owner.queue.end
    return true
  }

  /** Gives it what is left, whether its connection can take it at once or not. */
  drain(): void {
    const { queue } = this.#owner
    if (this.#phase === 'playing' && this.#cursor >= queue.start) this.#advance(queue.end)
  }

  /** Gives it what is left, and ends the connection in order. */
  finish(): void {
    this.drain()
    if (this.#phase === 'ended') return
    this.#phase = 'ended'
    this.#socket.end()
    if (!this.#socket.destroyed) setTimeout(() => this.#socket.destroy(), LINGER).unref()
  }

  /** Ends the connection at once. */
  close(): void {
    this.#phase = 'ended'
    this.#socket.destroy()
  }

  // Whether it plays now; if not, it waits for a place to start, or for its connection to take more of what it hears first.
  #begin(): boolean {
    if (this.#phase === 'new') {
      if (!this.#owner.ready) return false
      // What is there at the start goes out in one write: head, header, burst.
      this.#socket.cork()
      const { head, encoder, intro } = this.details.answer()
      this.bytesSent += head.length
      this.#socket.write(head)
      this.#encoder = encoder
      this.#intro = intro
      this.#phase = 'intro'
      this.#introduce()
      this.#socket.uncork()
    } else if (this.#phase === 'intro') this.#introduce()
    else if (this.#phase === 'answered') {
      const point = this.#owner.queue.syncFrom(this.#cursor)
      if (point !== undefined) this.#start(point)
    }
    return this.#phase === 'playing'
  }

  // Once it has heard the intro, it joins in what is live.
  #introduce(): void {
    for (let intro = this.#intro; intro !== undefined; intro = this.#intro) {
      if (this.#socket.writableLength > WRITE_MOST) return
      this.#write(intro.subarray(0, WRITE_MOST))
      this.#intro = intro.length > WRITE_MOST ? intro.subarray(WRITE_MOST) : undefined
    }
    const { queue } = this.#owner
    const point = this.#owner.joinPoint()
    if (point === undefined) {
      this.#phase = 'answered'
      this.#cursor = queue.end
    } else {
      this.#start(point)
      this.#advance(queue.reach(point.position, WRITE_MOST))
    }
  }

  #start({ position, header }: JoinPoint): void {
    this.#phase = 'playing'
    this.#cursor = position
    this.#header = header
    if (header.length > 0) this.#write(header)
  }

  #advance(to: number): void {
    if (to === this.#cursor) return
    const bytes = this.#owner.queue.read(this.#cursor, to)
    this.#cursor = to
    this.#write(bytes)
  }

  #skip(newest: SyncPoint): void {
    this.skips++
    if (newest.header === this.#header) this.#cursor = newest.position
    else this.#start(newest)
  }

  #write(bytes: Buffer): void {
    const out = this.#encoder === undefined ? bytes : this.#encoder.encode(bytes, this.#owner.metadataBlock)
    this.bytesSent += out.length
    this.#socket.write(out)
  }
}

// The close that follows an error tells all there is to tell.
const ignore = (): void => {}
