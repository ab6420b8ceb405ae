import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { FloecastError } from '../../../errors.js'
import { parseQuery, rawQuery } from '../../../icy/path.js'
import { formatXml, type XmlOutput, xmlText } from '../../../icy/xml.js'
import type { Mount } from '../../../mount/mount.js'
import { SERVER } from '../../../version.js'
import { encodePath, publicPrefix } from '../../address.js'
import type { ServerContext } from '../../context.js'
import type { Viewers } from '../../viewers.js'
import { escapeMarkup } from '../../../pages/markup.js'
import { givePlaylist } from '../playlists.js'
import { giveMarkup, leadTo, openly } from '../respond.js'
import { statedKilobits } from '../status-report.js'
import { visitOf } from '../visit.js'

/**
 * Adds what everybody may ask of SHOUTcast: `/7.html`, `/stats`, `/statistics`, `/currentsong`, `/played`, `/listen.pls` (and `.m3u`, `.xspf`), `/index.html`. Streams
 * have numbers there: `sid=1` is the mount that SHOUTcast sources send to, where it is live.
 */
export function shoutcastRoutes(router: Router, context: ServerContext): void {
  openly(router, '/7.html', (ctx) => {
    const mount = streamAt(context, queryOf(ctx))
    const { currentlisteners, streamstatus, peaklisteners, maxlisteners, uniquelisteners, bitrate, songtitle } = summaryOf(context, mount)
    const values = [currentlisteners, streamstatus, peaklisteners, maxlisteners, uniquelisteners, bitrate || 0, escapeMarkup(songtitle)]
    giveMarkup(ctx, `<html><head><title>7</title></head><body>${values.join(',')}</body></html>`)
  })
  openly(router, '/stats', (ctx) => {
    const summary = summaryOf(context, streamAt(context, queryOf(ctx)))
    give(ctx, summary, () => summaryElements(summary))
  })
  openly(router, '/statistics', (ctx) => {
    const streams = streamsOf(context).map((mount, at) => ({ id: at + 1, ...summaryOf(context, mount) }))
    const sum = (of: (one: Summary) => number): number => streams.reduce((total, one) => total + of(one), 0)
    const all = {
      totalstreams: [...context.mounts].filter(({ settings }) => !settings.hidden).length,
      activestreams: streams.length,
      currentlisteners: sum(({ currentlisteners }) => currentlisteners),
      peaklisteners: sum(({ peaklisteners }) => peaklisteners),
      maxlisteners: context.settings.maxListeners,
      uniquelisteners: sum(({ uniquelisteners }) => uniquelisteners),
      averagetime: Math.round(
        sum((one) => one.averagetime * one.currentlisteners) /
          Math.max(
            1,
            sum((one) => one.currentlisteners),
          ),
      ),
      version: SERVER,
    }
    give(ctx, { ...all, streams }, () => [
      {
        name: 'STREAMSTATS',
        children: [
          ...elementsOf(all),
          ...streams.map(({ id, ...one }) => ({ name: 'STREAM', attributes: { id: String(id) }, children: elementsOf(one) })),
        ],
      },
    ])
  })
  openly(router, '/currentsong', (ctx) => {
    const mount = streamAt(context, queryOf(ctx))
    ctx.set('Content-Type', 'text/plain; charset=utf-8')
    ctx.body = mount?.source === undefined ? '' : mount.metadata.display
  })
  openly(router, '/played', (ctx) => {
    const mount = streamAt(context, queryOf(ctx))
    const titles = mount?.titles ?? []
    const kind = queryOf(ctx).get('type')
    if (kind === 'xml' || kind === 'json') {
      const songs = titles.map(({ time, display }) => ({ playedat: Math.floor(time / 1000), title: display }))
      return give(ctx, songs, () => [{ name: 'SONGHISTORY', children: songElements(mount) }], kind === 'json')
    }
    const rows = titles.map(
      ({ time, display }) => `<tr><td>${new Date(time).toISOString().slice(11, 19)}</td><td>${escapeMarkup(display)}</td></tr>`,
    )
    return giveMarkup(ctx, `<html><head><title>Song history</title></head><body><table>${rows.join('')}</table></body></html>`)
  })
  for (const ending of ['pls', 'm3u', 'xspf'] as const)
    openly(router, `/listen.${ending}`, (ctx) => {
      const mount = streamAt(context, queryOf(ctx))
      if (mount === undefined) throw new FloecastError('MOUNT_NOT_FOUND', { mount: ctx.path })
      givePlaylist(context, ctx, mount, ending)
    })
  router.get('/index.html', (ctx) => {
    const mount = queryOf(ctx).get('sid') === null ? undefined : streamAt(context, queryOf(ctx))
    leadTo(ctx, `${publicPrefix(visitOf(ctx), context.settings)}${mount === undefined ? '/' : encodePath(mount.name)}`)
  })
}

