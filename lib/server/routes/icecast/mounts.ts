import { type XmlOutput, xmlText } from '../../../icy/xml.js'
import type { Mount } from '../../../mount/mount.js'
import { publicOrigin } from '../../address.js'
import { moveListeners } from '../../api/listeners.js'
import type { ServerContext } from '../../context.js'
import { giveMarkup, tell } from '../respond.js'
import { visibleMounts } from '../status-report.js'
import { visitOf } from '../visit.js'
import { countElements, listenerElement, presentAt, sendAway } from './audience.js'
import { admitTo, type Call, iceResponse, liveMount, type MountCall, note } from './command.js'
import { serverFields, sourceFields } from './icestats.js'
import { fieldElements, liveMounts, mountStatistics, serverStatistics, sourceElement } from './statistics.js'

/** `/admin/stats`: all there is to know of the server and its mounts, or of one mount. */
export function stats({ context, ctx, query }: Call): XmlOutput {
  const origin = publicOrigin(visitOf(ctx), context.settings)
  const sources = asked(context, query).map((mount) => sourceElement(mount, fieldElements(mountStatistics(context, mount, origin))))
  return {
    name: 'icestats',
    children: [...fieldElements(serverStatistics(context, context.news.icecast.totals, context.news.icecast.readers)), ...sources],
  }
}

/** `/admin/publicstats`: what everybody may know, as Icecast 2.5 has it. */
export function publicStats({ context, ctx }: Call): XmlOutput {
  const origin = publicOrigin(visitOf(ctx), context.settings)
  const sources = visibleMounts(context.mounts)
    .filter(({ source }) => source !== undefined)
    .map((mount) => sourceElement(mount, fieldElements(sourceFields(context, mount, origin))))
  return { name: 'icestats', children: [...fieldElements(serverFields(context)), ...sources] }
}

/** `/admin/listmounts`: mounts that are live, with what moves listeners between them. */
export function listMounts({ context, query }: Call): XmlOutput {
  return { name: 'icestats', children: asked(context, query).map((mount) => mountElement(context, mount)) }
}

/** `/admin/streamlist.txt`: a mount a line, for servers that relay them all. */
export function streamList({ context, ctx }: Call): void {
  ctx.set('Content-Type', 'text/plain; charset=utf-8')
  ctx.body = liveMounts(context)
    .map(({ name }) => `${name}\r\n`)
    .join('')
}

/** `/admin/listclients`: who listens to a mount. */
export function listClients({ context, mount }: MountCall): XmlOutput {
  const listeners = presentAt(context, mount).map(listenerElement)
  return { name: 'icestats', children: [sourceElement(mount, [...countElements(context, mount), ...listeners])] }
}

/** `/admin/updatemetadata`: in Icecast a page with a form; here the mount that it is about. */
export const updateMetadata = ({ mount }: MountCall): XmlOutput => ({ name: 'icestats', children: [sourceElement(mount, [])] })

/** `/admin/killclient`: sends a listener away. */
export async function killClient(call: MountCall): Promise<XmlOutput | void> {
  const { context, ctx, mount, query } = call
  const id = query.get('id')
  if (id === null) return tell(ctx, 400, 'Missing parameter: id')
  const number = /^\d{1,15}$/.test(id) ? Number(id) : 0
  if (!sendAway(context, mount, number)) return iceResponse(`Client ${number} not found`, false)
  await note(call, 'killclient', mount.name, `Sends a listener away: ${number} of ${mount.name}`)
  return iceResponse(`Client ${number} removed`, true)
}

/** `/admin/killsource`: ends a source. */
export async function killSource(call: MountCall): Promise<XmlOutput> {
  const { mount, who } = call
  mount.source?.close(`${who || 'the administrator'} has ended it`)
  await note(call, 'killsource', mount.name, `Ends a source: ${mount.name}`)
  return iceResponse('Source Removed', true)
}

/**
 * `/admin/moveclients`: hands all listeners over to another mount, which whoever asks must be allowed as well. Without a destination, lists where they can go.
 * Unlike Icecast, it refuses what players cannot follow.
 */
export async function moveClients(call: MountCall): Promise<XmlOutput | void> {
  const { context, ctx, mount, query } = call
  const destination = query.get('destination')
  if (destination === null) {
    const others = liveMounts(context).filter((other) => other !== mount)
    return { name: 'icestats', children: [xmlText('current_source', mount.name), ...others.map((other) => mountElement(context, other))] }
  }
  if (destination === mount.name) return tell(ctx, 400, 'supplied mountpoints are identical')
  await admitTo(context, ctx, destination)
  if (context.mounts.get(destination)?.source === undefined) return tell(ctx, 400, 'No such destination')
  moveListeners(mount, liveMount(context, destination))
  await note(call, 'moveclients', mount.name, `Moves the listeners of a mount to another mount: ${mount.name} to ${destination}`)
  return iceResponse(`Clients moved from ${mount.name} to ${destination}`, true)
}

/** `/admin/fallbacks`: names the mount that listeners hear when this one goes off the air; an empty name for none. It stays set. */
export async function fallbacks(call: MountCall): Promise<void> {
  const { context, ctx, mount, query } = call
  const fallback = query.get('fallback')
  if (fallback === null) return tell(ctx, 400, 'Missing parameter: fallback')
  if (fallback !== '') await admitTo(context, ctx, fallback)
  await context.edits.change([{ path: ['mounts', mount.name, 'fallback'], value: fallback === '' ? undefined : fallback }])
  await note(call, 'fallbacks', mount.name, `Changes the fallback of a mount: ${mount.name} to ${fallback || 'none'}`)
  giveMarkup(ctx, '<html><head><title>Admin request successful</title></head><body><p>Fallback configured</p></body></html>')
}

// The mount that is named, else all.
function asked(context: ServerContext, query: URLSearchParams): Mount[] {
  const name = query.get('mount')
  return name === null ? liveMounts(context) : [liveMount(context, name)]
}

function mountElement(context: ServerContext, mount: Mount): XmlOutput {
  const { source, contentType } = mount
  const seconds = Math.max(0, Math.floor((context.clock.now() - (source?.details.connected ?? 0)) / 1000))
  return sourceElement(mount, [
    xmlText('fallback', mount.settings.fallback ?? ''),
    ...countElements(context, mount),
    xmlText('Connected', seconds),
    xmlText('content-type', contentType),
  ])
}
