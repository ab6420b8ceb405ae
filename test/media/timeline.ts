import fc from 'fast-check'
import t from 'tap'
import type { MediaTrack, Packet } from '../../lib/formats/packet.js'
import type { Period } from '../../lib/media/period.js'
import { Timeline } from '../../lib/media/timeline.js'
import { AAC, AAC_FRAME, type Arrival, H264, noise, type Recipe, stream } from '../helpers/media.js'

const START = Date.UTC(2026, 5, 1)
const AV: Recipe = { video: H264, audio: AAC }

/** Takes what a timeline gives, and throws as soon as it breaks a promise. */
class Judge {
  readonly timeline: Timeline
  readonly periods: Period[] = []
  /** By period. */
  readonly packets: Packet[][] = []
  /** Seconds on the wall since the beginning. */
  wall = 0
  /** How far the timeline may lie from the wall, in seconds. */
  #last = new Map<number, Packet>()
  #end = 0

  constructor() {
    this.timeline = new Timeline({ begin: (period) => this.#begin(period), write: (packet) => this.#write(packet) }, START)
  }

  get all(): Packet[] {
    return this.packets.flat()
  }

  push(packet: Packet, tracks: readonly MediaTrack[], at: number): void {
    this.wall = at
    this.timeline.push(packet, tracks, START + at * 1000)
  }

  /** Plays what comes, `at` later than it says. */
  play(arrivals: Iterable<Arrival>, tracks: readonly MediaTrack[], at = 0): this {
    for (const arrival of arrivals) this.push(arrival.packet, tracks, at + arrival.at)
    return this
  }

  #begin(period: Period): void {
    const before = this.periods.at(-1)
    check(before === undefined || period.number === before.number + 1, 'numbers of periods have no holes')
    check(period.start >= this.#end - 1e-6, `a period begins at ${period.start}, before the end of the last, ${this.#end}`)
    check(period.start >= this.wall + 10 - 1e-6, 'a period begins at the time on the wall, or later')
    check(Math.abs(period.date - (this.timeline.origin + period.start * 1000)) < 1e-3, 'dates and times are the same clock')
    check(period.tracks.includes(period.primary) && new Set(period.tracks).size === period.tracks.length, 'its tracks are its own')
    this.periods.push(period)
    this.packets.push([])
  }

  #write(packet: Packet): void {
    const { track, dts, pts, duration } = packet
    const period = this.periods.at(-1)
    check(period?.tracks.includes(track) === true, 'a packet belongs to a track of its period')
    check([dts, pts, duration].every(Number.isSafeInteger) && dts >= 0 && pts >= dts, `times are sound: ${dts} ${pts} ${duration}`)
    check(duration > 0 && duration < 2 ** 32 && pts - dts < 2 ** 31, `durations are sound: ${duration}`)
    const last = this.#last.get(track.id)
    if (last !== undefined) {
      const gap = dts / track.timescale - (last.dts + (track.kind === 'audio' ? last.duration : 0)) / last.track.timescale
      check(track.kind === 'audio' ? gap > -1e-9 : gap > 0, `track ${track.id} goes back by ${-gap} s`)
    }
    this.#last.set(track.id, packet)
    this.#end = Math.max(this.#end, (dts + duration) / track.timescale)
    check(this.timeline.end === this.#end, 'the end is that of the last packet')
    this.packets.at(-1)!.push(packet)
  }
}

function check(fact: boolean, message: string): void {
  if (!fact) throw new Error(message)
}

const of = (track: MediaTrack, packets: readonly Packet[]): Packet[] => packets.filter((packet) => packet.track.id === track.id)

t.test('the times of a clean stream are those of the source plus one constant for all of a period', (t) => {
  for (const ahead of [-2, -0.3, 0, 0.3, 0.7, 2])
    for (const delay of [0, 1, 2])
      for (const timed of [false, true])
        for (const from of [0, 95_443, 2 ** 33 / 9]) {
          const judge = new Judge()
          const sent = [...stream(20, { ...AV, ahead, delay, timed, from, frame: 3003, gop: 60 })]
          judge.play(sent, [H264, AAC])
          judge.timeline.cut()
          const label = `audio ${ahead} s ahead, B-frames ${delay}, durations ${timed}`
          check(judge.periods.length === 1, `${label}: ${judge.periods.length} periods`)
          for (const track of [H264, AAC]) {
            const own = of(track, judge.all)
            const source = of(
              track,
              sent.map(({ packet }) => packet),
            )
            const missing = source.length - own.length
            // Sound from before the first picture is not heard.
            check(missing === 0 || (track === AAC && missing <= 9 && delay > 0), `${label}: ${missing} of ${track.codec} are missing`)
            const offset = own[0]!.dts - source[missing]!.dts
            for (const [i, packet] of own.entries()) {
              const { dts, pts, data } = source[i + missing]!
              check(packet.dts - dts === offset && packet.pts - pts === offset && packet.data === data, `${label}: packet ${i} is another`)
              check(
                packet.duration === (track === AAC ? AAC_FRAME : 3003),
                `${label}: packet ${i} of ${track.codec} lasts ${packet.duration} ticks`,
              )
            }
          }
          const [v, a] = [H264, AAC].map((track) => {
            const own = of(track, judge.all)[0]!
            return own.dts / track.timescale
          })
          check(
            Math.abs(judge.periods[0]!.start - (v! + (delay * 3003) / 90_000)) < 1e-5,
            `${label}: the period begins when its first frame is shown`,
          )
          check(Math.abs(v! - a!) <= 0.1, `${label}: tracks begin together`)
        }
  t.pass('for every skew, delay and clock')
  t.end()
})

t.test('one jump of the clock makes exactly one period, at the time on the wall, and loses little', (t) => {
  for (const jump of [-86_400, -3600, -20, -5, 20, 3600, 86_400])
    for (const ahead of [-2, -1, -0.2, 0, 0.2, 1, 2])
      for (const renewed of [false, true]) {
        const other: MediaTrack = renewed ? { ...H264 } : H264
        const judge = new Judge()
        const before = [...stream(10, { ...AV, ahead, from: 100_000 })]
        const after = [...stream(10, { ...AV, video: other, ahead, from: 100_010 + jump })]
        // Each track jumps by itself: where audio lags, packets of the old clock come after the first of the new one.
        const all = [...before, ...after.map(({ packet, at }) => ({ packet, at: at + 10 }))].toSorted((a, b) => a.at - b.at)
        let tracks = [H264, AAC]
        for (const { packet, at } of all) {
          if (packet.track === other) tracks = [other, AAC]
          judge.push(packet, tracks, at)
        }
        judge.timeline.cut()
        const label = `jump of ${jump} s, audio ${ahead} s ahead, ${renewed ? 'another' : 'the same'} configuration`
        check(judge.periods.length === 2, `${label}: ${judge.periods.length} periods`)
        const [first, second] = judge.periods
        check(
          second!.start - first!.start >= 9.9 && second!.start - first!.start < 10.1 + Math.abs(ahead),
          `${label}: ${second!.start - first!.start} s`,
        )
        check(of(H264, judge.all).length >= 495, `${label}: ${of(H264, judge.all).length} of 500 pictures`)
        const heard = of(AAC, judge.all).length / 861.3
        check(heard > 0.7, `${label}: ${heard} of the sound`)
      }
  t.pass('for every jump and skew')
  t.end()
})

const shift = (arrivals: Iterable<Arrival>, by: number): Arrival[] =>
  [...arrivals].map(({ packet, at }) => ({
    packet: { ...packet, dts: packet.dts + by * packet.track.timescale, pts: packet.pts + by * packet.track.timescale },
    at: at + by,
  }))

t.test('a pause of a second, a single wrong time, and lost or doubled packets make no period', (t) => {
  const judge = new Judge()
  judge.play(stream(5, AV), [H264, AAC]).play(shift(stream(5, AV), 5.96), [H264, AAC])
  check(judge.periods.length === 1, 'no period for a pause')
  const random = noise(7)
  for (const { packet, at } of shift(stream(30, AV), 11)) {
    const chance = random()
    if (chance < 0.02) continue
    const wrong = chance < 0.03 ? (random() - 0.5) * 2 ** 34 : 0
    judge.push({ ...packet, dts: packet.dts + Math.round(wrong), pts: packet.pts + Math.round(wrong) }, [H264, AAC], at)
    if (chance > 0.95) judge.push(packet, [H264, AAC], at)
  }
  judge.timeline.cut()
  t.equal(judge.periods.length, 1)
  t.ok(Math.abs(judge.timeline.end - 51) < 0.2, 'nothing shifts')
  t.ok(of(H264, judge.all).length > 950)
  t.end()
})

t.test('pictures that are rare hold no sound back, and make no period', (t) => {
  const judge = new Judge()
  const rare = [...stream(60, { ...AV, frame: 450_000, gop: 1 })]
  let late = 0
  for (const { packet, at } of rare) {
    judge.push(packet, [H264, AAC], at)
    if (at > 0.1) late = Math.max(late, at + 10 - judge.timeline.end)
  }
  judge.timeline.cut()
  t.equal(judge.periods.length, 1)
  t.equal(of(H264, judge.all).length, 12)
  t.equal(
    of(AAC, judge.all).length,
    of(
      AAC,
      rare.map(({ packet }) => packet),
    ).length,
  )
  t.ok(late < 0.1, 'sound is there when it comes')
  t.end()
})

t.test('a source that comes again goes on at the time on the wall, never earlier', (t) => {
  const judge = new Judge()
  for (const [at, from] of [
    [0, 0],
    [12, 0],
    [40, 95_000],
    // Before the last has ended, by what it was ahead.
    [44.5, 3],
    [600, 0],
  ] as const) {
    judge.play(stream(5, { ...AV, from, delay: at === 40 ? 2 : 0 }), [H264, AAC], at)
    judge.timeline.cut()
  }
  t.strictSame(
    judge.periods.map(({ start }) => Math.round(start)),
    [10, 22, 50, 55, 610],
  )
  t.end()
})

t.test('a source that stays behind the wall skips to it, once, with a key frame; one that catches up does not', (t) => {
  const judge = new Judge()
  judge.play(stream(10, AV), [H264, AAC])
  // It stands still for a minute, and its clock with it.
  judge.play(stream(60, { ...AV, from: 10 }), [H264, AAC], 70)
  judge.timeline.cut()
  t.strictSame(
    judge.periods.map(({ start }) => Math.round(start)),
    [10, 100],
  )
  t.equal(of(H264, judge.all).length, 1750, 'nothing is lost')
  const burst = new Judge()
  for (let i = 0; i < 10; i++) for (const { packet } of stream(10, { ...AV, from: 10 * i })) burst.push(packet, [H264, AAC], 10 * i)
  burst.timeline.cut()
  t.equal(burst.periods.length, 1)
  t.end()
})

t.test('without key frames a period begins after ten seconds, and without announced pictures, too', (t) => {
  const keyless = new Judge()
  keyless.play(
    [...stream(30, AV)].map(({ packet, at }) => ({ packet: packet.track === H264 ? { ...packet, key: false } : packet, at })),
    [H264, AAC],
  )
  t.equal(keyless.periods.length, 1)
  t.ok(Math.abs(keyless.periods[0]!.start - 20) < 0.1)
  // The clock may jump meanwhile.
  const jumping = new Judge()
  for (let i = 0; i < 4; i++)
    jumping.play(
      [...stream(4, { ...AV, from: 1e5 - i * 2e4 })].map(({ packet, at }) => ({
        packet: { ...packet, key: packet.track !== H264 },
        at: at + 4 * i,
      })),
      [H264, AAC],
    )
  t.equal(jumping.periods.length, 1)
  const soundOnly = new Judge()
  soundOnly.play(stream(30, { audio: AAC }), [H264, AAC])
  t.equal(soundOnly.periods[0]?.primary, AAC)
  t.strictSame(soundOnly.periods[0]?.tracks, [AAC])
  // Pictures that come at last.
  soundOnly.play(stream(30, { ...AV, from: 30 }), [H264, AAC], 30)
  soundOnly.timeline.cut()
  t.equal(soundOnly.periods.length, 2)
  t.strictSame(soundOnly.periods[1]?.tracks, [H264, AAC])
  t.ok(of(AAC, soundOnly.all).length > 49 * 43, 'the sound goes on')
  t.end()
})

t.test('another configuration of the sound, or sound that comes late, waits for a key frame and costs no picture', (t) => {
  const other: MediaTrack = { ...AAC, timescale: 48_000, sampleRate: 48_000 }
  const third: MediaTrack = { ...AAC, id: 3 }
  const judge = new Judge()
  let tracks: MediaTrack[] = [H264]
  for (const { packet, at } of stream(30, AV)) {
    if (packet.track === H264) judge.push(packet, tracks, at)
    else if (at > 5.3 && at < 15.7) judge.push(packet, (tracks = [H264, AAC]), at)
    else if (at >= 15.7 && at < 25) {
      const dts = Math.round((packet.dts * 48_000) / 44_100)
      judge.push({ ...packet, track: other, dts, pts: dts, duration: AAC_FRAME }, (tracks = [H264, other]), at)
    } else if (at >= 25) judge.push({ ...packet, track: third }, (tracks = [H264, third]), at)
  }
  judge.timeline.cut()
  t.equal(of(H264, judge.all).length, 750, 'every picture is there')
  t.strictSame(
    judge.periods.map((period) => period.tracks),
    [[H264], [H264, AAC], [H264, other], [H264, third]],
  )
  t.strictSame(
    judge.periods.map(({ start }) => Math.round(start)),
    [10, 16, 26, 36],
  )
  t.end()
})

t.test('tracks whose clocks have nothing to do with each other play together', (t) => {
  const judge = new Judge()
  for (const { packet, at } of stream(20, AV))
    judge.push(
      packet.track === AAC ? { ...packet, dts: packet.dts + 44_100 * 5000, pts: packet.pts + 44_100 * 5000 } : packet,
      [H264, AAC],
      at,
    )
  judge.timeline.cut()
  t.equal(judge.periods.length, 1)
  t.ok(of(AAC, judge.all).length > 800)
  t.ok(Math.abs(judge.timeline.end - 30) < 0.2)
  t.end()
})

const runs = Number(process.env['FUZZ_RUNS'] ?? 300)
const seed = process.env['FUZZ_SEED'] === undefined ? 20_260_601 : Number(process.env['FUZZ_SEED'])

t.test('whatever comes, no track goes back, and the timeline keeps to the wall', (t) => {
  const step = fc.record({
    seconds: fc.double({ min: 0.05, max: 6, noNaN: true }),
    // Most often the source just goes on.
    jump: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.double({ min: -1e5, max: 1e5, noNaN: true }),
    ),
    ahead: fc.double({ min: -2, max: 2, noNaN: true }),
    frame: fc.constantFrom(1500, 3003, 3600, 90_000),
    gop: fc.constantFrom(1, 12, 50, 1000),
    delay: fc.constantFrom(0, 1, 2),
    timed: fc.boolean(),
    video: fc.constantFrom('same', 'other', 'none'),
    audio: fc.constantFrom('same', 'other', 'none'),
    damage: fc.constantFrom(0, 0, 0.1, 0.5),
    cut: fc.boolean(),
    seed: fc.nat(),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      const judge = new Judge()
      let [video, audio] = [H264, AAC]
      let [wall, source] = [0, 0]
      for (const { seconds, jump, damage, cut, ...rest } of steps) {
        const random = noise(rest.seed)
        source = Math.max(0, source + jump)
        if (rest.video === 'other') video = { ...video }
        if (rest.audio === 'other') audio = { ...audio }
        const recipe = {
          ...rest,
          from: source,
          video: rest.video === 'none' ? undefined : video,
          audio: rest.audio === 'none' ? undefined : audio,
        }
        const arrivals = [...stream(seconds, recipe)]
        for (let i = 0; i < arrivals.length; i++) {
          if (random() >= damage) continue
          const kind = Math.floor(random() * 4)
          const one = arrivals[i]!
          if (kind === 0) arrivals.splice(i, 1)
          else if (kind === 1) arrivals.splice(i, 0, one)
          else if (kind === 2) arrivals.splice(Math.floor(random() * arrivals.length), 0, ...arrivals.splice(i, 1))
          else {
            const by = Math.round((random() - 0.5) * 10 ** (random() * 12))
            arrivals[i] = {
              at: one.at,
              packet: { ...one.packet, dts: one.packet.dts + by, pts: one.packet.pts + Math.round(by * random()) },
            }
          }
        }
        for (const { packet, at } of arrivals) judge.push(packet, [video, audio], Math.max(judge.wall, wall + at))
        wall += seconds
        source += seconds
        if (cut) judge.timeline.cut()
      }
      judge.timeline.cut()
    }),
    { numRuns: runs, seed },
  )
  t.pass('not once')
  t.end()
})
