import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { serverOptions, type ServerOptions } from '../lib/index.js'
import { factsOf, schemaAt, shapeOf, valuesOf, allowed, type Schema } from './facts.js'
import { found, problemsOf } from './problems.js'
import { reasonOf } from './reason.js'
import { configSchema, type Config } from './schema.js'

/** A value from outside of the file that takes the place of what stands there. */
export interface Override {
  /** How a reader knows it: the variable or the argument. */
  readonly origin: string
  /** The key it sets. */
  readonly path: readonly string[]
  /** As it was given. */
  readonly value: string
}

/** A configuration that cannot be used, with every reason, a sentence each. */
export class ConfigError extends Error {
  /** One sentence per mistake, in the order of the file. */
  readonly problems: readonly string[]

  /** @param source name of the file, as in `Cannot use floecast.yaml` */
  constructor(source: string, problems: readonly string[]) {
    super([`Cannot use ${source}:`, ...problems.map((problem) => `  ${problem}`)].join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  FLOECAST_HOST: ['host'],
  FLOECAST_PORT: ['port'],
  FLOECAST_SOURCE_PASSWORD: ['passwords', 'source'],
  FLOECAST_ADMIN_PASSWORD: ['passwords', 'admin'],
  FLOECAST_STATE_DIR: ['stateDir'],
}

/** What the environment sets; an empty variable counts as none. */
export const environment = (env: NodeJS.ProcessEnv): Override[] =>
  Object.entries(VARIABLES).flatMap(([origin, path]) => {
    const value = env[origin]
    return value === undefined || value === '' ? [] : [{ origin, path, value }]
  })

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** `key:` with nothing behind it means the default: all that stood below it may have been switched off. */
function withoutBlanks(value: unknown, schema: Schema): unknown {
  const { inner } = factsOf(schema)
  const shape = shapeOf(inner)
  const values = valuesOf(inner)
  if (!isObject(value) || (!shape && !values)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => {
      if (values) return [[key, child === null ? {} : withoutBlanks(child, values)]]
      const known = shape && Object.hasOwn(shape, key) ? shape[key] : undefined
      if (!known) return [[key, child]]
      return child === null ? [] : [[key, withoutBlanks(child, known)]]
    }),
  )
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value
  for (const key of path) {
    if (Array.isArray(at)) at = at[Number(key)]
    else at = isObject(at) && Object.hasOwn(at, key) ? at[String(key)] : undefined
  }
  return at
}

/** Where the last key of a path that the file has begins, in characters; undefined when it has none of them. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      if (!pair) break
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(key)]
      if (isScalar(item) || isMap(item) || isSeq(item)) offset = item.range?.[0] ?? offset
      node = item
    } else break
  }
  return offset
}

const setAt = (target: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void => {
  if (rest.length === 0) target[key] = value
  else {
    const child = target[key]
    const group = isObject(child) ? child : {}
    target[key] = group
    setAt(group, rest, value)
  }
}

/** A value from outside is text; where a number is wanted and it looks like one, it is one. */
const readOverride = ({ path, value }: Override): unknown =>
  /^\d+$/.test(value) && schemaAt(configSchema, path) === configSchema.shape.port ? Number(value) : value

/**
 * Reads a configuration.
 * @param text YAML, may be empty
 * @param overrides what takes the place of values in the file; later ones win
 * @param source name of the file for messages
 * @throws {@link ConfigError} that names all mistakes at once
 */
export function parseConfig(text: string, overrides: readonly Override[] = [], source = 'the configuration'): Config {
  const lines = new LineCounter()
  const at = (offset: number | undefined): string => (offset === undefined ? '' : ` (line ${lines.linePos(offset).line})`)
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0)
    throw new ConfigError(
      source,
      document.errors.map((error) => `${error.message.replace(/\.?\s*$/, '').replaceAll(/\s+/g, ' ')}${at(error.pos[0])}`),
    )
  let raw: unknown
  try {
    raw = document.toJS({ maxAliasCount: 100 }) ?? {}
  } catch (error) {
    throw new ConfigError(source, [error instanceof Error ? error.message : String(error)])
  }
  raw = withoutBlanks(raw, configSchema)
  if (isObject(raw)) for (const override of overrides) setAt(raw, override.path, readOverride(override))
  const result = configSchema.safeParse(raw)
  if (result.success) return result.data
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, configSchema, (path) => valueAt(raw, path)))
  const said = problems.map(({ path, message }) => {
    const name = path.map(String).join('.')
    const override = overrides.findLast((one) => one.path.join('.') === name)
    if (override) return { offset: -1, message: `${override.origin}${message.slice(name.length)}` }
    const offset = offsetOf(document, path)
    return { offset: offset ?? 0, message: message + at(offset) }
  })
  throw new ConfigError(
    source,
    said.toSorted((a, b) => a.offset - b.offset).map(({ message }) => message),
  )
}

const readable = (path: string): string | undefined => {
  try {
    readFileSync(path)
    return undefined
  } catch (error) {
    return reasonOf(error)
  }
}

/**
 * The text of a configuration file; nothing where there is none.
 * @throws {@link ConfigError}
 */
export function readConfig(file: string | undefined): string {
  if (file === undefined) return ''
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(file, [`the file cannot be read: ${reasonOf(error)}`])
  }
}

/**
 * Reads a configuration file, or the defaults when there is none. Paths in the file count from its folder, paths from elsewhere
 * from the working folder.
 * @param text of the file, where it has been read, or is to be written
 * @throws {@link ConfigError}
 */
export function loadConfig(file: string | undefined, overrides: readonly Override[] = [], text = readConfig(file)): Config {
  const config = parseConfig(text, overrides, file ?? 'these settings')
  const folder = file === undefined ? '.' : dirname(file)
  const { tls, log, stateDir } = config
  if (stateDir !== undefined) {
    const outside = overrides.some(({ path }) => path[0] === 'stateDir')
    config.stateDir = resolve(outside ? '.' : folder, stateDir)
  }
  if (config.mediaDir !== undefined) config.mediaDir = resolve(folder, config.mediaDir)
  for (const key of ['accessLog', 'playlistLog', 'errorLog'] as const) {
    const { [key]: path } = log
    if (path !== false) log[key] = resolve(folder, path)
  }
  if (!tls) return config
  const problems: string[] = []
  for (const key of ['certificate', 'key'] as const) {
    tls[key] = resolve(folder, tls[key])
    const reason = readable(tls[key])
    const { [key]: schema } = configSchema.shape.tls.unwrap().shape
    if (reason !== undefined)
      problems.push(`tls.${key}: found ${found(tls[key])}, allowed: ${allowed(schema)} that can be read, but ${reason}`)
  }
  if (problems.length > 0) throw new ConfigError(file ?? 'these settings', problems)
  return config
}

/** The part of a configuration that is the server's own. */
export function serverOptionsOf(config: Config): ServerOptions {
  const { limits, ...rest } = config
  const own = Object.entries({ ...rest, ...limits }).filter(([key]) => key in serverOptions.shape)
  return serverOptions.parse(Object.fromEntries(own))
}
