import ipaddr from 'ipaddr.js'

/** How a viewer takes a mount that is cut into segments. */
export type ViewingProtocol = 'hls' | 'll-hls' | 'dash'

/** Whose a request is, by all that it says of that. */
export interface Whose {
  /** The mount that it is for; one that exists, as a little is kept about each. */
  readonly mount: string
  /** Where it comes from. */
  readonly address: string
  /** What its sender calls itself: `User-Agent`. */
  readonly agent: string
  /** The session of CMCD, as {@link parseCmcd} gives it. */
  readonly sid?: string | undefined
  /** `X-Playback-Session-Id`, which Apple's players send. */
  readonly playback?: string | undefined
  /** The session that the multivariant playlist gave out. */
  readonly session?: string | undefined
  /** Now, in milliseconds. */
  readonly now: number
}

/** One request for a playlist, a manifest, a segment or a part. */
export interface Sighting extends Whose {
  /** What the request belongs to; a segment that HLS and LL-HLS share is `hls`. `undefined` where it does not tell: then what it was stays. */
  readonly protocol: ViewingProtocol | undefined
  /** How many bytes the answer had. */
  readonly bytes: number
  /** Milliseconds without a request after which a viewer of this mount is gone: three target durations. The last that was said holds for all of the mount. */
  readonly expiry: number
}

/** By what a viewer is told from others: an id of its own, or merely its address and User-Agent, which many may share. */
export type ViewingMethod = 'id' | 'address'

/** One viewer, as administrators see it. */
export interface Viewer {
  /** Unique within the server's life. */
  readonly id: number
  /** Where the last request came from. */
  readonly address: string
  /** What it calls itself. */
  readonly agent: string
  /** Milliseconds since 1970 of its first request. */
  readonly since: number
  /** Milliseconds since 1970 of its last request. */
  readonly seen: number
  /** Bytes that it got. */
  readonly bytes: number
  /** How it takes the mount. */
  readonly protocol: ViewingProtocol
  /** By what it is told from others. */
  readonly method: ViewingMethod
}

/** How many watch a mount. */
export interface ViewerCount {
  /** All of them. */
  readonly total: number
  /** The same by protocol. */
  readonly protocols: Readonly<Record<ViewingProtocol, number>>
  /** The same by method: how far the number can be trusted. */
  readonly methods: Readonly<Record<ViewingMethod, number>>
  /** Most at one time. */
  readonly peak: number
  /** For how long all viewers ever watched together, in milliseconds from the first request of each to its last. */
  readonly watched: number
}

/** How many viewers are kept. */
export interface ViewerLimits {
  /** From one address (IPv6: one /64). Default 1000. */
  readonly perAddress?: number
  /** In all. Default 100,000. */
  readonly total?: number
}

// CMCD allows a session 64 characters (CTA-5004); what is longer is no id of a player.
const ID_LENGTH = 64
const AGENT_LENGTH = 256

interface Watch {
  readonly id: number
  /** Whether its requests are refused; then nobody counts it. */
  banished: boolean
  address: string
  agent: string
  readonly since: number
  seen: number
  bytes: number
  protocol: ViewingProtocol
  /** When a request came that only LL-HLS makes. */
  lowLatency: number
  /** Its ids, and the key of its address and agent. */
  readonly ids: Set<string>
  place: string
  /** Whose share of the limit it takes. */
  readonly network: string
}

interface Audience {
  expiry: number
  /** Seen longest ago first. */
  readonly watches: Set<Watch>
  readonly byId: Map<string, Watch>
  /** By address and agent; in each, seen longest ago first. */
  readonly byPlace: Map<string, Set<Watch>>
  /** How many of them are banished. */
  banished: number
  peak: number
  /** Milliseconds of those who are gone. */
  watched: number
}

/**
 * Counts who watches mounts by HLS and DASH, without cookies. A viewer is one id where a request brings any: CMCD `sid`,
 * `X-Playback-Session-Id`, or the session of our own playlists; ids that come together are one viewer. A request without one belongs to whoever is at that
 * address with that User-Agent, and is a viewer of its own only when nobody is: who is behind one address with one player and no ids is counted as one.
 */
export class Viewers {
  readonly #perAddress: number
  readonly #total: number
  readonly #audiences = new Map<string, Audience>()
  readonly #networks = new Map<string, number>()
  #size = 0
  #lastId = 0
  #banished = 0

  /** Limits that are left out have the defaults of {@link ViewerLimits}. */
  constructor(limits: ViewerLimits = {}) {
    this.#perAddress = limits.perAddress ?? 1000
    this.#total = limits.total ?? 100_000
  }

