import { z } from 'zod'

const name = z.string().min(1).max(64)

/**
 * One entry of a streamer's list.
 * @internal
 */
export const streamerEntry = z.strictObject({
  id: name.describe('What names it, for as long as it is in the list'),
  title: z.string().describe('What listeners are told while it plays'),
  source: z.string().describe('Where it comes from, for people: a path, an address, or the name of a device'),
  duration: z.number().nullable().describe('How long it is, in seconds; null while that is not known, and for what does not end by itself'),
  state: z.enum(['waiting', 'next', 'playing', 'played', 'skipped']).describe('Where it stands in the programme'),
  way: z.enum(['copy', 'convert']).nullable().describe('Whether it goes out as it is, or is encoded anew; null while that is not known'),
  note: z.string().nullable().describe('What is done to it, such as "1920×1080 → 1280×720", or why it is skipped'),
})

/** One entry of a streamer's list. */
export type StreamerEntry = z.infer<typeof streamerEntry>

/**
 * Where a streamer sends, and how that goes.
 * @internal
 */
export const streamerTarget = z.strictObject({
  server: z.string().describe('Host and port'),
  mount: z.string().describe('The mount, such as /live'),
  protocol: z.enum(['put', 'source', 'shoutcast']).describe('How it sends'),
  status: z.enum(['connecting', 'live', 'reconnecting', 'failed', 'ended']).describe('How the connection is'),
  since: z.string().nullable().describe('Since when it is live without a break, as ISO 8601 in UTC; null while it is not'),
  bitrate: z.number().describe('Bits a second that went out over the last seconds'),
  bytesSent: z.number().describe('Bytes sent so far'),
  buffered: z.number().describe('Bytes that wait for the network'),
  dropped: z.number().describe('Bytes that were left out because the network was too slow or away'),
  reconnects: z.number().describe('How often it has had to connect anew'),
  viewers: z.number().nullable().describe('Who watches or listens, as the server says; null where it does not'),
  problem: z.string().nullable().describe('What is wrong at the moment, in one sentence'),
})

/** Where a streamer sends, and how that goes. */
export type StreamerTarget = z.infer<typeof streamerTarget>

/**
 * All that can be seen of a streamer at a moment: what its terminal and its page draw, and what `--json` writes.
 * @internal
 */
export const streamerState = z.strictObject({
  status: z.enum(['starting', 'live', 'paused', 'ended']).describe('paused: a still goes out in place of the list'),
  started: z.string().describe('When it was started, as ISO 8601 in UTC'),
  targets: z.array(streamerTarget).describe('One for each rung of the ladder, the highest first; one where there is no ladder'),
  position: z.number().describe('Seconds of the entry that plays that have gone out'),
  current: name.nullable().describe('The entry that plays; null when none does'),
  takenOver: z.string().nullable().describe('What has taken over from the list, such as the webcam; null when nothing has'),
  entries: z.array(streamerEntry).describe('The list, in the order in which it plays'),
  loop: z.boolean().describe('Whether the list begins anew after its last entry'),
  frameRate: z.number().nullable().describe('Pictures a second that went out over the last seconds; null without pictures'),
  frames: z.number().describe('Pictures sent so far'),
  encoder: z.string().nullable().describe('What encodes, such as "ffmpeg 5.1.6, libx264"; null where nothing has to'),
  warnings: z.array(z.string()).describe('What is not as it should be, newest last; 20 at most'),
})

/** All that can be seen of a streamer at a moment. */
export type StreamerState = z.infer<typeof streamerState>

/**
 * What a streamer can be told while it runs.
 * @internal
 */
export const streamerCommand = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('next') }).describe('Go on to the next entry'),
  z.strictObject({ do: z.literal('previous') }).describe('Go back to the entry before'),
  z.strictObject({ do: z.literal('jump'), id: name }).describe('Go on with an entry'),
  z.strictObject({ do: z.literal('pause') }).describe('Send a still of what is shown now, and silence'),
  z.strictObject({ do: z.literal('resume') }).describe('Go on where it was paused'),
  z
    .strictObject({ do: z.literal('add'), sources: z.array(z.string().min(1)).min(1), before: name.optional() })
    .describe('Add files, folders, patterns, playlists or addresses, at the end or before an entry'),
  z.strictObject({ do: z.literal('remove'), id: name }).describe('Take an entry out; if it plays, the next one begins'),
  z.strictObject({ do: z.literal('move'), id: name, before: name.nullable() }).describe('Put an entry before another, or at the end'),
  z.strictObject({ do: z.literal('loop'), on: z.boolean() }).describe('Whether the list begins anew after its last entry'),
  z
    .strictObject({ do: z.literal('takeOver'), source: z.string().min(1) })
    .describe('Show something else, such as webcam:, and hold the list'),
  z.strictObject({ do: z.literal('giveBack') }).describe('Go on with the list where it was held'),
  z.strictObject({ do: z.literal('stop') }).describe('End in order'),
])

/** What a streamer can be told while it runs. */
export type StreamerCommand = z.infer<typeof streamerCommand>
