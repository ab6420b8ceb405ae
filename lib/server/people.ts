import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type Person, person } from '../api/index.js'
import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import type { Identity } from './identity.js'
import { hashPassword, verifyPassword } from './password.js'
import type { StateDocument, StateFolder } from './state-folder.js'

const storedPerson = z.object({
  ...person.shape,
  hash: z.string().startsWith('scrypt$'),
  /** Another one after each change, so that whoever signed in before has to do so again. */
  stamp: z.string().min(1),
})
const storedPeople = z.object({ version: z.literal(1), people: z.array(storedPerson) })

type StoredPerson = z.infer<typeof storedPerson>
type StoredPeople = z.infer<typeof storedPeople>

/** What a new person is made of. */
export interface NewPerson extends Pick<Person, 'name' | 'role' | 'mounts'> {
  /** In plain; only its hash is kept. */
  readonly password: string
}

// Those who have names already: the administrator and the sources of the configuration.
const RESERVED = new Set(['admin', 'source'])
// Milliseconds: what is less exact than this need not be written for every request.
const SEEN = 5 * 60_000

/** Everybody who can sign in besides the administrator of the configuration. Passwords are kept as hashes alone. */
export class People {
  readonly #document: StateDocument<StoredPeople>
  readonly #clock: Clock
  readonly #seen = new Map<string, number>()
  #decoy: Promise<string> | undefined

  /**
   * Reads `people.json` of a folder.
   * @throws Error as {@link StateFolder.document}
   */
  constructor(folder: StateFolder, clock: Clock) {
    this.#document = folder.document('people.json', (stored) =>
      stored === undefined ? { version: 1, people: [] } : storedPeople.parse(stored),
    )
    this.#clock = clock
  }

  /** Everybody, by name. */
  list(): Person[] {
    return this.#document.value.people.map((one) => this.#tell(one)).toSorted((a, b) => a.name.localeCompare(b.name))
  }

  /**
   * Adds a person.
   * @throws FloecastError NAME_TAKEN, STATE_NOT_KEPT
   */
  async add({ name: written, password, role, mounts }: NewPerson): Promise<Person> {
    const name = written.normalize('NFC')
    const taken = (people: readonly StoredPerson[]): boolean => RESERVED.has(keyOf(name)) || find(people, name) !== undefined
    // Before the hash, which is work; and again when it is this change's turn.
    if (taken(this.#document.value.people)) throw new FloecastError('NAME_TAKEN', { name })
    const hash = await hashPassword(password)
    const created = new Date(this.#clock.now()).toISOString()
    const added: StoredPerson = { name, role, mounts: mountsOf(role, mounts), created, lastSeen: null, hash, stamp: makeStamp() }
    await this.#document.change(({ people, ...rest }) => {
      if (taken(people)) throw new FloecastError('NAME_TAKEN', { name })
      return { ...rest, people: [...people, added] }
    })
    return this.#tell(added)
  }

  /**
   * Changes what is given; all their sessions end.
   * @throws FloecastError PERSON_NOT_FOUND, STATE_NOT_KEPT
   */
  async change(name: string, { password, role, mounts }: Partial<Omit<NewPerson, 'name'>>): Promise<Person> {
    this.#get(name)
    const hash = password === undefined ? undefined : await hashPassword(password)
    await this.#document.change(({ people, ...rest }) => {
      const before = find(people, name)
      if (before === undefined) throw new FloecastError('PERSON_NOT_FOUND', { name })
      const next = role ?? before.role
      const after = {
        ...before,
        role: next,
        mounts: mountsOf(next, mounts ?? before.mounts),
        hash: hash ?? before.hash,
        stamp: makeStamp(),
      }
      return { ...rest, people: people.map((one) => (one === before ? after : one)) }
    })
    return this.#tell(this.#get(name))
  }

  /**
   * Removes a person; all their sessions end.
   * @throws FloecastError PERSON_NOT_FOUND, STATE_NOT_KEPT
   */
  async remove(name: string): Promise<void> {
    await this.#document.change(({ people, ...rest }) => {
      const gone = find(people, name)
      if (gone === undefined) throw new FloecastError('PERSON_NOT_FOUND', { name })
      return { ...rest, people: people.filter((one) => one !== gone) }
    })
    this.#seen.delete(keyOf(name))
  }

  /** Who has this name and this password; `undefined` when nobody has. It takes as long for a name that nobody has. */
  async check(name: string, password: string): Promise<Identity | undefined> {
    const { people } = this.#document.value
    if (people.length === 0 || name === '' || RESERVED.has(keyOf(name))) return undefined
    const found = find(people, name)
    const hash = found?.hash ?? (await (this.#decoy ??= hashPassword(randomBytes(16).toString('hex'))))
    const right = await verifyPassword(password, hash)
    return right && found !== undefined ? this.#identity(found) : undefined
  }

  /** Who has this name, as they are now; `undefined` when nobody has. */
  find(name: string): Identity | undefined {
    const found = find(this.#document.value.people, name)
    return found && this.#identity(found)
  }

  /**
   * Who a person is, as they are now.
   * @throws FloecastError PERSON_NOT_FOUND
   */
  identity(name: string): Identity {
    return this.#identity(this.#get(name))
  }

  #identity(stored: StoredPerson): Identity {
    const { name, role, mounts, stamp } = stored
    return {
      principal: { name, role, mounts, via: 'password' },
      stands: () => find(this.#document.value.people, name)?.stamp === stamp,
      version: versionOf(stored),
      seen: () => this.#saw(name),
    }
  }

  #get(name: string): StoredPerson {
    const found = find(this.#document.value.people, name)
    if (found === undefined) throw new FloecastError('PERSON_NOT_FOUND', { name })
    return found
  }

  #tell({ name, role, mounts, created, lastSeen }: StoredPerson): Person {
    const seen = this.#seen.get(keyOf(name))
    return { name, role, mounts, created, lastSeen: seen === undefined ? lastSeen : new Date(seen).toISOString() }
  }

  #saw(name: string): void {
    const now = this.#clock.now()
    this.#seen.set(keyOf(name), now)
    const written = find(this.#document.value.people, name)?.lastSeen ?? null
    if (written !== null && now - Date.parse(written) < SEEN) return
    const lastSeen = new Date(now).toISOString()
    const mark = ({ people, ...rest }: StoredPeople): StoredPeople => ({
      ...rest,
      people: people.map((one) => (keyOf(one.name) === keyOf(name) ? { ...one, lastSeen } : one)),
    })
    // Nobody is kept out because this cannot be kept.
    this.#document.change(mark).catch(() => {})
  }
}

// Large and small letters are the same: telephones begin every word with a large one.
const keyOf = (name: string): string => name.normalize('NFC').toLowerCase()

const find = (people: readonly StoredPerson[], name: string): StoredPerson | undefined => {
  const key = keyOf(name)
  return people.find((one) => keyOf(one.name) === key)
}

// The stamp says it all, unless somebody has changed the file by hand.
const versionOf = ({ stamp, hash, role, mounts }: StoredPerson): string => JSON.stringify([stamp, hash, role, mounts])

const makeStamp = (): string => randomBytes(9).toString('base64url')

/** Only owners have mounts. */
const mountsOf = (role: Person['role'], mounts: readonly string[]): string[] => (role === 'owner' ? [...new Set(mounts)] : [])
