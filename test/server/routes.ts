import { createServer, request, type Server } from 'node:http'
import { connect } from 'node:net'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { PassThrough } from 'node:stream'
import Koa from 'koa'
import t from 'tap'
import { FloecastError } from '../../lib/errors.js'
import { AutoDemuxer } from '../../lib/formats/detect.js'
import type { FormatName, Track } from '../../lib/formats/frame.js'
import type { Credentials } from '../../lib/icy/basic.js'
import { createMetadata } from '../../lib/icy/metadata.js'
import type { StreamInfo } from '../../lib/icy/stream-info.js'
import { Admission } from '../../lib/server/admission.js'
import { LogTail } from '../../lib/server/log-tail.js'
import { silent } from '../../lib/log.js'
import type { Identity } from '../../lib/server/identity.js'
import { Media } from '../../lib/server/media.js'
import type { ListenerTicket, ListenerAttempt } from '../../lib/server/listener-attempt.js'
import { MountAuth } from '../../lib/server/mount-auth.js'
import { News } from '../../lib/server/news.js'
import { State } from '../../lib/server/state.js'
import { Sessions } from '../../lib/server/sessions.js'
import { Edits } from '../../lib/server/edits.js'
import { MemoryKeeper } from '../../lib/server/settings-keeper.js'
import { Via } from '../../lib/server/via.js'
import { Viewers } from '../../lib/server/viewers.js'
import { Mounts } from '../../lib/mount/mounts.js'
import { Source } from '../../lib/mount/source.js'
import { serverOptions, type ServerOptions } from '../../lib/options/index.js'
import { clientAddress, encodePath, isHost, publicUrl, type Visit } from '../../lib/server/address.js'
import type { AccessEntry } from '../../lib/server/access-log.js'
import { createApp, routes } from '../../lib/server/app.js'
import type { Role, ServerContext } from '../../lib/server/context.js'
import type { StatusReport } from '../../lib/api/status.js'
import { SERVER, VERSION } from '../../lib/version.js'

interface Asked {
  roles: readonly (Role | 'listener')[]
  credentials: readonly Credentials[]
  mount: string | undefined
  address: string
}

const STARTED = Date.UTC(2026, 10, 22, 12, 2, 0)
const CONNECTED = Date.UTC(2026, 10, 22, 12, 4, 56)

// MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame.
const MP3 = Buffer.concat(Array.from({ length: 6 }, () => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)])))
const LAB: StreamInfo = {
  name: 'Lab Radio',
  description: 'Lab desc é',
  genre: 'Test',
  url: 'http://example.org/',
  public: false,
  bitrate: 128,
  sampleRate: 44_100,
  channels: 2,
  audioInfo: 'bitrate=128;samplerate=44100;channels=2',
}

// A server without a front: the passwords are `source`/`s3cret` for sources and `admin`/`adm1n` for the administrator.
class Lab implements ServerContext {
  readonly settings
  readonly mounts
  readonly viewers = new Viewers()
  readonly admission: Admission
  readonly via = new Via()
  readonly media: Media = new Media(this)
  readonly edits: Edits = new Edits(this, new MemoryKeeper({}, () => {}))
  readonly clock = { now: Date.now, after: () => () => {} }
  readonly started: number = STARTED
  readonly state = new State(undefined, this.clock, silent)
  readonly sessions = new Sessions(this.clock, this.state.folder, () => [])
  readonly tail = new LogTail(silent, this.clock)
  readonly connections = 0
  readonly ports = undefined
  readonly secure = undefined
  readonly news: News
  readonly mountAuth = new MountAuth(this)
  readonly asked: Asked[] = []
  readonly logged: string[] = []
  // Whether everybody may listen.
  open = false
  readonly accesses: AccessEntry[] = []
  readonly logger = {
    debug: (): void => {},
    info: (): void => {},
    warn: (): void => {},
    error: (_: object, message: string): void => void this.logged.push(message),
  }

  constructor(options: ServerOptions = {}) {
    this.settings = serverOptions.parse(options)
    this.mounts = new Mounts(this.settings, () => {}, this.clock)
    this.admission = new Admission(this.state.bans, this.settings, silent)
    this.news = new News(this)
  }

  cut(): void {}

  access(entry: AccessEntry): void {
    this.accesses.push(entry)
  }

  isOpen(): boolean {
    return this.open
  }

  async admitListener({ credentials, mount, address }: ListenerAttempt): Promise<ListenerTicket> {
    return { user: this.open ? '' : await this.admit(['listener'], credentials, mount, address) }
  }

  async admit(
    roles: readonly (Role | 'listener')[],
    credentials: readonly Credentials[],
    mount: string | undefined,
    address: string,
  ): Promise<string> {
    this.asked.push({ roles, credentials, mount, address })
    if (credentials.length === 0) throw new FloecastError('AUTHENTICATION_REQUIRED')
    const right = credentials.find(
      ({ user, password }) => (/^(source)?$/.test(user) && password === 's3cret') || (user === 'admin' && password === 'adm1n'),
    )
    if (right === undefined) throw new FloecastError('WRONG_PASSWORD', { user: credentials[0]!.user })
    return right.user
  }

  async identify(credentials: readonly Credentials[], address: string): Promise<Identity> {
    const name = await this.admit(['admin'], credentials, undefined, address)
    return { principal: { name, role: 'admin', mounts: [], via: 'password' }, stands: () => true, seen: () => {} }
  }

