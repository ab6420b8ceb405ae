import { emitKeypressEvents } from 'node:readline'
import { createColors } from 'picocolors'
import type { StreamerCommand, StreamerState } from '../../lib/api/streamer.js'
import { type Hand, type Key, press } from './keys.js'
import { Screen, type Terminal } from './screen.js'
import { drawView } from './view.js'

/** The streamer, as far as those who show it and steer it know it. */
export interface Steered {
  /** All that can be seen of it now. */
  readonly state: StreamerState
  /** Does what it is told. @throws Error with a sentence for the user */
  do(command: StreamerCommand): Promise<void>
  /** Calls back whenever its state is another. */
  on(event: 'change', call: () => void): unknown
  /** No longer calls back. */
  off(event: 'change', call: () => void): unknown
}

/** The keyboard and the screen. */
export interface Desk {
  /** What is typed. */
  readonly stdin: NodeJS.ReadStream
  /** What is drawn on. */
  readonly stdout: Terminal & { on(event: 'resize', call: () => void): unknown; off(event: 'resize', call: () => void): unknown }
  /** Whether to use colours. */
  readonly coloured: boolean
  /** What `w` lets take over, such as `webcam:`. */
  readonly camera: string
  /** Ctrl-C: to end, or at the second time to end at once. */
  readonly interrupt: () => void
}

// Milliseconds between two drawings, but for those that a key asks for.
const PACE = 250
// Milliseconds for which whoever sits there is told that something did not work.
const NOTICE = 6_000
// Milliseconds for which a warning is news.
const NEWS = 20_000

/**
 * Shows a streamer on a terminal, and lets keys steer it.
 * @returns what gives the terminal back as it was; what is drawn last stays. It must be called before the program ends.
 */
export function showOnTerminal(streamer: Steered, { stdin, stdout, coloured, camera, interrupt }: Desk): () => void {
  const screen = new Screen(stdout)
  const paint = createColors(coloured)
  let hand: Hand = {}
  let notice: string | undefined
  let silence: NodeJS.Timeout | undefined
  let drawn = 0
  let waiting: NodeJS.Timeout | undefined

  let warning: string | undefined
  let warned = -Infinity
  let closed = false
  const draw = (): void => {
    if (closed) return
    clearTimeout(waiting)
    waiting = undefined
    drawn = Date.now()
    const { columns, rows } = screen
    const { state } = streamer
    const last = state.warnings.at(-1)
    if (last !== warning) [warning, warned] = [last, drawn]
    const news = drawn - warned < NEWS ? warning : undefined
    screen.draw(drawView(state, { columns, rows, now: drawn, paint, ...hand, notice, warning: news }))
  }
  const drawSoon = (): void => {
    waiting ??= setTimeout(draw, Math.max(0, drawn + PACE - Date.now()))
  }
  const tell = (sentence: string): void => {
    notice = sentence
    clearTimeout(silence)
    silence = setTimeout(() => {
      notice = undefined
      drawSoon()
    }, NOTICE)
    draw()
  }
  const typed = (text: string | undefined, key: Key): void => {
    const { hand: next, command, interrupt: ends = false } = press(text, key, hand, streamer.state, camera)
    hand = next
    if (ends || command?.do === 'stop') interrupt()
    else if (command !== undefined)
      streamer.do(command).then(drawSoon, (error: unknown) => tell(error instanceof Error ? error.message : String(error)))
    draw()
  }

  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.on('keypress', typed)
  stdin.resume()
  stdout.on('resize', draw)
  streamer.on('change', drawSoon)
  // Times go on while nothing else changes.
  const clock = setInterval(drawSoon, 1000)
  draw()

  return () => {
    clearInterval(clock)
    clearTimeout(silence)
    streamer.off('change', drawSoon)
    stdout.off('resize', draw)
    stdin.off('keypress', typed)
    draw()
    closed = true
    stdin.setRawMode(false)
    stdin.pause()
    screen.close()
  }
}
