import { ADTS_HEADER_SIZE, type AdtsHeader, adtsCodecs, agreeAdts, readAdtsHeader, writeAacConfig } from '../codecs/aac.js'
import { type Ac3Frame, agreeAc3, readAc3Frame, writeDac3, writeDec3 } from '../codecs/ac3.js'
import { type LatmFrame, LatmReader } from '../codecs/latm.js'
import { MPEG_AUDIO_HEADER_SIZE, type MpegAudioHeader, agreeMpegAudio, readMpegAudioHeader } from '../codecs/mpeg-audio.js'
import { AudioClock } from './audio-clock.js'
import { createMediaTrack } from './media-track.js'
import type { MediaTrack, Packet } from './packet.js'

/** What a container says of a track whose frames describe themselves. */
export interface AudioFacts {
  /** See {@link MediaTrack.id}. */
  readonly id: number
  /** See {@link MediaTrack.language}. */
  readonly language?: string | undefined
}

/** How frames of one codec are told from their headers. */
export interface AudioSyntax<Header extends { readonly frameSize: number; readonly samples: number }> {
  /** Bytes that a header takes to be read. */
  readonly lookSize: number
  /** Reads the header at `at`, if one is there. */
  read(bytes: Buffer, at: number): Header | undefined
  /** Whether two headers can belong to one stream. */
  agree(a: Header, b: Header): boolean
  /** What a decoder takes of a whole frame; `undefined` leaves it out. */
  payload(header: Header, frame: Buffer): Buffer | undefined
  /** The track; `undefined` when it cannot be repackaged. */
  track(header: Header, facts: AudioFacts): MediaTrack | undefined
}

/** MP3: MPEG audio of which only layer III makes a track. */
export const MPEG_AUDIO_SYNTAX: AudioSyntax<MpegAudioHeader> = {
  lookSize: MPEG_AUDIO_HEADER_SIZE,
  read: readMpegAudioHeader,
  agree: agreeMpegAudio,
  payload: (_, frame) => frame,
  track: ({ layer, sampleRate, channels }, facts) =>
    layer === 3 ? createMediaTrack('mp3', Buffer.alloc(0), { ...facts, sampleRate, channels }) : undefined,
}

/** AC-3 and E-AC-3. What only adds channels to E-AC-3 is left out: the frame before it holds a mix of all. */
export const AC3_SYNTAX: AudioSyntax<Ac3Frame> = {
  lookSize: 8,
  read: readAc3Frame,
  agree: (a, b) => a.isExtra || b.isExtra || agreeAc3(a, b),
  payload: ({ isExtra }, frame) => (isExtra ? undefined : frame),
  track(header, facts) {
    const { enhanced, sampleRate, channels } = header
    const told = { ...facts, sampleRate, channels }
    return enhanced ? createMediaTrack('eac3', writeDec3(header), told) : createMediaTrack('ac3', writeDac3(header), told)
  },
}

/**
 * AAC in ADTS (of one raw data block a frame) or LATM, whichever the bytes are: not every writer keeps to what it announces. For one track:
 * LATM's configuration is kept between frames.
 */
export function aacSyntax(): AudioSyntax<AdtsHeader | LatmFrame> {
  const latm = new LatmReader()
  return {
    lookSize: ADTS_HEADER_SIZE,
    read: (bytes, at) => readAdtsHeader(bytes, at) ?? latm.read(bytes, at),
    agree(a, b) {
      if (isAdts(a)) return isAdts(b) && agreeAdts(a, b)
      return !isAdts(b) && (a.config === undefined || b.config === undefined || a.config === b.config)
    },
    payload: (header, frame) => (isAdts(header) ? frame.subarray(header.headerSize) : header.data),
    track(header, facts) {
      if (!isAdts(header)) return header.config && createMediaTrack('aac', header.config, facts)
      // Without a channel configuration the channels stand in the first frame; several blocks in one frame cannot be told apart.
      if (header.channelConfig === 0 || header.samples !== 1024) return undefined
      const track = createMediaTrack('aac', writeAacConfig(header), facts)
      return track && { ...track, codecs: adtsCodecs(header) }
    },
  }
}

