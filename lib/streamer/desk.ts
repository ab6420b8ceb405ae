import { createServer, type IncomingMessage, type Server } from 'node:http'
import { dirname } from 'node:path'
import type { Duplex } from 'node:stream'
import { bodyParser } from '@koa/bodyparser'
import { Router } from '@koa/router'
import Koa, { type Context, type Next } from 'koa'
import serve from 'koa-static'
import { WebSocketServer } from 'ws'
import { type DeskRefusal, deskCommand, deskOrder, type DeskStart, type DeskState, deskTarget } from '../api/desk.js'
import { type Clock, systemClock } from '../clock.js'
import { FloecastError } from '../errors.js'
import { type Logger, silent } from '../log.js'
import { findAssets } from '../pages/assets.js'
import { BEAT, formatEvent, GREETING, HEARTBEAT } from '../pages/event-stream.js'
import { formatPage, pageHeaders } from '../pages/page.js'
import { readCamera } from './desk-camera.js'
import { Door } from './desk-door.js'
import { readFolder } from './desk-folder.js'
import { DeskSession, type DeskSessionOptions } from './desk-session.js'
import { refusalOf } from './desk-refusal.js'
import { Uploads } from './desk-uploads.js'

/** Options of a {@link Desk}. */
export interface DeskOptions extends DeskSessionOptions {
  /** The port; 0 takes one that is free. Default 0. */
  readonly port?: number
  /** Why nothing can be converted, such as that there is no ffmpeg; shown above the list. */
  readonly problem?: string | undefined
  /** The folder that is shown first. Default: the home folder. */
  readonly home?: string
  /** The folder in which dropped files are kept until the end. Default: the system's own for temporary files. */
  readonly temporary?: string
  /** Where time comes from; only tests need another than the machine's. */
  readonly clock?: Clock
}

/** Milliseconds between two events, at least. */
const QUIET = 200
/** Most bytes of a message of a camera. */
const MAX_MESSAGE = 4_194_304
const YEAR = 31_536_000_000
// As the build calls its files.
const ASSET = /^\w[\w.-]*$/

/**
 * The local page of a streamer: a server on this computer alone, with a page that steers a {@link DeskSession}. Its address holds a
 * token, and nobody without that gets in.
 *
 * @example
 * ```ts
 * const desk = await Desk.open({ open: (stream) => new Streamer(…), check: checkSource })
 * console.log(desk.address)
 * ```
 */
