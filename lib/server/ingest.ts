import { FloecastError } from '../errors.js'
import { basicCredentials } from '../icy/basic.js'
import { ChunkedDecoder } from '../icy/chunked.js'
import type { HeadReader, RequestHead, ShoutcastHead, XaudiocastHead } from '../icy/head.js'
import type { Headers } from '../icy/headers.js'
import { parseLogin } from '../icy/login.js'
import { streamInfo } from '../icy/stream-info.js'
import type { Source } from '../mount/source.js'
import type { Connection } from './connection.js'
import type { ServerContext } from './context.js'
import { hangUp } from './hang-up.js'

/** The head of a request by which a source announces itself. */
export type SourceHead = RequestHead | ShoutcastHead | XaudiocastHead

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
// Icecast 2.4 says just this, whatever the request's version; every source client has been tried with it.
const OK = 'HTTP/1.0 200 OK\r\n\r\n'

/** The way of a source into a mount: who it is, where to, how its body is coded, and then nothing but bytes. */
export class Ingest {
  readonly #context: ServerContext
  readonly #connection: Connection

  /** @param connection whose head has been read, and which is released */
  constructor(context: ServerContext, connection: Connection) {
    this.#context = context
    this.#connection = connection
  }

  /**
   * Connects the source, or throws what it is to be refused with; the socket is the caller's again then.
   * @param reader what has read the head
   * @throws FloecastError
   */
  async open(head: SourceHead, reader: HeadReader): Promise<void> {
    if (head.kind === 'request') await this.#openHttp(head, reader)
    else if (head.kind === 'xaudiocast') await this.#openXaudiocast(head, reader)
    else await this.#openShoutcast(head, reader)
  }

  async #openHttp(head: RequestHead, reader: HeadReader): Promise<void> {
    const { headers, path } = head
    const credentials = basicCredentials(headers.get('authorization'))
    if (path === undefined) throw new FloecastError('MOUNT_INVALID', { mount: head.target })
    const user = await this.#context.admit(['source'], credentials, path, this.#connection.address)
    const body = bodyOf(headers)
    this.#context.mounts.check(path, 'icecast')
    const { socket } = this.#connection
    if (headers.lists('expect', '100-continue')) socket.write(CONTINUE)
    socket.write(OK)
    this.#pour(path, user, headers, body, reader.rest)
  }

  async #openXaudiocast({ password, mount, headers }: XaudiocastHead, reader: HeadReader): Promise<void> {
    if (mount === undefined) throw new FloecastError('MOUNT_INVALID', { mount: '' })
    const user = await this.#context.admit(['source'], [{ user: '', password }], mount, this.#connection.address)
    this.#context.mounts.check(mount, 'icecast')
    this.#connection.socket.write('OK\r\n')
    this.#pour(mount, user, headers, new PlainBody(), reader.rest)
  }

  // OK2 comes after the password has been found right and before any header is waited for: some sources send them only then.
  async #openShoutcast({ password }: ShoutcastHead, reader: HeadReader): Promise<void> {
    const { mount, candidates } = parseLogin(password, this.#context.settings.shoutcastMount)
    const user = await this.#context.admit(['source'], candidates, mount, this.#connection.address)
    this.#context.mounts.check(mount, 'shoutcast')
    const { socket } = this.#connection
    socket.write('OK2\r\nicy-caps:11\r\n\r\n')
    const headers = await readHeaders(this.#connection, reader, this.#context.settings.headerTimeout)
    if (headers === undefined) return
    this.#context.mounts.check(mount, 'shoutcast')
    this.#pour(mount, user, headers, new PlainBody(), reader.rest)
  }

  #pour(mount: string, user: string, headers: Headers, body: Body, rest: Buffer): void {
    // It may have gone while its password was looked at.
    if (this.#connection.socket.destroyed) return
    const source = this.#context.mounts.publish(mount, streamInfo(headers), {
      address: this.#connection.address,
      agent: headers.get('user-agent') ?? '',
      request: this.#connection.request!,
      user: user || 'source',
      contentType: headers.get('content-type') || undefined,
      connected: Date.now(),
      disconnect: () => hangUp(this.#connection.socket),
    })
    pour(this.#connection, source, body, rest, this.#context)
  }
}

