import type { Listener } from './listener.js'
import type { Mount } from './mount.js'
import type { Source } from './source.js'

/** What happens on mounts, as a server emits it. */
export interface MountEvents {
  /** A source has connected. */
  source: [source: Source, mount: Mount]
  /** The bytes have told what the source sends, or that it now sends something else. */
  format: [source: Source, mount: Mount]
  /** A source has gone; the reason is a sentence's part such as `it closed the connection`. */
  end: [source: Source, mount: Mount, reason: string]
  /** Someone has begun to listen. */
  listener: [listener: Listener, mount: Mount]
  /** A listener has gone. */
  departure: [listener: Listener, mount: Mount]
  /** The title has changed. */
  metadata: [mount: Mount]
  /** Something is not as it should be, in one sentence that says what to do. */
  warning: [sentence: string, mount: Mount]
}

/** How a mount tells what happens. */
export type Tell = <K extends keyof MountEvents>(event: K, ...args: MountEvents[K]) => void
