import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Finding } from './finding.js'
import { reasonOf } from './reason.js'
import type { Config } from './schema.js'

/** Milliseconds that whoever holds a port may take to say who it is. */
const PATIENCE = 2_000

interface Port {
  readonly port: number
  readonly host: string | undefined
}

/** Whether the ports are free, or who has them. */
export async function checkPorts({ port, host, shoutcastPort, alsoListen }: Config): Promise<Finding[]> {
  const second = shoutcastPort ?? (port > 0 && port < 65_535 ? port + 1 : false)
  const all: Port[] = [
    { port, host },
    ...(second === false ? [] : [{ port: second, host }]),
    ...alsoListen.map((more) => ({ port: more.port, host: more.host })),
  ]
  return Promise.all(all.map((one) => checkPort(one)))
}

async function checkPort({ port, host }: Port): Promise<Finding> {
  const failure = await tryToOpen(port, host)
  if (failure === undefined) return { check: 'port', state: 'good', message: `port ${port} is free` }
  const code = 'code' in failure ? failure.code : undefined
  if (code === 'EADDRINUSE') {
    if (await isFloecast(port, host)) return { check: 'port', state: 'good', message: `port ${port} has floecast on it already` }
    const holder = holderOf(port)
    return {
      check: 'port',
      state: 'bad',
      message: `port ${port} is taken by ${holder ?? 'another program'}`,
      advice: 'Stop it, or choose another port.',
    }
  }
  const advice =
    code === 'EACCES'
      ? 'Let systemd open it (docs/operation.md), or start as root with user in the configuration.'
      : 'Choose another host or port.'
  return { check: 'port', state: 'bad', message: `port ${port} cannot be opened: ${reasonOf(failure)}`, advice }
}

const tryToOpen = (port: number, host: string | undefined): Promise<Error | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ port, host }, () => server.close(() => resolve(undefined)))
  })

async function isFloecast(port: number, host: string | undefined): Promise<boolean> {
  const at = host === undefined || host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  try {
    const response = await fetch(`http://${at}:${port}/healthz`, { signal: AbortSignal.timeout(PATIENCE) })
    await response.body?.cancel()
    return /floecast/i.test(response.headers.get('server') ?? '')
  } catch {
    return false
  }
}

/** Which process listens on a port, where Linux tells: those of others it tells root alone. */
function holderOf(port: number): string | undefined {
  try {
    const sockets = new Set(
      ['tcp', 'tcp6'].flatMap((table) =>
        readFileSync(`/proc/net/${table}`, 'utf8')
          .split('\n')
          .flatMap((line) => {
            // sl local_address rem_address st … inode: state 0A listens.
            const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
            return state === '0A' && Number.parseInt(local.split(':')[1] ?? '', 16) === port ? [`socket:[${inode}]`] : []
          }),
      ),
    )
    const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && filesOf(name).some((file) => sockets.has(file)))
    return pid === undefined ? undefined : `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (process ${pid})`
  } catch {
    return undefined
  }
}

function filesOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`)
      } catch {
        return ''
      }
    })
  } catch {
    return []
  }
}
