import type { Router } from '@koa/router'
import { parseQuery, rawQuery } from '../../icy/path.js'
import type { ServerContext } from '../context.js'
import { icestats } from './icecast/icestats.js'
import { openly } from './respond.js'
import { statusReport } from './status-report.js'
import { visitOf } from './visit.js'

/** Adds what machines read: `/status-json.xsl` as Icecast has it, `/api/v1/status` (a {@link StatusReport}), `/healthz`. */
export function statusRoutes(router: Router, context: ServerContext): void {
  openly(router, '/status-json.xsl', (ctx) => {
    const mount = parseQuery(rawQuery(ctx.url)).get('mount') ?? undefined
    ctx.set('Content-Type', 'application/json; charset=utf-8')
    ctx.body = JSON.stringify(icestats(context, visitOf(ctx), mount))
  })
  openly(router, '/api/v1/status', (ctx) => {
    ctx.set('Content-Type', 'application/json; charset=utf-8')
    ctx.body = JSON.stringify(statusReport(context, visitOf(ctx)))
  })
  openly(router, '/healthz', (ctx) => {
    ctx.body = 'ok'
  })
}
