import { type Server, connect, createServer } from 'node:net'
import type { Test } from 'tap'
import { freePort } from './wait.js'

/**
 * Stands between a source and the server and keeps what the source really sends: the only sound measure of what a listener
 * should get. It passes bytes on as they come, in both directions.
 */
export class Recorder {
  /** Where the source connects to. */
  readonly port: number
  #connections: Buffer[][] = []
  #server: Server

  private constructor(port: number, target: number) {
    this.port = port
    this.#server = createServer((source) => {
      const kept: Buffer[] = []
      this.#connections.push(kept)
      const server = connect(target, '127.0.0.1')
      source.on('data', (chunk: Buffer) => kept.push(chunk))
      source.pipe(server).pipe(source)
      source.on('error', () => server.destroy())
      server.on('error', () => source.destroy())
    })
  }

  /** Opens a recorder in front of a server's port, until the test ends. */
  static async open(t: Test, target: number): Promise<Recorder> {
    const recorder = new Recorder(await freePort(), target)
    await new Promise<void>((resolve) => recorder.#server.listen(recorder.port, '127.0.0.1', resolve))
    t.teardown(() => recorder.#server.close())
    return recorder
  }

  /** Bytes that have come from all connections so far. */
  get length(): number {
    return this.#connections.flat().reduce((sum, chunk) => sum + chunk.length, 0)
  }

  /** All that came, connection by connection. */
  get bytes(): Buffer {
    return Buffer.concat(this.#connections.flat())
  }

  /** What was sent after the head of the connection that sent most. Bodies are not de-chunked. */
  get body(): Buffer {
    const longest = this.#connections.map((chunks) => Buffer.concat(chunks)).toSorted((a, b) => b.length - a.length)[0] ?? Buffer.alloc(0)
    const end = longest.indexOf('\r\n\r\n')
    return end < 0 ? Buffer.alloc(0) : longest.subarray(end + 4)
  }
}
