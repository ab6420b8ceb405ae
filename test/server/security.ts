import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Operation, operations } from '../../lib/api/index.js'
import type { Logger } from '../../lib/log.js'
import { formatAccess } from '../../lib/server/access-log.js'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { until } from '../helpers/wait.js'

const fixture = (name: string): string => join(import.meta.dirname, '../fixtures', name)
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const asBasic = (user: string, password: string): string => `Basic ${base64(`${user}:${password}`)}`
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'sec-fetch-dest': 'document' }

interface Answer {
  readonly status: number
  readonly head: string
  readonly text: string
  readonly header: (name: string) => string | undefined
  readonly json: () => any
}

interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

interface Peer {
  readonly socket: Socket
  readonly heard: () => string
  /** Settles when the other side has ended the connection. */
  readonly over: Promise<void>
}

interface House {
  readonly server: Server
  readonly port: number
  readonly folder: string
  /** All that the log has got, and the access log. */
  readonly log: string[]
  /** Every answer so far, with who has got it. */
  readonly answers: { what: string; text: string }[]
  /** Sends a request as it stands, and takes the answer, of what never ends the beginning. */
  readonly ask: (path: string, ask?: Ask, who?: string) => Promise<Answer>
  /** A connection that gets what it is sent; what it hears is kept among the answers. */
  readonly open: (what: string, ...words: (string | Buffer)[]) => Peer
}

// As a logger that writes JSON would, with all that errors hold.
const written = (_: string, value: unknown): unknown =>
  value instanceof Error
    ? { ...Object.fromEntries(Object.entries(value)), message: value.message, stack: value.stack, cause: value.cause }
    : value

const SOURCE = 'fjord-source-7391'
const ADMIN = 'fjord-admin-7392'

