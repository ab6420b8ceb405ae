import type { StreamerEntry, StreamerState, StreamerTarget } from '../../lib/api/streamer.js'
import { formatRate, formatSize, formatSpan, formatTime } from './figures.js'
import { nameTakenOver, whySkipped } from './view.js'
import { oneLine } from './width.js'

const nameOf = (state: StreamerState, entry: StreamerEntry): string =>
  `${String(state.entries.indexOf(entry) + 1).padStart(2, '0')} ${oneLine(entry.title)}`

const placeOf = ({ mount, server }: StreamerTarget): string => `${mount} on ${server}`

/** Whether the current entry is known to be on the air: what is done to it is found out when it is opened. */
function isOn({ entries, current, position }: StreamerState): boolean {
  const entry = entries.find(({ id }) => id === current)
  return entry?.state === 'playing' && (entry.way !== null || position > 0)
}

/**
 * What has happened between two states, one line an event.
 * @param before undefined at first
 */
export function eventsBetween(before: StreamerState | undefined, after: StreamerState): string[] {
  const lines: string[] = []
  for (const [at, target] of after.targets.entries()) {
    const old = before?.targets[at]
    if (target.status !== old?.status) lines.push(...connection(target, old))
    else if (target.problem !== null && target.problem !== old.problem) lines.push(oneLine(target.problem))
  }
  const known = new Map(before?.entries.map((entry) => [entry.id, entry]))
  for (const entry of after.entries)
    if (entry.state === 'skipped' && known.get(entry.id)?.state !== 'skipped') lines.push(`${nameOf(after, entry)}: ${whySkipped(entry)}`)
  const current = after.entries.find(({ id }) => id === after.current)
  if (
    current !== undefined &&
    isOn(after) &&
    !(before !== undefined && after.current === before.current && isOn(before) && after.position >= before.position)
  )
    lines.push(describePlaying(after, current))
  if (after.takenOver !== null && after.takenOver !== before?.takenOver)
    lines.push(`${nameTakenOver(after.takenOver)} is on the air; the list waits`)
  if (after.takenOver === null && (before?.takenOver ?? null) !== null) lines.push('the list goes on')
  if (after.status === 'paused' && before?.status !== 'paused') lines.push('paused: a still goes out')
  if (before?.status === 'paused' && after.status === 'live') lines.push('no longer paused')
  if (before !== undefined) {
    const added = after.entries.filter(({ id }) => !known.has(id)).length
    if (added > 0) lines.push(`added: ${added} ${added === 1 ? 'entry' : 'entries'}`)
  }
  for (const warning of after.warnings.filter((one) => before?.warnings.includes(one) !== true)) lines.push(`warning: ${oneLine(warning)}`)
  return lines
}

function connection(target: StreamerTarget, old: StreamerTarget | undefined): string[] {
  const place = placeOf(target)
  const why = target.problem === null ? '' : `: ${oneLine(target.problem)}`
  switch (target.status) {
    case 'connecting':
      return [`${place}: connecting`]
    case 'live':
      return [`${place}: live${old?.status === 'reconnecting' ? ' again' : ''}`]
    case 'reconnecting':
      return [`${place}: connecting again${why}`]
    case 'failed':
      // The sentence is the last thing that is said.
      return [`${place}: failed`]
    default:
      return []
  }
}

function describePlaying(state: StreamerState, entry: StreamerEntry): string {
  const facts = [
    ...(entry.duration === null ? [] : [formatTime(entry.duration)]),
    ...(entry.way === null ? [] : [entry.note === null ? entry.way : `${entry.way} ${oneLine(entry.note)}`]),
  ]
  return `plays: ${nameOf(state, entry)}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`
}

/** How it goes, in a line for once a minute. */
export function summaryOf(state: StreamerState): string {
  const current = state.entries.find(({ id }) => id === state.current)
  const playing = (state.takenOver && nameTakenOver(state.takenOver)) ?? (current && nameOf(state, current))
  return [
    ...state.targets.map(
      (target) =>
        `${placeOf(target)}: ${target.status}, ${formatRate(target.bitrate)}${target.viewers === null ? '' : `, viewers ${target.viewers}`}`,
    ),
    ...(state.frameRate === null ? [] : [`${Math.round(state.frameRate)} fps, dropped ${state.droppedFrames}`]),
    ...(playing === undefined
      ? []
      : [
          `${oneLine(playing)} at ${formatTime(state.position)}${typeof current?.duration === 'number' ? ` / ${formatTime(current.duration)}` : ''}`,
        ]),
  ].join('; ')
}

/** What is said at the end. @param now milliseconds since the Unix epoch */
export function farewellOf(state: StreamerState, now: number): string {
  const sent = state.targets.reduce((sum, { bytesSent }) => sum + bytesSent, 0)
  const places = state.targets.map(({ mount }) => mount).join(', ')
  const reconnects = state.targets.reduce((sum, target) => sum + target.reconnects, 0)
  const span = formatSpan((now - Date.parse(state.started)) / 1000)
  return `Ended after ${span}: ${formatSize(sent)} sent to ${places} on ${state.targets[0]?.server}${reconnects > 0 ? `, connected anew ${reconnects === 1 ? 'once' : `${reconnects} times`}` : ''}.`
}

/** A line of what has happened, with the time of the clock on the wall. */
export const stamp = (line: string, now: number): string => `${new Date(now).toTimeString().slice(0, 8)}  ${line}`
