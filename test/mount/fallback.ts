import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import t from 'tap'
import { Mp3Demuxer } from '../../lib/formats/mp3.js'
import { type Listener } from '../../lib/mount/listener.js'
import { Mounts } from '../../lib/mount/mounts.js'
import type { Source } from '../../lib/mount/source.js'
import { type MountOptions, serverOptions } from '../../lib/options/index.js'
import { FakeClock } from '../helpers/clock.js'
import { until } from '../helpers/wait.js'

const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../fixtures', name))
// A burst holds all of this, so that listeners hear it from its first frame on.
const demuxer = new Mp3Demuxer()
const frames = [...demuxer.push(fixture('mp3-stereo.mp3')), ...demuxer.end()]
const MP3 = Buffer.concat(frames.map(({ bytes }) => bytes))
// Nobody starts with these: their sound needs that of frames before.
const LEAD = frames
  .slice(
    0,
    frames.findIndex(({ sync }) => sync),
  )
  .reduce((sum, { bytes }) => sum + bytes.length, 0)
const AAC = fixture('adts-lc.aac')
const request = { method: 'PUT', target: '/', version: 'HTTP/1.1' }
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface House {
  readonly mounts: Mounts
  readonly failures: string[]
  readonly publish: (name: string, bytes?: Buffer) => Source
  readonly send: (source: Source, bytes: Buffer) => void
  readonly listen: (path: string) => { listener: Listener; home: string; heard: () => number; text: () => Buffer; ended: () => boolean }
  readonly run: (time: number) => Promise<void>
}

function house(options: Readonly<Record<string, MountOptions>>): House {
  const clock = new FakeClock()
  const failures: string[] = []
  const mounts = new Mounts(
    serverOptions.parse({ mounts: options }),
    (event, ...args) => {
      const [sentence] = args
      if (event === 'failure' && typeof sentence === 'string') failures.push(sentence)
    },
    clock,
  )
  return {
    mounts,
    failures,
    publish(name, bytes = MP3) {
      const source = mounts.publish(
        name,
        {},
        { request, address: '127.0.0.1', agent: '', user: 'source', contentType: undefined, connected: clock.now(), disconnect: () => {} },
      )
      source.push(bytes, clock.now())
      return source
    },
    send: (source, bytes) => source.push(bytes, clock.now()),
    listen(path) {
      const { mount, home } = mounts.find(path)!
      const [server, client] = duplexPair()
      const heard: Buffer[] = []
      let ended = false
      client.on('data', (bytes: Buffer) => heard.push(bytes))
      client.on('end', () => {
        ended = true
        client.end()
      })
      const listener = mounts.listen(mount.name, server, {
        request,
        address: '127.0.0.1',
        agent: '',
        connected: clock.now(),
        home,
        answer: () => ({ head: Buffer.alloc(0), encoder: undefined, intro: mount.intro }),
      })
      const text = (): Buffer => Buffer.concat(heard)
      return { listener, home, heard: () => text().length, text, ended: () => ended }
    },
    async run(time) {
      for (let passed = 0; passed < time; passed += 100) {
        clock.pass(100)
        await settled()
      }
    },
  }
}

t.test('when a source ends, its listeners get the rest and go on with the fallback, and come back with it', async (t) => {
  const { mounts, publish, send, listen, run } = house({ '/live': { fallback: '/spare' }, '/spare': {} })
  const spare = publish('/spare')
  const live = publish('/live')
  const own = listen('/spare')
  const crowd = Array.from({ length: 50 }, () => listen('/live'))
  await run(500)
  const before = crowd[0]!.heard()
  send(live, MP3)
  live.end('it closed the connection')
  t.equal(mounts.get('/spare')!.audience, 51)
  t.equal(mounts.listeners, 51, 'nobody is counted twice')
  await run(500)
  t.equal(crowd[0]!.heard(), before + MP3.length, 'what was left, and nothing of the fallback again')
  send(spare, MP3)
  await run(500)
  for (const one of crowd) t.equal(one.heard(), before + 2 * MP3.length - LEAD)
  const late = listen('/live')
  t.equal(late.home, '/live')
  t.equal(mounts.get('/spare')!.audience, 52, 'who comes now gets the fallback, too')

  const again = publish('/live')
  t.equal(mounts.get('/live')!.audience, 51, 'but those who wanted the fallback itself')
  t.equal(mounts.get('/spare')!.listeners[0]!.id, own.listener.id)
  send(again, MP3)
  await run(500)
  for (const one of [...crowd, late]) t.notOk(one.ended())
  t.equal(crowd[0]!.heard(), before + 3 * MP3.length - 2 * LEAD)
})

