import { createRequire } from 'node:module'
import t from 'tap'
import type { AdaptationSet, Manifest, ManifestPeriod, ManifestSegment, Representation } from '../../lib/dash/manifest.js'
import { formatMpd } from '../../lib/dash/mpd.js'
import { element, escapeXml } from '../../lib/dash/xml.js'

/** What is used of mpd-parser, which brings no types. */
interface MpdParser {
  inheritAttributes(mpd: unknown, options: object): { representationInfo: Read[]; eventStream: ReadEvent[] }
  parseUTCTiming(text: string): Record<string, unknown> | null
  stringToMpdXml(text: string): XmlElement
  toPlaylists(read: Read[]): Playlist[]
}
interface Read {
  readonly attributes: Record<string, unknown>
}
interface ReadEvent {
  readonly schemeIdUri: string
  readonly messageData: string
  readonly id: string
  readonly start: number
  readonly end: number
}
interface Playlist extends Read {
  readonly segments: readonly { uri: string; number: number; presentationTime: number; duration: number; map: { uri: string } }[]
}
interface XmlElement {
  getAttribute(name: string): string | null
  getElementsByTagName(name: string): { readonly length: number; item(index: number): XmlElement }
}
const parser: MpdParser = createRequire(import.meta.url)('mpd-parser')

const START = Date.parse('2026-01-31T12:00:00Z')

const video: Representation = {
  id: 'v1',
  codecs: 'avc1.64001f',
  bandwidth: 1_500_000.5,
  width: 1280,
  height: 720,
  frameRate: 25,
  timescale: 90_000,
  presentationTimeOffset: 0,
  init: 'k3x/v-init.mp4',
  segments: { kind: 'numbered', media: 'k3x/v-$Number$.m4s', startNumber: 7, duration: 180_000 },
}
const audio: Representation = {
  id: 'a1',
  codecs: 'mp4a.40.2',
  bandwidth: 128_000,
  sampleRate: 48_000,
  channels: 2,
  timescale: 48_000,
  presentationTimeOffset: 0,
  init: 'k3x/a-init.mp4',
  segments: { kind: 'numbered', media: 'k3x/a-$Number$.m4s', startNumber: 7, duration: 96_000 },
}
const setOf = (representation: Representation, more: Partial<AdaptationSet> = {}): AdaptationSet => {
  const kind = representation.width === undefined ? 'audio' : 'video'
  return { id: kind === 'video' ? 1 : 2, kind, mimeType: `${kind}/mp4`, independent: true, representations: [representation], ...more }
}
const manifestOf = (more: Partial<Manifest> = {}): Manifest => ({
  availabilityStartTime: START,
  publishTime: START + 10_000,
  ended: false,
  minimumUpdatePeriod: 2,
  timeShiftBufferDepth: 30,
  suggestedPresentationDelay: 1.5,
  maxSegmentDuration: 2,
  lowLatency: { target: 2, min: 1, max: 4, partDuration: 0.5 },
  utcTiming: { url: 'time' },
  periods: [{ id: 'p0', start: 0, sets: [setOf(video), setOf(audio, { language: 'en' })] }],
  ...more,
})

/** What mpd-parser makes of an MPD at a time. */
function read(text: string, now = START + 20_000): Playlist[] {
  return parser.toPlaylists(
    parser.inheritAttributes(parser.stringToMpdXml(text), { manifestUri: 'http://host/tv.mpd', NOW: now }).representationInfo,
  )
}

