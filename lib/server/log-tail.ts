import { EventEmitter } from 'node:events'
import type { LogEntry, LogLevel } from '../api/server.js'
import type { Clock } from '../clock.js'
import type { Logger } from '../log.js'

/** What a {@link LogTail} emits. */
export interface LogTailEvents {
  /** Something has been written into the log. */
  entry: [entry: LogEntry]
}

// Entries of each level that are kept: so what is told often cannot push out what matters.
const KEPT = 1_000
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
const MAX_TEXT = 1_000
const MAX_ITEMS = 20
const MAX_DEPTH = 3

/** Whether an entry of a level matters so much or more. */
export const matters = (level: LogLevel, least: LogLevel): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(least)

type Json = LogEntry['fields'][string]

/** The last entries of the log, kept on their way into another one, for administrators to read: without anything that opens a door. */
export class LogTail extends EventEmitter<LogTailEvents> {
  /** To be written to in place of the one that it goes on to. */
  readonly logger: Logger
  readonly #clock: Clock
  readonly #rings: Readonly<Record<LogLevel, LogEntry[]>> = { debug: [], info: [], warn: [], error: [] }
  #lastId = 0

  /** @param logger where all of it goes on to, as it came */
  constructor(logger: Logger, clock: Clock) {
    super()
    this.#clock = clock
    const write =
      (level: LogLevel) =>
      (fields: object, message: string): void => {
        logger[level](fields, message)
        this.#keep(level, fields, message)
      }
    this.logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  }

  /** The last entries that matter so much or more, newest first. */
  last(level: LogLevel, limit: number): LogEntry[] {
    return LEVELS.slice(LEVELS.indexOf(level))
      .flatMap((one) => this.#rings[one])
      .toSorted((a, b) => b.id - a.id)
      .slice(0, limit)
  }

  #keep(level: LogLevel, fields: object, message: string): void {
    const entry: LogEntry = {
      id: ++this.#lastId,
      time: new Date(this.#clock.now()).toISOString(),
      level,
      message: withoutSecrets(message),
      fields: safeFields(fields, 0),
    }
    const ring = this.#rings[level]
    ring.push(entry)
    // Thrown away by the hundred, since each time moves all that stays.
    if (ring.length >= KEPT + 100) ring.splice(0, ring.length - KEPT)
    this.emit('entry', entry)
  }
}

const SECRET = /pass|secret|token|cookie|authori[sz]ation|credential|signature|^(pw|pwd|auth|apikey|key)$/i

function safeFields(fields: object, depth: number): Record<string, Json> {
  const safe: [string, Json][] = []
  for (const [key, value] of Object.entries(fields)) {
    if (safe.length >= MAX_ITEMS) break
    if (value !== undefined && typeof value !== 'function')
      safe.push([withoutSecrets(key), SECRET.test(key) ? '***' : safeValue(value, depth)])
  }
  return Object.fromEntries(safe)
}

function safeValue(value: unknown, depth: number): Json {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'string') return withoutSecrets(value)
  // Where it was thrown stands in the log itself.
  if (value instanceof Error) return withoutSecrets('code' in value ? `${value.message} (${String(value.code)})` : value.message)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object') return '…'
  if (value instanceof Date) return String(value.valueOf())
  if (depth >= MAX_DEPTH || Buffer.isBuffer(value)) return '…'
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((one) => safeValue(one, depth + 1))
  return safeFields(value, depth + 1)
}

/** A text without the secrets that sentences and addresses may hold, and not longer than can be read. */
export function withoutSecrets(text: string): string {
  // A secret may be cut in two where the text is cut off, so that is done last.
  const safe = text
    .slice(0, 4 * MAX_TEXT)
    .replace(/\b(basic|bearer|digest)\s+[\w+/=.~:-]{4,}/gi, '$1 ***')
    .replace(/([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#@]*@/gi, '$1***@')
    .replace(/\b((?:[\w-]{0,20}(?:pass|passwd|password|token|secret))|pw|pwd)(["']?\s{0,3}[=:]\s{0,3}["']?)[^\s"'&;,]+/gi, '$1$2***')
    .replace(/\b(cookie|authorization)(["']?\s{0,3}[=:]\s{0,3})[^\r\n]+/gi, '$1$2***')
    .replace(/scrypt\$[\w$-]+/g, 'scrypt$***')
    .replace(/\bfc_[\w-]{8,}/g, 'fc_***')
  return safe.length > MAX_TEXT ? `${safe.slice(0, MAX_TEXT)}…` : safe
}
