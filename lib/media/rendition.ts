import type { CodecId, MediaTrack, Packet } from '../formats/packet.js'
import { writeInit } from '../formats/mp4-init.js'
import { writePart } from '../formats/mp4-part.js'
import { type EventMessage, writeEmsg } from '../formats/mp4-prefix.js'
import { MpegTsMuxer } from '../formats/mpeg-ts-muxer.js'
import { writePackedAudio } from '../formats/packed-audio.js'
import { writeWebmInit, writeWebmSegment } from '../formats/webm-muxer.js'
import type { Period } from './period.js'

/** How the segments of a rendition are written. */
export type Container = 'mp4' | 'ts' | 'webm' | 'packed'

/** What a rendition shows: everything (`main`), the pictures, or one of the audio tracks by its place (`audio`, `audio-2` …). */
export type RenditionId = 'main' | 'video' | 'audio' | `audio-${number}`

/** Reads the name of a rendition; `undefined` when it is none. */
export function parseRendition(name: string): RenditionId | undefined {
  if (name === 'main' || name === 'video' || name === 'audio') return name
  const number = /^audio-(\d{1,3})$/.exec(name)?.[1]
  return number === undefined ? undefined : `audio-${Number(number)}`
}

/** The tracks of a period that a rendition shows; none where it does not exist. */
export function tracksOf({ tracks, partial }: Period, id: RenditionId): readonly MediaTrack[] {
  if (partial) return []
  const video = tracks.filter(({ kind }) => kind === 'video').slice(0, 1)
  const audio = tracks.filter(({ kind }) => kind === 'audio')
  if (id === 'main') return [...video, ...audio.slice(0, 1)]
  if (id === 'video') return video
  const index = id === 'audio' ? 0 : Number(id.slice(6)) - 1
  return audio.slice(index, index + 1)
}

const CODECS: Readonly<Record<'mp4' | 'webm' | 'ts', ReadonlySet<CodecId>>> = {
  mp4: new Set(['h264', 'hevc', 'vp9', 'av1', 'aac', 'opus', 'flac', 'ac3', 'eac3']),
  webm: new Set(['vp8', 'vp9', 'av1', 'opus', 'vorbis']),
  ts: new Set(['h264', 'hevc', 'aac', 'mp3', 'ac3', 'eac3']),
}

/** Whether a container can carry tracks, of which there is at least one, so that browsers know them in it. */
export function canCarry(container: 'mp4' | 'webm' | 'ts', tracks: readonly MediaTrack[]): boolean {
  return tracks.length > 0 && tracks.every(({ codecId }) => CODECS[container].has(codecId))
}

/** How tracks can be written together so that browsers play them; `undefined` where there is no way. */
export function containerOf(tracks: readonly MediaTrack[]): Container | undefined {
  if (canCarry('mp4', tracks)) return 'mp4'
  if (tracks.length === 1 && tracks[0]!.codecId === 'mp3') return 'packed'
  if (canCarry('ts', tracks)) return 'ts'
  return canCarry('webm', tracks) ? 'webm' : undefined
}

/** What is to be known of the files of a container. */
export interface FileType {
  /** What their names end in. */
  readonly ending: string
  /** Their media type when there are pictures. */
  readonly video: string
  /** Their media type when there is sound alone. */
  readonly audio: string
}

/** What the files of a container end in, and their media types for pictures and for sound alone. */
export const FILES: Readonly<Record<Container, FileType>> = {
  mp4: { ending: 'm4s', video: 'video/mp4', audio: 'audio/mp4' },
  ts: { ending: 'ts', video: 'video/mp2t', audio: 'video/mp2t' },
  webm: { ending: 'webm', video: 'video/webm', audio: 'audio/webm' },
  packed: { ending: 'mp3', video: 'audio/mpeg', audio: 'audio/mpeg' },
}

/** What a {@link Writer} is told of a part. */
export interface PartFacts {
  /** Its running number. */
  readonly number: number
  /** Whether it is the first of its segment. */
  readonly first: boolean
  /** What is to be told in it, such as titles. */
  readonly events: readonly EventMessage[]
}

/** A part as it was written. */
export interface Written {
  /** The part. */
  readonly bytes: Buffer
  /** Its packets: views of {@link Written.bytes} where that spares memory. */
  readonly packets: readonly Packet[]
}

/** Writes the parts of one rendition of one period, one after the other. */
export interface Writer {
  /** How. */
  readonly container: Container
  /** What a decoder needs before the first of them; `undefined` where each segment brings it. */
  readonly init: Buffer | undefined
  /** Writes one part; gives the packets, too, as views of what was written where that spares memory. */
  write(packets: readonly Packet[], facts: PartFacts): Written
}

/** Makes the writer of tracks, if there is a way to write them. */
export function createWriter(tracks: readonly MediaTrack[]): Writer | undefined {
  const container = containerOf(tracks)
  if (container === 'mp4') {
    return {
      container,
      init: writeInit(tracks),
      write: (packets, { number, events }) => writePart({ sequence: number + 1, packets, before: events.map(writeEmsg) }),
    }
  }
  if (container === 'webm') {
    return { container, init: writeWebmInit(tracks), write: (packets) => ({ bytes: writeWebmSegment(tracks, packets), packets }) }
  }
  if (container === 'ts') {
    const muxer = new MpegTsMuxer(tracks)
    return {
      container,
      init: undefined,
      write: (packets, { first }) => ({
        bytes: first ? muxer.segment(packets) : Buffer.concat(muxer.write(packets).map(({ bytes }) => bytes)),
        packets,
      }),
    }
  }
  if (container === 'packed') {
    return {
      container,
      init: undefined,
      // The time stands once, at the front of each segment: inside of one, players take a tag for damage.
      write: (packets, { first }) => ({
        bytes: first ? writePackedAudio(tracks[0]!, packets) : Buffer.concat(packets.map(({ data }) => data)),
        packets,
      }),
    }
  }
  return undefined
}
