import type { ServerContext } from '../context.js'
import type { Handlers } from './call.js'

/** Signing in and out. */
export const sessionHandlers = (context: ServerContext): Handlers => ({
  getSession: ({ who }) => who!,
  async signIn({ body: { user, password }, address, cookie }) {
    const identity = await context.identify([{ user, password }], address)
    identity.seen()
    // Another secret than the one that the browser had, which somebody may have planted there.
    for (const secret of cookie.secrets) context.sessions.close(secret)
    cookie.give(context.sessions.open(identity))
    return { ...identity.principal, via: 'session' }
  },
  signOut({ cookie }) {
    for (const secret of cookie.secrets) context.sessions.close(secret)
    cookie.takeBack()
    return undefined
  },
})
