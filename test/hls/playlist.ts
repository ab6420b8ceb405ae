import { createRequire } from 'node:module'
import fc from 'fast-check'
import * as HlsParser from 'hls-parser'
import t from 'tap'
import { hasReached, parseBlockingRequest } from '../../lib/hls/blocking.js'
import { formatMediaPlaylist, formatMultivariantPlaylist, skipBoundary } from '../../lib/hls/playlist.js'
import type { MediaPlaylist, PartEntry, PlaylistPeriod, SegmentEntry } from '../../lib/hls/entries.js'

HlsParser.setOptions({ strictMode: true, silent: true })

interface Parsed {
  readonly targetDuration: number
  readonly mediaSequence: number
  readonly discontinuitySequence: number
  readonly endList: boolean
  readonly partTargetDuration?: number
  readonly serverControl: Record<string, number | boolean>
  readonly renditionReports?: readonly { uri: string; lastMsn: number; lastPart: number }[]
  readonly preloadSegment?: { preloadHints?: readonly { uri: string; type: string }[] }
  readonly segments: readonly ParsedSegment[]
  readonly skip?: { skippedSegments: number; recentlyRemovedDateranges?: readonly string[] }
  readonly dateRanges: readonly Record<string, unknown>[]
}
interface ParsedSegment {
  readonly uri?: string
  readonly duration?: number
  readonly discontinuity?: boolean
  readonly timeline: number
  readonly map?: { uri: string }
  readonly programDateTime: number
  readonly parts?: readonly { uri: string; duration: number; independent?: boolean }[]
}

/** The packages that know nothing of us; m3u8-parser brings no types. */
const { Parser } = createRequire(import.meta.url)('m3u8-parser') as {
  Parser: new () => { push(text: string): void; end(): void; manifest: Parsed }
}
function m3u8(text: string): Parsed {
  const parser = new Parser()
  parser.push(text)
  parser.end()
  return parser.manifest
}
const hls = (text: string): HlsParser.types.MediaPlaylist => {
  const parsed = HlsParser.parse(text)
  if (parsed.isMasterPlaylist) throw new Error('it is a multivariant playlist')
  return parsed
}

const period = (number: number, start = 0, date = Date.UTC(2026, 0, 1)): PlaylistPeriod => ({ number, tracks: [], start, date })

/** A playlist of segments of some durations, the periods of which change where `breaks` says; the last grows by parts when `growing`. */
function make(
  durations: readonly number[],
  options: {
    breaks?: readonly number[]
    gaps?: readonly number[]
    growing?: number
    first?: number
    partTarget?: number | undefined
  } & Partial<Omit<MediaPlaylist, 'segments'>> = {},
): MediaPlaylist {
  const { breaks = [], gaps = [], growing = 0, first = 7, ...rest } = options
  const partTarget = 'partTarget' in options ? options.partTarget : 0.5
  let at = 0
  let now = period(0)
  const segments: SegmentEntry[] = []
  const add = (duration: number, complete: boolean): void => {
    const i = segments.length
    if (breaks.includes(i)) now = period(now.number + 1, at, now.date + at * 1000 + 12_345)
    const parts: PartEntry[] = []
    if (partTarget !== undefined && !gaps.includes(i))
      for (let from = 0; from < duration - 1e-9; from += partTarget)
        parts.push({
          uri: `p${i}-${parts.length}.m4s`,
          duration: Math.min(partTarget, duration - from),
          independent: from === 0,
        })
    segments.push({
      sequence: first + i,
      uri: `s${i}.m4s`,
      period: now,
      discontinuity: 3 + now.number,
      start: at,
      duration,
      complete,
      independent: true,
      gap: gaps.includes(i),
      init: `init${now.number}.mp4`,
      parts,
    })
    at += duration
  }
  for (const duration of durations) add(duration, true)
  if (growing > 0) add(growing, false)
  return {
    targetDuration: 2,
    partTarget,
    segments,
    next: { sequence: first + segments.length, discontinuity: 3 + now.number },
    hint: 'next.m4s',
    live: true,
    ended: false,
    reports: [],
    titles: [],
    ...rest,
  }
}

