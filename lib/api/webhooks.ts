import { z } from 'zod'
import { operation } from './operation.js'

const time = z.iso.datetime()
const address = z.string().describe('Its address')
const agent = z.string().describe('Its User-Agent, or nothing')
const user = z.string().nullable().describe('The name that it has signed in with')
const sentence = z.string().describe('What it is, in one sentence for people')
const seconds = z.number().min(0).describe('For how long it was connected, in seconds')
const bytes = z.int().min(0)
const listener = { listener: z.int().describe('Its number, as GET /listeners has it'), address, agent, user }

/** What webhooks tell of, and what they say about it. */
export const webhookData = {
  'source.connected': z
    .object({ address, agent, user, protocol: z.string().describe('How it sends: PUT, SOURCE, SHOUTcast …') })
    .describe('A source has connected'),
  'source.disconnected': z
    .object({ reason: z.string().describe('Why, as a part of a sentence'), seconds, bytes: bytes.describe('Bytes that came from it') })
    .describe('A source has gone'),
  'listener.connected': z
    .object(listener)
    .describe('Somebody has begun to listen over a connection of their own; viewers by HLS and DASH have none'),
  'listener.disconnected': z
    .object({ ...listener, seconds, bytes: bytes.describe('Bytes that went to it') })
    .describe('Somebody listens no more'),
  title: z
    .object({
      display: z.string().describe('The one line that players show'),
      artist: z.string().nullable().describe('Who plays it, where the source tells'),
      title: z.string().nullable().describe('The title alone, where the source tells it apart'),
      url: z.string().nullable().describe('An address that goes with it, as the source says it'),
    })
    .describe('Something else plays'),
  'mount.warning': z.object({ sentence }).describe('Something is not as it should be'),
  'mount.failed': z.object({ sentence }).describe('Something has failed, and stays so until the source connects again'),
  'recording.finished': z
    .object({ file: z.string().describe('The file, below the folder for media'), bytes: bytes.describe('Its size in bytes') })
    .describe('What a source sent has been written down'),
} as const

/** The name of something that webhooks tell of. */
export type WebhookEvent = keyof typeof webhookData

/** What a webhook says of an event. */
export type WebhookData<E extends WebhookEvent> = z.output<(typeof webhookData)[E]>

/** The names of all that webhooks tell of. */
export const webhookEvent = z.enum([
  'source.connected',
  'source.disconnected',
  'listener.connected',
  'listener.disconnected',
  'title',
  'mount.warning',
  'mount.failed',
  'recording.finished',
] satisfies WebhookEvent[])

/** What a webhook sends. */
export const webhookPayload = z.object({
  id: z.string().describe('Of this news; the same if it is sent again'),
  event: z.string().describe('What has happened'),
  time: time.describe('When, as ISO 8601 in UTC'),
  mount: z.string().nullable().describe('Where, such as /live'),
})

const delivery = z.object({
  time: time.describe('When, as ISO 8601 in UTC'),
  event: z.string().describe('What it was about'),
  status: z.int().nullable().describe('The HTTP status of the answer; null when there was none'),
  error: z.string().nullable().describe('Why it has failed, in a few words; null when it has not'),
})

/** An address that is told what happens. */
export const webhook = z.object({
  id: z.string().describe('By which it is tested and removed'),
  url: z.string().describe('Where the news go'),
  events: z.array(webhookEvent).describe('Of what it is told'),
  created: time.describe('When it was added, as ISO 8601 in UTC'),
  waiting: z.int().min(0).describe('News that wait for their turn'),
  dropped: z.int().min(0).describe('News that were given up since the server started: too many waited, or it failed again and again'),
  last: delivery.nullable().describe('The last try'),
})

/**
 * An address that is told what happens.
 * @useDeclaredType
 */
export type Webhook = z.output<typeof webhook>

const HTTP = /^https?:\/\//i
const url = z
  .url({ protocol: /^https?$/, error: 'an address begins with https:// or http://' })
  .max(2048)
  .refine(
    (text) => !/^[a-z]+:[/\\]*[^/\\?#]*@/i.test(text) && HTTP.test(text),
    'leave name and password out of the address; the secret signs what is sent',
  )
  .describe('Where the news go, by POST')

const secret = z
  .string()
  .min(16)
  .max(256)
  .regex(/^\P{Cc}*$/u, 'a secret has no control characters')
  .meta({ secret: true })

/** Webhooks as they are kept. */
export const storedWebhooks = z.array(
  z.object({ id: z.string(), url: z.string(), events: z.array(webhookEvent), created: time, secret: z.string() }),
)

/** A webhook as it is kept. */
export type StoredWebhook = z.output<typeof storedWebhooks>[number]

/** Addresses that are told what happens. */
export const webhooks = {
  listWebhooks: operation({
    method: 'GET',
    path: '/webhooks',
    summary: 'Lists the webhooks',
    access: 'admin',
    answer: z.object({ webhooks: z.array(webhook).describe('The oldest first') }),
  }),
  addWebhook: operation({
    method: 'POST',
    path: '/webhooks',
    summary: 'Adds a webhook',
    description:
      'Each event is sent as JSON by POST, with the headers X-Floecast-Event, X-Floecast-Delivery, X-Floecast-Timestamp (seconds since 1970) and X-Floecast-Signature: sha256= and the HMAC-SHA256, in hexadecimal, of the timestamp, a dot and the body under the secret. Any status from 200 to 299 within five seconds will do; else it is tried three times more. Redirects are not followed, and addresses within the own network are refused unless the option webhooks.allowPrivate is set.',
    access: 'admin',
    body: z.strictObject({
      url,
      events: z.array(webhookEvent).min(1).max(20).describe('Of what it is told'),
      secret: secret.optional().describe('What signs the news: 16 to 256 characters; one is made when it is left out'),
    }),
    answer: z.object({
      ...webhook.shape,
      secret: z.string().nullable().describe('The secret that was made, shown this once; null where the request brought one'),
    }),
  }),
  removeWebhook: operation({
    method: 'DELETE',
    path: '/webhooks/{id}',
    summary: 'Removes a webhook',
    access: 'admin',
  }),
  testWebhook: operation({
    method: 'POST',
    path: '/webhooks/{id}/test',
    summary: 'Sends an event called "test" to a webhook, once and at once',
    access: 'admin',
    answer: z.object({
      status: z.int().nullable().describe('The HTTP status of the answer; null when there was none'),
      error: z.string().nullable().describe('Why it has failed, in a few words; null when it has not'),
      milliseconds: z.int().min(0).describe('How long it took'),
    }),
  }),
}