/**
 * Pushes what has come of a source's body, and ends the source when that cannot be read. Be it our own fault: it ends this one source, and no other.
 */
export function pushInto(source: Source, body: Body, chunk: Buffer, { logger }: Pick<ServerContext, 'logger'>): void {
  try {
    for (const bytes of body.push(chunk)) source.push(bytes, Date.now())
  } catch (error) {
    if (!(error instanceof FloecastError)) logger.error({ err: error, mount: source.details.request.target }, 'Cannot read a source')
    source.close(error instanceof FloecastError ? error.message : 'the server has failed to read it')
  }
}

// From here on it is bytes in, bytes on: nothing else stands on the way of the media.
function pour({ socket }: Connection, source: Source, body: Body, rest: Buffer, context: ServerContext): void {
  const push = (chunk: Buffer): void => {
    pushInto(source, body, chunk, context)
    if (body.done) source.close('it has sent all of its body')
  }
  socket.on('data', push)
  // Sources that never read their answer end in a reset: it means no more than an orderly end.
  socket.on('end', () => {
    source.end('it closed the connection')
    socket.end()
  })
  socket.on('close', () => source.end('it closed the connection'))
  if (rest.length > 0) push(rest)
  socket.resume()
}

/** How the bytes of a body are taken off the wire. */
export interface Body {
  /** Whether the body is complete. */
  readonly done: boolean
  /**
   * Takes what has come, and gives what of it is media.
   * @throws FloecastError when it is not coded as it should be
   */
  push(chunk: Buffer): Buffer[]
}

/** A body as it is. ffmpeg sends PUT with neither Content-Length nor chunking, so it runs until the socket closes. */
export class PlainBody implements Body {
  #left: number

  /** @param length bytes after which it is complete */
  constructor(length = Infinity) {
    this.#left = length
  }

  get done(): boolean {
    return this.#left <= 0
  }

  push(chunk: Buffer): Buffer[] {
    const bytes = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk
    this.#left -= bytes.length
    return [bytes]
  }
}

function bodyOf(headers: Headers): Body {
  const coding = headers.get('transfer-encoding')?.trim().toLowerCase() ?? 'identity'
  if (coding === 'chunked') return new ChunkedDecoder()
  if (coding !== 'identity' && coding !== '') throw new FloecastError('UNSUPPORTED_CODING', { coding })
  const length = headers.get('content-length')
  if (length === undefined || length === '') return new PlainBody()
  if (!/^\d{1,15}$/.test(length)) throw new FloecastError('BAD_REQUEST', { reason: 'Content-Length is not a number' })
  return new PlainBody(Number(length))
}

// The header lines after a SHOUTcast login, or nothing when the source has gone.
function readHeaders({ socket }: Connection, reader: HeadReader, timeout: number): Promise<Headers | undefined> {
  return new Promise((resolve, reject) => {
    const finish = (end: () => void): void => {
      clearTimeout(timer)
      socket.off('data', read)
      socket.off('end', gone)
      socket.off('close', gone)
      socket.pause()
      end()
    }
    const read = (chunk?: Buffer): void => {
      try {
        const headers = reader.headers(chunk)
        if (headers !== undefined) finish(() => resolve(headers))
      } catch (error) {
        finish(() => reject(error))
      }
    }
    const gone = (): void => {
      socket.destroy()
      finish(() => resolve(undefined))
    }
    const timer = setTimeout(() => finish(() => reject(new FloecastError('HEAD_TIMEOUT', { seconds: timeout / 1000 }))), timeout)
    socket.on('data', read)
    socket.on('end', gone)
    socket.on('close', gone)
    socket.resume()
    read()
  })
}
