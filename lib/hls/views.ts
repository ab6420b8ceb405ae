import { formatName } from '../media/names.js'
import type { Presentation } from '../media/presentation.js'
import { containerOf, type Container, type RenditionId, tracksOf } from '../media/rendition.js'
import type { Segment } from '../media/segment.js'
import type { AudioRendition, MediaPlaylist, MultivariantPlaylist, RenditionReport, SegmentEntry, TitleEntry, Variant } from './entries.js'

/** How the newest period writes a rendition, where HLS can play it: WebM is not for HLS. */
export function hlsContainer({ period }: Presentation, id: RenditionId): Container | undefined {
  const container = period && containerOf(tracksOf(period, id))
  return container === 'webm' ? undefined : container
}

/** The renditions of a presentation that HLS offers: all in one, and each further audio track. */
export function hlsRenditions(presentation: Presentation): RenditionId[] {
  const { period } = presentation
  if (period === undefined || hlsContainer(presentation, 'main') === undefined) return []
  const audio = period.tracks.filter(({ kind }) => kind === 'audio')
  const further = audio.slice(1).map((_, i): RenditionId => `audio-${i + 2}`)
  return ['main', ...further.filter((id) => hlsContainer(presentation, id) !== undefined)]
}

/** The name of a rendition's media playlist. */
export function playlistName(id: RenditionId): string {
  return `${id}.m3u8`
}

/** Another media playlist of the same multivariant one: whose it is, and its URI as seen from this one. */
export interface Sibling {
  /** Whose it is. */
  readonly presentation: Presentation
  /** Which of its renditions. */
  readonly id: RenditionId
  /** Where its playlist is. */
  readonly uri: string
}

/** What a media playlist says now. */
export function mediaPlaylist(presentation: Presentation, id: RenditionId, siblings: readonly Sibling[] = []): MediaPlaylist {
  const { settings, partDuration, live, window, nextPart, nextSequence, run } = presentation
  const container = hlsContainer(presentation, id)
  // A part of packed audio would have to tell its own time, which no player expects.
  const partTarget = container === 'packed' ? undefined : partDuration
  const segments = window.filter(({ duration }) => duration > 0).map((segment) => entryOf(segment, id, run))
  // Without parts, what is not whole cannot be fetched.
  const listed = partTarget === undefined ? segments.filter(({ complete }) => complete) : segments
  const first = window[0]
  return {
    targetDuration: settings.segmentDuration,
    partTarget,
    segments: listed,
    next: { sequence: first?.sequence ?? nextSequence, discontinuity: first?.writers.period.number ?? 0 },
    hint:
      live && partTarget !== undefined && container !== undefined
        ? formatName({ run, rendition: id, kind: 'part', number: nextPart }, container)
        : undefined,
    live,
    ended: false,
    reports: partTarget === undefined ? [] : siblings.flatMap(reportOf),
    titles: titlesOf(presentation),
  }
}

/** Of segments in memory, and of those that have left it: those have no parts any more, and some of them are nowhere. */
const entries = {
  young: new WeakMap<Segment, Map<RenditionId, SegmentEntry>>(),
  old: new WeakMap<Segment, Map<RenditionId, SegmentEntry>>(),
}

function entryOf(segment: Segment, id: RenditionId, run: string): SegmentEntry {
  const made = segment.released ? entries.old : entries.young
  const known = made.get(segment)?.get(id)
  if (known !== undefined) return known
  const { sequence, writers, start, duration, complete, independent, parts } = segment
  const { period } = writers
  const container = containerOf(tracksOf(period, id)) ?? 'mp4'
  const withParts = writers.partDuration !== undefined && container !== 'packed'
  const name = (kind: 'init' | 'segment' | 'part', number: number): string => formatName({ run, rendition: id, kind, number }, container)
  const entry: SegmentEntry = {
    sequence,
    uri: name('segment', sequence),
    period,
    discontinuity: period.number,
    start,
    duration,
    complete,
    independent,
    // What HLS players cannot play is not there for them.
    gap: container === 'webm' || (complete && (!segment.isThere || segment.isEmpty(id))),
    init: container === 'mp4' ? name('init', period.number) : undefined,
    parts: withParts
      ? parts.map((part) => ({ uri: name('part', part.number), duration: part.duration, independent: part.independent }))
      : [],
  }
  if (complete) {
    if (segment.released) entries.young.delete(segment)
    const map = made.get(segment) ?? new Map<RenditionId, SegmentEntry>()
    made.set(segment, map.set(id, entry))
  }
  return entry
}

