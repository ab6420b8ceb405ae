/** What JSON Schema says of a value, as far as forms need it. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly examples?: readonly unknown[]
  /** Such as `bytes`, `milliseconds`, `seconds`. */
  readonly unit?: string
  /** Words for what is allowed. */
  readonly allowed?: string
  /** Whether it is never shown. */
  readonly secret?: boolean
  /** Whether the configuration file alone can set it. */
  readonly fileOnly?: boolean
}

/** One setting of a form. */
export interface Field {
  /** Keys down to it, with dots between: `hls.enabled`. */
  readonly path: string
  readonly label: string
  readonly schema: Schema
  readonly kind: 'switch' | 'choice' | 'number' | 'text' | 'long' | 'list' | 'secret'
}

/** Values by path; `null` stands for the default. */
export type Draft = ReadonlyMap<string, unknown>

// Short names for keys whose own do not read well.
const LABELS: Readonly<Record<string, string>> = {
  url: 'Web site',
  public: 'Listed in directories',
  group: 'Quality group',
  hidden: 'Hidden from the status page',
  takeover: 'A new source takes over',
  fallback: 'While it is off the air',
  fallbackOverride: 'Come back from the fallback',
  fallbackWhenFull: 'Fallback when full',
  intro: 'Played first',
  onConnect: 'Run when a source comes',
  onDisconnect: 'Run when a source goes',
  maxListenerDuration: 'Longest time for one listener',
  file: 'Played from the file',
  relay: 'Taken from',
  relayUser: 'User name there',
  relayPassword: 'Password there',
  onDemand: 'Only while somebody listens',
  maxListeners: 'Most listeners',
  maxSources: 'Most sources',
  maxConnections: 'Most connections',
  burstSize: 'Burst at the start',
  queueSize: 'Queue for slow listeners',
  metaint: 'Bytes between titles (ICY)',
  hls: 'HLS',
  'hls.enabled': 'HLS',
  'hls.lowLatency': 'Low latency (LL-HLS)',
  'hls.segmentDuration': 'Segment length',
  'hls.partDuration': 'Part length',
  'hls.segmentCount': 'Segments in a playlist',
  'hls.maxSize': 'Memory for segments',
  dash: 'DASH',
  instant: 'Instant',
  progressive: 'Progressive',
  icecast: 'Icecast',
  shoutcast: 'SHOUTcast',
  webcast: 'Webcast',
  dvr: 'Replay (DVR)',
  dvrSize: 'Disk for replay',
  dump: 'Record to',
  admin: 'Contact',
  headerSize: 'Head of a request',
  headerTimeout: 'Wait for a head',
  mediaDir: 'Media folder',
  maxHlsSize: 'Memory for HLS',
}

/** The short name of a setting. */
export function labelOf(path: string): string {
  const known = LABELS[path]
  if (known !== undefined) return known
  const words = path
    .split('.')
    .map((key) => LABELS[key] ?? key.replaceAll(/([a-z])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`))
    .join(': ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const types = ({ type, anyOf = [] }: Schema): readonly string[] => [
  ...(typeof type === 'string' ? [type] : (type ?? [])),
  ...anyOf.flatMap((one) => types(one)),
]

function kindOf(path: string, schema: Schema): Field['kind'] | undefined {
  const all = types(schema).filter((type) => type !== 'null')
  if (schema.secret === true) return 'secret'
  if (schema.enum !== undefined) return 'choice'
  if (all.includes('boolean')) return schema.default === undefined ? 'choice' : 'switch'
  if (all.includes('array')) return schema.items !== undefined && types(schema.items).includes('string') ? 'list' : undefined
  if (all.includes('string')) return path.endsWith('description') ? 'long' : 'text'
  if (all.includes('number') || all.includes('integer')) return 'number'
  return undefined
}

/** All settings that a schema of an object names, those in groups too; what no form can show is left out. */
export function fieldsOf(schema: Schema, above = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const path = above + key
    if (inner.properties !== undefined) return fieldsOf(inner, `${path}.`)
    const kind = kindOf(path, inner)
    return kind === undefined ? [] : [{ path, label: labelOf(path), schema: inner, kind }]
  })
}

/** What stands at a path. */
export function at(values: unknown, path: string): unknown {
  let value = values
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Reflect.get(value, key)
  }
  return value
}

/** Values by path as an object of objects, as the API takes them. */
export function nested(draft: Draft): Record<string, unknown> {
  const whole: Record<string, unknown> = {}
  for (const [path, value] of draft) {
    const keys = path.split('.')
    const last = keys.pop()!
    let inner: Record<string, unknown> = whole
    for (const key of keys) {
      const next: Record<string, unknown> = {}
      const there = inner[key]
      inner[key] = typeof there === 'object' && there !== null ? Object.assign(next, there) : next
      inner = next
    }
    inner[last] = value
  }
  return whole
}
