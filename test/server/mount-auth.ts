import { createHmac, generateKeyPairSync } from 'node:crypto'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import t from 'tap'
import type { ServerOptions } from '../../lib/options/index.js'
import { basic } from '../../lib/server/auth.js'
import { Htpasswd } from '../../lib/server/htpasswd.js'
import { signLink } from '../../lib/server/listener-tokens.js'
import { createServer, type Server } from '../../lib/server/server.js'
import { FakeClock } from '../helpers/clock.js'
import type { Scope } from '../helpers/programs.js'
import { until } from '../helpers/wait.js'

// Eight seconds of MPEG-1 layer III.
const MP3 = Buffer.concat(Array.from({ length: 310 }, () => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)])))
const LINK = 'a-secret-of-links-1'
const TOKEN = 'a-secret-of-tokens-1'

interface House {
  readonly server: Server
  readonly clock: FakeClock
  readonly port: number
  /** A request on a connection of its own that stays open; what has come, and whether it has ended. */
  readonly say: (words: string, body?: Buffer) => { heard: string; ended: boolean; readonly socket: Socket }
  /** The status of an answer. */
  readonly get: (path: string, ...headers: string[]) => Promise<number>
  /** The whole answer of what is no endless stream. */
  readonly read: (path: string, ...headers: string[]) => Promise<string>
}

async function house(t: Scope, mounts: ServerOptions['mounts'], live: readonly string[]): Promise<House> {
  const clock = new FakeClock(Date.now())
  const server = createServer({ auth: basic({ source: 'hackme', admin: 'letmein' }), clock, mounts })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const sockets: Socket[] = []
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    // What is to be given up at the end is given up.
    const closed = server.close()
    clock.pass(60_000)
    await closed
  })
  const say: House['say'] = (words, body) => {
    const socket = connect({ port, host: '127.0.0.1' })
    sockets.push(socket)
    const peer = { heard: '', ended: false, socket }
    socket.on('data', (chunk: Buffer) => (peer.heard += chunk.toString('latin1'))).on('error', () => {})
    socket.on('close', () => (peer.ended = true))
    socket.write(words)
    if (body !== undefined) socket.write(body)
    return peer
  }
  const ask = (path: string, headers: readonly string[]) =>
    say(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`)
  const get: House['get'] = async (path, ...headers) => {
    const peer = ask(path, headers)
    await until(`an answer for ${path}`, () => peer.heard.includes('\r\n'))
    peer.socket.destroy()
    return Number(peer.heard.split(' ')[1])
  }
  const read: House['read'] = async (path, ...headers) => {
    const peer = ask(path, headers)
    await until(`the answer for ${path}`, () => peer.ended)
    return peer.heard
  }
  for (const mount of live) {
    say(`PUT ${mount} HTTP/1.1\r\nHost: a\r\n${login('source', 'hackme')}\r\nContent-Type: audio/mpeg\r\n\r\n`, MP3)
    await until(`${mount} on the air`, () => server.mounts.get(mount)?.ready === true)
  }
  return { server, clock, port, say, get, read }
}

const login = (user: string, password: string): string => `Authorization: Basic ${btoa(`${user}:${password}`)}`
const ANNA = login('anna', 'her-password')
const BROWSER = ['Accept: text/html', 'Sec-Fetch-Dest: document', 'Sec-Fetch-Mode: navigate']

t.test('an htpasswd file lets in by every hash that is about, is read again, and grows and shrinks', async (t) => {
  const path = join(t.testdir({}), 'listeners')
  const hashes = {
    apache: '$apr1$tidewate$CAFwYLL4Qv.WNxTiNmiNA0',
    bcrypt: '$2y$04$EbDn7FhvXIH9IieNQ51CheIPTVYEm9nzfD/PZnPEyYTTHl.IDzvt.',
    icecast: '5d41402abc4b2a76b9719d911017c592',
    plain: 'hello',
    costly: '$2y$31$EbDn7FhvXIH9IieNQ51CheIPTVYEm9nzfD/PZnPEyYTTHl.IDzvt.',
  }
  const file = new Htpasswd(path)
  await t.rejects(file.verify('anna', 'x'), { code: 'AUTHENTICATION_FAILED' }, 'a file that is not there lets nobody in')
  t.equal(await file.add('anna', 'hello'), true, 'but can be begun')
  t.match(readFileSync(path, 'utf8'), /^anna:scrypt\$[^\n]+\n$/)
  t.equal(await file.add('anna', 'other'), false, 'nobody is replaced')
  const lines = Object.entries(hashes).map(([name, hash]) => `${name}:${hash}\n`)
  appendFileSync(path, `# from elsewhere\n${lines.join('')}long:$1$xy$mAtJolt6IbJlLV26u3m4R0\n`)
  const answers = await Promise.all(['anna', ...Object.keys(hashes), 'nobody'].map((user) => file.verify(user, 'hello')))
  t.strictSame(answers, [true, true, true, true, false, false, false])
  t.equal(await file.verify('long', 'a password of more than sixteen bytes'), true)
  t.strictSame(await Promise.all(Object.keys(hashes).map((user) => file.verify(user, 'Hello'))), [false, false, false, false, false])
  for (const name of ['a b', 'a:b', 'a\nb', '', '$(x)'])
    await t.rejects(file.add(name, 'x'), { code: 'USER_REFUSED' }, `no ${JSON.stringify(name)}`)
  t.strictSame([await file.remove('anna'), await file.remove('anna')], [true, false])
  t.strictSame(await file.list(), [...Object.keys(hashes), 'long'])
  t.match(readFileSync(path, 'utf8'), /^# from elsewhere\n/, 'comments stay')
  writeFileSync(path, 'ssh-ed25519 AAAA somebody\n')
  await t.rejects(file.add('ben', 'x'), { code: 'USER_REFUSED' }, 'what is no such file is never written to')
  t.equal(readFileSync(path, 'utf8'), 'ssh-ed25519 AAAA somebody\n')
})

