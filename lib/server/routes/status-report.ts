import type { MountStatus, StatusReport, TitleStatus, TrackStatus } from '../../api/status.js'
import type { Track } from '../../formats/frame.js'
import { folderOf } from '../../media/names.js'
import { hasPicture } from '../../media/picture.js'
import type { Mount } from '../../mount/mount.js'
import { SERVER, VERSION } from '../../version.js'
import { encodePath, publicOrigin, type Visit } from '../address.js'
import { audienceOf } from '../audience.js'
import { formsOf } from '../forms.js'
import type { MediaContext } from '../media-request.js'

/** What a report is made of. */
export interface ReportContext extends MediaContext {
  /** When the server was made, in milliseconds. */
  readonly started: number
}

/** Makes the answer of `/api/v1/status`, with links that work for the sender of the request. */
export function statusReport(context: ReportContext, visit: Visit, now = Date.now()): StatusReport {
  return statusAt(context, publicOrigin(visit, context.settings), now)
}

/** The same, with links that begin with `origin`. */
export function statusAt(context: ReportContext, origin: string, now = Date.now()): StatusReport {
  return reportOn(context, visibleMounts(context.mounts), origin, now)
}

/** The same of some mounts alone, be they hidden or not. */
export function reportOn(context: ReportContext, mounts: readonly Mount[], origin: string, now = Date.now()): StatusReport {
  const { settings, started } = context
  const visible = mounts.map((mount) => mountStatus(context, mount, origin))
  return {
    server: {
      name: SERVER,
      version: VERSION,
      started: new Date(started).toISOString(),
      uptime: Math.max(0, Math.floor((now - started) / 1000)),
      location: settings.location,
      admin: settings.admin,
      sources: visible.filter(({ live }) => live).length,
      listeners: visible.reduce((sum, { listeners }) => sum + listeners, 0),
    },
    mounts: visible,
  }
}

/** The mounts that everybody may know of, by name. */
export function visibleMounts(mounts: Iterable<Mount>): Mount[] {
  return [...mounts].filter(({ settings }) => !settings.hidden).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Bits a second of a mount's stream: what the source says, else what its tracks add up to. */
function statedBitrate({ info, source }: Mount): number | undefined {
  if (source === undefined) return undefined
  if (info.bitrate !== undefined) return info.bitrate * 1000
  const rates = source.demuxer.tracks.filter(({ kind }) => kind !== 'data').map(({ bitrate }) => bitrate)
  return rates.length === 0 ? undefined : rates.reduce((sum, rate) => (sum === undefined || rate === undefined ? undefined : sum + rate))
}

/** {@link statedBitrate} in whole kilobits, as Icecast and SHOUTcast tell it. */
export function statedKilobits(mount: Mount): number | undefined {
  const bits = statedBitrate(mount)
  return bits === undefined ? undefined : Math.round(bits / 1000)
}

function mountStatus(context: ReportContext, mount: Mount, origin: string): MountStatus {
  const { source, info, settings } = mount
  const { total, protocols, methods } = audienceOf(context, mount)
  const url = origin + encodePath(mount.name)
  const { presentation } = mount.broadcast
  const demuxer = mount.ready ? source?.demuxer : undefined
  return {
    mount: mount.name,
    live: source !== undefined,
    url,
    group: settings.group ?? null,
    name: info.name ?? null,
    description: info.description ?? null,
    genre: info.genre ?? null,
    website: info.url ?? null,
    public: info.public ?? false,
    contentType: demuxer?.contentType ?? null,
    format: demuxer?.format ?? null,
    tracks: demuxer?.tracks.map(trackStatus) ?? [],
    bitrate: statedBitrate(mount) ?? null,
    listeners: total,
    protocols: { ...protocols },
    methods: { ...methods },
    listenerPeak: mount.peak,
    maxListeners: settings.maxListeners ?? null,
    slowListeners: mount.slow,
    bytesReceived: source?.bytesReceived ?? 0,
    bytesSent: mount.bytesSent,
    rate: source === undefined ? 0 : Math.round(mount.rate),
    connected: source === undefined ? null : new Date(source.details.connected).toISOString(),
    ended: mount.silentSince === undefined ? null : new Date(mount.silentSince).toISOString(),
    source: source === undefined ? null : { agent: source.details.agent || null, protocol: source.details.request.method },
    title: titleStatus(mount),
    titles: source === undefined ? [] : mount.titles.map(({ display, time }) => ({ display, time: new Date(time).toISOString() })),
    warnings: source === undefined ? [] : [...mount.warnings],
    forms: formsOf(mount, context.mounts, url),
    picture: presentation !== undefined && hasPicture(presentation) ? `${origin}${encodePath(folderOf(mount.name))}/picture` : null,
    playlists: { m3u: `${url}.m3u`, pls: `${url}.pls`, xspf: `${url}.xspf`, vclt: `${url}.vclt` },
  }
}

/** An elementary stream, with every key that there is. */
export const trackStatus = ({ kind, codec, codecs, width, height, frameRate, sampleRate, channels, bitrate }: Track): TrackStatus => ({
  kind,
  codec,
  codecs: codecs ?? null,
  width: width ?? null,
  height: height ?? null,
  frameRate: frameRate ?? null,
  sampleRate: sampleRate ?? null,
  channels: channels ?? null,
  bitrate: bitrate ?? null,
})

const titleStatus = ({ source, metadata }: Mount): TitleStatus | null => {
  if (source === undefined || (metadata.display === '' && metadata.url === undefined)) return null
  const { display, artist, title, url } = metadata
  return { display, artist: artist ?? null, title: title === '' ? null : title, url: url ?? null }
}
