import t from 'tap'
import { formatMpd } from '../../lib/dash/mpd.js'
import { manifestOf } from '../../lib/dash/views.js'
import type { MediaTrack, Packet } from '../../lib/formats/packet.js'
import { formatMultivariantPlaylist } from '../../lib/hls/playlist.js'
import { multivariantPlaylist } from '../../lib/hls/views.js'
import { Feed } from '../../lib/media/feed.js'
import { formatName, parseName } from '../../lib/media/names.js'
import type { Period } from '../../lib/media/period.js'
import { Presentation } from '../../lib/media/presentation.js'
import { FakeClock } from '../helpers/clock.js'
import { AAC, H264, noise, stream } from '../helpers/media.js'
import { soak } from '../helpers/soak.js'
import { NOON, Reader, Studio } from '../helpers/studio.js'

const settings = { segmentDuration: 2, partDuration: 0.5, segmentCount: 5, maxSize: 67_108_864 }
const period: Period = { number: 1, tracks: [H264, AAC], primary: H264, partial: false, start: 10, delay: 0, date: NOON }

/** A presentation without a timeline: times are what the test says. */
function bare(options: Partial<typeof settings> = {}): {
  clock: FakeClock
  presentation: Presentation
  play: (from: number, to: number) => void
} {
  const clock = new FakeClock(NOON)
  const presentation = new Presentation({}, { ...settings, ...options }, NOON - 10_000, clock)
  const play = (from: number, to: number): void => {
    for (const { packet } of stream(to - from, { video: H264, from, timed: true })) presentation.write(packet)
  }
  return { clock, presentation, play }
}

t.test('a playlist is sound and changes soundly while encoders come, go, jump and lose', (t) => {
  for (const parts of [true, false]) {
    const studio = new Studio({ hls: { lowLatency: parts, segmentCount: 5 } })
    const reader = new Reader('main')
    const audio = new Reader('audio')
    studio.watch = () => {
      reader.look(studio.presentation)
      audio.look(studio.presentation)
    }
    studio.play(30, { from: 1000 })
    // The clock jumps back by a day; it wraps; key frames stay away.
    studio.play(20, { from: 90_000 })
    studio.play(20, { from: 90_000 - 86_400 })
    studio.play(20, { from: 2 ** 33 / 90_000 - 10 })
    const wrapped = reader.last!.discontinuitySequence + reader.last!.segments.filter(({ isDiscontinuous }) => isDiscontinuous).length
    studio.play(20, { from: 2 ** 33 / 90_000 + 10 })
    studio.play(300, { from: 2 ** 33 / 90_000 + 30, gop: 10_000, frame: 9000 })
    check(studio.warnings.length === 1, `one warning, not ${studio.warnings.join(' ')}`)
    check(/do not come/.test(studio.warnings[0]!), studio.warnings[0]!)
    // The encoder is killed and comes back, with the same and with another configuration.
    const before = reader.last!
    studio.end()
    check(reader.last!.control.get('CAN-BLOCK-RELOAD') === undefined && reader.last!.hints.length === 0, 'nothing can be awaited')
    check(before.segments.length - reader.last!.segments.length <= 1, 'the window stays')
    studio.clock.pass(7_000)
    studio.play(20)
    studio.end()
    studio.clock.pass(100)
    studio.play(20, { frame: 3003, gop: 60, delay: 2 })
    const random = noise(3)
    studio.send(
      [...stream(60, { video: H264, audio: AAC, from: 20 })].flatMap((one) =>
        random() < 0.03 ? [] : random() < 0.03 ? [one, one] : [one],
      ),
      60,
    )
    studio.end()
    check(reader.changes > (parts ? 900 : 200), `${reader.changes} changes`)
    const numbers = reader.last!.discontinuitySequence
    check(wrapped <= numbers, 'discontinuities are counted')
  }
  t.pass('for the whole life of a mount')
  t.end()
})

t.test('one jump is one discontinuity, a wrap of 33 bits is none', (t) => {
  const studio = new Studio()
  const periods = (): number => new Set(studio.presentation.segments.map(({ writers }) => writers.period.number)).size
  studio.play(10, { from: 2 ** 33 / 90_000 - 5 })
  t.equal(periods(), 1)
  studio.play(10, { from: 5000 })
  t.equal(periods(), 2)
  t.end()
})

