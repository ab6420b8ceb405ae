import type { Config } from './schema.js'

/** Why a file could not be used, in plain words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'ENOTDIR') return 'a part of its path is no folder'
  if (code === 'EROFS') return 'the disk cannot be written to'
  if (code === 'EBUSY') return 'it is mounted by itself; mount its folder instead'
  if (code === 'ENOSPC') return 'the disk is full'
  return error instanceof Error ? error.message : String(error)
}

/** Says in a sentence why no port could be opened, and what to do. */
export function listenFailure(error: unknown, { host, port }: Config): string {
  if (!(error instanceof Error) || !('code' in error)) return `Cannot listen: ${reasonOf(error)}`
  const failed = 'port' in error && typeof error.port === 'number' ? error.port : port
  const choose = failed === port ? 'choose another port with --port' : 'choose another shoutcastPort in the configuration'
  switch (error.code) {
    case 'EADDRINUSE':
      return `Cannot listen on port ${failed}: another program uses it. Stop it or ${choose}.`
    case 'EACCES':
      return `Cannot listen on port ${failed}: ports below 1024 need special rights. Get them or ${choose}.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAFNOSUPPORT':
    case 'EAI_AGAIN':
      return `Cannot listen on ${host ?? 'any address'}: this machine has no such address. Choose another with --host or leave it out.`
    default:
      return `Cannot listen on port ${failed}: ${error.message}`
  }
}
