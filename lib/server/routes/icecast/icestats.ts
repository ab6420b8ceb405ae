import { hostname } from 'node:os'
import type { Track } from '../../../formats/frame.js'
import type { Mount } from '../../../mount/mount.js'
import { SERVER } from '../../../version.js'
import { encodePath, publicOrigin, type Visit } from '../../address.js'
import { audienceOf } from '../../audience.js'
import { type ReportContext, statedKilobits, visibleMounts } from '../status-report.js'

/** What Icecast tells of a server or a source, by the names that it has there, in alphabetical order: there are readers that count on it. */
export type Fields = Readonly<Record<string, string | number>>

/**
 * Makes the answer of `/status-json.xsl` in the shape of Icecast 2.4.4: no `source` without one, an object for one, a list for
 * more; `dummy` at the end. Unlike there, text stays text (a title `1999` is no number) and is UTF-8 without entities.
 * @param only the mount asked for; without it, all that are live and not hidden
 */
export function icestats(context: ReportContext, visit: Visit, only: string | undefined): { icestats: object } {
  const { settings, mounts } = context
  const origin = publicOrigin(visit, settings)
  const sources = visibleMounts(mounts)
    .filter(({ name, source }) => source !== undefined && (only === undefined || name === only))
    .map((mount) => ({ ...sourceFields(context, mount, origin), dummy: null }))
  return {
    icestats: {
      ...serverFields(context),
      ...(sources.length === 0 ? { dummy: null } : { source: sources.length === 1 ? sources[0] : sources }),
    },
  }
}

/** What everybody may know of the server. */
export const serverFields = ({ settings, started }: Pick<ReportContext, 'settings' | 'started'>): Fields => ({
  admin: settings.admin,
  host: settings.hostname ?? hostname(),
  location: settings.location,
  server_id: SERVER,
  server_start: rfcDate(started),
  server_start_iso8601: isoDate(started),
})

/**
 * What everybody may know of a mount that is live.
 * @param origin scheme, host and prefix of its address
 */
export function sourceFields(context: Pick<ReportContext, 'viewers' | 'clock'>, mount: Mount, origin: string): Fields {
  // Whoever reads this wants to know how many hear and see it, not by what protocol.
  const { total } = audienceOf(context, mount)
  const { info, metadata, source } = mount
  const connected = source?.details.connected ?? 0
  // An ICY stream has one line of title; elsewhere artist and title stand apart where the source tells them apart.
  const apart = !mount.icy && metadata.artist !== undefined
  return sorted({
    ...(isPlain(mount) ? plainFields(mount) : trackFields(mount)),
    artist: apart ? metadata.artist : undefined,
    audio_info: info.audioInfo,
    genre: info.genre ?? 'various',
    listener_peak: mount.peak,
    listeners: total,
    listenurl: origin + encodePath(mount.name),
    server_description: info.description ?? 'Unspecified description',
    server_name: info.name ?? 'Unspecified name',
    server_type: mount.contentType,
    server_url: info.url,
    stream_start: rfcDate(connected),
    stream_start_iso8601: isoDate(connected),
    title: (apart ? metadata.title : metadata.display) || undefined,
  })
}

/** Leaves out what is not known, and puts the rest in order. */
export function sorted(fields: Readonly<Record<string, string | number | undefined>>): Fields {
  const known = Object.entries(fields).filter((field): field is [string, string | number] => field[1] !== undefined)
  return Object.fromEntries(known.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const isPlain = ({ icy, source }: Mount): boolean => icy || source?.demuxer.format === 'raw'

// MP3, AAC, and what nobody knows: what the source announces, else what the frames tell.
function plainFields(mount: Mount): Record<string, number | undefined> {
  const { info, source } = mount
  const audio = trackOf(source?.demuxer.tracks, 'audio')
  return {
    bitrate: statedKilobits(mount),
    channels: info.channels ?? audio?.channels,
    samplerate: info.sampleRate ?? audio?.sampleRate,
    quality: info.quality,
  }
}

// Icecast says this of Ogg alone; here the names serve all formats that have tracks.
function trackFields(mount: Mount): Record<string, string | number | undefined> {
  const tracks = mount.source?.demuxer.tracks
  const audio = trackOf(tracks, 'audio')
  const video = trackOf(tracks, 'video')
  const subtype = [audio, video].flatMap((track) => track?.codec ?? []).join('/')
  return {
    audio_bitrate: audio?.bitrate,
    audio_channels: audio?.channels,
    audio_samplerate: audio?.sampleRate,
    frame_rate: video?.frameRate,
    frame_size: video?.width !== undefined && video.height !== undefined ? `${video.width} x ${video.height}` : undefined,
    'ice-bitrate': statedKilobits(mount),
    subtype: subtype || undefined,
    video_bitrate: video?.bitrate,
  }
}

const trackOf = (tracks: readonly Track[] | undefined, kind: Track['kind']): Track | undefined =>
  tracks?.find((track) => track.kind === kind)

const rfcDate = (time: number): string => new Date(time).toUTCString().replace('GMT', '+0000')
const isoDate = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}+0000`
