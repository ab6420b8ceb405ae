import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { systemClock } from '../../lib/clock.js'
import type { AccessEntry } from '../../lib/server/access-log.js'
import { basic } from '../../lib/server/auth.js'
import type { StatusReport } from '../../lib/api/status.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { until } from '../helpers/wait.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const LOGIN = `Authorization: Basic ${btoa('source:hackme')}\r\n`

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

interface House {
  readonly server: Server
  readonly port: number
  readonly accesses: AccessEntry[]
  /** On a connection of its own, or on one that Node's HTTP has already taken. */
  readonly ask: (path: string, options?: { method?: string; headers?: Record<string, string>; late?: boolean }) => Promise<Answer>
  /** Puts a whole file on the air; the source stays. */
  readonly publish: (mount: string, file: string, type: string) => Promise<() => void>
}

async function house(t: { teardown(call: () => unknown): void }, options: Partial<CreateServerOptions> = {}): Promise<House> {
  const server = createServer({ auth: basic({ source: 'hackme' }), ...options })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const late = new Agent({ keepAlive: true, maxSockets: 1 })
  const fresh = new Agent({ keepAlive: false })
  const sources: Socket[] = []
  t.teardown(async () => {
    for (const socket of sources) socket.destroy()
    late.destroy()
    fresh.destroy()
    await server.close()
  })
  const accesses: AccessEntry[] = []
  server.on('access', (entry) => accesses.push(entry))
  const send = (path: string, agent: Agent, method: string, headers: Record<string, string>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, method, headers, agent }, (response) => {
        let text = ''
        response.setEncoding('latin1')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      })
        .on('error', reject)
        .end()
    })
  const ask: House['ask'] = async (path, { method = 'GET', headers = {}, late: isLate = false } = {}) => {
    if (isLate) await send('/healthz', late, 'GET', {})
    return send(path, isLate ? late : fresh, method, headers)
  }
  const publish: House['publish'] = async (mount, file, type) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    sources.push(socket)
    socket.write(`PUT ${mount} HTTP/1.1\r\n${LOGIN}Content-Type: ${type}\r\n\r\n`)
    socket.write(fixture(file))
    await until('it to be packaged', () => (server.mounts.get(mount)?.broadcast.forms.size ?? 0) > 0)
    return () => socket.destroy()
  }
  return { server, port, accesses, ask, publish }
}

const AGENT = { 'User-Agent': 'Player/1' }
const statusOf = async ({ ask }: House, mount: string) => {
  const report: StatusReport = JSON.parse((await ask('/api/v1/status')).text)
  return report.mounts.find(({ mount: name }) => name === mount)!
}

/** What the paths of forms end in. */
const endings = (forms: StatusReport['mounts'][number]['forms']) => [
  forms.hls?.url.split('.').at(-1),
  forms.dash?.url.split('.').at(-1),
  ...forms.instant.map(({ form }) => form),
]

t.test('the forms that the status tells are there, with the types that it tells', async (t) => {
  const home = await house(t, {
    mounts: { '/off': {}, '/plain': { hls: { enabled: false }, dash: false, instant: false }, '/tv': { group: '/all' } },
  })
  const { ask, publish, port } = home
  await publish('/tv', 'h264-aac.mpegts', 'video/mp2t')
  await publish('/mixed', 'h264-mp3.mpegts', 'video/mp2t')
  await publish('/web', 'vp8-vorbis.webm', 'video/webm')
  const [tv, mixed, web, off] = [
    await statusOf(home, '/tv'),
    await statusOf(home, '/mixed'),
    await statusOf(home, '/web'),
    await statusOf(home, '/off'),
  ]
  t.same(endings(tv.forms), ['m3u8', 'mpd', 'mp4', 'ts', 'aac'])
  t.same(endings(mixed.forms), ['m3u8', undefined, 'ts', 'mp3'], 'MP3 beside H.264 is for MPEG-TS')
  t.same(endings(web.forms), [undefined, 'mpd', 'webm', 'ogg'], 'VP8 and Vorbis are for WebM')
  t.same(off.forms, { hls: null, dash: null, instant: [] })
  t.same([tv.group, off.group], ['/all', null])
  t.match(tv.forms.hls, {
    url: `http://127.0.0.1:${port}/tv.m3u8`,
    media: [/^video\/mp4; codecs="avc1\.\w{6},mp4a\.40\.2"$/],
    lowLatency: true,
    segmentDuration: 2,
    rewind: 14,
  })
  t.match(tv.forms.dash?.media, [/^video\/mp4; codecs="avc1\.\w{6}"$/, 'audio/mp4; codecs="mp4a.40.2"'])
  t.match(mixed.forms.hls?.media, [/^video\/mp2t; codecs="avc1\.\w{6},mp4a\.40\.34"$/])
  t.match(web.forms.dash?.media, ['video/webm; codecs="vp8"', 'audio/webm; codecs="vorbis"'])
  for (const { url, type, form } of [tv, mixed, web].flatMap(({ forms }) => forms.instant)) {
    const { headers, status } = await ask(new URL(url).pathname, { method: 'HEAD' })
    t.match([status, headers['content-type']], [200, new RegExp(`^${type}`)], form)
  }
  for (const path of ['/tv.m3u8', '/all.m3u8', '/mixed.m3u8'])
    t.match(await ask(path), { status: 200, headers: { 'content-type': tv.forms.hls!.type } })

  await publish('/tv.mp4', 'h264-aac.flv', 'video/x-flv')
  t.same(endings((await statusOf(home, '/tv')).forms), ['m3u8', 'mpd', 'ts', 'aac'], 'a mount of that name stands in the way')
})

