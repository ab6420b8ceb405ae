import { FloecastError } from '../../errors.js'
import type { ServerContext } from '../context.js'
import { examine } from '../doctor.js'
import type { Handlers } from './call.js'

/** The stream doctor. */
export const doctorHandlers = ({ mounts, clock }: ServerContext): Handlers => ({
  getDoctor({ params }) {
    const mount = mounts.get(params.mount)
    if (mount === undefined) throw new FloecastError('MOUNT_NOT_FOUND', { mount: params.mount })
    return examine(mount, mounts, clock.now())
  },
})
