import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { FakeClock } from '../helpers/clock.js'
import { openSockets, temporary } from '../helpers/server.js'
import { until } from '../helpers/wait.js'

// MPEG-1 layer III: what the format is does not matter here.
const MP3 = Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)])))

/** Says all that a program can see of its surroundings. */
const report = (name: string): string =>
  `echo "$#:$1" > ${name}.args; env > ${name}.env; readlink /proc/$$/fd/* > ${name}.files; echo told; echo bad >&2; mv ${name}.files ${name}.done`
const settingsOf = (mount: string): string => `/mounts/${encodeURIComponent(mount.slice(1))}`

interface House {
  readonly server: Server
  readonly log: string[]
  /** Writes a program for `/bin/sh`, whose place it gives. */
  readonly program: (name: string, text: string) => string
  readonly read: (name: string) => string
  readonly publish: (mount: string, head?: string) => Socket
  readonly api: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: any }>
}

async function house(
  t: { teardown(call: () => unknown): void },
  optionsOf: (program: House['program']) => Partial<CreateServerOptions>,
): Promise<House> {
  const folder = temporary(t)
  const log: string[] = []
  const write = (_: object, message: string): void => void log.push(message)
  const program: House['program'] = (name, text) => {
    const path = join(folder, name)
    writeFileSync(path, `#!/bin/sh\ncd ${folder}\n${text}\n`)
    chmodSync(path, 0o755)
    return path
  }
  const logger = { debug: () => {}, info: write, warn: write, error: write }
  const server = createServer({ auth: basic({ source: 'hackme', admin: 'letmein' }), logger, ...optionsOf(program) })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const sockets: Socket[] = []
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await server.close()
  })
  return {
    server,
    log,
    program,
    read: (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : ''),
    publish: (mount, head = '') => {
      const socket = connect({ port, host: '127.0.0.1' })
      sockets.push(socket)
      socket.on('error', () => {}).resume()
      socket.write(`PUT ${mount} HTTP/1.1\r\nAuthorization: Basic ${btoa('source:hackme')}\r\n${head}\r\n`)
      socket.write(MP3)
      return socket
    },
    api: async (method, path, body) => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        method,
        headers: { Authorization: `Basic ${btoa('admin:letmein')}`, 'Content-Type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: await response.json() }
    },
  }
}

