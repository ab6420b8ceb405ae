/** A value that outlives the server where there is a place for that: replaced as a whole, one change after another. */
export interface Kept<T> {
  /** The value in force, never changed itself. */
  readonly value: T
  /**
   * Changes the value; it is in force once it is kept.
   * @param make makes the new value of the one in force; what it throws is thrown, and changes nothing
   */
  change(make: (value: T) => T): Promise<T>
}

/** A value that is gone with the server. */
export class InMemory<T> implements Kept<T> {
  value: T

  constructor(value: T) {
    this.value = value
  }

  async change(make: (value: T) => T): Promise<T> {
    this.value = make(this.value)
    return this.value
  }
}
