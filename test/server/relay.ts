import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loopFile } from '../../lib/client/loop-file.js'
import { ListenerClient, SourceClient, type StreamResponse } from '../../lib/client/index.js'
import type { Logger } from '../../lib/log.js'
import { silent } from '../../lib/log.js'
import type { MountOptions, ServerOptions } from '../../lib/options/index.js'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'
import { FakeClock } from '../helpers/clock.js'
import { until } from '../helpers/wait.js'

// MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame.
const frame = (fill: number): Buffer => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413, fill)])
const MP3 = Buffer.concat(Array.from({ length: 20 }, () => frame(0)))

interface Station {
  readonly server: Server
  readonly clock: FakeClock
  readonly warnings: string[]
  readonly url: (mount: string) => string
  readonly publish: (mount: string) => Promise<SourceClient>
}

/** A server whose time passes as fast as it is waited for. */
async function station(
  t: { teardown(call: () => unknown): void },
  mounts: Readonly<Record<string, MountOptions>> = {},
  allowPrivate = true,
  master?: NonNullable<ServerOptions['relays']>['master'],
): Promise<Station> {
  const clock = new FakeClock(Date.now())
  const warnings: string[] = []
  const hear = (_: unknown, sentence?: string): void => void warnings.push(sentence ?? '')
  const logger: Logger = { ...silent, warn: hear, error: hear }
  const server = createServer({
    auth: basic({ source: 'hackme', admin: 'letmein' }),
    logger,
    clock,
    mounts,
    relays: { allowPrivate, master },
  })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1', shoutcastPort: false })
  t.teardown(() => server.close())
  const publish = async (mount: string): Promise<SourceClient> => {
    const source = new SourceClient(`http://source:hackme@127.0.0.1:${port}${mount}`, { contentType: 'audio/mpeg', name: 'Origin' })
    source.on('error', () => {})
    source.write(MP3)
    await until('the source to be on the air', () => server.mounts.get(mount)?.ready)
    return source
  }
  return { server, clock, warnings, url: (mount) => `http://127.0.0.1:${port}${mount}`, publish }
}

/** Somebody who listens. */
function listen(t: { teardown(call: () => unknown): void }, address: string) {
  const client = new ListenerClient(address)
  const chunks: Buffer[] = []
  const titles: string[] = []
  let problem: string | undefined
  client.on('data', (chunk: Buffer) => chunks.push(chunk))
  client.on('metadata', ({ display }: { display: string }) => titles.push(display))
  client.on('error', ({ message }) => (problem = message))
  t.teardown(() => client.destroy())
  return { client, heard: () => Buffer.concat(chunks), titles, problem: () => problem }
}

const passing =
  (clock: FakeClock, step: number, ask: () => unknown): (() => boolean) =>
  () => {
    clock.pass(step)
    return Boolean(ask())
  }

t.test('a relay gives on what the other server sends, titles among it, and comes back when that does', async (t) => {
  const origin = await station(t)
  const source = await origin.publish('/live')
  const edge = await station(t, { '/copy': { relay: [origin.url('/nowhere'), origin.url('/live')] } })
  await until(
    'the relay to be on the air',
    passing(edge.clock, 500, () => edge.server.mounts.get('/copy')?.ready),
  )
  t.match(edge.warnings, [/relay: Cannot listen to \/nowhere on .*: nothing is on the air at that address/], 'the first address failed')
  t.match(edge.server.mounts.get('/copy'), {
    info: { name: 'Origin' },
    source: { details: { user: 'relay', request: { method: 'relay' } } },
  })
  const one = listen(t, edge.url('/copy'))
  await until('the burst', () => one.heard().length >= MP3.length - 417)
  await source.setMetadata({ title: 'First light' })
  const more = setInterval(() => {
    source.write(frame(1))
    edge.clock.pass(50)
    origin.clock.pass(50)
  }, 5)
  t.teardown(() => clearInterval(more))
  await until('the title', () => one.titles.includes('First light'))
  t.equal(edge.server.mounts.get('/copy')?.metadata.display, 'First light')
  source.destroy()
  clearInterval(more)
  await until('the end', () => edge.server.mounts.get('/copy')?.source === undefined)
  await origin.publish('/live')
  await until(
    'it to be back',
    passing(edge.clock, 1_000, () => edge.server.mounts.get('/copy')?.ready),
  )
})

