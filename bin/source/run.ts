import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { streamerCommand } from '../../lib/api/streamer.js'
import { Playlist, type PlaylistItem } from '../../lib/client/index.js'
import { FloecastError } from '../../lib/errors.js'
import { type Logger, silent } from '../../lib/log.js'
import { VERSION } from '../../lib/version.js'
import { UsageError } from '../command-line.js'
import type { TerminalWorld } from '../world.js'
import { HELP, parseSourceArguments, type SourceArguments } from './arguments.js'
import { library } from './library.js'
import type { Machinery, Stream } from './machinery.js'
import { eventsBetween, farewellOf, stamp, summaryOf } from './plain.js'
import { Profiles } from './profiles.js'
import { Cancelled } from './cancelled.js'
import { showOnTerminal } from './terminal.js'
import { parseTarget, withPassword } from './target.js'

/** How long to wait for a server that is away, in milliseconds, before it is asked again. */
const PATIENCE = 5_000
const MINUTE = 60_000
const nothing = (): void => {}

/** How what happens is shown. */
type Show = 'terminal' | 'plain' | 'json'

const showOf = ({ sources, values }: SourceArguments, { stdin, stdout }: TerminalWorld): Show => {
  if (values.json === true) return 'json'
  const lines = values.plain === true || values.verbose === true || sources.includes('-')
  return !lines && stdout.isTTY && stdin.isTTY ? 'terminal' : 'plain'
}

/** What is given goes before what was kept; a password belongs to its server. */
async function withProfile(given: SourceArguments, profiles: Profiles): Promise<SourceArguments> {
  const { profile, ...values } = given.values
  if (typeof profile !== 'string') return given
  const kept = await profiles.read(profile)
  const { password, ...rest } = kept.values
  const secret = values.to === undefined && password !== undefined ? { password } : {}
  return { sources: given.sources.length > 0 ? given.sources : kept.sources, values: { ...rest, ...secret, ...values } }
}

/** The address with everything in it; undefined where none is given. */
function addressOf({ values }: SourceArguments, env: NodeJS.ProcessEnv): URL | undefined {
  if (typeof values.to !== 'string') return undefined
  const address = parseTarget(values.to)
  const secret = values.password ?? (address.password === '' ? env['FLOECAST_SOURCE_PASSWORD'] : undefined)
  return typeof secret === 'string' ? withPassword(address, secret) : address
}

/** Everything that has to be known, from the command line, a profile and whoever sits at the terminal. */
async function settle(
  given: SourceArguments,
  world: TerminalWorld,
  machinery: Machinery,
): Promise<{ args: SourceArguments; address: URL }> {
  const { env, stdin, stdout, stderr } = world
  const profiles = new Profiles(env)
  let args = await withProfile(given, profiles)
  let address = addressOf(args, env)
  const name = args.values['save-profile']
  const mayAsk = stdin.isTTY && stdout.isTTY && args.values.json !== true && args.values.plain !== true
  const lacks = args.sources.length === 0 || address === undefined || address.password === ''
  // What is typed where it is asked for is kept where that is asked, too.
  const secret = args.values.password
  if (lacks && mayAsk) {
    const { ask } = await import('./questions.js')
    args = await ask(args, profiles, {
      server: (at) => machinery.check(at, args.values),
      sources: async (sources) => (await machinery.expand(sources)).length,
    })
    address = addressOf(args, env)
  }
  if (args.sources.length === 0)
    throw new UsageError('Cannot stream nothing: name files, folders or --webcam, as in floecast-source film.mp4 --to ADDRESS.')
  if (address === undefined)
    throw new UsageError('Cannot stream to nowhere: say where, as in --to http://source:PASSWORD@localhost:8000/live.')
  if (typeof name === 'string') {
    const { 'save-profile': _, password: __, ...values } = args.values
    // A password in an address was meant for this time; whoever wants it kept says so.
    const to = new URL(address)
    to.username = to.password = ''
    await profiles.write(name, { ...args, values: { ...values, to: to.href, ...(secret !== undefined && { password: secret }) } })
    const without = secret === undefined ? ', without the password; to keep it, too, give it as --password' : ''
    stderr.write(`Kept as the profile ${name}${without}.\n`)
  }
  return { args, address }
}

/** Asks the server whether it takes the stream; with `--wait`, until it answers. */
async function reach(
  address: URL,
  { values }: SourceArguments,
  { stderr }: TerminalWorld,
  machinery: Machinery,
  end: AbortSignal,
): Promise<void> {
  for (let told = false; !end.aborted;) {
    try {
      await machinery.check(address, values)
      return
    } catch (error) {
      const isAway = error instanceof FloecastError && (error.code === 'SERVER_UNREACHABLE' || error.code === 'SERVER_SILENT')
      if (!isAway || values.wait !== true) throw error
      if (!told) stderr.write(`${error.message}. Waiting for it; Ctrl-C ends.\n`)
      told = true
      await sleep(PATIENCE, undefined, { signal: end }).catch(() => {})
    }
  }
}

/** Writes one line for each event, and one a minute. */
function showPlain(stream: Stream, { stdout }: TerminalWorld): () => void {
  let before = stream.state
  const tell = (lines: readonly string[]): void => {
    for (const line of lines) stdout.write(`${stamp(line, Date.now())}\n`)
  }
  const look = (): void => {
    const after = stream.state
    tell(eventsBetween(before, after))
    before = after
  }
  tell(eventsBetween(undefined, before))
  stream.on('change', look)
  const clock = setInterval(() => tell([summaryOf(stream.state)]), MINUTE)
  return () => {
    clearInterval(clock)
    stream.off('change', look)
    look()
  }
}

