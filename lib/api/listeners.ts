import { z } from 'zod'
import { operation } from './operation.js'

/** One who listens or watches. */
export const presentListener = z.strictObject({
  id: z
    .string()
    .describe('Stays the same for as long as they are there; c and a number for a connection, v and a number for a viewer of segments'),
  mount: z.string().describe('The mount, such as /live'),
  protocol: z
    .enum(['progressive', 'instant', 'hls', 'll-hls', 'dash'])
    .describe('progressive is the stream as its source sends it, instant an endless stream in another form'),
  address: z.string().describe('Where they are, behind trusted proxies; for viewers of statistics the network, such as 192.0.2.0/24'),
  agent: z.string().nullable().describe('What their player calls itself: User-Agent'),
  user: z.string().nullable().describe('The name that they have authenticated with, if any'),
  seconds: z.number().describe('How long they have been there, in seconds'),
  bytes: z.number().describe('Bytes given to them'),
  lag: z
    .number()
    .nullable()
    .describe('Seconds between the live edge and what has been given to them; null where it is not known, as for viewers of segments'),
  method: z
    .enum(['connection', 'id', 'address'])
    .describe('What they are told from others by: a connection of their own, an id of the player, or merely address and User-Agent'),
})

/** One who listens or watches. */
export type PresentListener = z.infer<typeof presentListener>

/** An address or range that is not let in. */
export const banned = z.strictObject({
  address: z.string().describe('An address, or a range such as 192.0.2.0/24'),
  reason: z.string().describe('Why, for administrators'),
  by: z.string().describe('Who has banned it'),
  since: z.string().describe('Since when, as ISO 8601 in UTC'),
  until: z.string().nullable().describe('Until when, as ISO 8601 in UTC; null for ever'),
})

/** An address or range that is not let in. */
export type Banned = z.infer<typeof banned>

/** Who listens, and what is done about them. */
export const listeners = {
  listListeners: operation({
    method: 'GET',
    path: '/listeners',
    summary: 'Lists who listens and watches',
    description: 'Whoever has been there longest comes first. An owner sees those of their mounts.',
    access: 'viewer',
    query: z.object({
      mount: z.string().optional().describe('Only those of this mount, such as /live'),
      filter: z
        .string()
        .max(256)
        .optional()
        .describe('Only those with this text in mount, protocol, address, agent or user, whatever its case'),
      limit: z.coerce.number<string | number>().int().min(1).max(1000).default(100).describe('Most that are listed'),
      offset: z.coerce.number<string | number>().int().min(0).default(0).describe('How many are passed over first'),
    }),
    answer: z.strictObject({
      total: z.number().describe('How many there are that fit, listed or not'),
      listeners: z.array(presentListener).describe('Those from offset on'),
    }),
  }),
  kickListener: operation({
    method: 'DELETE',
    path: '/listeners/{id}',
    summary: 'Sends a listener away',
    description:
      'A connection ends. A viewer of segments is refused for as long as the player goes on asking, and three segments longer. Neither is kept from coming again: that is what bans are for.',
    access: 'owner',
  }),
  moveListeners: operation({
    method: 'POST',
    path: '/mounts/{mount}/move',
    summary: 'Moves the listeners of a mount to another mount',
    description:
      'All who take the stream as its source sends it go on with the other one from its next key frame on, on the same connection. Both mounts must be live, in the same format.',
    access: 'owner',
    body: z.strictObject({ to: z.string().startsWith('/').describe('The mount that they are to hear, such as /studio') }),
    answer: z.strictObject({ moved: z.number().describe('How many have been moved') }),
  }),
  makeLink: operation({
    method: 'POST',
    path: '/mounts/{mount}/links',
    summary: 'Makes a link that lets listen',
    description:
      'For a mount that lets in by links (authentication.linkSecret). It is right for every form of the mount, and cannot be called back.',
    access: 'owner',
    body: z.strictObject({
      minutes: z.number().positive().max(5_256_000).describe('For how many minutes; who listens by it is not heard any longer then'),
    }),
    answer: z.strictObject({
      url: z.string().describe('The address of the mount, with what lets in').meta({ secret: true }),
      expires: z.string().describe('Until when, as ISO 8601 in UTC'),
    }),
  }),
  listBans: operation({
    method: 'GET',
    path: '/bans',
    summary: 'Lists the addresses that are not let in',
    access: 'admin',
    answer: z.strictObject({ bans: z.array(banned).describe('Newest first') }),
  }),
  ban: operation({
    method: 'POST',
    path: '/bans',
    summary: 'Keeps an address or a range out',
    description:
      'Everything that it has open ends, and nothing of it is let in any more: no source, no listener, no page. An address that is banned already gets the new time and reason. Your own address cannot be banned.',
    access: 'admin',
    body: z.strictObject({
      address: z.string().max(64).describe('An address, or a range such as 192.0.2.0/24 or 2001:db8::/64'),
      minutes: z.number().positive().max(52_560_000).nullable().default(null).describe('For how many minutes; null for ever'),
      reason: z.string().max(256).default('').describe('Why, for administrators'),
    }),
    answer: banned.extend({ ended: z.number().describe('How many sources and listeners it had') }),
  }),
  unban: operation({
    method: 'DELETE',
    path: '/bans/{address}',
    summary: 'Lets an address or a range in again',
    access: 'admin',
  }),
}
