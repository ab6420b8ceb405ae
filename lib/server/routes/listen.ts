import type { Socket } from 'node:net'
import type { Context, Next } from 'koa'
import { mountPath } from '../../icy/path.js'
import { formatPreflight } from '../answer.js'
import type { ServerContext } from '../context.js'
import { hangUp, ignore } from '../hang-up.js'
import { admitListener } from '../listening.js'
import { wantsPage } from '../wants-page.js'

/**
 * Lets whoever asks for a live mount listen. Most listeners never come this far, for the front takes them off the raw socket; but
 * a browser asks for a page first and for the stream on the same connection, and a foreign application has no front.
 */
export async function listen(context: ServerContext, ctx: Context, next: Next): Promise<unknown> {
  const { mounts } = context
  const name = mountPath(ctx.path)
  if (name === undefined || mounts.find(name) === undefined) return next()
  const { method, req } = ctx
  const version = `HTTP/${req.httpVersion}`
  await itsTurn(ctx)
  if (method === 'OPTIONS') return hangUp(takeOver(ctx), formatPreflight(version))
  if (method !== 'GET' && method !== 'HEAD') return next()
  if (mounts.get(name)?.source !== undefined && wantsPage(method, (header) => ctx.get(header) || undefined)) return next()
  const { mount, form, replay, details } = await admitListener(context, name, {
    method,
    target: ctx.originalUrl,
    version,
    socket: req.socket,
    header: (header) => ctx.get(header) || undefined,
  })
  if (method === 'HEAD') return hangUp(takeOver(ctx), details.answer().head)
  // Refused, if at all, while an answer can still go out in the usual way.
  if (!req.socket.destroyed) mounts.listen(mount.name, req.socket, details, form, replay)
  return takeOver(ctx)
}

// An answer before may still be going out on the connection, which is not this one's before: RFC 9112 9.3.2.
async function itsTurn({ res, req: { socket } }: Context): Promise<void> {
  if (res.socket !== null || socket.destroyed) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      res.off('socket', done)
      socket.off('close', done)
      resolve()
    }
    res.on('socket', done)
    socket.on('close', done)
  })
}

// Takes the connection away from koa and from Node's HTTP: no answer of theirs goes out on it, no request is read from it any more.
function takeOver(ctx: Context): Socket {
  const { socket } = ctx.req
  ctx.respond = false
  // One that has ended before it was this answer's turn is nobody's.
  if (ctx.res.socket !== null) ctx.res.detachSocket(socket)
  // A new listener for data makes Node give up its short cut from the connection to the parser.
  socket.removeAllListeners('data').on('data', ignore)
  return socket
}
