import { gzipSync } from 'node:zlib'
import type { Context } from 'koa'
import { formatPage, type Page, pageHeaders } from '../../pages/page.js'

/** Answers with a page. @param frames whether other sites may show it in a frame */
export function givePage(ctx: Context, { frames = false, ...page }: Page & { readonly frames?: boolean }): void {
  ctx.set({ ...pageHeaders(frames ? '*' : "'self'") })
  const markup = formatPage(page)
  // What fifty mounts begin with repeats itself; there is no secret in a page that its size could give away.
  ctx.vary('Accept-Encoding')
  if (ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') {
    ctx.body = markup
    return
  }
  ctx.set('Content-Encoding', 'gzip')
  ctx.body = gzipSync(markup, { level: 4 })
}
