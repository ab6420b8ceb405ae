import ipaddr from 'ipaddr.js'
import { type Sighting, type Viewer, type ViewerCount, Viewership, type ViewershipOwner, type Whose } from './viewership.js'

/** How many viewers are kept. */
export interface ViewerLimits {
  /** From one address (IPv6: one /64). Default 1000. */
  readonly perAddress?: number
  /** In all. Default 100,000. */
  readonly total?: number
}

/**
 * Counts who watches mounts by HLS and DASH, without cookies. A viewer is one id where a request brings any: CMCD `sid`,
 * `X-Playback-Session-Id`, or the session of our own playlists; ids that come together are one viewer. A request without one belongs to whoever is at that
 * address with that User-Agent, and is a viewer of its own only when nobody is: who is behind one address with one player and no ids is counted as one.
 */
export class Viewers {
  readonly #perAddress: number
  readonly #total: number
  readonly #mounts = new Map<string, Viewership>()
  readonly #networks = new Map<string, number>()
  readonly #owner: ViewershipOwner = {
    admit: (address, now) => this.#admit(address, now),
    dismiss: (network, banished) => this.#dismiss(network, banished),
  }
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
    for (const [mount, viewership] of this.#mounts) if (viewership.has(id)) return mount
    return undefined
  }

  /** Sends a viewer away: it is refused until it has not asked for anything for as long as others are remembered. */
  banish(id: number): void {
    for (const viewership of this.#mounts.values()) if (viewership.banish(id)) this.#banished++
  }

  /** Whether a request is that of a viewer who has been sent away; asking keeps the viewer away. */
  refuses(whose: Whose): boolean {
    return this.#mounts.get(whose.mount)?.refuses(whose) ?? false
  }

  /** Takes note of a request; says whether it is counted, which it is not for a new viewer beyond the limits. */
  see(sighting: Sighting): boolean {
    let viewership = this.#mounts.get(sighting.mount)
    if (viewership === undefined) this.#mounts.set(sighting.mount, (viewership = new Viewership(this.#owner)))
    return viewership.see(sighting)
  }

  /** How many watch a mount now. */
  count(mount: string, now: number): ViewerCount {
    return this.#mounts.get(mount)?.count(now) ?? NOBODY
  }

  /** Who watches a mount now, seen longest ago first. */
  list(mount: string, now: number): Viewer[] {
    return this.#mounts.get(mount)?.list(now) ?? []
  }

  /** Sweeps out of all mounts who is gone; to be called now and then, as a mount that nobody asks for is swept by nothing else. */
  sweep(now: number): void {
    for (const viewership of this.#mounts.values()) viewership.sweep(now)
  }

  /** Forgets all about a mount. */
  forget(mount: string): void {
    this.#mounts.get(mount)?.clear()
    this.#mounts.delete(mount)
  }

  #admit(address: string, now: number): { id: number; network: string } | undefined {
    const network = networkOf(address)
    const share = this.#networks.get(network) ?? 0
    if (this.#size >= this.#total) this.sweep(now)
    if (this.#size >= this.#total || share >= this.#perAddress) return undefined
    this.#networks.set(network, share + 1)
    this.#size++
    return { id: ++this.#lastId, network }
  }

  #dismiss(network: string, banished: boolean): void {
    this.#size--
    if (banished) this.#banished--
    const share = (this.#networks.get(network) ?? 1) - 1
    if (share === 0) this.#networks.delete(network)
    else this.#networks.set(network, share)
  }
}

const NOBODY: ViewerCount = {
  total: 0,
  protocols: { hls: 0, 'll-hls': 0, dash: 0 },
  methods: { id: 0, address: 0 },
  peak: 0,
  watched: 0,
}

/** What shares one limit: IPv6 hosts own at least a /64. */
function networkOf(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address
  const parsed = ipaddr.IPv6.parse(address)
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.parts.slice(0, 4).join(':')
}
