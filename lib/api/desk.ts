import { z } from 'zod'
import { streamerCommand, streamerEntry, streamerState } from './streamer.js'

/** What the page of a streamer asks of the program behind it, and what it is told: on this computer alone, and no part of a server's API. */

const protocol = z.enum(['put', 'source', 'shoutcast'])

/** Where to stream to, as it is written into the page. */
export const deskTarget = z.strictObject({
  server: z.string().trim().min(1).max(300).describe('Host and port, or an address that begins with http:// or https://'),
  mount: z.string().trim().max(300).describe('The mount, such as /live'),
  user: z.string().trim().max(100).describe('Who publishes; mostly source'),
  password: z.string().max(300).nullable().describe('The password; null for the one that is remembered for this server'),
  protocol: protocol.describe('How it is sent'),
})

/** Where to stream to, as it is written into the page. */
export type DeskTarget = z.infer<typeof deskTarget>

/** How well it looks and sounds, in a word. */
export const deskQuality = z.enum(['low', 'medium', 'high', 'copy'])

/** How well it looks and sounds, in a word. */
export type DeskQuality = z.infer<typeof deskQuality>

/** What it takes to begin. */
export const deskOrder = z.strictObject({
  to: deskTarget,
  quality: deskQuality,
  name: z.string().trim().max(200).describe('What the server calls the stream; empty for nothing'),
  remember: z.boolean().describe('Whether the password is kept, too'),
})

/** What it takes to begin. */
export type DeskOrder = z.infer<typeof deskOrder>

/** What the page can tell a streamer, and its list while nothing is streamed. */
export const deskCommand = z.union([
  streamerCommand,
  z.strictObject({ do: z.literal('shuffle'), on: z.boolean() }).describe('Whether the order is drawn by lot when the stream begins'),
])

/** What the page can tell a streamer, and its list while nothing is streamed. */
export type DeskCommand = z.infer<typeof deskCommand>

/**
 * What was used last. The password is none of it: only whether there is one.
 * @internal
 */
export const deskMemo = z.strictObject({
  server: z.string().describe('Host and port, or an address'),
  mount: z.string().describe('The mount'),
  user: z.string().describe('Who publishes'),
  protocol: protocol.describe('How it is sent'),
  quality: deskQuality.describe('How well it looks and sounds'),
  name: z.string().describe('What the server calls the stream'),
  hasPassword: z.boolean().describe('Whether the password is remembered'),
})

/** What was used last. The password is none of it: only whether there is one. */
export type DeskMemo = z.infer<typeof deskMemo>

/**
 * How things stand, but for the list, which is sent by itself: it may be long, and changes seldom.
 * @internal
 */
export const deskState = z.strictObject({
  streamer: streamerState.omit({ entries: true }).nullable().describe('What is streamed; null while nothing is'),
  outcome: z
    .strictObject({ sentence: z.string(), failed: z.boolean() })
    .nullable()
    .describe('How the last stream came to its end; null before that'),
  loop: z.boolean().describe('Whether the list begins anew after its last entry'),
  shuffle: z.boolean().describe('Whether the order is drawn by lot'),
  camera: z.boolean().describe('Whether a page sends its camera'),
  room: z.number().describe('Bytes that can be dropped into the list; less than the disk has'),
})

/** How things stand, but for the list. */
export type DeskState = z.infer<typeof deskState>

/**
 * The list, in the order in which it plays.
 * @internal
 */
export const deskList = z.array(streamerEntry)

/** The list, in the order in which it plays. */
export type DeskList = z.infer<typeof deskList>

/** What the page begins with. */
export interface DeskStart {
  /** How things stand. */
  readonly state: DeskState
  /** The list. */
  readonly list: DeskList
  /** What was used last; null for nothing. */
  readonly memo: DeskMemo | null
  /** Whether its password is kept from one time to the next. */
  readonly keepsPassword: boolean
  /** Why nothing can be converted, such as that ffmpeg is not there; null when all is well. */
  readonly problem: string | null
}

/** What lies in a folder of this computer, as far as it can be streamed. */
export const deskFolder = z.strictObject({
  path: z.string(),
  parent: z.string().nullable().describe('The folder around it; null at the top'),
  places: z.array(z.strictObject({ name: z.string(), path: z.string() })).describe('Where to begin: the home folder and its like'),
  entries: z.array(
    z.strictObject({
      name: z.string(),
      path: z.string(),
      kind: z.enum(['folder', 'media']),
      size: z.number().nullable().describe('Bytes; null for folders'),
    }),
  ),
  more: z.boolean().describe('Whether there is more than is told'),
})

/** What lies in a folder of this computer, as far as it can be streamed. */
export type DeskFolder = z.infer<typeof deskFolder>

/** Why something is not done: a sentence, and beside which field it belongs. */
export interface DeskRefusal {
  readonly error: {
    /** For programs. */
    readonly code: string
    /** For people. */
    readonly message: string
    /** What it is about. */
    readonly field: 'server' | 'mount' | 'password' | null
  }
}

/** The first message of a WebSocket that sends a camera. */
export const deskHello = z.object({
  type: z.literal('hello'),
  data: z.object({ mime: z.string().min(1).max(256).describe('The media type of what follows') }),
})

/** A later message of text: what plays. */
export const deskTitle = z.object({ type: z.literal('metadata'), data: z.object({ title: z.string().max(1024) }) })
