import type { ReactiveController, ReactiveControllerHost } from 'lit'

/** Milliseconds without a move after which controls may go. */
const QUIET = 3000

/** Tells whether somebody is at the controls: has moved, touched or pressed something of late. */
export class Presence implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement
  #timer: ReturnType<typeof setTimeout> | undefined
  #isThere = true

  constructor(host: ReactiveControllerHost & HTMLElement) {
    this.#host = host
    host.addController(this)
    for (const name of ['pointermove', 'pointerdown', 'keydown', 'focusin', 'touchstart'])
      host.addEventListener(name, () => this.#seen(), { passive: true })
    host.addEventListener('pointerleave', () => this.#leave())
  }

  /** Whether somebody is there. */
  get isThere(): boolean {
    return this.#isThere || this.#host.shadowRoot?.querySelector('.bar :focus-visible, .menu') !== null
  }

  hostConnected(): void {
    this.#seen()
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer)
  }

  #seen(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#leave(), QUIET)
    if (this.#isThere) return
    this.#isThere = true
    this.#host.requestUpdate()
  }

  #leave(): void {
    this.#isThere = false
    this.#host.requestUpdate()
  }
}
