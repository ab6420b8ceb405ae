/*
 * Many viewers of one LL-HLS mount: how long after a part's birth each of them has it.
 *
 *   node --import=@tapjs/typescript/import test/bench/ll-viewers.ts [--viewers 2000] [--seconds 10] [--url http://127.0.0.1:8000/tv.m3u8 --pid N]
 *
 * Without an address it starts the built server and sends it a film.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { TimedSource, publish } from '../helpers/latency.js'
import { run } from '../helpers/programs.js'
import { startFloecast } from '../helpers/server.js'
import { until } from '../helpers/wait.js'

const { values } = parseArgs({
  options: {
    viewers: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '10' },
    url: { type: 'string' },
    pid: { type: 'string' },
  },
})

/** The media playlist that an address leads to: itself, or the first variant of a multivariant playlist. */
async function mediaPlaylist(url: string): Promise<URL> {
  const response = await fetch(url)
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${text.slice(0, 200)}`)
  const variant = /^#EXT-X-STREAM-INF:.*\r?\n(?:#.*\r?\n)*([^#\r\n]+)/m.exec(text)?.[1]
  return new URL(variant ?? url, url)
}

const folder = mkdtempSync(join(tmpdir(), 'floecast-bench-'))
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
const scope = { teardown: (end: () => unknown): void => void ends.push(end) }
try {
  const compiled = await run('cc', ['-O2', '-w', '-o', join(folder, 'llviewers'), 'test/bench/llviewers.c'])
  if (compiled.code !== 0) throw new Error(`Cannot compile llviewers: ${compiled.program.output}`)
  let { url, pid } = values
  if (url === undefined) {
    const server = await startFloecast(scope)
    publish(scope, TimedSource.open(scope), server.url('/tv'), server.login)
    await until('the mount', () => server.mount('/tv'))
    url = server.url('/tv.m3u8')
    pid = String(server.pid)
  }
  const at = url
  const playlist = await until('a playlist with parts', async () => {
    const found = await mediaPlaylist(at)
    return (await (await fetch(found)).text()).includes('#EXT-X-PART:') ? found : undefined
  })
  const load = ['--viewers', values.viewers, '--seconds', values.seconds, ...(pid === undefined ? [] : ['--pid', pid])]
  const place = ['--host', playlist.hostname, '--port', playlist.port, '--playlist', playlist.pathname + playlist.search]
  const { code, program } = await run(join(folder, 'llviewers'), [...place, ...load], { timeout: (Number(values.seconds) + 90) * 1000 })
  if (code !== 0) throw new Error(`llviewers ended with ${code}: ${program.output}`)
  console.log(program.stdout.trim())
} finally {
  for (const end of ends.toReversed()) await end()
}
