import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { formatAccess } from '../../lib/server/access-log.js'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { until } from '../helpers/wait.js'

const basicOf = (bytes: Buffer | string): string => `Authorization: Basic ${Buffer.from(bytes).toString('base64')}\r\n`
const auth = basic({ source: 'hackme', admin: 'letmein' })
const LOGIN = basicOf('source:hackme')
// MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame.
const MP3 = Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)])))

interface Peer {
  readonly socket: Socket
  /** All that it has been told. */
  readonly heard: () => string
  readonly isOver: () => boolean
}

interface House {
  readonly server: Server
  readonly port: number
  /** Connects, and says something; half open, so that it ends nothing by itself. */
  readonly call: (...words: (string | Buffer)[]) => Peer
  /** A source that is on the air at a mount. */
  readonly publish: (mount: string, headers?: string) => Promise<Peer>
}

/** A server on a port of its own. */
async function house(t: { teardown(call: () => unknown): void }, options: Partial<CreateServerOptions> = {}): Promise<House> {
  const server = createServer({ auth, ...options })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const peers: Socket[] = []
  t.teardown(async () => {
    for (const socket of peers) socket.destroy()
    await server.close()
  })
  const call = (...words: (string | Buffer)[]): Peer => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    peers.push(socket)
    const chunks: Buffer[] = []
    let over = false
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => {})
    socket.on('end', () => (over = true))
    socket.on('close', () => (over = true))
    for (const word of words) socket.write(word)
    return { socket, heard: () => Buffer.concat(chunks).toString('latin1'), isOver: () => over }
  }
  const publish = async (mount: string, headers = ''): Promise<Peer> => {
    const peer = call(`PUT ${mount} HTTP/1.1\r\n${LOGIN}Content-Type: audio/mpeg\r\n${headers}\r\n`, MP3)
    await until('the source to be on the air', () => server.mounts.get(mount)?.ready)
    return peer
  }
  return { server, port, call, publish }
}