  mp3(name = '/a.mp3', info: StreamInfo = LAB) {
    const source = this.mounts.publish(name, info, details('audio/mpeg'))
    source.push(MP3, Date.now())
    return this.mounts.get(name)!
  }

  // A mount whose bytes have told all this; it must stand in the settings.
  on(name: string, format: FormatName, contentType: string, tracks: Track[], info: StreamInfo = {}) {
    const mount = this.mounts.get(name)!
    const told = { detected: true, format, contentType, tracks, skipped: 7, comments: {} }
    const demuxer = new AutoDemuxer(contentType)
    for (const [key, value] of Object.entries(told)) Object.defineProperty(demuxer, key, { value })
    mount.start(new Source(mount, demuxer, details(contentType)), info)
    return mount
  }

  listen(name: string, address: string) {
    const socket = new PassThrough()
    const line = { method: 'GET', target: name, version: 'HTTP/1.1' }
    const listener = {
      request: line,
      address,
      agent: '',
      connected: Date.now(),
      answer: () => ({ head: Buffer.alloc(0), encoder: undefined }),
    }
    this.mounts.listen(name, socket, listener)
    return socket
  }
}

const details = (contentType: string) => ({
  request: { method: 'PUT', target: '/', version: 'HTTP/1.1' },
  user: 'source',
  address: '198.51.100.7',
  agent: 'lab/1.0 <b>',
  contentType,
  connected: CONNECTED,
  disconnect: () => {},
})

const VORBIS: Track = { kind: 'audio', codec: 'Vorbis', codecs: 'vorbis', sampleRate: 44_100, channels: 2, bitrate: 112_000 }
const THEORA: Track = { kind: 'video', codec: 'Theora', width: 320, height: 180, frameRate: 15, bitrate: 200_000 }
const H264: Track = { kind: 'video', codec: 'H.264', codecs: 'avc1.64001f', width: 1280, height: 720, frameRate: 25 }
const AAC: Track = { kind: 'audio', codec: 'AAC', codecs: 'mp4a.40.2', sampleRate: 48_000, channels: 2 }

interface Answer {
  status: number
  headers: Headers
  text: string
}

type Get = (path: string, options?: RequestInit) => Promise<Answer>

async function serve(t: { teardown(call: () => void): void }, app: Koa): Promise<{ get: Get; port: number }> {
  const server: Server = createServer((req, res) => void app.callback()(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const bound = server.address()
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0
  const get: Get = async (path, options) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, options)
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  return { get, port }
}

// fetch sets Host itself, and tidies paths.
const getFrom = async (port: number, path: string, headers: Record<string, string>): Promise<string> =>
  (await getRaw(port, path, headers)).text

const getRaw = (port: number, path: string, headers: Record<string, string> = {}): Promise<{ status: number | undefined; text: string }> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      response.setEncoding('utf8')
      let text = ''
      response.on('data', (chunk: string) => (text += chunk)).on('end', () => resolve({ status: response.statusCode, text }))
    })
      .on('error', reject)
      .end()
  })

const keys = (of: object): string => Object.keys(of).join()

