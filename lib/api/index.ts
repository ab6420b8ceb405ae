import { session } from './session.js'
import { status } from './status.js'

/** All operations of `/api/v1`, by the name that OpenAPI calls `operationId`. */
export const operations = {
  ...session,
  ...status,
}

/** All operations. */
export type Operations = typeof operations
/** The name of an operation. */
export type OperationId = keyof Operations

export * from './operation.js'
export * from './session.js'
export * from './status.js'
