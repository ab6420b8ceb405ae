import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as node from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { manifestOf } from '../../lib/dash/views.js'
import { AutoDemuxer } from '../../lib/formats/detect.js'
import type { MediaTrack, Packet } from '../../lib/formats/packet.js'
import { createPacketReader } from '../../lib/formats/packets.js'
import { MpegTsMuxer } from '../../lib/formats/mpeg-ts-muxer.js'
import { formatMediaPlaylist } from '../../lib/hls/playlist.js'
import { mediaPlaylist } from '../../lib/hls/views.js'
import { basic, createServer, type Server } from '../../lib/index.js'
import { type Files, MediaFolder } from '../../lib/media/folder.js'
import { Presentation, type PresentationSettings } from '../../lib/media/presentation.js'
import type { RenditionId } from '../../lib/media/rendition.js'
import type { Segment } from '../../lib/media/segment.js'
import { FakeClock } from '../helpers/clock.js'
import { until } from '../helpers/wait.js'

const root = mkdtempSync(join(tmpdir(), 'floecast-test-'))
t.teardown(() => rmSync(root, { recursive: true, force: true }))
let folders = 0
const fresh = (): string => join(root, String(++folders))

/** The tracks of a fixture, numbered on from others. */
function tracksOf(name: string, from = 0): MediaTrack[] {
  const demuxer = new AutoDemuxer(undefined)
  const frames = [...demuxer.push(readFileSync(join('test/fixtures', name))), ...demuxer.settle(), ...demuxer.end()]
  const reader = createPacketReader(demuxer.format)!
  reader.read(frames.slice(frames.findIndex(({ sync }) => sync)))
  return reader.tracks.map((track, i) => ({ ...track, id: from + i + 1 }))
}

/** Bytes that are never the same, and always those. */
function noise(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0, x = seed * 2_654_435_761 + 1; i < size; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = x >>> 16
  }
  return bytes
}

/** The packets of some seconds, in the order in which a source sends them: 10 pictures a second, a key frame every 2 s. */
function packetsOf(tracks: readonly MediaTrack[], from: number, to: number, size = 300): Packet[] {
  const packets: (Packet & { at: number })[] = []
  for (const track of tracks) {
    const duration = track.kind === 'video' ? track.timescale / 10 : track.codecId === 'opus' ? 960 : track.codecId === 'mp3' ? 1152 : 1024
    const first = Math.ceil((from * track.timescale) / duration)
    for (let n = first; (n * duration) / track.timescale < to; n++) {
      const data = noise(n + track.id * 100_000, size + (n % 7))
      if (track.codecId === 'h264') data.writeUInt32BE(data.length - 4, 0)
      if (track.codecId === 'h264') data[4] = n % 20 === 0 ? 0x65 : 0x41
      const pts = n * duration + (track.kind === 'video' ? duration : 0)
      packets.push({
        track,
        dts: n * duration,
        pts,
        duration,
        key: track.kind === 'audio' || n % 20 === 0,
        data,
        at: (n * duration) / track.timescale,
      })
    }
  }
  return packets.toSorted((a, b) => a.at - b.at)
}

const SETTINGS: PresentationSettings = {
  segmentDuration: 2,
  partDuration: 0.5,
  segmentCount: 3,
  maxSize: 1e8,
  dvr: 120,
  dvrSize: 1e9,
}

const isWritten = ({ complete, file, lost }: Segment): boolean => !complete || file !== undefined || lost

interface Stage {
  readonly presentation: Presentation
  readonly tracks: readonly MediaTrack[]
  readonly folder: MediaFolder
  readonly lost: string[]
  readonly path: string
  /** Sends so many seconds, with time for the disk in between. */
  readonly run: (seconds: number, heed?: (segment: Segment) => void) => Promise<void>
}

