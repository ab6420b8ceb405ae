import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { hashPassword } from '../lib/index.js'
import { reasonOf } from './reason.js'
import { replaceFile } from '../lib/server/replace-file.js'
import { makePassword } from './words.js'

/** What floecast knows from earlier starts. Passwords are there as hashes only. */
export interface State {
  /** Hashes of passwords that floecast made itself. */
  readonly passwords: { readonly source?: string; readonly admin?: string }
}

/** Where the state is kept when nothing else is said, as the XDG base directory specification has it. */
export function defaultStateDir(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_STATE_HOME']
  return join(base?.startsWith('/') ? base : join(homedir(), '.local', 'state'), 'floecast')
}

const fileOf = (dir: string): string => join(dir, 'state.json')

function hashesIn(state: unknown): State['passwords'] {
  const passwords: unknown = typeof state === 'object' && state !== null && 'passwords' in state ? state.passwords : undefined
  if (typeof passwords !== 'object' || passwords === null) throw new TypeError('no passwords')
  const hashes: { source?: string; admin?: string } = {}
  for (const [who, hash] of Object.entries(passwords))
    if ((who === 'source' || who === 'admin') && typeof hash === 'string' && hash.startsWith('scrypt$')) hashes[who] = hash
  return hashes
}

/**
 * Reads the state of a folder; a folder that is not there yet has an empty one.
 * @throws Error with a sentence for the user
 */
export async function readState(dir: string): Promise<State> {
  const file = fileOf(dir)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { passwords: {} }
    throw new Error(`Cannot read ${file}: ${reasonOf(error)}.`, { cause: error })
  }
  try {
    return { passwords: hashesIn(JSON.parse(text)) }
  } catch (error) {
    throw new Error(`Cannot read ${file}: it is damaged. Remove it; the next start makes new passwords.`, { cause: error })
  }
}

/**
 * Writes the state so that a crash leaves either the old file or the new one, and nobody else can read it.
 * @throws Error with a sentence for the user
 */
export async function writeState(dir: string, state: State): Promise<void> {
  const file = fileOf(dir)
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    await replaceFile(file, `${JSON.stringify({ version: 1, ...state }, null, 2)}\n`, { mode: 0o600 })
  } catch (error) {
    throw new Error(
      `Cannot keep passwords in ${dir}: ${reasonOf(error)}. Name another folder in FLOECAST_STATE_DIR or stateDir, or set both passwords in the configuration.`,
      { cause: error },
    )
  }
}

/** The passwords that are in force, and what to tell about them. */
export interface Passwords {
  /** Of sources; plain or a hash. */
  readonly source: string
  /** Of the administrator; plain or a hash. */
  readonly admin: string
  /** Those that were made just now, in plain: this is the only time that they can be shown. */
  readonly made: { readonly source?: string; readonly admin?: string }
  /** Which of them are known to floecast as hashes only, from an earlier start. */
  readonly kept: readonly ('source' | 'admin')[]
}

/**
 * Takes the passwords that are given, those kept in the state folder for the others, and makes what is still missing.
 * @param given by the configuration or the environment
 * @param dir the state folder; left alone when both are given
 * @param renew makes new ones in place of those that are kept
 * @throws Error with a sentence for the user
 */
export async function findPasswords(
  given: { source?: string | undefined; admin?: string | undefined },
  dir: string,
  renew = false,
): Promise<Passwords> {
  const { source, admin } = given
  if (source !== undefined && admin !== undefined) {
    if (renew) throw new Error('Cannot make new passwords: the configuration or the environment sets both; change them there.')
    return { source, admin, made: {}, kept: [] }
  }
  const before = await readState(dir)
  const hashes = { ...before.passwords }
  const made: { source?: string; admin?: string } = {}
  const kept: ('source' | 'admin')[] = []
  for (const who of ['source', 'admin'] as const) {
    if (given[who] !== undefined) continue
    if (hashes[who] !== undefined && !renew) {
      kept.push(who)
      continue
    }
    made[who] = makePassword()
    hashes[who] = await hashPassword(made[who])
  }
  if (Object.keys(made).length > 0) await writeState(dir, { passwords: hashes })
  return { source: source ?? hashes.source ?? '', admin: admin ?? hashes.admin ?? '', made, kept }
}
