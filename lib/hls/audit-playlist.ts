import type { Report } from './audit-rules.js'
import type { ReadMediaPlaylist, ReadSegment } from './m3u8.js'

/** Fractions are written with some decimals only. */
const ROUNDING = 1e-4
/** Milliseconds by which dates may differ: they are rounded, and so are durations. */
const DATE_TOLERANCE = 50

/** What must be true of a media playlist by itself. */
export function checkPlaylist(playlist: ReadMediaPlaylist, report: Report): void {
  const { problems, version, targetDuration, segments, skipped, removedDateRanges, partTarget, ended, hints } = playlist
  for (const problem of problems) report('syntax', problem, 'a playlist by RFC 8216bis 4')
  const needed = removedDateRanges ? 10 : skipped !== undefined ? 9 : segments.some(({ map }) => map !== undefined) ? 6 : 3
  if (version < needed) report('version', `EXT-X-VERSION:${version}`, `at least ${needed}`)
  for (const { uri, duration } of segments)
    if (uri !== undefined && Math.round(duration) > targetDuration)
      report('segment-duration', `EXTINF:${duration} of ${uri}`, `at most ${targetDuration}.5`)
  checkControl(playlist, report)
  checkParts(playlist, report)
  checkDates(playlist, report)
  const live = playlist.control.get('CAN-BLOCK-RELOAD') === 'YES'
  if (ended && hints.length > 0) report('preload-hint', `a hint at ${hints[0]} after the end`, 'none')
  if (!ended && live && partTarget !== undefined && hints.length !== 1) report('preload-hint', `${hints.length} hints`, 'one of type PART')
}

function checkControl({ control, targetDuration, partTarget }: ReadMediaPlaylist, report: Report): void {
  const least = (name: string, times: number, of: number): void => {
    const value = control.get(name)
    if (value !== undefined && !(Number(value) >= times * of - ROUNDING))
      report('server-control', `${name}=${value}`, `at least ${times * of}`)
  }
  least('HOLD-BACK', 3, targetDuration)
  least('CAN-SKIP-UNTIL', 6, targetDuration)
  if (control.has('CAN-SKIP-DATERANGES') && !control.has('CAN-SKIP-UNTIL'))
    report('server-control', 'CAN-SKIP-DATERANGES alone', 'CAN-SKIP-UNTIL with it')
  if (partTarget === undefined) return
  if (!control.has('PART-HOLD-BACK')) report('server-control', 'no PART-HOLD-BACK', 'one, as there is EXT-X-PART-INF')
  least('PART-HOLD-BACK', 3, partTarget)
}

function checkParts({ segments, partTarget, targetDuration }: ReadMediaPlaylist, report: Report): void {
  let distance = 0
  for (const { parts, uri, duration, sequence } of segments.toReversed()) {
    distance += duration
    if (parts.length === 0) continue
    if (partTarget === undefined) report('syntax', 'EXT-X-PART without EXT-X-PART-INF', 'its PART-TARGET')
    if (distance - parts[0]!.duration > 3 * targetDuration + ROUNDING)
      report(
        'parts-near-edge',
        `parts of segment ${sequence}, ${distance.toFixed(3)} s from the end`,
        `none beyond ${3 * targetDuration} s`,
      )
    for (const [i, part] of parts.entries()) {
      if (partTarget === undefined) break
      if (part.duration > partTarget + ROUNDING) report('part-target', `${part.duration} s of ${part.uri}`, `at most ${partTarget} s`)
      const isLast = i === parts.length - 1
      // The last of a growing segment may be the last of all.
      const excused = part.independent || part.gap || parts[i + 1]?.gap === true || isLast
      if (!excused && part.duration < 0.85 * partTarget - ROUNDING)
        report('part-minimum', `${part.duration} s of ${part.uri}`, `at least ${(0.85 * partTarget).toFixed(3)} s`)
    }
    const sum = parts.reduce((total, part) => total + part.duration, 0)
    if (uri !== undefined && Math.abs(sum - duration) > 0.01)
      report('media-duration', `parts of ${sum.toFixed(3)} s in ${uri} of ${duration} s`, 'the same')
  }
}

