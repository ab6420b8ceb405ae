import { connect, createServer as createPort, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { MpegTsMuxer } from '../../lib/formats/mpeg-ts-muxer.js'
import type { Packet } from '../../lib/formats/packet.js'
import type { Source } from '../../lib/mount/source.js'
import { type Auth, basic } from '../../lib/server/auth.js'
import type { AccessEntry } from '../../lib/server/access-log.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { FakeClock } from '../helpers/clock.js'
import { AAC, H264, type Recipe, stream } from '../helpers/media.js'
import { NOON } from '../helpers/studio.js'
import { until } from '../helpers/wait.js'

const auth = basic({ source: 'hackme', admin: 'letmein' })

interface Answer {
  readonly status: number
  readonly head: string
  readonly body: Buffer
  /** Sizes of its chunks, where it has any. */
  readonly chunks: number[]
  readonly header: (name: string) => string | undefined
}

/** A client on a connection of its own, which reads what comes as HTTP does. */
class Client {
  readonly socket: Socket
  ended = false
  readonly answers: Answer[] = []
  #rest: Buffer = Buffer.alloc(0)
  #chunks: Buffer[] = []
  #size = 0
  // How much must be there before it is worth a look.
  #wanted = 0
  readonly #methods: string[] = []

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#size += chunk.length
      if (this.#size < this.#wanted) return
      this.#rest = this.partial
      this.#chunks = [this.#rest]
      while (this.#read());
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => (this.ended = true))
    this.socket.on('end', () => {
      this.ended = true
      const answer = this.#size > 0 && parse(this.partial, 'GET', true)
      if (answer && 'answer' in answer) this.answers.push(answer.answer)
    })
  }

  /** Asks for something, and does not wait for it. */
  ask(path: string, headers: Record<string, string> = {}, { method = 'GET', version = '1.1' } = {}): this {
    this.#methods.push(method)
    const lines = Object.entries({ Host: 'tv.example', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
    this.socket.write(`${method} ${path} HTTP/${version}\r\n${lines.join('')}\r\n`)
    return this
  }

  /** Waits for the answer to the question of that number, the first being 0. */
  async answer(number: number): Promise<Answer> {
    return until(`answer ${number}`, () => this.answers[number], { every: 2, timeout: 8_000 })
  }

  async get(path: string, headers: Record<string, string> = {}, options: { method?: string; version?: string } = {}): Promise<Answer> {
    const number = this.#methods.length
    return this.ask(path, headers, options).answer(number)
  }

  /** What has come of an answer that is not whole. */
  get partial(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
  }

  #read(): boolean {
    const found = parse(this.#rest, this.#methods[this.answers.length] ?? 'GET', false)
    this.#wanted = found !== undefined && 'wanted' in found ? found.wanted : 0
    if (found === undefined || 'wanted' in found) return false
    this.answers.push(found.answer)
    this.#rest = this.#rest.subarray(found.size)
    this.#chunks = [this.#rest]
    this.#size = this.#rest.length
    return true
  }
}

function parse(bytes: Buffer, method: string, isOver: boolean): { answer: Answer; size: number } | { wanted: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = bytes.toString('latin1', 0, end)
  const status = Number(head.split(' ')[1])
  const header = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim()
  const from = end + 4
  const make = (body: Buffer, size: number, chunks: number[] = []): { answer: Answer; size: number } => ({
    answer: { status, head, body, chunks, header },
    size,
  })
  if (method === 'HEAD' || status === 304 || status === 204) return make(Buffer.alloc(0), from)
  if (header('transfer-encoding') === 'chunked') {
    const parts: Buffer[] = []
    for (let at = from; ;) {
      const line = bytes.indexOf('\r\n', at)
      if (line < 0) return undefined
      const size = parseInt(bytes.toString('latin1', at, line), 16)
      if (bytes.length < line + 4 + size) return undefined
      if (size === 0)
        return make(
          Buffer.concat(parts),
          line + 4,
          parts.map((part) => part.length),
        )
      parts.push(bytes.subarray(line + 2, line + 2 + size))
      at = line + 4 + size
    }
  }
  const length = header('content-length')
  if (length === undefined) return isOver ? make(bytes.subarray(from), bytes.length) : undefined
  return bytes.length < from + Number(length)
    ? { wanted: from + Number(length) }
    : make(bytes.subarray(from, from + Number(length)), from + Number(length))
}

/** A server whose time stands still, and sources without a connection. */
class House {
  readonly server: Server
  readonly clock = new FakeClock(NOON)
  readonly accesses: AccessEntry[] = []
  readonly errors: string[] = []
  /** The server's ends of connections. */
  readonly sockets: Socket[] = []
  port = 0
  readonly #sources = new Map<string, { source: Source; muxer: MpegTsMuxer }>()

  constructor(options: Partial<CreateServerOptions> = {}) {
    const logger = {
      debug: (): void => {},
      info: (): void => {},
      warn: (): void => {},
      error: (facts: object) => void this.errors.push(String(Object.values(facts)[0])),
    }
    this.server = createServer({ auth, clock: this.clock, logger, ...options })
    this.server.on('access', (entry) => this.accesses.push(entry))
  }

  async open(t: { teardown(call: () => unknown): void }): Promise<this> {
    const port = createPort({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      this.sockets.push(socket)
      this.server.handle(socket)
    })
    await new Promise<void>((resolve) => port.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve))
    const address = port.address()
    this.port = typeof address === 'object' && address !== null ? address.port : 0
    t.teardown(async () => {
      port.close()
      for (const socket of this.sockets) socket.destroy()
      await this.server.close()
      if (this.errors.length > 0) throw new Error(this.errors.join())
    })
    return this
  }

  client(): Client {
    return new Client(this.port)
  }

  /** Sends a stream to a mount in no time, while so many seconds pass. */
  play(mount: string, seconds: number, recipe: Recipe = {}): void {
    let entry = this.#sources.get(mount)
    if (entry === undefined) {
      const source = this.server.mounts.publish(
        mount,
        {},
        {
          address: '127.0.0.1',
          agent: '',
          request: { method: 'PUT', target: mount, version: 'HTTP/1.1' },
          user: 'source',
          contentType: 'video/mp2t',
          connected: this.clock.now(),
          disconnect: () => {},
        },
      )
      this.#sources.set(mount, (entry = { source, muxer: new MpegTsMuxer([H264, AAC]) }))
    }
    const began = this.clock.now()
    for (const { packet, at } of stream(seconds, { video: H264, audio: AAC, ...recipe })) {
      const wait = began + at * 1000 - this.clock.now()
      if (wait > 0) this.clock.pass(wait)
      this.push(mount, packet)
    }
    const rest = began + seconds * 1000 - this.clock.now()
    if (rest > 0) this.clock.pass(rest)
  }

  push(mount: string, packet: Packet): void {
    const { source, muxer } = this.#sources.get(mount)!
    for (const { bytes } of muxer.write([packet])) source.push(bytes, this.clock.now())
  }

  end(mount: string): void {
    this.#sources.get(mount)!.source.end('it closed the connection')
    this.#sources.delete(mount)
  }
}

const isUri = (line: string): boolean => line !== '' && !line.startsWith('#')
const urisOf = (playlist: Buffer | string): string[] => playlist.toString().split('\n').filter(isUri)
const partsOf = (playlist: Buffer | string): string[] =>
  [...playlist.toString().matchAll(/EXT-X-PART:.*URI="([^"]+)"/g)].map(([, uri]) => uri!)
const hintOf = (playlist: Buffer | string): string => /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/.exec(playlist.toString())![1]!
const mapOf = (playlist: Buffer | string): string => /EXT-X-MAP:URI="([^"]+)"/.exec(playlist.toString())![1]!

