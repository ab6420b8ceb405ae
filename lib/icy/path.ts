import { decodeText, percentDecode } from './text.js'

const MAX_PATH_LENGTH = 1024
// Most paths: nothing in them is encoded, and no segment begins with a dot.
const PLAIN = /^(?:\/[\w~-][\w.~-]*)+$/

/**
 * The path that a request target names, decoded: `/live%20a.mp3?x=1` and `http://host/live%20a.mp3` both give
 * `/live a.mp3`. This is what a mount is called, everywhere.
 * @returns `undefined` when it is no path that a mount can have (see {@link isMountPath}), such as `*` or `/a/../b`
 */
export function mountPath(target: string): string | undefined {
  const query = target.indexOf('?')
  let path = query < 0 ? target : target.slice(0, query)
  if (path.length <= MAX_PATH_LENGTH && PLAIN.test(path)) return path
  // RFC 9112 3.2.2: what a proxy gets, and every server must understand.
  const authority = /^https?:\/\/[^/]*/i.exec(path)
  if (authority !== null) path = path.slice(authority[0].length) || '/'
  if (path.length > 3 * 4 * MAX_PATH_LENGTH || /%(?![0-9a-f]{2})/i.test(path)) return undefined
  const decoded = decodeText(percentDecode(path))
  return isMountPath(decoded) ? decoded : undefined
}

/**
 * Whether a decoded path can name a mount or a page: it starts with `/`, has at most 1024 characters, and has no `.` or `..`
 * segment, no `//`, no backslash and no control character.
 */
export function isMountPath(path: string): boolean {
  return path.length <= MAX_PATH_LENGTH && path.startsWith('/') && !/\/\/|\/\.\.?(?:\/|$)|[\\\p{Cc}\u2028\u2029]/u.test(path)
}

/** The raw query of a request target: what follows its first `?`, or nothing. */
export function rawQuery(target: string): string {
  const at = target.indexOf('?')
  return at < 0 ? '' : target.slice(at + 1)
}

/**
 * Reads a raw query or form into its names and values, as bytes, for their charset may stand in the query itself. `+` is a
 * space; broken percent-encoding stays as it is.
 */
export function readQuery(query: string): [name: string, value: Buffer][] {
  const pairs: [string, Buffer][] = []
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
    pairs.push([decodeText(percentDecode(name.replaceAll('+', ' '))), percentDecode(value.replaceAll('+', ' '))])
  }
  return pairs
}

/** The parameters of a raw query or form as text: UTF-8, else ISO-8859-1, each value for itself. */
export function parseQuery(query: string): URLSearchParams {
  return new URLSearchParams(readQuery(query).map(([name, value]): [string, string] => [name, decodeText(value)]))
}
