import fc from 'fast-check'
import t from 'tap'
import type { MediaTrack, Packet } from '../../lib/formats/packet.js'
import type { Period } from '../../lib/media/period.js'
import type { Part, Segment } from '../../lib/media/segment.js'
import { type Lengths, Segmenter } from '../../lib/media/segmenter.js'
import { Timeline } from '../../lib/media/timeline.js'
import { AAC, type Arrival, H264, noise, type Recipe, stream } from '../helpers/media.js'

const START = Date.UTC(2026, 5, 1)
const AV: Recipe = { video: H264, audio: AAC }
const LENGTHS: Lengths = { segment: 2, part: 0.5, size: 16_777_216 }

/** A timeline and a segmenter, and what must hold for whatever comes out. */
class Bench {
  readonly segments: Segment[] = []
  readonly keyless: number[] = []
  /** What the timeline gave. */
  readonly given: Packet[] = []
  /** Most seconds by which what has been cut was behind what had come. */
  late = 0
  readonly lengths: Lengths
  readonly #segmenter: Segmenter
  readonly #timeline: Timeline
  #parts = 0
  #first = 0

  constructor(lengths: Partial<Lengths> = {}) {
    this.lengths = { ...LENGTHS, ...lengths }
    this.#segmenter = new Segmenter(
      {
        open: (segment) => this.#open(segment),
        part: (part, segment) => this.#part(part, segment),
        complete: (segment) => this.#complete(segment),
        keyless: (seconds) => this.keyless.push(seconds),
      },
      this.lengths,
      { sequence: 100, part: 0 },
    )
    const begin = (period: Period): void => this.#segmenter.begin(period)
    this.#timeline = new Timeline(
      {
        begin,
        write: (packet) => {
          this.given.push(packet)
          this.#segmenter.write(packet)
        },
      },
      START,
    )
  }

  push({ packet, at }: Arrival, tracks: readonly MediaTrack[]): void {
    this.#timeline.push(packet, tracks, START + at * 1000)
    const last = this.segments.at(-1)
    if (last !== undefined && at > 12) this.late = Math.max(this.late, at + 10 - (last.start + last.duration))
  }

  play(arrivals: Iterable<Arrival>, tracks: readonly MediaTrack[]): this {
    for (const arrival of arrivals) this.push(arrival, tracks)
    return this
  }

  cut(): void {
    this.#timeline.cut()
  }

  /** Ends it, and looks at all that came of it. */
  end(): this {
    this.#timeline.cut()
    this.#segmenter.end()
    check(
      this.segments.every(({ complete }) => complete),
      'every segment ends',
    )
    const parts = this.segments.flatMap((segment) => segment.parts)
    // In each track what came is what is there, bit by bit.
    for (const id of new Set(this.given.map(({ track }) => track.id))) {
      const came = this.given.filter(({ track }) => track.id === id)
      const there = parts.flatMap(({ packets }) => packets).filter(({ track }) => track.id === id)
      check(came.length === there.length, `${there.length} of ${came.length} packets of track ${id}`)
      for (const [i, packet] of came.entries()) {
        const { dts, pts, key, data, track } = there[i]!
        check(dts === packet.dts && pts === packet.pts && key === packet.key && track === packet.track, `packet ${i} is in its place`)
        check(data.equals(packet.data), `packet ${i} has its bytes`)
      }
    }
    return this
  }

  #open(segment: Segment): void {
    const before = this.segments.at(-1)
    check(segment.sequence === 100 + this.segments.length, 'sequence numbers have no holes')
    check(before?.complete !== false && segment.parts.length === 0 && !segment.complete, 'one segment grows')
    if (before !== undefined) {
      const gap = segment.start - (before.start + before.duration)
      // A picture that is shown for longer than a segment leaves a hole.
      const isHole = gap > 0 && before.duration > this.lengths.segment + 0.49
      check(before.writers === segment.writers ? isHole || Math.abs(gap) < 1e-6 : gap > -1e-6, `segments follow each other: ${gap}`)
    }
    this.#first = this.#parts
    this.segments.push(segment)
  }

  #part(part: Part, segment: Segment): void {
    check(segment === this.segments.at(-1) && segment.parts.at(-1) === part, 'a part is of the newest segment')
    check(part.number === this.#parts++, 'part numbers have no holes')
    check(part.packets.length > 0 && part.duration > 0, `a part has something in it, ${part.duration} s`)
    check(part.first === (segment.parts.length === 1), 'the first is marked')
    const picture = part.packets.find(({ track }) => track === segment.writers.period.primary)
    check(part.independent === (picture?.key ?? false), 'what begins with a key frame is marked')
    if (part.first) check(segment.independent === part.independent, 'and so is its segment')
  }

  #complete(segment: Segment): void {
    const { parts, duration, start } = segment
    check(parts.length > 0 && parts.length === this.#parts - this.#first, 'no segment is empty')
    check(Math.round(duration) <= this.lengths.segment, `EXTINF ${duration} is within the target`)
    const sum = parts.reduce((total, part) => total + part.duration, 0)
    check(Math.abs(sum - duration) < 1e-6, `parts of ${sum} s make a segment of ${duration} s`)
    for (const [i, part] of parts.entries())
      check(
        Math.abs(part.start - (parts[i - 1] === undefined ? start : parts[i - 1]!.start + parts[i - 1]!.duration)) < 1e-6,
        'parts follow',
      )
  }

  /** Whether the parts are as long as RFC 8216bis wants them: for streams of which that can be had. */
  strict(shortest = 0.85): this {
    const { part: most = this.lengths.segment } = this.lengths
    for (const { parts } of this.segments)
      for (const [i, { duration }] of parts.entries()) {
        check(duration <= most + 1e-6, `a part of ${duration} s`)
        check(i === parts.length - 1 || duration >= most * shortest - 1e-6, `a part of ${duration} s, and not the last`)
      }
    return this
  }
}