async function house(t: { teardown(call: () => unknown): void }, options: Partial<CreateServerOptions> = {}): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'floecast-security-'))
  const log: string[] = []
  const write =
    (level: string) =>
    (fields: object, message: string): void => {
      log.push(`${level} ${message} ${JSON.stringify(fields, written)}`)
    }
  const logger: Logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  mkdirSync(join(folder, 'media'))
  const server = createServer({
    auth: basic({ source: SOURCE, admin: ADMIN }),
    logger,
    stateDir: join(folder, 'state'),
    mediaDir: join(folder, 'media'),
    ...options,
  })
  server.on('access', (entry) => log.push(formatAccess(entry)))
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const sockets: Socket[] = []
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const answers: House['answers'] = []
  const open: House['open'] = (what, ...words) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    sockets.push(socket)
    const answer = { what, text: '' }
    answers.push(answer)
    const over = new Promise<void>((resolve) => {
      socket
        .on('error', () => resolve())
        .on('end', resolve)
        .on('close', () => resolve())
    })
    socket.setEncoding('utf8').on('data', (text: string) => (answer.text += text))
    for (const word of words) socket.write(word)
    return { socket, heard: () => answer.text, over }
  }
  const ask: House['ask'] = async (path, { method = 'GET', headers = {}, body } = {}, who = 'nobody') => {
    const bytes = body === undefined ? '' : JSON.stringify(body)
    const all = {
      host: `127.0.0.1:${port}`,
      connection: 'close',
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(bytes)) }),
      ...headers,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    const { socket, heard, over } = open(`${method} ${path} as ${who}`, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${bytes}`)
    const enough = new Promise<void>((resolve) => {
      // Of what never ends, the beginning.
      socket.on('data', () => /^content-type: (?:audio|video|text\/event-stream)/im.test(heard()) && heard().length > 1000 && resolve())
    })
    await Promise.race([over, enough])
    socket.destroy()
    const at = heard().indexOf('\r\n\r\n')
    const [head, rest] = [heard().slice(0, at), heard().slice(at + 4)]
    const header = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]
    const text = header('transfer-encoding') === 'chunked' ? dechunk(rest) : rest
    return { status: Number(head.split(' ', 2)[1]), head, text, header, json: () => JSON.parse(text) }
  }
  return { server, port, folder, log, answers, ask, open }
}

function dechunk(text: string): string {
  const bytes = Buffer.from(text)
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at)
    const length = Number.parseInt(bytes.toString('latin1', at, end), 16)
    if (!(length > 0)) return Buffer.concat(parts).toString()
    parts.push(bytes.subarray(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
}

/** A source as encoders are, with these headers. */
async function publish({ server, open }: House, mount: string, password: string, headers: string): Promise<void> {
  const name = decodeURIComponent(mount)
  open(
    `the source of ${mount}`,
    `PUT ${mount} HTTP/1.1\r\nAuthorization: ${asBasic('source', password)}\r\nContent-Type: video/mp2t\r\n${headers}\r\n`,
    // Twice: the first is a whole segment by then, so nobody has to wait for a manifest.
    readFileSync(fixture('h264-aac.mpegts')),
    readFileSync(fixture('h264-aac.mpegts')),
  )
  await until(`${name} to be packaged`, () => (server.mounts.get(name)?.broadcast.forms.size ?? 0) > 0)
}

const PAGES = [
  '/',
  '/live',
  '/embed/live',
  '/admin/',
  '/admin',
  '/nothing-here',
  '/api/v1/docs',
  '/7.html',
  '/admin/metadata',
  '/assets/player.js',
]
const DOCUMENTS =
  '/status-json.xsl /metrics /healthz /stats /stats?json=1 /currentsong /api/v1/openapi.json /api/v1/nothing /live.m3u /live.pls /live.xspf /live.vclt /live.m3u8 /live.mpd /live.media/main.m3u8'.split(
    ' ',
  )

t.test('no secret is told by an answer, the log or the audit trail, but a new one by the answer that makes it', async (t) => {
  const MOUNT = 'fjord-mount-7393'
  const WEBHOOK = 'fjord-webhook-secret-7394'
  const people = { olaf: 'fjord-olaf-7395', vera: 'fjord-vera-7396' }
  const changed = { mount: 'fjord-mount-7397', olaf: 'fjord-olaf-7398', source: 'fjord-source-7399', guess: 'fjord-guess-7400' }
  const files = { certificate: fixture('localhost.pem'), key: fixture('localhost.pem') }
  const home = await house(t, {
    tls: files,
    webhooks: { allowPrivate: true },
    mounts: { '/live': { sourcePassword: MOUNT, dump: 'live.*' } },
  })
  const { server, ask, open, answers, log, folder } = home
  await publish(home, '/live', MOUNT, 'Ice-Name: Harbour\r\n')

  const told: string[] = []
  const receiver = createHttpServer((request, response) => {
    told.push(JSON.stringify(request.headers))
    request.setEncoding('utf8').on('data', (text: string) => told.push(text))
    request.on('end', () => response.end())
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  t.teardown(() => receiver.close())
  const { port: hook } = receiver.address() as AddressInfo

  // What is shown once, and by which answer.
  const shown = new Map<string, string>()
  let asAdmin = { authorization: asBasic('admin', ADMIN) }
  const call = async (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = asAdmin): Promise<any> => {
    const answer = await ask(`/api/v1${path}`, { method, headers, body }, 'admin')
    return answer.text.startsWith('{') ? answer.json() : answer
  }
  for (const [name, password] of Object.entries(people))
    await call('POST', '/people', { name, password, role: name === 'olaf' ? 'owner' : 'viewer', mounts: name === 'olaf' ? ['/live'] : [] })
  const { id, token } = await call('POST', '/tokens', { name: 'deck', role: 'admin' })
  shown.set(token, 'POST /api/v1/tokens as admin')
  asAdmin = { authorization: `Bearer ${token}` }
  const own = await call('POST', '/webhooks', { url: `http://127.0.0.1:${hook}/a`, events: ['title'], secret: WEBHOOK })
  const made = await call('POST', '/webhooks', { url: `http://127.0.0.1:${hook}/b`, events: ['title'] })
  t.ok(made.secret, 'a secret is made where none is brought')
  shown.set(made.secret, 'POST /api/v1/webhooks as admin')

  const callers: Record<string, Record<string, string>> = { admin: { authorization: `Bearer ${token}` }, nobody: {} }
  for (const [user, password] of Object.entries({ admin: ADMIN, ...people })) {
    const answer = await ask('/api/v1/session', { method: 'POST', body: { user, password } }, `${user} who signs in`)
    const [, cookie = ''] = /floecast_session=([\w-]+)/.exec(answer.header('set-cookie') ?? '') ?? []
    t.match(cookie, /^[\w-]{43}$/, `${user} has a session`)
    shown.set(cookie, `POST /api/v1/session as ${user} who signs in`)
    if (user !== 'admin') callers[user] = { cookie: `floecast_session=${cookie}` }
  }
  const streams = Object.entries(callers).map(([who, headers]) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return open(`events of ${who}`, `GET /api/v1/events/admin?level=debug HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('')}\r\n`)
  })

  // What changes something, what is refused, and what brings a secret where none belongs.
  await call('PUT', '/mounts/live?dryRun=true', { sourcePassword: changed.mount })
  const { undo } = await call('PUT', '/mounts/live', { sourcePassword: changed.mount })
  await call('POST', `/settings/undo/${undo}`)
  await call('PUT', '/mounts/live', { sourcePassword: `scrypt$${changed.guess}` })
  await call('PATCH', '/settings', { location: 'Harbour', mounts: { '/live': { sourcePassword: changed.guess } } })
  await call('PUT', '/passwords/source', { password: changed.source })
  await call('PUT', '/session/password', { current: changed.guess, password: changed.olaf }, callers['olaf'])
  const word = { method: 'PUT', body: { current: people.olaf, password: changed.olaf }, headers: callers['olaf']! }
  const anew = /floecast_session=([\w-]+)/.exec((await ask('/api/v1/session/password', word, 'olaf')).head)?.[1] ?? ''
  callers['olaf'] = { cookie: `floecast_session=${anew}` }
  shown.set(anew, 'PUT /api/v1/session/password as olaf')
  await call('PATCH', '/people/vera', { password: [changed.guess] })
  await call('POST', '/people', { name: 'olaf', password: changed.guess, role: 'viewer' })
  await call('POST', '/webhooks', { url: `https://user:${changed.guess}@example.org/`, events: ['title'], secret: changed.guess })
  await call('POST', `/webhooks/${own.id}/test`)
  await call('PUT', '/mounts/live/title', { title: 'Boats' })
  await call('POST', '/bans', { address: '192.0.2.7', reason: 'noise' })
  await ask(`/admin.cgi?mode=updinfo&song=Gulls&pass=${SOURCE}`)
  await ask(`/admin/metadata?mode=updinfo&mount=/live&song=Waves`, { headers: { authorization: asBasic('source', MOUNT) } })
  await until('the webhooks to be told', () => told.some((text) => text.includes('Waves')))
  await ask(`/nothing?token=${token}&password=${ADMIN}`, { headers: { ...BROWSER, referer: `http://a/?password=${ADMIN}` } })
  await ask(`/api/v1/status?password=${ADMIN}`)
  for (const headers of [
    { authorization: asBasic('admin', changed.guess) },
    { authorization: `Bearer ${changed.guess}` },
    { authorization: `Digest ${changed.guess}` },
    { cookie: `floecast_session=${changed.guess}` },
  ])
    t.equal((await ask('/api/v1/people', { headers })).status, 401)
  t.equal((await ask('/api/v1/session', { method: 'POST', body: { user: 'admin', password: changed.guess } })).status, 401)
  for (const words of [`PUT /live HTTP/1.1\r\nAuthorization: ${asBasic('source', changed.guess)}\r\n\r\n`, `${changed.guess}\r\n`]) {
    await open('a source with a wrong password', words).over
  }

  // Everything that can be read, as everybody.
  const recording: string = await until('the recording', async () => (await call('GET', '/recordings')).recordings[0]?.name)
  for (const [who, headers] of Object.entries(callers)) {
    for (const [name, { method, path, access }] of Object.entries<Operation>(operations)) {
      if (method !== 'GET' || name === 'getAdminEvents') continue
      const where = path.replace('{mount}', 'live').replace('{name}', encodeURIComponent(recording))
      const { status } = await ask(`/api/v1${where}`, { headers }, who)
      const right = access === 'anyone' || who === 'admin' ? 200 : who === 'nobody' ? 401 : access === 'admin' ? 403 : 200
      t.equal(status, right, `${name} as ${who}`)
    }
    for (const path of [...PAGES, ...DOCUMENTS]) await ask(path, { headers: { ...headers, ...(PAGES.includes(path) ? BROWSER : {}) } }, who)
  }
  await call('DELETE', `/tokens/${id}`)
  asAdmin = { authorization: asBasic('admin', ADMIN) }
  t.equal((await ask('/api/v1/people', { headers: callers['admin']! })).status, 401, 'a revoked token opens nothing')
  await call('DELETE', '/session', undefined, callers['vera'])
  await call('DELETE', `/webhooks/${own.id}`)
  await call('DELETE', '/people/vera')
  t.ok(streams[0]!.heard().includes('event: audit'), 'administrators are told of deeds')
  for (const { socket } of streams) socket.destroy()
  const trail = readdirSync(join(folder, 'state')).filter((name) => name !== 'webhooks.json')
  const places = [
    ...answers,
    ...log.map((text) => ({ what: 'the log', text })),
    ...told.map((text) => ({ what: 'what a webhook is told', text })),
    ...server.tail.last('debug', 1000).map((entry) => ({ what: 'the log for administrators', text: JSON.stringify(entry) })),
    ...trail.map((name) => ({ what: name, text: readFileSync(join(folder, 'state', name), 'utf8') })),
  ]
  t.ok(answers.length > 150 && log.length > 150 && trail.length > 1, 'there is something to look at')
  const key = readFileSync(files.key, 'utf8').split('PRIVATE KEY-----')[1]!.split('\n')[1]!
  const secrets = [SOURCE, ADMIN, MOUNT, WEBHOOK, ...Object.values(people), ...Object.values(changed), key, ...shown.keys()]
  const users = ['source', 'admin', 'olaf', 'vera']
  const leaks = new Set<string>()
  for (const secret of secrets) {
    const forms = [secret, encodeURIComponent(secret), base64(secret), ...users.map((user) => base64(`${user}:${secret}`))]
    for (const { what, text } of places)
      if (what !== shown.get(secret) && forms.some((form) => text.includes(form))) leaks.add(`${secret} in ${what}: ${text.slice(0, 500)}`)
    const where = shown.get(secret)
    if (where !== undefined) {
      const times = places.filter(({ what, text }) => what === where && text.includes(secret)).length
      t.equal(times, 1, `${where} shows it once`)
    }
  }
  for (const { what, text } of places)
    if (what !== 'people.json' && /scrypt\$[\w]/.test(text)) leaks.add(`a hash in ${what}: ${text.slice(0, 500)}`)
  t.strictSame([...leaks], [])
})

