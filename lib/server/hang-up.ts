import type { Duplex } from 'node:stream'

// How long a refused peer may go on sending, in milliseconds: cut off at once, it would get a reset instead of the answer.
const LINGER = 2_000

/** Writes the last answer, and ends the connection in order: the peer gets time to read it, but no more than that. */
export function hangUp(socket: Duplex, answer: Buffer | string = ''): void {
  if (socket.destroyed) return
  socket.end(answer)
  socket.on('data', ignore)
  socket.on('end', () => socket.destroy())
  setTimeout(() => socket.destroy(), LINGER).unref()
  socket.resume()
}

/** For an event that means nothing more than the close after it: a broken connection, or bytes that nobody waits for. */
export const ignore = (): void => {}
