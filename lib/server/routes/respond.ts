import type { Router } from '@koa/router'
import type { Context } from 'koa'
import type { Refusal } from '../../api/index.js'
import type { FloecastError } from '../../errors.js'
import { SERVER } from '../../version.js'
import { CHALLENGE } from '../answer.js'

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

/** Answers with why something is refused: a sentence, or JSON where the API was asked. */
export function refuse(
  ctx: Context,
  { code, status, message, seconds }: Pick<FloecastError, 'status' | 'message'> & Partial<FloecastError>,
): void {
  if (status === 401) ctx.set('WWW-Authenticate', challengeOf(ctx))
  if (status === 405) ctx.set('Allow', 'GET, HEAD')
  if (status === 429 && seconds !== undefined) ctx.set('Retry-After', String(seconds))
  if (!isApi(ctx)) return tell(ctx, status, message)
  const refusal: Refusal = { error: { code: code ?? 'SERVER_FAILED', message } }
  ctx.status = status
  ctx.set('Content-Type', 'application/json; charset=utf-8')
  ctx.body = JSON.stringify(refusal)
}

/** Whether a request is one to the API. */
export const isApi = ({ path }: Context): boolean => path.startsWith('/api/v1/')

// A browser that is told to bring a password asks its user for one, even when it was a script that asked: pages sign in by themselves.
function challengeOf(ctx: Context): string {
  if (!isApi(ctx)) return CHALLENGE
  const mode = ctx.get('sec-fetch-mode')
  const byScript = (mode !== '' && mode !== 'navigate') || /\b(?:json|event-stream)\b/.test(ctx.get('accept'))
  return byScript ? 'Bearer realm="floecast"' : CHALLENGE
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
