import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import t from 'tap'
import { formatNamed, media, send } from '../helpers/ffmpeg.js'
import { deinterleave } from '../helpers/icy.js'
import { PlainListener } from '../helpers/listener.js'
import { mpv } from '../helpers/mpv.js'
import { needs, run, start } from '../helpers/programs.js'
import { SOURCE_PASSWORD, admin, startServer, temporary } from '../helpers/server.js'
import { type Client, curl, ezstream, ffmpeg, hearAll, liquidsoap, oggfwd, shout, vlcSource } from '../helpers/source-programs.js'
import { until } from '../helpers/wait.js'

t.setTimeout(400_000)

const mp3 = (name: string, program: string, open: Client['open']): Client => ({ name, programs: [program], format: 'MP3', open })
const vorbis = (name: string, program: string, open: Client['open']): Client => ({ name, programs: [program], format: 'Ogg Vorbis', open })

const CLIENTS: readonly Client[] = [
  mp3('ffmpeg with SOURCE', 'ffmpeg', ffmpeg('icecast', '-legacy_icecast', '1')),
  mp3('ffmpeg with a chunked PUT', 'ffmpeg', ffmpeg('http', '-method', 'PUT')),
  mp3(
    'ffmpeg with a PUT that is neither chunked nor measured',
    'ffmpeg',
    ffmpeg('http', '-method', 'PUT', '-chunked_post', '0', '-send_expect_100', '1'),
  ),
  mp3('curl -T from a file with a length', 'curl', curl('-T', 'FILE')),
  mp3('curl -T from a pipe in chunks', 'curl', curl('-T', '-')),
  mp3('curl -T without Expect', 'curl', curl('-H', 'Expect:', '-T', '-')),
  mp3('curl -T with HTTP/1.0', 'curl', curl('-0', '-H', 'Transfer-Encoding:', '-T', '-')),
  mp3('curl -X SOURCE', 'curl', curl('-X', 'SOURCE', '-T', '-')),
  mp3('curl --anyauth', 'curl', curl('--anyauth', '-T', 'FILE')),
  mp3('ezstream', 'ezstream', ezstream('none')),
  mp3('ezstream that takes TLS where there is any', 'ezstream', ezstream('may')),
  vorbis('oggfwd', 'oggfwd', oggfwd),
  vorbis('shout of libshout', 'shout', shout('disabled')),
  vorbis('shout of libshout that takes TLS where there is any', 'shout', shout('auto')),
  vorbis('VLC with Ogg Vorbis', 'cvlc', vlcSource),
  {
    ...mp3(
      'liquidsoap with MP3',
      'liquidsoap',
      liquidsoap(
        ({ port }, path) =>
          `output.icecast(%mp3(bitrate=128), host="127.0.0.1", port=${port}, password="${SOURCE_PASSWORD}", mount="${path}", name="Liq", sine())`,
      ),
    ),
    encodes: true,
  },
  {
    name: 'liquidsoap with Opus by a chunked PUT',
    programs: ['liquidsoap'],
    format: 'Ogg Opus',
    encodes: true,
    open: liquidsoap(
      ({ port }, path) =>
        `output.icecast(%opus, host="127.0.0.1", port=${port}, password="${SOURCE_PASSWORD}", mount="${path}", method="put", chunked=true, sine())`,
    ),
  },
  {
    ...mp3(
      'liquidsoap as a SHOUTcast source',
      'liquidsoap',
      // It adds 1 to the port for itself.
      liquidsoap(
        ({ port }) =>
          `output.shoutcast(%mp3(bitrate=128), host="127.0.0.1", port=${port}, password="${SOURCE_PASSWORD}", name="Liq", sine())`,
      ),
    ),
    encodes: true,
    appears: '/stream',
  },
]

t.test('every source program is heard as it sent', async (t) => {
  const only = process.env['FLOECAST_INTEROP_CLIENTS']?.split(',')
  await hearAll(
    t,
    await startServer(t),
    CLIENTS.filter(({ name }) => only?.includes(name) ?? true),
  )
})

t.test('a title that the administrator sets reaches listeners who asked for titles, and only them', async (t) => {
  if (!needs(t, 'ffmpeg', 'curl', 'mpv')) return
  const server = await startServer(t)
  const file = await media(formatNamed('MP3'))
  const source = send(t, formatNamed('MP3'), file, `icecast://${server.login}@127.0.0.1:${server.port}/titled`)
  await until('the mount', () => server.mount('/titled'))
  const plain = new PlainListener(server.port, '/titled')
  const titled = start(t, 'curl', ['-sS', '-N', '-i', '-H', 'Icy-MetaData: 1', server.url('/titled')])
  await until('both listeners to hear something', () => plain.length > 20_000 && titled.stdoutBytes.length > 20_000)

  // Icecast turns titles of MP3 into ISO 8859-1.
  const song = server.kind === 'icecast2' ? 'Artist - Title' : 'Björk & Sigur Rós – It\'s "Oh" So Quiet'
  const answer = await admin(server.port, `/admin/metadata?mode=updinfo&mount=/titled&charset=UTF-8&song=${encodeURIComponent(song)}`)
  t.equal(answer.status, 200)
  t.match(answer.body, '<return>1</return>', 'the answer is the one that encoders look for')

  const titles = () => deinterleave(titled.stdoutBytes).titles.map((block) => /^StreamTitle='(.*?)';/.exec(block)?.[1])
  await until('the title in the stream', () => titles().some((title) => title === song))
  t.equal(titles().at(-1), song, 'the title is in the ICY block, byte for byte')
  t.match(
    await until('the title in the status', async () => {
      const status = await server.mount('/titled')
      return status?.['title'] === undefined ? undefined : status
    }),
    { title: server.kind === 'floecast' ? song : String },
    'and in status-json',
  )
  // Icecast's burst still carries the old title.
  const shown = await mpv(server.url('/titled'), server.kind === 'icecast2' ? 7 : 2)
  t.match(shown.output, `icy-title: ${song}`, 'mpv shows it')

  const sent = readFileSync(file)
  const { audio } = deinterleave(titled.stdoutBytes)
  t.ok(sent.includes(audio.subarray(-20_000)), 'without the blocks, the sound is what was sent')
  t.ok(sent.includes(plain.body.subarray(-20_000)), 'who asked for no titles gets sound alone')
  t.notMatch(plain.head, /^icy-metaint:/im)
  plain.close()
  await titled.stop()
  await source.stop()
})

