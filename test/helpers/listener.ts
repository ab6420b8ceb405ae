import { type Socket, connect } from 'node:net'
import { until } from './wait.js'

/** A listener without any player: it asks, keeps the head, and counts and keeps what follows. */
export class PlainListener {
  readonly socket: Socket
  #head = ''
  #chunks: Buffer[] = []
  #start: Buffer = Buffer.alloc(0)
  #length = 0
  #ended = false
  #error: Error | undefined

  constructor(port: number, path: string, headers: Readonly<Record<string, string>> = {}) {
    this.socket = connect(port, '127.0.0.1')
    const lines = Object.entries({ Host: `127.0.0.1:${port}`, 'User-Agent': 'test', ...headers }).map(([k, v]) => `${k}: ${v}\r\n`)
    this.socket.write(`GET ${path} HTTP/1.0\r\n${lines.join('')}\r\n`)
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.socket.on('end', () => (this.#ended = true))
    this.socket.on('close', () => (this.#ended = true))
    this.socket.on('error', (error) => (this.#error = error))
  }

  #take(chunk: Buffer): void {
    if (this.#head === '') {
      this.#start = Buffer.concat([this.#start, chunk])
      const end = this.#start.indexOf('\r\n\r\n')
      if (end < 0) return
      this.#head = this.#start.toString('latin1', 0, end + 4)
      chunk = this.#start.subarray(end + 4)
    }
    this.#length += chunk.length
    this.#chunks.push(chunk)
  }

  /** The answer's head, empty until it is complete. */
  get head(): string {
    return this.#head
  }
  /** The status code of the answer, 0 until it is there. */
  get status(): number {
    return Number(/^\S+ (\d{3})/.exec(this.#head)?.[1] ?? 0)
  }
  /** Bytes of the body so far. */
  get length(): number {
    return this.#length
  }
  /** The body so far. */
  get body(): Buffer {
    return Buffer.concat(this.#chunks)
  }
  /** Whether the other side has ended the connection, and not by a reset. */
  get endedCleanly(): boolean {
    return this.#ended && this.#error === undefined
  }
  /** Whether the connection is over, one way or the other. */
  get isOver(): boolean {
    return this.#ended || this.#error !== undefined
  }

  /** Waits until the body has that many bytes. */
  async reaches(bytes: number, timeout = 15_000): Promise<void> {
    await until(`a listener to get ${bytes} bytes (it has ${this.#length})`, () => this.#length >= bytes || this.isOver, { timeout })
    if (this.#length < bytes) throw new Error(`The listener's connection ended after ${this.#length} bytes: ${this.#head || this.#error}`)
  }

  /** Hangs up. */
  close(): void {
    this.socket.destroy()
  }
}
