import { formatName, NAME_TIMESCALE } from '../media/names.js'
import type { Period } from '../media/period.js'
import type { Presentation } from '../media/presentation.js'
import { ID3_SCHEME, titleMessage } from '../media/title.js'
import { containerOf, type RenditionId, tracksOf } from '../media/rendition.js'
import type { Grid, Segment } from '../media/segment.js'
import type { AdaptationSet, Manifest, ManifestPeriod, Representation } from './manifest.js'

/** By how much of their duration segments may begin later than the grid of their period wants, and by how many seconds earlier. */
const LATE = 0.5
const EARLY = 0.1

/** What a manifest of a presentation says now; `undefined` where there is nothing that DASH players play, or no whole segment yet. */
export function manifestOf(presentation: Presentation, folder: string, now: number): Manifest | undefined {
  const { settings, unbroken, live, titles } = presentation
  const whole = unbroken.filter(({ complete }) => complete)
  const periods: ManifestPeriod[] = []
  let lowLatency = presentation.partDuration !== undefined
  for (const segments of byPeriod(whole)) {
    const { period, partDuration: part } = segments[0]!.writers
    const grid = part === undefined ? undefined : gridOf(segments)
    if (grid === undefined) lowLatency = false
    const sets = dashRenditions(period).map((id) => setOf(presentation, id, period, segments, folder, grid))
    if (sets.length === 0) continue
    const last = segments.at(-1)!
    const isOver = period !== presentation.period || !live
    const events = titles.filter(({ start, text }) => text !== '' && start >= period.start && start < last.start + last.duration)
    periods.push({
      id: `p${period.number}`,
      start: period.start,
      duration: isOver ? last.start + last.duration - period.start : undefined,
      sets,
      events:
        events.length === 0
          ? undefined
          : [{ scheme: ID3_SCHEME, events: events.map(({ id, start, text }) => ({ id, start, message: titleMessage(text) })) }],
    })
  }
  if (periods.length === 0) return undefined
  const { segmentDuration } = settings
  const { partDuration = segmentDuration } = presentation
  const target = Math.max(1, partDuration * 3)
  return {
    availabilityStartTime: presentation.origin,
    publishTime: now,
    ended: false,
    minimumUpdatePeriod: segmentDuration,
    timeShiftBufferDepth: presentation.depth,
    suggestedPresentationDelay: lowLatency ? target - partDuration : segmentDuration * 3,
    maxSegmentDuration: whole.reduce((most, { duration }) => Math.max(most, duration), 0),
    lowLatency: lowLatency
      ? { target: Math.max(1, partDuration * 3), min: partDuration * 2, max: segmentDuration * 4, partDuration }
      : undefined,
    utcTiming: { url: `${folder}time`, now },
    periods,
  }
}

function byPeriod(segments: readonly Segment[]): Segment[][] {
  const groups: Segment[][] = []
  for (const segment of segments) {
    const last = groups.at(-1)
    if (last?.[0]!.writers.period === segment.writers.period) last.push(segment)
    else groups.push([segment])
  }
  return groups
}

/** The renditions of a period that DASH offers: one for each track that its players play, for they do not take them muxed. */
export function dashRenditions(period: Period): RenditionId[] {
  const { tracks, partial } = period
  if (partial) return []
  const audio = tracks.filter(({ kind }) => kind === 'audio').map((_, i): RenditionId => (i === 0 ? 'audio' : `audio-${i + 1}`))
  const all: RenditionId[] = tracks[0]?.kind === 'video' ? ['video', ...audio] : audio
  const playable = all.filter((id) => dashContainer(period, id) !== undefined)
  // Pictures without their sound are not what the source sends.
  return tracks.every(({ kind }) => playable.some((id) => tracksOf(period, id)[0]!.kind === kind)) ? playable : []
}

function dashContainer(period: Period, id: RenditionId): 'mp4' | 'webm' | undefined {
  const container = containerOf(tracksOf(period, id))
  return container === 'mp4' || container === 'webm' ? container : undefined
}

// Whether the segments of a period lie on its grid.
function gridOf(segments: readonly Segment[]): Grid | undefined {
  const { grid, period } = segments[0]!.writers
  if (grid === undefined) return undefined
  const fits = segments.every(({ sequence, start }) => {
    const late = start - (period.start + (sequence - grid.sequence) * grid.duration)
    return late > -EARLY && late < grid.duration * LATE
  })
  return fits ? grid : undefined
}

function setOf(
  { run }: Presentation,
  id: RenditionId,
  period: Period,
  segments: readonly Segment[],
  folder: string,
  grid: Grid | undefined,
): AdaptationSet {
  const track = tracksOf(period, id)[0]!
  const container = dashContainer(period, id)!
  const name = (kind: 'init' | 'segment' | 'time', number: number, within?: number): string =>
    folder + formatName({ run, rendition: id, kind, number, period: within }, container)
  const rates = segments.map((segment) => (segment.sizeOf(track) * 8) / Math.max(0.001, segment.duration))
  const representation: Representation = {
    id,
    codecs: track.codecs,
    bandwidth: Math.ceil(rates.reduce((most, rate) => Math.max(most, rate), 1)),
    width: track.width,
    height: track.height,
    frameRate: track.frameRate,
    sampleRate: track.sampleRate,
    channels: track.channels,
    timescale: NAME_TIMESCALE,
    presentationTimeOffset: ticks(period.start),
    init: name('init', period.number),
    segments:
      grid === undefined
        ? {
            kind: 'listed',
            media: name('time', 0).replace('-t0.', '-t$Time$.'),
            segments: segments.map(({ start, duration }) => ({ time: ticks(start), duration: ticks(start + duration) - ticks(start) })),
          }
        : {
            kind: 'numbered',
            media: name('segment', 0, period.number).replace('-s0.', '-s$Number$.'),
            startNumber: grid.sequence,
            duration: ticks(grid.duration),
          },
  }
  return {
    id: track.kind === 'video' ? 1 : 1 + Number(id.slice(6) || 1),
    kind: track.kind,
    mimeType: `${track.kind}/${container}`,
    language: track.language,
    independent: track.kind === 'audio' || segments.every(({ independent }) => independent),
    representations: [representation],
  }
}

const ticks = (seconds: number): number => Math.round(seconds * NAME_TIMESCALE)
