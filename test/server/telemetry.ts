import { createHmac } from 'node:crypto'
import { createServer as createHttp, get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import t from 'tap'
import {
  type LogEntry,
  logEntry,
  type LogLevel,
  type Operation,
  operations,
  overview,
  sample,
  type StatusReport,
  webhookData,
  webhookEvent,
  webhookPayload,
} from '../../lib/api/index.js'
import { openApi } from '../../lib/api/openapi.js'
import { createMetadata } from '../../lib/icy/metadata.js'
import { Mounts } from '../../lib/mount/mounts.js'
import { serverOptions, type ServerOptions } from '../../lib/options/index.js'
import { State } from '../../lib/server/state.js'
import { Admission } from '../../lib/server/admission.js'
import { AuditTrail } from '../../lib/server/audit-trail.js'
import { basic } from '../../lib/server/auth.js'
import type { EventSink } from '../../lib/pages/event-stream.js'
import { Feed } from '../../lib/server/feed.js'
import { History } from '../../lib/server/history.js'
import { Live } from '../../lib/server/live.js'
import { LogTail } from '../../lib/server/log-tail.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import type { Lookup } from '../../lib/client/guarded-lookup.js'
import { isPublicAddress } from '../../lib/server/outgoing.js'
import { apiDocs } from '../../lib/server/routes/api-docs.js'
import { StateFolder } from '../../lib/server/state-folder.js'
import { Viewers } from '../../lib/server/viewers.js'
import { Webhooks } from '../../lib/server/webhooks.js'
import { VERSION } from '../../lib/version.js'
import { silent } from '../../lib/log.js'
import { FakeClock } from '../helpers/clock.js'
import { until } from '../helpers/wait.js'

// MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame.
const MP3 = Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)])))
const ORIGIN = 'http://radio.example'

interface Event {
  readonly name: string
  readonly data: any
}

/** The events of a stream, read as a browser reads them. */
function eventsIn(text: string): Event[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .filter((block) => block.startsWith('event: '))
    .map((block) => {
      const [name = '', data = ''] = block.split('\n')
      return { name: name.slice('event: '.length), data: JSON.parse(data.slice('data: '.length)) }
    })
}

/** A page that takes everything, or nothing. */
class Sink implements EventSink {
  readonly chunks: (Buffer | string)[] = []
  writableLength = 0
  over: 'end' | 'cut' | undefined

  write(bytes: Buffer | string): void {
    this.chunks.push(bytes)
  }

  end(): void {
    this.over = 'end'
  }

  destroy(): void {
    this.over = 'cut'
  }

  get events(): Event[] {
    return eventsIn(this.chunks.join(''))
  }
}

/** What pages follow, at a time that only the test moves. */
class House {
  readonly clock = new FakeClock()
  readonly settings
  readonly mounts: Mounts
  readonly viewers = new Viewers()
  readonly admission: Admission
  readonly logger = silent
  readonly started = this.clock.now()
  readonly connections = 3
  readonly live: Live

  constructor(options: ServerOptions = {}) {
    this.settings = serverOptions.parse(options)
    this.mounts = new Mounts(this.settings, () => this.live.poke(), this.clock)
    this.admission = new Admission(new State(undefined, this.clock, silent).bans, this.settings, silent)
    this.live = new Live(this)
  }

  isOpen(): boolean {
    return true
  }

  publish(name: string) {
    const request = { method: 'PUT', target: name, version: 'HTTP/1.1' }
    const details = { request, user: 'source', address: '198.51.100.7', agent: 'lab', contentType: 'audio/mpeg', disconnect: () => {} }
    const source = this.mounts.publish(name, {}, { ...details, connected: this.clock.now() })
    source.push(MP3, this.clock.now())
    return source
  }

  join(origin = ORIGIN, only?: string): { sink: Sink; leave: () => void; titles: () => (string | undefined)[] } {
    const sink = new Sink()
    const leave = this.live.join(origin, sink, only)
    const titles = (): (string | undefined)[] => sink.events.map(({ data }: { data: StatusReport }) => data.mounts[0]?.title?.display)
    return { sink, leave, titles }
  }
}

