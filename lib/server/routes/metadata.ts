import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { FloecastError } from '../../errors.js'
import { basicCredentials } from '../../icy/basic.js'
import { parseLogin } from '../../icy/login.js'
import { metadataFromQuery } from '../../icy/metadata.js'
import { parseQuery, rawQuery } from '../../icy/path.js'
import type { Mount } from '../../mount/mount.js'
import type { ServerContext } from '../context.js'
import { giveMarkup, tell } from './respond.js'
import { addressOf } from './visit.js'

/**
 * Adds the ways in which encoders tell a title: `/admin/metadata` (GET, or POST with a form) as Icecast has it, for every format,
 * and SHOUTcast's `/admin.cgi`. Other commands below `/admin` are answered as unknown without a word about passwords: libshout
 * looks with `/admin/!POKE` whether somebody is there.
 */
export function metadataRoutes(router: Router, context: ServerContext): void {
  const metadata = async (ctx: Context): Promise<void> => {
    if (isForeign(ctx)) return tell(ctx, 403, 'Cannot take a title from the page of another site')
    const form = ctx.method === 'POST' ? await readForm(ctx) : ''
    await update(context, ctx, [rawQuery(ctx.url), form].filter(Boolean).join('&'))
  }
  router.get('/admin/metadata', metadata)
  router.post('/admin/metadata', metadata)
  router.get('/admin.cgi', async (ctx) => {
    if (isForeign(ctx)) return tell(ctx, 403, 'Cannot take a title from the page of another site')
    return updateShoutcast(context, ctx)
  })
  router.all('/admin/*command', (ctx) => tell(ctx, 400, 'Unrecognised command'))
}

async function update(context: ServerContext, ctx: Context, query: string): Promise<void> {
  const parameters = parseQuery(query)
  const name = parameters.get('mount') ?? undefined
  const credentials = basicCredentials(ctx.get('authorization'))
  ctx.state['user'] = await context.admit(['source', 'admin'], credentials, name, addressOf(ctx, context))
  if (name === undefined) return tell(ctx, 400, 'Unknown admin request: the parameter mount is missing')
  const mount = liveMount(context, name)
  const mode = parameters.get('mode')
  if (mode === null) return tell(ctx, 400, 'Missing parameter: mode')
  ctx.set('Content-Type', 'text/xml; charset=utf-8')
  if (mode !== 'updinfo') {
    ctx.body = iceResponse('No such action', 0)
    return
  }
  apply(mount, query)
  ctx.body = iceResponse('Metadata update successful', 1)
}

async function updateShoutcast(context: ServerContext, ctx: Context): Promise<void> {
  const query = rawQuery(ctx.url)
  const parameters = parseQuery(query)
  const pass = parameters.get('pass')
  const standard = standardMount(context)
  const login = pass === null ? { mount: standard, candidates: basicCredentials(ctx.get('authorization')) } : parseLogin(pass, standard)
  const name = parameters.get('mount') ?? login.mount
  ctx.state['user'] = await context.admit(['source', 'admin'], login.candidates, name, addressOf(ctx, context))
  const mount = liveMount(context, name)
  if (parameters.get('mode') !== 'updinfo') return tell(ctx, 400, 'No such action: mode is to be updinfo')
  apply(mount, query)
  giveMarkup(ctx, '<html><head><title>Admin request successful</title></head><body><p>Metadata update successful</p></body></html>')
}

// A browser that knows a password would send it with whatever another site makes it ask for. Encoders do not say where they are.
const isForeign = (ctx: Context): boolean => /^(cross|same)-site$/.test(ctx.get('sec-fetch-site'))

// SHOUTcast knows no mounts: it means the one that its sources send to, or the only one there is.
function standardMount({ mounts, settings }: ServerContext): string {
  if (mounts.get(settings.shoutcastMount)?.source !== undefined) return settings.shoutcastMount
  const live = [...mounts].filter(({ source }) => source !== undefined)
  return live.length === 1 ? live[0]!.name : settings.shoutcastMount
}

function liveMount({ mounts }: ServerContext, name: string): Mount {
  const mount = mounts.get(name)
  if (mount?.source === undefined) throw new FloecastError('SOURCE_NOT_FOUND', { mount: name })
  return mount
}

// As in Icecast, an update that brings no title is fine, and changes nothing.
function apply(mount: Mount, query: string): void {
  const metadata = metadataFromQuery(query, mount.metadata)
  if (metadata !== undefined) mount.setMetadata(metadata)
}

const iceResponse = (message: string, result: 0 | 1): string =>
  `<?xml version="1.0"?>\n<iceresponse><message>${message}</message><return>${result}</return></iceresponse>\n`

const FORM_LIMIT = 16_384

// The form as a query: bytes beyond ASCII are percent-encoded, for only the charset in the form tells what they mean.
async function readForm(ctx: Context): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    // The connection must outlive a form that is too large: the refusal goes out on it.
    for await (const chunk of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > FORM_LIMIT) break
      chunks.push(chunk)
    }
  } catch {
    throw new FloecastError('BAD_REQUEST', { reason: 'the form has broken off' })
  }
  if (size > FORM_LIMIT) {
    ctx.set('Connection', 'close')
    throw new FloecastError('BAD_REQUEST', { reason: `the form is larger than ${FORM_LIMIT} bytes` })
  }
  const text = Buffer.concat(chunks).toString('latin1').trim()
  return text.replace(/[^\x21-\x7e]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
