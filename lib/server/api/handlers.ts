import type { ServerContext } from '../context.js'
import { auditHandlers } from './audit.js'
import type { Handlers } from './call.js'
import { peopleHandlers } from './people.js'
import { serverHandlers } from './server.js'
import { sessionHandlers } from './session.js'
import { webhookHandlers } from './webhooks.js'

/** All that the API can do. */
export const handlersOf = (context: ServerContext): Handlers => ({
  ...sessionHandlers(context),
  ...peopleHandlers(context),
  ...auditHandlers(context),
  ...serverHandlers(context),
  ...webhookHandlers(context),
})
