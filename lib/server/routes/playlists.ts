import type { Context, Next } from 'koa'
import { mountPath } from '../../icy/path.js'
import { cleanText } from '../../icy/text.js'
import type { Mount } from '../../mount/mount.js'
import { publicUrl } from '../address.js'
import { audienceOf } from '../audience.js'
import type { ServerContext } from '../context.js'
import { escapeMarkup } from '../../pages/markup.js'
import { allowAll, dress } from './respond.js'
import { statedKilobits } from './status-report.js'
import { visitOf } from './visit.js'

/**
 * Answers `/<mount>.m3u`, `.pls`, `.xspf` and `.vclt` for mounts that are live or stand in the settings. Everything else, and a
 * mount that really has such a name, is somebody else's business.
 */
export async function playlists(context: ServerContext, ctx: Context, next: Next): Promise<void> {
  const match = /^(\/.+)\.(m3u|pls|xspf|vclt)$/.exec(mountPath(ctx.path) ?? '')
  const mount = match === null || context.mounts.get(match[0]) !== undefined ? undefined : context.mounts.get(match[1]!)
  const ending = match?.[2] ?? ''
  if ((ctx.method !== 'GET' && ctx.method !== 'HEAD') || mount === undefined || !isPlaylistEnding(ending)) {
    await next()
    return
  }
  dress(ctx)
  allowAll(ctx)
  givePlaylist(context, ctx, mount, ending)
}

/** The endings of playlists that lead to a mount. */
export type PlaylistEnding = 'm3u' | 'pls' | 'xspf' | 'vclt'

/** Answers with a playlist that leads to a mount, by the address that was asked. */
export function givePlaylist(context: ServerContext, ctx: Context, mount: Mount, ending: PlaylistEnding): void {
  const kind = KINDS[ending]
  ctx.set('Content-Type', kind.type)
  ctx.body = kind.write(mount, publicUrl(visitOf(ctx), context.settings, mount.name), context)
}

// XSPF (xspf.org/spec), in the words of Icecast.
const writeXspf = (mount: Mount, url: string, context: ServerContext): string => {
  const { info, metadata, source } = mount
  const live = source !== undefined
  const creator = live && metadata.artist !== undefined ? `\n      <creator>${escapeMarkup(metadata.artist)}</creator>` : ''
  const title = !live ? '' : metadata.artist === undefined ? metadata.display : metadata.title
  const bitrate = statedKilobits(mount)
  const annotation = [
    `Stream Title: ${nameOf(mount)}`,
    `Stream Description: ${descriptionOf(mount)}`,
    ...(live ? [`Content Type:${mount.contentType}`] : []),
    ...(bitrate === undefined ? [] : [`Bitrate: ${bitrate}`]),
    `Current Listeners: ${audienceOf(context, mount).total}`,
    `Peak Listeners: ${mount.peak}`,
    `Stream Genre: ${genreOf(mount)}`,
  ]
  const site = info.url
  return `<?xml version="1.0" encoding="UTF-8"?>
<playlist xmlns="http://xspf.org/ns/0/" version="1">
  <title>${escapeMarkup(nameOf(mount))}</title>
  <trackList>
    <track>
      <location>${escapeMarkup(url)}</location>${creator}
      <title>${escapeMarkup(title)}</title>
      <annotation>${escapeMarkup(annotation.join('\n'))}</annotation>${site === undefined ? '' : `\n      <info>${escapeMarkup(site)}</info>`}
    </track>
  </trackList>
</playlist>
`
}

// Lines of NAME=value, ended by ==: what Icecast makes for CELT and Vorbis players.
const writeVclt = (mount: Mount, url: string): string => {
  const { metadata, source } = mount
  const fields: [string, string][] = [['STREAMURL', url]]
  if (source !== undefined && metadata.artist !== undefined) fields.push(['ARTIST', metadata.artist])
  if (source !== undefined) fields.push(['TITLE', metadata.artist === undefined ? metadata.display : metadata.title])
  const codecs = source?.demuxer.format === 'ogg' ? source.demuxer.tracks.map(({ codec }) => `codec:ogg_${codec.toLowerCase()}`) : []
  fields.push(
    ['SERVER_NAME', nameOf(mount)],
    ['DESCRIPTION', descriptionOf(mount)],
    ['SIGNALINFO', codecs.join(' ')],
    ['GENRE', genreOf(mount)],
  )
  return `${fields.map(([name, value]) => `${name}=${cleanText(value)}\n`).join('')}==\n`
}

const writePls = (mount: Mount, url: string): string =>
  `[playlist]\r\nNumberOfEntries=1\r\nFile1=${url}\r\nTitle1=${cleanText(nameOf(mount))}\r\nLength1=-1\r\nVersion=2\r\n`

interface Kind {
  readonly type: string
  readonly write: (mount: Mount, url: string, context: ServerContext) => string
}

const KINDS: Readonly<Record<PlaylistEnding, Kind>> = {
  m3u: { type: 'audio/x-mpegurl', write: (_, url) => `${url}\r\n` },
  pls: { type: 'audio/x-scpls', write: writePls },
  xspf: { type: 'application/xspf+xml; charset=utf-8', write: writeXspf },
  vclt: { type: 'audio/x-vclt; charset=utf-8', write: writeVclt },
}

const isPlaylistEnding = (text: string): text is PlaylistEnding => Object.hasOwn(KINDS, text)

const nameOf = ({ info, name }: Mount): string => info.name ?? name
const descriptionOf = ({ info }: Mount): string => info.description ?? 'Unspecified description'
const genreOf = ({ info }: Mount): string => info.genre ?? 'various'
