import { readFlacInfo } from '../codecs/flac.js'
import { readVpcC, vp9Codecs } from '../codecs/vp9.js'
import { describeAac, describeAv1, describeAvc, describeHevc, describeVp9 } from './decoder-config.js'
import type { TrackDetails } from './decoder-config.js'
import type { Track } from './frame.js'
import { findBox, readBoxes, writeBox } from './mp4-boxes.js'
import type { Box } from './mp4-boxes.js'
import { readEsds } from './mp4-esds.js'

/** What fragments take from a track's `trex` when they do not say it themselves. */
export interface SampleDefaults {
  /** In ticks of the track's timescale. */
  readonly duration: number
  /** sample_flags of ISO/IEC 14496-12 clause 8.8.3.1. */
  readonly flags: number
}

/** One `trak` of a movie. */
export interface MovieTrack {
  /** track_ID: what fragments call it. */
  readonly id: number
  /** Ticks a second. */
  readonly timescale: number
  /** From `trex`. */
  readonly defaults: SampleDefaults
  /** What is known of it; a later reading replaces the whole object. */
  track: Track
}

/** What a `moov` says. */
export interface Movie {
  /** Its tracks, in its order. */
  readonly tracks: readonly MovieTrack[]
  /** Whether fragments follow: it has an `mvex`. Otherwise all samples are listed in the `moov` itself. */
  readonly fragmented: boolean
  /** Title, artist and album, by lower-case name. */
  readonly comments: Readonly<Record<string, string>>
}

/** Reads the body of a `moov`. */
export function readMovie(moov: Buffer): Movie {
  const defaults = new Map<number, SampleDefaults>()
  const mvex = findBox(moov, ['mvex'])
  for (const { type, body } of readBoxes(mvex ?? EMPTY)) {
    if (type !== 'trex' || body.length < 24) continue
    defaults.set(body.readUInt32BE(4), { duration: body.readUInt32BE(12), flags: body.readUInt32BE(20) })
  }
  const tracks: MovieTrack[] = []
  for (const { type, body } of readBoxes(moov)) {
    const track = type === 'trak' ? readTrack(body, defaults) : undefined
    if (track !== undefined) tracks.push(track)
  }
  return { tracks, fragmented: mvex !== undefined, comments: readComments(moov) }
}

/**
 * A `moov` without the samples that it lists itself: a listener who joins later does not get the bytes that they point to.
 * @returns the same Buffer when it lists none
 */
export function withoutSamples(moov: Buffer): Buffer {
  const movie = moov.subarray(8)
  let samples = false
  for (const { type, body } of readBoxes(movie)) {
    const sizes = type === 'trak' ? findBox(body, ['mdia', 'minf', 'stbl', 'stsz']) : undefined
    if (sizes !== undefined && sizes.length >= 12 && sizes.readUInt32BE(8) > 0) samples = true
  }
  return samples ? rewrite('moov', movie) : moov
}

function rewrite(type: string, body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (const box of readBoxes(body)) {
    if (['trak', 'mdia', 'minf', 'stbl'].includes(box.type)) parts.push(rewrite(box.type, box.body))
    else if (type !== 'stbl' || box.type === 'stsd') parts.push(box.bytes)
  }
  // The tables that a stbl must have (ISO/IEC 14496-12 table 1), with no entries: FullBox head and counts, all zero.
  if (type === 'stbl')
    parts.push(...['stts', 'stsc', 'stco'].map((name) => writeBox(name, Buffer.alloc(8))), writeBox('stsz', Buffer.alloc(12)))
  return writeBox(type, ...parts)
}

function readTrack(trak: Buffer, defaults: ReadonlyMap<number, SampleDefaults>): MovieTrack | undefined {
  const tkhd = findBox(trak, ['tkhd'])
  const mdhd = findBox(trak, ['mdia', 'mdhd'])
  const handler = findBox(trak, ['mdia', 'hdlr'])?.toString('latin1', 8, 12)
  const stsd = findBox(trak, ['mdia', 'minf', 'stbl', 'stsd'])
  if (!tkhd || !mdhd || tkhd.length < 24 || mdhd.length < 24) return undefined
  const id = tkhd.readUInt32BE(tkhd[0] === 1 ? 20 : 12)
  const timescale = mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12)
  const kind = handler === 'vide' ? 'video' : handler === 'soun' ? 'audio' : 'data'
  const [entry] = readBoxes(stsd?.subarray(8) ?? EMPTY)
  const track: Track = { kind, codec: 'unknown', ...(entry && readSampleEntry(kind, entry)) }
  return { id, timescale, defaults: defaults.get(id) ?? { duration: 0, flags: 0 }, track }
}

function readSampleEntry(kind: Track['kind'], entry: Box): TrackDetails {
  const { type, body } = entry
  if (kind === 'video' && body.length >= 78) {
    const picture = { width: body.readUInt16BE(24), height: body.readUInt16BE(26) }
    return { codec: VIDEO[type] ?? type, ...readVideoConfig(entry, picture), ...picture }
  }
  if (kind === 'audio' && body.length >= 28) {
    const sound = { sampleRate: body.readUInt32BE(24) >>> 16, channels: body.readUInt16BE(16) }
    return { codec: type, ...sound, ...readAudioConfig(entry, sound) }
  }
  return { codec: type }
}

