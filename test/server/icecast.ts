import { connect, type Socket } from 'node:net'
import t from 'tap'
import { formatXml, parseXml, type XmlElement } from '../../lib/icy/xml.js'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { until } from '../helpers/wait.js'

/*
 * Icecast's and SHOUTcast's own HTTP surface, as encoders, directories and tools of stations use it.
 */

const login = (user: string, password: string): Record<string, string> => ({ Authorization: `Basic ${btoa(`${user}:${password}`)}` })
const ADMIN = login('admin', 'letmein')
const SOURCE = login('source', 'hackme')
const OWN = login('studio', 'own')
// MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame.
const MP3 = Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)])))

interface House {
  readonly server: Server
  readonly get: (path: string, headers?: Record<string, string>) => Promise<{ status: number; text: string; type: string }>
  readonly xml: (path: string, headers?: Record<string, string>) => Promise<XmlElement>
  readonly say: (words: string) => { readonly socket: Socket; readonly heard: () => string }
  readonly publish: (mount: string, headers?: Record<string, string>) => Promise<void>
  readonly listen: (mount: string, agent: string) => Promise<void>
}

async function house(t: { teardown(call: () => unknown): void }, options: Partial<CreateServerOptions> = {}): Promise<House> {
  const server = createServer({
    auth: basic({ source: 'hackme', admin: 'letmein' }),
    mounts: { '/own': { sourceUser: 'studio', sourcePassword: 'own' }, '/hidden': { hidden: true } },
    ...options,
  })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const sockets: Socket[] = []
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await server.close()
  })
  const say: House['say'] = (words) => {
    let text = ''
    const socket = connect({ port, host: '127.0.0.1' })
    sockets.push(socket)
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).on('error', () => {})
    socket.write(words)
    return { socket, heard: () => text }
  }
  const get: House['get'] = async (path, headers = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers, redirect: 'manual' })
    return { status: response.status, text: await response.text(), type: response.headers.get('content-type') ?? '' }
  }
  return {
    server,
    get,
    say,
    xml: async (path, headers = ADMIN) => parseXml((await get(path, headers)).text)!,
    publish: async (mount, headers = SOURCE) => {
      const { socket } = say(
        `PUT ${mount} HTTP/1.1\r\nUser-Agent: lab\r\nAuthorization: ${headers['Authorization']}\r\nContent-Type: audio/mpeg\r\n\r\n`,
      )
      socket.write(MP3)
      await until('the source to be on the air', () => server.mounts.get(mount)?.ready)
    },
    listen: async (mount, agent) => {
      const { heard } = say(`GET ${mount} HTTP/1.0\r\nUser-Agent: ${agent}\r\nReferer: http://page.example/\r\n\r\n`)
      await until('the listener to hear', () => heard().length > 200)
    },
  }
}

const child = (element: XmlElement | undefined, name: string): XmlElement | undefined => element?.children.find((one) => one.name === name)
const text = (element: XmlElement | undefined, name: string): string | undefined => child(element, name)?.text

t.test('what a peer says stays text in XML, and characters that it cannot hold are left out', async (t) => {
  const nasty = '</a><b c="d">&amp; \u0001\u0085\ud800 \' é ✓ 😀'
  const read = parseXml(formatXml({ name: 'a', attributes: { of: nasty }, children: [{ name: 'b', text: nasty }, { name: 'c' }] }))
  const kept = '</a><b c="d">&amp;  \' é ✓ 😀'
  t.strictSame([read?.attributes['of'], child(read, 'b')?.text, child(read, 'c')?.text], [kept, kept, ''])
})

