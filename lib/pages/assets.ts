import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The files that pages load, as the build has named them. */
export interface Assets {
  /** The folder with the files. */
  readonly folder: string
  /** The name of a file by what it is made of: `status.js` is `status-3F2K….js`. */
  file(name: string): string | undefined
}

// The package's own folder, from the sources as from what is built of them.
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}

// Looked for when the first page is asked for, and then known: a library that shows none needs none.
let found: Assets | undefined

/**
 * Finds what `npm run build` has made for browsers.
 * @throws Error when it is not there
 */
export const findAssets = (): Assets => (found ??= readAssets(join(packageFolder(), 'dist', 'web', 'assets')))

function readAssets(folder: string): Assets {
  let files: Readonly<Record<string, string>>
  try {
    files = JSON.parse(readFileSync(join(folder, '..', 'manifest.json'), 'utf8'))
  } catch (error) {
    throw new Error(`Cannot find the pages in ${folder}: run npm run build first.`, { cause: error })
  }
  return { folder, file: (name) => (Object.hasOwn(files, name) ? files[name] : undefined) }
}
