import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { formatMpd } from '../../lib/dash/mpd.js'
import { manifestOf } from '../../lib/dash/views.js'
import { AdtsMuxer } from '../../lib/formats/adts-muxer.js'
import { AutoDemuxer } from '../../lib/formats/detect.js'
import { FlacMuxer } from '../../lib/formats/flac-muxer.js'
import type { FormatName } from '../../lib/formats/frame.js'
import { Mp3Muxer } from '../../lib/formats/mp3-muxer.js'
import { Mp4Muxer } from '../../lib/formats/mp4-muxer.js'
import { MpegTsMuxer } from '../../lib/formats/mpeg-ts-muxer.js'
import { OggMuxer } from '../../lib/formats/ogg-muxer.js'
import type { MediaTrack, Muxer, Packet } from '../../lib/formats/packet.js'
import { createPacketReader } from '../../lib/formats/packets.js'
import { WebmMuxer } from '../../lib/formats/webm-muxer.js'
import { formatMediaPlaylist } from '../../lib/hls/playlist.js'
import { mediaPlaylist } from '../../lib/hls/views.js'
import type { Mount } from '../../lib/mount/mount.js'
import { Mounts } from '../../lib/mount/mounts.js'
import { serverOptions } from '../../lib/options/index.js'
import { FakeClock } from './clock.js'

/** The fixtures that are played on and on, by the format that the bytes have. */
export const SOAKS: readonly (readonly [fixture: string, format: FormatName])[] = [
  ['h264-aac.mpegts', 'mpeg-ts'],
  ['hevc-aac.mpegts', 'mpeg-ts'],
  ['h264-mp3.mpegts', 'mpeg-ts'],
  ['h264-aac.mp4', 'mp4'],
  ['vp9-opus.webm', 'webm'],
  ['vp8-vorbis.webm', 'webm'],
  ['h264-aac.flv', 'flv'],
  ['ogg-opus.opus', 'ogg'],
  ['ogg-vorbis.ogg', 'ogg'],
  ['adts-lc.aac', 'adts'],
  ['mp3-stereo.mp3', 'mp3'],
  ['flac-mono.flac', 'flac'],
]

