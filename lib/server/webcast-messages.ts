import { z } from 'zod'
import { FloecastError } from '../errors.js'
import { Headers } from '../icy/headers.js'
import { createMetadata, type Metadata } from '../icy/metadata.js'
import { type StreamInfo, streamInfo } from '../icy/stream-info.js'

/** Most bytes of a message of text. */
const MAX_TEXT = 16_384

const word = z.string().max(1024)
const number = z.number().positive().max(1e9)
const greeting = z.object({
  type: z.literal('hello'),
  data: z.object({
    mime: z.string().min(1).max(256),
    user: word.nullish(),
    password: word.nullish(),
    // Who brings the same one again, after a break, goes on in place of the connection that may still be there.
    resume: z.string().min(16).max(64).nullish(),
    name: word.nullish(),
    description: word.nullish(),
    genre: word.nullish(),
    url: word.nullish(),
    audio: z.object({ channels: number, samplerate: number, bitrate: number }).partial().nullish().catch(null),
  }),
})
const message = z.object({ type: z.string(), data: z.unknown() })
const said = z.string().optional().catch(undefined)
const fields = z.object({ song: said, title: said, artist: said, url: said })

/** What a source says of itself before anything else. */
export type Hello = z.output<typeof greeting>['data']

/**
 * Reads the first message of a source.
 * @throws FloecastError BAD_REQUEST when it is none that a source begins with
 */
export function readHello(data: Buffer): Hello {
  const read = greeting.safeParse(readText(data))
  if (read.success) return read.data.data
  const where = read.error.issues[0]?.path.join('.') || 'type'
  throw new FloecastError('BAD_REQUEST', { reason: `the first message is no hello with a mime (look at ${where})` })
}

/**
 * Reads a later message of text.
 * @returns what plays now; `undefined` for a message that is about something else
 * @throws FloecastError BAD_REQUEST when it is no message at all
 */
export function readMetadata(data: Buffer): Metadata | undefined {
  const read = message.safeParse(readText(data))
  if (!read.success) throw new FloecastError('BAD_REQUEST', { reason: 'a message of text has no type' })
  if (read.data.type !== 'metadata') return undefined
  const found = fields.safeParse(read.data.data)
  if (!found.success) return undefined
  return createMetadata(Object.fromEntries(Object.entries(found.data).filter((pair): pair is [string, string] => pair[1] !== undefined)))
}

/** What a hello says of the stream, read as the headers of Icecast's sources are. */
export function infoOf({ name, description, genre, url, audio }: Hello): StreamInfo {
  const headers = new Headers()
  const words = {
    'ice-name': name,
    'ice-description': description,
    'ice-genre': genre,
    'ice-url': url,
    'ice-bitrate': audio?.bitrate,
    'ice-samplerate': audio?.samplerate,
    'ice-channels': audio?.channels,
  }
  for (const [key, value] of Object.entries(words)) if (value != null) headers.add(key, String(value))
  return streamInfo(headers)
}

function readText(data: Buffer): unknown {
  if (data.length > MAX_TEXT) throw new FloecastError('BAD_REQUEST', { reason: `a message of text is larger than ${MAX_TEXT} bytes` })
  try {
    return JSON.parse(data.toString())
  } catch {
    throw new FloecastError('BAD_REQUEST', { reason: 'a message of text is no JSON' })
  }
}
