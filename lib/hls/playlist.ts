import type { MediaPlaylist, MultivariantPlaylist, PartEntry, SegmentEntry, TitleEntry } from './entries.js'

/** How a media playlist is asked for. */
export interface MediaPlaylistOptions {
  /**
   * Leave out what the client already has: `true` for `_HLS_skip=YES`, `'v2'` for titles, too. Without effect where nothing may be left
   * out: in a short playlist, or after its end.
   */
  readonly skip?: boolean | 'v2' | undefined
  /**
   * The ids of the titles that have left the playlist within the last {@link skipBoundary} seconds. Given, maybe empty, in every request of a playlist,
   * it is said that titles can be left out (CAN-SKIP-DATERANGES); otherwise `'v2'` is the same as `true`.
   */
  readonly removedTitles?: readonly string[] | undefined
}

/** CAN-SKIP-UNTIL: how many seconds from its end a playlist is always told in full; RFC 8216bis 4.4.3.8 wants six target durations. */
export function skipBoundary({ targetDuration }: Pick<MediaPlaylist, 'targetDuration'>): number {
  return 6 * targetDuration
}

/**
 * Writes a media playlist, RFC 8216bis clause 4.4: with low latency where it has a part target, otherwise plain. A growing segment shows only by
 * its parts. The text of a segment is remembered by its entry once it is whole and its parts are no longer listed: from then on
 * the entry must not change.
 */
export function formatMediaPlaylist(playlist: MediaPlaylist, { skip = false, removedTitles }: MediaPlaylistOptions = {}): string {
  const { partTarget, ended, live } = playlist
  const segments = listed(playlist)
  const skipped = skip === false || ended ? 0 : countBefore(segments, skipBoundary(playlist), 'end')
  const skipTitles = skipped > 0 && skip === 'v2' && removedTitles !== undefined
  const partsFrom = partTarget === undefined ? segments.length : countBefore(segments, 3 * playlist.targetDuration, 'start')
  const text: string[] = [formatHead(playlist, segments, versionOf(playlist, segments, skipped, skipTitles), removedTitles !== undefined)]
  const titles = skipTitles ? playlist.titles.filter((title) => isRecent(title, playlist, segments)) : playlist.titles
  // 4.4.5.1: a playlist with date ranges has a program date and time, so that they wait for the first segment.
  if (segments.length > 0) for (const title of titles) text.push(formatTitle(title))
  if (skipped > 0)
    text.push(
      `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}${skipTitles ? `,RECENTLY-REMOVED-DATERANGES=${quote(removedTitles.join('\t'), true)}` : ''}\n`,
    )
  for (let i = skipped; i < segments.length;) {
    const group = i > skipped && i + GROUP <= partsFrom ? formatGroup(segments, i) : undefined
    text.push(group ?? formatLead(segments[i]!, segments[i - 1], i === skipped))
    if (group === undefined && i < partsFrom) text.push(formatOld(segments[i]!))
    else if (group === undefined) formatNew(segments[i]!, text)
    i += group === undefined ? 1 : GROUP
  }
  if (ended) text.push('#EXT-X-ENDLIST\n')
  else if (partTarget !== undefined) {
    if (live && playlist.hint !== undefined) text.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI=${quote(playlist.hint)}\n`)
    for (const { uri, lastSequence, lastPart } of playlist.reports)
      text.push(`#EXT-X-RENDITION-REPORT:URI=${quote(uri)},LAST-MSN=${lastSequence}${lastPart < 0 ? '' : `,LAST-PART=${lastPart}`}\n`)
  }
  return text.join('')
}

/** Writes a multivariant playlist, RFC 8216bis clause 4.4.6. */
export function formatMultivariantPlaylist({ variants, audio, independent, session }: MultivariantPlaylist): string {
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${MAP_VERSION}`]
  if (independent) lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
  if (session !== undefined) lines.push(`#EXT-X-SESSION-DATA:DATA-ID="io.floecast.session",VALUE=${quote(session)}`)
  for (const rendition of audio)
    lines.push(
      tag('EXT-X-MEDIA', {
        TYPE: 'AUDIO',
        'GROUP-ID': quote(rendition.group),
        NAME: quote(rendition.name),
        LANGUAGE: rendition.language && quote(rendition.language),
        DEFAULT: rendition.default ? 'YES' : 'NO',
        AUTOSELECT: 'YES',
        CHANNELS: rendition.channels && quote(String(rendition.channels)),
        URI: rendition.uri && quote(rendition.uri),
      }),
    )
  for (const { uri, bandwidth, averageBandwidth, codecs, width, height, frameRate, audio: group, name } of variants)
    lines.push(
      tag('EXT-X-STREAM-INF', {
        BANDWIDTH: Math.ceil(bandwidth),
        'AVERAGE-BANDWIDTH': Math.ceil(averageBandwidth),
        CODECS: codecs.length === 0 ? undefined : quote(codecs.join(',')),
        RESOLUTION: width && height && `${width}x${height}`,
        'FRAME-RATE': frameRate && frameRate.toFixed(3),
        AUDIO: group && quote(group),
        NAME: name && quote(name),
      }),
      uri,
    )
  return `${lines.join('\n')}\n`
}