t.test('a closed mount is closed by every way out, and to those alone whom nothing lets in', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { clock, server, get, read } = await house(
    t,
    {
      '/live': {
        sourceTimeout: 600_000,
        authentication: { users: { anna: 'her-password' }, linkSecret: LINK, jwt: { secret: TOKEN } },
      },
      '/links': { sourceTimeout: 600_000, authentication: { linkSecret: LINK } },
      '/key': { authentication: { jwt: { publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(), audience: 'radio' } } },
      '/open': { sourceTimeout: 600_000 },
    },
    ['/live', '/links', '/open'],
  )
  const seconds = Math.floor(clock.now() / 1000)
  const link = (mount: string, expires = seconds + 60): string => `expires=${expires}&signature=${signLink(LINK, mount, expires)}`
  t.equal(signLink(LINK, '/live', 5), createHmac('sha256', LINK).update('/live\n5').digest('base64url'), 'as the documentation says')
  const token = (claims: Record<string, unknown>, secret = TOKEN): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret))
  const ways = ['/live', '/live.mp3', '/live.m3u8', '/live.media/main.m3u8', '/live.mpd', '/live.media/picture', '/live?format=mp3']
  for (const way of ways) {
    t.equal(await get(way), 401, `${way}, nobody`)
    t.equal(await get(way, login('anna', 'no')), 401, `${way}, a wrong password`)
    t.equal(await get(way, login('source', 'hackme')), 401, `${way}, a source`)
  }
  for (const path of ['/live', '/embed/live']) t.equal(await get(path, ...BROWSER), 401, `the page ${path}`)
  const inside = ['/live', '/live.m3u8', '/live.media/main.m3u8']
  const good = await token({ mount: ['/other', '/li*'], exp: seconds + 60, sub: 'ben' })
  for (const way of inside) {
    t.equal(await get(way, ANNA), 200, `${way}, her password`)
    t.equal(await get(`${way}?${link('/live')}`), 200, `${way}, a link`)
    t.equal(await get(`${way}?token=${good}`), 200, `${way}, a token`)
    t.equal(await get(way, `Authorization: Bearer ${good}`), 200, `${way}, a token in the head`)
  }
  t.equal(await get(`/live?${link('/live')}`, ...BROWSER), 200, 'the page, by a link')
  t.match(await read(`/live.m3u8?${link('/live')}`), `main.m3u8?${link('/live')}`, 'what proves goes along to the playlists that are named')
  t.notMatch(await read('/live.m3u8', ANNA), 'main.m3u8?', 'and a password does not')
  t.match(await read('/live.media/main.m3u8?_HLS_msn=0', ANNA), /Cache-Control: (private|no-)/i, 'no cache stands for them')
  for (const [name, query] of [
    ['of another mount', link('/open')],
    ['that has expired', link('/live', seconds - 1)],
    ['with another time', link('/live').replace(/\d+/, String(seconds + 99))],
    ['without a signature', `expires=${seconds + 60}`],
    ['a token of another key', `token=${await token({ exp: seconds + 60 }, 'another-secret-16')}`],
    ['a token that has expired', `token=${await token({ exp: seconds - 1 })}`],
    ['a token for another mount', `token=${await token({ mount: '/open' })}`],
    ['a token without a signature', `token=${btoa('{"alg":"none"}')}.${btoa('{}')}.`],
    ['no token at all', 'token=x'],
  ] as const)
    t.equal(await get(`/live?${query}`), 401, name)
  t.equal(await get('/links'), 403, 'where no name helps, none is asked for')
  t.match(await read('/links', ANNA), /^HTTP\/1.\d 403 [^]*a link or a token/, 'but a sentence says what does')
  t.equal(await get(`/links?${link('/links')}`), 200)
  t.equal(await get('/open'), 200)
  t.equal(await get('/open', login('any', 'thing')), 200)

  // Tokens of a public key: one whose header calls the key a secret is none.
  const keyed = await new SignJWT({ aud: 'radio' }).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey)
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const forged = await new SignJWT({ aud: 'radio' }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(pem))
  const statuses = [keyed, forged, good].map((one) => get(`/key?token=${one}`, ...BROWSER))
  t.strictSame(await Promise.all(statuses), [200, 403, 403])

  const shown = JSON.stringify(server.settings)
  t.match(shown, LINK, 'the settings hold secrets')
  const answer = await read('/api/v1/mounts', login('admin', 'letmein'))
  t.match(answer, '"linkSecret":true')
  for (const secret of [LINK, TOKEN, 'her-password', 'BEGIN'])
    if (secret !== 'BEGIN') t.notMatch(answer, secret, 'and the API never tells one')
})