const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`

const put = (headers: string, mount = '/a'): string => `PUT ${mount} HTTP/1.1\r\n${headers}\r\n`

t.test('any number of requests may come at once on one connection', async (t) => {
  const { call, publish } = await house(t)
  await publish('/a')
  const asked = call('OPTIONS * HTTP/1.1\r\n\r\n'.repeat(5_000))
  const preflight = call('OPTIONS /a HTTP/1.1\r\n\r\n'.repeat(5_000))
  const pages = call(get('/healthz').repeat(200))
  for (const [{ heard }, count] of [
    [asked, 5_000],
    [preflight, 5_000],
    [pages, 200],
  ] as const)
    await until('all answers', () => heard().split('HTTP/1.1 20').length === count + 1)
  t.pass('all are answered')
})

t.test('a peer that asks faster than it reads has to wait', async (t) => {
  const { server, call } = await house(t, { headerTimeout: 300 })
  const { socket } = call()
  socket.pause()
  await until('it to come', () => server.connections === 1)
  const words = Buffer.from('OPTIONS * HTTP/1.1\r\n\r\n'.repeat(3_000))
  for (let i = 0; i < 400; i++) socket.write(words)
  await until('it to be cut off', () => server.connections === 0)
  t.pass('and is cut off when it does not read at all')
})

t.test('close ends everything, at once where nothing is under way', async (t) => {
  const { server, call, publish } = await house(t)
  const silent = call()
  const idle = call(get('/healthz'))
  const source = await publish('/a')
  const direct = call(get('/a'))
  const later = call(get('/healthz'))
  await until('an answer', () => later.heard().endsWith('ok'))
  later.socket.write(get('/a'))
  await until('two listeners', () => server.mounts.listeners === 2 && server.connections === 5)
  const began = performance.now()
  source.socket.write(MP3)
  await until('all to have come', () => server.mounts.get('/a')?.source?.bytesReceived === 2 * MP3.length)
  for (const peer of [source, direct, later]) peer.socket.on('end', () => peer.socket.end())
  await server.close()
  t.equal(server.connections, 0)
  t.ok(performance.now() - began < 4_000, 'nobody had to be waited for')
  await until('all to know', () => [silent, idle, source, direct, later].every(({ isOver }) => isOver()))
  for (const { heard } of [direct, later]) t.equal(heard().split('\xff\xfb').length - 1, 40, 'a listener hears every frame to the last')
})

t.test('a connection that was handed over is closed as well', async (t) => {
  const server = createServer({ auth })
  const { createServer: createPort } = await import('node:net')
  const port = createPort({ allowHalfOpen: true }, server.handle).listen(0, '127.0.0.1')
  await once(port, 'listening')
  const address = port.address()
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1')
  socket.on('error', () => {})
  await until('it to come', () => server.connections === 1)
  const ended = once(socket, 'close')
  socket.on('end', () => socket.end())
  socket.resume()
  await server.close()
  await ended
  t.equal(server.connections, 0)
  port.close()
})

t.test('whoever is refused is gone soon, even if it never hangs up', async (t) => {
  const { server, call } = await house(t, { maxConnections: 1 })
  call(get('/healthz'))
  await until('the first', () => server.connections === 1)
  const refused = Array.from({ length: 5 }, () => call())
  await until('refusals', () => refused.every(({ heard }) => heard().startsWith('HTTP/1.0 403')))
  await until('the rest to be gone', () => server.connections <= 1, { timeout: 4_000 })
  t.pass('they are gone')
})

t.test('a request that does not get on ends, wherever it stops', { timeout: 60_000 }, async (t) => {
  const { server, call } = await house(t, { headerTimeout: 200 })
  const silent = call()
  const broken = call('GET / HT')
  const second = call(get('/healthz'), 'GET /heal')
  const form = call('POST /admin/metadata HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nmode')
  const stalled = call(Buffer.from('1603010200010001fc0303', 'hex'))
  await until('all but the form to be over', () => [silent, broken, second, stalled].every(({ isOver }) => isOver()), { timeout: 20_000 })
  t.match(silent.heard(), /^HTTP\/1.0 408/)
  t.match(broken.heard(), /^HTTP\/1.0 408/)
  t.match(second.heard(), /^HTTP\/1.1 200[^]*ok(HTTP\/1.1 408|$)/)
  // What is waited for here is a body, for which Node allows minutes.
  form.socket.destroy()
  await until('nobody to be left', () => server.connections === 0)
})

t.test('a reload that fails changes nothing, and one that succeeds holds everywhere', async (t) => {
  const { server, call } = await house(t, { maxSources: 3, headerSize: 4_096 })
  const before = server.settings
  t.throws(() => server.reload({ auth: basic({}), maxSources: 4, tls: { certificate: '/nowhere.pem', key: '/nowhere.pem' } }), /ENOENT/)
  t.throws(() => server.reload({ auth: basic({}), maxSources: -1 }))
  t.equal(server.settings, before)
  const long = `X-Long: ${'x'.repeat(12_000)}\r\n`
  const first = call(get('/healthz', long))
  await until('a refusal', first.isOver)
  server.reload({ auth, headerSize: 65_536 })
  const next = call(get('/healthz', long), get('/healthz', long))
  const longer = call(get('/healthz', long.repeat(4)), get('/healthz', long.repeat(20)))
  await until('answers', () => next.heard().split(' 200 OK').length === 3 && / 431 /.test(longer.heard()))
  t.match(first.heard(), /^HTTP\/1.0 431/)
  t.match(longer.heard(), /^HTTP\/1.1 200 OK/)
})

t.test("what a listener of events throws gets in nobody's way", async (t) => {
  const { server, call, publish } = await house(t)
  const thrown: unknown[] = []
  const take = (error: unknown): void => void thrown.push(error)
  process.on('uncaughtException', take)
  t.teardown(() => process.off('uncaughtException', take))
  for (const event of ['source', 'format', 'listener', 'departure', 'end', 'access'] as const)
    server.on(event, () => {
      throw new Error(event)
    })
  const source = await publish('/a')
  const { heard, socket } = call(get('/a'))
  await until('the listener to hear', () => heard().split('\xff\xfb').length === 21)
  socket.destroy()
  await until('it to be gone', () => server.mounts.listeners === 0)
  source.socket.end()
  await until('the source to be gone', () => server.mounts.sources === 0)
  await until('all throws to have come', () => thrown.length >= 7)
  t.same(
    thrown.map((error) => error instanceof Error && error.message),
    ['source', 'format', 'listener', 'departure', 'access', 'end', 'access'],
  )
})

t.test('a server that is closed takes nobody who comes late', async (t) => {
  let closed: Promise<void> | undefined
  const server = createServer({
    auth: {
      ...auth,
      source: () => {
        closed = server.close()
        return true
      },
    },
  })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect(port, '127.0.0.1')
  const answer: Buffer[] = []
  socket.on('data', (chunk: Buffer) => answer.push(chunk))
  socket.on('error', () => {})
  socket.write(`PUT /a HTTP/1.1\r\n${LOGIN}\r\n`)
  await once(socket, 'close')
  await closed
  t.match(String(Buffer.concat(answer)), /^HTTP\/1.1 503/)
  t.same([server.mounts.sources, server.connections], [0, 0])
  t.throws(() => server.mounts.check('/a', 'icecast'), { code: 'SERVER_CLOSING' })
})

t.test('a hostile head gets a refusal and one line in the log, and nobody learns a password', async (t) => {
  const lines: string[] = []
  const logged: string[] = []
  const log = (fields: object, message: string): void => void logged.push(`${JSON.stringify(fields)} ${message}`)
  const { server, call } = await house(t, { logger: { debug: log, info: log, warn: log, error: log } })
  server.on('access', (entry) => lines.push(formatAccess(entry)))
  const cases: readonly (readonly [head: string | Buffer, status: number, why: string])[] = [
    [put(basicOf('source')), 401, 'no colon'],
    [put('Authorization: Basic !!!\r\n'), 401, 'no base64'],
    [put('Authorization: Basic\r\n'), 401, 'nothing at all'],
    [put(basicOf(Buffer.from('source:hackme', 'utf16le'))), 401, 'UTF-16'],
    [put(basicOf('source:hackme\r\nX: y')), 401, 'a line break in the password'],
    [put(basicOf(`source:${'x'.repeat(9_000)}`)), 401, 'a long password'],
    [put(`Authorization: Basic ${'A'.repeat(100_000)}\r\n`), 431, 'a password without end'],
    [put('X: y\r\n'.repeat(199) + LOGIN + 'X: y\r\n'), 431, '201 headers'],
    [put(LOGIN, `/${'a'.repeat(20_000)}`), 431, 'a line without end'],
    [put(LOGIN, '/%2e%2e/%2e%2e/etc/passwd'), 400, 'dots that are encoded'],
    [put(LOGIN, '/a%0d%0ab'), 400, 'a line break in the mount'],
    [put(LOGIN, '/a%5c..%5cb'), 400, 'backslashes'],
    [put(LOGIN, '/%c0%ae%c0%ae/x/..'), 400, 'dots after bytes that are no UTF-8'],
    [put(LOGIN, '/admin/x'), 403, 'a path of the server itself'],
    [put(`${LOGIN}Transfer-Encoding: gzip, chunked\r\n`), 501, 'a coding that nobody reads'],
    [put(`${LOGIN}Content-Length: 1e3\r\n`), 400, 'a length that is none'],
    [put(`X : y\r\n${LOGIN}`), 400, 'white space before a colon'],
    [Buffer.from('\x00\x01\x02'), 400, 'no text at all'],
    [get('/../../etc/passwd'), 404, 'a path that leads upward'],
    [
      get('/admin/metadata?mode=updinfo&mount=/a&song=%0d%0aSet-Cookie:x', 'User-Agent: <script>"\x1b[2J\r\n'),
      401,
      'a line break in a title',
    ],
  ]
  for (const [head, status, why] of cases) {
    const before = lines.length
    const { heard, socket } = call(head)
    await until(why, () => heard() !== '' && lines.length > before)
    t.equal(Number(/^HTTP\/1\.[01] (\d+)/.exec(heard())?.[1]), status, why)
    t.notMatch(heard(), /hackme|letmein|Set-Cookie/)
    socket.destroy()
  }
  t.equal(lines.length, cases.length, 'one line each')
  t.notMatch(lines.join(''), /[\p{Cc}]/u)
  t.notMatch(lines.join() + logged.join(), /hackme|letmein/)
  t.equal(server.mounts.sources, 0)
})
