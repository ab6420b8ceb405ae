import fc from 'fast-check'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { checkSource, SourceClient, type SourceClientOptions } from '../../lib/client/index.js'
import { FrameQueue } from '../../lib/client/frame-queue.js'
import { AutoDemuxer } from '../../lib/formats/index.js'
import type { Frame } from '../../lib/formats/frame.js'
import { basic } from '../../lib/server/auth.js'
import { createServer as createFloecast } from '../../lib/server/server.js'
import { FakeClock } from '../helpers/clock.js'
import { property } from '../helpers/demuxer.js'
import { until } from '../helpers/wait.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const framesOf = (bytes: Buffer): Frame[] => {
  const demuxer = new AutoDemuxer()
  return [...demuxer.push(bytes), ...demuxer.end()]
}

const pour = (source: SourceClient, frames: readonly Frame[]): void => {
  for (const { bytes } of frames) source.write(bytes)
}
const fault = (address: string, options = {}): Promise<string> =>
  checkSource(address, options).then(
    (check) => JSON.stringify(check),
    (error: Error) => error.message,
  )
// Whether or not with an error.
const closed = (source: SourceClient): Promise<void> => new Promise((resolve) => source.once('close', resolve))

/** One connection of a source, as a server sees it. */
interface Visit {
  readonly socket: Socket
  head: string
  /** What came after the head. */
  body: Buffer
}

/** A server that does with each connection what it is told, by its number, and keeps what comes. */
const visited = async (
  t: Test,
  welcome: (visit: Visit, number: number) => void,
): Promise<{ port: number; visits: Visit[]; titles: string[] }> => {
  const visits: Visit[] = []
  const titles: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const visit: Visit = { socket, head: '', body: Buffer.alloc(0) }
    socket.on('data', (chunk: Buffer) => {
      if (visit.head !== '') {
        visit.body = Buffer.concat([visit.body, chunk])
        return
      }
      const text = chunk.toString('latin1')
      visit.head = text
      const title = /^GET \/admin\S*[?&]song=([^& ]*)/.exec(text)?.[1]
      if (title === 'Soon' && titles.at(-1) !== '(Soon)') {
        titles.push('(Soon)')
        socket.end(refuse('400 Bad Request', 'Source does not exist'))
      } else if (title !== undefined) {
        titles.push(decodeURIComponent(title))
        socket.end('HTTP/1.0 200 OK\r\n\r\n<return>1</return>')
      } else welcome(visit, visits.push(visit))
    })
  })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { port: (server.address() as AddressInfo).port, visits, titles }
}
const TAKEN = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\n'
const refuse = (status: string, text = ''): string => `HTTP/1.0 ${status}\r\nContent-Type: text/plain\r\n\r\n${text}`

const open = (
  t: Test,
  port: number,
  options: Partial<SourceClientOptions> = {},
): { source: SourceClient; clock: FakeClock; log: string[] } => {
  const clock = new FakeClock()
  const address = `http://${options.protocol === 'shoutcast' ? '' : 'source'}:hackme@127.0.0.1:${port}${options.protocol === 'shoutcast' ? '' : '/live'}`
  const source = new SourceClient(address, { contentType: 'audio/mpeg', reconnect: true, clock, ...options })
  t.teardown(() => source.destroy())
  const log: string[] = []
  source.on('connect', () => log.push('connect'))
  source.on('reconnecting', ({ attempt, delay, error }) => {
    log.push(`reconnecting ${attempt}`)
    if (!error.message.startsWith('Cannot') || delay > 12_500) t.fail(`${delay} ms after ${error.message}`)
    // Time goes by once nobody looks.
    setImmediate(() => clock.pass(delay))
  })
  source.on('drop', () => log.push('drop'))
  source.on('error', (error: Error) => log.push(error.message))
  return { source, clock, log }
}

