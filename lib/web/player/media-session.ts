import type { Range } from './engine.js'
import type { MountFacts, TitleFacts } from './facts.js'

/** What the keys of the keyboard and the buttons of a lock screen do. */
export interface SessionActions {
  play(): void
  pause(): void
  /** Goes to a time of the media element, in seconds. */
  seek(time: number): void
  /** Goes forth by so many seconds, or back. */
  skip(by: number): void
}

/** How a player is. */
export interface SessionState {
  readonly paused: boolean
  /** The URL of a picture; empty for none. */
  readonly picture: string
  /** What one can go back to; `undefined` where there is nothing but live. */
  readonly window: Range | undefined
  /** Where it is, in seconds of the media element. */
  readonly position: number
}

/** Seconds that a key skips, where the system does not say how many. */
const STEP = 10

/** A page has one session with the system, which is the player's that began to play last. */
let holder: symbol | undefined

/** Tells the system what a player plays, for lock screens and media keys. */
export class SystemSession {
  readonly #id = Symbol('player')
  readonly #actions: SessionActions
  #paused = true
  #told = ''
  #window: Range | undefined

  /** Tells nothing before something plays. */
  constructor(actions: SessionActions) {
    this.#actions = actions
  }

  /** Tells what plays, and how; to be called whenever that may be another. */
  tell(mount: MountFacts, { paused, picture, window, position }: SessionState): void {
    const session = navigator.mediaSession
    if (session === undefined) return
    if (this.#paused && !paused) this.#begin(session)
    this.#paused = paused
    if (holder !== this.#id) return
    const album = mount.name ?? mount.mount
    const { title, artist } = songOf(mount.title, album)
    const told = JSON.stringify([title, artist, album, picture])
    if (told !== this.#told)
      session.metadata = new MediaMetadata({ title, artist, album, artwork: picture === '' ? [] : [{ src: picture }] })
    this.#told = told
    session.playbackState = paused ? 'paused' : 'playing'
    if ((window === undefined) !== (this.#window === undefined)) this.#answerSeeks(session, window !== undefined)
    this.#window = window
    if (window === undefined) return session.setPositionState()
    const duration = window.end - window.start
    session.setPositionState({ duration, position: Math.min(duration, Math.max(0, position - window.start)) })
  }

  /** Tells that nothing plays any more. */
  end(): void {
    this.#paused = true
    if (holder !== this.#id) return
    holder = undefined
    const session = navigator.mediaSession
    session.metadata = null
    session.playbackState = 'none'
    session.setPositionState()
    for (const action of ['play', 'pause', 'stop'] as const) answer(session, action, null)
    this.#answerSeeks(session, false)
  }

  #begin(session: MediaSession): void {
    if (holder === this.#id) return
    holder = this.#id
    this.#told = ''
    answer(session, 'play', () => this.#actions.play())
    for (const action of ['pause', 'stop'] as const) answer(session, action, () => this.#actions.pause())
    this.#answerSeeks(session, this.#window !== undefined)
  }

  // What is live alone can be neither gone back in nor forth.
  #answerSeeks(session: MediaSession, can: boolean): void {
    const skip = (sign: number) =>
      can ? ({ seekOffset }: MediaSessionActionDetails) => this.#actions.skip(sign * (seekOffset ?? STEP)) : null
    answer(session, 'seekbackward', skip(-1))
    answer(session, 'seekforward', skip(1))
    answer(session, 'seekto', can ? ({ seekTime = 0 }) => this.#actions.seek((this.#window?.start ?? 0) + seekTime) : null)
  }
}

/** Who plays what; in place of who that is, the station's name. Most sources say both in one line, as `Artist - Title`. */
function songOf(title: TitleFacts | null, station: string): { title: string; artist: string } {
  if (title === null || title.display === station) return { title: station, artist: '' }
  if (title.artist !== null) return { title: title.title ?? title.display, artist: title.artist }
  const [, artist = station, song = title.display] = /^(.+?) [-–—] (.+)$/.exec(title.display) ?? []
  return { title: song, artist }
}

function answer(session: MediaSession, action: MediaSessionAction, handler: MediaSessionActionHandler | null): void {
  try {
    session.setActionHandler(action, handler)
  } catch {
    // A browser that does not know the action has no key for it.
  }
}
