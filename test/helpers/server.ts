import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Program, type ProgramOptions, type Scope } from './programs.js'
import { freePort, until } from './wait.js'

/** The program that users run, as `npm run build` leaves it. */
export const BINARY = 'dist/bin/floecast.js'
/** Both servers of the tests know these passwords, and no other. */
export const SOURCE_PASSWORD = 'hackme-source'
/** The administrator's, whose name is `admin`. */
export const ADMIN_PASSWORD = 'hackme-admin'

/** A server under test: ours, or Debian's Icecast, which shows what a test can expect of any server. */
export interface TestServer {
  readonly kind: 'floecast' | 'icecast2'
  readonly host: string
  readonly port: number
  readonly program: Program
  /** The process that serves. */
  readonly pid: number
  /** Where its state lies. */
  readonly folder: string
  /** `http://127.0.0.1:PORT/path` */
  url(path: string): string
  /** `source:PASSWORD`, as it stands in an address. */
  readonly login: string
  /** What status-json says of a mount, or undefined while nothing plays there. */
  mount(path: string): Promise<Record<string, unknown> | undefined>
  stop(): Promise<number | string>
}

/** How a server is started. */
export interface ServerSetup {
  /** The configuration file's text; without it the server runs with its defaults. Ours alone reads it. */
  readonly config?: string
  /** Bytes that a new listener gets at once. Both servers know it, ours through a configuration made for it. */
  readonly burstSize?: number
  /** Milliseconds of silence after which a source counts as dead. */
  readonly sourceTimeout?: number
  readonly port?: number
  /** Bytes that a server keeps for slow listeners; Icecast's default is too small for video. */
  readonly queueSize?: number
  /** Further tags of a configuration. Icecast alone reads it. */
  readonly xml?: string
  /** Errors that the test provokes: what matches may stand in the server's log. */
  readonly expected?: RegExp
}

const STACK = /^\s+at .+:\d+:\d+\)?$/m

/** A folder that goes with the test. */
export function temporary(t: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'floecast-test-'))
  chmodSync(folder, 0o777)
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/**
 * Starts the server under test: the built floecast, or Icecast when FLOECAST_INTEROP_SERVER=icecast2, which tells a fault of
 * a test from a fault of ours.
 */
export function startServer(t: Scope, setup: ServerSetup = {}): Promise<TestServer> {
  return process.env['FLOECAST_INTEROP_SERVER'] === 'icecast2' ? startIcecast(t, setup) : startFloecast(t, setup)
}

/**
 * Runs the program with these arguments and waits for nothing. The test fails when it shows a stack trace.
 * @param judge looks at what it leaves behind, once it has ended, and throws
 */
export function floecast(
  t: Scope,
  args: readonly string[],
  options: ProgramOptions = {},
  judge: (program: Program, code: number | string) => void = () => {},
): Program {
  if (!existsSync(BINARY)) throw new Error(`Cannot find ${BINARY}: run "npm run build" first`)
  const program = new Program(process.execPath, [BINARY, ...args], options)
  t.teardown(async () => {
    const code = await program.stop('SIGTERM', 10_000)
    if (STACK.test(program.output)) throw new Error(`The program shows a stack trace:\n${program.output}`)
    judge(program, code)
  })
  return program
}

/** Throws unless a server has ended in order and logged no error but those that the test provokes. */
function wasWell({ stdout, stderr, output }: Program, code: number | string, expected: RegExp | undefined): void {
  if (code !== 0) throw new Error(`The server ended with ${code}:\n${output}`)
  if (stderr.trim() !== '') throw new Error(`The server complains:\n${stderr}`)
  for (const line of stdout.trim().split('\n')) {
    const { level, msg }: { level: number; msg: string } = JSON.parse(line)
    if (level >= 50 && expected?.test(msg) !== true) throw new Error(`The server logs an error:\n${line}`)
  }
}

