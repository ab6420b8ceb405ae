/*
 * What the measures of the stream doctor cost: framing and packaging one file with and without them, each in a process of its own, in turn.
 *
 *   node --import=@tapjs/typescript/import test/bench/health.ts FILE [PAIRS]
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AutoDemuxer } from '../../lib/formats/detect.js'
import { Health } from '../../lib/media/health.js'
import { Broadcast } from '../../lib/mount/broadcast.js'
import { mountOptions } from '../../lib/options.js'
import { FakeClock } from '../helpers/clock.js'

const [path = '', argument = '6'] = process.argv.slice(2)
/** Rounds that warm up, and rounds of which the median counts. */
const WARM = 4
const ROUNDS = 9

/** Milliseconds of the processor that the file takes. */
function run(file: Buffer): number {
  const clock = new FakeClock(Date.UTC(2026, 0, 1))
  const owner = { settings: mountOptions.parse({}), info: {}, metadataBlock: Buffer.alloc(1), formJoined() {}, formLeft() {}, warn() {} }
  const broadcast = new Broadcast(owner, clock)
  const demuxer = new AutoDemuxer()
  const begun = process.cpuUsage()
  for (let at = 0; at < file.length; at += 4096) {
    const frames = demuxer.push(file.subarray(at, at + 4096))
    clock.pass(20)
    if (demuxer.detected) broadcast.push(demuxer.format, frames, true)
  }
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / 1000
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

if (argument === 'with' || argument === 'without') {
  if (argument === 'without') Health.prototype.take = () => {}
  const file = readFileSync(path)
  for (let i = 0; i < WARM; i++) run(file)
  console.log(median(Array.from({ length: ROUNDS }, () => run(file))))
} else {
  const once = (mode: string): number =>
    Number(execFileSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), path, mode], { encoding: 'utf8' }))
  const pairs = Array.from({ length: Number(argument) }, () => [once('without'), once('with')] as const)
  for (const [without, measured] of pairs) console.log(`${without.toFixed(1)} ms without, ${measured.toFixed(1)} ms with`)
  console.log(`median × ${median(pairs.map(([without, measured]) => measured / without)).toFixed(3)}`)
}