for (const protocol of ['put', 'source', 'shoutcast'] as const)
  for (const name of ['mp3-stereo.mp3', 'h264-aac.mpegts', 'vp8-vorbis.webm', 'ogg-vorbis.ogg', 'h264-aac-frames.mp4'])
    t.test(`a lost source by ${protocol} goes on at a key frame of ${name}, behind its header, and tells its title again`, async (t) => {
      const frames = framesOf(fixture(name))
      const half = Math.floor(frames.length / 2)
      // The second connection is refused with what an old connection leaves behind, the third one breaks off.
      const { port, visits, titles } = await visited(t, (visit, number) => {
        if (number === 2) visit.socket.end(protocol === 'shoutcast' ? 'busy\r\n' : refuse('403 Forbidden', 'Mountpoint in use'))
        else if (number === 3) visit.socket.destroy()
        else visit.socket.write(protocol === 'shoutcast' ? 'OK2\r\n\r\n' : TAKEN)
      })
      const { source, log } = open(t, port, { protocol, metadataPort: port, contentType: 'application/octet-stream' })
      await once(source, 'connect')
      pour(source, frames.slice(0, half))
      await until('the first half', () => visits[0]!.body.length > 1000)
      await source.setMetadata({ title: 'One' })
      visits[0]!.socket.destroy()
      await once(source, 'reconnecting')
      t.equal(source.connectedSince, undefined)
      const told = source.setMetadata({ title: 'Two' })
      pour(source, frames.slice(half))
      await once(source, 'connect')
      await told
      source.end()
      await once(source, 'close')
      t.match(log.slice(0, 5), ['connect', 'reconnecting 1', 'reconnecting 2', 'reconnecting 3', 'connect'])
      const { body } = visits[3]!
      const rest = body.subarray(protocol === 'shoutcast' ? body.indexOf('\r\n\r\n') + 4 : 0)
      const fits = frames.some(
        (frame, at) => frame.sync && rest.equals(Buffer.concat([frame.header, ...frames.slice(at).map((f) => f.bytes)])),
      )
      t.ok(fits, `${rest.length} bytes are a header, and the frames from a key frame on`)
      t.same(titles, ['One', 'Two'])
      t.same([source.reconnects, source.buffered], [1, 0])
      t.equal(source.bytesDropped > 0, log.includes('drop'))
    })

t.test('a source that has never been taken fails at once; later it only gives up when the refusals go on', async (t) => {
  const refusals: [answer: string, message: RegExp][] = [
    [refuse('401 Authentication Required'), /wrong password/],
    [refuse('403 Forbidden', 'Mountpoint in use'), /another source is on that mount/],
    [refuse('409 Conflict'), /another source is on that mount/],
    [refuse('403 Forbidden', 'too many sources connected'), /the server says "too many sources connected"; try again later$/],
    [refuse('503 Service Unavailable'), /the server says "Service Unavailable"; try again later$/],
    [refuse('403 Forbidden', 'No Content-type given'), /the server says "No Content-type given"$/],
  ]
  for (const [answer, message] of refusals) {
    const { port, visits } = await visited(t, ({ socket }) => socket.end(answer))
    const { source } = open(t, port)
    const [error] = (await once(source, 'error')) as [Error]
    t.match(error.message, message)
    t.equal(visits.length, 1)
  }
  const gone = await visited(t, ({ socket }, number) => {
    if (number > 1) socket.end(refusals[0]![0])
    else {
      socket.write(TAKEN)
      setImmediate(() => socket.destroy())
    }
  })
  const strict = open(t, gone.port)
  await closed(strict.source)
  t.equal(gone.visits.length, 7, 'a wrong password ends it after some tries')
  t.match(strict.log.at(-1), /wrong password/)
  const busy = await visited(t, ({ socket }, number) => {
    if (number > 1 && number < 12) socket.end(refusals[number % 2 === 0 ? 1 : 4]![0])
    else socket.write(TAKEN)
    if (number === 1) setImmediate(() => socket.destroy())
  })
  const patient = open(t, busy.port)
  await until('it to be taken again', () => patient.source.reconnects === 1)
  t.equal(patient.log.filter((line) => line.startsWith('reconnecting')).at(-1), 'reconnecting 11')
  const limited = open(t, busy.port, { reconnect: { attempts: 2 } })
  await once(limited.source, 'connect')
  const down = await visited(t, ({ socket }, number) => {
    socket.end(number === 1 ? TAKEN : '')
  })
  const few = open(t, down.port, { reconnect: { attempts: 2 } })
  await closed(few.source)
  t.equal(down.visits.length, 3)
})

