/** Where server-sent events go: an answer of Node's HTTP, or what a test has in its place. */
export interface EventSink {
  /** Bytes that the other end has not taken yet. */
  readonly writableLength: number
  /** Sends bytes. */
  write(bytes: Buffer | string): unknown
  /** Ends the stream in order. */
  end(): unknown
  /** Cuts it off. */
  destroy(): unknown
}

/** Milliseconds between two comments, by which proxies and browsers see that a stream is alive. */
export const HEARTBEAT = 15_000

/** What a stream begins with: after how many milliseconds a browser that has lost it asks again. */
export const GREETING = 'retry: 3000\n\n'

/** A comment, which nobody hears. */
export const BEAT: Buffer = Buffer.from(':\n\n')

/**
 * Writes one event.
 * @param data a text without line ends, such as JSON
 */
export const formatEvent = (name: string, data: string): Buffer => Buffer.from(`event: ${name}\ndata: ${data}\n\n`)
