import type { Context } from 'koa'
import { FloecastError } from '../../errors.js'
import { basicCredentials } from '../../icy/basic.js'
import { publicOrigin, publicPrefix } from '../address.js'
import type { SessionCookie } from '../api/call.js'
import type { ServerContext } from '../context.js'
import type { Identity } from '../identity.js'
import { COOKIE, refuseForeign, secretsOf } from '../same-site.js'
import type { ApiGuard } from './api.js'
import { addressOf, visitOf } from './visit.js'

/**
 * Tells who sends a request to the API: by `Authorization` (a token, or a name and a password) when there is one, else by the cookie of
 * a session.
 */
export const guardOf = (context: ServerContext): ApiGuard => ({
  async identify(ctx) {
    const identity = await find(context, ctx)
    identity.seen()
    return identity
  },
  cookie: (ctx) => cookieOf(context, ctx),
  refuseForeign: (ctx) => refuseForeign(visitOf(ctx), context.settings),
})

async function find(context: ServerContext, ctx: Context): Promise<Identity> {
  const authorization = ctx.get('authorization')
  if (authorization !== '') {
    const bearer = /^bearer +([\w-]{1,256}) *$/i.exec(authorization)?.[1]
    if (bearer === undefined) return context.identify(basicCredentials(authorization), addressOf(ctx, context))
    const identity = context.state.tokens.find(bearer)
    if (identity === undefined) throw new FloecastError('TOKEN_REFUSED')
    return identity
  }
  // A cookie comes along by itself, so it counts only where the page of this server asks.
  const visit = visitOf(ctx)
  const secrets = secretsOf(visit)
  if (secrets.length > 0) refuseForeign(visit, context.settings)
  for (const secret of secrets) {
    const identity = context.sessions.find(secret)
    if (identity !== undefined) return identity
  }
  throw new FloecastError('AUTHENTICATION_REQUIRED')
}

function cookieOf(context: ServerContext, ctx: Context): SessionCookie {
  const visit = visitOf(ctx)
  const path = `${publicPrefix(visit, context.settings)}/`
  const set = (value: string, more = ''): void => {
    const secure = publicOrigin(visit, context.settings).startsWith('https:') ? '; Secure' : ''
    // What would end the path in a cookie cannot stand in it.
    ctx.append('Set-Cookie', `${COOKIE}=${value}; Path=${/[;,]/.test(path) ? '/' : path}; HttpOnly; SameSite=Strict${secure}${more}`)
  }
  return { secrets: secretsOf(visit), give: (secret) => set(secret), takeBack: () => set('', '; Max-Age=0') }
}
