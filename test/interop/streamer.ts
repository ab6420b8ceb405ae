import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Ffmpeg, findFfmpeg, ListenerClient, Playlist, probe } from '../../lib/client/index.js'
import { createOutput, type OutputOptions, Streamer } from '../../lib/streamer/index.js'
import { needs, run } from '../helpers/programs.js'
import { startFloecast, startIcecast, temporary, type TestServer } from '../helpers/server.js'
import { freePort, sleep, until } from '../helpers/wait.js'

const ALL = process.env['FLOECAST_INTEROP_ALL'] === '1'
/** Seconds of an item. */
const LENGTH = ALL ? 38 : 5
t.setTimeout(1_800_000)

const X264 = '-c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p'.split(' ')
const AAC = '-c:a aac -ac 2'.split(' ')

/** Ten files, of which eight can be played. */
const FILES: readonly (readonly [name: string, picture: string | undefined, rate: number | undefined, args: readonly string[]])[] = [
  ['one.mp4', '320x180:rate=25', 48_000, [...X264, ...AAC]],
  ['two.mkv', '160x120:rate=15', 44_100, [...X264, ...AAC]],
  ['three.webm', '320x180:rate=30', 48_000, '-c:v libvpx -deadline realtime -cpu-used 8 -c:a libopus'.split(' ')],
  ['four.avi', '240x320:rate=12', undefined, ['-c:v', 'mpeg4']],
  ['five.mp3', undefined, 22_050, ['-c:a', 'libmp3lame']],
  ['six.ts', '320x180:rate=25', 48_000, [...X264, ...AAC]],
  ['seven.flac', undefined, 96_000, ['-c:a', 'flac']],
  ['eight.mov', '640x360:rate=24', 32_000, [...X264, '-c:a', 'pcm_s16le', '-ac', '1']],
]

