import type { DeskRefusal } from '../api/desk.js'
import { FloecastError } from '../errors.js'

/** What the page is told of something that went wrong: what somebody can do something about, as it is, and beside which field it belongs. */
export function refusalOf(error: unknown): DeskRefusal['error'] {
  if (error instanceof FloecastError) return { code: error.code, message: error.message, field: FIELDS[error.code] ?? null }
  // @koa/bodyparser, of what is no JSON.
  if (error instanceof SyntaxError) return { code: 'BAD_REQUEST', message: 'Cannot read the request: its body is no JSON', field: null }
  return { code: 'DESK_FAILED', message: error instanceof Error ? error.message : 'floecast-source has failed', field: null }
}

const FIELDS: Readonly<Partial<Record<FloecastError['code'], DeskRefusal['error']['field']>>> = {
  TARGET_INVALID: 'server',
  SERVER_UNREACHABLE: 'server',
  SERVER_SILENT: 'server',
  ANSWER_UNREADABLE: 'server',
  CONNECTION_LOST: 'server',
  PASSWORD_REFUSED: 'password',
  MOUNT_INVALID: 'mount',
  REQUEST_REFUSED: 'mount',
}