t.test('a program hears which mount it is about, and has nothing else of the server', { skip: process.platform !== 'linux' }, async (t) => {
  process.env['HOOK_SECRET'] = 'not for programs'
  t.teardown(() => delete process.env['HOOK_SECRET'])
  const { server, log, read, publish } = await house(t, (program) => ({
    mounts: { '/*': { onConnect: program('come', report('come')), onDisconnect: program('go', report('go')), name: 'Harbour' } },
  }))
  const odd = '/live;touch-oops'
  const socket = publish(odd, 'User-Agent: enc$(touch oops)\u0001x\r\nContent-Type: audio/mpeg\r\n')
  await until('the first program to end', () => read('come.done') !== '')
  t.equal(read('come.args'), `1:${odd}\n`)
  const env = new Map(
    read('come.env')
      .trim()
      .split('\n')
      // Some of what tap puts in has several lines.
      .filter((line) => /^\w+=/.test(line))
      .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  // These the shell adds by itself, and tap puts its own into every process that a test starts.
  for (const own of env.keys()) if (/^(PWD|OLDPWD|SHLVL|_|_TAPJS_.*|NODE_OPTIONS)$/.test(own)) env.delete(own)
  t.strictSame(Object.fromEntries(env), {
    PATH: process.env['PATH'],
    ICECAST_VERSION: env.get('ICECAST_VERSION'),
    EVENT_TRIGGER: 'source-connect',
    EVENT_URI: odd,
    SOURCE_MEDIA_TYPE: 'audio/mpeg',
    CLIENT_IP: '127.0.0.1',
    CLIENT_USERNAME: 'source',
    CLIENT_USERAGENT: 'enc$(touch oops) x',
    MOUNT_NAME: 'Harbour',
  })
  // Its ends of what it writes to are its own; connections and the port are not there.
  const files = read('come.done').trim().split('\n')
  const sockets = openSockets(process.pid)
  t.ok(sockets.length >= 2, 'the port and a connection')
  t.strictSame(
    files.filter((name) => sockets.includes(name)),
    [],
  )
  await until('its lines in the log', () => log.some((line) => line.endsWith(': told')) && log.some((line) => line.endsWith(': bad')))
  socket.destroy()
  await until('the second program to end', () => read('go.done') !== '')
  t.match(read('go.env'), /^EVENT_TRIGGER=source-disconnect$/m)
  t.equal(read('oops'), '')
  await until('both to be forgotten', () => server.news.hooks.size === 0)
})

t.test(
  'a program that does not end is ended with all that it has started, and no stream waits for it',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const clock = new FakeClock()
    const { server, log, read, publish } = await house(t, (program) => ({
      clock,
      hookTimeout: 5_000,
      mounts: {
        '/slow': { onConnect: program('slow', 'trap "" TERM; sleep 1000 & echo $! > pid; wait; while :; do sleep 1; done') },
        '/none': { onConnect: '/nowhere/at/all' },
        '/bad': { onConnect: program('bad', 'exit 3') },
      },
    }))
    publish('/slow')
    await until('the program to run', () => read('pid') !== '')
    t.ok(server.mounts.get('/slow')?.ready)
    clock.pass(5_000)
    t.equal(server.news.hooks.size, 1, 'it does not listen to TERM')
    clock.pass(5_000)
    await until('its end', () => server.news.hooks.size === 0)
    await until('the end of what it has started', () => {
      const stat = `/proc/${read('pid').trim()}/stat`
      return !existsSync(stat) || / Z /.test(readFileSync(stat, 'utf8'))
    })
    publish('/none')
    publish('/bad')
    await until(
      'both complaints',
      () => log.some((line) => /nowhere.* cannot be run/.test(line)) && log.some((line) => /bad ended with 3/.test(line)),
    )
    t.ok(log.some((line) => /ran for longer than hookTimeout/.test(line)))
  },
)

t.test('not all programs run at once, and output is bounded', async (t) => {
  const { server, log, read, publish } = await house(t, (program) => ({
    mounts: {
      '/*': { onConnect: program('many', 'echo x >> started; while [ ! -e free ]; do sleep 0.05; done; yes 12345678 | head -c 1000000') },
    },
    hookTimeout: 0,
  }))
  const { hooks } = server.news
  for (let i = 0; i < 34; i++) publish(`/${i}`)
  await until('as many as there may be', () => hooks.size === 32 && read('started').length === 64)
  await until('all sources', () => server.mounts.sources === 34)
  t.equal(hooks.size, 32)
  const free = server.mounts.get('/0')!.settings.onConnect!.replace(/many$/, 'free')
  writeFileSync(free, '')
  await until('the others', () => read('started').length === 68 && hooks.size === 0)
  t.ok(log.filter((line) => line.endsWith('12345678')).length <= 34 * (8_192 / 9))
})

t.test('which programs are run is settled by the configuration alone', async (t) => {
  const { api, server } = await house(t, (program) => ({
    mounts: { '/a*': { onConnect: program('p', 'true') }, '/c': { onDisconnect: program('q', 'true') } },
  }))
  t.match(await api('PUT', settingsOf('/b'), { onConnect: '/bin/true' }), { status: 409, body: { error: { code: 'SETTING_LOCKED' } } })
  t.match(await api('PUT', settingsOf('/c'), { onDisconnect: null }), { status: 409 })
  t.match(await api('PUT', settingsOf('/c'), { onDisconnect: '/bin/sh' }), { status: 409 })
  t.match(await api('PUT', settingsOf('/a*'), { name: 'Other' }), { status: 200 })
  t.match(await api('PUT', settingsOf('/abc'), { name: 'Own' }), { status: 200 }, 'what held for it is taken along')
  const [program] = [server.settings.mounts['/a*']?.onConnect]
  t.equal(server.settings.mounts['/abc']?.onConnect, program)
  const { body } = await api('DELETE', settingsOf('/c'))
  t.equal(server.settings.mounts['/c'], undefined)
  t.match(await api('POST', `/settings/undo/${body.undo}`), { status: 200 })
  t.match(server.settings.mounts['/c']?.onDisconnect, /\/q$/, 'and comes back')
})