const MARKUP = [
  `"><img src=x onerror=alert(1)>`,
  `</script><script>alert(2)</script>`,
  `' autofocus onfocus=alert(3) x='`,
  '<svg/onload=alert(4)>&lt;b&gt;\u202egnp\u2066]]><!--',
]
/** What a source says of itself. */
const said = (text: string): string =>
  `Ice-Name: ${text}\r\nIce-Description: ${text}\r\nIce-Genre: ${text}\r\nIce-URL: javascript:alert(5)//${text}\r\nUser-Agent: ${text}\r\n` +
  `X-Forwarded-For: ${text.replaceAll(',', '')}\r\n`

const TAG = /<(\/?)([a-z][\w-]*)((?:\s+[\w:-]+(?:="[^"<>]*")?)*)\s*(\/?)>/gi

/** What is wrong with a page, told strictly: our own pages are all written in one way. */
function faultsOf(html: string): string[] {
  const faults: string[] = []
  const bare = html
    .replace(/^<!doctype html>/i, '')
    .replace(/<script type="application\/json" id="start">(.*?)<\/script>/s, (_, json: string) => {
      if (json.includes('<')) faults.push('a < in the start')
      JSON.parse(json)
      return ''
    })
    .replace(TAG, (tag, _close: string, name: string, rest: string) => {
      const element = name.toLowerCase()
      if (['style', 'img', 'iframe', 'object', 'embed', 'base', 'form'].includes(element)) faults.push(tag)
      if (element === 'script' && !/^<\/script>|^<script(?: type="module")? src="[\w/.%~-]*\/assets\/[\w.-]+"><?/.test(tag))
        faults.push(tag)
      for (const [, attribute = '', value = ''] of rest.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)) {
        if (/^on|^style$|^srcdoc$|^http-equiv$|^auto/i.test(attribute)) faults.push(tag)
        if (/^(?:src|href)$/i.test(attribute) && /^\s*(?:javascript|data|vbscript):/i.test(value)) faults.push(tag)
      }
      return ''
    })
  if (/<script\b[^>]*>[^<]/.test(html.replace(/<script type="application\/json".*?<\/script>/s, '')))
    faults.push('a script inside of the page')
  if (/[<>]/.test(bare)) faults.push(`left over: ${/.{0,40}[<>].{0,40}/s.exec(bare)![0]}`)
  // eslint-disable-next-line no-control-regex
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(html)) faults.push('a control character')
  return faults
}

