import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readRange } from '../../lib/server/address.js'
import { AddressTable } from '../../lib/server/address-table.js'
import { AgentPatterns } from '../../lib/server/agent-patterns.js'
import { basic } from '../../lib/server/auth.js'
import { ListFile } from '../../lib/server/list-file.js'
import { readProxyHeader } from '../../lib/server/proxy-header.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { silent } from '../../lib/log.js'
import { until } from '../helpers/wait.js'

const MP3 = readFileSync(join(import.meta.dirname, '../fixtures/mp3-stereo.mp3'))
const BASIC = `Authorization: Basic ${Buffer.from('source:s').toString('base64')}\r\n`

interface Room {
  readonly server: Server
  readonly port: number
  /** Sends these bytes on a connection of their own, and gives what came back until its end, or of a stream the beginning. */
  readonly say: (...pieces: (string | Buffer)[]) => Promise<string>
  /** Asks for a path, as an address behind a proxy that is believed. */
  readonly ask: (path: string, headers?: Readonly<Record<string, string>>, method?: string) => Promise<string>
  /** A source that stays. */
  readonly publish: (mount: string) => Promise<void>
}

const auth = basic({ source: 's', admin: 'a' })

async function room(t: Test, options: Partial<CreateServerOptions> = {}): Promise<Room> {
  const server = createServer({ auth, ...options })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const sockets: Socket[] = []
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await server.close()
  })
  const open = (): Socket => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
    sockets.push(socket)
    return socket
  }
  const say: Room['say'] = (...pieces) =>
    new Promise((resolve) => {
      const socket = open().setEncoding('latin1')
      let heard = ''
      const done = (): void => {
        socket.destroy()
        resolve(heard)
      }
      socket.on('data', (text: string) => {
        heard += text
        if (/^content-type: audio/im.test(heard) && !/^content-length:/im.test(heard) && heard.includes('\r\n\r\n')) done()
      })
      socket.on('end', done).on('close', done)
      for (const piece of pieces) socket.write(piece)
    })
  const ask: Room['ask'] = (path, headers = {}, method = 'GET') => {
    const lines = Object.entries({ host: 'radio.test', connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
    return say(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  }
  const publish: Room['publish'] = async (mount) => {
    const socket = open().on('data', () => {})
    socket.write(`PUT ${mount} HTTP/1.1\r\n${BASIC}Content-Type: audio/mpeg\r\n\r\n`)
    socket.write(MP3)
    await until(
      `${mount} to be on the air`,
      () => server.mounts.get(mount)?.source !== undefined && server.mounts.get(mount)?.contentType !== '',
    )
  }
  return { server, port, say, ask, publish }
}

const headerOf = (answer: string, name: string): string | undefined => new RegExp(`^${name}: (.*)\r$`, 'im').exec(answer)?.[1]
const statusOf = (answer: string): number => Number(answer.split(' ', 2)[1])

t.test('a table of addresses finds what ranges hold, one by one or by CIDR, IPv4 in IPv6 too', (t) => {
  const table = new AddressTable(
    ['192.0.2.7', '10.0.0.0/8', '2001:db8::/32', '::1', '::ffff:198.51.100.0/120', 'nobody', '203.0.113.4/32'].map((range) => [
      range,
      range,
    ]),
  )
  t.equal(table.size, 6)
  const found: readonly (readonly [address: string, range: string | undefined])[] = [
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.8', undefined],
    ['10.255.255.255', '10.0.0.0/8'],
    ['11.0.0.0', undefined],
    ['2001:db8:ffff::1', '2001:db8::/32'],
    ['2001:db9::1', undefined],
    ['::1', '::1'],
    ['198.51.100.9', '::ffff:198.51.100.0/120'],
    ['203.0.113.4', '203.0.113.4/32'],
    ['', undefined],
    ['unknown', undefined],
  ]
  for (const again of [1, 2]) for (const [address, range] of found) t.equal(table.find(address), range, `${address}, ${again}`)
  t.equal(readRange('10.0.0.0/33'), undefined)
  t.end()
})

t.test('patterns are for whole names, whatever their case, and many stars cost no more than few', (t) => {
  const patterns = new AgentPatterns(['Evil/1.0', '*bot*', 'grab?r/*'])
  for (const name of ['evil/1.0', 'Googlebot/2', 'BOT', 'grabbr/', 'GrabXr/3 (linux)']) t.ok(patterns.match(name), name)
  for (const name of ['', 'evil/1.01', 'an evil/1.0', 'grabr/1', 'bo t', 'VLC/3.0.20 LibVLC/3.0.20']) t.notOk(patterns.match(name), name)
  const stars = new AgentPatterns(['*a'.repeat(200) + '*b'])
  const { user } = process.cpuUsage()
  t.notOk(stars.match('a'.repeat(16_000)))
  t.ok(process.cpuUsage().user - user < 2_000_000)
  t.end()
})

t.test('addresses are kept out of the whole server, or of one mount, by the address behind trusted proxies alone', async (t) => {
  const { ask, publish, say, server } = await room(t, {
    trustedProxies: ['127.0.0.1'],
    access: { deny: ['192.0.2.0/24', '2001:db8::/32'] },
    mounts: { '/inside.mp3': { access: { allow: ['198.51.100.0/24'], deny: ['198.51.100.66'] } }, '/open.mp3': {} },
  })
  await publish('/inside.mp3')
  await publish('/open.mp3')
  const from = async (address: string, path: string): Promise<number> => statusOf(await ask(path, { 'x-forwarded-for': address }))
  const table: readonly (readonly [address: string, path: string, status: number])[] = [
    ['203.0.113.1', '/open.mp3', 200],
    ['203.0.113.1', '/healthz', 200],
    ['192.0.2.9', '/open.mp3', 403],
    ['192.0.2.9', '/healthz', 403],
    ['192.0.2.9', '/status-json.xsl', 403],
    ['192.0.2.9', '/open.m3u8', 403],
    ['2001:db8::9', '/open.mp3', 403],
    // What somebody behind the proxy has made up stands to the left.
    ['203.0.113.1, 192.0.2.9', '/open.mp3', 403],
    ['192.0.2.9, 203.0.113.1', '/open.mp3', 200],
    ['198.51.100.1', '/inside.mp3', 200],
    ['198.51.100.66', '/inside.mp3', 403],
    ['203.0.113.1', '/inside.mp3', 403],
    ['203.0.113.1', '/inside.mp3.m3u8', 403],
    ['198.51.100.1', '/inside.mp3.m3u8', 200],
    ['203.0.113.1', '/status-json.xsl', 200],
  ]
  await until('HLS to be there', () => server.mounts.get('/inside.mp3')?.broadcast.presentation !== undefined)
  for (const [address, path, status] of table) t.equal(await from(address, path), status, `${address} ${path}`)
  // A connection that Node's parser holds is asked the same for each request.
  const twice = await say(
    'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.1\r\n\r\n',
    'GET /inside.mp3 HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.1\r\n\r\n',
    'GET /inside.mp3.m3u8 HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.1\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.9\r\nConnection: close\r\n\r\n',
  )
  t.strictSame(twice.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 403', 'HTTP/1.1 403', 'HTTP/1.1 403'])
  // Settings take effect on who comes next.
  server.reload({ auth, trustedProxies: ['127.0.0.1'], access: { allow: ['203.0.113.0/24'] } })
  t.equal(await from('192.0.2.9', '/healthz'), 403)
  t.equal(await from('203.0.113.1', '/healthz'), 200)
  server.reload({ auth, trustedProxies: ['127.0.0.1'] })
  t.equal(await from('192.0.2.9', '/healthz'), 200)
})

t.test('lists in files are read again when they change, and what is no list keeps nobody out', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'floecast-access-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [denyFile, allowFile, denyAgentsFile] = ['deny', 'allow', 'agents'].map((name) => join(folder, name)) as [string, string, string]
  writeFileSync(denyFile, '# banned\r\n\r\n192.0.2.9\r\n10.1.*.*\nnot an address\n2001:db8::/32')
  writeFileSync(denyAgentsFile, '*evil*\n')
  const options = { auth, trustedProxies: ['127.0.0.1'], access: { denyFile, denyAgentsFile, denyAgents: ['Bad/1'] } }
  const { ask, publish, server } = await room(t, options)
  await publish('/live.mp3')
  const from = async (address: string, agent = 'VLC'): Promise<number> =>
    statusOf(await ask('/live.mp3', { 'x-forwarded-for': address, 'user-agent': agent }))
  const expected = async (wanted: Readonly<Record<string, number>>): Promise<void> => {
    for (const [address, status] of Object.entries(wanted)) t.equal(await from(address), status, address)
  }
  await expected({ '192.0.2.9': 403, '192.0.2.10': 200, '10.1.2.3': 403, '10.2.2.3': 200, '2001:db8::5': 403 })
  t.equal(await from('192.0.2.10', 'An Evil Player/3'), 403)
  t.equal(await from('192.0.2.10', 'bad/1'), 403)
  t.equal(await from('192.0.2.10', 'bad/12'), 200)
  t.equal(statusOf(await ask('/status-json.xsl', { 'user-agent': 'evil' })), 200, 'agents are those of listeners')
  t.equal(statusOf(await ask('/live.mp3.m3u8', { 'user-agent': 'evil' })), 403, 'those who watch segments, too')

  // A reload reads them at once.
  writeFileSync(denyFile, '192.0.2.10\n')
  server.reload(options)
  await expected({ '192.0.2.9': 200, '192.0.2.10': 403 })
  // One that has gone by the next reload holds as it was.
  rmSync(denyFile)
  server.reload(options)
  await expected({ '192.0.2.9': 200, '192.0.2.10': 403 })
  // An allow list that cannot be read lets in nobody but those who are named besides.
  server.reload({ auth, trustedProxies: ['127.0.0.1'], access: { allow: ['203.0.113.5'], allowFile } })
  await expected({ '192.0.2.9': 403, '203.0.113.5': 200 })
})

t.test('a list is read again without a word, and stays as it is while it cannot be read', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'floecast-access-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'list')
  const told: string[] = []
  const list = new ListFile(path, (lines) => lines, { ...silent, warn: (_: object, message: string) => told.push(message) })
  t.teardown(() => list.close())
  t.strictSame(list.value, [])
  t.match(told, [/^Cannot read the list .*list/])
  writeFileSync(path, 'a\n # b\n')
  await until('the file to be read', () => list.value.length > 0)
  t.strictSame(list.value, ['a'])
  writeFileSync(path, 'x\n'.repeat(3_000_000))
  list.read()
  t.strictSame(list.value, ['a'], 'a file of any size is not read')
  rmSync(path)
  mkdirSync(path)
  list.read()
  t.strictSame(list.value, ['a'])
  t.equal(told.length >= 3, true)
})

// Version 2 as HAProxy writes it, with whatever follows the addresses.
const binary = (family: number, payload: readonly number[], { command = 0x21, length = payload.length } = {}): Buffer =>
  Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a', 'hex'), Buffer.from([command, family, length >> 8, length & 255, ...payload])])
const V4 = [192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 4, 1, 0xbb]
const V6 = [...Buffer.from('20010db8000000000000000000000001'.repeat(2), 'hex'), 0xdc, 4, 1, 0xbb]

const HEADERS: readonly (readonly [what: string, header: Buffer, address: string | undefined])[] = [
  ['TCP4', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n'), '192.0.2.1'],
  ['TCP6', Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 65535 0\r\n'), '2001:db8::1'],
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), ''],
  ['UNKNOWN with words', Buffer.from('PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n'), ''],
  ['2, IPv4', binary(0x11, V4), '192.0.2.1'],
  ['2, IPv4 with more', binary(0x11, [...V4, 3, 0, 4, 1, 2, 3, 4]), '192.0.2.1'],
  ['2, IPv6', binary(0x21, V6), '2001:0db8:0000:0000:0000:0000:0000:0001'],
  ['2, a Unix socket', binary(0x31, Array<number>(216).fill(65)), ''],
  ['2, untold', binary(0, []), ''],
  ['2, of its own', binary(0, [], { command: 0x20 }), undefined],
  ['2, of its own, with addresses', binary(0x11, V4, { command: 0x20 }), undefined],
]
const MALFORMED: readonly Buffer[] = [
  ...[
    'GET / HTTP/1.1\r\n',
    'PROXY\r\n',
    'PROXY  TCP4 192.0.2.1 198.51.100.1 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n',
    'PROXY TCP4 2001:db8::1 2001:db8::1 1 2\r\n',
    'PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n',
    'PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n',
    'PROXY toString 192.0.2.1 198.51.100.1 1 2\r\n',
    `PROXY UNKNOWN ${'x'.repeat(120)}`,
    'proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n',
    '\r\n\r\nPROXY',
    '\x16\x03\x01',
  ].map((text) => Buffer.from(text, 'latin1')),
  binary(0x11, V4, { command: 0x11 }),
  binary(0x11, V4, { command: 0x22 }),
  binary(0x11, V4.slice(0, 11)),
  binary(0x21, V4),
  binary(0x11, V4, { length: 16_384 }),
]

t.test('a header of the PROXY protocol says the same whole and split at every byte, and nothing else is one', (t) => {
  for (const [what, header, address] of HEADERS) {
    for (let end = 0; end < header.length; end++) t.equal(readProxyHeader(header.subarray(0, end), 16_384), undefined, `${what}, ${end}`)
    for (const rest of ['', 'GET', 'PROXY UNKNOWN\r\n'])
      t.strictSame(readProxyHeader(Buffer.concat([header, Buffer.from(rest)]), 16_384), { length: header.length, address }, what)
  }
  for (const bytes of MALFORMED)
    t.throws(() => readProxyHeader(bytes, 16_384), { code: 'PROXY_HEADER' }, bytes.toString('latin1').slice(0, 60))
  t.end()
})

const v1 = (address: string): string => `PROXY TCP4 ${address} 198.51.100.1 1 2\r\n`

// A line is what SHOUTcast encoders begin with.
const NOT_READ = /^(HTTP\/1\.. 400 |invalid password)/

t.test('a proxy that is believed says whose a connection is, before plain text and TLS alike, and nobody else does', async (t) => {
  const pem = join(import.meta.dirname, '../fixtures/localhost.pem')
  const { server, say, port } = await room(t, {
    trustedProxies: ['127.0.0.1', '203.0.113.0/24'],
    proxyProtocol: true,
    access: { deny: ['192.0.2.66'] },
    tls: { certificate: pem, key: pem },
  })
  const seen: string[] = []
  server.on('access', ({ address }) => seen.push(address))
  const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
  const asked = async (header: Buffer | string, headers = ''): Promise<string | undefined> => {
    const answer = await say(header, `${GET}${headers}\r\n`)
    t.match(answer, /^HTTP\/1\.1 200 /)
    await until('the request to be logged', () => seen.length > 0)
    return seen.pop()
  }
  t.equal(await asked(v1('192.0.2.1')), '192.0.2.1')
  t.equal(await asked(binary(0x21, V6)), '2001:db8::1')
  t.equal(await asked(binary(0, [], { command: 0x20 })), '127.0.0.1', "the proxy's own")
  // What a client says of itself is believed of those who are trusted alone, and nobody knows who this one is.
  t.equal(await asked(v1('192.0.2.1'), 'X-Forwarded-For: 10.9.9.9\r\n'), '192.0.2.1')
  t.equal(await asked(v1('203.0.113.7'), 'X-Forwarded-For: 10.9.9.9\r\n'), '10.9.9.9')
  t.equal(await asked('PROXY UNKNOWN\r\n', 'X-Forwarded-For: 10.9.9.9\r\n'), '')
  t.equal(await asked(binary(0, []), 'X-Forwarded-For: 10.9.9.9\r\n'), '')
  t.match(await say(v1('192.0.2.66'), `${GET}\r\n`), /^HTTP\/1\.. 403 /, 'and lists hold for it')
  t.match(await say(`${v1('192.0.2.1')}${v1('192.0.2.2')}${GET}\r\n`), NOT_READ, 'a client cannot add another')
  for (const bytes of MALFORMED.slice(0, 3)) t.match(await say(bytes), /^HTTP\/1\.0 400 [^]*PROXY protocol/)
  // Byte by byte.
  const pieces = `${v1('192.0.2.9')}${GET}\r\n`.split('')
  t.match(await say(...pieces), /^HTTP\/1\.1 200 /)
  await until('the request to be logged', () => seen.includes('192.0.2.9'))

  const plain = connect(port, '127.0.0.1')
  t.teardown(() => plain.destroy())
  plain.write(v1('192.0.2.7'))
  const secure = connectTls({ socket: plain, rejectUnauthorized: false })
  let heard = ''
  secure.on('data', (chunk) => (heard += String(chunk))).write(`${GET}\r\n`)
  await until('the answer within TLS', () => heard.startsWith('HTTP/1.1 200'))
  await until('the request to be logged', () => seen.includes('192.0.2.7'))

  server.reload({ auth, proxyProtocol: true, trustedProxies: ['203.0.113.0/24'] })
  t.match(await say(v1('192.0.2.1'), `${GET}\r\n`), NOT_READ, 'a peer that is not trusted sends a request that makes no sense')
  t.match(await say(`${GET}\r\n`), /^HTTP\/1\.1 200 /)
  server.reload({ auth, trustedProxies: ['127.0.0.1'] })
  t.match(await say(v1('192.0.2.1'), `${GET}\r\n`), NOT_READ, 'and so does a trusted one while the option is off')
})

// What is asked of a file of ten bytes, "0123456789", and what comes: the status, the body, and Content-Range.
const RANGES: readonly (readonly [headers: Readonly<Record<string, string>>, status: number, body: string, range?: string])[] = [
  [{}, 200, '0123456789'],
  [{ range: 'bytes=0-' }, 206, '0123456789', 'bytes 0-9/10'],
  [{ range: 'bytes=0-0' }, 206, '0', 'bytes 0-0/10'],
  [{ range: 'bytes=3-5' }, 206, '345', 'bytes 3-5/10'],
  [{ range: 'bytes=9-' }, 206, '9', 'bytes 9-9/10'],
  [{ range: 'bytes=8-999' }, 206, '89', 'bytes 8-9/10'],
  [{ range: 'bytes=-3' }, 206, '789', 'bytes 7-9/10'],
  [{ range: 'bytes=-99' }, 206, '0123456789', 'bytes 0-9/10'],
  [{ range: 'bytes=-0' }, 416, '', 'bytes */10'],
  [{ range: 'bytes=10-' }, 416, '', 'bytes */10'],
  [{ range: 'bytes=99-100' }, 416, '', 'bytes */10'],
  [{ range: 'bytes=5-3' }, 200, '0123456789'],
  [{ range: 'bytes=-' }, 200, '0123456789'],
  [{ range: 'bytes=0-1,4-5' }, 200, '0123456789'],
  [{ range: 'seconds=0-1' }, 200, '0123456789'],
  [{ range: 'bytes=1-2', 'if-range': 'ETAG' }, 206, '12', 'bytes 1-2/10'],
  [{ range: 'bytes=1-2', 'if-range': 'DATE' }, 206, '12', 'bytes 1-2/10'],
  [{ range: 'bytes=1-2', 'if-range': '"other"' }, 200, '0123456789'],
  [{ range: 'bytes=1-2', 'if-range': 'W/ETAG' }, 200, '0123456789'],
  [{ range: 'bytes=1-2', 'if-range': 'Mon, 26 Jul 1997 05:00:00 GMT' }, 200, '0123456789'],
  [{ 'if-none-match': 'ETAG' }, 304, ''],
  [{ 'if-none-match': '"other"' }, 200, '0123456789'],
  [{ 'if-modified-since': 'DATE' }, 304, ''],
]

t.test('files are given with ranges, and never what is hidden, elsewhere, or has the path of a mount or a page', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'floecast-webroot-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const webroot = join(folder, 'web')
  mkdirSync(join(webroot, 'sub/.git'), { recursive: true })
  const SECRET = 'nobody-may-read-this'
  for (const hidden of ['../secret', '.htpasswd', 'sub/.git/config', '.hidden.mp3', 'page.xsl', 'admin.html'])
    writeFileSync(join(webroot, hidden), SECRET)
  mkdirSync(join(webroot, 'admin'))
  for (const taken of ['admin/stats', 'healthz', 'live.mp3', 'off.mp3', 'live.m3u', 'idle.m3u8'])
    writeFileSync(join(webroot, taken), SECRET)
  for (const name of ['ten.mp3', 'sub/a b.ogg', 'sub/é.txt', 'no-ending', 'empty.mp3'])
    writeFileSync(join(webroot, name), name === 'empty.mp3' ? '' : '0123456789')
  symlinkSync(join(folder, 'secret'), join(webroot, 'link.mp3'))
  symlinkSync('.htpasswd', join(webroot, 'inner.mp3'))
  symlinkSync('ten.mp3', join(webroot, 'also.mp3'))
  const { ask, publish } = await room(t, { webroot, mounts: { '/off.mp3': {} } })
  await publish('/live.mp3')

  const whole = await ask('/ten.mp3')
  const known = { ETAG: headerOf(whole, 'etag')!, DATE: headerOf(whole, 'last-modified')! }
  const filled = (value: string): string => value.replace('ETAG', known.ETAG).replace('DATE', known.DATE)
  for (const [headers, status, body, range] of RANGES) {
    const what = JSON.stringify(headers)
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, filled(value)]))
    const answer = await ask('/ten.mp3', sent)
    t.equal(statusOf(answer), status, what)
    if (status !== 416) t.equal(answer.slice(answer.indexOf('\r\n\r\n') + 4), body, what)
    t.equal(headerOf(answer, 'content-range'), range, what)
    if (status < 300) t.match([headerOf(answer, 'content-length'), headerOf(answer, 'accept-ranges')], [String(body.length), 'bytes'], what)
    const head = await ask('/ten.mp3', sent, 'HEAD')
    t.equal(statusOf(head), status === 304 ? 304 : 200, `HEAD ${what}`)
    t.ok(head.endsWith('\r\n\r\n'), 'has no body')
  }
  const types = {
    '/ten.mp3': 'audio/mpeg',
    '/sub/a%20b.ogg': 'audio/ogg',
    '/sub/%C3%A9.txt': 'text/plain',
    '/no-ending': 'application/octet-stream',
    '/also.mp3': 'audio/mpeg',
    '/empty.mp3': 'audio/mpeg',
  }
  for (const [path, type] of Object.entries(types)) {
    const answer = await ask(path)
    t.equal(statusOf(answer), 200, path)
    t.ok(headerOf(answer, 'content-type')?.startsWith(type), `${path}: ${headerOf(answer, 'content-type')}`)
  }
  t.match(await ask('/ten.mp3.m3u'), /audio\/x-mpegurl[^]*\r\n\r\nhttp:\/\/radio\.test\/ten\.mp3\r\n$/)

  const closed =
    '/../secret /..%2fsecret /%2e%2e/secret /%2e%2e%2fsecret /sub/../../secret /sub/..%2f..%2fsecret /..%5csecret /..\\secret //secret /sub//../secret /./ten.mp3 /%2e/ten.mp3 /ten.mp3%00 /ten.mp3%00.ogg ' +
    '/.htpasswd /%2ehtpasswd /%252ehtpasswd /sub/.git/config /sub/%2egit/config /.hidden.mp3 /.hidden.mp3.m3u /.htpasswd.m3u /link.mp3 /link.mp3.m3u /inner.mp3 /page.xsl /page.XSL /admin/stats /admin.html /off.mp3 /idle.m3u8x ' +
    '/sub /sub/ / /ten.mp3/ /ten.mp3/x /%c0%ae%c0%ae/secret /..;/secret'
  for (const path of closed.split(' ')) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(path, {}, method)
      t.notOk(answer.includes(SECRET) || answer.includes('0123456789'), `${method} ${path}`)
      if (path !== '/') t.ok(statusOf(answer) >= 300, `${method} ${path}: ${answer.slice(0, 20)}`)
    }
  }
  for (const path of ['/healthz', '/live.mp3', '/live.mp3.m3u', '/admin/stats']) t.notMatch(await ask(path), SECRET, path)
  t.equal(statusOf(await ask('/ten.mp3', { 'content-type': 'text/plain', 'content-length': '0' }, 'POST')) >= 400, true)
})

