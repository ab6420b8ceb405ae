import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import { createServer as createNetServer, type AddressInfo, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import type { Clock } from '../../lib/clock.js'
import { ListenerClient, loopMp4, SourceClient, type SourceClientOptions, type StreamResponse } from '../../lib/client/index.js'
import { FloecastError } from '../../lib/errors.js'
import { findBox, readBoxes } from '../../lib/formats/mp4-boxes.js'
import { readFragment } from '../../lib/formats/mp4-fragment.js'
import { readMovie } from '../../lib/formats/mp4-movie.js'
import { Mp3Demuxer } from '../../lib/formats/mp3.js'
import { Mp4Demuxer } from '../../lib/formats/mp4.js'
import { formatMetadata, type Metadata, createMetadata } from '../../lib/icy/index.js'
import type { Source } from '../../lib/mount/index.js'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'
import { FakeClock } from '../helpers/clock.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
// Without the tag and the table in front, with which no listener starts.
const mp3 = Buffer.concat(
  new Mp3Demuxer()
    .push(fixture('mp3-stereo.mp3'))
    .filter(({ sync }) => sync)
    .map(({ bytes }) => bytes),
)

const serve = async (t: Test): Promise<{ server: Server; port: number; second: number }> => {
  const server = createServer({ auth: basic({ source: 'hackme', admin: 'letmein' }), mounts: { '/*': { metaint: 1000 } } })
  t.teardown(() => server.close())
  const { port, shoutcastPort } = await server.listen({ port: 0, host: '127.0.0.1', shoutcastPort: 0 })
  return { server, port, second: shoutcastPort! }
}
// A server that says what it is told to, whatever it is asked.
const say = async (t: Test, talk: (socket: Socket) => void): Promise<number> => {
  const server = createNetServer((socket) => {
    socket.on('error', () => {})
    talk(socket)
  })
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}
const web = async (t: Test, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> => {
  const server: HttpServer = createHttpServer(answer)
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}
const open = (address: string, options: Partial<SourceClientOptions> = {}): SourceClient =>
  new SourceClient(address, { contentType: 'audio/mpeg', ...options })
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const failure = async (stream: SourceClient | ListenerClient): Promise<string> => {
  if (stream instanceof ListenerClient) stream.resume()
  const [error] = (await once(stream, 'error')) as [Error]
  return error instanceof FloecastError ? `${error.code}: ${error.message}` : String(error)
}

for (const protocol of ['put', 'source', 'shoutcast'] as const)
  t.test(`what a SourceClient publishes by ${protocol}, a ListenerClient hears, byte for byte, with its title`, async (t) => {
    const { server, port, second } = await serve(t)
    const shoutcast = protocol === 'shoutcast'
    const options: SourceClientOptions = {
      contentType: 'audio/mpeg',
      protocol,
      name: 'Lab rádio',
      genre: 'Test',
      public: true,
      ...(shoutcast ? { metadataPort: port } : { description: 'A test', headers: { 'ice-audio-info': 'bitrate=48' } }),
    }
    const source = new SourceClient(
      shoutcast ? `http://:hackme@127.0.0.1:${second}` : `http://source:hackme@127.0.0.1:${port}/live`,
      options,
    )
    const [[arrived]] = (await Promise.all([once(server, 'source'), once(source, 'connect')])) as unknown as [[Source], unknown]
    t.match(arrived.details, { contentType: 'audio/mpeg', ...(!shoutcast && { agent: /^floecast\// }) })
    await source.setMetadata({ artist: 'Någon', title: '100 % + ½ & more' })

    const listener = new ListenerClient(`http://127.0.0.1:${port}/${shoutcast ? 'stream' : 'live'}`)
    const heard = buffer(listener)
    const metadata: Metadata[] = []
    listener.on('metadata', (item: Metadata) => metadata.push(item))
    for (let at = 0; at < 4000; at += 500) source.write(mp3.subarray(at, at + 500))
    const [response] = (await once(listener, 'response')) as [StreamResponse]
    t.equal(response.headers.get('content-type'), 'audio/mpeg')
    t.equal(response.headers.get('icy-name'), 'Lab rádio')
    source.end(mp3.subarray(4000))
    await once(source, 'close')
    const bytes = await heard
    t.equal(source.bytesSent, mp3.length)
    t.ok(bytes.equals(mp3), `${bytes.length} of ${mp3.length} bytes`)
    t.equal(metadata[0]?.display, 'Någon - 100 % + ½ & more')
  })

t.test('titles of a SHOUTcast source go to its own port where none before it answers', async (t) => {
  const { server, second } = await serve(t)
  const before = createNetServer().listen(second - 1, '127.0.0.1')
  const isFree = await once(before, 'listening').then(
    () => true,
    () => false,
  )
  // Whoever else has it might answer.
  if (!isFree) return
  await new Promise((resolve) => before.close(resolve))
  const source = new SourceClient(`http://:hackme@127.0.0.1:${second}`, { contentType: 'audio/mpeg', protocol: 'shoutcast' })
  await Promise.all([once(server, 'source'), once(source, 'connect')])
  await source.setMetadata({ title: 'Tide' })
  source.destroy()
})

t.test('a SourceClient says in one sentence why it cannot publish', async (t) => {
  const { server, port, second } = await serve(t)
  const at = `127.0.0.1:${port}`
  const first = open(`http://source:hackme@${at}/live`)
  await once(first, 'connect')
  const wrong = `PASSWORD_REFUSED: Cannot publish to /live on ${at}: wrong password. Give it in the address (http://source:PASSWORD@…)`
  t.equal(await failure(open(`http://source:hackmo@${at}/live`)), wrong)
  t.equal(await failure(open(`http://source:hackmo@${at}/live`, { protocol: 'source' })), wrong)
  t.match(await failure(open(`http://:hackmo@127.0.0.1:${second}`, { protocol: 'shoutcast' })), /^PASSWORD_REFUSED: .*wrong password/)
  t.match(await failure(open(`http://${at}/live`)), /it needs a password/)
  t.equal(
    await failure(open(`http://source:hackme@${at}/live`)),
    `MOUNT_TAKEN: Cannot publish to /live on ${at}: another source is on that mount; stop it, or choose another mount`,
  )
  t.match(await failure(open(`http://source:hackme@${at}/admin/x`)), /^REQUEST_REFUSED: .*the server says "Cannot publish to/)

  const moved = await web(t, (_, response) => response.writeHead(307, { location: 'http://elsewhere/live' }).end())
  t.match(await failure(open(`http://source:x@127.0.0.1:${moved}/live`)), /moved to http:\/\/elsewhere\/live; use that address$/)
  const silent = await say(t, () => {})
  t.match(await failure(open(`http://source:x@127.0.0.1:${silent}/a`, { timeout: 50 })), /^SERVER_SILENT: .*no answer within 0.05 s/)
  const rude = await say(t, (socket) => socket.end())
  t.match(await failure(open(`http://source:x@127.0.0.1:${rude}/a`)), /^SERVER_UNREACHABLE: .*closed the connection without an answer$/)
  t.match(await failure(open(`http://:x@127.0.0.1:${rude}`, { protocol: 'shoutcast' })), /^PASSWORD_REFUSED: .*hung up at the password/)
  const strange = await say(t, (socket) => socket.write('\0\x01'))
  t.match(await failure(open(`http://source:x@127.0.0.1:${strange}/a`)), /^ANSWER_UNREADABLE: /)
  const login = await say(t, (socket) => socket.end('invalid password\r\n'))
  t.match(await failure(open(`http://source:x@127.0.0.1:${login}/a`)), /it is a SHOUTcast server; set protocol to 'shoutcast'$/)
  t.match(
    await failure(open(`http://source:x@127.0.0.1:1/a`)),
    /^SERVER_UNREACHABLE: Cannot publish to \/a on 127.0.0.1:1: nothing answers at that port/,
  )
  t.match(await failure(open(`https://source:x@${at}/a`)), /^SERVER_UNREACHABLE: /)
  t.throws(() => open('ftp://h/a'), TypeError)
  t.throws(() => open('http://h/a', { contentType: 'mp3' }), TypeError)
  t.throws(() => open('http://h/a', { headers: { 'X-A': 'a\r\nb' } }), TypeError)

  const lost = failure(first)
  server.mounts.get('/live')!.source!.close('it was asked to')
  t.match(await lost, /^CONNECTION_LOST: Cannot publish to \/live on .* any longer: the server closed the connection$/)
  await t.rejects(first.setMetadata({ title: 'x' }), { code: 'CONNECTION_LOST' })
})

t.test('a SourceClient waits for a slow server, goes through TLS, and can be given up at any time', async (t) => {
  const pem = fixture('localhost.pem')
  const secure = createTlsServer({ key: pem, cert: pem })
  t.teardown(() => secure.close())
  const received = new Promise<Buffer>((resolve) =>
    secure.on('secureConnection', (socket) => {
      socket.once('readable', () => {
        socket.read()
        socket.write('HTTP/1.1 100 Continue\r\n\r\n')
        // Nothing is read for a while: what is written must wait.
        setTimeout(() => void buffer(socket).then(resolve), 50)
      })
    }),
  )
  await once(secure.listen(0, '127.0.0.1'), 'listening')
  const { port } = secure.address() as AddressInfo
  const options = { contentType: 'audio/mpeg' }
  t.match(await failure(new SourceClient(`https://source:x@127.0.0.1:${port}/a`, options)), /its certificate is not to be trusted/)
  const big = Buffer.alloc(4_000_000, 'ice')
  const source = new SourceClient(`https://source:x@127.0.0.1:${port}/a`, { ...options, ca: pem })
  t.equal(source.write(big), false)
  source.end()
  const [bytes] = await Promise.all([received, once(source, 'close')])
  t.ok(bytes.equals(big))

  const silent = await say(t, () => {})
  const controller = new AbortController()
  const waiting = new SourceClient(`http://source:x@127.0.0.1:${silent}/a`, { ...options, signal: controller.signal })
  const refused = t.rejects(waiting.setMetadata({ title: 'x' }), { code: 'CONNECTION_LOST' })
  setTimeout(() => controller.abort(), 20)
  t.match(await failure(waiting), /AbortError/)
  await refused
  const quiet = new ListenerClient(`http://127.0.0.1:${silent}/a`)
  setTimeout(() => quiet.destroy(), 20)
  await once(quiet, 'close')
})

t.test('a ListenerClient reads what servers old and new send', async (t) => {
  const media = Buffer.from('one two three four five six seven')
  const block = formatMetadata(createMetadata({ song: 'A – B' }))
  const icy = await say(t, (socket) => {
    socket.write('ICY 200 OK\r\nicy-metaint:10\r\ncontent-length: 54000000\r\n\r\n')
    for (let at = 0; at < media.length; at += 10) {
      socket.write(media.subarray(at, at + 10))
      if (at + 10 <= media.length) socket.write(at === 10 ? block : Buffer.of(0))
    }
    socket.end()
  })
  const site = await web(t, (request, response) => {
    const at = `http://127.0.0.1:${icy}/`
    const path = request.url ?? ''
    const auth = request.headers.authorization ?? 'none'
    if (path === '/moved') response.writeHead(302, { location: '/radio.m3u' }).end()
    else if (path === '/radio.m3u')
      response.writeHead(200, { 'content-type': 'audio/x-mpegurl' }).end(`#EXTM3U\r\n#EXTINF:-1,Radio\r\n${at}\r\n`)
    else if (path === '/radio.pls')
      response
        .writeHead(200, { 'content-type': 'audio/x-scpls; charset=utf-8' })
        .end('[playlist]\nNumberOfEntries=1\nFile1=/chunked\nTitle1=Radio\n')
    else if (path.startsWith('/chunked')) {
      response.writeHead(200, { 'content-type': 'audio/mpeg' })
      for (const byte of media) response.write(Buffer.of(byte))
      response.end()
    } else if (path === '/radio.xspf')
      response
        .writeHead(200, { 'content-type': 'application/xspf+xml' })
        .end('<playlist><trackList><track><location>/chunked?a=1&amp;b</location></track></trackList></playlist>')
    else if (path === '/plain.pls') response.writeHead(200, { 'content-type': 'text/plain' }).end('[playlist]\nFile1=chunked')
    else if (path === '/whole') response.end(`${auth} ${String(request.headers['icy-metadata'])}`)
    else if (path === '/round') response.writeHead(301, { location: '/round' }).end()
    else if (path === '/nested.m3u') response.writeHead(200, { 'content-type': 'audio/mpegurl' }).end('/radio.m3u')
    else if (path === '/hls') response.writeHead(200, { 'content-type': 'application/x-mpegURL' }).end('#EXTM3U\n#EXT-X-VERSION:9\nv.m3u8')
    else if (path === '/cut') {
      response.writeHead(200, { 'content-length': 100 }).write('short')
      setTimeout(() => response.destroy(), 20)
    } else if (path === '/secret') response.writeHead(401).end()
    else if (path === '/full')
      response.writeHead(403).end('<html><head><title>403</title></head><body><b>max listeners reached</b></body></html>')
    else response.writeHead(404).end()
  })
  const at = `127.0.0.1:${site}`
  const titles: Metadata[] = []
  const old = new ListenerClient(`http://${at}/moved`)
  old.on('metadata', (item: Metadata) => titles.push(item))
  const heard = buffer(old)
  const [response] = (await once(old, 'response')) as [StreamResponse]
  t.equal(response.url.host, `127.0.0.1:${icy}`)
  t.equal(response.version, 'ICY')
  t.ok((await heard).equals(media))
  t.same(
    titles.map(({ display }) => display),
    ['A – B'],
  )
  for (const list of ['radio.pls', 'radio.xspf', 'plain.pls'])
    t.ok((await buffer(new ListenerClient(`http://${at}/${list}`))).equals(media), list)
  t.equal(String(await buffer(new ListenerClient(`http://a:100%@${at}/whole`, { metadata: false }))), 'Basic YToxMDAl undefined')
  t.equal(String(await buffer(new ListenerClient(`http://a:b@${at}/whole`, { metadata: false }))), 'Basic YTpi undefined')
  t.equal(String(await buffer(new ListenerClient(`http://${at}/whole`))), 'none 1')
  const fault = (path: string): Promise<string> => failure(new ListenerClient(`http://${at}${path}`))
  t.match(await fault('/round'), /^TOO_MANY_REDIRECTS: Cannot listen to \/round on .*\/round$/)
  t.match(await fault('/nested.m3u'), /^REQUEST_REFUSED: .*it is a playlist that leads to no stream$/)
  t.match(await fault('/hls'), /^REQUEST_REFUSED: .*it is an HLS playlist/)
  t.match(await fault('/cut'), /^CONNECTION_LOST: Cannot listen to \/cut on .* any longer: the connection broke/)
  t.match(await fault('/none'), /^STREAM_NOT_FOUND: Cannot listen to \/none on .*: nothing is on the air at that address/)
  t.match(await fault('/secret'), /^PASSWORD_REFUSED: .*it needs a password/)
  t.match(await fault('/full'), /^REQUEST_REFUSED: .*the server says "max listeners reached"$/)
  const login = await say(t, (socket) => socket.end('invalid password\r\n'))
  t.match(await failure(new ListenerClient(`http://127.0.0.1:${login}/`)), /^ANSWER_UNREADABLE: .*take 1 from the port$/)
  t.throws(() => new ListenerClient('live.mp3'), TypeError)
})

// Time that jumps to whatever is waited for.
class Leaping implements Clock {
  #now = 1_000_000
  now(): number {
    return this.#now
  }
  after(delay: number, call: () => void): () => void {
    this.#now += delay
    queueMicrotask(call)
    return () => {}
  }
}

for (const name of ['aac.mp4', 'h264-aac-frames.mp4', 'h264-aac.mp4'])
  t.test(`loopMp4 makes of ${name} one stream whose times go on over every border, at their own pace`, async (t) => {
    const file = fixture(name)
    const { tracks } = readMovie(findBox(file, ['moov'])!)
    const count = [...readBoxes(file)].filter(({ type }) => type === 'moof').length
    const clock = new Leaping()
    const chunks: Buffer[] = []
    const delays: number[] = []
    const began = clock.now()
    for await (const chunk of loopMp4(file, { clock })) {
      if (chunks.length > 0) delays.push((clock.now() - began) / 1000)
      if (chunks.push(chunk) > 3 * count) break
    }
    t.ok(chunks[0]!.equals(file.subarray(0, chunks[0]!.length)), "the head is the file's")
    t.notOk(
      chunks.slice(1).some((chunk) => findBox(chunk, ['moov'])),
      'the head comes once',
    )
    const times = new Map<number, number[]>()
    const ends = new Map<number, number>()
    const numbers: number[] = []
    const gaps: number[] = []
    const early: number[] = []
    let latest = 0
    chunks.slice(1).forEach((chunk, i) => {
      const moof = findBox(chunk, ['moof'])!
      numbers.push(findBox(moof, ['mfhd'])!.readUInt32BE(4))
      let first = Infinity
      for (const { body } of [...readBoxes(moof)].filter(({ type }) => type === 'traf')) {
        const track = tracks.find(({ id }) => id === findBox(body, ['tfhd'])!.readUInt32BE(4))!
        const time = Number(findBox(body, ['tfdt'])!.readBigUInt64BE(4)) / track.timescale
        first = Math.min(first, time)
        gaps.push(time - (ends.get(track.id) ?? time))
        ends.set(track.id, time + readFragment(moof, track).duration / track.timescale)
        times.set(track.id, [...(times.get(track.id) ?? []), time])
      }
      latest = Math.max(latest, first)
      early.push(delays[i]! - latest)
    })
    t.same(
      numbers,
      numbers.map((_, i) => i + 1),
      'numbers go on',
    )
    t.ok(
      Math.min(...gaps) > -0.001 && Math.max(...gaps) < 0.1,
      `no time comes twice, none is left out: ${Math.min(...gaps)} to ${Math.max(...gaps)}`,
    )
    t.ok(Math.max(...early) - Math.min(...early) < 1e-4, 'each fragment comes when it is due')
    const demuxer = new Mp4Demuxer()
    const frames = chunks.flatMap((chunk) => demuxer.push(chunk))
    t.same([demuxer.skipped, frames.length > 3], [0, true])
  })

t.test('loopMp4 refuses what it cannot loop, sleeps over no delay, and ends when it is told to', async (t) => {
  for (const name of ['h264-aac-plain.mp4', 'h264-aac-offsets.mp4', 'mp3-stereo.mp3'])
    t.throws(() => loopMp4(fixture(name)), TypeError, name)
  const clock = new FakeClock()
  const controller = new AbortController()
  const loop = loopMp4(fixture('aac.mp4'), { clock, signal: controller.signal })
  await loop.next()
  await loop.next()
  const second = loop.next()
  await turn()
  t.equal(clock.pending, 1)
  // Late by less than a fragment, so that the third one still is to come.
  clock.pass(450)
  t.notOk((await second).done)
  const third = loop.next()
  await turn()
  t.equal(clock.pending, 1)
  controller.abort()
  t.ok((await third).done)
  t.equal(clock.pending, 0)
})