t.test('a relay on demand begins with the first listener, who waits, and ends some seconds after the last', async (t) => {
  const origin = await station(t)
  await origin.publish('/live')
  const edge = await station(t, { '/copy': { relay: origin.url('/live'), onDemand: true } })
  t.equal(origin.server.mounts.listeners, 0)
  const one = listen(t, edge.url('/copy'))
  const page = fetch(edge.url('/copy.m3u8'))
  await until(
    'the first bytes',
    passing(edge.clock, 50, () => one.heard().length > 0),
  )
  t.equal(origin.server.mounts.listeners, 1)
  t.equal((await page).status, 200, 'its playlist, too')
  one.client.destroy()
  await until('them to be gone', () => edge.server.mounts.listeners === 0)
  edge.clock.pass(5_000)
  t.ok(edge.server.mounts.get('/copy')?.source)
  await until(
    'the relay to rest',
    passing(edge.clock, 1_000, () => edge.server.mounts.get('/copy')?.source === undefined),
  )
  await until('the origin to know', () => origin.server.mounts.listeners === 0)
})

t.test('relays do not go round in a circle', async (t) => {
  const self = await station(t, { '/a': {} })
  await self.publish('/live')
  await self.server.edits.change([{ path: ['mounts', '/a', 'relay'], value: self.url('/live') }])
  await until('it to be found out', () => self.warnings.some((text) => /it has come from the server that asks for it/.test(text)))
  const origin = await station(t)
  await origin.publish('/live')
  const edge = await station(t, { '/copy': { relay: origin.url('/live') } })
  await until('the copy', () => edge.server.mounts.get('/copy')?.ready)
  await origin.server.edits.change([{ path: ['mounts', '/back', 'relay'], value: edge.url('/copy') }])
  await until('that, too', () => origin.warnings.some((text) => /must not go round in a circle|has come from the server/.test(text)))
  t.equal(origin.server.mounts.get('/back')?.source, undefined)
})

t.test('addresses of the own network are asked only where that is allowed, and passwords are given there and nowhere else', async (t) => {
  const origin = await station(t)
  await origin.publish('/live')
  const edge = await station(t, { '/copy': { relay: origin.url('/live') } }, false)
  await until('the refusal', () =>
    edge.warnings.some((text) => /127\.0\.0\.1 is an address that may not be connected to from here/.test(text)),
  )
  t.equal(edge.server.mounts.get('/copy')?.source, undefined)
  t.throws(() => createServer({ auth: basic({ source: 'a', admin: 'b' }), mounts: { '/a': { relay: 'http://me:secret@host/live' } } }))
})

t.test('a stream to another server says which way it has come', async (t) => {
  const origin = await station(t)
  await origin.publish('/live')
  const asking = new ListenerClient(origin.url('/live'), { headers: { Via: '1.1 somebody' } })
  t.teardown(() => asking.destroy())
  const [{ headers }] = (await once(asking, 'response')) as [StreamResponse]
  t.match(headers.get('via'), /^1\.1 floecast-/)
})

for (const password of ['letmein', 'wrong', undefined])
  t.test(`a slave has all mounts of its master, as they come and go (password: ${password ?? 'none'})`, async (t) => {
    const origin = await station(t)
    const one = await origin.publish('/one')
    await origin.publish('/t wo')
    await origin.publish('/taken')
    const master = { url: origin.url('/'), user: 'admin', password: password!, interval: 5 }
    const edge = await station(
      t,
      { '/mine': { relay: origin.url('/one') } },
      true,
      password === undefined ? { url: master.url, interval: 5 } : master,
    )
    await edge.publish('/taken').catch(() => {})
    const isLive = (name: string): boolean => edge.server.mounts.get(name)?.ready === true
    await until(
      'all of them',
      passing(edge.clock, 500, () => isLive('/one') && isLive('/t wo') && isLive('/mine')),
    )
    await origin.publish('/three')
    await until(
      'the new one',
      passing(edge.clock, 500, () => isLive('/three')),
    )
    one.destroy()
    await until(
      'what has gone to be gone',
      passing(edge.clock, 500, () => !isLive('/one')),
    )
    t.ok(isLive('/t wo'))
    t.ok(isLive('/taken'))
  })