t.test('a page hears at once what is on the air, then of a title at once, and of the rest once a second', async (t) => {
  const house = new House()
  house.publish('/a')
  const { sink, titles } = house.join()
  t.match(sink.events, [{ name: 'status', data: { server: { sources: 1 }, mounts: [{ mount: '/a', live: true, url: `${ORIGIN}/a` }] } }])
  house.clock.pass(4_000)
  t.equal(sink.events.length, 1, 'nothing is said while nothing changes')
  const mount = house.mounts.get('/a')!
  mount.setMetadata(createMetadata({ song: 'Dawn' }))
  house.clock.pass(250)
  t.same(titles(), [undefined, 'Dawn'])
  for (let i = 0; i < 40; i++) {
    mount.setMetadata(createMetadata({ song: `Song ${i}` }))
    house.clock.pass(25)
  }
  t.ok(sink.events.length <= 8, 'many titles make few events')
  house.clock.pass(250)
  t.equal(titles().at(-1), 'Song 39')
  const { data }: { data: StatusReport } = sink.events.at(-1)!
  t.same(
    data.mounts[0]!.titles.map(({ display }) => display),
    Array.from({ length: 10 }, (_, i) => `Song ${39 - i}`),
    'the ten last titles, newest first',
  )
  house.publish('/b')
  house.clock.pass(250)
  t.match(sink.events.at(-1)?.data.mounts, [{ mount: '/a' }, { mount: '/b', live: true }])
})

t.test('counters alone are told every five seconds, and time alone never', async (t) => {
  const house = new House()
  const source = house.publish('/a')
  house.clock.pass(1_000)
  const { sink } = house.join()
  for (let second = 0; second < 9; second++) {
    source.push(MP3, house.clock.now())
    house.clock.pass(1_000)
  }
  t.equal(sink.events.length, 2)
  t.ok(sink.events[1]!.data.mounts[0].bytesReceived > sink.events[0]!.data.mounts[0].bytesReceived)
})

t.test('all pages of one origin get the very same bytes, written once', async (t) => {
  const house = new House()
  house.publish('/a')
  const pages = Array.from({ length: 600 }, (_, i) => house.join(i % 3 === 0 ? 'https://other.example/radio' : ORIGIN))
  t.equal(house.live.size, 600)
  house.mounts.get('/a')!.setMetadata(createMetadata({ song: 'one & "all"' }))
  house.clock.pass(250)
  const last = pages.map(({ sink }) => sink.chunks.at(-1))
  t.equal(new Set(last).size, 2)
  t.equal(pages[0]!.sink.events.at(-1)?.data.mounts[0].url, 'https://other.example/radio/a')
  t.equal(pages[1]!.sink.events.at(-1)?.data.mounts[0].url, `${ORIGIN}/a`)
})

t.test('a page that follows one mount hears of that alone, even before it is there', async (t) => {
  const house = new House({ mounts: { '/secret': { hidden: true } } })
  house.publish('/a')
  house.publish('/secret')
  const all = house.join()
  const [one, later, hidden] = ['/a', '/b', '/secret'].map((mount) => house.join(ORIGIN, mount).sink)
  t.match(one!.events, [{ data: { server: { sources: 1 }, mounts: [{ mount: '/a' }] } }])
  t.same(later!.events[0]!.data.mounts, [])
  house.publish('/b')
  house.mounts.get('/b')!.setMetadata(createMetadata({ song: 'Dawn' }))
  house.mounts.get('/secret')!.setMetadata(createMetadata({ song: 'Dusk' }))
  house.clock.pass(4_000)
  t.equal(one!.events.length, 1, 'what happens to others is no news')
  t.match(later!.events.at(-1)!.data.mounts, [{ mount: '/b', title: { display: 'Dawn' } }])
  t.same(later!.events.at(-1)!.data.mounts.length, 1)
  t.equal(hidden!.events.length, 1, 'and what is hidden stays so')
  t.equal(all.sink.events.at(-1)!.data.mounts.length, 2)
})

