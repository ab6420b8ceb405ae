import type { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Logger as Pino } from 'pino'
import {
  basic,
  createServer,
  type CreateServerOptions,
  hashPassword,
  type Logger,
  type Server,
  type ServerEvents,
  VERSION,
} from '../lib/index.js'
import { networkAddress } from './address.js'
import { HELP, parseArguments, type Arguments } from './arguments.js'
import { formatBanner, passwordNote } from './banner.js'
import { UsageError } from './command-line.js'
import { ConfigError, environment, loadConfig, type Override, readConfig, serverOptionsOf } from './config.js'
import { ConfigFile } from './config-file.js'
import { Demo } from './demo.js'
import { examine, formatFindings, isWell, type Patient } from './doctor.js'
import { logEvents, makeLogger } from './log.js'
import { LogFiles, logPaths } from './log-files.js'
import { convertIcecast } from './icecast-xml.js'
import { printConfig } from './print-config.js'
import { givenSockets, openPorts } from './ports.js'
import { dropPrivileges } from './privileges.js'
import { reasonOf } from './reason.js'
import type { Config } from './schema.js'
import { defaultStateDir, findPasswords, type Passwords } from './state.js'
import type { World } from './world.js'

/** Makes a server: the library's `createServer`, or in tests one that only remembers. */
export type MakeServer = (
  options: CreateServerOptions,
) => EventEmitter<ServerEvents> & Pick<Server, 'listen' | 'reload' | 'close' | 'logger'>

interface Setup {
  readonly config: Config
  readonly passwords: Passwords
  readonly stateDir: string
  /** What the configuration file says. */
  readonly written: string
  /** What of an Icecast configuration has no effect, a sentence each. */
  readonly notes: readonly string[]
}

/** What goes before the configuration file. */
const overridesOf = ({ overrides }: Arguments, env: NodeJS.ProcessEnv): Override[] => [...environment(env), ...overrides]

/** The configuration file: the one that is named or, where none is, the one that the web side makes in the state folder. */
function fileOf({ file, overrides }: Arguments, env: NodeJS.ProcessEnv): string {
  const stateDir = [...environment(env), ...overrides].findLast(({ path }) => path[0] === 'stateDir')?.value
  return file ?? join(stateDir ?? defaultStateDir(env), 'floecast.yaml')
}

/** The configuration file, if it is there; one that is named must be. */
function presentFile(args: Arguments, env: NodeJS.ProcessEnv): string | undefined {
  const file = fileOf(args, env)
  return args.file !== undefined || existsSync(file) ? file : undefined
}

/** What a configuration says, in our own words where it is Icecast's, and what of that has no effect. */
function writtenIn({ icecast }: Arguments, file: string | undefined): { written: string; notes: readonly string[] } {
  const said = readConfig(file)
  if (!icecast || file === undefined) return { written: said, notes: [] }
  const { yaml, notes } = convertIcecast(said, file)
  return { written: yaml, notes }
}

async function setUp(args: Arguments, env: NodeJS.ProcessEnv): Promise<Setup> {
  const file = presentFile(args, env)
  const { written, notes } = writtenIn(args, file)
  const config = loadConfig(file, overridesOf(args, env), written)
  const stateDir = config.stateDir ?? defaultStateDir(env)
  const passwords = await findPasswords(config.passwords, stateDir, args.newPasswords)
  config.mediaDir ??= join(stateDir, 'media')
  return { config, passwords, stateDir, written, notes }
}

const patientOf = (args: Arguments, env: NodeJS.ProcessEnv): Patient => {
  const file = presentFile(args, env)
  return {
    file,
    load: () => loadConfig(file, overridesOf(args, env), writtenIn(args, file).written),
    stateDir: ({ stateDir }) => stateDir ?? defaultStateDir(env),
  }
}

const optionsOf = (
  { config, passwords: { source, admin }, stateDir }: Setup,
  logger: Logger,
  demo: Demo | undefined,
): CreateServerOptions => ({
  ...(demo === undefined ? serverOptionsOf(config) : demo.extend(serverOptionsOf(config))),
  auth: basic({ source, admin, adminUser: config.passwords.adminUser }),
  logger,
  tls: config.tls,
  stateDir,
})

/** What takes effect only when the program starts again. */
const lasting = ({ host, port, shoutcastPort, alsoListen, user, group, stateDir, mediaDir, log }: Config): Record<string, unknown> => ({
  host,
  port,
  shoutcastPort,
  alsoListen: JSON.stringify(alsoListen),
  user,
  group,
  stateDir,
  mediaDir,
  'log.format': log.format,
})

