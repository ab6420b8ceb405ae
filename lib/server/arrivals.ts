import type { Socket } from 'node:net'

// While connections keep coming, they are only accepted, for at most so many milliseconds; then some are served in between.
const PATIENCE = 200
const TURN = 100

/**
 * Takes a rush in turns. The kernel drops what its queue of connections cannot hold, and the event loop accepts just one of
 * them each time round; so as long as more come, nothing else is done with them.
 */
export class Arrivals {
  readonly #serve: (socket: Socket) => void
  #waiting: Socket[] = []
  #seen = 0
  #next = 0
  #since = 0

  /** @param serve takes one connection that is paused and of which nothing has been read */
  constructor(serve: (socket: Socket) => void) {
    this.#serve = serve
  }

  /** Puts a connection at the end of the line. */
  add(socket: Socket): void {
    if (this.#waiting.push(socket) > 1) return
    this.#since = performance.now()
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    const more = this.#waiting.length > this.#seen
    this.#seen = this.#waiting.length
    if (!more || performance.now() - this.#since > PATIENCE) {
      const end = Math.min(this.#waiting.length, this.#next + TURN)
      while (this.#next < end) this.#serve(this.#waiting[this.#next++]!)
    }
    if (this.#next < this.#waiting.length) {
      setImmediate(this.#turn)
      return
    }
    this.#waiting = []
    this.#seen = 0
    this.#next = 0
  }
}