  /** How many viewers are remembered, of all mounts, those among them that are gone and not yet swept out. */
  get size(): number {
    return this.#size
  }

  /** How many viewers are banished, of all mounts: while there are none, nobody needs to be asked about. */
  get banished(): number {
    return this.#banished
  }

  /** The mount that a viewer watches, by the viewer's id. */
  mountOf(id: number): string | undefined {
    return this.#locate(id)?.mount
  }

  /** Sends a viewer away: it is refused until it has not asked for anything for as long as others are remembered. */
  banish(id: number): void {
    const { audience, watch } = this.#locate(id) ?? {}
    if (audience === undefined || watch === undefined) return
    watch.banished = true
    audience.banished++
    this.#banished++
  }

  /** Whether a request is that of a viewer who has been sent away; asking keeps the viewer away. */
  refuses({ mount, address, agent, now, ...ids }: Whose): boolean {
    const audience = this.#audiences.get(mount)
    if (audience === undefined || audience.banished === 0) return false
    this.#sweep(audience, now)
    const watch = this.#find(audience, idsOf(ids), `${address} ${short(agent)}`)
    if (watch?.banished !== true) return false
    watch.seen = Math.max(watch.seen, now)
    last(audience.watches, watch)
    return true
  }

  /** Takes note of a request; says whether it is counted, which it is not for a new viewer beyond the limits. */
  see(sighting: Sighting): boolean {
    const { mount, protocol, address, bytes, now, expiry } = sighting
    const audience = this.#audience(mount)
    audience.expiry = expiry
    this.#sweep(audience, now)
    const agent = short(sighting.agent)
    const place = `${address} ${agent}`
    const ids = idsOf(sighting)
    const watch = this.#find(audience, ids, place) ?? this.#open(audience, address, agent, place, now)
    if (watch === undefined) return false
    for (const id of ids) {
      // A player has few ids; whoever changes one of them all the time keeps what it had first.
      if (watch.ids.size >= 4 || audience.byId.has(id)) continue
      watch.ids.add(id)
      audience.byId.set(id, watch)
    }
    if (watch.place !== place) {
      leave(audience, watch)
      watch.place = place
    }
    watch.address = address
    watch.agent = agent
    watch.seen = Math.max(watch.seen, now)
    watch.bytes += bytes
    if (protocol === 'll-hls') watch.lowLatency = now
    // Whoever plays LL-HLS fetches whole segments, too.
    if (protocol !== undefined && (protocol !== 'hls' || watch.protocol === 'dash' || now - watch.lowLatency >= expiry))
      watch.protocol = protocol
    last(audience.watches, watch)
    let company = audience.byPlace.get(place)
    if (company === undefined) audience.byPlace.set(place, (company = new Set()))
    last(company, watch)
    audience.peak = Math.max(audience.peak, audience.watches.size - audience.banished)
    return true
  }

  /** How many watch a mount now. */
  count(mount: string, now: number): ViewerCount {
    const protocols = { hls: 0, 'll-hls': 0, dash: 0 }
    const methods = { id: 0, address: 0 }
    const audience = this.#audiences.get(mount)
    if (audience === undefined) return { total: 0, protocols, methods, peak: 0, watched: 0 }
    this.#sweep(audience, now)
    let watched = audience.watched
    for (const watch of audience.watches) {
      if (!watch.banished) {
        protocols[watch.protocol]++
        methods[methodOf(watch)]++
      }
      watched += watch.seen - watch.since
    }
    return { total: audience.watches.size - audience.banished, protocols, methods, peak: audience.peak, watched }
  }

  /** Who watches a mount now, seen longest ago first. */
  list(mount: string, now: number): Viewer[] {
    const audience = this.#audiences.get(mount)
    if (audience === undefined) return []
    this.#sweep(audience, now)
    const viewers: Viewer[] = []
    for (const watch of audience.watches) {
      const { id, address, agent, since, seen, bytes, protocol } = watch
      if (!watch.banished) viewers.push({ id, address, agent, since, seen, bytes, protocol, method: methodOf(watch) })
    }
    return viewers
  }

  /** Sweeps out of all mounts who is gone; to be called now and then, as a mount that nobody asks for is swept by nothing else. */
  sweep(now: number): void {
    for (const audience of this.#audiences.values()) this.#sweep(audience, now)
  }

  /** Forgets all about a mount. */
  forget(mount: string): void {
    const audience = this.#audiences.get(mount)
    if (audience === undefined) return
    for (const watch of audience.watches) this.#close(audience, watch)
    this.#audiences.delete(mount)
  }

  #audience(mount: string): Audience {
    let audience = this.#audiences.get(mount)
    if (audience === undefined) {
      audience = { expiry: 0, watches: new Set(), byId: new Map(), byPlace: new Map(), banished: 0, peak: 0, watched: 0 }
      this.#audiences.set(mount, audience)
    }
    return audience
  }

