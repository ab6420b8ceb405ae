/*
 * How far the screen is behind: from the arrival of a frame at the server to the frame in Chromium's picture, and how long the first one takes.
 *
 *   npm run build && node --import=@tapjs/typescript/import test/bench/latency.ts [--seconds 15] [--part 0.33] [--json FILE]
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { latencyOf, publish, TimedSource } from '../helpers/latency.js'
import { type Job, openChromium, tell } from '../helpers/players.js'
import { startFloecast } from '../helpers/server.js'
import { sleep, until } from '../helpers/wait.js'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '15' }, part: { type: 'string', default: '0.33' }, json: { type: 'string' } },
})

const ends: (() => unknown)[] = []
const scope = { teardown: (end: () => unknown): void => void ends.push(end) }
try {
  const server = await startFloecast(scope, { config: `mounts:\n  /tv:\n    hls:\n      partDuration: ${values.part}\n` })
  const source = TimedSource.open(scope)
  publish(scope, source, server.url('/tv'), server.login)
  await until('the mount', () => server.mount('/tv'))
  // A playlist needs some segments before a player stays behind it as far as it wants.
  await sleep(9000)
  const judge = await openChromium(scope)
  const jobs: (Job & { name: string; limit: number; start?: number })[] = [
    { name: 'instant, fetch + MSE', player: 'instant', url: server.url('/tv.mp4'), limit: 500, start: 300 },
    { name: 'LL-HLS, shaka', player: 'shaka', url: server.url('/tv.m3u8'), low: true, limit: 1500, start: 1000 },
    { name: 'LL-HLS, hls.js', player: 'hls.js', url: server.url('/tv.m3u8'), low: true, limit: 1500, start: 1000 },
    { name: 'LL-DASH, shaka', player: 'shaka', url: server.url('/tv.mpd'), low: true, limit: 1500 },
    { name: 'LL-DASH, dash.js', player: 'dash.js', url: server.url('/tv.mpd'), low: true, limit: 1500 },
    { name: 'safe HLS, shaka', player: 'shaka', url: server.url('/tv.m3u8'), limit: 7000 },
  ]
  const results = []
  for (const { name, limit, start, ...job } of jobs) {
    const seen = await judge.play({ ...job, seconds: Number(values.seconds), timeCode: true })
    const latency = latencyOf(source, seen)
    results.push({ name, limit, start, ...latency, stalls: seen.stalls })
    const ok = latency.settledMs <= limit && (start === undefined || latency.startMs <= start) ? 'ok' : 'MISSED'
    console.log(
      `${name.padEnd(22)} ${String(Math.round(latency.settledMs)).padStart(5)} ms settled, median ${Math.round(latency.medianMs)}, p95 ${Math.round(latency.p95Ms)}; first picture ${Math.round(latency.startMs)} ms; limits ${limit}${start === undefined ? '' : `, ${start}`}: ${ok} (${tell(seen)})`,
    )
  }
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, undefined, 2))
} finally {
  for (const end of ends.toReversed()) await end()
}
