import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import type { DeskOrder, DeskTarget } from '../../lib/api/desk.js'
import { FloecastError } from '../../lib/errors.js'
import { addressOf } from '../../lib/streamer/desk-target.js'
import { Uploads } from '../../lib/streamer/desk-uploads.js'
import { Desk, type DeskOptions } from '../../lib/streamer/desk.js'
import type { DeskMemory } from '../../lib/streamer/desk-session.js'
import { StandInStreamer } from '../helpers/stand-in-streamer.js'
import { until } from '../helpers/wait.js'

const TARGET: DeskTarget = { server: 'localhost:8000', mount: '/live', user: 'source', password: 'tide-amber-41', protocol: 'put' }
const ORDER: DeskOrder = { to: TARGET, quality: 'medium', name: 'Harbour', remember: false }

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** A request as a browser would never send it, if need be. */
const send = (port: number, method: string, path: string, headers: Record<string, string>, body = ''): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers: { Host: `127.0.0.1:${port}`, ...headers } }, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    asked.on('error', reject).end(body)
  })

class Visitor {
  readonly port: number
  readonly headers: Record<string, string>

  constructor(port: number, cookie: string) {
    this.port = port
    this.headers = { Cookie: cookie, Origin: `http://127.0.0.1:${port}`, 'Content-Type': 'application/json' }
  }

  async post(path: string, body: unknown): Promise<{ status: number; code: string; message: string; field: string | null }> {
    const { status, body: text } = await send(this.port, 'POST', `/api/${path}`, this.headers, JSON.stringify(body))
    return { status, code: '', message: '', field: null, ...(text === '' ? {} : JSON.parse(text).error) }
  }
}

async function open(t: Test, more: Partial<DeskOptions> = {}) {
  const streamers: StandInStreamer[] = []
  const home = more.home ?? t.testdir()
  const desk = await Desk.open({
    open: (stream) => streamers[streamers.push(new StandInStreamer(stream)) - 1]!,
    check: async () => {},
    home,
    temporary: home,
    ...more,
  })
  t.teardown(() => desk.close())
  const { port, search } = new URL(desk.address)
  const welcome = await send(Number(port), 'GET', `/${search}`, {})
  const cookie = String(welcome.headers['set-cookie']).split(';')[0]!
  return { desk, streamers, port: Number(port), cookie, welcome, visitor: new Visitor(Number(port), cookie) }
}

t.test('nobody gets in without the token, by another name, or from the page of another site', async (t) => {
  const { port, cookie, welcome } = await open(t)
  t.equal(welcome.status, 303)
  t.equal(welcome.headers['location'], '/', 'the token does not stay in the address')
  t.match(String(welcome.headers['set-cookie']), /HttpOnly; SameSite=Strict/)

  const own = { Cookie: cookie }
  const origin = { Origin: `http://127.0.0.1:${port}` }
  const asked = async (method: string, path: string, headers: Record<string, string>): Promise<number> =>
    (await send(port, method, path, headers)).status
  t.equal(await asked('GET', '/', {}), 403, 'no cookie')
  t.equal(await asked('GET', '/?token=wrong', {}), 403, 'another token')
  t.equal(await asked('GET', '/api/folder', {}), 403, 'no cookie')
  t.equal(await asked('GET', '/api/folder', { Cookie: `${cookie}x` }), 403, 'another cookie')
  t.equal(await asked('GET', '/api/folder', own), 200)
  t.equal(await asked('GET', '/api/folder', { ...own, Host: `evil.example:${port}` }), 403, 'a name that leads here')
  t.equal(await asked('GET', '/api/folder', { ...own, Host: '127.0.0.1' }), 403, 'another port')
  t.equal(await asked('GET', '/api/folder', { ...own, Host: `localhost:${port}` }), 200)
  t.equal(await asked('GET', '/api/folder', { ...own, 'Sec-Fetch-Site': 'cross-site' }), 403, 'another site')
  t.equal(await asked('POST', '/api/command', own), 403, 'a change needs an origin')
  t.equal(await asked('POST', '/api/command', { ...own, Origin: 'http://evil.example' }), 403, 'another origin')
  t.equal(await asked('POST', '/api/command', { ...own, Origin: `http://localhost:${port}` }), 403, 'another name of the same computer')
  t.equal(await asked('POST', '/api/command', { ...own, ...origin }), 400, 'the page itself is let in, and read')
  t.equal((await asked('GET', new URL((await open(t)).desk.address).search, {})) < 400, false, 'the token of another one')

  const knock = (headers: Record<string, string>): Promise<unknown> =>
    new Promise((resolve) => {
      const ws = new WebSocket(`ws://127.0.0.1:${port}/api/camera`, 'webcast', { headers })
      ws.on('open', () => resolve('open')).on('error', ({ message }) => resolve(message))
      t.teardown(() => ws.terminate())
    })
  t.match(await knock(own), /403/, 'a WebSocket needs an origin')
  t.match(await knock({ ...own, Origin: 'http://evil.example' }), /403/)
  t.match(await knock(origin), /403/, 'and the cookie')
  t.equal(await knock({ ...own, ...origin }), 'open')
})

