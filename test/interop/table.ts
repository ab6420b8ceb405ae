import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { MountStatus, StatusReport } from '../../lib/api/status.js'
import { makeCertificate } from '../helpers/certificate.js'
import { ENCODERS, type Encoder } from '../helpers/encoders.js'
import { formatNamed, media } from '../helpers/ffmpeg.js'
import { PlainListener } from '../helpers/listener.js'
import { PLAYERS, type PlayerProgram } from '../helpers/player-programs.js'
import { needs, type Program, run, start, which } from '../helpers/programs.js'
import { startFloecast, temporary, type TestServer } from '../helpers/server.js'
import type { Target } from '../helpers/source-programs.js'
import { until } from '../helpers/wait.js'

/*
 * Programs that stations and their listeners use: each connects, tells a title, is killed and comes back. What is seen is the table of docs/clients.md.
 */

t.setTimeout(900_000)

const ALL = process.env['FLOECAST_INTEROP_ALL'] === '1'
const only = process.env['FLOECAST_INTEROP_CLIENTS']?.split(',')
const skip = process.env['FLOECAST_INTEROP_SERVER'] === 'icecast2' ? 'another server is under test' : false
const TABLE = 'docs/clients.md'
/** What every source plays. */
const TITLE = 'Gulls – Harbour'
/** The same as streamripper writes it from Ogg, where it knows ASCII alone. */
const IN_OGG = /Gulls \S+ Harbour/
/** Programs such as liquidsoap and OBS take eight seconds to start, on a machine that does nothing else. */
const PATIENCE = { timeout: 60_000, every: 100 }
/** Formats of sources: a mount `/0-…` has the fallback `/filler0`, and so on. */
const SENT = [...new Set(ENCODERS.map(({ format }) => format))]

const wanted = ({ name, daily }: { readonly name: string; readonly daily?: true }): boolean =>
  only?.includes(name) ?? (ALL || daily === true)

/** A line of a table: how far the program got, or why not further. */
interface Row {
  readonly name: string
  readonly version: string
  readonly cells: readonly string[]
}

/** The version that Debian names a package with, without its own counts. */
async function versionOf(name: string): Promise<string> {
  const { program } = await run('dpkg-query', ['-W', '-f', '${Version}', name])
  return /^(?:\d+:)?([\w.]+)/.exec(program.stdout)?.[1] ?? ''
}

/** A file of that format that has the title. */
async function titled(format: string, folder: string): Promise<string> {
  const source = await media(formatNamed(format))
  const file = join(folder, `titled.${formatNamed(format).file}`)
  if (existsSync(file)) return file
  const line = ['-v', 'error', '-i', source, '-c', 'copy', '-metadata', `title=${TITLE}`, '-metadata:s:a:0', `title=${TITLE}`, file]
  const { code, program } = await run('ffmpeg', line)
  if (code !== 0) throw new Error(program.output)
  return file
}

/** Sends a file in real time, over and over again. */
function sendAlways(t: Test, { login, port }: TestServer, format: string, file: string, path: string): Program {
  const { type, mux } = formatNamed(format)
  const input = ['-nostdin', '-v', 'error', '-stream_loop', '-1', '-re', '-i', file, '-c', 'copy']
  return start(t, 'ffmpeg', [
    ...input,
    '-content_type',
    type,
    '-ice_name',
    'Harbour',
    ...mux,
    `icecast://${login}@127.0.0.1:${port}${path}`,
  ])
}

/** A server where listeners go on with a filler while their source is away. */
async function open(t: Test, more: string, formats: readonly string[]): Promise<TestServer> {
  const mounts = SENT.map((_, at) => `  /${at}-*:\n    fallback: /filler${at}\n    fallbackOverride: true\n`)
  const stream = `  /stream:\n    fallback: /filler${SENT.indexOf('MP3')}\n    fallbackOverride: true\n`
  const server = await startFloecast(t, { config: `${more}mounts:\n${mounts.join('')}${stream}` })
  for (const format of new Set(formats)) {
    const path = `/filler${SENT.indexOf(format)}`
    sendAlways(t, server, format, await media(formatNamed(format)), path)
    await until(path, () => server.mount(path))
  }
  return server
}

