import { createHash } from 'node:crypto'
import type { Router } from '@koa/router'
import { describeBitrate, describeTrack, FORMATS } from '../../formats/describe.js'
import type { FormatName } from '../../formats/frame.js'
import type { Form } from '../../mount/instant.js'
import { encodePath, publicOrigin, publicPrefix } from '../address.js'
import type { ServerContext } from '../context.js'
import type { FormStatus, MountStatus, StatusReport, TrackStatus } from '../../api/status.js'
import { playableForm } from '../forms.js'
import { goLive } from './go-live.js'
import { STYLE } from './index-style.js'
import { escapeMarkup as escape } from './markup.js'
import { statusReport } from './status-report.js'
import { visitOf } from './visit.js'

// The page runs no script at all, and takes nothing from elsewhere: text from a source can do no harm here even if it got through.
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "media-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ')

/** Adds the page at `/`: what is on the air, to be played right there, and how to go on the air while nothing is. */
export function indexPage(router: Router, context: ServerContext): void {
  router.get('/', (ctx) => {
    const visit = visitOf(ctx)
    const report = statusReport(context, visit)
    ctx.set('Content-Security-Policy', POLICY)
    ctx.set('Referrer-Policy', 'same-origin')
    ctx.set('Content-Type', 'text/html; charset=utf-8')
    ctx.body = renderPage(report, publicOrigin(visit, context.settings), publicPrefix(visit, context.settings))
  })
}

/**
 * Makes the page.
 * @param origin scheme, host and prefix, for what is copied to other programs
 * @param prefix the path before `/live` in links of the page itself
 */
export function renderPage(report: StatusReport, origin: string, prefix: string): string {
  const { server, mounts } = report
  const live = mounts.filter((mount) => mount.live)
  const off = mounts.filter((mount) => !mount.live)
  const body =
    live.length === 0
      ? `<section class="empty">${FLOE}<h1>Nothing is on the air yet</h1><p class="soft">Send a stream to this server, and it plays here.</p></section>${goLive(origin)}`
      : `<ul class="cards">${live.map((mount) => card(mount, prefix)).join('')}</ul>`
  const rest = live.length === 0 ? '' : `<details><summary>Go on the air, too</summary>${goLive(origin)}</details>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${live.length === 0 ? 'floecast' : `${live.length} live · floecast`}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<style>${STYLE}</style>
</head>
<body>
<div class="page">
<header><div class="brand">${FLOE}floecast</div>${live.length === 0 ? '' : `<div class="count"><span><span class="live"><span class="dot"></span>${live.length} live</span></span><span>${plural(server.listeners, 'listener')}</span></div>`}</header>
<main>${body}${offAir(off)}${rest}</main>
<footer><span>floecast ${escape(server.version)}</span><span>${escape(server.location)}</span><a href="${escape(prefix)}/api/v1/status">Status as JSON</a><a href="${escape(prefix)}/status-json.xsl">as Icecast has it</a></footer>
</div>
</body>
</html>
`
}

function card(mount: MountStatus, prefix: string): string {
  const path = escape(prefix + encodePath(mount.mount))
  const video = mount.tracks.some(({ kind }) => kind === 'video')
  const about = [mount.description, mount.genre].filter((text) => text !== null && text !== '').join(' · ')
  const player = playerPath(mount, path, video)
  const site = mount.website !== null && /^https?:\/\//i.test(mount.website) ? mount.website : undefined
  return `<li class="card">${stage(mount, path, video, player)}
<div class="text">
<div class="meta"><span><span class="live"><span class="dot"></span>Live</span> ${since(mount.connected)}</span><span>${plural(mount.listeners, video ? 'viewer' : 'listener')}</span></div>
<h2 class="name" dir="auto">${escape(mount.name ?? mount.mount)}</h2>
${mount.title === null || mount.title.display === '' ? '' : `<p class="now" dir="auto">${escape(mount.title.display)}</p>`}
${about === '' ? '' : `<p class="small about" dir="auto">${escape(about)}</p>`}
${!video && player !== undefined ? `<audio controls preload="none" src="${player}"></audio>` : ''}
${chips(mount)}
<div class="links"><a href="${path}.m3u">Open in VLC (.m3u)</a><a href="${path}.pls">.pls</a><a href="${path}">${escape(mount.mount)}</a>${site === undefined ? '' : `<a href="${escape(site)}" rel="noopener noreferrer nofollow ugc">Web site</a>`}</div>
${formLinks(mount, path, video)}
</div></li>`
}

// What a browser can play of it: as it comes, or in another form; undefined where there is no way.
function playerPath({ format, tracks, forms }: MountStatus, path: string, video: boolean): string | undefined {
  if (isPlayable(format, tracks)) return path
  const form = playableForm(forms, video)
  return form && path + endingOf(form.url)
}

