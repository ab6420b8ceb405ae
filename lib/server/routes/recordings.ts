import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { operations } from '../../api/index.js'
import { FloecastError } from '../../errors.js'
import { openRecording } from '../../media/recordings.js'
import { mountOfRecording } from '../api/recordings.js'
import { sees } from '../api/rights.js'
import type { ServerContext } from '../context.js'
import { allow } from '../identity.js'
import type { ApiGuard } from './api.js'
import { type GivenFile, giveFile } from './give-file.js'

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
function give(ctx: Context, name: string, recording: GivenFile): boolean {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  const type = Object.hasOwn(TYPES, ending) ? TYPES[ending]! : 'application/octet-stream'
  // What no player knows is nothing that a browser should make something of.
  if ('download' in ctx.query || type === 'application/octet-stream') ctx.attachment(name.slice(name.lastIndexOf('/') + 1))
  ctx.set('Cache-Control', 'private, no-cache')
  return giveFile(ctx, recording, type)
}

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
