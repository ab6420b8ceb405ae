import { execFileSync } from 'node:child_process'
import { existsSync, lchownSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from './reason.js'
import type { Config } from './schema.js'

/**
 * Goes on as another user for good, with the groups of that one alone, once all is open that needs root.
 * @returns a sentence about why it stays who it is, if it does
 * @param own files and folders that have to belong to that user from now on; of folders also what lies in them, no deeper
 * @throws Error with a sentence for the user
 */
export function dropPrivileges({ user, group }: Pick<Config, 'user' | 'group'>, own: readonly string[]): string | undefined {
  if (user === undefined) return undefined
  const { getuid, setuid, setgid, getgid, setgroups } = process
  if (!getuid || !setuid || !setgid || !getgid || !setgroups)
    throw new Error(`Cannot run as ${user}: this system knows no such thing. Leave user out.`)
  const uid = Number(idOf(user, '-u'))
  if (getuid() === uid) return undefined
  if (getuid() !== 0) return `only root can become ${user} (user); floecast goes on as it was started`
  try {
    setgid(group ?? Number(idOf(user, '-g')))
    setgroups(idOf(user, '-G').split(' ').map(Number))
    for (const path of own) handOver(path, uid, getgid())
    setuid(uid)
    return undefined
  } catch (error) {
    throw new Error(`Cannot run as ${user}${group === undefined ? '' : `, group ${group}`}: ${reasonOf(error)}`, { cause: error })
  }
}

function idOf(user: string, what: '-u' | '-g' | '-G'): string {
  try {
    return execFileSync('id', [what, '--', user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch (error) {
    throw new Error(`Cannot run as ${user}: there is no such user`, { cause: error })
  }
}

function handOver(path: string, uid: number, gid: number): void {
  if (!existsSync(path)) return
  // Links are not followed: what they lead to may be anybody's.
  lchownSync(path, uid, gid)
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) lchownSync(join(path, name), uid, gid)
}
