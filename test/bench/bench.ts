/*
 * Compares the built server with Debian's Icecast and with the floor that the kernel sets, in turn, on loopback.
 *
 *   npm run bench -- [--seconds 10] [--rounds 3] [--only video,audio,rush,small] [--scale 1] [--servers floecast,icecast2,floor] [--json FILE]
 *
 * `--scale 0.1` takes a tenth of the listeners, for a quick look; its figures prove nothing.
 */
import { cpus, loadavg, tmpdir } from 'node:os'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Scope, run, start, which } from '../helpers/programs.js'
import { SOURCE_PASSWORD, resident, startFloecast, startIcecast } from '../helpers/server.js'
import { freePort, sleep } from '../helpers/wait.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'video,audio,rush,small' },
    scale: { type: 'string', default: '1' },
    servers: { type: 'string', default: 'floecast,icecast2,floor' },
    json: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)
const scale = Number(values.scale)
const only = new Set(values.only.split(','))

type Kind = 'floecast' | 'icecast2' | 'floor'
const KINDS = (['floecast', 'icecast2', 'floor'] as const).filter((kind) => values.servers.split(',').includes(kind))

/** What fanload prints, and what the server weighed before anybody came. */
interface Result {
  readonly listeners: number
  readonly delivered: number
  readonly gone: number
  readonly unanswered: number
  readonly marks_lost: number
  readonly cpu_s_per_gb: number
  readonly rss_mb: number
  readonly first_byte_max_ms: number
  readonly latency_p50_ms: number
  readonly latency_p99_ms: number
  readonly idle_mb: number
}

interface Check {
  readonly what: string
  readonly value: number
  readonly limit: string
  readonly passed: boolean
}