function stage(tracks: readonly MediaTrack[], more: Partial<PresentationSettings> = {}, files?: Partial<Files>, patient = true): Stage {
  const path = fresh()
  const folder = new MediaFolder(path, { ...(node as Files), ...files })
  const lost: string[] = []
  let now = 0
  let heed: ((segment: Segment) => void) | undefined
  const presentation = new Presentation(
    { complete: (segment) => heed?.(segment), lost: (reason) => lost.push(reason) },
    { ...SETTINGS, ...more },
    0,
    new FakeClock(),
    folder,
  )
  presentation.begin({ number: 5, tracks, primary: tracks[0]!, start: 0.1, delay: 0.1, date: 100, partial: false })
  return {
    presentation,
    tracks,
    folder,
    lost,
    path: folder.segments(presentation.run),
    run: async (seconds, each) => {
      heed = each
      for (let left = seconds; left > 0; left--, now++) {
        for (const packet of packetsOf(tracks, now, now + 1)) presentation.write(packet)
        if (patient) await until('the disk', () => presentation.segments.every(isWritten), { every: 2 })
      }
    },
  }
}

const [h264, aac] = tracksOf('h264-aac.mpegts') as [MediaTrack, MediaTrack]
const second: MediaTrack = { ...aac, id: 3 }
const [mp3] = tracksOf('mp3-stereo.mp3', 1) as [MediaTrack]
const [vp8, vorbis] = tracksOf('vp8-vorbis.webm') as [MediaTrack, MediaTrack]

t.test('what is read from disk is what was in memory, in every rendition of every container', async (t) => {
  const all: [string, MediaTrack[], RenditionId[]][] = [
    ['MP4 with two languages', [h264, aac, second], ['main', 'video', 'audio', 'audio-2']],
    ['MPEG-TS', [h264, mp3], ['main', 'video', 'audio']],
    ['WebM', [vp8, vorbis], ['video', 'audio']],
    ['packed audio', [{ ...mp3, id: 1 }], ['main', 'audio']],
  ]
  for (const [name, tracks, ids] of all) {
    const { presentation, run, folder } = stage(tracks)
    const memory = new Map<Segment, Map<RenditionId, Buffer>>()
    await run(30, (segment) => memory.set(segment, new Map(ids.map((id) => [id, Buffer.concat(segment.bytes(id))]))))
    const old = presentation.segments.filter(({ released }) => released)
    t.ok(old.length > 5 && old.every(({ parts }) => parts.length === 0), `${name}: most has left memory`)
    let same = 0
    for (const segment of old) {
      for (const id of ids) {
        const before = memory.get(segment)!.get(id)!
        const after = await presentation.load(segment, id)
        if (before.length > 0 && before.equals(after)) same++
        t.equal(segment.isEmpty(id), false)
      }
      t.equal(segment.mainSize, memory.get(segment)!.get('main')?.length ?? segment.mainSize)
    }
    t.equal(same, old.length * ids.length, `${name}: the same bytes`)
    if (ids.includes('main') && old[0]!.file!.main > 0) {
      const file = await presentation.open(old[0]!)
      const pieces: Buffer[] = []
      for (let at = 0; at < file.length; at += 1000) pieces.push(await file.read(at, 1000))
      file.close()
      t.ok(Buffer.concat(pieces).equals(memory.get(old[0]!)!.get('main')!), `${name}: and bit by bit`)
    }
    presentation.close()
    await folder.close()
    t.notOk(existsSync(folder.segments(presentation.run)), 'nothing is left behind')
  }
})