for (const way of ['raw', 'http'] as const)
  t.test(`${way}: playlists lead to files, and every answer is as players and caches want it`, async (t) => {
    const house = await new House().open(t)
    house.play('/live/tv', 40)
    const client = house.client()
    // Whoever has asked for a page goes on by way of Node's HTTP.
    if (way === 'http') await client.get('/healthz')
    const master = await client.get('/live/tv.m3u8', { Origin: 'http://a.example' })
    t.equal(master.status, 200)
    t.match(master.header('content-type'), 'application/vnd.apple.mpegurl')
    t.strictSame(urisOf(master.body), ['tv.media/main.m3u8'])
    const playlist = await client.get('/live/tv.media/main.m3u8')
    const text = playlist.body.toString()
    for (const answer of [master, playlist]) {
      t.equal(answer.header('cache-control'), 'no-cache')
      t.equal(answer.header('access-control-allow-origin'), '*')
      t.match(answer.header('access-control-expose-headers'), /Date, Age/)
      t.ok(answer.header('date'))
    }
    // Compressed; known; both.
    const zipped = await client.get('/live/tv.media/main.m3u8', { 'Accept-Encoding': 'br, gzip' })
    t.equal(zipped.header('content-encoding'), 'gzip')
    t.equal(gunzipSync(zipped.body).toString(), text)
    t.equal((await client.get('/live/tv.media/main.m3u8', { 'Accept-Encoding': 'gzip;q=0, br' })).body.toString(), text)
    const tag = playlist.header('etag')!
    for (const tags of [tag, `"other", W/${tag}`, '*'])
      t.equal((await client.get('/live/tv.media/main.m3u8', { 'If-None-Match': tags })).status, 304)
    t.equal((await client.get('/live/tv.media/main.m3u8', { 'If-None-Match': '"other"' })).status, 200)
    const empty = await client.get('/live/tv.media/main.m3u8', {}, { method: 'HEAD' })
    t.strictSame([empty.status, empty.header('content-length')], [200, String(playlist.body.length)])
    // Files.
    const base = '/live/tv.media/'
    const init = await client.get(base + mapOf(text))
    t.equal(init.body.toString('latin1', 4, 8), 'ftyp')
    const uris = urisOf(text)
    const segment = await client.get(base + uris.at(-1)!)
    const parts = await Promise.all(partsOf(text).map((uri) => client.get(base + uri)))
    t.ok(Buffer.concat(parts.map(({ body }) => body)).includes(segment.body), 'the parts of a segment are the segment')
    for (const answer of [init, segment, ...parts.slice(-1)]) {
      t.equal(answer.status, 200)
      t.match(answer.header('content-type'), 'video/mp4')
      t.match(answer.header('cache-control'), /max-age=31536000, immutable/)
      t.equal(answer.header('content-encoding'), undefined)
    }
    const head = await client.get(base + uris[0]!, { 'Accept-Encoding': 'gzip' }, { method: 'HEAD' })
    t.strictSame([head.status, head.body.length], [200, 0])
    t.ok(Number(head.header('content-length')) > 1000)
    // Ranges.
    const size = segment.body.length
    for (const [range, from, to] of [
      ['bytes=0-', 0, size],
      ['bytes=0-1', 0, 2],
      ['bytes=500-2999', 500, 3000],
      [`bytes=${size - 1}-${size + 5}`, size - 1, size],
      ['bytes=-100', size - 100, size],
      [`bytes=-${size * 2}`, 0, size],
    ] as const) {
      const answer = await client.get(base + uris.at(-1)!, { Range: range })
      t.equal(answer.status, 206, range)
      t.equal(answer.header('content-range'), `bytes ${from}-${to - 1}/${size}`)
      t.ok(answer.body.equals(segment.body.subarray(from, to)))
    }
    for (const range of [`bytes=${size}-`, 'bytes=-0']) {
      const answer = await client.get(base + uris.at(-1)!, { Range: range })
      t.strictSame([answer.status, answer.header('content-range')], [416, `bytes */${size}`])
    }
    for (const headers of [
      { Range: 'bytes=0-1,5-6' },
      { Range: 'lines=0-1' },
      { Range: 'bytes=9-3' },
      { Range: 'bytes=0-1', 'If-Range': '"x"' },
    ]) {
      const answer = await client.get(base + uris.at(-1)!, headers)
      t.strictSame([answer.status, answer.body.length], [200, size], JSON.stringify(headers))
    }
    t.equal((await client.get('/live/tv.media/main.m3u8', { Range: 'bytes=0-1' })).status, 200)
    const preflight = await client.get(
      base + uris[0]!,
      { Origin: 'http://a.example', 'Access-Control-Request-Method': 'GET' },
      { method: 'OPTIONS' },
    )
    t.equal(preflight.status, 204)
    t.match(preflight.header('access-control-allow-headers'), /Range/)
    // The clock of DASH, and its manifest.
    t.equal((await client.get(`${base}time`)).body.toString(), new Date(house.clock.now()).toISOString())
    const mpd = await client.get('/live/tv.mpd')
    t.match(mpd.header('content-type'), 'application/dash+xml')
    t.match(mpd.body.toString(), 'tv.media/')
    // What is not there.
    const run = /^(\w+)-/.exec(uris[0]!)![1]!
    for (const path of [
      '/live/tv2.m3u8',
      '/live/tv.media/',
      '/live/tv.media/other.m3u8',
      '/live/tv.media/audio-2.m3u8',
      '/live/tv.media/audio-777.m3u8',
      `/live/tv.media/${run}-main-p0.m4s`,
      `/live/tv.media/${run}-main-p99999999.m4s`,
      `/live/tv.media/${run}-main-s1.m4s`,
      `/live/tv.media/${run}-main-i1.mp4`,
      `/live/tv.media/${run}-audio-9-p5.m4s`,
      `/live/tv.media/${run}-video-t5.m4s`,
      '/live/tv.media/aaaaaaaaaaaa-main-p5.m4s',
      '/live/tv.media/%2e%2e/tv.m3u8',
      '/live/tv.media/..%2fmain.m3u8',
      '/live/tv.media%2fmain.m3u8/x',
      '/live/tv.media/main.m3u8/',
      '/live/tv.media/main.m3u8%00',
    ]) {
      const answer = await client.get(path)
      t.ok([400, 404].includes(answer.status), `${answer.status} ${path}`)
    }
    t.notOk(client.ended, 'all on one connection')
    client.socket.destroy()
    await until('it to be gone', () => house.server.connections === 0, { every: 5 })
    t.ok(house.accesses.some(({ target, status, bytes }) => target === '/live/tv.m3u8' && status === 200 && bytes > 100))
    t.ok(house.accesses.every(({ status, target }) => status !== 499 || target === ''))
  })

