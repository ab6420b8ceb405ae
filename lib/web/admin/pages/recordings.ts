import { html, nothing, type TemplateResult } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { RecordingFile } from '../../../api/index.js'
import { act } from '../change.js'
import { ask, openDialog } from '../parts/dialog.js'
import { PageElement } from '../parts/element.js'
import { empty, loaded } from '../parts/empty.js'
import { icon } from '../parts/icon.js'
import { showMoment } from '../parts/moment.js'
import { Resource } from '../parts/resource.js'
import type { Column } from '../parts/table.js'
import { api, session } from '../session.js'
import { byteSize, count, playingTime, plural } from '../units.js'
import '../parts/table.js'

const SOUND = /\.(mp3|aac|m4a|ogg|oga|opus|flac|wav)$/i

/** What has been recorded. */
@customElement('floe-recordings')
export class FloeRecordings extends PageElement {
  readonly #recordings = new Resource(this, async () => (await api.call('listRecordings')).recordings, 10_000)

  protected override render(): unknown {
    const { value = [] } = this.#recordings
    const size = value.reduce((sum, recording) => sum + recording.size, 0)
    return html`<header class="page-head">
        <h1>Recordings</h1>
        ${value.length === 0 ? nothing : html`<span class="soft">${plural(value.length, 'file')}, ${byteSize(size)}</span>`}
      </header>
      ${loaded(
        this.#recordings,
        (recordings) =>
          html`<div class="card flush">
            <floe-table
              label="Recordings"
              order="-Begun"
              .rows=${recordings}
              .columns=${COLUMNS}
              .key=${({ name }: RecordingFile) => name}
              .none=${empty(
                'recordings',
                'Nothing has been recorded',
                html`To record a mount, open it under <a href="#/mounts">Mounts</a> and set <em>Record to</em>.`,
              )}
            ></floe-table>
          </div>`,
      )}`
  }
}

const COLUMNS: readonly Column<RecordingFile>[] = [
  {
    label: 'File',
    phone: 'title',
    width: 'minmax(0, 2fr)',
    sort: ({ name }) => name,
    cell: (one) => html`<button class="link" title=${one.name} @click=${() => play(one)}>${icon('play')}<bdi>${one.name}</bdi></button>`,
  },
  { label: 'Mount', width: 'minmax(0, 1fr)', sort: ({ mount }) => mount, cell: ({ mount }) => html`<bdi>${mount ?? '—'}</bdi>` },
  { label: 'Begun', width: '150px', sort: ({ begun }) => begun, cell: ({ begun }) => showMoment(begun) },
  {
    label: 'Length',
    numeric: true,
    width: '96px',
    sort: ({ seconds }) => seconds,
    cell: ({ seconds, open }) =>
      open ? html`<span class="live"><span class="dot"></span>Now</span>` : seconds === null ? '—' : playingTime(seconds),
  },
  {
    label: 'Size',
    numeric: true,
    width: '96px',
    sort: ({ size }) => size,
    cell: ({ size }) => html`<span title="${count(size)} bytes">${byteSize(size)}</span>`,
  },
  {
    label: '',
    phone: 'action',
    width: '170px',
    cell: (one) =>
      html`<span class="row-actions">
        <a class="button quiet" download href=${address(one, true)} aria-label="Download ${one.name}">Download</a>
        ${
          !one.open && session.manages(one.mount ?? '')
            ? html`<button class="quiet danger-text" aria-label="Delete ${one.name}" @click=${() => void remove(one)}>Delete</button>`
            : nothing
        }
      </span>`,
  },
]

const address = ({ name }: RecordingFile, download = false): string =>
  api.url('getRecording', { params: { name }, ...(download ? { query: { download: '1' } } : {}) })

function play(recording: RecordingFile): void {
  const source = address(recording)
  let failed = false
  void openDialog({
    heading: recording.name,
    wide: true,
    body: (dialog): TemplateResult => {
      const fail = (): void => {
        failed = true
        dialog.refresh()
      }
      return html`${
          SOUND.test(recording.name)
            ? html`<audio controls autoplay src=${source} @error=${fail}></audio>`
            : html`<video controls autoplay playsinline src=${source} @error=${fail}></video>`
        }
        ${failed ? html`<p class="problem" role="alert">This browser cannot play such a file. Download it and open it in VLC.</p>` : nothing}
        <p class="actions">
          <a class="button" download href=${address(recording, true)}>${icon('download')} Download (${byteSize(recording.size)})</a>
        </p>`
    },
  })
}

async function remove({ name, size }: RecordingFile): Promise<void> {
  if (!(await ask('Delete the recording?', [`${name} (${byteSize(size)}) is deleted from the disk. This cannot be undone.`], 'Delete')))
    return
  await act(() => api.call('removeRecording', { params: { name } }), `${name} is deleted.`)
}
