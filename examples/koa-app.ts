/*
 * This example shows how to:
 *  1. put streams, status and playlists into a koa application of your own
 *  2. serve your own pages beside them, on the same port
 *  3. take sources on that port as well: encoders and browsers come to one address
 */
import Koa from 'koa'
import { basic, createServer } from '../lib/index.js'

const server = createServer({ auth: basic({ source: 'hackme' }) })

const app = new Koa()
app.use(async (ctx, next) => {
  const began = Date.now()
  await next()
  console.log(`${ctx.method} ${ctx.path} ${ctx.status} ${Date.now() - began} ms`)
})
// A page of your own goes before the streams, or floecast answers / itself.
app.use(async (ctx, next) => {
  if (ctx.path !== '/') {
    await next()
    return
  }
  const onAir = [...server.mounts].filter(({ source }) => source !== undefined)
  const players = onAir.map(({ name }) => `<p><video controls src="${encodeURI(name)}"></video></p>`)
  ctx.type = 'html'
  ctx.body = `<!doctype html><title>My station</title><h1>My station</h1>${players.join('') || '<p>Nothing is on the air.</p>'}`
})
app.use(server.middleware())

// The server owns the port, because a source does not speak the HTTP that Node understands; what does goes to the application.
const { port } = await server.listen({ port: Number(process.env['PORT'] ?? 8000), app })
console.log(`http://localhost:${port}`)
process.once('SIGINT', () => void server.close())
