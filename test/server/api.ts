import { createServer as createNodeServer, request } from 'node:http'
import { connect } from 'node:net'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Koa from 'koa'
import t from 'tap'
import { type Access, type AuditEntry, type Operation, operations, type Principal } from '../../lib/api/index.js'
import { FloecastError } from '../../lib/errors.js'
import { describeDeed } from '../../lib/server/api/deed.js'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { until } from '../helpers/wait.js'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: any
}

interface House {
  readonly server: Server
  readonly port: number
  readonly ask: (method: string, path: string, options?: { headers?: Record<string, string>; body?: unknown }) => Promise<Answer>
}

const ADMIN = { user: 'admin', password: 'letmein-77' }
const basicOf = ({ user, password }: { user: string; password: string }) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})
const AS_ADMIN = basicOf(ADMIN)
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

type Scope = { teardown(call: () => unknown): void }

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && text !== ''
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined }
}

async function house(t: Scope, options: Partial<CreateServerOptions> = {}): Promise<House> {
  const server = createServer({ auth: basic({ source: 'hackme-1', admin: ADMIN.password }), ...options })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => server.close())
  const ask: House['ask'] = async (method, path, { headers = {}, body } = {}) =>
    answerOf(
      await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { Connection: 'close', ...headers, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    )
  return { server, port, ask }
}

/** The cookie that an answer sets, as a browser sends it. */
const cookieOf = ({ headers }: Answer): Record<string, string> => ({ Cookie: headers.get('set-cookie')?.split(';', 1)[0] ?? '' })

const signIn = ({ ask }: House, who = ADMIN, headers: Record<string, string> = {}): Promise<Answer> =>
  ask('POST', '/api/v1/session', { body: who, headers })

const ALL = Object.entries<Operation>(operations)
const pathOf = ({ path }: Operation): string =>
  `/api/v1${path.replace('{mount}', encodeURIComponent('live/main')).replaceAll(/\{\w+\}/g, 'some%3Cb%3E')}`

// Who may not, by what is asked for.
const WRONG: Readonly<Record<Access, readonly string[]>> = {
  anyone: [],
  viewer: [],
  owner: ['viewer', 'stranger'],
  admin: ['viewer', 'stranger', 'owner'],
}

t.test('every operation is refused to whoever may not call it, and every change to pages of other sites', async (t) => {
  const home = await house(t)
  const { server, ask } = home
  const make = (role: 'owner' | 'viewer' | 'admin', mounts: string[]) =>
    server.state.tokens.make({ name: role, role, mounts, expires: null }).then(({ token }) => token)
  const tokens: Record<string, string> = {
    viewer: await make('viewer', []),
    stranger: await make('owner', ['/other', '/live/mai']),
    owner: await make('owner', ['/live/*']),
    admin: await make('admin', []),
  }
  const session = cookieOf(await signIn(home))
  const refused = (answer: Answer, status: number, code: string, what: string): void => {
    t.strictSame([answer.status, answer.json?.error.code], [status, code], what)
    t.type(answer.json?.error.message, 'string')
  }
  let count = 0
  server.state.audit.on('entry', () => count++)
  for (const [id, spec] of ALL) {
    const path = pathOf(spec)
    const { method, access } = spec
    if (access !== 'anyone') {
      refused(await ask(method, path), 401, 'AUTHENTICATION_REQUIRED', `${id} without a session`)
      const made = { Cookie: `floecast_session=${'a'.repeat(43)}` }
      refused(await ask(method, path, { headers: made }), 401, 'AUTHENTICATION_REQUIRED', `${id} with a session that is made up`)
      refused(
        await ask(method, path, { headers: bearer(`fc_${'a'.repeat(43)}`) }),
        401,
        'TOKEN_REFUSED',
        `${id} with a token that is made up`,
      )
    }
    for (const role of WRONG[access]) {
      const isOwn = access === 'owner' && role === 'owner'
      // Where the path names no mount, only what is found tells whose it is.
      const isUnknown = role === 'stranger' && !path.includes('/mounts/')
      if (!isOwn && !isUnknown) refused(await ask(method, path, { headers: bearer(tokens[role]!) }), 403, 'NOT_ALLOWED', `${id} as ${role}`)
    }
    if (method === 'GET') continue
    for (const [name, credentials] of Object.entries({ session, password: AS_ADMIN, token: bearer(tokens['admin']!) }))
      for (const foreign of [
        { Origin: 'https://evil.example' },
        { Origin: 'null' },
        { Origin: `http://127.0.0.1:${home.port + 1}` },
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site' },
      ])
        refused(
          await ask(method, path, { headers: { ...credentials, ...foreign } }),
          403,
          'FOREIGN_SITE',
          `${id} by ${name} from ${JSON.stringify(foreign)}`,
        )
  }
  t.equal(count, 0, 'and nothing was done')
  t.strictSame(server.state.people.list(), [])
  refused(await ask('PATCH', '/api/v1/nothing', { headers: AS_ADMIN }), 404, 'OPERATION_NOT_FOUND', 'what there is not')
  refused(await ask('PUT', '/api/v1/people', { headers: AS_ADMIN }), 404, 'OPERATION_NOT_FOUND', 'nor is a PUT taken for a source')
})

