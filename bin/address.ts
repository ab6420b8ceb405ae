import { networkInterfaces } from 'node:os'

/** The first address of this machine that others in its network can reach. */
export function networkAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address
}

/** Whether a server that is bound to this host is reached at all addresses of the machine. */
export const isEverywhere = (host: string | undefined): boolean => host === undefined || host === '::' || host === '0.0.0.0'

/** A host as it stands in a URL. */
export const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** How this machine itself reaches a server that is bound to a host, as it stands in a URL. */
export const nearHost = (host: string | undefined): string => (isEverywhere(host) ? 'localhost' : inUrl(host ?? ''))