/** Writes one object a line for each state, and takes one command a line. */
function showJson(stream: Stream, { stdin, stdout, stderr }: TerminalWorld, readsCommands: boolean): () => void {
  const look = (): void => void stdout.write(`${JSON.stringify(stream.state)}\n`)
  const tell = (error: unknown): void => void stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  look()
  stream.on('change', look)
  const commands = readsCommands ? createInterface({ input: stdin }) : undefined
  commands?.on('line', (line) => {
    try {
      const command = streamerCommand.safeParse(JSON.parse(line))
      if (command.success) stream.do(command.data).catch(tell)
      else tell(`Cannot do ${line.slice(0, 200)}: a command is one such as {"do":"next"}.`)
    } catch {
      tell(`Cannot read ${JSON.stringify(line.slice(0, 200))}: a command is one object of JSON, such as {"do":"next"}.`)
    }
  })
  return () => {
    commands?.close()
    stream.off('change', look)
    look()
  }
}

/** The list, as it is to be gone through. @throws UsageError */
function listOf(items: Iterable<PlaylistItem>, { values }: SourceArguments): Playlist {
  const startAt = typeof values['start-at'] === 'string' ? Number(values['start-at']) : undefined
  try {
    return new Playlist(items, { loop: values.loop === true, shuffle: values.shuffle === true, ...(startAt !== undefined && { startAt }) })
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${error.message}.`)
    throw error
  }
}

/** What the library has to tell is told with `--verbose` alone. */
function loggerOf({ values }: SourceArguments, { stderr }: TerminalWorld): Logger {
  if (values.verbose !== true) return silent
  const tell = (_: object, message: string): void => void stderr.write(`${stamp(message, Date.now())}\n`)
  return { debug: tell, info: tell, warn: tell, error: tell }
}

/** The same on a page in a browser, until a signal ends it. */
async function page(given: SourceArguments, world: TerminalWorld, machinery: Machinery): Promise<number> {
  const { env, stdout, signals, exit } = world
  const { sources, values } = await withProfile(given, new Profiles(env))
  const desk = await machinery.page({ sources, address: addressOf({ sources, values }, env), values, env }, loggerOf(given, world))
  stdout.write(`\n  Open this page in your browser; it is for you alone:\n\n  ${desk.address}\n\n  Ctrl-C ends it.\n`)
  await new Promise<void>((resolve) => {
    let ending = false
    const end = (): void => {
      if (ending) return exit(1)
      ending = true
      resolve()
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) signals.on(signal, end)
  })
  await desk.close()
  return 0
}

async function live(given: SourceArguments, world: TerminalWorld, machinery: Machinery): Promise<number> {
  const { env, stdin, stdout, signals, exit } = world
  const { args, address } = await settle(given, world, machinery)
  const show = showOf(args, world)
  const ending = new AbortController()
  let restore: () => void = nothing
  let stream: Stream | undefined
  const interrupt = (): void => {
    if (ending.signal.aborted) {
      restore()
      return exit(1)
    }
    ending.abort()
    void stream?.do({ do: 'stop' })
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) signals.on(signal, interrupt)
  // Nobody reads any more what it tells, as behind a pipe that was closed.
  let isHeard = true
  stdout.on('error', () => {
    if (isHeard) interrupt()
    isHeard = false
  })
  // However it ends, the terminal is given back.
  signals.on('exit', () => restore())
  const playlist = listOf(await machinery.expand(args.sources), args)
  stream = await machinery.make(playlist, address, args.values, loggerOf(args, world))
  await reach(address, args, world, machinery, ending.signal)
  if (ending.signal.aborted) return 0
  stream.start()
  try {
    if (show === 'json') restore = showJson(stream, world, !args.sources.includes('-'))
    else if (show === 'plain') restore = showPlain(stream, world)
    else {
      const camera = args.sources.find((source) => source.startsWith('webcam:')) ?? 'webcam:'
      restore = showOnTerminal(stream, { stdin, stdout, coloured: env['NO_COLOR'] === undefined, camera, interrupt })
    }
    await stream.end
  } finally {
    const once = restore
    restore = nothing
    once()
  }
  if (show !== 'json')
    stdout.write(
      `${show === 'plain' ? stamp(farewellOf(stream.state, Date.now()), Date.now()) : `  ${farewellOf(stream.state, Date.now())}`}\n`,
    )
  return 0
}

/** Why nothing goes on, in one sentence, and which option helps. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const help = error instanceof FloecastError && error.code === 'PASSWORD_REFUSED' ? ', by --password, or in FLOECAST_SOURCE_PASSWORD' : ''
  return `${error.message}${help}`
}

/**
 * The whole program.
 * @param world arguments, streams and signals
 * @returns the exit code, once there is nothing left to do
 */
export async function run(world: TerminalWorld, machinery: Machinery = library): Promise<number> {
  const { argv, stdout, stderr } = world
  try {
    const args = parseSourceArguments(argv)
    if (args.values.help === true) stdout.write(HELP)
    else if (args.values.version === true) stdout.write(`floecast-source ${VERSION}\n`)
    else if (args.values['list-devices'] === true) stdout.write(await machinery.devices())
    else return await (args.values.ui === true ? page : live)(args, world, machinery)
    return 0
  } catch (error) {
    if (error instanceof Cancelled) return 130
    stderr.write(`${sentenceOf(error)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}
