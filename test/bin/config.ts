import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { parseArguments } from '../../bin/arguments.js'
import { formatBanner } from '../../bin/banner.js'
import { ConfigError, environment, loadConfig, parseConfig, serverOptionsOf } from '../../bin/config.js'
import { formatEvent } from '../../bin/log.js'
import { printConfig } from '../../bin/print-config.js'
import { run } from '../../bin/run.js'
import type { World } from '../../bin/world.js'
import { findPasswords, readState, writeState } from '../../bin/state.js'
import { makePassword, WORDS } from '../../bin/words.js'
import {
  type AccessEntry,
  type CreateServerOptions,
  type ListenOptions,
  type Logger,
  type Mount,
  type ServerEvents,
  serverOptions,
  silent,
  type Source,
  verifyPassword,
} from '../../lib/index.js'

const dir = mkdtempSync(join(tmpdir(), 'floecast-test-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const problems = (action: () => unknown): readonly string[] => {
  try {
    action()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

t.test('every mistake is named at once, with key, value, what is allowed, and line', (t) => {
  const yaml = [
    'port: abc',
    'hostnam: x',
    'maxListeners: 5',
    'limits:',
    '  header-size: 10',
    '  headerTimeout: 0',
    'passwords: { source: 12345, admin: scrypt$x }',
    'trustedProxies: [10.0.0.0/8, 300.1.1.1]',
    'log: { level: loud }',
    'mounts:',
    '  live: {}',
    '  /live:',
    '    burstSize: many',
    '    burst: 3',
    '  /x: 5',
    '/tv: {}',
    'tls: { certificate: x }',
    'shoutcastPort: none',
  ]
  t.strictSame(
    problems(() => parseConfig(yaml.join('\n'))),
    [
      'port: found "abc", allowed: a port, 0 to 65535 (line 1)',
      'hostnam is no key here; did you mean hostname? (line 2)',
      'maxListeners is no key here; did you mean limits.maxListeners? (line 3)',
      'limits.header-size is no key here; did you mean headerSize? (line 5)',
      'limits.headerTimeout: found 0, allowed: a whole number of milliseconds, 1 or more (line 6)',
      'passwords.source: found a number, allowed: a password of 1 character or more, or a whole scrypt$ hash; put it in quotes (line 7)',
      'passwords.admin: found text that is not shown here, allowed: a password of 1 character or more, or a whole scrypt$ hash (line 7)',
      'trustedProxies.1: found "300.1.1.1", allowed: an address or a range of addresses such as 10.0.0.0/8 (line 8)',
      'log.level: found "loud", allowed: debug, info, warn or error (line 9)',
      'mounts: found the key "live", allowed: a path that begins with / (line 11)',
      'mounts./live.burstSize: found "many", allowed: a whole number of bytes, 0 or more (line 13)',
      'mounts./live.burst is no key here; did you mean burstSize? (line 14)',
      'mounts./x: found 5, allowed: a group of settings (key: value) (line 15)',
      '/tv is no key here; mounts belong under mounts (line 16)',
      'tls.key: found nothing, allowed: the path of a file (line 17)',
      'shoutcastPort: found "none", allowed: a port, 0 to 65535 or false (line 18)',
    ],
  )
  const nested = ['mounts:', '  /tv:', '    hls:', '      partDuration: 5', '      lowlatency: true', '      segmentDuration: 2.5']
  t.strictSame(
    problems(() => parseConfig([...nested, '    segmentCount: 9', '    dash: no', '  /x: { hls: false }'].join('\n'))),
    [
      'mounts./tv.hls.partDuration: found 5, allowed: a number from 0.1 to 2 (line 4)',
      'mounts./tv.hls.lowlatency is no key here; did you mean lowLatency? (line 5)',
      'mounts./tv.hls.segmentDuration: found 2.5, allowed: a whole number from 1 to 10 (line 6)',
      'mounts./tv.segmentCount is no key here; did you mean mounts./tv.hls.segmentCount? (line 7)',
      'mounts./tv.dash: found "no", allowed: true or false (line 8)',
      'mounts./x.hls: found false, allowed: a group of settings (key: value); enabled: false in it switches HLS off (line 9)',
    ],
    'keys within keys, too',
  )
  const bad = [
    'port: 1\nport: 2',
    'a: [1\nb: }',
    '- 1',
    'just text',
    'port: 8\nshoutcastPort: 8',
    'a: &a [*a]',
    '__proto__: { port: 1 }',
    'tls: {}',
  ]
  for (const text of bad) t.not(problems(() => parseConfig(text)).length, 0, JSON.stringify(text))
  t.match(
    problems(() => parseConfig('port: 1\nport: 2')),
    [/\(line 2\)$/],
  )
  t.match(
    problems(() => loadConfig(join(dir, 'none.yaml'))),
    ['the file cannot be read: there is no such file'],
  )
  t.match(
    problems(() => parseConfig('tls: {certificate: none.pem, key: none.pem}')),
    [],
  )
  writeFileSync(join(dir, 'tls.yaml'), 'tls: { certificate: none.pem, key: none.pem }')
  t.match(
    problems(() => loadConfig(join(dir, 'tls.yaml'))),
    [/^tls\.certificate: .*none\.pem.*no such file/, /^tls\.key: /],
  )
  t.end()
})

t.test('an empty file, empty keys and the printed configuration all mean the defaults', (t) => {
  const defaults = parseConfig('')
  const printed = printConfig()
  t.strictSame(parseConfig(printed), defaults)
  t.strictSame(parseConfig('mounts:\nlimits:\nhostname:\nlog:\n  level:\n'), defaults)
  t.strictSame(parseConfig('mounts:\n  /live:\n').mounts['/live'], serverOptions.parse({ mounts: { '/live': {} } }).mounts['/live'])
  t.strictSame(serverOptions.parse(serverOptionsOf(defaults)), serverOptions.parse({}))
  t.equal(Math.max(...printed.split('\n').map((line) => line.length)) <= 104, true)
  t.match(printed, /^ {2}# {2}hls:\n {2}# {4}# Offer the mount by HLS.*\n {2}# {4}enabled: true$/m, 'a group stands below its key')
  t.end()
})

const keys = (value: object): string[] =>
  Object.entries(value).flatMap(([key, child]: [string, unknown]) => [
    key,
    ...(typeof child === 'object' && child !== null ? keys(child) : []),
  ])

t.test('the printed configuration explains every key, and is right with all of them switched on', (t) => {
  const printed = printConfig()
  let on = printed
  // A mark right before a key is a setting that is switched off; once for a setting, twice in a mount that is itself an example.
  for (let i = 0; i < 2; i++) on = on.replace(/^((?: |#(?! \S))*?)#(?! \S)/gm, '$1')
  const config = parseConfig(on)
  const found = keys(config)
  const { shape } = serverOptions
  for (const key of [...Object.keys(shape), ...Object.keys(shape.mounts.def.innerType.valueType.shape)]) t.ok(found.includes(key), key)
  const explained = on.split('\n').every((line, i, lines) => !/^ *[a-z]\w*:/.test(line) || /^ *#/.test(lines[i - 1] ?? ''))
  t.ok(explained)
  t.end()
})

t.test('arguments go before the environment, and the environment before the file', (t) => {
  const env = { FLOECAST_PORT: '9000', FLOECAST_HOST: '', FLOECAST_SOURCE_PASSWORD: '123456', FLOECAST_STATE_DIR: '/x' }
  const { overrides } = parseArguments(['--port', '9100', '--log=json'])
  const config = parseConfig('port: 8500\nhost: 127.0.0.1\npasswords:\nlog: { level: warn }', [...environment(env), ...overrides])
  t.match(config, {
    port: 9100,
    host: '127.0.0.1',
    stateDir: '/x',
    log: { level: 'warn', format: 'json' },
    passwords: { source: '123456' },
  })
  t.strictSame(
    problems(() => parseConfig('', environment({ FLOECAST_PORT: 'abc', FLOECAST_ADMIN_PASSWORD: 'scrypt$' }))),
    [
      'FLOECAST_PORT: found "abc", allowed: a port, 0 to 65535',
      'FLOECAST_ADMIN_PASSWORD: found text that is not shown here, allowed: a password of 1 character or more, or a whole scrypt$ hash',
    ],
  )
  t.end()
})

t.test('a command line that makes no sense is refused with one sentence', (t) => {
  const bad: [string[], RegExp][] = [
    [['--prot', '1'], /^Cannot use --prot: there is no such option; did you mean --port\?$/],
    [['-x'], /^Cannot use -x: .*--help$/],
    [['--port'], /a value must follow, as in --port 8000\.$/],
    [['--port', 'http'], /0 to 65535/],
    [['--port', '70000'], /0 to 65535/],
    [['--log', 'xml'], /json or pretty/],
    [['--check=yes'], /takes no value/],
    [['a.yaml', 'b.yaml'], /give one/],
  ]
  for (const [argv, message] of bad) t.throws(() => parseArguments(argv), { name: 'UsageError', message })
  t.match(parseArguments(['-h']), { task: 'help', file: undefined })
  t.match(parseArguments(['x.yaml', '--check']), { task: 'check', file: 'x.yaml', overrides: [], newPasswords: false })
  t.end()
})

t.test('passwords are words, and there are enough of them', (t) => {
  t.equal(new Set(WORDS).size, WORDS.length)
  t.ok(WORDS.every((word) => /^[a-z]{3,9}$/.test(word)))
  t.ok(WORDS.length ** 3 * 90 > 2 ** 32)
  t.match(makePassword(), /^[a-z]+-[a-z]+-[a-z]+-[1-9]\d$/)
  t.end()
})

t.test('passwords are shown once, kept as hashes, and made anew when asked', async (t) => {
  const state = join(dir, 'deep', 'state')
  const first = await findPasswords({}, state)
  const { source = '', admin = '' } = first.made
  t.strictSame(first.kept, [])
  const file = join(state, 'state.json')
  const written = readFileSync(file, 'utf8')
  t.notOk(written.includes(source) || written.includes(admin))
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.strictSame(readdirSync(state), ['state.json'], 'no draft is left')

  const second = await findPasswords({}, state)
  t.strictSame([second.made, second.kept], [{}, ['source', 'admin']])
  t.strictSame([await verifyPassword(source, second.source), await verifyPassword(admin, second.admin)], [true, true])

  const given = await findPasswords({ source: 'mine' }, state)
  t.match(given, { source: 'mine', admin: second.admin, made: {}, kept: ['admin'] })
  const renewed = await findPasswords({}, state, true)
  t.equal(await verifyPassword(source, renewed.source), false)
  t.match(Object.keys(renewed.made), ['source', 'admin'])

  const untouched = join(dir, 'untouched')
  t.match(await findPasswords({ source: 'a', admin: 'b' }, untouched), { source: 'a', admin: 'b', made: {}, kept: [] })
  t.throws(() => statSync(untouched))
  await t.rejects(findPasswords({ source: 'a', admin: 'b' }, untouched, true), { message: /^Cannot make new passwords/ })
})

t.test('a state folder that cannot be used is named in one sentence', async (t) => {
  const damaged = join(dir, 'damaged')
  mkdirSync(damaged)
  for (const text of ['{', '[]', '{"passwords":null}', 'null']) {
    writeFileSync(join(damaged, 'state.json'), text)
    await t.rejects(readState(damaged), { message: /state\.json: it is damaged\. Remove it/ })
  }
  const file = join(dir, 'file')
  writeFileSync(file, '')
  await t.rejects(writeState(file, { passwords: {} }), { message: /^Cannot keep passwords in .*FLOECAST_STATE_DIR/ })
  await t.rejects(findPasswords({}, file), { message: /^Cannot read .*no folder/ })
})

t.test('an event is one line, whatever names and titles hold', (t) => {
  const time = new Date(2026, 10, 23, 12, 4, 31).getTime()
  const peer = { address: '192.0.2.31', agent: 'OBS 29.0.2' }
  t.equal(
    formatEvent({ level: 30, time, mount: '/live', msg: 'source connected', ...peer }),
    '12:04:31  /live   source connected   OBS 29.0.2 from 192.0.2.31',
  )
  t.equal(formatEvent({ level: 40, time, mount: '/live', msg: 'slow' }), '12:04:31  /live   warning: slow')
  t.equal(
    formatEvent({ level: 50, time, msg: 'broken', err: new Error('why\nnot'), port: 8000 }),
    '12:04:31          error: broken   port 8000   why not',
  )
  t.notMatch(formatEvent({ level: 30, time, mount: '/\n', msg: 'a\u001b[2Jb\u202e', agent: '\r\nx' }), /[\p{Cc}\p{Cf}]/u)
  t.end()
})

t.test('the banner gives addresses that work, and lines to copy', (t) => {
  const welcome = { version: '0.1.0', port: 8000, host: undefined, network: '192.0.2.10', secure: undefined, coloured: false }
  const first = formatBanner({ ...welcome, passwords: { made: { source: 'tide-amber-plank-41', admin: 'a-b-c-10' }, kept: [] } })
  t.match(first, 'http://192.0.2.10:8000')
  t.match(first, '-f mpegts icecast://source:tide-amber-plank-41@localhost:8000/live\n')
  t.match(first, 'admin / a-b-c-10')
  t.match(first, 'shown once')
  t.match(first, 'http://localhost:8000/live.m3u8   DASH http://localhost:8000/live.mpd\n')
  t.match(first, 'http://localhost:8000/live.mp4')
  t.notMatch(first, '\u001b')
  const bound = formatBanner({ ...welcome, host: '::1', passwords: { made: {}, kept: ['source', 'admin'] } })
  t.match(bound, 'icecast://source:PASSWORD@[::1]:8000/live')
  t.notMatch(bound, '192.0.2.10')
  t.match(bound, 'The passwords are those shown at the first start. For new ones: floecast --new-passwords')
  t.match(formatBanner({ ...welcome, coloured: true, passwords: { made: {}, kept: [] } }), '\u001b')
  t.end()
})

/** A server that does nothing but remember what it was told. */
class FakeServer extends EventEmitter<ServerEvents> {
  readonly told: string[] = []
  making: CreateServerOptions
  failure: Error | undefined
  readonly logger: Logger
  constructor(making: CreateServerOptions) {
    super()
    this.making = making
    this.logger = making.logger ?? silent
  }
  async listen({ port = 0 }: ListenOptions): Promise<{ port: number; shoutcastPort: undefined }> {
    this.told.push(`listen ${port}`)
    if (this.failure) throw this.failure
    return { port, shoutcastPort: undefined }
  }
  reload(making: CreateServerOptions): void {
    this.making = making
    this.told.push('reload')
  }
  async close(): Promise<void> {
    this.told.push('close')
  }
}

/** Runs the program in a world made of strings. */
function start(
  argv: readonly string[],
  { failure, stdin = '', env = {} }: { failure?: Error; stdin?: string; env?: NodeJS.ProcessEnv } = {},
) {
  const output = new EventEmitter()
  const signals = new EventEmitter()
  const texts = { stdout: '', stderr: '' }
  const servers: FakeServer[] = []
  const exits: number[] = []
  const into = (stream: 'stdout' | 'stderr') => ({
    write: (text: string): boolean => {
      texts[stream] += text
      return output.emit('text')
    },
  })
  const world: World = {
    argv,
    env: { FLOECAST_STATE_DIR: join(dir, 'run'), ...env },
    stdin: Readable.from([stdin]),
    stdout: into('stdout'),
    stderr: into('stderr'),
    signals,
    exit: (code) => exits.push(code),
  }
  const make = (making: CreateServerOptions): FakeServer => {
    const server = new FakeServer(making)
    if (failure) server.failure = failure
    servers.push(server)
    return server
  }
  const code = run(world, make)
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(texts.stdout)) await once(output, 'text')
  }
  return { code, texts, servers, signals, exits, until }
}

t.test('media lie in the state folder, or below the folder of the file that names another', async (t) => {
  const file = join(dir, 'media.yaml')
  for (const [line, expected] of [
    ['', join(dir, 'run', 'media')],
    ['mediaDir: films', join(dir, 'films')],
  ]) {
    writeFileSync(file, `passwords: { source: s, admin: a }\nmounts: { /live: { dvr: 2h, dump: "%F/%T.*" } }\n${line}\n`)
    const { code, servers, signals, until } = start([file, '--log', 'json'])
    await until(/"listening"/)
    t.match(servers[0]?.making, {
      mediaDir: expected,
      stateDir: join(dir, 'run'),
      mounts: { '/live': { dvr: 7200, dvrSize: 4_294_967_296 } },
    })
    signals.emit('SIGTERM')
    t.equal(await code, 0)
    t.strictSame(await outcome(['--check', file]), [0, `${file} is right.\n`, '', 0])
  }
  t.strictSame(
    problems(() => parseConfig('mounts:\n  /live:\n    dvr: 2 days\n    dump: ../%Q\n')),
    [
      'mounts./live.dvr: found "2 days", allowed: a time such as 90s, 30m or 2h, or a number of seconds (line 3)',
      'mounts./live.dump: found "../%Q", allowed: a path below mediaDir, no part of which begins with a dot, with fields of strftime: %Y %y %m %d %e %j %H %M %S %s %b %B %a %A %Z %F %T %% (line 4)',
    ],
  )
})

t.test('a server runs from its configuration until a signal, and reads it again on SIGHUP', async (t) => {
  const file = join(dir, 'run.yaml')
  const log = join(dir, 'access.log')
  writeFileSync(file, 'port: 8123\npasswords: { source: s, admin: a }\nlog: { accessLog: access.log }\nmounts: { /live: { name: Live } }')
  const { code, texts, servers, signals, exits, until } = start([file])
  await until(/"listening"/)
  const [server] = servers
  if (!server) throw new Error('no server')
  t.match(server.making, { maxSources: 100, mounts: { '/live': { name: 'Live' } } })
  const entry: AccessEntry = {
    address: '192.0.2.1',
    time: new Date(),
    method: 'GET',
    target: '/',
    version: 'HTTP/1.1',
    status: 200,
    bytes: 1,
    seconds: 0,
  }
  server.emit('access', entry)
  while (!statSync(log, { throwIfNoEntry: false })?.size) await new Promise((done) => setTimeout(done, 5))
  renameSync(log, `${log}.1`)

  writeFileSync(file, 'port: 8124\npasswords: { source: s2, admin: a }\nlog: { accessLog: access.log }')
  signals.emit('SIGHUP')
  await until(/configuration read again/)
  t.match(texts.stdout, 'port: this change takes effect at the next start')
  t.equal(await server.making.auth.source({ user: 'source', password: 's2', mount: '/live', address: '' }), true)
  const former = server.making
  writeFileSync(file, 'port: no\nmaxSource: 1')
  signals.emit('SIGHUP')
  await until(/maxSource is no key here/)
  t.equal(server.making, former)
  server.emit('access', entry)
  server.emit('source', { details: { address: '192.0.2.1', agent: 'x' } } as Source, { name: '/live' } as Mount)

  signals.emit('SIGTERM')
  t.equal(await code, 0)
  t.strictSame(server.told, ['listen 8123', 'reload', 'close'])
  t.strictSame(
    [`${log}.1`, log].map((path) => readFileSync(path, 'utf8').split('\n').length),
    [2, 2],
    'the log was reopened',
  )
  const lines = texts.stdout.trimEnd().split('\n')
  t.ok(
    lines.every((line) => typeof JSON.parse(line) === 'object'),
    'nothing but JSON',
  )
  t.match(JSON.parse(lines.find((line) => line.includes('source connected')) ?? '{}'), { mount: '/live', address: '192.0.2.1', agent: 'x' })
  t.equal(texts.stderr, '')
  signals.emit('SIGINT')
  t.strictSame(exits, [1], 'a second signal ends it at once')
})

t.test('the first start shows the passwords, on standard error where standard output is for machines', async (t) => {
  const env = { FLOECAST_STATE_DIR: join(dir, 'first') }
  for (const [format, shown] of [
    ['json', 'stderr'],
    ['pretty', 'stdout'],
  ] as const) {
    const { code, texts, signals, until } = start(['--log', format, '--new-passwords'], { env })
    await until(/listening|Watch/)
    t.match(texts[shown], /admin \/ [a-z]+-[a-z]+-[a-z]+-\d\d/)
    signals.emit('SIGINT')
    t.equal(await code, 0)
  }
})

/** Exit code, standard output, standard error and how many servers were made. */
async function outcome(argv: readonly string[], options?: Parameters<typeof start>[1]): Promise<unknown[]> {
  const { code, texts, servers } = start(argv, options)
  return [await code, texts.stdout, texts.stderr, servers.length]
}

const failure = (code: string, port: number): Error => Object.assign(new Error(code), { code, port })

t.test('what cannot start says why in one line', async (t) => {
  const passwords = { FLOECAST_SOURCE_PASSWORD: 'a', FLOECAST_ADMIN_PASSWORD: 'b' }
  t.strictSame(await outcome([], { env: passwords, failure: failure('EADDRINUSE', 8000) }), [
    1,
    '',
    'Cannot listen on port 8000: another program uses it. Stop it or choose another port with --port.\n',
    1,
  ])
  t.strictSame(await outcome([], { env: passwords, failure: failure('EADDRINUSE', 8001) }), [
    1,
    '',
    'Cannot listen on port 8001: another program uses it. Stop it or choose another shoutcastPort in the configuration.\n',
    1,
  ])
  t.match(await outcome(['--port', '80'], { env: passwords, failure: failure('EACCES', 80) }), [1, '', /^Cannot listen on port 80: .*\n$/])
  t.match(await outcome(['--host', '192.0.2.99'], { env: passwords, failure: failure('EADDRNOTAVAIL', 8000) }), [
    1,
    '',
    /^Cannot listen on 192\.0\.2\.99: /,
  ])
  t.match(await outcome(['--nope']), [2, '', /^Cannot use --nope: [^\n]*\n$/])
  t.strictSame(await outcome([join(dir, 'none.yaml')]), [
    1,
    '',
    `Cannot use ${join(dir, 'none.yaml')}:\n  the file cannot be read: there is no such file\n`,
    0,
  ])
})

t.test('help, version, check, print-config and hash-password answer and end', async (t) => {
  t.match(await outcome(['--help']), [0, /--print-config/, '', 0])
  const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'))
  t.strictSame(await outcome(['--version']), [0, `floecast ${version}\n`, '', 0])
  const [, printed] = await outcome(['--print-config'])
  const file = join(dir, 'printed.yaml')
  writeFileSync(file, String(printed))
  t.match(await outcome(['--check', file]), [0, `${file} is right.\n`, '', 0])
  writeFileSync(file, 'prt: 1')
  t.match(await outcome(['--check', file]), [1, '', `Cannot use ${file}:\n  prt is no key here; did you mean port? (line 1)\n`, 0])
  const [, hash] = await outcome(['--hash-password'], { stdin: 'secret words\n' })
  t.equal(await verifyPassword('secret words', String(hash).trim()), true)
  t.match(await outcome(['--hash-password']), [2])
})
