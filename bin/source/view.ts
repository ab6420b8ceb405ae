import type { createColors } from 'picocolors'
import type { StreamerEntry, StreamerState, StreamerTarget } from '../../lib/api/streamer.js'
import { sourceKind, titleOf } from '../../lib/client/index.js'
import { formatRate, formatSize, formatSpan, formatTime } from './figures.js'
import { cut, cutStart, fit, oneLine, widthOf, wrap } from './width.js'

/** The colours of picocolors, which are none where there shall be none. */
export type Paint = ReturnType<typeof createColors>

/** What a view depends on besides the state. */
export interface Look {
  /** Of the terminal; no line is wider. */
  readonly columns: number
  /** Of the terminal; there are fewer lines, where that is possible. */
  readonly rows: number
  /** Milliseconds since the Unix epoch. */
  readonly now: number
  /** Colours. */
  readonly paint: Paint
  /** The entry that the arrows stand on. */
  readonly selected?: string | undefined
  /** What is being typed after `a`. */
  readonly typed?: string | undefined
  /** What is not as it should be, as long as that is news. */
  readonly warning?: string | undefined
  /** What has just been told to whoever sits there. */
  readonly notice?: string | undefined
}

/** A piece of a line: its text, and how it looks. */
type Piece = readonly [text: string, style?: (text: string) => string]

const GAP = 3
// Entries that are shown at most: what plays and what comes, not the whole library.
const ENTRIES = 14
// Before the title of an entry: the arrow's place, the sign and a space, then the number and two spaces.
const LEAD = 4

/**
 * Draws a streamer for a terminal: where it sends and how that goes, what plays and what comes, and the keys.
 * @returns lines, each no wider than the terminal
 */
export function drawView(state: StreamerState, look: Look): string[] {
  const foot = footer(state, look)
  // One line stays free, so that nothing scrolls.
  const head = [...header(state, look), ...troubles(state, look)].slice(0, Math.max(2, look.rows - 3 - foot.length))
  const room = Math.max(1, look.rows - 1 - head.length - foot.length)
  return [...head, ...list(state, look, room), ...foot].slice(0, Math.max(1, look.rows - 1))
}

/** Pieces side by side, on as many lines as they need. */
function flow(pieces: readonly Piece[], columns: number, gap: string): string[] {
  const lines: string[] = []
  let line = ''
  let width = 0
  for (const [text, style = String] of pieces) {
    const short = cut(text, columns - 3)
    const next = width + gap.length + widthOf(short)
    if (line !== '' && next + 2 < columns) {
      line += gap + style(short)
      width = next
      continue
    }
    if (line !== '') lines.push(line)
    line = `  ${style(short)}`
    width = widthOf(short)
  }
  return line === '' ? lines : [...lines, line]
}

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

/** How a connection is, in a word or two. */
function statusOf({ status, since }: StreamerTarget, { now, paint }: Look): Piece[] {
  if (status === 'connecting') return [['○ connecting', paint.yellow]]
  if (status === 'reconnecting') return [['○ connecting again', paint.yellow]]
  if (status === 'failed') return [['○ failed', paint.red]]
  if (status === 'ended') return [['○ ended', paint.dim]]
  const time = since === null ? '' : ` ${formatTime((now - Date.parse(since)) / 1000)}`
  return [[`● live${time}`, (text) => paint.red('●') + paint.bold(text.slice(1))]]
}

function header(state: StreamerState, look: Look): string[] {
  const { paint, columns } = look
  const { targets, frameRate, droppedFrames, status } = state
  const [first] = targets
  if (first === undefined) return []
  const one = targets.length === 1
  const viewers = targets.some((target) => target.viewers !== null)
    ? targets.reduce((sum, target) => sum + (target.viewers ?? 0), 0)
    : undefined
  const gap = ' '.repeat(GAP)
  const place: Piece = [one ? `${first.mount} on ${first.server}` : first.server, paint.bold]
  if (status === 'ended') return ['', ...flow([place, ...statusOf(first, look)], columns, gap)]
  const pieces = (whole: boolean): Piece[] => [
    place,
    ...statusOf(first, look),
    ...(status === 'paused' ? ([['paused', paint.yellow]] satisfies Piece[]) : []),
    [`▲ ${formatRate(targets.reduce((sum, { bitrate }) => sum + bitrate, 0))}`],
    ...(frameRate === null ? [] : ([[`${Math.round(frameRate)} fps`]] satisfies Piece[])),
    ...(whole || droppedFrames > 0 ? ([[`dropped ${droppedFrames}`, droppedFrames > 0 ? paint.yellow : String]] satisfies Piece[]) : []),
    ...(viewers === undefined ? [] : ([[`viewers ${viewers}`]] satisfies Piece[])),
    ...(one ? waiting(first, look) : []),
  ]
  const rungs = one
    ? []
    : targets.flatMap((target) =>
        flow(
          [[target.mount, paint.bold], ...statusOf(target, look), [`▲ ${formatRate(target.bitrate)}`], ...waiting(target, look)],
          columns,
          gap,
        ),
      )
  // One line, where it can be had.
  const wide = flow(pieces(true), columns, gap)
  return ['', ...(wide.length === 1 ? wide : flow(pieces(false), columns, columns < 60 ? gap : '  ')), ...rungs]
}

