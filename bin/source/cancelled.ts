/** Whoever was asked went away, by Ctrl-C or Escape. */
export class Cancelled extends Error {
  /** Made where a question is left. */
  constructor() {
    super('Nothing was started.')
    this.name = 'Cancelled'
  }
}
