import type { AnswerOf, ConnectedSource, Operations } from '../../api/index.js'
import { api } from './session.js'

/** What is set for a mount. */
export type MountEntry = AnswerOf<Operations['listMountSettings']>['mounts'][number]

/** A mount in a list: what is set, what is on the air, and how it does. */
export interface MountRow {
  readonly mount: string
  /** Whether it stands for all mounts that begin so. */
  readonly pattern: boolean
  readonly live: boolean
  readonly name: string | null
  readonly title: string | null
  readonly source: ConnectedSource | undefined
  /** How many watch or listen; `null` where that is not told. */
  readonly viewers: number | null
  readonly health: { readonly state: 'good' | 'warn' | 'off'; readonly words: string }
  readonly entry: MountEntry | undefined
}

/** Asks for all mounts, those that are live first. @throws CallError */
export async function readMountRows(): Promise<MountRow[]> {
  const [{ mounts }, { sources }, status] = await Promise.all([api.call('listMountSettings'), api.call('listSources'), api.status()])
  const bySource = new Map(sources.map((source) => [source.mount, source]))
  const byStatus = new Map(status.mounts.map((one) => [one.mount, one]))
  const byEntry = new Map(mounts.map((entry) => [entry.mount, entry]))
  const names = new Set([...byEntry.keys(), ...bySource.keys(), ...byStatus.keys()])
  const rows = [...names].map((mount): MountRow => {
    const source = bySource.get(mount)
    const one = byStatus.get(mount)
    const entry = byEntry.get(mount)
    return {
      mount,
      pattern: mount.endsWith('*'),
      live: source !== undefined || entry?.live === true || one?.live === true,
      name: one?.name ?? entry?.settings.name ?? null,
      title: source?.title ?? one?.title?.display ?? null,
      source,
      viewers: one?.listeners ?? null,
      health: healthOf(source),
      entry,
    }
  })
  return rows.toSorted((a, b) => Number(b.live) - Number(a.live) || (a.mount < b.mount ? -1 : 1))
}

function healthOf(source: ConnectedSource | undefined): MountRow['health'] {
  if (source === undefined) return { state: 'off', words: 'Waiting for a source' }
  const { warnings } = source
  if (warnings.length === 0) return { state: 'good', words: 'Healthy' }
  const more = warnings.length - 1
  return { state: 'warn', words: `${warnings.at(-1)}${more === 0 ? '' : ` (and ${more} more)`}` }
}