const has = (playlist: MediaPlaylist, ...what: readonly string[]): boolean[] => {
  const text = formatMediaPlaylist(playlist)
  return what.map((tag) => text.includes(tag))
}

const title = (id: string, at: number, duration?: number): MediaPlaylist['titles'][number] => ({
  id,
  date: Date.UTC(2026, 0, 1) + at * 1000,
  duration,
  title: id,
})

const at = (durations: readonly number[], growing = 0): MediaPlaylist => make(durations, { growing })

t.test('formatMediaPlaylist writes every tag that low latency wants, where it wants it', async (t) => {
  const text = formatMediaPlaylist(
    make([2, 2, 2, 1.3333334], {
      growing: 1,
      breaks: [3],
      reports: [{ uri: 'audio.m3u8', lastSequence: 10, lastPart: 3 }],
      titles: [{ id: 't1', date: Date.UTC(2026, 0, 1), duration: 3.5, title: 'He said "no"\r\nand\tleft\u0085' }],
    }),
  )
  t.equal(
    text,
    `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.5
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-DATERANGE:ID="t1",CLASS="com.floecast.title",START-DATE="2026-01-01T00:00:00.000Z",DURATION=3.5,X-TITLE="He said ”no” and left "
#EXT-X-MAP:URI="init0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:2,
s0.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.000Z
#EXTINF:2,
s1.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:04.000Z
#EXT-X-PART:DURATION=0.5,URI="p2-0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="p2-1.m4s"
#EXT-X-PART:DURATION=0.5,URI="p2-2.m4s"
#EXT-X-PART:DURATION=0.5,URI="p2-3.m4s"
#EXTINF:2,
s2.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:18.345Z
#EXT-X-PART:DURATION=0.5,URI="p3-0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="p3-1.m4s"
#EXT-X-PART:DURATION=0.333333,URI="p3-2.m4s"
#EXTINF:1.333333,
s3.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:19.678Z
#EXT-X-PART:DURATION=0.5,URI="p4-0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="p4-1.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="next.m4s"
#EXT-X-RENDITION-REPORT:URI="audio.m3u8",LAST-MSN=10,LAST-PART=3
`,
  )
})

