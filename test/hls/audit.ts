import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import type { Clock } from '../../lib/clock.js'
import { readBoxes, writeBox } from '../../lib/formats/mp4-boxes.js'
import { audit } from '../../lib/hls/audit.js'
import { readXml } from '../../lib/hls/audit-dash.js'
import type { Reply } from '../../lib/hls/audit-fetch.js'
import { MediaCheck, readInit } from '../../lib/hls/audit-media.js'
import { RULES } from '../../lib/hls/audit-rules.js'
import { hasReached, parseBlockingRequest } from '../../lib/hls/blocking.js'
import { readAttributes, readM3u8 } from '../../lib/hls/m3u8.js'
import { formatMediaPlaylist, formatMultivariantPlaylist } from '../../lib/hls/playlist.js'
import type { MediaPlaylist, PlaylistPeriod, SegmentEntry } from '../../lib/hls/entries.js'

const fixture = readFileSync(new URL('../fixtures/h264-aac-frames.mp4', import.meta.url))
/** An initialization section that an encoder made: what comes before the first fragment. */
const INIT = Buffer.concat([...readBoxes(fixture)].filter(({ type }) => type === 'ftyp' || type === 'moov').map(({ bytes }) => bytes))
const { tracks, codecs: CODECS } = readInit(INIT)!

const words = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => bytes.writeUInt32BE(value, i * 4))
  return bytes
}

/** What a server of a test does wrong. */
interface Fault {
  /** Changes what the playlist is written from. */
  state?(playlist: MediaPlaylist, seconds: number): MediaPlaylist
  /** Changes the text of a media playlist. */
  text?(text: string, seconds: number, query: URLSearchParams): string
  /** Changes any answer. */
  reply?(reply: Reply, path: string, seconds: number, query: URLSearchParams): Reply
  /** The same as asking without them. */
  ignores?: readonly ('_HLS_msn' | '_HLS_part' | '_HLS_skip')[]
  /** Whether it answers blocking reloads at once. */
  impatient?: boolean
  /** Seconds by which blocking answers come late. */
  late?: number
  /** What fragments hold: seconds of media in a part of half a second, how far the times are off, whether key frames are none. */
  media?: { readonly length?: number; readonly shift?: number; readonly noKeys?: boolean; readonly noTfdt?: boolean }
  /** Seconds after which a part is gone. */
  keeps?: number
}

const EPOCH = Date.UTC(2026, 0, 1)
const PART = 0.5
const FIRST = 100
/** The segment at which the encoder starts anew. */
const BREAK = 127

/**
 * A live server and the clock that it lives by: time goes on only when nobody has anything left to do at this moment. Segments of 2 s, four parts each,
 * since 40 s.
 */
class Live implements Clock {
  readonly #fault: Fault
  readonly #timers: { readonly at: number; readonly call: () => void }[] = []
  readonly #asked = new Map<string, number>()
  readonly #periods: readonly PlaylistPeriod[]
  readonly #segments = new Map<number, SegmentEntry>()
  readonly #isPlain: boolean
  readonly #until: number
  #now = EPOCH + 50_000

