import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { Duplex, PassThrough } from 'node:stream'
import { Router } from '@koa/router'
import Koa from 'koa'
import t from 'tap'
import type { PresentListener, Principal } from '../../lib/api/index.js'
import { FloecastError } from '../../lib/errors.js'
import { Listener } from '../../lib/mount/listener.js'
import type { Call, Handlers } from '../../lib/server/api/call.js'
import { handlersOf } from '../../lib/server/api/handlers.js'
import { basic } from '../../lib/server/auth.js'
import { type Ban, Bans, isWithin, normalRange, readBans } from '../../lib/server/bans.js'
import { allow } from '../../lib/server/identity.js'
import { readRecordedMounts, RecordingIndex } from '../../lib/server/recording-index.js'
import { StateFolder } from '../../lib/server/state-folder.js'
import { recordingRoutes } from '../../lib/server/routes/recordings.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { FakeClock } from '../helpers/clock.js'
import { temporary } from '../helpers/server.js'
import { until } from '../helpers/wait.js'

const basicOf = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`
const auth = basic({ source: 'hackme', admin: 'letmein' })
// MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame, each filled with a letter so that one sees whose it is.
const mp3 = (letter: string, count = 20): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413, letter)])))

const OWNER: Principal = { name: 'olga', role: 'owner', mounts: ['/a'], via: 'session' }
const ADMIN: Principal = { name: 'root', role: 'admin', mounts: [], via: 'session' }
const VIEWER: Principal = { name: 'vera', role: 'viewer', mounts: [], via: 'session' }

interface Peer {
  readonly socket: Socket
  readonly heard: () => string
  readonly isOver: () => boolean
}

interface House {
  readonly server: Server
  readonly port: number
  /** Calls the API as the administrator. */
  readonly api: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<{ status: number; body: any }>
  readonly call: (...words: (string | Buffer)[]) => Peer
  readonly publish: (mount: string, bytes?: Buffer, headers?: string) => Promise<Peer>
  readonly listen: (path: string, headers?: string) => Promise<Peer>
}

async function house(t: { teardown(call: () => unknown): void }, options: Partial<CreateServerOptions> = {}): Promise<House> {
  const server = createServer({ auth, trustedProxies: ['127.0.0.1'], ...options })
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
  const publish = async (mount: string, bytes = mp3('x'), headers = ''): Promise<Peer> => {
    const peer = call(`PUT ${mount} HTTP/1.1\r\nAuthorization: ${basicOf('source:hackme')}\r\n${headers}\r\n`, bytes)
    await until('the source to be on the air', () => server.mounts.get(mount)?.ready)
    return peer
  }
  const listen = async (path: string, headers = ''): Promise<Peer> => {
    const peer = call(`GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`)
    await until('an answer', () => peer.heard().includes('\r\n\r\n'))
    return peer
  }
  const api: House['api'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      method,
      headers: {
        Authorization: basicOf('admin:letmein'),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        'X-Forwarded-For': '192.0.2.250',
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const json = response.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : undefined
    return { status: response.status, body: json?.error?.message ?? json ?? text }
  }
  return { server, port, api, call, publish, listen }
}

// What a handler gets when it is called as somebody.
const as = (who: Principal, more: object = {}): Call<any> => ({
  stands: () => true,
  cookie: { secrets: [], give: () => {}, takeBack: () => {} },
  params: {},
  query: { limit: 100, offset: 0 },
  body: undefined,
  who,
  address: '192.0.2.250',
  visit: { header: () => undefined, remoteAddress: undefined, localPort: undefined, secured: false, prefix: '' },
  ...more,
})

const refusal = async (call: () => unknown): Promise<string | undefined> => {
  try {
    await call()
  } catch (error) {
    if (error instanceof FloecastError) return error.code
    throw error
  }
  return undefined
}

const from = (address: string, agent = 'player'): string => `X-Forwarded-For: ${address}\r\nUser-Agent: ${agent}\r\n`

t.test('sources are listed, kicked with a reason, and may come back; titles are set', async (t) => {
  const { server, api, publish, listen } = await house(t)
  const reasons: string[] = []
  server.on('end', (_source, _mount, reason) => reasons.push(reason))
  const peer = await publish('/a', mp3('x'), from('198.51.100.9', '<b>enc</b>'))
  await publish('/b/c')
  const listener = await listen('/b/c', 'Icy-MetaData: 1\r\n')
  t.match(listener.heard(), '\r\nicy-name:b/c\r\n', 'a stream that may have titles has a name, for VLC to ask for them')
  const { body } = await api('GET', '/sources')
  t.match(body.sources, [
    { mount: '/a', address: '198.51.100.9', agent: '<b>enc</b>', user: 'source', protocol: 'PUT', format: 'mp3' },
    { mount: '/b/c' },
  ])
  t.match(body.sources[0], {
    tracks: [{ kind: 'audio', codec: 'MP3', width: null }],
    title: null,
    contentType: 'audio/mpeg',
    bytesReceived: 8340,
  })
  t.equal((await api('PUT', '/mounts/b%2Fc/title', { title: 'A – “song”', url: 'http://a/' })).status, 204)
  t.match(server.mounts.get('/b/c')?.metadata, { display: 'A – “song”', url: 'http://a/' })
  t.equal((await api('GET', '/sources')).body.sources[1].title, 'A – “song”')
  t.equal((await api('DELETE', '/mounts/b%2Fc/source')).status, 204)
  await until('the listener to be told', listener.isOver)
  t.match(reasons, ['admin has ended it'])
  t.equal((await api('DELETE', '/mounts/b%2Fc/source')).status, 400, 'there is none any more')
  t.equal((await api('PUT', '/mounts/b%2Fc/title', { title: 'x' })).status, 400)
  await publish('/b/c')
  t.notOk(peer.isOver(), 'others go on')
  const handlers = handlersOf(server)
  t.match(await handlers.listSources!(as(OWNER)), { sources: [{ mount: '/a' }] }, 'an owner sees what is theirs')
  const seen = await handlers.listSources!(as(OWNER))
  t.equal(seen.sources.length, 1)
})

t.test('everyone who listens or watches is in one list, oldest first, in pages, filtered, and for owners only theirs', async (t) => {
  const { server, api, publish, listen } = await house(t)
  await publish('/a', mp3('x', 200))
  await publish('/b')
  await listen('/a', from('192.0.2.1', 'VLC/3'))
  await listen('/b', from('192.0.2.2', 'Radio'))
  await listen('/a.mp3', from('192.0.2.3', 'mpv'))
  const see = (address: string): boolean =>
    server.viewers.see({ mount: '/a', protocol: 'll-hls', address, agent: 'Safari', bytes: 5, now: Date.now(), expiry: 60_000 })
  see('192.0.2.4')
  const { body } = await api('GET', '/listeners')
  t.equal(body.total, 4)
  t.strictSame(
    body.listeners.map(({ mount, protocol, address, method }: Record<string, string>) => [mount, protocol, address, method].join(' ')),
    [
      '/a progressive 192.0.2.1 connection',
      '/b progressive 192.0.2.2 connection',
      '/a instant 192.0.2.3 connection',
      '/a ll-hls 192.0.2.4 address',
    ],
  )
  t.equal(new Set(body.listeners.map(({ id }: { id: string }) => id)).size, 4, 'ids tell them from each other')
  t.match(body.listeners[0], { agent: 'VLC/3', user: null, lag: 0, seconds: 0 })
  t.equal(body.listeners[3].lag, null)
  const again = await api('GET', '/listeners?limit=2&offset=1')
  t.strictSame(
    again.body.listeners.map(({ id }: { id: string }) => id),
    body.listeners.slice(1, 3).map(({ id }: { id: string }) => id),
    'ids stay, and so does the order',
  )
  t.equal(again.body.total, 4)
  t.equal((await api('GET', '/listeners?mount=/b')).body.total, 1)
  t.equal((await api('GET', '/listeners?filter=vLc')).body.listeners[0].agent, 'VLC/3')
  t.equal((await api('GET', '/listeners?filter=ll-hls')).body.total, 1)
  t.equal((await api('GET', '/listeners?limit=1001')).status, 400)
  const handlers = handlersOf(server)
  t.equal((await handlers.listListeners!(as(OWNER))).total, 3)
  t.equal((await handlers.listListeners!(as(VIEWER))).total, 4)
  const places = async (who: Principal, query = {}): Promise<string[]> =>
    (await handlers.listListeners!(as(who, { query: { limit: 100, offset: 0, ...query } }))).listeners.map(
      (one: PresentListener) => one.address,
    )
  const [whole, owned, short] = [await places(ADMIN), await places(OWNER), await places(VIEWER)]
  t.ok(owned.every((address) => whole.includes(address)))
  t.strictSame(
    short,
    whole.map((address) => address.replace(/\d+$/, '0/24')),
    'viewers of statistics see networks',
  )
  t.strictSame(await places(VIEWER, { filter: whole[0] }), [], 'and cannot find out the rest by looking for it')
  const other = body.listeners[1].id
  t.equal(await refusal(() => handlers.kickListener!(as(OWNER, { params: { id: other } }))), 'NOT_ALLOWED', 'nor may they kick others')
})

t.test('lag is in seconds, where the rate is known', async (t) => {
  const { server, publish } = await house(t)
  const source = await publish('/a', mp3('x', 100))
  const mount = server.mounts.get('/a')!
  const socket = new Duplex({ read() {}, write() {} })
  const details = {
    request: { method: 'GET', target: '/a', version: 'HTTP/1.0' },
    address: '192.0.2.1',
    agent: '',
    connected: Date.now(),
    answer: () => ({ head: Buffer.alloc(1), encoder: undefined }),
  }
  server.mounts.listen('/a', socket, details)
  source.socket.write(mp3('x', 100))
  await until('the bytes', () => mount.queue.end === 200 * 417)
  mount.rate = 41_700
  const { listeners } = await handlersOf(server).listListeners!(as(ADMIN))
  t.match(listeners, [{ lag: 1 }], 'nothing is given while nobody reads')
})

t.test('ten thousand listeners are listed quickly', async (t) => {
  const { server, publish } = await house(t)
  await publish('/a')
  const mount = server.mounts.get('/a')!
  for (let i = 0; i < 10_000; i++) {
    const details = {
      request: { method: 'GET', target: '/a', version: 'HTTP/1.0' },
      address: `198.51.${i >> 8}.${i & 255}`,
      agent: `player/${i}`,
      connected: 1_000_000 - (i % 100),
      answer: () => ({ head: Buffer.alloc(0), encoder: undefined }),
    }
    mount.join(new Listener(i, new PassThrough(), mount, details))
  }
  const { listListeners } = handlersOf(server)
  const began = performance.now()
  const rounds = 5
  for (let i = 0; i < rounds; i++) {
    const page = await listListeners!(as(ADMIN, { query: { limit: 1000, offset: 9000, filter: 'player' } }))
    t.match([page.total, page.listeners.length], [10_000, 1000])
  }
  const each = (performance.now() - began) / rounds
  t.comment(`${each.toFixed(1)} ms`)
  t.ok(each < 500, 'in a fraction of a second')
})

t.test('a connection that is kicked ends; a viewer of segments is refused until it has been silent', async (t) => {
  const clock = new FakeClock(Date.now())
  const { server, api, publish, listen } = await house(t, { clock })
  await publish('/a', mp3('x', 300))
  const peer = await listen('/a', from('192.0.2.1'))
  const [one] = (await api('GET', '/listeners')).body.listeners
  t.equal((await api('DELETE', `/listeners/${one.id}`)).status, 204)
  await until('it to end', peer.isOver)
  t.equal((await api('DELETE', `/listeners/${one.id}`)).status, 404)
  for (const id of ['c', 'v7', 'x1', '..%2Fv1', '1']) t.equal((await api('DELETE', `/listeners/${id}`)).status, 404, id)

  const watch = (address: string) => listen('/a.m3u8', `Connection: close\r\n${from(address, 'Safari')}`)
  t.match((await watch('192.0.2.2')).heard(), /^HTTP\/1.1 200/)
  await watch('192.0.2.3')
  const { listeners } = (await api('GET', '/listeners')).body
  t.match(listeners, [{ address: '192.0.2.2', protocol: 'hls' }, { address: '192.0.2.3' }])
  t.equal((await api('DELETE', `/listeners/${listeners[0].id}`)).status, 204)
  t.match((await watch('192.0.2.2')).heard(), /^HTTP\/1.1 403.*sent away/s)
  t.match((await watch('192.0.2.3')).heard(), /^HTTP\/1.1 200/, 'others go on')
  t.match((await api('GET', '/listeners')).body, { total: 1, listeners: [{ address: '192.0.2.3' }] }, 'nobody counts it')
  t.equal(server.viewers.count('/a', clock.now()).total, 1)
  const expiry = server.mounts.get('/a')!.settings.hls.segmentDuration * 3000
  clock.pass(expiry - 1)
  t.match((await watch('192.0.2.2')).heard(), /^HTTP\/1.1 403/, 'whoever goes on asking stays away')
  clock.pass(expiry - 1)
  t.match((await watch('192.0.2.2')).heard(), /^HTTP\/1.1 403/)
  clock.pass(expiry)
  t.match((await watch('192.0.2.2')).heard(), /^HTTP\/1.1 200/)
  t.equal(server.viewers.banished, 0)
})

t.test('listeners move to another mount of the same format, at its next frame, on the same connection', async (t) => {
  const { server, api, publish, listen, call } = await house(t)
  const departures: string[] = []
  server.on('departure', (_listener, mount) => departures.push(mount.name))
  const a = await publish('/a', mp3('a'))
  const b = await publish('/b', mp3('b'))
  const one = await listen('/a')
  const two = await listen('/a')
  const stays = await listen('/b')
  await until('both to hear', () => one.heard().includes('aaa') && two.heard().includes('aaa'))
  t.strictSame((await api('POST', '/mounts/a/move', { to: '/b' })).body, { moved: 2 })
  t.strictSame([server.mounts.get('/a')!.audience, server.mounts.get('/b')!.audience], [0, 3])
  t.equal(server.mounts.listeners, 3)
  t.strictSame(departures, ['/a', '/a'])
  const before = one.heard().length
  a.socket.write(mp3('A', 2))
  b.socket.write(mp3('B', 2))
  await until('the new stream', () => [one, two, stays].every(({ heard }) => heard().includes('BBB')))
  t.equal(
    one.heard().slice(before),
    mp3('B', 2).toString('latin1'),
    'whole frames from the first that came after, nothing of the old mount',
  )
  t.match((await api('GET', '/listeners?mount=/b')).body.listeners[0], { bytes: 834 }, 'bytes count for the mount that gave them')
  one.socket.destroy()
  await until('it to be gone', () => server.mounts.get('/b')!.audience === 2)

  t.match(await api('POST', '/mounts/b/move', { to: '/none' }), { status: 400 })
  t.match(await api('POST', '/mounts/b/move', { to: '/b' }), { status: 409, body: /it is the same mount/ })
  const ogg = Buffer.alloc(64, 'y')
  call(
    `PUT /raw HTTP/1.1\r\nAuthorization: ${basicOf('source:hackme')}\r\nContent-Type: video/x-raw\r\n\r\n`,
    Buffer.concat([ogg, Buffer.alloc(70_000, 'y')]),
  )
  await until('it to be known', () => server.mounts.get('/raw')?.ready)
  t.match(await api('POST', '/mounts/b/move', { to: '/raw' }), { status: 409, body: /one sends mp3 \(audio\/mpeg\), the other raw/ })
  const flv = readFileSync('test/fixtures/h264-aac.flv')
  await publish('/flv1', flv)
  await publish('/flv2', flv)
  t.match(await api('POST', '/mounts/flv1/move', { to: '/flv2' }), { status: 409, body: /players stop where another FLV stream begins/ })
  await publish('/mp4', readFileSync('test/fixtures/h264-aac.mp4'))
  await publish('/small', readFileSync('test/fixtures/mediarecorder-h264-opus.mp4'))
  await publish('/same', readFileSync('test/fixtures/h264-aac.mp4'))
  t.match(await api('POST', '/mounts/mp4/move', { to: '/small' }), { status: 409, body: /their codecs or pictures are not the same/ })
  t.strictSame((await api('POST', '/mounts/mp4/move', { to: '/same' })).body, { moved: 0 })
  const { moveListeners } = handlersOf(server)
  t.equal(
    await refusal(() => moveListeners!(as(OWNER, { params: { mount: '/a' }, body: { to: '/b' } }))),
    'NOT_ALLOWED',
    'both mounts must be theirs',
  )
})

t.test('a ban ends what an address has open, and lets nothing of it in', async (t) => {
  const { server, port, api, publish, listen } = await house(t)
  const agent = from('203.0.113.7')
  const source = await publish('/a', mp3('x', 300), agent)
  await publish('/b')
  const listener = await listen('/b', agent)
  const stays = await listen('/b', from('198.51.100.7'))
  await listen('/b.m3u8', `Connection: close\r\n${agent}`)
  // A connection of a proxy, by which others come, too.
  const page = request({ host: '127.0.0.1', port, path: '/healthz', headers: { 'X-Forwarded-For': '203.0.113.7' } }).end()
  await once(page, 'response')
  const { status, body } = await api('POST', '/bans', { address: '203.0.113.99/24', minutes: 5, reason: 'leeching' })
  t.equal(status, 200)
  t.match(body, { address: '203.0.113.0/24', reason: 'leeching', by: 'admin', ended: 3 })
  await until('both to end', () => source.isOver() && listener.isOver())
  t.notOk(stays.isOver())
  t.match((await listen('/b', agent)).heard(), /^HTTP\/1.0 403.*not let in/s)
  t.match((await listen('/b.m3u8', agent)).heard(), /^HTTP\/1.0 403/)
  t.match((await listen('/healthz', agent)).heard(), /^HTTP\/1.0 403/)
  const put = await listen('/b', from('198.51.100.8'))
  t.match(put.heard(), /^HTTP\/1.1 200/, 'others come in')
  // Several requests on one connection of a proxy, which Node's HTTP has by then.
  const mixed = await listen('/healthz', from('198.51.100.8'))
  mixed.socket.write(`GET /healthz HTTP/1.1\r\nHost: a\r\n${agent}\r\n`)
  await until('a refusal', () => mixed.heard().includes('403 Forbidden'))
  mixed.socket.write(`GET /healthz HTTP/1.1\r\nHost: a\r\n${from('198.51.100.8')}\r\n`)
  await until('the next answer', () => mixed.heard().split('HTTP/1.1 200').length === 3)
  t.match((await api('GET', '/bans')).body, { bans: [{ address: '203.0.113.0/24', reason: 'leeching' }] })
  t.equal((await api('DELETE', '/bans/203.0.113.0%2F24')).status, 204)
  t.equal((await api('DELETE', '/bans/203.0.113.0%2F24')).status, 404)
  t.match((await listen('/b', agent)).heard(), /^HTTP\/1.1 200/)
  t.equal(server.state.bans.size, 0)
})

t.test('nobody bans themselves, nor what is no address', async (t) => {
  const { server, api } = await house(t)
  for (const address of ['192.0.2.250', '192.0.2.0/24', '0.0.0.0/0', '::ffff:192.0.2.250'])
    t.match(await api('POST', '/bans', { address }), { status: 409, body: /your own address/ }, address)
  for (const address of ['', 'example.org', '1.2.3', '1.2.3.4/33', 'fe80::1%eth0', '::/129'])
    t.match(await api('POST', '/bans', { address }), { status: 409, body: /neither an address/ }, address)
  t.equal((await api('POST', '/bans', { address: '192.0.2.1', minutes: 0 })).status, 400)
  t.equal(server.state.bans.size, 0)
  t.equal((await api('POST', '/bans', { address: '::/0' })).status, 200)
  t.equal((await api('GET', '/bans')).body.bans[0].until, null)
})

t.test('without a proxy, all connections of a banned address are cut', async (t) => {
  const { api, call, server } = await house(t, { trustedProxies: [] })
  const idle = call('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('an answer', () => idle.heard().includes('ok'))
  const handlers = handlersOf(server)
  t.equal(await refusal(() => handlers.ban!(as(ADMIN, { body: { address: '127.0.0.1', minutes: null, reason: '' } }))), undefined)
  await until('it to be cut', idle.isOver)
  const next = call('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('a refusal', () => next.heard().startsWith('HTTP/1.0 403'))
  await t.rejects(async () => {
    const { status } = await api('GET', '/bans')
    if (status === 403) throw new Error('refused')
  })
})

t.test('bans: ranges, times, and what is kept', async (t) => {
  const clock = new FakeClock()
  const folder = temporary(t)
  const state = new StateFolder(folder)
  const bans = new Bans(state, clock)
  const kept = (): Ban[] => JSON.parse(readFileSync(join(folder, 'bans.json'), 'utf8'))
  const add = (address: string, end: number | null = null) =>
    bans.add({ address: normalRange(address)!, reason: '', by: 'a', since: clock.now(), until: end })
  t.equal(bans.find('192.0.2.1'), undefined)
  await add('192.0.2.1', clock.now() + 1000)
  await add('10.1.2.3/8')
  await add('2001:db8::1/32', clock.now() + 2000)
  t.strictSame(
    kept().map(({ address }) => address),
    ['192.0.2.1', '10.0.0.0/8', '2001:db8::/32'],
  )
  for (const address of ['192.0.2.1', '10.255.0.1', '2001:db8:ffff::1']) t.ok(bans.find(address) && bans.find(address), address)
  for (const address of ['192.0.2.2', '11.0.0.1', '2001:db9::1', '', 'unix']) t.notOk(bans.find(address) ?? bans.find(address), address)
  clock.pass(1000)
  t.notOk(bans.find('192.0.2.1'))
  t.ok(bans.find('2001:db8::5'))
  clock.pass(1000)
  t.notOk(bans.find('2001:db8::5'), 'also where the verdict is remembered')
  t.strictSame(
    bans.list.map(({ address }) => address),
    ['10.0.0.0/8'],
  )
  await add('10.0.0.0/8', clock.now() + 5)
  t.equal(kept().length, 1, 'one address has one ban, and what has run out is forgotten')
  const next = new Bans(new StateFolder(folder), clock)
  t.ok(next.find('10.0.0.1'), 'bans outlive the server')
  t.strictSame(readBans([null, 1, { address: 'x' }, { address: '1.2.3.4' }, { address: '10.1.1.1/8', since: 1, until: null }]), [])
  t.strictSame(readBans('?'), [])
  t.equal(normalRange('::ffff:192.0.2.0/120'), '192.0.2.0/24')
  t.equal(normalRange('192.0.2.7/32'), '192.0.2.7')
  t.ok(isWithin('192.0.2.7', '192.0.2.0/24'))
  t.notOk(isWithin('2001:db8::1', '0.0.0.0/0'))
})

const may = (who: Principal, mount?: string): Promise<string | undefined> => refusal(() => allow(who, 'owner', mount))

t.test('where a path names no mount, owners pass and viewers do not; the handler looks closer', async (t) => {
  t.strictSame([await may(ADMIN), await may(OWNER), await may(VIEWER)], [undefined, undefined, 'NOT_ALLOWED'])
  t.strictSame([await may(OWNER, '/a'), await may(OWNER, '/ab'), await may(VIEWER, '/a')], [undefined, 'NOT_ALLOWED', 'NOT_ALLOWED'])
})

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

// fetch tidies paths; this does not.
const ask = (port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const login = { Authorization: basicOf('admin:letmein') }
    request(
      { host: '127.0.0.1', port, path: `/api/v1/recordings${path}`, method, headers: { ...login, ...headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }))
      },
    )
      .on('error', reject)
      .end()
  })

t.test('recordings are listed, given in ranges, and deleted; nothing else is', async (t) => {
  const folder = temporary(t)
  const mediaDir = join(folder, 'media')
  mkdirSync(join(mediaDir, 'rec'), { recursive: true })
  mkdirSync(join(mediaDir, '.dvr'))
  const bytes = Buffer.from('0123456789'.repeat(100))
  const names = ['rec/one.mp4', 'two "雪".ts', 'page.html', 'rec/empty.mp3', '.hidden.mp4', '.dvr/x.mp4']
  for (const name of names) writeFileSync(join(mediaDir, name), name === 'rec/empty.mp3' ? '' : bytes)
  writeFileSync(join(folder, 'secret.mp4'), 'secret')
  symlinkSync(join(folder, 'secret.mp4'), join(mediaDir, 'link.mp4'))
  symlinkSync(folder, join(mediaDir, 'out'))
  const { port, api, server } = await house(t, { mediaDir })
  const list = async (): Promise<string[]> => (await api('GET', '/recordings')).body.recordings.map(({ name }: { name: string }) => name)
  // The server has removed .dvr/ when it began.
  t.strictSame((await list()).toSorted(), ['page.html', 'rec/empty.mp3', 'rec/one.mp4', 'two "雪".ts'])

  const whole = await ask(port, '/rec%2Fone.mp4')
  t.match(whole, {
    status: 200,
    headers: { 'content-type': 'video/mp4', 'accept-ranges': 'bytes', 'content-length': '1000', 'x-content-type-options': 'nosniff' },
  })
  t.ok(whole.body.equals(bytes))
  t.equal(whole.headers['content-disposition'], undefined)
  const etag = String(whole.headers['etag'])
  const head = await ask(port, '/rec%2Fone.mp4', {}, 'HEAD')
  t.match(head, { status: 200, headers: { 'content-length': '1000', etag } })
  t.equal(head.body.length, 0)
  const range = (value: string, more = {}) => ask(port, '/rec%2Fone.mp4', { Range: value, ...more })
  t.match(await range('bytes=5-9'), {
    status: 206,
    headers: { 'content-range': 'bytes 5-9/1000', 'content-length': '5' },
    body: Buffer.from('56789'),
  })
  t.match(await range('bytes=-3'), { status: 206, headers: { 'content-range': 'bytes 997-999/1000' }, body: Buffer.from('789') })
  t.match(await range('bytes=990-5000'), { status: 206, headers: { 'content-range': 'bytes 990-999/1000' } })
  t.match(await range('bytes=1000-'), { status: 416, headers: { 'content-range': 'bytes */1000' } })
  t.match(await range('bytes=0-1,5-6'), { status: 200 })
  t.match(await range('bytes=0-1', { 'If-Range': etag }), { status: 206 })
  t.match(await range('bytes=0-1', { 'If-Range': '"other"' }), { status: 200 })
  t.match(await range('bytes=0-1', { 'If-Range': 'Mon, 26 Jul 1997 05:00:00 GMT' }), { status: 200 })
  t.match(await ask(port, '/rec%2Fone.mp4', { 'If-None-Match': etag }), { status: 304, body: Buffer.alloc(0) })
  t.match(await ask(port, '/rec%2Fempty.mp3', { Range: 'bytes=0-' }), { status: 200, headers: { 'content-length': '0' } })

  const page = await ask(port, '/page.html')
  t.match(
    page.headers,
    { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment; filename="page.html"' },
    'nothing runs',
  )
  const download = await ask(port, `/${encodeURIComponent('two "雪".ts')}?download`)
  t.match(download, { status: 200, headers: { 'content-type': 'video/mp2t' } })
  t.match(
    download.headers['content-disposition'],
    /^attachment; filename="two \\"[^"]*\\".ts"; filename\*=UTF-8''two%20%22%E9%9B%AA%22\.ts$/,
  )

  for (const path of [
    '/..%2Fsecret.mp4',
    '/%2e%2e%2fsecret.mp4',
    '/%252e%252e%252fsecret.mp4',
    '/rec%2F..%2F..%2Fsecret.mp4',
    '/rec%2F%2e%2e%2Fpage.html',
    '/..%5Csecret.mp4',
    `/${encodeURIComponent(join(folder, 'secret.mp4'))}`,
    '/link.mp4',
    '/out%2Fsecret.mp4',
    '/.hidden.mp4',
    '/.dvr%2Fx.mp4',
    '/rec',
    '/rec%2F',
    '/rec%2Fone.mp4%00',
    '/rec%2F%2Fone.mp4',
    '/.%2Fpage.html',
    `/${'a'.repeat(1100)}`,
    '/none.mp4',
  ]) {
    t.match(await ask(port, path), { status: 404 }, path)
    t.match(await ask(port, path, {}, 'DELETE'), { status: 404 }, `DELETE ${path}`)
  }
  for (const path of ['/../secret.mp4', '/rec/../../secret.mp4', '/rec/one.mp4']) t.match(await ask(port, path), { status: 404 }, path)
  t.equal((await ask(port, '/page.html', { Authorization: '' })).status, 401)
  t.equal((await ask(port, '/page.html', { 'Sec-Fetch-Site': 'cross-site' }, 'DELETE')).status, 403)

  t.equal((await ask(port, '/page.html', {}, 'DELETE')).status, 204)
  t.strictSame(readdirSync(mediaDir).toSorted(), ['.hidden.mp4', 'link.mp4', 'out', 'rec', 'two "雪".ts'])
  t.equal((await ask(port, '/page.html')).status, 404)
  t.strictSame(server.state.recordings.mountOf('rec/one.mp4'), undefined)
})

t.test('what is being written is listed and played, and not deleted; owners have to do with their own only', async (t) => {
  const mediaDir = join(temporary(t), 'media')
  const dump = { dump: 'rec/{mount}.*' }
  const { server, port, api, publish } = await house(t, { mediaDir, mounts: { '/a': dump, '/b': dump } })
  const a = await publish('/a')
  await publish('/b')
  await until('both to be on disk', () => ['/a', '/b'].every((name) => (server.mounts.get(name)!.recording?.bytes ?? 0) > 0))
  const { body } = await api('GET', '/recordings')
  t.match(
    body.recordings.toSorted((x: any, y: any) => (x.name < y.name ? -1 : 1)),
    [
      { name: 'rec/a.mp3', mount: '/a', open: true, size: 8340 },
      { name: 'rec/b.mp3', mount: '/b', open: true },
    ],
  )
  t.match(await ask(port, '/rec%2Fa.mp3', { Range: 'bytes=0-1' }), { status: 206, body: Buffer.from('fffb', 'hex') })
  t.match(await ask(port, '/rec%2Fa.mp3.part'), { status: 404 })
  t.match(await api('DELETE', '/recordings/rec%2Fa.mp3'), { status: 409, body: /still being written/ })
  const whole = once(server, 'recorded')
  a.socket.end()
  await whole
  const handlers: Handlers = handlersOf(server)
  t.match(await handlers.listRecordings!(as(OWNER)), { recordings: [{ name: 'rec/a.mp3', mount: '/a', open: false }] })
  t.equal((await handlers.listRecordings!(as(OWNER))).recordings.length, 1)
  t.equal(await refusal(() => handlers.removeRecording!(as(OWNER, { params: { name: 'rec/b.mp3' } }))), 'NOT_ALLOWED')
  t.equal(await refusal(() => handlers.removeRecording!(as(VIEWER, { params: { name: 'rec/a.mp3' } }))), 'NOT_ALLOWED')

  const app = new Koa()
  const router = new Router()
  app.use(async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      ctx.status = error instanceof FloecastError ? error.status : 500
    }
  })
  recordingRoutes(router, server, {
    identify: async () => ({ principal: OWNER, stands: () => true, seen: () => {} }),
    cookie: () => as(OWNER).cookie,
    refuseForeign: () => {},
  })
  const routed: (ctx: any, next: () => Promise<unknown>) => Promise<unknown> = router.routes()
  app.use(routed)
  server.http.answer(app.callback())
  t.match(await ask(port, '/rec%2Fa.mp3'), { status: 200 })
  t.match(await ask(port, '/rec%2Fb.mp3'), { status: 404 }, 'to an owner, what is not theirs is not there')
  t.equal(await refusal(() => handlers.removeRecording!(as(OWNER, { params: { name: 'rec/a.mp3' } }))), undefined)
  t.match(await ask(port, '/rec%2Fa.mp3'), { status: 404 })
})

t.test('which mount a recording is of is kept, and forgotten with the file', async (t) => {
  const { server, publish } = await house(t)
  await publish('/a')
  const mount = server.mounts.get('/a')!
  const folder = temporary(t)
  const file = join(folder, 'recordings.json')
  writeFileSync(file, JSON.stringify({ 'old.mp3': '/z', odd: 5 }))
  const kept = (): object => JSON.parse(readFileSync(file, 'utf8'))
  const index = new RecordingIndex(new StateFolder(folder), server.logger)
  index.note('one.mp3', mount)
  index.note('two.mp3', mount)
  t.strictSame([index.mountOf('one.mp3'), index.mountOf('old.mp3'), index.mountOf('toString')], ['/a', '/z', undefined], 'at once')
  await until('it to be kept', () => Object.keys(kept()).length === 3)
  await index.retain(new Set(['two.mp3']))
  t.strictSame(kept(), { 'two.mp3': '/a' })
  t.strictSame(readRecordedMounts(null), {})
})