/** What is told of a connection only where it is not as it should be. */
function waiting({ buffered, bitrate, reconnects, dropped }: StreamerTarget, { paint }: Look): Piece[] {
  return [
    // A second that waits is ordinary.
    ...(buffered * 8 > Math.max(bitrate, 64_000) ? ([[`waiting ${formatSize(buffered)}`, paint.yellow]] satisfies Piece[]) : []),
    ...(dropped > 0 ? ([[`left out ${formatSize(dropped)}`, paint.yellow]] satisfies Piece[]) : []),
    ...(reconnects > 0 ? ([[plural(reconnects, 'reconnect', 'reconnects')]] satisfies Piece[]) : []),
  ]
}

function troubles({ targets }: StreamerState, { columns, paint, warning }: Look): string[] {
  const problems = [...new Set(targets.flatMap(({ problem }) => (problem === null ? [] : [problem])))]
  const tell = (text: string, style: (text: string) => string): string[] =>
    wrap(oneLine(text), columns - 5)
      .slice(0, 3)
      .map((line, at) => `  ${style(at === 0 ? `! ${line}` : `  ${line}`)}`)
  return [...problems.flatMap((text) => tell(text, paint.red)), ...(warning === undefined ? [] : tell(warning, paint.yellow))]
}

/** Which entries are shown, from `from` to before `to`, and one more where the next one is far away. */
function window(state: StreamerState, selected: string | undefined, room: number): { from: number; to: number; far: number | undefined } {
  const { entries, current } = state
  if (entries.length <= room) return { from: 0, to: entries.length, far: undefined }
  // A line goes to how many more there are.
  const rows = Math.max(1, room - 1)
  const chosen = entries.findIndex(({ id }) => id === selected)
  const centre = chosen >= 0 ? chosen : entries.findIndex(({ id }) => id === current)
  const start = (size: number): number => Math.max(0, Math.min(centre - Math.min(1, size - 1), entries.length - size))
  const next = entries.findIndex((entry) => entry.state === 'next')
  const isFar = chosen < 0 && rows > 2 && next >= 0 && (next < start(rows) || next >= start(rows) + rows)
  const size = rows - Number(isFar)
  return { from: start(size), to: start(size) + size, far: isFar ? next : undefined }
}

function list(state: StreamerState, look: Look, room: number): string[] {
  const { entries, takenOver, position } = state
  const { paint, columns } = look
  const lines: string[] = []
  if (takenOver !== null) {
    const since = entries.some(({ id }) => id === state.current) ? `; the list waits at ${formatTime(position)}` : ''
    lines.push(`  ${paint.cyan('▶')} ${cut(`${nameTakenOver(takenOver)} is on the air${since}`, columns - 5)}`)
  }
  // The playing entry has a line more where there is no room beside it.
  const narrow = measure(columns, entries.length).right === 0
  const left = Math.max(1, Math.min(room, ENTRIES) - lines.length - (narrow ? 1 : 0))
  const { from, to, far } = window(state, look.selected, left)
  const soon = remaining(state)
  for (let at = from; at < to; at++) lines.push(...drawEntry(state, at, look, soon))
  if (far !== undefined) lines.push(...drawEntry(state, far, look, soon))
  const hidden = entries.length - (to - from) - (far === undefined ? 0 : 1)
  if (hidden > 0 && left > 1) lines.push(paint.dim(cut(`    … and ${hidden} more`, columns - 1)))
  return lines
}

/** What has taken over, in a word: devices have short names for programs. */
export const nameTakenOver = (source: string): string => oneLine(sourceKind(source) === 'device' ? titleOf(source) : source)

/** Seconds until the entry that plays is over; undefined where that is not known. */
function remaining({ entries, current, position, status, takenOver }: StreamerState): number | undefined {
  if (status === 'paused' || takenOver !== null) return undefined
  const duration = entries.find(({ id }) => id === current)?.duration
  return typeof duration === 'number' ? Math.max(0, duration - position) : undefined
}

/** How the columns of the list are shared out: title, middle, and what is done to the entry; the last is 0 where there is no room. */
function measure(columns: number, entries: number): { digits: number; title: number; middle: number; right: number } {
  const digits = Math.max(2, String(entries).length)
  const rest = Math.max(1, columns - 1 - LEAD - digits - 2)
  if (rest < 60) {
    const middle = Math.min(rest, rest < 36 ? 0 : 15)
    return { digits, title: rest - middle - (middle > 0 ? 2 : 0), middle, right: 0 }
  }
  const more = Math.min(rest, 130) - 60
  const title = 18 + Math.floor(more * 0.3)
  const right = 16 + Math.floor(more * 0.4)
  return { digits, title, middle: rest - title - right - 4, right }
}

