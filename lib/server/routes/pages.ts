import type { Router } from '@koa/router'
import type { Context, Next } from 'koa'
import type { PageStart } from '../../api/pages.js'
import { mountPath } from '../../icy/path.js'
import { publicOrigin, publicPrefix } from '../address.js'
import type { ServerContext } from '../context.js'
import { admitViewer } from '../listening.js'
import { wantsPage } from '../wants-page.js'
import { plainMessage, plainMount, plainStatus } from './plain.js'
import { givePage } from './shell.js'
import { reportOn, statusReport } from './status-report.js'
import { visitOf } from './visit.js'

/** Adds the status page at `/`. */
export function statusPage(router: Router, context: ServerContext): void {
  router.get('/', (ctx) => {
    const { origin, prefix } = placeOf(ctx, context)
    const report = statusReport(context, visitOf(ctx))
    const { sources } = report.server
    const start: PageStart = { report, mount: null, hidden: false }
    const title = sources === 0 ? 'floecast' : `${sources} live · floecast`
    givePage(ctx, { title, entry: 'status', prefix, data: start, plain: plainStatus(report, origin, prefix) })
  })
}

/** Adds `/embed/<mount>`: a player and nothing else, for frames of other sites. */
export function embedPage(router: Router, context: ServerContext): void {
  router.get(/^\/embed\/.+/, async (ctx, next) => {
    const name = mountPath(ctx.path.slice('/embed'.length))
    if (name === undefined || !isKnown(context, name)) return next()
    await admit(context, ctx, name)
    const { start, title, prefix } = startOf(context, ctx, name)
    return givePage(ctx, { title, entry: 'embed', prefix, data: start, frames: true, plain: plainMount(start, prefix) })
  })
}

/** Answers with the page of a mount where a browser has opened one by its name, be it live or not; everything else is somebody else's business. */
export async function mountPage(context: ServerContext, ctx: Context, next: Next): Promise<unknown> {
  const name = mountPath(ctx.path)
  if (name === undefined || !asksForPage(ctx) || !isKnown(context, name)) return next()
  await admit(context, ctx, name)
  const { start, title, prefix } = startOf(context, ctx, name)
  ctx.vary('Sec-Fetch-Dest')
  ctx.vary('Accept')
  return givePage(ctx, { title: `${title} · floecast`, entry: 'mount', prefix, data: start, plain: plainMount(start, prefix) })
}

/**
 * Says to a browser that there is nothing at an address.
 * @returns whether it is a browser that asks for a page
 */
export function missingPage(context: ServerContext, ctx: Context): boolean {
  if (!asksForPage(ctx)) return false
  const { prefix } = placeOf(ctx, context)
  ctx.status = 404
  givePage(ctx, { title: 'There is nothing here · floecast', entry: 'message', prefix, plain: plainMessage(prefix) })
  return true
}

const asksForPage = (ctx: Context): boolean => wantsPage(ctx.method, (header) => ctx.get(header) || undefined)

// A browser asks for the password once, and sends it along with whatever the page asks for.
const admit = (context: ServerContext, ctx: Context, mount: string): Promise<string> =>
  admitViewer(context, mount, {
    query: ctx.querystring,
    remoteAddress: ctx.req.socket.remoteAddress,
    header: (name) => ctx.get(name) || undefined,
  })

// What is there, what may come because the settings name it, and what they describe by the beginning of its name; that of all names describes nothing.
function isKnown({ mounts, settings }: ServerContext, name: string): boolean {
  if (mounts.get(name) !== undefined) return true
  return Object.keys(settings.mounts).some((key) => key.endsWith('*') && key !== '/*' && name.startsWith(key.slice(0, -1)))
}

function startOf(context: ServerContext, ctx: Context, name: string): { start: PageStart; title: string; prefix: string } {
  const { origin, prefix } = placeOf(ctx, context)
  const mount = context.mounts.get(name)
  const report = reportOn(context, mount === undefined ? [] : [mount], origin)
  return { start: { report, mount: name, hidden: context.mounts.settingsOf(name).hidden }, title: report.mounts[0]?.name ?? name, prefix }
}

function placeOf(ctx: Context, { settings }: ServerContext): { origin: string; prefix: string } {
  const visit = visitOf(ctx)
  return { origin: publicOrigin(visit, settings), prefix: publicPrefix(visit, settings) }
}
