import { dirname } from 'node:path'
import type { Router } from '@koa/router'
import serve from 'koa-static'
import { findAssets } from '../../pages/assets.js'
import { leadTo } from './respond.js'

const YEAR = 31_536_000_000
// As the build calls its files.
const NAME = /^\w[\w.-]*$/

/** Adds `/assets/`: what pages load. A name with a hash means the same bytes for ever; one without, such as `player.js`, leads to it. */
export function assetRoutes(router: Router): void {
  // The router's context is koa's, with more in it.
  let give: ((ctx: any, next: any) => Promise<unknown>) | undefined
  router.get('/assets/:file', async (ctx, next) => {
    const { file = '' } = ctx.params
    // What serves the files would look for a path, and find what lies beside them.
    if (!NAME.test(file)) return next()
    const assets = findAssets()
    // Other sites name a file by what it is made of, and get it as it is now.
    const named = assets.file(file)
    if (named !== undefined) {
      ctx.set('Access-Control-Allow-Origin', '*')
      ctx.set('Cache-Control', 'public, max-age=300')
      return leadTo(ctx, named)
    }
    give ??= serve(dirname(assets.folder), { maxage: YEAR, immutable: true, index: false, setHeaders: open })
    ctx.remove('Cache-Control')
    await give(ctx, next)
    if (ctx.status === 404) ctx.set('Cache-Control', 'no-store')
    return undefined
  })
}

// Players are put into the pages of other sites, too.
const open = (response: { setHeader(name: string, value: string): unknown }): void => {
  response.setHeader('Access-Control-Allow-Origin', '*')
}