const basic = (user: string, password: string) => ({ Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` })
const ADMIN = { headers: basic('admin', 'adm1n') }

const kindsOf = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(kindsOf)
    : value !== null && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, kindsOf(inner)]))
      : value === null
        ? 'null'
        : typeof value

interface Icestats {
  icestats: Record<string, any>
}

// What Icecast 2.4.4 has answered; ports and dates are left aside by comparing kinds.
const captured = (name: string): Icestats => {
  const text = readFileSync(new URL(`../wire/answers/status-json-${name}.bin`, import.meta.url), 'utf8')
  return JSON.parse(text.slice(text.indexOf('{"icestats"')))
}

const NASTY = [
  '1999',
  '1e5',
  '007',
  "it's; ';x",
  'say "hi" \\ back',
  '<script>alert(1)</script>',
  'a\nb',
  'x\x01y',
  '🎸 Café ✓',
  'שלום ‏עולם',
  '&amp; %s%n',
]

t.test('status-json has the keys, the kinds and the order of Icecast 2.4.4', async (t) => {
  const lab = new Lab({ hostname: 'localhost', mounts: { '/b.ogg': {}, '/c.ogv': {}, '/hidden': { hidden: true } } })
  const { get } = await serve(t, createApp(lab))
  const ask = async (query = ''): Promise<Icestats> => JSON.parse((await get(`/status-json.xsl${query}`)).text)

  const none = await ask()
  t.same(kindsOf(none), kindsOf(captured('0-sources')), 'no source: no key')
  t.match(none.icestats, {
    admin: 'icemaster@localhost',
    host: 'localhost',
    location: 'Earth',
    server_id: SERVER,
    server_start: 'Sun, 22 Nov 2026 12:02:00 +0000',
    server_start_iso8601: '2026-11-22T12:02:00+0000',
  })
  lab.mp3('/hidden')
  t.same(kindsOf(await ask()), kindsOf(captured('hidden-absent')), 'a hidden mount is not told')

  const mount = lab.mp3()
  const listener = lab.listen('/a.mp3', '192.0.2.1')
  const one = await ask()
  const expected = captured('1-source')
  t.equal(JSON.stringify(kindsOf(one)), JSON.stringify(kindsOf(expected)), 'one source: an object')
  const { listenurl, ...fields } = one.icestats['source']
  const { listenurl: _, ...known } = expected.icestats['source']
  t.same(fields, { ...known, listeners: 1, listener_peak: 1 }, 'and the values of the same stream')
  t.match(listenurl, /^http:\/\/127\.0\.0\.1:\d+\/a\.mp3$/, 'at the address that was asked')

  listener.destroy()
  mount.setMetadata(createMetadata({ title: 'Lab Song', artist: 'Lab Artist' }))
  lab
    .on('/b.ogg', 'ogg', 'application/ogg', [VORBIS], { name: 'Ogg one' })
    .setMetadata(createMetadata({ title: 'Test tone', artist: 'Lab' }))
  const two = await ask()
  t.equal(JSON.stringify(kindsOf(two)), JSON.stringify(kindsOf(captured('2-sources'))), 'two: a list')
  const [mp3, ogg] = two.icestats['source']
  t.match(mp3, { title: 'Lab Artist - Lab Song' }, 'ICY has one line')
  t.match(ogg, { artist: 'Lab', title: 'Test tone', subtype: 'Vorbis', audio_bitrate: 112_000, 'ice-bitrate': 112 }, 'Ogg keeps them apart')

  t.equal(JSON.stringify(kindsOf(await ask('?mount=/b.ogg'))), JSON.stringify(kindsOf(captured('2-sources-filter'))), '?mount= filters')
  t.same(kindsOf(await ask('?mount=/zz')), kindsOf(captured('1-source-filter-miss')), 'and misses')
  t.same(kindsOf(await ask('?mount=/hidden')), kindsOf(captured('1-source-filter-miss')), 'a hidden one, too')
  lab.on('/c.ogv', 'ogg', 'video/ogg', [{ ...VORBIS, channels: 1 }, THEORA])
  const ogv = (await ask('?mount=/c.ogv')).icestats['source']
  t.match(ogv, {
    subtype: 'Vorbis/Theora',
    frame_size: '320 x 180',
    frame_rate: 15,
    video_bitrate: 200_000,
    server_name: 'Unspecified name',
  })
})

t.test('no text of a peer breaks an answer or becomes something else', async (t) => {
  const lab = new Lab()
  const mount = lab.mp3('/a<"&\'>.mp3')
  const { get } = await serve(t, createApp(lab))
  const path = encodePath(mount.name)
  for (const title of NASTY) {
    mount.setMetadata(createMetadata({ song: title, artist: title, url: title }))
    mount.settings = { ...mount.settings, name: title, description: title, genre: title, url: `javascript:${title}` }
    const shown = mount.metadata.display
    const source = JSON.parse((await get('/status-json.xsl')).text).icestats.source
    t.same([source.title, source.server_name], [shown, title], `status-json keeps ${JSON.stringify(title)}`)
    const { mounts }: StatusReport = JSON.parse((await get('/api/v1/status')).text)
    t.same([mounts[0]!.title!.display, mounts[0]!.name], [shown, title], 'so does the API')
    const xspf = (await get(`${path}.xspf`)).text
    // eslint-disable-next-line no-control-regex
    t.notMatch(xspf, /[\x00-\x08\x0b\x0c\x0e-\x1f]|&(?!amp;|lt;|gt;|quot;|#39;)|<script/, 'XSPF stays XML')
    const vclt = (await get(`${path}.vclt`)).text.trimEnd().split('\n')
    t.same(
      vclt.map((line) => /^[A-Z_]+(?==)|^==$/.exec(line)?.[0]),
      ['STREAMURL', 'ARTIST', 'TITLE', 'SERVER_NAME', 'DESCRIPTION', 'SIGNALINFO', 'GENRE', '=='],
    )
    const pls = (await get(`${path}.pls`)).text
    t.equal(pls.split('\r\n').length, 7, 'PLS keeps its lines')
    t.equal((await get('/currentsong')).text, shown, 'currentsong is the line itself')
    t.equal(JSON.parse((await get('/stats?sid=1&json=1')).text).songtitle, shown)
    t.notMatch((await get('/stats?sid=1')).text + (await get('/7.html')).text, /<script|<b>/i)
  }
})

t.test('the API has one shape, whatever is on the air', async (t) => {
  const lab = new Lab({ location: 'Harbour', mounts: { '/idle': { name: 'Idle', maxListeners: 5 }, '/tv': {} } })
  const { get } = await serve(t, createApp(lab))
  lab.mp3()
  lab.on('/tv', 'mpeg-ts', 'video/mp2t', [H264, AAC])
  const answer = await get('/api/v1/status')
  const report: StatusReport = JSON.parse(answer.text)
  t.match(report.server, {
    name: SERVER,
    version: VERSION,
    started: '2026-11-22T12:02:00.000Z',
    location: 'Harbour',
    sources: 2,
    listeners: 0,
  })
  t.same(
    report.mounts.map(({ mount, live }) => [mount, live]),
    [
      ['/a.mp3', true],
      ['/idle', false],
      ['/tv', true],
    ],
    'by name',
  )
  t.equal(new Set(report.mounts.map(keys)).size, 1, 'all mounts have the same keys')
  t.equal(new Set(report.mounts.flatMap(({ tracks }) => tracks.map(keys))).size, 1, 'all tracks have')
  const [mp3, idle, tv] = report.mounts
  t.match(mp3, {
    name: 'Lab Radio',
    website: 'http://example.org/',
    contentType: 'audio/mpeg',
    format: 'mp3',
    bitrate: 128_000,
    bytesReceived: MP3.length,
    connected: '2026-11-22T12:04:56.000Z',
    source: { agent: 'lab/1.0 <b>', protocol: 'PUT' },
    title: null,
    tracks: [{ kind: 'audio', sampleRate: 44_100, channels: 2, width: null }],
  })
  t.match(mp3!.playlists, { m3u: /\/a\.mp3\.m3u$/, pls: /\/a\.mp3\.pls$/, xspf: /\/a\.mp3\.xspf$/, vclt: /\/a\.mp3\.vclt$/ })
  t.match(idle, {
    name: 'Idle',
    tracks: [],
    contentType: null,
    format: null,
    connected: null,
    source: null,
    bitrate: null,
    maxListeners: 5,
  })
  t.match(tv, {
    format: 'mpeg-ts',
    bitrate: null,
    tracks: [
      { codecs: 'avc1.64001f', width: 1280, frameRate: 25 },
      { kind: 'audio', bitrate: null },
    ],
  })
  t.notMatch(answer.text, /198\.51\.100\.7/, 'no address is told')
  for (const path of ['/api/v1/status', '/status-json.xsl', '/healthz', '/stats', '/7.html', '/currentsong', '/a.mp3.m3u']) {
    const { status, headers } = await get(path, { headers: { Origin: 'http://other.example' } })
    t.same([status, headers.get('access-control-allow-origin'), headers.get('server')], [200, '*', SERVER], `${path} is open to scripts`)
  }
  t.equal((await get('/status-json.xsl', { method: 'OPTIONS' })).status, 204)
  t.equal((await get('/healthz')).text, 'ok')
})

t.test('whoever asks for a live mount on a connection that has asked for other things listens', async (t) => {
  const lab = new Lab({ mounts: { '/full': { maxListeners: 0 } } })
  const { get, port } = await serve(t, createApp(lab))
  const mount = lab.mp3()
  lab.mp3('/full')
  mount.setMetadata(createMetadata({ song: 'Dawn' }))
  t.equal((await get('/healthz')).text, 'ok')
  lab.open = true
  const plain = await fetch(`http://127.0.0.1:${port}/a.mp3`, { headers: { Range: 'bytes=0-' } })
  t.same(
    [plain.status, plain.headers.get('content-type'), plain.headers.get('icy-metaint'), plain.headers.get('icy-name')],
    [200, 'audio/mpeg', null, 'Lab Radio'],
  )
  const icy = await fetch(`http://127.0.0.1:${port}/a.mp3`, { headers: { 'Icy-MetaData': '1' } })
  t.equal(icy.headers.get('icy-metaint'), '16000')
  t.equal(mount.audience, 2)
  mount.source!.push(MP3, Date.now())
  mount.source!.end('it closed the connection')
  const heard = Buffer.from(await plain.arrayBuffer())
  t.ok(heard.length > MP3.length && Buffer.concat([MP3, MP3]).includes(heard), 'every byte comes, from a frame on')
  await icy.arrayBuffer()
  while (mount.audience > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(lab.mounts.listeners, 0, 'and all have gone in the end')
  lab.mp3()
  const full = await get('/full')
  t.same([full.status, full.text, full.headers.get('server')], [403, 'max listeners reached\r\n', SERVER], 'a refusal is an answer')
  t.equal((await get('/a.mp3', { method: 'OPTIONS', headers: { 'Access-Control-Request-Headers': 'icy-metadata' } })).status, 204)
  const idle = await get('/off-the-air.mp3', { method: 'OPTIONS', headers: { 'Access-Control-Request-Headers': 'icy-metadata' } })
  t.same([idle.status, idle.headers.get('access-control-allow-origin')], [204, '*'], 'so that a script sees the 404 that follows')
  const head = await get('/a.mp3', { method: 'HEAD' })
  t.same([head.status, head.headers.get('content-type')], [200, 'audio/mpeg'])
  lab.open = false
  t.equal((await get('/a.mp3')).status, 401, 'a mount may be closed to strangers')
  // Requests behind the one for the stream are not read.
  lab.open = true
  const answers = await new Promise<string>((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /a.mp3 HTTP/1.1\r\nHost: x\r\n\r\n'))
    socket.once('data', () => {
      socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
      setTimeout(() => lab.mounts.get('/a.mp3')!.source!.end('it closed the connection'), 50)
    })
    socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('close', () => resolve(text))
  })
  t.equal(answers.match(/HTTP\/1\.1 200/g)?.length, 1)
  // Those before it are answered first, though all came at once.
  lab.mp3()
  const both = await new Promise<string>((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET /status-json.xsl HTTP/1.1\r\nHost: x\r\n\r\nGET /a.mp3 HTTP/1.1\r\nHost: x\r\n\r\n'),
    )
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (/audio\/mpeg\r\n/.test(text)) lab.mounts.get('/a.mp3')!.source?.end('it closed the connection')
    })
    socket.on('close', () => resolve(text))
  })
  t.match(both, /^HTTP\/1\.1 200 OK\r\n[^]*icestats[^]*HTTP\/1\.1 200 OK\r\n[^]*audio\/mpeg/)
  t.same(
    lab.accesses.filter(({ status }) => status === 200).map(({ target }) => target),
    ['/healthz', '/status-json.xsl'],
    'streams are logged by their mount alone',
  )
})

