import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanText, decodeText } from '../icy/text.js'
import { parseXml, type XmlElement } from '../icy/xml.js'
import { type PlaylistItem, sourceKind } from './playlist-item.js'

/**
 * Reads a playlist: M3U and extended M3U, PLS, or XSPF, in UTF-8 (with or without a mark at its beginning) or ISO-8859-1. What it
 * is, its text tells. Paths and addresses that are relative begin where the playlist lies. A list from the network
 * names nothing of this machine: what it says of files and devices is left out.
 *
 * @param content the whole playlist
 * @param base its own path, or its address
 * @returns its entries in their order; none when it has none that can be read
 */
export function readPlaylist(content: Uint8Array | string, base: string | URL): PlaylistItem[] {
  const text = (typeof content === 'string' ? content : decodeText(content)).replace(/^\uFEFF/, '')
  const read = /^\s*<(\?xml|playlist|!)/i.test(text) ? readXspf : /^\s*\[playlist\]/im.test(text) ? readPls : readM3u
  return read(text).flatMap(({ source, ...rest }) => {
    const at = locate(source, String(base), read === readXspf)
    return at === undefined ? [] : [{ source: at, ...rest }]
  })
}

/** Whether a media type is that of a playlist that {@link readPlaylist} reads. */
export function isPlaylist(contentType: string): boolean {
  return /^(audio|application)\/((x-)?(mpegurl|scpls)|vnd\.apple\.mpegurl|xspf\+xml)\b/i.test(contentType)
}

/** Whether a text is an HLS playlist, whose entries are pieces of a stream and no streams. */
export function isHls(text: string): boolean {
  return /^#EXT-X-/m.test(text)
}

function readM3u(text: string): PlaylistItem[] {
  const items: PlaylistItem[] = []
  let about: Pick<PlaylistItem, 'title' | 'duration'> = {}
  for (const raw of text.split(/[\r\n]+/)) {
    const line = raw.trim()
    // Length, then attributes whose values may have commas in quotes, then the title.
    const [, seconds, title] = /^#EXTINF:\s*(-?[\d.]+)?(?:"[^"]*"|[^",])*,?(.*)$/i.exec(line) ?? []
    if (title !== undefined) about = describe(title, Number(seconds))
    else if (line !== '' && !line.startsWith('#')) {
      items.push({ source: line, ...about })
      about = {}
    }
  }
  return items
}

function readPls(text: string): PlaylistItem[] {
  const entries = new Map<number, { file?: string; title?: string; length?: number }>()
  for (const line of text.split(/[\r\n]+/)) {
    const [, key = '', number, value = ''] = /^\s*(File|Title|Length)(\d{1,9})\s*=(.*)$/i.exec(line) ?? []
    if (number === undefined) continue
    const entry = entries.get(Number(number)) ?? {}
    entries.set(Number(number), entry)
    if (/^file$/i.test(key)) entry.file = value.trim()
    else if (/^title$/i.test(key)) entry.title = value
    else entry.length = Number(value)
  }
  return [...entries]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([, { file, title = '', length = NaN }]) => (file ? [{ source: file, ...describe(title, length) }] : []))
}

function readXspf(text: string): PlaylistItem[] {
  const list = parseXml(text)?.children.find(({ name }) => name === 'trackList')
  return (list?.children ?? []).flatMap(({ children }) => {
    const source = wordOf(children, 'location')
    if (source === '') return []
    const title = [wordOf(children, 'creator'), wordOf(children, 'title')].filter((word) => word !== '').join(' - ')
    return [{ source, ...describe(title, Number(wordOf(children, 'duration') || NaN) / 1000) }]
  })
}

const wordOf = (elements: readonly XmlElement[], name: string): string => elements.find((one) => one.name === name)?.text ?? ''

// Lists write -1 or 0 for a length that they do not know.
function describe(title: string, duration: number): Pick<PlaylistItem, 'title' | 'duration'> {
  const words = cleanText(title)
  return { ...(words !== '' && { title: words }), ...(duration > 0 && duration < Infinity && { duration }) }
}

function locate(source: string, base: string, escaped: boolean): string | undefined {
  if (/^https?:/i.test(base)) {
    if (sourceKind(source) === 'address') return source
    if (sourceKind(source) !== 'file' || /^[a-z]+:\/\//i.test(source) || !URL.canParse(source, base)) return undefined
    const url = new URL(source, base)
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined
  }
  if (/^file:\/\//i.test(source)) return pathOf(source)
  if (sourceKind(source) !== 'file') return source === '-' ? undefined : source
  return resolve(dirname(base), escaped ? unescape(source) : source)
}

function pathOf(address: string): string | undefined {
  try {
    return fileURLToPath(address)
  } catch {
    return undefined
  }
}

// An XSPF has addresses where others have paths.
function unescape(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