/** EXT-X-MAP in a playlist of whole pictures wants version 6, EXT-X-GAP 8, EXT-X-SKIP 9, and 10 when it skips date ranges (clause 8). */
const MAP_VERSION = 6
const GAP_VERSION = 8
const SKIP_VERSION = 9
const SKIP_TITLES_VERSION = 10

function versionOf({ partTarget }: MediaPlaylist, segments: readonly SegmentEntry[], skipped: number, skipTitles: boolean): number {
  if (skipTitles) return SKIP_TITLES_VERSION
  if (skipped > 0 || partTarget !== undefined) return SKIP_VERSION
  return segments.some((segment) => segment.gap) ? GAP_VERSION : MAP_VERSION
}

/** Those that stand in the text: all that are whole, and a growing one that has parts. */
function listed({ segments, partTarget, ended }: MediaPlaylist): readonly SegmentEntry[] {
  const last = segments.at(-1)
  if (last === undefined || last.complete) return segments
  return partTarget !== undefined && !ended && last.parts.length > 0 ? segments : segments.slice(0, -1)
}

/** How many segments are further from the end of the playlist than some seconds, by their start or their end. */
function countBefore(segments: readonly SegmentEntry[], limit: number, measure: 'start' | 'end'): number {
  let distance = 0
  for (let i = segments.length - 1; i >= 0; i--) {
    const { duration } = segments[i]!
    // Durations are sums of fractions: what is a billionth further is not further.
    if ((measure === 'start' ? distance + duration : distance) > limit + 1e-9) return i + 1
    distance += duration
  }
  return 0
}

function formatHead(playlist: MediaPlaylist, segments: readonly SegmentEntry[], version: number, skipsTitles: boolean): string {
  const { targetDuration, partTarget, live, ended, next } = playlist
  const first = segments[0]
  // A growing segment without parts is not there yet, but it is what comes next.
  const coming = playlist.segments[0]
  const control = [
    ...(live && !ended && partTarget !== undefined ? ['CAN-BLOCK-RELOAD=YES'] : []),
    ...(ended ? [] : [`CAN-SKIP-UNTIL=${skipBoundary(playlist)}`, ...(skipsTitles ? ['CAN-SKIP-DATERANGES=YES'] : [])]),
    `HOLD-BACK=${3 * targetDuration}`,
    // The authoring specification for Apple devices (14.3) wants three parts; in whole milliseconds, upwards, whatever the fractions.
    ...(partTarget === undefined ? [] : [`PART-HOLD-BACK=${Math.ceil(3000 * partTarget - 1e-6) / 1000}`]),
  ]
  return `#EXTM3U
#EXT-X-VERSION:${version}
#EXT-X-TARGETDURATION:${targetDuration}
#EXT-X-SERVER-CONTROL:${control.join(',')}
${partTarget === undefined ? '' : `#EXT-X-PART-INF:PART-TARGET=${decimal(partTarget)}\n`}#EXT-X-MEDIA-SEQUENCE:${(first ?? coming)?.sequence ?? next.sequence}
#EXT-X-DISCONTINUITY-SEQUENCE:${(first ?? coming)?.discontinuity ?? next.discontinuity}
`
}

/** What a segment begins with: EXT-X-DISCONTINUITY and EXT-X-MAP, where something changes or the text begins. */
function formatLead({ period, init }: SegmentEntry, before: SegmentEntry | undefined, isFirst: boolean): string {
  const isOther = before !== undefined && before.period !== period
  // The first of a playlist has no discontinuity: EXT-X-DISCONTINUITY-SEQUENCE already counts what came before it. The map is repeated behind
  // EXT-X-SKIP, for players that do not look for it in what they have.
  const map = init !== undefined && (isFirst || isOther || before?.init !== init) ? `#EXT-X-MAP:URI=${quote(init)}\n` : ''
  return isOther ? `#EXT-X-DISCONTINUITY\n${map}` : map
}

