import type { EventEmitter } from 'node:events'
import { formatAccess, formatPlayed, type ServerEvents } from '../lib/index.js'
import { LogFile } from './log-file.js'
import type { Config } from './schema.js'
import type { World } from './world.js'

/** The log files of the program: what happens, what was asked, what was played. */
export class LogFiles {
  /** What happens, where the configuration names a file for it. */
  readonly log: LogFile
  readonly #access: LogFile
  readonly #playlist: LogFile

  /**
   * @param report is told in a sentence when a file cannot be written
   * @param stderr is told when that file is the log itself
   */
  constructor(report: (sentence: string) => void, stderr: World['stderr']) {
    this.log = new LogFile((sentence) => stderr.write(`${sentence}\n`))
    this.#access = new LogFile(report)
    this.#playlist = new LogFile(report)
  }

  /** Opens all files, or opens them anew. */
  open(settings: Config['log']): void {
    const { errorLog, accessLog, playlistLog } = settings
    this.log.reopen(errorLog, settings)
    this.#access.reopen(accessLog, settings)
    this.#playlist.reopen(playlistLog, settings)
  }

  /** Writes what a server tells. */
  follow(server: EventEmitter<ServerEvents>): void {
    server.on('access', (entry) => this.#access.write(`${formatAccess(entry)}\n`))
    server.on('metadata', ({ name, metadata, connected }) => {
      if (metadata.display !== '') this.#playlist.write(`${formatPlayed(new Date(), name, connected, metadata.display)}\n`)
    })
  }

  /** Finishes all files. */
  async close(): Promise<void> {
    await Promise.all([this.log.close(), this.#access.close(), this.#playlist.close()])
  }
}

/** The files that the configuration names. */
export const logPaths = ({ errorLog, accessLog, playlistLog }: Config['log']): string[] =>
  [errorLog, accessLog, playlistLog].flatMap((path) => (path === false ? [] : [path]))
