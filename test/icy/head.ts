import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import t from 'tap'
import fc from 'fast-check'
import { FloecastError } from '../../lib/errors.js'
import { formatHead, HeadReader, mountPath, parseBasic, parseHead, type Head, type Headers, type RequestHead } from '../../lib/icy/index.js'
import { cut, property } from '../helpers/demuxer.js'

const wire = (name: string): Buffer => readFileSync(new URL(`../wire/${name}.request.bin`, import.meta.url))

interface Opening {
  // The heads, each SHOUTcast login followed by its headers, or the code of the error.
  readonly heads: readonly (Head | Headers | string)[]
  readonly rest: Buffer
}

// Everything that a connection opens with, up to its media or a form.
const open = (chunks: Iterable<Buffer>, limit?: number): Opening => {
  const reader = new HeadReader(limit)
  const heads: (Head | Headers | string)[] = []
  const rest: Buffer[] = []
  let last: Head | Headers | undefined
  try {
    for (const chunk of chunks) {
      if (isLast(last)) {
        rest.push(chunk)
        continue
      }
      let next: Head | Headers | undefined = isLogin(last) ? reader.headers(chunk) : reader.push(chunk)
      while (next !== undefined) {
        heads.push(next)
        last = next
        next = isLast(last) ? undefined : isLogin(last) ? reader.headers() : reader.push(reader.rest)
      }
      if (isLast(last)) rest.push(reader.rest)
    }
  } catch (error) {
    if (!(error instanceof FloecastError)) throw error
    heads.push(`${error.code} ${error.message}`)
  }
  return { heads, rest: Buffer.concat(rest) }
}

const isLogin = (last: Head | Headers | undefined): boolean => last !== undefined && 'kind' in last && last.kind === 'shoutcast'
const isLast = (last: Head | Headers | undefined): boolean => {
  if (last === undefined) return false
  if (!('kind' in last)) return true
  if (last.kind === 'request') return last.method === 'POST' || (/^(SOURCE|PUT)$/.test(last.method) && last.headers.has('authorization'))
  return last.kind !== 'shoutcast'
}

const outline = ({ heads, rest }: Opening): string =>
  heads
    .map((head) => {
      if (typeof head === 'string') return head
      if (!('kind' in head)) return JSON.stringify([...head])
      if (head.kind === 'request') return head.raw.toString('latin1')
      return JSON.stringify('headers' in head ? { ...head, headers: [...head.headers] } : head)
    })
    .join('\n') + rest.toString('latin1')

