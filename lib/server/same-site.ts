import { FloecastError } from '../errors.js'
import { type AddressSettings, publicOrigin, type Visit } from './address.js'

/** Name of the cookie that holds a session. */
export const COOKIE = 'floecast_session'
// More of them are nobody's mistake.
const MAX_COOKIES = 4

/**
 * The secrets of sessions that a request brings in its cookies. A page of a neighbouring name can plant a cookie of the same name; then any of
 * them may be right.
 */
export function secretsOf({ header }: Visit): string[] {
  const secrets = (header('cookie') ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE}=`))
    .map((pair) => pair.slice(COOKIE.length + 1))
  return [...new Set(secrets)].filter((secret) => /^[\w-]{43}$/.test(secret)).slice(0, MAX_COOKIES)
}

/**
 * Refuses what a page of another site sends with this one's cookies or passwords.
 * @throws FloecastError FOREIGN_SITE
 */
export function refuseForeign(visit: Visit, settings: AddressSettings): void {
  const site = visit.header('sec-fetch-site') ?? ''
  if (site !== '' && site !== 'same-origin' && site !== 'none') throw new FloecastError('FOREIGN_SITE')
  // Browsers say so only where they trust the connection, and old ones never; but all tell the origin of whatever is not a GET, and of every WebSocket.
  const origin = visit.header('origin') ?? ''
  if (origin === '' || site === 'same-origin') return
  const { host: here } = new URL(publicOrigin(visit, settings))
  if (hostOf(origin) !== here && hostOf(origin) !== visit.header('host')?.toLowerCase()) throw new FloecastError('FOREIGN_SITE')
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host
  } catch {
    return undefined
  }
}
