import { UsageError } from '../command-line.js'

const EXAMPLE = 'http://source:PASSWORD@localhost:8000/live'
// Where Icecast, SHOUTcast and floecast listen unless told otherwise.
const PORT = '8000'

/**
 * The address of a mount, from what people write: `localhost`, `host:8000/live`, or what is for ffmpeg and OBS (`icecast://…`).
 * The mount is /live where none is named.
 * @throws UsageError
 */
export function parseTarget(to: string): URL {
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(to)?.[1]?.toLowerCase()
  if (scheme !== undefined && !['http', 'https', 'icecast'].includes(scheme))
    throw new UsageError(`Cannot send to ${withoutPassword(to)}: the address must begin with http:// or https://, as in ${EXAMPLE}.`)
  const rest = scheme === undefined ? to : to.slice(scheme.length + 3)
  const address = `${scheme === 'https' ? 'https' : 'http'}://${rest}`
  if (rest === '' || !URL.canParse(address))
    throw new UsageError(`Cannot send to ${withoutPassword(to)}: give an address such as ${EXAMPLE}.`)
  const url = new URL(address)
  const bare = scheme === undefined || scheme === 'icecast'
  // An URL forgets the port that its scheme has anyway.
  if (bare && url.port === '' && !/:80(\/|$)/.test(rest)) url.port = PORT
  if (url.pathname === '/') url.pathname = '/live'
  return url
}

/** An address as it may be shown. */
export const withoutPassword = (address: string): string => address.replace(/^([a-z+]*:\/\/)?.*@/i, '$1')

/** Sets the password of an address, for `source` where it names nobody. */
export function withPassword(url: URL, password: string): URL {
  const known = new URL(url)
  // SHOUTcast knows no names; everybody else calls those who send `source`.
  known.username ||= 'source'
  known.password = encodeURIComponent(password)
  return known
}
