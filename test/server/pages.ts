import { readdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { PageStart } from '../../lib/api/pages.js'
import { basic } from '../../lib/server/auth.js'
import { createServer } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { wantsPage } from '../../lib/server/wants-page.js'
import { until } from '../helpers/wait.js'

const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../fixtures', name))
const LOGIN = `Authorization: Basic ${Buffer.from('source:s3cret').toString('base64')}\r\n`

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
/** Heads that are not among the captures: who, what its head says of it, and whether it wants a page. */
const HEADS: readonly [who: string, headers: Record<string, string>, page: boolean][] = [
  ['Chromium over TLS', { accept: `${HTML},application/signed-exchange;v=b3;q=0.7`, 'sec-fetch-dest': 'document' }, true],
  [
    'Chromium on a network without TLS',
    { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8' },
    true,
  ],
  ['Firefox', { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'sec-fetch-dest': 'document' }, true],
  ['Safari', { accept: HTML }, true],
  ['a frame of another site', { accept: HTML, 'sec-fetch-dest': 'iframe' }, false],
  ['a script', { accept: '*/*', 'sec-fetch-dest': 'empty' }, false],
  [
    'Firefox, <video>',
    { accept: 'video/webm,video/ogg,video/*;q=0.9,application/ogg;q=0.7,audio/*;q=0.6,*/*;q=0.5', range: 'bytes=0-' },
    false,
  ],
  ['Safari, <video>', { accept: '*/*', range: 'bytes=0-1', 'user-agent': 'AppleCoreMedia/1.0.0' }, false],
  ['a download that goes on', { accept: HTML, 'sec-fetch-dest': 'document', range: 'bytes=1000-' }, false],
  ['a radio that says what a browser does', { accept: HTML, 'icy-metadata': '1' }, false],
  ['Java', { accept: 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2' }, false],
  ['Winamp', { accept: '*/*', 'user-agent': 'WinampMPEG/5.9', 'icy-metadata': '1' }, false],
  ['Windows Media Player', { accept: '*/*', 'user-agent': 'NSPlayer/12.00' }, false],
  ['a radio without a word', {}, false],
]

t.test('browsers that open a mount get a page, and whatever plays gets media', async (t) => {
  for (const [who, headers, page] of HEADS)
    t.equal(
      wantsPage('GET', (name) => headers[name]),
      page,
      who,
    )
  t.equal(
    wantsPage('POST', (name) => ({ accept: HTML })[name]),
    false,
  )
  const folder = join(import.meta.dirname, '../wire/listeners')
  for (const name of readdirSync(folder)) {
    const [first = '', ...lines] = readFileSync(join(folder, name), 'latin1').split(/\r?\n/)
    const headers = new Map(
      lines.map((line): [string, string] => [line.split(':')[0]!.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const isNavigation = name === 'chromium-direct-navigation.request.bin'
    t.equal(
      wantsPage(first.split(' ')[0]!, (header) => headers.get(header)),
      isNavigation,
      name,
    )
  }
})

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  bytes: Buffer
}

async function house(t: { teardown(call: () => unknown): void }, options: Partial<CreateServerOptions> = {}) {
  const server = createServer({ auth: basic({ source: 's3cret', admin: 'adm1n' }), ...options })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const sources: Socket[] = []
  t.teardown(() => {
    for (const socket of sources) socket.destroy()
    return server.close()
  })
  // Of what never ends, the head alone.
  const ask = (
    path: string,
    headers: Record<string, string> = {},
    { method = 'GET', agent }: { method?: string; agent?: Agent } = {},
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: agent ?? false }, (response) => {
        const chunks: Buffer[] = []
        const done = (): void => {
          const bytes = Buffer.concat(chunks)
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: bytes.toString(), bytes })
        }
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          if (!/html|plain|json/.test(String(response.headers['content-type'])) && response.headers['content-length'] === undefined) {
            done()
            asked.destroy()
          }
        })
        response.on('end', done).on('error', () => {})
      })
      asked.on('error', reject).end()
    })
  const publish = async (mount: string, file: string, type: string, more = ''): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    sources.push(socket)
    socket.write(`PUT ${mount} HTTP/1.1\r\n${LOGIN}Content-Type: ${type}\r\n${more}\r\n`)
    socket.write(fixture(file))
    await until('it to be there', () => server.mounts.get(decodeURI(mount))?.ready === true)
    return socket
  }
  return { server, port, ask, publish }
}

