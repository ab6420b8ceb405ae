import { mkdir, readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { sourceKind } from '../../lib/client/index.js'
import { replaceFile } from '../../lib/server/replace-file.js'
import { closest } from '../problems.js'
import { reasonOf } from '../reason.js'
import { UsageError } from '../command-line.js'
import { checkValues, type SourceArguments } from './arguments.js'

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,39}$/u

const stored = z.object({
  version: z.literal(1),
  sources: z.array(z.string().min(1)),
  values: z.record(z.string(), z.union([z.string(), z.literal(true)])),
})

/** Whether a profile may be called so. */
export const isProfileName = (name: string): boolean => NAME.test(name)

/** Where something is kept in the configuration folder, as the XDG base directory specification has it. */
export function configFile(env: NodeJS.ProcessEnv, ...path: string[]): string {
  const base = env['XDG_CONFIG_HOME']
  return join(base?.startsWith('/') ? base : join(homedir(), '.config'), 'floecast', ...path)
}

/** Command lines that are kept under names, each in a file that its owner alone can read. */
export class Profiles {
  readonly #folder: string

  /** @param env the environment, which may say where configuration is kept */
  constructor(env: NodeJS.ProcessEnv) {
    this.#folder = configFile(env, 'profiles')
  }

  /** The names of all of them; none when they cannot be read. */
  async names(): Promise<string[]> {
    const files = await readdir(this.#folder).catch(() => [])
    return files.flatMap((file) => (file.endsWith('.json') && isProfileName(file.slice(0, -5)) ? [file.slice(0, -5)] : [])).toSorted()
  }

  /** @throws UsageError when there is no such profile, Error with a sentence for the user when it cannot be read */
  async read(name: string): Promise<SourceArguments> {
    const file = this.#file(name)
    let text: string
    try {
      text = await readFile(file, 'utf8')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
        throw new Error(`Cannot read ${file}: ${reasonOf(error)}.`, { cause: error })
      const names = await this.names()
      const near = closest(name, names)
      const there = names.length === 0 ? 'there are none yet; make one with --save-profile NAME' : `there are ${names.join(', ')}`
      throw new UsageError(`Cannot use the profile ${name}: ${near === undefined ? there : `did you mean ${near}?`}`)
    }
    try {
      const { sources, values } = stored.parse(JSON.parse(text))
      return { sources, values: checkValues(values) }
    } catch (error) {
      throw new Error(`Cannot read ${file}: it is damaged. Remove it, and make it anew with --save-profile ${name}.`, { cause: error })
    }
  }

  /**
   * Keeps a profile, wherever it will be used from, in place of one with the same name; a crash leaves either of them.
   * @returns its file
   * @throws UsageError when it may not be called so, Error with a sentence for the user when it cannot be written
   */
  async write(name: string, { sources, values }: SourceArguments): Promise<string> {
    const file = this.#file(name)
    const lasting = sources.map((source) => (sourceKind(source) === 'file' && !/^[a-z]+:\/\//i.test(source) ? resolve(source) : source))
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await replaceFile(file, `${JSON.stringify({ version: 1, sources: lasting, values }, null, 2)}\n`, { mode: 0o600 })
    } catch (error) {
      throw new Error(`Cannot keep the profile ${name} as ${file}: ${reasonOf(error)}.`, { cause: error })
    }
    return file
  }

  #file(name: string): string {
    if (!isProfileName(name))
      throw new UsageError(`Cannot call a profile ${JSON.stringify(name)}: use letters, digits, - and _, 40 at most.`)
    return join(this.#folder, `${name}.json`)
  }
}
