import { decodeText } from './text.js'

/** What a peer says to be let in. */
export interface Credentials {
  /** The user name; encoders usually say `source`. */
  readonly user: string
  /** The password, in the clear. */
  readonly password: string
}

/**
 * Reads the value of an `Authorization: Basic` header (RFC 7617); the bytes are UTF-8, else ISO-8859-1.
 * @returns `undefined` when it is of another scheme or damaged; it never throws
 */
export function parseBasic(value: string | undefined): Credentials | undefined {
  const match = /^basic +([a-z0-9+/_-]+={0,2})$/i.exec(value?.trim() ?? '')
  if (match === null) return undefined
  const text = decodeText(Buffer.from(match[1]!, 'base64'))
  const colon = text.indexOf(':')
  // RFC 7617 2: neither part may contain control characters.
  if (colon < 0 || /\p{Cc}/u.test(text)) return undefined
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** What an `Authorization` header brings to be tried: {@link parseBasic} as a list of one, or of none. */
export function basicCredentials(value: string | undefined): Credentials[] {
  const credentials = parseBasic(value)
  return credentials === undefined ? [] : [credentials]
}

/** Formats credentials as the value of an `Authorization` header, in UTF-8. */
export function formatBasic({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
