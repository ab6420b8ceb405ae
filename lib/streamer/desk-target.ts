import type { DeskTarget } from '../api/desk.js'
import { FloecastError } from '../errors.js'
import { mountPath } from '../icy/path.js'

/** Where Icecast, SHOUTcast and floecast listen unless told otherwise. */
const PORT = '8000'

/**
 * The address of a mount with the login in it, from what somebody has written into the page.
 * @param password the one to send
 * @throws FloecastError TARGET_INVALID, MOUNT_INVALID
 */
export function addressOf({ server, mount, user, protocol }: Omit<DeskTarget, 'password'>, password: string): string {
  const [, scheme = 'http', rest = ''] = /^(?:([a-z][a-z\d+.-]*):\/\/)?(.*)$/is.exec(server) ?? []
  const bare = !/^https?$/i.test(scheme) || !server.includes('://')
  const invalid = (reason: string): FloecastError => new FloecastError('TARGET_INVALID', { server: withoutLogin(server), reason })
  if (!/^(https?|icecast)$/i.test(scheme)) throw invalid('the address must begin with http:// or https://')
  const text = `${/^https$/i.test(scheme) ? 'https' : 'http'}://${rest}`
  if (!URL.canParse(text)) throw invalid('give a name and a port, such as localhost:8000')
  const url = new URL(text)
  if (url.pathname !== '/' || url.search !== '' || url.username !== '')
    throw invalid('give the name and the port alone; the mount has a field of its own')
  // An URL forgets the port that its scheme has anyway.
  if (bare && url.port === '' && !rest.replace(/\/$/, '').endsWith(':80')) url.port = PORT
  if (protocol !== 'shoutcast') {
    const path = mountPath(encodeURI(mount.startsWith('/') ? mount : `/${mount}`))
    if (path === undefined || path === '/') throw new FloecastError('MOUNT_INVALID', { mount })
    url.pathname = encodeURI(path)
  }
  url.username = encodeURIComponent(user === '' ? 'source' : user)
  url.password = encodeURIComponent(password)
  return url.href
}

/** An address as it may be shown. */
export const withoutLogin = (address: string): string => address.replace(/^([a-z+]*:\/\/)?.*@/i, '$1')
