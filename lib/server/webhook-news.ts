import type { WebhookData, WebhookEvent } from '../api/webhooks.js'
import type { Listener } from '../mount/listener.js'
import type { MountEvents } from '../mount/mount.js'

/** Takes what a webhook says. */
export type TellWebhooks = <E extends WebhookEvent>(event: E, mount: string, data: WebhookData<E>) => void

type Told = { readonly [K in keyof MountEvents]?: (tell: TellWebhooks, now: number, ...args: MountEvents[K]) => void }

/** Says of an event of a mount what webhooks say of it. */
export const WEBHOOK_NEWS: Told = {
  source: (tell, _, { details: { address, agent, user, request } }, { name }) =>
    tell('source.connected', name, { address, agent, user: user || null, protocol: request.method }),
  end: (tell, now, { details, bytesReceived }, { name }, reason) =>
    tell('source.disconnected', name, { reason, seconds: since(details.connected, now), bytes: bytesReceived }),
  listener: (tell, _, listener, { name }) => tell('listener.connected', name, who(listener)),
  departure: (tell, now, listener, { name }) =>
    tell('listener.disconnected', name, {
      ...who(listener),
      seconds: since(listener.details.connected, now),
      bytes: listener.bytesSent,
    }),
  metadata: (tell, _, { name, metadata: { display, artist, title, url } }) => {
    // With another source there is no title at first.
    if (display !== '') tell('title', name, { display, artist: artist ?? null, title: title === '' ? null : title, url: url ?? null })
  },
  warning: (tell, _, sentence, { name }) => tell('mount.warning', name, { sentence }),
  failure: (tell, _, sentence, { name }) => tell('mount.failed', name, { sentence }),
  recorded: (tell, _, file, bytes, { name }) => tell('recording.finished', name, { file, bytes }),
}

const since = (connected: number, now: number): number => Math.max(0, Math.round(now - connected) / 1000)

const who = ({ id, details: { address, agent, user } }: Listener): WebhookData<'listener.connected'> => ({
  listener: id,
  address,
  agent,
  user: user ?? null,
})
