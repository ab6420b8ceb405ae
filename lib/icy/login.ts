import type { Credentials } from './basic.js'
import { mountPath } from './path.js'

/**
 * Reads what a SHOUTcast source says in place of user name, password and mount: `password`, `/mount:password`, `user:password`,
 * `password:#1`. Of several readings any may be the right one.
 * @param defaultMount the mount of those who name none
 */
export function parseLogin(line: string, defaultMount: string): { mount: string; candidates: Credentials[] } {
  const password = line.replace(/:#\d+$/, '')
  const colon = password.lastIndexOf(':')
  const mount = password.startsWith('/') && colon > 0 ? mountPath(password.slice(0, colon)) : undefined
  if (mount !== undefined) return { mount, candidates: [{ user: '', password: password.slice(colon + 1) }] }
  const candidates = [{ user: '', password }]
  const first = password.indexOf(':')
  if (first > 0) candidates.push({ user: password.slice(0, first), password: password.slice(first + 1) })
  return { mount: defaultMount, candidates }
}