t.test('a master that fails keeps its mounts, and on demand they come with the first listener', async (t) => {
  const origin = await station(t)
  const source = await origin.publish('/live')
  const edge = await station(t, {}, true, { url: origin.url(''), interval: 1, onDemand: true })
  await until('the list', () => edge.server.relays.asleep('/live'))
  const one = listen(t, edge.url('/live'))
  await until(
    'the first bytes',
    passing(edge.clock, 50, () => one.heard().length > 0),
  )
  source.destroy()
  await origin.server.close()
  await until(
    'a warning',
    passing(edge.clock, 500, () => edge.warnings.some((text) => text.startsWith('master: '))),
  )
  t.equal(edge.server.relays.asleep('/live'), '/live')
  await edge.server.edits.change([{ path: ['relays', 'master'], value: undefined }])
  t.equal(edge.server.relays.asleep('/live'), undefined, 'without a master there is none')
})

t.test('a mount plays a file over and over at its own pace, and stands in for another', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'floecast-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'silence.mp3')
  // 100 frames are 2.6 s.
  const sound = Buffer.concat(Array.from({ length: 100 }, (_, i) => frame(i)))
  writeFileSync(file, sound)
  writeFileSync(join(folder, 'notes.txt'), 'no media at all')
  const { server, clock, warnings, url, publish } = await station(t, {
    '/live': { fallback: '/silence', sourceTimeout: 3_600_000 },
    '/silence': { file },
    '/nowhere': { file: join(folder, 'nowhere.mp3') },
    '/text': { file: join(folder, 'notes.txt') },
  })
  await until('the file', () => server.mounts.get('/silence')?.ready && warnings.length === 2)
  t.match(warnings.toSorted(), [
    /^Cannot play .*notes\.txt on \/text: its format \(raw\) cannot be looped/,
    /^Cannot play .*nowhere\.mp3 on \/nowhere: ENOENT/,
  ])
  const { source } = server.mounts.get('/silence')!
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds * 10; i++) {
      clock.pass(100)
      await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const before = source!.bytesReceived
  await pass(20)
  const rate = (source!.bytesReceived - before) / 20
  t.ok(rate > 15_000 && rate < 17_000, `128 kbit/s are 16000 bytes a second, not ${rate}`)
  const live = await publish('/live')
  const one = listen(t, url('/live'))
  await until('the burst', () => one.heard().length > 0)
  live.destroy()
  await until('the fallback', () => server.mounts.get('/silence')?.audience === 1)
  await pass(8)
  await until('the file twice', () => one.heard().includes(Buffer.concat([sound.subarray(-2_000), sound])))
  t.equal(one.problem(), undefined)
})

for (const name of ['adts-lc.aac', 'aac-only.mpegts', 'ogg-opus.opus', 'h264-aac-frames.mp4'])
  t.test(`${name} is looped at its own pace, or refused with a reason`, async (t) => {
    const bytes = readFileSync(join(import.meta.dirname, '../fixtures', name))
    const clock = new FakeClock()
    const ending = new AbortController()
    const stream = loopFile(bytes, { clock, signal: ending.signal })
    let size = 0
    const done = (async () => {
      for await (const chunk of stream) size += chunk.length
    })()
    for (let i = 0; i < 400; i++) {
      clock.pass(100)
      await new Promise((resolve) => setImmediate(resolve))
    }
    ending.abort()
    await done
    t.ok(size > bytes.length * 2, `${size} bytes in 40 s of a file of ${bytes.length}`)
  })
