import { readQuery } from './path.js'
import { cleanText, decodeText } from './text.js'

/** What plays now. */
export interface Metadata {
  /** The one line that players show: `StreamTitle`. */
  readonly display: string
  /** The title alone where the source tells it apart, else the same as {@link Metadata.display}. */
  readonly title: string
  /** Who plays it, where the source tells. */
  readonly artist?: string
  /** An address that goes with it, such as a cover: `StreamUrl`. */
  readonly url?: string
}

/** Nothing is known to play. */
export const NO_METADATA: Metadata = { display: '', title: '' }

/**
 * Makes metadata of what is known. `song` is the line to display; without it, that is `artist - title`, or whichever is there.
 * All text is cleaned: one line, at most 1024 characters.
 */
export function createMetadata(fields: { song?: string; title?: string; artist?: string; url?: string }): Metadata {
  const [song, title, artist, url] = [fields.song, fields.title, fields.artist, fields.url].map((text) => cleanText(text ?? ''))
  const display = song || cleanText([artist, title].filter(Boolean).join(' - '))
  return { display, title: title || (artist ? '' : display), ...(artist && { artist }), ...(url && { url }) }
}

/**
 * Reads the parameters of `/admin/metadata?mode=updinfo`: `song`, or `artist` and `title`, or one of them, and `url`. A `charset`
 * is followed if it is known; else text is UTF-8 when its bytes are, else ISO-8859-1.
 * @param query the raw query (see {@link rawQuery}) or form: not yet decoded, for the charset decides about bytes
 * @param current what plays already: an update of the `url` alone keeps its title
 * @param usual the charset where none is told
 * @returns `undefined` when none of the parameters is there
 */
export function metadataFromQuery(query: string, current: Metadata = NO_METADATA, usual?: string): Metadata | undefined {
  const parameters = new Map(readQuery(query))
  const charset = parameters.get('charset')?.toString('latin1') ?? usual
  const fields: { song?: string; title?: string; artist?: string; url?: string } = {}
  for (const name of ['song', 'title', 'artist', 'url'] as const) {
    const bytes = parameters.get(name)
    if (bytes !== undefined) fields[name] = decodeText(bytes, charset)
  }
  const names = Object.keys(fields)
  if (names.length === 0) return undefined
  const metadata = createMetadata(fields)
  if (names.length > 1 || fields.url === undefined) return metadata
  const { url: _, ...rest } = current
  return metadata.url === undefined ? rest : { ...rest, url: metadata.url }
}

const MAX_BLOCK = 255 * 16

/**
 * ```
 *  ┌────────┬─────────────────────────────────────────┬─────────┐
 *  │ length │ StreamTitle='…';StreamUrl='…';          │ 0 0 0 … │
 *  │ 1 byte │ UTF-8                        length × 16 bytes     │
 *  └────────┴─────────────────────────────────────────┴─────────┘
 * ```
 * Formats the block that an ICY listener gets. Nothing can be escaped in it, so an apostrophe before a semicolon, where every
 * player would cut, becomes U+2019; a title that does not fit is cut at a character, a `url` that does not fit is left out.
 */
export function formatMetadata(metadata: Metadata): Buffer {
  const title = cut(Buffer.from(quotable(metadata.display)), MAX_BLOCK - "StreamTitle='';".length)
  let payload = Buffer.concat([Buffer.from("StreamTitle='"), title, Buffer.from("';")])
  if (metadata.url !== undefined) {
    const url = Buffer.from(`StreamUrl='${quotable(metadata.url)}';`)
    if (payload.length + url.length <= MAX_BLOCK) payload = Buffer.concat([payload, url])
  }
  const length = Math.ceil(payload.length / 16)
  const block = Buffer.alloc(1 + length * 16)
  block[0] = length
  payload.copy(block, 1)
  return block
}

const FIELD = /([A-Za-z]\w{0,31})='/
const FIELD_END = /';(?=[A-Za-z]\w{0,31}='|$)/

/**
 * Reads a block as {@link formatMetadata} makes it, length byte included. Titles that contain `';` are understood as long as no
 * `Name='` follows. Text is UTF-8, else ISO-8859-1.
 * @returns `undefined` for a block that brings no title: nothing changes
 */
export function parseMetadata(block: Buffer): Metadata | undefined {
  const payload = block.subarray(1)
  const padding = payload.indexOf(0)
  let text = decodeText(padding < 0 ? payload : payload.subarray(0, padding)).trimEnd()
  const fields = new Map<string, string>()
  for (let name = FIELD.exec(text); name !== null; name = FIELD.exec(text)) {
    text = text.slice(name.index + name[0].length)
    const end = text.search(FIELD_END)
    // A block that was cut short has no end.
    fields.set(name[1]!, end < 0 ? text.replace(/';?$/, '') : text.slice(0, end))
    text = end < 0 ? '' : text.slice(end + 2)
  }
  const display = fields.get('StreamTitle')
  return display === undefined ? undefined : createMetadata({ song: display, url: fields.get('StreamUrl') ?? '' })
}

const quotable = (text: string): string => cleanText(text, MAX_BLOCK).replaceAll("';", '’;')

// UTF-8 bytes, cut before a character that does not fit.
const cut = (bytes: Buffer, limit: number): Buffer => {
  if (bytes.length <= limit) return bytes
  let end = limit
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}
