import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'

/** Finds the addresses of a name, as Node's `dns.lookup` does. */
export type Lookup = (
  name: string,
  options: { readonly all: true; readonly family?: number | 'IPv4' | 'IPv6'; readonly hints?: number },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * Looks names up for a connection that may not go everywhere: what was found and allowed is what is connected to, and no other answer for
 * the same name can come in between. One address that is not allowed refuses the name. Nobody looks up what is an address already: that is the
 * caller's to check.
 * @param allow says which IP addresses may be connected to
 * @param refusal makes the error for a name that leads elsewhere
 * @param lookup finds the addresses
 */
export const guardedLookup =
  (allow: (address: string) => boolean, refusal: (name: string) => Error, lookup: Lookup = systemLookup): LookupFunction =>
  (name, { all, family, hints }, done) => {
    lookup(name, { all: true, ...(family !== undefined && { family }), ...(hints !== undefined && { hints }) }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null) done(error, [])
      else if (first === undefined) done(new Error(`${name} has no address`), [])
      else if (!addresses.every(({ address }) => allow(address))) done(refusal(name), [])
      else if (all === true) done(null, addresses)
      else done(null, first.address, first.family)
    })
  }