// Browsers and televisions take the stream in other forms, too; of a codec of old, they may have no more than the sound.
function formLinks({ format, forms: { hls, dash, instant } }: MountStatus, path: string, video: boolean): string {
  const others = instant.filter(({ form }) => OWN.get(format!) !== form)
  const links: (readonly [form: FormStatus, name: string])[] = [
    ...(hls === null ? [] : [[hls, hls.lowLatency ? 'HLS, low latency' : 'HLS'] as const]),
    ...(dash === null ? [] : [[dash, 'DASH'] as const]),
    ...others.map((form) => [form, FORM_NAMES[form.form]] as const),
  ]
  if (links.length === 0) return ''
  const whole = links.filter(([form]) => !video || hasPictures(form))
  const sound = links.filter((link) => !whole.includes(link))
  const line = (label: string, some: typeof links): string =>
    some.length === 0
      ? ''
      : `<div class="links forms"><span>${label}</span>${some.map(([{ url, type }, name]) => `<a href="${path}${endingOf(url)}" type="${type}">${name}</a>`).join('')}</div>`
  return line('Also as', whole) + line('Sound alone', sound)
}

const hasPictures = ({ media }: FormStatus): boolean => media.some((type) => type.startsWith('video/'))

// Links of the page go below the prefix that the visitor sees, whatever host stands in whole URLs.
const endingOf = (url: string): string => url.slice(url.lastIndexOf('.'))

// The stream as it comes is linked already.
const OWN: ReadonlyMap<FormatName, Form> = new Map([
  ['mp3', 'mp3'],
  ['adts', 'aac'],
  ['mpeg-ts', 'ts'],
])

const FORM_NAMES: Readonly<Record<Form, string>> = {
  mp4: 'MP4',
  webm: 'WebM',
  ts: 'MPEG-TS',
  aac: 'AAC',
  mp3: 'MP3',
  opus: 'Opus',
  ogg: 'Ogg',
}

function stage(mount: MountStatus, path: string, video: boolean, player: string | undefined): string {
  if (mount.format === null)
    return `<div class="stage apart"><span>The stream is about to begin. Load this page again in a moment.</span></div>`
  if (player === undefined)
    return `<div class="stage apart"><a class="button" href="${path}.m3u">Open in VLC</a><span>Browsers do not play ${escape(unplayed(mount))} by themselves.</span></div>`
  if (video) return `<div class="stage"><video controls preload="none" playsinline src="${player}"></video></div>`
  return `<div class="stage sound">${WAVE}</div>`
}

// What Chromium, Firefox and WebKit all play as one endless answer; they have given up Theora, and never had MPEG-TS and FLV.
function isPlayable(format: FormatName | null, tracks: readonly TrackStatus[]): boolean {
  if (format === null || format === 'mpeg-ts' || format === 'flv' || format === 'raw') return false
  return !tracks.some(({ codec }) => codec === 'Theora')
}

const unplayed = ({ format, tracks }: MountStatus): string =>
  tracks.some(({ codec }) => codec === 'Theora') ? 'Theora' : format === null || format === 'raw' ? 'this format' : FORMATS[format]

function chips({ tracks, bitrate, rate, format }: MountStatus): string {
  const words = tracks.filter(({ kind }) => kind !== 'data').map(describeTrack)
  const bits = bitrate ?? rate * 8
  if (bits > 0) words.push(describeBitrate(bits))
  if (format !== null && !BARE.has(format)) words.push(FORMATS[format])
  return words.length === 0 ? '' : `<ul class="chips">${words.map((word) => `<li>${escape(word)}</li>`).join('')}</ul>`
}

// Formats that say no more than the codec in them, or nothing at all.
const BARE: ReadonlySet<FormatName> = new Set(['mp3', 'adts', 'flac', 'raw'])

const offAir = (mounts: readonly MountStatus[]): string =>
  mounts.length === 0
    ? ''
    : `<section class="off"><h2 class="small">Off the air</h2><ul>${mounts.map(({ name, mount }) => `<li dir="auto" class="soft">${escape(name ?? mount)}</li>`).join('')}</ul></section>`

const since = (connected: string | null): string => {
  if (connected === null) return ''
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(connected)) / 60_000))
  const hours = Math.floor(minutes / 60)
  const text =
    minutes < 1
      ? 'just now'
      : hours < 1
        ? `${minutes} min`
        : hours < 48
          ? `${hours} h ${minutes % 60} min`
          : `${Math.floor(hours / 24)} d ${hours % 24} h`
  return `<time datetime="${connected}" title="since ${connected}">${text}</time>`
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

const BARS =
  '<rect x="8" y="5" width="18" height="6" rx="3"/><rect x="2" y="13" width="22" height="6" rx="3" opacity=".75"/><rect x="7" y="21" width="20" height="6" rx="3" opacity=".5"/>'
const FLOE = `<svg viewBox="0 0 32 32" fill="currentColor" aria-hidden="true">${BARS}</svg>`
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="#0a7ea4">${BARS}</svg>`

// A still picture of sound, where a video would be.
const WAVE = `<svg viewBox="0 0 240 56" fill="currentColor" aria-hidden="true" preserveAspectRatio="xMidYMid meet">${Array.from(
  { length: 40 },
  (_, i) => {
    const height = Math.round(6 + 46 * Math.abs(Math.sin(i * 0.55) * Math.cos(i * 0.21)))
    return `<rect x="${i * 6 + 1}" y="${28 - height / 2}" width="3" height="${height}" rx="1.5" opacity="${i % 3 === 0 ? 0.9 : 0.6}"/>`
  },
).join('')}</svg>`
