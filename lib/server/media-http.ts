import type { IncomingMessage, ServerResponse } from 'node:http'
import { FloecastError } from '../errors.js'
import { mountPath } from '../icy/path.js'
import { SERVER } from '../version.js'
import { GONE } from './access-log.js'
import { clientAddress } from './address.js'
import { CHALLENGE, PREFLIGHT } from './answer.js'
import type { ServerContext } from './context.js'
import { admitViewer } from './listening.js'
import { Media } from './media.js'
import { refuse } from './media-request.js'
import { mediaTarget } from './media-target.js'
import { HttpReply } from './reply.js'

/**
 * Answers requests for what browsers play that have come by way of Node's HTTP: a browser asks for a page first, and goes on with the same connection.
 * @param path of the request, below whatever prefix an application has
 * @returns whether it is such a request
 */
export function giveMedia(context: ServerContext, message: IncomingMessage, response: ServerResponse, path: string): boolean {
  const { method = '', socket } = message
  if (!METHODS.has(method)) return false
  const name = mountPath(path)
  const target = name === undefined ? undefined : mediaTarget(context, name)
  if (target === undefined || name === undefined || (method === 'POST' && !Media.isBeacon(target))) return false
  const header = (key: string): string | undefined => {
    const value = message.headers[key]
    return Array.isArray(value) ? value.join(', ') : value
  }
  let slow: (() => void) | undefined
  const reply = new HttpReply({ method, header }, response, () => {
    slow ??= context.clock.after(SLOW, () => socket.destroy())
  })
  const request = { method, path: name, query: message.url?.split('?', 2)[1] ?? '', remoteAddress: socket.remoteAddress, header }
  const began = Date.now()
  let cancel: (() => void) | undefined
  let user: string | undefined
  response.once('close', () => {
    slow?.()
    cancel?.()
    const { referer, 'user-agent': agent } = message.headers
    target.mount.given(reply.bytesSent)
    context.access({
      address: clientAddress(socket.remoteAddress, header('x-forwarded-for'), context.settings.trustedProxies),
      user,
      time: new Date(began),
      method,
      target: message.url ?? '',
      version: `HTTP/${message.httpVersion}`,
      status: response.headersSent ? response.statusCode : GONE,
      bytes: reply.bytesSent,
      referer,
      agent,
      seconds: (Date.now() - began) / 1000,
    })
  })
  const fail = (error: unknown): void => {
    if (error instanceof FloecastError && error.status !== 401) return refuse(reply, error)
    if (error instanceof FloecastError) {
      response.writeHead(error.status, {
        'Content-Type': 'text/plain; charset=utf-8',
        'Cache-Control': 'no-store',
        'WWW-Authenticate': CHALLENGE,
      })
      return void response.end(`${error.message}\r\n`)
    }
    context.logger.error({ err: error }, 'an answer failed')
    response.destroy()
  }
  const answer = (): void => {
    if (response.destroyed) return
    try {
      cancel = context.media.answer(target, request, reply)
    } catch (error) {
      fail(error)
    }
  }
  if (method === 'OPTIONS') empty(response, PREFLIGHT)
  else if (method === 'POST') {
    message.resume()
    try {
      context.media.beacon(target, request)
      empty(response)
    } catch (error) {
      fail(error)
    }
  } else if (Media.isOpen(target)) answer()
  else
    admitViewer(context, target.mount.name, request).then((who) => {
      user = who
      answer()
    }, fail)
  return true
}

function empty(response: ServerResponse, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(204, { Server: SERVER, 'Cache-Control': 'no-store', 'Access-Control-Allow-Origin': '*', ...headers }).end()
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'POST'])
// Milliseconds within which a client must have taken what it has asked for.
const SLOW = 120_000
