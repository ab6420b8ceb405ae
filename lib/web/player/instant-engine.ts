import type { Engine, EngineFacts, EngineOwner, Option } from './engine.js'
import { LatencyController, type LatencySettings } from './latency.js'
import { type Cutter, cutterFor, join, type Piece } from './pieces.js'
import { mediaSource } from './support.js'

/** Seconds behind the playhead that are kept, and the most before they are thrown away. */
const KEEP = 5
const KEEP_MOST = 10
/** Milliseconds between looks at how far behind it is. */
const LOOK = 100
/** Milliseconds of pause after which it stops to fetch. */
const PATIENCE = 15_000

/** Seconds at the end of a stream that are not waited for when another has begun. */
const GAP = 0.25

const seconds = (): number => performance.now() / 1000

/** Plays one endless response by fetch and Media Source Extensions, some tenths of a second behind live. */
export class InstantEngine implements Engine {
  readonly name = 'instant'
  readonly seekable = undefined
  readonly qualities: readonly Option[] = []
  readonly captions: readonly Option[] = []
  readonly #video: HTMLMediaElement
  readonly #owner: EngineOwner
  readonly #latency: LatencyController
  readonly #looking: ReturnType<typeof setInterval>
  readonly #over = new AbortController()
  #url = ''
  #expected = ''
  // What the buffer takes now.
  #type = ''
  #source: MediaSource | undefined
  #buffer: SourceBuffer | undefined
  #objectUrl: string | undefined
  #request: AbortController | undefined
  #queue: { piece: Piece; at: number }[] = []
  #arrival: number | undefined
  // Where key frames stand in the buffer; undefined where nobody tells.
  #keys: number[] | undefined
  #rebase = false
  #begun = false
  #pausing: ReturnType<typeof setTimeout> | undefined
  #received: { at: number; bytes: number }[] = []

