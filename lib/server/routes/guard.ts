import type { Context } from 'koa'
import { FloecastError } from '../../errors.js'
import { basicCredentials } from '../../icy/basic.js'
import { publicOrigin, publicPrefix } from '../address.js'
import type { SessionCookie } from '../api/call.js'
import type { ServerContext } from '../context.js'
import type { Identity } from '../identity.js'
import type { ApiGuard } from './api.js'
import { addressOf, visitOf } from './visit.js'

/** Name of the cookie that holds a session. */
export const COOKIE = 'floecast_session'
// More of them are nobody's mistake.
const MAX_COOKIES = 4

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
  refuseForeign: (ctx) => refuseForeign(context, ctx),
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
  const secrets = secretsIn(ctx)
  if (secrets.length > 0) refuseForeign(context, ctx)
  for (const secret of secrets) {
    const identity = context.sessions.find(secret)
    if (identity !== undefined) return identity
  }
  throw new FloecastError('AUTHENTICATION_REQUIRED')
}

/**
 * Refuses what a page of another site sends with this one's cookies or passwords.
 * @throws FloecastError FOREIGN_SITE
 */
function refuseForeign({ settings }: ServerContext, ctx: Context): void {
  const site = ctx.get('sec-fetch-site')
  if (site !== '' && site !== 'same-origin' && site !== 'none') throw new FloecastError('FOREIGN_SITE')
  // Browsers say so only where they trust the connection, and old ones never; but all tell the origin of whatever is not a GET.
  const origin = ctx.get('origin')
  if (origin === '' || site === 'same-origin') return
  const { host: here } = new URL(publicOrigin(visitOf(ctx), settings))
  if (hostOf(origin) !== here && hostOf(origin) !== ctx.host.toLowerCase()) throw new FloecastError('FOREIGN_SITE')
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host
  } catch {
    return undefined
  }
}

// A page of a neighbouring name can plant a cookie of the same name; then any of them may be right.
function secretsIn(ctx: Context): string[] {
  const secrets = ctx
    .get('cookie')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE}=`))
    .map((pair) => pair.slice(COOKIE.length + 1))
  return [...new Set(secrets)].filter((secret) => /^[\w-]{43}$/.test(secret)).slice(0, MAX_COOKIES)
}

function cookieOf(context: ServerContext, ctx: Context): SessionCookie {
  const visit = visitOf(ctx)
  const path = `${publicPrefix(visit, context.settings)}/`
  const set = (value: string, more = ''): void => {
    const secure = publicOrigin(visit, context.settings).startsWith('https:') ? '; Secure' : ''
    // What would end the path in a cookie cannot stand in it.
    ctx.append('Set-Cookie', `${COOKIE}=${value}; Path=${/[;,]/.test(path) ? '/' : path}; HttpOnly; SameSite=Strict${secure}${more}`)
  }
  return { secrets: secretsIn(ctx), give: (secret) => set(secret), takeBack: () => set('', '; Max-Age=0') }
}