  #locate(id: number): { mount: string; audience: Audience; watch: Watch } | undefined {
    for (const [mount, audience] of this.#audiences) {
      for (const watch of audience.watches) if (watch.id === id && !watch.banished) return { mount, audience, watch }
    }
    return undefined
  }

  /** Whose request it is, if it is no newcomer's. */
  #find(audience: Audience, ids: readonly string[], place: string): Watch | undefined {
    for (const id of ids) {
      const watch = audience.byId.get(id)
      if (watch !== undefined) return watch
    }
    let found: Watch | undefined
    for (const watch of audience.byPlace.get(place) ?? []) {
      // A player's first request has no session yet: the id that comes next is the same viewer's.
      if (ids.length > 0 && watch.ids.size === 0) return watch
      found = watch
    }
    // With other ids it is someone else; without any it is likely whoever asked last.
    return ids.length > 0 ? undefined : found
  }

  #open(audience: Audience, address: string, agent: string, place: string, now: number): Watch | undefined {
    const network = networkOf(address)
    const share = this.#networks.get(network) ?? 0
    if (this.#size >= this.#total) this.sweep(now)
    if (this.#size >= this.#total || share >= this.#perAddress) return undefined
    this.#networks.set(network, share + 1)
    this.#size++
    const watch: Watch = {
      id: ++this.#lastId,
      banished: false,
      address,
      agent,
      since: now,
      seen: now,
      bytes: 0,
      protocol: 'hls',
      lowLatency: Number.NEGATIVE_INFINITY,
      ids: new Set(),
      place,
      network,
    }
    audience.watches.add(watch)
    return watch
  }

  #sweep(audience: Audience, now: number): void {
    for (const watch of audience.watches) {
      if (watch.seen + audience.expiry > now) break
      audience.watched += watch.seen - watch.since
      this.#close(audience, watch)
    }
  }

  #close(audience: Audience, watch: Watch): void {
    audience.watches.delete(watch)
    for (const id of watch.ids) audience.byId.delete(id)
    leave(audience, watch)
    if (watch.banished) {
      audience.banished--
      this.#banished--
    }
    this.#size--
    const share = (this.#networks.get(watch.network) ?? 1) - 1
    if (share === 0) this.#networks.delete(watch.network)
    else this.#networks.set(watch.network, share)
  }
}

/**
 * Reads the session of Common Media Client Data (CTA-5004), by which a player tells one playback from another.
 * @param query the value of the query parameter `CMCD`, percent-decoded
 * @param header the value of `CMCD-Session`
 */
export function parseCmcd(query: string | undefined, header: string | undefined): string | undefined {
  for (const text of [query, header]) {
    if (text === undefined) continue
    // Keys with values are separated by commas, which a quoted string may hold, too; in it a backslash takes the next character as it is.
    // A key begins only there, so the time stays linear in the length.
    for (const [, key, quoted, bare] of text.matchAll(/(?<=^|,)\s*([\w-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^,"]*)))?(?:,|$)/g)) {
      const value = quoted?.replace(/\\(.)/g, '$1') ?? bare?.trim()
      if (key === 'sid' && isId(value)) return value
    }
  }
  return undefined
}

/** The ids of a request, best first; each kind has names of its own. */
function idsOf({ sid, playback, session }: Pick<Whose, 'sid' | 'playback' | 'session'>): string[] {
  const ids: string[] = []
  if (isId(sid)) ids.push(`c${sid}`)
  if (isId(playback)) ids.push(`p${playback}`)
  if (isId(session)) ids.push(`s${session}`)
  return ids
}

const isId = (text: string | undefined): text is string => text !== undefined && text !== '' && text.length <= ID_LENGTH

const methodOf = ({ ids }: Watch): ViewingMethod => (ids.size > 0 ? 'id' : 'address')

// Copied, as a slice would keep all of a long header alive.
const short = (agent: string): string => (agent.length <= AGENT_LENGTH ? agent : Buffer.from(agent.slice(0, AGENT_LENGTH)).toString())

/** What shares one limit: IPv6 hosts own at least a /64. */
function networkOf(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address
  const parsed = ipaddr.IPv6.parse(address)
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.parts.slice(0, 4).join(':')
}

function leave(audience: Audience, watch: Watch): void {
  const company = audience.byPlace.get(watch.place)
  company?.delete(watch)
  if (company?.size === 0) audience.byPlace.delete(watch.place)
}

function last<T>(set: Set<T>, one: T): void {
  set.delete(one)
  set.add(one)
}
