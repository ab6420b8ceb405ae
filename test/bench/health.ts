/*
 * What the measures of the stream doctor cost beside the framing and packaging of the same file, in turn: the least processor time of several rounds
 * of each, so that other work on the machine says little.
 *
 *   node --import=@tapjs/typescript/import test/bench/health.ts FILE [ROUNDS]
 */
import { readFileSync } from 'node:fs'
import { AutoDemuxer } from '../../lib/formats/detect.js'
import type { Packet } from '../../lib/formats/packet.js'
import { Health } from '../../lib/media/health.js'
import { Broadcast } from '../../lib/mount/broadcast.js'
import { mountOptions } from '../../lib/options/index.js'
import { FakeClock } from '../helpers/clock.js'

const [path = '', rounds = '30'] = process.argv.slice(2)
const file = readFileSync(path)
/** How often the packets are measured in a round: once is too short to be timed. */
const OFTEN = 20

const own = Object.getOwnPropertyDescriptor(Health.prototype, 'take')!
const batches: [packets: readonly Packet[], arrival: number][] = []

/** Milliseconds of the processor that some work takes. */
function time(work: () => void): number {
  const begun = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / 1000
}

function pack(): void {
  batches.length = 0
  Health.prototype.take = (packets, arrival) => void batches.push([packets, arrival])
  const clock = new FakeClock(Date.UTC(2026, 0, 1))
  const owner = { settings: mountOptions.parse({}), info: {}, metadataBlock: Buffer.alloc(1), formJoined() {}, formLeft() {}, warn() {} }
  const broadcast = new Broadcast(owner, clock)
  const demuxer = new AutoDemuxer()
  for (let at = 0; at < file.length; at += 4096) {
    const frames = demuxer.push(file.subarray(at, at + 4096))
    clock.pass(20)
    if (demuxer.detected) broadcast.push(demuxer.format, frames, true)
  }
}

function measure(): void {
  Object.defineProperty(Health.prototype, 'take', own)
  for (let i = 0; i < OFTEN; i++) {
    const health = new Health()
    for (const [packets, arrival] of batches) health.take(packets, arrival)
  }
}

let [packing, measuring] = [Infinity, Infinity]
for (let i = 0; i < Number(rounds); i++) {
  packing = Math.min(packing, time(pack))
  measuring = Math.min(measuring, time(measure) / OFTEN)
}
const count = batches.reduce((sum, [packets]) => sum + packets.length, 0)
console.log(
  `${count} packets: ${packing.toFixed(2)} ms without, ${measuring.toFixed(2)} ms more with (${((measuring * 1e6) / count).toFixed(0)} ns each): × ${(1 + measuring / packing).toFixed(3)}`,
)
