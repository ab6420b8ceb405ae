import { createHash, randomBytes } from 'node:crypto'
import type { Access, Principal } from '../api/index.js'
import { FloecastError } from '../errors.js'

/** Somebody who has shown who they are. */
export interface Identity {
  /** Who. */
  readonly principal: Principal
  /** Whether that still holds: not once the password, the role or the mounts are others, or the token has ended. */
  readonly stands: () => boolean
  /**
   * Another text whenever it does not hold any longer, and the same in the next run of the server where it still does. It may be made of a password, so it is
   * kept nowhere. Left out where the next run cannot tell.
   */
  readonly version?: string
  /** Keeps in mind that they were there. */
  readonly seen: () => void
}

/**
 * Whether somebody may do what an operation wants.
 * @param mount what it is about; `undefined` when that is no mount, or one that only the handler finds out: that has to look whose it is
 * @throws FloecastError NOT_ALLOWED
 */
export function allow(who: Principal, access: Access, mount: string | undefined): void {
  if (who.role === 'admin' || access === 'viewer' || access === 'anyone') return
  if (access === 'owner' && who.role === 'owner' && (mount === undefined || owns(who, mount))) return
  throw new FloecastError('NOT_ALLOWED', { user: who.name })
}

/** Whether a mount is one of an owner's. */
export const owns = ({ mounts }: Pick<Principal, 'mounts'>, mount: string): boolean =>
  mounts.some((one) => (one.endsWith('*') ? mount.startsWith(one.slice(0, -1)) : one === mount))

/** Makes what nobody can guess: 256 bits, in the letters of base64url. */
export const makeSecret = (): string => randomBytes(32).toString('base64url')

/**
 * What is kept of a secret of {@link makeSecret}. Looking for it in a table tells nobody anything by the time that it takes: whoever
 * guesses cannot choose the hash of what they send.
 */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url')
