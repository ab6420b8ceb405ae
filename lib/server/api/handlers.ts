import type { ServerContext } from '../context.js'
import type { Handlers } from './call.js'
import { sessionHandlers } from './session.js'
import { settingsHandlers } from './settings.js'

/** All that the API can do. */
export const handlersOf = (context: ServerContext): Handlers => ({
  ...sessionHandlers(context),
  ...settingsHandlers(context),
})
