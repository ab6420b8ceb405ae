import { readFileSync } from 'node:fs'
import { Agent, createServer as createHttpServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { basic } from '../../lib/server/auth.js'
import { COOKIE } from '../../lib/server/same-site.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { until } from '../helpers/wait.js'

/*
 * Sources over WebSockets, on loopback: what is let in, what is refused and by which words, and how it ends.
 */

const WEBM = readFileSync('test/fixtures/mediarecorder-vp8-opus.webm')
const MP4 = readFileSync('test/fixtures/mediarecorder-h264-opus.mp4')
const auth = basic({ source: 'hackme', admin: 'letmein' })

async function start(t: Test, options: Partial<CreateServerOptions> = {}): Promise<{ server: Server; port: number }> {
  const server = createServer({ auth, ...options })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => server.close())
  return { server, port }
}

interface End {
  readonly code: number
  readonly reason: string
}

/** A client, as browsers have one. */
class Client {
  readonly ws: WebSocket
  readonly said: string[] = []
  readonly end: Promise<End>

  constructor(port: number, path = '/live', headers: Record<string, string> = {}, protocols: string | string[] = 'webcast') {
    this.ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers })
    this.ws.on('error', () => {})
    this.ws.on('message', (data: Buffer) => this.said.push(data.toString()))
    this.end = new Promise((resolve) => this.ws.on('close', (code, reason) => resolve({ code, reason: String(reason) })))
  }

  async send(...messages: (string | Buffer | object)[]): Promise<this> {
    if (this.ws.readyState !== WebSocket.OPEN) await new Promise((resolve) => this.ws.once('open', resolve))
    for (const one of messages) this.ws.send(typeof one === 'string' || Buffer.isBuffer(one) ? one : JSON.stringify(one))
    return this
  }
}

const hello = (data: object = {}): object => ({ type: 'hello', data: { mime: 'video/webm', user: 'source', password: 'hackme', ...data } })

/** The cookie of a session of the administrator's. */
async function signIn(port: number, user = 'admin', password = 'letmein'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user, password }),
  })
  return response.headers.get('set-cookie')!.split(';', 1)[0]!
}

t.test('a hello and media make a source, whose titles come as text, and whose going frees the mount', async (t) => {
  const { server, port } = await start(t)
  for (const [mime, bytes, format] of [
    ['video/webm;codecs=vp8,opus', WEBM, 'webm'],
    ['video/mp4', MP4, 'mp4'],
  ] as const) {
    const audio = { channels: 2, samplerate: 48_000, bitrate: 128, encoder: 'browser' }
    const client = await new Client(port).send(hello({ mime, name: 'Harbour', audio }), bytes.subarray(0, 10_000), bytes.subarray(10_000))
    const mount = await until('the source', () => server.mounts.get('/live'))
    await until('all of it', () => mount.source?.bytesReceived === bytes.length)
    t.equal(mount.source?.demuxer.format, format)
    t.equal(mount.source?.protocol, 'webcast')
    t.strictSame([mount.info.name, mount.info.bitrate, mount.info.channels], ['Harbour', 128, 2])
    await until('its answer', () => client.said.length > 0)
    t.strictSame(client.said, [JSON.stringify({ type: 'hello', data: { mount: '/live' } })], 'it is told that it is on the air')
    await client.send({ type: 'unknown', data: 1 }, { type: 'metadata', data: { artist: 'Gulls', title: 'Dawn', year: 1999 } })
    await until('the title', () => mount.metadata.display === 'Gulls - Dawn')
    await client.send({ type: 'metadata', data: { song: 'One line' } })
    await until('the line', () => mount.metadata.display === 'One line')
    client.ws.close(1000)
    await client.end
    await until('the mount to be free', () => mount.source === undefined)
  }
})

