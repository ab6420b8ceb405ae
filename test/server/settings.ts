import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { until } from '../helpers/wait.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const login = (words: string): string => `Authorization: Basic ${Buffer.from(words).toString('base64')}\r\n`
const auth = basic({ source: 'hackme', admin: 'letmein' })

interface Peer {
  readonly socket: Socket
  /** All that it has been told. */
  readonly heard: () => string
  readonly isOver: () => boolean
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly json: any
}

interface House {
  readonly server: Server
  readonly port: number
  readonly call: (...words: (string | Buffer)[]) => Peer
  /** A source that sends a fixture, and goes on when it is asked to. */
  readonly publish: (mount: string, file?: string, type?: string) => Promise<Peer>
  readonly get: (path: string) => Promise<Answer>
  /** An operation of the API, called by the administrator. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Answer>
}

/** A server on a port of its own. */
async function house(t: { teardown(call: () => unknown): void }, options: Partial<CreateServerOptions> = {}): Promise<House> {
  const server = createServer({ auth, ...options })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const peers: Socket[] = []
  t.teardown(async () => {
    for (const socket of peers) socket.destroy()
    await server.close()
  })
  const call: House['call'] = (...words) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    peers.push(socket)
    const chunks: Buffer[] = []
    let over = false
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => {})
    socket.on('end', () => (over = true))
    socket.on('close', () => (over = true))
    for (const word of words) socket.write(word)
    return { socket, heard: () => Buffer.concat(chunks).toString('latin1'), isOver: () => over }
  }
  const publish: House['publish'] = async (mount, file = 'h264-aac.mpegts', type = 'video/mp2t') => {
    const peer = call(`PUT ${mount} HTTP/1.1\r\n${login('source:hackme')}Content-Type: ${type}\r\n\r\n`, fixture(file))
    await until('it to be packaged', () => (server.mounts.get(mount)?.broadcast.forms.size ?? 0) > 0)
    return peer
  }
  const fetched = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined }
  }
  const ask: House['ask'] = (method, path, body) =>
    fetched(`/api/v1${path}`, {
      method,
      headers: { Authorization: `Basic ${btoa('admin:letmein')}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  return { server, port, call, publish, get: (path) => fetched(path), ask }
}

const listen = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const FORMS = ['/tv.m3u8', '/tv.media/main.m3u8', '/tv.mpd', '/tv.mp4', '/tv']

t.test('a way that is off is refused in one sentence, whether the server or the mount has it off', async (t) => {
  for (const options of [
    { mounts: { '/tv': { progressive: false, instant: false, dash: false, hls: { enabled: false } }, '/in': { icecast: false } } },
    { protocols: { progressive: false, instant: false, dash: false, hls: false }, mounts: { '/in': { icecast: false } } },
  ]) {
    const { server, call, get } = await house(t, options)
    call(`PUT /tv HTTP/1.1\r\n${login('source:hackme')}Content-Type: video/mp2t\r\n\r\n`, fixture('h264-aac.mpegts'))
    await until('it to be on the air', () => server.mounts.get('/tv')?.ready)
    for (const path of FORMS) t.match(await get(path), { status: 404, text: /^Cannot give \/tv as .*: that is switched off here/ }, path)
    const refused = call(`PUT /in HTTP/1.1\r\n${login('source:hackme')}Content-Type: video/mp2t\r\n\r\n`)
    const former = call('SOURCE hackme /in\r\n\r\n')
    await until('answers', () => refused.isOver() && former.isOver())
    for (const { heard } of [refused, former])
      t.match(heard(), /403 [^]*Cannot publish to "\/in": sources by Icecast are switched off here; ask whoever runs the server/)
  }
  const { server, call } = await house(t, { protocols: { shoutcast: false } })
  const refused = call('hackme\r\n')
  await until('an answer', () => refused.isOver())
  t.match(refused.heard(), 'sources by SHOUTcast are switched off here')
  t.notMatch(refused.heard(), 'OK2')
  const guess = call('wrong\r\n')
  await until('an answer', () => guess.isOver())
  t.equal(guess.heard(), 'invalid password\r\n', 'strangers are told nothing')
  t.equal(server.mounts.sources, 0)
})

t.test('what is switched off at run time ends in order for those who use it, and for nobody else', async (t) => {
  const { server, call, publish, get } = await house(t)
  const tv = await publish('/tv')
  const shout = call('hackme\r\n')
  await until('to be let in', () => shout.heard().includes('OK2'))
  shout.socket.write('content-type: audio/mpeg\r\n\r\n')
  shout.socket.write(fixture('mp3-stereo.mp3'))
  await until('to be on the air', () => server.mounts.get('/stream')?.ready)
  const [plain, instant, radio] = [call(listen('/tv')), call(listen('/tv.mp4')), call(listen('/stream'))]
  await until('all to listen', () => server.mounts.listeners === 3)
  t.equal((await get('/tv.m3u8')).status, 200)

  const reload = (options: Partial<CreateServerOptions>): void => server.reload({ auth, ...options })
  reload({ mounts: { '/tv': { instant: false } } })
  await until('the instant stream to end', () => instant.isOver())
  t.same([plain.isOver(), radio.isOver(), tv.isOver()], [false, false, false])
  t.equal((await get('/tv.mp4')).status, 404)

  reload({ protocols: { dash: false } })
  t.match(await get('/tv.mpd'), { status: 404, text: 'Cannot give /tv as DASH: that is switched off here' })
  t.equal((await get('/tv.m3u8')).status, 200, 'HLS stays')
  reload({ protocols: { dash: false, hls: false } })
  const { run, nextPart } = server.mount('/tv').broadcast.presentation!
  for (const path of ['/tv.m3u8', '/tv.media/main.m3u8', `/tv.media/${run}-main-p${nextPart - 1}.m4s`])
    t.equal((await get(path)).status, 404, path)
  reload({})
  t.equal((await get('/tv.m3u8')).status, 200, 'and comes back, for the segments are still there')

  reload({ protocols: { shoutcast: false } })
  await until('the source to end, and who hears it', () => shout.isOver() && radio.isOver())
  t.same([plain.isOver(), tv.isOver()], [false, false])
  t.equal(server.mounts.sources, 1)

  reload({ protocols: { progressive: false } })
  await until('the listener to end', () => plain.isOver())
  t.equal(tv.isOver(), false)
  reload({})
  const again = call(listen('/tv'))
  tv.socket.write(fixture('h264-aac.mpegts'))
  await until('it to play', () => again.heard().length > 10_000)
  reload({ protocols: { icecast: false } })
  await until('all to end', () => tv.isOver() && again.isOver())
  t.equal(server.mounts.sources, 0)
})

t.test('a change is told before it is done, holds at once, and can be undone', async (t) => {
  const { server, port, call, publish, get, ask } = await house(t, {
    maxSources: 50,
    mounts: { '/tv': { name: 'TV', sourcePassword: 'hackme' } },
  })
  const tv = await publish('/tv')
  const [one, two] = [call(listen('/tv.mp4')), call(listen('/tv.mp4'))]
  await until('both to watch', () => server.mounts.listeners === 2)
  await get('/tv.m3u8')

  const trial = await ask('PATCH', '/settings?dryRun=true', { protocols: { instant: false }, maxSources: 7 })
  t.match(trial.json, {
    effects: [
      'Instant streams off: 2 viewers of /tv lose them; progressive streams, HLS and DASH stay',
      'maxSources holds at once; nobody is dropped',
    ],
    undo: null,
    settings: { maxSources: 7, protocols: { instant: false, hls: true } },
  })
  t.same([server.settings.maxSources, one.isOver()], [50, false], 'a trial changes nothing')

  t.match((await ask('GET', '/settings')).json, { ports: { main: port, shoutcast: null, tls: false } }, 'it tells the ports that are open')
  const done = await ask('PATCH', '/settings', { protocols: { instant: false }, maxSources: 7 })
  t.same(done.json.effects, trial.json.effects)
  await until('both to end', () => one.isOver() && two.isOver())
  t.match(server.settings, { maxSources: 7, protocols: { instant: false } })
  t.equal((await get('/tv.mp4')).status, 404)
  t.match((await ask('POST', `/settings/undo/${done.json.undo}`)).json, { effects: [/^Instant streams on/, /^maxSources/] })
  t.match(server.settings, { maxSources: 50, protocols: { instant: true } })
  t.match(await ask('POST', `/settings/undo/${done.json.undo}`), { status: 404, text: /Cannot undo this any more/ })

  t.match((await ask('PATCH', '/settings', { maxSources: null })).json, { settings: { maxSources: 100 } }, 'null is the default')
  t.match((await ask('PATCH', '/settings', { maxSources: 100 })).json.effects, ['Nothing changes: it is so already'])
  const off = await ask('PUT', '/mounts/tv', { hls: { enabled: false }, dash: false })
  t.match(off.json, {
    effects: ['HLS off: 1 viewer of /tv loses it; progressive streams and instant streams stay'],
    settings: { name: 'TV', sourcePassword: true, hls: { enabled: false, segmentDuration: 2 }, dash: false },
  })
  t.equal((await get('/tv.m3u8')).status, 404)
  await ask('POST', `/settings/undo/${off.json.undo}`)
  t.equal((await get('/tv.m3u8')).status, 200)
  t.match((await ask('PATCH', '/settings?dryRun=true', { protocols: { icecast: false } })).json.effects, [
    'Icecast off: the source of /tv is disconnected, and 1 listener with it',
  ])
  t.match((await ask('PUT', '/mounts/tv?dryRun=true', { hls: { lowLatency: false, segmentDuration: 4 } })).json.effects, [
    'Low latency off for /tv: with the next key frame players fall some seconds further behind live; nobody is cut off',
    '/tv: hls.segmentDuration is another from the next source on, for players rely on it',
  ])
  t.match((await ask('PUT', '/mounts/tv', { sourcePassword: 'another-one' })).json.effects, [
    '/tv: sources need the new password from now on; the one that is connected stays',
  ])
  t.match(server.settings.mounts['/tv']?.sourcePassword, /^scrypt\$/, 'only its hash is kept')
  t.equal(tv.isOver(), false)
})

t.test('a mount keeps what it had of a prefix, and goes back to it', async (t) => {
  const { server, ask } = await house(t, { mounts: { '/radio/*': { burstSize: 7, hls: { segmentDuration: 4 } } } })
  const all = async (): Promise<unknown[]> => {
    const { mounts } = (await ask('GET', '/mounts')).json
    return mounts.map(({ mount, pattern, configured, own }: any) => [mount, pattern, configured, own])
  }
  t.match((await ask('GET', '/mounts/radio%2Fone')).json, {
    mount: '/radio/one',
    pattern: '/radio/*',
    configured: false,
    live: false,
    own: [],
  })
  const made = await ask('PUT', '/mounts/radio%2Fone', { name: 'One', dvr: null })
  t.match(made.json.effects, ['/radio/one keeps the settings of /radio/*, as its own from now on', '/radio/one gets settings of its own'])
  t.match(server.settings.mounts['/radio/one'], { name: 'One', burstSize: 7, hls: { segmentDuration: 4 } })
  t.same(await all(), [
    ['/radio/*', null, true, ['burstSize', 'hls.segmentDuration']],
    ['/radio/one', null, true, ['burstSize', 'hls.segmentDuration', 'name']],
  ])
  const gone = await ask('DELETE', '/mounts/radio%2Fone')
  t.match(gone.json.effects, ['/radio/one: its own settings are removed; those of /radio/* hold instead'])
  t.equal((await ask('GET', '/mounts/radio%2Fone')).json.pattern, '/radio/*')
  await ask('POST', `/settings/undo/${gone.json.undo}`)
  t.match(server.settings.mounts['/radio/one'], { name: 'One', burstSize: 7 })
  t.equal((await ask('DELETE', '/mounts/nothing')).status, 404)
})

t.test('what cannot be is refused in one sentence, and nothing changes', async (t) => {
  const { server, ask } = await house(t)
  const before = server.settings
  for (const [method, path, body, status, sentence] of [
    ['PATCH', '/settings', { maxSources: -1 }, 400, /maxSources/],
    ['PATCH', '/settings', { maxSource: 1 }, 400, /maxSource/],
    ['PATCH', '/settings', { passwords: { admin: 'x' } }, 400, /passwords/],
    ['PATCH', '/settings', { mounts: {} }, 400, /mounts/],
    ['PATCH', '/settings', { mediaDir: '/etc' }, 409, 'Cannot change mediaDir: the program that runs this server sets it; change it there'],
    ['PATCH', '/settings', { trustedProxies: ['300.1.1.1'] }, 400, /trustedProxies/],
    ['PUT', '/mounts/tv', { dvr: '2h' }, 400, /mediaDir is missing/],
    ['PUT', '/mounts/tv', { dvr: '2 days' }, 400, /dvr/],
    ['PUT', '/mounts/tv', { hls: { segmentDuration: 11 } }, 400, /hls\.segmentDuration/],
    ['PUT', '/mounts/tv', JSON.parse('{"__proto__": {"name": "x"}}'), 400, /__proto__|no JSON/],
    ['PUT', '/mounts/admin', {}, 403, /belongs to the server itself/],
    ['PUT', '/mounts/..%2Fx', {}, 400, /a mount is a path/],
    ['PUT', '/passwords/source', { password: 'long enough' }, 409, /the program that runs this server sets it/],
    ['PUT', '/passwords/source', { password: 'short' }, 400, /password/],
    ['PUT', '/passwords/root', { password: 'long enough' }, 400, /source and admin/],
  ] as const) {
    const answer = await ask(method, path, body)
    t.match(answer, { status, text: sentence }, `${path} ${JSON.stringify(body)}`)
  }
  t.equal(server.settings, before)
  t.equal({}.constructor, Object)
})

t.test('the settings are told with all that explains them, and without secrets', async (t) => {
  const { ask } = await house(t, { mounts: { '/tv': { sourcePassword: 'a-secret-word' }, '/x': {} } })
  const [settings, mounts] = [await ask('GET', '/settings'), await ask('GET', '/mounts')]
  t.notMatch(settings.text + mounts.text, 'a-secret-word')
  t.match(
    mounts.json.mounts.map(({ settings: { sourcePassword } }: any) => sourcePassword),
    [true, false],
  )
  const { schema, locked, file } = settings.json
  t.match(schema.properties.maxSources, { description: 'Most sources at a time', default: 100, minimum: 0 })
  t.match(schema.properties.headerTimeout, { unit: 'milliseconds' })
  t.match(schema.properties.mounts.additionalProperties.properties.hls.properties.segmentDuration, { minimum: 1, maximum: 10, default: 2 })
  t.match(locked, [{ path: 'passwords', by: /program/ }, { path: 'mediaDir' }])
  t.equal(file, null)
  t.match((await ask('GET', '/passwords')).json, { source: { locked: /program/ }, admin: { locked: /program/ } })
})
