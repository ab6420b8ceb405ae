import { basicCredentials } from '../../icy/basic.js'
import type { ServerContext } from '../context.js'
import type { ApiGuard } from './api.js'
import { addressOf } from './visit.js'

/** Tells who sends a request to the API. */
export const guardOf = (context: ServerContext): ApiGuard => ({
  async identify(ctx) {
    const name = await context.admit(['admin'], basicCredentials(ctx.get('authorization')), undefined, addressOf(ctx, context))
    return { name, role: 'admin', mounts: [], via: 'password' }
  },
})