t.test('who may listen for a time listens for that time', async (t) => {
  const { clock, say, server } = await house(
    t,
    {
      '/live': {
        sourceTimeout: 600_000,
        authentication: { linkSecret: LINK, users: { anna: 'her-password' }, allowDuplicateUsers: false },
      },
    },
    ['/live'],
  )
  const expires = Math.floor(clock.now() / 1000) + 20
  const some = say(`GET /live?expires=${expires}&signature=${signLink(LINK, '/live', expires)} HTTP/1.1\r\nHost: a\r\n\r\n`)
  const anna = say(`GET /live HTTP/1.1\r\nHost: a\r\n${ANNA}\r\n\r\n`)
  await until('both to listen', () => server.mounts.get('/live')?.everyone.length === 2)
  const again = say(`GET /live HTTP/1.1\r\nHost: a\r\n${ANNA}\r\n\r\n`)
  await until('the second of the same name to be refused', () => again.heard.includes(' 403 '))
  clock.pass(18_000)
  t.equal(some.ended, false)
  clock.pass(3_000)
  await until('the link to end', () => some.ended)
  t.equal(anna.ended, false, 'a password does not')
})

t.test('guessers are kept out, and nobody else with them', async (t) => {
  const { get } = await house(t, { '/live': { authentication: { users: { anna: 'her-password', ben: 'his-password' } } } }, ['/live'])
  // All together, as a guesser would: those after the thirtieth are refused whatever they bring.
  const guesses = await Promise.all(Array.from({ length: 40 }, (_, i) => get('/live', login('anna', `guess-${i}`))))
  t.ok(guesses.includes(429))
  t.equal(await get('/live', ANNA), 429, 'her name is closed from here')
  t.equal(await get('/live', login('ben', 'his-password')), 200, 'his is not')
  t.equal(await get('/admin/stats', login('admin', 'letmein')), 200, 'nor is the administrator locked out')
  t.equal(await get('/admin/metadata?mount=/live&mode=updinfo&song=x', login('source', 'hackme')), 200, 'nor the source')
})

/** A server that answers as it is told, and writes down what it is asked. */
async function authority(t: Scope, answer: (asked: URLSearchParams, response: ServerResponse) => void) {
  const asked: URLSearchParams[] = []
  const http = createHttp((request: IncomingMessage, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const fields = new URLSearchParams(body)
      asked.push(fields)
      answer(fields, response)
    })
    response.on('error', () => {})
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    http.closeAllConnections()
    http.close()
  })
  const place = http.address()
  return { asked, url: `http://127.0.0.1:${typeof place === 'object' ? place?.port : ''}/` }
}

