import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { codecs, formatNamed, media } from '../helpers/ffmpeg.js'
import { needs, type Program, type ProgramOptions, run, type Scope, start } from '../helpers/programs.js'
import { SOURCE_PASSWORD, startFloecast, startIcecast, startServer, temporary, type TestServer } from '../helpers/server.js'
import { freePort, until } from '../helpers/wait.js'

t.setTimeout(180_000)

const BINARY = 'dist/bin/floecast-source.js'
const to = ({ port }: TestServer, mount = '/live'): string => `http://source:${SOURCE_PASSWORD}@127.0.0.1:${port}${mount}`
const source = (scope: Scope, args: readonly string[], options?: ProgramOptions): Program =>
  start(scope, process.execPath, [BINARY, ...args], options)
const film = formatNamed('MPEG-TS H.264 and AAC')

t.test('a list goes out as one stream, with what cannot be read left out, and ends by itself', async (t) => {
  if (!needs(t, 'ffmpeg')) return
  const server = await startServer(t)
  const folder = temporary(t)
  copyFileSync(await media(film, 6), join(folder, '1 First.ts'))
  writeFileSync(join(folder, '2 Broken.mp4'), 'this is no film')
  copyFileSync(await media(film, 6), join(folder, '3 Last.ts'))
  const program = source(t, [folder, '--to', to(server)], { input: '' })
  await until('the stream', () => server.mount('/live'))
  const heard = await codecs(server.url('/live'))
  t.strictSame(heard.codecs, ['h264', 'aac'], heard.output)
  t.equal(await program.ended, 0, program.output)
  t.match(program.stdout, /^(?=.*02 2 Broken: skipped: ).*plays: 01 1 First \(.*copy.*plays: 03 3 Last \(.*copy.*Ended after \d+ s: /s)
})

t.test('Matroska takes what WebM does not, and every server takes it', async (t) => {
  if (!needs(t, 'ffmpeg', 'icecast2')) return
  const path = await media(film)
  for (const server of [await startFloecast(t), await startIcecast(t)]) {
    const program = source(t, [path, '--format', 'matroska', '--to', to(server)], { input: '' })
    await until('the stream', () => server.mount('/live'))
    const heard = await codecs(server.url('/live'))
    t.strictSame(heard.codecs, ['h264', 'aac'], `${server.kind}: ${heard.output}`)
    // Where Icecast lets a listener begin is its own matter.
    if (server.kind === 'floecast') t.equal(heard.output, '')
    const answer = await fetch(server.url('/live'))
    t.equal(answer.headers.get('content-type'), 'video/x-matroska')
    await answer.body?.cancel()
    t.equal(await program.stop('SIGINT', 10_000), 0, program.output)
  }
})

t.test('a ladder is several mounts of one decoder, and one stream for players', async (t) => {
  if (!needs(t, 'ffmpeg')) return
  const server = await startFloecast(t, { config: 'mounts:\n  /live-*:\n    group: /live\n' })
  const program = source(t, [await media(film), '--ladder', '180,120', '--to', to(server)], { input: '' })
  const master = await until('both', async () => {
    const answer = await fetch(server.url('/live.m3u8'))
    const text = await answer.text()
    return (text.match(/RESOLUTION=/g) ?? []).length === 2 ? text : undefined
  })
  for (const size of ['320x180', '214x120']) t.match(master, `RESOLUTION=${size}`)
  t.equal(await program.stop('SIGINT', 10_000), 0, program.output)
})

t.test('what is wrong is one sentence and a code, within seconds', async (t) => {
  const server = await startServer(t)
  const full = await startFloecast(t, { config: 'limits:\n  maxSources: 1\n' })
  source(t, ['examples/demo.mp4', '--loop', '--to', to(full)], { input: '', env: { PATH: '/nowhere' } })
  await until('the only source', () => full.mount('/live'))
  const wrong: readonly [args: readonly string[], code: number, sentence: RegExp][] = [
    [['examples/demo.mp4', '--to', `http://source:wrong@127.0.0.1:${server.port}/live`], 1, /wrong password.*--password/],
    [['examples/demo.mp4', '--to', `http://source:x@127.0.0.1:${await freePort()}/live`], 1, /nothing answers at that port/],
    [['examples/demo.mp4', '--to', 'http://source:x@nowhere.invalid/live'], 1, /no host is called nowhere\.invalid/],
    [['examples/demo.mp4', '--to', to(full, '/second')], 1, /the server says "too many sources connected"/],
    [['examples/nothing.mp4', '--to', to(server)], 1, /there is no such file/],
    [['examples/demo.mp4', '--quality', 'best', '--to', to(server)], 2, /allowed is low, medium, high or copy/],
  ]
  for (const [args, code, sentence] of wrong) {
    const { program, code: ended } = await run(process.execPath, [BINARY, ...args])
    t.equal(ended, code, args.join(' '))
    t.match(program.stderr, sentence)
    t.match(program.stderr, /^[^\n]+\n$/, 'one sentence')
  }
  // A program that finds no ffmpeg says how to get it.
  const { program } = await run(process.execPath, [BINARY, '--test', '--to', to(server)], { env: { PATH: '/nowhere' } })
  t.match(program.stderr, /ffmpeg.*install/)
})

t.test('it runs without ffmpeg, takes commands, and ends in order by a signal', async (t) => {
  const server = await startServer(t)
  const program = source(t, ['examples/demo.mp4', '--loop', '--json', '--to', to(server)], { env: { PATH: '/nowhere' } })
  await until('the stream', () => server.mount('/live'))
  program.child.stdin?.write('{"do":"next"}\n')
  await until('it to be live', () => program.stdout.includes('"status":"live"'))
  t.equal(await program.stop('SIGINT', 10_000), 0, program.output)
  t.match(JSON.parse(program.stdout.trim().split('\n').at(-1) ?? ''), { status: 'ended', targets: [{ status: 'ended' }] })
})
