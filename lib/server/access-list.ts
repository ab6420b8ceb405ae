import { isIPv4 } from 'node:net'
import type { Logger } from '../log.js'
import type { AccessSettings } from '../options/index.js'
import { readRange } from './address.js'
import { AddressTable } from './address-table.js'
import { AgentPatterns } from './agent-patterns.js'
import { ListFile } from './list-file.js'

/** What one group of settings says about who may come in, and the files that it names. */
export class AccessList {
  readonly #allow: Addresses | undefined
  readonly #deny: Addresses
  readonly #agents: Agents

  /** Opens the files. */
  constructor({ allow, allowFile, deny, denyFile, denyAgents, denyAgentsFile }: AccessSettings, logger: Logger) {
    this.#allow = allow.length > 0 || allowFile !== undefined ? addressesOf(allow, allowFile, logger) : undefined
    this.#deny = addressesOf(deny, denyFile, logger)
    this.#agents = {
      own: patternsOf(denyAgents),
      file: denyAgentsFile === undefined ? undefined : new ListFile(denyAgentsFile, patternsOf, logger),
    }
  }

  /** Whether settings keep anybody out. */
  static isNeeded(settings: AccessSettings): boolean {
    return Object.values(settings).some((value) => value !== undefined && value.length > 0)
  }

  /** Whether an address is let in, as `clientAddress` gives it. */
  takesAddress(address: string): boolean {
    if (has(this.#deny, address)) return false
    return this.#allow === undefined || has(this.#allow, address)
  }

  /** Whether a program is let in that calls itself so. */
  takesAgent(agent: string): boolean {
    const { own, file } = this.#agents
    return !own.match(agent) && file?.value.match(agent) !== true
  }

  /** Reads the files again. */
  read(): void {
    for (const file of this.#files) file?.read()
  }

  /** Stops watching the files. */
  close(): void {
    for (const file of this.#files) file?.close()
  }

  get #files(): readonly (ListFile<unknown> | undefined)[] {
    return [this.#allow?.file, this.#deny.file, this.#agents.file]
  }
}

interface Addresses {
  readonly own: AddressTable<true>
  readonly file: ListFile<AddressTable<true>> | undefined
}

interface Agents {
  readonly own: AgentPatterns
  readonly file: ListFile<AgentPatterns> | undefined
}

function addressesOf(own: readonly string[], path: string | undefined, logger: Logger): Addresses {
  const parse = (lines: readonly string[]): AddressTable<true> => {
    const ranges = lines.map(rangeOf)
    const bad = ranges.findIndex((range) => !isIPv4(range) && readRange(range) === undefined)
    // Whatever else the file holds may be nothing for a log.
    if (bad >= 0)
      logger.warn(
        { file: path, entry: bad + 1 },
        `Entry ${bad + 1} of ${path} is neither an address nor a range such as 10.0.0.0/8; it is passed over`,
      )
    return tableOf(ranges)
  }
  return { own: tableOf(own), file: path === undefined ? undefined : new ListFile(path, parse, logger) }
}

const patternsOf = (lines: readonly string[]): AgentPatterns => new AgentPatterns(lines)

const tableOf = (ranges: readonly string[]): AddressTable<true> => new AddressTable(ranges.map((range) => [range, true]))

const has = ({ own, file }: Addresses, address: string): boolean => own.find(address) ?? file?.value.find(address) ?? false

// Icecast-KH writes ranges of whole bytes with stars: 10.1.*.* or 10.1.*
function rangeOf(line: string): string {
  const [, bytes] = /^((?:\d{1,3}\.){1,3})\*(?:\.\*)*$/.exec(line) ?? []
  if (bytes === undefined) return line
  const given = bytes.slice(0, -1).split('.')
  return `${[...given, '0', '0', '0'].slice(0, 4).join('.')}/${given.length * 8}`
}
