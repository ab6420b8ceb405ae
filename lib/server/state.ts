import type { Clock } from '../clock.js'
import type { Logger } from '../log.js'
import { AuditTrail } from './audit-trail.js'
import { Bans } from './bans.js'
import { People } from './people.js'
import { RecordingIndex } from './recording-index.js'
import { StateFolder } from './state-folder.js'
import { Tokens } from './tokens.js'

/** What is changed over the API and outlives the server. */
export class State {
  /** Where all of it is kept. */
  readonly folder: StateFolder
  /** Who can sign in besides the administrator of the configuration. */
  readonly people: People
  /** What programs sign in with. */
  readonly tokens: Tokens
  /** Who is not let in. */
  readonly bans: Bans
  /** Who changed what. */
  readonly audit: AuditTrail
  /** Which mounts recordings are of. */
  readonly recordings: RecordingIndex

  /**
   * @param dir an absolute path, which is made when needed; in memory when left out
   * @throws Error with a sentence for the user when what is kept cannot be read
   */
  constructor(dir: string | undefined, clock: Clock, logger: Logger) {
    this.folder = new StateFolder(dir)
    this.bans = new Bans(this.folder, clock)
    this.recordings = new RecordingIndex(this.folder, logger)
    this.people = new People(this.folder, clock)
    this.tokens = new Tokens(this.folder, clock)
    this.audit = new AuditTrail(this.folder, clock, logger)
  }

  /** Waits until everything is written, and gives the folder back. */
  close(): Promise<void> {
    return this.folder.close()
  }
}
