import { randomBytes } from 'node:crypto'
import { FloecastError } from '../errors.js'

/** Names a server in the `Via` (RFC 9110, 7.6.3) of streams: of those that it asks others for, and of those that it gives to servers that ask. */
export class Via {
  /** What names this server, as long as it runs. */
  readonly self = `1.1 floecast-${randomBytes(9).toString('base64url')}`

  /** Whether something has come by this server before. */
  holds(via: string | undefined): boolean {
    return via?.includes(this.self) === true
  }

  /**
   * What to answer to another server that relays from here.
   * @param asked the `Via` of its request; `undefined` for those who are none
   * @param former the `Via` under which the stream came here
   * @throws FloecastError LOOP_DETECTED
   */
  answer(asked: string | undefined, former: string | undefined): string | undefined {
    if (asked === undefined) return undefined
    if (this.holds(asked)) throw new FloecastError('LOOP_DETECTED')
    return former === undefined ? this.self : `${former}, ${this.self}`
  }
}
