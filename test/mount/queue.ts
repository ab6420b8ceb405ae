import fc from 'fast-check'
import t from 'tap'
import { type Frame, NO_HEADER } from '../../lib/formats/frame.js'
import { Pulse, pulsePeriod } from '../../lib/mount/pulse.js'
import { Queue } from '../../lib/mount/queue.js'
import { FakeClock } from '../helpers/clock.js'
import { property } from '../helpers/demuxer.js'

const frame = (bytes: Buffer, sync = false, header = NO_HEADER): Frame => ({ bytes, sync, header })

t.test('Queue gives back what went in, from any frame to any other, and never keeps more than its limit', async (t) => {
  const pushes = fc.array(
    fc.array(fc.record({ size: fc.integer({ min: 1, max: 40 }), sync: fc.boolean(), apart: fc.boolean() }), { maxLength: 6 }),
    { maxLength: 20 },
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(pushes, fc.integer({ min: 1, max: 300 }), (rounds, limit) => {
        const queue = new Queue(limit)
        let all = Buffer.alloc(0)
        const borders = [0]
        const syncs: number[] = []
        let newest = 0
        for (const [round, sizes] of rounds.entries()) {
          const memory = Buffer.alloc(
            sizes.reduce((sum, { size }) => sum + size, 0),
            round + 1,
          )
          let at = 0
          const frames = sizes.map(({ size, sync, apart }) => {
            const bytes = memory.subarray(at, (at += size))
            return frame(apart ? Buffer.from(bytes) : bytes, sync)
          })
          for (const { bytes, sync } of frames) {
            if (sync) syncs.push(all.length)
            all = Buffer.concat([all, bytes])
            borders.push(all.length)
            newest = Math.max(newest, memory.length)
          }
          queue.push(frames, round)
          if (queue.end !== all.length || queue.end - queue.start > limit + newest) return false
          const kept = borders.filter((border) => border >= queue.start)
          for (const from of kept.slice(0, 4))
            for (const to of kept) if (to >= from && !queue.read(from, to).equals(all.subarray(from, to))) return false
          const left = syncs.filter((position) => position >= queue.start)
          if (JSON.stringify(queue.syncs.map(({ position }) => position)) !== JSON.stringify(left)) return false
          for (const border of kept) if (queue.syncFrom(border)?.position !== left.find((position) => position >= border)) return false
        }
        return true
      }),
      property(),
    ),
  )
})

t.test('Queue shares one buffer among all who read the same', async (t) => {
  const queue = new Queue(1000)
  queue.push([frame(Buffer.from('ab')), frame(Buffer.from('cd'))], 0)
  t.equal(queue.read(0, 4), queue.read(0, 4))
  t.throws(() => queue.read(0, 5), RangeError)
  queue.clear()
  t.throws(() => queue.read(0, 4), RangeError)
  t.equal(queue.end, 4, 'positions go on')
})

t.test('Queue knows the newest sync point that is old enough', async (t) => {
  const queue = new Queue(1000)
  t.equal(queue.syncAged(0, 0), undefined)
  for (const time of [0, 1000, 2000]) queue.push([frame(Buffer.from('x'), true)], time)
  t.equal(queue.syncAged(2500, 1000)?.time, 1000)
  t.equal(queue.syncAged(2500, 9000)?.time, 0, 'or the oldest of all')
  t.equal(queue.reach(0, 2), 2, 'one write goes to the end of a block')
})

t.test('pulsePeriod is near nothing for few listeners and bounded for many', async (t) => {
  t.ok(pulsePeriod(1, 16_000, 300) < 2)
  t.equal(pulsePeriod(50, 16_000, 300), 5)
  t.equal(pulsePeriod(100_000, 16_000, 300), 300)
  t.ok(pulsePeriod(100_000, 12_500_000, 100) < 10, 'a write never waits to become much larger than 64 KiB')
})

t.test('Pulse reaches everyone within a period of the last byte, in slices, and then rests', async (t) => {
  const clock = new FakeClock()
  for (const [audience, period] of [
    [1, 0],
    [30, 3],
    [1000, 100],
    [3000, 300],
    [7, 55],
  ] as const) {
    const served = new Map<number, number>()
    let calls = 0
    let most = 0
    const pulse = new Pulse(
      {
        audience,
        period,
        flush: (from, to) => {
          calls++
          most = Math.max(most, to - from)
          for (let i = from; i < to; i++) served.set(i, clock.now())
          return false
        },
      },
      clock,
    )
    for (let i = 0; i < 10; i++) {
      pulse.beat()
      clock.pass(7)
    }
    const last = clock.now()
    pulse.beat()
    clock.pass(period + 1)
    t.equal(served.size, audience, `${audience} listeners: everyone is served`)
    t.ok(Math.min(...served.values()) >= last - 1, 'after the last byte')
    t.ok(most <= Math.max(30, Math.ceil((audience * 25) / Math.max(1, period))), 'a few at a time')
    const before = calls
    clock.pass(10_000)
    t.equal(calls, before, 'and then it rests')
    t.equal(clock.pending, 0)
  }
})

t.test('Pulse comes back to a listener who wants more of what is there', async (t) => {
  const clock = new FakeClock()
  let left = 5
  const pulse = new Pulse({ audience: 1, period: 0, flush: () => --left > 0 }, clock)
  pulse.beat()
  clock.pass(1000)
  t.equal(left, 0)
  t.equal(clock.pending, 0)
})
