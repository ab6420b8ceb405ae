import type { Router } from '@koa/router'
import { publicPrefix } from '../address.js'
import type { ServerContext } from '../context.js'
import { COOKIE } from '../same-site.js'
import { leadTo } from './respond.js'
import { givePage } from './shell.js'
import { visitOf } from './visit.js'

const PLAIN = '<noscript><p>The admin panel needs JavaScript. Everything that it does can be done by the API, too.</p></noscript>'

/**
 * Adds `/admin/`, the panel for those who run the server. Whatever stands behind the slash belongs to Icecast's own commands: the places of the panel
 * are behind a `#`, where no server sees them.
 */
export function adminPage(router: Router, context: ServerContext): void {
  // Icecast-KH has its page there, and AzuraCast leads to it.
  router.get('/admin.html', (ctx) => leadTo(ctx, `${publicPrefix(visitOf(ctx), context.settings)}/admin/`))
  router.get('/admin/live', (ctx) => leadTo(ctx, `${publicPrefix(visitOf(ctx), context.settings)}/admin/#/live`))
  router.get('/admin', (ctx, next) => {
    // The router takes /admin/ for the same path.
    if (!ctx.path.endsWith('/admin') && !ctx.path.endsWith('/admin/')) return next()
    const prefix = publicPrefix(visitOf(ctx), context.settings)
    if (ctx.path.endsWith('/admin')) {
      leadTo(ctx, `${prefix}/admin/`)
      return undefined
    }
    // Without a session there is nothing to ask for: the door can be shown at once.
    const signedIn = ctx.get('cookie').includes(`${COOKIE}=`)
    givePage(ctx, { title: 'Admin · floecast', entry: 'admin', prefix, data: { signedIn }, plain: PLAIN })
    return undefined
  })
}
