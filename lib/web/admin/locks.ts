import type { AnswerOf, Operations } from '../../api/index.js'
import type { Schema } from './parts/schema.js'
import { api } from './session.js'

/** What is set for the server, and what nobody can change here. */
export interface ServerState {
  readonly settings: AnswerOf<Operations['getSettings']>['settings']
  /** The ports that are open. */
  readonly ports: AnswerOf<Operations['getSettings']>['ports']
  /** The file that changes are written to; `null` where they end with the server. */
  readonly file: string | null
  readonly schema: Schema
  /** Of what can be set for a mount. */
  readonly mountSchema: Schema
  /** Who has fixed a setting, such as `FLOECAST_PORT`; `undefined` where it can be changed. */
  readonly lock: Lock
  /** The same for what belongs to a mount. */
  readonly mountLock: (mount: string) => Lock
}

/** Tells who has fixed the setting at a path. */
export type Lock = (path: string) => string | undefined

/** Asks for what is set. @throws CallError */
export async function readServerSettings(): Promise<ServerState> {
  const { settings, ports, file, locked, ...answer } = await api.call('getSettings')
  const schema = isSchema(answer.schema) ? answer.schema : {}
  const one = schema.properties?.['mounts']?.additionalProperties
  // What is locked is locked with all below it.
  const lock: Lock = (path) => locked.find((each) => path === each.path || path.startsWith(`${each.path}.`))?.by
  return {
    settings,
    ports,
    file,
    schema,
    mountSchema: typeof one === 'object' ? one : {},
    lock,
    mountLock: (mount) => (path) => lock(`mounts.${mount}.${path}`),
  }
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null
