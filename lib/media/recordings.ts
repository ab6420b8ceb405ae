import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readdir, realpath, unlink } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { FloecastError } from '../errors.js'
import { type MediaFolder, UNFINISHED } from './folder.js'

/** A recording on disk. */
export interface RecordedFile {
  /** Its path below the folder for media, with `/` between folders; without what it is called while it is being written. */
  readonly name: string
  /** Bytes on disk. */
  readonly size: number
  /** When it was begun, in milliseconds since 1970. */
  readonly begun: number
  /** Seconds from its first byte to its last; `undefined` where the disk does not tell. */
  readonly seconds: number | undefined
  /** Whether it has not got its name yet. */
  readonly open: boolean
}

/** A recording that can be read; whoever has opened it closes it. */
export interface OpenRecording {
  /** What it is read by. */
  readonly file: FileHandle
  /** Bytes on disk when it was opened. */
  readonly size: number
  /** When it was last written, in milliseconds since 1970. */
  readonly changed: number
  /** Whether it is still being written. */
  readonly open: boolean
}

/** How deep below the folder recordings are looked for. */
const MAX_DEPTH = 8
const MAX_NAME = 1024

/** The recordings of a folder, newest first: plain files of which no part of the name begins with a dot. What links lead to is none. */
export async function listRecordings(folder: MediaFolder): Promise<RecordedFile[]> {
  await folder.ready
  const found = await listBelow(folder.path, '', 0)
  return found.toSorted((a, b) => b.begun - a.begun || (a.name < b.name ? -1 : 1))
}

/**
 * Opens a recording for reading, be it one that is still being written.
 * @throws FloecastError RECORDING_NOT_FOUND, whatever is wrong with the name
 */
export async function openRecording(folder: MediaFolder, name: string): Promise<OpenRecording> {
  await folder.ready
  for (const isOpen of [false, true]) {
    const path = await pathOf(folder, name, isOpen)
    // The last part is no link either, for the path was real; what comes in between is refused here.
    const file = path === undefined ? undefined : await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined)
    if (file === undefined) continue
    const stats = await file.stat()
    if (stats.isFile()) return { file, size: stats.size, changed: stats.mtimeMs, open: isOpen }
    await file.close()
  }
  throw new FloecastError('RECORDING_NOT_FOUND', { name })
}

/**
 * Deletes a recording.
 * @throws FloecastError RECORDING_NOT_FOUND, or RECORDING_OPEN while it is being written; Error of Node's file system when the disk refuses
 */
export async function removeRecording(folder: MediaFolder, name: string): Promise<void> {
  await folder.ready
  await folder.exclusively(async () => {
    const path = await pathOf(folder, name, false)
    if (path !== undefined) return unlink(path)
    throw new FloecastError((await pathOf(folder, name, true)) === undefined ? 'RECORDING_NOT_FOUND' : 'RECORDING_OPEN', { name })
  })
}

/** Whether a text can be the name of a recording: it leads neither out of the folder nor to what is hidden in it. */
export function isRecordingName(name: string): boolean {
  if (name.length > MAX_NAME || /[\\\p{Cc}]/u.test(name) || name.endsWith(UNFINISHED)) return false
  return name.split('/').every((part) => part !== '' && !part.startsWith('.'))
}

// The path of a plain file that is really where its name says: no part of it is a link.
async function pathOf(folder: MediaFolder, name: string, isOpen: boolean): Promise<string | undefined> {
  if (!isRecordingName(name)) return undefined
  try {
    const root = await realpath(folder.path)
    const path = join(root, ...name.split('/')) + (isOpen ? UNFINISHED : '')
    const isPlain = path.startsWith(root + sep) && (await realpath(path)) === path && (await lstat(path)).isFile()
    return isPlain ? path : undefined
  } catch {
    return undefined
  }
}

async function listBelow(root: string, below: string, depth: number): Promise<RecordedFile[]> {
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch(() => [])
  const found: RecordedFile[] = []
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    const isOpen = entry.name.endsWith(UNFINISHED)
    const name = isOpen ? path.slice(0, -UNFINISHED.length) : path
    if (!isRecordingName(name)) continue
    if (entry.isDirectory() && depth < MAX_DEPTH) found.push(...(await listBelow(root, path, depth + 1)))
    else if (entry.isFile()) {
      const stats = await lstat(join(root, path)).catch(() => undefined)
      // It may have got its name, or be gone, since.
      if (stats?.isFile() !== true) continue
      const { birthtimeMs, mtimeMs, size } = stats
      // What was copied is born after it was written, and some disks know of no birth.
      const isKnown = birthtimeMs > 0 && birthtimeMs <= mtimeMs
      found.push({
        name,
        size,
        begun: isKnown ? birthtimeMs : mtimeMs,
        seconds: isKnown ? (mtimeMs - birthtimeMs) / 1000 : undefined,
        open: isOpen,
      })
    }
  }
  return found
}
