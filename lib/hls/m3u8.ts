/** What a playlist says of a part: EXT-X-PART. */
export interface ReadPart {
  /** As it stands there. */
  readonly uri: string
  /** In seconds. */
  readonly duration: number
  /** INDEPENDENT=YES. */
  readonly independent: boolean
  /** GAP=YES. */
  readonly gap: boolean
}

/** What a playlist says of a segment; the last may have parts only. */
export interface ReadSegment {
  /** Its media sequence number, counted from EXT-X-MEDIA-SEQUENCE and what EXT-X-SKIP leaves out. */
  readonly sequence: number
  /** Its discontinuity sequence number, as far as it can be counted: EXT-X-SKIP hides discontinuities. */
  readonly discontinuity: number
  /** Whether EXT-X-DISCONTINUITY stands before it. */
  readonly isDiscontinuous: boolean
  /** `undefined` while it grows. */
  readonly uri: string | undefined
  /** EXTINF in seconds; while it grows the sum of its parts. */
  readonly duration: number
  /** The EXT-X-MAP that applies to it. */
  readonly map: string | undefined
  /** Its own EXT-X-PROGRAM-DATE-TIME, in milliseconds since 1970. */
  readonly date: number | undefined
  /** EXT-X-GAP. */
  readonly gap: boolean
  /** Its parts. */
  readonly parts: readonly ReadPart[]
}

/** What a media playlist says. */
export interface ReadMediaPlaylist {
  /** What kind of playlist it is. */
  readonly kind: 'media'
  /** EXT-X-VERSION; 1 when there is none. */
  readonly version: number
  /** EXT-X-TARGETDURATION in seconds; NaN when there is none. */
  readonly targetDuration: number
  /** EXT-X-MEDIA-SEQUENCE. */
  readonly mediaSequence: number
  /** EXT-X-DISCONTINUITY-SEQUENCE. */
  readonly discontinuitySequence: number
  /** The attributes of EXT-X-SERVER-CONTROL. */
  readonly control: Attributes
  /** PART-TARGET in seconds. */
  readonly partTarget: number | undefined
  /** SKIPPED-SEGMENTS; `undefined` in a playlist without EXT-X-SKIP. */
  readonly skipped: number | undefined
  /** RECENTLY-REMOVED-DATERANGES. */
  readonly removedDateRanges: readonly string[] | undefined
  /** Its segments, without those that are skipped; the last may be growing. */
  readonly segments: readonly ReadSegment[]
  /** The URIs of EXT-X-PRELOAD-HINT of type PART. */
  readonly hints: readonly string[]
  /** Each EXT-X-RENDITION-REPORT. */
  readonly reports: readonly Attributes[]
  /** Each EXT-X-DATERANGE. */
  readonly dateRanges: readonly Attributes[]
  /** EXT-X-ENDLIST. */
  readonly ended: boolean
  /** What breaks the syntax, each in a sentence. */
  readonly problems: readonly string[]
}

/** What a multivariant playlist says. */
export interface ReadMultivariantPlaylist {
  /** What kind of playlist it is. */
  readonly kind: 'multivariant'
  /** Each EXT-X-STREAM-INF with the URI behind it. */
  readonly variants: readonly { readonly uri: string; readonly attributes: Attributes }[]
  /** Each EXT-X-MEDIA. */
  readonly media: readonly Attributes[]
  /** EXT-X-INDEPENDENT-SEGMENTS. */
  readonly independent: boolean
  /** What breaks the syntax, each in a sentence. */
  readonly problems: readonly string[]
}

/** The attributes of a tag, quoted strings without their quotation marks. */
export type Attributes = ReadonlyMap<string, string>

/** Reads an attribute list, RFC 8216bis clause 4.2. */
export function readAttributes(text: string, problems: string[] = []): Map<string, string> {
  const attributes = new Map<string, string>()
  let at = 0
  while (at < text.length) {
    ATTRIBUTE.lastIndex = at
    const match = ATTRIBUTE.exec(text)
    if (match === null) {
      problems.push(`the attribute list breaks at «${text.slice(at, at + 40)}»`)
      const next = text.slice(at).search(/,[A-Z]/)
      if (next < 0) break
      at += next + 1
      continue
    }
    if (attributes.has(match[1]!)) problems.push(`the attribute ${match[1]} stands twice`)
    attributes.set(match[1]!, match[2] ?? match[3]!)
    at = ATTRIBUTE.lastIndex
  }
  return attributes
}