function check(fact: boolean, message: string): void {
  if (!fact) throw new Error(message)
}

const durations = ({ segments }: Bench): number[] => segments.map(({ duration }) => Math.round(duration * 1000) / 1000)

t.test('segments begin with key frames wherever those come often enough', (t) => {
  for (const ahead of [-2, 0, 2])
    for (const delay of [0, 2])
      for (const [gop, frame, expected] of [
        [25, 3600, 2],
        [35, 3600, 1.4],
        [50, 3600, 2],
        [60, 3003, 2.002],
        [30, 3003, 2.002],
        [62, 3600, 2.48],
        [1, 3600, 1.52],
        [12, 3600, 1.92],
      ] as const) {
        const bench = new Bench()
          .play(stream(24, { ...AV, gop, frame, delay, ahead, timed: delay === 0 }), [H264, AAC])
          .end()
          .strict()
        const label = `key frames every ${gop} frames of ${frame} ticks, audio ${ahead} s ahead`
        check(bench.keyless.length === 0, `${label}: a warning`)
        check(
          bench.segments.every(({ independent }) => independent),
          `${label}: one begins without a key frame`,
        )
        const [, ...inner] = durations(bench).slice(0, -2)
        check(
          inner.every((duration) => duration === expected),
          `${label}: ${inner.join()} are not ${expected}`,
        )
      }
  // Without parts, too.
  const plain = new Bench({ part: undefined }).play(stream(24, { ...AV, gop: 60 }), [H264, AAC]).end()
  check(
    durations(plain)
      .slice(0, -1)
      .every((duration) => duration === 2.4) && plain.segments.every(({ parts, independent }) => independent && parts.length === 1),
    'plain',
  )
  t.pass('for every distance')
  t.end()
})

t.test('where key frames are rare, segments end in time, and it is said once a distance is known', (t) => {
  for (const [frames, seconds] of [
    [75, 3],
    [208, 8.32],
    [500, 20],
  ] as const) {
    const bench = new Bench()
      .play(stream(60, { ...AV, gop: frames }), [H264, AAC])
      .end()
      .strict()
    check(
      bench.keyless.length > 0 && bench.keyless.every((said) => Math.abs(said - seconds) < 0.01),
      `said ${bench.keyless.join()} of ${seconds}`,
    )
    const keys = bench.segments.filter(({ independent }) => independent).length
    check(keys === Math.ceil(60 / seconds), `${keys} segments begin with a key frame`)
    check(
      durations(bench).every((duration) => duration <= 2.5),
      'none is too long',
    )
  }
  const none = new Bench()
    .play(stream(60, { ...AV, gop: 100_000 }), [H264, AAC])
    .end()
    .strict()
  t.equal(none.keyless[0], Infinity)
  t.equal(none.segments.filter(({ independent }) => independent).length, 1)
  // Cuts of scenes between regular key frames.
  const scenes = new Bench()
    .play(stream(120, { ...AV, gop: [50, 7, 43, 50, 3, 20, 27, 49, 1] }), [H264, AAC])
    .end()
    .strict()
  t.ok(scenes.segments.filter(({ independent }) => independent).length / scenes.segments.length > 0.9)
  t.end()
})

