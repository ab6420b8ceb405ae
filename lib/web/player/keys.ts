import type { Range } from './engine.js'

/** What keys do. */
export interface KeyActions {
  togglePlay(): void
  toggleMute(): void
  toggleFullScreen(): void
  goLive(): void
  /** Makes it louder or softer by that much. */
  louder(by: number): void
  /** Goes forwards or back by so many seconds. */
  skip(by: number): void
  /** Closes a menu. */
  close(): void
}

/** Seconds that an arrow key goes, and how much louder one makes it. */
const STEP = 10
const LOUDER = 0.1

/** Does what a key asks for, unless whatever has the focus wants it for itself. */
export function pressKey(event: KeyboardEvent, window: Range | undefined, act: KeyActions): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
  const [target] = event.composedPath()
  const slides = target instanceof HTMLInputElement
  const presses = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement
  const arrow = (key: string, action: () => void): [string, () => void][] => (slides ? [] : [[key, action]])
  const actions = new Map<string, () => void>([
    ['k', () => act.togglePlay()],
    ['m', () => act.toggleMute()],
    ['f', () => act.toggleFullScreen()],
    ['l', () => act.goLive()],
    ...(presses ? [] : [[' ', () => act.togglePlay()] satisfies [string, () => void]]),
    ...arrow('ArrowUp', () => act.louder(LOUDER)),
    ...arrow('ArrowDown', () => act.louder(-LOUDER)),
    ...(window === undefined ? [] : [...arrow('ArrowLeft', () => act.skip(-STEP)), ...arrow('ArrowRight', () => act.skip(STEP))]),
  ])
  // Escape belongs to whatever is open, and ends a full screen, too.
  if (event.key === 'Escape') return act.close()
  const action = actions.get(event.key)
  if (action === undefined) return
  event.preventDefault()
  action()
}
