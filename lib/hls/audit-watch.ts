import type { Clock } from '../clock.js'
import { checkHeaders } from './audit-fetch.js'
import type { Fetcher } from './audit-fetch.js'
import { MediaCheck, readInit } from './audit-media.js'
import type { Init } from './audit-media.js'
import { checkChange, checkDelta, checkPlaylist, hasAsked, listParts } from './audit-playlist.js'
import type { Report } from './audit-rules.js'
import { readM3u8 } from './m3u8.js'
import type { ReadMediaPlaylist, ReadSegment } from './m3u8.js'

/** What the audits of one presentation share. */
export interface AuditContext {
  /** Gets URLs. */
  readonly fetcher: Fetcher
  /** Where time comes from. */
  readonly clock: Clock
  /** When to end, in milliseconds of the clock. */
  readonly until: number
  /** Whether the multivariant playlist says EXT-X-INDEPENDENT-SEGMENTS. */
  readonly independent: boolean
  /** Every media playlist that is watched, by URL. */
  readonly watches: ReadonlyMap<string, MediaWatch>
}

/** How long anything but a blocking reload may take, in milliseconds. */
export const TIMEOUT = 10_000

/** Every so many reloads a delta update is compared, and a hint fetched. */
const COMPARE_EVERY = 3

/** Watches one live media playlist, and all that it names. */
export class MediaWatch {
  /** Its URL. */
  readonly url: string
  /** The playlist as it was seen last. */
  playlist: ReadMediaPlaylist | undefined
  /** The codecs of its initialization sections. */
  readonly codecs = new Set<string>()
  readonly #report: Report
  readonly #context: AuditContext
  readonly #media = new MediaCheck()
  readonly #inits = new Map<string, Promise<Init | undefined>>()
  /** The bytes of what was fetched lately, by URI. */
  readonly #bytes = new Map<string, Buffer>()
  readonly #hinted = new Map<string, Promise<Buffer | undefined>>()
  /** Parts that are no longer listed, and since when. */
  readonly #removed: { readonly uri: string; readonly at: number }[] = []
  #last: { readonly sequence: number; readonly part: number } | undefined
  #ready = Promise.resolve()
  #reloads = 0

  /**
   * @param url of the media playlist
   * @param report takes what it breaks
   * @param context what all watches share
   */
  constructor(url: string, report: Report, context: AuditContext) {
    this.url = url
    this.#report = report
    this.#context = context
  }

  /** Watches until the time is over or the playlist ends. */
  async run(): Promise<void> {
    const first = await this.#load('')
    if (first === undefined) return
    this.#take(first)
    if (this.#canBlock) await this.#probe(first)
    const { clock, until } = this.#context
    while (clock.now() < until && !this.playlist!.ended) {
      const now = this.#canBlock ? await this.#reload() : await this.#poll()
      if (now !== undefined) this.#take(now)
      // Whoever answers at once, and always the same, must not be asked all the time.
      else await this.#sleep(1000)
    }
    await this.#ready
    await this.#checkRemoved(true)
    await this.#checkBytes()
  }

  get #canBlock(): boolean {
    return this.playlist?.control.get('CAN-BLOCK-RELOAD') === 'YES'
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.#context.clock.after(milliseconds, resolve))
  }

