import type { Mount } from '../mount/mount.js'
import type { Mounts } from '../mount/mounts.js'

/** What a path asks for, of which mount. */
export interface MediaTarget {
  /** The mount; of a group, the first that is live. */
  readonly mount: Mount
  /** The mounts whose renditions are offered together: more than one in a group. Looked up when it is called, among all mounts. */
  readonly members: () => readonly Mount[]
  /** What is asked for: the multivariant playlist, the MPD, or what stands in the mount's folder. */
  readonly kind: 'multivariant' | 'mpd' | 'file'
  /** The name in the folder. */
  readonly file: string
}

const FILE = /^(\/.+)\.media\/([^/]+)$/
const INDEX = /^(\/.+)\.(m3u8|mpd)$/

/** Finds out what a path asks for; `undefined` where it is none of the files made here, or a mount is really called so. */
export function mediaTarget({ mounts }: { readonly mounts: Mounts }, path: string): MediaTarget | undefined {
  if (mounts.get(path)?.source !== undefined) return undefined
  // A mount may be in what looks like the folder of another, so one does not rule the other out.
  const [, folder = '', file = ''] = FILE.exec(path) ?? []
  const inFolder = mountOf(mounts, folder)
  if (inFolder !== undefined) {
    const { group } = inFolder.settings
    // Players change from any member of a group to any other.
    return { mount: inFolder, members: () => atLeast(inFolder, group === undefined ? [] : mounts.group(group)), kind: 'file', file }
  }
  const [, name = '', ending] = INDEX.exec(path) ?? []
  const mount = mountOf(mounts, name)
  if (mount === undefined) return undefined
  return { mount, members: () => atLeast(mount, mounts.group(name)), kind: ending === 'mpd' ? 'mpd' : 'multivariant', file: '' }
}

// The mount of that name, or the first that is live of a group of that name; a mount without segments can still say that they are off.
function mountOf(mounts: Mounts, name: string): Mount | undefined {
  if (name === '') return undefined
  const mount = mounts.get(name)
  return mount?.broadcast.presentation === undefined ? (mounts.group(name)[0] ?? (mount?.source && mount)) : mount
}

const atLeast = (mount: Mount, members: readonly Mount[]): readonly Mount[] => (members.length > 0 ? members : [mount])