t.test('everyone is counted, by protocol and by method', async (t) => {
  let later = 0
  const home = await house(t, { clock: { ...systemClock, now: () => Date.now() + later } })
  const { server, ask, publish, port } = home
  const stop = await publish('/tv', 'h264-aac.mpegts', 'video/mp2t')
  const sockets = ['/tv', '/tv', '/tv.mp4'].map((path) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`))
    socket.on('error', () => {}).resume()
    t.teardown(() => socket.destroy())
    return socket
  })
  await until('all to listen', () => server.mounts.listeners === 3)
  await ask('/tv.m3u8', { headers: AGENT })
  await ask('/tv.media/main.m3u8', { headers: AGENT })
  const beacon = { method: 'POST', headers: { 'User-Agent': 'Player/2', 'CMCD-Session': 'sid="one"' } }
  await ask('/tv.media/beacon?protocol=dash', beacon)
  const tv = await statusOf(home, '/tv')
  t.match(tv, { protocols: { progressive: 2, instant: 1, hls: 1, 'll-hls': 0, dash: 1 }, methods: { connection: 3, id: 1, address: 1 } })
  t.equal(tv.listeners, 5)
  t.equal(tv.listenerPeak, tv.listeners)
  const { source } = JSON.parse((await ask('/status-json.xsl')).text).icestats
  t.same([source.listeners, source.listener_peak], [tv.listeners, tv.listeners], 'Icecast has one number')
  t.match((await ask('/7.html')).text, `<body>${tv.listeners},1,${tv.listeners},`, 'so has SHOUTcast')
  t.match((await ask('/tv.xspf')).text, `Current Listeners: ${tv.listeners}`)
  t.match((await ask('/')).text, `${tv.listeners} viewers`)
  const metrics = (await ask('/metrics')).text
  for (const line of [
    'floecast_listeners{mount="/tv",protocol="progressive"} 2',
    'floecast_listeners{mount="/tv",protocol="instant"} 1',
    'floecast_listeners{mount="/tv",protocol="hls"} 1',
    'floecast_counted_listeners{mount="/tv",method="connection"} 3',
    'floecast_counted_listeners{mount="/tv",method="address"} 1',
  ])
    t.match(metrics, `${line}\n`)
  const sent = Number(/floecast_sent_bytes_total\{mount="\/tv"\} (\d+)/.exec(metrics)?.[1])
  sockets[2]!.destroy()
  await until('one to go', () => server.mounts.listeners === 2)
  t.ok(
    Number(/floecast_sent_bytes_total\{mount="\/tv"\} (\d+)/.exec((await ask('/metrics')).text)?.[1]) >= sent,
    'what was sent stays sent',
  )
  t.match(await statusOf(home, '/tv'), { listenerPeak: tv.listeners }, 'and the peak a peak')
  t.ok(server.viewers.size > 0)
  const forgotten: string[] = []
  server.on('forget', ({ name }) => forgotten.push(name))
  stop()
  await until('the source to be gone', () => server.mounts.sources === 0)
  t.match(await statusOf(home, '/tv'), { live: false, forms: { hls: null, dash: null, instant: [] } }, 'a source may come back')
  later = 60_000
  await until('all to be forgotten', () => forgotten.length > 0)
  t.same([forgotten, server.viewers.count('/tv', 0).peak, server.mounts.get('/tv')], [['/tv'], 0, undefined], 'with its viewers')
})

t.test('a player behind a cache says that it is still there', async (t) => {
  const home = await house(t, { trustedProxies: ['127.0.0.1'] })
  const { server, ask, publish, accesses } = home
  await publish('/tv', 'h264-aac.mpegts', 'video/mp2t')
  const sessionOf = async (): Promise<string> =>
    /#EXT-X-SESSION-DATA:DATA-ID="io\.floecast\.session",VALUE="([\w-]{12})"\n/.exec(
      (await ask('/tv.m3u8', { headers: AGENT })).text,
    )?.[1] ?? ''
  const [one, two] = [await sessionOf(), await sessionOf()]
  t.ok(one !== '' && two !== '' && one !== two, 'each gets an id of its own')
  const playlist = (await ask('/tv.media/main.m3u8', { headers: AGENT })).text
  t.notMatch(playlist, /session/i, 'which stands in no URI')
  for (const late of [false, true]) {
    const count = accesses.length
    const beacon = await ask(`/tv.media/beacon?session=${one}&protocol=dash`, {
      method: 'POST',
      headers: { ...AGENT, 'X-Forwarded-For': '192.0.2.7' },
      late,
    })
    t.match(beacon, {
      status: 204,
      text: '',
      headers: { 'access-control-allow-origin': '*', 'cache-control': /no-store/, 'content-length': undefined },
    })
    await ask(`/tv.media/beacon?session=${two}`, { method: 'POST', headers: { ...AGENT, 'X-Forwarded-For': '192.0.2.7' }, late })
    t.match(
      accesses
        .slice(count)
        .filter(({ method }) => method === 'POST')
        .map(({ status, address }) => [status, address]),
      [
        [204, '192.0.2.7'],
        [204, '192.0.2.7'],
      ],
    )
    t.equal((await ask('/tv.media/beacon', { late })).status, 404, 'there is nothing to get')
    t.equal((await ask('/tv.media/main.m3u8', { method: 'POST', late })).status, 405)
    const preflight = await ask('/tv.media/main.m3u8', {
      method: 'OPTIONS',
      headers: { Origin: 'http://a.example', 'Access-Control-Request-Headers': 'cmcd-request' },
      late,
    })
    t.match(preflight, {
      status: 204,
      headers: {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': /GET/,
        'access-control-allow-headers': /CMCD-Request/,
      },
    })
    const time = await ask('/tv.media/time', { late })
    t.match(time, { status: 200, headers: { 'access-control-allow-origin': '*', 'cache-control': 'no-store' } })
    t.ok(Math.abs(Date.parse(time.text) - Date.now()) < 5000)
  }
  t.match(server.viewers.count('/tv', Date.now()), { methods: { id: 2 }, protocols: { dash: 1 } })
  const other = { ...AGENT, 'X-Forwarded-For': '192.0.2.8' }
  for (let i = 0; i < 5000; i++)
    server.media.beacon(
      { mount: server.mount('/tv'), members: () => [], kind: 'file', file: 'beacon' },
      { method: 'POST', path: '', query: 'session=a', remoteAddress: '192.0.2.9', header: () => undefined },
    )
  t.equal(
    (await ask(`/tv.media/beacon?session=a`, { method: 'POST', headers: { 'X-Forwarded-For': '192.0.2.9' } })).status,
    429,
    'within bounds',
  )
  t.equal((await ask(`/tv.media/beacon?session=a`, { method: 'POST', headers: other })).status, 204, 'that are those of one address')
})

t.test('the access log tells of media what was sent, to whom, and who has gone', async (t) => {
  const { ask, publish, accesses, port, server } = await house(t, {
    trustedProxies: ['127.0.0.1'],
    auth: { ...basic({ source: 'hackme' }), listener: ({ user }) => user === 'ann' },
  })
  await publish('/tv', 'h264-aac.mpegts', 'video/mp2t')
  const ann = { ...AGENT, 'X-Forwarded-For': '192.0.2.7', Authorization: `Basic ${btoa('ann:x')}` }
  for (const late of [false, true]) {
    const { text } = await ask('/tv.media/main.m3u8', { headers: ann, late })
    await until('the line', () => accesses.at(-1)?.target === '/tv.media/main.m3u8')
    t.match(accesses.at(-1), { address: '192.0.2.7', user: 'ann', status: 200, bytes: text.length, agent: 'Player/1', method: 'GET' })
    await ask('/tv.media/main.m3u8', { method: 'HEAD', headers: ann, late })
    await until('the line', () => accesses.at(-1)?.method === 'HEAD')
    t.match(accesses.at(-1), { status: 200, bytes: 0 })
    const stranger = await ask('/tv.media/main.m3u8', { headers: AGENT, late })
    t.equal(stranger.status, 401)
    await until('the line', () => accesses.at(-1)?.status === 401)
    t.match(accesses.at(-1), { user: undefined })
  }
  const { nextSequence } = server.mount('/tv').broadcast.presentation!
  const before = accesses.length
  const socket = connect(port, '127.0.0.1', () =>
    socket.write(`GET /tv.media/main.m3u8?_HLS_msn=${nextSequence} HTTP/1.1\r\nHost: a\r\nAuthorization: ${ann.Authorization}\r\n\r\n`),
  )
  setTimeout(() => socket.destroy(), 100)
  await until('the line', () => accesses.length > before)
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.match(
    accesses.slice(before).map(({ status, bytes, user }) => [status, bytes, user]),
    [[499, 0, 'ann']],
    'once, and with the status that means so',
  )
})