t.test('formatMediaPlaylist: what is said changes with the state of the mount', async (t) => {
  const tags = ['CAN-BLOCK-RELOAD', 'PRELOAD-HINT', '#EXT-X-PART:', 'RENDITION-REPORT', 'ENDLIST', 'CAN-SKIP-UNTIL', 'PART-HOLD-BACK']
  const reports = [{ uri: 'a.m3u8', lastSequence: 1, lastPart: 0 }]
  t.strictSame(has(make([2, 2], { growing: 1, reports }), ...tags), [true, true, true, true, false, true, true], 'live')
  t.strictSame(has(make([2, 2], { growing: 1, reports, live: false }), ...tags), [false, false, true, true, false, true, true], 'gone')
  t.strictSame(has(make([2, 2], { reports, live: false, ended: true }), ...tags), [false, false, true, false, true, false, true], 'ended')
  t.strictSame(has(make([2, 2], { partTarget: undefined, growing: 1, reports }), ...tags), Array(7).fill(false).with(5, true), 'plain')
  const plain = formatMediaPlaylist(make([2, 2], { partTarget: undefined, growing: 1 }))
  t.match(plain, /VERSION:6\n/)
  t.notMatch(plain, /s2\.m4s/, 'a growing segment without parts does not show')
  t.match(formatMediaPlaylist(make([2, 2], { partTarget: undefined, gaps: [1] })), /VERSION:8\n[^]*#EXT-X-GAP\n#EXTINF:2,\ns1/)
  t.notMatch(formatMediaPlaylist(make([2, 2], { gaps: [1] })), /URI="p1/, 'a gap has no parts')
  t.match(
    formatMediaPlaylist(make([], { titles: [{ id: 'a', date: 0, title: 'x' }] })),
    /MEDIA-SEQUENCE:7\n#EXT-X-DISCONTINUITY-SEQUENCE:3\n#EXT-X-PRE/,
  )
  t.match(
    formatMediaPlaylist({ ...make([]), segments: [{ ...make([2]).segments[0]!, complete: false, parts: [] }] }),
    /SEQUENCE:7\n.*:3\n#EXT-X-PRE/,
  )
  const held = [0.1, 0.2, 1 / 3, 0.32, 1].map((partTarget) =>
    Number(/PART-HOLD-BACK=([\d.]+)/.exec(formatMediaPlaylist(make([], { partTarget })))![1]),
  )
  t.strictSame(held, [0.3, 0.6, 1, 0.96, 3])
  const ts = make([2, 2])
  t.notMatch(formatMediaPlaylist({ ...ts, segments: ts.segments.map((segment) => ({ ...segment, init: undefined })) }), /EXT-X-MAP/)
  t.match(formatMediaPlaylist(make([2], { reports: [{ uri: 'a', lastSequence: 4, lastPart: -1 }] })), /LAST-MSN=4\n/)
})

t.test('formatMediaPlaylist leaves out what is older than the skip boundary, and only where it may', async (t) => {
  const durations = Array<number>(12).fill(2)
  const playlist = make(durations, { growing: 1, titles: [title('old', 0, 5), title('ends', 5, 10), title('now', 15)] })
  const delta = formatMediaPlaylist(playlist, { skip: true })
  // The end is at 25 s: what ends before 13 s may go.
  t.match(
    delta,
    /VERSION:9\n[^]*ID="old"[^]*SKIPPED-SEGMENTS=6\n#EXT-X-MAP:URI="init0.mp4"\n#EXT-X-PROGRAM-DATE-TIME:.*\n#EXTINF:2,\ns6.m4s/,
  )
  t.equal(delta.slice(delta.indexOf('s6.m4s')), formatMediaPlaylist(playlist).slice(formatMediaPlaylist(playlist).indexOf('s6.m4s')))
  t.equal(formatMediaPlaylist(playlist, { skip: 'v2' }), delta, 'titles stay where nobody knows which have left')
  const v2 = formatMediaPlaylist(playlist, { skip: 'v2', removedTitles: ['x', 'y'] })
  t.match(v2, /VERSION:10\n[^]*CAN-SKIP-DATERANGES=YES[^]*SKIPPED-SEGMENTS=6,RECENTLY-REMOVED-DATERANGES="x\ty"\n/)
  t.strictSame(
    [...v2.matchAll(/ID="(\w+)"/g)].map(([, id]) => id),
    ['ends', 'now'],
  )
  t.match(formatMediaPlaylist(playlist, { skip: true, removedTitles: [] }), /CAN-SKIP-DATERANGES=YES[^]*SKIPPED-SEGMENTS=6\n/)
  for (const whole of [make([2, 2, 2]), make(durations, { ended: true }), make([])])
    t.equal(formatMediaPlaylist(whole, { skip: 'v2', removedTitles: [] }), formatMediaPlaylist(whole, { removedTitles: [] }))
  t.match(
    formatMediaPlaylist(make(durations, { breaks: [5] }), { skip: true }),
    /SKIPPED-SEGMENTS=5\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init1/,
  )
})

/** A random presentation: durations up to the target, gaps, breaks, a growing end. */
const presentation = fc
  .record({
    durations: fc.array(
      fc.integer({ min: 20, max: 240 }).map((n) => n / 100),
      { maxLength: 40 },
    ),
    breaks: fc.uniqueArray(fc.integer({ min: 1, max: 39 }), { maxLength: 4 }),
    gaps: fc.uniqueArray(fc.integer({ min: 0, max: 39 }), { maxLength: 3 }),
    growing: fc.integer({ min: 0, max: 4 }).map((n) => n * 0.5),
    first: fc.integer({ min: 0, max: 1e9 }),
    partTarget: fc.constantFrom(undefined, 0.5, 0.2, 1 / 3, 1),
    reports: fc.array(fc.record({ uri: fc.constant('b.m3u8'), lastSequence: fc.nat(), lastPart: fc.nat(5) }), { maxLength: 2 }),
    titles: fc.array(
      fc.record({
        id: fc.uuid(),
        date: fc.integer({ min: 1e12, max: 2e12 }),
        duration: fc.constantFrom(undefined, 2.5),
        title: fc.string({ unit: 'binary' }),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ durations, ...rest }) => make(durations, rest))

t.test('formatMediaPlaylist: two other parsers read what was written', async (t) => {
  fc.assert(
    fc.property(presentation, (playlist) => {
      const text = formatMediaPlaylist(playlist)
      const { segments, partTarget } = playlist
      const whole = segments.filter((segment) => segment.complete)
      const ours = whole.map((segment, i) => ({
        uri: segment.uri,
        duration: Number(segment.duration.toFixed(6)),
        map: segment.init,
        date: Math.round(segment.period.date + (segment.start - segment.period.start) * 1000),
        discontinuity: i > 0 && whole[i - 1]!.period !== segment.period,
      }))
      const one = m3u8(text)
      const theirs = one.segments.filter((segment) => segment.uri !== undefined)
      const read = theirs.map(({ uri, duration, map, programDateTime, discontinuity = false }) => ({
        uri,
        duration,
        map: map?.uri,
        date: programDateTime,
        discontinuity,
      }))
      if (JSON.stringify(read) !== JSON.stringify(ours)) throw new Error(`m3u8-parser: ${JSON.stringify(read)} for ${JSON.stringify(ours)}`)
      const head = segments[0]
      const values = [one.targetDuration, one.mediaSequence, one.discontinuitySequence, one.partTargetDuration, one.dateRanges.length]
      const first = partTarget === undefined && whole.length === 0 ? undefined : head
      const expected = [
        2,
        first?.sequence ?? head?.sequence ?? playlist.next.sequence,
        first?.discontinuity ?? head?.discontinuity ?? playlist.next.discontinuity,
        partTarget === undefined ? undefined : Number(partTarget.toFixed(6)),
        text.includes('#EXT-X-DATERANGE') ? playlist.titles.length : 0,
      ]
      if (JSON.stringify(values) !== JSON.stringify(expected)) throw new Error(`head: ${values.join()} for ${expected.join()}`)
      const hinted = one.preloadSegment?.preloadHints?.[0]?.uri
      if (hinted !== (partTarget === undefined ? undefined : 'next.m4s')) throw new Error(`hint: ${hinted}`)
      // hls-parser: it counts three segments from the end, not three target durations, and takes EXT-X-SERVER-CONTROL without blocking for an error.
      const growing = segments.filter((segment) => !segment.complete && segment.parts.length > 0)
      HlsParser.setOptions({ strictMode: false })
      const two = hls(text)
      const parts = two.segments.map((segment) => segment.parts.filter((part) => !part.hint))
      const listed = partTarget === undefined ? whole : [...whole, ...growing]
      let distance = 0
      for (let i = listed.length - 1; i >= 0; i--) {
        distance += listed[i]!.duration
        const near = partTarget !== undefined && distance <= 6 + 1e-9 && !listed[i]!.gap
        const want = near ? listed[i]!.parts.map((part) => [part.uri, Number(part.duration.toFixed(6)), part.independent]) : []
        const got = parts[i]!.map((part) => [part.uri, part.duration, part.independent ?? false])
        if (JSON.stringify(got) !== JSON.stringify(want))
          throw new Error(`parts of ${i}: ${JSON.stringify(got)} for ${JSON.stringify(want)}`)
        if ((two.segments[i]!.gap ?? false) !== listed[i]!.gap) throw new Error('gap')
        if (i < whole.length && two.segments[i]!.mediaSequenceNumber !== whole[i]!.sequence) throw new Error('sequence')
        if (i < whole.length && two.segments[i]!.discontinuitySequence !== whole[i]!.discontinuity) throw new Error('discontinuity')
      }
      // What a delta leaves out and what it tells are the whole.
      const delta = m3u8(formatMediaPlaylist(playlist, { skip: true }))
      const skipped = delta.skip?.skippedSegments ?? 0
      const rest = delta.segments.filter((segment) => segment.uri !== undefined).map((segment) => segment.uri)
      if (JSON.stringify([...ours.slice(0, skipped).map(({ uri }) => uri), ...rest]) !== JSON.stringify(ours.map(({ uri }) => uri)))
        throw new Error('delta')
      const kept = listed.slice(skipped).reduce((sum, segment) => sum + segment.duration, 0)
      if (skipped > 0 && kept < skipBoundary(playlist) - 1e-9) throw new Error(`only ${kept} s are told`)
    }),
    { numRuns: 150, seed: 20260101 },
  )
  HlsParser.setOptions({ strictMode: true })
  t.doesNotThrow(() => hls(formatMediaPlaylist(make([2, 2, 2, 2, 2], { breaks: [2], growing: 1 }))), 'hls-parser in strict mode')
  t.doesNotThrow(() => hls(formatMediaPlaylist(make(Array<number>(20).fill(2), { growing: 0.5 }), { skip: true })))
  t.equal(hls(formatMediaPlaylist(make(Array<number>(20).fill(2), { growing: 2 }), { skip: true })).skip, 14)
})

t.test('formatMediaPlaylist writes the same with what it remembers as without', async (t) => {
  const all = make(Array<number>(300).fill(2), { breaks: [70, 71, 200] })
  const window = (from: number, to: number, fresh = false): MediaPlaylist => ({
    ...all,
    segments: all.segments.slice(from, to).map((segment) => (fresh ? { ...segment } : segment)),
  })
  const differ: number[] = []
  for (let to = 1; to <= 300; to++)
    for (const skip of [false, true])
      if (
        formatMediaPlaylist(window(Math.max(0, to - 180), to), { skip }) !==
        formatMediaPlaylist(window(Math.max(0, to - 180), to, true), { skip })
      )
        differ.push(to)
  t.strictSame(differ, [])
})

t.test('formatMultivariantPlaylist tells variants, audio, and the session', async (t) => {
  const text = formatMultivariantPlaylist({
    independent: true,
    session: 'abc',
    audio: [
      { uri: 'en.m3u8', group: 'a', name: 'English "HD"', language: 'en', default: true, channels: 2 },
      { uri: undefined, group: 'a', name: 'Deutsch', default: false },
    ],
    variants: [
      {
        uri: 'v.m3u8',
        bandwidth: 2_000_000.2,
        averageBandwidth: 1_500_000,
        codecs: ['avc1.64001f', 'mp4a.40.2'],
        width: 1280,
        height: 720,
        frameRate: 30000 / 1001,
        audio: 'a',
        name: '720p',
      },
      { uri: 'a.m3u8', bandwidth: 64_000, averageBandwidth: 64_000, codecs: [] },
    ],
  })
  t.equal(
    text,
    `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-SESSION-DATA:DATA-ID="io.floecast.session",VALUE="abc"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English ”HD”",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",DEFAULT=NO,AUTOSELECT=YES
#EXT-X-STREAM-INF:BANDWIDTH=2000001,AVERAGE-BANDWIDTH=1500000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="a",NAME="720p"
v.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=64000,AVERAGE-BANDWIDTH=64000
a.m3u8
`,
  )
  const parsed = HlsParser.parse(text) as HlsParser.types.MasterPlaylist
  t.match(parsed, { independentSegments: true, sessionDataList: [{ value: 'abc' }] })
  t.match(parsed.variants[0], {
    bandwidth: 2_000_001,
    resolution: { width: 1280, height: 720 },
    audio: [{ name: 'English ”HD”', channels: '2' }, {}],
  })
})

t.test('parseBlockingRequest: now, wait, or never', async (t) => {
  // Segments 7 to 9 are whole, 9 is short with two parts; 10 grows and has parts 0 and 1.
  const growing = make([2, 2, 1], { growing: 1 })
  const whole = make([2, 2, 1])
  const ask = (query: string, state: MediaPlaylist = growing): string => {
    const request = parseBlockingRequest(new URLSearchParams(query), state)
    if (request.kind === 'bad') return `bad: ${request.reason}`
    return [
      request.kind,
      ...(request.kind === 'wait' ? [request.sequence, request.part ?? '-'] : []),
      ...(request.skip === false ? [] : [request.skip]),
    ].join(' ')
  }
  const cases: [string, MediaPlaylist, string][] = [
    ['', growing, 'now'],
    ['_HLS_skip=YES', growing, 'now true'],
    ['_HLS_skip=v2', growing, 'now v2'],
    ['_HLS_skip=maybe', growing, 'now'],
    ['_HLS_msn=9', growing, 'now'],
    ['_HLS_msn=3', growing, 'now'],
    ['_HLS_msn=10', growing, 'wait 10 -'],
    ['_HLS_msn=12&_HLS_skip=YES', growing, 'wait 12 - true'],
    ['_HLS_msn=10&_HLS_part=1', growing, 'now'],
    ['_HLS_msn=10&_HLS_part=2', growing, 'wait 10 2'],
    ['_HLS_msn=10&_HLS_part=7', growing, 'wait 10 7'],
    ['_HLS_msn=11&_HLS_part=0', growing, 'wait 11 0'],
    ['_HLS_msn=9&_HLS_part=2', growing, 'now'],
    ['_HLS_msn=9&_HLS_part=1', whole, 'now'],
    ['_HLS_msn=9&_HLS_part=2', whole, 'wait 10 0'],
    ['_HLS_msn=10&_HLS_part=0', whole, 'wait 10 0'],
    ['_HLS_msn=12', whole, 'bad: _HLS_msn is more than two segments ahead: the newest is 9'],
    ['_HLS_msn=13', growing, 'bad: _HLS_msn is more than two segments ahead: the newest is 10'],
    ['_HLS_msn=10&_HLS_part=8', growing, 'bad: _HLS_part is more than 6 parts ahead'],
    ['_HLS_msn=11&_HLS_part=6', growing, 'bad: _HLS_part is more than 6 parts ahead'],
    ['_HLS_part=1', growing, 'bad: _HLS_part needs _HLS_msn'],
    ['_HLS_msn=1.5', growing, 'bad: _HLS_msn must be a whole number'],
    ['_HLS_msn=-1', growing, 'bad: _HLS_msn must be a whole number'],
    ['_HLS_msn=', growing, 'bad: _HLS_msn must be a whole number'],
    ['_HLS_msn=10&_HLS_part=x', growing, 'bad: _HLS_part must be a whole number'],
    ['_HLS_msn=99&_HLS_part=1', make([2], { ended: true }), 'now'],
    ['_HLS_msn=7&_HLS_part=0', make([]), 'wait 7 0'],
    ['_HLS_msn=6', make([]), 'now'],
    ['_HLS_msn=9', make([]), 'bad: _HLS_msn is more than two segments ahead: the newest is 6'],
    ['_HLS_msn=9&_HLS_part=1', make([2, 2], { partTarget: undefined }), 'wait 9 -'],
    ['_HLS_msn=10&_HLS_part=5', make([2, 2, 2], { partTarget: 1 }), 'bad: _HLS_part is more than 3 parts ahead'],
  ]
  for (const [query, state, answer] of cases) t.equal(ask(query, state), answer, `${query} → ${answer}`)
})

t.test('hasReached: what is waited for comes true, also when its segment turns out shorter', async (t) => {
  t.equal(hasReached(at([2], 1), 8, 2), false)
  t.equal(hasReached(at([2], 1.5), 8, 2), true)
  t.equal(hasReached(at([2, 1]), 8, 2), false, 'cut by a key frame: it means part 0 of the next')
  t.equal(hasReached(at([2, 1], 0.5), 8, 2), true)
  t.equal(hasReached(at([2], 2), 8, undefined), false)
  t.equal(hasReached(at([2, 2]), 8, undefined), true)
  t.equal(hasReached(at([2, 2]), 9, 0), false)
})
