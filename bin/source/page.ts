import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { deskMemo } from '../../lib/api/desk.js'
import { replaceFile } from '../../lib/server/replace-file.js'

/** What was used last on the page, as it is kept; the password only where somebody wants that. */
const memory = deskMemo.omit({ hasPassword: true }).extend({ password: z.string().optional() })

/** What was used last on the page. */
export type PageMemory = z.infer<typeof memory>

/** Reads what was used last; undefined where nothing is kept, or nothing that can be read. */
export async function readMemory(file: string): Promise<PageMemory | undefined> {
  try {
    return memory.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

/** Keeps what was used last, for its owner alone. @throws Error of the disk */
export async function writeMemory(file: string, value: PageMemory): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await replaceFile(file, `${JSON.stringify(memory.parse(value), null, 2)}\n`, { mode: 0o600 })
}