const BROWSER = { accept: HTML }
const startOf = (text: string): { prefix: string; data: PageStart } => JSON.parse(/id="start">(.*?)<\/script>/s.exec(text)![1]!)

t.test('a mount is a page to a browser and a stream to players, on fresh connections and on used ones', async (t) => {
  const { ask, publish } = await house(t, { mounts: { '/off': { name: 'Studio' }, '/hidden': { hidden: true }, '/shows/*': {}, '/*': {} } })
  await publish('/tv', 'h264-aac.mpegts', 'video/mp2t', 'Ice-Name: Harbour TV\r\n')
  await publish('/hidden', 'mp3-stereo.mp3', 'audio/mpeg')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (const options of [{}, { agent }, { agent }]) {
    const page = await ask('/tv', BROWSER, options)
    t.match([page.status, page.headers['content-type']], [200, 'text/html; charset=utf-8'])
    t.match(startOf(page.text), {
      prefix: '',
      data: { mount: '/tv', hidden: false, report: { mounts: [{ mount: '/tv', live: true, name: 'Harbour TV' }] } },
    })
    t.match(page.headers['vary'], /Accept/, 'caches tell the two from each other')
  }
  t.equal((await ask('/tv', BROWSER, { method: 'HEAD' })).headers['content-type'], 'text/html; charset=utf-8')
  await ask('/', BROWSER, { agent })
  const { headers } = await ask('/tv', { accept: '*/*', range: 'bytes=0-' }, { agent })
  t.equal(headers['content-type'], 'video/mp2t', 'on a connection that has asked for a page before')
  for (const path of ['/tv', '/tv.mp4']) t.match((await ask(path)).headers['content-type'], /^video\//)
  t.match((await ask('/tv.mp4', BROWSER)).headers['content-type'], /^video\/mp4/, 'a form is media to everyone')

  const waiting = await ask('/off', BROWSER)
  t.match([waiting.status, startOf(waiting.text).data.report.mounts[0]?.live], [200, false], 'what is not live waits')
  t.match([(await ask('/shows/late', BROWSER)).status, (await ask('/shows/late')).status], [200, 404], 'so does what the settings describe')
  const missing = await ask('/nothing', BROWSER)
  t.match([missing.status, missing.text], [404, /There is nothing here[^]*href="\/"/])
  t.match(await ask('/nothing'), { status: 404, text: /^The file you requested could not be found/ }, 'programs get a sentence')
  t.equal(
    startOf((await ask('/hidden', BROWSER)).text).data.report.mounts[0]?.live,
    true,
    'who knows the name of a hidden mount has its page',
  )
  t.notMatch((await ask('/')).text, '/hidden')
})

t.test('pages may be framed where that is meant, and hold nothing that runs', async (t) => {
  const { ask, publish } = await house(t)
  const nasty = `</script><script>alert(1)</script>"><img src=x onerror=alert(2)> <b style="x">'&amp;`
  const path = encodeURI('/a<b>"\'&.mp3')
  await publish(
    path,
    'mp3-stereo.mp3',
    'audio/mpeg',
    `Ice-Name: ${nasty}\r\nIce-Description: ${nasty}\r\nIce-Genre: ${nasty}\r\nIce-Url: javascript:${nasty}\r\nUser-Agent: ${nasty}\r\n`,
  )
  const admin = { authorization: `Basic ${Buffer.from('admin:adm1n').toString('base64')}` }
  await ask(`/admin/metadata?mode=updinfo&mount=${encodeURIComponent(decodeURI(path))}&song=${encodeURIComponent(nasty)}`, admin)
  for (const [at, frames] of [
    ['/', "'self'"],
    [path, "'self'"],
    [`/embed${path}`, '*'],
    ['/<script>'.replace(/[<>]/g, encodeURIComponent), "'self'"],
  ] as const) {
    const { text, headers } = await ask(at, BROWSER)
    const policy = String(headers['content-security-policy'])
    t.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'/)
    t.notMatch(policy, 'unsafe')
    t.ok(policy.endsWith(`frame-ancestors ${frames}`), `frames of ${at}`)
    const tags = [...text.matchAll(/<script[^>]*>/g)].map(([tag]) => tag)
    t.ok(
      tags.every((tag) => /^<script (src="\/assets\/|type="application\/json" id="start">|type="module" src="\/assets\/)/.test(tag)),
      'no script but ours',
    )
    t.notMatch(
      text.replace(/id="start">.*?<\/script>/s, ''),
      /<(img|b)\b|<[^>]*\s(on\w+|style)=|href="javascript/,
      'no tag of a source, and nothing inline',
    )
    if (!at.includes('script')) t.equal(startOf(text).data.report.mounts[0]?.title?.display, nasty, 'the text itself is there')
  }
})

t.test('a password for listeners keeps pages and pictures as well', async (t) => {
  const auth = { ...basic({ source: 's3cret', admin: 'adm1n' }), listener: ({ password }: { password: string }) => password === 'l1sten' }
  const { ask, publish } = await house(t, { auth })
  await publish('/tv', 'h264-aac.mpegts', 'video/mp2t')
  const listener = { authorization: `Basic ${Buffer.from('me:l1sten').toString('base64')}` }
  for (const path of ['/tv', '/embed/tv', '/tv.media/picture']) {
    const refused = await ask(path, BROWSER)
    t.match([refused.status, refused.headers['www-authenticate']], [401, /^Basic/], path)
    t.equal((await ask(path, { ...BROWSER, ...listener })).status, 200)
  }
})

t.test('the last key frame is a film of one picture, made once in five seconds, and nobody who looks is a viewer', async (t) => {
  let later = 0
  const clock = {
    now: () => Date.now() + later,
    after: (delay: number, call: () => void) => {
      const timer = setTimeout(call, delay)
      return () => clearTimeout(timer)
    },
  }
  const { server, ask, publish } = await house(t, { clock })
  const films = [
    ['/h264', 'h264-aac.mpegts', 'video/mp2t', 'video/mp4'],
    ['/hevc', 'hevc-aac.mpegts', 'video/mp2t', 'video/mp4'],
    ['/av1', 'av1-opus.webm', 'video/webm', 'video/mp4'],
    ['/vp9', 'vp9-opus.webm', 'video/webm', 'video/mp4'],
    ['/vp8', 'vp8-vorbis.webm', 'video/webm', 'video/webm'],
  ] as const
  for (const [mount, file, type, made] of films) {
    await publish(mount, file, type)
    await until('a part', () => server.mounts.get(mount)!.broadcast.presentation!.segments.some(({ parts }) => parts.length > 0))
    const { status, headers, bytes } = await ask(`${mount}.media/picture`)
    t.match([status, headers['content-type'], headers['cache-control']], [200, made, 'max-age=5'], mount)
    t.ok(made === 'video/mp4' ? bytes.includes('ftyp') && bytes.includes('mdat') : bytes.readUInt32BE(0) === 0x1a45dfa3)
    t.equal((await ask('/api/v1/status')).text.includes(`${mount}.media/picture"`), true, 'the status tells of it')
  }
  const sizes = async (): Promise<number> => (await ask('/h264.media/picture')).bytes.length
  const before = await sizes()
  const socket = await publish('/once', 'mp3-stereo.mp3', 'audio/mpeg')
  t.equal((await ask('/once.media/picture')).status, 404, 'sound has none')
  socket.destroy()
  server.mounts.get('/h264')!.source!.close('the test ends it')
  t.equal(await sizes(), before, 'what was made is given again')
  later = 6_000
  t.equal((await ask('/h264.media/picture')).status, 404, 'and no longer than five seconds')
  const { mounts } = JSON.parse((await ask('/api/v1/status')).text)
  t.ok(mounts.every(({ listeners }: { listeners: number }) => listeners === 0))
})

t.test('pages work below a path, and other sites find the player by a name that stays', async (t) => {
  const { ask, publish } = await house(t, { trustedProxies: ['127.0.0.1'], mounts: { '/off': {} } })
  await publish('/a/b.mp3', 'mp3-stereo.mp3', 'audio/mpeg')
  const proxied = { ...BROWSER, 'x-forwarded-prefix': '/radio', 'x-forwarded-host': 'tv.example', 'x-forwarded-proto': 'https' }
  for (const path of ['/', '/a/b.mp3', '/embed/a/b.mp3', '/nothing']) {
    const { text } = await ask(path, proxied)
    const links = [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link]) => link!)
    t.ok(links.length > 4 && links.every((link) => link.startsWith('/radio/')), `links of ${path}`)
    t.equal(startOf(text).prefix, '/radio')
  }
  const { status, headers } = await ask('/assets/player.js')
  t.match([status, headers['location'], headers['access-control-allow-origin']], [302, /^player-\w+\.js$/, '*'])
  t.match((await ask(`/assets/${String(headers['location'])}`)).headers, {
    'cache-control': /immutable/,
    'access-control-allow-origin': '*',
  })
  t.equal((await ask('/embed/nothing', BROWSER)).status, 404)
})
