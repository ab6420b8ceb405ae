import type { ConnectedSource, Principal } from '../../api/index.js'
import { FloecastError } from '../../errors.js'
import { createMetadata } from '../../icy/metadata.js'
import type { Mount } from '../../mount/mount.js'
import type { Source } from '../../mount/source.js'
import type { ServerContext } from '../context.js'
import { trackStatus } from '../routes/status-report.js'
import type { Handlers } from './call.js'
import { addressFor, sees } from './rights.js'

/** Who sends, and what is done about them. */
export const sourceHandlers = ({ mounts }: ServerContext): Handlers => ({
  listSources: ({ who }) => {
    const found = [...mounts].flatMap((mount) =>
      mount.source === undefined || !sees(who, mount.name) ? [] : [told(mount, mount.source, who)],
    )
    return { sources: found.toSorted((a, b) => (a.mount < b.mount ? -1 : 1)) }
  },
  kickSource: ({ params, who }) => {
    const { source } = liveMount(mounts.get(params.mount), params.mount)
    source.close(`${who!.name} has ended it`)
  },
  setTitle: ({ params, body }) => {
    const { mount } = liveMount(mounts.get(params.mount), params.mount)
    mount.setMetadata(createMetadata({ song: body.title, url: body.url ?? '' }))
  },
})

/**
 * A mount with its source.
 * @throws FloecastError SOURCE_NOT_FOUND
 */
export function liveMount(mount: Mount | undefined, name: string): { mount: Mount; source: Source } {
  if (mount?.source === undefined) throw new FloecastError('SOURCE_NOT_FOUND', { mount: name })
  return { mount, source: mount.source }
}

function told(mount: Mount, { details, bytesReceived, demuxer }: Source, who: Principal | undefined): ConnectedSource {
  const known = mount.ready ? demuxer : undefined
  return {
    mount: mount.name,
    address: addressFor(who, details.address),
    agent: details.agent || null,
    user: details.user,
    protocol: details.request.method,
    connected: new Date(details.connected).toISOString(),
    bytesReceived,
    rate: Math.round(mount.rate),
    contentType: known?.contentType ?? null,
    format: known?.format ?? null,
    tracks: known?.tracks.map(trackStatus) ?? [],
    title: mount.metadata.display || null,
    warnings: mount.warnings,
  }
}
