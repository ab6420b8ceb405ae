import type { RecordingFile } from '../../api/index.js'
import { listRecordings, type RecordedFile, removeRecording } from '../../media/recordings.js'
import { FloecastError } from '../../errors.js'
import { isRecordingOf } from '../../mount/dump.js'
import type { ServerContext } from '../context.js'
import type { Handlers } from './call.js'
import { mustOwn, sees } from './rights.js'

/** What the option dump has written. */
export const recordingHandlers = (context: ServerContext): Handlers => ({
  listRecordings: async ({ who }) => {
    const { folder } = context.mounts
    if (folder === undefined) return { recordings: [] }
    const files = await listRecordings(folder)
    await context.state.recordings.retain(new Set(files.map(({ name }) => name)))
    const known = files.map((file) => ({ file, mount: mountOfRecording(context, file.name) }))
    return {
      recordings: known
        .filter(({ mount }) => sees(who, mount))
        .map(({ file, mount }) => told(file, mount ?? likelyMount(context, file.name))),
    }
  },
  removeRecording: async ({ params: { name }, who }) => {
    mustOwn(who, mountOfRecording(context, name))
    const { folder } = context.mounts
    if (folder === undefined) throw new FloecastError('RECORDING_NOT_FOUND', { name })
    await removeRecording(folder, name)
  },
})

/** The mount that is in a recording, where that is known for sure: owners have to do with nothing else. */
export function mountOfRecording({ mounts, state: { recordings } }: ServerContext, name: string): string | undefined {
  for (const mount of mounts) if (mount.recording?.file === name) return mount.name
  return recordings.mountOf(name)
}

// What a crash has cut short was never noted; its name tells, where the patterns of two mounts do not make the same. Patterns change, so this is no more
// than a hint.
function likelyMount({ mounts }: ServerContext, name: string): string | undefined {
  const possible = [...mounts].filter(({ name: mount, settings: { dump } }) => dump !== undefined && isRecordingOf(dump, mount, name))
  return possible.length === 1 ? possible[0]!.name : undefined
}

const told = ({ name, size, begun, seconds, open }: RecordedFile, mount: string | undefined): RecordingFile => ({
  name,
  mount: mount ?? null,
  size,
  begun: new Date(begun).toISOString(),
  seconds: seconds === undefined ? null : Math.round(seconds * 10) / 10,
  open,
})
