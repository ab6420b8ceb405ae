import { z } from 'zod'
import { operation } from './operation.js'

const count = z.int().min(0)
const mediaType = z.string().meta({ examples: ['video/mp4'] })

/** A form in which a mount can be had, beside that in which its source sends it. */
export const formStatus = z.object({
  url: z.string().describe('Where: a whole URL'),
  type: mediaType.describe('The media type of what is there'),
  media: z
    .array(z.string())
    .describe(
      'What a player must be able to decode: media types with codecs as RFC 6381 writes them, for MediaSource.isTypeSupported. One where all is in the same stream; by DASH one for pictures and one for sound',
    ),
})

/** A form that is cut into segments. */
export const segmentedForm = z.object({
  ...formStatus.shape,
  lowLatency: z.boolean().describe('Whether segments are told of while they grow, so that players come within two seconds of live'),
  segmentDuration: z.number().describe('Seconds of a segment'),
  rewind: z.number().describe('Seconds that players may go back'),
})

/** A form that is one endless stream. */
export const instantForm = z.object({
  ...formStatus.shape,
  form: z.enum(['mp4', 'webm', 'ts', 'aac', 'mp3', 'opus', 'ogg']).describe('What its path ends in'),
})

/** The forms in which a mount can be had now. */
export const mountForms = z.object({
  hls: segmentedForm.nullable().describe('HLS, and Low-Latency HLS at the same place'),
  dash: segmentedForm.nullable().describe('MPEG-DASH'),
  instant: z.array(instantForm).describe('Endless streams, those that browsers play best first'),
})

/** An elementary stream of a mount. */
export const trackStatus = z.object({
  kind: z.enum(['audio', 'video', 'data']).describe('What it carries'),
  codec: z.string().describe('The codec by its usual name, such as H.264'),
  codecs: z.string().nullable().describe('The codec as RFC 6381 writes it, such as avc1.64001f'),
  width: z.number().nullable().describe('Picture width in pixels'),
  height: z.number().nullable().describe('Picture height in pixels'),
  frameRate: z.number().nullable().describe('Pictures a second'),
  sampleRate: z.number().nullable().describe('Samples a second'),
  channels: z.number().nullable().describe('Audio channels'),
  bitrate: z.number().nullable().describe('Bits a second'),
})

/** Who sends to a mount; the address is told to nobody here. */
export const sourceStatus = z.object({
  agent: z.string().nullable().describe('Its User-Agent'),
  protocol: z.string().describe('How it sends: PUT, SOURCE, SHOUTcast …'),
})

/** What plays. */
export const titleStatus = z.object({
  display: z.string().describe('The one line that players show'),
  artist: z.string().nullable().describe('Who plays it, where the source tells'),
  title: z.string().nullable().describe('The title alone, where the source tells it apart'),
  url: z.string().nullable().describe('An address that goes with it, such as a cover: as the source says it, not checked to be a URL'),
})

/** What has played. */
export const pastTitle = z.object({
  display: z.string().describe('The one line that players show'),
  time: z.iso.datetime().describe('When it began, as ISO 8601 in UTC'),
})

/** Playlists of a mount. */
export const playlistLinks = z.object({
  m3u: z.string().describe('M3U, for nearly every player'),
  pls: z.string().describe('PLS, for many players and radios'),
  xspf: z.string().describe('XSPF, with the title that plays'),
  vclt: z.string().describe('VCLT, as Icecast has it'),
})

/** One mount. */
export const mountStatus = z.object({
  mount: z.string().describe('Its path, decoded, such as /live.mp3'),
  live: z.boolean().describe('Whether a source is connected'),
  url: z.string().describe('The whole URL to listen at'),
  group: z
    .string()
    .nullable()
    .describe('The group of qualities that it is one of: its HLS playlist and MPD have that path, and .m3u8 or .mpd'),
  name: z.string().nullable().describe("The stream's name"),
  description: z.string().nullable().describe('What the stream is about'),
  genre: z.string().nullable().describe('Genres, separated as the source likes'),
  website: z.string().nullable().describe("The stream's own web site, as the source says: not checked to be a URL"),
  public: z.boolean().describe('Whether directories may list it'),
  contentType: mediaType.nullable().describe('Its media type, once the bytes have told'),
  format: z
    .enum(['mp3', 'adts', 'flac', 'ogg', 'webm', 'matroska', 'mpeg-ts', 'flv', 'mp4', 'raw'])
    .nullable()
    .describe('Its wire format, once the bytes have told'),
  tracks: z.array(trackStatus).describe('Its elementary streams, as far as the bytes have told'),
  bitrate: z.number().nullable().describe('Bits a second, as the source or the stream states it'),
  listeners: count.describe('Who listens or watches now, in whatever form'),
  protocols: z
    .object({
      progressive: count.describe('The stream as its source sends it'),
      instant: count.describe('An endless stream in another form'),
      hls: count.describe('HLS'),
      'll-hls': count.describe('Low-Latency HLS'),
      dash: count.describe('MPEG-DASH'),
    })
    .describe('The same by protocol'),
  methods: z
    .object({
      connection: count.describe('By the connection that is theirs'),
      id: count.describe('By an id of the player'),
      address: count.describe('Merely by address and User-Agent, which many may share'),
    })
    .describe('The same by how they are told apart'),
  listenerPeak: count.describe('Most listeners at a time since the source connected'),
  maxListeners: count
    .nullable()
    .describe('Most listeners with a connection of their own allowed; null where the mount has no limit of its own'),
  slowListeners: count.describe('Listeners dropped because they could not keep up, since the server started'),
  bytesReceived: count.describe('Bytes received from the source since it connected'),
  bytesSent: count.describe('Bytes sent to listeners and viewers since the server started'),
  rate: z.number().describe('Bytes a second that came in of late'),
  connected: z.iso.datetime().nullable().describe('When the source connected, as ISO 8601 in UTC'),
  ended: z.iso
    .datetime()
    .nullable()
    .describe('When the last source went, as ISO 8601 in UTC; null while one is there, and where none ever was'),
  source: sourceStatus.nullable().describe('Who sends'),
  title: titleStatus.nullable().describe('What plays now'),
  titles: z.array(pastTitle).describe('The last ten titles since the source connected, newest first, with the one that plays'),
  warnings: z.array(z.string()).describe('What is not as it should be with what the source sends, oldest first: sentences for people'),
  forms: mountForms.describe('The forms in which browsers and players can have it now'),
  picture: z.string().nullable().describe('A film of one picture, the last key frame, as a whole URL; another every five seconds'),
  playlists: playlistLinks.describe('Playlists that lead to the stream, as whole URLs'),
})