t.test('numbers grow over restarts of the server', (t) => {
  const clock = new FakeClock(NOON)
  const first = new Studio({}, clock)
  first.play(60, { gop: 25 })
  const [sequence, number] = [first.presentation.nextSequence, first.presentation.period!.number]
  clock.pass(1000)
  const second = new Studio({}, clock)
  second.play(5)
  t.ok(second.presentation.segments[0]!.sequence >= sequence)
  t.ok(second.presentation.period!.number >= number)
  t.not(first.presentation.run, second.presentation.run)
  // A machine whose clock has not been set.
  const old = new Studio({}, new FakeClock(5))
  old.play(5)
  t.ok(old.presentation.segments.length > 2)
  t.end()
})

t.test('the window has the newest segments, and what has left it can be fetched for three target durations', (t) => {
  const studio = new Studio({ hls: { segmentCount: 4 } })
  const left = new Map<number, number>()
  let listed: number[] = []
  let most = 0
  studio.watch = () => {
    const { presentation, clock } = studio
    const now = presentation.window.flatMap(({ parts }) => parts.map(({ number }) => number))
    for (const number of listed) if (!now.includes(number)) left.set(number, clock.now())
    listed = now
    most = Math.max(most, presentation.window.length)
    for (const [number, time] of left)
      if (presentation.findPart(number) === undefined) {
        check(clock.now() - time >= 6_000, `part ${number} is gone after ${clock.now() - time} ms`)
        left.delete(number)
      }
    check(presentation.segments.length <= 10, 'and no longer than needed')
  }
  studio.play(60)
  t.equal(most, 5)
  const { presentation } = studio
  const [one] = presentation.segments
  t.equal(presentation.segment(one!.sequence), one)
  t.equal(presentation.segment(one!.sequence - 1), undefined)
  t.equal(presentation.segmentAt(Math.round(one!.start * 90_000)), one)
  t.equal(presentation.findPart(0), undefined)
  t.equal(presentation.findPart(presentation.nextPart), undefined)
  t.end()
})

t.test('memory is bounded by maxSize, whatever forms are asked for', (t) => {
  const studio = new Studio({ hls: { maxSize: 4_194_304, segmentCount: 10 } })
  let most = 0
  studio.watch = () => {
    const { segments } = studio.presentation
    // Someone has every rendition of everything.
    for (const id of ['main', 'video', 'audio'] as const) segments.at(-1)?.bytes(id)
    most = Math.max(
      most,
      segments.reduce((sum, { memory }) => sum + memory, 0),
    )
  }
  // 8 Mbit/s
  studio.play(30, { size: 40_000 })
  t.ok(most > 3_000_000 && most < 5_500_000, `${most} bytes`)
  const { segments } = studio.presentation
  const counted = segments.reduce(
    (sum, segment) =>
      sum + [segment.bytes('main'), segment.bytes('video'), segment.bytes('audio')].flat().reduce((n, b) => n + b.length, 0),
    0,
  )
  const told = segments.reduce((sum, { memory }) => sum + memory, 0)
  t.ok(Math.abs(told / counted - 1) < 0.05, 'what is counted is what is there')
  t.end()
})

t.test('all who wait for the same thing are answered by one change, and nobody waits for ever', (t) => {
  const { clock, presentation, play } = bare()
  presentation.begin(period)
  play(10, 11)
  let asked = 0
  const answers: boolean[] = []
  const wanted = presentation.nextPart
  const wait = (): (() => void) =>
    presentation.wait(
      'part',
      () => {
        asked++
        return presentation.nextPart > wanted
      },
      (ready) => answers.push(ready),
    )
  const cancels = Array.from({ length: 2_000 }, wait)
  for (const cancel of cancels.slice(0, 500)) cancel()
  t.equal(clock.pending, 1)
  play(11, 12)
  t.strictSame([answers.length, answers.every(Boolean)], [1_500, true])
  t.ok(asked <= 3, 'once for all of them')
  t.equal(clock.pending, 0)
  for (const cancel of cancels) cancel()
  // What never comes.
  wait()
  const late: boolean[] = []
  presentation.wait(
    'never',
    () => false,
    (ready) => late.push(ready),
  )
  clock.pass(5_999)
  t.equal(late.length, 0)
  clock.pass(1)
  t.strictSame(late, [false])
  // The source goes; one who is told waits again, and is not forgotten.
  const after: string[] = []
  presentation.wait(
    'a',
    () => false,
    (ready) => {
      after.push(`a ${ready}`)
      presentation.wait(
        'a',
        () => false,
        (again) => after.push(`again ${again}`),
      )
    },
  )
  presentation.end()
  t.strictSame(after, ['a false'])
  clock.pass(6_000)
  t.strictSame(after, ['a false', 'again false'])
  // A flood of keys.
  let told = 0
  for (let i = 0; i < 2_000; i++)
    presentation.wait(
      `key ${i}`,
      () => false,
      () => told++,
    )
  clock.pass(6_000)
  t.equal(told, 2_000)
  t.equal(clock.pending, 0)
  t.end()
})

