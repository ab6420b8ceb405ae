import { z } from 'zod'

const bytes = z.number().int().min(0)
const milliseconds = z.number().int().min(0)
const count = z.number().int().min(0)

/**
 * What can be set for one mount. The schema is the one place where an option's name, range, default and meaning stand; the
 * type, the configuration file and its printed comments all come from here.
 */
export const mountOptions = z.strictObject({
  name: z.string().optional().describe('Name of the stream; in place of what the source says (ice-name)'),
  description: z.string().optional().describe('Description; in place of ice-description'),
  genre: z.string().optional().describe('Genre; in place of ice-genre'),
  url: z.string().optional().describe("Address of the stream's own web site; in place of ice-url"),
  public: z.boolean().optional().describe('Whether directories may list the stream; in place of ice-public'),
  hidden: z.boolean().default(false).describe('Leave the mount out of the status pages'),
  sourcePassword: z
    .string()
    .min(1)
    .optional()
    .describe('Password for sources of this mount alone (plain, or a hash made by floecast); the general one is then refused'),
  takeover: z
    .boolean()
    .default(false)
    .describe('A second source with the right password replaces the one that is connected, instead of being refused'),
  maxListeners: count.optional().describe('Most listeners at a time; unlimited when left out'),
  burstSize: bytes
    .default(65_536)
    .describe('Bytes of audio that a new listener gets at once, so that players start quickly; video starts at a key frame instead'),
  queueSize: bytes
    .optional()
    .describe('Bytes kept for slow listeners; one that falls further behind is dropped. Left out: 524288 for audio, 16777216 with video'),
  sourceTimeout: milliseconds.min(1).default(10_000).describe('Milliseconds without a byte after which a source counts as dead'),
  metaint: bytes.min(1).default(16_000).describe('Bytes between two ICY metadata blocks, for MP3 and AAC listeners that ask for them'),
})

/** Options of one mount, as a caller writes them. */
export type MountOptions = z.input<typeof mountOptions>
/** Options of one mount with every default filled in. */
export type MountSettings = z.output<typeof mountOptions>

/** What can be set for the server. */
export const serverOptions = z.strictObject({
  hostname: z.string().min(1).optional().describe("Name in URLs when a request brings no Host; the machine's own name when left out"),
  location: z.string().default('Earth').describe('Where the server stands, for status-json'),
  admin: z.string().default('icemaster@localhost').describe('How to reach whoever runs the server, for status-json'),
  maxSources: count.default(100).describe('Most sources at a time'),
  maxListeners: count.default(20_000).describe('Most listeners at a time, over all mounts'),
  maxConnections: count.default(0).describe('Most connections of all kinds at a time; 0 is unlimited'),
  headerSize: bytes.min(1024).default(16_384).describe('Most bytes in the head of a request (431 above it)'),
  headerTimeout: milliseconds.min(1).default(15_000).describe('Milliseconds within which the head of a request must be complete'),
  trustedProxies: z.array(z.string()).default([]).describe('Addresses (CIDR) whose X-Forwarded-* headers are believed'),
  mounts: z
    .record(z.string().startsWith('/'), mountOptions)
    .default({})
    .describe('Options per mount; a key that ends in * is a prefix, and the longest match wins'),
})

/** Options of a server, as a caller writes them. */
export type ServerOptions = z.input<typeof serverOptions>
/** Options of a server with every default filled in. */
export type ServerSettings = z.output<typeof serverOptions>
