import { audit } from './audit.js'
import { people } from './people.js'
import { server } from './server.js'
import { session } from './session.js'
import { status } from './status.js'
import { webhooks } from './webhooks.js'

/** All operations of `/api/v1`, by the name that OpenAPI calls `operationId`. */
export const operations = {
  ...session,
  ...status,
  ...people,
  ...audit,
  ...server,
  ...webhooks,
}

/** All operations. */
export type Operations = typeof operations
/** The name of an operation. */
export type OperationId = keyof Operations

export * from './audit.js'
export * from './operation.js'
export * from './people.js'
export * from './refusal.js'
export * from './server.js'
export * from './session.js'
export * from './status.js'
export * from './webhooks.js'
