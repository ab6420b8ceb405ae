import { bodyParser } from '@koa/bodyparser'
import type { Router } from '@koa/router'
import type { Context } from 'koa'
import type { z } from 'zod'
import { type Operation, operations, type Principal, principal } from '../../api/index.js'
import { FloecastError } from '../../errors.js'
import type { Handlers, SessionCookie } from '../api/call.js'
import { describeDeed } from '../api/deed.js'
import type { ServerContext } from '../context.js'
import { allow, type Identity } from '../identity.js'
import { addressOf, visitOf } from './visit.js'

export { allow, owns } from '../identity.js'

/** What the API needs to know of a request before it does anything. */
export interface ApiGuard {
  /**
   * Who sends a request.
   * @throws FloecastError AUTHENTICATION_REQUIRED, WRONG_PASSWORD, TOO_MANY_ATTEMPTS, TOKEN_REFUSED, FOREIGN_SITE
   */
  identify(ctx: Context): Promise<Identity>
  /** The session of whoever sends it. */
  cookie(ctx: Context): SessionCookie
  /**
   * Refuses what a page of another site sends with this one's cookies or passwords.
   * @throws FloecastError FOREIGN_SITE
   */
  refuseForeign(ctx: Context): void
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
      if (spec.method !== 'GET') guard.refuseForeign(ctx)
      const { mount, ...others } = ctx.params
      const params = mount === undefined ? others : { ...others, mount: `/${mount}` }
      const identity = spec.access === 'anyone' ? undefined : await guard.identify(ctx)
      const who = identity?.principal
      if (who !== undefined) {
        ctx.state['user'] = who.name
        allow(who, spec.access, params['mount'])
      }
      const query = spec.query === undefined ? {} : check(spec.query, { ...ctx.query })
      const body = spec.body === undefined ? undefined : check(spec.body, await readJson(ctx))
      const address = addressOf(ctx, context)
      const stands = identity?.stands ?? always
      const cookie = guard.cookie(ctx)
      const answer = await handler({ params, query, body, who, stands, cookie, address, visit: visitOf(ctx) })
      const doer = who ?? signedIn(id, answer)
      if (spec.method !== 'GET' && doer !== undefined && !isTrial(query))
        await context.state.audit.record(describeDeed({ id, spec, who: doer, address, params, body: who && body }))
      ctx.set('Content-Type', 'application/json; charset=utf-8')
      if (answer === undefined) ctx.status = 204
      else ctx.body = JSON.stringify(answer)
    })
  }
}

const always = (): boolean => true

// Nobody is known when signing in begins; whoever has come of it is in the answer.
const signedIn = (id: string, answer: unknown): Principal | undefined => (id === 'signIn' ? principal.parse(answer) : undefined)

// What only tells what would happen changes nothing.
const isTrial = (query: unknown): boolean => typeof query === 'object' && query !== null && 'dryRun' in query && query.dryRun === true

/**
 * Checks what a request brings.
 * @throws FloecastError BAD_REQUEST
 */
export function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
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
