/** The tag types of FLV (Video File Format Specification 10.1, E.4.1). */
export const FLV_TAG = { audio: 8, video: 9, script: 18 } as const

/** Bytes before a tag's data. */
export const FLV_TAG_HEAD = 11

/**
 * Whether a tag may begin here: a known type, a stream id of 0, and a first byte of data that exists.
 *
 * ```
 * | type 1 | data size 3 | timestamp 3 | its high byte 1 | stream id 3 | data … | 11 + data size 4 |
 * ```
 * @param at where; 12 bytes must be there
 */
export function isFlvTag(bytes: Buffer, at: number): boolean {
  const type = bytes[at]!
  const kind = type & 31
  if (type > 63 || (kind !== FLV_TAG.audio && kind !== FLV_TAG.video && kind !== FLV_TAG.script)) return false
  if (bytes[at + 8] !== 0 || bytes[at + 9] !== 0 || bytes[at + 10] !== 0) return false
  // An encrypted or an empty tag has no byte to look at.
  if (type > 31 || flvDataSize(bytes, at) === 0) return true
  const first = bytes[at + 11]!
  if (kind === FLV_TAG.audio) return first >> 4 !== 12
  if (kind === FLV_TAG.script) return true
  const frameType = (first >> 4) & 7
  return frameType >= 1 && frameType <= 5 && (first > 127 || ((first & 15) >= 1 && (first & 15) <= 14))
}

