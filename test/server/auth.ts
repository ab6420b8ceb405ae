import t from 'tap'
import { FloecastError } from '../../lib/errors.js'
import { AttemptLimiter, basic, hashPassword, verifyPassword, withMountPasswords, type Attempt } from '../../lib/server/auth.js'
import { formatAccess, type AccessEntry } from '../../lib/server/access-log.js'

const attempt = (user: string, password: string, mount?: string): Attempt => ({ user, password, mount, address: '192.0.2.1' })

t.test('a hash accepts its password and nothing else', async (t) => {
  const [one, two] = await Promise.all([hashPassword('tide-amber-41'), hashPassword('tide-amber-41')])
  t.match(one, /^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/)
  t.not(one, two, 'the salt differs')
  t.strictSame(await Promise.all(['tide-amber-41', 'tide-amber-42', '', one].map((plain) => verifyPassword(plain, one))), [
    true,
    false,
    false,
    false,
  ])
  t.strictSame(await Promise.all(['plain', 'Plain', 'plain ', ''].map((plain) => verifyPassword(plain, 'plain'))), [
    true,
    false,
    false,
    false,
  ])
  t.equal(await verifyPassword('', ''), false, 'an empty stored password lets nobody in')
  const broken = ['scrypt$', 'scrypt$x', one.replace('32768', '32767'), one.replace('32768', '1073741824'), one.slice(0, -40), `${one}$x`]
  t.strictSame(
    await Promise.all(broken.map((stored) => verifyPassword('tide-amber-41', stored))),
    broken.map(() => false),
  )
  await t.rejects(hashPassword(''), RangeError)
})

t.test('48 logins at once cost one derivation, and later ones none', async (t) => {
  const stored = await hashPassword('many')
  const time = async (count: number): Promise<number> => {
    const start = process.cpuUsage()
    const results = await Promise.all(Array.from({ length: count }, () => verifyPassword('many', stored)))
    t.ok(results.every(Boolean))
    const { user, system } = process.cpuUsage(start)
    return user + system
  }
  const first = await time(48)
  const again = await time(48)
  const wrong = await Promise.all([verifyPassword('a', stored), verifyPassword('b', stored), verifyPassword('c', stored)])
  t.strictSame(wrong, [false, false, false])
  t.ok(again < first / 3, `${again} µs after ${first} µs`)
})

t.test('basic tells sources from the administrator, and nobody gets in without a password', async (t) => {
  const auth = basic({ source: await hashPassword('s'), admin: 'a' })
  const asked = [attempt('source', 's'), attempt('source', 'a'), attempt('admin', 'a'), attempt('admin', 's'), attempt('', 's')]
  t.strictSame(await Promise.all(asked.map(async (a) => auth.source(a))), [true, false, false, false, true])
  t.strictSame(await Promise.all(asked.map(async (a) => auth.admin(a))), [false, false, true, false, false])
  const closed = basic({})
  t.strictSame(await Promise.all([closed.source(attempt('source', '')), closed.admin(attempt('admin', 'undefined'))]), [false, false])
  t.throws(() => basic({ source: '' }), TypeError)
  const named = basic({ source: 's', sourceUser: 'dj', admin: 'a', adminUser: 'root' })
  t.strictSame(await Promise.all(['dj', 'source'].map(async (user) => named.source(attempt(user, 's')))), [true, false])
  t.equal(await named.admin(attempt('root', 'a')), true)
})

t.test('a mount with its own password refuses the general one', async (t) => {
  const auth = withMountPasswords(basic({ source: 'general', admin: 'a' }), (mount) => (mount === '/own' ? 'special' : undefined))
  const asked = [
    attempt('source', 'general', '/own'),
    attempt('source', 'special', '/own'),
    attempt('admin', 'special', '/own'),
    attempt('source', 'general', '/other'),
    attempt('source', 'special', '/other'),
  ]
  t.strictSame(await Promise.all(asked.map(async (a) => auth.source(a))), [false, true, false, true, false])
  t.equal(await auth.admin(attempt('admin', 'a')), true)
  t.notOk('listener' in auth, 'everyone may listen')
})

t.test('wrong passwords are first slowed down, then refused, and a right one clears the count', async (t) => {
  const limiter = new AttemptLimiter({ slowAfter: 2, refuseAfter: 4, delay: 10, maxDelay: 15, slowWindow: 60_000, refuseWindow: 60_000 })
  const delays = []
  for (let i = 0; i < 4; i++) {
    delays.push(await limiter.delay('192.0.2.1'))
    await limiter.check('192.0.2.1')
    t.equal(await limiter.guard('192.0.2.1', () => false), false)
  }
  t.strictSame([...delays, await limiter.delay('192.0.2.1')], [0, 0, 0, 10, 15])
  await t.rejects(limiter.check('192.0.2.1'), { code: 'TOO_MANY_ATTEMPTS', status: 429, message: /wait (60|59) s/ })
  await t.rejects(
    limiter.guard('192.0.2.1', () => t.fail('a refused address is not even checked')),
    FloecastError,
  )
  await t.resolves(limiter.check('192.0.2.2'), 'others go on')

  for (let i = 0; i < 3; i++) await limiter.failed('192.0.2.3')
  t.equal(await limiter.guard('192.0.2.3', async () => true), true)
  t.equal(await limiter.delay('192.0.2.3'), 0)
  t.equal(limiter.size, 1, 'only addresses that failed are remembered')
})

