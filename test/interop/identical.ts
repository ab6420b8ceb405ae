import { copyFileSync, createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t, { type Test } from 'tap'
import { id3Size } from '../../lib/codecs/id3.js'
import { readM3u8 } from '../../lib/hls/m3u8.js'
import { FORMATS, type Format, media, send } from '../helpers/ffmpeg.js'
import { longestRun, parseFramemd5 } from '../helpers/framemd5.js'
import { needs, run } from '../helpers/programs.js'
import { startServer, temporary, type TestServer } from '../helpers/server.js'
import { sleep, until } from '../helpers/wait.js'

/*
 * Nothing is transcoded: what comes out of every form of every source is what went in, picture by picture and packet by packet.
 *
 * Pictures are compared decoded, because containers store them differently. Sound is compared as packets, ADTS without its headers: decoders of sound
 * carry state from before (noise of AAC, the energies of Opus), so that what a late listener hears first may differ in its last bits; and it must decode without complaint.
 */

t.setTimeout(600_000)

/** Seconds that a source sends, and after which all but HLS and DASH are joined. */
const SECONDS = 11
const LATE = 2
/** Pictures and packets at either end that need not agree: what a decoder drops before its first key frame, and what a container cuts at its end. */
const EDGE = { video: 2, audio: 3 }
/** The least that must come, in seconds. */
const LEAST = 4

const ENDINGS = ['', '.mp4', '.webm', '.ts', '.aac', '.mp3', '.opus', '.ogg', '.flac'] as const
const EVERY_DAY = ['MP3', 'WebM VP9 and Opus', 'MPEG-TS H.264 and AAC']

/** Hashes of the pictures, decoded, and of the packets of sound; and what a decoder complains of. */
interface Essence {
  readonly video: readonly string[]
  readonly audio: readonly string[]
  readonly complaints: string
}

const hashesOf = (text: string): string[] => (parseFramemd5(text).packets[0] ?? []).map(({ hash }) => hash)

/** What is in a file. */
async function essence(file: string): Promise<Essence> {
  const probe = await run('ffprobe', ['-v', 'quiet', '-show_entries', 'stream=codec_type,codec_name', '-of', 'csv=p=0', file], {
    timeout: 60_000,
  })
  const streams = probe.program.stdout
  const [video, audio] = [`${file}.pictures`, `${file}.sound`]
  const [hasVideo, hasAudio] = [streams.includes('video'), streams.includes('audio')]
  const bare = streams.includes('aac,audio') ? ['-bsf:a', 'aac_adtstoasc'] : []
  const { program } = await run(
    'ffmpeg',
    [
      ...'-hide_banner -nostdin -nostats -y -v error -threads 1 -i'.split(' '),
      file,
      ...(hasVideo ? ['-map', '0:v:0', '-fps_mode', 'passthrough', '-f', 'framemd5', video] : []),
      ...(hasAudio ? ['-map', '0:a:0', '-c', 'copy', ...bare, '-f', 'framemd5', audio, '-map', '0:a:0', '-f', 'null', '-'] : []),
    ],
    { timeout: 120_000 },
  )
  return {
    video: hasVideo ? hashesOf(readFileSync(video, 'utf8')) : [],
    audio: hasAudio ? hashesOf(readFileSync(audio, 'utf8')) : [],
    complaints: program.stderr.trim(),
  }
}

/** Says in a sentence how what was got differs from what was sent; an empty text if it does not. */
function difference(sent: readonly string[], got: readonly string[], kind: 'video' | 'audio'): string {
  const { from, at, length } = longestRun(sent, got)
  const least = Math.floor((sent.length / SECONDS) * LEAST)
  if (got.length < least) return `only ${got.length} of ${kind} came, not ${least}`
  const [before, after] = [at, got.length - at - length]
  if (before > EDGE[kind] || after > EDGE[kind])
    return `of ${got.length} of ${kind} only ${length} are an unbroken run (from ${from} of ${sent.length}), with ${before} others before and ${after} behind`
  return ''
}

/** Keeps what an address gives until it ends; the status says whether there is anything. */
async function keep(url: string, path: string): Promise<number> {
  const response = await fetch(url)
  if (response.status === 200)
    await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), createWriteStream(path))
  else await response.body?.cancel()
  return response.status
}

/** Puts what several addresses give behind each other, up to the first that gives nothing. */
async function join(urls: Iterable<URL>, path: string): Promise<void> {
  const parts: Buffer[] = []
  for (const url of urls) {
    const response = await fetch(url)
    const body = Buffer.from(await response.arrayBuffer())
    if (response.status !== 200) break
    // Segments of packed audio begin with their time (RFC 8216 3.4), which is no sound.
    parts.push(body.subarray(id3Size(body) ?? 0))
  }
  writeFileSync(path, Buffer.concat(parts))
}

