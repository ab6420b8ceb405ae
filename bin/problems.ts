import type { z } from 'zod'
import { allowed, factsOf, schemaAt, shapeOf, valuesOf, type Schema } from './facts.js'

/** A mistake in a configuration, in a sentence that names the key, what was found and what is allowed. */
export interface Problem {
  /** The sentence, without the line. */
  readonly message: string
  /** Path of the key. */
  readonly path: readonly PropertyKey[]
}

const nameOf = (path: readonly PropertyKey[]): string => (path.length === 0 ? 'the file' : path.map(String).join('.'))

/** What was found, in words; what must stay secret is not shown. */
export function found(value: unknown, secret = false): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string' && value !== '' && secret) return 'text that is not shown here'
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value)
  if (secret && typeof value === 'number') return 'a number'
  return typeof value === 'object' ? 'a group of settings' : JSON.stringify(value)
}

/** The least number of letters to insert, remove, replace or swap with the next that makes one word of the other. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = swapped ? (before[j - 2] ?? 0) + 1 : Infinity
      next.push(Math.min(change, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}

/** Letters only, so that `burst-size`, `burst_size` and `BurstSize` are all burstSize. */
const bare = (key: string): string => key.toLowerCase().replace(/[^a-z0-9]/g, '')

/** The word that was probably meant, or undefined. */
export function closest(word: string, words: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of words) {
    const short = bare(word)
    const begins = short.length > 3 && bare(candidate).startsWith(short)
    const apart = begins ? 0 : distance(short, bare(candidate))
    if (apart < least) [best, least] = [candidate, apart]
  }
  return best
}

/** Every key of a schema with its path; keys of a record are left open as `*`. */
function* paths(schema: Schema, path: readonly string[] = []): Generator<readonly string[]> {
  const { inner } = factsOf(schema)
  const values = valuesOf(inner)
  if (values) yield* paths(values, [...path, '*'])
  for (const [key, child] of Object.entries(shapeOf(inner) ?? {})) {
    yield [...path, key]
    yield* paths(child, [...path, key])
  }
}

function unknownKey(root: Schema, path: readonly PropertyKey[], key: string): string {
  const here = schemaAt(root, path)
  const keys = Object.keys((here && shapeOf(factsOf(here).inner)) ?? {})
  const near = closest(key, keys)
  if (near !== undefined) return `is no key here; did you mean ${near}?`
  if (key.startsWith('/')) return 'is no key here; mounts belong under mounts'
  const elsewhere = [...paths(root)].find((other) => bare(other.at(-1) ?? '') === bare(key))
  if (elsewhere) {
    const mount = path[0] === 'mounts' && path.length > 1 ? String(path[1]) : '/live'
    return `is no key here; did you mean ${elsewhere.join('.').replace('*', mount)}?`
  }
  return `is no key here; allowed: ${keys.join(', ')}`
}

/** Says what is wrong with a value, one sentence per mistake. */
export function problemsOf(issue: z.core.$ZodIssue, root: Schema, valueAt: (path: readonly PropertyKey[]) => unknown): Problem[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: `${nameOf([...path, key])} ${unknownKey(root, path, key)}` }))
  if (issue.code === 'invalid_key') {
    const parent = schemaAt(root, path.slice(0, -1))
    const keys = parent && factsOf(parent).keys
    const message = `${nameOf(path.slice(0, -1))}: found the key ${found(path.at(-1))}, allowed: ${keys ? allowed(keys) : 'other keys'}`
    return [{ path, message }]
  }
  const schema = schemaAt(root, path)
  const value = valueAt(path)
  const words = issue.code === 'custom' && typeof issue.params?.['allowed'] === 'string' ? issue.params['allowed'] : undefined
  const secret = schema !== undefined && factsOf(schema).secret
  const quotes = issue.code === 'invalid_type' && issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')
  const may = words ?? (schema ? allowed(schema) : issue.message)
  return [{ path, message: `${nameOf(path)}: found ${found(value, secret)}, allowed: ${may}${quotes ? '; put it in quotes' : ''}` }]
}
