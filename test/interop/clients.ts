import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { codecs, formatNamed, framemd5, listen, media, send } from '../helpers/ffmpeg.js'
import { difference, parseFramemd5 } from '../helpers/framemd5.js'
import { deinterleave } from '../helpers/icy.js'
import { PlainListener } from '../helpers/listener.js'
import { mpv } from '../helpers/mpv.js'
import { type Program, needs, run, start, which } from '../helpers/programs.js'
import { SOURCE_PASSWORD, type TestServer, admin, startServer, temporary } from '../helpers/server.js'
import { until } from '../helpers/wait.js'

t.setTimeout(400_000)

/** A source program: how it is started, and whether it sends the file's own packets or encodes for itself. */
interface Client {
  readonly name: string
  readonly programs: readonly string[]
  readonly format: string
  readonly encodes?: true
  /** Where the stream appears if not at the path that it is given: SHOUTcast sources name none. */
  readonly appears?: string
  open(t: Test, server: TestServer, path: string, file: string, folder: string): Program
}

const curl =
  (...options: readonly string[]): Client['open'] =>
  (t, server, path, file) =>
    start(
      t,
      'curl',
      [
        ...'-sS -i --limit-rate 32k -u'.split(' '),
        server.login,
        '-H',
        'Content-Type: audio/mpeg',
        ...options.map((option) => (option === 'FILE' ? file : option)),
        server.url(path),
      ],
      options.includes('-') ? { input: readFileSync(file) } : {},
    )

const liquidsoap =
  (output: (server: TestServer, path: string) => string): Client['open'] =>
  (t, server, path, _, folder) => {
    const script = join(folder, `${path.slice(1)}.liq`)
    writeFileSync(script, `settings.init.allow_root.set(true)\nsettings.log.stdout.set(true)\n${output(server, path)}\n`)
    return start(t, 'liquidsoap', [script], { cwd: folder })
  }

const ffmpeg =
  (address: 'icecast' | 'http', ...options: readonly string[]): Client['open'] =>
  (t, server, path, file) =>
    send(t, formatNamed('MP3'), file, `${address}://${server.login}@127.0.0.1:${server.port}${path}`, options)

const ezstream = (t: Test, server: TestServer, path: string, file: string, folder: string, password = SOURCE_PASSWORD): Program => {
  const config = join(folder, 'ezstream.xml')
  writeFileSync(
    config,
    `<ezstream>
  <servers><server><protocol>HTTP</protocol><hostname>127.0.0.1</hostname><port>${server.port}</port><password>${password}</password><tls>none</tls></server></servers>
  <streams><stream><mountpoint>${path}</mountpoint><format>MP3</format><stream_name>Ez</stream_name></stream></streams>
  <intakes><intake><type>file</type><filename>${resolve(file)}</filename></intake></intakes>
</ezstream>`,
    { mode: 0o600 },
  )
  return start(t, 'ezstream', ['-v', '-c', config])
}