async function makeFiles(folder: string): Promise<string[]> {
  for (const [name, picture, rate, args] of FILES) {
    const inputs = [
      ...(picture === undefined ? [] : ['-f', 'lavfi', '-i', `testsrc2=size=${picture}`]),
      ...(rate === undefined ? [] : ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${rate}`]),
    ]
    const { code, program } = await run(
      'ffmpeg',
      ['-v', 'error', '-nostdin', ...inputs, '-t', String(LENGTH), ...args, join(folder, name)],
      {
        timeout: 120_000,
      },
    )
    if (code !== 0) throw new Error(`Cannot make ${name}: ${program.output}`)
  }
  writeFileSync(join(folder, 'notes.txt'), 'Buy milk.\n')
  writeFileSync(join(folder, 'broken.mp4'), readFileSync(join(folder, 'one.mp4')).subarray(0, 3000))
  const names = FILES.map(([name]) => name)
  return [...names.slice(0, 3), 'notes.txt', ...names.slice(3, 6), 'broken.mp4', ...names.slice(6)].map((name) => join(folder, name))
}

interface Heard {
  readonly path: string
  readonly titles: readonly (readonly [title: string, at: number])[]
}

/** Listens until the stream ends, and asks the server for titles meanwhile. */
async function hear(server: TestServer, mount: string, path: string): Promise<Heard> {
  const chunks: Buffer[] = []
  const titles: [string, number][] = []
  const over = new AbortController()
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const title = (await server.mount(mount).catch(() => undefined))?.['title']
      if (typeof title === 'string' && title !== '' && title !== titles.at(-1)?.[0]) titles.push([title, Date.now()])
      await sleep(100)
    }
  }
  const watching = watch()
  // Icecast shows a mount before it knows enough of it to let anybody listen.
  await until('the stream to be heard', async () => {
    const client = new ListenerClient(server.url(mount))
    client.on('data', (chunk: Buffer) => chunks.push(chunk))
    await new Promise<void>((resolve, reject) => client.once('end', resolve).once('error', reject))
    return true
  })
  over.abort()
  await watching
  writeFileSync(path, Buffer.concat(chunks))
  return { path, titles }
}

/** What ffprobe finds wrong with the times of a stream, and its codecs. */
async function judge(path: string): Promise<{ codecs: string[]; faults: string[]; seconds: number }> {
  const entries = 'stream=index,codec_name,codec_type:packet=stream_index,pts_time,dts_time,duration_time'
  const { program } = await run('ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'json', path], { timeout: 60_000 })
  interface Told {
    streams: { index: number; codec_name: string; codec_type: string }[]
    packets: { stream_index: number; pts_time?: string; dts_time?: string; duration_time?: string }[]
  }
  const { streams, packets }: Told = JSON.parse(program.stdout)
  // A live WebM never says how long it is, and ends where its source does.
  const faults = program.stderr.split('\n').filter((line) => line.trim() !== '' && !line.includes('File ended prematurely'))
  let seconds = 0
  for (const { index, codec_type: kind } of streams) {
    const own = packets.filter((packet) => packet.stream_index === index)
    const times = own.map(({ dts_time: dts, pts_time: pts }) => Number(dts ?? pts))
    for (let i = 1; i < times.length; i++) {
      const step = times[i]! - times[i - 1]!
      if (step < 0) faults.push(`${kind} goes back from ${times[i - 1]} to ${times[i]}`)
      const gap = step - (kind === 'audio' ? Number(own[i - 1]!.duration_time ?? 0.02) : 0.04)
      if (gap > 0.1) faults.push(`${kind} has a gap of ${gap.toFixed(3)} s at ${times[i - 1]}`)
    }
    seconds = Math.max(seconds, times.at(-1)! - times[0]!)
  }
  return { codecs: streams.map((stream) => stream.codec_name), faults, seconds }
}

interface Case {
  readonly name: string
  readonly start: (t: Test) => Promise<TestServer>
  readonly options: OutputOptions
  readonly mount: string
  readonly codecs: readonly string[]
  readonly hasTitles: boolean
}

const SMALL = { size: { width: 320, height: 180 } }
const CASES: readonly Case[] = [
  { name: 'floecast, MPEG-TS', start: startFloecast, options: SMALL, mount: '/live', codecs: ['h264', 'aac'], hasTitles: true },
  {
    name: 'icecast2, WebM',
    start: startIcecast,
    options: { ...SMALL, format: 'webm', videoCodec: 'vp8' },
    mount: '/live.webm',
    codecs: ['vp8', 'opus'],
    hasTitles: false,
  },
  { name: 'icecast2, MP3', start: startIcecast, options: { format: 'mp3' }, mount: '/live.mp3', codecs: ['mp3'], hasTitles: true },
]

t.test('a list of all kinds of files is one stream without a gap, and each title comes at its border', async (t) => {
  if (!needs(t, 'ffmpeg', 'ffprobe', 'icecast2')) return
  const folder = temporary(t)
  const files = await makeFiles(folder)
  const ffmpeg = await findFfmpeg()
  const facts = (await Promise.allSettled(files.map((file) => probe(file)))).flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
  for (const { name, start, options, mount, codecs, hasTitles } of CASES)
    await t.test(name, async (t) => {
      const server = await start(t)
      const output = createOutput(options, { encoders: await ffmpeg.encoders() }, facts)
      // What is silent by nature has no place in a list of sound alone.
      const list = output.video === undefined ? files.filter((file) => !file.endsWith('four.avi')) : files
      const told: [string, number][] = []
      const logger = {
        debug() {},
        warn() {},
        error() {},
        info: (fields: { title?: string }) => void told.push([fields.title!, Date.now()]),
      }
      const to = `http://${server.login}@127.0.0.1:${server.port}${mount}`
      const streamer = new Streamer({ playlist: new Playlist(list), output, ffmpeg, to, logger })
      streamer.start()
      await until('the mount to be there', async () => (await server.mount(mount)) !== undefined)
      const heard = await hear(server, mount, join(folder, `heard${mount.slice(1)}`))
      await streamer.end
      const found = await judge(heard.path)
      t.strictSame(found.codecs.toSorted(), codecs.toSorted())
      t.strictSame(found.faults, [])
      const least = (list.length - 2) * LENGTH - 5
      t.ok(found.seconds > least, `${found.seconds} s were heard, at least ${least}`)
      const { entries } = streamer.state
      t.strictSame(
        entries.filter(({ state }) => state === 'skipped').map(({ title }) => title),
        ['notes', 'broken'],
      )
      if (!hasTitles) return
      const late = heard.titles.slice(1).map(([title, at]) => (at - told.find(([one]) => one === title)![1]) / 1000)
      t.strictSame(
        heard.titles.map(([title]) => title),
        told.map(([title]) => title).slice(-heard.titles.length),
      )
      t.ok(heard.titles.length >= told.length - 1 && late.every((by) => Math.abs(by) < 1), `titles were late by ${late.join(' ')} s`)
    })
})

