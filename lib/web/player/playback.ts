import { beaconAddress, mountAddress } from './address.js'
import { ElementEngine } from './element-engine.js'
import type { Engine, EngineOwner } from './engine.js'
import { hasPictures, type MountFacts } from './facts.js'
import { InstantEngine } from './instant-engine.js'
import { choose, type Choice, type Mode, MODES, type Way } from './pick.js'
import { ShakaEngine } from './shaka-engine.js'
import { StallWatch } from './stalls.js'
import { askStatus } from './status-feed.js'
import { browserSupport } from './support.js'

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

/** Formats whose data come in gusts, and how many seconds they are mostly apart. */
const GUSTS: Readonly<Record<string, number>> = { ogg: 1.2, webm: 1.2, matroska: 1.2 }
/** Milliseconds between looks at the media's clock, between beacons, and that it may stand still before all begins anew. */
const LOOK = 100
const BEACON = 10_000
const STUCK = 5000
/** Milliseconds that the first picture may take: a manifest waits for the first segment. */
const SLOW = 15_000
/** Milliseconds of playing after which what failed before may be tried again. */
const PROVEN = 30_000
const REMEMBERED = 'floecast.mode'

/** Plays one mount in one media element: picks the way, watches it, falls back to another, and comes back when the source does. */
export class Playback {
  readonly #video: HTMLVideoElement
  readonly #settings: PlaybackSettings
  readonly #support = browserSupport()
  readonly #session = crypto.randomUUID?.() ?? String(Math.random()).slice(2)
  readonly #stalls = new StallWatch()
  readonly #over = new AbortController()
  readonly #timers: ReturnType<typeof setInterval>[]
  #state: State = 'asking'
  #mount: MountFacts | undefined
  #choice: Choice | undefined
  #wish: Mode
  #way: Way | undefined
  #mode: Mode | undefined
  #engine: Engine | undefined
  #notice = ''
  #failed = new Set<string>()
  #since = 0
  #moved = 0
  #position = 0
  #again: ReturnType<typeof setTimeout> | undefined
  #attempts = 0
  #soundOnly = false
  #wantsPlay = false
  #blocked = false