/** Keeps the segments of the playlists of HLS; they are whole when they stand behind each other. */
async function keepHls(url: string, path: string): Promise<string[]> {
  const answer = await fetch(url)
  const master = readM3u8(await answer.text())
  if (answer.status !== 200 || master.kind !== 'multivariant') return []
  const playlist = new URL(master.variants[0]!.uri, url)
  const list = readM3u8(await (await fetch(playlist)).text())
  if (list.kind !== 'media') return []
  const map = list.segments[0]?.map
  await join(
    [...(map === undefined ? [] : [map]), ...list.segments.flatMap(({ uri }) => uri ?? [])].map((uri) => new URL(uri, playlist)),
    path,
  )
  return [path]
}

/** Keeps the segments of each representation of an MPD. */
async function keepDash(url: string, path: string): Promise<string[]> {
  const answer = await fetch(url)
  const text = await answer.text()
  if (answer.status !== 200) return []
  const paths: string[] = []
  for (const [template = ''] of text.matchAll(/<SegmentTemplate [^>]*>/g)) {
    const value = (name: string): string => new RegExp(` ${name}="([^"]*)"`).exec(template)?.[1] ?? ''
    const numbers = Array.from({ length: SECONDS }, (_, i) => String(Number(value('startNumber')) + i))
    const names = [value('initialization'), ...numbers.map((number) => value('media').replace('$Number$', number))]
    const to = `${path}-${paths.length}`
    await join(
      names.map((name) => new URL(name, url)),
      to,
    )
    paths.push(to)
  }
  return paths
}

/** Sends one source, keeps all that the server makes of it, and compares that with what was sent; gives the forms that there were. */
async function judge(t: Test, server: TestServer, format: Format, mount: string, folder: string): Promise<string[]> {
  const file = await media(format, SECONDS)
  const source = send(t, format, file, `icecast://${server.login}@127.0.0.1:${server.port}${mount}`)
  await until(`${format.name} to be on the air`, () => {
    if (!source.isRunning) throw new Error(source.stderr)
    return server.mount(mount)
  })
  await sleep(LATE * 1000)
  const [url, path] = [server.url(mount), `${folder}/got`]
  const kept = ENDINGS.map(async (ending) => {
    const status = await keep(url + ending, path + ending)
    t.ok(status === 200 || status === 404 || status === 415, `${ending} is there or not: ${status}`)
    return { form: ending === '' ? 'as it comes' : ending, paths: status === 200 ? [path + ending] : [] }
  })
  await source.ended
  // Segments stay for a while after their source has gone.
  const got = [
    { form: 'HLS', paths: await keepHls(`${url}.m3u8`, `${path}.hls`) },
    { form: 'DASH', paths: await keepDash(`${url}.mpd`, `${path}.dash`) },
    ...(await Promise.all(kept)),
  ]
  copyFileSync(file, `${folder}/sent`)
  const sent = await essence(`${folder}/sent`)
  for (const { form, paths } of got)
    for (const from of paths) {
      const { complaints, ...own } = await essence(from)
      t.ok(own.video.length + own.audio.length > 0, `${form}: something came`)
      for (const kind of ['video', 'audio'] as const)
        if (own[kind].length > 0 || (paths.length === 1 && sent[kind].length > 0 && !(kind === 'video' && TWINS.has(form))))
          t.equal(difference(sent[kind], own[kind], kind), '', `${form}: ${kind} is identical`)
      t.equal(complaints, '', `${form}: the decoder has nothing to complain about`)
    }
  return got.flatMap(({ form, paths }) => (paths.length > 0 ? [form] : []))
}

/** Forms that carry the sound alone. */
const TWINS: ReadonlySet<string> = new Set(['.aac', '.mp3', '.opus', '.ogg', '.flac'])

const skip = process.env['FLOECAST_INTEROP_SERVER'] === 'icecast2' ? 'Icecast packages nothing' : false

t.test('every form of every source gives the frames that were sent, bit by bit', { skip }, async (t) => {
  if (!needs(t, 'ffmpeg', 'ffprobe')) return
  const server = await startServer(t)
  const only = process.env['FLOECAST_INTEROP_FORMATS']?.split(',') ?? (process.env['FLOECAST_INTEROP_ALL'] === '1' ? undefined : EVERY_DAY)
  const formats = FORMATS.filter(({ name }) => only?.includes(name) ?? true)
  // Sources wait for the wall most of the time: three of them keep a machine busy.
  t.jobs = 3
  await Promise.all(
    formats.map((format, at) =>
      t.test(format.name, { buffered: true }, async (t) => {
        const forms = await judge(t, server, format, `/same${at}`, temporary(t))
        t.comment(`${format.name}: ${forms.join(', ')}`)
        t.ok(forms.includes('as it comes'), 'the stream itself is there')
      }),
    ),
  )
})
