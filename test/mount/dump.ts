import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import * as node from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { AutoDemuxer } from '../../lib/formats/detect.js'
import { type Frame, NO_HEADER } from '../../lib/formats/frame.js'
import { basic, createServer } from '../../lib/index.js'
import { type Files, MediaFolder } from '../../lib/media/folder.js'
import { isRecordingOf, Recording, type RecordingOwner, recordingName } from '../../lib/mount/dump.js'
import { Mount } from '../../lib/mount/mount.js'
import { Source } from '../../lib/mount/source.js'
import { strftime } from '../../lib/mount/strftime.js'
import { mountOptions, serverOptions } from '../../lib/options/index.js'
import { FakeClock } from '../helpers/clock.js'
import { until } from '../helpers/wait.js'

const root = mkdtempSync(join(tmpdir(), 'floecast-test-'))
t.teardown(() => rmSync(root, { recursive: true, force: true }))
let folders = 0
const fresh = (): string => join(root, String(++folders))
const fixture = (name: string): Buffer => readFileSync(join('test/fixtures', name))
const filesIn = (path: string): string[] => (existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }).toSorted() : [])

t.test('strftime writes what C does', async (t) => {
  const time = new Date(2026, 2, 5, 7, 8, 9, 500)
  const all: Record<string, string> = {
    '%Y-%m-%d %H:%M:%S': '2026-03-05 07:08:09',
    '%F %T': '2026-03-05 07:08:09',
    '%y %j [%e] %b %B %a %A %%': '26 064 [ 5] Mar March Thu Thursday %',
    '%s': String(Math.floor(time.getTime() / 1000)),
    '%%Y %q': '%Y %q',
  }
  t.strictSame(Object.fromEntries(Object.keys(all).map((pattern) => [pattern, strftime(pattern, time)])), all)
  t.match(strftime('%Z', time), /^[\w+:-]+$/)
  t.equal(strftime('%j', new Date(2028, 11, 31)), '366')
})

const valid = (dump: string): boolean => mountOptions.safeParse({ dump }).success
const seconds = (dvr: unknown): unknown => mountOptions.safeParse({ dvr }).data?.dvr

t.test('names of recordings stay below their folder, whatever a mount is called', async (t) => {
  const time = new Date(2026, 2, 5, 7, 8, 9)
  const name = (pattern: string, mount = '/tv'): string => recordingName(pattern, { time, mount, ending: 'ts' })
  t.equal(name('a/%F_%H-%M.*'), 'a/2026-03-05_07-08.ts')
  t.equal(name('{mount}/%Y.mkv'), 'tv/2026.mkv')
  t.equal(name('{mount}/x', '/../../etc'), '_.._.._etc/x'.replace('_.._.._etc', '__.._etc'))
  t.equal(name('{mount}', '/.dvr/%Y'), '_dvr_%Y', 'and what it says is no field')
  t.ok(name('{mount}.*', `/${'x'.repeat(1000)}`).length < 100)
  t.strictSame(
    ['a.ts', 'a/%Y/%F.*', '%H%%.mp3', '{mount}/ä b.ts'].filter((dump) => !valid(dump)),
    [],
  )
  const bad = ['', '/a', 'a/', '../a', 'a/../b', './a', '.a', 'a/.b', 'a\\b', '%Q', 'a%', 'a\nb', 'x.part', 'a//b']
  t.strictSame(bad.filter(valid), [])
})

t.test('the name of a recording tells by which pattern it may have been made', async (t) => {
  const time = new Date(2026, 2, 5, 7, 8, 9)
  const all = '%Y %y %m %d %e %j %H %M %S %s %b %B %a %A %Z %F %T %%'
  for (const pattern of ['{mount}.*', 'rec/%Y-%m-%d_%H-%M-%S.*', 'a.b/c+d', `${all}.*`, '{mount}/%Y%m%d%H%M%S.mkv', '%s']) {
    const name = recordingName(pattern, { time, mount: '/tv/(1)', ending: 'ts' })
    t.ok(isRecordingOf(pattern, '/tv/(1)', name), name)
    t.notOk(isRecordingOf(pattern, '/tv/(1)', `${name}/x`))
  }
  t.ok(isRecordingOf('{mount}/%F.*', '/tv', 'tv/2026-03-05-2.ts'), 'also the second of its name')
  t.notOk(isRecordingOf('{mount}/%F.*', '/radio', 'tv/2026-03-05.ts'))
  t.notOk(isRecordingOf('a.b', '/tv', 'axb'))
})