t.test('a server of the administrator says who may listen and send, and hears of it', async (t) => {
  const { asked, url } = await authority(t, (fields, response) => {
    const isRight = fields.get('user') === 'anna' || fields.get('pass') === 'studio'
    if (isRight) response.setHeader('icecast-auth-user', '1').setHeader('icecast-auth-timelimit', '30')
    else if (fields.get('user') === 'late') response.setHeader('icecast-auth-message', 'your <b>time</b> is over')
    response.end()
  })
  const { server, clock, say, get, read } = await house(
    t,
    {
      '/live': {
        sourceTimeout: 600_000,
        authentication: {
          url: {
            listenerAdd: url,
            listenerRemove: url,
            streamAuth: url,
            mountAdd: url,
            mountRemove: url,
            headers: ['X-Room'],
            headerPrefix: 'ClientHeader.',
          },
        },
      },
    },
    [],
  )
  const put = (password: string) =>
    say(`PUT /live HTTP/1.1\r\nHost: a\r\n${login('dj', password)}\r\nContent-Type: audio/mpeg\r\n\r\n`, MP3)
  const stranger = put('hackme')
  await until('a wrong source to be refused', () => stranger.heard.includes(' 401 '))
  const source = put('studio')
  await until('the mount', () => server.mounts.get('/live')?.ready === true)
  await until('to be told', () => asked.some((one) => one.get('action') === 'mount_add'))
  t.match(Object.fromEntries(asked[1]!), { action: 'stream_auth', mount: '/live', ip: '127.0.0.1', user: 'dj', pass: 'studio' })

  const anna = say(`GET /live?from=here HTTP/1.1\r\nHost: a\r\n${ANNA}\r\nUser-Agent: a&b=c\r\nX-Room: 7\r\n\r\n`)
  await until('her to listen', () => server.mounts.get('/live')?.everyone.length === 1)
  t.match(Object.fromEntries(asked.find((one) => one.get('action') === 'listener_add')!), {
    mount: '/live?from=here',
    user: 'anna',
    pass: 'her-password',
    ip: '127.0.0.1',
    agent: 'a&b=c',
    'ClientHeader.X-Room': '7',
    client: /^\d+$/,
    port: /^\d+$/,
  })
  t.equal(await get('/live'), 401, 'nobody is asked about, and refused')
  t.match(await read('/live', login('late', 'x')), / 401 [^]*your <b>time<\/b> is over\r\n$/, 'with the reason, in plain text')

  const adds = (): number => asked.filter((one) => one.get('action') === 'listener_add').length
  const before = adds()
  for (let i = 0; i < 5; i++) t.equal(await get('/live.m3u8', ANNA), 200)
  t.equal(adds(), before + 1, 'who loads playlists is asked about once')
  const gone = (): URLSearchParams[] => asked.filter((one) => one.get('action') === 'listener_remove')
  clock.pass(29_000)
  t.equal(anna.ended, false)
  clock.pass(2_000)
  await until('her time to be over', () => anna.ended)
  await until('both to be told of', () => gone().length === 2)
  t.match(
    gone().find((one) => Number(one.get('duration')) >= 30),
    { size: Number },
    'with how long they have listened',
  )
  source.socket.destroy()
  await until('the end to be told', () => asked.some((one) => one.get('action') === 'mount_remove'))
})

t.test('a server that is slow, silent or endless is waited for by nobody but those it is asked about', async (t) => {
  const { url, asked } = await authority(t, (fields, response) => {
    const user = fields.get('user')
    // `never` has no answer, and `flood` one of 5 MB.
    if (user === 'flood') response.setHeader('icecast-auth-user', '1').end(Buffer.alloc(5_000_000))
    else if (user === 'slow') response.writeHead(200, { 'icecast-auth-user': '1', 'x-much': 'x'.repeat(100_000) }).end()
  })
  const mount = { sourceTimeout: 600_000 }
  const { server, clock, get, read } = await house(
    t,
    {
      '/live': { ...mount, authentication: { url: { listenerAdd: url }, users: { anna: 'her-password' } } },
      '/kind': { ...mount, authentication: { url: { listenerAdd: url, presumeInnocent: true } } },
      '/open': mount,
    },
    ['/live', '/kind', '/open'],
  )
  const waiting = Array.from({ length: 200 }, () => read('/live', login('never', 'x')))
  const kind = get('/kind', login('never', 'x'))
  await until('the first to be asked about', () => asked.length >= 30)
  t.equal(await get('/open'), 200, 'another mount')
  t.equal(await get('/live', ANNA), 200, 'another listener of the same mount')
  t.ok(asked.length <= 34, 'so many are asked about at a time')
  clock.pass(5_000)
  const answers = await Promise.all(waiting)
  t.strictSame(new Set(answers.map((answer) => answer.split(' ')[1])), new Set(['503']))
  t.equal(await kind, 200, 'or they are let in, where the settings say so')
  t.equal(await get('/live', login('flood', 'x')), 200, 'of 5 MB, none is read')
  t.equal(await get('/live', login('slow', 'x')), 503, 'an answer whose head has no end is none')
  t.ok(server.mounts.get('/live')!.source)
})
