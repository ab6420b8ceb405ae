import { z } from 'zod'

// `meta` carries what messages and printed configurations say besides the description: the unit of a number, a value to show
// where there is no default, words for what is allowed, and whether a value must never be shown.
const bytes = z.int().min(0).meta({ unit: 'bytes' })
const milliseconds = z.int().min(0).meta({ unit: 'milliseconds' })
const seconds = z.number().min(0).meta({ unit: 'seconds' })
const count = z.int().min(0)

/** The form of a hashed password: scheme, N, r, p, salt and key. */
const hash = /^scrypt\$\d{1,8}\$\d{1,3}\$\d{1,3}\$[\w-]{8,128}\$[\w-]{20,128}$/

/** A password as a configuration holds it: plain, or a hash made by `hashPassword`. */
export const password = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith('scrypt$') || hash.test(text))
  .meta({ secret: true, allowed: 'a password of 1 character or more, or a whole scrypt$ hash' })

// Without Node's own words for addresses, for pages read these schemas, too.
const addresses = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])
const isRange = (text: string): boolean => addresses.safeParse(text).success
const range = z.string().refine(isRange).meta({ allowed: 'an address or a range of addresses such as 10.0.0.0/8' })

const listFile = z.string().min(1).optional().meta({ allowed: 'the path of a file' })

/** Who may come in, by address and by what their program calls itself: for the server, and for a mount. */
export const accessOptions = z.strictObject({
  allow: z
    .array(range)
    .default([])
    .describe('Addresses or ranges (10.0.0.0/8) that are let in; all others are not. Everybody when nothing is said')
    .meta({ allowed: 'a list of addresses and ranges such as 10.0.0.0/8' }),
  allowFile: listFile.describe('File with more of them, one a line, that is read again when it changes (allow-ip)').meta({
    examples: ['/etc/floecast/allow.txt'],
  }),
  deny: z
    .array(range)
    .default([])
    .describe('Addresses or ranges (10.0.0.0/8) that are not let in, whatever allow says')
    .meta({ allowed: 'a list of addresses and ranges such as 10.0.0.0/8' }),
  denyFile: listFile.describe('File with more of them, one a line, that is read again when it changes (deny-ip)').meta({
    examples: ['/etc/floecast/deny.txt'],
  }),
  denyAgents: z
    .array(z.string().min(1).max(512))
    .default([])
    .describe('Players that may not listen, by whole User-Agent; * is any text, ? any letter')
    .meta({ examples: [['*bot*']] }),
  denyAgentsFile: listFile.describe('File with more of them, one a line, that is read again when it changes (deny-agents)').meta({
    examples: ['/etc/floecast/agents.txt'],
  }),
})

/**
 * Who may come in, with every default filled in.
 * @useDeclaredType
 */
export type AccessSettings = z.output<typeof accessOptions>

const DURATION = /^(\d+(?:\.\d+)?)(s|m|h)?$/
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** The seconds that a text such as `90s`, `30m`, `2h` or `90` means; `undefined` where it means none. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = 's'] = DURATION.exec(text) ?? []
  return number === undefined ? undefined : Number(number) * UNITS[unit]!
}

// As a program writes it, or as a person does; what comes out is seconds.
const duration = z
  .union([z.number().min(0), z.string().regex(DURATION)])
  .transform((value) => (typeof value === 'number' ? value : parseDuration(value)!))

// The fields of strftime that the pattern of a file may have.
const FIELD = /%[YymdejHMSsbBaAZFT%]/g
const isPattern = (text: string): boolean =>
  !text.replaceAll(FIELD, '').includes('%') &&
  !text.endsWith('.part') &&
  !/[\\\p{Cc}]/u.test(text) &&
  text.split('/').every((part) => part !== '' && !part.startsWith('.'))

const isCharset = (label: string): boolean => {
  try {
    return new TextDecoder(label).encoding !== ''
  } catch {
    return false
  }
}

// Header lines that the server writes by itself, or on which the connection depends.
const OWN_HEADERS = /^(connection|content-(type|length|encoding)|transfer-encoding|date|server|upgrade|trailer|icy-metaint)$/i
const headers = z
  .record(z.string(), z.string().max(1024))
  .refine((all) => Object.entries(all).every(([name, value]) => isToken(name) && !OWN_HEADERS.test(name) && !/[\r\n\0]/.test(value)))
  .meta({ allowed: 'names and values of header lines (name: value) that the server does not write by itself' })
const isToken = (name: string): boolean => /^[\w!#$%&'*+.^`|~-]{1,64}$/.test(name)

const isUpstream = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, username, password: word } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && word === ''
}
const upstream = z.string().max(2048).refine(isUpstream).meta({ allowed: 'an http or https address without a password in it' })