t.test('a playlist leads to its mount, by the address that was asked', async (t) => {
  const lab = new Lab({ mounts: { '/idle': {}, '/n ä/ü?.mp3': {} } })
  const { get, port } = await serve(t, createApp(lab))
  const mount = lab.mp3()
  lab.mp3('/named.m3u')
  mount.setMetadata(createMetadata({ title: 'Song & Co', artist: 'One' }))
  const m3u = await get('/a.mp3.m3u')
  t.same([m3u.text, m3u.headers.get('content-type')], [`http://127.0.0.1:${port}/a.mp3\r\n`, 'audio/x-mpegurl'])
  t.equal(await getFrom(port, '/a.mp3.m3u', { Host: 'radio.example.org:1234' }), 'http://radio.example.org:1234/a.mp3\r\n')
  const own = `http://${hostname()}:${port}/a.mp3\r\n`
  for (const host of ['evil.example/x', 'a b', 'u:p@h', '<i>', 'h:99999', 'x\ty'])
    t.equal(await getFrom(port, '/a.mp3.m3u', { Host: host }), own, `${JSON.stringify(host)} is no host`)
  t.equal((await get('/n%20%C3%A4/%C3%BC%3F.mp3.m3u')).text, `http://127.0.0.1:${port}/n%20%C3%A4/%C3%BC%3F.mp3\r\n`, 'names are encoded')
  t.equal((await get('/idle.m3u')).status, 200, 'a mount of the settings has one while it is off the air')
  t.equal((await get('/zz.m3u')).status, 404, 'an unknown one has none')
  t.equal((await get('/named.m3u')).status, 401, 'a mount of that name is no playlist: this asks to listen')
  t.match((await get('/named.m3u.m3u')).text, /\/named\.m3u\r\n$/)
  t.equal((await get('/a.mp3.m3u', { method: 'POST' })).status, 405)
  const pls = await get('/a.mp3.pls')
  t.same([pls.headers.get('content-type'), pls.text.split('\r\n')[2]], ['audio/x-scpls', `File1=http://127.0.0.1:${port}/a.mp3`])
  const xspf = await get('/a.mp3.xspf')
  t.equal(xspf.headers.get('content-type'), 'application/xspf+xml; charset=utf-8')
  t.match(xspf.text, /<location>http:.*\/a\.mp3<\/location>\n {6}<creator>One<\/creator>\n {6}<title>Song &amp; Co<\/title>/)
  t.match(xspf.text, /Stream Title: Lab Radio\nStream Description: Lab desc é\nContent Type:audio\/mpeg\nBitrate: 128\n/)
  t.match(xspf.text, '<info>http://example.org/</info>')
  const vclt = await get('/a.mp3.vclt')
  t.equal(vclt.headers.get('content-type'), 'audio/x-vclt; charset=utf-8')
  t.match(
    vclt.text,
    /^STREAMURL=http.*\nARTIST=One\nTITLE=Song & Co\nSERVER_NAME=Lab Radio\nDESCRIPTION=Lab desc é\nSIGNALINFO=\nGENRE=Test\n==\n$/,
  )
})

