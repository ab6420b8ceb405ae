/** What goes wrong again and again: it is said once, until something else does or all is well in between. */
export class Complaint {
  readonly #warn: (sentence: string) => void
  #said = ''

  /** @param warn writes it to the log */
  constructor(warn: (sentence: string) => void) {
    this.#warn = warn
  }

  /** Says it, unless it was the last thing said. */
  say(sentence: string): void {
    if (sentence !== this.#said) this.#warn(sentence)
    this.#said = sentence
  }

  /** All is well: whatever comes next is said. */
  settle(): void {
    this.#said = ''
  }
}
