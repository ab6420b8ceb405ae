import { appendFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { AuditEntry } from '../../lib/api/index.js'
import { FloecastError } from '../../lib/errors.js'
import { silent } from '../../lib/log.js'
import { Mounts } from '../../lib/mount/mounts.js'
import { serverOptions } from '../../lib/options/index.js'
import { AuditTrail } from '../../lib/server/audit-trail.js'
import { AttemptLimiter, basic } from '../../lib/server/auth.js'
import { Gate } from '../../lib/server/gate.js'
import { type Identity, owns } from '../../lib/server/identity.js'
import { MountAuth } from '../../lib/server/mount-auth.js'
import { People } from '../../lib/server/people.js'
import { Sessions } from '../../lib/server/sessions.js'
import { StateFolder } from '../../lib/server/state-folder.js'
import { Tokens } from '../../lib/server/tokens.js'
import { FakeClock } from '../helpers/clock.js'

function temporary(t: { teardown(call: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'floecast-people-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const isList = (stored: unknown): string[] => {
  if (stored === undefined) return []
  if (!Array.isArray(stored)) throw new TypeError('no list')
  return stored.map(String)
}

const HOUR = 3600_000
const ADDRESS = '192.0.2.1'
const anna = { name: 'anna', password: 'tide-amber-41', role: 'owner', mounts: ['/tv', '/radio/*'] } as const
const newAnna = { ...anna, mounts: [...anna.mounts] }

t.test('a document is replaced as a whole, one change after another, for its owner alone', async (t) => {
  const dir = join(temporary(t), 'deep', 'state')
  const folder = new StateFolder(dir)
  const list = folder.document('list.json', isList)
  t.notOk(existsSync(dir), 'nothing is made before anything is kept')
  await Promise.all(['a', 'b', 'c', 'd'].map((one) => list.change((before) => [...before, one])))
  t.strictSame(list.value, ['a', 'b', 'c', 'd'])
  t.strictSame(JSON.parse(readFileSync(join(dir, 'list.json'), 'utf8')), ['a', 'b', 'c', 'd'])
  t.strictSame(readdirSync(dir), ['list.json'], 'no draft stays behind')
  t.strictSame([statSync(dir).mode & 0o777, statSync(join(dir, 'list.json')).mode & 0o777], [0o700, 0o600])
  t.strictSame(new StateFolder(dir).document('list.json', isList).value, ['a', 'b', 'c', 'd'], 'it outlives the server')

  const refusal = new Error('no')
  await t.rejects(
    list.change(() => {
      throw refusal
    }),
    refusal,
  )
  t.strictSame(list.value.length, 4, 'what is refused changes nothing')
  t.throws(() => folder.document('list.json', isList), /two things/)
  t.throws(() => folder.document('../list.json', isList), TypeError)
  writeFileSync(join(dir, 'broken.json'), '[1, 2')
  t.throws(() => new StateFolder(dir).document('broken.json', isList), /damaged/)
  writeFileSync(join(dir, 'other.json'), '{}')
  t.throws(() => new StateFolder(dir).document('other.json', isList), /damaged/)
})

t.test('what cannot be kept is not in force', async (t) => {
  const dir = temporary(t)
  writeFileSync(join(dir, 'file'), '')
  const list = new StateFolder(dir).document('list.json', isList)
  rmSync(dir, { recursive: true })
  writeFileSync(dir, 'a file stands there')
  await t.rejects(
    list.change(() => ['a']),
    { code: 'STATE_NOT_KEPT' },
  )
  t.strictSame(list.value, [])
  rmSync(dir)
  await list.change(() => ['b'])
  t.strictSame(list.value, ['b'], 'and it goes on once that is put right')
})

t.test('lines are bounded, outlive a crash in the middle of one, and come back newest first', async (t) => {
  const dir = temporary(t)
  const lines = new StateFolder(dir).lines('deeds.jsonl', 300)
  for (let n = 0; n < 100; n++) await lines.append({ n })
  t.strictSame(readdirSync(dir).toSorted(), ['deeds.jsonl', 'deeds.jsonl.1'])
  for (const name of readdirSync(dir)) {
    const { size, mode } = statSync(join(dir, name))
    t.ok(size <= 300, `${name} has ${size} bytes`)
    t.equal(mode & 0o777, 0o600)
  }
  t.strictSame(await lines.last(3), [{ n: 99 }, { n: 98 }, { n: 97 }])
  const all = await lines.last(1000)
  t.ok(all.length > 25 && all.length < 100, 'some of the oldest are gone')
  t.match(all.at(-1), { n: 100 - all.length }, 'and nothing in between')

  appendFileSync(join(dir, 'deeds.jsonl'), '{"n":"cut sho')
  const later = new StateFolder(dir).lines('deeds.jsonl', 300)
  await later.append({ n: 100 })
  t.strictSame(await later.last(2), [{ n: 100 }, { n: 99 }])

  const memory = new StateFolder().lines('deeds.jsonl')
  t.strictSame(await memory.last(3), [])
  for (let n = 0; n < 2100; n++) await memory.append({ n })
  t.strictSame(await memory.last(2), [{ n: 2099 }, { n: 2098 }])
  t.equal((await memory.last(5000)).length, 2000)
})

t.test('people are kept with hashes alone, and know each other by name', async (t) => {
  const dir = temporary(t)
  const clock = new FakeClock()
  const folder = new StateFolder(dir)
  const people = new People(folder, clock)
  t.strictSame(await people.check('anna', 'tide-amber-41'), undefined)
  const added = await people.add(newAnna)
  t.strictSame(added, {
    name: 'anna',
    role: 'owner',
    mounts: ['/tv', '/radio/*'],
    created: new Date(clock.now()).toISOString(),
    lastSeen: null,
  })
  for (const name of ['anna', 'ANNA', 'admin', 'Admin', 'source'])
    await t.rejects(people.add({ ...newAnna, name }), { code: 'NAME_TAKEN' }, name)
  const both = await Promise.allSettled([people.add({ ...newAnna, name: 'bob' }), people.add({ ...newAnna, name: 'Bob' })])
  t.strictSame(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'], 'of two at once one gets the name')

  const identity = (await people.check('Anna', 'tide-amber-41'))!
  t.strictSame(identity.principal, { name: 'anna', role: 'owner', mounts: ['/tv', '/radio/*'], via: 'password' })
  t.strictSame(await Promise.all([people.check('anna', 'tide-amber-42'), people.check('carl', 'tide-amber-41'), people.check('', '')]), [
    undefined,
    undefined,
    undefined,
  ])
  identity.seen()
  t.equal(people.list()[0]!.lastSeen, new Date(clock.now()).toISOString())

  await folder.close()
  const text = readFileSync(join(dir, 'people.json'), 'utf8')
  t.notMatch(text, /tide-amber/, 'no password lies on the disk')
  t.match(text, /"hash": "scrypt\$/)
  t.notMatch(JSON.stringify(people.list()), /scrypt|stamp/, 'and no hash is told')
  const later = new People(new StateFolder(dir), clock)
  t.strictSame(later.list(), people.list(), 'they outlive the server')
  t.ok(await later.check('anna', 'tide-amber-41'))
  await t.rejects(people.change('carl', {}), { code: 'PERSON_NOT_FOUND' })
  await t.rejects(people.remove('carl'), { code: 'PERSON_NOT_FOUND' })
  const viewer = await people.change('anna', { role: 'viewer' })
  t.strictSame(viewer.mounts, [], 'only owners have mounts')
})

t.test('what somebody has shown does not stand once they are changed or removed', async (t) => {
  const people = new People(new StateFolder(), new FakeClock())
  await people.add(newAnna)
  const stands = async (): Promise<Identity> => (await people.check('anna', anna.password))!
  const first = await stands()
  first.seen()
  t.ok(first.stands(), 'to be seen is no change')
  await people.change('anna', { mounts: ['/tv'] })
  t.notOk(first.stands())
  const second = await stands()
  await people.change('anna', { password: 'another-one-9' })
  t.notOk(second.stands())
  t.equal(await people.check('anna', anna.password), undefined)
  const third = (await people.check('anna', 'another-one-9'))!
  await people.remove('anna')
  t.notOk(third.stands())
  await people.add({ ...newAnna, password: 'another-one-9' })
  t.notOk(third.stands(), 'somebody else of that name is somebody else')
})

const somebody = (name: string, stands: () => boolean = () => true): Identity => ({
  principal: { name, role: 'viewer', mounts: [], via: 'password' },
  stands,
  seen: () => {},
})

t.test('a session is a new secret each time, ends twelve hours after its last use, and is bounded in number', async (t) => {
  const clock = new FakeClock()
  const sessions = new Sessions(clock, new StateFolder(), () => [], { total: 5, each: 2 })
  const one = sessions.open(somebody('anna'))
  t.match(one, /^[\w-]{43}$/, '256 bits')
  t.strictSame(sessions.find(one)?.principal, { name: 'anna', role: 'viewer', mounts: [], via: 'session' })
  t.equal(sessions.find('x'.repeat(43)), undefined)
  clock.pass(12 * HOUR - 1)
  t.ok(sessions.find(one), 'it is used')
  clock.pass(12 * HOUR - 1)
  const standing = sessions.find(one)!
  t.ok(standing.stands())
  clock.pass(12 * HOUR)
  t.notOk(standing.stands(), 'an answer that goes on can see it')
  t.equal(sessions.find(one), undefined)

  const own = [1, 2, 3].map(() => sessions.open(somebody('anna')))
  t.equal(new Set(own).size, 3)
  t.strictSame(
    own.map((secret) => sessions.find(secret) !== undefined),
    [false, true, true],
    'nobody has more than their share',
  )
  for (const name of ['b', 'c', 'd', 'e']) sessions.open(somebody(name))
  t.equal(sessions.size, 5)
  t.strictSame([sessions.find(own[1]!), sessions.find(own[2]!) !== undefined], [undefined, true], 'the one that was used longest ago went')
  sessions.close(own[2]!)
  t.equal(sessions.find(own[2]!), undefined)
  let there = true
  const fickle = sessions.open(somebody('f', () => there))
  t.ok(sessions.find(fickle))
  there = false
  t.equal(sessions.find(fickle), undefined, 'it ends with what it rests on')
  // What a dump of the process would show of the table.
  t.notMatch(JSON.stringify(sessions), new RegExp(own.join('|')))
})

t.test('sessions outlive the server as hashes, bounded, and only while what they rest on is the same', async (t) => {
  const dir = temporary(t)
  const clock = new FakeClock()
  const limits = { total: 4, each: 3 }
  const rests = new Map([
    ['anna', 'tide-amber-41'],
    ['bob', 'b'],
  ])
  const identity = (name: string): Identity => {
    const version = rests.get(name)
    return { ...somebody(name), ...(version !== undefined && { version }) }
  }
  let folder = new StateFolder(dir)
  const open = (): Sessions => new Sessions(clock, folder, (name) => [somebody(name), identity(name)], limits)
  const restart = async (): Promise<Sessions> => {
    await folder.close()
    folder = new StateFolder(dir)
    return open()
  }
  let sessions = open()
  const [first, second, third] = [1, 2, 3].map(() => sessions.open(identity('anna'))) as [string, string, string]
  const bob = sessions.open(identity('bob'))
  sessions.close(second)
  const passing = sessions.open(somebody('carl'))
  sessions = await restart()
  t.equal(sessions.size, 3, 'what nobody could look after again ended with the server')
  const kept = readFileSync(join(dir, 'sessions.json'), 'utf8')
  t.notMatch(kept, new RegExp([first, bob, 'tide-amber'].join('|')), 'neither secrets nor passwords lie on the disk')
  t.equal(statSync(join(dir, 'sessions.json')).mode & 0o777, 0o600)
  t.strictSame(sessions.find(first)?.principal, { name: 'anna', role: 'viewer', mounts: [], via: 'session' })
  t.strictSame([sessions.find(second), sessions.find(passing), sessions.find('x'.repeat(43))], [undefined, undefined, undefined])

  clock.pass(6 * HOUR)
  t.ok(sessions.find(third), 'it is used')
  sessions = await restart()
  clock.pass(6 * HOUR)
  t.strictSame([sessions.find(first), sessions.find(bob)], [undefined, undefined], 'twelve hours count while the server is away, too')
  t.ok(sessions.find(third)?.stands())

  rests.set('anna', 'gull-quartz-19')
  sessions = await restart()
  t.equal(sessions.find(third), undefined, 'another password, or another role, ends what was begun before')
  rests.set('anna', 'tide-amber-41')
  sessions = await restart()
  t.equal(sessions.find(third), undefined, 'for good')

  for (const name of ['anna', 'anna', 'anna', 'anna', 'bob', 'bob']) sessions.open(identity(name))
  sessions = await restart()
  t.equal(sessions.size, 4)
  clock.pass(12 * HOUR)
  t.equal((await restart()).size, 0, 'what has expired is forgotten')
})

t.test('a token opens what it is for until it expires or is revoked, and only its hash is kept', async (t) => {
  const dir = temporary(t)
  const clock = new FakeClock()
  const folder = new StateFolder(dir)
  const tokens = new Tokens(folder, clock)
  const expires = new Date(clock.now() + HOUR).toISOString()
  const { id, token } = await tokens.make({ name: 'ci', role: 'owner', mounts: ['/tv'], expires })
  const { token: other } = await tokens.make({ name: 'board', role: 'viewer', mounts: ['/tv'], expires: null })
  t.match(token, /^fc_[\w-]{43}$/)
  await t.rejects(tokens.make({ name: 'late', role: 'viewer', mounts: [], expires: new Date(clock.now()).toISOString() }), {
    code: 'BAD_REQUEST',
  })
  const found = tokens.find(token)!
  t.strictSame(found.principal, { name: 'ci', role: 'owner', mounts: ['/tv'], via: 'token' })
  t.strictSame(
    [`${token.slice(0, -1)}!`, token.slice(3), '', 'fc_'].map((wrong) => tokens.find(wrong)),
    [undefined, undefined, undefined, undefined],
  )
  found.seen()
  t.match(tokens.list(), [
    { name: 'board', mounts: [], lastUsed: null },
    { name: 'ci', lastUsed: new Date(clock.now()).toISOString() },
  ])
  await folder.close()
  const kept = readFileSync(join(dir, 'tokens.json'), 'utf8')
  t.notOk(
    [token, other].some((secret) => kept.includes(secret.slice(3))),
    'no token lies on the disk',
  )
  t.notMatch(JSON.stringify(tokens.list()), /hash/)
  t.ok(new Tokens(new StateFolder(dir), clock).find(token), 'it outlives the server')
  clock.pass(HOUR)
  t.strictSame([tokens.find(token), found.stands()], [undefined, false])
  await tokens.revoke(id)
  await t.rejects(tokens.revoke(id), { code: 'TOKEN_NOT_FOUND' })
  t.ok(tokens.find(other))
})

t.test(
  'the gate knows people: owners publish to what is theirs, administrators administer, and guesses are counted together',
  async (t) => {
    const people = new People(new StateFolder(), new FakeClock())
    await people.add(newAnna)
    await people.add({ name: 'root', password: 'plank-north-77', role: 'admin', mounts: [] })
    await people.add({ name: 'eve', password: 'only-looking-1', role: 'viewer', mounts: [] })
    const limiter = new AttemptLimiter({ refuseAfter: 6, slowAfter: 100 })
    const auth = basic({ source: 'hackme', admin: 'letmein' })
    const clock = new FakeClock()
    const settings = serverOptions.parse({})
    const mountAuth = new MountAuth({ mounts: new Mounts(settings, () => {}, clock), settings, clock, logger: silent, ports: undefined })
    const gate = new Gate(auth, auth.version, limiter, people, mountAuth)
    const ask = (role: 'source' | 'admin', user: string, password: string, mount?: string): Promise<string> =>
      gate
        .admit([role], [{ user, password }], mount, ADDRESS)
        .catch((error: unknown) => (error instanceof FloecastError ? error.code : 'fault'))
    const A = anna.password
    t.equal(await ask('source', 'anna', A, '/tv'), 'anna')
    t.equal(await ask('source', 'Anna', A, '/radio/jazz'), 'anna')
    t.equal(await ask('source', 'source', 'hackme', '/other'), 'source')
    t.equal(await ask('source', 'anna', A, '/other'), 'NOT_ALLOWED')
    t.equal(await ask('source', 'anna', 'hackme', '/tv'), 'WRONG_PASSWORD')
    t.equal(await ask('source', 'eve', 'only-looking-1', '/tv'), 'NOT_ALLOWED')
    t.equal(await ask('admin', 'anna', A, '/tv'), 'NOT_ALLOWED')
    t.equal(await ask('admin', 'root', 'plank-north-77'), 'root', 'which clears the count')
    t.ok(owns({ mounts: ['/a*'] }, '/abc') && !owns({ mounts: ['/a'] }, '/abc'))

    const before = await gate.identify([{ user: 'admin', password: 'letmein' }], ADDRESS)
    t.strictSame(before.principal, { name: 'admin', role: 'admin', mounts: [], via: 'password' })
    gate.use(basic({ source: 'changed', admin: 'letmein' }), basic({ admin: 'letmein' }).version)
    t.ok(before.stands(), 'another source password is nothing to administrators')
    const next = basic({ admin: 'changed' })
    gate.use(next, next.version)
    t.notOk(before.stands())
    const signIn = (user: string, password: string) => gate.identify([{ user, password }], ADDRESS)
    await t.rejects(gate.identify([], ADDRESS), { code: 'AUTHENTICATION_REQUIRED' })
    for (let i = 0; i < 3; i++) await t.rejects(signIn('eve', `guess-${i}`), { code: 'WRONG_PASSWORD' })
    for (let i = 0; i < 3; i++) t.equal(await ask('admin', 'admin', `guess-${i}`), 'WRONG_PASSWORD')
    await t.rejects(signIn('eve', 'only-looking-1'), { code: 'TOO_MANY_ATTEMPTS' }, 'even a right one has to wait')
  },
)

t.test('the audit trail is told of, outlives the server, and never stops what it tells of', async (t) => {
  const dir = temporary(t)
  const clock = new FakeClock()
  const trail = new AuditTrail(new StateFolder(dir), clock, silent)
  const told: AuditEntry[] = []
  trail.on('entry', (entry) => told.push(entry))
  const deed = { who: 'anna', via: 'session', address: ADDRESS, action: 'kickSource', target: '/tv', summary: 'Kicks: /tv' } as const
  for (let i = 0; i < 5; i++) await trail.record(deed)
  t.strictSame(await trail.last(10), told.toReversed())
  const page = await trail.last(2)
  t.strictSame(page, [told[4], told[3]])
  t.strictSame(await trail.last(2, page[1]!.id), [told[2], told[1]])
  clock.pass(1000)
  const later = new AuditTrail(new StateFolder(dir), clock, silent)
  await later.record({ ...deed, who: 'bob' })
  t.strictSame(
    (await later.last(2)).map(({ who }) => who),
    ['bob', 'anna'],
  )
  const errors: string[] = []
  const logger = { ...silent, error: (_: object, message: string) => void errors.push(message) }
  writeFileSync(join(dir, 'file'), '')
  const lost = new AuditTrail(new StateFolder(join(dir, 'file', 'sub')), clock, logger)
  lost.on('entry', () => {
    throw new Error('a listener fails')
  })
  await lost.record(deed)
  t.strictSame(errors.length, 2)
})
