import { doctor } from './doctor.js'
import { session } from './session.js'

/** All operations of `/api/v1`, by the name that OpenAPI calls `operationId`. */
export const operations = { ...session, ...doctor }

/** All operations. */
export type Operations = typeof operations
/** The name of an operation. */
export type OperationId = keyof Operations

export * from './operation.js'
export * from './session.js'
export * from './doctor.js'