t.test('without fallbackOverride they stay with the fallback until it ends, and then go home', async (t) => {
  const { mounts, publish, listen, run } = house({ '/live': { fallback: '/spare', fallbackOverride: false } })
  const spare = publish('/spare')
  publish('/live').end('gone')
  const one = listen('/live')
  publish('/live')
  t.equal(mounts.get('/spare')!.audience, 1)
  spare.end('gone')
  t.equal(mounts.get('/live')!.audience, 1)
  await run(500)
  t.notOk(one.ended())
})

t.test('fallbacks of fallbacks are followed, in a circle once, and to another format by nobody', async (t) => {
  const { mounts, publish, listen, run } = house({
    '/a': { fallback: '/b' },
    '/b': { fallback: '/c' },
    '/c': { fallback: '/a' },
    '/aac': { fallback: '/a' },
  })
  t.equal(mounts.find('/a'), undefined, 'nothing is on the air in the whole circle')
  publish('/c')
  t.strictSame([mounts.find('/a')?.mount.name, mounts.find('/a')?.home], ['/c', '/a'])
  t.equal(mounts.find('/a.mp3')?.mount.name, '/c', 'in another form, too')
  t.equal(mounts.find('/nowhere'), undefined)
  const aac = publish('/aac', AAC)
  const one = listen('/aac')
  await run(500)
  aac.end('gone')
  await run(500)
  t.ok(one.ended(), 'no player changes from AAC to MP3 within a stream')
})

t.test('a full mount gives its fallback where the settings say so', (t) => {
  const { mounts, publish, listen } = house({
    '/live': { fallback: '/spare', fallbackWhenFull: true, maxListeners: 1 },
    '/strict': { fallback: '/spare', maxListeners: 1 },
    '/spare': { maxListeners: 1 },
  })
  for (const name of ['/live', '/strict', '/spare']) publish(name)
  listen('/live')
  listen('/strict')
  t.equal(mounts.find('/live')?.mount.name, '/spare')
  t.equal(mounts.find('/strict')?.mount.name, '/strict')
  listen('/live')
  t.throws(() => listen('/live'), { code: 'TOO_MANY_LISTENERS' })
  t.end()
})

t.test('a listener hears the intro first, in its own format only, and then what is live', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'floecast-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'intro.mp3')
  const intro = MP3
  writeFileSync(file, intro)
  writeFileSync(join(folder, 'intro.txt'), 'no media at all')
  const { mounts, publish, listen, run, failures } = house({
    '/live': { intro: file },
    '/aac': { intro: file },
    '/missing': { intro: join(folder, 'nowhere.mp3') },
    '/text': { intro: join(folder, 'intro.txt') },
  })
  publish('/live')
  publish('/aac', AAC)
  await until('both intros have been read', () => mounts.get('/live')!.intro !== undefined && failures.length === 2)
  t.match(failures.toSorted(), [/intro\.txt to listeners first: its format \(raw\)/, /nowhere\.mp3 to listeners first: ENOENT/])
  const one = listen('/live')
  await run(500)
  t.ok(one.text().subarray(0, intro.length).equals(intro))
  t.ok(MP3.includes(one.text().subarray(intro.length)), 'an unbroken run of what is live')
  t.equal(mounts.get('/aac')!.intro, undefined)
})

t.test('after maxListenerDuration a connection ends in order', async (t) => {
  const { publish, listen, run } = house({ '/live': { maxListenerDuration: '3s', sourceTimeout: 60_000 } })
  publish('/live')
  const one = listen('/live')
  await run(2_500)
  t.notOk(one.ended())
  await run(2_000)
  t.ok(one.ended())
})