/** How many old segments share a text: a window of hours is joined from dozens of pieces, not thousands. */
const GROUP = 64

const groups = new WeakMap<SegmentEntry, { readonly before: SegmentEntry; readonly last: SegmentEntry; readonly text: string }>()

/** The text of {@link GROUP} old segments from a multiple of it on, so that the groups stay the same while the window moves; `undefined` from elsewhere. */
function formatGroup(segments: readonly SegmentEntry[], from: number): string | undefined {
  const first = segments[from]!
  if (first.sequence % GROUP !== 0) return undefined
  const before = segments[from - 1]!
  const last = segments[from + GROUP - 1]!
  const known = groups.get(first)
  if (known?.before === before && known.last === last) return known.text
  const text = Array.from(
    { length: GROUP },
    (_, i) => formatLead(segments[from + i]!, segments[from + i - 1], false) + formatOld(segments[from + i]!),
  ).join('')
  groups.set(first, { before, last, text })
  return text
}

const texts = new WeakMap<SegmentEntry, string>()

/** A segment whose parts are not listed: whole, and never to change. */
function formatOld(segment: SegmentEntry): string {
  let text = texts.get(segment)
  if (text === undefined) {
    text = formatDate(segment) + formatWhole(segment)
    texts.set(segment, text)
  }
  return text
}

/** A segment near the end, with its parts: 4.4.4.9 wants discontinuity, map and date before the first of them. */
function formatNew(segment: SegmentEntry, text: string[]): void {
  text.push(formatDate(segment))
  // What is missing has missing parts; they help nobody.
  if (!segment.gap) for (const part of segment.parts) text.push(formatPart(part))
  if (segment.complete) text.push(formatWhole(segment))
}

function formatDate({ start, period }: SegmentEntry): string {
  return `#EXT-X-PROGRAM-DATE-TIME:${date(period.date + (start - period.start) * 1000)}\n`
}

function formatWhole({ gap, duration, uri }: SegmentEntry): string {
  return `${gap ? '#EXT-X-GAP\n' : ''}#EXTINF:${decimal(duration)},\n${uri}\n`
}

function formatPart({ uri, duration, independent }: PartEntry): string {
  return `#EXT-X-PART:DURATION=${decimal(duration)},URI=${quote(uri)}${independent ? ',INDEPENDENT=YES' : ''}\n`
}

function formatTitle({ id, date: start, duration, title }: TitleEntry): string {
  return `${tag('EXT-X-DATERANGE', {
    ID: quote(id),
    CLASS: '"com.floecast.title"',
    'START-DATE': quote(date(start)),
    DURATION: duration === undefined ? undefined : decimal(Math.max(0, duration)),
    'X-TITLE': quote(title),
  })}\n`
}

/** Whether a title has begun, or its end has become known, within the skip boundary: what a client may not have yet. */
function isRecent({ date: start, duration }: TitleEntry, playlist: MediaPlaylist, segments: readonly SegmentEntry[]): boolean {
  const last = segments.at(-1)!
  const end = last.period.date + (last.start - last.period.start + last.duration) * 1000
  return start + (duration ?? 0) * 1000 >= end - skipBoundary(playlist) * 1000
}

function tag(name: string, attributes: Readonly<Record<string, string | number | undefined>>): string {
  const present = Object.entries(attributes).filter(([, value]) => value !== undefined && value !== '')
  return `#${name}:${present.map(([key, value]) => `${key}=${value}`).join(',')}`
}

/** Microseconds are finer than any timescale's tick matters; rounding keeps the order, so that no part grows over its target. */
function decimal(value: number): string {
  return String(Number(value.toFixed(6)))
}

function date(milliseconds: number): string {
  return new Date(Math.round(milliseconds)).toISOString()
}

/** A quoted string of 4.2: it can hold neither quotation marks nor line breaks, and a playlist (4.1) no control characters and only NFC. */
function quote(text: string, tabs = false): string {
  return `"${text
    .normalize('NFC')
    .replaceAll('"', '”')
    .replaceAll(tabs ? CONTROLS_BUT_TAB : CONTROLS, ' ')}"`
}

// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g
// eslint-disable-next-line no-control-regex
const CONTROLS_BUT_TAB = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]+/g
