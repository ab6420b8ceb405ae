import { findBox, readBoxes } from '../formats/mp4-boxes.js'
import { readFragment } from '../formats/mp4-fragment.js'
import { readMovie } from '../formats/mp4-movie.js'
import type { MovieTrack } from '../formats/mp4-movie.js'
import type { Report } from './audit-rules.js'

/** What an initialization section says. */
export interface Init {
  /** Its tracks. */
  readonly tracks: readonly MovieTrack[]
  /** Their codecs as RFC 6381 writes them, where they can be told. */
  readonly codecs: readonly string[]
}

/** Reads an initialization section; `undefined` when it has no moov. */
export function readInit(bytes: Buffer): Init | undefined {
  const moov = findBox(bytes, ['moov'])
  if (moov === undefined) return undefined
  const { tracks } = readMovie(moov)
  return { tracks, codecs: tracks.flatMap(({ track }) => track.codecs ?? []) }
}

/** What a piece of media is, by its first bytes. */
export function sniff(bytes: Buffer): 'mp4' | 'mpeg-ts' | 'audio' | 'unknown' {
  if (bytes[0] === 0x47) return 'mpeg-ts'
  if (['styp', 'moof', 'sidx', 'emsg', 'prft', 'ftyp', 'free'].includes(bytes.toString('latin1', 4, 8))) return 'mp4'
  if (bytes.toString('latin1', 0, 3) === 'ID3' || (bytes[0] === 0xff && (bytes[1]! & 0xe0) === 0xe0)) return 'audio'
  return 'unknown'
}

/** What Content-Type each may have. */
export const CONTENT_TYPES: Readonly<Record<'mp4' | 'mpeg-ts' | 'audio' | 'playlist' | 'mpd', RegExp>> = {
  mp4: /^(?:video|audio)\/(?:mp4|iso\.segment)\b/,
  'mpeg-ts': /^video\/mp2t\b/i,
  audio: /^audio\/(?:aac|aacp|mpeg|mp3|ac3|eac3|x-aac)\b/,
  playlist: /^(?:application\/vnd\.apple\.mpegurl|audio\/(?:x-)?mpegurl)\b/i,
  mpd: /^application\/dash\+xml\b/,
}

/** What is expected of a piece of media. */
export interface Piece {
  /** Its URI, for reports. */
  readonly url: string
  /** All of it. */
  readonly bytes: Buffer
  /** What the playlist says, in seconds. */
  readonly duration: number
  /** Whether the playlist says that it begins with a key frame. */
  readonly independent: boolean
  /** Its initialization section. */
  readonly init: Init | undefined
  /** Whether it follows the piece that was checked before, without a discontinuity. */
  readonly follows: boolean
}

/** By how many seconds a playlist may miss the duration of the media: sound and picture end at different times. */
const DURATION_TOLERANCE = 0.1

/** Follows the times of a rendition's media from piece to piece. */
export class MediaCheck {
  /** Where the next fragment of each track must begin, in its ticks. */
  readonly #next = new Map<number, number>()
  #init: Init | undefined

  /** Checks one more piece. */
  check(piece: Piece, report: Report): void {
    const { bytes, init, url, follows } = piece
    const kind = sniff(bytes)
    if (!follows || init !== this.#init) this.#next.clear()
    this.#init = init
    if (kind === 'mpeg-ts') checkTs(bytes, url, report)
    if (kind === 'unknown') report('media-format', `bytes that begin ${bytes.toString('hex', 0, 8)}`, 'fMP4, MPEG-TS or packed audio', url)
    if (kind !== 'mp4') return
    if (init === undefined) report('media-format', 'fragments without EXT-X-MAP', 'an initialization section', url)
    else this.#checkFragments(piece, init, report)
  }

  #checkFragments({ bytes, url, duration, independent }: Piece, init: Init, report: Report): void {
    const main = init.tracks.find(({ track }) => track.kind === 'video') ?? init.tracks[0]
    let seconds = 0
    let begun = false
    let whole = 0
    for (const { type, body, bytes: box } of readBoxes(bytes)) {
      whole += box.length
      if (type !== 'moof') continue
      for (const track of init.tracks) {
        const fragment = readFragment(body, track)
        if (fragment.samples === 0) continue
        this.#checkTime(body, track, fragment.duration, url, report)
        if (track !== main) continue
        if (!begun && independent && !fragment.startsWithKey)
          report('independent', 'a first sample that is no key frame', 'a key frame', url)
        begun = true
        seconds += fragment.duration / track.timescale
      }
    }
    if (whole !== bytes.length) report('media-format', `${bytes.length - whole} bytes behind the last whole box`, 'whole boxes', url)
    if (main === undefined) return
    if (!begun) report('media-format', `no sample of track ${main.id}`, 'some', url)
    else if (Math.abs(seconds - duration) > DURATION_TOLERANCE)
      report('media-duration', `${duration} s are told`, `${seconds.toFixed(3)} s`, url)
  }

  #checkTime(moof: Buffer, { id, timescale }: MovieTrack, duration: number, url: string, report: Report): void {
    const time = readDecodeTime(moof, id)
    if (time === undefined) {
      report('media-format', `no tfdt for track ${id}`, 'one', url)
      return
    }
    const expected = this.#next.get(id)
    if (expected !== undefined && Math.abs(time - expected) > 1)
      report('media-times', `track ${id} goes on at ${(time / timescale).toFixed(4)} s`, `${(expected / timescale).toFixed(4)} s`, url)
    this.#next.set(id, time + duration)
  }
}

/** baseMediaDecodeTime of a track in a moof, ISO/IEC 14496-12 clause 8.8.12. */
function readDecodeTime(moof: Buffer, id: number): number | undefined {
  for (const { type, body } of readBoxes(moof)) {
    if (type !== 'traf') continue
    const tfhd = findBox(body, ['tfhd'])
    const tfdt = findBox(body, ['tfdt'])
    if (tfhd === undefined || tfhd.length < 8 || tfhd.readUInt32BE(4) !== id) continue
    if (tfdt === undefined || tfdt.length < (tfdt[0] === 1 ? 12 : 8)) return undefined
    return tfdt[0] === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4)
  }
  return undefined
}

/** A segment of MPEG-TS is whole packets, and begins with PAT and PMT (RFC 8216bis 3.1.1). */
function checkTs(bytes: Buffer, url: string, report: Report): void {
  if (bytes.length % 188 !== 0) report('media-format', `${bytes.length} bytes of MPEG-TS`, 'a multiple of 188', url)
  for (let at = 0; at < bytes.length; at += 188)
    if (bytes[at] !== 0x47) {
      report('media-format', `a packet at ${at} that does not begin with 0x47`, 'packets of 188 bytes', url)
      return
    }
  if (bytes.length >= 188 && (bytes.readUInt16BE(1) & 0x1fff) !== 0)
    report('media-format', 'a first packet that is no PAT', 'PAT and PMT first', url)
}
