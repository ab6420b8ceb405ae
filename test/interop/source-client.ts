import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { checkSource, ListenerClient, SourceClient } from '../../lib/client/index.js'
import { AutoDemuxer } from '../../lib/formats/index.js'
import type { Metadata } from '../../lib/icy/index.js'
import { needs } from '../helpers/programs.js'
import { freePort, until } from '../helpers/wait.js'
import { SOURCE_PASSWORD, startFloecast, startIcecast } from '../helpers/server.js'

t.setTimeout(120_000)

const frames = new AutoDemuxer().push(readFileSync(new URL('../fixtures/mp3-stereo.mp3', import.meta.url))).filter(({ sync }) => sync)
// Sends the frames again and again, at 50 a second.
const play = (source: SourceClient): (() => void) => {
  let at = 0
  const timer = setInterval(() => source.writable && source.write(frames[at++ % frames.length]!.bytes), 20)
  return () => clearInterval(timer)
}

for (const kind of ['floecast', 'icecast2'] as const)
  for (const protocol of ['put', 'source', 'shoutcast'] as const)
    t.test(`a source by ${protocol} is checked, heard, and comes back by itself when ${kind} does`, async (t) => {
      if (kind === 'icecast2' && !needs(t, 'icecast2')) return
      const port = await freePort()
      const start = kind === 'icecast2' ? startIcecast : startFloecast
      const shoutcast = protocol === 'shoutcast'
      const setup = { port, burstSize: 0, ...(kind === 'floecast' && shoutcast && { config: `shoutcastPort: ${port + 1}\n` }) }
      const first = await start(t, setup)
      const path = shoutcast ? '/stream' : '/live'
      const addressOf = (password: string): string =>
        shoutcast ? `http://:${password}@127.0.0.1:${port + 1}` : `http://source:${password}@127.0.0.1:${port}${path}`
      const address = addressOf(SOURCE_PASSWORD)
      t.match(await checkSource(address, { protocol }), { password: 'right', mount: shoutcast ? 'unknown' : 'free' })
      await t.rejects(checkSource(addressOf('wrong'), { protocol }), { code: 'PASSWORD_REFUSED' })

      const source = new SourceClient(address, {
        contentType: 'audio/mpeg',
        protocol,
        name: 'Interop',
        reconnect: true,
        ...(shoutcast && { metadataPort: port }),
      })
      t.teardown(() => source.destroy())
      const attempts: string[] = []
      source.on('reconnecting', ({ error }) => attempts.push(error.message))
      await once(source, 'connect')
      const stop = play(source)
      t.teardown(stop)
      await until('the mount', () => first.mount(path))
      if (!shoutcast) await t.rejects(checkSource(address, { protocol }), { code: 'MOUNT_TAKEN' })
      await source.setMetadata({ title: 'Before' })
      const heard = async (): Promise<string> => {
        const listener = new ListenerClient(`http://127.0.0.1:${port}${path}`)
        t.teardown(() => listener.destroy())
        listener.on('error', () => {})
        let bytes = 0
        let title = ''
        listener.on('data', (chunk: Buffer) => (bytes += chunk.length))
        listener.on('metadata', ({ display }: Metadata) => (title = display))
        await until('a title and sound', () => title !== '' && bytes > 1000)
        listener.destroy()
        return title
      }
      t.equal(await heard(), 'Before')
      await first.stop()
      await until('it to be lost', () => source.connectedSince === undefined)
      const told = source.setMetadata({ title: 'After' })
      told.catch(() => {})
      await sleep(2000)
      t.ok(source.buffered < 50_000, `${source.buffered} bytes wait`)
      const second = await start(t, setup)
      await until('it to be back', () => source.connectedSince)
      await told
      await until('the mount', () => second.mount(path))
      t.equal(await heard(), 'After')
      t.equal(source.reconnects, 1)
      stop()
      source.end()
      await once(source, 'close')
      t.match(attempts[0], /any longer: the server closed the connection$/)
      t.comment(attempts.join('\n'))
    })