t.test('what strangers call themselves never becomes markup, and every page forbids scripts of its own', async (t) => {
  t.ok(faultsOf(`<p title="a" onclick="b">`).length > 0 && faultsOf('<p>a < b</p>').length > 0 && faultsOf('<script>1</script>').length > 0)
  const home = await house(t, {
    location: MARKUP[0]!,
    admin: MARKUP[1]!,
    trustedProxies: ['127.0.0.1'],
    mounts: { '/set': Object.fromEntries(['name', 'description', 'genre', 'url'].map((key) => [key, MARKUP.join(' ')])) },
  })
  const { server, ask, open } = home
  const mounts = ['live', ...MARKUP.map((text) => encodeURIComponent(text.replaceAll('/', '|')))]
  for (const [n, mount] of mounts.entries()) await publish(home, `/${mount}`, SOURCE, said(`${MARKUP[n % MARKUP.length]}\x01\x7f`))
  for (const [n, mount] of mounts.entries()) {
    const query = new URLSearchParams({ mode: 'updinfo', song: `${MARKUP[n % 4]}\r\n\0\x1b[2J`, url: 'javascript:alert(6)' })
    const { status } = await ask(`/admin/metadata?mount=/${mount}&${query.toString()}`, {
      headers: { authorization: asBasic('source', SOURCE) },
    })
    t.equal(status, 200)
  }
  open('a listener', `GET /live HTTP/1.1\r\nHost: a\r\nUser-Agent: ${MARKUP[0]}\r\nX-Forwarded-For: ${MARKUP[1]}\r\n\r\n`)
  await until('somebody to listen', () => server.mounts.listeners === 1)
  await ask('/live.m3u8', { headers: { 'user-agent': MARKUP[2]!, 'x-playback-session-id': MARKUP[0]! } })

  const guises: Record<string, string>[] = [
    {},
    ...MARKUP.slice(0, 3).map((text) => ({
      'x-forwarded-host': text,
      'x-forwarded-proto': text,
      'x-forwarded-prefix': `/${text}`,
      'user-agent': text,
      referer: text,
      host: text,
    })),
  ]
  const paths = [...PAGES, '/set', ...mounts.flatMap((mount) => [`/${mount}`, `/embed/${mount}`, `/nothing/${mount}`, `/admin/${mount}`])]
  let pages = 0
  const faults: string[] = []
  for (const [n, guise] of guises.entries()) {
    for (const path of n === 0 ? paths : PAGES) {
      const answer = await ask(path, { headers: { ...BROWSER, ...guise } })
      const at = `${path} in guise ${n}`
      if (answer.status !== 400 && answer.header('x-content-type-options') !== 'nosniff')
        faults.push(`${at}: it may be taken for something else`)
      if (!/html|svg/.test(answer.header('content-type') ?? '')) continue
      pages++
      const policy = answer.header('content-security-policy') ?? ''
      if (!policy.includes("default-src 'none'") || /unsafe|\*(?!$)|https?:/.test(policy)) faults.push(`${at}: ${policy}`)
      if (!path.startsWith('/embed/') && !/frame-ancestors '(?:self|none)'/.test(policy)) faults.push(`${at} may be framed`)
      faults.push(...faultsOf(answer.text).map((fault) => `${at}: ${fault}`))
    }
  }
  t.strictSame(faults, [])
  t.ok(pages > 30, 'there are pages to look at')
  for (const path of ['/live.xspf', '/stats', '/7.html']) {
    const { text } = await ask(path)
    t.notMatch(text, /<(?:img|script|svg)/i, `${path} is no markup of strangers`)
  }
  for (const ending of ['m3u', 'pls', 'vclt']) {
    const { text } = await ask(`/live.${ending}`)
    const lines = text.split(/\r?\n/)
    // eslint-disable-next-line no-control-regex
    t.notMatch(lines.join(''), /[\x00-\x1f\x7f]/)
    t.notOk(
      lines.some((line) => line.startsWith('[2J')),
      `no line of ${ending} is made up by a stranger`,
    )
  }
})

