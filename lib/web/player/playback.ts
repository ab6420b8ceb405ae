import { type BeaconFacts, mountAddress } from './address.js'
import { startPlaying } from './autoplay.js'
import { Beacon } from './beacon.js'
import type { Engine } from './engine.js'
import { createEngine, whileIn } from './engines.js'
import type { MountFacts } from './facts.js'
import { choose, type Choice, isSame, keyOf, type Mode, MODES, type Plan, plansFor, type Way } from './pick.js'
import { chosenMode, keepMode } from './preferences.js'
import { StallWatch } from './stalls.js'
import { askStatus } from './status-feed.js'
import { browserSupport } from './support.js'
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

/** Milliseconds between looks at the media's clock, and that it may stand still before all begins anew. */
const LOOK = 100
const STUCK = 5000
/** Milliseconds that the first picture may take: a manifest waits for the first segment. */
const SLOW = 15_000
/** Milliseconds of playing after which what failed before may be tried again. */
const PROVEN = 30_000
/** Failures after which a way is left alone; one that never played is at once. */
const ENOUGH = 3

/** Plays one mount in one media element: picks the way, watches it, falls back to another, and comes back when the source does. */
export class Playback {
  readonly #video: HTMLVideoElement
  readonly #settings: PlaybackSettings
  readonly #support = browserSupport()
  readonly #session = crypto.randomUUID?.() ?? String(Math.random()).slice(2)
  readonly #stalls = new StallWatch()
  readonly #over = new AbortController()
  readonly #beacon: Beacon
  readonly #looking: ReturnType<typeof setInterval>
  #state: State = 'asking'
  #mount: MountFacts | undefined
  #choice: Choice | undefined
  #wish: Mode
  #way: Way | undefined
  #mode: Mode | undefined
  #engine: Engine | undefined
  #notice = ''
  // How bad each way has proved.
  readonly #failures = new Map<string, number>()
  #hasPlayed = false
  #since = 0
  #again: ReturnType<typeof setTimeout> | undefined
  #attempts = 0
  #soundOnly = false
  #wantsPlay = false
  #blocked = false

