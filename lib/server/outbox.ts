import type { Duplex } from 'node:stream'

// What a connection is given at a time: a reader who is slow gets a large answer bit by bit, so that TLS has no copy of all of it.
const MOST = 262_144

/** What is still to be written to a connection. */
export class Outbox {
  readonly #socket: Duplex
  readonly #queue: Buffer[] = []
  #waits = false
  #taken: (() => void) | undefined
  #finish: (() => void) | undefined

  /** @param socket the connection */
  constructor(socket: Duplex) {
    this.#socket = socket
  }

  /**
   * Writes buffers, now or when the connection takes them.
   * @param taken called once when it has taken all so far, and never if it breaks; only the last that was given is
   */
  write(buffers: readonly Buffer[], taken?: () => void): void {
    const [only] = buffers
    const isFree = this.#queue.length === 0 && !this.#waits
    if (isFree && taken === undefined && buffers.length === 1 && this.#socket.writableLength + only!.length <= MOST) {
      this.#socket.write(only)
      return
    }
    this.#queue.push(...buffers)
    if (taken !== undefined) this.#taken = taken
    if (!this.#waits) this.#pump()
  }

  /**
   * Says that nothing more comes.
   * @param call told once all has gone out, and never if the connection breaks or all has gone out already
   * @returns whether the connection has taken all: nearly always, at once
   */
  finish(call: () => void): boolean {
    if (!this.#waits && this.#queue.length === 0 && this.#socket.writableLength === 0) return true
    this.#finish = call
    if (!this.#waits) this.#pump()
    return false
  }

  #pump(): void {
    const socket = this.#socket
    const queue = this.#queue
    socket.cork()
    let next = 0
    for (let room = MOST - socket.writableLength; room > 0 && next < queue.length;) {
      const buffer = queue[next]!
      if (buffer.length <= room) next++
      else queue[next] = buffer.subarray(room)
      socket.write(buffer.length <= room ? buffer : buffer.subarray(0, room))
      room -= buffer.length
    }
    queue.splice(0, next)
    socket.uncork()
    const taken = this.#taken
    if (queue.length === 0 && taken !== undefined) {
      this.#taken = undefined
      socket.write(NOTHING, (error) => (error == null ? taken() : undefined))
    }
    const call = this.#finish
    if (queue.length > 0 || call !== undefined) this.#waits = true
    if (queue.length > 0) socket.write(NOTHING, (error) => this.#sent(error))
    else if (call !== undefined) socket.write(NOTHING, (error) => (error == null ? call() : undefined))
  }

  #sent(error: Error | null | undefined): void {
    this.#waits = false
    if (error == null) this.#pump()
  }
}

const NOTHING = Buffer.alloc(0)
