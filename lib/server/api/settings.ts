import { type Partly, type Principal, settingsSchema, type ShownMountSettings, shownServer, withoutSecrets } from '../../api/index.js'
import { FloecastError } from '../../errors.js'
import { isMountPath } from '../../icy/path.js'
import { mountKey, type MountOptions, mountOptions, type MountSettings, mountSettings } from '../../options/index.js'
import type { ServerContext } from '../context.js'
import { hashPassword } from '../password.js'
import { type OwnSettings, type SettingsChange, valueAt, withChanges } from '../settings-keeper.js'
import type { Handlers } from './call.js'

/** What takes memory or disk, reads files, says who a page is, or has to do with other mounts and hosts: not for owners of a mount. */
const ADMIN_ONLY: ReadonlySet<string> = new Set([
  'group',
  'authentication',
  'fallback',
  'fallbackOverride',
  'fallbackWhenFull',
  'relay',
  'relayUser',
  'relayPassword',
  'onDemand',
  'file',
  'intro',
  'access.allowFile',
  'access.denyFile',
  'access.denyAgentsFile',
  'headers',
  'onConnect',
  'onDisconnect',
  'dump',
  'dvr',
  'dvrSize',
  'queueSize',
  'burstSize',
  'burstDuration',
  'hls.maxSize',
  'hls.segmentCount',
])

/** Settings of the server and of its mounts, and the two passwords. */
export const settingsHandlers = (context: ServerContext): Handlers => {
  const { edits, mounts } = context
  const entryOf = (mount: string) => {
    const key = mountKey(context.settings, mount)
    const own = isGroup(edits.own['mounts']) ? edits.own['mounts'][mount] : undefined
    return {
      mount,
      pattern: key === undefined || key === mount ? null : key,
      configured: key === mount,
      live: mounts.get(mount)?.source !== undefined,
      settings: shown(mountSettings(context.settings, mount)),
      own: isGroup(own) ? keysOf(own) : [],
    }
  }
  return {
    getSettings: () => {
      const { ports, secure } = context
      return {
        settings: shownServer(context.settings),
        ports: ports === undefined ? null : { main: ports.port, shoutcast: ports.shoutcastPort ?? null, tls: secure !== undefined },
        locked: [...edits.locked],
        file: edits.file ?? null,
        schema: settingsSchema(),
      }
    },
    changeSettings: async ({ body, query }) => {
      const changes = changesOf([], body)
      if (query.dryRun === true) {
        return { settings: shownServer(edits.preview(changes)), effects: edits.effects(changes), undo: null }
      }
      const { effects, undo } = await edits.change(changes)
      return { settings: shownServer(context.settings), effects: [...effects], undo }
    },
    undoChange: async ({ params: { id } }) => ({ effects: [...(await edits.undo(id))] }),
    listMountSettings: () => {
      const names = new Set([...Object.keys(context.settings.mounts), ...[...mounts].map(({ name }) => name)])
      return { mounts: [...names].toSorted((a, b) => (a < b ? -1 : 1)).map(entryOf) }
    },
    getMount: ({ params: { mount } }) => entryOf(checked(context, mount)),
    changeMount: async ({ params: { mount }, body, query, who }) => {
      checked(context, mount)
      if (who?.role !== 'admin') refuseOwner(who, body)
      const { changes, notes } = await mountChanges(context, mount, body)
      if (query.dryRun === true) {
        const settings = shown(mountSettings(edits.preview(changes), mount))
        return { settings, effects: edits.effects(changes, notes), undo: null }
      }
      const { effects, undo } = await edits.change(changes, notes)
      return { settings: shown(mountSettings(context.settings, mount)), effects: [...effects], undo }
    },
    removeMount: async ({ params: { mount }, query }) => {
      if (!Object.hasOwn(context.settings.mounts, mount)) throw new FloecastError('MOUNT_NOT_FOUND', { mount })
      const changes = [{ path: ['mounts', mount], value: undefined }]
      if (query.dryRun === true) return { effects: edits.effects(changes), undo: null }
      const { effects, undo } = await edits.change(changes)
      return { effects: [...effects], undo }
    },
    getPasswords: () => ({
      source: { locked: edits.lockOf(['passwords', 'source'])?.by ?? null },
      admin: { locked: edits.lockOf(['passwords', 'admin'])?.by ?? null },
    }),
    changePassword: async ({ params: { whose }, body: { password } }) => {
      if (whose !== 'source' && whose !== 'admin')
        throw new FloecastError('BAD_REQUEST', { reason: 'there are passwords of source and admin' })
      await edits.setPassword(whose, password)
    },
  }
}

const isGroup = (value: unknown): value is OwnSettings => typeof value === 'object' && value !== null && !Array.isArray(value)

function shown(settings: MountSettings): ShownMountSettings {
  // No type can say how the keys of one object follow from those of another.
  const values: any = withoutSecrets(mountOptions, settings)
  return values
}

function checked({ mounts }: ServerContext, mount: string): string {
  const name = mount.replace(/\*$/, '')
  if (!isMountPath(name) || (mount === name && name.endsWith('/'))) throw new FloecastError('MOUNT_INVALID', { mount })
  if (name !== '/') mounts.checkName(name)
  return mount
}

function refuseOwner(who: Principal | undefined, body: object): void {
  const refused = changesOf([], body).some(({ path }) => {
    const name = path.join('.')
    return [...ADMIN_ONLY].some((key) => key === name || key.startsWith(`${name}.`) || name.startsWith(`${key}.`))
  })
  if (refused) throw new FloecastError('NOT_ALLOWED', { user: who?.name ?? '' })
}

/** What a body says, change by change; `null` means the default again. */
function changesOf(path: readonly string[], body: object): SettingsChange[] {
  return Object.entries(body).flatMap(([key, value]: [string, unknown]): SettingsChange[] => {
    if (isGroup(value)) return changesOf([...path, key], value)
    return value === undefined ? [] : [{ path: [...path, key], value: value ?? undefined }]
  })
}

/** The keys that are set in a group, those of inner groups with a dot. */
const keysOf = (group: OwnSettings): string[] =>
  Object.entries(group).flatMap(([key, value]) => (isGroup(value) ? keysOf(value).map((inner) => `${key}.${inner}`) : [key]))

async function mountChanges(
  { edits, settings }: ServerContext,
  mount: string,
  { sourcePassword, ...body }: Partly<MountOptions>,
): Promise<{ changes: SettingsChange[]; notes: string[] }> {
  // No file holds it as it is.
  const hashed = typeof sourcePassword === 'string' ? await hashPassword(sourcePassword) : sourcePassword
  const changes = changesOf([], { ...body, ...(hashed !== undefined && { sourcePassword: hashed }) })
  const key = mountKey(settings, mount)
  if (key === mount) return { changes: changes.map(({ path, value }) => ({ path: ['mounts', mount, ...path], value })), notes: [] }
  const pattern = key === undefined ? undefined : valueAt(edits.own, ['mounts', key])
  const former = isGroup(pattern) ? pattern : {}
  const value = withChanges(former, changes)
  const notes = Object.keys(former).length === 0 ? [] : [`${mount} keeps the settings of ${key}, as its own from now on`]
  return { changes: [{ path: ['mounts', mount], value }], notes }
}
