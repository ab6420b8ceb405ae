import { readdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, parse, resolve } from 'node:path'
import type { DeskFolder } from '../api/desk.js'
import { isMediaFile } from '../client/playlist-files.js'
import { FloecastError } from '../errors.js'

/** Entries of a folder that are told; who has more adds the whole folder. */
const MOST = 2_000
// Where people keep what they stream, as far as it is there.
const USUAL = ['Videos', 'Movies', 'Music', 'Downloads', 'Desktop', 'Documents']

/**
 * What a folder of this computer holds that can be streamed, and the folders in it.
 * @param path an absolute one; empty for the home folder
 * @throws FloecastError FOLDER_UNREADABLE
 */
export async function readFolder(path: string, home: string = homedir()): Promise<DeskFolder> {
  const folder = resolve(home, path)
  const found: DeskFolder['entries'] = []
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const { name } = entry
      if (name.startsWith('.') || name.startsWith('$')) continue
      const whole = join(folder, name)
      // A link counts as what it leads to.
      const about =
        entry.isDirectory() || isMediaFile(name) || entry.isSymbolicLink() ? await stat(whole).catch(() => undefined) : undefined
      if (about?.isDirectory()) found.push({ name, path: whole, kind: 'folder', size: null })
      else if (about?.isFile() && isMediaFile(name)) found.push({ name, path: whole, kind: 'media', size: about.size })
    }
  } catch (error) {
    throw new FloecastError('FOLDER_UNREADABLE', { folder, reason: reasonOf(error) })
  }
  found.sort((a, b) => (a.kind === b.kind ? collator.compare(a.name, b.name) : a.kind === 'folder' ? -1 : 1))
  return {
    path: folder,
    parent: folder === parse(folder).root ? null : dirname(folder),
    places: await placesOf(home),
    entries: found.slice(0, MOST),
    more: found.length > MOST,
  }
}

async function placesOf(home: string): Promise<DeskFolder['places']> {
  const places = [{ name: 'Home', path: home }]
  for (const name of USUAL) {
    const path = join(home, name)
    if ((await stat(path).catch(() => undefined))?.isDirectory()) places.push({ name, path })
  }
  return [...places, { name: 'Computer', path: parse(home).root }]
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such folder'
  if (code === 'ENOTDIR') return 'it is a file'
  return code === 'EACCES' || code === 'EPERM' ? 'it may not be read' : 'it cannot be read'
}
