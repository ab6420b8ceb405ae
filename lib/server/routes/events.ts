import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { operations } from '../../api/index.js'
import { publicOrigin } from '../address.js'
import type { ServerContext } from '../context.js'
import type { EventSink } from '../../pages/event-stream.js'
import { allow } from '../identity.js'
import { type ApiGuard, check } from './api.js'
import { openly } from './respond.js'
import { addressOf, visitOf } from './visit.js'

/**
 * Adds `/api/v1/events`, what is on the air and whatever changes of it, and `/api/v1/events/admin`, what happens, for those who have
 * signed in.
 */
export function eventRoutes(router: Router, context: ServerContext, guard: ApiGuard): void {
  const { access, query } = operations.getAdminEvents
  router.get('/api/v1/events/admin', async (ctx) => {
    const { principal, stands } = await guard.identify(ctx)
    ctx.state['user'] = principal.name
    allow(principal, access, undefined)
    const { level } = check(query, { ...ctx.query })
    stream(context, ctx, (sink) => context.news.feed.join({ sink, level, stands, isAdmin: principal.role === 'admin' }))
  })
  openly(router, '/api/v1/events', (ctx) => {
    const { mount } = check(operations.getEvents.query, { ...ctx.query })
    stream(context, ctx, (sink) => context.news.live.join(publicOrigin(visitOf(ctx), context.settings), sink, mount))
  })
}

/**
 * Answers with a stream of events, which is written to from outside until one end closes it.
 * @param join begins to write; what it returns is called when the stream is over
 * @param type what is written
 */
export function stream(
  context: ServerContext,
  ctx: Context,
  join: (sink: EventSink) => () => void,
  type = 'text/event-stream; charset=utf-8',
): void {
  const { req, res } = ctx
  ctx.set('Content-Type', type)
  ctx.set('Cache-Control', 'no-cache, no-store, no-transform')
  // nginx would keep events until there are many.
  ctx.set('X-Accel-Buffering', 'no')
  ctx.status = 200
  if (ctx.method === 'HEAD') return
  // The stream ends with its connection: so every event is one write, the same for all.
  ctx.set('Connection', 'close')
  res.removeHeader('Transfer-Encoding')
  const began = Date.now()
  const address = addressOf(ctx, context)
  const { socket } = req
  const before = socket.bytesWritten
  // Whoever has gone while a password was looked at says so no more.
  if (socket.destroyed) {
    ctx.respond = false
    return
  }
  const leave = join(res)
  // koa has nothing to add.
  ctx.respond = false
  res.once('close', () => {
    leave()
    context.access({
      address,
      user: ctx.state['user'],
      time: new Date(began),
      method: ctx.method,
      target: ctx.originalUrl,
      version: `HTTP/${req.httpVersion}`,
      status: 200,
      bytes: socket.bytesWritten - before,
      referer: ctx.get('referer') || undefined,
      agent: ctx.get('user-agent') || undefined,
      seconds: (Date.now() - began) / 1000,
    })
  })
}
