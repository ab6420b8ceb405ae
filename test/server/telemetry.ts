import { get, type IncomingMessage } from 'node:http'
import t from 'tap'
import type { StatusReport } from '../../lib/api/index.js'
import { createMetadata } from '../../lib/icy/metadata.js'
import { Mounts } from '../../lib/mount/mounts.js'
import { serverOptions, type ServerOptions } from '../../lib/options.js'
import { basic } from '../../lib/server/auth.js'
import type { EventSink } from '../../lib/server/event-stream.js'
import { Live } from '../../lib/server/live.js'
import { createServer, type CreateServerOptions, type Server } from '../../lib/server/server.js'
import { Viewers } from '../../lib/server/viewers.js'
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
  readonly logger = silent
  readonly started = this.clock.now()
  readonly live: Live

  constructor(options: ServerOptions = {}) {
    this.settings = serverOptions.parse(options)
    this.mounts = new Mounts(this.settings, () => this.live.poke(), this.clock)
    this.live = new Live(this)
  }

  publish(name: string) {
    const request = { method: 'PUT', target: name, version: 'HTTP/1.1' }
    const details = { request, user: 'source', address: '198.51.100.7', agent: 'lab', contentType: 'audio/mpeg', disconnect: () => {} }
    const source = this.mounts.publish(name, {}, { ...details, connected: this.clock.now() })
    source.push(MP3, this.clock.now())
    return source
  }

  join(origin = ORIGIN): { sink: Sink; leave: () => void; titles: () => (string | undefined)[] } {
    const sink = new Sink()
    const leave = this.live.join(origin, sink)
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
  const pages = []
  for (let page = 0; page < 3; page++) pages.push(await follow('/api/v1/events'))
  t.equal(server.live.size, 4)
  const asked = await fetch(`${url}/healthz`, { headers: { Connection: 'close' } })
  t.equal(await asked.text(), 'ok', 'pages that follow are no connections that listeners need')
  const head = await fetch(`${url}/api/v1/events`, { method: 'HEAD' })
  t.equal(head.status, 200)
  pages[0]!.response.destroy()
  await until('the page to be gone', () => server.live.size === 3)
  const ended = new Promise((resolve) => response.once('end', resolve))
  await server.close()
  await ended
  t.equal(server.live.size, 0)
})