async function statusOf(server: TestServer, path: string): Promise<MountStatus | undefined> {
  const { mounts }: StatusReport = JSON.parse(await (await fetch(server.url('/api/v1/status'))).text())
  return mounts.find(({ mount }) => mount === path)
}

/** A program that publishes: on the air, titled, killed, back again with the listener of before. */
async function judgeEncoder(t: Test, server: TestServer, target: Target, encoder: Encoder, files: string): Promise<readonly string[]> {
  const folder = temporary(t)
  const path = `/${SENT.indexOf(encoder.format)}-${encoder.package}`
  const shown = encoder.appears ?? path
  const file = await titled(encoder.format, files)
  const publish = async (): Promise<Program> => {
    const program = await encoder.open(t, target, path, file, folder)
    await until(
      `${encoder.name} to be on the air`,
      async () => {
        if (!program.isRunning) throw new Error(program.output)
        return (await statusOf(server, shown))?.live
      },
      PATIENCE,
    )
    return program
  }
  const heardBy = async (): Promise<number> => (await statusOf(server, shown))?.listeners ?? 0

  const first = await publish()
  t.pass('it gets on the air')
  const how = (await statusOf(server, shown))?.source?.protocol ?? ''
  const listener = new PlainListener(server.port, shown, { 'Icy-MetaData': '1' })
  t.teardown(() => listener.close())
  await listener.reaches(10_000)
  if (encoder.titles !== undefined) {
    await until(
      `the title of ${encoder.name}`,
      async () => {
        await encoder.tell?.(TITLE, folder)
        return (await statusOf(server, shown))?.title?.display.includes(TITLE)
      },
      { timeout: 20_000, every: 300 },
    )
    t.pass('its title arrives')
  }
  await until('the listener to be counted', async () => (await heardBy()) === 1)
  await first.stop('SIGKILL')
  await until('the mount to end', async () => (await statusOf(server, shown))?.live !== true)
  t.pass('killed, its mount ends')
  const before = listener.length
  await until('the listener to hear the filler', () => listener.length > before || listener.isOver)
  const second = await publish()
  t.pass('started again, it is on the air again')
  await until('the listener to be back', async () => (await heardBy()) === 1)
  const back = listener.length
  await until('the listener to hear on', () => listener.length > back + 10_000 || listener.isOver)
  t.notOk(listener.isOver, 'who listened before listens on')
  await second.stop('SIGKILL')
  return [encoder.format, encoder.secure === true ? `${how}, TLS` : how, encoder.titles ?? '–', 'mount ends', 'listeners go on']
}

