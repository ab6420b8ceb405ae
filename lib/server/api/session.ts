import type { ServerContext } from '../context.js'
import type { Handlers } from './call.js'

/** Signing in and out. */
export const sessionHandlers = (_context: ServerContext): Handlers => ({
  getSession: ({ who }) => who!,
})
