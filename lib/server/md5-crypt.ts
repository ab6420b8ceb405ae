import { createHash } from 'node:crypto'

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ROUNDS = 1000
const FORM = /^(\$(?:apr1|1)\$)([^$]{1,8})\$[./0-9A-Za-z]{22}$/

const md5 = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/**
 * Hashes a password as `htpasswd` of Apache does (`$apr1$`), and crypt before it (`$1$`).
 * @param stored the whole hash, from which the salt is taken
 * @returns the hash of this password; `undefined` where `stored` is none
 */
export function md5Crypt(plain: string, stored: string): string | undefined {
  const [, magic, salt] = FORM.exec(stored) ?? []
  if (magic === undefined || salt === undefined) return undefined
  const key = Buffer.from(plain)
  const inner = md5(key, salt, key)
  const first: (string | Uint8Array)[] = [key, magic, salt]
  for (let left = key.length; left > 0; left -= 16) first.push(inner.subarray(0, Math.min(16, left)))
  // One byte for each bit of the length, lowest first: a zero where it is set, the first letter where it is not.
  for (let bits = key.length; bits > 0; bits >>= 1) first.push(bits & 1 ? Buffer.of(0) : key.subarray(0, 1))
  let digest = md5(...first)
  for (let i = 0; i < ROUNDS; i++) {
    const isOdd = i % 2 === 1
    digest = md5(isOdd ? key : digest, i % 3 === 0 ? '' : salt, i % 7 === 0 ? '' : key, isOdd ? digest : key)
  }
  const at = (i: number): number => digest[i]!
  const groups = [0, 1, 2, 3, 4].map((i) => (at(i) << 16) | (at(i + 6) << 8) | at(i === 4 ? 5 : i + 12))
  return `${magic}${salt}$${groups.map((bits) => letters(bits, 4)).join('')}${letters(at(11), 2)}`
}

// Six bits a letter, lowest first.
function letters(bits: number, count: number): string {
  let text = ''
  for (let i = 0; i < count; i++) text += ALPHABET[(bits >> (6 * i)) & 63]
  return text
}