function reportOf({ presentation, uri }: Sibling): RenditionReport[] {
  const last = presentation.segments.at(-1)
  return last === undefined ? [] : [{ uri, lastSequence: last.sequence, lastPart: Math.max(0, last.parts.length - 1) }]
}

function titlesOf({ titles, window }: Presentation): TitleEntry[] {
  const first = window[0]
  const period = first?.writers.period
  if (first === undefined || period === undefined) return []
  const date = (time: number): number => period.date + (time - period.start) * 1000
  return titles
    .map(({ id, text, start }, i) => {
      const next = titles[i + 1]
      return {
        id: `title-${id}`,
        date: date(start),
        title: text,
        ...(next !== undefined && { duration: next.start - start }),
        end: next?.start ?? Infinity,
      }
    })
    .filter(({ end, title }) => end > first.start && title !== '')
}

/** A mount of a group, and where its files are as seen from the multivariant playlist. */
export interface GroupMember {
  /** Its segments. */
  readonly presentation: Presentation
  /** Such as `tv-720.media/`. */
  readonly folder: string
  /** What to call it, for people. */
  readonly name?: string | undefined
}

/**
 * What a multivariant playlist says, of one mount or of a group of them.
 * @param session an id for beacons
 * @param query what goes along to the playlists that it names, without the `?`
 */
export function multivariantPlaylist(members: readonly GroupMember[], session?: string, query = ''): MultivariantPlaylist {
  const proof = query === '' ? '' : `?${query}`
  const variants: Variant[] = []
  const audio: AudioRendition[] = []
  let independent = true
  for (const { presentation, folder, name } of members) {
    const { period, window } = presentation
    const [main, ...further] = hlsRenditions(presentation)
    if (period === undefined || main === undefined) continue
    const tracks = tracksOf(period, main)
    const video = tracks.find(({ kind }) => kind === 'video')
    const group = further.length > 0 ? `audio-${variants.length + 1}` : undefined
    const codecs = new Set(tracks.map((track) => track.codecs))
    if (group !== undefined) {
      const own = tracks.find(({ kind }) => kind === 'audio')
      audio.push({
        uri: undefined,
        group,
        name: own?.language ?? 'Audio 1',
        language: own?.language,
        default: true,
        channels: own?.channels,
      })
      for (const id of further) {
        const [track] = tracksOf(period, id)
        codecs.add(track!.codecs)
        audio.push({
          uri: folder + playlistName(id) + proof,
          group,
          name: track!.language ?? `Audio ${id.slice(6)}`,
          language: track!.language,
          default: false,
          channels: track!.channels,
        })
      }
    }
    const whole = window.filter(({ complete, duration }) => complete && duration > 0)
    if (whole.some((segment) => !segment.independent)) independent = false
    const rates = whole.map((segment) => (segment.mainSize * 8) / segment.duration)
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / Math.max(1, rates.length)
    variants.push({
      uri: folder + playlistName(main) + proof,
      bandwidth: Math.ceil(Math.max(1, ...rates)),
      averageBandwidth: Math.ceil(Math.max(1, mean)),
      codecs: [...codecs],
      width: video?.width,
      height: video?.height,
      frameRate: video?.frameRate,
      ...(group !== undefined && { audio: group }),
      ...(name !== undefined && { name }),
    })
  }
  variants.sort((a, b) => b.bandwidth - a.bandwidth)
  return { variants, audio, independent, ...(session !== undefined && { session }) }
}
