import { type Container, FILES, parseRendition, type RenditionId } from './rendition.js'

/*
 * Names of files: `<run>-<rendition>[-n<period>]-<kind><number>.<ending>`. Parts have running numbers, so that the next one's name is known whatever
 * segment it will belong to. A name never means anything else than it did the first time.
 */

/** What a file is: an initialization section (numbered by period), a segment (by sequence, or by its time in {@link NAME_TIMESCALE}), or a part. */
export type FileKind = 'init' | 'segment' | 'time' | 'part'

/** Ticks a second of times in names. */
export const NAME_TIMESCALE = 90_000

/** What a file's name says. */
export interface FileName {
  /** See `Presentation.run`. */
  readonly run: string
  /** Whose it is. */
  readonly rendition: RenditionId
  /** What it is. */
  readonly kind: FileKind
  /** Which. */
  readonly number: number
  /** The number of the period that a segment must belong to: DASH players ask for what is past the end of one, and mean nothing of the next. */
  readonly period?: number | undefined
}

const LETTERS: Readonly<Record<FileKind, string>> = { init: 'i', segment: 's', time: 't', part: 'p' }

/** Formats the name of a file. */
export function formatName({ run, rendition, kind, number, period }: FileName, container: Container): string {
  const ending = kind === 'init' && container === 'mp4' ? 'mp4' : FILES[container].ending
  return `${run}-${rendition}${period === undefined ? '' : `-n${period}`}-${LETTERS[kind]}${number}.${ending}`
}

/** Reads the name of a file; `undefined` when it is none. */
export function parseName(name: string): FileName | undefined {
  const match = /^(\w+)-([a-z]+(?:-\d{1,3})?)(?:-n(\d{1,15}))?-([istp])(\d{1,15})\.\w+$/.exec(name)
  if (match === null) return undefined
  const [, run = '', id = '', period, letter, number] = match
  const rendition = parseRendition(id)
  const kind = (['init', 'segment', 'time', 'part'] as const).find((one) => LETTERS[one] === letter)!
  return rendition && { run, rendition, kind, number: Number(number), ...(period !== undefined && { period: Number(period) }) }
}

/** The folder below which a mount's files are, beside the mount itself. */
export function folderOf(mount: string): string {
  return `${mount}.media`
}
