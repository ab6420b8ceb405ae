import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { basicCredentials } from '../../../icy/basic.js'
import { parseLogin } from '../../../icy/login.js'
import { parseQuery, rawQuery } from '../../../icy/path.js'
import { formatXml, type XmlOutput, xmlText } from '../../../icy/xml.js'
import type { Mount } from '../../../mount/mount.js'
import { banAddress } from '../../api/listeners.js'
import { isWithin, normalRange } from '../../bans.js'
import type { ServerContext } from '../../context.js'
import type { ApiGuard } from '../api.js'
import { giveMarkup, tell } from '../respond.js'
import { addressOf } from '../visit.js'
import { presentAt, sendAway } from './audience.js'
import { type Call, liveMount, note } from './command.js'
import { setTitle } from './metadata.js'
import { songElements, streamAt, summaryElements, summaryOf } from './shoutcast.js'

/**
 * Adds `/admin.cgi` of SHOUTcast: titles from encoders (`mode=updinfo`), and what tools read and do. The password comes in the query, as `pass`, or by Basic; titles
 * may be told by the source, all else is the administrator's.
 */
export function shoutcastAdminRoutes(router: Router, context: ServerContext, guard: ApiGuard): void {
  router.get('/admin.cgi', async (ctx) => {
    guard.refuseForeign(ctx)
    const raw = rawQuery(ctx.url)
    const query = parseQuery(raw)
    const mode = query.get('mode')
    const pass = query.get('pass')
    const standard = standardMount(context, query)
    const login = pass === null ? { mount: standard, candidates: basicCredentials(ctx.get('authorization')) } : parseLogin(pass, standard)
    const name = query.get('mount') ?? login.mount
    const roles = mode === 'updinfo' ? (['source', 'admin'] as const) : (['admin'] as const)
    const who = await context.admit(roles, login.candidates, mode === 'updinfo' ? name : undefined, addressOf(ctx, context))
    ctx.state['user'] = who
    const run = MODES[mode ?? '']
    if (run === undefined) return tell(ctx, 400, `No such action: mode is to be one of ${Object.keys(MODES).join(', ')}`)
    return run({ context, ctx, raw, query, who }, name)
  })
}

type Mode = (call: Call, mount: string) => void | Promise<void>

const MODES: Readonly<Record<string, Mode>> = {
  updinfo: ({ context, ctx, raw }, name) => {
    setTitle(liveMount(context, name), raw)
    succeed(ctx, 'Metadata update successful')
  },
  viewxml: ({ context, ctx, query }, name) => {
    const mount = context.mounts.get(name)
    const wanted = sections(query.get('page'))
    const children = [
      ...(wanted.summary ? summaryElements(summaryOf(context, mount)) : []),
      ...(wanted.listeners ? [{ name: 'LISTENERS', children: mount === undefined ? [] : listenerElements(context, mount) }] : []),
      ...(wanted.songs ? [{ name: 'SONGHISTORY', children: songElements(mount) }] : []),
    ]
    ctx.set('Content-Type', 'text/xml; charset=utf-8')
    ctx.body = formatXml({ name: 'SHOUTCASTSERVER', children })
  },
  viewjson: ({ context, ctx, query }, name) => {
    const mount = context.mounts.get(name)
    const wanted = sections(query.get('page'))
    const listeners = mount === undefined ? [] : listenerFields(context, mount)
    const songs = mount === undefined ? [] : songFields(mount)
    ctx.set('Content-Type', 'application/json; charset=utf-8')
    ctx.body = JSON.stringify(
      wanted.summary && wanted.listeners
        ? { ...summaryOf(context, mount), listeners, songs }
        : wanted.listeners
          ? listeners
          : wanted.songs
            ? songs
            : summaryOf(context, mount),
    )
  },
  kicksrc: async (call, name) => {
    liveMount(call.context, name).source?.close(`${call.who || 'the administrator'} has ended it`)
    await note(call, 'kicksrc', name, `Ends a source: ${name}`)
    succeed(call.ctx, 'Source removed')
  },
  kickdst: async (call, name) => {
    const { context, ctx, query } = call
    const mount = liveMount(context, name)
    const wanted = new Set((query.get('kickdst') ?? query.get('dst') ?? '').split(',').filter(Boolean))
    if (wanted.size === 0) return tell(ctx, 400, 'Missing parameter: kickdst, the UID or the address of a listener')
    const gone = presentAt(context, mount).filter(({ id, address }) => wanted.has(String(id)) || wanted.has(address))
    for (const { id } of gone) sendAway(context, mount, id)
    await note(call, 'kickdst', name, `Sends listeners away: ${gone.length} of ${name}`)
    return succeed(ctx, `${gone.length} removed`)
  },
  bandst: async (call) => {
    const { context, ctx, query, who } = call
    const address = bannedRange(query, 'bandst')
    if (address === undefined) return tell(ctx, 400, 'Cannot ban this: bandst is to be an address')
    if (isWithin(addressOf(ctx, context), address)) return tell(ctx, 400, 'Cannot ban this: your own address is there')
    const by = who || 'admin'
    await banAddress(context, { address, reason: 'by admin.cgi', by, since: context.clock.now(), until: null })
    await note(call, 'bandst', address, `Keeps an address or a range out: ${address}`)
    return succeed(ctx, 'Banned')
  },
  unbandst: async (call) => {
    const { context, ctx, query } = call
    const address = bannedRange(query, 'unbandst')
    if (address === undefined || !(await context.state.bans.remove(address))) return tell(ctx, 400, 'Cannot find this ban')
    await note(call, 'unbandst', address, `Lets an address or a range in again: ${address}`)
    return succeed(ctx, 'Let in again')
  },
}