/** The processes that this one has started and that are called so. */
function children(name: string): number[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  return pids.flatMap((pid) => {
    try {
      const [, comm, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))!
      return comm === name && Number(parent) === process.pid ? [Number(pid)] : []
    } catch {
      return []
    }
  })
}

/** A network that can stop to take anything. */
async function network(t: Test, port: number): Promise<{ port: number; stall(on: boolean): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    near.pipe(far).pipe(near)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  const at = await freePort()
  await new Promise<void>((resolve) => void server.listen(at, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: at,
    stall(on) {
      for (const socket of sockets)
        if (on) socket.pause()
        else socket.resume()
    },
  }
}

t.test('a server that restarts, a network that stalls and an encoder that is killed do not end the stream', async (t) => {
  if (!needs(t, 'ffmpeg')) return
  const ffmpeg: Ffmpeg = await findFfmpeg()
  const port = await freePort()
  let server = await startFloecast(t, { port })
  const net = await network(t, port)
  const output = createOutput({ ...SMALL, size: { width: 160, height: 90 } }, { encoders: await ffmpeg.encoders() })
  const to = `http://${server.login}@127.0.0.1:${net.port}/live`
  const streamer = new Streamer({ playlist: new Playlist(['test:'], { loop: true }), output, ffmpeg, to })
  streamer.start()
  const goesOn = async (what: string): Promise<void> => {
    await until(
      `the stream to be live after ${what}`,
      async () => streamer.state.targets[0]!.status === 'live' && (await server.mount('/live')) !== undefined,
      { timeout: 60_000 },
    )
    const { frames, targets } = streamer.state
    await until(
      `pictures after ${what}`,
      () => streamer.state.frames > frames + 25 && streamer.state.targets[0]!.bytesSent > targets[0]!.bytesSent,
      { timeout: 20_000 },
    )
    t.pass(what)
  }
  await goesOn('the start')
  const { frames } = streamer.state
  await server.stop()
  await sleep(ALL ? 10_000 : 2000)
  server = await startFloecast(t, { port })
  await goesOn('a restart of the server')
  t.ok(streamer.state.frames > frames + (ALL ? 250 : 50), 'the encoder has gone on meanwhile')
  net.stall(true)
  await sleep(ALL ? 30_000 : 4000)
  net.stall(false)
  await goesOn('a stall of the network')
  const [encoder] = children('ffmpeg')
  process.kill(encoder!, 'SIGKILL')
  await until('another encoder', () => children('ffmpeg').some((pid) => pid !== encoder), { timeout: 30_000 })
  await goesOn('the death of the encoder')
  t.match(streamer.state.warnings.join(' '), /ended from outside/)
  await streamer.do({ do: 'stop' })
  await streamer.end
  t.equal(children('ffmpeg').length, 0, 'nothing is left running')
})
