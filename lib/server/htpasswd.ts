import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { FloecastError } from '../errors.js'
import { verifyBcrypt } from './bcrypt.js'
import { md5Crypt } from './md5-crypt.js'
import { equal, hashPassword, remembered, verifyPassword } from './password.js'
import { replaceFile } from './replace-file.js'

const MOST_BYTES = 8 * 1024 * 1024
/** Names that can be added: no more than a line of the file needs, so that it can never become one of another kind. */
const NAME = /^[\p{L}\p{N}._@+-]{1,128}$/u
const ENTRY = /^[^:\s][^:]*:[^:\s]+(:.*)?$/

/**
 * A file of names and hashes of passwords, a `name:hash` a line, as `htpasswd` of Apache and Icecast write it. It is read again when it has changed, whoever changed
 * it; lines that it does not understand, and comments, stay as they are.
 */
export class Htpasswd {
  /** Its path. */
  readonly path: string
  #mark = ''
  #lines: readonly string[] = []
  #hashes: ReadonlyMap<string, string> = new Map()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(path: string) {
    this.path = path
  }

  /**
   * Whether a name has this password.
   * @throws FloecastError AUTHENTICATION_FAILED when the file cannot be read, which its cause tells of
   */
  async verify(user: string, password: string): Promise<boolean> {
    await this.#read()
    const stored = this.#hashes.get(user)
    // For a name that nobody has, another's password is looked at: it takes as long, and nobody learns which names there are.
    const [anyone = ''] = this.#hashes.values()
    const isRight = await verifyAny(password, stored ?? anyone)
    return isRight && stored !== undefined
  }

  /**
   * The names, in the order of the file.
   * @throws FloecastError as {@link Htpasswd.verify}
   */
  async list(): Promise<string[]> {
    await this.#read()
    return [...this.#hashes.keys()]
  }

  /**
   * Adds a name. The password is kept as a `scrypt$` hash; a file that is not there is made.
   * @returns whether it is new: a name that is there stays as it is
   * @throws FloecastError USER_REFUSED when the name will not do, or the file is not what it should be
   */
  add(user: string, password: string): Promise<boolean> {
    return this.#change(async (lines) => {
      if (!NAME.test(user)) throw this.#refusal('a name has letters, digits and . _ @ + - alone, 128 at most')
      if (password === '' || password.length > 1024) throw this.#refusal('a password has 1 to 1024 characters')
      return this.#hashes.has(user) ? undefined : [...lines, `${user}:${await hashPassword(password)}`]
    })
  }

  /**
   * Deletes a name.
   * @returns whether it was there
   * @throws FloecastError USER_REFUSED when the file is not what it should be, or cannot be written
   */
  remove(user: string): Promise<boolean> {
    return this.#change((lines) => (this.#hashes.has(user) ? lines.filter((line) => nameOf(line) !== user) : undefined))
  }

  // One change after the other, of what the file says then.
  #change(make: (lines: readonly string[]) => readonly string[] | undefined | Promise<readonly string[] | undefined>): Promise<boolean> {
    const turn = this.#turn.then(async () => {
      await this.#read(true)
      // A path may lead anywhere: what is no such file is never written to.
      if (!this.#lines.every((line) => line === '' || line.startsWith('#') || ENTRY.test(line)))
        throw this.#refusal('its file holds other lines than name:hash')
      const lines = await make(this.#lines)
      if (lines === undefined) return false
      const owner = await stat(this.path).catch(() => undefined)
      try {
        const place = owner === undefined ? { mode: 0o600 } : { mode: owner.mode & 0o777, uid: owner.uid, gid: owner.gid }
        await replaceFile(this.path, `${lines.filter((line) => line !== '').join('\n')}\n`, place)
      } catch (error) {
        throw this.#refusal('its file cannot be written', error)
      }
      await this.#read()
      return true
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #read(mayMiss = false): Promise<void> {
    try {
      const { mtimeMs, size, ino } = await stat(this.path)
      const mark = `${ino} ${size} ${mtimeMs}`
      if (mark === this.#mark) return
      if (size > MOST_BYTES) throw new Error('it is too large')
      this.#take((await readFile(this.path, 'utf8')).split(/\r?\n/))
      this.#mark = mark
    } catch (error) {
      this.#mark = ''
      this.#take([])
      if (mayMiss && error instanceof Error && 'code' in error && error.code === 'ENOENT') return
      throw new FloecastError('AUTHENTICATION_FAILED', {}, { cause: error })
    }
  }

  #take(lines: readonly string[]): void {
    this.#lines = lines
    const entries = lines.filter((line) => !line.startsWith('#') && ENTRY.test(line))
    this.#hashes = new Map(entries.map((line) => [nameOf(line), line.split(':')[1]!]))
  }

  #refusal(reason: string, cause?: unknown): FloecastError {
    return new FloecastError('USER_REFUSED', { reason }, { cause })
  }
}

const nameOf = (line: string): string => line.split(':', 1)[0]!

// A hash that nobody knows matches nothing: a password that stands in the file as it is would be one for all who can read it.
function verifyAny(plain: string, stored: string): Promise<boolean> {
  if (stored.startsWith('scrypt$')) return verifyPassword(plain, stored)
  return remembered(plain, stored, async () => {
    if (stored.startsWith('$2')) return verifyBcrypt(plain, stored)
    if (/^[0-9a-f]{32}$/i.test(stored)) return equal(createHash('md5').update(plain).digest('hex'), stored.toLowerCase())
    const hash = md5Crypt(plain, stored)
    return hash !== undefined && equal(hash, stored)
  })
}