t.test('what is no hello is refused with 1002, and what may not publish with 1011, each in a sentence', async (t) => {
  const { server, port } = await start(t, { maxSources: 1, mounts: { '/off': { webcast: false } } })
  const refused = async (message: string | Buffer | object, path = '/live', headers = {}): Promise<End> =>
    (await new Client(port, path, headers).send(message)).end
  const cases: [string, Promise<End>, number, RegExp][] = [
    ['media first', refused(Buffer.from('abc')), 1002, /media came before the hello/],
    ['no JSON', refused('{'), 1002, /no JSON/],
    ['another type', refused({ type: 'metadata', data: {} }), 1002, /no hello/],
    ['no mime', refused({ type: 'hello', data: { password: 'hackme' } }), 1002, /look at data\.mime/],
    ['text without end', refused(hello({ mime: 'x'.repeat(20_000) })), 1002, /larger than 16384 bytes/],
    ['a wrong password', refused(hello({ password: 'guess' })), 1011, /name or password is wrong/],
    ['no password', refused({ type: 'hello', data: { mime: 'video/webm' } }), 1011, /authenticate/],
    ['switched off', refused(hello(), '/off'), 1011, /by webcast are switched off/],
    ['a path of the server', refused(hello(), '/admin/live'), 1011, /belongs to the server/],
  ]
  for (const [what, end, code, words] of cases) {
    const { code: got, reason } = await end
    t.equal(got, code, what)
    t.match(reason, words)
    t.ok(Buffer.byteLength(reason) <= 123, 'the sentence fits into a frame')
  }
  t.equal(server.mounts.sources, 0, 'and nobody is on the air')

  const first = await new Client(port).send(hello())
  await until('the first source', () => server.mounts.sources === 1)
  t.match(await refused(hello()), { code: 1011, reason: 'Mountpoint in use' })
  t.match(await refused(hello(), '/other'), { code: 1011, reason: 'too many sources connected' })
  t.equal((await refused(hello({ mime: 'ä'.repeat(300) }))).code, 1002)
  first.ws.terminate()
  await until('the mount to be free', () => server.mounts.sources === 0)
  const next = await new Client(port).send(hello())
  await until('the next one', () => server.mounts.sources === 1)
  await next.send('nonsense')
  t.match(await next.end, { code: 1002 }, 'text that is no message ends a source')
  await until('the mount to be free again', () => server.mounts.sources === 0)
})

t.test('a message above a megabyte ends the connection', async (t) => {
  const { server, port } = await start(t)
  const client = await new Client(port).send(hello(), Buffer.alloc(1_048_577))
  t.equal((await client.end).code, 1009)
  await until('the mount to be free', () => server.mounts.sources === 0)
})

t.test('media that come with the hello wait for the password and are not lost', async (t) => {
  const asked: ((answer: boolean) => void)[] = []
  const slow = { source: () => new Promise<boolean>((resolve) => asked.push(resolve)), admin: () => false }
  const { server, port } = await start(t, { auth: slow })
  const client = new Client(port)
  await client.send(hello(), ...Array.from({ length: 40 }, (_, i) => WEBM.subarray(i * 1000, (i + 1) * 1000)))
  await until('the question', () => asked.length > 0)
  t.equal(server.mounts.sources, 0)
  asked[0]!(true)
  const mount = await until('the source', () => server.mounts.get('/live'))
  await until('every byte', () => mount.source?.bytesReceived === WEBM.length)
  t.equal(mount.source?.demuxer.skipped, 0)
})

t.test('who has signed in needs no password, on pages of this server alone', async (t) => {
  const { server, port } = await start(t)
  const cookie = await signIn(port)
  const own = { Cookie: cookie, Origin: `http://127.0.0.1:${port}` }
  const greeting = { type: 'hello', data: { mime: 'video/webm' } }
  const foreign = await new Client(port, '/live', { ...own, Origin: 'http://elsewhere.example' }).send(greeting)
  t.match(await foreign.end, { code: 1011, reason: /page of another site/ })
  const forged = await new Client(port, '/live', { ...own, Cookie: `${COOKIE}=${'x'.repeat(43)}` }).send(greeting)
  t.match(await forged.end, { code: 1011, reason: /authenticate/ })
  const client = await new Client(port, '/live', own).send(greeting)
  const mount = await until('the source', () => server.mounts.get('/live'))
  t.equal(mount.source?.details.user, 'admin')
  client.ws.close()
  await client.end
  const stranger = await new Client(port, '/live', { Origin: 'http://elsewhere.example' }).send(hello())
  await until('a page elsewhere that knows the password', () => stranger.said.length > 0)
  t.pass('is let in')
})

t.test('it comes by TLS, and by proxies that are trusted', async (t) => {
  const file = 'test/fixtures/localhost.pem'
  const { server, port } = await start(t, { tls: { certificate: file, key: file }, trustedProxies: ['127.0.0.1'] })
  const ws = new WebSocket(`wss://127.0.0.1:${port}/safe`, 'webcast', { rejectUnauthorized: false })
  ws.on('open', () => ws.send(JSON.stringify(hello())))
  await until('the one by TLS', () => server.mounts.get('/safe')?.source)
  const forwarded = {
    'X-Forwarded-For': '203.0.113.7',
    'X-Forwarded-Host': 'radio.example',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Prefix': '/radio',
  }
  const headers = { ...forwarded, Cookie: await signIn(port), Origin: 'https://radio.example' }
  await new Client(port, '/live', headers).send({ type: 'hello', data: { mime: 'video/webm' } })
  await until('the one by a proxy', () => server.mounts.get('/live')?.source)
  t.equal(server.mounts.get('/live')?.source?.details.address, '203.0.113.7', 'the address is that of whoever stands behind it')
  ws.terminate()
})

