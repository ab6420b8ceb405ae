import type { FormatName, Track } from '../../formats/frame.js'
import type { Mount } from '../../mount/mount.js'
import { SERVER, VERSION } from '../../version.js'
import { encodePath, publicOrigin, type Visit } from '../address.js'
import { type Audience, audienceOf } from '../audience.js'
import type { ServerContext } from '../context.js'
import { formsOf, type MountForms } from '../forms.js'

/**
 * The answer of `/api/v1/status`. Its shape never changes with what is on the air: every key is always there, a list is always a
 * list, a number always a number, text always text; what is not known is `null`.
 */
export interface StatusReport {
  /** The server itself. */
  readonly server: ServerStatus
  /** The mounts that are not hidden, live or not, by name. */
  readonly mounts: readonly MountStatus[]
}

/** The server, in a {@link StatusReport}. */
export interface ServerStatus {
  /** What the server calls itself in the `Server` header. */
  readonly name: string
  /** Its version. */
  readonly version: string
  /** When it was started, as ISO 8601 in UTC. */
  readonly started: string
  /** Seconds since then. */
  readonly uptime: number
  /** Where it stands, as the settings say. */
  readonly location: string
  /** How to reach whoever runs it, as the settings say. */
  readonly admin: string
  /** Sources connected to mounts that are not hidden. */
  readonly sources: number
  /** Listeners and viewers of mounts that are not hidden, in whatever form. */
  readonly listeners: number
}

/** One mount, in a {@link StatusReport}. */
export interface MountStatus {
  /** Its path, decoded, such as `/live.mp3`. */
  readonly mount: string
  /** Whether a source is connected. */
  readonly live: boolean
  /** The whole URL to listen at. */
  readonly url: string
  /** The group of qualities that it is one of: its HLS playlist and MPD have that path, and `.m3u8` or `.mpd`. */
  readonly group: string | null
  /** The stream's name. */
  readonly name: string | null
  /** What the stream is about. */
  readonly description: string | null
  /** Genres, separated as the source likes. */
  readonly genre: string | null
  /** The stream's own web site, as the source says: not checked to be a URL. */
  readonly website: string | null
  /** Whether directories may list it. */
  readonly public: boolean
  /** Its media type, once the bytes have told. */
  readonly contentType: string | null
  /** Its wire format, once the bytes have told. */
  readonly format: FormatName | null
  /** Its elementary streams, as far as the bytes have told. */
  readonly tracks: readonly TrackStatus[]
  /** Bits a second, as the source or the stream states it. */
  readonly bitrate: number | null
  /** Who listens or watches now, in whatever form. */
  readonly listeners: number
  /** The same by protocol: `progressive` is the stream as its source sends it, `instant` an endless stream in another form. */
  readonly protocols: Audience['protocols']
  /** The same by how they are told apart: by the `connection` that is theirs, an `id` of the player, or merely `address` and User-Agent, which many may share. */
  readonly methods: Audience['methods']
  /** Most listeners at a time since the source connected. */
  readonly listenerPeak: number
  /** Most listeners with a connection of their own allowed; `null` where the mount has no limit of its own. */
  readonly maxListeners: number | null
  /** Listeners dropped because they could not keep up, since the server started. */
  readonly slowListeners: number
  /** Bytes received from the source since it connected. */
  readonly bytesReceived: number
  /** Bytes sent to listeners and viewers since the server started. */
  readonly bytesSent: number
  /** Bytes a second that came in of late. */
  readonly rate: number
  /** When the source connected, as ISO 8601 in UTC. */
  readonly connected: string | null
  /** Who sends. */
  readonly source: SourceStatus | null
  /** What plays now. */
  readonly title: TitleStatus | null
  /** What is not as it should be with what the source sends, oldest first: sentences for people. */
  readonly warnings: readonly string[]
  /** The forms in which browsers and players can have it now. */
  readonly forms: MountForms
  /** Playlists that lead to the stream, as whole URLs. */
  readonly playlists: PlaylistLinks
}

/** An elementary stream, in a {@link MountStatus}. */
export interface TrackStatus {
  /** What it carries. */
  readonly kind: Track['kind']
  /** The codec by its usual name, such as `H.264`. */
  readonly codec: string
  /** The codec as RFC 6381 writes it, such as `avc1.64001f`. */
  readonly codecs: string | null
  /** Picture width in pixels. */
  readonly width: number | null
  /** Picture height in pixels. */
  readonly height: number | null
  /** Pictures a second. */
  readonly frameRate: number | null
  /** Samples a second. */
  readonly sampleRate: number | null
  /** Audio channels. */
  readonly channels: number | null
  /** Bits a second. */
  readonly bitrate: number | null
}

/** Who sends, in a {@link MountStatus}: the address is told to nobody here. */
export interface SourceStatus {
  /** Its `User-Agent`. */
  readonly agent: string | null
  /** How it sends: `PUT`, `SOURCE`, `SHOUTcast` … */
  readonly protocol: string
}

/** What plays, in a {@link MountStatus}. */
export interface TitleStatus {
  /** The one line that players show. */
  readonly display: string
  /** Who plays it, where the source tells. */
  readonly artist: string | null
  /** The title alone, where the source tells it apart. */
  readonly title: string | null
  /** An address that goes with it, such as a cover: as the source says it, not checked to be a URL. */
  readonly url: string | null
}

/** Playlists of a mount, as whole URLs. */
export interface PlaylistLinks {
  /** M3U, for nearly every player. */
  readonly m3u: string
  /** PLS, for many players and radios. */
  readonly pls: string
  /** XSPF, with the title that plays. */
  readonly xspf: string
  /** VCLT, as Icecast has it. */
  readonly vclt: string
}

/** Makes the answer of `/api/v1/status`, with links that work for the sender of the request. */
export function statusReport(context: ServerContext, visit: Visit, now = Date.now()): StatusReport {
  const { settings, mounts, started } = context
  const origin = publicOrigin(visit, settings)
  const visible = visibleMounts(mounts).map((mount) => mountStatus(context, mount, origin))
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

function mountStatus(context: ServerContext, mount: Mount, origin: string): MountStatus {
  const { source, info, settings } = mount
  const { total, protocols, methods } = audienceOf(context, mount)
  const url = origin + encodePath(mount.name)
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
    protocols,
    methods,
    listenerPeak: mount.peak,
    maxListeners: settings.maxListeners ?? null,
    slowListeners: mount.slow,
    bytesReceived: source?.bytesReceived ?? 0,
    bytesSent: mount.bytesSent,
    rate: source === undefined ? 0 : Math.round(mount.rate),
    connected: source === undefined ? null : new Date(source.details.connected).toISOString(),
    source: source === undefined ? null : { agent: source.details.agent || null, protocol: source.details.request.method },
    title: titleStatus(mount),
    warnings: source === undefined ? [] : mount.warnings,
    forms: formsOf(mount, context.mounts, url),
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
