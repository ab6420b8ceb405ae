import type { Clock } from '../clock.js'
import { checkHeaders } from './audit-fetch.js'
import type { Fetcher, Reply } from './audit-fetch.js'
import { readInit } from './audit-media.js'
import type { Report } from './audit-rules.js'

/** An element of XML, as far as an MPD needs it. */
export interface Element {
  /** With its prefix, if any. */
  readonly name: string
  /** By name. */
  readonly attributes: ReadonlyMap<string, string>
  /** The elements in it. */
  readonly children: Element[]
  /** The text in it, without that of its children. */
  text: string
}

/** Reads well-formed XML without DOCTYPE; `undefined` for anything else. */
export function readXml(text: string): Element | undefined {
  const root: Element = { name: '', attributes: new Map(), children: [], text: '' }
  const open = [root]
  let at = 0
  for (const match of text.matchAll(/<(?:\?[^]*?\?|!--[^]*?--|(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?))>/g)) {
    const between = text.slice(at, match.index)
    if (between.includes('<')) return undefined
    open.at(-1)!.text += unescape(between.trim())
    at = match.index + match[0].length
    const [, closes, name, attributes = '', empty] = match
    if (name === undefined) continue
    if (closes) {
      if (open.length < 2 || open.pop()!.name !== name) return undefined
      continue
    }
    const pairs = [...attributes.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)]
    const element: Element = { name, attributes: new Map(pairs.map(([, key, a, b]) => [key!, unescape(a ?? b!)])), children: [], text: '' }
    open.at(-1)!.children.push(element)
    if (!empty) open.push(element)
  }
  return open.length === 1 && root.children.length === 1 && text.slice(at).trim() === '' ? root.children[0] : undefined
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

function unescape(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal?: string, hex?: string, name?: string) =>
    decimal ? String.fromCodePoint(Number(decimal)) : hex ? String.fromCodePoint(parseInt(hex, 16)) : (ENTITIES[name!] ?? all),
  )
}

const find = (element: Element | undefined, name: string): Element | undefined => element?.children.find((child) => child.name === name)
const all = (element: Element | undefined, name: string): Element[] => element?.children.filter((child) => child.name === name) ?? []

/** An xs:duration without years and months, in seconds. */
function readDuration(text: string | undefined): number | undefined {
  const match = /^P(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/.exec(text ?? '')
  return match
    ? Number(match[1] ?? 0) * 86_400 + Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0)
    : undefined
}

/** Looks at an MPD a few times: whether it can be read, its clock answers, and its newest segments are there. */
export async function auditDash(
  url: string,
  first: Reply,
  { fetcher, clock, until }: { readonly fetcher: Fetcher; readonly clock: Clock; readonly until: number },
  report: Report,
): Promise<void> {
  let reply = first
  for (;;) {
    checkHeaders(reply, 'mpd', url, report)
    const mpd = readXml(reply.body.toString())
    if (mpd?.name !== 'MPD') {
      report('mpd-syntax', 'XML that is not well-formed', 'an MPD')
      return
    }
    const pause = Math.min(5, Math.max(1, readDuration(mpd.attributes.get('minimumUpdatePeriod')) ?? 5)) * 1000
    await checkMpd(url, mpd, fetcher, clock, report)
    if (mpd.attributes.get('type') !== 'dynamic' || clock.now() + pause >= until) return
    await new Promise<void>((resolve) => clock.after(pause, resolve))
    const next = await fetcher.get(url, 10_000)
    if (typeof next === 'string' || next.status !== 200) {
      report('reachable', typeof next === 'string' ? next : `status ${next.status}`, 'status 200')
      return
    }
    reply = next
  }
}