t.test('a list is made before the stream, given to the streamer, and kept after it', async (t) => {
  const kept: DeskMemory[] = []
  const { streamers, visitor, desk } = await open(t, { remember: async (memory) => kept.push(memory) })
  t.match(await visitor.post('connect', ORDER), { status: 409, code: 'NOTHING_TO_STREAM' })
  t.match(await visitor.post('command', { do: 'next' }), { status: 409, code: 'NOT_STREAMING' })
  t.match(await visitor.post('command', { do: 'add', sources: ['/nowhere/film.mp4'] }), { status: 404, message: /no such file/ })
  t.match(await visitor.post('command', { do: 'dance' }), { status: 400 })

  await visitor.post('command', { do: 'add', sources: ['http://a.example/1.mp4', 'http://u:secret@a.example/2.mp4'] })
  await visitor.post('command', { do: 'add', sources: ['test:'] })
  const [first] = desk.session.list
  await visitor.post('command', { do: 'move', id: first!.id, before: null })
  await visitor.post('command', { do: 'loop', on: true })
  t.strictSame(
    desk.session.list.map(({ title }) => title),
    ['2', 'Test picture', '1'],
  )
  t.notMatch(JSON.stringify(desk.session.list), 'secret', 'a password in an address is not shown')

  t.equal((await visitor.post('connect', ORDER)).status, 204)
  const [streamer] = streamers
  t.match(streamer!.stream, { address: 'http://source:tide-amber-41@localhost:8000/live', quality: 'medium', name: 'Harbour' })
  t.equal(streamer!.stream.playlist.loop, true)
  t.equal(streamer!.stream.playlist.entries[0]!.source, 'http://u:secret@a.example/2.mp4', 'but used')
  t.ok(streamer!.isStarted)
  t.match(await visitor.post('connect', ORDER), { status: 409, code: 'ALREADY_STREAMING' })
  await visitor.post('command', { do: 'next' })
  await visitor.post('command', { do: 'stop' })
  t.strictSame(streamer!.commands, [{ do: 'next' }, { do: 'stop' }])
  await until('the end', () => desk.session.state.streamer === null)
  t.match(desk.session.state.outcome, { failed: false, sentence: /1\.3 GB went to \/live/ })
  t.equal(desk.session.list.length, 3, 'the list is there for another time')

  t.equal((await visitor.post('connect', ORDER)).status, 204)
  streamers[1]!.finish(new Error('The mount is gone.'))
  await until('the end', () => desk.session.state.outcome?.failed)
  t.equal(desk.session.state.outcome?.sentence, 'The mount is gone.')
  t.equal(kept.length, 2)
  t.equal(kept[0]!.password, undefined, 'a password is not kept unless that is asked for')
})