t.test('a page that takes nothing is left out, then gets the newest, and is cut off when it goes on so', async (t) => {
  const house = new House()
  house.publish('/a')
  const mount = house.mounts.get('/a')!
  const say = (song: string): void => {
    mount.setMetadata(createMetadata({ song }))
    house.clock.pass(1_000)
  }
  const [slow, other] = [house.join(), house.join()]
  slow.sink.writableLength = 5_000
  say('one')
  say('two')
  t.same(slow.titles(), [undefined])
  t.same(other.titles(), [undefined, 'one', 'two'])
  slow.sink.writableLength = 0
  house.clock.pass(1_000)
  t.same(slow.titles(), [undefined, 'two'], 'what came in between is passed over')
  slow.sink.writableLength = 5_000
  house.clock.pass(60_000)
  t.equal(slow.sink.over, 'cut')
  t.equal(house.live.size, 1)
  t.equal(other.sink.over, undefined)
  t.ok(other.sink.chunks.join('').includes('\n\n:\n\n'), 'a comment keeps the others alive')
})

t.test('nothing is done while nobody looks', async (t) => {
  const house = new House()
  t.equal(house.clock.pending, 0)
  house.live.poke()
  t.equal(house.clock.pending, 0)
  const { leave, sink } = house.join()
  t.ok(house.clock.pending > 0)
  house.live.poke()
  leave()
  leave()
  t.equal(house.clock.pending, 0)
  const { sink: next } = house.join()
  t.equal(next.events.length, 1, 'who comes later is told at once')
  house.live.close()
  t.equal(next.over, 'end')
  t.equal(sink.over, undefined)
  t.equal(house.clock.pending, 0)
  t.throws(() => house.join(), { code: 'SERVER_CLOSING' })
})

/** A server on a port of its own. */
async function serve(t: { teardown(call: () => unknown): void }, options: Partial<CreateServerOptions> = {}) {
  const server: Server = createServer({ auth: basic({ source: 'hackme', admin: 'letmein' }), ...options })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => server.close())
  const follow = (path: string, headers: Record<string, string> = {}): Promise<{ response: IncomingMessage; events: () => Event[] }> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('error', () => {})
        t.teardown(() => response.destroy())
        resolve({ response, events: () => eventsIn(text) })
      }).on('error', reject)
    })
  return { server, port, follow, url: `http://127.0.0.1:${port}` }
}

t.test('the stream of events goes by the same port, for every site, and ends with the server', async (t) => {
  const { server, follow, url } = await serve(t, { maxConnections: 2, mounts: { '/a': { name: 'Harbour' }, '/b': { hidden: true } } })
  const { response, events } = await follow('/api/v1/events', { Host: 'radio.example' })
  t.equal(response.statusCode, 200)
  t.match(response.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'access-control-allow-origin': '*',
    'cache-control': /no-store, no-transform/,
    'x-accel-buffering': 'no',
  })
  t.equal(response.headers['transfer-encoding'], undefined)
  await until('the first report', () => events().length > 0)
  t.match(events()[0], { name: 'status', data: { mounts: [{ mount: '/a', name: 'Harbour', url: 'http://radio.example/a' }] } })
  t.equal(events()[0]!.data.mounts.length, 1, 'what is hidden stays so')
  const wrong = await fetch(`${url}/api/v1/events?mount=`)
  t.equal(wrong.status, 400)
  const pages = []
  for (let page = 0; page < 3; page++) pages.push(await follow('/api/v1/events'))
  t.equal(server.news.live.size, 4)
  const asked = await fetch(`${url}/healthz`, { headers: { Connection: 'close' } })
  t.equal(await asked.text(), 'ok', 'pages that follow are no connections that listeners need')
  const head = await fetch(`${url}/api/v1/events`, { method: 'HEAD' })
  t.equal(head.status, 200)
  pages[0]!.response.destroy()
  await until('the page to be gone', () => server.news.live.size === 3)
  const ended = new Promise((resolve) => response.once('end', resolve))
  await server.close()
  await ended
  t.equal(server.news.live.size, 0)
})

const basicOf = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const ADMIN = { Authorization: basicOf('admin', 'letmein') }