t.test('an alias stands for a mount, a file or a page, but not for who publishes', async (t) => {
  const webroot = mkdtempSync(join(tmpdir(), 'floecast-webroot-'))
  t.teardown(() => rmSync(webroot, { recursive: true, force: true }))
  writeFileSync(join(webroot, 'jingle é.ogg'), 'jingle')
  const aliases = {
    '/listen': '/live.mp3',
    '/listen.m3u8': '/live.mp3.m3u8',
    '/jingle': '/jingle é.ogg',
    '/now': '/status-json.xsl',
    '/ö': '/live.mp3',
  }
  const { ask, publish, server, say } = await room(t, { webroot, aliases })
  await publish('/live.mp3')
  t.match(await ask('/listen?x=1'), /^HTTP\/1\.1 200 [^]*content-type: audio\/mpeg/i)
  t.match(await ask('/%C3%B6'), /^HTTP\/1\.1 200 [^]*content-type: audio\/mpeg/i)
  t.match(await ask('/listen.m3u8'), /#EXTM3U/)
  t.match(await ask('/jingle'), /content-type: audio\/ogg[^]*jingle$/i)
  t.match(await ask('/now'), /"icestats"/)
  // On a connection that Node's parser holds, too.
  const twice = await say(
    'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /jingle HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /now HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  )
  t.match(twice, /jingle[^]*"icestats"/)
  await publish('/jingle')
  t.ok(server.mounts.get('/jingle'))
  for (const wrong of [{ '/a': '/b', '/b': '/c' }, { '/a': '/a' }, { '/admin': '/x' }, { '/api/v1/x': '/x' }, { x: '/y' }])
    t.throws(() => createServer({ auth, aliases: wrong }), JSON.stringify(wrong))
})

t.test('titles are read in the charset of the mount, where the encoder names none', async (t) => {
  const { ask, publish, server } = await room(t, { mounts: { '/k.mp3': { charset: 'windows-1251' }, '/u.mp3': {} } })
  await publish('/k.mp3')
  await publish('/u.mp3')
  const titled = async (mount: string, song: string): Promise<string | undefined> => {
    await ask(`/admin/metadata?mode=updinfo&mount=${mount}&song=${song}`, { authorization: BASIC.slice(15).trim() })
    return server.mounts.get(mount)?.metadata.display
  }
  t.equal(await titled('/k.mp3', '%CC%E8%F0'), 'Мир')
  t.equal(await titled('/k.mp3', '%D0%9C%D0%B8%D1%80&charset=utf-8'), 'Мир')
  t.equal(await titled('/u.mp3', '%D0%9C%D0%B8%D1%80'), 'Мир')
  t.equal(await titled('/u.mp3', '%E9t%E9'), 'été')
  t.throws(() => createServer({ auth, mounts: { '/x': { charset: 'klingon' } } }), { name: 'ZodError' })
})