t.test('guesses that run together are worth no more than guesses one after another', async (t) => {
  const limiter = new AttemptLimiter({ refuseAfter: 3, delay: 0 })
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => limiter.guard('192.0.2.1', () => new Promise((done) => setTimeout(done, 1 + i, i === 19)))),
  )
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 3)
  t.equal(results.at(-1)?.status, 'rejected', 'even when the last one is right')
})

t.test('a window ends, and memory is bounded', async (t) => {
  const limiter = new AttemptLimiter({ refuseAfter: 1, refuseWindow: 60, addresses: 50 })
  await limiter.failed('192.0.2.1')
  await t.rejects(limiter.check('192.0.2.1'))
  await new Promise((done) => setTimeout(done, 90))
  await t.resolves(limiter.check('192.0.2.1'))
  for (let i = 0; i < 500; i++) await limiter.failed(`10.0.${i >> 8}.${i & 255}`)
  t.equal(limiter.size, 50)
})

async function same(a: string, b: string): Promise<boolean> {
  const limiter = new AttemptLimiter({ slowAfter: 0 })
  await limiter.failed(a)
  return (await limiter.delay(b)) > 0
}

t.test('one IPv6 network of 64 bits counts as one address, and a mapped IPv4 address as IPv4', async (t) => {
  const pairs: [string, string, boolean][] = [
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', true],
    ['2001:db8:1:2::1', '2001:0DB8:0001:0002::5', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:db8::1', '2001:db8:0:0:1::', true],
    ['2001:db8::1', '2001:db8:0:1::1', false],
    ['fe80::1%eth0', 'fe80::2', true],
    ['::1', '::2', true],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
  ]
  t.strictSame(
    await Promise.all(pairs.map(([a, b]) => same(a, b))),
    pairs.map(([, , expected]) => expected),
  )
})

const entry: AccessEntry = {
  address: '192.0.2.31',
  time: new Date(2026, 10, 23, 12, 4, 31),
  method: 'GET',
  target: '/live?x=1',
  version: 'HTTP/1.1',
  status: 200,
  bytes: 108_049,
  agent: 'VLC/3.0.24 LibVLC/3.0.24',
  seconds: 6.6,
}
/** Fields of a line in the combined format. */
const line = /^(\S+) - (\S+) \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "([^"]*)" (\d+) (\d+) "([^"]*)" "([^"]*)" (\d+)$/

t.test('the access log has the combined format and the seconds connected', (t) => {
  const fields = line.exec(formatAccess({ ...entry, user: 'source' }))
  t.strictSame(
    [fields?.[1], fields?.[2], ...(fields ?? []).slice(4)],
    ['192.0.2.31', 'source', 'GET /live?x=1 HTTP/1.1', '200', '108049', '-', 'VLC/3.0.24 LibVLC/3.0.24', '7'],
  )
  t.match(fields?.[3], /^23\/Nov\/2026:12:04:31 /)
  t.end()
})

t.test('nothing that a peer sends breaks a line of the access log or leaves a password in it', (t) => {
  const nasty = [
    '\n127.0.0.1 - - [x] "GET / HTTP/1.0" 200 0 "-" "-" 0',
    '" 200 0 "-" "evil" 1',
    '\\',
    '\\"',
    '\r\n\0\u001b[2J\u007f\u0085\u2028\u2029\u202e\u{e0041}\ud800',
    ' a b ] [',
    '',
    'Ünïcode ♥ 世界',
  ]
  for (const text of nasty) {
    const written = formatAccess({
      ...entry,
      address: text,
      user: text,
      method: text,
      target: text,
      version: text,
      referer: text,
      agent: text,
    })
    t.match(written, line)
    t.notMatch(written, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
  }
  t.match(formatAccess({ ...entry, agent: 'Ünïcode ♥ 世界' }), '"Ünïcode ♥ 世界"')
  const urls = [
    '/admin.cgi?mode=updinfo&pass=hackme&song=A',
    '/x?PASS=hackme',
    '/x?a=1&p%61ss=hackme',
    'http://source:hackme@host/live?a=1;pw=hackme',
  ]
  const written = urls.map((url) => formatAccess({ ...entry, target: url, referer: url }))
  t.notMatch(written.join('\n'), /hackme/)
  t.match(written[0], 'GET /admin.cgi?mode=updinfo&pass=***&song=A HTTP/1.1')
  const long = 'a'.repeat(400_000)
  t.match(formatAccess({ ...entry, target: `/?${long}&pw=hackme` }), `${long}&pw=*** HTTP`, 'in linear time')
  t.end()
})
