import type { PageStart } from '../../api/pages.js'
import type { MountStatus, StatusReport } from '../../api/status.js'
import { describeBitrate, describeTrack } from '../../formats/describe.js'
import { encodePath } from '../address.js'
import { playableForm } from '../forms.js'
import { escapeMarkup as escape } from '../../pages/markup.js'

/*
 * Pages as they stand before their script has run, and for those who run none: the same words in the same places, so that nothing moves when
 * the script takes over. Style sheets are those of lib/web.
 */

/** The status page: mounts with links, or how to go live. */
export function plainStatus({ server, mounts }: StatusReport, origin: string, prefix: string): string {
  const live = mounts.filter((mount) => mount.live)
  const others = mounts.filter((mount) => !mount.live)
  const sorted = [...live, ...others]
  const count =
    live.length === 0 ? '' : `<p class="summary">${LIVE}<strong>${live.length} live</strong><span>${viewers(server.listeners)}</span></p>`
  const list =
    sorted.length === 0
      ? ''
      : `<ul class="cards${live.length > 0 && sorted.length < 3 ? ` n${sorted.length}` : ''}${sorted.length > 12 ? ' many' : ''}">${sorted.map((mount) => card(mount, prefix)).join('')}</ul>`
  return page(
    prefix,
    `<div class="bar">${count}</div>${live.length === 0 ? goLive(origin) : ''}${live.length === 0 && sorted.length > 0 ? '<h2 class="rest">Off the air</h2>' : ''}${list}`,
  )
}

/** The page of a mount: its player's place, its name, what plays, and links. */
export function plainMount({ report, mount: path }: PageStart, prefix: string): string {
  const [mount] = report.mounts
  const name = escape(mount?.name ?? path ?? '')
  const title = escape(mount?.title?.display ?? '')
  const player = mount?.live === true ? `<noscript>${element(mount, prefix)}</noscript>` : '<p>This is not on the air.</p>'
  const links = mount === undefined ? '' : `<noscript>${linksOf(mount, prefix)}</noscript>`
  return page(
    prefix,
    `<div class="screen">${player}</div><div class="beside"><div class="about-mount"><h1 dir="auto">${name}</h1><p class="now" dir="auto">${title}</p>${links}</div></div>`,
  )
}

/** What stands where nothing is. */
export function plainMessage(prefix: string): string {
  return page(
    prefix,
    `<div class="message"><h1>There is nothing here</h1><p class="soft">No stream and no page has this address. It may have been mistyped, or the stream has another name now.</p><p><a class="button" href="${escape(prefix)}/">See what is on the air</a></p></div>`,
  )
}

const page = (prefix: string, main: string): string =>
  `<header class="top"><a class="brand" href="${escape(prefix)}/">${FLOE}<span>floecast</span></a><nav><a href="${escape(prefix)}/admin/">Admin</a></nav></header><main>${main}</main>`

function card(mount: MountStatus, prefix: string): string {
  const { name, live, title, tracks, bitrate, rate } = mount
  const path = escape(prefix + encodePath(mount.mount))
  const words = tracks.filter(({ kind }) => kind !== 'data').map(describeTrack)
  const bits = bitrate ?? rate * 8
  if (bits > 0) words.push(describeBitrate(bits))
  return `<li class="card${live ? '' : ' off'}"><div class="stage"></div><div class="body"><h2 class="name" dir="auto"><a href="${path}">${escape(name ?? mount.mount)}</a></h2><p class="about" dir="auto">${escape(aboutOf(mount))}</p><p class="now" dir="auto">${escape(title?.display ?? '')}</p><p class="before"></p><p class="facts">${escape(words.join(' · '))}</p><div class="foot"><noscript>${live ? linksOf(mount, prefix) : 'Off the air'}</noscript></div></div></li>`
}

// What a browser plays without a script.
function element(mount: MountStatus, prefix: string): string {
  const hasPictures = mount.tracks.some(({ kind }) => kind === 'video')
  const form = playableForm(mount.forms, hasPictures)
  const source = escape(prefix + encodePath(mount.mount) + (form === undefined ? '' : endingOf(form.url)))
  return hasPictures
    ? `<video controls playsinline preload="none" src="${source}"></video>`
    : `<audio controls preload="none" src="${source}"></audio>`
}

function linksOf({ mount, forms: { hls, dash, instant } }: MountStatus, prefix: string): string {
  const path = escape(prefix + encodePath(mount))
  const links = [
    ['.m3u', 'Open in VLC'],
    ['.pls', 'Radio (.pls)'],
    ...(hls === null ? [] : [[endingOf(hls.url), 'HLS']]),
    ...(dash === null ? [] : [[endingOf(dash.url), 'DASH']]),
    ...instant.map(({ form, url }) => [endingOf(url), form]),
  ]
  return links.map(([ending, name]) => `<a href="${path}${ending}">${name}</a>`).join(' ')
}

// Links of the page go below the prefix that the visitor sees, whatever host stands in whole URLs.
const endingOf = (url: string): string => url.slice(url.lastIndexOf('.'))

const aboutOf = ({ genre, description }: MountStatus): string => [genre, description].filter(Boolean).join(' · ')

const viewers = (count: number): string => `${count} viewer${count === 1 ? '' : 's'}`

// The password stands there as PASSWORD: it is never shown.
function goLive(origin: string): string {
  const place = escape(origin.replace(/^\w+:\/\//, ''))
  const tls = origin.startsWith('https:') ? '-tls 1 ' : ''
  return `<section class="empty"><h1>Nothing is on the air yet</h1><p class="soft">Send a stream to this server, and it plays here by itself.</p><noscript><pre><code>ffmpeg -re -i video.mp4 -c:v libx264 -pix_fmt yuv420p -g 50 -c:a aac ${tls}-content_type video/mp2t -f mpegts icecast://source:PASSWORD@${place}/live</code></pre></noscript></section>`
}

const LIVE = '<span class="dot"></span>'
const FLOE =
  '<svg class="floe" viewBox="0 0 32 32" fill="currentColor" aria-hidden="true"><rect x="8" y="5" width="18" height="6" rx="3"/><rect x="2" y="13" width="22" height="6" rx="3" opacity=".75"/><rect x="7" y="21" width="20" height="6" rx="3" opacity=".5"/></svg>'
