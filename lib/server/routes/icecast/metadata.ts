import { metadataFromQuery } from '../../../icy/metadata.js'
import type { XmlOutput } from '../../../icy/xml.js'
import type { Mount } from '../../../mount/mount.js'
import { tell } from '../respond.js'
import { iceResponse, type MountCall } from './command.js'

/** `/admin/metadata?mode=updinfo`: tells a title, for every format. An update that brings no title is fine, and changes nothing, as in Icecast. */
export function metadata({ ctx, mount, query, raw }: MountCall): XmlOutput | void {
  const mode = query.get('mode')
  if (mode === null) return tell(ctx, 400, 'Missing parameter: mode')
  if (mode !== 'updinfo') return iceResponse('No such action', false)
  setTitle(mount, raw)
  return iceResponse('Metadata update successful', true)
}

/**
 * Takes the title that an encoder tells.
 * @param raw query and form, not decoded yet
 */
export function setTitle(mount: Mount, raw: string): void {
  const told = metadataFromQuery(raw, mount.metadata, mount.settings.charset)
  if (told !== undefined) mount.setMetadata(told)
}