t.test('times to go back are written as people write them; what needs a folder says so', async (t) => {
  t.strictSame([0, 90, '90', '90s', '30m', '2h', '1.5h'].map(seconds), [0, 90, 90, 90, 1800, 7200, 5400])
  t.strictSame(
    ['', '2d', '-5', 'm', -1, '2 h', null].map(seconds),
    Array.from({ length: 7 }, () => undefined),
  )
  t.throws(() => serverOptions.parse({ mounts: { '/a': { dvr: '5m' } } }), /mediaDir is missing/)
  t.throws(() => createServer({ auth: basic({ source: 'x' }), mounts: { '/*': { dump: 'a.ts' } } }), /mediaDir is missing/)
  t.equal(serverOptions.parse({ mediaDir: 'x', mounts: { '/a': { dvr: '5m', dump: 'a.ts' } } }).mounts['/a']?.dvr, 300)
})

interface Tape {
  readonly recording: Recording
  readonly folder: MediaFolder
  readonly clock: FakeClock
  readonly path: string
  readonly told: string[]
}

function tape(pattern: string, files?: Partial<Files>): Tape {
  const path = fresh()
  const folder = new MediaFolder(path, { ...(node as Files), ...files })
  const told: string[] = []
  const owner: RecordingOwner = {
    recorded: (file, bytes) => told.push(`${file}: ${bytes}`),
    unrecorded: (file, reason) => told.push(`${file}: ${reason}`),
  }
  const clock = new FakeClock()
  return { recording: new Recording(folder, pattern, '/tv', owner, clock), folder, clock, path, told }
}

/** Records bytes as a source would send them, in chunks. */
function record({ recording }: Tape, bytes: Buffer, size = 1000): { first: Frame; rest: Buffer } {
  const demuxer = new AutoDemuxer(undefined)
  const all: Frame[] = []
  const push = (frames: Frame[]): void => {
    all.push(...frames)
    recording.push(frames, demuxer)
  }
  for (let at = 0; at < bytes.length; at += size) push(demuxer.push(bytes.subarray(at, at + size)))
  push(demuxer.end())
  recording.end()
  const from = all.findIndex(({ sync }) => sync)
  return { first: all[from]!, rest: Buffer.concat(all.slice(from).map((frame) => frame.bytes)) }
}

t.test('a recording is the header and all frames from the first sync frame on, with the ending of its format', async (t) => {
  const all: Record<string, string> = {
    'mp3-stereo.mp3': 'mp3',
    'adts-lc.aac': 'aac',
    'flac-mono.flac': 'flac',
    'ogg-vorbis.ogg': 'ogg',
    'ogg-opus.opus': 'opus',
    'ogg-theora-vorbis.ogv': 'ogv',
    'vp8-vorbis.webm': 'webm',
    'h264-aac.mkv': 'mkv',
    'h264-aac.mp4': 'mp4',
    'h264-aac.flv': 'flv',
    'h264-aac.mpegts': 'ts',
    'h264-ac3.m2ts': 'ts',
  }
  for (const [name, ending] of Object.entries(all)) {
    const made = tape('x.*')
    const { first, rest } = record(made, fixture(name))
    await made.folder.close()
    t.strictSame(filesIn(made.path), [`x.${ending}`], name)
    t.ok(readFileSync(join(made.path, `x.${ending}`)).equals(Buffer.concat([first.header, rest])), `${name}: every byte`)
  }
})

