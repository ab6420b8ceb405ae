import t from 'tap'
import { ListenerClient, SourceClient } from '../../lib/client/index.js'
import type { ServerOptions } from '../../lib/options/index.js'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'
import { needs, type Scope } from '../helpers/programs.js'
import { ADMIN_PASSWORD, SOURCE_PASSWORD, startIcecast } from '../helpers/server.js'
import { until } from '../helpers/wait.js'

/*
 * Debian's Icecast as slave of ours, and as master of ours: what a listener of the one hears is what the source of the other sends.
 */

// MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame, each its own.
const MP3 = Buffer.concat(Array.from({ length: 40 }, (_, i) => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413, i)])))

async function start(t: Scope, options: Partial<ServerOptions> = {}): Promise<{ server: Server; port: number }> {
  const server = createServer({ auth: basic({ source: SOURCE_PASSWORD, admin: ADMIN_PASSWORD }), ...options })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1', shoutcastPort: false })
  t.teardown(() => server.close())
  return { server, port }
}

/** Sends the same over and over; its title tells who it is. */
function publish(t: Scope, port: number, mount: string): SourceClient {
  const source = new SourceClient(`http://source:${SOURCE_PASSWORD}@127.0.0.1:${port}${mount}`, {
    contentType: 'audio/mpeg',
    name: 'Origin',
  })
  source.on('error', () => {})
  source.on('connect', () => void source.setMetadata({ title: `This is ${mount}` }).catch(() => {}))
  const timer = setInterval(() => source.write(MP3), 200)
  t.teardown(() => {
    clearInterval(timer)
    source.destroy()
  })
  return source
}

async function hears(t: Scope, address: string, title: string): Promise<void> {
  const titles: string[] = []
  const chunks: Buffer[] = []
  let client: ListenerClient | undefined
  t.teardown(() => client?.destroy())
  await until(`somebody to hear ${title} at ${address}`, () => {
    if (client === undefined || client.destroyed) {
      client = new ListenerClient(address)
      client.on('data', (chunk: Buffer) => chunks.push(chunk))
      client.on('metadata', ({ display }: { display: string }) => titles.push(display))
      client.on('error', () => {})
    }
    return titles.includes(title) && Buffer.concat(chunks).includes(MP3)
  })
  client?.destroy()
}

t.test('Icecast is a slave of ours: it relays all mounts, with titles', async (t) => {
  if (!needs(t, 'icecast2')) return
  const { server, port } = await start(t)
  publish(t, port, '/one.mp3')
  publish(t, port, '/two.mp3')
  await until('both to be on the air', () => server.mounts.get('/one.mp3')?.ready && server.mounts.get('/two.mp3')?.ready)
  const slave = await startIcecast(t, {
    xml: `<master-server>127.0.0.1</master-server><master-server-port>${port}</master-server-port><master-update-interval>1</master-update-interval>
      <master-username>admin</master-username><master-password>${ADMIN_PASSWORD}</master-password>`,
  })
  await hears(t, slave.url('/one.mp3'), 'This is /one.mp3')
  await hears(t, slave.url('/two.mp3'), 'This is /two.mp3')
})

for (const password of [ADMIN_PASSWORD, undefined])
  t.test(`Icecast is a master of ours, asked ${password === undefined ? 'as anybody may' : 'with a password'}`, async (t) => {
    if (!needs(t, 'icecast2')) return
    const master = await startIcecast(t)
    const live = publish(t, master.port, '/one.mp3')
    publish(t, master.port, '/two.mp3')
    await until('both to be on the air', async () => (await master.mount('/one.mp3')) && (await master.mount('/two.mp3')))
    const asked = { url: master.url('/'), interval: 1, ...(password !== undefined && { user: 'admin', password }) }
    const { server, port } = await start(t, { relays: { allowPrivate: true, master: asked } })
    await hears(t, `http://127.0.0.1:${port}/one.mp3`, 'This is /one.mp3')
    await hears(t, `http://127.0.0.1:${port}/two.mp3`, 'This is /two.mp3')
    live.destroy()
    await until('what is gone there to be gone here', () => server.mounts.get('/one.mp3')?.source === undefined)
    t.ok(server.mounts.get('/two.mp3')?.source)
  })
