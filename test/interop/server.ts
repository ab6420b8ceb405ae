import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { type Socket, connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { formatNamed, media, send } from '../helpers/ffmpeg.js'
import { PlainListener } from '../helpers/listener.js'
import { type Program, needs, run } from '../helpers/programs.js'
import {
  ADMIN_PASSWORD,
  SOURCE_PASSWORD,
  type TestServer,
  descriptors,
  floecast,
  startFloecast,
  startServer,
  temporary,
} from '../helpers/server.js'
import { freePort, sleep, until } from '../helpers/wait.js'

t.setTimeout(300_000)

const isOurs = process.env['FLOECAST_INTEROP_SERVER'] !== 'icecast2'

/** Runs the program to its end. */
async function call(t: Test, ...args: string[]): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const program = floecast(t, args, { input: '' })
  const code = await Promise.race([program.ended, sleep(20_000, 'it runs on')])
  return { code, stdout: program.stdout, stderr: program.stderr }
}

const onAir = (t: Test, server: TestServer, path: string, file: string): Promise<Program> => {
  const program = send(t, formatNamed('MP3'), file, `icecast://${server.login}@127.0.0.1:${server.port}${path}`)
  return until(`${path} to be on the air`, async () => {
    if (!program.isRunning) throw new Error(program.output)
    return (await server.mount(path)) === undefined ? undefined : program
  })
}

t.test('the command line', { skip: isOurs ? false : 'another server is under test' }, async (t) => {
  const folder = temporary(t)

  const help = await call(t, '--help')
  t.equal(help.code, 0)
  for (const word of ['--port', '--log', '--check', '--print-config', '--version']) t.match(help.stdout, word, `--help names ${word}`)

  const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'))
  const told = await call(t, '--version')
  t.strictSame([told.code, told.stdout.includes(version)], [0, true], '--version tells the version')

  const unknown = await call(t, '--no-such-option')
  t.not(unknown.code, 0)
  t.match(unknown.stderr, '--no-such-option', 'an unknown option is named')
  t.notMatch(unknown.stderr, /\n\s+at /, 'without a stack')

  const bad = join(folder, 'bad.yaml')
  writeFileSync(bad, 'port: many\nmounts:\n  /live:\n    burstSise: 1\n')
  const checked = await call(t, '--check', bad)
  t.not(checked.code, 0, '--check of a bad file fails')
  const complaint = checked.stdout + checked.stderr
  t.ok(complaint.includes('port') && complaint.includes('burstSise'), 'and names every fault', { complaint })
  t.notMatch(complaint, /\n\s+at /, 'without a stack')

  const good = join(folder, 'good.yaml')
  writeFileSync(good, 'location: Somewhere\nmounts:\n  /live:\n    burstSize: 4321\n')
  t.equal((await call(t, '--check', good)).code, 0, '--check of a good file succeeds')

  const printed = await call(t, '--print-config')
  t.equal(printed.code, 0)
  for (const word of ['port', 'mounts', 'burstSize', 'passwords']) t.match(printed.stdout, word, `--print-config explains ${word}`)
  const round = join(folder, 'round.yaml')
  writeFileSync(round, printed.stdout)
  t.strictSame(await call(t, '--check', round).then(({ code, stderr }) => [code, stderr]), [0, ''], 'and what it prints is a good file')
})

