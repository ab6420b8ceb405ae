import t from 'tap'
import type { MediaTrack, Packet } from '../../lib/formats/packet.js'
import { Health } from '../../lib/media/health.js'
import type { HealthMeasures } from '../../lib/media/health-measures.js'
import { Viewing } from '../../lib/media/viewing.js'
import { AAC, type Arrival, H264, noise, type Recipe, stream } from '../helpers/media.js'
import { NOON } from '../helpers/studio.js'

const AV = { video: H264, audio: AAC } as const

/** Sends packets to one who measures them, each at its time, after which so many seconds have passed. */
function send(health: Health, arrivals: Iterable<Arrival>, from = 0): number {
  let last = from
  for (const { packet, at } of arrivals) {
    last = from + at
    health.take([packet], NOON + last * 1000)
  }
  return last
}

/** What is measured of a stream of so many seconds, whose arrivals may be moved. */
function measure(seconds: number, recipe: Recipe = {}, move: (arrival: Arrival) => Arrival | undefined = (one) => one): HealthMeasures {
  const health = new Health()
  health.start()
  const arrivals = [...stream(seconds, { ...AV, ...recipe })].flatMap((one) => move(one) ?? []).toSorted((a, b) => a.at - b.at)
  return health.measures(NOON + send(health, arrivals) * 1000)
}

const near = (value: number | null | undefined, expected: number, room: number): boolean => Math.abs((value ?? NaN) - expected) <= room

t.test('a clean stream is measured as it was made', (t) => {
  const measures = measure(200, { size: 12_500 })
  const [video, audio] = measures.tracks
  t.strictSame(measures.keyFrames?.last, 2)
  t.strictSame(measures.keyFrames?.median, 2)
  t.strictSame(measures.keyFrames?.longest, 2)
  t.ok(near(video?.rate.minute, 2_500_000, 50_000), `${video?.rate.minute} bits a second`)
  t.ok(near(video?.rate.now, 2_500_000, 50_000))
  t.ok(near(audio?.rate.minute, (44_100 / 1024) * 160, 200), `${audio?.rate.minute} bits a second`)
  t.ok(near(measures.rate.minute, video!.rate.minute! + audio!.rate.minute!, 2))
  t.ok(near(measures.rate.peak, measures.rate.minute!, 100_000))
  t.ok(near(video?.frameRate?.seen, 25, 0.2), `${video?.frameRate?.seen} pictures a second`)
  t.ok(near(measures.skew, 0, 0.05), `skew ${measures.skew}`)
  t.ok(near(measures.arrival.gap, 0.04, 0.01), `gap ${measures.arrival.gap}`)
  t.ok(near(measures.arrival.gust, 0.04, 0.05), `gust ${measures.arrival.gust}`)
  t.ok(near(measures.arrival.speed, 1, 0.001), `speed ${measures.arrival.speed}`)
  t.ok(near(measures.drift?.ppm, 0, 1), `drift ${measures.drift?.ppm}`)
  t.strictSame(measures.reorder, { frames: false, delay: 0 })
  t.equal(measures.jumps.count, 0)
  t.equal(audio?.missing, 0)
  t.equal(audio?.silent, 0)
  t.end()
})

t.test('nothing is said before it is known', (t) => {
  const health = new Health()
  const { seconds, rate, tracks, keyFrames, skew, arrival, drift } = health.measures(NOON)
  t.strictSame(
    { seconds, rate, tracks, keyFrames, skew, arrival, drift },
    {
      seconds: 0,
      rate: { now: null, minute: null, peak: null },
      tracks: [],
      keyFrames: null,
      skew: null,
      arrival: { gap: null, gust: null, speed: null },
      drift: null,
    },
  )
  const young = measure(2)
  t.equal(young.rate.minute, null)
  t.equal(young.arrival.gap, null)
  t.end()
})

t.test('key frames that are far apart, uneven or missing are seen', (t) => {
  t.equal(measure(60, { gop: 250 }).keyFrames?.median, 10)
  const uneven = measure(60, { gop: [50, 50, 50, 200] }).keyFrames
  t.equal(uneven?.median, 2)
  t.equal(uneven?.longest, 8)
  t.ok(near(measure(60, { gop: 1e9 }).keyFrames?.open, 59.96, 0.05))
  t.equal(measure(10, { video: undefined }).keyFrames, null, 'sound has none')
  t.end()
})

