import { EventEmitter, once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  lstatSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { parseDocument } from 'yaml'
import { printConfig } from '../../bin/print-config.js'
import { run } from '../../bin/run.js'
import { editDocument, formatDocument } from '../../bin/yaml-edit.js'
import { parseConfig } from '../../bin/config.js'
import type { SettingsChange } from '../../lib/index.js'

const dir = mkdtempSync(join(tmpdir(), 'floecast-test-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const edit = (text: string, ...changes: (readonly [path: string, value: unknown])[]): string => {
  const document = parseDocument(text)
  editDocument(
    document,
    changes.map(([path, value]): SettingsChange => ({ path: path.split(' '), value })),
  )
  return formatDocument(document, text)
}

const comments = (text: string): string[] => text.split('\n').filter((line) => line.trim().startsWith('#'))

t.test('an edit changes nothing but what it is about', async (t) => {
  const text = `# Ours.

port: 8000 # the port
limits:
  # as many as we like
  maxConnections: 0
mounts:
  # the harbour
  /tv: { name: TV, hls: { partDuration: 0.25 } } # for all
  /radio*:
    # much
    burstSize: 5
    name: Radio

# the end
`
  t.equal(edit(text), text)
  t.equal(
    edit(
      text,
      ['limits maxSources', 5],
      ['mounts /tv name', 'no'],
      ['mounts /tv hls enabled', false],
      ['mounts /radio* burstSize', undefined],
    ),
    text
      .replace('maxConnections: 0\n', 'maxConnections: 0\n  maxSources: 5\n')
      .replace('name: TV, hls: { partDuration: 0.25 }', 'name: no, hls: { partDuration: 0.25, enabled: false }')
      .replace('    burstSize: 5\n', ''),
  )
  t.equal(edit(text, ['mounts /radio*', undefined]).includes('much'), false, 'a mount goes with all that is said of it')
  t.equal(edit(text, ['mounts /none name', undefined], ['log level', undefined]), text)
  t.equal(edit('limits:\n  # one\n  # two\nport: 1\n', ['limits maxSources', 5]), 'limits:\n  maxSources: 5\n  # one\n  # two\nport: 1\n')
  t.equal(edit('# head\n', ['protocols hls', false]), '# head\n\nprotocols:\n  hls: false\n')
  t.equal(edit('', ['mounts /a', { name: 'A' }]), 'mounts:\n  /a:\n    name: A\n')
  t.equal(edit('mounts: {}\n', ['mounts /a name', 'A']), 'mounts:\n  /a:\n    name: A\n')
  t.equal(
    edit('mounts:\n    /a: &a {name: x}\n    /b: *a\n', ['mounts /b name', 'y']),
    'mounts:\n    /a: &a {name: x}\n    /b: {name: y}\n',
    'what others share stays theirs',
  )
  t.equal(edit('port: 1\r\n# two\r\nhost: a\r\n', ['port', 2]), 'port: 2\r\n# two\r\nhost: a\r\n')
  const long = `location: ${'word '.repeat(60).trim()}\nport: 1\n`
  t.equal(edit(long, ['port', 2]), long.replace('1', '2'), 'no line is folded')

  const printed = printConfig()
  const edited = edit(printed, ['limits maxSources', 5], ['mounts /tv name', 'TV'], ['protocols hls', false])
  t.same(comments(edited), comments(printed))
  t.equal(edit(printed, ['protocols hls', false]), printed.replace('  hls: true', '  hls: false'))
  t.match(parseConfig(edited), { limits: { maxSources: 5 }, protocols: { hls: false }, mounts: { '/tv': { name: 'TV' } } })
})

interface Running {
  readonly ask: (method: string, path: string, body?: unknown, login?: string) => Promise<{ status: number; text: string; json: any }>
  readonly stop: () => Promise<void>
  readonly signals: EventEmitter
  readonly output: () => string
}

/** Runs the program, with a server of its own on a free port. */
async function start(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Running> {
  const signals = new EventEmitter()
  const told = new EventEmitter()
  let output = ''
  const write = (text: string): boolean => {
    output += text
    return told.emit('text')
  }
  const ended = run({
    argv: [...args, '--port', '0', '--host', '127.0.0.1', '--log', 'json'],
    env,
    stdin: Readable.from([]),
    stdout: { write },
    stderr: { write },
    signals,
    exit: () => {},
  })
  while (!output.includes('"listening"')) if ((await Promise.race([once(told, 'text'), ended])) === 1) throw new Error(output)
  const port = Number(/"port":(\d+)/.exec(output)?.[1])
  const ask: Running['ask'] = async (method, path, body, login = 'admin:first-admin') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: {
        Authorization: `Basic ${btoa(login)}`,
        Connection: 'close',
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined }
  }
  const stop = async (): Promise<void> => {
    signals.emit('SIGTERM')
    await ended
  }
  return { ask, stop, signals, output: () => output }
}

t.test('what is changed by the web is in the file, and there again after a restart', async (t) => {
  const file = join(dir, 'floecast.yaml')
  const text =
    '# ours\npasswords: { source: first-source, admin: first-admin }\nlimits: { maxSources: 9 } # few\nmounts:\n  /tv: { name: TV }\n'
  writeFileSync(file, text)
  chmodSync(file, 0o640)
  const env = { FLOECAST_STATE_DIR: join(dir, 'state'), FLOECAST_HOST: '127.0.0.1' }
  const first = await start([file], env)
  const { json } = await first.ask('GET', '/api/v1/settings')
  t.match(json, { file, settings: { maxSources: 9 } })
  t.match(json.locked, [
    { path: 'host', by: 'FLOECAST_HOST' },
    { path: 'stateDir', by: 'FLOECAST_STATE_DIR' },
    { path: 'port', by: '--port' },
    { path: 'host', by: '--host' },
    { path: 'log.format', by: '--log' },
    { path: 'mediaDir', by: 'the configuration file alone' },
  ])
  const changed = await first.ask('PATCH', '/api/v1/settings', { maxSources: 4, protocols: { dash: false } })
  t.match(changed.json.settings, { maxSources: 4, protocols: { dash: false, hls: true } })
  const now =
    '# ours\npasswords: { source: first-source, admin: first-admin }\nlimits: { maxSources: 4 } # few\nmounts:\n  /tv: { name: TV }\nprotocols:\n  dash: false\n'
  t.equal(readFileSync(file, 'utf8'), now)
  t.equal(readFileSync(`${file}.bak`, 'utf8'), text)
  t.same([statSync(file).mode & 0o777, statSync(`${file}.bak`).mode & 0o777], [0o640, 0o640])
  await first.ask('POST', `/api/v1/settings/undo/${changed.json.undo}`)
  t.equal(readFileSync(file, 'utf8'), now.replace('maxSources: 4', 'maxSources: 9').replace('protocols:\n  dash: false', 'protocols: {}'))

  // A person edits the file, too, and tells nobody.
  writeFileSync(file, text.replace('# few', '# by hand').replace('name: TV', 'name: By hand'))
  await first.ask('PUT', '/api/v1/mounts/tv', { genre: 'News', sourcePassword: 'a-word-for-tv' })
  t.match(readFileSync(file, 'utf8'), /# by hand[^]*name: By hand, genre: News, sourcePassword: scrypt\$/)
  t.match((await first.ask('GET', '/api/v1/mounts/tv')).json, {
    settings: { name: 'By hand', genre: 'News' },
    own: ['name', 'genre', 'sourcePassword'],
  })

  t.equal((await first.ask('PUT', '/api/v1/passwords/admin', { password: 'second-admin' })).status, 204)
  t.equal((await first.ask('GET', '/api/v1/settings')).status, 401, 'the old one is refused at once')
  const login = 'admin:second-admin'
  t.equal((await first.ask('PUT', '/api/v1/passwords/source', { password: 'second-source' }, login)).status, 204)
  t.notMatch(readFileSync(file, 'utf8'), /second|first|a-word/)
  t.notMatch(first.output(), /second-|first-|a-word/)
  t.same(
    readdirSync(dir).filter((name) => name.startsWith('floecast.yaml')),
    ['floecast.yaml', 'floecast.yaml.bak'],
  )
  await first.stop()

  const second = await start([file], env)
  t.match((await second.ask('GET', '/api/v1/mounts/tv', undefined, login)).json, { settings: { genre: 'News', sourcePassword: true } })
  const title = '/admin/metadata?mount=/x&mode=updinfo&song=x'
  t.equal((await second.ask('GET', title, undefined, 'source:first-source')).status, 401)
  t.notMatch((await second.ask('GET', title, undefined, 'source:second-source')).status, 401)
  await second.stop()
})

t.test('what cannot be kept is refused with the reason, and nothing changes', async (t) => {
  const real = join(dir, 'real.yaml')
  const file = join(dir, 'link.yaml')
  const text = 'passwords: { admin: first-admin }\n'
  writeFileSync(real, text)
  symlinkSync(real, file)
  const env = { FLOECAST_STATE_DIR: join(dir, 'state2'), FLOECAST_SOURCE_PASSWORD: 'from-outside' }
  const { ask, stop, signals, output } = await start([file], env)
  t.match(await ask('PUT', '/api/v1/passwords/source', { password: 'another-one' }), {
    status: 409,
    text: 'Cannot change passwords.source: FLOECAST_SOURCE_PASSWORD sets it; change it there',
  })
  t.match((await ask('GET', '/api/v1/passwords')).json, { source: { locked: 'FLOECAST_SOURCE_PASSWORD' }, admin: { locked: null } })
  t.match(await ask('PATCH', '/api/v1/settings', { mediaDir: '/etc' }), { status: 409 })

  writeFileSync(real, `${text}maxSource: many\n`)
  t.match(await ask('PATCH', '/api/v1/settings', { maxSources: 4 }), {
    status: 503,
    text: /link\.yaml has been changed, and maxSource is no key here/,
  })
  t.equal(readFileSync(real, 'utf8'), `${text}maxSource: many\n`)
  unlinkSync(real)
  t.match(await ask('PATCH', '/api/v1/settings', { maxSources: 4 }), { status: 503, text: /cannot be read: there is no such file/ })
  writeFileSync(real, text)
  t.match((await ask('PATCH', '/api/v1/settings', { maxSources: 4 })).json, { settings: { maxSources: 4 } })
  t.ok(lstatSync(file).isSymbolicLink(), 'a link stays a link')
  t.match(readFileSync(real, 'utf8'), /maxSources: 4/)
  signals.emit('SIGHUP')
  while (!output().includes('configuration read again')) await new Promise((done) => setTimeout(done, 5))
  t.match((await ask('GET', '/api/v1/settings')).json.settings, { maxSources: 4 })
  await stop()
})

t.test('without a file, changes are kept in the state folder, and read at the next start', async (t) => {
  const state = join(dir, 'state3')
  const env = { FLOECAST_STATE_DIR: state, FLOECAST_ADMIN_PASSWORD: 'first-admin' }
  const first = await start([], env)
  t.equal(existsSync(join(state, 'floecast.yaml')), false)
  const made = await first.ask('PUT', '/api/v1/mounts/tv', { name: 'TV', dvr: '30m' })
  t.match(made.json, { settings: { name: 'TV', dvr: 1800 } })
  t.equal(readFileSync(join(state, 'floecast.yaml'), 'utf8'), 'mounts:\n  /tv:\n    name: TV\n    dvr: 30m\n')
  t.equal(statSync(join(state, 'floecast.yaml')).mode & 0o777, 0o600)
  await first.stop()
  const second = await start([], env)
  t.match((await second.ask('GET', '/api/v1/mounts/tv')).json, { configured: true, settings: { name: 'TV', dvr: 1800 } })
  await second.stop()
})