t.test('the first start without a configuration', { skip: isOurs ? false : 'another server is under test' }, async (t) => {
  if (!needs(t, 'curl')) return
  const folder = temporary(t)
  const port = await freePort()
  const env = { FLOECAST_HOST: '127.0.0.1', FLOECAST_STATE_DIR: join(folder, 'state') }
  const begin = async (): Promise<Program> => {
    const program = floecast(t, ['--port', String(port)], { env, cwd: process.cwd() })
    await until('the server', async () => !program.isRunning || (await fetch(`http://127.0.0.1:${port}/healthz`)).ok)
    return program
  }
  const first = await begin()
  const shown = /source(?: \/ |:)([^@\s"]+)/.exec(first.output)?.[1] ?? ''
  t.ok(shown.length >= 8, 'a source password is made and shown', { output: first.output })
  const login = async (password: string): Promise<string> => {
    const url = `http://source:${password}@127.0.0.1:${port}/first`
    const { program } = await run('curl', [...'-sS -o /dev/null -w %{http_code} -H Content-Type:audio/mpeg -T -'.split(' '), url], {
      input: Buffer.alloc(1000),
    })
    return program.stdout
  }
  t.equal(await login(shown), '200', 'it opens the door')
  t.equal(await login('wrong'), '401', 'and another does not')

  const kept = readdirSync(join(folder, 'state'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = kept.map((entry) => join(entry.parentPath, entry.name))
  t.ok(paths.length > 0, 'something is kept in the state folder')
  t.notOk(
    paths.some((path) => readFileSync(path).includes(shown)),
    'but never the password itself',
  )
  t.strictSame(
    paths.filter((path) => (statSync(path).mode & 0o077) !== 0),
    [],
    'and nobody else may read it',
  )
  await first.stop('SIGTERM', 6000)

  const second = await begin()
  t.notOk(second.output.includes(shown), 'the password is shown once')
  t.equal(await login(shown), '200', 'and still holds after a restart')
  await second.stop('SIGTERM', 6000)
})

t.test('a port that is taken', { skip: isOurs ? false : 'another server is under test' }, async (t) => {
  const server = await startFloecast(t)
  const second = floecast(t, ['--port', String(server.port)], {
    env: {
      FLOECAST_HOST: '127.0.0.1',
      FLOECAST_STATE_DIR: join(temporary(t), 'state'),
      FLOECAST_SOURCE_PASSWORD: SOURCE_PASSWORD,
      FLOECAST_ADMIN_PASSWORD: ADMIN_PASSWORD,
    },
  })
  t.not(await second.ended, 0)
  t.match(second.stderr.trim(), new RegExp(`^[^\\n]*${server.port}[^\\n]*$`), 'is said in one line with the port in it')
  t.ok((await fetch(server.url('/healthz'))).ok, 'the first server does not mind')
})

t.test('SIGHUP reads the configuration again and disturbs nobody', { skip: isOurs ? false : 'another server is under test' }, async (t) => {
  if (!needs(t, 'ffmpeg')) return
  const file = await media(formatNamed('MP3'))
  const server = await startFloecast(t, {
    config: 'mounts:\n  /kept:\n    name: Before\n    burstSize: 8192\n',
    expected: /^configuration kept as it was/,
  })
  const source = await onAir(t, server, '/kept', file)
  const listener = new PlainListener(server.port, '/kept')
  await listener.reaches(20_000)
  t.match(await server.mount('/kept'), { server_name: 'Before' })
  writeFileSync(join(server.folder, 'floecast.yaml'), 'mounts:\n  /kept:\n    name: After\n    burstSize: 8192\n')
  server.program.child.kill('SIGHUP')
  await until('the new name', async () => (await server.mount('/kept'))?.['server_name'] === 'After')
  writeFileSync(join(server.folder, 'floecast.yaml'), 'mounts: [this is no map]\n')
  server.program.child.kill('SIGHUP')
  const before = listener.length
  await until('the listener to hear on', () => listener.length > before + 40_000 || listener.isOver)
  t.ok(readFileSync(file).includes(listener.body.subarray(-50_000)), 'the listener loses no byte, whatever the file says')
  t.match(await server.mount('/kept'), { server_name: 'After' }, 'a bad file changes nothing')
  listener.close()
  await source.stop()
})

t.test('SIGTERM ends the server within five seconds and listeners get a clean end', async (t) => {
  if (!needs(t, 'ffmpeg')) return
  const server = await startServer(t)
  const source = await onAir(t, server, '/ending', await media(formatNamed('MP3')))
  const listeners = Array.from({ length: 20 }, () => new PlainListener(server.port, '/ending'))
  await Promise.all(listeners.map((listener) => listener.reaches(10_000)))
  // One that never reads must not hold the server up.
  const stuck = connect(server.port, '127.0.0.1').pause()
  stuck.write('GET /ending HTTP/1.0\r\n\r\n')
  await sleep(300)
  const begin = Date.now()
  server.program.child.kill('SIGTERM')
  const code = await Promise.race([server.program.ended, sleep(8000, 'still running')])
  t.ok(Date.now() - begin < 5000, `it takes ${Date.now() - begin} ms`)
  t.equal(code, 0)
  await until('the listeners to be told', () => listeners.every((listener) => listener.isOver))
  t.ok(
    listeners.every((listener) => listener.endedCleanly),
    'no listener sees a reset',
  )
  stuck.destroy()
  await source.stop()
})

t.test('whatever one peer does, the others hear every byte and nothing leaks', async (t) => {
  if (!needs(t, 'ffmpeg')) return
  const file = await media(formatNamed('MP3'))
  const server = await startServer(t, { sourceTimeout: 2000, queueSize: 262_144 })
  const source = await onAir(t, server, '/good', file)
  const witness = new PlainListener(server.port, '/good')
  await witness.reaches(30_000)
  const quiet = descriptors(server.pid)
  const sockets: Socket[] = []
  const open = (text: string | Buffer): Socket => {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(text)
    sockets.push(socket)
    return socket
  }
  const authorization = `Authorization: Basic ${Buffer.from(server.login).toString('base64')}\r\nContent-Type: audio/mpeg\r\n`

  const killed = await onAir(t, server, '/killed', file)
  const orphan = new PlainListener(server.port, '/killed')
  await orphan.reaches(10_000)
  await killed.stop('SIGKILL')
  await until('the killed source to be gone', async () => (await server.mount('/killed')) === undefined)
  await until('its listener to be let go', () => orphan.isOver)
  t.ok(orphan.endedCleanly, 'the listener of a killed source gets a clean end')

  open(`PUT /stalled HTTP/1.1\r\n${authorization}\r\n`).write(readFileSync(file).subarray(0, 30_000))
  await until('the stalling source', () => server.mount('/stalled'))
  await until('the stalled source to be gone', async () => (await server.mount('/stalled')) === undefined, { timeout: 10_000 })
  t.pass('a source that stalls is let go')

  const noise = createHash('shake256', { outputLength: 300_000 }).update('noise').digest()
  const garbage = open(`SOURCE /garbage HTTP/1.0\r\n${authorization}\r\n`)
  garbage.write(noise)
  await until('the garbage source', () => server.mount('/garbage'))
  const brave = new PlainListener(server.port, '/garbage')
  for (let i = 0; i < 10; i++) {
    garbage.write(noise)
    await sleep(50)
  }
  garbage.destroy()
  brave.close()
  t.pass('a source that sends garbage is borne')

  const deaf = open('GET /good HTTP/1.0\r\n\r\n').pause()
  for (let i = 0; i < 200; i++) open(i % 2 === 0 ? '' : 'GET /goo').resume()
  await sleep(1000)
  const before = witness.length
  await until('the witness to hear on', () => witness.length > before + 30_000 || witness.isOver)
  deaf.destroy()
  for (const socket of sockets) socket.destroy()

  await until('the descriptors to return', () => descriptors(server.pid) <= quiet, { timeout: 20_000 })
  t.ok(server.program.isRunning, 'the server is up')
  // The first bytes are ffmpeg's tag and Xing frame, which are not in the file.
  const heard = witness.body.subarray(5000)
  t.ok(!witness.isOver && heard.length > 60_000 && readFileSync(file).includes(heard), 'the witness has every byte, in order')
  witness.close()
  await source.stop()
})
