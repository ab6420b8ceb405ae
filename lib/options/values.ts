import { z } from 'zod'

// `meta` carries what messages and printed configurations say besides the description: the unit of a number, a value to show
// where there is no default, words for what is allowed, and whether a value must never be shown.
export const bytes = z.int().min(0).meta({ unit: 'bytes' })
export const milliseconds = z.int().min(0).meta({ unit: 'milliseconds' })
export const seconds = z.number().min(0).meta({ unit: 'seconds' })
export const count = z.int().min(0)

/** The form of a hashed password: scheme, N, r, p, salt and key. */
const hash = /^scrypt\$\d{1,8}\$\d{1,3}\$\d{1,3}\$[\w-]{8,128}\$[\w-]{20,128}$/

/** A password as a configuration holds it: plain, or a hash made by `hashPassword`. */
export const password = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith('scrypt$') || hash.test(text))
  .meta({ secret: true, allowed: 'a password of 1 character or more, or a whole scrypt$ hash' })

// Without Node's own words for addresses, for pages read these schemas, too.
const addresses = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])
const isRange = (text: string): boolean => addresses.safeParse(text).success
export const range = z.string().refine(isRange).meta({ allowed: 'an address or a range of addresses such as 10.0.0.0/8' })

const DURATION = /^(\d+(?:\.\d+)?)(s|m|h)?$/
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** The seconds that a text such as `90s`, `30m`, `2h` or `90` means; `undefined` where it means none. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = 's'] = DURATION.exec(text) ?? []
  return number === undefined ? undefined : Number(number) * UNITS[unit]!
}

// As a program writes it, or as a person does; what comes out is seconds.
export const duration = z
  .union([z.number().min(0), z.string().regex(DURATION)])
  .transform((value) => (typeof value === 'number' ? value : parseDuration(value)!))

// The fields of strftime that the pattern of a file may have.
const FIELD = /%[YymdejHMSsbBaAZFT%]/g
export const isPattern = (text: string): boolean =>
  !text.replaceAll(FIELD, '').includes('%') &&
  !text.endsWith('.part') &&
  !/[\\\p{Cc}]/u.test(text) &&
  text.split('/').every((part) => part !== '' && !part.startsWith('.'))

export const isCharset = (label: string): boolean => {
  try {
    return new TextDecoder(label).encoding !== ''
  } catch {
    return false
  }
}

// Header lines that the server writes by itself, or on which the connection depends.
const OWN_HEADERS = /^(connection|content-(type|length|encoding)|transfer-encoding|date|server|upgrade|trailer|icy-metaint)$/i
export const headers = z
  .record(z.string(), z.string().max(1024))
  .refine((all) => Object.entries(all).every(([name, value]) => isToken(name) && !OWN_HEADERS.test(name) && !/[\r\n\0]/.test(value)))
  .meta({ allowed: 'names and values of header lines (name: value) that the server does not write by itself' })
export const isToken = (name: string): boolean => /^[\w!#$%&'*+.^`|~-]{1,64}$/.test(name)

const isUpstream = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, username, password: word } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && word === ''
}
export const upstream = z.string().max(2048).refine(isUpstream).meta({ allowed: 'an http or https address without a password in it' })

// Which program is run, is for whoever can write the configuration: `fileOnly` keeps it from being changed while the server runs.
export const program = z
  .string()
  .regex(/^(\/|[A-Za-z]:[\\/])[^\0]*$/)
  .meta({ allowed: 'the whole path of a program' })

export const mountPath = z.string().startsWith('/').meta({ allowed: 'a path that begins with /' })