function isAdts(header: AdtsHeader | LatmFrame): header is AdtsHeader {
  return 'channelConfig' in header
}

/** Reads the packets of an audio track as a {@link FramedAudio} of some syntax does. */
export interface AudioPackets {
  /** The track, once its parameters are known. */
  readonly track: MediaTrack | undefined
  /** Whether it cannot be repackaged, as far as is known. */
  readonly isUnsupported: boolean
  /** Takes the next bytes, and the time of the first frame that begins in them where it is known; gives the packets that are complete. */
  push(data: Buffer, time: number | undefined): Packet[]
  /** Forgets what is not complete: something is missing. */
  reset(): void
}

/** Cuts an audio track into its frames, which may lie over the borders of the container's pieces, and counts their samples. */
export class FramedAudio<Header extends { readonly frameSize: number; readonly samples: number }> implements AudioPackets {
  #track: MediaTrack | undefined
  #isUnsupported = false
  readonly #syntax: AudioSyntax<Header>
  readonly #facts: AudioFacts
  readonly #timescale: number
  readonly #clock = new AudioClock()
  #header: Header | undefined
  #isLost = true
  #rest: Buffer = NOTHING
  // The time that belongs to the first frame of the rest, where that is one of which a time is known.
  #restTime: number | undefined

  /** @param timescale ticks a second of the container's times */
  constructor(syntax: AudioSyntax<Header>, facts: AudioFacts, timescale: number) {
    this.#syntax = syntax
    this.#facts = facts
    this.#timescale = timescale
  }

  get track(): MediaTrack | undefined {
    return this.#track
  }

  get isUnsupported(): boolean {
    return this.#isUnsupported
  }

  push(data: Buffer, time: number | undefined): Packet[] {
    const packets: Packet[] = []
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    const begin = this.#rest.length
    let stated = this.#restTime
    let next = time
    let at = 0
    for (; at + this.#syntax.lookSize <= bytes.length;) {
      if (at >= begin && next !== undefined) {
        stated = next
        next = undefined
      }
      const header = this.#syntax.read(bytes, at)
      if (header === undefined) {
        this.#isLost = true
        at++
        continue
      }
      const end = at + header.frameSize
      if (this.#header !== undefined && !this.#syntax.agree(header, this.#header)) this.#isLost = true
      if (this.#isLost && end !== bytes.length) {
        // What looks like a header may be chance: another must follow.
        if (end + this.#syntax.lookSize > bytes.length) break
        const following = this.#syntax.read(bytes, end)
        if (following === undefined || !this.#syntax.agree(header, following)) {
          at++
          continue
        }
      }
      if (end > bytes.length) break
      this.#isLost = false
      const payload = this.#syntax.payload(header, bytes.subarray(at, end))
      if (payload !== undefined) {
        this.#take(packets, header, payload, stated)
        stated = undefined
      }
      at = end
    }
    if (at >= begin && next !== undefined) stated = next
    this.#restTime = stated
    this.#rest = at < bytes.length ? bytes.subarray(at) : NOTHING
    return packets
  }

  reset(): void {
    this.#rest = NOTHING
    this.#restTime = undefined
    this.#isLost = true
  }

  #take(packets: Packet[], header: Header, data: Buffer, stated: number | undefined): void {
    if (this.#header === undefined || !this.#syntax.agree(header, this.#header)) {
      this.#header = header
      this.#track = this.#syntax.track(header, this.#facts)
      this.#isUnsupported = this.#track === undefined
      this.#clock.reset()
    }
    const track = this.#track
    if (track === undefined) return
    const { timescale } = track
    const dts = this.#clock.take(stated === undefined ? undefined : (stated * timescale) / this.#timescale, header.samples, timescale)
    if (dts !== undefined) packets.push({ track, dts, pts: dts, duration: header.samples, key: true, data })
  }
}

const NOTHING: Buffer = Buffer.alloc(0)
