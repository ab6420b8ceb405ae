import { writeId3 } from '../codecs/id3.js'
import type { EventMessage } from '../formats/mp4-prefix.js'

/** What plays, and from when. */
export interface Title {
  /** Counts up. */
  readonly id: number
  /** What plays. */
  readonly text: string
  /** From when on, in seconds of the mount's timeline. */
  readonly start: number
}

/** The scheme of events whose message is a whole ID3v2 tag: AOM, Carriage of ID3 Timed Metadata in CMAF. */
export const ID3_SCHEME = 'https://aomedia.org/emsg/ID3'
const TIMESCALE = 90_000

/** The message that tells a title. */
export const titleMessage = (text: string): Buffer => writeId3([{ id: 'TIT2', text }])

/** The event of a segment that tells a title. */
export const titleEvent = ({ id, text, start }: Title): EventMessage => ({
  timescale: TIMESCALE,
  time: Math.round(start * TIMESCALE),
  duration: 0xffff_ffff,
  id,
  scheme: ID3_SCHEME,
  value: '',
  message: titleMessage(text),
})
