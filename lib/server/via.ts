import { randomBytes } from 'node:crypto'
import { FloecastError } from '../errors.js'

/** Names this server, as long as it runs, in the `Via` (RFC 9110, 7.6.3) of streams that it asks others for, and of those that it gives to servers that ask. */
export const VIA = `1.1 floecast-${randomBytes(9).toString('base64url')}`

/**
 * What to answer to another server that relays from here.
 * @param asked the `Via` of its request; `undefined` for those who are none
 * @param former the `Via` under which the stream came here
 * @throws FloecastError LOOP_DETECTED
 */
export function viaOf(asked: string | undefined, former: string | undefined): string | undefined {
  if (asked === undefined) return undefined
  if (asked.includes(VIA)) throw new FloecastError('LOOP_DETECTED')
  return former === undefined ? VIA : `${former}, ${VIA}`
}