const only = (bytes: Buffer | string): { head: Head; rest: Buffer } => {
  const opening = parseHead(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  if (opening === undefined) throw new Error('incomplete')
  return opening
}

const request = (bytes: Buffer | string): RequestHead & { rest: Buffer } => {
  const { head, rest } = only(bytes)
  if (head.kind !== 'request') throw new Error(`a request is taken for ${head.kind}`)
  return { ...head, rest }
}

const codes = (text: string, limit?: number): string => {
  try {
    parseHead(Buffer.from(text, 'latin1'), limit)
    return 'nothing'
  } catch (error) {
    return error instanceof FloecastError ? error.code : String(error)
  }
}

const basic = (text: string, encoding: BufferEncoding = 'utf8'): string => `Basic ${Buffer.from(text, encoding).toString('base64')}`

const latin1 = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'))

const names = (folder: string): string[] =>
  readdirSync(new URL(`../wire/${folder}`, import.meta.url))
    .filter((file) => file.endsWith('.bin'))
    .map((file) => `${folder}/${file.replace('.request.bin', '')}`)

for (const folder of ['sources', 'listeners'])
  t.test(`every capture in ${folder} is understood, whole and split at every byte`, async (t) => {
    t.ok(names(folder).length > 80)
    // Clients repeat themselves: captures that differ in values alone are split byte by byte only, not in two at every byte.
    const known = new Set<string>()
    for (const name of names(folder)) {
      const bytes = wire(name)
      const whole = open([bytes])
      const expected = outline(whole)
      const failed = whole.heads.some((head) => typeof head === 'string')
      let differs = outline(open(cut(bytes, [1]))) === expected ? undefined : 'byte by byte'
      const start = bytes.subarray(0, failed ? 200 : bytes.length - whole.rest.length + 4)
      const short = outline(open([start]))
      const shape = start
        .toString('latin1')
        .replace(/:[^\r\n]*/g, ':')
        .replace(/\/\S*/g, '/')
      for (let at = 1; at < start.length && differs === undefined && !known.has(shape); at++)
        if (outline(open([start.subarray(0, at), start.subarray(at)])) !== short) differs = `split at ${at}`
      known.add(shape)
      t.same([whole.heads.length > 0, failed, differs], [true, name.endsWith('libshout-roar'), undefined], name)
    }
  })

t.test('every source names its mount and its password', async (t) => {
  const wrong: unknown[] = []
  let count = 0
  for (const name of names('sources'))
    for (const head of open([wire(name)]).heads) {
      if (typeof head === 'string' || !('kind' in head) || head.kind !== 'request' || !/^(SOURCE|PUT)$/.test(head.method)) continue
      const authorization = head.headers.get('authorization')
      const credentials = parseBasic(authorization)
      const known = authorization === undefined || (credentials?.user === 'source' && /^(hackme|wrong|)$/.test(credentials.password))
      if (!known || head.path === undefined) wrong.push([name, head.path, credentials])
      count++
    }
  t.same(wrong, [])
  t.ok(count > 80, 'there are some')
})

t.test('the strangest clients', async (t) => {
  const password = (name: string): [string, string, string | undefined, boolean] => {
    const reader = new HeadReader()
    const bytes = wire(name)
    const line = bytes.indexOf(0x0a) + 1
    const early = reader.push(bytes.subarray(0, line))
    if (early?.kind !== 'shoutcast') throw new Error(`${early?.kind}`)
    const nothing = reader.headers()
    const headers = reader.headers(bytes.subarray(line))
    const media = /^\xff[\xe0-\xff]|^$/.test(reader.rest.toString('latin1', 0, 2))
    return [early.password, headers?.get('icy-name') ?? '?', headers?.get('content-type'), media && nothing === undefined]
  }
  t.same(
    password('sources/liquidsoap-icy'),
    ['hackme', 'Liq icy é', 'audio/mpeg', true],
    'liquidsoap: password, wait, headers in ISO-8859-1',
  )
  t.same(password('sources/butt-shoutcast'), ['hackme', 'LabIcy', 'audio/mpeg', true])
  t.same(password('sources/libshout-icy-mp3'), ['hackme', 'Lab Radio é', undefined, true], 'libshout: bare LF, UTF-8')
  t.same(password('sources/libshout-icy-mp3.conn0'), ['!POKE', 'libshout server poke request', undefined, true])
  t.same(password('sources/vlc-mp3-twoport.icyport0').slice(0, 1), ['!POKE'])
  t.same(password('sources/vlc-mp3-twoport.icyport1'), ['hackme', 'VLC Lab', undefined, true])

  const reader = new HeadReader()
  t.match(reader.push(wire('sources/butt-shoutcast')), { kind: 'shoutcast', password: 'hackme' })
  t.equal(reader.headers()?.get('icy-br'), '128', 'headers that came with the password are there at once')

  for (const [name, mount] of [
    ['sources/darkice-icecast1', '/dk1'],
    ['sources/libshout-xaudiocast.admin0', '/ignored.mp3'],
  ] as const) {
    const { head } = only(wire(name))
    t.match(head, { kind: 'xaudiocast', password: 'hackme', mount })
    t.equal('headers' in head && head.headers.get('X-Audiocast-Genre'), 'Test', name)
  }

  const darkice = request(wire('sources/darkice-mp3'))
  t.same(
    [darkice.method, darkice.path, darkice.version, darkice.headers.get('ice-genre'), darkice.rest[0]],
    ['SOURCE', '/dk.mp3', 'HTTP/1.0', 'Test', 0xff],
  )
  const tls = wire('sources/libshout-http-tlsnoplain')
  t.ok(only(tls).rest.equals(tls), 'a TLS hello is known by its first byte and kept')
  t.same(only(tls.subarray(0, 1)).head, { kind: 'tls' })
  t.equal(codes(wire('sources/libshout-roar').toString('latin1', 0, 1)), 'BAD_REQUEST', 'RoarAudio is refused at its first byte')
  const options = request(wire('sources/libshout-http-tlsauto.conn0'))
  t.same([options.method, options.target, options.path, options.headers.lists('connection', 'upgrade')], ['OPTIONS', '*', undefined, true])
  t.equal(request(wire('sources/libshout-http-tlsauto.conn1')).path, '/admin/!POKE')
  t.equal(request(wire('sources/liquidsoap-mp3-put-chunked')).headers.get('host'), '', 'an empty Host')
  t.equal(request(wire('sources/ffmpeg-metadata-utf8')).path, '/ünï code.mp3')
  t.same(Object.fromEntries(request(wire('sources/ffmpeg-query')).query), { foo: 'bar', x: '1' })
  t.same(
    open([wire('sources/libshout-tls2817-upgrade-put')]).heads.map((head) => typeof head !== 'string' && 'method' in head && head.method),
    ['OPTIONS', 'PUT', 'PUT'],
    'three requests on one connection',
  )
  t.ok(request(wire('sources/curl-SOURCE')).headers.lists('transfer-encoding', 'chunked'))
})

t.test('what else may come', async (t) => {
  const head = request(
    '\r\n\nSOURCE /caf\xc3\xa9%20\xc3\xa0?song=\xe9+b&song=a%20b ICE/1.0\nIce-Name: 1\r\nhost:\nnonsense\nICE-NAME:\xe9\x01\n\r\nmedia',
  )
  t.match(head, {
    method: 'SOURCE',
    version: 'ICE/1.0',
    target: '/caf%C3%A9%20%C3%A0?song=%E9+b&song=a%20b',
    path: '/café à',
    rawQuery: 'song=%E9+b&song=a%20b',
  })
  t.same(head.query.getAll('song'), ['é b', 'a b'], 'a query in ISO-8859-1')
  t.same(
    [head.headers.get('ice-name'), head.headers.all('Ice-Name'), head.headers.get('host'), head.headers.get('nonsense')],
    ['é', ['1', 'é'], '', undefined],
  )
  t.same([head.rest.toString(), head.raw.subarray(0, 6).toString()], ['media', 'SOURCE'])
  t.equal(request('GET /a HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n').headers.get('Host'), 'a')

  for (const text of [
    'GET /a\r\n',
    'GET /a HTTP/1\r\n',
    'SOURCE /a\n',
    ' / HTTP/1.1\n',
    'G{T / HTTP/1.1\n',
    'GET HTTP/1.1\n',
    'ab\rc HTTP/1.1\n',
    'ab\x00',
    'ab\x7f',
    '\xff\xfb\x90\x04',
  ])
    t.equal(codes(text), 'BAD_REQUEST', JSON.stringify(text))
  for (const line of ['Transfer-Encoding : chunked', ' folded', '\tfolded: yes'])
    t.equal(codes(`GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`), 'BAD_REQUEST', JSON.stringify(line))
  const long = `GET /${'a'.repeat(84)} HTTP/1.0\n\n`
  t.same(
    [codes(long, 100), codes(long, 99), codes('\n'.repeat(101), 100), codes('x'.repeat(20_000))],
    ['nothing', ...Array<string>(3).fill('HEAD_TOO_LARGE')],
  )
  t.same(
    [codes(`GET / HTTP/1.0\n${'a:b\n'.repeat(200)}\n`), codes(`GET / HTTP/1.0\n${'a:b\n'.repeat(201)}\n`)],
    ['nothing', 'HEAD_TOO_LARGE'],
  )
  for (const text of ['', 'GET / HTTP/1.0', 'GET / HTTP/1.0\r\n\r', 'hackme', '\r\n\r\n'])
    t.equal(parseHead(Buffer.from(text)), undefined, JSON.stringify(text))
  for (const text of ['hackme', 'user:hackme', '/live:hackme', 'pass word', '!POKE', 'hackmé'])
    t.match(only(Buffer.from(`${text}\r\n`)).head, { kind: 'shoutcast', password: text })
  t.match(only('SOURCE pass word /m%20x\n\n').head, { kind: 'xaudiocast', password: 'pass word', mount: '/m x' })
})

t.test('a mount path is decoded once and leads nowhere else', async (t) => {
  const paths: Record<string, string | undefined> = {
    '/live.mp3?a=b/../c': '/live.mp3', '/': '/', '/a%2fb': '/a/b', '/%E9': '/é', '/%C3%A9': '/é', '/%25zz': '/%zz', '/é': '/é', '/a..b/.hidden': '/a..b/.hidden',
    'http://host:8000/a': '/a', 'HTTPS://host': '/', 'http:///a': '/a', '*': undefined, 'a': undefined, '': undefined, '/a//b': undefined, '//host/a': undefined,
    '/a/../b': undefined, '/..': undefined, '/%2e%2E/b': undefined, '/a/.': undefined, '/%2e/': undefined, '/..%2fb': undefined, '/a%5cb': undefined, '/a\\b': undefined,
    '/a%00': undefined, '/a%0d%0ab': undefined, '/a%7f': undefined, '/%zz': undefined, '/%c0%ae%c0%ae/': '/À®À®/', '/%e2%80%a8': undefined,
  } // prettier-ignore
  t.same(Object.fromEntries(Object.keys(paths).map((target) => [target, mountPath(target)])), paths)
  t.same(
    [mountPath(`/${'a'.repeat(1023)}`)?.length, mountPath(`/${'a'.repeat(1024)}`), mountPath(`/${'%41'.repeat(100_000)}`)],
    [1024, undefined, undefined],
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.oneof(
          latin1,

          fc.array(fc.constantFrom('/', '.', '%2e', '%2f', '%', 'a', '\\', '?', '%c0')).map((parts) => `/${parts.join('')}`),
        ),
        (target) => {
          const path = mountPath(target)
          return (
            path === undefined ||
            (path.startsWith('/') &&
              !path.split('/').some((part, i, all) => part === '..' || part === '.' || (part === '' && i > 0 && i < all.length - 1)))
          )
        },
      ),
      property(),
    ),
  )
})

