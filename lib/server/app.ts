import { Router } from '@koa/router'
import Koa, { type Context, type Middleware, type Next } from 'koa'
import { PREFLIGHT } from './answer.js'
import { FloecastError } from '../errors.js'
import { mountPath } from '../icy/path.js'
import { encodePath } from './address.js'
import type { ServerContext } from './context.js'
import { handlersOf } from './api/handlers.js'
import { giveMedia } from './media-http.js'
import { adminPage } from './routes/admin.js'
import { apiRoutes } from './routes/api.js'
import { assetRoutes } from './routes/assets.js'
import { aliased } from './aliases.js'
import { eventRoutes } from './routes/events.js'
import { files } from './routes/files.js'
import { guardOf } from './routes/guard.js'
import { listen } from './routes/listen.js'
import { metricsRoutes } from './routes/metrics.js'
import { openApiRoutes } from './routes/openapi.js'
import { embedPage, missingPage, mountPage, statusPage } from './routes/pages.js'
import { playlists } from './routes/playlists.js'
import { allowAll, dress, isApi, refuse } from './routes/respond.js'
import { recordingRoutes } from './routes/recordings.js'
import { commandRoutes } from './routes/icecast/commands.js'
import { shoutcastAdminRoutes } from './routes/icecast/shoutcast-admin.js'
import { shoutcastRoutes } from './routes/icecast/shoutcast.js'
import { statusRoutes } from './routes/status.js'
import { addressOf } from './routes/visit.js'

export type { Middleware } from 'koa'

/** What can be left out of {@link routes}. */
export interface RouteOptions {
  /** Whether the page at `/` is answered; an application with a page of its own there sets false. Default true. */
  readonly page?: boolean
}

/**
 * Everything that floecast answers over HTTP: streams, status, playlists, titles, metrics and the page. It serves at the
 * root of a koa application or below a prefix, as with koa-mount; what it does not know, it passes on. Titles that are sent by
 * POST need a request whose body nobody has read before.
 */
export function routes(context: ServerContext, { page = true }: RouteOptions = {}): Middleware {
  const router = new Router()
  router.use(dressed)
  statusRoutes(router, context)
  shoutcastRoutes(router, context)
  metricsRoutes(router, context)
  if (page) statusPage(router, context)
  embedPage(router, context)
  const guard = guardOf(context)
  eventRoutes(router, context, guard)
  openApiRoutes(router, context)
  apiRoutes(router, context, guard, handlersOf(context))
  recordingRoutes(router, context, guard)
  assetRoutes(router)
  adminPage(router, context)
  shoutcastAdminRoutes(router, context, guard)
  // Last, for it takes whatever is left below /admin.
  commandRoutes(router, context, guard)
  // The router brings its own parameters to the context, which nobody needs to give it.
  const routed: (ctx: any, next: Next) => Promise<unknown> = router.routes()
  return (ctx, next) =>
    answered(ctx, async () => {
      if (!context.admission.takes(addressOf(ctx, context))) throw new FloecastError('BANNED')
      const standsFor = aliased(context.settings, ctx.method, mountPath(ctx.path))
      if (standsFor !== undefined) ctx.path = encodePath(standsFor)
      if (giveMedia(context, ctx.req, ctx.res, ctx.path)) {
        ctx.respond = false
        return
      }
      const rest = (): Promise<unknown> => routed(ctx, () => mountPage(context, ctx, () => files(context, ctx, next)))
      await listen(context, ctx, () => playlists(context, ctx, rest))
    })
}

/** A koa application of its own: {@link routes}, and an answer for everything else, be it a fault of ours. */
export function createApp(context: ServerContext): Koa {
  const app = new Koa()
  // What koa would print is what happens when a peer hangs up in the middle of an answer.
  app.on('error', (error: unknown) => context.logger.debug({ err: error }, 'An answer was cut short'))
  app.use(async (ctx, next) => {
    logged(context, ctx)
    dress(ctx)
    try {
      await answered(ctx, next)
    } catch (error) {
      context.logger.error({ err: error, method: ctx.method, path: ctx.path }, 'Cannot answer a request: this is a fault of the server')
      refuse(ctx, { status: 500, message: 'The server has failed to answer; its log says why' })
    }
  })
  app.use(routes(context))
  app.use((ctx) => {
    if (ctx.method === 'OPTIONS') {
      allowAll(ctx)
      ctx.set({ ...PREFLIGHT })
      ctx.status = 204
      return
    }
    if (isApi(ctx)) throw new FloecastError('OPERATION_NOT_FOUND', { method: ctx.method, path: ctx.path })
    if (missingPage(context, ctx)) return
    if (ctx.method === 'GET' || ctx.method === 'HEAD') throw new FloecastError('MOUNT_NOT_FOUND', { mount: ctx.path })
    // The front takes sources off connections that are fresh; whatever came this far has another parser on it already.
    if (ctx.method === 'PUT' || ctx.method === 'SOURCE') {
      ctx.set('Connection', 'close')
      throw new FloecastError('CONNECTION_USED')
    }
    throw new FloecastError('METHOD_NOT_ALLOWED', { method: ctx.method, allow: 'GET' })
  })
  return app
}

// A line in the access log, once the answer has gone out or the peer has.
function logged(context: ServerContext, ctx: Context): void {
  const time = new Date()
  ctx.res.once('close', () => {
    // A listener's connection belongs to its mount, which tells of it in its own time.
    if (ctx.respond === false) return
    context.access({
      address: addressOf(ctx, context),
      user: ctx.state['user'],
      time,
      method: ctx.method,
      target: ctx.originalUrl,
      version: `HTTP/${ctx.req.httpVersion}`,
      status: ctx.res.statusCode,
      bytes: ctx.method === 'HEAD' ? 0 : (ctx.length ?? 0),
      referer: ctx.get('referer') || undefined,
      agent: ctx.get('user-agent') || undefined,
      seconds: (Date.now() - time.getTime()) / 1000,
    })
  })
}

// A refusal becomes an answer; anything else goes on to whoever runs the application.
async function answered(ctx: Context, next: Next): Promise<void> {
  try {
    await next()
  } catch (error) {
    if (!(error instanceof FloecastError)) throw error
    dress(ctx)
    refuse(ctx, error)
  }
}

const dressed = async (ctx: Context, next: Next): Promise<void> => {
  dress(ctx)
  await next()
}
