import { VERSION } from '../../version.js'
import type { ServerContext } from '../context.js'
import type { Handlers } from './call.js'

/** How the server does. */
export const serverHandlers = ({ news: { history }, tail, started }: ServerContext): Handlers => ({
  getOverview: () => ({
    now: history.now(),
    history: [...history.samples],
    version: VERSION,
    started: new Date(started).toISOString(),
  }),
  getLog: ({ query: { level, limit } }) => ({ entries: tail.last(level, limit) }),
})
