import { toUSVString } from 'node:util'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

// What stands in two columns: emoji, and what East Asian Width calls W or F.
const WIDE =
  /\p{Emoji_Presentation}|\p{Regional_Indicator}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{18CFF}\u{1AFF0}-\u{1B2FF}\u{20000}-\u{3FFFD}]/u
const EMPTY = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u
const PLAIN = /^[\x20-\x7e]*$/

const graphemeWidth = (grapheme: string): number => (EMPTY.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1)

/** The characters of a text, as people count them. */
export const charactersOf = (text: string): string[] => Array.from(graphemes.segment(text), ({ segment }) => segment)

/** How many columns of a terminal a text takes. @param text one line without control characters */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment)
  return width
}

/** A text for one line of a terminal: without what moves the cursor, changes colours or the direction of writing. */
export const oneLine = (text: string): string =>
  toUSVString(text)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, '')

/** A text cut to some columns, with `…` where it was longer. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  if (columns < 1) return ''
  let kept = ''
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    width += graphemeWidth(segment)
    if (width > columns - 1) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

/** The end of a text, of some columns at most. */
export function cutStart(text: string, columns: number): string {
  let width = widthOf(text)
  if (width <= columns) return text
  const characters = charactersOf(text)
  let from = 0
  while (from < characters.length && width > columns) width -= graphemeWidth(characters[from++]!)
  return characters.slice(from).join('')
}

/** A text cut and filled up to exactly some columns. */
export function fit(text: string, columns: number): string {
  const short = cut(text, columns)
  return short + ' '.repeat(Math.max(0, columns - widthOf(short)))
}

/** A text in as many lines as it needs, broken between words where that is possible. @param columns of a line, 1 or more */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > columns) {
      lines.push(line)
      line = word
    } else line = longer
    if (widthOf(line) > columns) line = cut(line, columns)
  }
  return [...lines, line]
}