function readVideoConfig({ type, body }: Box, { width, height }: { width: number; height: number }): TrackDetails {
  for (const { type: name, body: config } of readBoxes(body.subarray(78))) {
    // A sample entry that may hold parameter sets in its samples (avc3, hev1) goes by its own name.
    if (name === 'avcC') return rename(describeAvc(config), type)
    if (name === 'hvcC') return rename(describeHevc(config), type)
    if (name === 'av1C') return describeAv1(config)
    if (name !== 'vpcC') continue
    const vp = readVpcC(config)
    if (vp === undefined) return {}
    return type === 'vp08' ? { codecs: vp9Codecs(vp).replace('vp09', 'vp08') } : describeVp9(vp, width, height)
  }
  return {}
}

function rename(details: TrackDetails, type: string): TrackDetails {
  return details.codecs === undefined ? details : { ...details, codecs: type + details.codecs.slice(4) }
}

function readAudioConfig({ type, body }: Box, sound: { sampleRate: number; channels: number }): TrackDetails {
  // QuickTime's versions 1 and 2 of the sound description are longer.
  const version = body.readUInt16BE(8)
  const boxes = [...readBoxes(body.subarray(28 + (version === 1 ? 16 : version === 2 ? 36 : 0)))]
  if (type === 'mp4a') {
    const esds = boxes.find((box) => box.type === 'esds')
    return esds ? describeEsds(esds.body) : { codec: 'AAC' }
  }
  if (type === 'Opus') {
    const dOps = boxes.find((box) => box.type === 'dOps')
    return { codec: 'Opus', codecs: 'opus', ...(dOps && dOps.body.length > 1 ? { channels: dOps.body[1]! } : {}) }
  }
  if (type === 'fLaC') {
    // The 16.16 field cannot hold rates from 65,536 Hz on; STREAMINFO, behind a FullBox head and a block header, can.
    const info = readFlacInfo(boxes.find((box) => box.type === 'dfLa')?.body.subarray(8) ?? EMPTY)
    return { codec: 'FLAC', codecs: 'flac', sampleRate: info?.sampleRate ?? sound.sampleRate }
  }
  return AUDIO[type] ?? {}
}

function describeEsds(body: Buffer): TrackDetails {
  const stream = readEsds(body)
  if (stream === undefined) return { codec: 'AAC' }
  const { object, config } = stream
  const bitrate = stream.bitrate > 0 ? { bitrate: stream.bitrate } : {}
  if (object === 0x40) return { ...describeAac(config), ...bitrate }
  const known = OBJECTS[object]
  const codecs = `mp4a.${object.toString(16).toUpperCase().padStart(2, '0')}`
  return { codec: known ?? codecs, codecs, ...bitrate }
}

// moov/udta/meta/ilst, as iTunes and ffmpeg write it; the meta box is a FullBox there.
function readComments(moov: Buffer): Record<string, string> {
  const comments: Record<string, string> = {}
  const meta = findBox(moov, ['udta', 'meta'])
  for (const { type, body } of readBoxes((meta && findBox(meta.subarray(4), ['ilst'])) ?? EMPTY)) {
    const name = COMMENTS[type]
    const data = name && findBox(body, ['data'])
    if (name && data && data.length > 8) comments[name] = data.toString('utf8', 8)
  }
  return comments
}

const EMPTY = Buffer.alloc(0)

const COMMENTS: Readonly<Record<string, string>> = { '\xa9nam': 'title', '\xa9ART': 'artist', '\xa9alb': 'album' }

const VIDEO: Readonly<Record<string, string>> = {
  avc1: 'H.264',
  avc3: 'H.264',
  hvc1: 'HEVC',
  hev1: 'HEVC',
  vp08: 'VP8',
  vp09: 'VP9',
  av01: 'AV1',
}

const AUDIO: Readonly<Record<string, TrackDetails>> = {
  '.mp3': { codec: 'MP3', codecs: 'mp3' },
  'ac-3': { codec: 'AC-3', codecs: 'ac-3' },
  'ec-3': { codec: 'E-AC-3', codecs: 'ec-3' },
  alac: { codec: 'ALAC', codecs: 'alac' },
  sowt: { codec: 'PCM' },
  twos: { codec: 'PCM' },
  lpcm: { codec: 'PCM' },
  ipcm: { codec: 'PCM', codecs: 'ipcm' },
  fpcm: { codec: 'PCM', codecs: 'fpcm' },
}

// objectTypeIndication, as the MP4 registration authority lists it.
const OBJECTS: Readonly<Record<number, string>> = { 0x69: 'MP3', 0x6b: 'MP3', 0xa5: 'AC-3', 0xa6: 'E-AC-3', 0xad: 'Opus', 0xdd: 'Vorbis' }
