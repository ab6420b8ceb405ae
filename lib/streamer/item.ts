import type { PacketStream } from './packet-stream.js'

/** What plays at a moment: an entry of the list from some point on, a still, or what has taken over. It is played once. */
export interface Item {
  /** Its packets, for each rung of the ladder; one where there is no ladder. */
  readonly rungs: readonly PacketStream[]
  /** When it begins, in seconds of its own clock, where that is known otherwise than by its first packets. */
  readonly start?: number
  /** Whether its packets go out as they are, or come from an encoder. */
  readonly way: 'copy' | 'convert'
  /** What is done to it, or left out of it, for people. */
  readonly note: string | undefined
  /** How long all of it is, in seconds, with what lies before where it begins; `undefined` while that is not known. */
  readonly duration: number | undefined
  /** The title that it has of its own. */
  readonly title: string | undefined
  /** Ends it, in the middle or at its end; safe to call twice. */
  close(): Promise<void>
}