t.test('a server that takes nothing holds nobody back: memory stays flat, and a stall counts as lost', async (t) => {
  const { port, visits } = await visited(t, ({ socket }, number) => {
    socket.write(TAKEN)
    if (number === 1) socket.pause()
  })
  const { source, clock, log } = open(t, port, { reconnect: { queueSize: 1_000_000 }, contentType: 'video/mp2t' })
  await once(source, 'connect')
  const ts = fixture('h264-aac.mpegts')
  const frames = framesOf(ts)
  let highest = 0
  for (let i = 0; i < 200; i++) {
    t.equal(source.write(Buffer.from(ts)), true)
    highest = Math.max(highest, source.buffered)
    if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  t.ok(highest <= 1_000_000 + ts.length, `${highest} bytes waited at most`)
  t.ok(source.bytesDropped > 0)
  const lost = once(source, 'reconnecting') as Promise<unknown> as Promise<[{ error: Error }]>
  await until('the system to take no more', async () => {
    const before = source.bytesSent
    await new Promise((resolve) => setTimeout(resolve, 100))
    return before === source.bytesSent
  })
  clock.pass(10_000)
  t.match((await lost)[0].error.message, /any longer: the network has taken nothing for 10 s$/)
  await once(source, 'connect')
  source.write(ts)
  source.end()
  await once(source, 'close')
  t.match(log, ['connect', 'reconnecting 1', 'connect', 'drop'])
  const { body } = visits[1]!
  t.ok(
    frames.some(({ sync, header, bytes }) => sync && body.subarray(0, header.length + bytes.length).equals(Buffer.concat([header, bytes]))),
    'the new connection begins with a header and a key frame',
  )
  t.equal(clock.pending, 0, 'nothing is left behind')
})

t.test('a source goes on with a real server that comes back, and can be given up between attempts', async (t) => {
  const auth = basic({ source: 'hackme', admin: 'letmein' })
  const first = createFloecast({ auth })
  const { port } = await first.listen({ port: 0, host: '127.0.0.1' })
  const { source, log } = open(t, port)
  await once(source, 'connect')
  const timer = setInterval(() => source.write(fixture('mp3-stereo.mp3')), 20)
  t.teardown(() => clearInterval(timer))
  await first.close()
  await once(source, 'reconnecting')
  const second = createFloecast({ auth })
  t.teardown(() => second.close())
  await second.listen({ port, host: '127.0.0.1' })
  await once(source, 'connect')
  await until('the mount', () => second.mounts.get('/live')?.source)
  t.ok(source.connectedSince instanceof Date)
  clearInterval(timer)
  source.end()
  await once(source, 'close')
  t.notOk(log.some((line) => line.startsWith('Cannot')))

  const { port: other } = await visited(t, ({ socket }, number) => socket.end(number === 1 ? TAKEN : ''))
  const clock = new FakeClock()
  const given = new SourceClient(`http://:x@127.0.0.1:${other}/a`, { contentType: 'audio/mpeg', reconnect: true, clock })
  await once(given, 'reconnecting')
  const waiting = t.rejects(given.setMetadata({ title: 'x' }), { code: 'CONNECTION_LOST' })
  given.destroy()
  await waiting
  t.equal(clock.pending, 0)
})

t.test('a title that a server does not take yet is told again', async (t) => {
  const { port, titles } = await visited(t, ({ socket }) => socket.write(TAKEN))
  const { source, clock } = open(t, port)
  const told = source.setMetadata({ title: 'Soon' })
  await until('the refusal', () => clock.pending > 0)
  clock.pass(1000)
  await told
  t.same(titles, ['(Soon)', 'Soon'])
})

t.test('whether a source could publish is told before it begins, in one sentence, and nothing is started', async (t) => {
  const server = createFloecast({ auth: basic({ source: 'hackme', admin: 'letmein' }) })
  t.teardown(() => server.close())
  const { port, shoutcastPort = 0 } = await server.listen({ port: 0, host: '127.0.0.1', shoutcastPort: 0 })
  const at = `127.0.0.1:${port}`
  t.match(await checkSource(`http://source:hackme@${at}/live`), { server: /floecast/, password: 'right', mount: 'free' })
  t.match(await checkSource(`http://:hackme@127.0.0.1:${shoutcastPort}`, { protocol: 'shoutcast' }), {
    password: 'right',
    mount: 'unknown',
  })
  t.match(await fault(`http://source:wrong@${at}/live`), /^Cannot publish to \/live on .*: wrong password\. Give it in/)
  t.match(await fault(`http://${at}/live`), /it needs a password/)
  t.match(await fault(`http://:wrong@127.0.0.1:${shoutcastPort}`, { protocol: 'shoutcast' }), /wrong password|hung up at the password/)
  t.match(await fault(`http://source:hackme@127.0.0.1:${shoutcastPort}/live`), /free|SHOUTcast/)
  const { source } = open(t, port)
  await once(source, 'connect')
  t.match(await fault(`http://source:hackme@${at}/live`), /another source is on that mount; stop it, or choose another mount$/)
  t.equal(server.mounts.get('/live')?.metadata.display ?? '', '', 'its title is as it was')
  t.match(await fault('http://source:x@127.0.0.1:1/live'), /nothing answers at that port/)
  t.match(await fault('http://source:x@no-such-host.invalid/live'), /no host is called no-such-host\.invalid; check the address$/)
  const answers = [
    refuse('200 OK', '<iceresponse><message>No such action</message><return>0</return></iceresponse>'),
    refuse('403 Forbidden', 'Icecast connection limit reached'),
    refuse('404 Not Found', 'nothing here'),
  ]
  const script = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(answers.shift() ?? ''))
  })
  t.teardown(() => script.close())
  await once(script.listen(0, '127.0.0.1'), 'listening')
  const odd = `http://source:x@127.0.0.1:${(script.address() as AddressInfo).port}/live`
  t.match(await fault(odd), /another source is on that mount/)
  t.match(await fault(odd), /the server says "Icecast connection limit reached"; try again later$/)
  t.equal(await fault(odd), '{"password":"unknown","mount":"unknown"}')
  t.equal([...server.mounts].filter((mount) => mount.source !== undefined).length, 1)
  await t.rejects(checkSource('live'), TypeError)
})

