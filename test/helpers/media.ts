import type { MediaTrack, Packet } from '../../lib/formats/packet.js'

/** H.264 of 128x72, as x264 writes it. */
export const H264: MediaTrack = {
  kind: 'video',
  codec: 'H.264',
  id: 1,
  codecId: 'h264',
  codecs: 'avc1.64000a',
  timescale: 90_000,
  width: 128,
  height: 72,
  config: Buffer.from('0164000affe100196764000aacd9420bf97011000003000100000300320f12259601000568ef825cb0fdf8f800', 'hex'),
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
        packet: {
          track: video,
          dts,
          pts: dts + shift * frame,
          duration: timed ? frame : 0,
          key,
          data: bytes(key ? 0x65 : 0x41, pictures, size),
        },
        at: v,
      }
      pictures++
    } else if (audio !== undefined) {
      const dts = Math.round(from * audio.timescale) + frames * AAC_FRAME
      yield {
        packet: { track: audio, dts, pts: dts, duration: AAC_FRAME, key: true, data: bytes(0x21, frames, 20) },
        at: Math.max(0, a - ahead),
      }
      frames++
    }
  }
}

// One NAL unit with a length of four bytes; then its number, seven bits a byte, so that nothing looks like a start code.
function bytes(type: number, number: number, size: number): Buffer {
  const data = Buffer.alloc(Math.max(10, size), 0xaa)
  data.writeUInt32BE(data.length - 4)
  data[4] = type
  for (let i = 0; i < 5; i++) data[5 + i] = 0x80 | ((number >>> (28 - 7 * i)) & 0x7f)
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