  constructor(video: HTMLVideoElement, settings: PlaybackSettings) {
    this.#video = video
    this.#settings = settings
    this.#wish = remembered() ?? 'instant'
    this.#timers = [setInterval(() => this.#look(), LOOK), setInterval(() => this.#beacon(), BEACON)]
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
  /** The mode that plays; `undefined` while none does. */
  get mode(): Mode | undefined {
    return this.#mode
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
    const gone = this.#way !== undefined && !this.#all().some((way) => isSame(way, this.#way!))
    const isNew = before?.live === true && before.connected !== mount.connected
    if (gone || isNew || this.#state === 'unplayable') this.#failed.clear()
    if (this.#all().length === 0) {
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
      if (this.#choice !== undefined && this.#all().length > 0) this.#start()
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
    try {
      localStorage.setItem(REMEMBERED, mode)
    } catch {
      // A page may have no storage; then it is forgotten.
    }
    this.#notice = ''
    this.#failed.clear()
    this.#wantsPlay = true
    if (this.#choice !== undefined && this.#all().length > 0) this.#start()
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
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#again)
    void this.#drop()
  }

  // The ways for a mode, the best first.
  #ways(mode: Mode): readonly Way[] {
    if (this.#choice === undefined) return []
    return this.#soundOnly && mode === 'safe' ? this.#choice.sound : this.#choice.ways[mode]
  }

  #all(): Way[] {
    return MODES.flatMap((mode) => this.#ways(mode))
  }

  #start(): void {
    // As wished, else calmer, else nearer to live.
    const from = MODES.indexOf(this.#wish)
    const order = [...MODES.slice(from), ...MODES.slice(0, from).toReversed()]
    const next = order.flatMap((mode) => this.#ways(mode).map((way) => ({ mode, way }))).find(({ way }) => !this.#failed.has(keyOf(way)))
    if (next === undefined) {
      // All have failed: once more from the beginning, in a while.
      this.#failed.clear()
      return this.#retry(Math.min(15_000, 2000 * 2 ** this.#attempts++))
    }
    void this.#play(next.mode, next.way)
  }

  async #play(mode: Mode, way: Way): Promise<void> {
    const { server, mount } = this.#settings
    clearTimeout(this.#again)
    const goesOn = this.#engine?.name === 'instant' && way.engine === 'instant'
    if (!goesOn) await this.#drop()
    if (this.#over.signal.aborted || (this.#engine !== undefined && !goesOn)) return
    this.#mode = mode
    this.#way = way
    this.#stalls.restart()
    this.#moved = this.#since = performance.now()
    const engine = (this.#engine ??= this.#make(way, mode))
    this.#become('starting')
    await engine.load(mountAddress(server, mount, way.ending), way.type)
  }

  #make(way: Way, mode: Mode): Engine {
    const { server, mount } = this.#settings
    const engine = (): Engine => {
      if (way.engine === 'element') return new ElementEngine(this.#video, owner)
      if (way.engine === 'shaka') {
        const isOurs = new URL(server).origin === location.origin
        const time = `${mountAddress(server, mount)}.media/time`
        return new ShakaEngine(this.#video, owner, { low: mode === 'low', session: isOurs ? this.#session : undefined, time })
      }
      const isVideo = this.#mount === undefined || hasPictures(this.#mount)
      return new InstantEngine(this.#video, owner, { floor: isVideo ? 0.35 : 0.6, hint: GUSTS[this.#mount?.format ?? ''] ?? 0 })
    }
    // What an engine says that has been replaced counts no more.
    const guarded = (act: () => void) => (): void => {
      if (this.#engine === made) act()
    }
    const failed = (reason: string): void => {
      if (this.#engine === made) this.#fail(reason)
    }
    const owner: EngineOwner = {
      ready: guarded(() => this.#begin()),
      ended: guarded(() => this.#lose()),
      failed,
      changed: guarded(() => this.#settings.changed()),
    }
    const made: Engine = engine()
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
  #begin(): void {
    if (!this.#wantsPlay) return
    this.#video.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return
      // Without sound, browsers let it begin by itself.
      if (!this.#video.muted) {
        this.#video.muted = true
        this.#begin()
      } else {
        this.#blocked = true
        this.#become('ready')
      }
    })
  }

  #runs(): void {
    if (this.#engine === undefined) return
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
      if (this.#all().length > 0) this.#start()
      else this.#become('unplayable')
    }, after)
  }

  #fail(reason: string): void {
    console.info(`floecast-player: ${reason}`)
    const way = this.#way
    if (way !== undefined && performance.now() - this.#since < PROVEN) this.#failed.add(keyOf(way))
    void this.#drop().then(() => this.#retry(300))
    this.#become('lost')
  }

  #look(): void {
    const now = performance.now()
    const { currentTime, paused, seeking } = this.#video
    if (currentTime !== this.#position) {
      this.#position = currentTime
      this.#moved = now
    }
    const engine = this.#engine
    if (engine === undefined) return
    const wants = !paused && !document.hidden && (this.#state === 'playing' || this.#state === 'starting')
    if (this.#stalls.tick(currentTime, now, wants && !seeking)) {
      engine.stalled()
      if (this.#mount?.live !== true) return this.#lose()
      if (this.#stalls.tooMany(now)) return this.#fallBack()
      this.#settings.changed()
    }
    if (this.#state === 'playing' && now - this.#since > PROVEN) {
      this.#failed.clear()
      this.#attempts = 0
    }
    // What neither goes on nor says why begins anew.
    if (
      this.#wantsPlay &&
      !this.#blocked &&
      !document.hidden &&
      now - this.#moved > (this.#state === 'starting' ? SLOW : STUCK) &&
      this.#state !== 'lost'
    ) {
      this.#moved = now
      if (this.#mount?.live === true && this.#state === 'starting') this.#fail('It did not begin in time')
      else this.#lose()
    }
  }

  // Too many stalls: farther behind live there are fewer.
  #fallBack(): void {
    const mode = this.#mode
    const next = mode === undefined ? undefined : MODES.slice(MODES.indexOf(mode) + 1).find((one) => this.#ways(one).length > 0)
    const way = next === undefined ? undefined : this.#ways(next)[0]
    if (next === undefined || way === undefined) {
      this.#stalls.restart()
      return
    }
    this.#notice = `The stream comes too unevenly for ${NAMES[mode!]}, so it plays on ${NAMES[next]}.`
    void this.#play(next, way)
  }

  #beacon(): void {
    const { server, mount } = this.#settings
    if (this.#way === undefined || this.#engine === undefined || this.#video.paused) return
    const { delay } = this.#engine
    const facts = { protocol: this.#way.protocol, session: this.#session, delay: delay === undefined ? undefined : delay * 1000 }
    fetch(beaconAddress(server, mount, { ...facts, ...this.#stalls.take() }), { method: 'POST', keepalive: true }).catch(() => {})
  }
}

/** What the modes are called. */
export const NAMES: Readonly<Record<Mode, string>> = { instant: 'Instant', low: 'Low', safe: 'Safe' }

const keyOf = ({ engine, ending, protocol }: Way): string => `${engine} ${ending} ${protocol}`
const isSame = (a: Way, b: Way): boolean => keyOf(a) === keyOf(b)

function remembered(): Mode | undefined {
  try {
    const mode = localStorage.getItem(REMEMBERED)
    return MODES.find((one) => one === mode)
  } catch {
    return undefined
  }
}
