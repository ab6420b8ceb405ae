import { FloecastError } from '../errors.js'
import { cleanText } from '../icy/text.js'
import { Exchange } from './exchange.js'
import { sourceRefusal, wrongPassword } from './refusal.js'
import type { SourceTarget } from './source-target.js'

// How long the server has to close its side, in milliseconds.
const FAREWELL = 2_000
const HUNG_UP = 'the server hung up at the password; give the right one in the address (http://:PASSWORD@…)'
const SHOUTCAST_SERVER = "it is a SHOUTcast server; set protocol to 'shoutcast'"
const NO_SHOUTCAST_SERVER = "that port is not for SHOUTcast sources; add 1 to it, or set protocol to 'put'"

/** One connection of a source, from its announcement to its end. */
export class SourceConnection {
  readonly #target: SourceTarget
  readonly #exchange: Exchange
  readonly #lost: (error: Error) => void
  #live = false
  #ended: (() => void) | undefined

  /**
   * Connects.
   * @param lost is called once, when a connection that was live ends otherwise than by {@link SourceConnection.end} or
   * {@link SourceConnection.close}; with one sentence about it
   */
  constructor(target: SourceTarget, lost: (error: Error) => void) {
    this.#target = target
    this.#lost = lost
    this.#exchange = new Exchange(target.url, target.doing, target.options)
  }

  /**
   * Announces the source, and waits until the server takes it: from then on, media can be written.
   * @throws FloecastError that says why it does not
   */
  async open(): Promise<void> {
    try {
      if (this.#target.isShoutcast) {
        await logIn(this.#exchange, this.#target)
        this.#exchange.socket.write(this.#target.formatIcyHeaders())
      } else await this.#announce()
    } catch (error) {
      this.#exchange.close()
      throw error
    }
    this.#exchange.settle()
    this.#live = true
    void this.#watch()
  }

  /**
   * Hands media to the system.
   * @param taken is called when the system has taken all of it; never, when the connection ends before
   */
  write(pieces: readonly Buffer[], taken: () => void): void {
    const { socket } = this.#exchange
    socket.cork()
    pieces.forEach((piece, at) => {
      if (at < pieces.length - 1) socket.write(piece)
      else
        socket.write(piece, (error) => {
          if (!error) taken()
        })
    })
    socket.uncork()
  }

  /** Ends the stream in order, and waits until the server has it all, or for two seconds. */
  end(): Promise<void> {
    this.#live = false
    return new Promise((resolve) => {
      // The end of the connection is the end of the stream. Waiting for the other side's makes sure that every byte has got there.
      const timer = setTimeout(() => this.#ended?.(), FAREWELL)
      this.#ended = () => {
        clearTimeout(timer)
        this.#ended = undefined
        resolve()
      }
      if (this.#exchange.socket.destroyed) this.#ended()
      else this.#exchange.socket.end()
    })
  }

  /** Gives a live connection up as lost. */
  fail(reason: string): void {
    this.#lose(new FloecastError('CONNECTION_LOST', { doing: this.#target.doing, reason }))
  }

  /** Cuts the connection; harmless when it has ended. */
  close(): void {
    this.#live = false
    this.#exchange.close()
    this.#ended?.()
  }

  #lose(error: Error): void {
    if (!this.#live) return
    this.close()
    this.#lost(error)
  }

  async #announce(): Promise<void> {
    const { doing, credentials } = this.#target
    this.#exchange.socket.write(this.#target.formatHead())
    for (;;) {
      const answer = await this.#exchange.answer()
      if (answer.kind === 'login') throw new FloecastError('REQUEST_REFUSED', { doing, reason: SHOUTCAST_SERVER })
      if (answer.status === 100 || (answer.status >= 200 && answer.status < 300)) return
      if (answer.status >= 200) throw sourceRefusal(doing, answer, await this.#exchange.text(answer), credentials)
    }
  }

  // While the media goes out, a server may still refuse it, as a proxy does behind its 100; and the connection may end.
  async #watch(): Promise<void> {
    const { doing, credentials } = this.#target
    const exchange = this.#exchange
    exchange.socket.on('close', () => {
      this.#ended?.()
      this.fail('the server closed the connection')
    })
    try {
      for (;;) {
        const answer = await exchange.answer()
        if (answer.kind === 'login' || answer.status < 300) continue
        this.#lose(sourceRefusal(doing, answer, await exchange.text(answer), credentials))
      }
    } catch {
      // Nothing readable comes any more; what matters is when it closes.
      exchange.socket.resume()
    }
  }
}

/**
 * Gives the password to a SHOUTcast server, and waits until it is taken.
 * @throws FloecastError that says why it is not
 */
export async function logIn(exchange: Exchange, target: SourceTarget): Promise<void> {
  const { doing } = target
  exchange.socket.write(target.formatLogin())
  const answer = await exchange.answer().catch((error: unknown) => {
    if (exchange.failure !== undefined || !(error instanceof FloecastError) || error.code !== 'SERVER_UNREACHABLE') throw error
    throw new FloecastError('PASSWORD_REFUSED', { doing, reason: HUNG_UP })
  })
  if (answer.kind === 'response') throw new FloecastError('REQUEST_REFUSED', { doing, reason: NO_SHOUTCAST_SERVER })
  if (answer.accepted) return
  if (/invalid password/i.test(answer.line)) throw wrongPassword(doing, target.credentials)
  throw new FloecastError('REQUEST_REFUSED', { doing, reason: `the server says "${cleanText(answer.line, 200)}"` })
}