const ATTRIBUTE = /([A-Z0-9-]+)=(?:"([^"]*)"|([^",\s][^,"]*))(?:,(?=[A-Z])|$)/y

/** Reads a playlist. It does not throw: what cannot be understood is told as a problem. */
export function readM3u8(text: string): ReadMediaPlaylist | ReadMultivariantPlaylist {
  return /^#EXT-X-(?:STREAM-INF|MEDIA):/m.test(text) ? readMultivariant(text) : readMedia(text)
}

/** The lines of a playlist as tag and value, and its URIs. */
function* readLines(text: string, problems: string[]): Generator<{ name: string; value: string } | { uri: string }> {
  if (!/^#EXTM3U\r?\n/.test(text)) problems.push('the first line is not #EXTM3U')
  // Clause 4.1: no control characters, no byte order mark.
  // eslint-disable-next-line no-control-regex
  const control = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\ufeff]/.exec(
    text.replaceAll(/"[^"\n]*"/g, (quoted) => quoted.replaceAll('\t', '')),
  )
  if (control !== null) problems.push(`there is a control character, U+${control[0].codePointAt(0)!.toString(16).padStart(4, '0')}`)
  for (const line of text.split(/\r?\n/)) {
    if (line === '') continue
    if (!line.startsWith('#')) yield { uri: line }
    else if (line.startsWith('#EXT')) {
      const colon = line.indexOf(':')
      yield colon < 0 ? { name: line.slice(1), value: '' } : { name: line.slice(1, colon), value: line.slice(colon + 1) }
    }
  }
}

function readMultivariant(text: string): ReadMultivariantPlaylist {
  const problems: string[] = []
  const variants: { uri: string; attributes: Attributes }[] = []
  const media: Attributes[] = []
  let independent = false
  let pending: Attributes | undefined
  for (const line of readLines(text, problems)) {
    if ('uri' in line) {
      if (pending === undefined) problems.push(`no EXT-X-STREAM-INF before ${line.uri}`)
      else variants.push({ uri: line.uri, attributes: pending })
      pending = undefined
    } else if (line.name === 'EXT-X-STREAM-INF') {
      pending = readAttributes(line.value, problems)
      if (!pending.has('BANDWIDTH')) problems.push('EXT-X-STREAM-INF has no BANDWIDTH')
    } else if (line.name === 'EXT-X-MEDIA') media.push(readAttributes(line.value, problems))
    else if (line.name === 'EXT-X-INDEPENDENT-SEGMENTS') independent = true
  }
  if (pending !== undefined) problems.push('EXT-X-STREAM-INF has no URI behind it')
  return { kind: 'multivariant', variants, media, independent, problems }
}

const ONCE: ReadonlySet<string> = new Set(
  ['VERSION', 'TARGETDURATION', 'MEDIA-SEQUENCE', 'DISCONTINUITY-SEQUENCE', 'SERVER-CONTROL', 'PART-INF', 'SKIP', 'ENDLIST'].map(
    (name) => `EXT-X-${name}`,
  ),
)
const BEFORE_SEGMENTS: ReadonlySet<string> = new Set(['EXT-X-MEDIA-SEQUENCE', 'EXT-X-DISCONTINUITY-SEQUENCE', 'EXT-X-SKIP'])
const BEFORE_PARTS: ReadonlySet<string> = new Set(['EXT-X-DISCONTINUITY', 'EXT-X-MAP', 'EXT-X-PROGRAM-DATE-TIME', 'EXT-X-KEY'])

type Growing = { -readonly [Key in keyof ReadSegment]: ReadSegment[Key] } & { parts: ReadPart[]; hasDuration: boolean }

/** Goes over the lines of a media playlist. */
class MediaReader {
  readonly problems: string[] = []
  readonly segments: ReadSegment[] = []
  readonly values = new Map<string, string>()
  readonly hints: string[] = []
  readonly reports: Attributes[] = []
  readonly dateRanges: Attributes[] = []
  skip: Attributes | undefined
  #sequence = 0
  #discontinuity = 0
  #map: string | undefined
  #next: Growing | undefined

  /** Takes a tag. */
  tag(name: string, value: string): void {
    if (ONCE.has(name)) {
      if (this.values.has(name)) this.problems.push(`${name} stands twice`)
      if (BEFORE_SEGMENTS.has(name) && (this.segments.length > 0 || this.#next !== undefined))
        this.problems.push(`${name} stands behind a segment`)
      this.values.set(name, value)
    }
    if (BEFORE_PARTS.has(name) && this.#next !== undefined && this.#next.parts.length > 0)
      this.problems.push(`${name} stands behind EXT-X-PART of its segment`)
    switch (name) {
      case 'EXT-X-MEDIA-SEQUENCE':
        this.#sequence = this.#number(name, value)
        break
      case 'EXT-X-DISCONTINUITY-SEQUENCE':
        this.#discontinuity = this.#number(name, value)
        break
      case 'EXT-X-SKIP':
        this.skip = readAttributes(value, this.problems)
        this.#sequence += this.#number('SKIPPED-SEGMENTS', this.skip.get('SKIPPED-SEGMENTS'))
        break
      case 'EXT-X-DISCONTINUITY':
        this.#discontinuity++
        this.#segment().discontinuity = this.#discontinuity
        this.#segment().isDiscontinuous = true
        break
      case 'EXT-X-MAP':
        this.#map = readAttributes(value, this.problems).get('URI')
        if (this.#map === undefined) this.problems.push('EXT-X-MAP has no URI')
        this.#segment().map = this.#map
        break
      case 'EXT-X-PROGRAM-DATE-TIME':
        this.#segment().date = Date.parse(value)
        if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$/.test(value))
          this.problems.push(`«${value}» is no date of ISO 8601 with a time zone`)
        break
      case 'EXT-X-GAP':
        this.#segment().gap = true
        break
      case 'EXTINF':
        this.#segment().duration = this.#number(name, /^([^,]*),/.exec(value)?.[1])
        this.#segment().hasDuration = true
        break
      case 'EXT-X-PART':
        this.#part(readAttributes(value, this.problems))
        break
      case 'EXT-X-PRELOAD-HINT': {
        const hint = readAttributes(value, this.problems)
        if (hint.get('TYPE') === 'PART') this.hints.push(hint.get('URI') ?? '')
        break
      }
      case 'EXT-X-RENDITION-REPORT':
        this.reports.push(readAttributes(value, this.problems))
        break
      case 'EXT-X-DATERANGE':
        this.dateRanges.push(readAttributes(value, this.problems))
        break
    }
  }

  /** Takes the URI that ends a segment. */
  uri(uri: string): void {
    const segment = this.#next
    if (!segment?.hasDuration) this.problems.push(`no EXTINF before ${uri}`)
    this.segments.push({ ...(segment ?? this.#segment()), uri })
    this.#next = undefined
    this.#sequence++
  }

  /** Says that there are no more lines. */
  end(): void {
    const last = this.#next
    if (last === undefined || last.parts.length === 0) return
    if (last.hasDuration) this.problems.push('EXTINF has no URI behind it')
    this.segments.push({ ...last, duration: last.parts.reduce((sum, part) => sum + part.duration, 0) })
  }

  #segment(): Growing {
    return (this.#next ??= {
      sequence: this.#sequence,
      discontinuity: this.#discontinuity,
      isDiscontinuous: false,
      uri: undefined,
      duration: 0,
      map: this.#map,
      date: undefined,
      gap: false,
      parts: [],
      hasDuration: false,
    })
  }

  #part(attributes: Attributes): void {
    const uri = attributes.get('URI')
    if (uri === undefined) this.problems.push('EXT-X-PART has no URI')
    this.#segment().parts.push({
      uri: uri ?? '',
      duration: this.#number('DURATION', attributes.get('DURATION')),
      independent: attributes.get('INDEPENDENT') === 'YES',
      gap: attributes.get('GAP') === 'YES',
    })
  }

  #number(name: string, value: string | undefined): number {
    if (value !== undefined && /^\d+(?:\.\d+)?$/.test(value)) return Number(value)
    this.problems.push(`${name} is «${value ?? ''}», which is no number`)
    return NaN
  }
}

function readMedia(text: string): ReadMediaPlaylist {
  const reader = new MediaReader()
  for (const line of readLines(text, reader.problems)) {
    if ('uri' in line) reader.uri(line.uri)
    else reader.tag(line.name, line.value)
  }
  reader.end()
  const { values, segments, hints, reports, dateRanges, problems, skip } = reader
  const target = values.get('EXT-X-TARGETDURATION')
  if (target === undefined || !/^\d+$/.test(target)) problems.push('EXT-X-TARGETDURATION is missing, or no whole number')
  const part = values.get('EXT-X-PART-INF')
  return {
    kind: 'media',
    version: Number(values.get('EXT-X-VERSION') ?? 1),
    targetDuration: Number(target),
    mediaSequence: Number(values.get('EXT-X-MEDIA-SEQUENCE') ?? 0),
    discontinuitySequence: Number(values.get('EXT-X-DISCONTINUITY-SEQUENCE') ?? 0),
    control: readAttributes(values.get('EXT-X-SERVER-CONTROL') ?? '', problems),
    partTarget: part === undefined ? undefined : Number(readAttributes(part, problems).get('PART-TARGET')),
    skipped: skip && Number(skip.get('SKIPPED-SEGMENTS')),
    removedDateRanges: skip?.get('RECENTLY-REMOVED-DATERANGES')?.split('\t').filter(Boolean),
    segments,
    hints,
    reports,
    dateRanges,
    ended: values.has('EXT-X-ENDLIST'),
    problems,
  }
}
