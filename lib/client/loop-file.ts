import { systemClock } from '../clock.js'
import { AutoDemuxer } from '../formats/detect.js'
import { CHAINABLE } from '../formats/frame.js'
import { createPacketReader } from '../formats/packets.js'
import { loopMp4, type LoopOptions } from './loop.js'
import { pace, type Round, type Timed } from './pace.js'

interface Piece extends Timed {
  readonly bytes: Buffer
}

// Seconds that are given at once.
const PIECE = 0.1

/**
 * Makes a live stream that never ends of a short file, over and over, at its own pace: MP3, AAC (ADTS), Ogg or MPEG-TS as it is, fragmented
 * MP4 as {@link loopMp4} has it.
 * @param file a whole file
 * @throws TypeError with what is wrong with it
 */
export function loopFile(file: Buffer, options: LoopOptions = {}): AsyncGenerator<Buffer, void, undefined> {
  const demuxer = new AutoDemuxer(undefined)
  const frames = [...demuxer.push(file), ...demuxer.end()]
  const { format } = demuxer
  if (format === 'mp4') return loopMp4(file, options)
  if (!CHAINABLE.has(format))
    throw new TypeError(`its format (${format}) cannot be looped; use MP3, AAC (ADTS), Ogg, MPEG-TS or fragmented MP4`)
  const reader = createPacketReader(format)!
  const pieces: { time: number; chunks: Buffer[] }[] = [{ time: 0, chunks: [] }]
  let first: number | undefined
  let end = 0
  for (const frame of frames) {
    let begin = end
    for (const { dts, duration, track } of reader.read([frame])) {
      const time = dts / track.timescale
      first ??= time
      begin = Math.max(begin, time - first)
      end = Math.max(end, time - first + duration / track.timescale)
    }
    if (begin - pieces.at(-1)!.time >= PIECE) pieces.push({ time: begin, chunks: [] })
    pieces.at(-1)!.chunks.push(frame.bytes)
  }
  if (end < PIECE) throw new TypeError('it is too short, or does not tell how fast it plays')
  return play({ pieces: pieces.map(({ time, chunks }) => ({ time, bytes: Buffer.concat(chunks) })), period: end }, options)
}

async function* play(round: Round<Piece>, { clock = systemClock, signal }: LoopOptions): AsyncGenerator<Buffer, void, undefined> {
  for await (const { piece } of pace(round, clock, signal)) yield piece.bytes
}
