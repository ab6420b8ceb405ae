/** The ids that a request may bring. */
export interface ViewerIds {
  /** The session of CMCD, as {@link parseCmcd} gives it. */
  readonly sid?: string | undefined
  /** `X-Playback-Session-Id`, which Apple's players send. */
  readonly playback?: string | undefined
  /** The session that the multivariant playlist gave out. */
  readonly session?: string | undefined
}

// CMCD allows a session 64 characters (CTA-5004); what is longer is no id of a player.
const ID_LENGTH = 64

/**
 * Reads the session of Common Media Client Data (CTA-5004), by which a player tells one playback from another.
 * @param query the value of the query parameter `CMCD`, percent-decoded
 * @param header the value of `CMCD-Session`
 */
export function parseCmcd(query: string | undefined, header: string | undefined): string | undefined {
  for (const text of [query, header]) {
    if (text === undefined) continue
    // Keys with values are separated by commas, which a quoted string may hold, too; in it a backslash takes the next character as it is.
    // A key begins only there, so the time stays linear in the length.
    for (const [, key, quoted, bare] of text.matchAll(/(?<=^|,)\s*([\w-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^,"]*)))?(?:,|$)/g)) {
      const value = quoted?.replace(/\\(.)/g, '$1') ?? bare?.trim()
      if (key === 'sid' && isId(value)) return value
    }
  }
  return undefined
}

/** The ids of a request, best first; each kind has names of its own. */
export function idsOf({ sid, playback, session }: ViewerIds): string[] {
  const ids: string[] = []
  if (isId(sid)) ids.push(`c${sid}`)
  if (isId(playback)) ids.push(`p${playback}`)
  if (isId(session)) ids.push(`s${session}`)
  return ids
}

const isId = (text: string | undefined): text is string => text !== undefined && text !== '' && text.length <= ID_LENGTH
