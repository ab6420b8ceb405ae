/*
 * This example shows how to:
 *  1. put live HLS into a web site of your own: only its playlists and segments, below a path of the site's
 *  2. keep the site's own port and its own server; sources connect to another port
 *  3. tell on the site how many are watching
 */
import { createServer as createSite } from 'node:http'
import Koa from 'koa'
import { basic, createServer } from '../lib/index.js'

const MOUNT = '/tv'
// Who cannot play MPEG-DASH or endless streams here need not be offered them.
const server = createServer({ auth: basic({ source: 'hackme' }), mounts: { [MOUNT]: { name: 'Harbour TV', dash: false, instant: false } } })
const middleware = server.middleware()

const site = new Koa()
// /live/tv.m3u8 and what it names: playlists hold relative addresses, so it does not matter where they are.
site.use(async (ctx, next) => {
  const path = /^\/live(\/tv\.(?:m3u8|media\/.+))$/.exec(ctx.path)?.[1]
  if (path === undefined) {
    await next()
    return
  }
  const outer = ctx.path
  ctx.path = path
  await middleware(ctx, next)
  ctx.path = outer
})
site.use((ctx) => {
  const { source } = server.mount(MOUNT)
  const { total } = server.viewers.count(MOUNT, Date.now())
  ctx.type = 'html'
  // Safari and Chromium play this by themselves; for others, hand the same address to hls.js.
  const player = `<video controls muted autoplay playsinline src="/live${MOUNT}.m3u8"></video><p>${total} watching</p>`
  ctx.body = `<!doctype html><title>Our site</title><h1>Our site</h1>${source === undefined ? '<p>Nothing is on the air.</p>' : player}`
})

const port = Number(process.env['PORT'] ?? 3000)
const web = createSite((request, response) => void site.callback()(request, response)).listen(port)
const ports = await server.listen({ port: Number(process.env['SOURCE_PORT'] ?? 8000), shoutcastPort: false })
console.log(`http://localhost:${port}, sources to icecast://source:hackme@localhost:${ports.port}${MOUNT}`)
process.once('SIGINT', () => {
  web.close()
  web.closeAllConnections()
  void server.close()
})
