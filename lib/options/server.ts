import { z } from 'zod'
import { accessOptions } from './access.js'
import { mountOptions, type MountSettings } from './mount.js'
import { bytes, count, duration, milliseconds, mountPath, range, upstream } from './values.js'

// Whoever administers has to get there.
const OWN_PATHS = /^\/(admin|api)([/.]|$)/

const needsDisk = ({ dvr, dump }: MountSettings): boolean => dvr > 0 || dump !== undefined

/**
 * The ways in and out of a server. What is off here is off for every mount.
 */
export const protocolOptions = z.strictObject({
  icecast: z
    .boolean()
    .default(true)
    .describe('Take sources that speak as Icecast has it (PUT, SOURCE): OBS, ffmpeg, libshout and most others'),
  shoutcast: z.boolean().default(true).describe('Take sources that speak as SHOUTcast 1 has it, with a password and no user name'),
  webcast: z.boolean().default(true).describe('Take sources that send over a WebSocket (webcast): browsers, and whoever speaks as they do'),
  progressive: z
    .boolean()
    .default(true)
    .describe('Offer mounts as they come, as endless streams: VLC, radios, everything that plays Icecast'),
  hls: z.boolean().default(true).describe('Offer mounts by HLS, to every browser and phone'),
  lowLatency: z.boolean().default(true).describe('List parts of segments, too (Low-Latency HLS, and DASH with low latency)'),
  dash: z.boolean().default(true).describe('Offer mounts by MPEG-DASH'),
  instant: z.boolean().default(true).describe('Offer mounts as endless streams in other forms (/live.mp4, .webm, .ts, .aac, .mp3, .opus)'),
})

/** What can be set for the server. */
export const serverOptions = z
  .strictObject({
    hostname: z
      .string()
      .min(1)
      .optional()
      .describe("Name in URLs when a request brings no Host; the machine's own name when left out")
      .meta({ examples: ['stream.example.org'] }),
    location: z.string().default('Earth').describe('Where the server stands, for status-json'),
    admin: z.string().default('icemaster@localhost').describe('How to reach whoever runs the server, for status-json'),
    maxSources: count.default(100).describe('Most sources at a time'),
    maxListeners: count.default(20_000).describe('Most listeners at a time, over all mounts'),
    maxConnections: count.default(0).describe('Most connections of all kinds at a time; 0 is unlimited'),
    headerSize: bytes.min(1024).default(16_384).describe('Most bytes in the head of a request (431 above it)'),
    headerTimeout: milliseconds.min(1).default(15_000).describe('Milliseconds within which the head of a request must be complete'),
    hookTimeout: milliseconds
      .max(2_147_483_647)
      .default(60_000)
      .describe('Milliseconds that a program of onConnect or onDisconnect may run before it is ended; 0 for as long as it likes'),
    shoutcastMount: mountPath.default('/stream').describe('Mount of SHOUTcast sources, whose protocol cannot name one'),
    trustedProxies: z
      .array(range)
      .default([])
      .describe('Addresses or ranges (10.0.0.0/8) of proxies in front of the server; only their X-Forwarded-* headers are believed'),
    proxyProtocol: z
      .boolean()
      .default(false)
      .describe(
        'Every connection of trustedProxies begins with a header of the PROXY protocol (version 1 or 2), as HAProxy, stunnel and load balancers of clouds send it; one without is refused. From anybody else none is read',
      ),
    access: accessOptions
      .prefault({})
      .describe('Who may come to the server, for whatever; bans can be added on the page at /admin/ besides. Agents are those of listeners')
      .meta({ allowed: 'a group of settings (key: value)' }),
    protocols: protocolOptions
      .prefault({})
      .describe('Ways in and out; what is off here is off for every mount, and what is on can be off for a single one'),
    webhooks: z
      .strictObject({
        allowPrivate: z
          .boolean()
          .default(false)
          .describe('Let webhooks call addresses of the own network and of this machine; administrators could look around there'),
      })
      .prefault({})
      .describe('How webhooks may be used; the webhooks themselves are added over the API'),
    relays: z
      .strictObject({
        master: z
          .strictObject({
            url: upstream
              .describe('Address of the server (Icecast, floecast) whose mounts are all given on, under the same names')
              .meta({ examples: ['http://origin.example:8000'] }),
            user: z.string().min(1).default('relay').describe('User name for the master, where it wants one'),
            password: z
              .string()
              .min(1)
              .optional()
              .describe(
                "Password for the master's list of mounts, hidden ones among them; without one, those on its status page are relayed",
              )
              .meta({ secret: true, examples: ['say-it-to-them'] }),
            interval: duration
              .default(120)
              .describe('How often the master is asked what mounts there are, such as 2m; 1 second at least')
              .meta({ allowed: 'a time such as 90s, 30m or 2h, or a number of seconds' }),
            onDemand: z.boolean().default(false).describe('Relay each mount only while somebody listens here'),
          })
          .optional()
          .describe('Another server, all mounts of which are given on; those that have a relay of their own keep it')
          .meta({
            examples: [{ url: 'http://origin.example:8000' }],
            allowed: 'a group of settings (key: value) with the url of a server',
          }),
        allowPrivate: z
          .boolean()
          .default(false)
          .describe('Let relays call addresses of the own network and of this machine; administrators could look around there'),
      })
      .prefault({})
      .describe('How mounts may be taken from other servers (the option relay of a mount)'),
    directories: z
      .array(
        z.strictObject({
          url: upstream.describe('Address of the directory').meta({ examples: ['https://dir.xiph.org/cgi-bin/yp-cgi'] }),
          interval: duration
            .default(600)
            .describe('How often it hears that a mount is still there, where it does not say that itself; 30 seconds at least')
            .meta({ allowed: 'a time such as 90s, 30m or 2h, or a number of seconds' }),
        }),
      )
      .max(10)
      .default([])
      .describe(
        'Directories (YP, as Icecast has it) that are told of mounts which are public and not hidden: [{ url: https://dir.xiph.org/cgi-bin/yp-cgi }]; hostname must be the name by which listeners find this server',
      )
      .meta({ allowed: 'a list of directories, each with its address: [{ url: https://dir.xiph.org/cgi-bin/yp-cgi }]; 10 at most' }),
    mediaDir: z
      .string()
      .min(1)
      .optional()
      .describe('Folder for what dvr and dump keep on disk, for this server alone')
      .meta({ examples: ['/var/lib/floecast/media'], allowed: 'the path of a folder' }),
    webroot: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Folder whose files are given to everybody, by path, where no page and no mount has it: covers, jingles, a page of yours. Scripts in it run as part of this site. Nothing that begins with a dot',
      )
      .meta({ examples: ['/var/www/radio'], allowed: 'the path of a folder' }),
    aliases: z
      .record(mountPath, mountPath)
      .default({})
      .refine((aliases) => Object.entries(aliases).every(([name, path]) => !OWN_PATHS.test(name) && !Object.hasOwn(aliases, path)))
      .describe('Paths that stand for others, of mounts, files or pages: /listen: /live.mp3')
      .meta({ allowed: 'paths that stand for others (/listen: /live.mp3), but not for aliases, nor any below /admin or /api' }),
    mounts: z
      .record(mountPath, mountOptions)
      .default({})
      .describe('Options per mount; a key that ends in * is a prefix, and the longest match wins'),
  })
  .refine(({ mediaDir, mounts }) => mediaDir !== undefined || !Object.values(mounts).some(needsDisk), {
    path: ['mediaDir'],
    error: 'mediaDir is missing: a mount has dvr or dump, which need a folder',
  })