function checkDates({ segments, partTarget, dateRanges, skipped }: ReadMediaPlaylist, report: Report): void {
  const dated = segments.some(({ date }) => date !== undefined)
  if (partTarget !== undefined && segments.length > 0 && !dated) report('date-time', 'no EXT-X-PROGRAM-DATE-TIME', 'one at least')
  let next: number | undefined
  for (const { date, duration, isDiscontinuous, sequence } of segments) {
    if (isDiscontinuous) {
      if (dated && date === undefined) report('date-time', `none at the discontinuity before segment ${sequence}`, 'one')
      next = undefined
    }
    if (date !== undefined && next !== undefined && Math.abs(date - next) > DATE_TOLERANCE)
      report('date-continuity', `segment ${sequence} is of ${iso(date)}`, iso(next))
    const from = date ?? next
    next = from === undefined ? undefined : from + duration * 1000
  }
  if (dateRanges.length > 0 && !dated && skipped === undefined) report('date-range', 'no EXT-X-PROGRAM-DATE-TIME', 'one at least')
  const ids = dateRanges.map((range) => range.get('ID'))
  for (const [i, range] of dateRanges.entries()) {
    const id = range.get('ID')
    if (id === undefined || ids.indexOf(id) !== i) report('date-range', id === undefined ? 'no ID' : `ID ${id} twice`, 'a unique ID')
    if (Number.isNaN(Date.parse(range.get('START-DATE') ?? '')))
      report('date-range', `START-DATE of ${id}: «${range.get('START-DATE') ?? ''}»`, 'a date')
  }
}

const iso = (milliseconds: number): string => (Number.isFinite(milliseconds) ? new Date(milliseconds).toISOString() : 'no date')

/** What must be true of a media playlist after an earlier one of the same URI. */
export function checkChange(before: ReadMediaPlaylist, now: ReadMediaPlaylist, report: Report): void {
  if (now.targetDuration !== before.targetDuration)
    report('target-duration', `${now.targetDuration} s`, `${before.targetDuration} s, as before`)
  if (now.mediaSequence < before.mediaSequence) {
    report('media-sequence', `${now.mediaSequence} after ${before.mediaSequence}`, 'no way back')
    // Numbers begin anew: nothing else can be compared.
    return
  }
  if (now.discontinuitySequence < before.discontinuitySequence)
    report('discontinuity-sequence', `${now.discontinuitySequence} after ${before.discontinuitySequence}`, 'no way back')
  const last = before.segments.at(-1)
  const end = now.segments.at(-1)
  if (last !== undefined && (end?.sequence ?? now.mediaSequence - 1) < last.sequence)
    report('media-sequence', `the newest is ${end?.sequence ?? 'none'} after ${last.sequence}`, 'no way back')
  const known = new Map(before.segments.map((segment) => [segment.sequence, segment]))
  for (const segment of now.segments) {
    const earlier = known.get(segment.sequence)
    if (earlier !== undefined) compareSegment(earlier, segment, report)
  }
  checkHint(before, now, report)
}

function compareSegment(before: ReadSegment, now: ReadSegment, report: Report): void {
  const name = `segment ${now.sequence}`
  const say = (what: string, found: unknown, expected: unknown): void =>
    report('segment-changed', `${what} of ${name}: ${String(found)}`, `${String(expected)}, as before`)
  if (before.uri !== undefined) {
    if (now.uri !== before.uri) say('URI', now.uri, before.uri)
    if (now.duration !== before.duration) say('EXTINF', now.duration, before.duration)
    if (now.gap !== before.gap) say('EXT-X-GAP', now.gap, before.gap)
  }
  if (now.map !== before.map) say('EXT-X-MAP', now.map, before.map)
  if (now.date !== undefined && before.date !== undefined && now.date !== before.date) say('date', iso(now.date), iso(before.date))
  if (now.discontinuity !== before.discontinuity)
    report('discontinuity-sequence', `${name} is number ${now.discontinuity}`, `${before.discontinuity}, as before`)
  // All of the parts of a segment leave at once, or nobody could count them.
  if (now.parts.length === 0) return
  for (const [i, part] of before.parts.entries()) {
    const later = now.parts[i]
    if (later?.uri !== part.uri || later.duration !== part.duration)
      report(
        'part-changed',
        `part ${i} of ${name}: ${later ? `${later.uri} of ${later.duration} s` : 'gone'}`,
        `${part.uri} of ${part.duration} s, as before`,
      )
  }
}

/** The parts of a playlist one behind the other, with where they stand. */
export function listParts({ segments }: ReadMediaPlaylist): { readonly uri: string; readonly sequence: number; readonly index: number }[] {
  return segments.flatMap(({ parts, sequence }) => parts.map(({ uri }, index) => ({ uri, sequence, index })))
}