/** A program that listens: it shows the title, and plays on after its source was killed and came back. */
async function judgePlayer(t: Test, server: TestServer, player: PlayerProgram, files: string): Promise<readonly string[]> {
  const publish = async (format: string, path: string): Promise<Program> => {
    const source = sendAlways(t, server, format, await titled(format, files), path)
    await until('the source to be on the air', async () => (await statusOf(server, path))?.live, PATIENCE)
    return source
  }
  const path = `/${SENT.indexOf('MP3')}-to-${player.package}`
  const heard = async (): Promise<boolean> => (await statusOf(server, path))?.listeners === 1

  const source = await publish('MP3', path)
  const program = player.open(t, server.url(path), temporary(t))
  await until(`${player.name} to play`, heard, PATIENCE)
  t.pass('it plays')
  await until(`${player.name} to show the title`, () => program.output.includes(TITLE), PATIENCE)
  t.pass('it shows the title')
  await source.stop('SIGKILL')
  await until('the mount to end', async () => (await statusOf(server, path))?.live !== true)
  const again = await publish('MP3', path)
  await until(`${player.name} to be back`, heard)
  t.ok(program.isRunning, 'it plays on')
  await program.stop('SIGKILL')
  await again.stop('SIGKILL')
  if (!ALL) return []

  // What is in Ogg is the player's own affair: it is looked at, not asked for.
  const ogg = await publish('Ogg Vorbis', `${path}.ogg`)
  const other = player.open(t, server.url(`${path}.ogg`), temporary(t))
  const isShown = await until('the title', () => IN_OGG.test(other.output)).then(
    () => true,
    () => false,
  )
  t.comment(`${player.name} ${isShown ? 'shows' : 'does not show'} the title that stands in Ogg`)
  await other.stop('SIGKILL')
  await ogg.stop('SIGKILL')
  return ['yes', 'shown', isShown ? 'shown' : '–', 'plays on']
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
const rowsOf = (rows: readonly Row[]): string => rows.map(({ name, version, cells }) => line([name, version, ...cells])).join('')

/** The tables as they stand between the markers of the document. */
const tables = (sources: readonly Row[], players: readonly Row[]): string => `
${line(['source', 'version', 'sends', 'connects', 'title', 'killed', 'connects again'])}${line(Array<string>(7).fill('---'))}${rowsOf(sources)}
${line(['player', 'version', 'plays', 'title by ICY', 'title in Ogg', 'its source is killed and comes back'])}${line(Array<string>(6).fill('---'))}${rowsOf(players)}
`

t.test('programs of stations and listeners', { skip }, async (t) => {
  if (!needs(t, 'ffmpeg', 'openssl')) return
  const files = temporary(t)
  const sources: Row[] = []
  const players: Row[] = []
  const encoders = ENCODERS.filter((one) => wanted(one))
  const plain = encoders.filter(({ secure }) => secure !== true)
  const server = await open(t, '', [...plain.map(({ format }) => format), 'MP3'])
  const { certificate, key } = await makeCertificate(files, 'own')
  const secured = encoders.filter(({ secure }) => secure === true)
  const secureServer = await open(
    t,
    `tls:\n  certificate: ${certificate}\n  key: ${key}\n`,
    secured.map(({ format }) => format),
  )

  const each = async (
    rows: Row[],
    { name, programs, package: from }: Encoder | PlayerProgram,
    judge: (t: Test) => Promise<readonly string[]>,
  ): Promise<void> => {
    await t.test(name, async (t) => {
      if (!needs(t, ...programs)) return
      const began = Date.now()
      const cells = await judge(t)
      rows.push({ name, version: await versionOf(from), cells })
      t.comment(`${name}: ${Date.now() - began} ms`)
    })
  }
  for (const encoder of encoders)
    await each(sources, encoder, (t) =>
      encoder.secure === true
        ? judgeEncoder(t, secureServer, { ...secureServer, host: 'localhost', certificate }, encoder, files)
        : judgeEncoder(t, server, server, encoder, files),
    )
  for (const player of PLAYERS) if (wanted(player)) await each(players, player, (t) => judgePlayer(t, server, player, files))

  // Less than all of it makes no table.
  if (!ALL || only !== undefined || which('dpkg-query') === undefined) return
  if (sources.length < ENCODERS.length || players.length < PLAYERS.length) return
  const [before = '', , after = ''] = readFileSync(TABLE, 'utf8').split(/(?<=<!-- programs -->\n)|(?=<!-- end of programs -->)/)
  if (process.env['FLOECAST_WRITE_DOCS'] === '1') writeFileSync(TABLE, before + tables(sources, players) + after)
})

t.test('the document has a row for every program', async (t) => {
  const known = readFileSync(TABLE, 'utf8')
  const missing = [...ENCODERS, ...PLAYERS].filter(({ name }) => !known.includes(`| ${name} `)).map(({ name }) => name)
  t.strictSame(missing, [], `${TABLE} tells of every program; FLOECAST_INTEROP_ALL=1 FLOECAST_WRITE_DOCS=1 writes it anew`)
})
