import { parseArgs } from 'node:util'
import { SOAKS, soak } from '../helpers/soak.js'

/*
 * Plays every fixture for hours of its own time and tells what that takes: `node --import=@tapjs/typescript/import test/bench/soak.ts`, with
 * `--hours 12` and `--only webm`. The exit code is 0 when the heap is no larger in the end than after the first hour, by a little.
 */
const { values } = parseArgs({ options: { hours: { type: 'string', default: '12' }, only: { type: 'string', default: '' } } })
const MEGABYTE = 1_048_576
const ALLOWED = 3 * MEGABYTE
let failed = false
for (const [fixture, format] of SOAKS) {
  if (!fixture.includes(values.only)) continue
  const began = performance.now()
  let first: number | undefined
  for (const { hours, heap, rss, sequence, periods, drift } of soak(fixture, format, Number(values.hours))) {
    first ??= heap
    if (heap > first + ALLOWED || periods > 1) failed = true
    process.stdout.write(
      `${fixture} ${String(hours).padStart(3)} h: heap ${(heap / MEGABYTE).toFixed(1)} MB, RSS ${(rss / MEGABYTE).toFixed(0)} MB, ` +
        `sequence ${sequence}, ${periods} periods, ${drift.toFixed(3)} s off, ${((performance.now() - began) / 1000).toFixed(0)} s\n`,
    )
  }
}
process.exitCode = failed ? 1 : 0
