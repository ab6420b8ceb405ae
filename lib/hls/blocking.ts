import type { MediaPlaylist, SegmentEntry } from './entries.js'

/** What the delivery directives of a playlist request want, RFC 8216bis clause 6.2.5. */
export type BlockingRequest =
  | {
      /** The playlist can be sent at once. */
      readonly kind: 'now'
      /** What may be left out, as {@link formatMediaPlaylist} takes it. */
      readonly skip: boolean | 'v2'
    }
  | {
      /** What it asks for is still to come: answer when {@link hasReached} says so, and with 503 after three target durations or when the source is gone. */
      readonly kind: 'wait'
      /** The media sequence number of the segment. */
      readonly sequence: number
      /** The index of the part in it; `undefined` when the whole segment is awaited. */
      readonly part: number | undefined
      /** What may be left out, as {@link formatMediaPlaylist} takes it. */
      readonly skip: boolean | 'v2'
    }
  | {
      /** It makes no sense: 400. */
      readonly kind: 'bad'
      /** Why, in a sentence. */
      readonly reason: string
    }

/** What of a playlist decides whether a request must wait. */
export type BlockingState = Pick<MediaPlaylist, 'segments' | 'next' | 'partTarget' | 'ended'>

/**
 * Reads the delivery directives `_HLS_msn`, `_HLS_part` and `_HLS_skip` of a request for a media playlist.
 * @param query of the request
 * @param state the playlist as it stands
 */
export function parseBlockingRequest(query: URLSearchParams, state: BlockingState): BlockingRequest {
  const asked = query.get('_HLS_skip')
  const skip = asked === 'v2' ? 'v2' : asked === 'YES'
  // 6.2.5.2: a playlist with EXT-X-ENDLIST will not change, and its server must ignore both.
  if (state.ended) return { kind: 'now', skip }
  const msn = query.get('_HLS_msn')
  const index = query.get('_HLS_part')
  if (msn === null) return index === null ? { kind: 'now', skip } : bad('_HLS_part needs _HLS_msn')
  if (!INTEGER.test(msn)) return bad('_HLS_msn must be a whole number')
  if (index !== null && !INTEGER.test(index)) return bad('_HLS_part must be a whole number')
  const last = lastSequence(state)
  const sequence = Number(msn)
  if (sequence > last + 2) return bad(`_HLS_msn is more than two segments ahead: the newest is ${last}`)
  // Without parts there is no part to wait for, only the segment that would have it.
  const part = index === null || state.partTarget === undefined ? undefined : Number(index)
  if (hasReached(state, sequence, part)) return { kind: 'now', skip }
  if (part === undefined) return { kind: 'wait', sequence, part, skip }
  const segment = find(state, sequence)
  if (segment?.complete) return { kind: 'wait', sequence: sequence + 1, part: 0, skip }
  const limit = state.partTarget! < 1 ? Math.ceil(3 / state.partTarget! - 1e-9) : 3
  if (part - ((segment?.parts.length ?? 0) - 1) > limit) return bad(`_HLS_part is more than ${limit} parts ahead`)
  return { kind: 'wait', sequence, part, skip }
}

/**
 * Whether a playlist has what a request waits for. A part past the end of its segment means part 0 of the next one (6.2.5.2), also when the segment
 * turns out shorter only while the request waits.
 * @param part `undefined` for the whole segment
 */
export function hasReached(state: BlockingState, sequence: number, part: number | undefined): boolean {
  const last = state.segments.at(-1)
  if (last === undefined) return sequence < state.next.sequence
  const whole = last.complete ? last.sequence : last.sequence - 1
  if (part === undefined || state.partTarget === undefined) return sequence <= whole
  const growing = last.complete || last.parts.length === 0 ? undefined : last
  // Anything of a later segment is later than any part of this one.
  if (sequence < whole || (sequence === whole && growing !== undefined)) return true
  const segment = find(state, sequence)
  return segment !== undefined && part < segment.parts.length
}

const INTEGER = /^\d{1,19}$/

function bad(reason: string): BlockingRequest {
  return { kind: 'bad', reason }
}

function lastSequence({ segments, next }: BlockingState): number {
  return segments.at(-1)?.sequence ?? next.sequence - 1
}

/** The segment of a number: nearly always one of the last. */
function find({ segments }: BlockingState, sequence: number): SegmentEntry | undefined {
  return segments.findLast((segment) => segment.sequence === sequence)
}
