import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { parseXml, type XmlElement } from '../../lib/icy/xml.js'
import { basic } from '../../lib/server/auth.js'
import { createServer } from '../../lib/server/server.js'
import { until } from '../helpers/wait.js'

/*
 * Debian's icecast2 2.4.4 was asked these things, and its answers written down (test/wire/answers). Here floecast is asked the same, byte by byte: whatever Icecast said has
 * to be in what floecast says, field by field, but for what DIFFERENCES gives a reason for. docs/icecast.md tells the same to people.
 */

t.setTimeout(120_000)

const FOLDER = join(import.meta.dirname, '../wire/answers')

/** What differs, as a pattern of `capture: fact`, and why. */
const DIFFERENCES: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^(7-html|stats-sid): (status|says)/, 'Icecast knows nothing of SHOUTcast; these pages are there'],
  [/^(admin-badpass|admin-cgi-noauth|admin-source-user-stats): says /, 'a wrong password is told from none'],
  [/^playlist-xspf: playlist (title|creator)/, 'the list is called as the stream is'],
  [/^playlist-xspf: .* annotation /, 'there are two listeners, where Icecast had one at that moment'],
  [/^playlist-pls: (status|says)/, 'there are playlists in PLS, too'],
  [/^playlist-m3u-unknown: (status|line)/, 'Icecast makes playlists of mounts that nobody has heard of'],
  [/^admin-nosource-streamlist\.txt: (status|says)/, 'the administrator may list the streams; in Icecast only relays'],
  [/^admin-noauth-nothing|^admin-noauth-root/, 'the panel is there, and asks for a password itself'],
  [/^metadata-admin-cgi: (status|says)/, 'admin.cgi takes any mount, not only those of SHOUTcast sources'],
  [/^metadata-post: (status|says)/, 'a form may bring the title'],
  [/icestats file_connections /, 'files are not counted'],
  [/icestats server_id /, 'the server has a name of its own'],
  [/^admin-listclients(-encoded-mount)?: .* Connected /, 'nobody has listened for that long'],
  [/^admin-listmounts.*: .* Connected /, 'the source has not been there for that long'],
  [/^metadata-song-utf8-.*: title /, 'Icecast takes titles for ISO-8859-1, and writes what that lacks as a number'],
  [/^metadata-(nosong|empty)-.*: title /, 'Icecast keeps the artist before; without a song nothing changes here'],
  [
    /^metadata-(song-after-artist|artist-title-song|newline|quote|title-only|url|xml-chars)-.*: title /,
    'Icecast keeps the artist of the title before',
  ],
]

/** What is another each time. */
const VOLATILE =
  / (ID|stream_start|stream_start_iso8601|server_start|server_start_iso8601|total_bytes_read|total_bytes_sent|client_connections|clients|connections|listener_connections|source_client_connections|source_total_connections) /

// MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame.
const MP3 = Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)])))
const HEADERS =
  'User-Agent: labsource/1.0\r\nice-name: Lab Radio\r\nice-description: Lab desc é\r\nice-genre: Test\r\nice-url: http://example.org/\r\nice-public: 0\r\nice-bitrate: 128\r\nice-audio-info: bitrate=128;samplerate=44100;channels=2\r\n'

interface Answer {
  readonly status: number
  readonly body: string
}

const readAnswer = (text: string): Answer => {
  const end = text.indexOf('\r\n\r\n')
  return {
    status: Number(text.split(' ')[1]),
    body: Buffer.from(text.slice(end + 4), 'latin1')
      .toString()
      .trim(),
  }
}

/** One fact a line: the way to an element, and its text. */
function* facts(element: XmlElement, way = ''): Generator<string> {
  const attributes = Object.entries(element.attributes).map(([name, value]) => `[${name}=${value}]`)
  const here = `${way} ${element.name}${element.name === 'source' ? attributes.join('') : ''}`
  if (element.children.length === 0) yield `${here} ${element.text}`.trim()
  for (const child of element.children) yield* facts(child, here)
}

/** What an answer says, with this server's own address left out. */
function factsOf({ status, body }: Answer, wanted: string): string[] {
  const text = body.replaceAll(/https?:\/\/(?:[^/@\s]*@)?(?:localhost|127\.0\.0\.1):\d+/g, 'ORIGIN').replaceAll('\r\n', '\n')
  const page = /<b>\d+ - (.*)<\/b>/.exec(text)?.[1]
  if (status >= 400) return [`status ${status}`, `says ${page ?? text}`]
  if (text.startsWith('{')) return [`status ${status}`, `title ${JSON.parse(text).icestats.source?.title ?? ''}`]
  if (wanted.includes('.xsl') || /<html|^<!DOCTYPE/i.test(text)) return [`status ${status}`]
  if (text.startsWith('<?xml')) return [`status ${status}`, ...facts(parseXml(text)!)]
  return [`status ${status}`, ...text.split('\n').map((line) => `line ${line}`)]
}