t.test('a source that must not publish is told so', async (t) => {
  if (!needs(t, 'ffmpeg', 'curl', 'ezstream')) return
  const server = await startServer(t)
  const file = await media(formatNamed('MP3'))
  const wrong = `source:wrong@127.0.0.1:${server.port}/refused`
  const put = ['-sS', '-i', '-m', '10', '-H', 'Content-Type: audio/mpeg', '-T', file]

  const [byFfmpeg, byCurl, anonymous] = await Promise.all([
    send(t, formatNamed('MP3'), file, `icecast://${wrong}`).ended,
    run('curl', [...put, `http://${wrong}`]),
    run('curl', [...put, server.url('/refused')]),
  ])
  t.not(byFfmpeg, 0, 'ffmpeg with a wrong password gives up')
  t.match(byCurl.program.stdout, /^HTTP\/1\.[01] 401 [^]*WWW-Authenticate: Basic realm=/i, 'curl with a wrong password sees a 401')
  t.match(anonymous.program.stdout, /^HTTP\/1\.[01] 401 [^]*WWW-Authenticate: Basic realm=/i, 'and so does curl without one')
  const folder = temporary(t)
  const ez = ezstream('none', 'wrong')(t, server, '/refused', file, folder)
  t.not(await ez.ended, 0, 'ezstream with a wrong password gives up')
  t.equal(await server.mount('/refused'), undefined, 'none of them has made a mount')

  const first = send(t, formatNamed('MP3'), file, `icecast://${server.login}@127.0.0.1:${server.port}/taken`)
  await until('the mount', () => server.mount('/taken'))
  const listener = new PlainListener(server.port, '/taken')
  await listener.reaches(10_000)
  const second = await run('curl', [...put, '-u', server.login, server.url('/taken')])
  t.match(second.program.stdout, /^HTTP\/1\.[01] 403 .*\r\n[^]*Mountpoint in use/, 'a second source is told that the mount is in use')
  const third = send(t, formatNamed('MP3'), file, `icecast://${server.login}@127.0.0.1:${server.port}/taken`)
  t.not(await third.ended, 0, 'a second ffmpeg gives up')
  const before = listener.length
  await until('the listener to hear on', () => listener.length > before + 20_000)
  t.ok(first.isRunning && readFileSync(file).includes(listener.body.subarray(-20_000)), 'the first goes on untouched')
  listener.close()
  await first.stop()
})

t.test('what is no protocol at all is refused and harms nobody', async (t) => {
  const server = await startServer(t)
  const garbage: readonly Buffer[] = [
    Buffer.from('hello\r\n\r\n'),
    Buffer.from('GET\r\n\r\n'),
    Buffer.from('SOURCE \r\n\r\n'),
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
    Buffer.alloc(100_000, 0x41),
    Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'),
    Buffer.from(`GET /${'x'.repeat(70_000)} HTTP/1.1\r\n\r\n`),
    randomBytes(5000),
  ]
  await Promise.all(
    [server.port, server.port + 1].flatMap((port) =>
      garbage.map(async (bytes) => {
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => {})
        socket.resume()
        socket.end(bytes)
        await until('the server to hang up', () => socket.closed, { timeout: 25_000 })
      }),
    ),
  )
  const status = await fetch(server.url('/status-json.xsl'))
  t.equal(status.status, 200, 'the server answers as before')
  t.ok(server.program.isRunning)
})

t.test('a source on a connection that has asked something before is told to open a new one', async (t) => {
  const server = await startServer(t)
  const socket = connect(server.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let answers = ''
  socket.on('data', (chunk: Buffer) => (answers += chunk.toString('latin1')))
  socket.on('error', () => {})
  socket.write('GET /status-json.xsl HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('the status', () => answers.includes('icestats') || socket.closed)
  answers = ''
  const authorization = `Authorization: Basic ${Buffer.from(server.login).toString('base64')}`
  socket.write(`PUT /later HTTP/1.1\r\nHost: a\r\n${authorization}\r\nContent-Type: audio/mpeg\r\nExpect: 100-continue\r\n\r\n`)
  await until('the refusal', () => /open a new one/.test(answers))
  t.match(answers, /^HTTP\/1\.1 400 /m)
  await until('the end', () => socket.closed)
})
