import type { Principal } from '../../api/index.js'
import { FloecastError } from '../../errors.js'
import { owns } from '../identity.js'

/** Whether somebody may see what is about a mount: an owner sees what is theirs, all others see all. What is about no known mount is nobody's. */
export const sees = (who: Principal | undefined, mount: string | undefined): boolean =>
  who?.role !== 'owner' || (mount !== undefined && owns(who, mount))

/**
 * Refuses who may do nothing to a mount; for what is about a mount that the path does not name.
 * @throws FloecastError NOT_ALLOWED
 */
export function mustOwn(who: Principal | undefined, mount: string | undefined): void {
  if (who?.role === 'admin' || (who?.role === 'owner' && sees(who, mount))) return
  throw new FloecastError('NOT_ALLOWED', { user: who?.name ?? 'You' })
}