t.test('SHOUTcast counters find their stream', async (t) => {
  const lab = new Lab({ mounts: { '/hidden': { hidden: true } } })
  const { get } = await serve(t, createApp(lab))
  t.match((await get('/7.html')).text, /<body>0,0,0,20000,0,0,<\/body>/, 'nothing is on the air')
  t.match(JSON.parse((await get('/stats?json=1')).text), { streamstatus: 0, bitrate: '', streampath: '' })
  lab.mp3('/hidden')
  lab.mp3('/first')
  lab.mp3('/stream', { name: 'Shout', genre: 'Pop, Rock' }).setMetadata(createMetadata({ song: 'A, B & C' }))
  for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) lab.listen('/stream', address)
  t.match((await get('/7.html')).text, '<body>3,1,3,20000,2,128,A, B &amp; C</body>', 'the SHOUTcast mount comes first')
  t.match((await get('/7.html?sid=2')).text, '<body>0,1,0,20000,0,128,</body>')
  t.match((await get('/7.html?mount=/first')).text, '<body>0,1,')
  t.match((await get('/7.html?sid=3')).text, '<body>0,0,', 'no third, for one is hidden')
  t.match((await get('/7.html?mount=/hidden')).text, '<body>0,0,')
  t.match(JSON.parse((await get('/stats?sid=1&json=1')).text), {
    currentlisteners: 3,
    uniquelisteners: 2,
    streamhits: 3,
    servergenre: 'Pop',
    servergenre2: 'Rock',
    servertitle: 'Shout',
    streampath: '/stream',
    content: 'audio/mpeg',
    bitrate: '128',
  })
  t.match(
    (await get('/stats?sid=1')).text,
    /^<\?xml .*\?>\n<SHOUTCASTSERVER><CURRENTLISTENERS>3<\/CURRENTLISTENERS>.*<SONGTITLE>A, B &amp; C<\/SONGTITLE>/,
  )
})

