import { z } from 'zod'

/** What a caller may write to change some of a group of settings: what is left out stays, `null` means the default again. */
export type Partly<T> = {
  readonly [K in keyof T]?:
    (NonNullable<T[K]> extends readonly unknown[] ? T[K] : NonNullable<T[K]> extends object ? Partly<T[K]> : T[K]) | null
}

/** A setting without its default, and without what makes another value of it: as a caller writes it. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return bare(schema.def.innerType)
  return schema instanceof z.ZodPipe ? bare(schema.def.in) : schema
}

/** What is said of a setting, by its outermost part that says anything. */
function saidOf(schema: z.core.$ZodType): z.core.GlobalMeta {
  const said = z.globalRegistry.get(schema) ?? {}
  const isWrapped = schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
  return isWrapped ? { ...saidOf(schema.def.innerType), ...said } : said
}

/** Makes the schema of {@link Partly} out of that of a whole group of settings; `T` is what a caller may write as a whole. */
export function partly<T>(group: z.ZodObject): z.ZodType<Partly<T>> {
  const shape = Object.entries(group.shape).map(([key, schema]): [string, z.ZodType] => {
    const inner = bare(schema)
    const some: z.ZodType = inner instanceof z.ZodObject ? partly(inner) : z.union([inner])
    return [key, some.nullable().optional().meta(saidOf(schema))]
  })
  // No type can say how the keys of one object follow from those of another.
  const schema: any = z.strictObject(Object.fromEntries(shape))
  return schema
}

/** The values of a group of settings as they may be shown: of secrets only whether they are set. */
export function withoutSecrets(group: z.ZodObject, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const shown = Object.entries(group.shape).map(([key, schema]): [string, unknown] => {
    const value = values[key]
    if (saidOf(schema)['secret'] === true) return [key, value !== undefined]
    const inner = bare(schema)
    const isGroup = inner instanceof z.ZodObject && typeof value === 'object' && value !== null
    return [key, isGroup ? withoutSecrets(inner, { ...value }) : value]
  })
  return Object.fromEntries(shown.filter(([, value]) => value !== undefined))
}

/** Makes a schema of a group of settings as they are in force: every default filled in, and of secrets only whether they are set. */
export function inForce<T>(group: z.ZodObject): z.ZodType<T> {
  const shape = Object.entries(group.shape).map(([key, schema]): [string, z.ZodType] => {
    const { secret, ...said } = saidOf(schema)
    if (secret === true) return [key, z.boolean().describe(`Whether it is set. ${said.description ?? ''}`)]
    const inner = schema instanceof z.ZodOptional ? schema.def.innerType : schema
    const plain = bare(inner)
    const value: z.ZodType = plain instanceof z.ZodObject ? inForce(plain) : z.union([plain])
    return [key, (schema instanceof z.ZodOptional ? value.optional() : value).meta(said)]
  })
  const schema: any = z.strictObject(Object.fromEntries(shape))
  return schema
}
