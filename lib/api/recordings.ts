import { z } from 'zod'
import { operation } from './operation.js'

/** A file into which something was, or is being, recorded. */
export const recordingFile = z.strictObject({
  name: z.string().describe('Its path below the folder for media, with / between folders'),
  mount: z.string().nullable().describe('The mount that was recorded; null where that is not known'),
  size: z.number().describe('Bytes on disk'),
  begun: z.string().describe('When it was begun, as ISO 8601 in UTC'),
  seconds: z.number().nullable().describe('How long it was written for, in seconds; null where the disk does not tell'),
  open: z.boolean().describe('Whether it is being written'),
})

/** A file into which something was, or is being, recorded. */
export type RecordingFile = z.infer<typeof recordingFile>

/** What the option dump has written. */
export const recordings = {
  listRecordings: operation({
    method: 'GET',
    path: '/recordings',
    summary: 'Lists recordings',
    description: 'Newest first. An owner sees those of their mounts.',
    access: 'viewer',
    answer: z.strictObject({ recordings: z.array(recordingFile).describe('All files below the folder for media, newest first') }),
  }),
  getRecording: operation({
    method: 'GET',
    path: '/recordings/{name}',
    summary: 'Gives a recording',
    description:
      'Ranges are understood. The name is percent-encoded, its slashes too. What is being written is given as far as it is on disk.',
    access: 'viewer',
    query: z.object({ download: z.string().optional().describe('Present, with any value: the browser saves it instead of playing it') }),
    contentType: 'video/*, audio/*, application/octet-stream',
  }),
  removeRecording: operation({
    method: 'DELETE',
    path: '/recordings/{name}',
    summary: 'Deletes a recording',
    description: 'Not while it is being written.',
    access: 'owner',
  }),
}