t.test('the window is as long as the time to go back, and what is older leaves the disk', async (t) => {
  const { presentation, run, path } = stage([h264, aac], { dvr: 30 })
  await run(20)
  t.equal(presentation.window[0], presentation.segments[0], 'nothing is left out while there is room')
  t.equal(presentation.depth, 30)
  await run(120)
  const { window, segments } = presentation
  const end = segments.at(-1)!.start + segments.at(-1)!.duration
  t.ok(Math.abs(end - window[0]!.start - 30) <= 2.01, 'the window is 30 s')
  t.ok(Math.abs(end - segments[0]!.start - 90) <= 4.01, 'the disk has a minute more')
  await until('old files to go', () => readdirSync(path).length <= segments.length)
  const playlist = formatMediaPlaylist(mediaPlaylist(presentation, 'main'))
  t.equal(playlist.match(/#EXTINF/g)?.length, window.filter(({ complete }) => complete).length)
  t.notMatch(playlist, /EXT-X-PLAYLIST-TYPE|EXT-X-GAP/)
  t.match(playlist, `#EXT-X-MEDIA-SEQUENCE:${window[0]!.sequence}`)
  const manifest = manifestOf(presentation, '', 0)!
  t.equal(manifest.timeShiftBufferDepth, 30)
  t.match(manifest.periods[0]!.sets[0]!.representations[0]!.segments, { kind: 'numbered' })
})

t.test('above so many bytes the oldest segments go, and the playlist ends before them', async (t) => {
  const { presentation, run, path } = stage([h264, aac], { dvrSize: 200_000 })
  await run(80)
  const { window, segments } = presentation
  const size = segments.reduce((sum, { released, file }) => sum + (released ? file!.size : 0), 0)
  t.ok(size <= 200_000 && size > 100_000, `${size} bytes on disk`)
  t.ok(window[0]!.start > segments[0]!.start, 'what is about to go is not listed')
  t.ok(presentation.depth < 60)
  t.equal(manifestOf(presentation, '', 0)!.timeShiftBufferDepth, presentation.depth)
  await until('old files to go', () => readdirSync(path).length <= segments.length)
})

t.test('what a full disk does not take is a gap, and never holds up the stream', async (t) => {
  let opened = 0
  const full: Files['open'] = async (path, flags) => {
    if (flags === 'wx' && ++opened % 5 === 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    return node.open(path, flags)
  }
  const { presentation, run, lost } = stage([h264, aac], {}, { open: full })
  await run(60)
  t.strictSame(new Set(lost), new Set(['the disk is full']))
  const gone = presentation.segments.filter(({ isThere }) => !isThere)
  t.ok(gone.length >= 3)
  const text = formatMediaPlaylist(mediaPlaylist(presentation, 'main'))
  t.equal(text.match(/#EXT-X-GAP/g)?.length, gone.length)
  const { unbroken } = presentation
  t.ok(unbroken[0]!.sequence === gone.at(-1)!.sequence + 1)
  const manifest = manifestOf(presentation, '', 0)!
  const end = presentation.segments.at(-1)!.start + presentation.segments.at(-1)!.duration
  t.equal(manifest.timeShiftBufferDepth, Math.max(6, end - unbroken[0]!.start), 'DASH has no word for gaps')
})

/** A disk that is full in the middle of a file. */
const half: Files['open'] = async (path, flags) => {
  const file = await node.open(path, flags)
  if (flags !== 'wx') return file
  let written = 0
  return {
    read: (...args) => file.read(...args),
    sync: () => file.sync(),
    close: () => file.close(),
    writev: async (buffers) => {
      if (written > 2000) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
      const { bytesWritten } = await file.write(buffers[0]!.subarray(0, 1500))
      written += bytesWritten
      return { bytesWritten }
    },
  }
}

t.test('a disk that writes half and then no more leaves no half segments', async (t) => {
  const { run, lost, path } = stage([h264, aac], {}, { open: half })
  await run(12)
  t.ok(lost.length >= 4)
  await until('the halves to go', () => readdirSync(path).length === 0)
})

t.test('while a disk hangs, memory is bounded', async (t) => {
  const { presentation, run, lost } = stage([{ ...h264 }, aac], { maxSize: 1e6 }, { open: () => new Promise(() => {}) }, false)
  await run(20)
  t.equal(presentation.segments.filter(({ released }) => released).length, 0, 'what waits for the disk stays in memory')
  t.strictSame(lost, [])
  const data = Buffer.alloc(80_000)
  for (const packet of packetsOf([h264, aac], 20, 50, 5)) presentation.write({ ...packet, data })
  t.strictSame(new Set(lost), new Set(['the disk is too slow']))
  // What hangs is the first; behind it the others stay until the disk moves again.
  const held = presentation.segments.reduce((sum, { released, size }) => sum + (released ? 0 : size), 0)
  t.ok(held < 75e6, `${held} bytes`)
})

t.test('what an earlier run has left is put in order', async (t) => {
  const path = fresh()
  mkdirSync(join(path, '.dvr/old'), { recursive: true })
  mkdirSync(join(path, 'a/b'), { recursive: true })
  writeFileSync(join(path, '.dvr/old/1.m4s'), 'x')
  for (const name of ['a/one.ts.part', 'a/b/two.mp4.part', 'a/b/two.mp4', 'three']) writeFileSync(join(path, name), name)
  const folder = new MediaFolder(path)
  t.strictSame([...(await folder.ready)].toSorted(), ['a/b/two-2.mp4', 'a/one.ts'])
  t.notOk(existsSync(join(path, '.dvr')))
  t.equal(readFileSync(join(path, 'a/b/two-2.mp4'), 'utf8'), 'a/b/two.mp4.part')
  t.equal(readFileSync(join(path, 'a/b/two.mp4'), 'utf8'), 'a/b/two.mp4', 'nothing is overwritten')
  t.throws(() => folder.pathOf('../x'), RangeError)
  t.throws(() => folder.pathOf('a/../../x'), RangeError)
  t.throws(() => folder.pathOf('.'), RangeError)
  t.strictSame(await new MediaFolder(join(path, 'none')).ready, [])
})

interface Played {
  readonly server: Server
  readonly at: string
  readonly send: (from: number, to: number) => Promise<void>
  readonly end: () => void
}

/** A server with one mount that has sent so many seconds of MPEG-TS. */
async function serve(seconds: number, dvr: string): Promise<Played> {
  const server = createServer({
    auth: basic({ source: 'x' }),
    mediaDir: fresh(),
    mounts: { '/tv': { dvr, hls: { segmentCount: 3 } }, '/short': { hls: { segmentCount: 3 } } },
  })
  t.teardown(() => server.close())
  const { port } = await server.listen({ port: 0, host: '127.0.0.1', shoutcastPort: false })
  const muxer = new MpegTsMuxer([h264, aac])
  const details = { address: '', agent: '', user: '', contentType: 'video/mp2t', connected: Date.now(), disconnect: () => {} }
  const source = server.mounts.publish('/tv', {}, { ...details, request: { method: 'PUT', target: '/tv', version: 'HTTP/1.1' } })
  const { presentation } = server.mount('/tv').broadcast
  const send = async (from: number, to: number): Promise<void> => {
    for (let now = from; now < to; now++) {
      for (const { bytes } of muxer.write(packetsOf([h264, aac], now, now + 1))) source.push(bytes, Date.now())
      await until(
        'the disk',
        () => presentation!.segments.every(({ complete, file }) => !complete || file !== undefined || presentation!.dvr === 0),
        {
          every: 2,
        },
      )
    }
  }
  await send(0, seconds)
  return { server, at: `http://127.0.0.1:${port}`, send, end: () => source.end('enough') }
}

t.test('players are given what has left memory, by HLS and DASH', async (t) => {
  const { server, at, end } = await serve(60, '5m')
  const presentation = server.mount('/tv').broadcast.presentation!
  const playlist = await (await fetch(`${at}/tv.media/main.m3u8`)).text()
  const files = playlist.split('\n').filter((line) => line.endsWith('.m4s'))
  t.ok(files.length >= 27, 'a minute of segments')
  const oldest = presentation.segments[0]!
  t.ok(oldest.released)
  const url = `${at}/tv.media/${files[0]!}`
  const main = await fetch(url)
  const bytes = Buffer.from(await main.arrayBuffer())
  t.equal(main.headers.get('content-length'), String(oldest.mainSize))
  t.ok(bytes.equals(await presentation.load(oldest, 'main')))
  t.equal((await fetch(url, { method: 'HEAD' })).headers.get('content-length'), String(oldest.mainSize))
  const video = await fetch(url.replace('-main-', '-video-'))
  t.equal(video.headers.get('content-type'), 'video/mp4')
  t.ok(Buffer.from(await video.arrayBuffer()).equals(await presentation.load(oldest, 'video')))
  t.match(await (await fetch(`${at}/tv.mpd`)).text(), 'timeShiftBufferDepth="PT300S"')
  // A client that takes nothing and goes leaves no file open.
  const impatient = new AbortController()
  await fetch(url, { signal: impatient.signal })
  impatient.abort()
  rmSync(server.mounts.folder!.segments(presentation.run), { recursive: true })
  for (const name of [url, url.replace('-main-', '-audio-')])
    t.equal((await fetch(name)).status, 404, 'what is gone from the disk is not there')
  end()
})

t.test('?t= begins in the past, and goes on to the end', async (t) => {
  const { server, at, send, end } = await serve(60, '5m')
  const presentation = server.mount('/tv').broadcast.presentation!
  const refused = async (path: string): Promise<string> => {
    const response = await fetch(at + path)
    return `${response.status} ${(await response.text()).trim()}`
  }
  t.match(await refused('/tv.ts?t=-10'), /^404 Cannot go back 10 s: only its MP4/)
  t.match(await refused('/tv?t=-10s'), /^404 .*only its MP4/)
  t.match(await refused('/tv.mp4?t=-10m'), '404 Cannot go back 600 s: this mount keeps 300 s')
  t.match(await refused('/tv.mp4?t=-x'), /^400 .*-60, -90s or -5m/)

  const answer = await fetch(`${at}/tv.mp4?t=-40`)
  t.equal(answer.status, 200)
  t.match(answer.headers.get('content-type'), /^video\/mp4; codecs="avc1.*mp4a/)
  const reader = answer.body!.getReader()
  const pieces: Uint8Array[] = []
  const done = (async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value)
  })()
  const last = presentation.segments.findLast(({ complete }) => complete)!
  const first = presentation.segments.findLast(({ complete, start }) => complete && start <= last.start + last.duration - 40)!
  const expected = async (): Promise<Buffer> => {
    const whole = presentation.segments.filter(({ complete, sequence }) => complete && sequence >= first.sequence)
    const bodies = whole.map(async (segment) =>
      segment.released ? presentation.load(segment, 'main') : Buffer.concat(segment.bytes('main')),
    )
    return Buffer.concat([first.writers.get('main')!.init!, ...(await Promise.all(bodies))])
  }
  const heard = (): Buffer => Buffer.concat(pieces)
  await until('all that has been', async () => heard().equals(await expected()), { every: 10 })
  t.equal(server.mounts.listeners, 1, 'it counts as a listener')
  t.equal(server.mount('/tv').everyone.length, 1)
  t.ok(first.released && server.mount('/tv').broadcast.replays.size === 1)
  await send(60, 66)
  await until('what has come since', async () => heard().equals(await expected()), { every: 10 })
  end()
  await done
  t.ok(heard().equals(await expected()), 'it ends with the last of the source')
  await until('the listener to go', () => server.mounts.listeners === 0 && server.mount('/tv').broadcast.replays.size === 0)
})

t.test('who goes back where nothing is kept is told so, and a t of another kind is none', async (t) => {
  const { server, at, end } = await serve(12, '0')
  t.equal(server.mount('/tv').broadcast.presentation!.dvr, 0)
  t.notOk(existsSync(join(root, String(folders))), 'and nothing is on disk')
  t.match(await (await fetch(`${at}/tv.mp4?t=-5`)).text(), /keeps nothing for that; the option is dvr/)
  const cached = await fetch(`${at}/tv.mp4?t=1799999999`)
  t.equal(cached.status, 200)
  await cached.body?.cancel()
  end()
})
