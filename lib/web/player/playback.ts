import { type BeaconFacts, mountAddress } from './address.js'
import { startPlaying } from './autoplay.js'
import { Beacon } from './beacon.js'
import type { Engine } from './engine.js'
import { createEngine, whileIn } from './engines.js'
import type { MountFacts } from './facts.js'
import type { Mode, Plan, Way } from './pick.js'
import { chosenMode, keepMode } from './preferences.js'
import { askStatus } from './status-feed.js'
import { browserSupport } from './support.js'
import { Watch } from './watch.js'
import { Ways } from './ways.js'
import { NAMES } from './words.js'

/**
 * Where a playback stands: `asking` what there is, `waiting` for the mount to go live, `unplayable` here, `ready` to be started by the viewer, `starting`,
 * `playing`, or `lost` while the source is gone.
 */
export type State = 'asking' | 'waiting' | 'unplayable' | 'ready' | 'starting' | 'playing' | 'lost'

/** Where a playback is to be found, and who hears of it. */
export interface PlaybackSettings {
  /** The server's address, without a slash at the end. */
  readonly server: string
  /** The mount's name, with its slash. */
  readonly mount: string
  /** Called after whatever changes. */
  readonly changed: () => void
}

/** Milliseconds between looks at the media's clock. */
const LOOK = 100

/** Plays one mount in one media element: picks the way, watches it, falls back to another, and comes back when the source does. */
export class Playback {
  /** The ways in which the mount can be played here. */
  readonly ways: Ways
  /** How evenly it plays. */
  readonly watch: Watch
  readonly #video: HTMLVideoElement
  readonly #settings: PlaybackSettings
  readonly #session = crypto.randomUUID?.() ?? String(Math.random()).slice(2)
  readonly #over = new AbortController()
  readonly #beacon: Beacon
  readonly #looking: ReturnType<typeof setInterval>
  #state: State = 'asking'
  #mount: MountFacts | undefined
  #way: Way | undefined
  #mode: Mode | undefined
  #engine: Engine | undefined
  #notice = ''
  #hasPlayed = false
  #again: ReturnType<typeof setTimeout> | undefined
  #attempts = 0
  #wantsPlay = false
  #blocked = false

