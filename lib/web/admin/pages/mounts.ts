import { html, nothing, type TemplateResult } from 'lit'
import { customElement } from 'lit/decorators.js'
import { Live } from '../live.js'
import { type MountRow, readMountRows } from '../mount-rows.js'
import { openDialog, type Opened } from '../parts/dialog.js'
import { PageElement } from '../parts/element.js'
import { empty, loaded } from '../parts/empty.js'
import { icon } from '../parts/icon.js'
import { Resource } from '../parts/resource.js'
import type { Column } from '../parts/table.js'
import { session } from '../session.js'
import { bitRate, count } from '../units.js'
import '../parts/table.js'

const COLUMNS: readonly Column<MountRow>[] = [
  {
    label: 'Mount',
    phone: 'title',
    width: 'minmax(0, 2fr)',
    sort: ({ mount }) => mount,
    cell: ({ mount, name, title }) =>
      html`<a href="#/mounts/${encodeURIComponent(mount)}"><bdi>${mount}</bdi></a> <bdi class="soft">${title ?? name ?? ''}</bdi>`,
  },
  {
    label: 'State',
    phone: 'action',
    width: '100px',
    sort: ({ live }) => Number(live),
    cell: ({ live, pattern }) =>
      live
        ? html`<span class="live"><span class="dot"></span>Live</span>`
        : html`<span class="soft">${pattern ? 'Pattern' : 'Off the air'}</span>`,
  },
  {
    label: 'Health',
    width: 'minmax(0, 2fr)',
    sort: ({ health }) => health.state,
    cell: ({ health, pattern }) =>
      pattern
        ? html`<span class="soft">For all that begin so</span>`
        : html`<span class=${health.state} title=${health.words}>${health.words}</span>`,
  },
  {
    label: 'Bit rate',
    numeric: true,
    width: '110px',
    sort: ({ source }) => source?.rate ?? null,
    cell: ({ source }) =>
      source === undefined ? '' : html`<span title="${count(source.rate * 8)} bit/s">${bitRate(source.rate * 8)}</span>`,
  },
  {
    label: 'Viewers',
    phone: 'hide',
    numeric: true,
    width: '90px',
    sort: ({ viewers }) => viewers,
    cell: ({ viewers, live }) => (live ? (viewers ?? '') : ''),
  },
  {
    label: 'Seen',
    width: '90px',
    phone: 'hide',
    sort: ({ entry }) => Number(entry?.settings.hidden ?? false),
    cell: ({ entry }) => (entry?.settings.hidden === true ? html`<span class="soft">Hidden</span>` : 'Public'),
  },
]

/** All mounts. */
@customElement('floe-mounts')
export class FloeMounts extends PageElement {
  readonly #rows = new Resource(this, readMountRows, 10_000)

  constructor() {
    super()
    void new Live(this, { sources: () => void this.#rows.reload() })
  }

  protected override render(): unknown {
    return html`<header class="page-head">
        <h1>Mounts</h1>
        ${session.isAdmin ? html`<button class="primary" @click=${() => void createMount()}>${icon('add')} New mount</button>` : nothing}
      </header>
      <p class="soft lead">
        A mount is an address that a source sends to and viewers open, such as <code>/live</code>. Sources may use any name; a mount made
        here has settings of its own.
      </p>
      ${loaded(
        this.#rows,
        (rows) =>
          html`<div class="card flush">
            <floe-table
              label="Mounts"
              .rows=${rows}
              .columns=${COLUMNS}
              .key=${({ mount }: MountRow) => mount}
              .none=${empty('mounts', 'No mounts yet', 'They appear as soon as a source connects, or when you make one.')}
            ></floe-table>
          </div>`,
      )}`
  }
}

const newMountBody = (): TemplateResult =>
  html`<label class="stack"
      >Path
      <input name="mount" placeholder="/live" spellcheck="false" autocapitalize="off" aria-describedby="new-mount-help" />
    </label>
    <p class="soft small" id="new-mount-help">Begins with /. One that ends in * holds for all mounts that begin so, such as /studio/*.</p>`

async function createMount(): Promise<void> {
  let mount = ''
  const done = await openDialog({
    heading: 'New mount',
    submit: 'Go on to its settings',
    body: newMountBody,
    onSubmit: (dialog: Opened) => {
      const written = dialog.text('mount')
      mount = written.startsWith('/') ? written : `/${written}`
    },
  })
  // It is made with the first setting that is saved: until then nothing has changed.
  if (done && mount.length > 1) location.hash = `#/mounts/${encodeURIComponent(mount)}`
}