// SHOUTcast knows no mounts: it means the stream of that number, else the one that its sources send to, or the only one there is.
function standardMount(context: ServerContext, query: URLSearchParams): string {
  const { mounts, settings } = context
  const numbered = query.get('sid') === null ? undefined : streamAt(context, query, true)
  if (numbered !== undefined) return numbered.name
  if (mounts.get(settings.shoutcastMount)?.source !== undefined) return settings.shoutcastMount
  const live = [...mounts].filter(({ source }) => source !== undefined)
  return live.length === 1 ? live[0]!.name : settings.shoutcastMount
}

// Which parts a page of DNAS has; without a number, all.
function sections(page: string | null): { summary: boolean; listeners: boolean; songs: boolean } {
  const isAll = page === null || page === '' || page === '0'
  return { summary: isAll || !['3', '4'].includes(page), listeners: isAll || page === '3', songs: isAll || page === '4' }
}

interface ShoutcastListener {
  readonly hostname: string
  readonly useragent: string
  readonly connecttime: number
  readonly uid: number
  readonly referer: string
  readonly xff: string
}

// The address is behind trusted proxies already, so there is nothing more to say in xff.
const listenerFields = (context: ServerContext, mount: Mount): ShoutcastListener[] =>
  presentAt(context, mount).map(({ id, address, agent, referer, seconds }) => {
    return { hostname: address, useragent: agent, connecttime: seconds, uid: id, referer: referer ?? '', xff: '' }
  })

const listenerElements = (context: ServerContext, mount: Mount): XmlOutput[] =>
  listenerFields(context, mount).map((fields) => ({
    name: 'LISTENER',
    children: Object.entries(fields).map(([name, value]: [string, string | number]) => xmlText(name.toUpperCase(), value)),
  }))

/** What a mount has played, newest first, in the words of DNAS; times in seconds since 1970. */
const songFields = ({ titles }: Mount): { playedat: number; title: string }[] =>
  titles.map(({ time, display }) => ({ playedat: Math.floor(time / 1000), title: display }))

// The last number of an IPv4 address counts where banmsk is 255, as it is when left out; with 0, all of the 256 are meant.
function bannedRange(query: URLSearchParams, name: string): string | undefined {
  const address = query.get(name) ?? ''
  const isAll = query.get('banmsk') === '0' && /^[\d.]+$/.test(address)
  return normalRange(isAll ? `${address}/24` : address)
}

const succeed = (ctx: Context, sentence: string): void =>
  giveMarkup(ctx, `<html><head><title>Admin request successful</title></head><body><p>${sentence}</p></body></html>`)
