import type { MediaTrack, Packet } from '../../lib/formats/packet.js'

/** H.264 whose decoder configuration has the shortest parameter sets that pass for some. */
export const H264: MediaTrack = {
  kind: 'video',
  codec: 'H.264',
  id: 1,
  codecId: 'h264',
  codecs: 'avc1.42c01e',
  timescale: 90_000,
  width: 128,
  height: 72,
  config: Buffer.from('0142c01effe1000867' + '42c01e8c8d4020' + '01000468ce3c80', 'hex'),
}

/** AAC of 44.1 kHz. */
export const AAC: MediaTrack = {
  kind: 'audio',
  codec: 'AAC',
  id: 2,
  codecId: 'aac',
  codecs: 'mp4a.40.2',
  timescale: 44_100,
  sampleRate: 44_100,
  channels: 2,
  config: Buffer.from('1210', 'hex'),
}

/** Samples of a frame of AAC. */
export const AAC_FRAME = 1024

/** What packets are made of. */
export interface Recipe {
  readonly video?: MediaTrack | undefined
  readonly audio?: MediaTrack | undefined
  /** Ticks of a frame. */
  readonly frame?: number
  /** Whether the packets of video say how long they are. */
  readonly timed?: boolean
  /** Frames between key frames; a list is gone through again and again. */
  readonly gop?: number | readonly number[]
  /** Frames by which showing is later than decoding: B-frames, two of three. */
  readonly delay?: number
  /** Seconds by which audio comes earlier (or, below 0, later) than the video of the same time. */
  readonly ahead?: number
  /** Bytes of a frame. */
  readonly size?: number
  /** Seconds of the source's clock at the beginning. */
  readonly from?: number
}

/** A packet, and when it comes, in seconds since the beginning. */
export interface Arrival {
  readonly packet: Packet
  readonly at: number
}

/** The packets of a clean stream for some seconds, in the order in which they come. */
export function* stream(seconds: number, recipe: Recipe = {}): Generator<Arrival> {
  const { video, audio, frame = 3600, timed = false, gop = 50, delay = 0, ahead = 0, size = 100, from = 0 } = recipe
  const gops = typeof gop === 'number' ? [gop] : gop
  let pictures = 0
  let left = 0
  let turn = 0
  let frames = 0
  for (;;) {
    const v = video === undefined ? Infinity : (pictures * frame) / video.timescale
    const a = audio === undefined ? Infinity : (frames * AAC_FRAME) / audio.timescale
    if (Math.min(v, a) >= seconds) return
    if (video !== undefined && v < seconds && (v <= a - ahead || a >= seconds)) {
      const key = left === 0
      if (key) left = gops[turn++ % gops.length]!
      left--
      const dts = Math.round(from * video.timescale) + pictures * frame
      // I B B P …: what is decoded third of three is shown latest.
      const shift = key ? delay : delay === 0 ? 0 : [0, 0, 2 * delay][pictures % 3]!
      yield {
        packet: { track: video, dts, pts: dts + shift * frame, duration: timed ? frame : 0, key, data: bytes(pictures, size) },
        at: v,
      }
      pictures++
    } else if (audio !== undefined) {
      const dts = Math.round(from * audio.timescale) + frames * AAC_FRAME
      yield {
        packet: { track: audio, dts, pts: dts, duration: AAC_FRAME, key: true, data: bytes(~frames, 20) },
        at: Math.max(0, a - ahead),
      }
      frames++
    }
  }
}

function bytes(number: number, size: number): Buffer {
  const data = Buffer.alloc(Math.max(8, size))
  // One NAL unit with a length of four bytes, and its own number in it.
  data.writeUInt32BE(data.length - 4)
  data.writeInt32BE(number, 4)
  data[4] = 0x41
  return data
}

/** Deterministic noise: numbers from 0 to 1. */
export function noise(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
