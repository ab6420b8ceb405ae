import type { ListenOptions, Server } from '../lib/index.js'
import { listenFailure, reasonOf } from './reason.js'
import type { Config } from './schema.js'

// The first descriptor that sd_listen_fds(3) speaks of, and the most that anybody would open for one program.
const FIRST = 3
const MOST = 64

/**
 * The sockets that whoever started the program, such as systemd, has opened for it and holds open while it starts again: their descriptors, as sd_listen_fds(3) has it.
 * @param pid of this process: what is meant for another is none of ours
 */
export function givenSockets(env: NodeJS.ProcessEnv, pid = process.pid): number[] {
  const { LISTEN_FDS: count = '', LISTEN_PID: owner } = env
  if (!/^[1-9]\d?$/.test(count) || owner !== String(pid)) return []
  return Array.from({ length: Math.min(Number(count), MOST) }, (_, i) => FIRST + i)
}

/**
 * Opens the ports of a configuration or, where there are sockets already, takes those in their place.
 * @returns the first port
 * @throws Error with a sentence for the user
 */
export async function openPorts(server: Pick<Server, 'listen'>, config: Config, given: readonly number[]): Promise<number> {
  const [first, ...others] = listeningOf(config, given)
  const { port } = await open(server, first!, config)
  for (const other of others) await open(server, other, config)
  return port
}

const listeningOf = ({ port, host, shoutcastPort, alsoListen }: Config, given: readonly number[]): ListenOptions[] =>
  given.length > 0
    ? given.map((fd) => ({ fd, shoutcastPort: false }))
    : [{ port, host, shoutcastPort }, ...alsoListen.map((more) => ({ ...more, shoutcastPort: false as const }))]

async function open(server: Pick<Server, 'listen'>, options: ListenOptions, config: Config): Promise<{ port: number }> {
  try {
    return await server.listen(options)
  } catch (error) {
    const { fd } = options
    const sentence =
      fd === undefined
        ? listenFailure(error, config)
        : `Cannot listen on the socket that was given (descriptor ${fd}): ${reasonOf(error)}. It has to be a stream socket that listens.`
    throw new Error(sentence, { cause: error })
  }
}