  constructor(video: HTMLMediaElement, owner: EngineOwner, settings: LatencySettings) {
    this.#video = video
    this.#owner = owner
    this.#latency = new LatencyController(settings)
    this.#looking = setInterval(() => this.#look(), LOOK)
    const { signal } = this.#over
    video.addEventListener('pause', () => this.#paused(), { signal })
    video.addEventListener('play', () => this.#resumed(), { signal })
    video.addEventListener('error', () => this.#fail(video.error?.message ?? 'The media element failed'), { signal })
  }

  get delay(): number | undefined {
    return this.#begun ? this.#latency.delay(this.#video.currentTime, seconds()) : undefined
  }

  get facts(): EngineFacts {
    const [first] = this.#received
    const span = first === undefined ? 0 : seconds() - first.at
    const bytes = this.#received.reduce((sum, one) => sum + one.bytes, 0)
    return { codecs: this.#type, bitrate: span > 1 ? (bytes * 8) / span : undefined, target: this.#latency.target(seconds()) }
  }

  async load(url: string, type: string): Promise<void> {
    this.#url = url
    this.#expected = type
    await this.#connect()
  }

  chooseQuality(): void {}
  chooseCaptions(): void {}
  seek(): void {}

  goLive(): void {
    const now = seconds()
    const live = this.#latency.live(now)
    if (live !== undefined) this.#goTo(live - this.#latency.target(now))
  }

  stalled(): void {
    this.#latency.stalled(seconds())
  }

  async destroy(): Promise<void> {
    this.#over.abort()
    this.#request?.abort()
    clearInterval(this.#looking)
    clearTimeout(this.#pausing)
    this.#close()
    this.#video.removeAttribute('src')
    this.#video.load()
  }

  async #connect(): Promise<void> {
    this.#request?.abort()
    const request = new AbortController()
    this.#request = request
    this.#queue = []
    try {
      const response = await fetch(this.#url, { signal: request.signal, cache: 'no-store' })
      if (!response.ok || response.body === null) {
        await response.body?.cancel()
        return this.#owner.ended()
      }
      const stated = response.headers.get('content-type') ?? ''
      const type = stated.includes('codecs=') ? stated : this.#expected
      await this.#prepare(type, request.signal)
      await this.#read(response.body, cutterFor(type), request)
      if (!request.signal.aborted) this.#owner.ended()
    } catch (error) {
      if (request.signal.aborted) return
      if (error instanceof TypeError) this.#owner.ended()
      else this.#fail(String(error))
    }
  }

  async #read(body: ReadableStream<Uint8Array<ArrayBuffer>>, cutter: Cutter, request: AbortController): Promise<void> {
    const reader = body.getReader()
    let inits = 0
    for (;;) {
      const { value, done } = await reader.read()
      if (done || request.signal.aborted) return
      const at = seconds()
      this.#count(at, value.length)
      for (const piece of cutter.push(value)) {
        // Another stream begins inside of this one: what it is, the head of a new answer tells.
        if (piece.init && ++inits > 1) {
          void this.#connect()
          return
        }
        this.#queue.push({ piece, at })
      }
      this.#pump()
    }
  }

  #count(at: number, bytes: number): void {
    this.#received.push({ at, bytes })
    while (this.#received.length > 1 && at - this.#received[0]!.at > 5) this.#received.shift()
  }

  // Goes on in the same buffer where that can be, so that the picture stays until the next one is there.
  async #prepare(type: string, signal: AbortSignal): Promise<void> {
    const known = this.#buffer === undefined || this.#source?.readyState !== 'open' || this.#video.error !== null ? undefined : this.#buffer
    const timed = /\/(mp4|webm)\b/
    if (known !== undefined && (timed.test(type) || known.mode === 'sequence') && alike(type, this.#type)) {
      if (known.updating) await new Promise((done) => known.addEventListener('updateend', done, { once: true, signal }))
      known.abort()
      if (type !== this.#type) known.changeType(type)
      this.#rebase = timed.test(type)
    } else await this.#open(type, signal)
    this.#type = type
    this.#latency.restart()
    this.#owner.changed()
  }

  async #open(type: string, signal: AbortSignal): Promise<void> {
    const Source = mediaSource()
    if (Source === undefined) throw new Error('There are no Media Source Extensions')
    this.#close()
    const source = new Source()
    this.#source = source
    this.#begun = false
    this.#rebase = false
    this.#keys = undefined
    // Safari's managed kind opens only where nothing is cast.
    if (typeof MediaSource !== 'function') this.#video.disableRemotePlayback = true
    this.#objectUrl = URL.createObjectURL(source)
    const opened = new Promise((done) => source.addEventListener('sourceopen', done, { once: true, signal }))
    this.#video.src = this.#objectUrl
    await opened
    signal.throwIfAborted()
    this.#buffer = source.addSourceBuffer(type)
    this.#buffer.addEventListener('updateend', () => this.#appended())
    this.#owner.ready()
  }

  #close(): void {
    this.#buffer = undefined
    this.#source = undefined
    if (this.#objectUrl !== undefined) URL.revokeObjectURL(this.#objectUrl)
    this.#objectUrl = undefined
  }

  // Appends all that has come, but one thing at a time.
  #pump(): void {
    const buffer = this.#buffer
    if (buffer === undefined || buffer.updating || this.#source?.readyState !== 'open' || this.#video.error !== null) return
    const [first] = this.#queue
    if (first === undefined) return
    try {
      let count = this.#queue.length
      if (this.#rebase) {
        // What comes now follows on what there is, whatever its own clock says.
        if (first.piece.start === undefined) count = 1
        else {
          const end = this.#end() ?? this.#video.currentTime
          buffer.timestampOffset = end - first.piece.start
          this.#rebase = false
        }
      }
      const taken = this.#queue.slice(0, count)
      buffer.appendBuffer(join(taken.map(({ piece }) => piece.bytes)))
      this.#queue = this.#queue.slice(count)
      for (const { piece } of taken) {
        if (piece.key === undefined) continue
        this.#keys ??= []
        if (piece.key && piece.start !== undefined) this.#keys.push(piece.start + buffer.timestampOffset)
      }
      this.#arrival = taken.at(-1)!.at
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') this.#trim(1, true)
      else this.#fail(String(error))
    }
  }

  #appended(): void {
    const end = this.#end()
    if (this.#arrival !== undefined && end !== undefined) {
      this.#latency.arrived(end, this.#arrival)
      if (!this.#begun) {
        this.#begun = true
        this.goLive()
      }
    }
    this.#arrival = undefined
    this.#pump()
    this.#trim()
  }

  // With a key frame go all pictures that hang on it, the one that is shown among them: so all is kept from one on, unless there is no room for that.
  #trim(most = KEEP_MOST, must = false): void {
    const { buffered, currentTime } = this.#video
    if (this.#buffer === undefined || this.#buffer.updating || buffered.length === 0 || currentTime - buffered.start(0) <= most) return
    const wanted = currentTime - Math.min(most, KEEP)
    const key = this.#keys?.findLast((time) => time <= wanted)
    const edge = this.#keys === undefined ? wanted : key === undefined ? (must ? wanted : 0) : key - 0.001
    if (edge <= buffered.start(0)) return
    this.#keys = this.#keys?.filter((time) => time >= edge)
    this.#buffer.remove(0, edge)
  }

  #end(): number | undefined {
    const { buffered } = this.#video
    return buffered.length === 0 ? undefined : buffered.end(buffered.length - 1)
  }

  #look(): void {
    const { buffered, currentTime, paused, seeking } = this.#video
    if (!this.#begun || paused || seeking || buffered.length === 0) return
    const last = buffered.length - 1
    let at = last
    // Where another stream follows, the end of the one before it may lack a track.
    for (let i = 0; i <= last; i++) if (currentTime >= buffered.start(i) - 0.05 && currentTime < buffered.end(i) - GAP) at = i
    const { rate, jump } = this.#latency.step(currentTime, buffered.start(at), buffered.end(last), seconds())
    if (jump !== undefined) this.#goTo(jump)
    if (this.#video.playbackRate !== rate) this.#video.playbackRate = rate
    this.#pump()
  }

  #goTo(time: number): void {
    const { buffered } = this.#video
    if (buffered.length === 0) return
    const last = buffered.length - 1
    this.#video.currentTime = Math.max(buffered.start(last), Math.min(time, buffered.end(last) - 0.05))
  }

  #paused(): void {
    clearTimeout(this.#pausing)
    this.#pausing = setTimeout(() => this.#request?.abort(), PATIENCE)
  }

  #resumed(): void {
    clearTimeout(this.#pausing)
    if (this.#request?.signal.aborted === true) void this.#connect()
    else if (this.#begun) this.goLive()
  }

  #fail(reason: string): void {
    if (this.#over.signal.aborted) return
    this.#request?.abort()
    this.#close()
    this.#owner.failed(reason)
  }
}

// Whether two types have tracks of the same kinds, so that one buffer can take both.
const alike = (a: string, b: string): boolean => kindsOf(a) === kindsOf(b)
const kindsOf = (type: string): string => `${type.split('/')[0]} ${/codecs="([^"]*)"/.exec(type)?.[1]?.split(',').length ?? 0}`