t.test('titles come in as encoders send them', async (t) => {
  const lab = new Lab({ mounts: { '/tv': {} } })
  const { get, port } = await serve(t, createApp(lab))
  const mount = lab.mp3()
  const tv = lab.on('/tv', 'mpeg-ts', 'video/mp2t', [H264, AAC])
  const update = (query: string, options: RequestInit = ADMIN) => get(`/admin/metadata?${query}`, options)

  const open = await update('mode=updinfo&mount=/a.mp3&song=x', {})
  t.same(
    [open.status, open.headers.get('www-authenticate'), open.text],
    [401, 'Basic realm="Icecast2 Server", charset="UTF-8"', 'You need to authenticate\r\n'],
  )
  t.equal((await update('mode=updinfo&mount=/a.mp3&song=x', { headers: basic('source', 'nope') })).status, 401)
  t.equal(mount.metadata.display, '', 'nothing has changed')
  const done = await update('mode=updinfo&mount=%2fa%2emp3&song=Artist%20%26%20Co%20-%20T%C3%AFtle', { headers: basic('source', 's3cret') })
  t.equal(done.text, '<?xml version="1.0"?>\n<iceresponse><message>Metadata update successful</message><return>1</return></iceresponse>\n')
  t.equal(mount.metadata.display, 'Artist & Co - Tïtle')
  t.match(lab.accesses.at(-1), {
    address: '127.0.0.1',
    user: 'source',
    method: 'GET',
    target: /^\/admin\/metadata\?/,
    version: 'HTTP/1.1',
    status: 200,
    bytes: done.text.length,
  })
  t.same(lab.asked.at(-1), {
    roles: ['source', 'admin'],
    credentials: [{ user: 'source', password: 's3cret' }],
    mount: '/a.mp3',
    address: '127.0.0.1',
  })
  await update('mode=updinfo&mount=/a.mp3&song=Caf%E9')
  t.equal(mount.metadata.display, 'Café', 'bytes that are no UTF-8 are Latin-1')
  await update('mode=updinfo&mount=/a.mp3&charset=KOI8-R&song=%F0%F2')
  t.equal(mount.metadata.display, 'ПР', 'a charset is followed')
  await update('mode=updinfo&mount=/a.mp3&artist=A&title=T&url=http%3A%2F%2Fexample.org%2Fs')
  t.match(mount.metadata, { display: 'A - T', artist: 'A', title: 'T', url: 'http://example.org/s' })
  t.equal((await update('mode=updinfo&mount=/a.mp3')).status, 200)
  t.equal(mount.metadata.display, 'A - T', 'an update without a title changes nothing')
  t.match((await update('mode=updinfo&mount=/tv&song=News')).text, 'successful')
  t.equal(tv.metadata.display, 'News', 'every format takes a title')

  const form = { method: 'POST', headers: { ...ADMIN.headers, 'Content-Type': 'application/x-www-form-urlencoded' } }
  t.match((await get('/admin/metadata', { ...form, body: 'mode=updinfo&mount=%2fa%2emp3&song=Posted' })).text, 'successful')
  t.equal(mount.metadata.display, 'Posted')
  await get('/admin/metadata', { ...form, body: Buffer.from('mode=updinfo&mount=/a.mp3&song=Stra\xdfe 9', 'latin1') })
  t.equal(mount.metadata.display, 'Straße 9', 'a form may hold raw bytes')
  const large = await get('/admin/metadata', { ...form, body: `mode=updinfo&mount=/a.mp3&song=${'x'.repeat(20_000)}` })
  t.same([large.status, mount.metadata.display], [400, 'Straße 9'], 'a huge form is refused')

  const bad = await update('mode=foo&mount=/a.mp3&song=x')
  t.same(
    [bad.status, bad.text],
    [200, '<?xml version="1.0"?>\n<iceresponse><message>No such action</message><return>0</return></iceresponse>\n'],
  )
  for (const [query, sentence] of [
    ['mount=/a.mp3&song=x', /^Missing parameter/],
    ['mode=updinfo&song=x', /^Unknown admin request/],
    ['mode=updinfo&mount=/zz&song=x', /^Source does not exist/],
  ] as const) {
    const { status, text } = await update(query)
    t.equal(status, 400)
    t.match(text, sentence)
  }
  const asked = lab.asked.length
  for (const path of ['/admin/!POKE', '/admin/nothing', '/admin/a/b', '/admin/%2e%2e']) {
    const { status, text } = await getRaw(port, path)
    t.same([status, text], [400, 'Unrecognised command\r\n'], path)
  }
  t.equal(lab.asked.length, asked, 'and nobody was asked for a password')
  const page = await update('mode=updinfo&mount=/a.mp3&song=evil', { headers: { ...ADMIN.headers, 'Sec-Fetch-Site': 'cross-site' } })
  t.same([page.status, mount.metadata.display], [403, 'Straße 9'], 'the page of another site has no say')

  // A peer that hangs up in the middle of its form is no fault of ours.
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('POST /admin/metadata HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nmode=')
      setTimeout(() => socket.destroy(), 20)
    })
    socket.on('close', () => setTimeout(resolve, 20))
  })
  t.same(lab.logged, [], 'nothing was a fault')
})

