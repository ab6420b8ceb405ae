import type { Banned, PresentListener, Principal } from '../../api/index.js'
import { FloecastError } from '../../errors.js'
import type { Listener } from '../../mount/listener.js'
import type { Mount } from '../../mount/mount.js'
import type { Outlet } from '../../mount/outlet.js'
import { Replay } from '../../mount/replay.js'
import { whyNotFollow } from '../../mount/succession.js'
import { publicUrl } from '../address.js'
import { type Ban, isWithin, normalRange } from '../bans.js'
import type { ServerContext } from '../context.js'
import { signLink } from '../listener-tokens.js'
import type { Viewer } from '../viewership.js'
import type { Handlers } from './call.js'
import { addressFor, mustOwn, sees } from './rights.js'
import { liveMount } from './sources.js'

/** Who listens, and what is done about them. */
export const listenerHandlers = (context: ServerContext): Handlers => {
  const {
    mounts,
    clock,
    state: { bans },
  } = context
  return {
    listListeners: ({ query, who }) => {
      const now = clock.now()
      const wanted = [...mounts].filter(({ name }) => sees(who, name) && (query.mount === undefined || name === query.mount))
      const filter = query.filter?.toLowerCase() ?? ''
      const present = wanted.flatMap((mount) => presentAt(context, mount, now)).filter((one) => filter === '' || has(one, filter, who))
      // Nothing but those on the page is written out, for there may be ten thousand.
      const listed = present.toSorted((a, b) => a.since - b.since || a.number - b.number).slice(query.offset, query.offset + query.limit)
      return { total: present.length, listeners: listed.map((one) => told(one, now, who)) }
    },
    kickListener: ({ params: { id }, who }) => kick(context, id, who),
    moveListeners: ({ params, body, who }) => {
      mustOwn(who, body.to)
      const { mount: from } = liveMount(mounts.get(params.mount), params.mount)
      const { mount: to } = liveMount(mounts.get(body.to), body.to)
      return { moved: moveListeners(from, to) }
    },
    makeLink: ({ params: { mount }, body: { minutes }, visit }) => {
      const secret = mounts.settingsOf(mount).authentication?.linkSecret
      if (secret === undefined)
        throw new FloecastError('SETTING_REFUSED', { reason: `${mount} lets nobody in by links; set its option authentication.linkSecret` })
      const expires = Math.ceil(clock.now() / 1000 + minutes * 60)
      const url = `${publicUrl(visit, context.settings, mount)}?expires=${expires}&signature=${signLink(secret, mount, expires)}`
      return { url, expires: new Date(expires * 1000).toISOString() }
    },
    listBans: () => ({ bans: bans.list.map(toldBan) }),
    ban: async ({ body, who, address: own }) => {
      const refuse = (reason: string): never => {
        throw new FloecastError('CANNOT_BAN', { address: body.address, reason })
      }
      const address = normalRange(body.address) ?? refuse('it is neither an address nor a range such as 192.0.2.0/24')
      if (isWithin(own, address)) refuse('your own address is there, and you could not lift the ban any more')
      const now = clock.now()
      const until = body.minutes === null ? null : now + body.minutes * 60_000
      const one: Ban = { address, reason: body.reason, by: who!.name, since: now, until }
      return { ...toldBan(one), ended: await banAddress(context, one) }
    },
    unban: async ({ params: { address } }) => {
      if (!(await bans.remove(normalRange(address) ?? address))) throw new FloecastError('BAN_NOT_FOUND', { address })
    },
  }
}

/**
 * Hands the listeners of a live mount over to another.
 * @returns how many have been moved
 * @throws FloecastError CANNOT_MOVE where players cannot follow, or there is no room
 */
export function moveListeners(from: Mount, to: Mount): number {
  const reason = whyNot(from, to)
  if (reason !== undefined) throw new FloecastError('CANNOT_MOVE', { mount: from.name, to: to.name, reason })
  return from.handOver(to, to.name)
}

/**
 * Keeps an address or a range out, and ends all that it has open.
 * @returns how many sources and listeners it had
 */
export async function banAddress(context: ServerContext, one: Ban): Promise<number> {
  await context.state.bans.add(one)
  return end(context, one.address)
}

