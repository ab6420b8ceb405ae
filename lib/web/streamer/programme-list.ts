import { html, nothing, type TemplateResult } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { DeskList } from '../../api/desk.js'
import type { StreamerEntry } from '../../api/streamer.js'
import { PageElement } from '../parts/page-element.js'
import { clockWords } from '../parts/units.js'
import { icons } from './icons.js'

/** What one wants of an entry of the list. */
export type ListWish =
  | { readonly do: 'move'; readonly id: string; readonly before: string | null }
  | { readonly do: 'remove'; readonly id: string }
  | { readonly do: 'jump'; readonly id: string }

/** The list, in its order: dragged into another one, or moved by buttons. It sends `wish` with a {@link ListWish}. */
export class ProgrammeList extends PageElement {
  static override properties = {
    list: { attribute: false },
    running: { type: Boolean },
    dragged: { state: true },
    over: { state: true },
    said: { state: true },
  }
  /** The entries. */
  declare list: DeskList
  /** Whether they are being streamed. */
  declare running: boolean
  declare private dragged: string | undefined
  declare private over: string | null | undefined
  declare private said: string

  constructor() {
    super()
    this.list = []
    this.running = false
    this.said = ''
  }

  protected override render(): TemplateResult {
    return html`<ol class="programme" @dragover=${this.#dragOver} @drop=${this.#drop} @dragend=${this.#end}>
        ${repeat(
          this.list,
          ({ id }) => id,
          (entry, at) => this.#row(entry, at),
        )}
      </ol>
      <p class="visually-hidden" role="status">${this.said}</p>`
  }

  #row(entry: StreamerEntry, at: number): TemplateResult {
    const { list, running, dragged, over } = this
    const { id, title, source, duration, state } = entry
    const isPlaying = state === 'playing'
    const classes = ['row', state, ...(dragged === id ? ['dragged'] : []), ...(dragged !== undefined && over === id ? ['before'] : [])]
    return html`<li
      class=${classes.join(' ')}
      data-id=${id}
      draggable="true"
      aria-current=${isPlaying ? 'true' : nothing}
      @dragstart=${(event: DragEvent) => this.#begin(event, id)}
    >
      <span class="grip" title="Drag to another place">${icons.grip}</span>
      <span class="number">${isPlaying ? icons.play : at + 1}</span>
      <span class="what">
        <span class="title" dir="auto" title=${source}>${title}</span>
        ${note(entry, running)}
      </span>
      <span class="time">${duration === null ? '' : clockWords(duration)}</span>
      <span class="row-buttons">
        ${
          running && !isPlaying
            ? this.#button('play', `Play ${title} now`, () => this.#wish({ do: 'jump', id }, `${title} is next to play`), false)
            : nothing
        }
        ${this.#button('up', `Move ${title} up`, () => this.#move(at, at - 1), at === 0)}
        ${this.#button('down', `Move ${title} down`, () => this.#move(at, at + 1), at === list.length - 1)}
        ${this.#button('close', `Remove ${title}`, () => this.#remove(at), false)}
      </span>
    </li>`
  }

  #button(drawing: keyof typeof icons, label: string, press: () => void, isOff: boolean): TemplateResult {
    // Whoever moves an entry to the end of the list keeps the focus on the button.
    return html`<button
      type="button"
      class="quiet ${drawing}"
      aria-label=${label}
      title=${label}
      aria-disabled=${isOff}
      @click=${() => isOff || press()}
    >
      ${icons[drawing]}
    </button>`
  }

  #wish(wish: ListWish, said: string): void {
    this.said = said
    this.dispatchEvent(new CustomEvent('wish', { detail: wish }))
  }

  #move(from: number, to: number): void {
    const { list } = this
    const entry = list[from]
    if (entry === undefined) return
    const before = list[to > from ? to + 1 : to]?.id ?? null
    this.#wish({ do: 'move', id: entry.id, before }, `${entry.title} is ${to + 1} of ${list.length}`)
  }

  #remove(at: number): void {
    const entry = this.list[at]
    if (entry === undefined) return
    // The focus would be lost with the row.
    const row = this.querySelectorAll<HTMLElement>('.row')[at]
    const neighbour = row?.nextElementSibling ?? row?.previousElementSibling
    neighbour?.querySelector<HTMLElement>('.close')?.focus()
    this.#wish({ do: 'remove', id: entry.id }, `${entry.title} is removed`)
  }

  #begin(event: DragEvent, id: string): void {
    this.dragged = id
    if (event.dataTransfer === null) return
    event.dataTransfer.effectAllowed = 'move'
    event.dataTransfer.setData('text/x-floecast-entry', id)
  }

  // Above the middle of a row is before it, below is before the next one.
  readonly #dragOver = (event: DragEvent): void => {
    if (this.dragged === undefined) return
    event.preventDefault()
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('.row') : null
    if (row === null) {
      this.over = null
      return
    }
    const { top, height } = row.getBoundingClientRect()
    const at = this.list.findIndex(({ id }) => id === row.dataset['id']) + (event.clientY > top + height / 2 ? 1 : 0)
    this.over = this.list[at]?.id ?? null
  }

  readonly #drop = (event: DragEvent): void => {
    const { dragged, over, list } = this
    if (dragged === undefined) return
    event.preventDefault()
    event.stopPropagation()
    const entry = list.find(({ id }) => id === dragged)
    if (over !== undefined && over !== dragged) this.#wish({ do: 'move', id: dragged, before: over }, `${entry?.title} is moved`)
    this.#end()
  }

  readonly #end = (): void => {
    this.dragged = undefined
    this.over = undefined
  }
}
customElements.define('programme-list', ProgrammeList)

// What is done to it, or why it is left out; before that is known, where it comes from.
function note({ state, way, note: words, source, title }: StreamerEntry, running: boolean): TemplateResult {
  if (state === 'skipped')
    return html`<span class="note warn">${words?.startsWith('skipped') === true ? words : `skipped: ${words ?? ''}`}</span>`
  const done = [way === 'copy' ? 'as it is' : way === 'convert' ? 'converted' : '', words ?? ''].filter((one) => one !== '').join(', ')
  const stands = state === 'next' ? 'next' : state === 'played' ? 'played' : ''
  const text = running ? [stands, done].filter((one) => one !== '').join(' · ') : source === title ? '' : source
  return html`<span class="note" dir=${running ? nothing : 'auto'}>${text}</span>`
}
