import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { ListenerClient } from '../client/listener-client.js'
import { sourceKind } from '../client/playlist-item.js'
import { FloecastError } from '../errors.js'
import { Mp4File } from '../formats/mp4-file.js'
import type { Packet } from '../formats/packet.js'
import { canHold } from './container.js'
import type { Item } from './item.js'
import type { OutputFormat } from './output-formats.js'
import { type Packets, PacketStream, readPackets, type Wanted } from './packet-stream.js'

/** What an item must fit. */
export interface PlainTarget {
  /** How it is to be packed. */
  readonly container: OutputFormat
  /** Which kinds of tracks go out. */
  readonly wanted: Wanted
}

/**
 * Opens something whose packets can go out as they are, without any other program: a file of MP4, fragmented or not, WebM, Matroska, MPEG-TS,
 * FLV, Ogg, FLAC, MP3 or ADTS; the same from an address of HTTP, or from standard input.
 * @param from seconds from its beginning; it begins with a key frame
 * @throws FloecastError `ITEM_UNREADABLE` when that cannot be
 */
export async function openPlain(source: string, target: PlainTarget, from = 0): Promise<Item> {
  const kind = sourceKind(source)
  if (kind === 'device') throw unreadable(source, `a device is read by ffmpeg; install it`)
  if (kind === 'stdin') return openBytes(source, process.stdin, undefined, target)
  if (kind === 'address') {
    if (!/^https?:/i.test(source)) throw unreadable(source, 'such an address is read by ffmpeg; install it')
    return openBytes(source, new ListenerClient(source), undefined, target)
  }
  try {
    if (!(await stat(source)).isFile()) throw unreadable(source, 'it is no file')
    const mp4 = await Mp4File.open(source)
    if (mp4 === undefined) return await openBytes(source, createReadStream(source, { highWaterMark: CHUNK }), undefined, target, from)
    const { duration, comments } = mp4
    const close = (): Promise<void> => mp4.close()
    return await openPackets(source, several(mp4.packets(from)), target, { duration, title: titleIn(comments), close })
  } catch (error) {
    throw error instanceof FloecastError ? error : unreadable(source, reasonOf(error))
  }
}

/**
 * Opens bytes that are handed in, as they come: of a browser's MediaRecorder, or of any format that can be read.
 * @param name for people
 * @param contentType what they are said to be
 * @throws FloecastError `ITEM_UNREADABLE` when nothing that fits can be read
 */
export function openBytes(
  name: string,
  bytes: AsyncIterable<Buffer>,
  contentType: string | undefined,
  target: PlainTarget,
  from = 0,
): Promise<Item> {
  return openPackets(name, skipTo(readPackets(bytes, contentType), from), target, {})
}

interface About {
  readonly duration?: number
  readonly title?: string | undefined
  readonly close?: () => Promise<void>
}

async function openPackets(
  source: string,
  packets: Packets,
  { container, wanted }: PlainTarget,
  { duration, title, close }: About,
): Promise<Item> {
  const stream = await PacketStream.open(packets, wanted)
  const unfit = stream?.tracks.find((track) => !canHold(container, track))
  if (stream === undefined || unfit !== undefined) {
    await stream?.close()
    await close?.()
    throw unreadable(source, unfit ? `${NAMES[container]} cannot hold its ${unfit.codec}; install ffmpeg to convert it` : NOTHING)
  }
  return {
    rungs: [stream],
    way: 'copy',
    note: undefined,
    duration,
    title,
    async close() {
      await stream.close()
      await close?.()
    },
  }
}

// Packets that are sent together are written together.
async function* several(packets: AsyncIterable<Packet>): AsyncGenerator<readonly Packet[], void, undefined> {
  let some: Packet[] = []
  for await (const packet of packets) {
    if (some.push(packet) < SEVERAL) continue
    yield some
    some = []
  }
  yield some
}

/** Leaves out what comes before the last key frame that is shown by a time, as far as reading on can tell: it begins with the first one after it. */
async function* skipTo(source: Packets, from: number): AsyncGenerator<readonly Packet[], void, undefined> {
  let zero: number | undefined
  let isThere = from <= 0
  for await (const packets of source) {
    if (isThere) {
      yield packets
      continue
    }
    const hasVideo = packets.some(({ track }) => track.kind === 'video')
    for (const [i, { track, pts, key }] of packets.entries()) {
      const time = pts / track.timescale
      zero ??= time
      if (time - zero < from || !key || (hasVideo && track.kind === 'audio')) continue
      isThere = true
      yield packets.slice(i)
      break
    }
  }
}

/** The line that listeners are shown of a file's own tags. */
function titleIn({ artist, title }: Readonly<Record<string, string>>): string | undefined {
  return title && artist ? `${artist} - ${title}` : title
}

function unreadable(source: string, reason: string): FloecastError {
  return new FloecastError('ITEM_UNREADABLE', { source, reason })
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file; check the path'
  if (code === 'EACCES' || code === 'EPERM') return 'it may not be read; check who owns it'
  return error instanceof Error ? error.message : String(error)
}

/** What is read at once: large enough that a disk is asked ten times a second at most. */
const CHUNK = 65_536
const SEVERAL = 16
const NOTHING = 'no video or audio could be read'

const NAMES: Readonly<Record<OutputFormat, string>> = {
  ts: 'MPEG-TS',
  fmp4: 'MP4',
  webm: 'WebM',
  matroska: 'Matroska',
  ogg: 'Ogg',
  mp3: 'MP3',
  adts: 'ADTS',
  flac: 'FLAC',
}