const withoutVolatile = (fact: string): string => {
  const found = VOLATILE.exec(` ${fact} `)
  return found === null ? fact : fact.slice(0, found.index + found[1]!.length).trimEnd()
}

t.test('what Icecast answers is in what floecast answers, or there is a reason', async (t) => {
  const captures = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.bin') && !file.startsWith('status-json'))
    .map((file) => file.replace('.bin', ''))
  t.ok(captures.length > 80, `${captures.length} answers are compared`)
  const isIdle =
    /^(admin-(nosource|noauth|auth|badpass|source-user|cgi|killsource|stats-mount-unknown)|unknown|7-html|stats-sid|playlist-m3u-unknown|metadata-unknown)/
  const used = new Set<RegExp>()
  const unexplained: string[] = []
  let compared = 0
  for (const live of [false, true]) {
    const server = createServer({
      hostname: 'localhost',
      auth: basic({ source: 'hackme', admin: 'hackme' }),
      mounts: { '/a.mp3': { sourceTimeout: 60_000 } },
    })
    const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
    const sockets: Socket[] = []
    t.teardown(async () => {
      for (const socket of sockets) socket.destroy()
      await server.close()
    })
    const say = (words: string | Buffer): { socket: Socket; heard: () => string; isOver: () => boolean } => {
      let text = ''
      let over = false
      const socket = connect({ port, host: '127.0.0.1' })
      sockets.push(socket)
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).on('error', () => {})
      socket.on('close', () => (over = true))
      socket.write(words)
      return { socket, heard: () => text, isOver: () => over }
    }
    const ask = async (request: string): Promise<Answer> => {
      const { heard, isOver } = say(Buffer.from(request.replace('\r\n', '\r\nConnection: close\r\n'), 'latin1'))
      await until('the answer', isOver, { every: 5 })
      return readAnswer(heard())
    }
    if (live) {
      const login = `Authorization: Basic ${btoa('source:hackme')}\r\n`
      const { socket } = say(`PUT /a.mp3 HTTP/1.1\r\nHost: a\r\n${login}${HEADERS}Content-Type: audio/mpeg\r\n\r\n`)
      socket.write(MP3)
      await until('the source', () => server.mounts.get('/a.mp3')?.ready)
      for (const _ of [1, 2]) say('GET /a.mp3 HTTP/1.0\r\nUser-Agent: lab/1.0\r\n\r\n')
      await until('the listeners', () => server.mounts.get('/a.mp3')?.audience === 2)
    }
    const admin = `Authorization: Basic ${btoa('admin:hackme')}\r\n`
    // The fallback comes last, as the others find none.
    const order = captures.filter((one) => isIdle.test(one) !== live)
    for (const name of order.toSorted((a, b) => Number(a === 'admin-fallbacks') - Number(b === 'admin-fallbacks'))) {
      const [request = '', answer = ''] = readFileSync(join(FOLDER, `${name}.bin`), 'latin1').split('=====RESPONSE=====')
      const [before] = name.split('-then-')
      if (live)
        await ask(
          `GET /admin/metadata?mode=updinfo&mount=/a.mp3&song=Some%20Artist%20-%20Lab%20Artist%20-%20Lab%20Song HTTP/1.1\r\nHost: a\r\n${admin}\r\n`,
        )
      if (before !== undefined && before !== name)
        await ask(
          readFileSync(join(FOLDER, `${before}.bin`), 'latin1')
            .split('=====RESPONSE=====')[0]!
            .trimEnd() + '\r\n\r\n',
        )
      const ours = await ask(`${request.trimEnd()}\r\n\r\n`)
      // A wrong password slows the next answer down, until a right one comes.
      if (ours.status === 401) await ask(`GET /admin/stats HTTP/1.1\r\nHost: a\r\n${admin}\r\n`)
      const said = factsOf(ours, request).map(withoutVolatile)
      for (const fact of factsOf(readAnswer(answer.trimStart()), request).map(withoutVolatile)) {
        compared++
        const isThere = fact.startsWith('says ') ? said.some((one) => one.startsWith(fact)) : said.includes(fact)
        if (isThere) continue
        const known = DIFFERENCES.find(([pattern]) => pattern.test(`${name}: ${fact}`))
        if (known === undefined)
          unexplained.push(`${name}: ${fact} <> ${said.find((one) => one.split(' ', 3).join() === fact.split(' ', 3).join()) ?? said[1]}`)
        else used.add(known[0])
      }
    }
  }
  t.ok(compared > 300, `${compared} facts are compared`)
  t.strictSame(unexplained, [])
  t.strictSame(
    DIFFERENCES.filter(([pattern]) => !used.has(pattern)).map(([pattern]) => String(pattern)),
    [],
    'no reason is stale',
  )
})