/** The server. */
export const serverStatus = z.object({
  name: z.string().describe('What the server calls itself in the Server header'),
  version: z.string().describe('Its version'),
  started: z.iso.datetime().describe('When it was started, as ISO 8601 in UTC'),
  uptime: count.describe('Seconds since then'),
  location: z.string().describe('Where it stands, as the settings say'),
  admin: z.string().describe('How to reach whoever runs it, as the settings say'),
  sources: count.describe('Sources connected to mounts that are not hidden'),
  listeners: count.describe('Listeners and viewers of mounts that are not hidden, in whatever form'),
})

/** All that everybody may know. */
export const statusReport = z.object({
  server: serverStatus.describe('The server itself'),
  mounts: z.array(mountStatus).describe('The mounts that are not hidden, live or not, by name'),
})

/**
 * The answer of `/api/v1/status`. Its shape never changes with what is on the air: every key is always there, a list is always a
 * list, a number always a number, text always text; what is not known is `null`.
 * @useDeclaredType
 */
export type StatusReport = z.output<typeof statusReport>
/**
 * The server, in a {@link StatusReport}.
 * @useDeclaredType
 */
export type ServerStatus = z.output<typeof serverStatus>
/**
 * One mount, in a {@link StatusReport}.
 * @useDeclaredType
 */
export type MountStatus = z.output<typeof mountStatus>
/**
 * An elementary stream, in a {@link MountStatus}.
 * @useDeclaredType
 */
export type TrackStatus = z.output<typeof trackStatus>
/**
 * Who sends, in a {@link MountStatus}: the address is told to nobody here.
 * @useDeclaredType
 */
export type SourceStatus = z.output<typeof sourceStatus>
/**
 * What plays, in a {@link MountStatus}.
 * @useDeclaredType
 */
export type TitleStatus = z.output<typeof titleStatus>
/**
 * What has played, in a {@link MountStatus}.
 * @useDeclaredType
 */
export type PastTitle = z.output<typeof pastTitle>
/**
 * Playlists of a mount, as whole URLs.
 * @useDeclaredType
 */
export type PlaylistLinks = z.output<typeof playlistLinks>
/**
 * A form in which a mount can be had, beside that in which its source sends it.
 * @useDeclaredType
 */
export type FormStatus = z.output<typeof formStatus>
/**
 * A form that is cut into segments.
 * @useDeclaredType
 */
export type SegmentedForm = z.output<typeof segmentedForm>
/**
 * A form that is one endless stream.
 * @useDeclaredType
 */
export type InstantForm = z.output<typeof instantForm>
/**
 * The forms in which a mount can be had now.
 * @useDeclaredType
 */
export type MountForms = z.output<typeof mountForms>

/** What everybody may know. */
export const status = {
  getStatus: operation({
    method: 'GET',
    path: '/status',
    summary: 'Tells what is on the air',
    description: 'Open to scripts of every site. Every key is always there; what is not known is null.',
    access: 'anyone',
    answer: statusReport,
  }),
  getEvents: operation({
    method: 'GET',
    path: '/events',
    summary: 'Tells what is on the air, and whatever changes of it, as server-sent events',
    description:
      'Each event is called "status", and its data is what GET /status answers, of one mount alone where that is asked for: one at once, then one whenever anything has changed, at most one a second; a title or a source that comes or goes is told of within a quarter of a second. Changes of byte counters, rates and the time alone are told of every five seconds. An EventSource connects again by itself.',
    access: 'anyone',
    query: z.strictObject({
      mount: z.string().min(1).max(1024).optional().describe('Only what is said of this mount, which may come later: it begins with /'),
    }),
    contentType: 'text/event-stream',
    events: { status: statusReport },
  }),
}
