import { z } from 'zod'

/** Any schema. */
export type Schema = z.core.$ZodType

/** What the parts of a schema say about themselves: kind, bounds, inner schemas. */
export interface Facts {
  /** The schema without the wrappers that give defaults and make values optional. */
  readonly inner: Schema
  /** The schema of the keys of a record. */
  readonly keys: Schema | undefined
  /** The value when it is left out. */
  readonly fallback: unknown
  /** Whether it is left out altogether by default. */
  readonly optional: boolean
  /** Description, from the outermost part that has one. */
  readonly description: string | undefined
  /** Value to show where there is no default. */
  readonly example: unknown
  /** Unit of a number. */
  readonly unit: string | undefined
  /** Words for what is allowed, where the kind does not say it. */
  readonly allowed: string | undefined
  /** Whether a value must never be shown. */
  readonly secret: boolean
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Takes the wrappers off a schema, keeping what they say. */
export function factsOf(schema: Schema): Facts {
  let inner = schema
  let fallback: unknown
  let optional = false
  let meta: Record<string, unknown> = {}
  for (;;) {
    meta = { ...z.globalRegistry.get(inner), ...meta }
    if (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) fallback = inner.def.defaultValue
    else if (inner instanceof z.ZodOptional) optional = true
    else break
    inner = inner.def.innerType
  }
  return {
    inner,
    keys: inner instanceof z.ZodRecord ? inner.keyType : undefined,
    fallback,
    optional,
    description: text(meta['description']),
    example: Array.isArray(meta['examples']) ? meta['examples'][0] : undefined,
    unit: text(meta['unit']),
    allowed: text(meta['allowed']),
    secret: meta['secret'] === true,
  }
}

/** The schemas of the keys of an object, or undefined when the schema is no object. */
export const shapeOf = (schema: Schema): Readonly<Record<string, Schema>> | undefined =>
  schema instanceof z.ZodObject ? schema.shape : undefined

/** The schema of the values of a record, or undefined when the schema is no record. */
export const valuesOf = (schema: Schema): Schema | undefined => (schema instanceof z.ZodRecord ? schema.valueType : undefined)

/** The schema that stands at a path, or undefined when there is none. */
export function schemaAt(schema: Schema, path: readonly PropertyKey[]): Schema | undefined {
  let at: Schema | undefined = schema
  for (const key of path) {
    const { inner }: Facts = factsOf(at)
    const shape = shapeOf(inner)
    if (shape) at = Object.hasOwn(shape, key) ? shape[String(key)] : undefined
    else at = valuesOf(inner) ?? (inner instanceof z.ZodArray ? inner.element : undefined)
    if (!at) return undefined
  }
  return at
}

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

/** What a schema allows, in words that go on after «allowed: ». */
export function allowed(schema: Schema): string {
  const { inner, unit, allowed: words } = factsOf(schema)
  if (words !== undefined) return words
  if (inner instanceof z.ZodNumber) {
    const { minValue, maxValue } = inner
    const bounded = maxValue !== null && maxValue < Number.MAX_SAFE_INTEGER
    const range = bounded ? `, ${minValue} to ${maxValue}` : minValue === null ? '' : `, ${minValue} or more`
    return unit === 'port' ? `a port${range}` : `a whole number${unit === undefined ? '' : ` of ${unit}`}${range}`
  }
  if (inner instanceof z.ZodString) return inner.minLength === 1 ? 'text that is not empty' : 'text'
  if (inner instanceof z.ZodBoolean) return 'true or false'
  if (inner instanceof z.ZodEnum) return list(inner.options.map(String))
  if (inner instanceof z.ZodLiteral) return list([...inner.values].map(String))
  if (inner instanceof z.ZodUnion) return list(inner.options.map((option) => allowed(option)))
  if (inner instanceof z.ZodArray) return `a list, each entry ${allowed(inner.element)}`
  return 'a group of settings (key: value)'
}
