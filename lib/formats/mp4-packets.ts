import { MAX_FRAME_SIZE, NO_HEADER, type Frame } from './frame.js'
import { readBoxes, readBoxHead } from './mp4-boxes.js'
import { type MovieMedia, readMovieMedia } from './mp4-media.js'
import { type FragmentSample, readTrackFragments, type TrackFragment } from './mp4-samples.js'
import type { MediaTrack, Packet, PacketReader } from './packet.js'
import type { SampleReader } from './sample-reader.js'

/** The most bytes of one fragment that are held; a larger one is left out. */
const MAX_FRAGMENT_SIZE = 64 * 1_048_576

/** A track, and where its clock stands. */
interface State {
  readonly media: MovieMedia
  /** What reads the samples of the entry in use. */
  reader: SampleReader | undefined
  /** Where a fragment without a time of its own begins, in the container's ticks. */
  next: number
  /** Whether a sample has come. */
  hasBegun: boolean
  /** How far decoding is put forward, so that no picture is shown before it. */
  lead: number
  /** Of the last packet, in ticks of the track. */
  last: number | undefined
}

/** A fragment whose bytes are not all there. */
interface Pending {
  readonly pieces: Buffer[]
  size: number
  readonly moof: number
  readonly body: Buffer
  /** Its samples, once the place of its data is known. */
  fragments: readonly TrackFragment[] | undefined
  /** How many bytes hold all its samples. */
  end: number
}

/**
 * Reads packets from fragmented MP4: H.264, HEVC, VP8, VP9, AV1, AAC, Opus, Vorbis, FLAC, MP3, AC-3 and E-AC-3. A fragment's packets come when all its
 * bytes are there, those of its tracks mixed in the order of their times.
 *
 * Edit lists shift the times of their track, so that tracks stay together. Durations of audio are those of its frames. Video keeps the
 * timescale of its track; where pictures are stated to be shown before they are decoded, all are decoded earlier.
 */
export class Mp4PacketReader implements PacketReader {
  #hasStarted = false
  #header = NO_HEADER
  #states: readonly State[] = []
  #pending: Pending | undefined
  /** Bytes to come of a box that arrives in pieces. */
  #rest = 0

  get tracks(): readonly MediaTrack[] {
    return this.#states.flatMap(({ reader }) => reader?.track ?? [])
  }

  get pending(): boolean {
    return this.#states.some(({ reader }) => reader !== undefined && reader.track === undefined)
  }

