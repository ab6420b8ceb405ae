import { audit } from './audit.js'
import { people } from './people.js'
import { settings } from './settings.js'
import { listeners } from './listeners.js'
import { recordings } from './recordings.js'
import { doctor } from './doctor.js'
import { session } from './session.js'
import { sources } from './sources.js'
import { server } from './server.js'
import { status } from './status.js'
import { webhooks } from './webhooks.js'

/** All operations of `/api/v1`, by the name that OpenAPI calls `operationId`. */
export const operations = {
  ...session,
  ...status,
  ...people,
  ...audit,
  ...settings,
  ...sources,
  ...listeners,
  ...recordings,
  ...server,
  ...webhooks,
  ...doctor,
}

/** All operations. */
export type Operations = typeof operations
/** The name of an operation. */
export type OperationId = keyof Operations

export * from './audit.js'
export * from './people.js'
export * from './refusal.js'
export * from './partial.js'
export * from './settings.js'
export * from './listeners.js'
export * from './operation.js'
export * from './recordings.js'
export * from './session.js'
export * from './sources.js'
export * from './server.js'
export * from './status.js'
export * from './streamer.js'
export * from './webhooks.js'
export * from './doctor.js'