t.test('sound alone, and sound while pictures pause, is cut as evenly as it can be', (t) => {
  const alone = new Bench()
    .play(stream(60, { audio: AAC }), [AAC])
    .end()
    .strict()
  t.ok(
    durations(alone)
      .slice(0, -1)
      .every((duration) => duration > 1.97 && duration <= 2),
  )
  t.ok(alone.segments.every(({ independent }) => independent))
  const rare = new Bench()
    .play(stream(60, { ...AV, frame: 450_000, gop: 1 }), [H264, AAC])
    .end()
    .strict(0)
  t.equal(rare.keyless.length, 0, 'rare pictures that are all key frames are no reason for a warning')
  t.ok(rare.late < 2.1, `sound does not wait for pictures (${rare.late} s)`)
  const slow = new Bench()
    .play(stream(60, { ...AV, frame: 90_000, gop: 2 }), [H264, AAC])
    .end()
    .strict(0)
  t.ok(slow.segments.every(({ independent }) => independent))
  // A camera that is switched off for a while.
  const off = new Bench()
    .play(
      [...stream(60, AV)].filter(({ packet, at }) => packet.track === AAC || at < 20.2 || at > 40.2),
      [H264, AAC],
    )
    .end()
    .strict(0)
  t.ok(off.late < 2.1, `sound goes on (${off.late} s)`)
  t.ok(off.segments.filter(({ independent }) => independent).length >= 18)
  // Without parts.
  const plain = new Bench({ part: undefined }).play(stream(60, { ...AV, frame: 450_000, gop: 1 }), [H264, AAC]).end()
  t.ok(plain.segments.every(({ parts }) => parts.length === 1))
  // Pictures alone, each shown for long.
  const slides = new Bench().play(stream(60, { video: H264, frame: 360_000, gop: 1, timed: true }), [H264]).segments
  t.ok(slides.every(({ duration }) => duration < 2.5))
  t.end()
})

t.test('durations add up: an hour of 29.97 pictures a second does not drift', (t) => {
  const bench = new Bench()
  for (const arrival of stream(3600, { video: H264, frame: 3003, gop: 60, size: 8 })) bench.push(arrival, [H264])
  bench.end()
  const { segments } = bench
  const last = segments.at(-1)!
  const said = segments.slice(0, -1).reduce((sum, { duration }) => sum + Number(duration.toFixed(6)), 0)
  t.ok(Math.abs(said - (last.start - segments[0]!.start)) < 0.001)
  t.ok(segments.slice(0, -1).every(({ duration }) => duration.toFixed(6) === '2.002000'))
  t.end()
})

t.test('a segment is never larger than it may be', (t) => {
  const bench = new Bench({ size: 400_000 })
  // 2 Mbit/s would be 500,000 bytes in two seconds.
  bench.play(stream(20, { ...AV, size: 10_000 }), [H264, AAC]).end()
  t.ok(bench.segments.every(({ size }) => size <= 400_000))
  t.equal(bench.keyless.length, 0, 'which is not the fault of the key frames')
  // Other tracks without end, while the first stands still, even of empty packets.
  const other: MediaTrack = { ...H264, id: 3 }
  const flood = new Bench({ size: 400_000 })
  flood.play(stream(1, AV), [H264, AAC, other])
  for (let i = 0; i < 20_000; i++)
    flood.push({ packet: { track: other, dts: 90_000, pts: 90_000, duration: 1, key: false, data: Buffer.alloc(i % 2) }, at: 1 }, [
      H264,
      AAC,
      other,
    ])
  flood.end()
  t.ok(flood.segments.every(({ size }) => size <= 401_000))
  t.end()
})

const runs = Number(process.env['FUZZ_RUNS'] ?? 100)
const seed = process.env['FUZZ_SEED'] === undefined ? 20_260_602 : Number(process.env['FUZZ_SEED'])

t.test('whatever comes, numbers have no holes, durations add up, and every packet is in one part', (t) => {
  const step = fc.record({
    seconds: fc.double({ min: 0.05, max: 8, noNaN: true }),
    jump: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.double({ min: -1e5, max: 1e5, noNaN: true }),
    ),
    ahead: fc.double({ min: -2, max: 2, noNaN: true }),
    frame: fc.constantFrom(1500, 3003, 3600, 45_000, 90_000, 360_000),
    gop: fc.constantFrom(1, 12, 50, 1000),
    delay: fc.constantFrom(0, 1, 2),
    timed: fc.boolean(),
    video: fc.constantFrom('same', 'same', 'other', 'none'),
    audio: fc.constantFrom('same', 'same', 'other', 'none'),
    loss: fc.constantFrom(0, 0, 0.1, 0.9),
    cut: fc.boolean(),
    seed: fc.nat(),
  })
  const lengths = fc.record({
    segment: fc.constantFrom(1, 2, 6),
    part: fc.constantFrom(undefined, 0.1, 0.5, 1, 2),
    size: fc.constantFrom(20_000, 16_777_216),
  })
  fc.assert(
    fc.property(lengths, fc.array(step, { minLength: 1, maxLength: 8 }), (how, steps) => {
      const bench = new Bench(how)
      let [video, audio] = [H264, AAC]
      let [wall, source] = [0, 0]
      for (const { seconds, jump, loss, cut, ...rest } of steps) {
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
        for (const { packet, at } of stream(seconds, recipe)) if (random() >= loss) bench.push({ packet, at: wall + at }, [video, audio])
        wall += seconds
        source += seconds
        if (cut) bench.cut()
      }
      bench.end()
    }),
    { numRuns: runs, seed },
  )
  t.pass('not once otherwise')
  t.end()
})
