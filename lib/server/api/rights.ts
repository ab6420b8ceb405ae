import type { Principal } from '../../api/index.js'
import { FloecastError } from '../../errors.js'
import { normalRange } from '../bans.js'
import { owns } from '../identity.js'

/** Whether somebody may see what is about a mount: an owner sees what is theirs, all others see all. What is about no known mount is nobody's. */
export const sees = (who: Principal | undefined, mount: string | undefined): boolean =>
  who?.role !== 'owner' || (mount !== undefined && owns(who, mount))

/**
 * What somebody may see of where a source or a listener is: whoever only looks at statistics, the network (/24, of IPv6 /48) rather than the address.
 * @param address as `clientAddress` gives it
 */
export function addressFor(who: Principal | undefined, address: string): string {
  if (who?.role === 'admin' || who?.role === 'owner') return address
  const bare = address.replace(/%.*$/, '')
  return normalRange(`${bare}/${bare.includes(':') && !bare.includes('.') ? 48 : 24}`) ?? ''
}

/**
 * Refuses who may do nothing to a mount; for what is about a mount that the path does not name.
 * @throws FloecastError NOT_ALLOWED
 */
export function mustOwn(who: Principal | undefined, mount: string | undefined): void {
  if (who?.role === 'admin' || (who?.role === 'owner' && sees(who, mount))) return
  throw new FloecastError('NOT_ALLOWED', { user: who?.name ?? 'You' })
}