t.test('Basic credentials', async (t) => {
  t.same(parseBasic(basic('source:hack:me')), { user: 'source', password: 'hack:me' })
  t.same(parseBasic('bAsIc   OnB3'), { user: '', password: 'pw' })
  t.same(parseBasic(basic('é:ü')), { user: 'é', password: 'ü' })
  t.same(parseBasic(basic('é:ü', 'latin1')), { user: 'é', password: 'ü' })
  const bad = [
    undefined,
    '',
    'Basic',
    'Basic ',
    'Digest abc',
    'Basic a*b',
    basic('nocolon'),
    basic('a:b\n'),
    basic('a:b', 'utf16le'),
    `Basic ${'A'.repeat(1e6)}!`,
  ]
  t.same(
    bad.map(parseBasic),
    bad.map(() => undefined),
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.oneof(
          latin1,
          fc.base64String().map((text) => `Basic ${text}`),
        ),
        (value) => {
          const credentials = parseBasic(value)
          return credentials === undefined || typeof credentials.password === 'string'
        },
      ),
      property(),
    ),
  )
})

t.test('HeadReader throws nothing but FloecastError and reads the same from every chunking', async (t) => {
  const captures = [
    'sources/libshout-tls2817-upgrade-put',
    'sources/butt-shoutcast',
    'sources/darkice-icecast1',
    'sources/darkice-mp3',
    'listeners/vlc-mp3',
  ].map(wire)
  const pieces = fc.array(
    fc.constantFrom('GET', 'SOURCE', ' ', '/', 'HTTP/1.0', '\r\n', '\n', '\r', ':', 'a', 'ice-name: x', '%', '?', '\x00', '\x16', '\xff', 'hackme', ' /m HTTP/1.1\r\n', 'x'.repeat(90)),
    { maxLength: 40 },
  ) // prettier-ignore
  const damaged = fc
    .tuple(fc.constantFrom(...captures), fc.nat(800), fc.uint8Array({ maxLength: 6 }))
    .map(([bytes, at, put]) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at, 1500)]))
  const input = fc.oneof(
    pieces.map((parts) => Buffer.from(parts.join(''), 'latin1')),
    damaged,
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  )
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        input,
        sizes,
        fc.constantFrom(undefined, 64, 300),
        (bytes, lengths, limit) => outline(open([bytes], limit)) === outline(open(cut(bytes, lengths), limit)),
      ),
      property(2),
    ),
  )
})

t.test("formatHead makes heads that Node's parser takes", async (t) => {
  const seen: Promise<[string | undefined, string | undefined, string | undefined]>[] = []
  for (const text of ['GET /admin/metadata?song=Ä b&mount=/m HTTP/1.0\nIce-Name: Ä\nx:\n\r\n', 'GET /a HTTP/1.1\nHost: x\n\n']) {
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
    const server = createServer()
    seen.push(
      new Promise((resolve, reject) => {
        server.on('request', (message: IncomingMessage) => resolve([message.method, message.url, message.headers.host]))
        server.on('clientError', reject)
      }),
    )
    server.emit('connection', socket)
    socket.push(formatHead(request(Buffer.from(text))))
  }
  t.same(await Promise.all(seen), [
    ['GET', '/admin/metadata?song=%C3%84%20b&mount=/m', undefined],
    ['GET', '/a', 'x'],
  ])
})