for (const way of ['raw', 'http'] as const)
  t.test(`${way}: what is announced is waited for, and what never comes is said`, async (t) => {
    const house = await new House().open(t)
    house.play('/tv', 20)
    const first = house.client()
    if (way === 'http') await first.get('/healthz')
    const done = first.answers.length
    const base = '/tv.media/'
    const { body } = await first.get(`${base}main.m3u8`)
    const presentation = house.server.mounts.get('/tv')!.broadcast.presentation!
    const msn = (): number => presentation.segments.at(-1)!.sequence
    const part = (): number => presentation.segments.at(-1)!.parts.length
    for (const query of ['_HLS_part=1', `_HLS_msn=${msn() + 3}`, '_HLS_msn=x', `_HLS_msn=${msn()}&_HLS_part=99`, '_HLS_msn=-1'])
      t.equal((await first.get(`${base}main.m3u8?${query}`)).status, 400, query)
    t.equal((await first.get(`${base}main.m3u8?_HLS_msn=${msn() - 1}`)).status, 200, 'what is there')
    // Pipelined: a part, the playlist that lists it, a segment that has not begun, and something that is there.
    const hint = hintOf(body)
    const next = msn() + 1
    const before = first.answers.length
    first.ask(base + hint)
    first.ask(`${base}main.m3u8?_HLS_msn=${msn()}&_HLS_part=${part()}`)
    first.ask(base + urisOf(body).at(-1)!.replace(/s\d+/, `s${next}`))
    first.ask(`${base}main.m3u8`)
    const others = Array.from({ length: 3 }, () => house.client().ask(base + hint))
    await until('them to wait', () => house.sockets.length === 4 && house.sockets.every(({ bytesRead }) => bytesRead > 0), { every: 5 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    t.equal(first.answers.length, before)
    // Two go away again: one in order, one not.
    others[0]!.socket.destroy()
    others[1]!.socket.resetAndDestroy()
    await until('them to be gone', () => house.server.connections === 2, { every: 5 })
    for (let i = 0; i < 8; i++) {
      house.play('/tv', 0.5, { from: 20 + i / 2, gop: 50 })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const [piece, list, segment] = [
      await first.answer(before),
      await first.answer(before + 1),
      await first.answer(before + 2),
      await first.answer(before + 3),
    ]
    t.equal(piece.status, 200)
    t.ok(list.body.includes(hint), 'the hint has come true')
    t.match(list.header('cache-control'), /max-age=12/)
    const whole = Buffer.concat(presentation.segment(next)!.bytes('main'))
    t.strictSame([segment.status, segment.body.length], [200, whole.length])
    t.ok(segment.body.equals(whole), 'the segment is what it is later')
    t.ok((await others[2]!.answer(0)).body.equals(piece.body))
    t.equal(house.accesses.filter(({ status }) => status === 499).length, 2)
    t.ok(done <= 1)
    // What never comes.
    const count = first.answers.length
    const { pending } = house.clock
    first.ask(`${base}main.m3u8?_HLS_msn=${msn() + 1}`)
    await until('it to wait', () => house.clock.pending > pending, { every: 5 })
    house.clock.pass(6_000)
    t.equal((await first.answer(count)).status, 503)
    house.play('/tv', 1, { from: 60 })
    // The source goes.
    const now = house.clock.pending
    const late = house.client().ask(`${base}main.m3u8?_HLS_msn=${msn() + 1}`)
    const later = house.client().ask(base + hintOf((await first.get(`${base}main.m3u8`)).body))
    await until('both to wait', () => house.clock.pending > now + 1, { every: 5 })
    house.end('/tv')
    t.equal((await late.answer(0)).status, 503)
    t.equal((await later.answer(0)).status, 200, 'what was left is a part')
    const off = await first.get(`${base}main.m3u8`)
    t.notMatch(off.body.toString(), /CAN-BLOCK-RELOAD|PRELOAD-HINT/)
    t.equal((await first.get(`${base}main.m3u8?_HLS_msn=${msn() + 1}`)).status, 503)
    t.equal((await first.get(`${base}main.m3u8?_HLS_msn=${msn()}`)).status, 200)
    // It stays for a while, and then it is gone.
    house.clock.pass(29_000)
    t.equal((await first.get('/tv.m3u8')).status, 200)
    house.clock.pass(3_000)
    t.equal((await first.get('/tv.m3u8')).status, 404)
  })

t.test('thousands who wait for one part are answered by one change, and those who are gone are forgotten', async (t) => {
  const house = await new House().open(t)
  house.play('/tv', 10)
  const first = house.client()
  const hint = hintOf((await first.get('/tv.media/main.m3u8')).body)
  const clients = Array.from({ length: 2_000 }, () => house.client().ask(`/tv.media/${hint}`))
  await until('all to wait', () => house.server.connections === 2_001 && house.sockets.every((socket) => socket.bytesRead > 0), {
    every: 10,
  })
  for (const { socket } of clients.splice(0, 500)) socket.destroy()
  await until('some to go', () => house.server.connections === 1_501, { every: 10 })
  house.play('/tv', 1, { from: 10 })
  const answers = await Promise.all(clients.map((client) => client.answer(0)))
  t.ok(answers.every(({ status, body }) => status === 200 && body.equals(answers[0]!.body)))
  t.ok(answers[0]!.body.length > 100)
  // They stay connected, and nothing waits any longer.
  t.equal(house.server.connections, 1_501)
  t.ok(house.clock.pending <= 4)
  for (const { socket } of [first, ...clients]) socket.destroy()
  await until('nobody to be left', () => house.server.connections === 0, { every: 10 })
})

for (const way of ['raw', 'http'] as const)
  t.test(`${way}: a client that does not read is cut off in time, and holds little`, async (t) => {
    const house = await new House({ mounts: { '/tv': { hls: { maxSize: 268_435_456 } } } }).open(t)
    // 80 Mbit/s
    house.play('/tv', 5, { size: 400_000 })
    const client = house.client()
    if (way === 'http') await client.get('/healthz')
    const uris = urisOf((await client.get('/tv.media/main.m3u8')).body)
    const large = await client.get(`/tv.media/${uris[0]!}`)
    t.ok(large.body.length > 15_000_000)
    const server = house.sockets[0]!
    for (const headers of [{}, { Connection: 'close' }] as Record<string, string>[]) {
      const slow = house.client()
      if (way === 'http') await slow.get('/healthz')
      slow.socket.pause()
      slow.ask(`/tv.media/${uris[0]!}`, headers)
      await until('it to stall', () => house.sockets.at(-1)!.bytesWritten > 100_000, { every: 5 })
      await new Promise((resolve) => setTimeout(resolve, 50))
      const socket = house.sockets.at(-1)!
      t.equal(socket.destroyed, false)
      if (way === 'raw') {
        t.ok(socket.writableLength <= 300_000, `${socket.writableLength} bytes wait in the server`)
        t.equal(socket.writableEnded, false, 'nobody hangs up on a slow reader')
      }
      house.clock.pass(119_000)
      t.equal(socket.destroyed, false)
      house.clock.pass(2_000)
      t.equal(socket.destroyed, true)
      slow.socket.destroy()
    }
    // One who reads in the end gets all of it, and the end of the connection.
    const patient = house.client()
    if (way === 'http') await patient.get('/healthz')
    patient.socket.pause()
    const number = patient.answers.length
    patient.ask(`/tv.media/${uris[0]!}`, { Connection: 'close' })
    await until('it to stall', () => house.sockets.at(-1)!.bytesWritten > 100_000, { every: 5 })
    patient.socket.resume()
    const answer = await patient.answer(number)
    t.ok(answer.body.equals(large.body))
    await until('the end', () => patient.ended, { every: 5 })
    t.equal(server.destroyed, false)
    client.socket.destroy()
  })

t.test('a segment that grows comes in chunks, as old clients want it, and not at all to those who want the head', async (t) => {
  const house = await new House().open(t)
  house.play('/tv', 11)
  const presentation = house.server.mounts.get('/tv')!.broadcast.presentation!
  const growing = presentation.segments.at(-1)!
  t.equal(growing.complete, false)
  const number = `n${growing.writers.period.number}-s${growing.sequence}`
  const name = (id: string): string => `/tv.media/${presentation.run}-${id}-${number}.m4s`
  const chunked = house.client().ask(name('video'))
  const old = house.client().ask(name('video'), {}, { version: '1.0' })
  const kept = house.client().ask(name('video'), { Connection: 'keep-alive' }, { version: '1.0' })
  const head = house.client().ask(name('video'), {}, { method: 'HEAD' })
  const next = house.client().ask(name('audio').replace(`s${growing.sequence}`, `s${growing.sequence + 1}`))
  const far = house.client().ask(name('audio').replace(`s${growing.sequence}`, `s${growing.sequence + 9}`))
  t.equal((await head.answer(0)).status, 200)
  t.equal((await head.get('/tv.m3u8')).status, 200, 'the connection goes on')
  t.equal((await far.answer(0)).status, 404)
  await until('the beginning', () => old.partial.length > 300 && chunked.partial.length > 300, { every: 5 })
  t.equal(chunked.answers.length, 0)
  for (let i = 0; i < 10; i++) {
    house.play('/tv', 0.4, { from: 11 + i * 0.4, gop: 1000 })
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const whole = Buffer.concat(growing.bytes('video'))
  const answer = await chunked.answer(0)
  t.ok(answer.body.equals(whole))
  t.ok(answer.chunks.length >= growing.parts.length - 1)
  for (const client of [old, kept]) {
    const plain = await client.answer(0)
    t.equal(plain.header('transfer-encoding'), undefined)
    t.match(plain.header('connection'), /close/i)
    t.ok(plain.body.equals(whole))
  }
  t.ok((await next.answer(0)).body.equals(Buffer.concat(presentation.segment(growing.sequence + 1)!.bytes('audio'))))
  const later = await house.client().get(name('video'))
  t.ok(later.body.equals(whole) && later.header('content-length') === String(whole.length))
  // Past the end of a period there is nothing, which is no error.
  house.play('/tv', 4, { from: 9000 })
  const past = await house
    .client()
    .get(`/tv.media/${presentation.run}-video-n${growing.writers.period.number}-s${presentation.nextSequence - 1}.m4s`)
  t.strictSame([past.status, past.body.length, past.header('cache-control')], [200, 0, 'no-store'])
  // The source goes in the middle: what is there is whole then.
  const cut = presentation.segments.at(-1)!
  const last = house.client().ask(`/tv.media/${presentation.run}-video-n${cut.writers.period.number}-s${cut.sequence}.m4s`)
  await new Promise((resolve) => setTimeout(resolve, 50))
  house.end('/tv')
  t.ok((await last.answer(0)).body.equals(Buffer.concat(cut.bytes('video'))))
})

const onlyAnn: Auth['listener'] = async ({ user, password }) => {
  await new Promise((resolve) => setTimeout(resolve, 5))
  return user === 'ann' && password === 'pw'
}

for (const way of ['raw', 'http'] as const)
  t.test(`${way}: who may not listen gets no playlist, and files by their names alone`, async (t) => {
    const house = await new House({ auth: { ...auth, listener: onlyAnn } }).open(t)
    house.play('/tv', 10)
    const right = { Authorization: `Basic ${Buffer.from('ann:pw').toString('base64')}` }
    const wrong = { Authorization: `Basic ${Buffer.from('ann:no').toString('base64')}` }
    const client = async (): Promise<Client> => {
      const one = house.client()
      if (way === 'http') await one.get('/healthz')
      return one
    }
    for (const path of ['/tv.m3u8', '/tv.mpd', '/tv.media/main.m3u8', '/tv.media/main.m3u8?_HLS_msn=1']) {
      const none = await (await client()).get(path)
      t.equal(none.status, 401, path)
      t.match(none.header('www-authenticate'), /^Basic realm=/)
      t.equal((await (await client()).get(path, wrong)).status, 401)
      t.equal((await (await client()).get(path, right)).status, 200)
    }
    const one = await client()
    const text = (await one.get('/tv.media/main.m3u8', right)).body
    t.equal((await one.get(`/tv.media/${urisOf(text)[0]!}`)).status, 200)
    t.equal((await one.get(`/tv.media/${mapOf(text)}`)).status, 200)
    t.equal((await one.get('/tv.media/aaaaaaaaaaaa-main-p1.m4s')).status, 404)
    // Gone before it is let in.
    const gone = await client()
    gone.ask('/tv.media/main.m3u8?_HLS_msn=99999999', right)
    gone.socket.destroy()
    one.socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 30))
    t.ok(house.accesses.some(({ status }) => status === 401))
  })

t.test('a mount may be called anything, and each path means one thing', async (t) => {
  const house = await new House({ mounts: { '/*': { sourceTimeout: 1_000_000 } } }).open(t)
  const names = ['/a', '/a.media', '/q.media/main', '/b.mp4', '/c.m3u8', '/d.mpd', '/e/f.ts', '/g h', '/ü', '/i.media/j.media/k', '/l:m']
  for (const name of names) house.play(name, 5)
  const client = house.client()
  for (const name of names) {
    const path = name.split('/').map(encodeURIComponent).join('/')
    const master = await client.get(`${path}.m3u8`)
    t.equal(master.status, 200, path)
    const url = new URL(urisOf(master.body)[0]!, `http://tv.example${path}.m3u8`)
    const playlist = await client.get(url.pathname)
    t.equal(playlist.status, 200, url.pathname)
    const file = new URL(urisOf(playlist.body)[0]!, url)
    const { run } = house.server.mounts.get(name)!.broadcast.presentation!
    t.match(file.pathname, run, 'it is of this mount')
    t.equal((await client.get(file.pathname)).status, 200, file.pathname)
    t.equal((await client.get(`${path}.mpd`)).status, 200)
  }
  // A mount goes before what would be made of another.
  house.play('/a.m3u8', 5)
  const listener = house.client().ask('/a.m3u8')
  await until('a stream', () => listener.partial.includes('video/mp2t'), { every: 5 })
  listener.socket.destroy()
  t.equal((await client.get('/a.media/main.m3u8')).status, 200)
})

t.test('several mounts of a group are one stream of several qualities', async (t) => {
  const house = await new House({
    mounts: {
      '/x/hi': { group: '/tv', name: 'High', sourceTimeout: 1_000_000 },
      '/x/lo': { group: '/tv', sourceTimeout: 1_000_000 },
      '/off': { hls: { enabled: false }, dash: false, sourceTimeout: 1_000_000 },
      '/dash': { hls: { enabled: false }, sourceTimeout: 1_000_000 },
      '/idle': {},
    },
  }).open(t)
  for (const mount of ['/x/hi', '/x/lo', '/off', '/dash']) house.play(mount, 8, { size: mount === '/x/hi' ? 5_000 : 500 })
  const client = house.client()
  const { body } = await client.get('/tv.m3u8')
  t.strictSame(urisOf(body), ['x/hi.media/main.m3u8', 'x/lo.media/main.m3u8'])
  const playlist = (await client.get('/x/lo.media/main.m3u8')).body.toString()
  t.match(playlist, 'EXT-X-RENDITION-REPORT:URI="../hi.media/main.m3u8"')
  for (const [path, status] of [
    ['/off.m3u8', 404],
    ['/off.mpd', 404],
    ['/dash.m3u8', 404],
    ['/dash.mpd', 200],
    ['/idle.m3u8', 404],
    ['/idle.media/main.m3u8', 404],
    ['/idle.mpd', 404],
  ] as const)
    t.equal((await client.get(path)).status, status, path)
  // The first who comes waits for the first segment.
  const early = house.client()
  house.play('/new', 0.2)
  early.ask('/new.m3u8')
  await new Promise((resolve) => setTimeout(resolve, 30))
  t.equal(early.answers.length, 0)
  house.play('/new', 3, { from: 0.2 })
  t.equal((await early.answer(0)).status, 200)
})
