import { stat } from 'node:fs/promises'
import { FloecastError } from '../errors.js'
import { findProgram, missing } from './ffmpeg.js'
import { explain, nameSource } from './ffmpeg-complaint.js'
import { inputArguments } from './ffmpeg-input.js'
import { hear } from './ffmpeg-run.js'
import { readFacts } from './probe-facts.js'
import { sourceKind } from './playlist-item.js'
import type { MediaFacts } from './probe-facts.js'

/** Options of {@link probe}. */
export interface ProbeOptions {
  /** Where ffprobe is; without it, it is looked for in the folders of `PATH`. */
  readonly path?: string | undefined
  /** Milliseconds that it may take. Default 15000. */
  readonly timeout?: number
  /** Gives up when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Finds out what a file or an address holds.
 * @param source a path, a `file:` URL or an address
 * @throws FloecastError `MEDIA_UNREADABLE`, when it cannot be opened or holds neither video nor audio; `FFMPEG_MISSING`
 */
export async function probe(source: string, { path, timeout = 15_000, signal }: ProbeOptions = {}): Promise<MediaFacts> {
  const program = path ?? findProgram('ffprobe')
  if (program === undefined) throw missing('ffprobe')
  const isFile = sourceKind(source) !== 'address'
  if (isFile) await checkFile(source)
  // The first packets tell how far key frames are apart; of what is live they come no faster than it plays.
  const packets = isFile ? ['-show_entries', PACKETS, '-read_intervals', `%+${KEY_WINDOW}`] : []
  const args = [
    '-hide_banner',
    '-loglevel',
    'level+warning',
    '-of',
    'json',
    '-show_format',
    '-show_streams',
    ...packets,
    ...inputArguments(source),
  ]
  const { code, out, err } = await hear(program, args, timeout, signal)
  const lines = err.split('\n').filter((line) => line.trim() !== '')
  if (code === null && out === '' && lines.length === 0 && !signal?.aborted)
    throw new FloecastError('MEDIA_UNREADABLE', { source: nameSource(source), reason: `nothing is known of it after ${timeout / 1000} s` })
  const facts = code === 0 ? readFacts(source, out) : undefined
  if (facts === undefined)
    throw code === 0 ? new FloecastError('MEDIA_UNREADABLE', { source: nameSource(source), reason: EMPTY }) : explain(lines, source)
  if (!isFile || facts.duration !== undefined || facts.isPicture) return facts
  // A recording that was cut off does not say how long it is; its last packets do.
  return { ...facts, duration: await measure(program, source, timeout, signal) }
}

async function checkFile(source: string): Promise<void> {
  const path = source.replace(/^file:\/\//i, '')
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error)
  const refuse = (reason: string): never => {
    throw new FloecastError('MEDIA_UNREADABLE', { source: nameSource(source), reason })
  }
  if (found instanceof Error) return refuse(found.code === 'EACCES' ? 'this user may not read it' : 'there is no such file')
  if (found.isDirectory()) return refuse('it is a folder')
  if (found.isFile() && found.size === 0) return refuse('it is empty')
}

async function measure(program: string, source: string, timeout: number, signal: AbortSignal | undefined): Promise<number | undefined> {
  const args = ['-loglevel', 'quiet', '-of', 'csv=p=0', '-show_entries', 'packet=pts_time,duration_time', ...inputArguments(source)]
  const { out } = await hear(program, args, timeout, signal)
  let first = Infinity
  let last = -Infinity
  for (const line of out.split('\n')) {
    const [time = NaN, length = NaN] = line.split(',').map(Number.parseFloat)
    if (Number.isNaN(time)) continue
    first = Math.min(first, time)
    last = Math.max(last, time + (length || 0))
  }
  return last > first ? last - first : undefined
}

const PACKETS = 'packet=stream_index,pts_time,flags'
/** Seconds of a file that are looked through for key frames. */
const KEY_WINDOW = 12
const EMPTY = 'it holds no video or audio'