t.test('the log is kept on its way, in order, bounded, and without a secret', async (t) => {
  const clock = new FakeClock()
  const written: [string, object, string][] = []
  const write =
    (level: string) =>
    (fields: object, message: string): void =>
      void written.push([level, fields, message])
  const tail = new LogTail({ debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }, clock)
  const heard: LogEntry[] = []
  tail.on('entry', (entry) => heard.push(entry))
  const error = Object.assign(new Error('connect to http://source:hackme9@b.example/live failed'), { code: 'ECONNREFUSED' })
  const fields = {
    mount: '/live',
    headers: { Authorization: 'Basic c291cmNlOmhhY2ttZTk=', cookie: 'floecast_session=hackme9', accept: '*/*' },
    sourcePassword: 'hackme9',
    list: [{ token: 'hackme9' }, 'Bearer hackme9hackme9', 'scrypt$1$2$3$hackme9hackme9$hackme9'],
    target: '/admin.cgi?pass=hackme9&mode=updinfo&password="hackme9"',
    err: error,
    deep: { a: { b: { c: { d: 'hackme9' } } } },
    big: 10n,
    many: Array.from({ length: 100 }, (_, i) => i),
    gone: undefined,
    bytes: Buffer.from('hackme9'),
    nan: Number.NaN,
  }
  tail.logger.warn(fields, 'Cookie: floecast_session=hackme9; other=hackme9')
  t.same(written, [['warn', fields, 'Cookie: floecast_session=hackme9; other=hackme9']], 'what goes on is as it came')
  t.equal(written[0]![1], fields)
  const text = JSON.stringify(tail.last('debug', 10))
  t.notMatch(text, /hackme9|c291cmNl/)
  t.match(tail.last('warn', 1), [{ level: 'warn', fields: { mount: '/live', headers: { accept: '*/*' }, nan: 'NaN', big: '10' } }])
  t.match(text, /connect to http:\/\/\*\*\*@b\.example\/live failed \(ECONNREFUSED\)/)
  tail.logger.info({}, `password=${'x'.repeat(10_000)} ${'long '.repeat(1_000)}`)
  t.ok(tail.last('info', 1)[0]!.message.length <= 1_001)
  for (let i = 0; i < 5_000; i++) tail.logger.debug({ i }, 'listener connected')
  t.equal(tail.last('debug', 10_000).length < 1_200, true, 'what is told often is bounded')
  t.equal(tail.last('info', 10).length, 2, 'and pushes out nothing that matters more')
  t.same(
    tail.last('debug', 2).map(({ fields: { i } }) => i),
    [4_999, 4_998],
    'the newest first',
  )
  t.equal(heard.length, 5_002)
  t.equal(logEntry.safeParse(heard[0]).success, true)
})

t.test('the history has rates of each step, and an hour of them', async (t) => {
  const house = new House()
  const history = new History(house)
  const source = house.publish('/a')
  t.equal(history.now().bitsIn, 0, 'a rate needs time')
  history.start()
  history.start()
  t.teardown(() => history.stop())
  for (let second = 0; second < 10; second++) {
    source.push(MP3, house.clock.now())
    house.clock.pass(1_000)
  }
  const bits = MP3.length * 8
  t.match(history.samples, [{ sources: 1, viewers: 0, bitsIn: bits, bitsOut: 0 }])
  t.equal(sample.safeParse(history.samples[0]).success, true)
  house.mounts.get('/a')!.given(1_000)
  source.push(MP3, house.clock.now())
  house.clock.pass(2_000)
  t.match(history.now(), { bitsIn: bits / 2, bitsOut: 4_000 }, 'now is what came of late')
  source.push(MP3, house.clock.now())
  history.gone(source)
  source.close('it closed the connection')
  house.clock.pass(8_000)
  t.match(history.samples[1], { sources: 0, bitsIn: Math.round(bits / 5), bitsOut: 800 }, 'what a source sent that is gone counts')
  house.clock.pass(2 * 3_600_000)
  t.equal(history.samples.length, 360)
  const [first, last] = [history.samples[0]!, history.samples.at(-1)!]
  t.equal(Date.parse(last.time) - Date.parse(first.time), 359 * 10_000)
  history.stop()
  house.clock.pass(60_000)
  t.equal(history.samples.at(-1), last, 'nobody looks any more')
})