t.test('admin.cgi knows the mount by itself', async (t) => {
  const lab = new Lab()
  const { get } = await serve(t, createApp(lab))
  const cgi = (query: string) => get(`/admin.cgi?mode=updinfo&${query}`)
  t.same([(await cgi('pass=s3cret&song=x')).status, (await cgi('pass=nope&song=x')).status, (await cgi('song=x')).status], [400, 401, 401])
  const other = lab.mp3('/other')
  const done = await cgi('pass=s3cret&song=One')
  t.equal(done.text, '<html><head><title>Admin request successful</title></head><body><p>Metadata update successful</p></body></html>')
  t.same([other.metadata.display, lab.asked.at(-1)?.mount], ['One', '/other'], 'the only one that is live')
  const stream = lab.mp3('/stream')
  await cgi('pass=s3cret&song=Two')
  t.same([other.metadata.display, stream.metadata.display], ['One', 'Two'], 'or the one that SHOUTcast sources send to')
  await cgi('pass=s3cret&mount=/other&song=Three')
  await cgi('pass=%2Fother%3As3cret&song=Four')
  t.same([other.metadata.display, lab.asked.at(-1)?.mount], ['Four', '/other'], 'or the one that is named')
  await cgi('pass=admin%3Aadm1n&title=Six&song=Five')
  t.equal(stream.metadata.display, 'Five', 'a user may stand before the password')
  await get('/admin.cgi?mode=updinfo&song=Six', ADMIN)
  t.equal(stream.metadata.display, 'Six', 'or in the usual header')
  t.equal((await get('/admin.cgi?mode=nothing&pass=s3cret')).status, 400)
})