interface Field {
  readonly description?: string
  readonly unwrap?: () => Field
}

const isDescribed = (field: Field | undefined): boolean =>
  field !== undefined && (Boolean(field.description) || isDescribed(field.unwrap?.()))

t.test('every operation is described: each body, answer and parameter', async (t) => {
  const lacking: string[] = []
  for (const [id, { summary, body, answer, query }] of ALL) {
    if (!/^[A-Z].*[^.]$/.test(summary)) lacking.push(`${id}: the summary is to be a sentence without its full stop`)
    for (const schema of [body, answer, query]) {
      if (schema === undefined || !('shape' in schema)) continue
      for (const [key, field] of Object.entries(schema.shape as Record<string, Field>))
        if (!isDescribed(field)) lacking.push(`${id}.${key}`)
    }
  }
  t.strictSame(lacking, [])
})

t.test('signing in gives a cookie that scripts cannot read and other sites cannot send', async (t) => {
  const home = await house(t, { trustedProxies: ['127.0.0.1'] })
  const { ask, server } = home
  const answer = await signIn(home)
  t.strictSame([answer.status, answer.json], [200, { name: 'admin', role: 'admin', mounts: [], via: 'session' }])
  t.match(answer.headers.get('set-cookie'), /^floecast_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
  const session = cookieOf(answer)
  t.strictSame((await ask('GET', '/api/v1/session', { headers: session })).json, answer.json)

  const behind = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Prefix': '/radio', 'X-Forwarded-Host': 'radio.example' }
  const secure = await signIn(home, ADMIN, { ...behind, Origin: 'https://radio.example' })
  t.match(secure.headers.get('set-cookie'), /; Path=\/radio\/; HttpOnly; SameSite=Strict; Secure$/)
  const direct = await house(t)
  t.notMatch((await signIn(direct, ADMIN, behind)).headers.get('set-cookie'), /Secure|radio/, 'whom nobody trusts says nothing')

  for (const site of ['cross-site', 'same-site'])
    t.equal((await ask('GET', '/api/v1/people', { headers: { ...session, 'Sec-Fetch-Site': site } })).json.error.code, 'FOREIGN_SITE')
  const own = { ...session, Origin: `http://127.0.0.1:${home.port}` }
  t.equal((await ask('POST', '/api/v1/tokens', { headers: own, body: { name: 'a', role: 'viewer' } })).status, 200, 'its own pages may')
  t.equal((await ask('POST', '/api/v1/tokens', { headers: session, body: { name: 'b', role: 'viewer' } })).status, 200, 'programs may')

  const fixed = { Cookie: `floecast_session=${'f'.repeat(43)}` }
  const given = cookieOf(await signIn(home, ADMIN, fixed))
  t.not(given['Cookie'], fixed.Cookie, 'nobody can choose the session of somebody else')
  t.equal((await ask('GET', '/api/v1/session', { headers: fixed })).status, 401)
  const again = cookieOf(await signIn(home, ADMIN, given))
  t.equal((await ask('GET', '/api/v1/session', { headers: given })).status, 401, 'and the one before has ended')
  const both = { Cookie: `floecast_session=${'f'.repeat(43)}; x=1; ${again['Cookie']}` }
  t.equal((await ask('GET', '/api/v1/session', { headers: both })).status, 200, 'a planted cookie keeps nobody out')

  const out = await ask('DELETE', '/api/v1/session', { headers: again })
  t.strictSame([out.status, out.text], [204, ''])
  t.match(out.headers.get('set-cookie'), /^floecast_session=; Path=\/; HttpOnly; SameSite=Strict; Max-Age=0$/)
  t.equal((await ask('GET', '/api/v1/session', { headers: again })).status, 401)
  t.equal((await ask('DELETE', '/api/v1/session')).status, 204)

  server.reload({ auth: basic({ source: 'other-1', admin: ADMIN.password }), trustedProxies: [] })
  t.equal((await ask('GET', '/api/v1/session', { headers: session })).status, 200, 'a reload signs nobody out')
  server.reload({ auth: basic({ source: 'other-1', admin: 'changed-77' }) })
  t.equal((await ask('GET', '/api/v1/session', { headers: session })).status, 401, 'another password does')
})

t.test('a script that is refused gets JSON, and its browser no reason to ask for a password', async (t) => {
  const home = await house(t)
  const { ask, server } = home
  // fetch says itself in which mode it is.
  const challenge = (headers: Record<string, string>): Promise<string | undefined> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: home.port, path: '/api/v1/people', headers, agent: false }, (response) => {
        response.resume()
        resolve(response.headers['www-authenticate'])
      })
        .on('error', reject)
        .end()
    })
  const BEARER = 'Bearer realm="floecast"'
  const wrong = basicOf({ user: 'admin', password: 'wrong' })
  t.equal(await challenge({ Accept: 'application/json' }), BEARER)
  t.equal(await challenge({ Accept: 'text/event-stream' }), BEARER)
  t.equal(await challenge({ Accept: '*/*', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'same-origin' }), BEARER)
  t.equal(await challenge({ 'Sec-Fetch-Mode': 'same-origin', 'Sec-Fetch-Site': 'same-origin', ...wrong }), BEARER)
  t.match(await challenge({ Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' }), /^Basic /)
  t.match((await ask('GET', '/admin/metadata?mode=updinfo&mount=/a')).headers.get('www-authenticate'), /^Basic /, 'encoders are told')

  const bad = await signIn(home, { user: '<b>admin</b>', password: 'guess-1' })
  t.strictSame([bad.status, bad.json.error.code], [401, 'WRONG_PASSWORD'])
  t.equal(bad.headers.get('content-type'), 'application/json; charset=utf-8')
  t.equal(bad.headers.get('set-cookie'), null)
  t.notMatch(bad.text, /guess/)
  const odd = await ask('POST', '/api/v1/session', { body: { user: 'admin' } })
  t.strictSame([odd.status, odd.json.error.code], [400, 'BAD_REQUEST'])
  const plain = await fetch(`http://127.0.0.1:${home.port}/api/v1/session`, { method: 'POST', body: 'user=admin' })
  t.equal((await answerOf(plain)).json.error.code, 'BAD_REQUEST', 'a form is not taken')

  server.identify = () => Promise.reject(new FloecastError('TOO_MANY_ATTEMPTS', { seconds: 7 }))
  const late = await signIn(home)
  t.strictSame([late.status, late.json.error.code, late.headers.get('retry-after')], [429, 'TOO_MANY_ATTEMPTS', '7'])
  t.match(late.json.error.message, /wait 7 s/)
  server.identify = () => Promise.reject(new Error('secret inside'))
  const fault = await signIn(home)
  t.strictSame([fault.status, fault.json.error.code], [500, 'SERVER_FAILED'])
  t.notMatch(fault.text, /secret inside/)
})

t.test('people and tokens are made, used, changed and ended over the API, and all of it is in the trail without a secret', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'floecast-api-'))
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }))
  const home = await house(t, { stateDir })
  const { ask, server, port } = home
  const NAME = '<img src=x onerror=alert(1)> & "Zoë" 🌊'
  const SECRETS = ['first-secret-1', 'second-secret-2', 'third-secret-3']
  const at = `/api/v1/people/${encodeURIComponent(NAME)}`
  const told: AuditEntry[] = []
  server.state.audit.on('entry', (entry) => told.push(entry))

  const added = await ask('POST', '/api/v1/people', {
    headers: AS_ADMIN,
    body: { name: NAME, password: SECRETS[0], role: 'owner', mounts: ['/live/*'] },
  })
  t.match(added, { status: 200, json: { name: NAME, role: 'owner', mounts: ['/live/*'], lastSeen: null } })
  t.equal(
    (await ask('POST', '/api/v1/people', { headers: AS_ADMIN, body: { name: NAME, password: 'long-enough', role: 'viewer' } })).status,
    409,
  )
  for (const body of [
    { name: 'a:b', password: 'long-enough', role: 'viewer' },
    { name: ' a', password: 'long-enough', role: 'viewer' },
    { name: 'a', password: 'short', role: 'viewer' },
    { name: 'a', password: 'long-enough', role: 'god' },
    { name: 'a', password: 'long-enough', role: 'owner', mounts: ['live'] },
    { name: 'a', password: 'long-enough', role: 'viewer', hash: 'x' },
  ])
    t.equal((await ask('POST', '/api/v1/people', { headers: AS_ADMIN, body })).status, 400, JSON.stringify(body))

  const first = await signIn(home, { user: NAME, password: SECRETS[0]! })
  t.match(first.json, { name: NAME, role: 'owner', mounts: ['/live/*'], via: 'session' })
  const listed = (await ask('GET', '/api/v1/people', { headers: AS_ADMIN })).json.people
  t.match(listed, [{ name: NAME, lastSeen: String }], 'a name is data, whatever stands in it')

  const socket = connect({ port, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  const { Authorization } = basicOf({ user: NAME, password: SECRETS[0]! })
  const frame = Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)])
  socket.write(`PUT /live/a HTTP/1.1\r\nAuthorization: ${Authorization}\r\nContent-Type: audio/mpeg\r\n\r\n`)
  socket.write(Buffer.concat(Array.from({ length: 20 }, () => frame)))
  await until('the owner to be on the air', () => server.mounts.get('/live/a')?.source)

  const own = await ask('PUT', '/api/v1/session/password', {
    headers: cookieOf(first),
    body: { current: SECRETS[0], password: SECRETS[1] },
  })
  t.equal(own.status, 204)
  t.equal((await ask('GET', '/api/v1/session', { headers: cookieOf(first) })).status, 401, 'the session of before has ended')
  t.equal((await ask('GET', '/api/v1/session', { headers: cookieOf(own) })).json.name, NAME, 'and another one has begun')
  const guess = { headers: cookieOf(own), body: { current: 'guess', password: 'whatever-1' } }
  t.equal((await ask('PUT', '/api/v1/session/password', guess)).json.error.code, 'WRONG_PASSWORD')
  const notHere = { headers: AS_ADMIN, body: { current: ADMIN.password, password: 'whatever-1' } }
  t.equal((await ask('PUT', '/api/v1/session/password', notHere)).status, 404)

  const body = { role: 'admin', password: SECRETS[2] }
  t.match((await ask('PATCH', at, { headers: AS_ADMIN, body })).json, { role: 'admin', mounts: [] })
  t.equal((await ask('GET', '/api/v1/session', { headers: cookieOf(own) })).status, 401, 'to be changed ends the session')
  const asPerson = basicOf({ user: NAME, password: SECRETS[2]! })
  t.equal(
    (await ask('GET', '/admin/metadata?mode=updinfo&mount=/live/a&song=x', { headers: asPerson })).status,
    200,
    "Icecast's URLs know it",
  )

  const made = await ask('POST', '/api/v1/tokens', { headers: asPerson, body: { name: 'ci', role: 'admin' } })
  const { id, token }: { id: string; token: string } = made.json
  const tokens = await ask('GET', '/api/v1/tokens', { headers: bearer(token) })
  t.match(tokens.json.tokens, [{ id, name: 'ci', role: 'admin', lastUsed: String, expires: null }])
  t.notOk(tokens.text.includes(token))
  t.equal((await ask('DELETE', `/api/v1/tokens/${id}`, { headers: bearer(token) })).status, 204)
  t.equal((await ask('GET', '/api/v1/tokens', { headers: bearer(token) })).json.error.code, 'TOKEN_REFUSED')
  t.equal((await ask('DELETE', at, { headers: AS_ADMIN })).status, 204)
  t.equal((await ask('DELETE', at, { headers: AS_ADMIN })).json.error.code, 'PERSON_NOT_FOUND')
  t.equal((await ask('GET', '/api/v1/people', { headers: asPerson })).status, 401)

  const trail = await ask('GET', '/api/v1/audit', { headers: AS_ADMIN })
  const entries: AuditEntry[] = trail.json.entries
  t.strictSame(entries, told.toReversed(), 'who listens hears the same')
  t.strictSame(
    entries.map(({ action, who, via }) => `${action} ${who === NAME ? 'NAME' : who} ${via}`).toReversed(),
    [
      'addPerson admin password',
      'signIn NAME session',
      'changeOwnPassword NAME session',
      'changePerson admin password',
      'makeToken NAME password',
      'revokeToken ci token',
      'removePerson admin password',
    ],
    'what was refused is not in it',
  )
  t.match(entries.at(-1), { target: NAME, address: '127.0.0.1' })
  t.equal(entries.at(-1)!.summary, `Adds a person: ${NAME} (password •••, role owner, mounts /live/*)`)
  t.equal(entries.at(-2)!.summary, 'Signs in')
  const paged = await ask('GET', `/api/v1/audit?limit=2&before=${entries[1]!.id}`, { headers: AS_ADMIN })
  t.strictSame(paged.json.entries, entries.slice(2, 4))
  t.equal((await ask('GET', '/api/v1/audit?limit=0', { headers: AS_ADMIN })).status, 400)

  await server.state.close()
  const kept = readdirSync(stateDir).map((name) => readFileSync(join(stateDir, name), 'utf8'))
  const all = [...kept, trail.text, JSON.stringify(listed)].join('\n')
  for (const secret of [...SECRETS, token.slice(3), ADMIN.password, cookieOf(first)['Cookie']!.slice(17)])
    t.equal(
      all.split('\n').find((line) => line.includes(secret)),
      undefined,
      'no secret is kept or told',
    )
})