export class Desk {
  /** What is steered. */
  readonly session: DeskSession
  readonly #options: DeskOptions
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #uploads: Uploads
  readonly #server: Server
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    handleProtocols: (offered) => offered.has('webcast') && 'webcast',
  })
  readonly #pages = new Set<{ write(bytes: Buffer): unknown; end(): unknown; readonly writableLength: number }>()
  #door!: Door
  #port = 0
  #sentList = ''
  #quiet: (() => void) | undefined
  #beat: (() => void) | undefined

  private constructor(options: DeskOptions) {
    this.#options = options
    this.#logger = options.logger ?? silent
    this.#clock = options.clock ?? systemClock
    this.#uploads = new Uploads(options.temporary)
    this.session = new DeskSession(options)
    this.session.on('change', this.#changed)
    this.#server = createServer(this.#app().callback())
    this.#server.on('upgrade', (message, socket, head) => this.#upgrade(message, socket, head))
  }

  /**
   * Opens the page on the loopback.
   * @throws Error when the port cannot be had
   */
  static async open(options: DeskOptions): Promise<Desk> {
    const desk = new Desk(options)
    const server = desk.#server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.port ?? 0, '127.0.0.1', () => resolve(server.off('error', reject) && undefined))
    })
    const address = server.address()
    desk.#port = typeof address === 'object' && address !== null ? address.port : 0
    desk.#door = new Door(desk.#port)
    desk.#sentList = JSON.stringify(desk.session.list)
    return desk
  }

  /** Where the page is, with the token: for whoever sits at this computer alone. */
  get address(): string {
    return `http://127.0.0.1:${this.#port}/?token=${this.#door.token}`
  }

  /** Ends what is streamed, and the page; dropped files are deleted. */
  async close(): Promise<void> {
    await this.session.close()
    this.#quiet?.()
    this.#tell()
    this.#beat?.()
    for (const page of this.#pages) page.end()
    for (const ws of this.#sockets.clients) ws.terminate()
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
    await this.#uploads.close()
  }

  #app(): Koa {
    const app = new Koa()
    app.on('error', (error: unknown) => this.#logger.debug({ err: error }, 'An answer of the page was cut short'))
    app.use((ctx, next) => this.#answer(ctx, next))
    const router = new Router()
    router.get('/', (ctx) => this.#givePage(ctx))
    let assets: ReturnType<typeof serve> | undefined
    router.get('/assets/:file', async (ctx: Context & { params: Record<string, string> }, next) => {
      if (!ASSET.test(ctx.params['file'] ?? '')) return next()
      assets ??= serve(dirname(findAssets().folder), { maxage: YEAR, immutable: true, index: false })
      ctx.remove('Cache-Control')
      return assets(ctx, next)
    })
    router.get('/api/events', (ctx) => this.#follow(ctx))
    router.get('/api/folder', async (ctx) => {
      ctx.body = await readFolder(one(ctx.query['path']), this.#options.home)
    })
    router.put('/api/files', async (ctx) => {
      const size = Number(ctx.get('content-length') || NaN)
      if (!Number.isSafeInteger(size)) throw new FloecastError('BAD_REQUEST', { reason: 'a file needs a Content-Length' })
      const path = await this.#uploads.take(one(ctx.query['name']), size, ctx.req)
      await this.session.do({ do: 'add', sources: [path] })
      ctx.status = 204
    })
    const { session } = this
    const body = bodyParser({ enableTypes: ['json'], jsonLimit: '1mb' })
    router.post('/api/command', body, async (ctx) => {
      await session.do(read(deskCommand, ctx.request.body))
      ctx.status = 204
    })
    router.post('/api/check', body, async (ctx) => {
      await session.check(read(deskTarget, ctx.request.body))
      ctx.status = 204
    })
    router.post('/api/connect', body, async (ctx) => {
      await session.connect(read(deskOrder, ctx.request.body))
      ctx.status = 204
    })
    // The router brings its own parameters to the context, which nobody needs to give it.
    const routed: (ctx: any, next: Next) => Promise<unknown> = router.routes()
    app.use(routed)
    app.use((ctx) => {
      throw new FloecastError('OPERATION_NOT_FOUND', { method: ctx.method, path: ctx.path })
    })
    return app
  }

  // Whoever is let in gets an answer, and all others one sentence.
  async #answer(ctx: Context, next: Next): Promise<void> {
    ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Cross-Origin-Resource-Policy': 'same-origin' })
    try {
      if (ctx.path === '/' && ctx.method === 'GET' && ctx.query['token'] !== undefined) return this.#welcome(ctx)
      this.#door.check(ctx.headers, ctx.method !== 'GET' && ctx.method !== 'HEAD')
      await next()
    } catch (error) {
      const refusal: DeskRefusal = { error: refusalOf(error) }
      if (refusal.error.code === 'DESK_FAILED') this.#logger.error({ err: error, path: ctx.path }, 'The page cannot be answered')
      // What is still to be sent of a file that is refused is not waited for.
      if (ctx.method === 'PUT') ctx.set('Connection', 'close')
      ctx.status = error instanceof FloecastError ? error.status : 500
      ctx.body = ctx.path === '/' ? `${refusal.error.message}\n` : refusal
    }
  }

  #welcome(ctx: Context): void {
    this.#door.checkHost(ctx.headers)
    if (!this.#door.isToken(one(ctx.query['token']))) throw new FloecastError('DESK_LOCKED')
    ctx.set('Set-Cookie', this.#door.setCookie)
    ctx.set('Referrer-Policy', 'no-referrer')
    // The address that stays in the history and on the screen holds no token.
    ctx.status = 303
    ctx.set('Location', '/')
    ctx.body = ''
  }

  async #givePage(ctx: Context): Promise<void> {
    const { session } = this
    const data: DeskStart = {
      state: await this.#state(),
      list: session.list,
      memo: session.memo,
      keepsPassword: session.keepsPassword,
      problem: this.#options.problem ?? null,
    }
    ctx.set({ ...pageHeaders("'none'") })
    ctx.body = formatPage({
      title: 'floecast-source',
      entry: 'streamer',
      prefix: '',
      data,
      plain: '<noscript>This page needs JavaScript.</noscript>',
    })
  }

  async #state(): Promise<DeskState> {
    return { ...this.session.state, room: await this.#uploads.room() }
  }

  async #follow(ctx: Context): Promise<void> {
    const { res } = ctx
    ctx.respond = false
    res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', Connection: 'close' })
    this.#pages.add(res)
    res.once('close', () => this.#pages.delete(res))
    res.write(GREETING)
    res.write(formatEvent('list', JSON.stringify(this.session.list)))
    res.write(formatEvent('state', JSON.stringify(await this.#state())))
    this.#beat ??= this.#clock.after(HEARTBEAT, this.#keepAlive)
  }

  readonly #keepAlive = (): void => {
    this.#beat = undefined
    for (const page of this.#pages) page.write(BEAT)
    if (this.#pages.size > 0) this.#beat = this.#clock.after(HEARTBEAT, this.#keepAlive)
  }

  // Changes that come together are told of once.
  readonly #changed = (): void => {
    this.#quiet ??= this.#clock.after(QUIET, () => {
      this.#quiet = undefined
      this.#tell()
    })
  }

  #tell(): void {
    const list = JSON.stringify(this.session.list)
    if (list !== this.#sentList) {
      this.#sentList = list
      this.#send(formatEvent('list', list))
      this.#uploads.keep(this.session.sources).catch(() => {})
    }
    this.#state().then(
      (state) => this.#send(formatEvent('state', JSON.stringify(state))),
      (error: unknown) => this.#logger.error({ err: error }, 'The page cannot be told how things stand'),
    )
  }

  #send(event: Buffer): void {
    // A page that does not read gets what is new when it asks again.
    for (const page of this.#pages)
      if (page.writableLength > MAX_MESSAGE) page.end()
      else page.write(event)
  }

  #upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {})
    try {
      this.#door.check(message.headers, true)
      if (message.url !== '/api/camera' || message.headers['sec-websocket-protocol'] !== 'webcast')
        throw new FloecastError('OPERATION_NOT_FOUND', { method: 'webcast', path: message.url ?? '/' })
    } catch (error) {
      const { message: sentence } = refusalOf(error)
      const status = error instanceof FloecastError ? error.status : 500
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(sentence)}\r\n\r\n${sentence}`)
      return
    }
    this.#sockets.handleUpgrade(message, socket, head, (ws) =>
      readCamera(ws, {
        take: (...camera) => this.session.takeCamera(...camera),
        retitle: (title) => this.session.titleCamera(title),
      }),
    )
  }
}

const one = (value: string | string[] | undefined): string => (typeof value === 'string' ? value : (value?.[0] ?? ''))

interface Schema<T> {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } }
}

function read<T>(schema: Schema<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new FloecastError('BAD_REQUEST', {
    reason: `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'it is not as it should be'}`,
  })
}
