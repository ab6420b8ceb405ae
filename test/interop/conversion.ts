import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { type Ffmpeg, findFfmpeg, probe } from '../../lib/client/index.js'
import { AutoDemuxer, createPacketReader, type Packet } from '../../lib/formats/index.js'
import { createOutput, type Output, type OutputOptions, planItem } from '../../lib/streamer/index.js'
import { needs, run } from '../helpers/programs.js'

/** Items of many kinds, three seconds each: how ffmpeg makes them. */
const ITEMS: Readonly<Record<string, string>> = {
  'plain.mp4': '-f lavfi -i testsrc2=s=320x180:r=25:d=3 -f lavfi -i sine=d=3.5 -c:v libx264 -preset ultrafast -c:a aac',
  'silent 60.mp4': '-f lavfi -i testsrc2=s=320x240:r=60:d=3 -c:v libx264 -preset ultrafast',
  'broadcast.mpg': '-f lavfi -i testsrc2=s=352x288:r=25:d=3 -f lavfi -i sine=d=2:r=44100 -vf setsar=16/15 -c:v mpeg2video -c:a mp2',
  '-dash.webm': '-f lavfi -i testsrc2=s=320x180:r=30000/1001:d=3 -f lavfi -i sine=d=3:r=48000 -c:v libvpx -deadline realtime -c:a libopus',
  'song.mp3': '-f lavfi -i sine=d=3:r=44100 -c:a libmp3lame',
  'deep:colour.mkv':
    '-f lavfi -i testsrc2=s=160x120:r=10:d=3 -f lavfi -i sine=d=3:r=8000 -pix_fmt yuv444p -c:v libx264 -preset ultrafast -c:a flac',
  'ü.ts': '-f lavfi -i testsrc2=s=320x180:r=25:d=3 -f lavfi -i sine=d=3:r=48000 -c:v libx264 -preset ultrafast -c:a aac',
}

const make = async (t: Test): Promise<string> => {
  const folder = t.testdir()
  for (const [name, args] of Object.entries(ITEMS))
    await run('ffmpeg', ['-nostdin', '-loglevel', 'error', ...args.split(' '), `file:${join(folder, name)}`])
  return folder
}

const convert = async (
  program: Ffmpeg,
  path: string,
  output: Output,
  at = 0,
): Promise<{ readonly rungs: Packet[][]; readonly duration: number }> => {
  const plan = planItem(path, await probe(path), output, { at })
  const process = program.run(plan.args, { outputs: plan.outputs, source: path })
  const bytes = await Promise.all(process.outputs.map((stream) => buffer(stream)))
  const { problem } = await process.end
  if (problem !== undefined) throw problem
  const rungs = bytes.map((own) => {
    const demuxer = new AutoDemuxer()
    const frames = [...demuxer.push(own), ...demuxer.end()]
    const reader = createPacketReader(demuxer.format)!
    return [...reader.read(frames), ...reader.end()]
  })
  return { rungs, duration: plan.duration! }
}

t.test('items of every kind become alike: one configuration of the decoder, and ends that meet', async (t) => {
  if (!needs(t, 'ffmpeg', 'ffprobe')) return
  const program = await findFfmpeg()
  const tools = { encoders: await program.encoders() }
  const folder = await make(t)
  const size = { width: 320, height: 180 }
  const all: readonly OutputOptions[] = [{ ladder: [180, 90] }, { lowLatency: true }, { format: 'webm', videoCodec: 'vp8' }]
  for (const options of all) {
    const output = createOutput({ size, frameRate: 25, copy: 'never', ...options }, tools)
    const configs = new Map<string, string>()
    for (const name of Object.keys(ITEMS)) {
      const { rungs, duration } = await convert(program, join(folder, name), output)
      for (const [rung, packets] of rungs.entries()) {
        for (const kind of ['video', 'audio'] as const) {
          const own = packets.filter(({ track }) => track.kind === kind)
          const { track } = own[0]!
          const config = `${track.codecs} ${track.timescale} ${track.width} ${track.height} ${track.config.toString('hex')}`
          t.equal(configs.get(`${rung} ${kind}`) ?? config, config, `${name}: the same ${kind} in rung ${rung}`)
          configs.set(`${rung} ${kind}`, config)
          // Matroska counts milliseconds, and sound before the first picture is left out.
          const frame = kind === 'video' ? 0.005 : 1152 / 48_000 + 0.005
          const begin = Math.min(...own.map(({ pts }) => pts)) / track.timescale
          const end = Math.max(...own.map((packet) => packet.pts + packet.duration)) / track.timescale
          t.ok(begin > -frame && begin < frame, `${name}: ${kind} begins with the item (${begin})`)
          t.ok(Math.abs(end - duration) < frame, `${name}: ${kind} ends with the item (${end}, ${duration})`)
          if (kind === 'video') t.equal(own.length, Math.round(duration * 25), `${name}: every picture is there`)
        }
      }
    }
  }
})

t.test('what is no media fails in a sentence, and soon', async (t) => {
  if (!needs(t, 'ffprobe')) return
  const folder = t.testdir({ 'notes.txt': 'Remember the milk.\n'.repeat(100), 'broken.mp4': 'x'.repeat(5000), 'empty.mkv': '' })
  for (const [name, reason] of [
    ['notes.txt', /^Cannot read notes\.txt: it holds no video or audio/],
    ['broken.mp4', /^Cannot read broken\.mp4: it holds no video or audio/],
    ['empty.mkv', /^Cannot read empty\.mkv: it is empty$/],
    ['none.mp4', /^Cannot read none\.mp4: there is no such file$/],
  ] as const)
    await t.rejects(probe(join(folder, name)), { code: 'MEDIA_UNREADABLE', message: reason })
})