/**
 * Options of a server, as a caller writes them.
 * @useDeclaredType
 */
export type ServerOptions = z.input<typeof serverOptions>
/**
 * Options of a server with every default filled in.
 * @useDeclaredType
 */
export type ServerSettings = z.output<typeof serverOptions>

const DEFAULTS = mountOptions.parse({})

/** The key of {@link ServerSettings.mounts} that a mount takes its settings from: its name, else the longest prefix that fits; `undefined` for none. */
export function mountKey({ mounts }: Pick<ServerSettings, 'mounts'>, name: string): string | undefined {
  if (Object.hasOwn(mounts, name)) return name
  let best: string | undefined
  for (const key of Object.keys(mounts))
    if (key.endsWith('*') && key.length > (best?.length ?? 0) && name.startsWith(key.slice(0, -1))) best = key
  return best
}

/** What is set for a mount: by itself, else by the longest prefix that fits, else the defaults. */
export function mountSettings(settings: Pick<ServerSettings, 'mounts'>, name: string): MountSettings {
  const key = mountKey(settings, name)
  return key === undefined ? DEFAULTS : settings.mounts[key]!
}

/** What holds for a mount: what is set for it, without what is off for the whole server. */
export function effectiveSettings(settings: Pick<ServerSettings, 'mounts' | 'protocols'>, name: string): MountSettings {
  const own = mountSettings(settings, name)
  const { protocols } = settings
  if (Object.values(protocols).every(Boolean)) return own
  return {
    ...own,
    icecast: own.icecast && protocols.icecast,
    shoutcast: own.shoutcast && protocols.shoutcast,
    webcast: own.webcast && protocols.webcast,
    progressive: own.progressive && protocols.progressive,
    hls: { ...own.hls, enabled: own.hls.enabled && protocols.hls, lowLatency: own.hls.lowLatency && protocols.lowLatency },
    dash: own.dash && protocols.dash,
    instant: own.instant && protocols.instant,
  }
}
