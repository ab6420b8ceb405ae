import { readFile, readdir, stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { glob, isDynamicPattern } from 'tinyglobby'
import { FloecastError } from '../errors.js'
import { type PlaylistItem, sourceKind } from './playlist-item.js'
import { isHls, readPlaylist } from './playlist-text.js'

/** Options of {@link expand}. */
export interface ExpandOptions {
  /** The folder in which paths begin. Default: the one that the program runs in. */
  readonly folder?: string
  /** Gives up when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

// What a folder or a pattern is searched for.
const MEDIA = new Set(
  (
    '3gp aac ac3 aif aiff alac amr ape asf avi caf dts dv f4v flac flv gxf m2p m2t m2ts m2v m4a m4b m4v mka mkv mod mov mp2 mp3 mp4 mpe mpeg mpg ' +
    'mpga mts mxf nut oga ogg ogm ogv opus ra rm rmvb spx tak tod ts tta vob wav weba webm wma wmv wv y4m'
  ).split(' '),
)
const LISTS = new Set(['m3u', 'm3u8', 'pls', 'xspf'])
// Lists may name lists, as deep as this.
const MAX_DEPTH = 3
const MAX_ITEMS = 100_000
const MAX_LIST_SIZE = 16_777_216
const PATIENCE = 10_000

/**
 * Makes what people type into what can be played: files, folders (all media in them and in their folders, in natural order:
 * `9.mp4` before `10.mp4`), patterns such as `films/*.mkv`, playlists (M3U, PLS, XSPF; files or addresses), addresses, devices such as
 * `webcam:`, and `-` for standard input. An HLS playlist is a stream, and stays one item.
 *
 * What a playlist names need not exist; what is named here must.
 *
 * @throws FloecastError `ITEM_UNREADABLE`, when a source does not exist or has nothing to play
 */
export async function expand(
  sources: Iterable<string>,
  { folder = process.cwd(), signal }: ExpandOptions = {},
): Promise<readonly PlaylistItem[]> {
  const items: PlaylistItem[] = []
  for (const source of sources) {
    const found = await expandOne(source.trim(), folder, signal)
    items.push(...found.slice(0, MAX_ITEMS + 1 - items.length))
    if (items.length > MAX_ITEMS) throw unreadable(source, `a list has ${MAX_ITEMS} entries at most; choose fewer files`)
  }
  return items
}

async function expandOne(source: string, folder: string, signal: AbortSignal | undefined): Promise<PlaylistItem[]> {
  if (source === '') throw unreadable(source, 'it is empty; name a file, a folder, a playlist or an address')
  const kind = sourceKind(source)
  if (kind === 'stdin' || kind === 'device') return [{ source }]
  if (kind === 'address') return (await openAddress(source, signal)) ?? [{ source }]
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(source) && !/^file:/i.test(source))
    throw unreadable(source, 'no address of that kind is known; use http://, https://, rtsp://, rtmp:// or srt://')
  const path = /^file:\/\//i.test(source) ? fileURLToPath(source) : resolve(folder, source)
  const found = await openPath(path, [], signal)
  if (found !== undefined) {
    if (found.length === 0) throw unreadable(source, 'there is nothing to play in it')
    return found
  }
  // A name with brackets or stars that exists is a name.
  if (!isDynamicPattern(source)) throw unreadable(source, 'there is no such file or folder; check the path')
  const paths = await glob(source, { cwd: folder, absolute: true, expandDirectories: false, ...(signal !== undefined && { signal }) })
  const matches: PlaylistItem[] = []
  for (const match of inOrder(paths)) if (isMediaFile(match)) matches.push(...((await openPath(match, [], signal)) ?? []))
  if (matches.length === 0) throw unreadable(source, 'no video or audio file matches; check the pattern')
  return matches
}

// What is at a path, which the given playlists have led to; undefined when nothing is.
async function openPath(path: string, within: readonly string[], signal: AbortSignal | undefined): Promise<PlaylistItem[] | undefined> {
  try {
    signal?.throwIfAborted()
    const about = await stat(path)
    if (about.isDirectory()) return await openFolder(path)
    if (!LISTS.has(endingOf(path)) || about.size > MAX_LIST_SIZE) return [{ source: path }]
    const content = await readFile(path)
    if (isHls(content.toString('latin1'))) return [{ source: path }]
    return await follow(readPlaylist(content, path), [...within, path], signal)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined
    if (code === 'EACCES' || code === 'EPERM') throw unreadable(path, 'it may not be read; check who owns it')
    throw error
  }
}

async function openFolder(path: string): Promise<PlaylistItem[]> {
  const names = await readdir(path, { recursive: true, withFileTypes: true })
  const files = names.filter((one) => !one.isDirectory() && !one.name.startsWith('.') && MEDIA.has(endingOf(one.name)))
  return inOrder(files.map((one) => join(one.parentPath, one.name))).map((source) => ({ source }))
}

// Puts the entries of lists in a list in its place. What is not there stays: it may come, and else is skipped in its turn.
async function follow(items: readonly PlaylistItem[], within: readonly string[], signal: AbortSignal | undefined): Promise<PlaylistItem[]> {
  const all: PlaylistItem[] = []
  for (const item of items) {
    const isList = sourceKind(item.source) === 'file' && (LISTS.has(endingOf(item.source)) || endingOf(item.source) === '')
    // Neither itself again, nor one that leads back to it.
    if (isList && (within.includes(item.source) || within.length >= MAX_DEPTH)) continue
    const inner = isList ? await openPath(item.source, within, signal) : undefined
    const isItself = inner === undefined || (inner.length === 1 && inner[0]!.source === item.source)
    for (const one of isItself ? [item] : inner) all.push(one)
    if (all.length > MAX_ITEMS) break
  }
  return all
}

// What a playlist at an address names; undefined when it is no playlist, or a stream of HLS.
async function openAddress(source: string, signal: AbortSignal | undefined): Promise<PlaylistItem[] | undefined> {
  if (!URL.canParse(source)) throw unreadable(source, 'it is not a whole address')
  const url = new URL(source)
  if (!/^https?:$/.test(url.protocol) || !LISTS.has(endingOf(url.pathname))) return undefined
  const { username, password } = url
  url.username = url.password = ''
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  const patience = AbortSignal.timeout(PATIENCE)
  try {
    const response = await fetch(url, {
      headers: username === '' ? {} : { authorization: `Basic ${login}` },
      signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
    })
    if (!response.ok) throw unreadable(source, `the server says "${response.status} ${response.statusText}"`)
    const content = await readBody(response, source)
    if (isHls(content.toString('latin1'))) return undefined
    const items = readPlaylist(content, response.url)
    if (items.length === 0) throw unreadable(source, 'there is nothing to play in it')
    return items
  } catch (error) {
    if (error instanceof FloecastError || signal?.aborted) throw error
    const reason = patience.aborted ? `no answer within ${PATIENCE / 1000} s` : 'the server cannot be reached; check the address'
    throw unreadable(source, reason)
  }
}

async function readBody(response: Response, source: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    if ((size += chunk.length) > MAX_LIST_SIZE) throw unreadable(source, 'it is too large for a playlist')
  }
  return Buffer.concat(chunks)
}

/** Whether the ending of a file tells that it is media, or a list of media. */
export const isMediaFile = (path: string): boolean => MEDIA.has(endingOf(path)) || LISTS.has(endingOf(path))

const endingOf = (path: string): string => extname(path).slice(1).toLowerCase()

const collator = new Intl.Collator('en', { numeric: true })
const inOrder = (paths: readonly string[]): string[] => paths.toSorted((a, b) => collator.compare(a, b))

function unreadable(source: string, reason: string): FloecastError {
  // A password in an address is nothing to show.
  return new FloecastError('ITEM_UNREADABLE', { source: source.replace(/\/\/[^/@]*@/, '//'), reason })
}
