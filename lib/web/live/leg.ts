import { LiveProblem } from './problem.js'
import type { Quality } from './qualities.js'
import { recordingFormat } from './recording-format.js'

/** Where a stream goes. */
export interface Destination {
  /** `ws://` or `wss://`, with the path of the mount. */
  readonly address: string
  /** Where the page's own session is not enough. */
  readonly user?: string
  readonly password?: string
}

/** What a {@link Leg} tells of. */
export interface LegOwner {
  /** The server has let it in, and bytes go out. */
  ready(leg: Leg): void
  /** So many bytes have been given to the connection, which holds so many that have not gone out. */
  sent(leg: Leg, bytes: number, held: number): void
  /** It is over; what was not sent is lost. */
  closed(leg: Leg, code: number, reason: string): void
}

/** Milliseconds of media in one message: what a viewer waits for at least. */
const SLICE = 100
/** Milliseconds between two key frames: what a viewer who comes waits for at most. */
const KEY_FRAMES = 1000
/** Bytes of one message; servers take a megabyte. */
const MESSAGE = 262_144
/** Milliseconds after which a server that says nothing has let us in: only floecast says so. */
const SILENCE = 1500

/**
 * One connection and the recorder whose bytes go through it: a recorder's stream cannot be joined without its beginning, so each connection
 * has one of its own.
 */
export class Leg {
  readonly #ws: WebSocket
  readonly #owner: LegOwner
  readonly #recorder: MediaRecorder
  #timer: ReturnType<typeof setTimeout> | undefined
  #isReady = false
  #isOver = false

  /**
   * @param resume a secret by which the server knows that two connections are of the same page
   * @throws LiveProblem when this browser cannot record such a stream, or the address is none
   */
  constructor(destination: Destination, resume: string, stream: MediaStream, quality: Quality, owner: LegOwner) {
    this.#owner = owner
    const has = { video: stream.getVideoTracks().length > 0, audio: stream.getAudioTracks().length > 0 }
    const mimeType = recordingFormat(has, (type) => MediaRecorder.isTypeSupported(type))
    if (mimeType === undefined)
      throw new LiveProblem('This browser records in no format that can be sent; use a current Chrome, Edge, Firefox or Safari.')
    const options: MediaRecorderOptions & { videoKeyFrameIntervalDuration: number } = {
      mimeType,
      videoBitsPerSecond: quality.video,
      audioBitsPerSecond: quality.audio,
      videoKeyFrameIntervalDuration: KEY_FRAMES,
    }
    this.#recorder = new MediaRecorder(stream, options)
    this.#recorder.addEventListener('dataavailable', ({ data }) => this.#send(data))
    this.#recorder.addEventListener('error', () => this.#end(1006, 'the recorder of the browser has failed'))
    try {
      this.#ws = new WebSocket(destination.address, 'webcast')
    } catch {
      throw new LiveProblem(`Cannot connect to ${destination.address}: that is no address of a server.`)
    }
    this.#ws.addEventListener('open', () => {
      const { user, password } = destination
      const [sound] = stream.getAudioTracks()
      const { channelCount, sampleRate } = sound?.getSettings() ?? {}
      const audio = sound && { channels: channelCount ?? 2, samplerate: sampleRate ?? 48_000, bitrate: quality.audio / 1000 }
      const own = password === undefined || password === '' ? {} : { user: user ?? 'source', password }
      this.#say('hello', { mime: mimeType, resume, ...own, ...(audio && { audio }) })
      this.#timer = setTimeout(() => this.#begin(), SILENCE)
    })
    this.#ws.addEventListener('message', ({ data }) => typeof data === 'string' && /"type"\s*:\s*"hello"/.test(data) && this.#begin())
    this.#ws.addEventListener('close', ({ code, reason }) => this.#end(code, reason))
  }

  /** Says what plays. */
  tell(title: string): void {
    if (this.#isReady) this.#say('metadata', { title })
  }

  /** Sends what is left, and ends the connection in order; nothing is told of it. */
  close(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    const farewell = (): void => this.#ws.close(1000)
    if (this.#recorder.state === 'inactive') return farewell()
    this.#recorder.addEventListener('stop', farewell, { once: true })
    this.#recorder.stop()
  }

  /** Ends it at once, and whatever waits to go out is lost; nothing is told of it. */
  drop(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    if (this.#recorder.state !== 'inactive') this.#recorder.stop()
    this.#ws.close()
  }

  #say(type: string, data: object): void {
    this.#ws.send(JSON.stringify({ type, data }))
  }

  #begin(): void {
    if (this.#isReady || this.#isOver) return
    clearTimeout(this.#timer)
    this.#isReady = true
    try {
      this.#recorder.start(SLICE)
    } catch {
      return this.#end(1000, 'what was to be sent is not there any more')
    }
    this.#owner.ready(this)
  }

  #send(data: Blob): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return
    for (let at = 0; at < data.size; at += MESSAGE) this.#ws.send(data.slice(at, at + MESSAGE))
    if (!this.#isOver) this.#owner.sent(this, data.size, this.#ws.bufferedAmount)
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return
    this.drop()
    this.#owner.closed(this, code, reason)
  }
}
