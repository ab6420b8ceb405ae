import { idsOf, type ViewerIds } from './viewer-ids.js'

/** How a viewer takes a mount that is cut into segments. */
export type ViewingProtocol = 'hls' | 'll-hls' | 'dash'

/** Whose a request is, by all that it says of that. */
export interface Whose extends ViewerIds {
  /** The mount that it is for; one that exists, as a little is kept about each. */
  readonly mount: string
  /** Where it comes from. */
  readonly address: string
  /** What its sender calls itself: `User-Agent`. */
  readonly agent: string
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

/** What is remembered of one viewer. */
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

/** What a {@link Viewership} needs of those of all mounts. */
export interface ViewershipOwner {
  /** Takes a newcomer from an address in; gives its id and the network whose share it takes, or `undefined` beyond the limits. */
  admit(address: string, now: number): { readonly id: number; readonly network: string } | undefined
  /** One who was taken in is gone; also whether it was banished. */
  dismiss(network: string, banished: boolean): void
}

const AGENT_LENGTH = 256

/** Who watches one mount by HLS and DASH. */
export class Viewership {
  readonly #owner: ViewershipOwner
  /** Seen longest ago first. */
  readonly #watches = new Set<Watch>()
  readonly #byId = new Map<string, Watch>()
  /** By address and agent; in each, seen longest ago first. */
  readonly #byPlace = new Map<string, Set<Watch>>()
  #expiry = 0
  #banished = 0
  #peak = 0
  /** Milliseconds of those who are gone. */
  #watched = 0

  /** @param owner counts those of all mounts */
  constructor(owner: ViewershipOwner) {
    this.#owner = owner
  }

  /** Whether a viewer is one of them, and not banished. */
  has(id: number): boolean {
    return this.#locate(id) !== undefined
  }

  /** As `Viewers.banish`; says whether it is one of them. */
  banish(id: number): boolean {
    const watch = this.#locate(id)
    if (watch === undefined) return false
    watch.banished = true
    this.#banished++
    return true
  }

  /** As `Viewers.refuses`. */
  refuses({ address, agent, now, ...ids }: Whose): boolean {
    if (this.#banished === 0) return false
    this.sweep(now)
    const watch = this.#find(idsOf(ids), `${address} ${short(agent)}`)
    if (watch?.banished !== true) return false
    watch.seen = Math.max(watch.seen, now)
    last(this.#watches, watch)
    return true
  }

  /** As `Viewers.see`. */
  see(sighting: Sighting): boolean {
    const { protocol, address, bytes, now, expiry } = sighting
    this.#expiry = expiry
    this.sweep(now)
    const agent = short(sighting.agent)
    const place = `${address} ${agent}`
    const ids = idsOf(sighting)
    const watch = this.#find(ids, place) ?? this.#open(address, agent, place, now)
    if (watch === undefined) return false
    for (const id of ids) {
      // A player has few ids; whoever changes one of them all the time keeps what it had first.
      if (watch.ids.size >= 4 || this.#byId.has(id)) continue
      watch.ids.add(id)
      this.#byId.set(id, watch)
    }
    if (watch.place !== place) {
      this.#leave(watch)
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
    last(this.#watches, watch)
    let company = this.#byPlace.get(place)
    if (company === undefined) this.#byPlace.set(place, (company = new Set()))
    last(company, watch)
    this.#peak = Math.max(this.#peak, this.#watches.size - this.#banished)
    return true
  }

  /** As `Viewers.count`. */
  count(now: number): ViewerCount {
    this.sweep(now)
    const protocols = { hls: 0, 'll-hls': 0, dash: 0 }
    const methods = { id: 0, address: 0 }
    let watched = this.#watched
    for (const watch of this.#watches) {
      if (!watch.banished) {
        protocols[watch.protocol]++
        methods[methodOf(watch)]++
      }
      watched += watch.seen - watch.since
    }
    return { total: this.#watches.size - this.#banished, protocols, methods, peak: this.#peak, watched }
  }

  /** As `Viewers.list`. */
  list(now: number): Viewer[] {
    this.sweep(now)
    const viewers: Viewer[] = []
    for (const watch of this.#watches) {
      const { id, address, agent, since, seen, bytes, protocol } = watch
      if (!watch.banished) viewers.push({ id, address, agent, since, seen, bytes, protocol, method: methodOf(watch) })
    }
    return viewers
  }

  /** Forgets who is gone. */
  sweep(now: number): void {
    for (const watch of this.#watches) {
      if (watch.seen + this.#expiry > now) break
      this.#watched += watch.seen - watch.since
      this.#close(watch)
    }
  }

  /** Forgets all. */
  clear(): void {
    for (const watch of this.#watches) this.#close(watch)
  }

  #locate(id: number): Watch | undefined {
    for (const watch of this.#watches) if (watch.id === id && !watch.banished) return watch
    return undefined
  }

  /** Whose request it is, if it is no newcomer's. */
  #find(ids: readonly string[], place: string): Watch | undefined {
    for (const id of ids) {
      const watch = this.#byId.get(id)
      if (watch !== undefined) return watch
    }
    let found: Watch | undefined
    for (const watch of this.#byPlace.get(place) ?? []) {
      // A player's first request has no session yet: the id that comes next is the same viewer's.
      if (ids.length > 0 && watch.ids.size === 0) return watch
      found = watch
    }
    // With other ids it is someone else; without any it is likely whoever asked last.
    return ids.length > 0 ? undefined : found
  }

  #open(address: string, agent: string, place: string, now: number): Watch | undefined {
    const admitted = this.#owner.admit(address, now)
    if (admitted === undefined) return undefined
    const watch: Watch = {
      ...admitted,
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
    }
    this.#watches.add(watch)
    return watch
  }

  #close(watch: Watch): void {
    this.#watches.delete(watch)
    for (const id of watch.ids) this.#byId.delete(id)
    this.#leave(watch)
    if (watch.banished) this.#banished--
    this.#owner.dismiss(watch.network, watch.banished)
  }

  #leave(watch: Watch): void {
    const company = this.#byPlace.get(watch.place)
    company?.delete(watch)
    if (company?.size === 0) this.#byPlace.delete(watch.place)
  }
}

const methodOf = ({ ids }: Watch): ViewingMethod => (ids.size > 0 ? 'id' : 'address')

// Copied, as a slice would keep all of a long header alive.
const short = (agent: string): string => (agent.length <= AGENT_LENGTH ? agent : Buffer.from(agent.slice(0, AGENT_LENGTH)).toString())

function last<T>(set: Set<T>, one: T): void {
  set.delete(one)
  set.add(one)
}
