import type { ServerContext } from '../context.js'
import { auditHandlers } from './audit.js'
import type { Handlers } from './call.js'
import { peopleHandlers } from './people.js'
import { settingsHandlers } from './settings.js'
import { listenerHandlers } from './listeners.js'
import { recordingHandlers } from './recordings.js'
import { doctorHandlers } from './doctor.js'
import { sessionHandlers } from './session.js'
import { sourceHandlers } from './sources.js'
import { serverHandlers } from './server.js'
import { webhookHandlers } from './webhooks.js'

/** All that the API can do. */
export const handlersOf = (context: ServerContext): Handlers => ({
  ...sessionHandlers(context),
  ...peopleHandlers(context),
  ...auditHandlers(context),
  ...settingsHandlers(context),
  ...sourceHandlers(context),
  ...listenerHandlers(context),
  ...recordingHandlers(context),
  ...serverHandlers(context),
  ...webhookHandlers(context),
  ...doctorHandlers(context),
})
