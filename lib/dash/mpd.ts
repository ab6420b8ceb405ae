import type {
  AdaptationSet,
  EventStream,
  ListedSegments,
  LowLatency,
  Manifest,
  ManifestPeriod,
  Representation,
  UtcTiming,
} from './manifest.js'
import { type Attributes, element, escapeXml } from './xml.js'

/*
 * How segments are addressed.
 *
 * With low latency: SegmentTemplate@duration with $Number$, availabilityTimeOffset and availabilityTimeComplete="false". A player reckons from
 * its clock which segment grows now and asks for that, so it needs no manifest for each segment.
 *
 * Not SegmentTimeline with the growing segment in it. Read in shaka-player 5.2 and dash.js 5.2:
 *  - shaka-player, told of segments one by one, takes the end of the last one for now (`autoCorrectDrift`), and neither availabilityStartTime nor
 *    UTCTiming count any more: with a growing segment, whose end is a guess, its live edge is wrong by up to a segment.
 *  - It takes over a segment only when that ends later than all it knows, so a guess that was too short becomes a second segment at the same
 *    time, fetched again. dash.js looks for what comes 0.01 s after the guessed end: too short a guess, and it fetches the same one again;
 *    too long by a segment, and it leaves one out.
 *  - Both learn of the next segment only from the next manifest: latency grows by its period, or each viewer asks for it twice a second.
 *
 * What @duration asks of segments is the grid of NumberedSegments. Where a source's key frames do not fit one, and without low latency,
 * segments are listed: SegmentTimeline with whole segments and no availabilityTimeOffset, which both play a few segments behind.
 */

/** The namespace of an MPD. */
const NAMESPACE = 'urn:mpeg:dash:schema:mpd:2011'

// ISO/IEC 23091-3: the channel configuration that browsers mean by so many channels.
const CHANNEL_CONFIGURATIONS: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 11, 8: 12 }

/**
 * Writes a manifest as an MPD of ISO/IEC 23009-1: dynamic while more can come, static once it has ended.
 * @throws RangeError when there is no period with anything in it, as an MPD must have one
 */