  constructor(video: HTMLVideoElement, settings: PlaybackSettings) {
    this.#video = video
    this.#settings = settings
    this.#wish = chosenMode() ?? 'instant'
    this.#looking = setInterval(() => this.#look(), LOOK)
    // Viewers of segments are gone after three of them.
    const expiry = (): number => (this.#way?.segmentDuration ?? 4) * 3000
    this.#beacon = new Beacon(settings.server, settings.mount, () => this.#facts(), expiry)
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
    return this.#mode ?? this.#wish
  }
  /** The modes in which the mount can be played here. */
  get modes(): readonly Mode[] {
    const ways = this.#choice?.ways
    return ways === undefined ? [] : MODES.filter((mode) => ways[mode].length > 0)
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
  /** Why nothing plays, and what would. */
  get why(): string {
    return this.#choice?.why ?? ''
  }
  /** Whether the sound alone of a mount could be played whose pictures cannot. */
  get hasSound(): boolean {
    return (this.#choice?.sound.length ?? 0) > 0
  }
  /** Whether the sound alone plays. */
  get soundOnly(): boolean {
    return this.#soundOnly
  }
  /** How often it stood still. */
  get stalls(): number {
    return this.#stalls.total
  }
  /** Whether it stands still for want of media. */
  get isStill(): boolean {
    return this.#stalls.isStill
  }
  /** Whether the browser wants the viewer to start it. */
  get blocked(): boolean {
    return this.#blocked
  }

  /** Hears of the mount; `undefined` when the server has none of that name. */
  update(mount: MountFacts | undefined): void {
    const before = this.#mount
    this.#mount = mount
    if (mount?.live !== true) {
      this.#choice = undefined
      // What is in the buffer plays to its end.
      if (this.#engine === undefined) this.#become(this.#state === 'lost' ? 'lost' : 'waiting')
      else if (this.#stalls.isStill || this.#engine.name !== 'shaka') this.#become('lost')
      else this.#settings.changed()
      return
    }
    // Its bytes have not told yet what it is.
    if (mount.tracks.length === 0) return this.#settings.changed()
    this.#choice = choose(mount, this.#support)
    const gone = this.#way !== undefined && !this.#plans.some(({ way }) => isSame(way, this.#way!))
    const isNew = before?.live === true && before.connected !== mount.connected
    if (gone || isNew || this.#state === 'unplayable') this.#failures.clear()
    if (this.#plans.length === 0) {
      void this.#drop()
      this.#become('unplayable')
    } else if (!this.#wantsPlay) this.#become('ready')
    else if (this.#engine === undefined || gone) this.#start()
    else if (this.#state === 'lost') this.#retry(0)
    else this.#settings.changed()
  }

  /** Starts it, and goes on by itself from then on. */
  play(): void {
    this.#wantsPlay = true
    this.#blocked = false
    if (this.#engine === undefined) {
      if (this.#choice !== undefined && this.#plans.length > 0) this.#start()
    } else void this.#video.play().catch(() => {})
  }

  /** Lets it rest. */
  pause(): void {
    this.#wantsPlay = false
    this.#video.pause()
  }

  /** Plays in another mode, and remembers it. */
  choose(mode: Mode): void {
    this.#wish = mode
    keepMode(mode)
    this.#notice = ''
    this.#failures.clear()
    this.#wantsPlay = true
    if (this.#choice !== undefined && this.#plans.length > 0) this.#start()
  }

  /** Plays the sound alone of a mount whose pictures cannot be shown. */
  playSound(): void {
    this.#soundOnly = true
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

  get #plans(): readonly Plan[] {
    return this.#choice === undefined ? [] : plansFor(this.#choice, this.#wish, this.#soundOnly)
  }

  #start(): void {
    const next = this.#plans.find(({ way }) => (this.#failures.get(keyOf(way)) ?? 0) < ENOUGH)
    if (next !== undefined) return void this.#play(next)
    // All have failed: once more from the beginning, in a while.
    this.#failures.clear()
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
    this.#since = performance.now()
    this.#hasPlayed = false
    this.#stalls.restart(this.#since)
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
      this.#choice = choose(this.#mount, this.#support)
      if (this.#plans.length > 0) this.#start()
      else this.#become('unplayable')
    }, after)
  }

  #fail(reason: string): void {
    console.info(`floecast-player: ${reason}`)
    const way = this.#way
    // One that has played may do so again: a damaged picture stops a decoder, too.
    if (way !== undefined) this.#failures.set(keyOf(way), (this.#failures.get(keyOf(way)) ?? 0) + (this.#hasPlayed ? 1 : ENOUGH))
    void this.#drop().then(() => this.#retry(300))
    this.#become('lost')
  }

  #look(): void {
    const now = performance.now()
    const { currentTime, paused, seeking } = this.#video
    const engine = this.#engine
    if (engine === undefined) return
    const wants = !paused && !document.hidden && (this.#state === 'playing' || this.#state === 'starting')
    if (this.#stalls.tick(currentTime, now, wants && !seeking)) {
      engine.stalled()
      if (this.#mount?.live !== true) return this.#lose()
      if (this.#stalls.tooMany(now)) return this.#fallBack()
      this.#settings.changed()
    }
    // Where a buffer goes on with another stream before it has run dry, no event tells that it plays.
    if (this.#state === 'starting' && this.#stalls.hasMoved) this.#runs()
    if (this.#state === 'playing' && now - this.#since > PROVEN) {
      this.#failures.clear()
      this.#attempts = 0
    }
    // What neither goes on nor says why begins anew.
    const patience = this.#state === 'starting' ? SLOW : STUCK
    const isMeantTo = this.#wantsPlay && !this.#blocked && !document.hidden && this.#state !== 'lost'
    if (!isMeantTo || this.#stalls.stillFor(now) < patience) return
    this.#stalls.restart(now)
    if (this.#mount?.live === true && this.#state === 'starting') this.#fail('It did not begin in time')
    else this.#lose()
  }

  // Too many stalls: farther behind live there are fewer.
  #fallBack(): void {
    const mode = this.#mode
    const calmer = mode === undefined ? [] : MODES.slice(MODES.indexOf(mode) + 1)
    const next = this.#plans.find((plan) => calmer.includes(plan.mode))
    if (mode === undefined || next === undefined) return this.#stalls.restart(performance.now())
    this.#notice = `The stream comes too unevenly for ${NAMES[mode]}, so it plays on ${NAMES[next.mode]}.`
    void this.#play(next)
  }

  #facts(): BeaconFacts | undefined {
    // While the source is away there is nobody to tell.
    if (this.#way === undefined || this.#engine === undefined || this.#video.paused || this.#mount?.live !== true) return undefined
    const { delay } = this.#engine
    const measured = { delay: delay === undefined ? undefined : delay * 1000, ...this.#stalls.take() }
    return { protocol: this.#way.protocol, session: this.#session, ...measured }
  }
}