  constructor(video: HTMLVideoElement, settings: PlaybackSettings) {
    this.#video = video
    this.#settings = settings
    this.ways = new Ways(browserSupport(), chosenMode() ?? 'instant')
    this.watch = new Watch(video, {
      phase: () => (this.#engine !== undefined && (this.#state === 'starting' || this.#state === 'playing') ? this.#state : undefined),
      isMeant: () => this.#wantsPlay && !this.#blocked && !document.hidden,
      stalled: (tooOften) => {
        this.#engine?.stalled()
        if (this.#mount?.live !== true) this.#lose()
        else if (tooOften) this.#fallBack()
        else this.#settings.changed()
      },
      stuck: () => {
        if (this.#mount?.live === true && this.#state === 'starting') this.#fail('It did not begin in time')
        else this.#lose()
      },
      moves: () => this.#runs(),
      proven: () => {
        this.ways.forgive()
        this.#attempts = 0
      },
    })
    this.#looking = setInterval(() => this.watch.look(performance.now()), LOOK)
    // Viewers of segments are gone after three of them.
    this.#beacon = new Beacon(
      settings.server,
      settings.mount,
      () => this.#facts(),
      () => (this.#way?.segmentDuration ?? 4) * 3000,
    )
    video.addEventListener('playing', () => this.#runs(), { signal: this.#over.signal })
  }

  /** Where it stands. */
  get state(): State {
    return this.#state
  }
  /** The mount, as last heard. */
  get mount(): MountFacts | undefined {
    return this.#mount
  }
  /** The mode that plays, or that will. */
  get mode(): Mode {
    return this.#mode ?? this.ways.wish
  }
  /** What plays. */
  get engine(): Engine | undefined {
    return this.#engine
  }
  /** By which way. */
  get way(): Way | undefined {
    return this.#way
  }
  /** A sentence about what was done by itself; empty when there is nothing to say. */
  get notice(): string {
    return this.#notice
  }
  /** Hears of the mount; `undefined` when the server has none of that name. */
  update(mount: MountFacts | undefined): void {
    const before = this.#mount
    this.#mount = mount
    if (mount?.live !== true) {
      this.ways.update(undefined)
      // What is in the buffer plays to its end.
      if (this.#engine === undefined) this.#become(this.#state === 'lost' ? 'lost' : 'waiting')
      else if (this.watch.isStill || this.#engine.name !== 'shaka') this.#become('lost')
      else this.#settings.changed()
      return
    }
    // Its bytes have not told yet what it is.
    if (mount.tracks.length === 0) return this.#settings.changed()
    this.ways.update(mount)
    const gone = this.#way !== undefined && !this.ways.has(this.#way)
    const isNew = before?.live === true && before.connected !== mount.connected
    if (gone || isNew || this.#state === 'unplayable') this.ways.forgive()
    const goesOn = this.#engine !== undefined && !gone && this.#state !== 'lost'
    if (goesOn && this.ways.plans.length > 0) this.#settings.changed()
    else if (this.ways.plans.length === 0 || !this.#wantsPlay) {
      void this.#drop()
      this.#become(this.ways.plans.length === 0 ? 'unplayable' : 'ready')
    } else if (this.#engine === undefined || gone) this.#start()
    else this.#retry(0)
  }

  /** Starts it, and goes on by itself from then on. */
  play(): void {
    this.#wantsPlay = true
    this.#blocked = false
    if (this.#engine === undefined) {
      if (this.ways.plans.length > 0) this.#start()
    } else void this.#video.play().catch(() => {})
  }

  /** Lets it rest. */
  pause(): void {
    this.#wantsPlay = false
    this.#video.pause()
  }

  /** Plays in another mode, and remembers it. */
  choose(mode: Mode): void {
    this.ways.want(mode)
    keepMode(mode)
    this.#notice = ''
    this.#wantsPlay = true
    if (this.ways.plans.length > 0) this.#start()
  }

  /** Plays the sound alone of a mount whose pictures cannot be shown. */
  playSound(): void {
    this.ways.wantSound()
    this.#wantsPlay = true
    this.#start()
  }

  /** Ends it. */
  destroy(): void {
    this.#over.abort()
    clearInterval(this.#looking)
    this.#beacon.stop()
    clearTimeout(this.#again)
    void this.#drop()
  }

  #start(): void {
    const next = this.ways.next
    if (next !== undefined) return void this.#play(next)
    // All have failed: once more from the beginning, in a while.
    this.ways.forgive()
    this.#retry(Math.min(15_000, 2000 * 2 ** this.#attempts++))
  }

  async #play({ mode, way }: Plan): Promise<void> {
    const { server, mount } = this.#settings
    clearTimeout(this.#again)
    const goesOn = this.#engine?.name === 'instant' && way.engine === 'instant'
    if (!goesOn) await this.#drop()
    if (this.#over.signal.aborted || (this.#engine !== undefined && !goesOn)) return
    this.#mode = mode
    this.#way = way
    this.#hasPlayed = false
    this.watch.restart(performance.now())
    const engine = (this.#engine ??= this.#make({ mode, way }))
    this.#become('starting')
    // A group's own playlist has all of its qualities.
    const name = way.segmentDuration === undefined ? mount : (this.#mount?.group ?? mount)
    await engine.load(mountAddress(server, name, way.ending), way.type)
  }

  #make({ mode, way }: Plan): Engine {
    const { server, mount } = this.#settings
    const owner = whileIn(() => this.#engine === made, {
      ready: () => void this.#begin(),
      ended: () => this.#lose(),
      failed: (reason) => this.#fail(reason),
      changed: () => this.#settings.changed(),
    })
    const made: Engine = createEngine(way, mode, { video: this.#video, server, mount, facts: this.#mount, session: this.#session }, owner)
    return made
  }

  async #drop(): Promise<void> {
    const engine = this.#engine
    this.#engine = undefined
    this.#mode = undefined
    this.#way = undefined
    this.#video.playbackRate = 1
    await engine?.destroy()
  }

  // There is something to play.
  async #begin(): Promise<void> {
    if (!this.#wantsPlay || !(await startPlaying(this.#video))) return
    this.#blocked = true
    this.#become('ready')
  }

  #runs(): void {
    if (this.#engine === undefined) return
    this.#hasPlayed = true
    this.#become('playing')
  }

  #become(state: State): void {
    this.#state = state
    this.#settings.changed()
  }

  // The stream has ended: is there another one already?
  #lose(): void {
    if (this.#state !== 'lost') this.#become('lost')
    this.#retry(Math.min(5000, 250 * 2 ** this.#attempts++))
  }

  // Asks what there is, and plays it when there is something.
  #retry(after: number): void {
    clearTimeout(this.#again)
    this.#again = setTimeout(async () => {
      const mounts = await askStatus(this.#settings.server, this.#over.signal)
      if (this.#over.signal.aborted || !this.#wantsPlay) return
      const mount = mounts?.find(({ mount: name }) => name === this.#settings.mount)
      // Hidden mounts stand in no status: what the page has told of them still holds.
      if (mount !== undefined) this.#mount = mount
      if (this.#mount?.live !== true || this.#mount.tracks.length === 0 || mounts === undefined) {
        this.#attempts++
        return this.#retry(Math.min(5000, 500 * 2 ** Math.min(this.#attempts, 4)))
      }
      this.ways.update(this.#mount)
      if (this.ways.plans.length > 0) this.#start()
      else this.#become('unplayable')
    }, after)
  }

  #fail(reason: string): void {
    console.info(`floecast-player: ${reason}`)
    const way = this.#way
    if (way !== undefined) this.ways.fail(way, this.#hasPlayed)
    void this.#drop().then(() => this.#retry(300))
    this.#become('lost')
  }

  // Too many stalls: farther behind live there are fewer.
  #fallBack(): void {
    const mode = this.#mode
    const next = mode === undefined ? undefined : this.ways.calmer(mode)
    if (mode === undefined || next === undefined) return this.watch.restart(performance.now())
    this.#notice = `The stream comes too unevenly for ${NAMES[mode]}, so it plays on ${NAMES[next.mode]}.`
    void this.#play(next)
  }

  #facts(): BeaconFacts | undefined {
    // While the source is away there is nobody to tell.
    if (this.#way === undefined || this.#engine === undefined || this.#video.paused || this.#mount?.live !== true) return undefined
    const { delay } = this.#engine
    const measured = { delay: delay === undefined ? undefined : delay * 1000, ...this.watch.take() }
    return { protocol: this.#way.protocol, session: this.#session, ...measured }
  }
}
