import { z } from 'zod'
import {
  type MountOptions,
  mountOptions,
  type MountSettings,
  type ServerOptions,
  serverOptions,
  type ServerSettings,
} from '../options/index.js'
import { operation } from './operation.js'
import { inForce, partly, withoutSecrets } from './partial.js'

const { mounts: _, ...own } = serverOptions.shape
const serverOwn = z.strictObject(own)

/** The settings of the server in force, without those of mounts; of passwords only whether there are any. */
export type ShownSettings = Omit<ServerSettings, 'mounts' | 'relays'> & {
  /** How mounts may be taken from other servers. */
  readonly relays: Omit<ServerSettings['relays'], 'master'> & { readonly master?: Readonly<Record<string, unknown>> }
}
/** The settings of a mount in force; of its passwords and secrets only whether it has them. */
export type ShownMountSettings = Omit<MountSettings, 'sourcePassword' | 'relayPassword' | 'authentication'> & {
  /** Whether sources need a password of their own for it. */
  readonly sourcePassword: boolean
  /** Whether it gives a password where it is relayed from. */
  readonly relayPassword: boolean
  /** Who may listen, without passwords and secrets. */
  readonly authentication?: Readonly<Record<string, unknown>>
}

/** What a change of settings does, or would do. */
export const edited = z.strictObject({
  effects: z.array(z.string()).describe('What the change does, a sentence each, those first who lose something'),
  undo: z.string().nullable().describe('Undoes it for ten minutes; null where nothing was changed, as in a trial'),
})

/** The parameters of a change. */
export const changeQuery = z.strictObject({
  dryRun: z.stringbool().optional().describe('true tells what the change would do, and does not do it'),
})

const shownSettings = inForce<ShownSettings>(serverOwn).describe('The settings in force, with every default filled in')
const shownMount = inForce<ShownMountSettings>(mountOptions).describe(
  'What is set for the mount, with every default filled in; what is off for the server is off here, too, whatever this says',
)

/** One mount, and what is set for it. */
export const mountEntry = z.strictObject({
  mount: z.string().describe('Its path, or a prefix that ends in * and stands for all mounts that begin so'),
  pattern: z.string().nullable().describe('The prefix whose settings hold, where it has none of its own'),
  configured: z.boolean().describe('Whether it has settings of its own'),
  live: z.boolean().describe('Whether a source is connected'),
  settings: shownMount,
  own: z.array(z.string()).describe('The keys that it sets itself, those in groups with a dot, such as hls.enabled'),
})

const secretWord = z.string().min(8).max(1024)

/** Settings of the server and of its mounts, and the two passwords. */
export const settings = {
  getSettings: operation({
    method: 'GET',
    path: '/settings',
    summary: 'Tells the settings of the server',
    access: 'viewer',
    answer: z.strictObject({
      settings: shownSettings,
      ports: z
        .strictObject({
          main: z.int().describe('The one that takes everything'),
          shoutcast: z.int().nullable().describe('The second one, for SHOUTcast sources; null without one'),
          tls: z.boolean().describe('Whether both speak TLS as well as plain text'),
        })
        .nullable()
        .describe('The ports that are open; null where the server is part of a program that hands it connections'),
      locked: z
        .array(
          z.strictObject({
            path: z.string().describe('Keys joined by dots; all below it is locked, too'),
            by: z.string().describe('What sets it'),
          }),
        )
        .describe('What cannot be changed here'),
      file: z.string().nullable().describe('The file that keeps them; null where changes are for this run only'),
      schema: z
        .unknown()
        .describe('JSON schema of the settings, those of mounts among them, with descriptions, units, ranges and defaults'),
    }),
  }),
  changeSettings: operation({
    method: 'PATCH',
    path: '/settings',
    summary: 'Changes settings of the server',
    description:
      'What is left out stays as it is; null means the default again. The change holds at once and is kept in the configuration file.',
    access: 'admin',
    query: changeQuery,
    body: partly<Omit<ServerOptions, 'mounts'>>(serverOwn),
    answer: z.strictObject({ settings: shownSettings, ...edited.shape }),
  }),
  undoChange: operation({
    method: 'POST',
    path: '/settings/undo/{id}',
    summary: 'Undoes a change of settings',
    description: 'Of the server or of a mount. The last twenty can be undone, for ten minutes.',
    access: 'admin',
    answer: edited.pick({ effects: true }),
  }),
  listMountSettings: operation({
    method: 'GET',
    path: '/mounts',
    summary: 'Lists all mounts with their settings',
    description: 'Those that are live, those that have settings, and prefixes that have.',
    access: 'viewer',
    answer: z.strictObject({ mounts: z.array(mountEntry).describe('By name') }),
  }),
  getMount: operation({
    method: 'GET',
    path: '/mounts/{mount}',
    summary: 'Tells the settings of a mount',
    description: 'Also of one that is not there yet: what would hold for it.',
    access: 'viewer',
    answer: mountEntry,
  }),
  changeMount: operation({
    method: 'PUT',
    path: '/mounts/{mount}',
    summary: 'Changes settings of a mount, or makes it',
    description:
      'What is left out stays as it is; null means the default again. A mount that had the settings of a prefix keeps them as its own. What takes memory or disk, and group, only administrators may change.',
    access: 'owner',
    query: changeQuery,
    body: partly<MountOptions>(mountOptions),
    answer: z.strictObject({ settings: shownMount, ...edited.shape }),
  }),
  removeMount: operation({
    method: 'DELETE',
    path: '/mounts/{mount}',
    summary: 'Removes the settings that a mount has of its own',
    description: 'Nobody is dropped: a live mount goes on with those of a prefix, or the defaults.',
    access: 'admin',
    query: changeQuery,
    answer: edited,
  }),
  getPasswords: operation({
    method: 'GET',
    path: '/passwords',
    summary: 'Tells which passwords can be changed',
    access: 'admin',
    answer: z.strictObject({
      source: z
        .strictObject({ locked: z.string().nullable().describe('What sets it, where it cannot be changed here') })
        .describe('That of sources'),
      admin: z
        .strictObject({ locked: z.string().nullable().describe('What sets it, where it cannot be changed here') })
        .describe('That of the administrator'),
    }),
  }),
  changePassword: operation({
    method: 'PUT',
    path: '/passwords/{whose}',
    summary: 'Changes the password of sources or of the administrator',
    description: 'The old one is refused at once; sources that are connected stay. Only its hash is kept.',
    access: 'admin',
    body: z.strictObject({ password: secretWord.describe('The new one, 8 characters or more').meta({ secret: true }) }),
  }),
}

/** The settings of a server as they may be shown. */
export function shownServer(all: ServerSettings): ShownSettings {
  // No type can say how the keys of one object follow from those of another.
  const shown: any = withoutSecrets(serverOwn, all)
  return shown
}

let schema: unknown

/** The JSON schema of all settings as a configuration may write them: descriptions, units, ranges and defaults. */
export const settingsSchema = (): unknown => (schema ??= z.toJSONSchema(serverOptions, { io: 'input', unrepresentable: 'any' }))
