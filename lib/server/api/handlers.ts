import type { ServerContext } from '../context.js'
import type { Handlers } from './call.js'
import { doctorHandlers } from './doctor.js'
import { sessionHandlers } from './session.js'

/** All that the API can do. */
export const handlersOf = (context: ServerContext): Handlers => ({ ...sessionHandlers(context), ...doctorHandlers(context) })