async function checkMpd(url: string, mpd: Element, fetcher: Fetcher, clock: Clock, report: Report): Promise<void> {
  for (const name of ['profiles', 'minBufferTime']) if (!mpd.attributes.has(name)) report('mpd-syntax', `no @${name}`, 'one')
  const periods = all(mpd, 'Period')
  if (periods.length === 0) report('mpd-syntax', 'no Period', 'one at least')
  if (mpd.attributes.get('type') !== 'dynamic') {
    report('mpd-syntax', `@type is ${mpd.attributes.get('type') ?? 'static'}`, 'dynamic')
    return
  }
  const start = Date.parse(mpd.attributes.get('availabilityStartTime') ?? '')
  if (Number.isNaN(start)) report('mpd-syntax', 'no @availabilityStartTime', 'a date')
  const offset = await checkClock(url, mpd, fetcher, clock, report)
  const now = clock.now() + offset
  if (start > now) report('mpd-clock', `availabilityStartTime ${new Date(start).toISOString()}`, `before ${new Date(now).toISOString()}`)
  const period = periods.at(-1)
  if (period === undefined || Number.isNaN(start)) return
  const begun = readDuration(period.attributes.get('start')) ?? 0
  for (const set of all(period, 'AdaptationSet'))
    for (const representation of all(set, 'Representation')) await checkRepresentation(representation, set, (now - start) / 1000 - begun)

  async function checkRepresentation(representation: Element, set: Element, elapsed: number): Promise<void> {
    const id = representation.attributes.get('id') ?? ''
    const template = find(representation, 'SegmentTemplate') ?? find(set, 'SegmentTemplate')
    if (!id || !representation.attributes.has('bandwidth')) report('mpd-syntax', 'a Representation without @id or @bandwidth', 'both')
    const media = template?.attributes.get('media')
    if (template === undefined || media === undefined) return
    const base = [mpd, period!, set, representation].reduce((at, element) => new URL(find(element, 'BaseURL')?.text ?? '', at).href, url)
    const fill = (pattern: string, values: Readonly<Record<string, string | number>>): string =>
      new URL(
        pattern.replace(/\$(\w+)(?:%0(\d+)d)?\$/g, (_all, name: string, width?: string) =>
          String(values[name] ?? '').padStart(Number(width ?? 0), '0'),
        ),
        base,
      ).href
    const values = { RepresentationID: id, Bandwidth: representation.attributes.get('bandwidth') ?? '' }
    const newest = newestSegment(template, elapsed)
    if (newest !== undefined) {
      const target = fill(media, { ...values, ...newest })
      const reply = await fetcher.get(target, 10_000)
      if (typeof reply === 'string' || reply.status !== 200)
        report('mpd-availability', typeof reply === 'string' ? reply : `status ${reply.status}`, 'status 200', target)
      else checkHeaders(reply, 'media', target, report)
    }
    const initialization = template.attributes.get('initialization')
    if (initialization === undefined) return
    const target = fill(initialization, values)
    const reply = await fetcher.get(target, 10_000)
    if (typeof reply === 'string' || reply.status !== 200) {
      report('reachable', typeof reply === 'string' ? reply : `status ${reply.status}`, 'status 200', target)
      return
    }
    checkHeaders(reply, 'media', target, report)
    const told = representation.attributes.get('codecs') ?? set.attributes.get('codecs')
    const real = readInit(reply.body)?.codecs.toSorted().join()
    if (real && told?.split(',').toSorted().join().toLowerCase() !== real.toLowerCase())
      report('codecs', `codecs="${told ?? ''}" for ${id}`, real)
  }
}

/** The newest segment that is whole, some seconds into its period: by the timeline, or by its number where all are equally long. */
function newestSegment(template: Element, elapsed: number): { Number: number; Time: number } | undefined {
  const value = (name: string, otherwise: number): number => Number(template.attributes.get(name) ?? otherwise)
  const timescale = value('timescale', 1)
  const timeline = find(template, 'SegmentTimeline')
  const first = value('startNumber', 1)
  if (timeline !== undefined) {
    let time = 0
    let number = first
    let newest: { Number: number; Time: number } | undefined
    for (const { attributes } of all(timeline, 'S')) {
      time = Number(attributes.get('t') ?? time)
      const duration = Number(attributes.get('d') ?? NaN)
      for (let i = 0; i <= Math.max(0, Number(attributes.get('r') ?? 0)); i++) {
        // Low latency lists a segment that still grows (availabilityTimeOffset); it is whole once its time is over.
        if ((time + duration - value('presentationTimeOffset', 0)) / timescale <= elapsed + 0.001) newest = { Number: number, Time: time }
        number++
        time += duration
      }
    }
    return newest
  }
  const duration = value('duration', NaN) / timescale
  const index = Math.floor(elapsed / duration) - 1
  return index >= 0 ? { Number: first + index, Time: index * value('duration', 0) } : undefined
}

/** How far the server's clock is ahead, in milliseconds. */
async function checkClock(url: string, mpd: Element, fetcher: Fetcher, clock: Clock, report: Report): Promise<number> {
  const timings = all(mpd, 'UTCTiming')
  if (timings.length === 0) report('mpd-clock', 'no UTCTiming', 'one')
  let offset = 0
  for (const { attributes } of timings.toReversed()) {
    const scheme = attributes.get('schemeIdUri') ?? ''
    const value = attributes.get('value') ?? ''
    let time = NaN
    if (scheme.endsWith(':direct:2014')) time = Date.parse(value)
    else if (/:http-(?:xsdate|iso):2014$/.test(scheme)) {
      const reply = await fetcher.get(new URL(value, url).href, 10_000)
      if (typeof reply !== 'string' && reply.status === 200) time = Date.parse(reply.body.toString().trim())
    } else continue
    if (Number.isNaN(time)) report('mpd-clock', `no date from ${scheme} ${value}`, 'a date')
    else offset = time - clock.now()
  }
  return offset
}