t.test('a feed tells each what they may know, bounded, and only while they may', async (t) => {
  const house = new House()
  const tail = new LogTail(silent, house.clock)
  const audit = new AuditTrail(new StateFolder(), house.clock, silent)
  const feed = new Feed({ clock: house.clock, history: new History(house), tail, audit })
  const before = house.clock.pending
  let stands = true
  const reader = (isAdmin: boolean, level: LogLevel = 'info'): Sink => {
    const sink = new Sink()
    feed.join({ sink, isAdmin, level, stands: () => stands })
    return sink
  }
  const [admin, viewer, curious] = [reader(true), reader(false), reader(true, 'debug')]
  t.match(admin.events, [{ name: 'overview', data: { viewers: 0, sources: 0 } }])
  tail.logger.info({ mount: '/a' }, 'source connected')
  tail.logger.debug({}, 'listener connected')
  await audit.record({ who: 'admin', via: 'session', address: '::1', action: 'removePerson', target: 'eve', summary: 'Removes a person' })
  feed.changed('/a', 'connected')
  house.clock.pass(2_000)
  t.same(
    admin.events.map(({ name }) => name),
    ['overview', 'log', 'audit', 'sources', 'overview'],
  )
  t.match(admin.events[3], { data: { mount: '/a', change: 'connected' } })
  t.same(
    viewer.events.map(({ name }) => name),
    ['overview', 'sources', 'overview'],
    'the log and the trail are for administrators',
  )
  t.equal(curious.events.filter(({ name }) => name === 'log').length, 2)
  admin.writableLength = 2_000_000
  tail.logger.info({}, 'one more')
  t.equal(admin.over, 'cut', 'who does not keep up is cut off')
  t.equal(feed.size, 2)
  stands = false
  house.clock.pass(2_000)
  t.same([viewer.over, curious.over], ['end', 'end'], 'who has signed out hears no more')
  t.same([tail.listenerCount('entry'), audit.listenerCount('entry'), house.clock.pending], [0, 0, before])
  feed.close()
  t.equal(reader(true).over, 'end')
})