  constructor(fault: Fault, { isPlain = false, until = Infinity }: { isPlain?: boolean; until?: number } = {}) {
    this.#fault = fault
    this.#isPlain = isPlain
    this.#until = until
    this.#periods = [0, (BREAK - FIRST) * 2].map((start, number) => ({
      number,
      tracks: [],
      start,
      date: EPOCH + start * 1000 + number * 700,
    }))
  }

  now = (): number => this.#now

  after = (delay: number, call: () => void): (() => void) => {
    const timer = { at: this.#now + delay, call }
    this.#timers.push(timer)
    return () => {
      const at = this.#timers.indexOf(timer)
      if (at >= 0) this.#timers.splice(at, 1)
    }
  }

  /** Lets time go on until something is done. */
  async run<T>(what: Promise<T>): Promise<T> {
    let done = false
    const end = (): void => {
      done = true
    }
    what.then(end, end)
    for (;;) {
      await setImmediate()
      if (done) return what
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined) continue
      this.#timers.splice(this.#timers.indexOf(next), 1)
      this.#now = Math.max(this.#now, next.at)
      next.call()
    }
  }

  fetch = async (url: string, signal: AbortSignal): Promise<Reply> => {
    const { pathname, searchParams } = new URL(url)
    const reply = await this.#answer(pathname, searchParams)
    signal.throwIfAborted()
    return this.#fault.reply?.(reply, pathname, this.#seconds, searchParams) ?? reply
  }

  get #seconds(): number {
    return (this.#now - EPOCH) / 1000
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.after(milliseconds, resolve))
  }

  async #answer(path: string, query: URLSearchParams): Promise<Reply> {
    const name = path.slice(1)
    if (name === 'live.m3u8') return playlistReply(this.#multivariant())
    const rendition = /^(v[12])\.m3u8$/.exec(name)?.[1]
    if (rendition !== undefined) return this.#playlist(rendition, query)
    if (name.startsWith('init')) return mediaReply(INIT)
    const [, kind, number = ''] = /^v[12]([ps])(\d+)\.m4s$/.exec(name) ?? []
    if (kind === 's') {
      const sequence = Number(number)
      const asked = (this.#asked.get(name) ?? 0) + 1
      this.#asked.set(name, asked)
      return mediaReply(Buffer.concat([0, 1, 2, 3].map((i) => this.#fragment((sequence - FIRST) * 4 + i))))
    }
    if (kind !== 'p') return { ...mediaReply(Buffer.from('none')), status: 404 }
    // What is hinted is waited for; nothing else is.
    const index = Number(number)
    const there = Math.floor(this.#seconds / PART + 1e-6)
    if (index > there || (there - index) * PART > (this.#fault.keeps ?? Infinity))
      return { ...mediaReply(Buffer.from('none')), status: 404 }
    if (index === there) await this.#sleep((index + 1) * PART * 1000 - (this.#now - EPOCH))
    return mediaReply(this.#fragment(index))
  }

  async #playlist(rendition: string, query: URLSearchParams): Promise<Reply> {
    for (const name of this.#fault.ignores ?? []) query.delete(name)
    const request = parseBlockingRequest(query, this.#state(rendition))
    if (request.kind === 'bad') return { ...playlistReply(request.reason), status: 400 }
    if (request.kind === 'wait' && !this.#fault.impatient) {
      while (!hasReached(this.#state(rendition), request.sequence, request.part)) {
        if (this.#seconds >= this.#until) return { ...playlistReply('gone'), status: 503 }
        await this.#sleep(PART * 1000 - ((this.#now - EPOCH) % (PART * 1000)))
      }
      await this.#sleep((this.#fault.late ?? 0) * 1000)
    }
    const text = formatMediaPlaylist(this.#state(rendition), { skip: request.skip })
    return playlistReply(this.#fault.text?.(text, this.#seconds, query) ?? text)
  }

  #state(rendition: string): MediaPlaylist {
    const seconds = Math.min(this.#seconds, this.#until)
    const count = Math.floor(seconds / PART + 1e-6)
    const whole = Math.floor(count / 4)
    const first = Math.max(0, whole - 20)
    const segments = Array.from({ length: whole - first }, (_, i) => this.#segment(rendition, FIRST + first + i, 4))
    if (count % 4 > 0 && !this.#isPlain) segments.push(this.#segment(rendition, FIRST + whole, count % 4))
    const playlist: MediaPlaylist = {
      targetDuration: 2,
      partTarget: this.#isPlain ? undefined : PART,
      segments,
      next: { sequence: FIRST + whole, discontinuity: 0 },
      hint: `${rendition}p${count}.m4s`,
      live: this.#seconds < this.#until,
      ended: false,
      reports: [
        { uri: rendition === 'v1' ? 'v2.m3u8' : 'v1.m3u8', lastSequence: FIRST + Math.ceil(count / 4) - 1, lastPart: (count + 3) % 4 },
      ],
      titles: [
        { id: 'a', date: EPOCH + 20_000, duration: 20, title: 'One' },
        { id: 'b', date: EPOCH + 40_000, title: 'Two' },
      ],
    }
    return this.#fault.state?.(playlist, this.#seconds) ?? playlist
  }

  #segment(rendition: string, sequence: number, count: number): SegmentEntry {
    const key = sequence * 10 + (rendition === 'v1' ? 0 : 5) + (count === 4 ? 4 : 0)
    const known = count === 4 ? this.#segments.get(key) : undefined
    if (known !== undefined) return known
    const period = this.#periods[sequence < BREAK ? 0 : 1]!
    const segment = {
      sequence,
      uri: `${rendition}s${sequence}.m4s`,
      period,
      discontinuity: 3 + period.number,
      start: (sequence - FIRST) * 2,
      duration: count * PART,
      complete: count === 4,
      independent: true,
      gap: false,
      init: `init${period.number}.mp4`,
      parts: Array.from({ length: this.#isPlain ? 0 : count }, (_, i) => ({
        uri: `${rendition}p${(sequence - FIRST) * 4 + i}.m4s`,
        duration: PART,
        independent: i === 0,
      })),
    }
    if (count === 4) this.#segments.set(key, segment)
    return segment
  }

  #multivariant(): string {
    return formatMultivariantPlaylist({
      independent: true,
      audio: [],
      variants: ['v1', 'v2'].map((name) => ({ uri: `${name}.m3u8`, bandwidth: 1e6, averageBandwidth: 1e6, codecs: CODECS })),
    })
  }

  /** Half a second of both tracks, one sample of sound, five of pictures. */
  #fragment(index: number): Buffer {
    const { length = PART, shift = 0, noKeys = false, noTfdt = false } = this.#fault.media ?? {}
    const trafs = tracks.map(({ id, timescale, track }) => {
      const samples = track.kind === 'video' ? 5 : 1
      const duration = (length * timescale) / samples
      const flags = index % 4 === 0 && !noKeys ? 0x2000000 : 0x1010000
      // The encoder that starts anew counts from 0 again.
      const origin = index < (BREAK - FIRST) * 4 ? 0 : (BREAK - FIRST) * 4
      const time = (index - origin) * length * timescale + (index >= 116 ? shift * timescale : 0)
      const video = track.kind === 'video' ? { flags: 4, first: [flags] } : { flags: 0, first: [] }
      return writeBox(
        'traf',
        writeBox('tfhd', words(0x20028, id, duration, track.kind === 'video' ? 0x1010000 : 0x2000000)),
        ...(noTfdt ? [] : [writeBox('tfdt', words(0, time))]),
        writeBox('trun', words(video.flags, samples, ...video.first)),
      )
    })
    return Buffer.concat([writeBox('moof', writeBox('mfhd', words(0, index)), ...trafs), writeBox('mdat', words(index, index * 7))])
  }

  /** How often a segment was asked for. */
  times(path: string): number {
    return this.#asked.get(path.slice(1)) ?? 0
  }
}

const cors = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Date, Age, icy-name' }
const playlistReply = (text: string): Reply => ({
  status: 200,
  headers: new Headers({
    ...cors,
    'content-type': 'application/vnd.apple.mpegurl',
    'cache-control': 'no-cache',
    'content-encoding': 'gzip',
  }),
  body: Buffer.from(text),
})
const mediaReply = (body: Buffer): Reply => ({
  status: 200,
  headers: new Headers({ ...cors, 'content-type': 'video/mp4', 'cache-control': 'public, max-age=31536000, immutable' }),
  body,
})
const withHeader = (reply: Reply, name: string, value: string): Reply => {
  const headers = new Headers(reply.headers)
  headers.set(name, value)
  return { ...reply, headers }
}
const isMedia = (path: string): boolean => path.endsWith('.m4s')
/** Lets caches keep what a blocking request gives. */
const keepBlocked =
  (seconds: number): NonNullable<Fault['reply']> =>
  (reply, _path, _seconds, query) =>
    query.has('_HLS_msn') ? withHeader(reply, 'cache-control', `public, max-age=${seconds}`) : reply
const replace =
  (pattern: RegExp | string, by: string, from = 0) =>
  (text: string, seconds: number): string =>
    seconds < from ? text : text.replaceAll(pattern, by)

async function rulesOf(fault: Fault, options: ConstructorParameters<typeof Live>[1] = {}, seconds = 13): Promise<string[]> {
  const live = new Live(fault, options)
  const findings = await live.run(audit('http://live.test/live.m3u8', { seconds, fetch: live.fetch, clock: live }))
  return [...new Set(findings.map(({ rule }) => rule))]
}

t.test('audit finds nothing where there is nothing to find', async (t) => {
  t.strictSame(await rulesOf({}), [], 'low latency, over a discontinuity')
  t.strictSame(await rulesOf({}, { isPlain: true }), [], 'plain, by polling')
  t.strictSame(await rulesOf({ reply: keepBlocked(12) }), [], 'a cache may keep what a blocking request gives for six target durations')
  t.strictSame(await rulesOf({}, { until: 57.2 }), [], 'a source that goes away')
  t.strictSame(await rulesOf({ state: (playlist, at) => ({ ...playlist, ended: at >= 58 }) }, { until: 58 }), [], 'an end')
})

/** Each fault breaks one rule, and no other. */
const FAULTS: readonly (readonly [rule: keyof typeof RULES, what: string, fault: Fault])[] = [
  ['reachable', 'a segment is missing', { reply: (reply, path) => (path === '/v1s126.m4s' ? { ...reply, status: 404 } : reply) }],
  ['reachable', 'a playlist is missing', { reply: (reply, path) => (path === '/v2.m3u8' ? { ...reply, status: 404 } : reply) }],
  ['syntax', 'a tag stands twice', { text: replace('#EXT-X-VERSION:9\n', '#EXT-X-VERSION:9\n#EXT-X-VERSION:9\n') }],
  ['syntax', 'an attribute has no value', { text: replace('CAN-SKIP-UNTIL=12,', 'CAN-SKIP-UNTIL=12,X-FOO=,') }],
  ['version', 'it is too low', { text: replace('VERSION:9', 'VERSION:5') }],
  ['target-duration', 'it grows', { state: (playlist, at) => (at < 57 ? playlist : { ...playlist, targetDuration: 3 }) }],
  ['segment-duration', 'longer than the target', { state: (playlist) => ({ ...playlist, targetDuration: 1 }) }],
  ['part-target', 'longer than the target', { text: replace('PART-TARGET=0.5', 'PART-TARGET=0.45') }],
  [
    'part-minimum',
    'too short',
    {
      text: (text, at) => replace('PART-TARGET=0.5', 'PART-TARGET=0.6')(replace('PART-HOLD-BACK=1.5', 'PART-HOLD-BACK=1.8')(text, at), at),
    },
  ],
  [
    'parts-near-edge',
    'parts of old segments',
    {
      state: (playlist) => ({ ...playlist, targetDuration: 4 }),
      text: (text) =>
        text
          .replace('TARGETDURATION:4', 'TARGETDURATION:2')
          .replace(',HOLD-BACK=12', ',HOLD-BACK=6')
          .replace('CAN-SKIP-UNTIL=24', 'CAN-SKIP-UNTIL=12'),
    },
  ],
  [
    'part-changed',
    'its duration changes',
    { text: (text) => text.replaceAll(/(DURATION=)0\.5(,URI="v\dp\d+\.m4s"\n#EXT-X-PART.*\n#EXTINF)/g, '$10.498$2') },
  ],
  ['part-kept', 'gone as soon as it is not listed', { keeps: 9 }],
  ['server-control', 'PART-HOLD-BACK is 2.5 parts', { text: replace('PART-HOLD-BACK=1.5', 'PART-HOLD-BACK=1.25') }],
  ['server-control', 'HOLD-BACK is short', { text: replace(',HOLD-BACK=6', ',HOLD-BACK=4') }],
  ['date-time', 'no dates', { text: (text) => text.replaceAll(/#EXT-X-(?:PROGRAM-DATE-TIME|DATERANGE):.*\n/g, '') }],
  ['date-continuity', 'dates jump', { text: (text) => text.replaceAll(/(00:00:[0-5][26])\.000Z\n/g, '$1.300Z\n') }],
  ['date-range', 'no START-DATE', { text: (text) => text.replaceAll(/START-DATE="[^"]*",?/g, '') }],
  [
    'media-sequence',
    'the window grows backwards',
    { state: (playlist, at) => (at < 57 ? { ...playlist, segments: playlist.segments.slice(10) } : playlist) },
  ],
  ['discontinuity-sequence', 'it goes back', { text: replace('DISCONTINUITY-SEQUENCE:3', 'DISCONTINUITY-SEQUENCE:2', 57) }],
  [
    'segment-changed',
    'EXTINF changes',
    { text: (text, at) => (at < 57 ? text : text.replace(/#EXTINF:2,\n(v\ds120)/, '#EXTINF:1.99,\n$1')) },
  ],
  [
    'parts-equal-segment',
    'another byte',
    {
      reply: (reply, path) =>
        /s12\d/.test(path) ? { ...reply, body: Buffer.concat([reply.body.subarray(0, -1), Buffer.from([1])]) } : reply,
    },
  ],
  ['preload-hint', 'none', { text: (text) => text.replaceAll(/#EXT-X-PRELOAD-HINT.*\n/g, '') }],
  ['hint-comes-true', 'another name', { text: (text) => text.replaceAll(/(HINT.*)p(\d+)/g, '$1q$2') }],
  [
    'hint-comes-true',
    'a name that changes at a key frame',
    {
      text: (text) =>
        text.replaceAll(/(HINT:.*)p(\d+)/g, (_all, lead: string, n: string) => `${lead}p${Number(n) + (Number(n) % 4 === 0 ? 1 : 0)}`),
    },
  ],
  ['rendition-report', 'none', { text: (text) => text.replaceAll(/#EXT-X-RENDITION-REPORT.*\n/g, '') }],
  ['rendition-report', 'an old one', { text: (text) => text.replaceAll(/LAST-MSN=\d+/g, 'LAST-MSN=104') }],
  ['blocking-reload', 'an unchanged answer', { impatient: true }],
  ['blocking-time', 'late', { late: 7 }],
  ['delta-update', 'never one', { ignores: ['_HLS_skip'] }],
  [
    'delta-update',
    'one segment is lost',
    {
      text: (text, _at, query) =>
        query.has('_HLS_skip') ? text.replace(/(#EXT-X-PROGRAM.*\n)(?:#EXTINF.*\n.*\n)#EXT-X-PROGRAM.*\n/, '$1') : text,
    },
  ],
  [
    'skip-boundary',
    'too much is skipped',
    {
      text: (text) =>
        text.replace(
          /SKIPPED-SEGMENTS=(\d+)\n(#EXT-X-MAP.*\n)#EXT-X-PROGRAM.*\n#EXTINF.*\n.*\n/,
          (_all, n: string, map: string) => `SKIPPED-SEGMENTS=${Number(n) + 1}\n${map}`,
        ),
    },
  ],
  [
    'content-type',
    'of a playlist',
    { reply: (reply, path) => (path === '/v1.m3u8' ? withHeader(reply, 'content-type', 'text/plain') : reply) },
  ],
  [
    'content-type',
    'of a part',
    { reply: (reply, path) => (isMedia(path) ? withHeader(reply, 'content-type', 'application/octet-stream') : reply) },
  ],
  ['cors', 'no origin', { reply: (reply) => withHeader(reply, 'access-control-allow-origin', '') }],
  ['cors', 'Date is not exposed', { reply: (reply) => withHeader(reply, 'access-control-expose-headers', 'age') }],
  [
    'cache-control',
    'a playlist is kept',
    {
      reply: (reply, path) => (isMedia(path) ? reply : path.startsWith('/init') ? reply : withHeader(reply, 'cache-control', 'max-age=2')),
    },
  ],
  ['cache-control', 'the answer to a blocking request is kept for too long', { reply: keepBlocked(13) }],
  [
    'cache-control',
    'a part is not kept',
    { reply: (reply, path) => (isMedia(path) ? withHeader(reply, 'cache-control', 'no-cache') : reply) },
  ],
  ['compression', 'of a segment', { reply: (reply, path) => (isMedia(path) ? withHeader(reply, 'content-encoding', 'gzip') : reply) }],
  [
    'codecs',
    'another profile',
    {
      reply: (reply, path) =>
        path === '/live.m3u8' ? { ...reply, body: Buffer.from(reply.body.toString().replaceAll(/avc1\.\w+/g, 'avc1.42e01e')) } : reply,
    },
  ],
  ['media-format', 'no tfdt', { media: { noTfdt: true } }],
  ['media-times', 'a gap', { media: { shift: 0.2 } }],
  ['media-duration', 'less than told', { media: { length: 0.3 } }],
  ['independent', 'no key frame', { media: { noKeys: true } }],
]

t.test('audit finds each fault, and nothing else', async (t) => {
  for (const [rule, what, fault] of FAULTS) t.strictSame(await rulesOf(fault), [rule], `${rule}: ${what}`)
})

t.test('audit: what needs a server with a memory', async (t) => {
  const live: Live = new Live({
    reply: (reply, path) =>
      /s\d+\.m4s$/.test(path) && live.times(path) > 1 ? { ...reply, body: Buffer.concat([reply.body, writeBox('free')]) } : reply,
  })
  const findings = await live.run(audit('http://live.test/v1.m3u8', { seconds: 8, fetch: live.fetch, clock: live }))
  t.match(findings, [
    {
      rule: 'segment-bytes',
      clause: RULES['segment-bytes'],
      url: /^http:\/\/live\.test\/v1s\d+\.m4s$/,
      found: /bytes/,
      expected: /the same/,
    },
  ])
  t.equal(findings.length, 1)
  const errors = new Live({ ignores: [] })
  const ignoring = async (url: string, signal: AbortSignal): Promise<Reply> => {
    const reply = await errors.fetch(url, signal)
    return reply.status === 400 ? errors.fetch(url.replace(/\?.*/, ''), signal) : reply
  }
  const rules = (await errors.run(audit('http://live.test/v1.m3u8', { seconds: 4, fetch: ignoring, clock: errors }))).map(
    ({ rule }) => rule,
  )
  t.strictSame(rules, ['msn-too-high', 'part-without-msn'])
  const none = await audit('http://live.test/x.m3u8', { fetch: () => Promise.reject(new Error('connection refused')) })
  t.match(none, [{ rule: 'reachable', found: 'connection refused' }])
})

/** What a piece of media breaks by itself. */
const faultsOf = (bytes: Buffer): string[] => {
  const found: string[] = []
  const piece = { url: 'x', bytes, duration: 1, independent: true, init: undefined, follows: false }
  new MediaCheck().check(piece, (rule, what) => found.push(`${rule}: ${what}`))
  return found
}

t.test('MediaCheck knows MPEG-TS, packed audio, and what is neither', async (t) => {
  const ts = readFileSync(new URL('../fixtures/h264-mp3.mpegts', import.meta.url))
  const pat = ts.indexOf(Buffer.from([0x47, 0x40, 0x00]))
  t.strictSame(faultsOf(ts.subarray(pat)), [])
  t.match(faultsOf(ts.subarray(pat + 188)), [/no PAT/])
  t.match(faultsOf(ts.subarray(pat, -1)), [/multiple|bytes of MPEG-TS/])
  t.match(faultsOf(Buffer.concat([ts.subarray(pat, pat + 188), Buffer.alloc(188)])), [/0x47/])
  t.strictSame(faultsOf(Buffer.from('ID3\x04\0\0\0\0\0\0')), [])
  t.match(faultsOf(Buffer.from('<html>nothing</html>')), [/fMP4|begin/])
  t.match(faultsOf(fixture.subarray(INIT.length)), [/without EXT-X-MAP/])
})

const problems = (text: string): readonly string[] => readM3u8(text).problems

t.test('readM3u8 tells what breaks the syntax', async (t) => {
  t.match(problems('#EXT-X-VERSION:3\n'), [/first line/, /TARGETDURATION/])
  t.match(problems('#EXTM3U\n#EXT-X-TARGETDURATION:2.5\n'), [/whole number/])
  t.match(problems('#EXTM3U\n#EXT-X-TARGETDURATION:2\na.ts\n'), [/no EXTINF before a.ts/])
  t.match(problems('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:x,\na.ts\n'), [/EXTINF is «x»|EXTINF/])
  t.match(problems('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART:DURATION=1,URI="p"\n#EXT-X-MAP:URI="i"\n'), [
    /EXT-X-MAP stands behind EXT-X-PART/,
  ])
  t.match(problems('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXT-X-MEDIA-SEQUENCE:4\n'), [/stands behind a segment/])
  t.match(problems('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,a\u0007b\na.ts\n'), [/control character, U\+0007/])
  t.match(problems('#EXTM3U\n#EXT-X-STREAM-INF:CODECS="a"\nx.m3u8\n'), [/no BANDWIDTH/])
  t.strictSame([...readAttributes('A=1,B=,C="x"', [])].flat(), ['A', '1', 'C', 'x'], 'it goes on behind what it cannot read')
  t.strictSame([...readAttributes('A=1,B="x,y",C=1x2,D=0xFF')], [['A', '1'], ['B', 'x,y'], ['C', '1x2'], ['D', '0xFF']]) // prettier-ignore
})

const MPD = (now: number): string => `<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" profiles="urn:mpeg:dash:profile:isoff-live:2011" minBufferTime="PT2S"
  availabilityStartTime="${new Date(EPOCH).toISOString()}" minimumUpdatePeriod="PT2S">
  <!-- one -->
  <Period id="0" start="PT0S"><AdaptationSet contentType="video"><SegmentTemplate timescale="1" duration="2" startNumber="100" media="v1s$Number$.m4s" initialization="init0.mp4"/>
  <Representation id="a" bandwidth="1000000" codecs="${CODECS.join(',')}"/></AdaptationSet></Period>
  <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/><UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="${new Date(now).toISOString()}"/>
</MPD>`

/** The rules that an MPD breaks, changed in some way. */
const check = async (change: (text: string) => string, missing = ''): Promise<string[]> => {
  const live = new Live({})
  const fetch = async (url: string, signal: AbortSignal): Promise<Reply> => {
    const { pathname } = new URL(url)
    if (pathname === missing) return { ...mediaReply(INIT), status: 404 }
    if (pathname === '/time') return { ...mediaReply(Buffer.from(new Date(live.now()).toISOString())) }
    return pathname === '/live.mpd'
      ? withHeader(playlistReply(change(MPD(live.now()))), 'content-type', 'application/dash+xml')
      : live.fetch(url, signal)
  }
  const findings = await live.run(audit('http://live.test/live.mpd', { seconds: 5, fetch, clock: live }))
  return findings.map(({ rule }) => rule)
}

t.test('audit reads an MPD, its clock and its newest segments', async (t) => {
  t.strictSame(await check((text) => text), [])
  t.strictSame(
    await check((text) =>
      text.replace(
        /<SegmentTemplate[^>]*>/,
        '<SegmentTemplate timescale="10" media="v1s$Number%03d$.m4s" startNumber="110"><SegmentTimeline><S t="200" d="20" r="13"/><S d="20"/></SegmentTimeline></SegmentTemplate>',
      ),
    ),
    [],
  )
  t.strictSame(await check((text) => text.replace('</Period>', '')), ['mpd-syntax'])
  t.strictSame(await check((text) => text.replaceAll(/<UTCTiming[^>]*>/g, '')), ['mpd-clock'])
  t.strictSame(await check((text) => text.replace(/avc1\.\w+/, 'avc1.42e01e')), ['codecs'])
  t.strictSame(
    await check((text) => text.replace('start="PT0S"', 'start="PT-1S"').replace('startNumber="100"', 'startNumber="100" x="&lt;"')),
    [],
  )
  t.strictSame(await check((text) => text, '/v1s124.m4s'), ['mpd-availability'])
  t.equal(readXml('<a><b>1 &lt; &#50;</b><c/></a>')?.children[0]?.text, '1 < 2')
  t.equal(readXml('<a><b></a></b>'), undefined)
})