const whoIs = async ({ ask }: House, headers: Record<string, string>): Promise<string> => {
  const { status, json } = await ask('GET', '/api/v1/session', { headers })
  return status === 200 ? `${json.name}, ${json.role}` : json.error.code
}

t.test('whoever has signed in stays so over a restart, unless a password or a role is another one then', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'floecast-api-'))
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }))
  const olaf = { user: 'olaf', password: 'reef-copper-58' }
  const run = async (act: (one: House) => Promise<void>, password = ADMIN.password): Promise<void> => {
    const ends: (() => unknown)[] = []
    const one = await house({ teardown: (end) => ends.push(end) }, { stateDir, auth: basic({ source: 'hackme-1', admin: password }) })
    await act(one)
    for (const end of ends) await end()
  }
  const cookies: Record<string, string>[] = []
  await run(async ({ ask }) => {
    await ask('POST', '/api/v1/people', { headers: AS_ADMIN, body: { name: 'olaf', password: olaf.password, role: 'viewer' } })
    for (const body of [ADMIN, olaf]) cookies.push(cookieOf(await ask('POST', '/api/v1/session', { body })))
  })
  const [admin, viewer] = cookies as [Record<string, string>, Record<string, string>]
  await run(async (one) => {
    t.strictSame([await whoIs(one, admin), await whoIs(one, viewer)], ['admin, admin', 'olaf, viewer'])
  })
  const people = join(stateDir, 'people.json')
  writeFileSync(people, readFileSync(people, 'utf8').replace('"viewer"', '"admin"'))
  await run(async (one) => {
    t.strictSame([await whoIs(one, admin), await whoIs(one, viewer)], ['AUTHENTICATION_REQUIRED', 'AUTHENTICATION_REQUIRED'])
  }, 'another-77')
  await run(async (one) => {
    t.equal(await whoIs(one, admin), 'AUTHENTICATION_REQUIRED', 'the old password does not bring it back')
  })
})

