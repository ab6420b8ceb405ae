import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import type { Context, Next } from 'koa'
import { mountPath } from '../../icy/path.js'
import { publicUrl } from '../address.js'
import type { ServerContext } from '../context.js'
import { type GivenFile, giveFile } from './give-file.js'
import { allowAll, dress } from './respond.js'
import { visitOf } from './visit.js'

/** Paths that are the server's own, whether there is something at them or not, and sources of pages of Icecast, which would be of no use. */
const CLOSED = /^\/(?:admin|api|assets|embed)(?:[/.]|$)|\.xslt?$/i

/**
 * Answers with files of the folder `webroot`, where nothing else has that path: it comes last, and a mount is never looked for there, be it on the air or not. What begins with a dot is not given,
 * nor anything that lies elsewhere and that a link leads to. For `/song.mp3.m3u`, a playlist is made that leads to `/song.mp3`.
 */
export async function files(context: ServerContext, ctx: Context, next: Next): Promise<unknown> {
  const { webroot } = context.settings
  const path = mountPath(ctx.path)
  if (webroot === undefined || path === undefined || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
  if (CLOSED.test(path) || context.mounts.get(path) !== undefined) return next()
  const found = await openBelow(webroot, path)
  if (found === undefined) return (await givePlaylist(context, ctx, webroot, path)) ? undefined : next()
  dress(ctx)
  allowAll(ctx)
  ctx.set('Cache-Control', 'no-cache')
  ctx.type = extname(path)
  let isTaken = false
  try {
    isTaken = giveFile(ctx, found, ctx.response.get('Content-Type') || 'application/octet-stream')
  } finally {
    if (!isTaken) await found.file.close()
  }
  return undefined
}

// As Icecast has it: a player opens a playlist where a browser would save a file.
async function givePlaylist(context: ServerContext, ctx: Context, webroot: string, path: string): Promise<boolean> {
  const name = path.endsWith('.m3u') ? path.slice(0, -4) : undefined
  const found = name === undefined ? undefined : await openBelow(webroot, name)
  if (name === undefined || found === undefined) return false
  await found.file.close()
  dress(ctx)
  allowAll(ctx)
  ctx.set('Content-Type', 'audio/x-mpegurl')
  ctx.body = `${publicUrl(visitOf(ctx), context.settings, name)}\r\n`
  return true
}

/**
 * Opens a file below a folder; `undefined` for what is no file, or not to be given.
 * @param path decoded, without `..` and the like: as `mountPath` gives it
 */
async function openBelow(folder: string, path: string): Promise<GivenFile | undefined> {
  if (isHidden(path, '/')) return undefined
  try {
    const root = await realpath(folder)
    const real = await realpath(join(root, path))
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep) || isHidden(real.slice(root.length), sep)) return undefined
    // The path is real, so its last part is no link; a FIFO would never be opened.
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stats = await file.stat()
    if (stats.isFile()) return { file, size: stats.size, changed: stats.mtimeMs, open: false }
    await file.close()
  } catch {
    // There is no such file, or it cannot be read: to whoever asks, that is the same.
  }
  return undefined
}

const isHidden = (path: string, separator: string): boolean => path.split(separator).some((part) => part.startsWith('.'))