// Sends away whoever has this id.
function kick({ mounts, viewers }: ServerContext, id: string, who: Principal | undefined): undefined {
  const [, kind, digits] = /^([cv])(\d{1,15})$/.exec(id) ?? []
  const number = Number(digits)
  const watched = kind === 'v' ? viewers.mountOf(number) : undefined
  if (watched !== undefined) {
    mustOwn(who, watched)
    viewers.banish(number)
    return
  }
  for (const { everyone, name } of kind === 'c' ? mounts : []) {
    const listener = everyone.find((one) => one.id === number)
    if (listener === undefined) continue
    mustOwn(who, name)
    listener.close()
    return
  }
  throw new FloecastError('LISTENER_NOT_FOUND', { id })
}

/** One who is there, with all that is needed to find and sort. */
interface Present {
  readonly mount: Mount
  readonly since: number
  readonly number: number
  readonly one: { readonly listener: Listener; readonly outlet: Outlet } | { readonly viewer: Viewer }
}

function presentAt({ viewers }: ServerContext, mount: Mount, now: number): Present[] {
  const { streams, replays } = mount.broadcast
  const connected = [mount, ...streams.values(), ...replays].flatMap((outlet) =>
    outlet.listeners.map((listener) => ({ mount, since: listener.details.connected, number: listener.id, one: { listener, outlet } })),
  )
  const watching = viewers.list(mount.name, now).map((viewer) => ({ mount, since: viewer.since, number: viewer.id, one: { viewer } }))
  return [...connected, ...watching]
}

const protocolOf = ({ mount, one }: Present): PresentListener['protocol'] =>
  'viewer' in one ? one.viewer.protocol : one.outlet === mount ? 'progressive' : 'instant'

function has(present: Present, text: string, who: Principal | undefined): boolean {
  const { one, mount } = present
  const {
    address,
    agent,
    user = '',
  }: { address: string; agent: string; user?: string | undefined } = 'viewer' in one ? one.viewer : one.listener.details
  return [addressFor(who, address), agent, user, mount.name, protocolOf(present)].some((field) => field.toLowerCase().includes(text))
}

function told(present: Present, now: number, who: Principal | undefined): PresentListener {
  const { mount, since, number, one } = present
  const shared = { mount: mount.name, protocol: protocolOf(present), seconds: Math.max(0, Math.round((now - since) / 1000)) }
  if ('viewer' in one) {
    const { agent, bytes, method } = one.viewer
    const address = addressFor(who, one.viewer.address)
    return { id: `v${number}`, ...shared, address, agent: agent || null, user: null, bytes, lag: null, method }
  }
  const { details, bytesSent } = one.listener
  const { agent, user } = details
  const address = addressFor(who, details.address)
  const lag = lagOf(one.listener, one.outlet, mount)
  return { id: `c${number}`, ...shared, address, agent: agent || null, user: user || null, bytes: bytesSent, lag, method: 'connection' }
}

// Other forms have about as many bytes a second as the source sends. Whoever has gone back in time is behind because they want to be.
function lagOf({ lag }: Listener, outlet: Outlet, mount: Mount): number | null {
  if (outlet instanceof Replay) return null
  if (lag === 0) return 0
  return mount.rate > 0 ? Math.round((lag / mount.rate) * 100) / 100 : null
}

// Why the listeners of a mount cannot go on with another, if they cannot: a part of a sentence.
function whyNot(from: Mount, to: Mount): string | undefined {
  const reason = whyNotFollow(from, to)
  const { maxListeners } = to.settings
  if (reason !== undefined || maxListeners === undefined || to.connected + from.audience <= maxListeners) return reason
  return `it may have ${maxListeners} listeners at most`
}

const toldBan = ({ address, reason, by, since, until }: Ban): Banned => ({
  address,
  reason,
  by,
  since: new Date(since).toISOString(),
  until: until === null ? null : new Date(until).toISOString(),
})

// Ends all that an address or a range has open; says how many sources and listeners those were.
function end(context: ServerContext, range: string): number {
  const { mounts, viewers, clock } = context
  const isOut = (address: string): boolean => isWithin(address, range)
  let ended = 0
  for (const mount of mounts) {
    const { source } = mount
    if (source !== undefined && isOut(source.details.address)) {
      source.close('its address has been banned')
      ended++
    }
    for (const listener of mount.everyone.filter(({ details }) => isOut(details.address))) {
      listener.close()
      ended++
    }
    for (const { address, id } of viewers.list(mount.name, clock.now())) {
      if (!isOut(address)) continue
      viewers.banish(id)
      ended++
    }
  }
  context.cut(isOut)
  return ended
}
