/** The part of a logger that floecast calls: pino fits it, and so does anything with these four methods. */
export interface Logger {
  /** What only a developer wants to know. */
  debug(fields: object, message: string): void
  /** What happened. */
  info(fields: object, message: string): void
  /** What someone should look at. */
  warn(fields: object, message: string): void
  /** What went wrong. */
  error(fields: object, message: string): void
}

const nothing = (): void => {}

/** A logger that says nothing: the default of the library. */
export const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
