import { html, type TemplateResult } from 'lit'
import type { MountStatus } from '../../api/status.js'
import './copy.js'
import './qr.js'
import { encodeMount, origin, pageOf } from './start.js'

/** An address of a mount, for one kind of player. */
interface Link {
  /** For whom, in a word or two. */
  readonly label: string
  /** The whole URL. */
  readonly url: string
}

const FORMS: Readonly<Record<string, string>> = {
  mp4: 'MP4',
  webm: 'WebM',
  ts: 'MPEG-TS',
  aac: 'AAC',
  mp3: 'MP3',
  opus: 'Opus',
  ogg: 'Ogg',
}

// The stream itself is of that form already.
const OWN: Readonly<Record<string, string>> = { mp3: 'mp3', adts: 'aac', 'mpeg-ts': 'ts' }

/** Where a mount can be had: the addresses that work now, the most useful first. */
function linksOf({ mount, live, format, forms: { hls, dash, instant } }: MountStatus): Link[] {
  const url = origin + encodeMount(mount)
  const at = (whole: string): string => url + whole.slice(whole.lastIndexOf('.'))
  return [
    { label: 'VLC, mpv', url },
    { label: 'Playlist', url: `${url}.m3u` },
    { label: 'Radio', url: `${url}.pls` },
    ...(live && hls !== null ? [{ label: 'HLS', url: at(hls.url) }] : []),
    ...(live && dash !== null ? [{ label: 'DASH', url: at(dash.url) }] : []),
    ...(live ? instant : [])
      .filter(({ form }) => form !== OWN[format ?? ''])
      .map((form) => ({ label: FORMS[form.form] ?? form.form, url: at(form.url) })),
  ]
}

/** The addresses of a mount, each to be opened or copied. */
export function linkList(mount: MountStatus): TemplateResult {
  return html`<ul class="links">
    ${linksOf(mount).map(
      ({ label, url }) =>
        html`<li>
          <copy-line
            .label=${label}
            .value=${url}
            .shown=${html`${url.slice(location.origin.length)}`}
            .href=${label === 'VLC, mpv' ? `${url}.m3u` : url}
          ></copy-line>
        </li>`,
    )}
  </ul>`
}

/** What another site puts into its pages to show a mount. */
export function embedCode({ mount }: Pick<MountStatus, 'mount'>): { frame: string; element: string } {
  const path = encodeMount(mount)
  return {
    frame: `<iframe src="${origin}/embed${path}" width="640" height="360" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`,
    element: `<script type="module" src="${origin}/assets/player.js"></script>\n<floecast-player mount="${escapeAttribute(mount)}"></floecast-player>`,
  }
}

const escapeAttribute = (text: string): string => text.replace(/[&"<>]/g, (char) => `&#${char.codePointAt(0)};`)

/** How to take a mount along: its page as a QR code, and the code for other sites. */
export function sharing(mount: MountStatus): TemplateResult {
  const { frame, element } = embedCode(mount)
  const page = location.origin + pageOf(mount.mount)
  return html`<div class="share">
    <div class="phone">
      <h3>On a phone</h3>
      <qr-code .value=${page}></qr-code>
      <p class="soft small">Point the camera at it.</p>
    </div>
    <div class="sites">
      <h3>On another site</h3>
      <p class="soft small">As a frame, which works everywhere:</p>
      <copy-line class="block" .value=${frame}></copy-line>
      <p class="soft small">As an element, which fits into the page:</p>
      <copy-line class="block" .value=${element}></copy-line>
    </div>
  </div>`
}
