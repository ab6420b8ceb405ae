import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { basic } from '../../lib/server/auth.js'
import { createServer } from '../../lib/server/server.js'
import { temporary } from '../helpers/server.js'
import { until } from '../helpers/wait.js'

/*
 * What Icecast's own test of its administration (tests/admin.test of Icecast 2.5, 58 assertions) asks of a server, in its order: which statuses who gets. There are
 * two sources, /foo.ogg, whose listeners stand in an htpasswd file, and /test.ogg with a login of its own.
 */

const SOURCE = 'source:hackme'
const ADMIN = 'admin:hackme-admin'
const OWN = 'foobar:hackmemore'
const LISTENER = 'foo:bar'
const STRANGER = 'nobody:nothing'

type Row = readonly [name: string, path: string, status: number, login?: string]

/** A command that wants a mount: nobody but the administrator may, who has to name one. */
const command = (name: string): Row[] => [
  [`${name}, nobody`, `/admin/${name}`, 401],
  [`${name}, source`, `/admin/${name}`, 401, SOURCE],
  [`${name}, listener`, `/admin/${name}`, 401, LISTENER],
  [`${name}, no mount`, `/admin/${name}`, 400, ADMIN],
  [`${name}, administrator`, `/admin/${name}?mount=%2Ffoo.ogg`, 200, ADMIN],
]
const authorization = (login?: string): string => (login === undefined ? '' : `Authorization: Basic ${btoa(login)}\r\n`)
const title = (mount: string): string => `/admin/metadata?mount=%2F${mount}&mode=updinfo&charset=UTF-8&song=Test`

const ROWS: readonly Row[] = [
  ['manageauth, nobody', '/admin/manageauth?id=4&username=foo&password=bar&action=add', 401],
  ['manageauth of no list, nobody', '/admin/manageauth?id=99&username=foo&password=bar&action=add', 401],
  ['manageauth of no list', '/admin/manageauth?id=99&username=foo&password=bar&action=add', 404, ADMIN],
  ['manageauth', '/admin/manageauth?id=4&username=foo&password=bar&action=add', 200, ADMIN],
  ['buildm3u', '/admin/buildm3u?username=foo&password=bar&mount=%2Ffoo.ogg', 200],
  ['buildm3u of a stranger', '/admin/buildm3u?username=something&password=foo&mount=%2Ffoo.ogg', 200],
  ['stats, nobody', '/admin/stats', 401],
  ['stats, source', '/admin/stats', 401, SOURCE],
  ['stats, listener', '/admin/stats', 401, LISTENER],
  ['stats, administrator', '/admin/stats', 200, ADMIN],
  ...command('listclients'),
  ...command('moveclients'),
  ...command('updatemetadata'),
  ...command('metadata').slice(0, 4),
  ['metadata, source', title('foo.ogg'), 200, SOURCE],
  ['metadata, administrator', title('foo.ogg'), 200, ADMIN],
  ['metadata of a mount with its own login, general source', title('test.ogg'), 401, SOURCE],
  ['metadata of a mount with its own login, administrator', title('test.ogg'), 200, ADMIN],
  ['metadata of a mount with its own login', title('test.ogg'), 200, OWN],
  ...command('listmounts').slice(0, 3),
  ['listmounts, administrator', '/admin/listmounts', 200, ADMIN],
  ['listmounts of a mount', '/admin/listmounts?mount=%2Ffoo.ogg', 200, ADMIN],
  ['closed mount, nobody', '/foo.ogg', 401],
  ['closed mount, source', '/foo.ogg', 401, SOURCE],
  ['closed mount, listener', '/foo.ogg', 200, LISTENER],
  ['closed mount, administrator', '/foo.ogg', 401, ADMIN],
  ['closed mount, stranger', '/foo.ogg', 401, STRANGER],
  ['open mount, nobody', '/test.ogg', 200],
  ['open mount, source', '/test.ogg', 200, SOURCE],
  ['open mount, listener', '/test.ogg', 200, LISTENER],
  ['open mount, administrator', '/test.ogg', 200, ADMIN],
  ['open mount, stranger', '/test.ogg', 200, STRANGER],
  ...command('killsource'),
]

// MPEG-1 layer III: what the format is does not matter here.
const MP3 = Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)])))

t.test("all 58 assertions of Icecast's own test hold", async (t) => {
  const folder = temporary(t)
  const [program, traces] = [join(folder, 'on-connect'), join(folder, 'traces')]
  writeFileSync(program, `#!/bin/sh\necho "$1" >> ${traces}\n`, { mode: 0o755 })
  const server = createServer({
    auth: basic({ source: 'hackme', admin: 'hackme-admin' }),
    mounts: {
      '/test.ogg': { sourceUser: 'foobar', sourcePassword: 'hackmemore', sourceTimeout: 60_000 },
      '/foo.ogg': { sourceTimeout: 60_000, authentication: { htpasswd: join(folder, 'listeners') } },
      '/new.ogg': { onConnect: program },
    },
  })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const sockets: Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    return server.close()
  })
  // The first line of what comes back.
  const say = async (words: string, body: Buffer = Buffer.alloc(0)): Promise<number> => {
    let heard = ''
    const socket = connect({ port, host: '127.0.0.1' })
    sockets.push(socket)
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1'))).on('error', () => {})
    socket.write(words)
    socket.write(body)
    await until('an answer', () => heard.includes('\r\n'))
    return Number(heard.split(' ')[1])
  }
  const publish = (mount: string, login?: string, more = ''): Promise<number> =>
    say(`PUT ${mount} HTTP/1.1\r\nHost: a\r\n${authorization(login)}Content-Type: audio/mpeg\r\n${more}\r\n`, MP3)
  t.strictSame([await publish('/foo.ogg', SOURCE), await publish('/test.ogg', OWN)], [200, 200])
  await until('both to be on the air', () => ['/foo.ogg', '/test.ogg'].every((mount) => server.mounts.get(mount)?.ready))
  const failed: string[] = []
  for (const [name, path, wanted, login] of ROWS) {
    const status = await say(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${authorization(login)}\r\n`)
    if (status !== wanted) failed.push(`${name}: ${status}`)
  }
  t.strictSame(failed, [])
  const length = `Content-Length: ${MP3.length}\r\n`
  t.strictSame([await publish('/new.ogg'), existsSync(traces), await publish('/new.ogg', SOURCE, length)], [401, false, 200])
  await until('the program to have been run', () => existsSync(traces) && readFileSync(traces, 'utf8') === '/new.ogg\n')
  t.equal(ROWS.length + 4, 58)
})