const queryOf = (ctx: Context): URLSearchParams => parseQuery(rawQuery(ctx.url))

// As XML, or as JSON where that is wanted; then a script of another site may name the function that it is handed to.
function give(ctx: Context, fields: object, elements: () => readonly XmlOutput[], isJson = queryOf(ctx).get('json') === '1'): void {
  if (!isJson) {
    ctx.set('Content-Type', 'text/xml; charset=utf-8')
    ctx.body = formatXml({ name: 'SHOUTCASTSERVER', children: elements() })
    return
  }
  const callback = /^[\w$.]{1,64}$/.exec(queryOf(ctx).get('callback') ?? '')?.[0]
  const text = JSON.stringify(fields)
  ctx.set('Content-Type', callback === undefined ? 'application/json; charset=utf-8' : 'application/javascript; charset=utf-8')
  // The comment keeps what stands before it from being taken for anything but a script.
  ctx.body = callback === undefined ? text : `/**/${callback}(${text.replaceAll(/[<\u2028\u2029]/g, escapeScript)})`
}

const escapeScript = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`

const elementsOf = (fields: Readonly<Record<string, string | number>>): XmlOutput[] =>
  Object.entries(fields).map(([name, value]) => xmlText(name.toUpperCase(), value))

/** A summary as elements, whose names are in capitals. */
export const summaryElements = (summary: Summary): XmlOutput[] => elementsOf(summary)

/** What a mount has played, newest first; times in seconds since 1970. */
export const songElements = (mount: Mount | undefined): XmlOutput[] =>
  (mount?.titles ?? []).map(({ time, display }) => ({
    name: 'SONG',
    children: [xmlText('PLAYEDAT', Math.floor(time / 1000)), xmlText('TITLE', display)],
  }))

// SHOUTcast numbers its streams. Here number one is the mount that SHOUTcast sources send to, where it is live; then the others.
function streamsOf({ mounts, settings }: ServerContext, hidden = false): Mount[] {
  const live = [...mounts].filter((mount) => mount.source !== undefined && (hidden || !mount.settings.hidden))
  const first = live.filter((mount) => mount.name === settings.shoutcastMount)
  return [...first, ...live.filter((mount) => !first.includes(mount))]
}

/**
 * The stream that a request means, by `mount` or by number: `sid`, 1 when left out.
 * @param hidden whether it may be one that does not show
 */
export function streamAt(context: ServerContext, query: URLSearchParams, hidden = false): Mount | undefined {
  const name = query.get('mount')
  if (name !== null) {
    const mount = context.mounts.get(name)
    return mount?.settings.hidden === true && !hidden ? undefined : mount
  }
  const sid = /^\d{1,6}$/.exec(query.get('sid') ?? '1')?.[0]
  return streamsOf(context, hidden)[Number(sid ?? 1) - 1]
}

/** What {@link summaryOf} tells. */
export type Summary = ReturnType<typeof summaryOf>

/** What DNAS 2 tells of a stream, by its keys and in their order; the bit rate is text there. */
export function summaryOf({ settings, viewers, clock }: ServerContext, mount: Mount | undefined) {
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
