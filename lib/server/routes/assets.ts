import { dirname } from 'node:path'
import type { Router } from '@koa/router'
import serve from 'koa-static'
import { findAssets } from '../assets.js'

const YEAR = 31_536_000_000

/** Adds `/assets/`: what pages load. A name means the same bytes for ever. */
export function assetRoutes(router: Router): void {
  // The router's context is koa's, with more in it.
  let give: ((ctx: any, next: any) => Promise<unknown>) | undefined
  router.get('/assets/:file', async (ctx, next) => {
    give ??= serve(dirname(findAssets().folder), { maxage: YEAR, immutable: true, index: false, setHeaders: open })
    ctx.remove('Cache-Control')
    await give(ctx, next)
    if (ctx.status === 404) ctx.set('Cache-Control', 'no-store')
  })
}

// Players are put into the pages of other sites, too.
const open = (response: { setHeader(name: string, value: string): unknown }): void => {
  response.setHeader('Access-Control-Allow-Origin', '*')
}