t.test('a live manifest of low latency says all that players need', async (t) => {
  const text = formatMpd(manifestOf())
  t.equal(
    text.replaceAll('><', '>\n<'),
    `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019,http://www.dashif.org/guidelines/low-latency-live-v5" type="dynamic" availabilityStartTime="2026-01-31T12:00:00.000Z" publishTime="2026-01-31T12:00:10.000Z" minimumUpdatePeriod="PT2S" timeShiftBufferDepth="PT30S" suggestedPresentationDelay="PT1.5S" maxSegmentDuration="PT2S" minBufferTime="PT0.5S">
<ServiceDescription id="0">
<Latency referenceId="0" target="2000" min="1000" max="4000"/>
<PlaybackRate min="1.00" max="1.08"/>
</ServiceDescription>
<Period id="p0" start="PT0S">
<AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
<ProducerReferenceTime id="0" type="encoder" wallClockTime="2026-01-31T12:00:00.000Z" presentationTime="0">
<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="time"/>
</ProducerReferenceTime>
<Representation id="v1" codecs="avc1.64001f" bandwidth="1500001" width="1280" height="720" frameRate="25">
<SegmentTemplate timescale="90000" presentationTimeOffset="0" initialization="k3x/v-init.mp4" media="k3x/v-$Number$.m4s" startNumber="7" duration="180000" availabilityTimeOffset="1.5" availabilityTimeComplete="false"/>
</Representation>
</AdaptationSet>
<AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" lang="en" segmentAlignment="true" startWithSAP="1">
<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
<ProducerReferenceTime id="0" type="encoder" wallClockTime="2026-01-31T12:00:00.000Z" presentationTime="0">
<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="time"/>
</ProducerReferenceTime>
<Representation id="a1" codecs="mp4a.40.2" bandwidth="128000" audioSamplingRate="48000">
<AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="2"/>
<SegmentTemplate timescale="48000" presentationTimeOffset="0" initialization="k3x/a-init.mp4" media="k3x/a-$Number$.m4s" startNumber="7" duration="96000" availabilityTimeOffset="1.5" availabilityTimeComplete="false"/>
</Representation>
</AdaptationSet>
</Period>
<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="time"/>
</MPD>
`,
  )
  t.match(parser.parseUTCTiming(text), { method: 'GET', value: 'time' })
  const playlists = read(text)
  t.match(
    playlists.map(({ segments }) => segments.map(({ uri }) => uri)),
    ['v', 'a'].map((track) => Array.from({ length: 10 }, (_, i) => `k3x/${track}-${7 + i}.m4s`)),
    'whole segments after 20 s, for a player that knows nothing of low latency',
  )
})

t.test('a numbered segment can be asked for when its first part is there, never before it begins', async (t) => {
  const wrong: string[] = []
  for (const duration of [0.5, 1, 1.92, 2, 2.002, 6])
    for (const partDuration of [0.2, 0.32, 0.5, 1, 8])
      for (const start of [0, 3.5, 86_400.123_456]) {
        const segments = { kind: 'numbered', media: '$Number$', startNumber: 1, duration: Math.round(duration * 90_000) } as const
        const text = formatMpd(
          manifestOf({
            lowLatency: { target: 3, min: 1, max: 6, partDuration },
            periods: [{ id: 'p', start, sets: [setOf({ ...video, segments, presentationTimeOffset: 12_345 })] }],
          }),
        )
        const template = parser.stringToMpdXml(text).getElementsByTagName('SegmentTemplate').item(0)
        const value = (name: string): number => Number(template.getAttribute(name))
        const offset = value('availabilityTimeOffset')
        const width = value('duration') / value('timescale')
        // Of segment n: available at its end less the offset; n = 0 is enough, as the others are as far from their begin.
        const after = width - offset
        const due = Math.min(duration, partDuration)
        if (offset < 0 || Math.abs(after - due) > 0.001) wrong.push(`${duration} ${partDuration}: ${after} s after its begin`)
        const period = parser.stringToMpdXml(text).getElementsByTagName('Period').item(0).getAttribute('start') ?? ''
        if (Math.abs(Number(period.slice(2, -1)) - start) > 0.000_001) wrong.push(`${period} is not ${start}`)
      }
  t.strictSame(wrong, [])
})