t.test('statistics are those of Icecast, for all mounts or one', async (t) => {
  const { get, xml, publish, listen } = await house(t)
  await publish('/a.mp3')
  await publish('/hidden')
  await listen('/a.mp3', 'player')
  for (const path of ['/admin/stats', '/admin/stats.xml', '/admin/stats.xsl']) {
    const stats = await xml(path)
    t.strictSame(
      [stats.name, text(stats, 'sources'), text(stats, 'listeners'), text(stats, 'listener_connections')],
      ['icestats', '2', '1', '1'],
    )
    const sources = stats.children.filter(({ name }) => name === 'source')
    t.strictSame(
      sources.map(({ attributes }) => attributes['mount']),
      ['/a.mp3', '/hidden'],
      'hidden mounts are there for administrators',
    )
    t.match(Object.fromEntries(sources[0]!.children.map((one) => [one.name, one.text])), {
      listeners: '1',
      max_listeners: 'unlimited',
      public: '0',
      slow_listeners: '0',
      source_ip: '127.0.0.1',
      total_bytes_read: String(MP3.length),
      user_agent: 'lab',
      server_type: 'audio/mpeg',
    })
  }
  const one = await xml('/admin/stats?mount=/a.mp3')
  t.strictSame(
    one.children.filter(({ name }) => name === 'source').map(({ attributes }) => attributes['mount']),
    ['/a.mp3'],
  )
  t.equal((await get('/admin/stats?mount=/zz', ADMIN)).status, 400)
  const open = await xml('/admin/publicstats', {})
  t.strictSame([open.children.filter(({ name }) => name === 'source').length, text(open, 'connections')], [1, undefined])
  t.notMatch(JSON.stringify(open), /source_ip|127\.0\.0\.1:\d+"\]|user_agent/)
  t.match(JSON.parse((await get('/admin/publicstats.json')).text), { icestats: { source: { listeners: 1 } } })
  const mounts = await xml('/admin/listmounts')
  t.strictSame([text(mounts.children[0], 'listeners'), text(mounts.children[0], 'content-type')], ['1', 'audio/mpeg'])
  t.equal((await get('/admin/streamlist.txt', ADMIN)).text, '/a.mp3\r\n/hidden\r\n')
})

t.test('listeners are listed by the names of every Icecast, and sent away by their id', async (t) => {
  const { server, get, xml, publish, listen } = await house(t)
  await publish('/a.mp3')
  await listen('/a.mp3', 'One & <only>')
  const source = child(await xml('/admin/listclients?mount=/a.mp3'), 'source')
  t.strictSame([text(source, 'listeners'), text(source, 'Listeners')], ['1', '1'])
  const listener = child(source, 'listener')
  t.match(Object.fromEntries(listener!.children.map((one) => [one.name, one.text])), {
    IP: '127.0.0.1',
    UserAgent: 'One & <only>',
    useragent: 'One & <only>',
    ip: '127.0.0.1',
    Referer: 'http://page.example/',
    Connected: /^\d+$/,
    connected: /^\d+$/,
  })
  const id = text(listener, 'ID')
  t.strictSame([listener?.attributes['id'], text(listener, 'id')], [id, id])
  t.equal(text(await xml('/admin/killclient?mount=/a.mp3&id=99'), 'return'), '0')
  t.equal(text(await xml(`/admin/killclient?mount=/a.mp3&id=${id}`), 'message'), `Client ${id} removed`)
  await until('the listener to be gone', () => server.mounts.get('/a.mp3')!.audience === 0)
  t.match((await get('/admin/killclient?mount=/a.mp3', ADMIN)).text, /^Missing parameter/)
  const { entries } = JSON.parse((await get('/api/v1/audit', ADMIN)).text)
  t.match(entries[0], { action: 'killclient', who: 'admin', target: '/a.mp3' }, 'administrators read who did it')
})

t.test('a source does what is about its own mount, and nothing else', async (t) => {
  const { server, get, publish } = await house(t)
  await publish('/own', OWN)
  await publish('/a.mp3')
  // Wrong passwords slow down whoever sends them, until a right one comes.
  const refused = async (path: string, who: Record<string, string>, why: string): Promise<void> => {
    t.equal((await get(`/admin/${path}`, who)).status, 401, `${path}: ${why}`)
    await get('/admin/stats', ADMIN)
  }
  for (const command of [
    'stats',
    'listmounts',
    'streams',
    'eventfeed',
    'streamlist.txt',
    'manageauth',
    'listclients',
    'killsource',
    'metadata',
  ])
    await refused(command, SOURCE, "without a mount it is the administrator's")
  for (const command of ['streams', 'eventfeed', 'streamlist.txt', 'manageauth'])
    await refused(`${command}?mount=/own`, OWN, 'with one it stays so')
  for (const command of ['stats', 'listmounts', 'listclients', 'updatemetadata', 'metadata', 'killsource'])
    await refused(`${command}?mount=/own&mode=updinfo&song=x`, SOURCE, 'a mount of its own is not for the general password')
  for (const command of ['stats', 'listmounts', 'listclients', 'updatemetadata', 'metadata'])
    t.equal((await get(`/admin/${command}?mount=/own&mode=updinfo&song=Dawn`, OWN)).status, 200, `${command} with its own`)
  await refused('moveclients?mount=/own&destination=/a.mp3', OWN, 'it sends no listeners to others')
  t.ok(server.mounts.get('/own')!.source)
  t.equal(
    (await get('/admin/killsource?mount=/own', { ...OWN, 'Sec-Fetch-Site': 'cross-site' })).status,
    403,
    'nor does a page of another site',
  )
  t.equal((await get('/admin/killsource.xsl?mount=/own', OWN)).status, 200)
  t.equal(server.mounts.get('/own')!.source, undefined)
})

t.test('listeners move, and mounts get a fallback', async (t) => {
  const { server, get, xml, publish, listen } = await house(t)
  await publish('/a.mp3')
  await publish('/b.mp3')
  await listen('/a.mp3', 'player')
  const choice = await xml('/admin/moveclients?mount=/a.mp3')
  t.strictSame([text(choice, 'current_source'), child(choice, 'source')?.attributes['mount']], ['/a.mp3', '/b.mp3'])
  t.equal((await get('/admin/moveclients?mount=/a.mp3&destination=/a.mp3', ADMIN)).text, 'supplied mountpoints are identical\r\n')
  t.equal((await get('/admin/moveclients?mount=/a.mp3&destination=/zz', ADMIN)).text, 'No such destination\r\n')
  t.equal(text(await xml('/admin/moveclients?mount=/a.mp3&destination=/b.mp3'), 'message'), 'Clients moved from /a.mp3 to /b.mp3')
  t.strictSame([server.mounts.get('/a.mp3')!.audience, server.mounts.get('/b.mp3')!.audience], [0, 1])
  t.match((await get('/admin/fallbacks?mount=/a.mp3&fallback=/b.mp3', ADMIN)).text, '<p>Fallback configured</p>')
  t.equal(text((await xml('/admin/listmounts?mount=/a.mp3')).children[0], 'fallback'), '/b.mp3')
  t.equal((await get('/admin/fallbacks?mount=/a.mp3', ADMIN)).status, 400)
})

t.test('a playlist with a login, and lists of listeners that no mount has', async (t) => {
  const { get } = await house(t)
  t.match(
    (await get('/admin/buildm3u?mount=/a.mp3&username=a%40b&password=p%3Aw')).text,
    /^http:\/\/a%40b:p%3Aw@127\.0\.0\.1:\d+\/a\.mp3\r\n$/,
  )
  t.equal((await get('/admin/buildm3u?mount=/a.mp3')).status, 400)
  t.equal((await get('/admin/manageauth?id=99&action=add', ADMIN)).status, 404)
  t.equal((await get('/admin/manageauth?mount=/a.mp3', ADMIN)).text, 'Source does not exist\r\n')
})

t.test('STATS tells everything, and then what changes', async (t) => {
  const { server, say, publish, get } = await house(t)
  await publish('/a.mp3')
  const denied = say('STATS / HTTP/1.0\r\n\r\n')
  await until('the refusal', () => denied.heard().includes('401'))
  const follower = say(`STATS / HTTP/1.0\r\nAuthorization: ${ADMIN['Authorization']}\r\n\r\n`)
  await until('all of it', () => follower.heard().includes('EVENT /a.mp3 user_agent lab\n'))
  t.match(follower.heard(), /^HTTP\/1\.[01] 200 OK\r\n/)
  t.match(follower.heard(), /\r\n\r\nEVENT global admin icemaster@localhost\n/)
  t.match(follower.heard(), /EVENT global sources 1\n/)
  await get('/admin/metadata?mode=updinfo&mount=/a.mp3&song=Dawn%0aEVENT+global', SOURCE)
  await until('the title', () => follower.heard().includes('EVENT /a.mp3 title Dawn EVENT global\n'))
  server.mounts.get('/a.mp3')!.source!.close('the test ends it')
  await until('the end of the mount', () => follower.heard().includes('EVENT /a.mp3 null null\n'))
  t.ok(server.news.icecast.readers === 1)
})

t.test('events come as Icecast 2.5 has them', async (t) => {
  const { get, say, publish, server } = await house(t)
  const { heard } = say(`GET /admin/eventfeed HTTP/1.0\r\nAuthorization: ${ADMIN['Authorization']}\r\n\r\n`)
  await until('the head', () => heard().includes('text/event-stream'))
  await publish('/a.mp3')
  await get('/admin/metadata?mode=updinfo&mount=/a.mp3&song=Dawn', SOURCE)
  server.mounts.get('/a.mp3')!.source!.close('the test ends it')
  await until('the end', () => heard().includes('source-disconnect'))
  const events = [...heard().matchAll(/^id: [\da-f-]{36}\r\ndata: (.*)\r\n\r\n/gm)].map(([, data]) => JSON.parse(data!))
  t.match(events, [
    { type: 'event', crude: { trigger: 'source-connect', uri: '/a.mp3', 'connection-ip': '127.0.0.1', 'client-username': 'source' } },
    { type: 'event', crude: { trigger: 'format-metadata-changed', uri: '/a.mp3', 'source-media-type': 'audio/mpeg' } },
    { type: 'event', crude: { trigger: 'source-disconnect', uri: '/a.mp3' } },
  ])
})

t.test('tools of SHOUTcast find their pages', async (t) => {
  const { server, get, publish, listen } = await house(t)
  await publish('/stream')
  await publish('/a.mp3')
  await get('/admin.cgi?mode=updinfo&pass=hackme&sid=1&song=One')
  await listen('/stream', 'player')
  t.equal((await get('/admin.cgi?mode=viewxml&pass=hackme')).status, 401, 'the password of sources is for titles')
  const full = parseXml((await get('/admin.cgi?mode=viewxml&pass=letmein')).text)
  t.strictSame([text(full, 'CURRENTLISTENERS'), text(full, 'SONGTITLE')], ['1', 'One'])
  t.equal(text(child(child(full, 'LISTENERS'), 'LISTENER'), 'USERAGENT'), 'player')
  t.equal(text(child(child(full, 'SONGHISTORY'), 'SONG'), 'TITLE'), 'One')
  const listeners = JSON.parse((await get('/admin.cgi?sid=1&mode=viewjson&page=3', ADMIN)).text)
  t.match(listeners, [{ hostname: '127.0.0.1', useragent: 'player', connecttime: Number, uid: Number, xff: '' }])
  t.match(JSON.parse((await get('/admin.cgi?sid=1&mode=viewjson&pass=letmein')).text), {
    currentlisteners: 1,
    listeners: [{}],
    songs: [{ title: 'One' }],
  })
  t.match((await get(`/admin.cgi?sid=1&mode=kickdst&kickdst=${listeners[0].uid}`, ADMIN)).text, '1 removed')
  await until('the listener to be gone', () => server.mounts.get('/stream')!.audience === 0)
  t.equal((await get('/admin.cgi?mode=bandst&bandst=127.0.0.1', ADMIN)).status, 400, 'nobody bans themselves')
  t.match((await get('/admin.cgi?mode=bandst&bandst=192.0.2.7&banmsk=0', ADMIN)).text, 'Banned')
  t.match(JSON.parse((await get('/api/v1/bans', ADMIN)).text), { bans: [{ address: '192.0.2.0/24' }] })
  t.equal((await get('/admin.cgi?mode=unbandst&unbandst=192.0.2.7&banmsk=0', ADMIN)).status, 200)
  t.match(JSON.parse((await get('/statistics?json=1')).text), { activestreams: 2, streams: [{ id: 1, streampath: '/stream' }, { id: 2 }] })
  t.match((await get('/statistics')).text, /<STREAMSTATS><TOTALSTREAMS>.*<STREAM id="1">/)
  t.match(JSON.parse((await get('/played?type=json')).text), [{ title: 'One', playedat: Number }])
  t.match((await get('/played')).text, /<td>One<\/td>/)
  t.match((await get('/stats?sid=1&json=1&callback=show')).text, /^\/\*\*\/show\(\{"currentlisteners"/)
  t.match((await get('/stats?json=1&callback=alert(1)')).type, /json/)
  t.match((await get('/listen.pls?sid=2')).text, /File1=http:.*\/a\.mp3/)
  t.equal((await get('/index.html?sid=1')).status, 302)
  t.equal((await get('/admin.cgi?sid=1&mode=kicksrc', ADMIN)).status, 200)
  t.equal(server.mounts.get('/stream')?.source, undefined)
})