t.test('B-frames are told from pictures in order, and forgotten when they end', (t) => {
  const { reorder } = measure(20, { delay: 2 })
  t.equal(reorder?.frames, true)
  t.ok(near(reorder?.delay, 0.16, 0.001), `${reorder?.delay} s`)
  const health = new Health()
  send(health, stream(20, { ...AV, delay: 2 }))
  const end = send(health, stream(90, { ...AV, from: 20 }), 20)
  t.strictSame(health.measures(NOON + end * 1000).reorder, { frames: false, delay: 0 })
  t.end()
})

t.test('sound that is sent too early or too late is a skew of that size', (t) => {
  t.ok(near(measure(60, { ahead: 1 }).skew, 1, 0.06), 'early')
  t.ok(near(measure(60, { ahead: -1.5 }).skew, -1.5, 0.06), 'late')
  t.end()
})

t.test('gusts and gaps are as long as they are', (t) => {
  const gusty = measure(120, {}, ({ packet, at }) => ({ packet, at: Math.ceil(at / 2) * 2 }))
  t.ok(near(gusty.arrival.gust, 2, 0.1), `gust ${gusty.arrival.gust}`)
  t.ok(near(gusty.arrival.gap, 2, 0.1), `gap ${gusty.arrival.gap}`)
  t.ok(near(gusty.arrival.speed, 1, 0.01), `speed ${gusty.arrival.speed}`)
  const random = noise(7)
  const jittery = measure(120, {}, ({ packet, at }) => ({ packet, at: at + random() * 0.1 }))
  t.ok(jittery.arrival.gap! < 0.2, `gap ${jittery.arrival.gap}`)
  const health = new Health()
  const end = send(health, stream(30, AV))
  t.ok(near(health.measures(NOON + end * 1000 + 8000).arrival.gap, 8, 0.1), 'a wait that goes on counts')
  t.end()
})

t.test('the drift of a clock is found under jitter, and told with its error', (t) => {
  for (const ppm of [-500, -150, 0, 150, 2000]) {
    const random = noise(ppm + 1000)
    const { drift } = measure(600, { size: 10 }, ({ packet, at }) => ({ packet, at: at / (1 + ppm / 1e6) + random() * 0.05 }))
    t.ok(near(drift?.ppm, ppm, 40), `${ppm} ppm is measured as ${drift?.ppm} ± ${drift?.error}`)
    t.ok((drift?.error ?? 99) < 30)
  }
  t.end()
})

t.test('a source that is slower or faster than the wall is measured as such', (t) => {
  for (const speed of [0.9, 1.1]) {
    const { arrival } = measure(150, {}, ({ packet, at }) => ({ packet, at: at / speed }))
    t.ok(near(arrival.speed, speed, 0.015), `${speed} is measured as ${arrival.speed}`)
  }
  t.end()
})

t.test('what an encoder has kept before it connects is no gust', (t) => {
  const { arrival } = measure(120, {}, ({ packet, at }) => ({ packet, at: Math.max(0, at - 10) }))
  t.ok(arrival.gust! < 0.1, `gust ${arrival.gust}`)
  t.ok(near(arrival.speed, 1, 0.001), `speed ${arrival.speed}`)
  t.end()
})

t.test('leaps of the clock are counted with their size, pauses are not', (t) => {
  const health = new Health()
  let end = send(health, stream(30, AV))
  end = send(health, stream(30, { ...AV, from: 500 }), end)
  end = send(health, stream(30, { ...AV, from: 100 }), end)
  const { jumps, keyFrames } = health.measures(NOON + end * 1000)
  t.equal(jumps.count, 2)
  t.ok(near(jumps.last, -430, 0.1), `${jumps.last} s`)
  t.equal(keyFrames?.longest, 2, 'distances do not reach over a leap')
  t.equal(health.measures(NOON + end * 1000 + 700_000).jumps.count, 0, 'and forgotten after ten minutes')
  const paused = new Health()
  end = send(paused, stream(30, AV))
  end = send(paused, stream(30, { ...AV, from: 40 }), end + 10)
  t.equal(paused.measures(NOON + end * 1000).jumps.count, 0)
  t.end()
})