  #resolve(uri: string): string {
    return new URL(uri, this.url).href
  }

  #withQuery(query: string): string {
    return query === '' ? this.url : `${this.url}${this.url.includes('?') ? '&' : '?'}${query}`
  }

  /** Gets the playlist; what is wrong with the answer itself is told. */
  async #load(query: string, timeout = TIMEOUT): Promise<ReadMediaPlaylist | undefined> {
    const url = this.#withQuery(query)
    const reply = await this.#context.fetcher.get(url, timeout)
    if (typeof reply === 'string') {
      this.#report(query === '' ? 'reachable' : 'blocking-reload', reply, 'an answer', url)
      return undefined
    }
    // 503: what was asked for has not come; the source may be gone.
    if (reply.status === 503 && query.includes('_HLS_msn')) {
      const least = 3000 * this.playlist!.targetDuration
      if (reply.took < least / 2 && this.#canBlock && (await this.#load(''))?.control.get('CAN-BLOCK-RELOAD') === 'YES')
        this.#report(
          'blocking-reload',
          `503 after ${(reply.took / 1000).toFixed(1)} s, while it says CAN-BLOCK-RELOAD`,
          `an answer, or 503 after ${least / 1000} s`,
          url,
        )
      return undefined
    }
    if (reply.status !== 200) {
      this.#report(query === '' ? 'reachable' : 'blocking-reload', `status ${reply.status}`, '200', url)
      return undefined
    }
    checkHeaders(reply, 'playlist', url, this.#report)
    const playlist = readM3u8(reply.body.toString())
    if (playlist.kind === 'multivariant') {
      this.#report('syntax', 'a multivariant playlist', 'a media playlist', url)
      return undefined
    }
    if (query.includes('_HLS_msn') && reply.took > 3000 * playlist.targetDuration + 500)
      this.#report('blocking-time', `${(reply.took / 1000).toFixed(1)} s`, `at most ${3 * playlist.targetDuration} s`, url)
    return playlist
  }

  /** What no server may answer. */
  async #probe(playlist: ReadMediaPlaylist): Promise<void> {
    const last = playlist.segments.at(-1)?.sequence ?? playlist.mediaSequence
    for (const [rule, query] of [
      ['msn-too-high', `_HLS_msn=${last + 50}`],
      ['part-without-msn', '_HLS_part=0'],
    ] as const) {
      const url = this.#withQuery(query)
      const reply = await this.#context.fetcher.get(url, TIMEOUT)
      const status = typeof reply === 'string' ? reply : `status ${reply.status}`
      if (status !== 'status 400') this.#report(rule, status, 'status 400', url)
    }
  }

  /** Asks for what comes next, and waits for it; now and then for the same with less, and for what is hinted. */
  async #reload(): Promise<ReadMediaPlaylist | undefined> {
    const { segments, partTarget, targetDuration, mediaSequence, hints, control } = this.playlist!
    const last = segments.at(-1)
    const sequence = last === undefined ? mediaSequence : last.uri === undefined ? last.sequence : last.sequence + 1
    const part = partTarget === undefined ? undefined : last?.uri === undefined ? (last?.parts.length ?? 0) : 0
    const query = `_HLS_msn=${sequence}${part === undefined ? '' : `&_HLS_part=${part}`}`
    const compares = this.#reloads++ % COMPARE_EVERY === 0
    const hint = compares ? hints[0] : undefined
    if (hint !== undefined && !this.#hinted.has(hint)) this.#hinted.set(hint, this.#fetch(hint, 'hint-comes-true'))
    const timeout = 3000 * targetDuration + TIMEOUT
    const skips = compares && control.has('CAN-SKIP-UNTIL')
    const [full, delta] = await Promise.all([this.#load(query, timeout), skips ? this.#load(`${query}&_HLS_skip=YES`, timeout) : undefined])
    if (full === undefined) {
      await this.#sleep(1000)
      return this.#load('')
    }
    if (delta !== undefined && !full.ended) checkDelta(full, delta, this.#report)
    if (hasAsked(full, sequence, part)) return full
    // A source that goes away takes blocking with it; that answer is meant for everybody.
    if (full.control.get('CAN-BLOCK-RELOAD') !== 'YES') return full
    this.#report(
      'blocking-reload',
      `the newest is ${describeEnd(full)}`,
      `segment ${sequence}${part === undefined ? '' : `, part ${part}`}, as asked`,
      this.#withQuery(query),
    )
    await this.#sleep(500)
    return full
  }

  async #poll(): Promise<ReadMediaPlaylist | undefined> {
    await this.#sleep((this.playlist!.targetDuration || 2) * 500)
    const full = await this.#load('')
    if (full?.control.has('CAN-SKIP-UNTIL') && this.#reloads++ % COMPARE_EVERY === 0) {
      const delta = await this.#load('_HLS_skip=YES')
      if (delta !== undefined && !full.ended) checkDelta(full, delta, this.#report)
    }
    return full
  }

  /** Looks at a new playlist, and sees to what is new in it. */
  #take(now: ReadMediaPlaylist): void {
    const before = this.playlist
    this.playlist = now
    checkPlaylist(now, this.#report)
    if (before !== undefined) {
      checkChange(before, now, this.#report)
      const listed = new Set(listParts(now).map(({ uri }) => uri))
      for (const { uri } of listParts(before)) if (!listed.has(uri)) this.#removed.push({ uri, at: this.#context.clock.now() })
    }
    this.#checkReports(now)
    // Media is checked in its order, however long it takes to come.
    const pieces = this.#collect(now, before === undefined)
    const ready = this.#ready
    this.#ready = Promise.all([ready, ...pieces.map((piece) => piece.bytes)]).then(async () => {
      for (const piece of pieces) await this.#check(piece)
      await this.#checkRemoved(false)
    })
  }

  /** What is new: the parts, or whole segments where there are none; and whole segments whose parts are known. */
  #collect(playlist: ReadMediaPlaylist, isFirst: boolean): NewPiece[] {
    const pieces: NewPiece[] = []
    for (const [i, segment] of playlist.segments.entries()) {
      if (segment.gap) continue
      // What was there before the watch began is too much to fetch.
      if (isFirst && segment.parts.length === 0 && i < playlist.segments.length - 2) continue
      for (const [index, part] of segment.parts.entries())
        if (!part.gap && !this.#seen.has(part.uri))
          pieces.push({
            ...part,
            segment,
            index,
            bytes: this.#keep(part.uri),
            independent: part.independent || (index === 0 && this.#context.independent),
          })
      if (segment.uri !== undefined && !this.#seen.has(segment.uri))
        pieces.push({
          uri: segment.uri,
          duration: segment.duration,
          segment,
          index: undefined,
          bytes: this.#keep(segment.uri),
          independent: this.#context.independent,
        })
    }
    return pieces
  }

  readonly #seen = new Set<string>()

  async #keep(uri: string): Promise<Buffer | undefined> {
    this.#seen.add(uri)
    const bytes = await this.#fetch(uri, 'reachable')
    if (bytes !== undefined) this.#bytes.set(uri, bytes)
    // As many as the parts near the end and the segments before them may be.
    for (const old of this.#bytes.keys()) {
      if (this.#bytes.size <= 400) break
      this.#bytes.delete(old)
    }
    return bytes
  }

  async #fetch(uri: string, rule: 'reachable' | 'hint-comes-true' | 'part-kept' | 'segment-bytes'): Promise<Buffer | undefined> {
    const url = this.#resolve(uri)
    const reply = await this.#context.fetcher.get(url, TIMEOUT + 3000 * this.playlist!.targetDuration)
    if (typeof reply !== 'string' && reply.status === 200) {
      checkHeaders(reply, 'media', url, this.#report)
      return reply.body
    }
    this.#report(rule, typeof reply === 'string' ? reply : `status ${reply.status}`, 'status 200', url)
    return undefined
  }

  async #check({ uri, segment, index, bytes: coming, duration, independent }: NewPiece): Promise<void> {
    const bytes = await coming
    if (bytes === undefined) return
    const hinted = await this.#hinted.get(uri)
    if (hinted !== undefined && !hinted.equals(bytes))
      this.#report('hint-comes-true', `${hinted.length} bytes for the hint`, `the ${bytes.length} bytes of the part`, this.#resolve(uri))
    this.#hinted.delete(uri)
    if (index === undefined && segment.parts.length > 0) {
      this.#compareParts(segment, bytes)
      return
    }
    const init = segment.map === undefined ? undefined : await this.#init(segment.map)
    const follows = this.#follows(segment, index)
    this.#last = { sequence: segment.sequence, part: index ?? Infinity }
    this.#media.check({ url: this.#resolve(uri), bytes, duration, independent, init, follows }, this.#report)
  }

  #follows({ sequence, isDiscontinuous }: ReadSegment, index: number | undefined): boolean {
    const last = this.#last
    if (last === undefined || (isDiscontinuous && (index ?? 0) === 0)) return false
    // Where parts are missed their segment's next one is not part 0.
    if (last.sequence === sequence) return index === last.part + 1
    return sequence === last.sequence + 1 && (index ?? 0) === 0
  }

  #compareParts({ parts, uri }: ReadSegment, whole: Buffer): void {
    const known = parts.map((part) => this.#bytes.get(part.uri))
    if (known.includes(undefined)) return
    const joined = Buffer.concat(known.filter((bytes) => bytes !== undefined))
    if (!joined.equals(whole))
      this.#report(
        'parts-equal-segment',
        `${whole.length} bytes`,
        `the ${joined.length} bytes of its ${parts.length} parts`,
        this.#resolve(uri!),
      )
  }

  #init(uri: string): Promise<Init | undefined> {
    const known = this.#inits.get(uri)
    if (known !== undefined) return known
    const coming = this.#fetch(uri, 'reachable').then((bytes) => {
      const init = bytes && readInit(bytes)
      if (bytes !== undefined && init === undefined)
        this.#report('media-format', 'no moov', 'an initialization section', this.#resolve(uri))
      for (const codecs of init?.codecs ?? []) this.codecs.add(codecs)
      return init
    })
    this.#inits.set(uri, coming)
    return coming
  }

  /** 6.2.2: what is no longer listed can still be fetched. A sample of it is. */
  async #checkRemoved(isEnd: boolean): Promise<void> {
    const target = (this.playlist?.targetDuration ?? 0) * 1000
    const now = this.#context.clock.now()
    let checked = 0
    for (const removed of this.#removed.splice(0)) {
      const age = now - removed.at
      if (age >= 3 * target) continue
      if (age < 2 * target && !isEnd) this.#removed.push(removed)
      else if (checked++ < 4) await this.#fetch(removed.uri, 'part-kept')
    }
  }

  /** What was fetched once is fetched again: it never changes. */
  async #checkBytes(): Promise<void> {
    const whole = this.playlist!.segments.filter(({ uri }) => uri !== undefined && this.#bytes.has(uri))
    for (const { uri } of whole.slice(-2)) {
      const bytes = await this.#fetch(uri!, 'segment-bytes')
      const before = this.#bytes.get(uri!)!
      if (bytes !== undefined && !bytes.equals(before))
        this.#report('segment-bytes', `${bytes.length} bytes`, `the same ${before.length} bytes as before`, this.#resolve(uri!))
    }
  }

  #checkReports({ reports, partTarget, ended }: ReadMediaPlaylist): void {
    if (partTarget === undefined || ended) return
    const told = new Map(reports.map((report) => [this.#resolve(report.get('URI') ?? ''), report]))
    for (const [url, { playlist }] of this.#context.watches) {
      if (url === this.url || playlist === undefined || playlist.ended) continue
      const report = told.get(url)
      const last = playlist.segments.at(-1)
      if (report === undefined) this.#report('rendition-report', `none for ${url}`, 'one')
      else if (last !== undefined) {
        const sequence = Number(report.get('LAST-MSN') ?? NaN)
        // Both change all the time: what was seen of the other a moment ago may be a part ahead, not a segment.
        if (!(sequence >= last.sequence - 1))
          this.#report('rendition-report', `LAST-MSN=${report.get('LAST-MSN') ?? ''} for ${url}`, `about ${last.sequence}`)
        if (playlist.partTarget !== undefined && !/^\d+$/.test(report.get('LAST-PART') ?? ''))
          this.#report('rendition-report', `LAST-PART=${report.get('LAST-PART') ?? '(none)'} for ${url}`, 'the index of its last part')
      }
    }
  }
}

interface NewPiece {
  readonly uri: string
  readonly duration: number
  readonly segment: ReadSegment
  /** Of the part; `undefined` for the whole segment. */
  readonly index: number | undefined
  readonly bytes: Promise<Buffer | undefined>
  readonly independent: boolean
}

function describeEnd({ segments }: ReadMediaPlaylist): string {
  const last = segments.at(-1)
  return last === undefined ? 'none' : `segment ${last.sequence}${last.uri === undefined ? ` with ${last.parts.length} parts` : ''}`
}
