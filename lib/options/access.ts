import { z } from 'zod'
import { range } from './values.js'

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
  denyAgentsFile: listFile
    .describe('File with players that may not listen, one a line, that is read again when it changes (deny-agents)')
    .meta({
      examples: ['/etc/floecast/agents.txt'],
    }),
  denyAgents: z
    .array(z.string().min(1).max(512))
    .default([])
    .describe('More of them, by whole User-Agent; * is any text, ? any letter')
    .meta({ examples: [['*bot*']] }),
})

/**
 * Who may come in, with every default filled in.
 * @useDeclaredType
 */
export type AccessSettings = z.output<typeof accessOptions>
