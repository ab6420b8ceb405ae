import type { PlaylistEntry } from '../client/playlist-item.js'
import type { Item } from './item.js'

/** What is to play: an entry of the list from some second on, a still of one, what has taken over, or anything while the next is not ready. */
export type Turn =
  | { readonly kind: 'entry' | 'still'; readonly entry: PlaylistEntry; readonly from: number }
  | { readonly kind: 'over'; readonly name: string; readonly open: () => Promise<Item> }
  | { readonly kind: 'wait' }

/** What a {@link Programme} needs of the streamer that it is of. */
export interface ProgrammeOwner {
  /** Opens an entry, or a still of it. @throws Error with one sentence when that cannot be */
  open(turn: Extract<Turn, { kind: 'entry' | 'still' }>): Promise<Item>
  /** Makes an item of what is shown now, and silence; `undefined` when that cannot be. */
  freeze(): Promise<Item | undefined>
  /** Its first packet goes out. */
  begun(turn: Exclude<Turn, { kind: 'wait' }>, item: Item): void
  /** Something is not as it should be. */
  warn(sentence: string): void
  /** What is played, or how, is another. */
  changed(): void
}

/** What an error says, in one sentence. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The part of such a sentence that stands behind the name of what cannot be played. */
export function reasonOf(error: unknown): string {
  const sentence = sentenceOf(error)
  return /^Cannot (?:play ".*?"|read .*?): (.*)$/s.exec(sentence)?.[1] ?? sentence
}
