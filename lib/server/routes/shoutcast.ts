import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { parseQuery, rawQuery } from '../../icy/path.js'
import type { Mount } from '../../mount/mount.js'
import { SERVER } from '../../version.js'
import type { ServerContext } from '../context.js'
import type { Viewers } from '../viewers.js'
import { escapeMarkup } from '../../pages/markup.js'
import { giveMarkup, openly } from './respond.js'
import { statedKilobits } from './status-report.js'

/** Adds what SHOUTcast clients poll for their listener counters: `/7.html`, `/stats`, `/currentsong`. */
export function shoutcastRoutes(router: Router, context: ServerContext): void {
  openly(router, '/7.html', (ctx) => {
    const mount = mountOf(context, ctx)
    const { currentlisteners, streamstatus, peaklisteners, maxlisteners, uniquelisteners, bitrate, songtitle } = stats(context, mount)
    const values = [currentlisteners, streamstatus, peaklisteners, maxlisteners, uniquelisteners, bitrate || 0, escapeMarkup(songtitle)]
    giveMarkup(ctx, `<html><head><title>7</title></head><body>${values.join(',')}</body></html>`)
  })
  openly(router, '/stats', (ctx) => {
    const fields = stats(context, mountOf(context, ctx))
    if (queryOf(ctx).get('json') === '1') {
      ctx.set('Content-Type', 'application/json; charset=utf-8')
      ctx.body = JSON.stringify(fields)
      return
    }
    const elements = Object.entries(fields).map(
      ([name, value]) => `<${name.toUpperCase()}>${escapeMarkup(String(value))}</${name.toUpperCase()}>`,
    )
    ctx.set('Content-Type', 'text/xml; charset=utf-8')
    ctx.body = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<SHOUTCASTSERVER>${elements.join('')}</SHOUTCASTSERVER>\n`
  })
  openly(router, '/currentsong', (ctx) => {
    const mount = mountOf(context, ctx)
    ctx.set('Content-Type', 'text/plain; charset=utf-8')
    ctx.body = mount?.source === undefined ? '' : mount.metadata.display
  })
}

const queryOf = (ctx: Context): URLSearchParams => parseQuery(rawQuery(ctx.url))

// SHOUTcast numbers its streams. Here number one is the mount that SHOUTcast sources send to, where it is live; then the others.
function mountOf({ mounts, settings }: ServerContext, ctx: Context): Mount | undefined {
  const query = queryOf(ctx)
  const name = query.get('mount')
  if (name !== null) {
    const mount = mounts.get(name)
    return mount?.settings.hidden === true ? undefined : mount
  }
  const live = [...mounts].filter((mount) => mount.source !== undefined && !mount.settings.hidden)
  const first = live.filter((mount) => mount.name === settings.shoutcastMount)
  const sid = /^\d{1,6}$/.exec(query.get('sid') ?? '1')?.[0]
  return [...first, ...live.filter((mount) => !first.includes(mount))][Number(sid ?? 1) - 1]
}

// The keys of DNAS 2, in its order; in JSON they are in lower case, and the bit rate is text there.
function stats({ settings, viewers, clock }: ServerContext, mount: Mount | undefined) {
  const source = mount?.source
  const now = clock.now()
  // Everyone, in whatever form: those with a connection of their own, and those who fetch segments.
  const everyone = mount === undefined ? [] : peersOf(mount, viewers, now)
  const seconds = everyone.reduce((sum, { since }) => sum + (now - since) / 1000, 0)
  const genres = (mount?.info.genre ?? '').split(/[,;]/).map((genre) => genre.trim())
  return {
    currentlisteners: everyone.length,
    peaklisteners: mount?.peak ?? 0,
    maxlisteners: mount?.settings.maxListeners ?? settings.maxListeners,
    uniquelisteners: new Set(everyone.map(({ address }) => address)).size,
    averagetime: everyone.length === 0 ? 0 : Math.round(seconds / everyone.length),
    servergenre: genres[0] ?? '',
    servergenre2: genres[1] ?? '',
    servergenre3: genres[2] ?? '',
    servergenre4: genres[3] ?? '',
    servergenre5: genres[4] ?? '',
    serverurl: mount?.info.url ?? '',
    servertitle: mount?.info.name ?? '',
    songtitle: source === undefined ? '' : mount!.metadata.display,
    streamhits: mount?.served ?? 0,
    streamstatus: source === undefined ? 0 : 1,
    backupstatus: 0,
    streamlisted: 0,
    streamlistederror: 200,
    streampath: mount?.name ?? '',
    streamuptime: source === undefined ? 0 : Math.max(0, Math.floor((now - source.details.connected) / 1000)),
    bitrate: String((mount && statedKilobits(mount)) ?? ''),
    content: source === undefined ? '' : mount!.contentType,
    version: SERVER,
  }
}

const peersOf = (mount: Mount, viewers: Viewers, now: number): { address: string; since: number }[] => [
  ...mount.everyone.map(({ details: { address, connected } }) => ({ address, since: connected })),
  ...viewers.list(mount.name, now),
]
