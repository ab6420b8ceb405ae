import type { Router } from '@koa/router'
import { parseQuery } from '../../../icy/path.js'
import { publicOrigin, encodePath } from '../../address.js'
import type { ServerContext } from '../../context.js'
import type { ApiGuard } from '../api.js'
import { stream } from '../events.js'
import { tell } from '../respond.js'
import { visitOf } from '../visit.js'
import { type Call, type Command, perform } from './command.js'
import { icestats } from './icestats.js'
import { metadata } from './metadata.js'
import {
  fallbacks,
  killClient,
  killSource,
  listClients,
  listMounts,
  moveClients,
  publicStats,
  stats,
  streamList,
  updateMetadata,
} from './mounts.js'
import { manageAuth } from './manage-auth.js'
import { commandQuery } from './query.js'

/**
 * Adds Icecast's commands below `/admin/`, by GET or by POST with a form. With `.xsl` behind them, where Icecast makes pages for people, they are the same as
 * without: here people have a panel. Unknown ones are answered without a word about passwords: libshout looks with `/admin/!POKE` whether somebody is there.
 */
export function commandRoutes(router: Router, context: ServerContext, guard: ApiGuard): void {
  router.all('/admin/*command', async (ctx) => {
    const name = /^\/admin\/([a-z0-9]+)(?:\.xsl|(\.xml|\.txt|\.json))?$/.exec(ctx.path)
    const command = COMMANDS.get(`${name?.[1]}${name?.[2] ?? ''}`)
    if (command === undefined) return tell(ctx, 400, 'Unrecognised command')
    if (ctx.method !== 'GET' && ctx.method !== 'POST' && ctx.method !== 'HEAD') return tell(ctx, 405, 'Use GET or POST here')
    // A browser that knows a password would send it with whatever another site makes it ask for. Encoders do not say where they are.
    if (command.about !== 'anyone') guard.refuseForeign(ctx)
    return perform(context, ctx, command, await commandQuery(ctx))
  })
}

// What somebody brings to be let in elsewhere comes back in the address that they are to use: players know no other way to take it.
function buildM3u({ context, ctx, query }: Call): void {
  const [mount, user, password] = ['mount', 'username', 'password'].map((name) => query.get(name))
  if (mount == null || user == null || password == null) return tell(ctx, 400, 'Missing parameter: mount, username or password')
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`
  const path = encodePath(mount.startsWith('/') ? mount : `/${mount}`)
  ctx.set('Content-Type', 'audio/x-mpegurl')
  ctx.set('Content-Disposition', 'attachment; filename="listen.m3u"')
  ctx.body = `${publicOrigin(visitOf(ctx), context.settings).replace('://', `://${login}`)}${path}\r\n`
}

function publicJson({ context, ctx, raw }: Call): void {
  ctx.set('Content-Type', 'application/json; charset=utf-8')
  ctx.body = JSON.stringify(icestats(context, visitOf(ctx), parseQuery(raw).get('mount') ?? undefined))
}

const statistics = ({ context, ctx }: Call): void =>
  stream(context, ctx, (sink) => context.news.icecast.joinStatistics(sink), 'text/plain; charset=utf-8')

const eventFeed = ({ context, ctx }: Call): void => stream(context, ctx, (sink) => context.news.icecast.joinEvents(sink))

const STATS: Command = { about: 'server or mount', run: stats }
const LIST_MOUNTS: Command = { about: 'server or mount', run: listMounts }

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['stats', STATS],
  ['stats.xml', STATS],
  ['publicstats', { about: 'anyone', run: publicStats }],
  ['publicstats.json', { about: 'anyone', run: publicJson }],
  ['listmounts', LIST_MOUNTS],
  ['streamlist', LIST_MOUNTS],
  ['streamlist.txt', { about: 'server', run: streamList }],
  ['streams', { about: 'server', run: statistics }],
  ['eventfeed', { about: 'server', run: eventFeed }],
  ['listclients', { about: 'mount', run: listClients }],
  ['metadata', { about: 'mount', run: metadata }],
  ['updatemetadata', { about: 'mount', run: updateMetadata }],
  ['fallbacks', { about: 'mount', run: fallbacks }],
  ['moveclients', { about: 'mount', run: moveClients }],
  ['killclient', { about: 'mount', run: killClient }],
  ['killsource', { about: 'mount', run: killSource }],
  ['manageauth', { about: 'server', run: manageAuth }],
  ['buildm3u', { about: 'anyone', run: buildM3u }],
])
