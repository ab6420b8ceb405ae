import { type Duplex, duplexPair } from 'node:stream'
import t from 'tap'
import type { AutoDemuxer } from '../../lib/formats/detect.js'
import { type Frame, NO_HEADER, type Track } from '../../lib/formats/frame.js'
import { IcyDecoder } from '../../lib/icy/decoder.js'
import { IcyEncoder } from '../../lib/icy/encoder.js'
import { createMetadata, type Metadata } from '../../lib/icy/metadata.js'
import type { StreamInfo } from '../../lib/icy/stream-info.js'
import { Listener, type ListenerDetails } from '../../lib/mount/listener.js'
import { Mount } from '../../lib/mount/mount.js'
import { Source } from '../../lib/mount/source.js'
import { mountOptions, type MountOptions } from '../../lib/options/index.js'
import { FakeClock } from '../helpers/clock.js'

/** A format of the simplest kind: every chunk is a frame, `K…` is a sync frame, `H…` a header for what follows. */
class PlainDemuxer {
  readonly format = 'mp3'
  readonly contentType = 'audio/mpeg'
  tracks: readonly Track[]
  skipped = 0
  comments: Record<string, string> = {}
  detected = true
  #header = NO_HEADER
  constructor(kind: 'audio' | 'video') {
    this.tracks = [{ kind, codec: 'Plain', width: 640, sampleRate: 48_000 }]
  }
  push(bytes: Buffer): Frame[] {
    const first = String.fromCharCode(bytes[0]!)
    if (first === 'H') this.#header = bytes
    return [{ bytes, sync: first === 'K', header: this.#header }]
  }
  end(): Frame[] {
    return []
  }
  settle(): Frame[] {
    return []
  }
}

const request = { method: 'GET', target: '/a', version: 'HTTP/1.1' }
const chunk = (kind: string, size: number, fill = '.'): Buffer => Buffer.from(kind + fill.repeat(size - 1))
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface Room {
  clock: FakeClock
  mount: Mount
  source: Source
  demuxer: PlainDemuxer
  events: string[]
  start(kind?: 'audio' | 'video', info?: StreamInfo): Source
  send(...chunks: Buffer[]): void
  run(time: number): Promise<void>
  join(options?: { icy?: boolean; reading?: boolean }): { listener: Listener; heard: () => Buffer; client: Duplex; ended: () => boolean }
}

/** A mount with a source on one side and listeners on socket pairs. */
function room(options: MountOptions = {}, kind: 'audio' | 'video' = 'audio'): Room {
  const clock = new FakeClock()
  const events: string[] = []
  const mount = new Mount(
    '/a',
    mountOptions.parse(options),
    (event, ...args) => void events.push([event, ...args.filter((arg) => typeof arg === 'string')].join(' ')),
    clock,
  )
  let id = 0
  const made: Room = {
    clock,
    mount,
    events,
    source: undefined as unknown as Source,
    demuxer: undefined as unknown as PlainDemuxer,
    start(as = kind, info = {}) {
      this.demuxer = new PlainDemuxer(as)
      this.source = new Source(mount, this.demuxer as unknown as AutoDemuxer, {
        request: { ...request, method: 'PUT' },
        address: '127.0.0.1',
        agent: '',
        user: 'source',
        contentType: undefined,
        connected: clock.now(),
        disconnect: () => events.push('disconnect'),
      })
      mount.start(this.source, info)
      return this.source
    },
    send(...chunks) {
      for (const one of chunks) this.source.push(one, clock.now())
    },
    async run(time) {
      for (let passed = 0; passed < time; passed += 50) {
        clock.pass(Math.min(50, time - passed))
        await settled()
      }
    },
    join({ icy = false, reading = true } = {}) {
      const [server, client] = duplexPair()
      const heard: Buffer[] = []
      let ended = false
      if (reading) client.on('data', (bytes: Buffer) => heard.push(bytes))
      client.on('error', () => {})
      client.on('close', () => (ended = true))
      client.on('end', () => {
        ended = true
        client.end()
      })
      const details: ListenerDetails = {
        request,
        address: '127.0.0.1',
        agent: '',
        connected: clock.now(),
        answer: () => ({ head: Buffer.from('HEAD|'), encoder: icy ? new IcyEncoder(16) : undefined }),
      }
      const listener = new Listener(++id, server, mount, details)
      mount.join(listener)
      return { listener, client, heard: () => Buffer.concat(heard), ended: () => ended }
    },
  }
  made.start()
  return made
}

t.test('who joins late gets the head, the header in force at that point, and all from a sync frame on', async (t) => {
  const host = room({ burstSize: 25 })
  host.send(chunk('H', 4, '1'), chunk('K', 10, 'a'), chunk('-', 10, 'b'), chunk('H', 4, '2'), chunk('K', 10, 'c'), chunk('-', 10, 'd'))
  const late = host.join()
  await settled()
  t.equal(String(late.heard()), 'HEAD|H222Kccccccccc-ddddddddd')
  host.send(chunk('-', 5, 'e'))
  await host.run(400)
  t.equal(String(late.heard()), 'HEAD|H222Kccccccccc-ddddddddd-eeee')
})

t.test('a burst over a change of headers begins with the old one and goes through the new one', async (t) => {
  const host = room({ burstSize: 1000 })
  host.send(chunk('H', 2, '1'), chunk('K', 3, 'a'), chunk('H', 2, '2'), chunk('K', 3, 'b'))
  const late = host.join()
  await settled()
  t.equal(String(late.heard()), 'HEAD|H1KaaH2Kbb')
})

t.test('without a sync frame one waits for the next, answered at once', async (t) => {
  const host = room()
  host.send(chunk('-', 10))
  const early = host.join()
  await settled()
  t.equal(String(early.heard()), 'HEAD|')
  host.send(chunk('-', 10), chunk('K', 3, 'a'), chunk('-', 3, 'b'))
  await host.run(400)
  t.equal(String(early.heard()), 'HEAD|Kaa-bb')
})

t.test('no answer goes out before the bytes have told what they are', async (t) => {
  const host = room()
  host.demuxer.detected = false
  const early = host.join()
  await settled()
  t.equal(String(early.heard()), '')
  host.demuxer.detected = true
  host.send(chunk('K', 3, 'a'))
  await host.run(400)
  t.equal(String(early.heard()), 'HEAD|Kaa')
})

t.test('video starts at the newest key frame that is a second old', async (t) => {
  const host = room({}, 'video')
  for (const name of 'abcd') {
    host.send(chunk('K', 3, name), chunk('-', 3, name))
    host.clock.pass(700)
  }
  const late = host.join()
  await settled()
  t.equal(String(late.heard()), 'HEAD|Kcc-ccKdd-dd')
})

t.test('a listener that stops reading is dropped and the others hear every byte', async (t) => {
  const host = room({ queueSize: 200_000, burstSize: 0 })
  const good = [host.join(), host.join(), host.join()]
  const dead = host.join({ reading: false })
  const sent: Buffer[] = []
  for (let i = 0; i < 60; i++) {
    const bytes = chunk('K', 10_000, String.fromCharCode(97 + (i % 26)))
    sent.push(bytes)
    host.send(bytes)
    await host.run(50)
  }
  await host.run(1000)
  t.ok(dead.listener.overtaken)
  t.equal(host.mount.audience, 3)
  t.equal(host.mount.slow, 1)
  for (const { heard } of good) t.ok(heard().equals(Buffer.concat([Buffer.from('HEAD|'), ...sent])))
})

t.test('a viewer who lags goes on at the next key frame, never in the middle of a frame', async (t) => {
  const size = 10_000
  const host = room({ queueSize: 400_000 }, 'video')
  const numbered = (i: number): Buffer => Buffer.from(`${i % 5 === 0 ? 'K' : '-'}${i}.`.padEnd(size, '.'))
  let next = 0
  const send = async (count: number): Promise<void> => {
    for (const end = next + count; next < end; next++) {
      host.send(numbered(next))
      await host.run(50)
    }
  }
  await send(1)
  const viewer = host.join({ reading: false })
  await send(34)
  const heard: Buffer[] = []
  viewer.client.on('data', (bytes: Buffer) => heard.push(bytes))
  await send(10)
  await host.run(200)
  t.equal(host.mount.audience, 1, 'it is still there')
  t.equal(viewer.listener.skips, 1)
  const body = Buffer.concat(heard).subarray('HEAD|'.length)
  const numbers = Array.from({ length: body.length / size }, (_, i) =>
    Number(/^[K-](\d+)/.exec(String(body.subarray(i * size, i * size + 6)))?.[1]),
  )
  const jump = numbers.findIndex((n, i) => i > 0 && n !== numbers[i - 1]! + 1)
  t.equal(numbers[jump]! % 5, 0, 'it goes on with a key frame')
  t.equal(numbers[jump - 1]! % 5, 4, 'after the last frame of a group')
  t.same(
    numbers.slice(jump),
    Array.from({ length: 45 - numbers[jump]! }, (_, i) => numbers[jump]! + i),
    'and hears all from there',
  )
  t.ok(body.equals(Buffer.concat(numbers.map(numbered))), 'whole frames only')
})

t.test('titles: ICY listeners get each once, the bytes between them are untouched', async (t) => {
  const host = room({ burstSize: 0 })
  const listener = host.join({ icy: true })
  host.mount.setMetadata(createMetadata({ artist: 'A', title: "it's; ';x" }))
  const sent: Buffer[] = []
  for (let i = 0; i < 30; i++) {
    if (i === 15) host.mount.setMetadata(createMetadata({ song: 'two' }))
    const bytes = chunk('K', 7, String(i % 10))
    sent.push(bytes)
    host.send(bytes)
    await host.run(400)
  }
  const decoder = new IcyDecoder(16)
  const out = decoder.push(listener.heard().subarray('HEAD|'.length))
  t.ok(Buffer.concat(out.filter((part) => Buffer.isBuffer(part))).equals(Buffer.concat(sent)))
  const titles = out.filter((part): part is Metadata => !Buffer.isBuffer(part)).map(({ display }) => display)
  t.same(titles, ["A - it's; ’;x", 'two'])
})

t.test('titles in the stream itself become the title of the mount', async (t) => {
  const host = room()
  host.demuxer.comments = { artist: 'Band', title: 'Song' }
  host.send(chunk('K', 3))
  t.equal(host.mount.metadata.display, 'Band - Song')
  host.start()
  t.equal(host.mount.metadata.display, '', 'and go with their source')
})

t.test('at the end of the source everyone gets what is left, and an end', async (t) => {
  const host = room()
  const listener = host.join()
  host.send(chunk('K', 3, 'a'))
  host.send(chunk('-', 3, 'b'))
  host.source.end('it closed the connection')
  await host.run(100)
  t.equal(String(listener.heard()), 'HEAD|Kaa-bb')
  t.ok(listener.ended())
  t.equal(host.mount.source, undefined)
  t.equal(host.clock.pending, 0, 'nothing is left behind')
  t.same(host.events, ['source', 'listener', 'format', 'end it closed the connection', 'departure'])
})

t.test('a takeover keeps the listeners, and nobody starts with what came before', async (t) => {
  const host = room()
  const listener = host.join()
  host.send(chunk('K', 3, 'a'))
  const former = host.source
  host.start()
  t.notOk(former.live)
  t.ok(host.events.includes('disconnect'))
  const late = host.join()
  host.send(chunk('K', 3, 'b'))
  await host.run(400)
  t.equal(String(listener.heard()), 'HEAD|KaaKbb')
  t.equal(String(late.heard()), 'HEAD|Kbb')
  former.push(chunk('K', 3, 'x'), 0)
  t.equal(host.mount.audience, 2)
})

t.test('listeners who are handed over go on at the next key frame of the other mount, with its header', async (t) => {
  const here = room()
  const there = room()
  const one = here.join()
  here.send(chunk('H', 3, '1'), chunk('K', 3, 'a'), chunk('-', 3, 'a'))
  there.send(chunk('H', 3, '2'), chunk('K', 3, 'b'))
  await here.run(400)
  const gone = here.join()
  gone.listener.close()
  t.equal(here.mount.handOver(there.mount, '/b'), 1, 'who has gone is not counted')
  t.strictSame([here.mount.audience, there.mount.audience, one.listener.bytesSent], [0, 1, 0])
  there.send(chunk('-', 3, 'b'))
  here.send(chunk('K', 3, 'c'))
  await there.run(400)
  t.equal(String(one.heard()), 'HEAD|H11Kaa-aa', 'nothing before that')
  there.send(chunk('K', 3, 'd'), chunk('-', 3, 'd'))
  await there.run(400)
  t.equal(String(one.heard()), 'HEAD|H11Kaa-aaH22Kdd-dd')
  t.strictSame([here.mount.bytesSent, there.mount.bytesSent], [28, 9])
  here.source.end('it closed the connection')
  t.notOk(one.ended(), 'the former mount has nothing to do with them any more')
  one.listener.close()
  await settled()
  t.equal(there.mount.audience, 0)
})

t.test('a takeover drops no viewer who lags within the queue of video', async (t) => {
  const host = room({}, 'video')
  host.send(chunk('K', 10))
  const late = host.join({ reading: false })
  for (let i = 0; i < 20; i++) host.send(chunk(i % 10 === 0 ? 'K' : '-', 100_000))
  Object.assign(host.demuxer, { end: () => [{ bytes: chunk('-', 10), sync: false, header: NO_HEADER }] })
  const { start } = host.mount.queue
  const unknown = Object.assign(new PlainDemuxer('audio'), { detected: false })
  host.mount.start(new Source(host.mount, unknown as unknown as AutoDemuxer, host.source.details), {})
  t.equal(host.mount.queue.start, start, 'the queue is not cut before it is known what the new source sends')
  await host.run(400)
  t.equal(late.listener.overtaken, false)
})

t.test('what settings say of a stream goes before what its source says, and only as long as they say it', async (t) => {
  const host = room({ name: 'Set' })
  host.start('audio', { name: 'Said', genre: 'Said' })
  t.same(host.mount.info, { name: 'Set', genre: 'Said' })
  host.mount.settings = mountOptions.parse({ genre: 'Set' })
  t.same(host.mount.info, { name: 'Said', genre: 'Set' })
  host.source.end('it closed the connection')
  t.same(host.mount.info, { genre: 'Set' }, 'off the air only settings speak')
})

t.test('a source that sends nothing for sourceTimeout is ended and its mount is free', async (t) => {
  const host = room({ sourceTimeout: 5000 })
  host.send(chunk('K', 3))
  host.clock.pass(4999)
  host.mount.sweep(host.clock.now())
  t.ok(host.source.live)
  host.clock.pass(1)
  host.mount.sweep(host.clock.now())
  t.notOk(host.source.live)
  t.ok(host.events.includes('disconnect'))
  t.equal(host.mount.source, undefined)
})

t.test('damage is told once an interval, with a count', async (t) => {
  const host = room({ sourceTimeout: 1_000_000 })
  for (let second = 0; second < 45; second++) {
    host.send(chunk('K', 3))
    host.demuxer.skipped += 100
    host.clock.pass(1000)
    host.mount.sweep(host.clock.now())
  }
  const warnings = host.events.filter((event) => event.startsWith('warning'))
  t.ok(warnings.length >= 4 && warnings.length <= 6, `${warnings.length} warnings in 45 s`)
})

t.test('listeners come and go in any order without a trace', async (t) => {
  const host = room()
  const all = Array.from({ length: 20 }, () => host.join())
  host.send(chunk('K', 3, 'a'))
  for (const i of [0, 19, 5, 18, 7, 1]) all[i]!.listener.close()
  await settled()
  t.equal(host.mount.audience, 14)
  host.send(chunk('K', 3, 'b'))
  await host.run(400)
  for (const [i, { heard }] of all.entries())
    if (![0, 19, 5, 18, 7, 1].includes(i) && String(heard()) !== 'HEAD|KaaKbb') t.fail(`listener ${i} heard ${String(heard())}`)
  t.equal(host.mount.peak, 20)
  t.equal(new Set(host.mount.listeners.map(({ index }) => index)).size, 14)
})

t.test('what comes is told once it is known in full, or after a while as far as it is', async (t) => {
  const host = room()
  host.demuxer.tracks = [{ kind: 'audio', codec: 'AAC' }]
  host.send(chunk('K', 3))
  t.notOk(host.events.includes('format'))
  host.demuxer.tracks = [{ kind: 'audio', codec: 'AAC', sampleRate: 48_000 }]
  host.send(chunk('K', 3), chunk('K', 3))
  t.equal(host.events.filter((event) => event === 'format').length, 1)
  host.demuxer.tracks = [{ kind: 'video', codec: 'Unheard-of' }]
  host.send(chunk('K', 3))
  host.mount.sweep(host.clock.now())
  host.mount.sweep(host.clock.now())
  t.equal(host.events.filter((event) => event === 'format').length, 2)
})
