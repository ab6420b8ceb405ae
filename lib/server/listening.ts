import type { Socket } from 'node:net'
import { FloecastError } from '../errors.js'
import { basicCredentials } from '../icy/basic.js'
import type { ListenerDetails, RequestLine } from '../mount/listener.js'
import { type Form, formOf } from '../mount/instant.js'
import type { Mount } from '../mount/mount.js'
import type { Replay } from '../mount/replay.js'
import { parseDuration } from '../options/index.js'
import { clientAddress } from './address.js'
import { streamAnswer } from './answer.js'
import type { ServerContext } from './context.js'
import type { MediaRequest } from './media-request.js'
import { type ListenerAttempt, ownQuery } from './listener-attempt.js'

/** A request for a stream, from wherever it has been read. */
export interface StreamRequest extends RequestLine {
  /** The value of a header, whatever its case. */
  readonly header: (name: string) => string | undefined
  /** The connection: who let a listener in is told when it closes. */
  readonly socket: Socket
}

/** What of a request tells who sends it. */
export type ViewRequest = Pick<MediaRequest, 'query' | 'header' | 'remoteAddress'>

/**
 * Lets someone listen, or throws what they are to be refused with.
 * @returns the mount, and all that `Mounts.listen` wants to know
 * @throws FloecastError as `ServerContext.admitListener`, and LISTENING_ALREADY, MOUNT_NOT_FOUND, FORM_OFF, NOT_PLAYABLE, BAD_REQUEST, and as `Broadcast.replay`
 */
export async function admitListener(
  context: ServerContext,
  path: string,
  request: StreamRequest,
): Promise<{ mount: Mount; form: Form | undefined; replay: Replay | undefined; details: ListenerDetails }> {
  const { method, target, version, socket } = request
  const { remoteAddress } = socket
  const [, rawQuery = ''] = target.split('?', 2)
  const query = new URLSearchParams(rawQuery)
  const asked = query.get('format')
  const form = asked === null ? undefined : formOf(asked === 'fmp4' ? 'mp4' : asked)
  const found = context.mounts.find(form === undefined ? path : `${path}.${form}`)
  const home = found?.home ?? path
  const settings = context.mounts.settingsOf(home)
  const attempt = attemptOf(context, home, { query: rawQuery, remoteAddress, header: request.header }, false)
  const { address, agent } = attempt
  context.admission.listener(settings, () => attempt)
  const { user, until, left } = await context.admitListener(attempt)
  if (left !== undefined && socket.destroyed) left()
  else if (left !== undefined) socket.once('close', left)
  if (found?.mount.source === undefined) throw new FloecastError('MOUNT_NOT_FOUND', { mount: path })
  const { mount } = found
  mount.offer(found.form)
  const back = secondsBack(query.get('t'))
  const replay = back === undefined ? undefined : mount.broadcast.replay(found.form, back)
  const outlet = replay ?? (found.form === undefined ? mount : mount.broadcast.stream(found.form))
  if (outlet === undefined) throw new FloecastError('NOT_PLAYABLE', { mount: mount.name, form: `.${found.form}` })
  const isAlone = user === '' || settings.authentication?.allowDuplicateUsers !== false
  if (!isAlone && mount.everyone.some(({ details }) => details.user === user)) throw new FloecastError('LISTENING_ALREADY', { user })
  const via = context.via.answer(request.header('via'), mount.source?.details.via)
  const icy = request.header('icy-metadata')?.trim() === '1'
  return {
    mount,
    form: found.form,
    replay,
    details: {
      request: { method, target, version, referer: request.header('referer') },
      address,
      agent,
      user,
      until,
      connected: Date.now(),
      home: found.home,
      answer: () => streamAnswer(outlet, { version, icy, agent, name: mount.name.slice(1), via }),
    },
  }
}

// Players add a t= of their own to get round caches, which is no time to go back to unless it is less than 0.
function secondsBack(time: string | null): number | undefined {
  if (time?.startsWith('-') !== true) return undefined
  const seconds = parseDuration(time.slice(1))
  if (seconds === undefined) throw new FloecastError('BAD_REQUEST', { reason: 't is no time such as -60, -90s or -5m' })
  return seconds
}

/**
 * Lets someone have the playlists and the page of a mount, as its listeners are let in.
 * @returns the name that they have authenticated with
 * @throws FloecastError as `ServerContext.admitListener`
 */
export async function admitViewer(context: ServerContext, mount: string, request: ViewRequest): Promise<string> {
  const { user } = await context.admitListener(attemptOf(context, mount, request, true))
  return user
}

function attemptOf(
  { settings }: Pick<ServerContext, 'settings'>,
  mount: string,
  { query, header, remoteAddress }: ViewRequest,
  isViewer: boolean,
): ListenerAttempt {
  return {
    mount,
    credentials: basicCredentials(header('authorization')),
    address: clientAddress(remoteAddress, header('x-forwarded-for'), settings.trustedProxies),
    agent: header('user-agent') ?? '',
    referer: header('referer'),
    isViewer,
    query: ownQuery(query),
    header,
  }
}
