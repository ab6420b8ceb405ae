import { parseArgs } from 'node:util'
import { closest } from './problems.js'

/** A command line that makes no sense; its message is one sentence for the user. */
export class UsageError extends Error {
  /** @param message what is wrong and what to do */
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

/** An option of a program, as `parseArgs` of Node wants it, and what is said of it. */
export interface CommandOption {
  /** Whether a value follows. */
  readonly type: 'string' | 'boolean'
  /** Its letter. */
  readonly short?: string
  /** A value, for the sentence that asks for one; options with a value have it. */
  readonly example?: string
  /** A switch that may carry a value nevertheless, as in `--webcam=/dev/video2`. */
  readonly open?: boolean
}

/** One thing on a command line: an option with its value, or, where there is no name, a word that stands by itself. */
export interface Given {
  /** The option, without dashes. */
  readonly name: string | undefined
  /** Its value, or the word; undefined for a switch. */
  readonly value: string | undefined
}

/**
 * Reads a command line as a list, in its order.
 * @param program its name, for the sentence that names its help
 * @param argv without node and the script
 * @throws {@link UsageError} for what is no option, and for values that are missing or too many
 */
export function readCommandLine(program: string, argv: readonly string[], options: Readonly<Record<string, CommandOption>>): Given[] {
  const { tokens } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true })
  const given: Given[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') given.push({ name: undefined, value: token.value })
    if (token.kind !== 'option') continue
    const { name, rawName } = token
    // Whoever forgets a value did not mean the next option to be it.
    const value = token.inlineValue === false && /^-./.test(token.value) ? undefined : token.value
    const known = Object.hasOwn(options, name) ? options[name] : undefined
    if (known === undefined) {
      const near = rawName.startsWith('--') ? closest(name, Object.keys(options)) : undefined
      throw new UsageError(
        `Cannot use ${rawName}: there is no such option${near === undefined ? `; see ${program} --help` : `; did you mean --${near}?`}`,
      )
    }
    if (known.type === 'string' && (value === undefined || value === ''))
      throw new UsageError(`Cannot use ${rawName}: a value must follow, as in ${rawName} ${known.example}.`)
    if (known.type === 'boolean' && value !== undefined && known.open !== true)
      throw new UsageError(`Cannot use ${rawName}=${value}: ${rawName} takes no value.`)
    given.push({ name, value })
  }
  return given
}
