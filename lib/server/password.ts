import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/**
 * A hashed password: `scrypt$N$r$p$salt$key`, salt and key in base64url. It describes itself, so that stronger costs later do
 * not make old hashes useless.
 */
interface Hash {
  readonly N: number
  readonly r: number
  readonly p: number
  readonly salt: Buffer
  readonly key: Buffer
}

const COST = { N: 2 ** 15, r: 8, p: 1 }
/** What one check may take, in bytes: a hash from elsewhere cannot ask for more. RFC 7914 §2 gives 128·N·r. */
const MEMORY = 256 * 1024 * 1024
/** A check holds 32 MiB and one of the four threads that file access and name lookup need, too. */
const AT_ONCE = 2
const REMEMBERED = 2048

/** Of no use outside of this process: neither digests nor remembered passwords can be compared with anything from elsewhere. */
const secret = randomBytes(32)
const digest = (text: string): Buffer => createHmac('sha256', secret).update(text).digest()

/** Whether two texts are equal, in a time that does not tell where they differ. */
export const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

function parseHash(text: string): Hash | undefined {
  const [scheme, N, r, p, salt, key, ...more] = text.split('$')
  if (scheme !== 'scrypt' || salt === undefined || key === undefined || more.length > 0) return undefined
  const hash = { N: Number(N), r: Number(r), p: Number(p), salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') }
  const sound = [hash.N, hash.r, hash.p].every((n) => Number.isSafeInteger(n) && n > 0) && Number.isInteger(Math.log2(hash.N))
  const bounded = 128 * hash.N * hash.r <= MEMORY && hash.p <= 16 && hash.key.length >= 16 && hash.key.length <= 64
  return sound && bounded && hash.N > 1 && hash.salt.length >= 8 ? hash : undefined
}

let running = 0
const waiting: (() => void)[] = []

async function derive(plain: string, { N, r, p, salt }: Omit<Hash, 'key'>, length: number): Promise<Buffer> {
  if (running >= AT_ONCE) await new Promise<void>((go) => waiting.push(go))
  else running++
  try {
    return await new Promise((resolve, reject) =>
      scrypt(plain, salt, length, { N, r, p, maxmem: MEMORY + 2 ** 20 }, (error, key) => (error ? reject(error) : resolve(key))),
    )
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}

/** Tells whether a text is the one of before without holding it; of no use outside of this process. */
export const fingerprint = (text: string): string => digest(text).toString('base64')

/** Right passwords of late, by digest, oldest first; and checks that are under way, which equal ones share. */
const right = new Set<string>()
const pending = new Map<string, Promise<boolean>>()

/**
 * Makes a hash that {@link verifyPassword} accepts and that can stand in a configuration in place of the password.
 * @param plain any text that is not empty
 */
export async function hashPassword(plain: string): Promise<string> {
  if (plain === '') throw new RangeError('Cannot hash an empty password')
  const salt = randomBytes(16)
  const key = await derive(plain, { ...COST, salt }, 32)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/**
 * Whether a password is the stored one. Right answers for hashes are remembered for the life of the process, so that an
 * encoder that logs in for every title costs one derivation. A malformed hash matches nothing.
 * @param plain what the peer sent
 * @param stored a plain password, or a hash made by {@link hashPassword}
 */
export async function verifyPassword(plain: string, stored: string): Promise<boolean> {
  if (!stored.startsWith('scrypt$')) return stored !== '' && equal(plain, stored)
  const hash = parseHash(stored)
  if (!hash) return false
  return remembered(plain, stored, async () => timingSafeEqual(await derive(plain, hash, hash.key.length), hash.key))
}

/**
 * Runs a check of a hash that costs time, once for all who ask for the same at a time; that it was right is remembered for the life of the process.
 * @param stored holds no line break, so that the pair cannot be read in two ways
 */
export async function remembered(plain: string, stored: string, check: () => Promise<boolean>): Promise<boolean> {
  const id = digest(`${stored}\n${plain}`).toString('base64')
  if (right.has(id)) return true
  const known = pending.get(id)
  if (known) return known
  const checking = check().finally(() => pending.delete(id))
  pending.set(id, checking)
  const result = await checking
  if (result) {
    right.add(id)
    for (const oldest of right) {
      if (right.size <= REMEMBERED) break
      right.delete(oldest)
    }
  }
  return result
}