t.test('an owner goes live on their own mounts, and a viewer on none', async (t) => {
  const { server, port } = await start(t)
  await server.state.people.add({ name: 'ola', password: 'reef-copper-58', role: 'owner', mounts: ['/ola*'] })
  await server.state.people.add({ name: 'vic', password: 'reef-copper-59', role: 'viewer', mounts: [] })
  const greeting = { type: 'hello', data: { mime: 'video/webm' } }
  const go = async (user: string, password: string, path: string): Promise<Client> =>
    new Client(port, path, { Cookie: await signIn(port, user, password), Origin: `http://127.0.0.1:${port}` }).send(greeting)
  t.match(await (await go('ola', 'reef-copper-58', '/live')).end, { code: 1011, reason: /ola may not do this/ })
  t.match(await (await go('vic', 'reef-copper-59', '/ola')).end, { code: 1011, reason: /vic may not do this/ })
  await go('ola', 'reef-copper-58', '/ola/tv')
  await until('the own one', () => server.mounts.get('/ola/tv')?.source)
  t.equal(server.mounts.get('/ola/tv')?.source?.details.user, 'ola')
})

t.test('who comes back after a break goes on in place of what is still there, and nobody else does', async (t) => {
  const { server, port } = await start(t)
  const resume = 'a-secret-of-the-page'
  const first = await new Client(port).send(hello({ resume }))
  const mount = await until('the source', () => server.mounts.get('/live'))
  const other = await new Client(port).send(hello({ resume: 'another-secret-word' }))
  t.match(await other.end, { code: 1011, reason: 'Mountpoint in use' })
  const again = await new Client(port).send(hello({ resume }))
  t.match(await first.end, { code: 1000, reason: /another source has taken over/ })
  await until('the second connection', () => again.said.length > 0)
  await again.send(WEBM)
  await until('its bytes', () => mount.source?.bytesReceived === WEBM.length)
})

t.test('switching it off, a kick and the end of the server end a source with the reason', async (t) => {
  const { server, port } = await start(t)
  const live = async (): Promise<Client> => {
    const client = await new Client(port).send(hello())
    await until('the source', () => server.mounts.get('/live')?.source)
    return client
  }
  const first = await live()
  server.reload({ auth, protocols: { webcast: false } })
  t.match(await first.end, { code: 1000, reason: /by webcast are switched off/ })
  server.reload({ auth })
  const second = await live()
  server.mounts.get('/live')!.source!.close('admin has ended it')
  t.match(await second.end, { code: 1000, reason: 'The server has ended the stream: admin has ended it' })
  const third = await live()
  void server.close()
  t.match(await third.end, { code: 1012, reason: /shutting down/ })
})

t.test('a request for another protocol is answered as if it had not asked, and a WebSocket without webcast is refused', async (t) => {
  const { port } = await start(t)
  const ask = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(text))
      let answer = ''
      socket.on('data', (chunk) => (answer += String(chunk))).on('close', () => resolve(answer))
    })
  const h2c = 'Host: a\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n'
  t.match(await ask(`GET /healthz HTTP/1.1\r\n${h2c}`), /^HTTP\/1\.1 200/)
  const key =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  t.match(await ask(`GET /live HTTP/1.1\r\nHost: a\r\n${key}`), /^HTTP\/1\.1 400[^]*subprotocol webcast/)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const get = (headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const asked = request({ port, host: '127.0.0.1', path: '/healthz', agent, headers })
      asked.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode)))
      asked.on('error', reject).end()
    })
  t.equal(await get({}), 200)
  t.equal(await get({ Connection: 'Upgrade', Upgrade: 'websocket' }), 400, 'also on a connection that has asked something else before')
  agent.destroy()
})

t.test('a banned address gets no WebSocket', async (t) => {
  const { server, port } = await start(t)
  await server.state.bans.add({ address: '127.0.0.1', reason: '', since: 0, until: null, by: 'test' })
  const client = new Client(port)
  const [error] = await new Promise<unknown[]>((resolve) => client.ws.on('error', (...args) => resolve(args)))
  t.match(String(error), /403|socket hang up/)
})

t.test('an HTTP server of somebody else hands its WebSockets over', async (t) => {
  const server = createServer({ auth })
  const http = createHttpServer().on('upgrade', server.upgrade).listen(0, '127.0.0.1')
  await new Promise((resolve) => http.once('listening', resolve))
  const address: AddressInfo | string | null = http.address()
  const port = typeof address === 'object' ? address!.port : 0
  const client = await new Client(port).send(hello())
  await until('the source', () => server.mounts.get('/live')?.source)
  t.equal(server.mounts.get('/live')?.source?.details.user, 'source')
  client.ws.close()
  await client.end
  await server.close()
  http.close()
})
