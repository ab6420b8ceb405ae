import { z } from 'zod'
import { operation } from './operation.js'
import { trackStatus } from './status.js'

/** One who sends to a mount. */
export const connectedSource = z.strictObject({
  mount: z.string().describe('The mount, such as /live'),
  address: z.string().describe('Where it connects from; for viewers of statistics the network, such as 192.0.2.0/24'),
  agent: z.string().nullable().describe('What it calls itself: User-Agent'),
  user: z.string().describe('The name that it has authenticated with'),
  protocol: z.string().describe('How it sends: PUT, SOURCE, SHOUTcast …'),
  connected: z.string().describe('When it connected, as ISO 8601 in UTC'),
  bytesReceived: z.number().describe('Bytes received since then'),
  rate: z.number().describe('Bytes a second that came in of late'),
  contentType: z.string().nullable().describe('The media type, once the bytes have told'),
  format: z.string().nullable().describe('The wire format, once the bytes have told'),
  tracks: z.array(trackStatus).describe('Elementary streams, as far as the bytes have told'),
  title: z.string().nullable().describe('What plays now: the one line that players show'),
  warnings: z.array(z.string()).describe('What is not as it should be, oldest first: sentences for people'),
})

/** One who sends to a mount. */
export type ConnectedSource = z.infer<typeof connectedSource>

/** Who sends, and what is done about them. */
export const sources = {
  listSources: operation({
    method: 'GET',
    path: '/sources',
    summary: 'Lists the sources that are connected',
    description: 'By mount. An owner sees those of their mounts.',
    access: 'viewer',
    answer: z.strictObject({ sources: z.array(connectedSource).describe('Sources by the name of the mount') }),
  }),
  kickSource: operation({
    method: 'DELETE',
    path: '/mounts/{mount}/source',
    summary: 'Ends the connection of the source of a mount',
    description: 'Its listeners get what is left. The program that sends may come back at once, unless its address is banned.',
    access: 'owner',
  }),
  setTitle: operation({
    method: 'PUT',
    path: '/mounts/{mount}/title',
    summary: 'Says what plays now',
    description:
      'As /admin/metadata does: for listeners with the next metadata, for pages at once. The source or the stream may say something else later.',
    access: 'owner',
    body: z.strictObject({
      title: z.string().max(1024).describe('The one line that players show; empty for nothing'),
      url: z.string().max(1024).nullish().describe('An address that goes with it, such as a cover'),
    }),
  }),
}
