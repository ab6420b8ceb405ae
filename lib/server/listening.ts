import { FloecastError } from '../errors.js'
import { basicCredentials } from '../icy/basic.js'
import type { ListenerDetails, RequestLine } from '../mount/listener.js'
import { type Form, formOf } from '../mount/instant.js'
import type { Mount } from '../mount/mount.js'
import type { Replay } from '../mount/replay.js'
import { parseDuration } from '../options.js'
import { clientAddress } from './address.js'
import { streamAnswer } from './answer.js'
import type { ServerContext } from './context.js'
import type { MediaRequest } from './media-request.js'
import type { MediaTarget } from './media-target.js'

/** A request for a stream, from wherever it has been read. */
export interface StreamRequest extends RequestLine {
  /** The value of a header, whatever its case. */
  header(name: string): string | undefined
  /** The other end of the connection. */
  readonly remoteAddress: string | undefined
}

/**
 * Lets someone listen, or throws what they are to be refused with.
 * @returns the mount, and all that `Mounts.listen` wants to know
 * @throws FloecastError as `ServerContext.admit`, and MOUNT_NOT_FOUND, FORM_OFF, NOT_PLAYABLE, BAD_REQUEST, and as `Broadcast.replay`
 */
export async function admitListener(
  context: ServerContext,
  path: string,
  request: StreamRequest,
): Promise<{ mount: Mount; form: Form | undefined; replay: Replay | undefined; details: ListenerDetails }> {
  const { method, target, version } = request
  const address = clientAddress(request.remoteAddress, request.header('x-forwarded-for'), context.settings.trustedProxies)
  const credentials = basicCredentials(request.header('authorization'))
  const query = new URLSearchParams(target.split('?', 2)[1])
  const asked = query.get('format')
  const form = asked === null ? undefined : formOf(asked === 'fmp4' ? 'mp4' : asked)
  const found = context.mounts.find(form === undefined ? path : `${path}.${form}`)
  const agent = request.header('user-agent') ?? ''
  const home = found?.home ?? path
  context.admission.listener(context.mounts.settingsOf(home), () => ({ address, agent }))
  const user = await context.admit(['listener'], credentials, home, address)
  if (found?.mount.source === undefined) throw new FloecastError('MOUNT_NOT_FOUND', { mount: path })
  const { mount } = found
  mount.offer(found.form)
  const back = secondsBack(query.get('t'))
  const replay = back === undefined ? undefined : mount.broadcast.replay(found.form, back)
  const outlet = replay ?? (found.form === undefined ? mount : mount.broadcast.stream(found.form))
  if (outlet === undefined) throw new FloecastError('NOT_PLAYABLE', { mount: mount.name, form: `.${found.form}` })
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
 * Lets someone have the playlists of a mount, as its listeners are let in.
 * @returns the name that they have authenticated with
 * @throws FloecastError as `ServerContext.admit`
 */
export async function admitViewer(
  context: ServerContext,
  { mount }: MediaTarget,
  { header, remoteAddress }: MediaRequest,
): Promise<string> {
  const address = clientAddress(remoteAddress, header('x-forwarded-for'), context.settings.trustedProxies)
  return context.admit(['listener'], basicCredentials(header('authorization')), mount.name, address)
}
