import { z } from 'zod'
import { auditEntry } from './audit.js'
import { operation } from './operation.js'

const count = z.int().min(0)

/** How the server does at one moment. */
export const sample = z.object({
  time: z.iso.datetime().describe('When, as ISO 8601 in UTC'),
  viewers: count.describe('Listeners and viewers of all mounts, in whatever form'),
  sources: count.describe('Sources connected'),
  connections: count.describe('Connections of all kinds that are open'),
  bitsIn: z.number().min(0).describe('Bits a second that came from sources'),
  bitsOut: z.number().min(0).describe('Bits a second that went to listeners and viewers'),
  cpu: z.number().min(0).describe('Processor time taken, in parts of one core: 1 is a whole core, and more than 1 is more than one'),
  memory: count.describe('Memory that the process holds (resident set), in bytes'),
  eventLoopDelay: z
    .number()
    .min(0)
    .describe('Milliseconds by which the event loop came late, of a hundred looks the worst but one; above 100 listeners notice'),
})

/**
 * How the server does at one moment.
 * @useDeclaredType
 */
export type Sample = z.output<typeof sample>

/** How the server does, and did. */
export const overview = z.object({
  now: sample.describe('Now: rates are those of the last seconds'),
  history: z.array(sample).describe('The last hour in steps of ten seconds, oldest first: rates are those of each step'),
  version: z.string().describe('Version of the server'),
  started: z.iso.datetime().describe('When it was started, as ISO 8601 in UTC'),
})

/**
 * How the server does, and did.
 * @useDeclaredType
 */
export type Overview = z.output<typeof overview>

/** How much an entry of the log matters, least first. */
export const logLevel = z.enum(['debug', 'info', 'warn', 'error'])

/**
 * How much an entry of the log matters.
 * @useDeclaredType
 */
export type LogLevel = z.output<typeof logLevel>

/** What stands in the log. */
export const logEntry = z.object({
  id: z.int().describe('Number of the entry; later ones have larger numbers'),
  time: z.iso.datetime().describe('When, as ISO 8601 in UTC'),
  level: logLevel.describe('How much it matters'),
  message: z.string().describe('What happened, in a few words'),
  fields: z.record(z.string(), z.json()).describe('What belongs to it, such as mount or address; passwords and the like never stand there'),
})

/**
 * What stands in the log.
 * @useDeclaredType
 */
export type LogEntry = z.output<typeof logEntry>

/** Something about a source has changed. */
export const sourceChange = z.object({
  mount: z.string().describe('The mount, such as /live'),
  change: z
    .enum(['connected', 'format', 'disconnected', 'title', 'warning', 'failure', 'forgotten'])
    .describe('What has changed; GET /sources tells how it is now'),
  time: z.iso.datetime().describe('When, as ISO 8601 in UTC'),
})

/**
 * Something about a source has changed.
 * @useDeclaredType
 */
export type SourceChange = z.output<typeof sourceChange>

/** How the server does. */
export const server = {
  getOverview: operation({
    method: 'GET',
    path: '/overview',
    summary: 'Tells how the server does, and did for the last hour',
    access: 'viewer',
    answer: overview,
  }),
  getLog: operation({
    method: 'GET',
    path: '/log',
    summary: 'Gives the last entries of the log',
    description: 'A thousand of each level are kept in memory, whatever the log file holds.',
    access: 'admin',
    query: z.strictObject({
      level: logLevel.default('info').describe('Only entries that matter so much or more'),
      limit: z.coerce.number().int().min(1).max(1000).default(200).describe('How many entries at most'),
    }),
    answer: z.object({ entries: z.array(logEntry).describe('The newest first') }),
  }),
  getAdminEvents: operation({
    method: 'GET',
    path: '/events/admin',
    summary: 'Tells how the server does and what happens, as server-sent events',
    description:
      'For whoever has signed in: the cookie of the session opens it for an EventSource. An event "overview" comes every two seconds, "sources" when a source comes, goes or changes, and, for administrators, "log" and "audit" with each entry. A reader that does not keep up is cut off.',
    access: 'viewer',
    query: z.strictObject({ level: logLevel.default('info').describe('Only entries of the log that matter so much or more') }),
    contentType: 'text/event-stream',
    events: { overview: sample, log: logEntry, audit: auditEntry, sources: sourceChange },
  }),
  getOpenApi: operation({
    method: 'GET',
    path: '/openapi.json',
    summary: 'Describes the API as OpenAPI 3.1',
    description: 'For people the same is at /api/v1/docs.',
    access: 'anyone',
    contentType: 'application/json',
  }),
}
