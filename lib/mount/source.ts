import type { AutoDemuxer } from '../formats/detect.js'
import type { Frame } from '../formats/frame.js'
import type { MountSettings } from '../options/index.js'
import type { RequestLine } from './listener.js'

/** What a {@link Source} needs of the mount that it feeds. */
export interface SourceOwner {
  /** Takes the next frames. */
  push(frames: readonly Frame[]): void
  /** Hears that this source sends no more. Called once. */
  ended(source: Source, reason: string): void
}

/** Who sends, and how. */
export interface SourceDetails {
  /** The address it connects from. */
  readonly address: string
  /** Its `User-Agent`, or the empty string. */
  readonly agent: string
  /** What it asked, for the access log; its method is also how it sends: `PUT`, `SOURCE`, `SHOUTcast`, `webcast`. */
  readonly request: RequestLine
  /** The name it has authenticated with. */
  readonly user: string
  /** The media type it announced, if any. */
  readonly contentType: string | undefined
  /** When it connected, in milliseconds. */
  readonly connected: number
  /** The servers by which it has come, as the `Via` of RFC 9110 names them, where it has been relayed. */
  readonly via?: string | undefined
  /** Ends its connection; called once, when the source is ended from this side, with the reason as part of a sentence. */
  readonly disconnect: (reason: string) => void
}

/** How a source speaks: as Icecast has it, as SHOUTcast 1 has it, over a WebSocket; or it is another server, or a file, that was asked for its stream. */
export type SourceProtocol = 'icecast' | 'shoutcast' | 'webcast' | 'relay'

/** What people call the ways in. */
export const WAYS_IN: Readonly<Record<SourceProtocol, string>> = {
  icecast: 'Icecast',
  shoutcast: 'SHOUTcast',
  webcast: 'webcast',
  relay: 'relay',
}

/** The protocols by the method of their requests; all others are Icecast's. */
const BY_METHOD: Readonly<Record<string, SourceProtocol>> = { SHOUTcast: 'shoutcast', webcast: 'webcast', relay: 'relay', file: 'relay' }

/** How a source speaks, as its request tells. */
export const sourceProtocol = ({ request }: Pick<SourceDetails, 'request'>): SourceProtocol => BY_METHOD[request.method] ?? 'icecast'

/** Whether a mount takes sources that speak so. Nobody but the server itself asks others for their streams. */
export const takes = (settings: MountSettings, protocol: SourceProtocol): boolean => protocol === 'relay' || settings[protocol]

/** One who sends: bytes come in, frames go to the mount. */
export class Source {
  /** Who it is. */
  readonly details: SourceDetails
  /** Bytes received since it connected. */
  bytesReceived = 0
  /** When the last byte came, in milliseconds. */
  lastByte: number
  /** What finds the frames, and knows the format and its tracks. */
  readonly demuxer: AutoDemuxer
  readonly #owner: SourceOwner
  #live = true

  /** @param demuxer fresh, and used by this source alone */
  constructor(owner: SourceOwner, demuxer: AutoDemuxer, details: SourceDetails) {
    this.#owner = owner
    this.demuxer = demuxer
    this.details = details
    this.lastByte = details.connected
  }

  /** How it speaks. */
  get protocol(): SourceProtocol {
    return sourceProtocol(this.details)
  }

  /** Whether it still sends. */
  get live(): boolean {
    return this.#live
  }

  /** Takes the next bytes of the body, at a time in milliseconds. Ignored after the end. */
  push(chunk: Buffer, time: number): void {
    if (!this.#live) return
    this.bytesReceived += chunk.length
    this.lastByte = time
    this.#owner.push(this.demuxer.push(chunk))
  }

  /** Ends it because the peer has: what the demuxer still holds is passed on first. */
  end(reason: string): void {
    if (!this.#live) return
    this.#live = false
    try {
      this.#owner.push(this.demuxer.end())
    } finally {
      this.#owner.ended(this, reason)
    }
  }

  /** Ends it from this side: the connection is closed, too. */
  close(reason: string): void {
    if (!this.#live) return
    this.end(reason)
    this.details.disconnect(reason)
  }
}