t.test('listed segments come out as they went in, one after another and each in its period', async (t) => {
  let seed = 11
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  let wrong = 0
  for (let round = 0; round < 100; round++) {
    const periods: ManifestPeriod[] = []
    const given: { time: number; duration: number; uri: string }[][] = []
    let start = random(100) / 4
    for (let p = 0; p <= random(4); p++) {
      const offset = random(1_000_000_000)
      const segments: ManifestSegment[] = []
      let time = offset + random(3) * 1000
      for (let n = 0; n < 1 + random(12); n++) {
        const duration = [180_000, 180_000, 180_000, 150_000 + random(90_000)][random(4)]!
        segments.push({ time, duration })
        time += duration + (random(10) === 0 ? random(500_000) : 0)
      }
      const last = segments.at(-1)!
      const duration = (last.time + last.duration - offset) / 90_000
      const media = {
        ...video,
        presentationTimeOffset: offset,
        segments: { kind: 'listed', media: `q/$Time$-${p}.m4s`, segments } as const,
      }
      periods.push({ id: `p${p}`, start, duration, sets: [setOf(media)] })
      given.push(segments.map((one) => ({ ...one, time: start + (one.time - offset) / 90_000, uri: `q/${one.time}-${p}.m4s` })))
      start += duration + random(3)
    }
    const ended = random(2) === 0
    const text = formatMpd(manifestOf({ ended, lowLatency: undefined, periods }))
    const playlists = read(text)
    if (playlists.length !== periods.length || text.includes('availabilityTimeOffset')) wrong++
    let end = 0
    for (const [p, { segments }] of playlists.entries()) {
      const period = periods[p]!
      const expected = given[p]!
      if (segments.length !== expected.length) wrong++
      for (const [n, { uri, presentationTime, duration }] of segments.entries()) {
        const one = expected[n]!
        const inside = presentationTime >= period.start - 1e-5 && presentationTime + duration <= period.start + period.duration! + 1e-5
        const same = uri === one.uri && Math.abs(presentationTime - one.time) < 1e-5 && Math.abs(duration - one.duration / 90_000) < 1e-9
        if (!inside || !same || presentationTime < end - 1e-5) wrong++
        end = presentationTime + duration
      }
    }
  }
  t.equal(wrong, 0)
  const even = Array.from({ length: 900 }, (_, n) => ({ time: n * 180_000, duration: 180_000 }))
  const listed = { ...video, segments: { kind: 'listed', media: '$Time$.m4s', segments: even } as const }
  const text = formatMpd(manifestOf({ lowLatency: undefined, periods: [{ id: 'p', start: 0, sets: [setOf(listed)] }] }))
  t.match(text, '<SegmentTimeline><S t="0" d="180000" r="899"/></SegmentTimeline>', 'equal segments take one element')
})

t.test('an ended manifest is static, and as long as its periods', async (t) => {
  const empty = setOf({ ...audio, segments: { kind: 'listed', media: '$Time$', segments: [] } })
  const periods = [
    { id: 'p0', start: 4, duration: 17.25, sets: [setOf(video)] },
    { id: 'p1', start: 30, duration: 1, sets: [empty] },
  ]
  const mpd = parser.stringToMpdXml(formatMpd(manifestOf({ ended: true, periods })))
  const names = ['type', 'mediaPresentationDuration', 'minimumUpdatePeriod', 'timeShiftBufferDepth', 'suggestedPresentationDelay']
  t.strictSame(
    names.map((name) => mpd.getAttribute(name) || undefined),
    ['static', 'PT21.25S', undefined, undefined, undefined],
  )
  t.equal(mpd.getElementsByTagName('Period').item(0).getAttribute('duration'), 'PT17.25S')
})

