import { bodyParser } from '@koa/bodyparser'
import type { Router } from '@koa/router'
import type { Context } from 'koa'
import type { z } from 'zod'
import { type Access, type Operation, operations, type Principal } from '../../api/index.js'
import { FloecastError } from '../../errors.js'
import type { Handlers } from '../api/call.js'
import type { ServerContext } from '../context.js'
import { addressOf, visitOf } from './visit.js'

/** What the API needs to know of a request before it does anything. */
export interface ApiGuard {
  /**
   * Who sends a request.
   * @throws FloecastError AUTHENTICATION_REQUIRED, WRONG_PASSWORD, TOO_MANY_ATTEMPTS
   */
  identify(ctx: Context): Promise<Principal>
}

/** Binds the operations of the API that have a handler to `/api/v1`. */
export function apiRoutes(router: Router, context: ServerContext, guard: ApiGuard, handlers: Handlers): void {
  // The table keeps each handler with its operation, which no type can say of a loop over both.
  const table: Readonly<Record<string, ((call: any) => unknown) | undefined>> = handlers
  for (const [id, spec] of Object.entries<Operation>(operations)) {
    const handler = table[id]
    if (handler === undefined) continue
    const path = `/api/v1${spec.path.replaceAll(/\{(\w+)\}/g, ':$1')}`
    router.register(path, [spec.method.toLowerCase()], async (ctx) => {
      if (spec.method !== 'GET') refuseForeign(ctx)
      const { mount, ...others } = ctx.params
      const params = mount === undefined ? others : { ...others, mount: `/${mount}` }
      const who = spec.access === 'anyone' ? undefined : await guard.identify(ctx)
      if (who !== undefined) {
        ctx.state['user'] = who.name
        allow(who, spec.access, params['mount'])
      }
      const query = spec.query === undefined ? {} : check(spec.query, { ...ctx.query })
      const body = spec.body === undefined ? undefined : check(spec.body, await readJson(ctx))
      const answer = await handler({ params, query, body, who, address: addressOf(ctx, context), visit: visitOf(ctx) })
      ctx.set('Content-Type', 'application/json; charset=utf-8')
      if (answer === undefined) ctx.status = 204
      else ctx.body = JSON.stringify(answer)
    })
  }
}

/**
 * Refuses what a page of another site sends with this one's cookies or passwords.
 * @throws FloecastError FOREIGN_SITE
 */
export function refuseForeign(ctx: Context): void {
  const site = ctx.get('sec-fetch-site')
  if (site !== '' && site !== 'same-origin' && site !== 'none') throw new FloecastError('FOREIGN_SITE')
  const origin = ctx.get('origin')
  // Browsers that know nothing of Sec-Fetch-Site tell the origin of whatever is not a GET.
  if (site === '' && origin !== '' && URL.parse?.(origin)?.host !== ctx.host) throw new FloecastError('FOREIGN_SITE')
}

/**
 * Whether somebody may do what an operation wants. What is about a mount that its path does not name, its handler has to look at.
 * @throws FloecastError NOT_ALLOWED
 */
export function allow(who: Principal, access: Access, mount: string | undefined): void {
  if (who.role === 'admin' || access === 'viewer' || access === 'anyone') return
  if (access === 'owner' && who.role === 'owner' && (mount === undefined || owns(who, mount))) return
  throw new FloecastError('NOT_ALLOWED', { user: who.name })
}

/** Whether a mount is one of an owner's. */
export const owns = ({ mounts }: Principal, mount: string): boolean =>
  mounts.some((one) => (one.endsWith('*') ? mount.startsWith(one.slice(0, -1)) : one === mount))

function check(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [{ path, message } = { path: [], message: 'it is not what it should be' }] = result.error.issues
  throw new FloecastError('BAD_REQUEST', { reason: path.length === 0 ? message : `${path.map(String).join('.')}: ${message}` })
}

const parse: (ctx: any, next: () => Promise<void>) => Promise<unknown> = bodyParser({
  enableTypes: ['json'],
  jsonLimit: '1mb',
  jsonStrict: false,
})

async function readJson(ctx: Context): Promise<unknown> {
  if (!ctx.is('application/json')) throw new FloecastError('BAD_REQUEST', { reason: 'send JSON, with Content-Type: application/json' })
  try {
    await parse(ctx, async () => {})
  } catch (error) {
    const isLarge = error instanceof Error && 'status' in error && error.status === 413
    throw new FloecastError('BAD_REQUEST', { reason: isLarge ? 'it is larger than 1 MB' : 'this is no JSON' })
  }
  const { request }: { request: { body?: unknown } } = ctx
  return request.body
}
