import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { operations } from '../../api/index.js'
import { FloecastError } from '../../errors.js'
import { openRecording } from '../../media/recordings.js'
import { mountOfRecording } from '../api/recordings.js'
import { sees } from '../api/rights.js'
import type { ServerContext } from '../context.js'
import { allow } from '../identity.js'
import { parseRange } from '../reply.js'
import type { ApiGuard } from './api.js'

/** Adds `getRecording`: a file with ranges, and with the media type that its ending says. */
export function recordingRoutes(router: Router, context: ServerContext, guard: ApiGuard): void {
  router.get('/api/v1/recordings/:name', async (ctx) => {
    const { principal: who } = await guard.identify(ctx)
    ctx.state['user'] = who.name
    allow(who, operations.getRecording.access, undefined)
    const { name = '' } = ctx.params
    const { folder } = context.mounts
    // To an owner, what is not theirs is not there.
    if (folder === undefined || !sees(who, mountOfRecording(context, name))) throw new FloecastError('RECORDING_NOT_FOUND', { name })
    const recording = await openRecording(folder, name)
    if (!give(ctx, name, recording)) await recording.file.close()
  })
}

/** Answers with a file. Returns whether the answer owns it now, and closes it. */
function give(ctx: Context, name: string, { file, size, changed, open }: Awaited<ReturnType<typeof openRecording>>): boolean {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  const type = Object.hasOwn(TYPES, ending) ? TYPES[ending]! : 'application/octet-stream'
  // What no player knows is nothing that a browser should make something of.
  if ('download' in ctx.query || type === 'application/octet-stream') ctx.attachment(name.slice(name.lastIndexOf('/') + 1))
  ctx.set('Content-Type', type)
  ctx.set('Accept-Ranges', 'bytes')
  ctx.set('Cache-Control', 'private, no-cache')
  ctx.set('Last-Modified', new Date(changed).toUTCString())
  // Of what still grows, one part does not fit the other for ever; but what has been written stays as it is.
  if (!open) ctx.set('ETag', `"${size.toString(36)}-${Math.round(changed).toString(36)}"`)
  ctx.status = 200
  if (ctx.fresh) {
    ctx.status = 304
    return false
  }
  const range = size === 0 || !isSame(ctx) ? undefined : parseRange(ctx.get('range') || undefined, size)
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

/** Bytes that are read from the disk at a time. */
const PIECE = 262_144

// By ending: what is played as it is, and nothing that a browser would run.
const TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  aac: 'audio/aac',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  ogv: 'video/ogg',
  webm: 'video/webm',
  mkv: 'video/x-matroska',
  ts: 'video/mp2t',
  flv: 'video/x-flv',
  mp4: 'video/mp4',
}