t.test('no path leads out of a folder', async (t) => {
  const home = await house(t, { mounts: { '/live': { dump: 'day/live.*' } } })
  const { ask, folder } = home
  await publish(home, '/live', SOURCE, '')
  await until('the recording', () => readdirSync(join(folder, 'media'), { recursive: true }).length > 1)
  const PRIVATE = 'nobody-may-read-this'
  for (const name of ['secret.txt', 'media/.hidden', 'media/.hidden.mp3', 'media/day/.hidden.mp3', 'secret.mp3'])
    writeFileSync(join(folder, name), PRIVATE)
  const { head } = await ask('/api/v1/session', { method: 'POST', body: { user: 'admin', password: ADMIN } })
  const headers = { cookie: /floecast_session=[\w-]+/.exec(head)![0] }
  const { recordings } = (await ask('/api/v1/recordings', { headers })).json()
  t.match(recordings, [{ name: /^day\/live/ }])
  t.equal(recordings.length, 1, 'what begins with a dot is no recording')
  const ups = ['../', '..%2f', '%2e%2e%2f', '%252e%252e%252f', '..\\', '..%5c', '..%255c', '.%00./', '%c0%ae%c0%ae/', '....//', '/', '%2f']
  const ends: Record<string, string[]> = {
    '/assets/': ['manifest.json', 'assets/manifest.json', '../package.json', 'etc/passwd', ''],
    '/api/v1/recordings/': ['secret.mp3', 'state/people.json', 'etc/passwd', ''],
    '/live.media/': ['manifest.json', 'secret.mp3'],
    '/recordings/': ['secret.mp3'],
    '/embed/': ['secret.mp3'],
    '/': ['secret.mp3', 'etc/passwd'],
  }
  const odd = [
    '.hidden',
    '%2ehidden',
    '.hidden.mp3',
    'day%2f.hidden.mp3',
    'x%00.mp3',
    '%00',
    'a%0d%0ab',
    '%',
    '%zz',
    'day',
    'day%2f',
    '.',
    '..',
  ]
  const faults: string[] = []
  let asked = 0
  for (const [place, names] of Object.entries(ends)) {
    const away = ups.flatMap((up) => names.flatMap((name) => [up + name, up.repeat(2) + name, `day%2f${up}${up}${name}`]))
    for (const name of [...away, ...odd]) {
      const { status, text } = await ask(place + name, { headers })
      asked++
      // Some of it comes to be the path of another page: that it is no file is all there is to say.
      if (status !== 400 && status !== 404 && !/^\/(?:embed\/)?$/.test(place))
        faults.push(`${place + name}: ${status} ${text.slice(0, 80)}`)
      if (/nobody-may-read|root:|"status\.js"|"dependencies"|scrypt/.test(text))
        faults.push(`${place + name} gives a file: ${text.slice(0, 80)}`)
    }
  }
  t.ok(asked > 500)
  t.strictSame(faults, [])
  t.notMatch(home.log.join('\n'), 'this is a fault of the server')
})