t.test('what is wrong with a server stands beside its field; a remembered password goes to its server alone', async (t) => {
  const checked: string[] = []
  const memory: DeskMemory = {
    server: 'localhost:8000',
    mount: '/live',
    user: 'source',
    protocol: 'put',
    quality: 'low',
    name: '',
    password: 'old',
  }
  const { visitor, desk, port, cookie } = await open(t, {
    memory,
    check: async ({ address }) => {
      checked.push(address)
      if (address.includes('old')) return
      throw new FloecastError('PASSWORD_REFUSED', { doing: 'publish', reason: 'wrong password' })
    },
  })
  t.match(await visitor.post('check', TARGET), { status: 401, field: 'password' })
  t.match(await visitor.post('check', { ...TARGET, server: 'ftp://x' }), { status: 400, field: 'server' })
  t.match(await visitor.post('check', { ...TARGET, server: 'a b' }), { status: 400, field: 'server' })
  t.match(await visitor.post('check', { ...TARGET, mount: '/../x' }), { status: 400, field: 'mount' })
  t.equal((await visitor.post('check', { ...TARGET, password: null })).status, 204)
  t.match(await visitor.post('check', { ...TARGET, server: 'evil.example', password: null }), { field: 'password' })
  t.notMatch(checked.at(-1), 'old')
  const { body } = await send(port, 'GET', '/', { Cookie: cookie })
  t.match(body, '"hasPassword":true},"keepsPassword":false')
  t.notMatch(body, '"old"', 'and is never told to the page')
  t.strictSame(desk.session.memo?.quality, 'low')
})

const read = (server: string, mount = '/live'): string => addressOf({ server, mount, user: '', protocol: 'put' }, 'p:w@/')

t.test('addresses are read as people write them', async (t) => {
  const login = 'source:p%3Aw%40%2F'
  t.equal(read('localhost'), `http://${login}@localhost:8000/live`)
  t.equal(read('radio.example:80'), `http://${login}@radio.example/live`)
  t.equal(read('http://radio.example'), `http://${login}@radio.example/live`)
  t.equal(read('https://radio.example/', 'löve 1'), `https://${login}@radio.example/l%C3%B6ve%201`)
  t.equal(read('[::1]:8000'), `http://${login}@[::1]:8000/live`)
  for (const wrong of ['', 'ftp://x', 'http://', 'x:99999', 'x/live', 'u@x', 'x y'])
    t.throws(() => read(wrong), { code: 'TARGET_INVALID' }, wrong)
})

t.test('dropped files are kept in bounds, and deleted when they leave the list, and at the end', async (t) => {
  const { port, cookie, desk } = await open(t)
  const put = (name: string, body: string, headers = {}): Promise<Answer> =>
    send(
      port,
      'PUT',
      `/api/files?name=${encodeURIComponent(name)}`,
      { Cookie: cookie, Origin: `http://127.0.0.1:${port}`, ...headers },
      body,
    )
  t.equal((await put('../../Harbour: dawn?.mp4', 'film', { 'Content-Length': '4' })).status, 204)
  t.equal((await put('song.mp3', 'la', { 'Content-Length': '2' })).status, 204)
  const [film, song] = desk.session.list
  t.match(film, { title: 'Harbour_ dawn_' })
  t.equal(readFileSync(film!.source, 'utf8'), 'film')
  t.equal((await put('vast.mkv', '', { 'Content-Length': '9000000000000000' })).status, 507)
  t.equal((await put('vague.mkv', 'x', { 'Transfer-Encoding': 'chunked' })).status, 400)
  await desk.session.do({ do: 'remove', id: film!.id })
  await until('the file to go', () => !existsSync(film!.source))
  t.ok(existsSync(song!.source))
  await desk.close()
  t.notOk(existsSync(song!.source))

  const dead = join(t.testdirName, 'floecast-source-99999999-abcdef')
  mkdirSync(dead)
  const uploads = new Uploads(t.testdirName, async () => 1_000_000_100)
  await t.rejects(uploads.take('a', 101, Readable.from([])), { code: 'NO_ROOM' })
  await t.rejects(uploads.take('a', 3, Readable.from([Buffer.alloc(4)])), { message: /longer/ })
  await t.rejects(uploads.take('a', 3, Readable.from([Buffer.alloc(2)])), { message: /broke off/ })
  t.equal(await uploads.room(), 100, 'what is refused takes no room')
  t.notOk(existsSync(dead), 'what a process has left that was killed goes, too')
  await uploads.close()
})