/** The size of a tag's data. */
export function flvDataSize(bytes: Buffer, at: number): number {
  return (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** What an audio or video tag holds. */
export interface FlvMedia {
  /** Which of the two. */
  readonly kind: 'audio' | 'video'
  /** The codec: a FourCC of enhanced RTMP (`avc1`, `mp4a`, `.mp3`), also for the older numbers that have one; else a name. */
  readonly codec: string
  /** The enhanced RTMP track, 0 for the only one. */
  readonly track: number
  /** What a decoder needs before the frames: `sequence` a decoder configuration, `state` anything else. */
  readonly setup?: 'sequence' | 'state' | undefined
  /** Whether it is a picture that decoding can start at. */
  readonly key: boolean
  /** Whether it is media to decode: neither setup, nor the end of a sequence, nor a command. */
  readonly coded: boolean
  /** Milliseconds from decoding a picture to showing it. */
  readonly composition: number
  /** What follows the head: of `sequence`, the decoder configuration record; of coded media, what a decoder takes. */
  readonly payload: Buffer
}

// The numbers of the Video File Format Specification, and 12 and 13, which are in wide use without standing in it.
const VIDEO_CODECS: Readonly<Record<number, string>> = {
  2: 'Sorenson H.263',
  3: 'Screen Video',
  4: 'VP6',
  5: 'VP6',
  6: 'Screen Video 2',
  7: 'avc1',
  12: 'hvc1',
  13: 'av01',
}
const AUDIO_CODECS: Readonly<Record<number, string>> = {
  0: 'PCM',
  1: 'ADPCM',
  2: '.mp3',
  3: 'PCM',
  4: 'Nellymoser',
  5: 'Nellymoser',
  6: 'Nellymoser',
  7: 'G.711 A-law',
  8: 'G.711 mu-law',
  10: 'mp4a',
  11: 'Speex',
  13: 'Opus',
  14: '.mp3',
}

/** The number that stands for an enhanced head in place of a sound format. */
const EX_AUDIO = 9
/** Enhanced RTMP's packet types, which audio and video share where both have them. */
const PACKET = { sequenceStart: 0, codedFrames: 1, codedFramesX: 3, state: 4, mpeg2tsSequenceStart: 5, multitrack: 6, modEx: 7 } as const
/** The packet type `Multitrack` of audio. */
const AUDIO_MULTITRACK = 5

/**
 * Reads the head of an audio or video tag's data (Video File Format Specification 10.1, E.4.2 and E.4.3; enhanced RTMP v2).
 * @param tag the whole tag, from its type on
 * @returns `undefined` when it is another tag, encrypted, or cut
 */
export function readFlvMedia(tag: Buffer): FlvMedia | undefined {
  const type = tag[0]!
  if (type !== FLV_TAG.audio && type !== FLV_TAG.video) return undefined
  const data = tag.subarray(FLV_TAG_HEAD, FLV_TAG_HEAD + flvDataSize(tag, 0))
  if (data.length === 0) return undefined
  const first = data[0]!
  if (type === FLV_TAG.audio) return first >> 4 === EX_AUDIO ? readEnhanced('audio', data, false) : readPlainAudio(data)
  const isKey = ((first >> 4) & 7) === 1 || ((first >> 4) & 7) === 4
  // Frame type 5 is a command to the player: no picture follows (but HDR metadata may).
  if (first > 127) return readEnhanced('video', data, isKey)
  return readPlainVideo(data, isKey)
}

function readPlainAudio(data: Buffer): FlvMedia {
  const format = data[0]! >> 4
  const codec = AUDIO_CODECS[format] ?? `audio ${format}`
  const common = { kind: 'audio', codec, track: 0, key: false } as const
  if (format !== 10) return { ...common, coded: true, composition: 0, payload: data.subarray(1) }
  const isSetup = data[1] === 0
  return { ...common, ...(isSetup ? { setup: 'sequence' } : {}), coded: !isSetup, composition: 0, payload: data.subarray(2) }
}

function readPlainVideo(data: Buffer, isKey: boolean): FlvMedia {
  const number = data[0]! & 15
  const codec = VIDEO_CODECS[number] ?? `video ${number}`
  const common = { kind: 'video', codec, track: 0 } as const
  if (number !== 7 && number !== 12 && number !== 13)
    return { ...common, key: isKey, coded: true, composition: 0, payload: data.subarray(1) }
  // A packet type (0 the configuration, 1 pictures, 2 the end) and 3 bytes of composition time.
  const packet = data[1]
  const coded = packet === 1
  const composition = coded && data.length >= 5 ? data.readIntBE(2, 3) : 0
  return { ...common, ...(packet === 0 ? { setup: 'sequence' } : {}), key: isKey && coded, coded, composition, payload: data.subarray(5) }
}

// Enhanced RTMP v2, ExVideoTagHeader and ExAudioTagHeader: packet type, its modifiers, multitrack, FourCC.
function readEnhanced(kind: 'audio' | 'video', data: Buffer, isKey: boolean): FlvMedia | undefined {
  let packet = data[0]! & 15
  let at = 1
  while (packet === PACKET.modEx) {
    let size = (data[at++] ?? 0) + 1
    if (size === 256) {
      size = (((data[at] ?? 0) << 8) | (data[at + 1] ?? 0)) + 1
      at += 2
    }
    at += size
    if (at >= data.length) return undefined
    packet = data[at++]! & 15
  }
  if (kind === 'video' && packet !== PACKET.state && ((data[0]! >> 4) & 7) === 5) return undefined
  let track = 0
  let many = 0
  let end = data.length
  const isMultitrack = packet === (kind === 'audio' ? AUDIO_MULTITRACK : PACKET.multitrack)
  if (isMultitrack) {
    many = (data[at] ?? 0) >> 4
    packet = (data[at++] ?? 0) & 15
  }
  if (at + 4 > data.length) return undefined
  const codec = data.toString('latin1', at, at + 4)
  at += 4
  if (isMultitrack) {
    track = data[at++] ?? 0
    // Several tracks in one tag: the first one, behind its 3 bytes of size, speaks for all.
    if (many > 0) {
      if (at + 3 > data.length) return undefined
      end = Math.min(end, at + 3 + data.readUIntBE(at, 3))
      at += 3
    }
  }
  const isSequence = packet === PACKET.sequenceStart || (kind === 'video' && packet === PACKET.mpeg2tsSequenceStart)
  // Audio has no shorter form.
  const isCoded = packet === PACKET.codedFrames || (kind === 'video' && packet === PACKET.codedFramesX)
  let composition = 0
  if (packet === PACKET.codedFrames && (codec === 'avc1' || codec === 'hvc1' || codec === 'vvc1') && kind === 'video') {
    if (at + 3 > end) return undefined
    composition = data.readIntBE(at, 3)
    at += 3
  }
  return {
    kind,
    codec,
    track,
    ...(isSequence ? { setup: 'sequence' } : packet === PACKET.state ? { setup: 'state' } : {}),
    key: isKey && isCoded,
    coded: isCoded,
    composition,
    payload: data.subarray(at, end),
  }
}
