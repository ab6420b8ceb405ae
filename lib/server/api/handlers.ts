import type { ServerContext } from '../context.js'
import { auditHandlers } from './audit.js'
import type { Handlers } from './call.js'
import { peopleHandlers } from './people.js'
import { listenerHandlers } from './listeners.js'
import { recordingHandlers } from './recordings.js'
import { sessionHandlers } from './session.js'
import { sourceHandlers } from './sources.js'

/** All that the API can do. */
export const handlersOf = (context: ServerContext): Handlers => ({
  ...sessionHandlers(context),
  ...peopleHandlers(context),
  ...auditHandlers(context),
  ...sourceHandlers(context),
  ...listenerHandlers(context),
  ...recordingHandlers(context),
})