t.test('what happens is told to those who have signed in, and to nobody else', async (t) => {
  const { server, follow, url } = await serve(t)
  const refused = await fetch(`${url}/api/v1/events/admin`)
  t.same([refused.status, refused.headers.get('content-type')], [401, 'application/json; charset=utf-8'])
  t.equal((await fetch(`${url}/api/v1/overview`)).status, 401)
  t.equal((await fetch(`${url}/api/v1/log?level=loud`, { headers: ADMIN })).status, 400)
  const { events, response } = await follow('/api/v1/events/admin?level=debug', ADMIN)
  t.equal(response.headers['access-control-allow-origin'], undefined)
  server.logger.warn({ password: 'letmein' }, 'look at this')
  const source = server.mounts.publish(
    '/a',
    {},
    {
      request: { method: 'PUT', target: '/a', version: 'HTTP/1.1' },
      user: 'source',
      address: '198.51.100.7',
      agent: 'lab',
      contentType: 'audio/mpeg',
      connected: Date.now(),
      disconnect: () => {},
    },
  )
  source.push(MP3, Date.now())
  await until('the events', () => ['overview', 'log', 'sources'].every((name) => events().some((event) => event.name === name)))
  const answer = overview.parse(await (await fetch(`${url}/api/v1/overview`, { headers: ADMIN })).json())
  t.match(answer, { now: { sources: 1 }, version: VERSION })
  const log = await (await fetch(`${url}/api/v1/log`, { headers: ADMIN })).text()
  t.match(log, /look at this/)
  t.notMatch(log, /letmein/)
  const ended = new Promise((resolve) => response.once('end', resolve))
  await server.close()
  await ended
})

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What webhooks call: it answers as it is told, and keeps what it got. */
async function receiver(t: { teardown(call: () => unknown): void }) {
  const got: Received[] = []
  const state = { status: 204, silent: false }
  const server = createHttp((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      got.push({ headers: request.headers, body })
      if (!state.silent) response.writeHead(state.status, { Location: '/elsewhere' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const bound = server.address()
  return { got, state, url: `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}/hook?key=hush` }
}

/** Webhooks at a time that only the test moves, and what they have said in the log. */
function callers(options: ServerOptions = { webhooks: { allowPrivate: true } }, lookup?: Lookup) {
  const clock = new FakeClock()
  const said: string[] = []
  const logger = { ...silent, warn: (fields: object, message: string) => void said.push(`${JSON.stringify(fields)} ${message}`) }
  const state = { folder: new StateFolder() }
  const hooks = new Webhooks({ clock, logger, settings: serverOptions.parse(options), state }, lookup)
  return { clock, said, hooks }
}

const title = (display: string) => ['title', '/a', { display, artist: null, title: null, url: null }] as const

t.test('a webhook hears in order what it wants to know, signed', async (t) => {
  const { got, url } = await receiver(t)
  const { clock, hooks } = callers()
  const added = await hooks.add(url, ['title', 'title'])
  t.match(added, { url, events: ['title'], waiting: 0, dropped: 0, last: null })
  t.equal(added.secret?.length, 43, 'a secret is made')
  t.equal((await hooks.add(`${url}&other`, ['mount.failed'], 'correct-horse-27')).secret, null)
  hooks.tell(...title('one'))
  hooks.tell(...title('two'))
  hooks.tell('mount.warning', '/a', { sentence: 'nobody wants to know' })
  clock.pass(0)
  await until('both titles', () => got.length === 2)
  const [first, second] = got.map(({ body }) => JSON.parse(body))
  t.match(first, { event: 'title', mount: '/a', time: new Date(clock.now()).toISOString(), data: { display: 'one' } })
  t.equal(second.data.display, 'two')
  const { headers, body } = got[0]!
  t.match(headers, {
    'x-floecast-event': 'title',
    'x-floecast-delivery': first.id,
    'content-type': 'application/json',
    'user-agent': /^floecast\//,
  })
  const signed = createHmac('sha256', added.secret!)
    .update(`${String(headers['x-floecast-timestamp'])}.${body}`)
    .digest('hex')
  t.equal(headers['x-floecast-signature'], `sha256=${signed}`)
  t.equal(headers['x-floecast-timestamp'], String(clock.now() / 1000))
  await until('the outcome', () => hooks.list()[0]!.waiting === 0)
  const [shown] = hooks.list()
  t.match(shown, { last: { event: 'title', status: 204, error: null } })
  t.notMatch(JSON.stringify(hooks.list()), new RegExp(`${added.secret}|correct-horse`), 'a secret is shown once')
  await hooks.remove(added.id)
  await t.rejects(hooks.test(added.id), { code: 'WEBHOOK_NOT_FOUND' })
  hooks.tell(...title('three'))
  t.equal(clock.pending, 0)
})

t.test('what fails is tried three times more, what is refused once, and a queue is bounded', async (t) => {
  const { got, state, url } = await receiver(t)
  const { clock, hooks, said } = callers()
  const { id } = await hooks.add(url, ['title'])
  state.status = 503
  hooks.tell(...title('one'))
  clock.pass(0)
  for (const [tries, pause] of [1_000, 5_000, 25_000].entries()) {
    await until('a try', () => got.length === tries + 1 && clock.pending === 1)
    clock.pass(pause - 1)
    t.equal(got.length, tries + 1)
    clock.pass(1)
  }
  await until('it to be given up', () => hooks.list()[0]!.dropped === 1)
  t.equal(got.length, 4)
  t.equal(new Set(got.map(({ headers }) => headers['x-floecast-delivery'])).size, 1)
  t.match(hooks.list()[0], { waiting: 0, last: { status: 503, error: 'it answers 503' } })
  t.match(said, [/a webhook has failed: it answers 503/])
  t.notMatch(said[0], /hush/, 'the log names no more than the host')
  for (const [status, reason] of [
    [404, 'it answers 404'],
    [302, 'it answers 302, which leads elsewhere; give the last address itself'],
  ] as const) {
    state.status = status
    const before = got.length
    hooks.tell(...title('two'))
    clock.pass(0)
    await until('it to be given up', () => hooks.list()[0]!.last?.status === status && hooks.list()[0]!.waiting === 0)
    t.equal(got.length, before + 1)
    t.equal(hooks.list()[0]!.last?.error, reason)
  }
  state.silent = true
  const tested = hooks.test(id)
  await until('the test', () => got.at(-1)?.headers['x-floecast-event'] === 'test')
  clock.pass(5_000)
  t.match(await tested, { status: null, error: 'no answer within 5 s' })
  for (let i = 0; i < 1_000; i++) hooks.tell(...title(`Song ${i}`))
  t.match(hooks.list()[0], { waiting: 200, dropped: 803 })
  clock.pass(0)
  await until('a try', () => got.at(-1)?.body.includes('Song 0'))
  const closed = hooks.close()
  clock.pass(2_000)
  await closed
  hooks.tell(...title('late'))
  t.equal(clock.pending, 0)
})

t.test('a webhook reaches no address within the own network, whatever it is called', async (t) => {
  const within = [
    '127.0.0.1 127.9.9.9 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200 0.0.0.0 192.0.0.192 198.18.0.1',
    '224.0.0.1 255.255.255.255 168.63.129.16 ::1 :: fe80::1 fd00:ec2::254 fec0::1 ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1',
    '2002:7f00:1:: 2001:db8::1 ff02::1 localhost',
  ].flatMap((text) => text.split(' '))
  t.same(within.filter(isPublicAddress), [])
  t.same(['93.184.216.34', '2606:4700::1111', '::ffff:93.184.216.34'].map(isPublicAddress), [true, true, true])
  const { got, url } = await receiver(t)
  const { port } = new URL(url)
  let answers: string[] = []
  const asked: string[] = []
  const { hooks } = callers({}, (name, _, done) => {
    asked.push(name)
    done(
      null,
      answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  })
  for (const host of ['127.0.0.1', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]'])
    await t.rejects(hooks.add(`http://${host}:${port}/`, ['title']), { code: 'WEBHOOK_REFUSED' }, host)
  const { id } = await hooks.add(`http://inside.example:${port}/`, ['title'])
  for (const found of [['127.0.0.1'], ['93.184.216.34', '10.0.0.1'], ['::1']]) {
    answers = found
    t.match(await hooks.test(id), { status: null, error: /inside\.example is an address within the own network/ }, found.join())
  }
  answers = []
  t.match(await hooks.test(id), { status: null, error: /no address/ })
  t.equal(asked.length, 4, 'each time it is looked up once')
  t.equal(got.length, 0)
})

t.test('webhooks are kept, and managed by administrators alone', async (t) => {
  const stateDir = t.testdir()
  const { got, url: target } = await receiver(t)
  const options = { stateDir, webhooks: { allowPrivate: true } }
  const { server, url } = await serve(t, options)
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = ADMIN) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, answer: text === '' ? undefined : JSON.parse(text) }
  }
  t.equal((await call('GET', '/webhooks', undefined, {})).status, 401)
  for (const wrong of [
    'ftp://a.example/',
    'javascript:alert(1)',
    'http://me:pw@a.example/',
    'http:\\\\me:pw@a.example/',
    '/hook',
    `http://a.example/${'x'.repeat(3_000)}`,
  ])
    t.equal((await call('POST', '/webhooks', { url: wrong, events: ['title'] })).status, 400, wrong)
  t.equal((await call('POST', '/webhooks', { url: target, events: ['everything'] })).status, 400)
  const { answer } = await call('POST', '/webhooks', { url: target, events: ['source.connected', 'source.disconnected', 'title'] })
  t.equal((await call('POST', `/webhooks/${answer.id}/test`)).answer.status, 204)
  const source = server.mounts.publish(
    '/a',
    {},
    {
      request: { method: 'PUT', target: '/a', version: 'HTTP/1.1' },
      user: 'source',
      address: '198.51.100.7',
      agent: 'lab',
      contentType: 'audio/mpeg',
      connected: Date.now(),
      disconnect: () => {},
    },
  )
  source.push(MP3, Date.now())
  server.mount('/a').setMetadata(createMetadata({ artist: 'A', title: 'T' }))
  await until('the news', () => got.length === 3)
  await server.close()
  const bodies = got.map(({ body }) => webhookPayload.parse(JSON.parse(body)))
  t.same(
    bodies.map(({ event }) => event),
    ['test', 'source.connected', 'title', 'source.disconnected'],
    'what happens as the server closes is told as well',
  )
  for (const { body } of got.slice(1)) {
    const { event, data } = JSON.parse(body)
    t.equal(webhookData[webhookEvent.parse(event)].safeParse(data).success, true, event)
  }
  const again = createServer({ auth: basic({ source: 'hackme', admin: 'letmein' }), ...options })
  t.teardown(() => again.close())
  t.match(again.news.webhooks.list(), [{ id: answer.id, url: target }])
  const trail = JSON.stringify(await again.state.audit.last(10))
  t.match(trail, /addWebhook/)
  t.notMatch(trail, new RegExp(`${answer.secret}|hush`))
})

t.test('the description of the API is valid OpenAPI 3.1, and every operation stands in it', async (t) => {
  const { url } = await serve(t)
  const response = await fetch(`${url}/api/v1/openapi.json`, { headers: { Origin: 'https://tools.example' } })
  t.equal(response.headers.get('access-control-allow-origin'), '*')
  const document: any = await response.json()
  t.match(document, { openapi: '3.1.0', info: { title: 'floecast', version: VERSION }, servers: [{ url: `${url}/api/v1` }] })
  const described = Object.entries<any>(document.paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods).map(([method, spec]) => ({ path, method, spec })),
  )
  t.same(described.map(({ spec }) => String(spec.operationId)).toSorted(), Object.keys(operations).toSorted())
  const schemes = Object.keys(document.components.securitySchemes)
  t.same(schemes, ['token', 'session', 'password'])
  for (const { path, method, spec } of described) {
    const { [spec.operationId]: known } = operations as Readonly<Record<string, Operation>>
    t.same([known!.path, known!.method.toLowerCase()], [path, method], spec.operationId)
    const inPath = spec.parameters.filter((one: any) => one.in === 'path').map(({ name }: any) => String(name))
    t.same(
      inPath.toSorted(),
      Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => String(name)).toSorted(),
      `${path} names its parameters`,
    )
    t.equal(spec.security.length === 0, known!.access === 'anyone', `${spec.operationId} says who may`)
    t.ok(spec.security.flatMap(Object.keys).every((name: string) => schemes.includes(name)))
    t.ok(Object.keys(spec.responses).some((status) => /^2\d\d$/.test(status)))
    t.ok(Object.entries<any>(spec.responses).every(([, answer]) => answer.$ref !== undefined || answer.description !== ''))
    if (known!.access !== 'anyone') t.hasProps(spec.responses, ['401', '403'])
    if (known!.answer !== undefined) t.ok(spec.responses['200'].content['application/json'].schema, spec.operationId)
    if (known!.body !== undefined) t.ok(spec.requestBody.content['application/json'].schema, spec.operationId)
  }
  t.hasProps(document.paths['/events'].get['x-events'].status.properties, ['server', 'mounts'])
  t.same(Object.keys(document.paths['/events/admin'].get['x-events']), ['overview', 'log', 'audit', 'sources'])
  t.same(Object.keys(document.webhooks), Object.keys(webhookData))
  // All that is referred to is there, and no keyword of a schema has another kind than JSON Schema gives it.
  const look = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref') {
        const found = String(inner).split('/').slice(1)
        t.ok(
          String(inner).startsWith('#/components/') && found.reduce<any>((at, name) => at?.[name], document) !== undefined,
          `${path} leads to ${inner}`,
        )
      }
      if (key === '$defs' || key === '$schema') t.fail(`${path} has ${key} of its own`)
      if (key === 'type' && typeof inner === 'string' && !path.endsWith('/properties') && !/securitySchemes/.test(path))
        t.ok(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'].includes(inner), `${path} is ${inner}`)
      if (key === 'required' && !path.endsWith('/properties')) t.ok(Array.isArray(inner) || typeof inner === 'boolean', path)
      look(inner, `${path}/${key}`)
    }
  }
  look(document, '')
  t.notMatch(JSON.stringify(document), /9007199254740991/, 'numbers have no limits that nobody has set')
})

t.test('the page about the API has every operation with an address and an example, and runs no script of its own', async (t) => {
  const page = apiDocs({ ...openApi(operations, VERSION), servers: [{ url: `https://a.example/it's/api/v1` }] })
  for (const [id, { path, method }] of Object.entries<Operation>(operations)) {
    const start = page.indexOf(`<article id="${id}">`)
    t.ok(start > 0, id)
    const article = page.slice(start, page.indexOf('</article>', start))
    t.ok(article.includes(path) && article.includes(method) && article.includes('curl '), `${id} says how it is called`)
    t.ok(page.includes(`href="#${id}"`))
  }
  t.notMatch(page, /<script|<style| style=| on\w+=|undefined|\[object/)
  t.match(page, /it&#39;\\&#39;&#39;s/, 'an address cannot leave its quotes')
})
