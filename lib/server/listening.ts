import { FloecastError } from '../errors.js'
import { basicCredentials } from '../icy/basic.js'
import type { ListenerDetails, RequestLine } from '../mount/listener.js'
import { type Form, formOf } from '../mount/instant.js'
import type { Mount } from '../mount/mount.js'
import { clientAddress } from './address.js'
import { streamAnswer } from './answer.js'
import type { ServerContext } from './context.js'
import type { MediaRequest, MediaTarget } from './media.js'

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
 * @throws FloecastError as `ServerContext.admit`, and MOUNT_NOT_FOUND
 */
export async function admitListener(
  context: ServerContext,
  path: string,
  request: StreamRequest,
): Promise<{ mount: Mount; form: Form | undefined; details: ListenerDetails }> {
  const { method, target, version } = request
  const address = clientAddress(request.remoteAddress, request.header('x-forwarded-for'), context.settings.trustedProxies)
  const credentials = basicCredentials(request.header('authorization'))
  const asked = new URLSearchParams(target.split('?', 2)[1]).get('format')
  const form = asked === null ? undefined : formOf(asked === 'fmp4' ? 'mp4' : asked)
  const found = context.mounts.find(form === undefined ? path : `${path}.${form}`)
  const user = await context.admit(['listener'], credentials, found?.mount.name ?? path, address)
  if (found?.mount.source === undefined) throw new FloecastError('MOUNT_NOT_FOUND', { mount: path })
  const { mount } = found
  const outlet = found.form === undefined ? mount : mount.broadcast.stream(found.form)
  if (outlet === undefined) throw new FloecastError('NOT_PLAYABLE', { mount: mount.name, form: `.${found.form}` })
  const agent = request.header('user-agent') ?? ''
  const icy = request.header('icy-metadata')?.trim() === '1'
  return {
    mount,
    form: found.form,
    details: {
      request: { method, target, version, referer: request.header('referer') },
      address,
      agent,
      user,
      connected: Date.now(),
      answer: () => streamAnswer(outlet, { version, icy, agent }),
    },
  }
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