const folder = mkdtempSync(join(tmpdir(), 'floecast-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

async function must(command: string, args: readonly string[], timeout = 120_000): Promise<string> {
  if (!command.includes('/') && which(command) === undefined) throw new Error(`Cannot run the benchmark without ${command}`)
  const { code, program } = await run(command, args, { timeout })
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${program.output}`)
  return program.stdout
}

/** Runs something with a scope of its own, whose servers end with it. */
async function scoped<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
  const ends: (() => unknown)[] = []
  try {
    return await work({ teardown: (end) => void ends.push(end) })
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}

/** One server, started for this measurement alone, under fanload. */
const measure = (kind: Kind, tick: number, listeners: number, load: readonly string[]): Promise<Result> =>
  scoped(async (scope) => {
    let port: number
    let pid: number
    if (kind === 'floor') {
      port = await freePort()
      pid = start(scope, join(folder, 'floor'), [String(port), String(tick)]).pid
      await sleep(200)
    } else {
      const server = kind === 'floecast' ? await startFloecast(scope) : await startIcecast(scope)
      port = server.port
      pid = server.pid
      await sleep(1000)
    }
    const idle = resident(pid) / 2 ** 20
    const args = ['--port', String(port), '--pid', String(pid), '--password', SOURCE_PASSWORD, '--listeners', String(listeners)]
    const text = await must(join(folder, 'fanload'), [...args, '--seconds', String(seconds), ...load], (seconds + 200) * 1000)
    const result: Result = JSON.parse(text)
    return { ...result, idle_mb: idle }
  })

const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
const medianOf = (results: readonly Result[], key: keyof Result): number => median(results.map((result) => result[key]))
const worstOf = (results: readonly Result[], key: keyof Result): number => Math.max(...results.map((result) => result[key]))

const atMost = (what: string, value: number, limit: number): Check => ({ what, value, limit: `≤ ${limit}`, passed: value <= limit })
const atLeast = (what: string, value: number, limit: number): Check => ({ what, value, limit: `≥ ${limit}`, passed: value >= limit })

function printResults(title: string, results: Readonly<Partial<Record<Kind, readonly Result[]>>>): void {
  console.log(`\n${title}`)
  const columns: readonly (keyof Result)[] = [
    'cpu_s_per_gb',
    'delivered',
    'latency_p50_ms',
    'latency_p99_ms',
    'first_byte_max_ms',
    'rss_mb',
    'marks_lost',
    'gone',
  ]
  console.log(['', ...columns].map((name) => name.padStart(18)).join(''))
  for (const [kind, list] of Object.entries(results))
    if (list.length > 0)
      console.log([kind.padStart(18), ...columns.map((name) => String(Number(medianOf(list, name).toFixed(3))).padStart(18))].join(''))
}

function printChecks(checks: readonly Check[]): void {
  for (const { what, value, limit, passed } of checks)
    console.log(`${passed ? '  ok    ' : '  MISSED'} ${what.padEnd(52)} ${String(Number(value.toFixed(3))).padStart(10)}   ${limit}`)
}

const cpu = cpus()
console.log(
  `Node ${process.version}, ${cpu.length} × ${cpu[0]?.model ?? 'unknown'}, load ${loadavg()
    .map((n) => n.toFixed(2))
    .join(' ')}`,
)
if (scale !== 1) console.log(`Scaled by ${scale}: the limits below are meant for all listeners`)
for (const name of ['fanload', 'floor']) await must('cc', ['-O2', '-w', '-o', join(folder, name), `test/bench/${name}.c`])

const ts = join(folder, 'video.ts')
if (only.has('video')) {
  const encode =
    '-c:v libx264 -preset veryfast -g 50 -b:v 2000k -maxrate 2200k -bufsize 1000k -pix_fmt yuv420p -c:a aac -b:a 128k -f mpegts -muxrate 2500k'
  const inputs = '-f lavfi -i testsrc2=size=1280x720:rate=25 -f lavfi -i sine=frequency=440:sample_rate=48000'
  await must('ffmpeg', [...'-nostdin -v error -y'.split(' '), ...inputs.split(' '), '-t', '10', ...encode.split(' '), ts])
}

const all: Record<string, unknown> = {}
const checks: Check[] = []

/** The same load on the three, in turn, several times. */
async function compare(name: string, listeners: number, tick: number, load: readonly string[]): Promise<Record<Kind, Result[]>> {
  const results: Record<Kind, Result[]> = { floecast: [], icecast2: [], floor: [] }
  for (let round = 1; round <= rounds; round++)
    for (const kind of KINDS) {
      const result = await measure(kind, tick, listeners, load)
      results[kind].push(result)
      console.log(
        `${name} ${round}/${rounds} ${kind.padEnd(9)} ${result.cpu_s_per_gb.toFixed(3)} CPU-s/GB, delivered ${result.delivered.toFixed(3)}`,
      )
    }
  return results
}

function judge(name: string, results: Record<Kind, Result[]>, limits: { icecast: number; floor: number; p99: number }): void {
  if (KINDS.length < 3) return
  const ours = results.floecast
  const cost = medianOf(ours, 'cpu_s_per_gb')
  checks.push(
    atMost(`${name}: CPU per GB against icecast2`, cost / medianOf(results.icecast2, 'cpu_s_per_gb'), limits.icecast),
    atMost(`${name}: CPU per GB against the floor`, cost / medianOf(results.floor, 'cpu_s_per_gb'), limits.floor),
    atLeast(`${name}: share delivered, worst round`, Math.min(...ours.map(({ delivered }) => delivered)), 0.99),
    atMost(`${name}: marks lost`, worstOf(ours, 'marks_lost'), 0),
    atMost(`${name}: listeners lost`, worstOf(ours, 'gone') + worstOf(ours, 'unanswered'), 0),
    atMost(`${name}: latency p99, ms`, medianOf(ours, 'latency_p99_ms'), limits.p99),
  )
}

if (only.has('video')) {
  const results = await compare('video', Math.round(1000 * scale), 100, ['--ts', ts, '--kbps', '2500'])
  all['video'] = results
  printResults('1000 listeners, 2.5 Mbit/s MPEG-TS (medians; floor at 100 ms)', results)
  judge('video', results, { icecast: 0.15, floor: 1.35, p99: 250 })
}
if (only.has('audio')) {
  const results = await compare('audio', Math.round(3000 * scale), 300, ['--mp3', '128'])
  all['audio'] = results
  printResults('3000 listeners, 128 kbit/s MP3 (medians; floor at 300 ms)', results)
  judge('audio', results, { icecast: 0.55, floor: 1.4, p99: 500 })
}
if (only.has('rush') && KINDS.includes('floecast')) {
  const listeners = Math.round(10_000 * scale)
  const results = [await measure('floecast', 0, listeners, ['--mp3', '128', '--ramp', String(listeners)])]
  all['rush'] = results
  printResults('10,000 listeners at once, 128 kbit/s MP3', { floecast: results })
  checks.push(
    atMost('rush: slowest first byte, ms', worstOf(results, 'first_byte_max_ms'), 5000),
    atMost('rush: listeners lost', worstOf(results, 'gone') + worstOf(results, 'unanswered'), 0),
    atMost('rush: memory per listener, KiB', ((worstOf(results, 'rss_mb') - worstOf(results, 'idle_mb')) * 1024) / listeners, 12),
  )
}
if (only.has('small') && KINDS.includes('floecast')) {
  const results = [await measure('floecast', 0, 50, ['--mp3', '128'])]
  all['small'] = results
  printResults('50 listeners, 128 kbit/s MP3', { floecast: results })
  checks.push(atMost('small: latency p99, ms', worstOf(results, 'latency_p99_ms'), 20))
}

console.log('')
printChecks(checks)
if (values.json !== undefined) {
  writeFileSync(
    values.json,
    `${JSON.stringify({ node: process.version, cpus: cpu.length, seconds, rounds, scale, checks, results: all }, null, 2)}\n`,
  )
  console.log(`\nWritten to ${values.json}`)
}
process.exitCode = checks.every(({ passed }) => passed) ? 0 : 1
