import type { StreamerCommand, StreamerState } from '../../lib/api/streamer.js'
import { charactersOf } from './width.js'

/** A key, as `readline.emitKeypressEvents` of Node tells of it. */
export interface Key {
  /** Such as `up`, `return` or `n`; undefined for characters without a name. */
  readonly name?: string | undefined
  /** Whether Control was held. */
  readonly ctrl?: boolean | undefined
  /** Whether Alt was held. */
  readonly meta?: boolean | undefined
}

/** What whoever sits at the terminal is about to do. */
export interface Hand {
  /** The entry that the arrows stand on. */
  readonly selected?: string | undefined
  /** What is being typed after `a`. */
  readonly typed?: string | undefined
}

/** What comes of a key. */
export interface Press {
  /** What is about to be done from now on. */
  readonly hand: Hand
  /** What to tell the streamer. */
  readonly command?: StreamerCommand
  /** Whether to end at once when it is ending already: Ctrl-C. */
  readonly interrupt?: boolean
}

/**
 * What a key means.
 * @param text what it writes; undefined when nothing
 * @param camera what `w` lets take over, such as `webcam:`
 */
export function press(text: string | undefined, key: Key, hand: Hand, state: StreamerState, camera: string): Press {
  if (key.ctrl === true && key.name === 'c') return { hand, interrupt: true }
  if (hand.typed !== undefined) return type(text, key, hand.typed)
  if (key.ctrl === true || key.meta === true) return { hand }
  switch (key.name) {
    case 'up':
    case 'down':
      return { hand: { selected: choose(state, hand.selected, key.name === 'up' ? -1 : 1) } }
    case 'return':
    case 'enter':
      return hand.selected === undefined ? { hand } : { hand: {}, command: { do: 'jump', id: hand.selected } }
    case 'escape':
      return { hand: {} }
    case 'n':
      return { hand: {}, command: { do: 'next' } }
    case 'p':
      return { hand: {}, command: { do: 'previous' } }
    case 'space':
      return { hand, command: { do: state.status === 'paused' ? 'resume' : 'pause' } }
    case 'a':
      return { hand: { typed: '' } }
    case 'w':
      return { hand, command: state.takenOver === null ? { do: 'takeOver', source: camera } : { do: 'giveBack' } }
    case 'q':
      return { hand, command: { do: 'stop' } }
    default:
      return { hand }
  }
}

function type(text: string | undefined, key: Key, typed: string): Press {
  if (key.name === 'escape') return { hand: {} }
  if (key.name === 'return' || key.name === 'enter') {
    const source = unquote(typed.trim())
    return source === '' ? { hand: {} } : { hand: {}, command: { do: 'add', sources: [source] } }
  }
  if (key.name === 'backspace') return { hand: { typed: charactersOf(typed).slice(0, -1).join('') } }
  if (key.ctrl === true) return { hand: { typed: key.name === 'u' ? '' : typed } }
  // Keys such as the arrows write what begins with an escape.
  const written = text !== undefined && key.meta !== true && !/\p{Cc}/u.test(text) ? text : ''
  return { hand: { typed: typed + written } }
}

/** A file that is dragged onto a terminal comes in quotes, or with a backslash before each blank. */
const unquote = (path: string): string => /^(['"])(.*)\1$/.exec(path)?.[2] ?? path.replace(/\\([ '"()&[\]])/g, '$1')

function choose({ entries, current }: StreamerState, selected: string | undefined, step: number): string | undefined {
  if (entries.length === 0) return undefined
  const from = entries.findIndex(({ id }) => id === (selected ?? current))
  return entries[Math.max(0, Math.min(entries.length - 1, from + step))]?.id
}
