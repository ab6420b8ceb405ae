import type { Router } from '@koa/router'
import { operations } from '../../api/index.js'
import { type OpenApi, openApi } from '../../api/openapi.js'
import { VERSION } from '../../version.js'
import { publicOrigin, publicPrefix, type Visit } from '../address.js'
import type { ServerContext } from '../context.js'
import { apiDocs } from './api-docs.js'
import { openly } from './respond.js'
import { givePage } from './shell.js'
import { visitOf } from './visit.js'

/** Adds the description of the API: `/api/v1/openapi.json` for programs, `/api/v1/docs` for people. */
export function openApiRoutes(router: Router, context: Pick<ServerContext, 'settings'>): void {
  // Made at the first question, for it takes longer than any other answer; only the address differs from one reader to the next.
  let made: OpenApi | undefined
  const document = (visit: Visit): OpenApi => {
    made ??= openApi(operations, VERSION)
    return { ...made, servers: [{ url: `${publicOrigin(visit, context.settings)}/api/v1` }] }
  }
  openly(router, '/api/v1/openapi.json', (ctx) => {
    ctx.set('Content-Type', 'application/json; charset=utf-8')
    ctx.body = JSON.stringify(document(visitOf(ctx)))
  })
  router.get('/api/v1/docs', (ctx) => {
    const visit = visitOf(ctx)
    const plain = apiDocs(document(visit))
    givePage(ctx, { title: 'floecast API', entry: 'docs', prefix: publicPrefix(visit, context.settings), plain })
  })
}