t.test('whatever a FrameQueue drops, each taker gets runs of whole frames that begin at key frames, with their headers', async () => {
  const headers = [Buffer.from('HEAD'), Buffer.from('NEXT')]
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 40 }), sync: fc.boolean(), header: fc.nat(1), wait: fc.nat(20) }) },
    { weight: 4, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 60 }) }) },
    { weight: 1, arbitrary: fc.constant({ change: true }) },
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const queue = new FrameQueue({ size: 200, time: 100 })
      const frames: Frame[] = []
      const takers: Buffer[][] = [[]]
      let now = 0
      let away = false
      for (const one of actions) {
        if ('push' in one) {
          // A header holds until the next key frame.
          const bytes = Buffer.alloc(one.push, frames.length)
          frames.push({ bytes, sync: one.sync, header: headers[one.header]! })
          queue.push(frames.at(-1)!, (now += one.wait))
        } else if ('take' in one) {
          if (!away) takers.at(-1)!.push(...queue.take(one.take))
        } else if (away) {
          queue.enter()
          takers.push([])
          away = false
        } else {
          queue.leave()
          away = true
        }
        if (queue.size < 0 || queue.size > 240) throw new Error(`${queue.size} bytes wait`)
      }
      const sizes = takers.map((pieces) => judge(Buffer.concat(pieces), frames, headers))
      const left = frames.reduce((sum, { bytes }) => sum + bytes.length, 0) - queue.size - queue.dropped
      if (left < sizes.reduce((sum, size) => sum + size, 0)) throw new Error('more came out than went in')
    }),
    property(5),
  )
})

/** Throws unless bytes are runs of whole frames, the last one cut at most, that begin at key frames; gives the bytes of frames in them. */
function judge(bytes: Buffer, frames: readonly Frame[], headers: readonly Buffer[]): number {
  let at = 0
  let last: number | undefined
  let size = 0
  while (at < bytes.length) {
    const head = headers.find((header) => bytes.subarray(at, at + header.length).equals(header))
    if (head !== undefined) at += head.length
    const number = bytes[at]
    if (number === undefined) throw new Error('a header without its frame')
    const frame = frames[number]!
    const follows = last !== undefined && number === last + 1
    if (!follows && !frame.sync) throw new Error(`frame ${number} begins a run, and is no key frame`)
    if (last === undefined && head === undefined) throw new Error('the first frame comes without its header')
    if (head !== undefined && head !== frame.header) throw new Error('another header')
    const piece = bytes.subarray(at, at + frame.bytes.length)
    if (!piece.equals(frame.bytes.subarray(0, piece.length))) throw new Error(`frame ${number} is cut short`)
    at += piece.length
    size += piece.length
    last = number
  }
  return size
}
