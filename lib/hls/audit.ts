import type { Clock } from '../clock.js'
import { systemClock } from '../clock.js'
import { auditDash } from './audit-dash.js'
import { checkHeaders, Fetcher, httpFetch } from './audit-fetch.js'
import type { Fetch } from './audit-fetch.js'
import { Findings } from './audit-rules.js'
import type { Finding } from './audit-rules.js'
import { MediaWatch, TIMEOUT } from './audit-watch.js'
import { readM3u8 } from './m3u8.js'
import type { ReadMultivariantPlaylist } from './m3u8.js'

/** How to audit. */
export interface AuditOptions {
  /** How long to watch, in seconds; 20 unless told. */
  readonly seconds?: number | undefined
  /** How to get a URL; by HTTP unless told. */
  readonly fetch?: Fetch | undefined
  /** Where time comes from. */
  readonly clock?: Clock | undefined
  /** Ends the audit before its time. */
  readonly signal?: AbortSignal | undefined
  /** Hears of each finding when it is seen first. */
  readonly onFinding?: ((finding: Finding) => void) | undefined
}

/**
 * Watches a live HLS or DASH server from outside, as its players do, and tells each rule that it breaks.
 * @param url of a multivariant playlist, a media playlist, or an MPD
 * @returns one finding for each rule and playlist; none when all is well
 */
export async function audit(url: string, options: AuditOptions = {}): Promise<Finding[]> {
  const { seconds = 20, fetch = httpFetch, clock = systemClock, signal = new AbortController().signal, onFinding } = options
  const findings = new Findings(onFinding)
  const report = findings.at(url)
  const fetcher = new Fetcher(fetch, clock, signal)
  const reply = await fetcher.get(url, TIMEOUT)
  if (typeof reply === 'string' || reply.status !== 200) {
    report('reachable', typeof reply === 'string' ? reply : `status ${reply.status}`, 'status 200')
    return findings.list
  }
  const text = reply.body.toString()
  const until = clock.now() + seconds * 1000
  if (/<MPD[\s>]/.test(text)) {
    await auditDash(url, reply, { fetcher, clock, until }, report)
    return findings.list
  }
  const playlist = readM3u8(text)
  const watches = new Map<string, MediaWatch>()
  const context = { fetcher, clock, until, watches, independent: playlist.kind === 'multivariant' && playlist.independent }
  const add = (uri: string): void => {
    const { href } = new URL(uri, url)
    if (!watches.has(href)) watches.set(href, new MediaWatch(href, findings.at(href), context))
  }
  if (playlist.kind === 'media') add(url)
  else {
    checkHeaders(reply, 'playlist', url, report)
    for (const problem of playlist.problems) report('syntax', problem, 'a playlist by RFC 8216bis 4')
    for (const { uri } of playlist.variants) add(uri)
    for (const media of playlist.media) if (media.has('URI')) add(media.get('URI')!)
  }
  await Promise.all([...watches.values()].map((watch) => watch.run()))
  if (playlist.kind === 'multivariant') checkCodecs(playlist, (uri) => watches.get(new URL(uri, url).href)?.codecs, report)
  return findings.list
}

/** Each variant names the codecs of its own segments and those of its audio group, and no others. */
function checkCodecs(
  { variants, media }: ReadMultivariantPlaylist,
  codecsOf: (uri: string) => ReadonlySet<string> | undefined,
  report: ReturnType<Findings['at']>,
): void {
  for (const { uri, attributes } of variants) {
    const group = attributes.get('AUDIO')
    const uris = media.flatMap((rendition) =>
      group !== undefined && rendition.get('GROUP-ID') === group ? (rendition.get('URI') ?? []) : [],
    )
    const all = [uri, ...uris].map(codecsOf)
    // Without an initialization section (MPEG-TS, packed audio) nothing can be compared.
    if (all.some((codecs) => codecs === undefined || codecs.size === 0)) continue
    const expected = [...new Set(all.flatMap((codecs) => [...codecs!]))].toSorted()
    const found = (attributes.get('CODECS') ?? '')
      .split(',')
      .map((codec) => codec.trim())
      .toSorted()
    if (found.join().toLowerCase() !== expected.join().toLowerCase())
      report('codecs', `CODECS="${attributes.get('CODECS') ?? ''}" for ${uri}`, expected.join(','))
  }
}