/** What a mount takes after some time. */
export interface Sample {
  /** Hours of media so far. */
  readonly hours: number
  /** Bytes of the heap, and of buffers outside of it, after a collection. */
  readonly heap: number
  /** Bytes of the process. */
  readonly rss: number
  /** The media sequence number. */
  readonly sequence: number
  /** Discontinuities so far. */
  readonly periods: number
  /** Seconds by which the timeline is off the wall. */
  readonly drift: number
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Plays a fixture on and on as a source does, in no time, while playlists and manifests are written; tells what it takes after each `every` hours. */
export function* soak(fixture: string, format: FormatName, hours: number, every = 1): Generator<Sample> {
  const clock = new FakeClock(Date.UTC(2026, 5, 1))
  const mounts = new Mounts(serverOptions.parse({ mounts: { '/tv': { sourceTimeout: 1e9, queueSize: 1_048_576 } } }), () => {}, clock)
  const source = mounts.publish(
    '/tv',
    {},
    {
      address: '',
      agent: '',
      request: { method: 'PUT', target: '/tv', version: 'HTTP/1.1' },
      user: '',
      contentType: undefined,
      connected: clock.now(),
      disconnect: () => {},
    },
  )
  const mount = mounts.get('/tv')!
  const began = clock.now()
  let sampled = 0
  let version = -1
  let lead: number | undefined
  const periods = new Set<number>()
  for (const { bytes, at } of gather(format === 'flv' ? loopFlv(fixture) : loop(fixture, format))) {
    const wait = began + at * 1000 - clock.now()
    if (wait > 0) clock.pass(wait)
    source.push(bytes, clock.now())
    const { presentation } = mount.broadcast
    if (presentation !== undefined && presentation.version !== version) {
      version = presentation.version
      formatMediaPlaylist(mediaPlaylist(presentation, 'main'))
      if (version % 8 === 0) writeManifest(mount, clock.now())
      if (presentation.period !== undefined) periods.add(presentation.period.number)
    }
    if (at < (sampled + 1) * every * 3600) continue
    sampled++
    collect()
    collect()
    const { heapUsed, external, rss } = process.memoryUsage()
    const last = presentation?.segments.at(-1)
    const off = last === undefined ? NaN : last.start + last.duration - (clock.now() - presentation!.origin) / 1000
    lead ??= off
    yield {
      hours: sampled * every,
      heap: heapUsed + external,
      rss,
      sequence: presentation?.nextSequence ?? 0,
      periods: periods.size,
      drift: off - lead,
    }
    if (sampled * every >= hours) break
  }
  mounts.close()
}

function writeManifest({ broadcast }: Mount, now: number): void {
  const manifest = manifestOf(broadcast.presentation!, 'tv.media/', now)
  if (manifest !== undefined) formatMpd(manifest)
}

interface Chunk {
  readonly bytes: Buffer
  /** Seconds since the beginning. */
  readonly at: number
}

/** A tenth of a second at a time, in memory of its own, as a socket gives it. */
function* gather(chunks: Iterable<Chunk>): Generator<Chunk> {
  let parts: Buffer[] = []
  let from = 0
  for (const { bytes, at } of chunks) {
    if (at - from >= 0.1) {
      yield { bytes: Buffer.concat(parts), at: from }
      parts = []
      from = at
    }
    parts.push(bytes)
  }
}

/** The packets of a fixture again and again, one behind the other, in a container of that format. */
function* loop(fixture: string, format: FormatName): Generator<Chunk> {
  const { tracks, packets } = readPackets(fixture)
  const muxer = createMuxer(format, tracks)
  const primary = tracks.find(({ kind }) => kind === 'video') ?? tracks[0]!
  const own = packets.filter(({ track }) => track === primary)
  const first = own[0]!.dts / primary.timescale
  const step = (own.at(-1)!.dts - own[0]!.dts) / Math.max(1, own.length - 1)
  const seconds = (own.at(-1)!.dts + (own.at(-1)!.duration || step)) / primary.timescale - first
  let isFirst = true
  for (let round = 0; ; round++) {
    for (const packet of packets) {
      const { timescale } = packet.track
      const time = packet.dts / timescale - first
      // What sticks out at the ends would be there twice.
      if (time < 0 || time >= seconds - 1e-6) continue
      const shift = Math.round((round * seconds + 10 - first) * timescale)
      for (const { bytes, header } of muxer.write([{ ...packet, dts: packet.dts + shift, pts: packet.pts + shift }])) {
        if (isFirst && header.length > 0) yield { bytes: header, at: 0 }
        isFirst = false
        yield { bytes, at: round * seconds + time }
      }
    }
  }
}

function readPackets(fixture: string): { tracks: readonly MediaTrack[]; packets: Packet[] } {
  const demuxer = new AutoDemuxer(undefined)
  const frames = [...demuxer.push(readFileSync(`test/fixtures/${fixture}`)), ...demuxer.settle(), ...demuxer.end()]
  const reader = createPacketReader(demuxer.format)!
  const packets = [...reader.read(frames.slice(frames.findIndex(({ sync }) => sync))), ...reader.end()]
  const { tracks } = reader
  return { tracks, packets: packets.filter(({ track, duration }) => tracks.includes(track) && (track.kind === 'video' || duration > 0)) }
}

function createMuxer(format: FormatName, tracks: readonly MediaTrack[]): Muxer {
  const [track] = tracks
  if (format === 'mpeg-ts') return new MpegTsMuxer(tracks)
  if (format === 'mp4') return new Mp4Muxer(tracks)
  if (format === 'webm') return new WebmMuxer(tracks)
  if (format === 'adts') return new AdtsMuxer(track!)
  if (format === 'mp3') return new Mp3Muxer(track!)
  if (format === 'flac') return new FlacMuxer(track!)
  return new OggMuxer(track!, { serial: randomInt(2 ** 32) })
}

/** The tags of a fixture again and again, with other times. */
function* loopFlv(fixture: string): Generator<Chunk> {
  const bytes = readFileSync(`test/fixtures/${fixture}`)
  const tags: { type: number; time: number; bytes: Buffer; setup: boolean }[] = []
  for (let at = 13; at + 11 < bytes.length;) {
    const size = 15 + bytes.readUIntBE(at + 1, 3)
    const time = bytes.readUIntBE(at + 4, 3)
    // A sequence header is as old as the stream.
    tags.push({ type: bytes[at]!, time, bytes: bytes.subarray(at, at + size), setup: bytes[at + 12] === 0 })
    at += size
  }
  yield { bytes: bytes.subarray(0, 13), at: 0 }
  const times = tags.filter(({ type, setup }) => type === 9 && !setup).map(({ time }) => time)
  const length = Math.max(...times) + times[1]! - times[0]!
  for (let round = 0; ; round++)
    for (const tag of tags) {
      if (round > 0 && (tag.setup || tag.type === 18 || tag.time >= length)) continue
      const copy = Buffer.from(tag.bytes)
      const time = tag.time + round * length
      copy.writeUIntBE(time % 2 ** 24, 4, 3)
      copy[7] = Math.floor(time / 2 ** 24) % 256
      yield { bytes: copy, at: time / 1000 }
    }
}