t.test('metrics only grow, though sources come and go', async (t) => {
  const lab = new Lab({ mounts: { '/hidden': { hidden: true } } })
  const { get } = await serve(t, createApp(lab))
  const read = async () => {
    const { text } = await get('/metrics')
    return (name: string) => Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (.+)$`, 'm').exec(text)?.[1] ?? NaN)
  }
  const mount = lab.mp3()
  lab.mp3('/hidden')
  const socket = lab.listen('/a.mp3', '192.0.2.1')
  const first = await read()
  const listeners = (name: string): number => first(`floecast_listeners{mount="${name}",protocol="progressive"}`)
  t.same([listeners('/a.mp3'), listeners('hidden'), first('floecast_sources')], [1, 0, 2])
  t.equal(first('floecast_received_bytes_total'), 2 * MP3.length)
  t.ok(first('floecast_sent_bytes_total{mount="/a.mp3"}') > 0 && first('nodejs_eventloop_lag_p99_seconds') >= 0)
  mount.source!.end('it closed the connection')
  socket.destroy()
  lab.mp3()
  const second = await read()
  t.equal(second('floecast_received_bytes_total'), 3 * MP3.length)
  t.equal(second('floecast_sent_bytes_total{mount="/a.mp3"}') >= first('floecast_sent_bytes_total{mount="/a.mp3"}'), true)
  t.notMatch((await get('/metrics')).text, /mount="\/hidden"/, 'a hidden mount has no name here')
})

t.test('a foreign application carries it anywhere, and keeps what is its own', async (t) => {
  const lab = new Lab({ trustedProxies: ['127.0.0.1'] })
  lab.mp3()
  const site = new Koa()
  const inner = routes(lab)
  // As koa-mount does.
  site.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/radio')) {
      await next()
      return
    }
    const outer = ctx.path
    ctx.path = outer.slice('/radio'.length) || '/'
    await inner(ctx, async () => {
      ctx.path = outer
      await next()
      ctx.path = outer.slice('/radio'.length) || '/'
    })
    ctx.path = outer
  })
  site.use(routes(new Lab(), { page: false }))
  site.use((ctx) => {
    ctx.body = `site ${ctx.path}`
  })
  const { get, port } = await serve(t, site)
  t.equal((await get('/radio/a.mp3.m3u')).text, `http://127.0.0.1:${port}/radio/a.mp3\r\n`)
  t.match((await get('/radio')).text, 'href="/radio/a.mp3"', 'the page links below the prefix')
  t.match((await get('/radio/status-json.xsl')).text, `"listenurl":"http://127.0.0.1:${port}/radio/a.mp3"`)
  const proxied = { Host: 'inner', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'tv.example', 'X-Forwarded-Prefix': '/live/' }
  t.equal(await getFrom(port, '/radio/a.mp3.m3u', proxied), 'https://tv.example/live/radio/a.mp3\r\n')
  t.same([(await get('/')).text, (await get('/radio/zz')).text, (await get('/zz.m3u')).text], ['site /', 'site /radio/zz', 'site /zz.m3u'])
  t.equal((await get('/healthz')).text, 'ok')
  const refused = await get('/radio/admin/metadata?mode=updinfo&mount=/a.mp3&song=x')
  t.match([refused.status, refused.headers.get('www-authenticate')], [401, /^Basic/], 'a refusal is an answer there, too')
})

t.test('an application of its own answers everything, and tells nothing of its faults', async (t) => {
  const lab = new Lab()
  lab.mp3()
  const { get, port } = await serve(t, createApp(lab))
  for (const [path, status] of [
    ['/nothing', 404],
    ['/..%2f..%2fetc/passwd', 404],
    ['/../../etc/passwd', 404],
    ['/%2e%2e/%2e%2e/etc/passwd.m3u', 404],
    ['/a%5c..%5cb.m3u', 404],
    ['/%c0%ae.m3u', 404],
    ['/%zz.m3u', 404],
    [`/${'a'.repeat(5000)}.m3u`, 404],
    ['/status-json.xsl.', 404],
    ['/status-json.xsl?mount=%', 200],
  ] as const) {
    t.equal((await getRaw(port, path)).status, status, path.slice(0, 40))
  }
  const none = await get('/nothing')
  t.same(
    [none.headers.get('server'), none.headers.get('x-content-type-options'), none.text],
    [SERVER, 'nosniff', 'The file you requested could not be found\r\n'],
  )
  const wrong = await get('/status-json.xsl', { method: 'DELETE' })
  t.same([wrong.status, wrong.headers.get('allow')], [405, 'GET, HEAD'])
  t.same((await get('/healthz', { method: 'HEAD' })).status, 200)
  Object.defineProperty(lab, 'mounts', {
    get: () => {
      throw new Error('secret detail')
    },
  })
  const fault = await get('/api/v1/status')
  t.equal(fault.status, 500)
  t.notMatch(fault.text, /secret|Error|at /)
  t.equal(lab.logged.length, 1, 'and it is logged')
})

const visit = (headers: Record<string, string>, more: Partial<Visit> = {}): Visit => ({
  header: (name) => headers[name],
  remoteAddress: '10.0.0.1',
  localPort: 8000,
  secured: false,
  prefix: '',
  ...more,
})

t.test('nobody can make an address up', (t) => {
  const proxies = ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::ffff:172.16.0.0/108', 'nonsense', '10.0.0.0/x', '1.2.3.4/99']
  const cases: [socket: string | undefined, header: string | undefined, address: string, why: string][] = [
    ['203.0.113.9', undefined, '203.0.113.9', 'without a header'],
    ['203.0.113.9', '1.1.1.1', '203.0.113.9', 'an untrusted peer is not believed'],
    ['::ffff:203.0.113.9', undefined, '203.0.113.9', 'IPv4 inside of IPv6'],
    ['10.1.2.3', '203.0.113.9', '203.0.113.9', 'a trusted proxy is'],
    ['::ffff:10.1.2.3', '6.6.6.6, 203.0.113.9, 192.0.2.1', '203.0.113.9', 'from right to left, up to the first who is not trusted'],
    ['10.1.2.3', '6.6.6.6, evil, 10.9.9.9', '10.9.9.9', 'what is no address ends the walk'],
    ['10.1.2.3', '10.2.2.2, 10.3.3.3', '10.2.2.2', 'all trusted: the first'],
    ['10.1.2.3', '', '10.1.2.3', 'an empty header'],
    ['10.1.2.3', '127.1', '10.1.2.3', 'short forms are no addresses'],
    ['10.1.2.3', ' "[2001:470::1]:4711" ', '2001:470::1', 'quotes, brackets and ports'],
    ['10.1.2.3', '203.0.113.9:4711', '203.0.113.9', 'a port'],
    ['2001:db8::5', '::FFFF:203.0.113.9', '203.0.113.9', 'over IPv6'],
    ['172.20.0.1', '203.0.113.9', '203.0.113.9', 'a range of IPv4 inside of IPv6'],
    ['fe80::1%eth0', undefined, 'fe80::1%eth0', 'a zone'],
    [undefined, '203.0.113.9', '', 'a Unix socket'],
  ]
  for (const [socket, header, address, why] of cases) t.equal(clientAddress(socket, header, proxies), address, why)
  t.equal(clientAddress('10.1.2.3', '203.0.113.9', []), '10.1.2.3', 'nobody is trusted unless told')

  for (const host of ['a', 'radio.example.org', 'radio.example.org:8000', '127.0.0.1:80', '[::1]', '[2001:db8::1]:8443', 'my_host'])
    t.equal(isHost(host), true, host)
  for (const host of [
    '',
    ' a',
    'a b',
    'a/b',
    'a@b',
    'a:',
    'a:0',
    'a:65536',
    'a:b',
    '[::1',
    '[1]',
    '::1',
    '<b>',
    'a"b',
    'a\nb',
    '-a',
    'ä.example',
    'a'.repeat(300),
    '[::1]x',
  ])
    t.equal(isHost(host), false, JSON.stringify(host))

  const trusting = { hostname: 'own.example', trustedProxies: ['10.0.0.0/8'] }
  const forwarded = { host: 'h', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'pub.example, h', 'x-forwarded-prefix': '/a/b/' }
  t.equal(publicUrl(visit(forwarded), trusting, '/x y'), 'https://pub.example/a/b/x%20y')
  t.equal(publicUrl(visit(forwarded), { trustedProxies: [] }, '/x'), 'http://h/x', 'an untrusted proxy says nothing')
  t.equal(
    publicUrl(visit({ 'x-forwarded-proto': 'javascript', 'x-forwarded-host': 'a/b', 'x-forwarded-prefix': '//evil' }), trusting, '/x'),
    'http://own.example:8000/x',
  )
  t.equal(publicUrl(visit({ 'x-forwarded-prefix': '/../a' }), trusting, '/x'), 'http://own.example:8000/x')
  t.equal(
    publicUrl(visit({}, { secured: true, localPort: 443 }), trusting, '/x'),
    'https://own.example/x',
    'the usual port goes without saying',
  )
  t.equal(publicUrl(visit({}), { hostname: '::1', trustedProxies: [] }, '/x'), 'http://[::1]:8000/x')
  t.equal(encodePath('/a/\ud800/ü?#%'), '/a/%EF%BF%BD/%C3%BC%3F%23%25')
  t.end()
})
