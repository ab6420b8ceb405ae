import type { AuditEntry, Operation, Principal } from '../../api/index.js'

/** What somebody did, as the API took it. */
export interface Deed {
  /** Name of the operation. */
  readonly id: string
  /** The operation. */
  readonly spec: Operation
  /** Who did it. */
  readonly who: Principal
  /** Where they did it from. */
  readonly address: string
  /** Parameters in the path. */
  readonly params: Readonly<Record<string, string>>
  /** What the request brought. */
  readonly body: unknown
}

// What is not told, whatever its value and whatever the schema says: the trail is read by more people than may know a password.
const SECRET = /pass|secret|token|credential|auth|hash|signature|cookie|^key$/i
// Characters of one value, and of all of them.
const MAX_VALUE = 60
const MAX_TEXT = 240

/** Writes an entry of the audit trail, in which no secret can stand. */
export function describeDeed({ id, spec, who, address, params, body }: Deed): Omit<AuditEntry, 'id' | 'time'> {
  const target = Object.values(params).map(clean).join(' ') || targetIn(body)
  const secrets = secretsIn(spec.body)
  const isSecret = (key: string): boolean => SECRET.test(key) || secrets.has(key)
  const changes = excerpt(body, [], target, isSecret)
  const to = target === null ? '' : `: ${target}`
  const told = changes.length === 0 ? '' : ` (${cut(changes.join(', '), MAX_TEXT)})`
  return { who: who.name, via: who.via, address, action: id, target, summary: `${spec.summary}${to}${told}` }
}

// What is made has no name in the path yet.
function targetIn(body: unknown): string | null {
  if (!isObject(body)) return null
  for (const key of ['name', 'user', 'address', 'mount']) {
    const { [key]: value } = body
    if (typeof value === 'string') return clean(value)
  }
  return null
}

/** What can stand in a schema, of which there is one kind for each kind of value. */
interface Schema {
  readonly meta?: () => Readonly<Record<string, unknown>> | undefined
  readonly shape?: Readonly<Record<string, Schema>>
  readonly unwrap?: () => Schema
  readonly element?: Schema
  readonly valueType?: Schema
  readonly options?: readonly unknown[]
}

/** The keys, at whatever depth, that a schema calls secret. */
function secretsIn(schema: Schema | undefined, found = new Set<string>(), depth = 0): Set<string> {
  if (schema === undefined || depth > 8) return found
  for (const [key, inner] of Object.entries(schema.shape ?? {})) {
    if (isMarked(inner)) found.add(key)
    secretsIn(inner, found, depth + 1)
  }
  const choices = (schema.options ?? []).filter(isSchema)
  for (const inner of [schema.unwrap?.(), schema.element, schema.valueType, ...choices]) secretsIn(inner, found, depth + 1)
  return found
}

const isMarked = (schema: Schema | undefined): boolean =>
  schema !== undefined && (schema.meta?.()?.['secret'] === true || isMarked(schema.unwrap?.()))

const isSchema = (one: unknown): one is Schema => typeof one === 'object' && one !== null && 'meta' in one

/** Each value with its path, such as `hls.partDuration 0.5`; of what is secret no more than that it was given. */
function excerpt(value: unknown, path: readonly string[], target: string | null, isSecret: (key: string) => boolean): string[] {
  const name = path.join('.')
  if (path.some(isSecret)) return [value === null ? `no ${name}` : `${name} •••`]
  if (isObject(value)) return Object.entries(value).flatMap(([key, inner]) => excerpt(inner, [...path, clean(key)], target, isSecret))
  if (value === undefined || path.length === 0) return []
  if (value === null) return [`${name} as it is without`]
  if (Array.isArray(value)) {
    if (value.length === 0) return []
    return [`${name} ${cut(value.map((one) => (isObject(one) || Array.isArray(one) ? '…' : tell(one))).join(' '), MAX_VALUE)}`]
  }
  const text = tell(value)
  return text === target && path.length === 1 ? [] : [`${name} ${text}`]
}

function tell(value: unknown): string {
  const text = clean(String(value))
  // Of a URL only where it leads: names, passwords and keys stand in all of its other parts.
  return text.replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#]*@)?([^\s/?#@]*)\S*/gi, '$1$2')
}

const clean = (text: string): string => cut(text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim(), MAX_VALUE)

// Never between the halves of one letter.
const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…` : text

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