function drawEntry(state: StreamerState, at: number, look: Look, soon: number | undefined): string[] {
  const { paint, columns, selected } = look
  const entry = state.entries[at]!
  const { digits, title, middle, right } = measure(columns, state.entries.length)
  const plays = entry.id === state.current && entry.state === 'playing'
  const on = plays && state.takenOver === null
  const sign = plays ? (on && state.status !== 'paused' ? paint.cyan('▶') : paint.yellow('‖')) : ' '
  const style = entry.state === 'skipped' || entry.state === 'played' ? paint.dim : on ? paint.bold : String
  const number = style(String(at + 1).padStart(Math.max(digits, 2), '0'))
  const start = ` ${entry.id === selected ? paint.cyan('›') : ' '}${sign} ${number}  `
  const name = style(fit(oneLine(entry.title), title))
  if (entry.state === 'skipped') {
    const why = whySkipped(entry)
    return [`${start}${name}${middle > 0 ? `  ${paint.yellow(cut(why, middle + right + (right > 0 ? 2 : 0)))}` : ''}`]
  }
  const way = wayOf(entry, right)
  const last = right > 0 ? `  ${paint.dim(cut(way, right))}` : ''
  if (!plays) {
    const when = whenOf(entry, soon)
    return [`${start}${name}${middle > 0 ? `  ${paint.dim(last === '' ? cut(when, middle) : fit(when, middle))}` : ''}${last}`.trimEnd()]
  }
  if (right > 0) return [`${start}${name}  ${progress(state, entry, middle, paint)}${last}`]
  // A narrow terminal: the bar goes below.
  const indent = LEAD + digits + 2
  return [
    `${start}${style(cut(oneLine(entry.title), columns - 1 - indent))}`,
    ' '.repeat(indent) + progress(state, entry, columns - 1 - indent, paint),
  ]
}

/** That an entry is skipped, and why. */
export const whySkipped = ({ note }: StreamerEntry): string =>
  `skipped: ${oneLine((note ?? 'it could not be read').replace(/^skipped: /, ''))}`

/** What is done to an entry. What is short says enough where there is little room. */
function wayOf({ way, note }: StreamerEntry, columns: number): string {
  const short = oneLine(note ?? way ?? '')
  const long = way !== null && note !== null ? `${way} ${short}` : short
  return widthOf(long) <= columns ? long : short
}

function whenOf({ state, duration }: StreamerEntry, soon: number | undefined): string {
  if (state === 'next') return soon === undefined ? 'next' : `next, in ${formatSpan(soon)}`
  if (state === 'played') return 'played'
  return duration === null ? '' : formatTime(duration)
}

/** A bar and the time, in exactly some columns; what has no end has no bar. */
function progress({ position }: StreamerState, { duration, way }: StreamerEntry, columns: number, paint: Paint): string {
  // Until it is open, what was before goes on.
  if (way === null) return fit('starting', columns)
  if (duration === null || duration <= 0) return fit(formatTime(position), columns)
  const time = `${formatTime(Math.min(position, duration))} / ${formatTime(duration)}`
  const length = Math.min(columns - widthOf(time) - 2, 48)
  if (length < 4) return fit(time, columns)
  const done = Math.min(1, Math.max(0, position / duration)) * length
  const full = Math.floor(done)
  const half = full < length && done - full >= 0.5
  const bar = paint.cyan('━'.repeat(full) + (half ? '╸' : '')) + paint.dim('─'.repeat(length - full - Number(half)))
  return `${bar}  ${time}${' '.repeat(Math.max(0, columns - length - 2 - widthOf(time)))}`
}

function footer(state: StreamerState, { columns, paint, selected, typed, notice }: Look): string[] {
  if (state.status === 'ended') return []
  const told = notice === undefined ? [] : wrap(oneLine(notice), columns - 3).map((line) => `  ${paint.yellow(line)}`)
  if (typed !== undefined) {
    const ask = 'Add a file, folder, list or address: '
    const question = widthOf(ask) + 20 < columns ? ask : 'Add: '
    const room = columns - 4 - widthOf(question)
    // The end of what is typed is what one looks at.
    const shown = cutStart(oneLine(typed), room)
    return [
      ...told,
      `  ${paint.bold(question)}${shown}${paint.inverse(' ')}`,
      ...keys(['enter to add it', 'esc to leave it'], columns, paint),
    ]
  }
  const paused = state.status === 'paused'
  const names = [
    ...(selected === undefined ? [] : ['enter to go there', 'esc to stay']),
    ...(state.entries.length > 1 ? ['n next', 'p previous'] : []),
    paused ? 'space to go on' : 'space pause to a still',
    'a add',
    state.takenOver === null ? 'w webcam' : 'w back to the list',
    ...(state.entries.length > 1 && selected === undefined ? ['↑ ↓ choose'] : []),
    'q quit',
  ]
  return [...told, ...keys(names, columns, paint)]
}

function keys(names: readonly string[], columns: number, paint: Paint): string[] {
  const lines: string[] = []
  for (const name of names) {
    const line = lines.at(-1)
    if (line !== undefined && widthOf(line) + 3 + widthOf(name) + 3 < columns) lines[lines.length - 1] = `${line} · ${name}`
    else lines.push(name)
  }
  return lines.map((line) => `  ${paint.dim(cut(line, columns - 3))}`)
}
