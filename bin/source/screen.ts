import { stripVTControlCharacters } from 'node:util'
import { widthOf } from './width.js'

/** A terminal to draw on. */
export interface Terminal {
  /** Takes text and control sequences. */
  write(text: string): unknown
  /** Its width; undefined where it does not say. */
  readonly columns?: number | undefined
  /** Its height; undefined where it does not say. */
  readonly rows?: number | undefined
}

const ESC = '\u001b['
const HIDE = `${ESC}?25l`
const SHOW = `${ESC}?25h`
// Terminals that know it show what is between the two at once; others pass over it.
const BEGIN = `${ESC}?2026h`
const END = `${ESC}?2026l`
// What is too wide, because a terminal draws a character wider than it should be, is cut rather than wrapped.
const NO_WRAP = `${ESC}?7l`
const WRAP = `${ESC}?7h`

/**
 * Lines at the cursor of a terminal that are drawn again and again in one place. Only lines that have changed are written, in one
 * piece, so nothing flickers; what stands above stays.
 */
export class Screen {
  readonly #terminal: Terminal
  #lines: readonly string[] = []
  #columns = 0
  #open = false

  /** @param terminal to draw on; nothing is written until the first drawing */
  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Its width now, in columns. */
  get columns(): number {
    return Math.max(12, this.#terminal.columns ?? 80)
  }

  /** Its height now, in lines. */
  get rows(): number {
    return Math.max(4, this.#terminal.rows ?? 24)
  }

  /** Draws lines in place of those before. @param lines none wider than `columns - 1` */
  draw(lines: readonly string[]): void {
    const { columns } = this
    const before = this.#lines
    const same = columns === this.#columns
    if (same && lines.length === before.length && lines.every((line, at) => line === before[at])) return
    let text = ''
    if (same || before.length === 0) {
      if (before.length > 0) text += `${ESC}${before.length}A`
      for (const [at, line] of lines.entries()) text += line === before[at] ? '\n' : `\r${line}${ESC}K\n`
      if (before.length > lines.length) text += `${ESC}J`
    } else {
      // A terminal that has become narrower has broken the lines before into more.
      const tall = before.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(stripVTControlCharacters(line)) / columns)), 0)
      text += `${ESC}${Math.min(tall, this.rows - 1)}A\r${ESC}J${lines.map((line) => `${line}\n`).join('')}`
    }
    this.#lines = lines
    this.#columns = columns
    this.#open = true
    this.#terminal.write(`${BEGIN}${HIDE}${NO_WRAP}${text}${WRAP}${END}`)
  }

  /** Leaves what is drawn where it stands, and gives the cursor back. Harmless when that has happened. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#lines = []
    this.#terminal.write(`${WRAP}${SHOW}`)
  }
}
