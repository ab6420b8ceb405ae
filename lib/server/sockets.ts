import { createServer, type Server as NetServer, type Socket } from 'node:net'
import type { Logger } from '../log.js'
import { type AddressSettings, clientAddress, isTrusted } from './address.js'
import { Arrivals } from './arrivals.js'
import { ignore } from './hang-up.js'

// The kernel holds this many connections that have not been taken yet; Icecast's 5 to 64 lose a rush.
const BACKLOG = 4096
// Milliseconds that connections may take to end by themselves.
const CLOSE_TIMEOUT = 3_000

/** Which ports to open. */
export interface PortOptions {
  /** The port; 0 takes a free one. Default 8000. */
  readonly port?: number
  /** The address to listen on; all addresses when left out. */
  readonly host?: string | undefined
  /**
   * A second port for SHOUTcast sources, which add 1 to the port they are told. Default port + 1, or none where the port is left to the
   * system; `false` for none.
   */
  readonly shoutcastPort?: number | false | undefined
  /**
   * A socket that listens already, as its descriptor, in place of a port and a host: one that systemd has opened and holds open while the program starts
   * again. `shoutcastPort` has to be `false` then.
   */
  readonly fd?: number | undefined
}

/** The ports that a server has opened. */
export interface Ports {
  /** The one that takes everything. */
  readonly port: number
  /** The second one, for SHOUTcast sources, where there is one. */
  readonly shoutcastPort: number | undefined
}

/** The ports of a server, and the connections that it has, whoever opened them. */
export class Sockets {
  readonly #logger: Logger
  readonly #arrivals: Arrivals
  readonly #ports: NetServer[] = []
  readonly #sockets = new Set<Socket>()

  /** @param serve takes one connection that is paused and of which nothing has been read */
  constructor(logger: Logger, serve: (socket: Socket) => void) {
    this.#logger = logger
    this.#arrivals = new Arrivals(serve)
  }

  /** Connections that are open. */
  get size(): number {
    return this.#sockets.size
  }

  /** Takes a connection of which nothing has been read. */
  readonly add = (socket: Socket): void => {
    this.#sockets.add(socket)
    // Every socket has this for life: what a broken connection means shows in its close.
    socket.on('error', ignore)
    socket.on('close', () => this.#sockets.delete(socket))
    this.#arrivals.add(socket)
  }

  /**
   * Opens the ports.
   * @throws Error of Node's `net`, such as EADDRINUSE; then no port is open
   */
  async listen({ port = 8000, host, shoutcastPort, fd }: PortOptions): Promise<Ports> {
    const first = await this.#open(fd === undefined ? { port, host } : { fd })
    const second = shoutcastPort ?? (fd === undefined && port > 0 && port < 65_535 && port + 1)
    if (second === false) return { port: first, shoutcastPort: undefined }
    try {
      return { port: first, shoutcastPort: await this.#open({ port: second, host }) }
    } catch (error) {
      void this.#closePorts()
      throw error
    }
  }

  /**
   * Cuts the connections of some addresses, but for those of trusted proxies: others come by them, too.
   * @param isOut looks at an address, as `clientAddress` gives it
   */
  cut(isOut: (address: string) => boolean, { trustedProxies }: AddressSettings): void {
    for (const socket of this.#sockets) {
      const address = clientAddress(socket.remoteAddress, undefined, trustedProxies)
      if (!isTrusted(address, trustedProxies) && isOut(address)) socket.destroy()
    }
  }

  /** Closes the ports and waits for the connections to end: those that have said nothing are cut at once, the others after three seconds. */
  async close(): Promise<void> {
    const ports = this.#closePorts()
    const sockets = [...this.#sockets].map((socket) => new Promise<void>((resolve) => socket.on('close', () => resolve())))
    // Browsers open connections to have them ready.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, CLOSE_TIMEOUT)
    await Promise.all([ports, ...sockets])
    clearTimeout(timer)
  }

  #open(where: { readonly fd: number } | { readonly port: number; readonly host: string | undefined }): Promise<number> {
    // Half-open, because Node's HTTP wants it, and a source's answer may follow its end; without Nagle, because a write is a pulse's worth already.
    const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, pauseOnConnect: true }, this.add)
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ ...where, backlog: BACKLOG }, () => {
        server.off('error', reject)
        server.on('error', (error) => this.#logger.error({ err: error }, 'a port failed'))
        this.#ports.push(server)
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  }

  #closePorts(): Promise<unknown> {
    return Promise.all(this.#ports.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve()))))
  }
}