  read(frames: readonly Frame[]): Packet[] {
    const packets: Packet[] = []
    for (const { bytes, sync, header } of frames) {
      if (!this.#hasStarted && !sync) continue
      this.#hasStarted = true
      if (sync && header !== this.#header) {
        this.#header = header
        for (const { type, body } of readBoxes(header)) {
          if (type !== 'moov') continue
          this.#finish(packets)
          this.#openMovie(body)
        }
      }
      this.#take(bytes, sync, packets)
    }
    return packets
  }

  end(): Packet[] {
    const packets: Packet[] = []
    this.#finish(packets)
    return packets
  }

  #openMovie(moov: Buffer): void {
    this.#states = readMovieMedia(moov).flatMap((media) => {
      // Some encoders repeat the moov: nothing changes.
      const same = this.#states.find((state) => state.media.id === media.id && state.media.source.equals(media.source))
      if (same !== undefined) return same
      const reader = media.readers[media.defaults.description - 1] ?? media.readers[0]
      return { media, reader, next: 0, hasBegun: false, lead: 0, last: undefined }
    })
  }

  /** Takes a frame: some boxes, or a piece of one. */
  #take(bytes: Buffer, sync: boolean, packets: Packet[]): void {
    let start = 0
    if (this.#rest > 0) {
      if (!sync && bytes.length <= Math.min(this.#rest, MAX_FRAME_SIZE)) {
        this.#rest -= bytes.length
        start = bytes.length
      } else this.#rest = 0
    }
    let fresh: Pending | undefined
    for (let at = start; at < bytes.length;) {
      const head = readBoxHead(bytes, at)
      if (!head) break
      const end = at + head.size
      if (head.type === 'moov' || head.type === 'moof') {
        this.#finish(packets)
        fresh = undefined
        const body = bytes.subarray(at + head.headSize, end)
        if (head.type === 'moov') this.#openMovie(body)
        else this.#pending = fresh = { pieces: [bytes], size: bytes.length, moof: at, body, fragments: undefined, end: 0 }
      } else if (head.type === 'mdat' && this.#pending && !this.#pending.fragments) {
        this.#locate(this.#pending, (this.#pending === fresh ? 0 : this.#pending.size) + at + head.headSize)
      }
      if (end > bytes.length) this.#rest = end - bytes.length
      at = end
    }
    const pending = this.#pending
    if (pending === undefined) return
    if (pending !== fresh) {
      pending.pieces.push(bytes)
      pending.size += bytes.length
    }
    if (pending.fragments !== undefined && pending.size >= pending.end) this.#finish(packets)
    else if (pending.size > MAX_FRAGMENT_SIZE) this.#pending = undefined
  }

  /** @param data where the first byte of media data lies in the bytes of the fragment */
  #locate(pending: Pending, data: number): void {
    const media = this.#states.map((state) => state.media)
    pending.fragments = readTrackFragments(pending.body, media, { moof: pending.moof, data })
    for (const { samples } of pending.fragments) for (const { at, size } of samples) pending.end = Math.max(pending.end, at + size)
    if (pending.end > MAX_FRAGMENT_SIZE) this.#pending = undefined
  }

  /** Gives the packets of the fragment under way, as many as there are bytes for. */
  #finish(packets: Packet[]): void {
    const pending = this.#pending
    this.#pending = undefined
    if (pending?.fragments === undefined) return
    const bytes = pending.pieces.length === 1 ? pending.pieces[0]! : Buffer.concat(pending.pieces)
    const dataAt = pending.moof + pending.body.length
    const found: { readonly seconds: number; readonly packet: Packet }[] = []
    for (const fragment of pending.fragments) {
      const state = this.#states.find(({ media }) => media === fragment.media)
      if (state === undefined) continue
      const { media } = state
      const start = fragment.start ?? state.next
      state.next = start + fragment.duration
      state.reader = media.readers[fragment.description - 1] ?? state.reader
      let seconds = -Infinity
      for (const sample of fragment.samples) {
        const { at, size } = sample
        if (at < dataAt || at + size > bytes.length) continue
        const packet = makePacket(state, fragment, start, sample, bytes.subarray(at, at + size))
        if (packet === undefined) continue
        // In one track nothing changes places.
        seconds = Math.max(seconds, packet.dts / packet.track.timescale)
        found.push({ seconds, packet })
      }
    }
    found.sort((a, b) => a.seconds - b.seconds)
    for (const { packet } of found) packets.push(packet)
  }
}

function makePacket(state: State, fragment: TrackFragment, start: number, sample: FragmentSample, data: Buffer): Packet | undefined {
  const { media, reader } = state
  const read = reader?.read(data, sample.key)
  if (read === undefined) return undefined
  const { track, key } = read
  const time = start + sample.time + media.shift
  if (track.kind === 'audio') {
    const scale = (ticks: number): number =>
      track.timescale === media.timescale ? ticks : Math.round((ticks * track.timescale) / media.timescale)
    const dts = grow(state, scale(time), track)
    return { track, dts, pts: dts, duration: read.samples ?? scale(sample.duration), key: true, data: read.data }
  }
  // CMAF's negative offsets: the first picture is shown when it is decoded, and others before that.
  if (!state.hasBegun) {
    if (fragment.signed && sample.offset <= 0) state.lead = (reader!.reorder ?? 0) * sample.duration
    for (const { offset } of fragment.samples) putForward(state, -offset)
  }
  state.hasBegun = true
  putForward(state, -sample.offset)
  const dts = grow(state, time - state.lead, track)
  return { track, dts, pts: Math.max(dts, time + sample.offset), duration: sample.duration, key, data: read.data }
}

function putForward(state: State, lead: number): void {
  state.lead = Math.max(state.lead, Math.min(lead, MAX_LEAD * state.media.timescale))
}

/** Seconds that decoding is put forward at most. */
const MAX_LEAD = 2

/** A time that follows the last one, unless the clock jumps. */
function grow(state: State, time: number, { timescale }: MediaTrack): number {
  const { last } = state
  const dts = last !== undefined && time <= last && time > last - timescale / 2 ? last + 1 : time
  state.last = dts
  return dts
}
