import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { CallError } from '../../api-client.js'

const shown = new Set<Resource<unknown>>()

/** Asks for everything that is shown once more, because something has been changed. */
export function refreshAll(): void {
  for (const one of shown) void one.reload()
}

/** What an element shows that comes from the server: asked for when the element appears, and again every so often while the page can be seen. */
export class Resource<T> implements ReactiveController {
  /** The last answer; `undefined` before the first. */
  value: T | undefined
  /** Why the last attempt failed, as a sentence; empty when it did not. */
  error = ''
  readonly #host: ReactiveControllerHost
  readonly #load: () => Promise<T>
  readonly #every: number
  #timer: ReturnType<typeof setInterval> | undefined
  #turn = 0

  /**
   * @param load asks the server
   * @param every milliseconds between two attempts; 0 for one alone
   */
  constructor(host: ReactiveControllerHost, load: () => Promise<T>, every = 0) {
    this.#host = host
    this.#load = load
    this.#every = every
    host.addController(this)
  }

  /** Lit calls this. */
  hostConnected(): void {
    shown.add(this)
    void this.reload()
    if (this.#every > 0) this.#timer = setInterval(() => document.hidden || void this.reload(), this.#every)
  }

  /** Lit calls this. */
  hostDisconnected(): void {
    shown.delete(this)
    clearInterval(this.#timer)
    this.#turn++
  }

  /** Asks again; of answers that overtake each other, the last one asked for counts. Never throws: see {@link Resource.error}. */
  async reload(): Promise<void> {
    const turn = ++this.#turn
    let value = this.value
    let error = ''
    try {
      value = await this.#load()
    } catch (problem) {
      error = sentenceOf(problem)
    }
    if (turn !== this.#turn) return
    this.value = value
    this.error = error
    this.#host.requestUpdate()
  }

  /** Puts another value in place of the last answer, such as what the server has sent by itself. */
  set(value: T): void {
    this.#turn++
    this.value = value
    this.error = ''
    this.#host.requestUpdate()
  }
}

/** What to tell somebody of something that went wrong. */
export function sentenceOf(problem: unknown): string {
  if (problem instanceof CallError) return problem.message
  console.error(problem)
  return 'This page has failed; reload it and try again.'
}