t.test('missing sound and silent tracks are seen', (t) => {
  let count = 0
  const measures = measure(50, {}, (one) => (one.packet.track === AAC && count++ % 100 < 2 ? undefined : one))
  // Two of a hundred frames, of the 47 s that are looked at.
  t.ok(near(measures.tracks.find(({ kind }) => kind === 'audio')?.missing, 0.94, 0.1), `${measures.tracks[1]?.missing} s`)
  const silent = measure(50, {}, (one) => (one.packet.track === AAC && one.at > 30 ? undefined : one))
  t.ok(near(silent.tracks.find(({ kind }) => kind === 'audio')?.silent, 20, 0.1))
  t.end()
})

t.test('a constant bit rate of MP3 is told from a variable one', (t) => {
  const MP3: MediaTrack = { ...AAC, codecId: 'mp3', codec: 'MP3', codecs: 'mp4a.40.34', timescale: 44_100 }
  const variable = (size: (i: number) => number): boolean => {
    const health = new Health()
    for (let i = 0; i < 1000; i++) {
      const packet: Packet = { track: MP3, dts: i * 1152, pts: i * 1152, duration: 1152, key: true, data: Buffer.alloc(size(i)) }
      health.take([packet], NOON + i * 26)
    }
    return health.measures(NOON + 26_000).tracks[0]!.variable
  }
  t.notOk(variable((i) => 417 + (i % 2)))
  t.ok(variable((i) => 200 + ((i * 37) % 300)))
  t.end()
})

t.test('damage counts from when the stream is known, and is forgotten after a minute', (t) => {
  const health = new Health()
  health.lost(1000, NOON)
  health.lost(1000, NOON + 1000)
  health.lost(1500, NOON + 2000)
  t.strictSame(health.measures(NOON + 3000).damage, { minute: 500, total: 500 })
  t.strictSame(health.measures(NOON + 70_000).damage, { minute: 0, total: 500 })
  t.end()
})

t.test('another source begins anew, and how often is remembered for an hour', (t) => {
  const health = new Health()
  let end = 0
  for (let i = 0; i < 4; i++) {
    health.start()
    end = send(health, stream(10, { ...AV, gop: 25 * (i + 1) }), end)
  }
  health.period()
  health.period()
  const { keyFrames, restarts, jumps, discontinuities } = health.measures(NOON + end * 1000)
  t.strictSame(
    { longest: keyFrames?.longest, restarts, jumps: jumps.count, discontinuities },
    { longest: 4, restarts: 3, jumps: 0, discontinuities: 1 },
  )
  t.equal(health.measures(NOON + 3_700_000).restarts, 0)
  t.end()
})

t.test('what is remembered of a source has an end, whatever it sends', (t) => {
  const health = new Health()
  const random = noise(3)
  for (let i = 0; i < 50_000; i++) {
    const id = 1 + Math.floor(random() * 100)
    const track = { ...H264, id }
    const dts = Math.floor(random() * 1e9)
    health.take([{ track, dts, pts: dts + 7, duration: 0, key: random() < 0.5, data: Buffer.alloc(1) }], NOON + Math.floor(random() * 1e6))
    health.period()
    health.lost(i, NOON + i)
    health.viewing.take(new URLSearchParams(`stalls=${i}&stalled=9e9&delay=${i}`), NOON + i * 1000)
  }
  const { tracks, jumps, discontinuities } = health.measures(NOON + 1e6)
  t.equal(tracks.length, 32)
  t.ok(jumps.count <= 64 && discontinuities <= 64)
  t.end()
})

t.test('reports of players add up for five minutes, and what makes no sense counts for nothing', (t) => {
  const viewing = new Viewing()
  const tell = (report: string, at: number): void => viewing.take(new URLSearchParams(report), NOON + at)
  tell('protocol=hls', 0)
  tell('stalls=-3&stalled=NaN&delay=Infinity', 0)
  tell('stalls=0&stalled=0&delay=400', 0)
  tell('stalls=2&stalled=1500&delay=600', 20_000)
  tell('delay=5000', 40_000)
  t.strictSame(viewing.measures(NOON + 60_000), { reports: 3, stalling: 1, stalls: 2, stalled: 1.5, delay: 0.6 })
  t.strictSame(viewing.measures(NOON + 400_000), { reports: 0, stalling: 0, stalls: 0, stalled: 0, delay: null })
  tell('stalls=999999&stalled=99999999', 500_000)
  t.strictSame(viewing.measures(NOON + 500_000), { reports: 1, stalling: 1, stalls: 100, stalled: 60, delay: null })
  t.end()
})