t.test('titles stand in playlists, parts and manifests, and are bounded', (t) => {
  const studio = new Studio({ hls: { segmentCount: 3 } })
  // Before there is anything, and without end.
  for (let i = 0; i < 5_000; i++) studio.broadcast.tell(`early ${i}`)
  t.ok(studio.presentation.titles.length <= 50)
  studio.play(10)
  const first = studio.presentation.segments[0]!.bytes('main')[0]!
  t.ok(first.length < 10_000, 'the first part does not tell all of them')
  studio.broadcast.tell('Nightswimming')
  studio.broadcast.tell('Nightswimming')
  studio.play(2, { from: 10 })
  const tagged = studio.presentation.segments.flatMap((segment) => segment.bytes('main')).filter((bytes) => bytes.includes('Nightswimming'))
  t.equal(tagged.length, 1, 'one part tells it')
  t.ok(tagged[0]!.includes('https://aomedia.org/emsg/ID3'))
  studio.broadcast.tell('')
  studio.play(60, { from: 12 })
  t.strictSame(
    studio.presentation.titles.map(({ text }) => text),
    [''],
    'what has been played is forgotten with its segments',
  )
  t.end()
})

t.test('a feed gives whoever comes what came since the last key frame, and no more than its bounds', (t) => {
  const got: Packet[] = []
  const sink = { begin: () => void (got.length = 0), write: (packet: Packet) => void got.push(packet) }
  const studio = new Studio()
  studio.play(10.5, { gop: 50 })
  const stream1 = studio.broadcast.stream('mp4')!
  t.ok(stream1.queue.end > 0, 'there is something at once')
  // A feed by itself, of sound with two rates.
  const clock = new FakeClock(NOON)
  const feed = new Feed(clock.now())
  feed.attach(sink)
  feed.start('raw')
  feed.push([], clock.now())
  feed.end(clock.now())
  t.equal(got.length, 0)
  t.end()
})

t.test('hours of media leave memory as it was', { timeout: 60_000 }, (t) => {
  for (const [fixture, format] of [
    ['h264-aac.mpegts', 'mpeg-ts'],
    ['mp3-stereo.mp3', 'mp3'],
  ] as const) {
    // The full length is in test/bench/soak.ts.
    const samples = [...soak(fixture, format, 0.5, 0.1)]
    const [, first, ...rest] = samples
    const last = rest.at(-1)!
    t.ok(last.heap < first!.heap + 3_000_000, `${fixture}: ${first!.heap} bytes of heap, then ${last.heap}`)
    t.ok(samples.every(({ periods, drift }) => periods === 1 && Math.abs(drift) < 1))
  }
  t.end()
})

t.test('a name says the same as it was made of, and nothing else is a name', (t) => {
  for (const rendition of ['main', 'video', 'audio', 'audio-2', 'audio-17'] as const)
    for (const kind of ['init', 'segment', 'time', 'part'] as const)
      for (const within of [undefined, 1, 400_000]) {
        const name = { run: 'abcXYZ012xx_', rendition, kind, number: 1_234_567, ...(within !== undefined && { period: within }) }
        check(JSON.stringify(parseName(formatName(name, 'mp4'))) === JSON.stringify(name), formatName(name, 'mp4'))
      }
  for (const name of [
    '',
    'main.m3u8',
    'a-main-p1',
    'a-main-q1.m4s',
    'a-other-p1.m4s',
    'a-main-p-1.m4s',
    'a-main-p1.m4s/x',
    '../a-main-p1.m4s',
    'a-main-p1e3.m4s',
  ])
    check(parseName(name) === undefined, name)
  t.pass('for all kinds')
  t.end()
})

