import { get as httpGet } from 'node:http'
import t, { type Test } from 'tap'
import type { MountStatus, StatusReport } from '../../lib/api/status.js'
import { formatNamed, media, send } from '../helpers/ffmpeg.js'
import { PlainListener } from '../helpers/listener.js'
import { needs } from '../helpers/programs.js'
import { ADMIN_PASSWORD, startFloecast, type TestServer } from '../helpers/server.js'
import { sleep, until } from '../helpers/wait.js'

t.setTimeout(90_000)

const FORMAT = formatNamed('MPEG-TS H.264 and AAC')
const CROWD = { progressive: 10, instant: 5, hls: 5, 'll-hls': 3, dash: 2 }
const NOBODY = { progressive: 0, instant: 0, hls: 0, 'll-hls': 0, dash: 0 }
const COUNTED = { connection: 15, id: 10, address: 0 }

const isSame = (a: object, b: object): boolean =>
  Object.entries(a).every(([key, value]) => Object.entries(b).some(([k, v]) => k === key && v === value))

/** What the server sends to everyone who follows it. */
class Follower {
  last: StatusReport | undefined
  /** When each title was first told of. */
  readonly titles = new Map<string, number>()
  events = 0
  #rest = ''

  constructor(t: Test, url: string) {
    const request = httpGet(url, { agent: false }, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => this.#take(text))
      response.on('error', () => {})
    })
    request.on('error', () => {})
    t.teardown(() => request.destroy())
  }

  get mount(): MountStatus | undefined {
    return this.last?.mounts.find(({ mount }) => mount === '/live')
  }

  #take(text: string): void {
    const events = (this.#rest + text).split('\n\n')
    this.#rest = events.pop() ?? ''
    for (const event of events) {
      const data = /^data: ?(.*)$/m.exec(event)?.[1]
      if (data === undefined || !/^event: ?status$/m.test(event)) continue
      this.events++
      this.last = JSON.parse(data)
      const title = this.mount?.title?.display
      if (title !== undefined && !this.titles.has(title)) this.titles.set(title, Date.now())
    }
  }
}

/** As a low-latency player asks: for the part after the last that it knows. */
const next = (text: string): string => {
  const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1])
  const lines = text.split('\n')
  const last = lines.findLastIndex((line) => line.startsWith('#EXTINF'))
  const parts = lines.slice(last + 1).filter((line) => line.startsWith('#EXT-X-PART:')).length
  return `_HLS_msn=${first + lines.filter((line) => line.startsWith('#EXTINF')).length}&_HLS_part=${parts}`
}

const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n))

/** A crowd that goes when it is told to. */
function gather(server: TestServer): { leave: () => Promise<void>; faults: Set<string> } {
  const end = new AbortController()
  const faults = new Set<string>()
  const playlist = '/live.media/main.m3u8'
  const ask = async (path: string, headers: Record<string, string>): Promise<string> => {
    const response = await fetch(server.url(path), { headers: { 'User-Agent': 'crowd/1', ...headers }, signal: end.signal })
    const text = await response.text()
    if (response.status !== 200) faults.add(`${path}: ${response.status} ${text.slice(0, 80)}`)
    return text
  }
  const again = async (look: () => Promise<unknown>, every: number): Promise<void> => {
    try {
      while (!end.signal.aborted) {
        await look()
        await sleep(every, undefined, { signal: end.signal })
      }
    } catch (error) {
      if (!end.signal.aborted) faults.add(String(error))
    }
  }
  const streams = [
    ...many(CROWD.progressive, () => new PlainListener(server.port, '/live')),
    ...many(CROWD.instant, () => new PlainListener(server.port, '/live.mp4')),
  ]
  const polls = [
    ...many(CROWD.hls, (n) => again(() => ask(playlist, { 'X-Playback-Session-Id': `hls-${n}` }), 1000)),
    ...many(CROWD['ll-hls'], (n) => {
      const cmcd = `CMCD=${encodeURIComponent(`sid="low-${n}"`)}`
      let where = ''
      return again(async () => (where = `&${next(await ask(`${playlist}?${cmcd}${where}`, {}))}`), 10)
    }),
    ...many(CROWD.dash, (n) => again(() => ask(`/live.mpd?CMCD=${encodeURIComponent(`sid="dash-${n}"`)}`, {}), 1000)),
  ]
  return {
    faults,
    async leave() {
      end.abort()
      for (const { socket } of streams) socket.destroy()
      await Promise.all(polls)
    },
  }
}

t.test('everyone who watches is counted, by what they watch, on all ways to know of it', async (t) => {
  if (!needs(t, 'ffmpeg')) return
  const server = await startFloecast(t)
  send(t, FORMAT, await media(FORMAT), `icecast://${server.login}@127.0.0.1:${server.port}/live`)
  const status = async (): Promise<MountStatus | undefined> => {
    const { mounts }: StatusReport = JSON.parse(await (await fetch(server.url('/api/v1/status'))).text())
    return mounts.find(({ mount }) => mount === '/live')
  }
  await until('the forms', async () => {
    const { forms } = (await status()) ?? {}
    return forms?.hls?.lowLatency === true && forms.dash !== null && forms.instant.some(({ form }) => form === 'mp4')
  })
  const follower = new Follower(t, server.url('/api/v1/events'))
  await until('nobody to watch', () => follower.mount?.listeners === 0)

  const { leave, faults } = gather(server)
  t.teardown(leave)
  const began = Date.now()
  await until('all to be counted', async () => {
    const mount = await status()
    return mount?.listeners === 25 && isSame(CROWD, mount.protocols)
  })
  t.comment(`status knows of them after ${Date.now() - began} ms`)
  t.match(await status(), { listeners: 25, protocols: CROWD, methods: COUNTED })
  await until('whoever follows to be told', () => follower.mount?.listeners === 25 && isSame(CROWD, follower.mount.protocols))
  t.comment(`whoever follows knows of them after ${Date.now() - began} ms`)
  t.match(follower.mount, { listeners: 25, protocols: CROWD, methods: COUNTED })
  t.equal(follower.last?.server.listeners, 25)

  const title = 'Gulls – Over the Harbour'
  const asked = Date.now()
  const answer = await fetch(server.url(`/admin/metadata?mode=updinfo&mount=/live&song=${encodeURIComponent(title)}`), {
    headers: { Authorization: `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}` },
  })
  t.match(await answer.text(), 'successful')
  const at = await until('the title to be told', () => follower.titles.get(title))
  t.comment(`a title is told after ${at - asked} ms`)

  t.match(await status(), { listeners: 25, protocols: CROWD, listenerPeak: 25 }, 'they stay counted')
  await leave()
  t.strictSame([...faults], [])
  await until('all to be gone', async () => (await status())?.listeners === 0 && follower.mount?.listeners === 0, { timeout: 30_000 })
  t.match([await status(), follower.mount], [{ protocols: NOBODY }, { protocols: NOBODY }])
  t.equal((await status())?.listenerPeak, 25)
})
