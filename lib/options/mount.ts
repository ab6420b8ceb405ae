import { z } from 'zod'
import { accessOptions } from './access.js'
import { authenticationOptions } from './authentication.js'
import {
  bytes,
  count,
  duration,
  headers,
  isCharset,
  isPattern,
  milliseconds,
  mountPath,
  password,
  program,
  seconds,
  upstream,
} from './values.js'

/**
 * What can be set for one mount. The schema is the one place where an option's name, range, default and meaning stand; the
 * type, its documentation, the configuration file and its printed comments all come from here.
 */
export const mountOptions = z.strictObject({
  name: z
    .string()
    .optional()
    .describe('Name of the stream; in place of what the source says (ice-name)')
    .meta({ examples: ['Harbour TV'] }),
  description: z
    .string()
    .optional()
    .describe('What the stream is about; in place of ice-description')
    .meta({ examples: ['Boats, gulls and weather, day and night'] }),
  genre: z
    .string()
    .optional()
    .describe('Genre; in place of ice-genre')
    .meta({ examples: ['Nature'] }),
  url: z
    .string()
    .optional()
    .describe("Address of the stream's own web site; in place of ice-url")
    .meta({ examples: ['https://harbour.example'] }),
  public: z
    .boolean()
    .optional()
    .describe('Whether directories may list the stream; in place of ice-public')
    .meta({ examples: [false] }),
  group: mountPath
    .optional()
    .describe('Path under which this mount is one of several qualities of the same stream; their HLS playlist and MPD have that name')
    .meta({ examples: ['/tv'] }),
  hidden: z.boolean().default(false).describe('Leave the mount out of the status pages'),
  sourcePassword: password
    .optional()
    .describe('Password for sources of this mount alone, plain or a scrypt$ hash; the general source password is then refused here')
    .meta({ examples: ['correct-horse-27'] }),
  sourceUser: z
    .string()
    .min(1)
    .optional()
    .describe('User name that sources of this mount use, where it has a sourcePassword; source when left out')
    .meta({ examples: ['studio'] }),
  authentication: authenticationOptions
    .optional()
    .describe('Who may listen, where not everybody may: whatever is named here lets in, each by itself, by every way out'),
  takeover: z
    .boolean()
    .default(false)
    .describe('A second source with the right password replaces the one that is connected, instead of being refused'),
  maxListeners: count
    .optional()
    .describe('Most listeners at a time; unlimited when left out')
    .meta({ examples: [500] }),
  access: accessOptions
    .prefault({})
    .describe('Who may listen to the mount and watch it')
    .meta({ allowed: 'a group of settings (key: value)' }),
  maxListenerDuration: duration
    .default(0)
    .describe('How long one may listen on one connection, such as 2h; its connection ends in order then. 0 for as long as one likes')
    .meta({ allowed: 'a time such as 90s, 30m or 2h, or a number of seconds' }),
  fallback: mountPath
    .optional()
    .describe(
      'Mount that its listeners hear while it is off the air, on the same connection where the format is the same; it may have a fallback of its own',
    )
    .meta({ examples: ['/spare.mp3'] }),
  fallbackOverride: z
    .boolean()
    .default(true)
    .describe('Take listeners back from the fallback as soon as the source is here again; otherwise they stay there until it ends'),
  fallbackWhenFull: z.boolean().default(false).describe('Give the fallback to who comes when maxListeners are there, instead of a refusal'),
  relay: z
    .union([upstream, z.array(upstream).min(1)])
    .optional()
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .describe(
      'Address of a stream of another server (Icecast, SHOUTcast, floecast) that the mount gives on; of several, the next is tried when one fails',
    )
    .meta({
      examples: ['http://origin.example:8000/live'],
      allowed: 'an http or https address without a password in it, or a list of such',
    }),
  relayUser: z
    .string()
    .min(1)
    .optional()
    .describe('User name for the addresses of relay, where they want one')
    .meta({ examples: ['relay'] }),
  relayPassword: z
    .string()
    .min(1)
    .optional()
    .describe('Password for the addresses of relay, where they want one')
    .meta({ secret: true, examples: ['say-it-to-them'] }),
  file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File that the mount plays over and over, at its own pace, while no source is connected: as the fallback of another mount, say. MP3, AAC (ADTS), Ogg, MPEG-TS or fragmented MP4; 16 MiB at most',
    )
    .meta({ examples: ['/etc/floecast/silence.mp3'], allowed: 'the path of a file' }),
  onDemand: z.boolean().default(false).describe('Relay only while somebody listens; who comes first waits for the first bytes'),
  intro: z
    .string()
    .min(1)
    .optional()
    .describe('File that each listener hears first, before what is live, in the format that the source sends; 16 MiB at most')
    .meta({ examples: ['/etc/floecast/welcome.mp3'], allowed: 'the path of a file' }),
  onConnect: program
    .optional()
    .describe(
      'Program that is run when a source connects, with the mount as its argument and without a shell; only the configuration file can set it',
    )
    .meta({ examples: ['/etc/floecast/on-connect'], fileOnly: true }),
  onDisconnect: program
    .optional()
    .describe('Program that is run when a source has gone, as onConnect')
    .meta({ examples: ['/etc/floecast/on-disconnect'], fileOnly: true }),
  headers: headers
    .default({})
    .describe('Further header lines in the answers to listeners, by name')
    .meta({ examples: [{ 'X-Station': 'Harbour' }] }),
  burstSize: bytes
    .default(65_536)
    .describe('Bytes of audio that a new listener gets at once, so that players start quickly; video starts at a key frame instead'),
  burstDuration: duration
    .optional()
    .describe(
      'Seconds of audio that a new listener gets at once, in place of burstSize, as far as queueSize keeps them: 5s is quick whatever the bit rate',
    )
    .meta({ examples: [5], allowed: 'a time such as 5s, or a number of seconds' }),
  queueSize: bytes
    .optional()
    .describe(
      'Bytes kept for slow listeners; one that falls further behind is dropped. When left out: 524288 for audio, 16777216 with video',
    )
    .meta({ examples: [524_288] }),
  charset: z
    .string()
    .refine(isCharset)
    .optional()
    .describe('Encoding of the titles that encoders send without naming one; when left out UTF-8 where they are that, else ISO-8859-1')
    .meta({ examples: ['windows-1251'], allowed: 'the name of an encoding, such as utf-8, iso-8859-2 or windows-1251' }),
  sourceTimeout: milliseconds.min(1).default(10_000).describe('Milliseconds without a byte after which a source counts as dead'),
  icecast: z.boolean().default(true).describe('Take a source that speaks as Icecast has it: OBS, ffmpeg, libshout and most others'),
  shoutcast: z.boolean().default(true).describe('Take a source that speaks as SHOUTcast 1 has it, with a password and no user name'),
  webcast: z
    .boolean()
    .default(true)
    .describe('Take a source that sends over a WebSocket (webcast): a browser, or whoever speaks as it does'),
  progressive: z
    .boolean()
    .default(true)
    .describe('Offer the mount as it comes, as one endless stream: VLC, radios, everything that plays Icecast'),
  hls: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Offer the mount by HLS, to every browser and phone'),
      lowLatency: z
        .boolean()
        .default(true)
        .describe('List parts of segments, too (Low-Latency HLS): players come within two seconds of live'),
      segmentDuration: z
        .int()
        .min(1)
        .max(10)
        .default(2)
        .describe("Seconds of a segment, a whole number; the encoder's keyframe interval should be the same")
        .meta({ allowed: 'a whole number from 1 to 10' }),
      partDuration: seconds
        .min(0.1)
        .max(2)
        .default(0.5)
        .describe('Most seconds of a part: players stay three parts behind live, and ask twice a part')
        .meta({ allowed: 'a number from 0.1 to 2' }),
      segmentCount: z
        .int()
        .min(3)
        .max(1000)
        .default(7)
        .describe('Segments that a playlist lists')
        .meta({ allowed: 'a whole number from 3 to 1000' }),
      maxSize: bytes
        .min(1_048_576)
        .default(67_108_864)
        .describe('Most bytes of segments kept in memory; fewer segments are kept when they are larger'),
    })
    .prefault({})
    .describe('How the mount is cut into segments, for HLS and DASH')
    .meta({ allowed: 'a group of settings (key: value); enabled: false in it switches HLS off' }),
  dash: z.boolean().default(true).describe('Offer the mount by MPEG-DASH'),
  instant: z
    .boolean()
    .default(true)
    .describe('Offer the mount as one endless stream in other forms (/live.mp4, .webm, .ts, .aac, .mp3, .opus), half a second behind live'),
  dvr: duration
    .default(0)
    .describe(
      'How far back players can go, such as 30m, 2h, 90s or seconds: segments of HLS and DASH are kept on disk for so long, in the folder mediaDir; 0 for none',
    )
    .meta({ allowed: 'a time such as 90s, 30m or 2h, or a number of seconds' }),
  dvrSize: bytes
    .min(1_048_576)
    .default(4_294_967_296)
    .describe('Most bytes on disk for dvr: above it the oldest segments go, however short the time is then'),
  dump: z
    .string()
    .refine(isPattern)
    .optional()
    .describe(
      'File into which all is written that a source sends, below the folder mediaDir: a pattern with %Y %m %d %H %M %S and the like (strftime) for the time when it begins, {mount} for the name of the mount, and .* at the end for the ending that fits',
    )
    .meta({
      examples: ['recordings/%Y-%m-%d_%H-%M-%S.*'],
      allowed:
        'a path below mediaDir, no part of which begins with a dot, with fields of strftime: %Y %y %m %d %e %j %H %M %S %s %b %B %a %A %Z %F %T %%',
    }),
  metaint: bytes.min(1).default(16_000).describe('Bytes between two ICY metadata blocks, for MP3 and AAC listeners that ask for them'),
})

/**
 * Options of one mount, as a caller writes them.
 * @useDeclaredType
 */
export type MountOptions = z.input<typeof mountOptions>
/**
 * Options of one mount with every default filled in.
 * @useDeclaredType
 */
export type MountSettings = z.output<typeof mountOptions>