// Which program is run, is for whoever can write the configuration: `fileOnly` keeps it from being changed while the server runs.
const program = z
  .string()
  .regex(/^(\/|[A-Za-z]:[\\/])[^\0]*$/)
  .meta({ allowed: 'the whole path of a program' })

const mountPath = z.string().startsWith('/').meta({ allowed: 'a path that begins with /' })

// Whoever administers has to get there.
const OWN_PATHS = /^\/(admin|api)([/.]|$)/

const word = z.string().min(1).max(1024)
const strongWord = z.string().min(16).max(1024).meta({ secret: true, allowed: 'a secret of 16 characters or more' })

/** Who may use a mount, where not everybody may: whatever is named here lets listeners in, each by itself. */
export const authenticationOptions = z.strictObject({
  users: z
    .record(word, password)
    .optional()
    .describe('Listeners by name, each with a password, plain or a scrypt$ hash')
    .meta({ secret: true, examples: [{ anna: 'her-password' }], allowed: 'names with passwords: { anna: her-password }' }),
  htpasswd: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of listeners and hashes of their passwords, a name:hash a line (bcrypt, apr1, scrypt, MD5 as Icecast has it); read again when it changes',
    )
    .meta({ examples: ['/etc/floecast/listeners'], allowed: 'the path of a file' }),
  allowDuplicateUsers: z.boolean().default(true).describe('Let the same name listen more than once at a time'),
  linkSecret: strongWord
    .optional()
    .describe('Secret that signs links (?expires=…&signature=…): whoever has such a link listens until it expires')
    .meta({ examples: ['sixteen-letters-or-more'] }),
  jwt: z
    .strictObject({
      secret: strongWord
        .optional()
        .describe('Secret of tokens signed with HS256')
        .meta({ examples: ['sixteen-letters-or-more'] }),
      publicKey: z
        .string()
        .startsWith('-----BEGIN PUBLIC KEY-----')
        .max(16_384)
        .optional()
        .describe('Public key of tokens signed with RS256, PS256, ES256 or EdDSA, as PEM')
        .meta({ examples: ['-----BEGIN PUBLIC KEY-----\n…'], allowed: 'a public key as PEM, from -----BEGIN PUBLIC KEY----- on' }),
      issuer: word
        .optional()
        .describe('What the claim iss must be')
        .meta({ examples: ['https://accounts.example'] }),
      audience: word
        .optional()
        .describe('What the claim aud must hold')
        .meta({ examples: ['radio'] }),
    })
    .optional()
    .describe(
      'JSON web tokens (?token=…, or Authorization: Bearer) that let in: their claim mount names mounts, and exp ends the listening',
    ),
  url: z
    .strictObject({
      listenerAdd: upstream
        .optional()
        .describe('Address that is asked, by POST as Icecast has it, whether somebody may listen')
        .meta({ examples: ['https://accounts.example/listener'] }),
      listenerRemove: upstream
        .optional()
        .describe('Address that is told when a listener has gone, and how long they have listened')
        .meta({ examples: ['https://accounts.example/listener'] }),
      streamAuth: upstream
        .optional()
        .describe('Address that is asked whether a source may send, in place of all passwords of sources')
        .meta({ examples: ['https://accounts.example/source'] }),
      mountAdd: upstream
        .optional()
        .describe('Address that is told when the mount goes on the air')
        .meta({ examples: ['https://accounts.example/mount'] }),
      mountRemove: upstream
        .optional()
        .describe('Address that is told when the mount goes off the air')
        .meta({ examples: ['https://accounts.example/mount'] }),
      username: word
        .optional()
        .describe('User name for these addresses, where they want one')
        .meta({ examples: ['floecast'] }),
      password: word
        .optional()
        .describe('Password for these addresses, where they want one')
        .meta({ secret: true, examples: ['say-it-to-them'] }),
      authHeader: word.default('icecast-auth-user: 1').describe('Header line of an answer that lets in, or the beginning of one'),
      timelimitHeader: word.default('icecast-auth-timelimit:').describe('Header of an answer that says for how many seconds'),
      headers: z
        .array(z.string().refine(isToken))
        .default([])
        .describe("Headers of the listener's request that are passed on")
        .meta({ allowed: 'a list of names of headers' }),
      headerPrefix: z.string().max(64).default('').describe('What stands before the names of those headers in what is sent'),
      timeout: milliseconds.min(100).max(60_000).default(5_000).describe('Milliseconds within which an answer must have come'),
      presumeInnocent: z.boolean().default(false).describe('Let listeners in when no answer has come in time'),
    })
    .optional()
    .describe('Addresses of a server of your own that is asked and told'),
})

/**
 * {@link authenticationOptions} with every default filled in.
 * @useDeclaredType
 */
export type AuthenticationSettings = z.output<typeof authenticationOptions>

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
        allowPrivate: z
          .boolean()
          .default(false)
          .describe('Let relays call addresses of the own network and of this machine; administrators could look around there'),
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
