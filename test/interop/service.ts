import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import t from 'tap'
import { ADMIN_PASSWORD, BINARY, floecast, openSockets, SOURCE_PASSWORD, temporary } from '../helpers/server.js'
import { cleanEnvironment } from '../helpers/programs.js'
import { freePort, until } from '../helpers/wait.js'

const PASSWORDS = { FLOECAST_SOURCE_PASSWORD: SOURCE_PASSWORD, FLOECAST_ADMIN_PASSWORD: ADMIN_PASSWORD }
// MPEG-1 layer III: what the format is does not matter here.
const MP3 = Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)])))

/** Asks for a page; what is heard, and whether the connection has failed. */
function ask(port: number): { heard: () => string; failed: () => string | undefined } {
  let heard = ''
  let failed: string | undefined
  const socket = connect(port, '127.0.0.1')
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1'))).on('error', ({ message }) => (failed = message))
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  return { heard: () => heard, failed: () => failed }
}

/*
 * A shell in the place of systemd: it holds a socket that listens, and starts the program with it (sd_listen_fds(3)), again and again as the file `go` appears.
 */
const LAUNCHER = `
while :; do
  while [ ! -e go ]; do sleep 0.05; done
  rm go
  sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"' sh "$@" >> log 2>&1 &
  echo $! > pid
  wait $!
  echo "ended with $?" >> ends
done`

t.test(
  'while the program starts again, a socket that it was given keeps whoever comes',
  { skip: process.platform === 'win32' },
  async (t) => {
    const folder = temporary(t)
    const file = (name: string): string => join(folder, name)
    const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '')
    writeFileSync(
      file('hook'),
      `#!/bin/sh\nreadlink /proc/$$/fd/* > ${file('files.draft')}; mv ${file('files.draft')} ${file('files')}\n`,
      { mode: 0o755 },
    )
    writeFileSync(file('floecast.yaml'), `port: 1\nlog: { format: json }\nmounts: { /live: { onConnect: ${file('hook')} } }\n`)
    const listening = createServer()
    await new Promise<void>((done) => listening.listen(0, '127.0.0.1', done))
    const { port } = listening.address() as { port: number }
    const { fd } = Reflect.get(listening, '_handle') as { fd: number }
    const env = cleanEnvironment({ ...PASSWORDS, FLOECAST_STATE_DIR: file('state') })
    const command = [process.execPath, join(process.cwd(), BINARY), file('floecast.yaml')]
    const launcher = spawn('sh', ['-c', LAUNCHER, 'sh', ...command], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit', fd] })
    const pid = (): number => Number(read('pid'))
    t.teardown(() => {
      launcher.kill('SIGKILL')
      try {
        process.kill(pid(), 'SIGKILL')
      } catch {
        // It has ended.
      }
    })
    // From here on it is the launcher's alone.
    await new Promise<void>((done) => listening.close(() => done()))

    const early = ask(port)
    writeFileSync(file('go'), '')
    await until('who came before the start to be answered', () => early.heard().startsWith('HTTP/1.1 200'), { timeout: 30_000 })
    t.equal(
      JSON.parse(
        read('log')
          .trim()
          .split('\n')
          .find((line) => line.includes('"listening"')) ?? '{}',
      ).port,
      port,
      'the configuration names another',
    )

    const source = connect(port, '127.0.0.1').on('error', () => {})
    source.write(`PUT /live HTTP/1.1\r\nAuthorization: Basic ${btoa(`source:${SOURCE_PASSWORD}`)}\r\n\r\n`)
    source.write(MP3)
    if (process.platform === 'linux') {
      await until('the hook', () => read('files') !== '')
      const sockets = openSockets(pid())
      t.ok(sockets.length >= 2, 'the port and the source')
      t.strictSame(
        read('files')
          .trim()
          .split('\n')
          .filter((name) => sockets.includes(name)),
        [],
        'which the hook has not',
      )
    }
    const first = pid()
    process.kill(first, 'SIGTERM')
    await until('its end', () => read('ends') !== '', { timeout: 30_000 })
    t.equal(read('ends'), 'ended with 0\n')
    source.destroy()

    const between = Array.from({ length: 20 }, () => ask(port))
    writeFileSync(file('go'), '')
    await until('all who came in between', () => between.every(({ heard }) => heard().startsWith('HTTP/1.1 200')), { timeout: 30_000 })
    t.strictSame(between.map(({ failed }) => failed()).filter(Boolean), [])
    t.not(pid(), first)
  },
)

t.test(
  'root goes on as the user that is named, and what it has to write is that one’s',
  { skip: process.platform !== 'linux' || process.getuid?.() !== 0 },
  async (t) => {
    const folder = temporary(t)
    const file = (name: string): string => join(folder, name)
    chmodSync(folder, 0o755)
    mkdirSync(file('logs'))
    chownSync(file('logs'), 65_534, 65_534)
    const port = await freePort()
    writeFileSync(
      file('floecast.yaml'),
      `host: 127.0.0.1\nport: ${port}\nuser: nobody\nlog: { format: json, accessLog: logs/access.log, errorLog: logs/error.log, playlistLog: logs/playlist.log }\n`,
    )
    const program = floecast(t, [file('floecast.yaml')], { env: { FLOECAST_STATE_DIR: file('state') } })
    const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '')
    await until('the port', () => /"listening"/.test(read('logs/error.log')), { timeout: 30_000 })
    const status = (): string => readFileSync(`/proc/${program.pid}/status`, 'utf8')
    await until('the other user', () => /^Uid:\t65534\t65534\t65534\t65534$/m.test(status()))
    t.match(status(), /^Gid:\t65534\t65534\t65534\t65534$/m)
    t.match(status(), /^Groups:\t65534 ?$/m)
    t.match(status(), /^CapEff:\t0+$/m)
    t.strictSame(
      ['state', ...readdirSync(file('state')).map((name) => `state/${name}`), 'logs/access.log'].filter(
        (name) => statSync(file(name)).uid !== 65_534,
      ),
      [],
    )
    await fetch(`http://127.0.0.1:${port}/healthz`)
    await until('the request in the log', () => read('logs/access.log').includes('/healthz'))
    renameSync(file('logs/access.log'), file('logs/access.log.1'))
    program.child.kill('SIGUSR2')
    await until('a new log', () => existsSync(file('logs/access.log')))
    program.child.kill('SIGHUP')
    await until('the configuration to be read again', () => /configuration read again/.test(read('logs/error.log')))
    t.notMatch(read('logs/error.log'), /runs as root|"level":50/)
  },
)