t.test('where the header changes another file begins, and each is whole by itself', async (t) => {
  const [one, two] = [fixture('ogg-vorbis.ogg'), fixture('ogg-opus.opus')]
  const made = tape('songs/a.*')
  record(made, Buffer.concat([one, two, one]), 333)
  await made.folder.close()
  t.strictSame(filesIn(join(made.path, 'songs')), ['a-2.ogg', 'a.ogg', 'a.opus'])
  t.ok(readFileSync(join(made.path, 'songs/a.ogg')).equals(one))
  t.ok(readFileSync(join(made.path, 'songs/a.opus')).equals(two))
  t.ok(readFileSync(join(made.path, 'songs/a-2.ogg')).equals(one))
  t.equal(made.told.length, 3)
})

const frame = (size: number, sync = true, fill = 1): Frame => ({ bytes: Buffer.alloc(size, fill), sync, header: NO_HEADER })
const SOURCE = { format: 'mp3', tracks: [] } as const

t.test('while it runs its name ends in .part, bytes get there within a second, and status tells', async (t) => {
  const made = tape('a/b.*')
  const { recording, clock, path, folder } = made
  t.equal(recording.state, undefined)
  recording.push([frame(10, false), frame(100)], SOURCE)
  t.match(recording.state, { bytes: 0, since: 1_000_000, error: undefined })
  await until('the file', () => filesIn(path).includes('a/b.mp3.part'))
  await until('the bytes', () => {
    clock.pass(1000)
    return recording.state?.bytes === 100
  })
  t.match(recording.state, { file: 'a/b.mp3' })
  recording.push([frame(300_000)], SOURCE)
  await until('much at once', () => recording.state?.bytes === 300_100)
  recording.push([frame(50)], SOURCE)
  recording.end()
  await folder.close()
  t.strictSame(filesIn(path), ['a', 'a/b.mp3'])
  t.strictSame(made.told, ['a/b.mp3: 300150'])
  t.equal(clock.pending, 0)
})

t.test('names that are taken get a number, also while two begin at once', async (t) => {
  const made = tape('x.ts')
  const { folder, clock } = made
  const owner: RecordingOwner = { recorded: () => {}, unrecorded: () => {} }
  const all = Array.from({ length: 9 }, () => new Recording(folder, 'x.ts', '/a', owner, clock))
  for (const one of all) one.push([frame(5)], SOURCE)
  for (const one of all) one.end()
  await folder.close()
  t.strictSame(filesIn(made.path), [...Array.from({ length: 8 }, (_, i) => `x-${i + 2}.ts`), 'x.ts'])
  // What has never had a byte leaves nothing.
  const empty = tape('x.ts')
  empty.recording.push([frame(5, false)], SOURCE)
  empty.recording.end()
  await empty.folder.close()
  t.strictSame(filesIn(empty.path), [])
})

