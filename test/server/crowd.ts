import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { SourceClient } from '../../lib/client/index.js'
import type { MountOptions } from '../../lib/options/index.js'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'
import type { CreateServerOptions } from '../../lib/server/server-options.js'
import { until } from '../helpers/wait.js'

type Scope = { teardown(call: () => unknown): void }

const fixture = (name: string): string => join(import.meta.dirname, '../fixtures', name)
const FRAME = 417
const CROWD = 500

/** An MP3 frame (MPEG-1 layer III, 128 kbit/s) that says whose it is, and which. */
function frame(source: number, number: number): Buffer {
  const bytes = Buffer.alloc(FRAME)
  bytes.writeUInt32BE(0xff_fb_90_00)
  bytes.writeUInt32BE(source, 200)
  bytes.writeUInt32BE(number, 204)
  return bytes
}

/** One who listens and compares: each frame follows the one before, unless it is that of another source. */
class Ear {
  readonly socket: Socket
  readonly faults: string[] = []
  /** The last frame of each source that was heard. */
  readonly heard = new Map<number, number>()
  isOver = false
  #head: Buffer | undefined = Buffer.alloc(0)
  #rest: Buffer = Buffer.alloc(0)
  #source = 0

  constructor(port: number, path: string) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.write(`GET ${path} HTTP/1.0\r\n\r\n`)
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.socket.on('close', () => (this.isOver = true))
    this.socket.on('error', (error) => this.faults.push(String(error)))
  }

  #take(chunk: Buffer): void {
    let body = chunk
    if (this.#head !== undefined) {
      const head = Buffer.concat([this.#head, chunk])
      const end = head.indexOf('\r\n\r\n')
      this.#head = end < 0 ? head : undefined
      if (end < 0) return
      if (!/^HTTP\/1\.[01] 200 /.test(head.toString('latin1', 0, 20))) this.faults.push(head.toString('latin1', 0, 40))
      body = head.subarray(end + 4)
    }
    this.#rest = Buffer.concat([this.#rest, body])
    for (; this.#rest.length >= FRAME; this.#rest = this.#rest.subarray(FRAME)) {
      const source = this.#rest.readUInt32BE(200)
      const number = this.#rest.readUInt32BE(204)
      const former = this.heard.get(source)
      if (this.#rest.readUInt32BE(0) !== 0xff_fb_90_00) this.faults.push('a frame is cut')
      if (former !== undefined && number <= former) this.faults.push(`${number} of ${source} after ${former}`)
      if (former !== undefined && source === this.#source && number !== former + 1)
        this.faults.push(`${number} of ${source} after ${former}`)
      this.#source = source
      this.heard.set(source, number)
    }
  }
}

const OPTIONS: CreateServerOptions = { auth: basic({ source: 'hackme', admin: 'letmein' }) }

async function house(t: Scope, options: CreateServerOptions) {
  const server = createServer(options)
  const { port } = await server.listen({ port: 0, host: '127.0.0.1', shoutcastPort: false })
  t.teardown(() => server.close())
  let last = 0
  const publish = async (mount: string): Promise<{ id: number; end: () => void }> => {
    const id = ++last
    const client = new SourceClient(`http://source:hackme@127.0.0.1:${port}${mount}`, { contentType: 'audio/mpeg' })
    client.on('error', () => {})
    let number = 0
    const send = (): void => void client.write(Buffer.concat([frame(id, number++), frame(id, number++)]))
    for (let i = 0; i < 5; i++) send()
    const timer = setInterval(send, 50)
    const end = (): void => {
      clearInterval(timer)
      client.destroy()
    }
    t.teardown(end)
    await until(`${mount} to be on the air`, () => server.mounts.get(mount)?.ready)
    return { id, end }
  }
  const listen = async (count: number, path: string): Promise<Ear[]> => {
    const crowd = Array.from({ length: count }, () => new Ear(port, path))
    t.teardown(() => crowd.forEach(({ socket }) => socket.destroy()))
    await until('all to hear something', () => crowd.every(({ heard }) => heard.size > 0), { timeout: 40_000 })
    return crowd
  }
  return { server, port, publish, listen }
}

const at = (server: Server, mount: string): number => server.mounts.get(mount)?.audience ?? 0
const homes = (server: Server, mount: string): string[] => [
  ...new Set(server.mounts.get(mount)?.listeners.map(({ home }) => home ?? mount)),
]

/** Until everybody has heard more of a source than now. */
async function goesOn(crowd: readonly Ear[], id: number): Promise<void> {
  const before = Math.max(...crowd.map(({ heard }) => heard.get(id) ?? 0))
  await until(`all to hear more of ${id}`, () => crowd.every(({ heard }) => (heard.get(id) ?? 0) > before), { timeout: 40_000 })
}

t.test('500 listeners go to the fallback and back, and move, and nobody is dropped or hears anything twice', async (t) => {
  const mounts: Record<string, MountOptions> = { '/live': { fallback: '/spare' }, '/spare': {} }
  const { server, port, publish, listen } = await house(t, { ...OPTIONS, mounts })
  const spare = await publish('/spare')
  const live = await publish('/live')
  const crowd = await listen(CROWD, '/live')
  t.equal(at(server, '/live'), CROWD)
  live.end()
  await until('all to be at the fallback', () => at(server, '/spare') === CROWD)
  t.strictSame(homes(server, '/spare'), ['/live'])
  await goesOn(crowd, spare.id)
  const again = await publish('/live')
  await until('all to be back', () => at(server, '/live') === CROWD)
  await goesOn(crowd, again.id)
  t.strictSame([at(server, '/spare'), server.mounts.listeners], [0, CROWD])
  const headers = { Authorization: `Basic ${btoa('admin:letmein')}` }
  t.equal((await fetch(`http://127.0.0.1:${port}/admin/moveclients?mount=/live&destination=/spare`, { headers })).status, 200)
  t.equal(at(server, '/spare'), CROWD)
  t.strictSame(homes(server, '/spare'), ['/spare'], 'who has been moved belongs there')
  await goesOn(crowd, spare.id)
  t.strictSame([server.mounts.listeners, at(server, '/live')], [CROWD, 0])
  t.strictSame(
    crowd.flatMap(({ faults, isOver }) => [...faults, ...(isOver ? ['gone'] : [])]),
    [],
  )
})

const openFiles = (): number => readdirSync('/proc/self/fd').length

/** Bytes in use once all that is not has been thrown away. */
function heap(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

t.test('200 reloads under load drop nobody, and leave neither a descriptor nor memory behind', async (t) => {
  const tls = { certificate: fixture('localhost.pem'), key: fixture('localhost.pem') }
  const options = (genre: string): CreateServerOptions => ({
    ...OPTIONS,
    tls,
    mounts: { '/live': { genre, intro: fixture('mp3-stereo.mp3'), fallback: '/file' }, '/file': { file: fixture('mp3-stereo.mp3') } },
  })
  const { server, publish, listen } = await house(t, { ...OPTIONS, tls })
  const { id } = await publish('/live')
  const crowd = await listen(50, '/live')
  const reload = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      server.reload(options(`Genre ${i}`))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until('what was begun to be done', () => server.mounts.get('/file')?.ready)
    await goesOn(crowd, id)
  }
  await reload(20)
  const [files, memory] = [openFiles(), heap()]
  await reload(200)
  await until('all files to be closed again', () => openFiles() <= files)
  const growth = heap() - memory
  t.ok(growth < 8_000_000, `the heap has grown by ${growth} bytes`)
  t.equal(server.mounts.get('/live')?.info.genre, 'Genre 199')
  t.equal(at(server, '/live'), crowd.length)
  t.strictSame(
    crowd.flatMap(({ faults, isOver }) => [...faults, ...(isOver ? ['gone'] : [])]),
    [],
  )
})
