import { audit } from './audit.js'
import { listeners } from './listeners.js'
import { people } from './people.js'
import { recordings } from './recordings.js'
import { session } from './session.js'
import { sources } from './sources.js'

/** All operations of `/api/v1`, by the name that OpenAPI calls `operationId`. */
export const operations = {
  ...session,
  ...people,
  ...audit,
  ...sources,
  ...listeners,
  ...recordings,
}

/** All operations. */
export type Operations = typeof operations
/** The name of an operation. */
export type OperationId = keyof Operations

export * from './audit.js'
export * from './listeners.js'
export * from './operation.js'
export * from './people.js'
export * from './recordings.js'
export * from './refusal.js'
export * from './session.js'
export * from './sources.js'
