import type { Credentials } from './basic.js'
import { mountPath } from './path.js'

/** What a SHOUTcast source says of itself before its headers. */
export interface Login {
  /** The mount that it wants. */
  readonly mount: string
  /** What its line may mean: any of these may be right. */
  readonly candidates: readonly Credentials[]
}

/**
 * Reads what a SHOUTcast source says in place of user name, password and mount: `password`, `/mount:password`, `user:password`,
 * `password:#1`.
 * @param defaultMount the mount of those who name none
 */
export function parseLogin(line: string, defaultMount: string): Login {
  const password = line.replace(/:#\d+$/, '')
  const colon = password.lastIndexOf(':')
  const mount = password.startsWith('/') && colon > 0 ? mountPath(password.slice(0, colon)) : undefined
  if (mount !== undefined) return { mount, candidates: [{ user: '', password: password.slice(colon + 1) }] }
  const candidates = [{ user: '', password }]
  const first = password.indexOf(':')
  if (first > 0) candidates.push({ user: password.slice(0, first), password: password.slice(first + 1) })
  return { mount: defaultMount, candidates }
}