t.test('a manifest and a multivariant playlist tell of what is there', (t) => {
  const studio = new Studio()
  const { clock, presentation } = studio
  t.equal(manifestOf(presentation, 'tv.media/', clock.now()), undefined)
  studio.play(20)
  const read = (): string => formatMpd(manifestOf(presentation, 'tv.media/', clock.now())!)
  const regular = read()
  t.match(regular, /startNumber="\d+"/, 'regular key frames: numbers')
  t.match(regular, /availabilityTimeComplete="false"/)
  // The last segment of the manifest is the one that numbers lead to.
  const manifest = manifestOf(presentation, 'tv.media/', clock.now())!
  const { segments, presentationTimeOffset, timescale } = manifest.periods[0]!.sets[0]!.representations[0]!
  if (segments.kind !== 'numbered') throw new Error('not numbered')
  const age = (clock.now() - presentation.origin) / 1000 - manifest.periods[0]!.start
  const newest = segments.startNumber + Math.floor(age / (segments.duration / timescale))
  t.ok(Math.abs(newest - presentation.nextSequence) <= 1)
  t.equal(presentationTimeOffset, Math.round(manifest.periods[0]!.start * timescale))
  const variants = (): string => formatMultivariantPlaylist(multivariantPlaylist([{ presentation, folder: 'tv.media/' }]))
  t.match(variants(), /EXT-X-INDEPENDENT-SEGMENTS[^]*CODECS="avc1.64000a,mp4a.40.2",RESOLUTION=/)
  // Irregular ones: times, in a period of their own.
  studio.end()
  studio.play(30, { gop: [50, 33, 70, 12] })
  const mixed = manifestOf(presentation, 'tv.media/', clock.now())!
  t.ok(mixed.periods.length >= 1)
  const last = mixed.periods.at(-1)!
  const listed = last.sets[0]!.representations[0]!.segments
  if (listed.kind !== 'listed') throw new Error('not listed')
  for (const { time } of listed.segments) check(presentation.segmentAt(time) !== undefined, `${time} can be fetched`)
  for (const [i, { time, duration }] of listed.segments.entries())
    check(listed.segments[i + 1] === undefined || listed.segments[i + 1]!.time === time + duration, 'segments follow')
  for (const [i, { start, duration }] of mixed.periods.entries())
    check(i === 0 || start >= mixed.periods[i - 1]!.start + (mixed.periods[i - 1]!.duration ?? 0) - 1e-6, `periods follow ${duration}`)
  studio.play(20, { from: 30, gop: 10_000 })
  t.notMatch(variants(), /EXT-X-INDEPENDENT-SEGMENTS/)
  t.end()
})

t.test('further sound has a rendition of its own, and is missing there where it is', (t) => {
  const second: MediaTrack = { ...AAC, id: 3, language: 'nob' }
  const { presentation } = bare()
  presentation.begin({ ...period, tracks: [H264, AAC, second] })
  for (const { packet } of stream(10, { video: H264, audio: AAC, from: 10, timed: true })) {
    presentation.write(packet)
    // It pauses for longer than a segment.
    if (packet.track === AAC && (packet.dts < 12 * 44_100 || packet.dts > 17 * 44_100)) presentation.write({ ...packet, track: second })
  }
  const { variants, audio } = multivariantPlaylist([{ presentation, folder: 'a/' }])
  t.equal(variants[0]?.audio, 'audio-1')
  t.strictSame(
    audio.map(({ uri, name }) => [uri, name]),
    [
      [undefined, 'Audio 1'],
      ['a/audio-2.m3u8', 'nob'],
    ],
  )
  const reader = new Reader('audio-2')
  reader.look(presentation)
  t.ok(reader.last!.segments.some(({ gap }) => gap))
  t.ok(presentation.segments.every((segment) => segment.bytes('audio-2').length === segment.parts.length))
  // Sound alone in a part, and not even that of the main rendition.
  presentation.write({ ...stream(1, { audio: AAC, from: 21 }).next().value!.packet, track: second })
  presentation.end()
  t.equal(presentation.live, false)
  t.end()
})

function check(fact: boolean, message: string): void {
  if (!fact) throw new Error(message)
}
