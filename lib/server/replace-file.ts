import { randomBytes } from 'node:crypto'
import { chown, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Who a file belongs to, and who may do what with it. */
export interface FileOwner {
  /** Its permissions. */
  readonly mode: number
  /** Its user; left alone where this program may not give files away. */
  readonly uid?: number
  /** Its group, likewise. */
  readonly gid?: number
}

/**
 * Writes a file so that a crash leaves either the old one or the new one.
 * @throws Error of the disk; then the old one is as it was
 */
export async function replaceFile(file: string, content: string | Uint8Array, { mode, uid, gid }: FileOwner): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(draft, 'wx', mode)
    try {
      await handle.writeFile(content)
      // The mask of the process takes away from what is asked for.
      await handle.chmod(mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (uid !== undefined && gid !== undefined && (uid !== process.getuid?.() || gid !== process.getgid?.()))
      await chown(draft, uid, gid).catch(() => {})
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {})
    throw error
  }
  await syncFolder(dirname(file))
}

// The new name is on the disk once its folder is; some file systems cannot be asked for that.
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder)
    await handle.sync().finally(() => handle.close())
  } catch {
    // What is written is there, though a power cut within seconds may bring the old one back.
  }
}