t.test('periods follow each other, and what is empty is left out', async (t) => {
  const empty = setOf({ ...audio, segments: { kind: 'listed', media: '$Time$', segments: [] } })
  t.throws(() => formatMpd(manifestOf({ periods: [] })), RangeError)
  t.throws(() => formatMpd(manifestOf({ periods: [{ id: 'p', start: 0, sets: [empty] }] })), RangeError)
  const text = formatMpd(
    manifestOf({
      utcTiming: { url: '/time?a=1&b=2', now: START + 1 },
      periods: [
        { id: 'gone', start: 0, duration: 4, sets: [empty] },
        { id: 'p1', start: 4, duration: 6, sets: [setOf(video), empty] },
        {
          id: 'p2',
          start: 10,
          sets: [setOf(video, { follows: { period: 'p1', continuous: true }, inbandEvents: ['https://aomedia.org/emsg/ID3'] })],
        },
        { id: 'p3', start: 20, sets: [setOf(video, { follows: { period: 'p2', continuous: false }, independent: false })] },
      ],
    }),
  )
  const mpd = parser.stringToMpdXml(text)
  const all = (name: string, attribute: string): (string | null)[] => {
    const found = mpd.getElementsByTagName(name)
    return Array.from({ length: found.length }, (_, i) => found.item(i).getAttribute(attribute))
  }
  t.strictSame(all('Period', 'id'), ['p1', 'p2', 'p3'])
  t.strictSame(all('Period', 'duration').filter(Boolean), [], 'each lasts until the next')
  t.strictSame(all('AdaptationSet', 'id'), ['1', '1', '1'])
  t.strictSame(all('SupplementalProperty', 'schemeIdUri'), [
    'urn:mpeg:dash:period-continuity:2015',
    'urn:mpeg:dash:period-connectivity:2015',
  ])
  t.strictSame(all('SupplementalProperty', 'value'), ['p1', 'p2'])
  t.strictSame(all('InbandEventStream', 'schemeIdUri'), ['https://aomedia.org/emsg/ID3'])
  t.strictSame(
    all('ProducerReferenceTime', 'wallClockTime'),
    ['04', '10', '20'].map((at) => `2026-01-31T12:00:${at}.000Z`),
  )
  t.strictSame(all('UTCTiming', 'value').slice(-2), ['/time?a=1&b=2', '2026-01-31T12:00:00.001Z'])
})

t.test('whatever a source sends stays text', async (t) => {
  const evil = `</Event><Event>&amp; "q" 'a' ]]> ${String.fromCharCode(0, 8, 0x1f, 0xfffe, 0xd8_3d)}é 🎵`
  const clean = `</Event><Event>&amp; "q" 'a' ]]> é 🎵`
  const periods: ManifestPeriod[] = [
    {
      id: evil,
      start: 10,
      sets: [setOf(video, { language: 'a"b<c' })],
      events: [
        { scheme: 'x:"y"', events: [] },
        {
          scheme: 'urn:t',
          events: [
            { id: 1, start: 8, duration: 5.5, message: evil },
            { id: 2, start: 13.5, message: Buffer.from('ID3\0') },
          ],
        },
      ],
    },
  ]
  const text = formatMpd(manifestOf({ periods }))
  const { representationInfo, eventStream } = parser.inheritAttributes(parser.stringToMpdXml(text), { manifestUri: '', NOW: START })
  t.match(representationInfo, [{ attributes: { lang: 'a"b<c', id: 'v1', codecs: 'avc1.64001f' } }])
  t.equal(parser.stringToMpdXml(text).getElementsByTagName('Period').item(0).getAttribute('id'), clean)
  t.match(eventStream, [
    { schemeIdUri: 'urn:t', id: '1', messageData: clean, start: 10, end: 13.5 },
    { id: '2', start: 13.5 },
  ])
  t.match(text, 'contentEncoding="base64">SUQzAA==</Event>')
  t.equal(element('a', { b: 'x\ty\r\nz', c: undefined }, [escapeXml('<')]), '<a b="x&#9;y&#13;&#10;z">&lt;</a>')
})

t.test('WebM, frame rates and channels are told as DASH has them', async (t) => {
  const webm = setOf(video, { mimeType: 'video/webm' })
  t.match(formatMpd(manifestOf({ periods: [{ id: 'p', start: 0, sets: [webm] }] })), 'profiles="urn:webm:dash:profile:webm-live:2012"')
  const told = (more: Partial<Representation>): string =>
    formatMpd(manifestOf({ periods: [{ id: 'p', start: 0, sets: [setOf({ ...video, ...more })] }] }))
  const rates = [25, 29.97, 30_000 / 1001, 23.976, 59.94, 12.5, 59.999_9]
  t.strictSame(
    rates.map((frameRate) => /frameRate="([^"]+)"/.exec(told({ frameRate }))?.[1]),
    ['25', '30000/1001', '30000/1001', '24000/1001', '60000/1001', '12500/1000', '60'],
  )
  t.strictSame(
    [1, 2, 6, 8, 9].map((channels) => /ChannelConfiguration" value="(\d+)"/.exec(told({ channels }))?.[1]),
    ['1', '2', '6', '12', undefined],
  )
})
