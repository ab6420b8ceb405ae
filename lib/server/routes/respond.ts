import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { SERVER } from '../../version.js'

/** Sets the headers that every answer has. */
export function dress(ctx: Context): void {
  ctx.set('Server', SERVER)
  ctx.set('Cache-Control', 'no-cache, no-store')
  ctx.set('X-Content-Type-Options', 'nosniff')
}

/** Answers with one sentence in plain text. */
export function tell(ctx: Context, status: number, sentence: string): void {
  ctx.status = status
  ctx.set('Content-Type', 'text/plain; charset=utf-8')
  ctx.body = `${sentence}\r\n`
}

/** Lets scripts of every site read the answer. */
export function allowAll(ctx: Context): void {
  ctx.set('Access-Control-Allow-Origin', '*')
}

/**
 * Adds a read-only route that scripts of every site may read: nothing secret stands there, and no cookie or password opens
 * more of it.
 */
export function openly(router: Router, path: string, answer: (ctx: Context) => void): void {
  router.get(path, (ctx) => {
    allowAll(ctx)
    answer(ctx)
  })
  router.options(path, (ctx) => {
    allowAll(ctx)
    ctx.set('Access-Control-Allow-Methods', 'GET, HEAD, OPTIONS')
    ctx.set('Access-Control-Allow-Headers', 'Cache-Control, Content-Type')
    ctx.set('Access-Control-Max-Age', '86400')
    ctx.status = 204
  })
}
