import type { Playlist, PlaylistItem } from '../../lib/client/index.js'
import type { Logger } from '../../lib/log.js'
import type { OptionValues } from './arguments.js'
import type { Steered } from './terminal.js'

/** A streamer, as the program has it. */
export interface Stream extends Steered {
  /** Connects and begins to send. Once. */
  start(): void
  /** Resolves when it has ended in order, and rejects with one sentence when it could not go on. */
  readonly end: Promise<void>
}

/** A page at a local address that steers a streamer. */
export interface Page {
  /** Where it is, with what lets its reader in. */
  readonly address: string
  /** Ends what is streamed, and the page. */
  close(): Promise<void>
}

/** What {@link Machinery.page} begins with. */
export interface PageStart {
  /** What is on the list. */
  readonly sources: readonly string[]
  /** Where to send; undefined where that is to be asked on the page. */
  readonly address: URL | undefined
  /** What the command line says. */
  readonly values: OptionValues
  /** Where it is kept what was used last. */
  readonly env: NodeJS.ProcessEnv
}

/** What the program does by the library; tests have one of their own. */
export interface Machinery {
  /** Makes entries of what people type. @throws Error with one sentence */
  expand(sources: readonly string[]): Promise<readonly PlaylistItem[]>
  /** Asks a server whether it takes a stream, within seconds. @throws FloecastError with one sentence */
  check(address: URL, values: OptionValues): Promise<void>
  /** Makes a streamer that is not started yet. @throws Error with one sentence, such as where ffmpeg is missing */
  make(playlist: Playlist, address: URL, values: OptionValues, logger: Logger): Promise<Stream>
  /** Opens the page. */
  page(start: PageStart, logger: Logger): Promise<Page>
  /** The cameras, microphones and screens, as text. @throws Error with one sentence where ffmpeg is missing */
  devices(): Promise<string>
}