t.test('folders tell what can be streamed, and no more', async (t) => {
  const home = t.testdir({ Videos: { 'b10.mkv': '', 'b9.mkv': '' }, 'notes.txt': '', '.hidden': {}, 'a.mp3': 'xx' })
  mkdirSync(join(home, 'empty'))
  writeFileSync(join(home, 'list.m3u'), '')
  const { port, cookie } = await open(t, { home })
  const folder = async (path: string) => {
    const { status, body } = await send(port, 'GET', `/api/folder?path=${encodeURIComponent(path)}`, { Cookie: cookie })
    return { status, ...JSON.parse(body) }
  }
  const top = await folder('')
  t.strictSame(
    top.entries.map(({ name }: { name: string }) => name),
    ['empty', 'Videos', 'a.mp3', 'list.m3u'],
  )
  t.equal(top.entries[2].size, 2)
  t.strictSame(
    (await folder(join(home, 'Videos'))).entries.map(({ name }: { name: string }) => name),
    ['b9.mkv', 'b10.mkv'],
  )
  t.match(await folder(join(home, 'nowhere')), { status: 404, error: { message: /there is no such folder/ } })
})

t.test('a camera goes on the air when it comes, and gives back when it goes', async (t) => {
  const { port, cookie, visitor, streamers, desk } = await open(t)
  const camera = async (): Promise<WebSocket> => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/api/camera`, 'webcast', {
      headers: { Cookie: cookie, Origin: `http://127.0.0.1:${port}` },
    })
    t.teardown(() => ws.terminate())
    await once(ws, 'open')
    return ws
  }
  const rude = await camera()
  rude.send(Buffer.from([1, 2, 3]))
  const [code] = await once(rude, 'close')
  t.equal(code, 1002, 'what is no hello is refused')

  const ws = await camera()
  ws.send(JSON.stringify({ type: 'hello', data: { mime: 'video/webm; codecs="vp8,opus"' } }))
  t.equal(String((await once(ws, 'message'))[0]), '{"type":"hello"}', 'it is told that it can begin')
  ws.send(JSON.stringify({ type: 'metadata', data: { title: 'At the quay' } }))
  ws.send(Buffer.from('picture'))
  await until('the camera', () => desk.session.state.camera)
  t.equal((await visitor.post('connect', ORDER)).status, 204, 'a camera is enough to begin')
  const [streamer] = streamers
  t.match(streamer!.over, { mime: /^video\/webm/, name: 'At the quay' })
  ws.send(Buffer.from('s'))
  await until('the bytes', () => streamer!.received === 'pictures')
  ws.send(JSON.stringify({ type: 'metadata', data: { title: 'At sea' } }))
  await until('another title', () => streamer!.title === 'At sea')
  await visitor.post('command', { do: 'giveBack' })
  await once(ws, 'close')
  t.equal(desk.session.state.camera, false)

  const again = await camera()
  again.send(JSON.stringify({ type: 'hello', data: { mime: 'video/webm' } }))
  again.send(Buffer.from('more'))
  await until('it to take over', () => streamer!.over)
  again.close()
  await until('it to give back', () => streamer!.over === undefined)
  t.equal(desk.session.state.camera, false)
})

t.test('the page hears of every change, and the list only when that is another', async (t) => {
  const { desk, cookie } = await open(t)
  const { origin } = new URL(desk.address)
  const response = await fetch(`${origin}/api/events`, { headers: { Cookie: cookie } })
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString()
  })()
  await until('the first', () => /event: state/.test(text))
  await desk.session.do({ do: 'shuffle', on: true })
  await until('the change', () => /"shuffle":true/.test(text))
  t.equal(text.match(/event: list/g)?.length, 1)
  await desk.session.do({ do: 'add', sources: ['test:'] })
  await until('the list', () => /Test picture/.test(text))
  await desk.close()
  await reading
  t.strictSame(
    readdirSync(t.testdirName).filter((name) => name.startsWith('floecast')),
    [],
    'nothing is left behind',
  )
})