function checkHint(before: ReadMediaPlaylist, now: ReadMediaPlaylist, report: Report): void {
  const hint = before.hints[0]
  const last = listParts(before).at(-1)
  if (hint === undefined || last === undefined) return
  const parts = listParts(now)
  const at = parts.findIndex(({ sequence, index }) => sequence === last.sequence && index === last.index)
  const next = at < 0 ? undefined : parts[at + 1]
  if (next !== undefined) {
    if (next.uri !== hint) report('hint-comes-true', `${next.uri} came`, `${hint}, as hinted`)
  } else if (at >= 0 && now.hints[0] !== undefined && now.hints[0] !== hint)
    report('hint-comes-true', `${now.hints[0]} is hinted`, `${hint}, as before`)
}

/** Whether a playlist has what a blocking reload asked for: the segment, or a part of it, or anything later. */
export function hasAsked({ segments, ended }: ReadMediaPlaylist, sequence: number, part: number | undefined): boolean {
  const last = segments.at(-1)
  if (ended) return true
  if (last === undefined || last.sequence < sequence) return false
  if (last.sequence > sequence) return true
  return part === undefined ? last.uri !== undefined : last.parts.length > part
}

/** How many segments of a full playlist are beyond the skip boundary. */
function countSkippable({ segments, control }: ReadMediaPlaylist, tolerance: number): number {
  const boundary = Number(control.get('CAN-SKIP-UNTIL'))
  let distance = 0
  for (let i = segments.length - 1; i >= 0; i--) {
    if (distance > boundary + tolerance) return i + 1
    distance += segments[i]!.duration
  }
  return 0
}

/** What must be true of a delta update beside the full playlist of the same moment. */
export function checkDelta(full: ReadMediaPlaylist, delta: ReadMediaPlaylist, report: Report): void {
  if (edge(full) !== edge(delta)) return
  for (const problem of delta.problems) report('syntax', problem, 'a playlist by RFC 8216bis 4')
  const { skipped = 0 } = delta
  if (skipped === 0 && countSkippable(full, ROUNDING) > 0)
    report('delta-update', 'nothing is skipped', `up to ${countSkippable(full, ROUNDING)} segments`)
  if (skipped > countSkippable(full, -ROUNDING))
    report('skip-boundary', `${skipped} are skipped`, `at most ${countSkippable(full, -ROUNDING)}`)
  if (delta.mediaSequence !== full.mediaSequence || delta.discontinuitySequence !== full.discontinuitySequence)
    report(
      'delta-update',
      `numbers begin at ${delta.mediaSequence} and ${delta.discontinuitySequence}`,
      `${full.mediaSequence} and ${full.discontinuitySequence}, as in full`,
    )
  const rest = full.segments.slice(skipped)
  const same = (a: ReadSegment, b: ReadSegment | undefined): boolean =>
    b !== undefined && describe(a) === describe({ ...b, map: b.map ?? a.map })
  const differs = rest.findIndex((segment, i) => !same(segment, delta.segments[i]))
  if (rest.length !== delta.segments.length)
    report('delta-update', `${skipped} skipped and ${delta.segments.length} told`, `${full.segments.length} in all`)
  else if (differs >= 0) report('delta-update', describe(delta.segments[differs]!), describe(rest[differs]!))
  if (delta.version < 9 && skipped > 0) report('version', `EXT-X-VERSION:${delta.version}`, 'at least 9')
  const told = new Set(delta.dateRanges.map((range) => range.get('ID')))
  const missing = full.dateRanges.find((range) => !told.has(range.get('ID')))
  if (missing !== undefined)
    report('delta-update', `the date range ${missing.get('ID')} is missing`, 'all of them: only _HLS_skip=v2 skips them')
}

/** Where a playlist ends, by names: two of the same end are of the same moment, however they are numbered. */
export function edge({ segments, hints, ended }: ReadMediaPlaylist): string {
  const last = segments.at(-1)
  return `${last?.uri} ${last?.parts.at(-1)?.uri} ${hints.join()} ${ended}`
}

// The number of a discontinuity cannot be counted behind what is skipped.
const describe = ({ sequence, uri, duration, map, date, gap, isDiscontinuous, parts }: ReadSegment): string =>
  JSON.stringify({ sequence, uri, duration, map, date, gap, isDiscontinuous, parts })