export function formatMpd(manifest: Manifest): string {
  const periods = manifest.periods.filter((period) => period.sets.some(isThere))
  const last = periods.at(-1)
  if (last === undefined) throw new RangeError('An MPD must have a period')
  const { ended, lowLatency } = manifest
  const attributes: Attributes = {
    xmlns: NAMESPACE,
    profiles: profiles(manifest, periods),
    type: ended ? 'static' : 'dynamic',
    availabilityStartTime: date(manifest.availabilityStartTime),
    publishTime: date(manifest.publishTime),
    ...(ended
      ? { mediaPresentationDuration: last.duration === undefined ? undefined : seconds(last.start + last.duration) }
      : {
          minimumUpdatePeriod: seconds(manifest.minimumUpdatePeriod),
          timeShiftBufferDepth: seconds(manifest.timeShiftBufferDepth),
          suggestedPresentationDelay: seconds(manifest.suggestedPresentationDelay),
        }),
    maxSegmentDuration: seconds(manifest.maxSegmentDuration),
    minBufferTime: seconds(lowLatency?.partDuration ?? manifest.maxSegmentDuration),
  }
  const children = [
    ...(lowLatency === undefined ? [] : [serviceDescription(lowLatency)]),
    ...periods.map((period) => formatPeriod(period, manifest, ended && period === last)),
    ...(ended ? [] : utcTimings(manifest.utcTiming)),
  ]
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('MPD', attributes, children)}\n`
}

/** Whether a set has anything to be fetched now. */
function isThere({ representations }: AdaptationSet): boolean {
  return representations.some(hasSegments)
}

// An empty SegmentTimeline is invalid, and shaka-player fails on it.
function hasSegments({ segments }: Representation): boolean {
  return segments.kind === 'numbered' || segments.segments.length > 0
}

/** What the MPD promises: the live profile, CMAF, and the low latency of DASH-IF where it is meant; only its own profile where there is WebM. */
function profiles({ lowLatency }: Manifest, periods: readonly ManifestPeriod[]): string {
  const types = periods.flatMap(({ sets }) => sets.map(({ mimeType }) => mimeType))
  if (types.some((type) => type.endsWith('/webm'))) return 'urn:webm:dash:profile:webm-live:2012'
  const all = ['urn:mpeg:dash:profile:isoff-live:2011', 'urn:mpeg:dash:profile:cmaf:2019']
  // DVB's low latency is not promised: it asks for more, such as resynchronization points.
  if (lowLatency !== undefined) all.push('http://www.dashif.org/guidelines/low-latency-live-v5')
  return all.join(',')
}

/** How close players stay, and how they get there. */
function serviceDescription({ target, min, max }: LowLatency): string {
  return element('ServiceDescription', { id: 0 }, [
    element('Latency', { referenceId: 0, target: ms(target), min: ms(min), max: ms(max) }),
    // Nobody is slowed down: shaka-player counts the target from suggestedPresentationDelay on, and would play slower until it is twice as late.
    element('PlaybackRate', { min: '1.00', max: '1.08' }),
  ])
}

/** The clocks, best first. */
function utcTimings({ url, now }: UtcTiming): string[] {
  const clocks = [element('UTCTiming', { schemeIdUri: 'urn:mpeg:dash:utc:http-xsdate:2014', value: url })]
  // Stale by the time that the answer took, so only for whoever cannot ask.
  if (now !== undefined) clocks.push(element('UTCTiming', { schemeIdUri: 'urn:mpeg:dash:utc:direct:2014', value: date(now) }))
  return clocks
}

/**
 * A period lasts until the next begins (ISO/IEC 23009-1 5.3.2.1), even if its media ends before: dash.js stays for good at the end of a period
 * after which nothing follows at once, but goes on when the next one comes while it still waits for more of this.
 */
function formatPeriod(period: ManifestPeriod, manifest: Manifest, isLast: boolean): string {
  const { id, start, duration, events = [] } = period
  const attributes = { id, start: seconds(start), duration: isLast && duration !== undefined ? seconds(duration) : undefined }
  return element('Period', attributes, [
    ...events.filter((stream) => stream.events.length > 0).map((stream) => eventStream(stream, period)),
    ...period.sets.filter(isThere).map((set) => adaptationSet(set, period, manifest)),
  ])
}

/** Events in milliseconds of their period; what began before it is told from its start on. */
function eventStream({ scheme, events }: EventStream, { start: origin }: ManifestPeriod): string {
  const children = events.map(({ id, start, duration, message }) => {
    const from = Math.max(0, start - origin)
    const attributes = {
      presentationTime: ms(from),
      duration: duration === undefined ? undefined : Math.max(0, ms(start + duration - origin - from)),
      id,
      contentEncoding: typeof message === 'string' ? undefined : 'base64',
    }
    return element('Event', attributes, [typeof message === 'string' ? escapeXml(message) : Buffer.from(message).toString('base64')])
  })
  return element('EventStream', { schemeIdUri: scheme, timescale: 1000 }, children)
}

function adaptationSet(set: AdaptationSet, period: ManifestPeriod, manifest: Manifest): string {
  const { id, kind, mimeType, language, follows, inbandEvents = [] } = set
  const attributes = {
    id,
    contentType: kind,
    mimeType,
    lang: language,
    segmentAlignment: true,
    startWithSAP: set.independent ? 1 : undefined,
  }
  const representations = set.representations.filter(hasSegments)
  const [first] = representations
  return element('AdaptationSet', attributes, [
    ...inbandEvents.map((scheme) => element('InbandEventStream', { schemeIdUri: scheme })),
    ...(follows === undefined
      ? []
      : [
          element('SupplementalProperty', {
            schemeIdUri: `urn:mpeg:dash:period-${follows.continuous ? 'continuity' : 'connectivity'}:2015`,
            value: follows.period,
          }),
        ]),
    element('Role', { schemeIdUri: 'urn:mpeg:dash:role:2011', value: 'main' }),
    ...(manifest.lowLatency === undefined || first === undefined ? [] : [producerReferenceTime(first, period, manifest)]),
    ...representations.map((representation) => formatRepresentation(representation, manifest)),
  ])
}

/** That the clock of the Latency element is the one of availabilityStartTime: both say when a frame came. */
function producerReferenceTime({ presentationTimeOffset }: Representation, { start }: ManifestPeriod, manifest: Manifest): string {
  const wallClockTime = date(manifest.availabilityStartTime + start * 1000)
  return element('ProducerReferenceTime', { id: 0, type: 'encoder', wallClockTime, presentationTime: presentationTimeOffset }, [
    element('UTCTiming', { schemeIdUri: 'urn:mpeg:dash:utc:http-xsdate:2014', value: manifest.utcTiming.url }),
  ])
}

function formatRepresentation(representation: Representation, { lowLatency, ended }: Manifest): string {
  const { id, codecs, bandwidth, width, height, sampleRate, channels, timescale, presentationTimeOffset, init, segments } = representation
  const attributes = {
    id,
    codecs,
    bandwidth: Math.max(1, Math.ceil(bandwidth)),
    width,
    height,
    frameRate: representation.frameRate === undefined ? undefined : ratio(representation.frameRate),
    audioSamplingRate: sampleRate,
  }
  const common = { timescale, presentationTimeOffset, initialization: init, media: segments.media }
  const layout = channels === undefined ? undefined : CHANNEL_CONFIGURATIONS[channels]
  const template =
    segments.kind === 'listed'
      ? element('SegmentTemplate', common, [segmentTimeline(segments)])
      : element('SegmentTemplate', {
          ...common,
          startNumber: segments.startNumber,
          duration: segments.duration,
          ...(lowLatency === undefined || ended
            ? {}
            : {
                availabilityTimeOffset: fixed(Math.max(0, segments.duration / timescale - lowLatency.partDuration), 3),
                availabilityTimeComplete: false,
              }),
        })
  return element('Representation', attributes, [
    ...(layout === undefined
      ? []
      : [element('AudioChannelConfiguration', { schemeIdUri: 'urn:mpeg:mpegB:cicp:ChannelConfiguration', value: layout })]),
    template,
  ])
}

/** Runs of equal segments in one S each; a time only where it does not follow from what is before. */
function segmentTimeline({ segments }: ListedSegments): string {
  const runs: { t?: number; d: number; r: number }[] = []
  let next: number | undefined
  for (const { time, duration } of segments) {
    const run = runs.at(-1)
    if (time === next && run?.d === duration) run.r++
    else runs.push({ ...(time === next ? {} : { t: time }), d: duration, r: 0 })
    next = time + duration
  }
  return element(
    'SegmentTimeline',
    {},
    runs.map(({ t, d, r }) => element('S', { t, d, r: r === 0 ? undefined : r })),
  )
}

/** A frame rate as DASH writes it: whole, or a fraction; those of NTSC exactly. */
function ratio(rate: number): string {
  if (Math.abs(rate - Math.round(rate)) < 0.001) return String(Math.round(rate))
  const ntsc = Math.round(rate * 1.001)
  return Math.abs(rate * 1.001 - ntsc) < 0.005 ? `${ntsc * 1000}/1001` : `${Math.round(rate * 1000)}/1000`
}

/** Without an exponent, and no more digits than there are. */
const fixed = (value: number, digits: number): string => String(Number(value.toFixed(digits)))

/** As xs:duration writes it. */
const seconds = (value: number): string => `PT${value < 0.000_001 ? '0' : fixed(value, 6)}S`

/** As xs:dateTime writes it. */
const date = (value: number): string => new Date(value).toISOString()

const ms = (value: number): number => Math.round(value * 1000)
