import type { ServerContext } from '../context.js'
import type { Handlers } from './call.js'

/** The trail of who changed what. */
export const auditHandlers = ({ state: { audit } }: ServerContext): Handlers => ({
  getAudit: async ({ query: { limit, before } }) => ({ entries: await audit.last(limit, before) }),
})
