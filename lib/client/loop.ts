import { type Clock, systemClock } from '../clock.js'
import { findBox, readBoxes } from '../formats/mp4-boxes.js'
import { type MovieTrack, readMovie } from '../formats/mp4-movie.js'
import { pace, type Timed } from './pace.js'
import { hasAbsoluteOffsets, readFragment } from '../formats/mp4-fragment.js'

/** Options of {@link loopMp4}. */
export interface LoopOptions {
  /** Where time comes from; only tests need another than the machine's. */
  readonly clock?: Clock
  /** Ends the stream when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

// A movie fragment with its media, and where in it stands what changes from round to round.
interface Piece extends Timed {
  readonly bytes: Buffer
  /** Where the sequence number stands (mfhd). */
  readonly sequenceAt: number
  /** Where the decode time of each track's run stands (tfdt), and what it is. */
  readonly times: readonly { readonly at: number; readonly ticks: bigint; readonly timescale: number }[]
}

/**
 * Makes a live stream that never ends of a short fragmented MP4: its head once, then its fragments, over and over, each at the
 * time at which it is due. Decode times and sequence numbers go on from round to round, so that a player sees one stream; all tracks
 * should be equally long, or the shorter ones pause until the next round.
 *
 * @param file a whole file: `ftyp`, `moov`, and `moof` and `mdat` by turns, with offsets relative to the `moof`
 * @throws TypeError when the file is something else
 *
 * @example
 * ```ts
 * const source = new SourceClient('http://source:hackme@localhost:8000/test', { contentType: 'video/mp4' })
 * await pipeline(loopMp4(await readFile('loop.mp4')), source)
 * ```
 */
export function loopMp4(file: Buffer, { clock = systemClock, signal }: LoopOptions = {}): AsyncGenerator<Buffer, void, undefined> {
  const { header, pieces, period } = cutUp(file)
  return play(header, pieces, period, clock, signal)
}

async function* play(
  header: Buffer,
  pieces: readonly Piece[],
  period: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  yield header
  let sequence = 1
  for await (const { piece, round } of pace({ pieces, period }, clock, signal)) yield moveOn(piece, sequence++, round, period)
}

function moveOn({ bytes, sequenceAt, times }: Piece, sequence: number, round: number, period: number): Buffer {
  const moved = Buffer.from(bytes)
  moved.writeUInt32BE(sequence >>> 0, sequenceAt)
  for (const { at, ticks, timescale } of times) moved.writeBigUInt64BE(ticks + BigInt(Math.round(round * period * timescale)), at)
  return moved
}

function cutUp(file: Buffer): { header: Buffer; pieces: readonly Piece[]; period: number } {
  const moov = findBox(file, ['moov'])
  const tracks = moov === undefined ? [] : readMovie(moov).tracks
  if (tracks.length === 0) throw unfit('it has no moov box that names a track')
  const head: Buffer[] = []
  const runs: Buffer[][] = []
  for (const { type, bytes } of readBoxes(file)) {
    if (type === 'moof') runs.push([bytes])
    else if (runs.length === 0 && (type === 'ftyp' || type === 'moov')) head.push(bytes)
    else if (type === 'mdat') runs.at(-1)?.push(bytes)
  }
  if (runs.length === 0) throw unfit('it is not fragmented; make it with ffmpeg -movflags frag_keyframe+empty_moov+default_base_moof')
  const ends: number[] = []
  const pieces = runs.map((boxes) => readPiece(Buffer.concat(boxes), boxes[0]!.length, tracks, ends))
  const first = Math.min(...pieces.map(({ time }) => time))
  return {
    header: Buffer.concat(head),
    pieces: pieces.map((piece) => ({ ...piece, time: piece.time - first })),
    period: Math.max(...ends) - first,
  }
}

// Reads one fragment, and adds where each of its tracks ends, in seconds.
function readPiece(bytes: Buffer, moofSize: number, tracks: readonly MovieTrack[], ends: number[]): Piece {
  const moof = bytes.subarray(8, moofSize)
  const mfhd = findBox(moof, ['mfhd'])
  if (mfhd === undefined || mfhd.length < 8) throw unfit('a fragment has no number')
  if (hasAbsoluteOffsets(moof)) throw unfit('its fragments count from the beginning of the file; make it with -movflags default_base_moof')
  const times: Piece['times'][number][] = []
  for (const { type, body } of readBoxes(moof)) {
    if (type !== 'traf') continue
    const id = findBox(body, ['tfhd'])?.readUInt32BE(4)
    const tfdt = findBox(body, ['tfdt'])
    const track = tracks.find((one) => one.id === id)
    // In version 0 the time has 32 bits, which a day or two use up.
    if (track === undefined || tfdt === undefined || tfdt[0] !== 1 || tfdt.length < 12)
      throw unfit('a fragment tells no 64-bit time (tfdt)')
    const { timescale } = track
    const ticks = tfdt.readBigUInt64BE(4)
    times.push({ at: offsetIn(bytes, tfdt) + 4, ticks, timescale })
    ends.push((Number(ticks) + readFragment(moof, track).duration) / timescale)
  }
  if (times.length === 0) throw unfit('a fragment is empty')
  const time = Math.min(...times.map(({ ticks, timescale }) => Number(ticks) / timescale))
  return { bytes, time, sequenceAt: offsetIn(bytes, mfhd) + 4, times }
}

/** Where a view begins in the buffer of which it is one. */
const offsetIn = (whole: Buffer, view: Buffer): number => view.byteOffset - whole.byteOffset

const unfit = (reason: string): TypeError => new TypeError(`Cannot loop this file: ${reason}`)
