import type { Context } from 'koa'
import { clientAddress, type Visit } from '../address.js'
import type { ServerContext } from '../context.js'

/** What a request to koa tells about the address under which its sender sees this server. */
export function visitOf(ctx: Context): Visit {
  const { socket } = ctx.req
  return {
    header: (name) => ctx.get(name) || undefined,
    remoteAddress: socket.remoteAddress,
    localPort: socket.localPort,
    secured: 'encrypted' in socket && socket.encrypted === true,
    prefix: prefixOf(ctx.originalUrl, ctx.path),
  }
}

/** The address of whoever sends a request to koa. */
export function addressOf(ctx: Context, { settings }: ServerContext): string {
  return clientAddress(ctx.req.socket.remoteAddress, ctx.get('x-forwarded-for') || undefined, settings.trustedProxies)
}

// Whoever carries floecast below a path (as koa-mount does) has taken it off the path, and left the original URL as it came.
function prefixOf(url: string, path: string): string {
  const original = url.replace(/[?#].*$/s, '').replace(/^[a-z]+:\/\/[^/]*/i, '') || '/'
  const prefix = original.endsWith(path) ? original.slice(0, original.length - path.length) : path === '/' ? original : ''
  return /^(?:\/[^/\\]+)+$/.test(prefix) ? prefix : ''
}