async function serve(args: Arguments, world: World, makeServer: MakeServer): Promise<number> {
  const { env, stdout, stderr, signals, exit, isRoot = false } = world
  const terminal = stdout.isTTY === true
  const coloured = terminal && env['NO_COLOR'] === undefined
  const setup = await setUp(args, env)
  let { config } = setup
  const { passwords } = setup
  // A demo is for people, wherever its output goes.
  const machine = (config.log.format ?? (terminal || args.demo ? 'pretty' : 'json')) === 'json'
  const files = new LogFiles((sentence) => logger.error({}, sentence), stderr)
  const output = { write: (line: string) => (files.log.isOpen ? files.log : stdout).write(line) }
  const logger: Pino = makeLogger(config.log, output, { machine, coloured: coloured && config.log.errorLog === false })
  files.open(config.log)
  const demo = args.demo ? new Demo(logger) : undefined
  let applying = Promise.resolve()
  // One after the other, so that what was read last holds.
  const apply = (): Promise<void> => {
    const done = applying.then(async () => {
      const next = await setUp({ ...args, newPasswords: false }, env)
      server.reload(optionsOf(next, logger, demo))
      keeper?.loaded(next.written)
      const [before, after] = [lasting(config), lasting(next.config)]
      const late = Object.keys(before).filter((key) => before[key] !== after[key])
      if (late.length > 0) logger.warn({}, `${late.join(', ')}: this change takes effect at the next start`)
      config = next.config
      logger.level = config.log.level
    })
    applying = done.catch(() => {})
    return done
  }
  // What is changed on a page holds until the program ends, where the file is Icecast's.
  const keeper = args.icecast
    ? undefined
    : new ConfigFile({
        file: fileOf(args, env),
        overrides: overridesOf(args, env),
        locked: demo === undefined ? [] : [{ path: 'mounts./demo.sourcePassword', by: '--demo' }],
        apply,
      })
  keeper?.loaded(setup.written)
  const server = makeServer({ ...optionsOf(setup, logger, demo), keeper })
  files.follow(server)
  // What administrators read on their page goes the server's way.
  const { logger: log } = server
  logEvents(server, log)
  const tellNotes = (notes: readonly string[]): void => notes.forEach((note) => log.warn({}, `no effect: ${note}`))
  tellNotes(setup.notes)
  const ended = new Promise<void>((resolve) => {
    let ending = false
    const end = (signal: string): void => {
      if (ending) return exit(1)
      ending = true
      logger.info({}, `closing (${signal})`)
      demo?.stop()
      void server
        .close()
        .catch((error: unknown) => logger.error({ err: error }, 'Cannot close in order'))
        .then(() => files.close())
        .then(resolve)
    }
    signals.on('SIGTERM', () => end('SIGTERM'))
    signals.on('SIGINT', () => end('SIGINT'))
  })
  const reload = async (): Promise<void> => {
    try {
      await apply()
      log.info({}, 'configuration read again')
    } catch (error) {
      const reasons = error instanceof ConfigError ? error.problems : [reasonOf(error)]
      for (const reason of reasons) log.error({}, `configuration kept as it was: ${reason}`)
    }
    files.open(config.log)
  }
  signals.on('SIGHUP', () => void reload())
  signals.on('SIGUSR2', () => files.open(config.log))

  let port: number
  try {
    port = await openPorts(server, config, givenSockets(env))
    const unchanged = dropPrivileges(config, [setup.stateDir, config.mediaDir ?? '', ...logPaths(config.log)])
    if (unchanged !== undefined) log.warn({}, unchanged)
  } catch (error) {
    await server.close()
    await files.close()
    throw error
  }
  if (isRoot && config.user === undefined)
    log.warn({}, 'floecast runs as root: name a user in the configuration (user), or have it started as one')
  demo?.start(config.host, port)
  if (machine) {
    log.info({ port, host: config.host }, 'listening')
    const { made } = passwords
    for (const [who, password] of Object.entries(made)) stderr.write(`${who} / ${password}\n`)
    const note = passwordNote(passwords)
    if (note !== undefined) stderr.write(`${note}\n`)
  } else {
    const secure = config.tls && (config.hostname ?? 'localhost')
    const { host } = config
    const network = networkAddress()
    stdout.write(formatBanner({ version: VERSION, port, host, network, secure, passwords, demo: args.demo, coloured }))
  }
  await ended
  return 0
}

/**
 * The whole program.
 * @param world arguments, streams and signals
 * @returns the exit code, once there is nothing left to do
 */
export async function run(world: World, makeServer: MakeServer = createServer): Promise<number> {
  const { argv, env, stdin, stdout, stderr } = world
  try {
    const args = parseArguments(argv)
    switch (args.task) {
      case 'help':
        stdout.write(HELP)
        return 0
      case 'version':
        stdout.write(`floecast ${VERSION}\n`)
        return 0
      case 'print-config':
        stdout.write(printConfig())
        return 0
      case 'hash-password': {
        const password = (await text(stdin)).replace(/\r?\n$/, '')
        if (password === '' || /[\r\n]/.test(password))
          throw new UsageError('Cannot hash this: give one line with the password on standard input.')
        stdout.write(`${await hashPassword(password)}\n`)
        return 0
      }
      case 'convert':
        stdout.write(convertIcecast(readConfig(args.file), args.file ?? '').yaml)
        return 0
      case 'doctor': {
        const findings = await examine(patientOf(args, env))
        stdout.write(formatFindings(findings, args.json))
        return isWell(findings) ? 0 : 1
      }
      case 'check': {
        const file = presentFile(args, env)
        const { written, notes } = writtenIn(args, file)
        loadConfig(file, overridesOf(args, env), written)
        for (const note of notes) stderr.write(`no effect: ${note}\n`)
        stdout.write(`${args.file ?? 'The configuration'} is right.\n`)
        return 0
      }
      case 'serve':
    }
    return await serve(args, world, makeServer)
  } catch (error) {
    stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}