/** A disk that takes so many bytes. */
const disk =
  (room: number): Files['open'] =>
  async (path, flags) => {
    const file = await node.open(path, flags)
    return {
      read: (...args) => file.read(...args),
      sync: () => file.sync(),
      close: () => file.close(),
      writev: async (buffers) => {
        const bytes = Buffer.concat(buffers).subarray(0, room)
        if (bytes.length === 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
        room -= bytes.length
        return file.write(bytes)
      },
    }
  }

t.test('a full disk ends the recording once, and what is there is kept', async (t) => {
  const made = tape('x.*', { open: disk(1000) })
  made.recording.push([frame(300_000)], SOURCE)
  await until('the end', () => made.told.length > 0)
  made.recording.push([frame(300_000), frame(300_000)], SOURCE)
  made.recording.end()
  await made.folder.close()
  t.strictSame(made.told, ['x.mp3: the disk is full'])
  t.match(made.recording.state, { bytes: 1000, error: 'the disk is full' })
  t.equal(readFileSync(join(made.path, 'x.mp3')).length, 1000)
})

t.test('a disk that hangs ends the recording when 32 MiB wait for it', async (t) => {
  const made = tape('x.*', { open: () => new Promise(() => {}) })
  for (let i = 0; i < 32; i++) made.recording.push([frame(1_048_576)], SOURCE)
  t.strictSame(made.told, [])
  made.recording.push([frame(1)], SOURCE)
  t.strictSame(made.told, ['x.mp3: the disk is too slow: 32 MiB wait to be written'])
  t.equal(made.recording.state?.error, 'the disk is too slow: 32 MiB wait to be written')
})

t.test('a folder that cannot be written to is told once', async (t) => {
  const made = tape('x.*', { mkdir: () => Promise.reject(Object.assign(new Error('EACCES'), { code: 'EACCES' })) })
  made.recording.push([frame(10)], SOURCE)
  await until('the end', () => made.told.length > 0)
  t.strictSame(made.told, ['x.mp3: writing is not permitted there'])
})

t.test('a mount records each source into a file of its own, as the settings of the moment say', async (t) => {
  const path = fresh()
  const folder = new MediaFolder(path)
  const clock = new FakeClock()
  const events: string[] = []
  const mount = new Mount(
    '/tv',
    mountOptions.parse({ dump: 'one.*', hls: { enabled: false }, dash: false }),
    (event, ...args) => void events.push([event, ...args.filter((arg) => typeof arg !== 'object')].join(' ')),
    clock,
    folder,
  )
  const connect = (): Source => {
    const details = { address: '', agent: '', user: '', contentType: undefined, connected: clock.now(), disconnect: () => {} }
    const source = new Source(mount, new AutoDemuxer(undefined), { ...details, request: { method: 'PUT', target: '', version: '' } })
    mount.start(source, {})
    return source
  }
  const bytes = fixture('h264-aac.mpegts')
  const one = connect()
  t.equal(mount.recording, undefined)
  one.push(bytes, clock.now())
  t.match(mount.recording, { file: /^one/, error: undefined })
  // A new source takes over: the file of the former is closed.
  const two = connect()
  two.push(bytes, clock.now())
  two.end('enough')
  t.equal(mount.recording, undefined)
  const three = connect()
  three.push(bytes, clock.now())
  mount.settings = mountOptions.parse({ dump: 'two.*', hls: { enabled: false }, dash: false })
  three.push(bytes, clock.now())
  mount.settings = mountOptions.parse({ hls: { enabled: false }, dash: false })
  three.push(bytes, clock.now())
  t.equal(mount.recording, undefined)
  three.end('enough')
  await folder.close()
  t.strictSame(filesIn(path), ['one-2.ts', 'one-3.ts', 'one.ts', 'two.ts'])
  t.equal(events.filter((event) => event.startsWith('recorded')).length, 4)

  const broken = new Mount('/b', mountOptions.parse({ dump: 'x.*' }), mount.settings && (() => {}), clock)
  broken.folder = new MediaFolder(fresh(), { ...(node as Files), open: disk(10) })
  const details = { address: '', agent: '', user: '', contentType: undefined, connected: clock.now(), disconnect: () => {} }
  const four = new Source(broken, new AutoDemuxer(undefined), { ...details, request: { method: 'PUT', target: '', version: '' } })
  broken.start(four, {})
  four.push(bytes, clock.now())
  await until('the warning', () => {
    clock.pass(1000)
    return broken.warnings.length > 0
  })
  t.strictSame(broken.warnings, ['Recording x.ts has stopped: the disk is full; it goes on when the source connects again'])
  t.equal(broken.source, four, 'and the stream goes on')
  four.end('enough')
})

t.test('a server that closes waits until recordings have their names', async (t) => {
  const path = fresh()
  const server = createServer({ auth: basic({ source: 'x' }), mediaDir: path, mounts: { '/*': { dump: '{mount}/%Y.*' } } })
  const details = { address: '', agent: '', user: '', contentType: undefined, connected: Date.now(), disconnect: () => {} }
  const source = server.mounts.publish('/tv', {}, { ...details, request: { method: 'PUT', target: '', version: '' } })
  source.push(fixture('h264-aac.mpegts'), Date.now())
  await server.close()
  t.strictSame(
    filesIn(path).filter((name) => name.includes('.ts')),
    [`tv/${new Date().getFullYear()}.ts`],
  )
  t.equal(existsSync(join(path, '.dvr')), false)
})
