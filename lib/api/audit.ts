import { z } from 'zod'
import { operation } from './operation.js'
import { principal } from './session.js'

/** What somebody has changed. */
export const auditEntry = z.strictObject({
  id: z.int().describe('Number of the entry; later ones have larger numbers'),
  time: z.iso.datetime().describe('When, ISO 8601 in UTC'),
  who: z.string().describe('Name of the administrator, the person or the token'),
  via: principal.shape.via,
  address: z.string().describe('Address from which it came'),
  action: z.string().describe('Name of the operation, such as removePerson'),
  target: z.string().nullable().describe('What it was done to, such as /live; null when it was the server'),
  summary: z.string().describe('What was done, as a sentence; passwords and the like never stand in it'),
})

/** What somebody has changed. */
export type AuditEntry = z.infer<typeof auditEntry>

/** The trail of who changed what. */
export const audit = {
  getAudit: operation({
    method: 'GET',
    path: '/audit',
    summary: 'Tells who changed what',
    description: 'For the page before, ask for what came before the id of the last entry.',
    access: 'admin',
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(1000).default(100).describe('How many entries at most'),
      before: z.coerce.number().int().optional().describe('Only entries with a smaller id'),
    }),
    answer: z.strictObject({ entries: z.array(auditEntry).describe('The newest first') }),
  }),
}