const CLIENTS: readonly Client[] = [
  { name: 'ffmpeg with SOURCE', programs: ['ffmpeg'], format: 'MP3', open: ffmpeg('icecast', '-legacy_icecast', '1') },
  { name: 'ffmpeg with a chunked PUT', programs: ['ffmpeg'], format: 'MP3', open: ffmpeg('http', '-method', 'PUT') },
  {
    name: 'ffmpeg with a PUT that is neither chunked nor measured',
    programs: ['ffmpeg'],
    format: 'MP3',
    open: ffmpeg('http', '-method', 'PUT', '-chunked_post', '0', '-send_expect_100', '1'),
  },
  { name: 'curl -T from a file with a length', programs: ['curl'], format: 'MP3', open: curl('-T', 'FILE') },
  { name: 'curl -T from a pipe in chunks', programs: ['curl'], format: 'MP3', open: curl('-T', '-') },
  { name: 'curl -T without Expect', programs: ['curl'], format: 'MP3', open: curl('-H', 'Expect:', '-T', '-') },
  { name: 'curl -T with HTTP/1.0', programs: ['curl'], format: 'MP3', open: curl('-0', '-H', 'Transfer-Encoding:', '-T', '-') },
  { name: 'curl -X SOURCE', programs: ['curl'], format: 'MP3', open: curl('-X', 'SOURCE', '-T', '-') },
  { name: 'curl --anyauth', programs: ['curl'], format: 'MP3', open: curl('--anyauth', '-T', 'FILE') },
  { name: 'ezstream', programs: ['ezstream'], format: 'MP3', open: ezstream },
  {
    name: 'oggfwd',
    programs: ['oggfwd'],
    format: 'Ogg Vorbis',
    open: (t, server, path, file) =>
      start(t, 'oggfwd', ['-n', 'Name', '-p', '127.0.0.1', String(server.port), SOURCE_PASSWORD, path], { input: readFileSync(file) }),
  },
  {
    name: 'shout of libshout',
    programs: ['shout'],
    format: 'Ogg Vorbis',
    open: (t, server, path, file) =>
      start(
        t,
        'shout',
        [
          ...`--format ogg -H 127.0.0.1 -P ${server.port} --mount ${path} --user source --pass ${SOURCE_PASSWORD}`.split(' '),
          ...'--tls-mode disabled --station-name Shout'.split(' '),
        ],
        { input: readFileSync(file) },
      ),
  },
  {
    name: 'VLC with Ogg Vorbis',
    programs: ['cvlc'],
    format: 'Ogg Vorbis',
    open: (t, server, path, file) =>
      start(
        t,
        'cvlc',
        [
          ...'-I dummy --ignore-config -v'.split(' '),
          resolve(file),
          '--sout',
          `#std{access=shout,mux=ogg,dst=${server.login}@127.0.0.1:${server.port}${path}}`,
        ],
        { unprivileged: true },
      ),
  },
  {
    name: 'liquidsoap with MP3',
    programs: ['liquidsoap'],
    format: 'MP3',
    encodes: true,
    open: liquidsoap(
      ({ port }, path) =>
        `output.icecast(%mp3(bitrate=128), host="127.0.0.1", port=${port}, password="${SOURCE_PASSWORD}", mount="${path}", name="Liq", sine())`,
    ),
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
    name: 'liquidsoap as a SHOUTcast source',
    programs: ['liquidsoap'],
    format: 'MP3',
    encodes: true,
    appears: '/stream',
    open: liquidsoap(
      ({ port }) =>
        `output.shoutcast(%mp3(bitrate=128), host="127.0.0.1", port=${port}, password="${SOURCE_PASSWORD}", name="Liq", sine())`,
    ),
  },
]

/** Starts a program and waits until its stream is there. */
async function air(t: Test, server: TestServer, client: Client, path: string, folder: string): Promise<Program> {
  const program = client.open(t, server, path, await media(formatNamed(client.format)), folder)
  const shown = client.appears ?? path
  await until(
    `${client.name} to be on the air`,
    async () => {
      if (await server.mount(shown)) return true
      if (!program.isRunning) throw new Error(program.output)
      return false
    },
    // liquidsoap alone takes eight seconds to start, on a machine that does nothing else.
    { timeout: 60_000, every: 200 },
  )
  return program
}

t.test('every source program is heard as it sent', async (t) => {
  const server = await startServer(t)
  const folder = temporary(t)
  const only = process.env['FLOECAST_INTEROP_CLIENTS']?.split(',')
  const clients = CLIENTS.filter(({ name }) => only?.includes(name) ?? true)
  const references = new Map<string, string>()
  for (const name of new Set(clients.map((client) => client.format))) references.set(name, await framemd5(await media(formatNamed(name))))

  const judge = async (client: Client, i: number) => {
    const path = `/client${i}`
    let program: Program
    try {
      program = await air(t, server, client, path, folder)
    } catch (error) {
      return { fault: `${String(error)} ${error instanceof Error ? String(error.cause) : ''}`, probed: [], wrong: '', complaints: '' }
    }
    const url = server.url(client.appears ?? path)
    const [probed, heard] = await Promise.all([codecs(url), listen(url, 4)])
    await program.stop()
    const wrong =
      client.encodes === true
        ? ''
        : difference(parseFramemd5(references.get(client.format) ?? ''), parseFramemd5(heard.framemd5), new Set(), false)
    return { fault: '', probed: probed.codecs, wrong, complaints: heard.complaints }
  }

  for (let at = 0; at < clients.length; at += 8) {
    const group = clients.slice(at, at + 8)
    const able = group.map((client) => client.programs.every((name) => which(name) !== undefined))
    const results = await Promise.all(group.map((client, i) => (able[i] === true ? judge(client, at + i) : Promise.resolve(undefined))))
    for (const [i, client] of group.entries())
      await t.test(client.name, async (t) => {
        const result = results[i]
        if (!needs(t, 'ffmpeg', 'ffprobe', ...client.programs) || result === undefined) return
        t.equal(result.fault, '', 'it gets on the air')
        if (result.fault !== '') return
        t.strictSame(result.probed, formatNamed(client.format).codecs, 'ffprobe finds the codec')
        t.equal(result.wrong, '', 'what came is what was sent')
        t.equal(result.complaints, '', 'a strict decoder finds no fault')
      })
  }
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
  const ez = ezstream(t, server, '/refused', file, folder, 'wrong')
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