/** Starts our server on a free port with both passwords set, and waits until it is ready. */
export async function startFloecast(
  t: Scope,
  { config, burstSize, sourceTimeout, port, queueSize, expected }: ServerSetup = {},
): Promise<TestServer> {
  const folder = temporary(t)
  const args: string[] = []
  const every = Object.entries({ burstSize, sourceTimeout, queueSize }).filter(([, value]) => value !== undefined)
  const text = config ?? (every.length === 0 ? undefined : `mounts:\n  /*:\n${every.map(([k, v]) => `    ${k}: ${v}\n`).join('')}`)
  if (text !== undefined) {
    writeFileSync(join(folder, 'floecast.yaml'), text)
    args.push(join(folder, 'floecast.yaml'))
  }
  const at = port ?? (await freePort())
  const env = {
    FLOECAST_HOST: '127.0.0.1',
    FLOECAST_SOURCE_PASSWORD: SOURCE_PASSWORD,
    FLOECAST_ADMIN_PASSWORD: ADMIN_PASSWORD,
    FLOECAST_STATE_DIR: join(folder, 'state'),
  }
  const program = floecast(t, [...args, '--port', String(at), '--log', 'json'], { env }, (ended, code) => wasWell(ended, code, expected))
  await ready(program, `http://127.0.0.1:${at}/healthz`)
  return served('floecast', at, program, program.pid, folder)
}

/** Starts Debian's Icecast with the settings that comparisons are made with. */
export async function startIcecast(
  t: Scope,
  { burstSize = 65_536, sourceTimeout = 10_000, port, queueSize = 2_097_152, xml = '' }: ServerSetup = {},
): Promise<TestServer> {
  const folder = temporary(t)
  const at = port ?? (await freePort())
  const isRoot = process.getuid?.() === 0
  writeFileSync(
    join(folder, 'icecast.xml'),
    `<icecast>
  <location>Earth</location><admin>icemaster@localhost</admin><hostname>localhost</hostname>
  <limits><clients>20000</clients><sources>100</sources><queue-size>${queueSize}</queue-size><header-timeout>15</header-timeout>
    <source-timeout>${Math.max(1, Math.round(sourceTimeout / 1000))}</source-timeout><burst-size>${burstSize}</burst-size></limits>
  <authentication><source-password>${SOURCE_PASSWORD}</source-password><relay-password>${SOURCE_PASSWORD}</relay-password>
    <admin-user>admin</admin-user><admin-password>${ADMIN_PASSWORD}</admin-password></authentication>
  <listen-socket><port>${at}</port><bind-address>127.0.0.1</bind-address><shoutcast-mount>/stream</shoutcast-mount></listen-socket>
  <fileserve>1</fileserve>${xml}
  <paths><logdir>${folder}</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>
  <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>1</loglevel></logging>
  <security><chroot>0</chroot>${isRoot ? '<changeowner><user>nobody</user><group>nogroup</group></changeowner>' : ''}</security>
</icecast>
`,
  )
  const program = new Program('icecast2', ['-c', join(folder, 'icecast.xml')])
  t.teardown(() => program.stop())
  await ready(program, `http://127.0.0.1:${at}/status-json.xsl`)
  return served('icecast2', at, program, program.pid, folder)
}

async function ready(program: Program, url: string): Promise<void> {
  await until(`${url} to answer`, async () => {
    if (!program.isRunning) return true
    const response = await fetch(url)
    await response.arrayBuffer()
    return response.status === 200
  })
  if (!program.isRunning) throw new Error(`The server ended instead of starting:\n${program.output}`)
}

function served(kind: TestServer['kind'], port: number, program: Program, pid: number, folder: string): TestServer {
  return {
    kind,
    host: '127.0.0.1',
    port,
    program,
    pid,
    folder,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    login: `source:${SOURCE_PASSWORD}`,
    mount: (path) => statusOf(port, path),
    stop: () => program.stop('SIGTERM', 6000),
  }
}

/** What status-json says of a mount. Icecast gives one source as an object and several as a list. */
export async function statusOf(port: number, path: string): Promise<Record<string, unknown> | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/status-json.xsl`)
  const { icestats }: { icestats: { source?: Record<string, unknown> | Record<string, unknown>[] } } = JSON.parse(await response.text())
  const all = icestats.source === undefined ? [] : Array.isArray(icestats.source) ? icestats.source : [icestats.source]
  return all.find((source) => String(source['listenurl']).endsWith(path))
}

/** Asks for a page of the administrator's, as `admin`. */
export async function admin(port: number, path: string): Promise<{ status: number; body: string }> {
  const authorization = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization } })
  return { status: response.status, body: await response.text() }
}

/** How many files and sockets a process holds open. */
export const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length
/** The sockets that a process holds open, as Linux names them. */
export const openSockets = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const name = readlinkSync(`/proc/${pid}/fd/${fd}`)
      return name.startsWith('socket:') ? [name] : []
    } catch {
      // It has been closed in between.
      return []
    }
  })
/** Resident memory of a process in bytes. */
export const resident = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
