import type { ServerContext } from '../context.js'
import type { Handlers } from './call.js'

/** Addresses that are told what happens. */
export const webhookHandlers = ({ news: { webhooks } }: ServerContext): Handlers => ({
  listWebhooks: () => ({ webhooks: webhooks.list() }),
  addWebhook: ({ body: { url, events, secret } }) => webhooks.add(url, events, secret),
  async removeWebhook({ params: { id } }) {
    await webhooks.remove(id)
    return undefined
  },
  testWebhook: ({ params: { id } }) => webhooks.test(id),
})
