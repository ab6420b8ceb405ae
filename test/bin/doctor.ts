import { EventEmitter } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { parseConfig } from '../../bin/config.js'
import { checkCertificate } from '../../bin/doctor-certificate.js'
import { checkClock, checkFiles, checkFolder, checkNode } from '../../bin/doctor-machine.js'
import { checkPorts } from '../../bin/doctor-ports.js'
import { LogFile } from '../../bin/log-file.js'
import { givenSockets } from '../../bin/ports.js'
import { run } from '../../bin/run.js'
import { temporary } from '../helpers/server.js'
import { until } from '../helpers/wait.js'

t.test('the doctor tells a machine that cannot serve from one that can', async (t) => {
  const folder = temporary(t)
  t.match(checkNode('20.18.9'), { state: 'bad' })
  t.match([checkNode('20.19.0'), checkNode('24.0.0'), checkNode()], [{ state: 'good' }, { state: 'good' }, { state: 'good' }])
  t.match(checkClock(0), { state: 'bad', advice: 'Set the clock.' })
  const few = checkFiles(parseConfig('limits: { maxListeners: 5000 }'), 'Max open files            1024                 1024  files\n')
  t.match(few, { state: 'warning', message: /only 1024 .* 5000 listeners/, advice: /5300/ })
  t.match(checkFiles(parseConfig('limits: { maxListeners: 500 }'), 'Max open files            1024  1024  files\n'), { state: 'good' })
  t.match(checkFolder('state', join(folder, 'new', 'one')), { message: /can be made/ })
  const file = join(folder, 'file')
  writeFileSync(file, '')
  t.match(checkFolder('media', join(file, 'in')), { state: 'bad', message: `${file} is no folder` })
})

t.test('a certificate is looked at as those will who connect', (t) => {
  const folder = temporary(t)
  // It holds the key as well.
  const both = 'test/fixtures/localhost.pem'
  const day = 86_400_000
  const [, end = ''] = /holds for (\d+) more days/.exec(checkCertificate({ certificate: both, key: both }, undefined).message) ?? []
  const last = Date.now() + Number(end) * day
  t.match(checkCertificate({ certificate: both, key: both }, 'localhost', last - 90 * day), { state: 'good', message: /localhost/ })
  t.match(checkCertificate({ certificate: both, key: both }, 'localhost', last - 3 * day), { state: 'warning', message: /[34] more days/ })
  t.match(checkCertificate({ certificate: both, key: both }, 'localhost', last + 9 * day), { state: 'bad', message: /has ended/ })
  t.match(checkCertificate({ certificate: both, key: both }, 'example.org', last - 90 * day), {
    state: 'warning',
    message: /not for example.org/,
  })
  const key = join(folder, 'key.pem')
  writeFileSync(key, 'nothing')
  t.match(checkCertificate({ certificate: both, key }, undefined), { state: 'bad', message: /key\.pem cannot be used/ })
  t.match(checkCertificate({ certificate: key, key }, undefined), { state: 'bad' })
  t.end()
})

t.test('a port that is taken is told with who has it, and all of it by the program', async (t) => {
  const folder = temporary(t)
  const holder = createServer((socket) => socket.destroy())
  await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done))
  t.teardown(() => holder.close())
  const address = holder.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const text = `host: 127.0.0.1\nport: ${port}\nshoutcastPort: false\n`
  const [taken] = await checkPorts(parseConfig(text))
  t.match(taken, { state: 'bad', message: process.platform === 'linux' ? new RegExp(`process ${process.pid}`) : /taken/ })
  t.match(await checkPorts(parseConfig('host: 127.0.0.1\nport: 0')), [{ state: 'good' }])

  const file = join(folder, 'floecast.yaml')
  const ask = async (...argv: string[]): Promise<{ code: number; out: string }> => {
    let out = ''
    const code = await run({
      argv: ['doctor', file, ...argv],
      env: { FLOECAST_STATE_DIR: join(folder, 'state') },
      stdin: Readable.from([]),
      stdout: { write: (some) => (out += some) },
      stderr: { write: (some) => (out += some) },
      signals: new EventEmitter(),
      exit: () => {},
    })
    return { code, out }
  }
  writeFileSync(file, text)
  const bad = await ask('--json')
  t.equal(bad.code, 1)
  t.match(JSON.parse(bad.out), { ok: false })
  t.match((await ask()).out, /^✗ port .*Stop it, or choose another port\.$/m)
  writeFileSync(file, 'host: 127.0.0.1\nport: 0\n')
  t.match(await ask(), { code: 0, out: /^✓ configuration/m })
  writeFileSync(file, 'prot: 0\n')
  t.match(await ask(), { code: 1, out: /^✗ configuration +prot is no key here; .* \(line 1\)/m })
})

t.test('a log file is begun anew when it is full, and nothing is lost', async (t) => {
  const folder = temporary(t)
  const path = join(folder, 'a.log')
  const complaints: string[] = []
  const log = new LogFile((sentence) => complaints.push(sentence))
  log.reopen(path, { maxSize: 30, archive: false })
  for (let i = 0; i < 5; i++) log.write(`line number ${i}\n`)
  await log.close()
  t.strictSame(
    [readFileSync(`${path}.old`, 'utf8'), readFileSync(path, 'utf8')],
    ['line number 0\nline number 1\nline number 2\n', 'line number 3\nline number 4\n'],
  )
  log.reopen(path, { maxSize: 30, archive: true })
  log.write('and this is more\n')
  await log.close()
  log.reopen(join(folder, 'none', 'b.log'), { maxSize: 0, archive: false })
  await until('the complaint', () => complaints.length === 1)
  t.match(complaints[0], /b\.log: there is no such file/)
  t.equal(log.isOpen, false)
})

t.test('sockets are taken only from whoever means this process', (t) => {
  t.strictSame(givenSockets({ LISTEN_FDS: '2', LISTEN_PID: '7' }, 7), [3, 4])
  for (const env of [
    {},
    { LISTEN_FDS: '2', LISTEN_PID: '8' },
    { LISTEN_FDS: '-1', LISTEN_PID: '7' },
    { LISTEN_FDS: '1x', LISTEN_PID: '7' },
  ])
    t.strictSame(givenSockets(env, 7), [])
  t.end()
})
