import type { FileHandle } from 'node:fs/promises'
import type { Context } from 'koa'
import { parseRange } from '../reply.js'

/** A file that can be read; whoever has opened it closes it, unless an answer has taken it over. */
export interface GivenFile {
  /** What it is read by. */
  readonly file: FileHandle
  /** Bytes on disk when it was opened. */
  readonly size: number
  /** When it was last written, in milliseconds since 1970. */
  readonly changed: number
  /** Whether it is still being written. */
  readonly open: boolean
}

/** Bytes that are read from the disk at a time. */
const PIECE = 262_144

/**
 * Answers with a file, or with the part of it that is asked for, by RFC 9110 13 and 14. Caching is for the caller to allow or not.
 * @param type its media type
 * @returns whether the answer owns the file now, and closes it
 */
export function giveFile(ctx: Context, { file, size, changed, open }: GivenFile, type: string): boolean {
  ctx.set('Content-Type', type)
  ctx.set('Accept-Ranges', 'bytes')
  ctx.set('Last-Modified', new Date(changed).toUTCString())
  // Of what still grows, one part does not fit the other for ever; but what has been written stays as it is.
  if (!open) ctx.set('ETag', `"${size.toString(36)}-${Math.round(changed).toString(36)}"`)
  ctx.status = 200
  if (ctx.fresh) {
    ctx.status = 304
    return false
  }
  // RFC 9110 14.2: no other method has ranges.
  const range = ctx.method !== 'GET' || size === 0 || !isSame(ctx) ? undefined : parseRange(ctx.get('range') || undefined, size)
  if (range === 'none') {
    ctx.status = 416
    ctx.set('Content-Range', `bytes */${size}`)
    return false
  }
  const { from, to } = range ?? { from: 0, to: size }
  if (range !== undefined) {
    ctx.status = 206
    ctx.set('Content-Range', `bytes ${from}-${to - 1}/${size}`)
  }
  if (ctx.method === 'HEAD' || size === 0) {
    if (size === 0) ctx.body = ''
    ctx.length = to - from
    return false
  }
  ctx.body = file.createReadStream({ start: from, end: to - 1, highWaterMark: PIECE })
  // koa takes what is a stream for bytes of an unknown number.
  ctx.set('Content-Type', type)
  ctx.length = to - from
  return true
}

// RFC 9110 13.1.5: a range of what has changed since is not what is wanted. An open file has no tag that one could bring.
function isSame(ctx: Context): boolean {
  const condition = ctx.get('if-range')
  if (condition === '') return true
  return condition.startsWith('"') ? condition === ctx.response.get('ETag') : condition === ctx.response.get('Last-Modified')
}