t.test('below a path of another application, the cookie is for that path', async (t) => {
  const { server } = await house(t)
  const app = new Koa()
  const middleware = server.middleware()
  app.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/radio/')) return next()
    ctx.path = ctx.path.slice('/radio'.length)
    return middleware(ctx, next)
  })
  const outer = createNodeServer((message, response) => void app.callback()(message, response))
  await new Promise<void>((resolve) => outer.listen(0, '127.0.0.1', resolve))
  t.teardown(() => outer.close())
  const bound = outer.address()
  const base = `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}/radio/api/v1`
  const headers = { 'Content-Type': 'application/json', Connection: 'close' }
  const answer = await answerOf(await fetch(`${base}/session`, { method: 'POST', headers, body: JSON.stringify(ADMIN) }))
  t.match(answer.headers.get('set-cookie'), /; Path=\/radio\/; /)
  t.equal((await answerOf(await fetch(`${base}/session`, { headers: { ...cookieOf(answer), Connection: 'close' } }))).status, 200)
  t.equal((await answerOf(await fetch(`${base}/session`, { headers }))).json.error.code, 'AUTHENTICATION_REQUIRED')
})

t.test('an entry of the trail tells what was changed, and never a secret', async (t) => {
  const spec: Operation = { method: 'PUT', path: '/mounts/{mount}', summary: 'Changes a mount', access: 'owner' }
  const who: Principal = { name: 'anna', role: 'admin', mounts: [], via: 'session' }
  const summary = (body: unknown, params: Record<string, string> = { mount: '/tv' }): string =>
    describeDeed({ id: 'changeMount', spec, who, address: '::1', params, body }).summary
  t.equal(
    summary({ name: 'TV', hls: { partDuration: 0.5 }, hidden: false }),
    'Changes a mount: /tv (name TV, hls.partDuration 0.5, hidden false)',
  )
  t.equal(summary(undefined), 'Changes a mount: /tv')
  t.equal(summary({ dump: null }), 'Changes a mount: /tv (dump as it is without)')
  t.equal(summary({ sourcePassword: 's3cret', auth: { user: 's3cret' } }), 'Changes a mount: /tv (sourcePassword •••, auth •••)')
  t.equal(summary({ password: null }), 'Changes a mount: /tv (no password)')
  t.equal(
    summary({ relay: 'http://u:s3cret@origin.example:8000/s3cret?k=s3cret' }),
    'Changes a mount: /tv (relay http://origin.example:8000)',
  )
  t.equal(summary({ urls: ['https://hooks.example/s3cret', 'a'] }), 'Changes a mount: /tv (urls https://hooks.example a)')
  const withBody: Operation = { ...spec, body: operations.changeOwnPassword.body }
  const deed = { id: 'changeOwnPassword', spec: withBody, who, address: '::1', params: {}, body: { current: 's3cret', password: 's3cret' } }
  t.equal(describeDeed(deed).summary, 'Changes a mount (current •••, password •••)', 'the schema knows secrets, too')
  t.equal(summary({ name: 'a\nb\u2028c' }, {}), 'Changes a mount: a b c')
  t.ok(
    summary({ name: '🌊'.repeat(500), ...Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`k${i}`, 'x'.repeat(99)])) }).length <
      400,
  )
})
