import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { Clock } from '../../lib/clock.js'
import type { Packet, MediaTrack } from '../../lib/formats/packet.js'
import type { Frame } from '../../lib/formats/frame.js'
import { MpegTsDemuxer } from '../../lib/formats/mpeg-ts.js'
import { MpegTsPacketReader } from '../../lib/formats/mpeg-ts-packets.js'
import type { Item } from '../../lib/streamer/item.js'
import { PacketStream } from '../../lib/streamer/packet-stream.js'
import { Playout } from '../../lib/streamer/playout.js'
import { AAC, H264, type Recipe, stream } from '../helpers/media.js'

/** Time that passes as soon as everybody waits for it. */
class FlyingClock implements Clock {
  #now = 1_000_000
  #timers: { at: number; call: () => void }[] = []
  #isFlying = false

  now(): number {
    return this.#now
  }

  /** Lets time pass at once, whoever waits. */
  skip(time: number): void {
    this.#now += time
  }

  after(delay: number, call: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delay), call }
    this.#timers.push(timer)
    this.#wait()
    return () => (this.#timers = this.#timers.filter((one) => one !== timer))
  }

  #fly(): void {
    this.#isFlying = false
    const next = this.#timers.toSorted((a, b) => a.at - b.at)[0]
    if (next === undefined) return
    this.#timers = this.#timers.filter((one) => one !== next)
    this.#now = Math.max(this.#now, next.at)
    next.call()
    this.#wait()
  }

  #wait(): void {
    if (this.#isFlying || this.#timers.length === 0) return
    this.#isFlying = true
    setImmediate(() => this.#fly())
  }
}

async function itemOf(packets: Iterable<Packet>, some = 10): Promise<Item> {
  async function* read(): AsyncGenerator<readonly Packet[], void, undefined> {
    let list: Packet[] = []
    for (const packet of packets) {
      list.push(packet)
      if (list.length < some) continue
      yield list
      list = []
    }
    yield list
  }
  const rung = await PacketStream.open(read(), { video: true, audio: true })
  if (rung === undefined) throw new Error('nothing in it')
  return { rungs: [rung], way: 'copy', note: undefined, duration: undefined, title: undefined, close: () => rung.close() }
}

function* made(seconds: number, recipe: Recipe = {}): Generator<Packet> {
  for (const { packet } of stream(seconds, { video: H264, audio: AAC, ...recipe })) yield packet
}

/** What a listener makes of it. */
function readTs(frames: readonly Frame[]): Packet[] {
  const demuxer = new MpegTsDemuxer()
  const reader = new MpegTsPacketReader()
  const bytes = Buffer.concat(frames.map((frame) => frame.bytes))
  return [...reader.read([...demuxer.push(bytes), ...demuxer.end()]), ...reader.end()]
}

// The collector, which Node keeps to itself.
setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const seconds = (ticks: number, { timescale }: MediaTrack): number => ticks / timescale
const never = new AbortController().signal

t.test('times go on over the borders of items: none goes back, sound has no gap, pictures none of more than two', async (t) => {
  const clock = new FlyingClock()
  const sent: Frame[] = []
  const playout = new Playout({ rungs: 1, container: 'ts', clock, send: (_, frames) => void sent.push(...frames) })
  const recipes: Recipe[] = [
    {},
    { from: 5000, delay: 1, timed: true },
    { audio: undefined },
    { ahead: 0.4, from: 3 },
    { video: { ...H264, timescale: 1000 }, frame: 40, from: 77 },
    { gop: [3, 8] },
  ]
  const began = clock.now()
  for (const [i, recipe] of recipes.entries()) await playout.play(await itemOf(made(2 + i / 3, recipe)), never, () => {})
  const packets = readTs(sent)
  const sound = packets.filter(({ track }) => track.kind === 'audio')
  const pictures = packets.filter(({ track }) => track.kind === 'video')
  t.ok(sound.length > 600 && pictures.length > 400)
  for (let i = 1; i < sound.length; i++) {
    const gap = seconds(sound[i]!.dts - sound[i - 1]!.dts - sound[i - 1]!.duration, AAC)
    if (Math.abs(gap) > 0.001) t.fail(`sound has a gap of ${gap} s at ${seconds(sound[i]!.dts, AAC)} s`)
  }
  for (let i = 1; i < pictures.length; i++) {
    const step = seconds(pictures[i]!.dts - pictures[i - 1]!.dts, H264)
    if (step <= 0 || step > 0.1201) t.fail(`pictures are ${step} s apart`)
    if (pictures[i]!.pts < pictures[i]!.dts) t.fail('a picture is shown before it is decoded')
  }
  const length = seconds(pictures.at(-1)!.dts - pictures[0]!.dts, H264)
  const passed = (clock.now() - began) / 1000
  t.ok(Math.abs(length - passed) < 1, `${length} s of media take ${passed} s`)
})

t.test('what comes late is caught up with, but a machine that has slept is not', async (t) => {
  for (const [pause, most, least] of [
    [3000, 20.5, 19],
    [60_000, 80.5, 75],
  ] as const) {
    const clock = new FlyingClock()
    const playout = new Playout({ rungs: 1, container: 'ts', clock, send: () => {} })
    function* late(): Generator<Packet> {
      let count = 0
      for (const packet of made(20)) {
        if (++count === 300) clock.skip(pause)
        yield packet
      }
    }
    const began = clock.now()
    await playout.play(await itemOf(late()), never, () => {})
    const passed = (clock.now() - began) / 1000
    t.ok(passed < most && passed > least, `20 s with a pause of ${pause} ms take ${passed} s`)
  }
})

t.test('an item can be cut at any time, and tells how far it has come', async (t) => {
  const clock = new FlyingClock()
  const sent: Frame[] = []
  const playout = new Playout({ rungs: 1, container: 'ts', clock, send: (_, frames) => void sent.push(...frames) })
  // Something is sent ahead of time: once.
  for (const [i, after] of [1234, 456, 3456].entries()) {
    const abort = new AbortController()
    clock.after(after, () => abort.abort())
    let begun = 0
    await playout.play(await itemOf(made(60)), abort.signal, () => begun++)
    t.equal(begun, 1)
    t.ok(Math.abs(playout.position - after / 1000 - (i === 0 ? 0.6 : 0)) < 0.15, `${playout.position} s after ${after} ms`)
  }
  const times = readTs(sent).flatMap(({ track, dts }) => (track.kind === 'video' ? [dts] : []))
  t.strictSame(
    times,
    times.toSorted((a, b) => a - b),
  )
})

t.test('a day of a list takes no more memory than its first hour', async (t) => {
  const clock = new FlyingClock()
  const playout = new Playout({ rungs: 1, container: 'ts', clock, send: () => {} })
  // Frames of eight seconds, and a picture in four: a day is soon over.
  const slow = { audio: { ...AAC, timescale: 128 }, frame: 360_000, video: H264 }
  const heap: number[] = []
  const began = clock.now()
  for (let minute = 0; minute < 24 * 60; minute++) {
    await playout.play(await itemOf(made(60, slow)), never, () => {})
    if (minute % 180 === 179) {
      collect()
      heap.push(process.memoryUsage().heapUsed)
    }
  }
  t.ok(clock.now() - began > 86_000_000, 'a day has passed')
  const least = Math.min(...heap.slice(0, 2))
  t.ok(Math.min(...heap.slice(-2)) < least + 16_777_216, `${heap.map((bytes) => Math.round(bytes / 1e6)).join(' ')} MB`)
})
