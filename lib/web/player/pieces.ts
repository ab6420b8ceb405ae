/*
 * Cuts an endless response into pieces that can be appended one by one: what a decoder needs first (`init`), and media. So a connection that ends in
 * the middle of something leaves nothing half-read behind, and an init in the middle of a stream is seen.
 */

/** A run of whole boxes or elements. */
export interface Piece {
  /** Whether it begins a stream. */
  readonly init: boolean
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** When the media in it begins, in seconds; unknown in formats that tell no time. */
  readonly start?: number | undefined
  /** Whether a key frame of the picture is in it; unknown where there is no picture, or the format does not tell. */
  readonly key?: boolean | undefined
}

/** Cuts one response. */
export interface Cutter {
  /** Takes what has come and gives what is whole. */
  push(chunk: Uint8Array<ArrayBuffer>): Piece[]
}

/** The cutter for a media type. */
export function cutterFor(type: string): Cutter {
  if (/^(video|audio)\/mp4\b/.test(type)) return new Mp4Cutter()
  if (/^(video|audio)\/webm\b/.test(type)) return new WebmCutter()
  return { push: (bytes) => [{ init: false, bytes }] }
}

/** The most that is kept of what is not whole yet: a stream that grows beyond it is none of ours. */
const MOST = 64 * 1024 * 1024

/** Joins chunks. */
export function join(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (chunks.length === 1) return chunks[0]!
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

const view = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView => new DataView(buffer, byteOffset, byteLength)

class Mp4Cutter implements Cutter {
  #rest = new Uint8Array(0)
  #open: { init: boolean; boxes: Uint8Array<ArrayBuffer>[]; start?: number | undefined; key?: boolean | undefined } | undefined
  #scales = new Map<number, number>()
  #pictures: ReadonlySet<number> = new Set()

  push(chunk: Uint8Array<ArrayBuffer>): Piece[] {
    let bytes = this.#rest.length === 0 ? chunk : join([this.#rest, chunk])
    const pieces: Piece[] = []
    for (;;) {
      const box = boxAt(bytes, 0)
      if (box === undefined || bytes.length < box.size) break
      this.#take(box.type, bytes.subarray(0, box.size), pieces)
      bytes = bytes.subarray(box.size)
    }
    if (bytes.length > MOST) throw new RangeError('The stream is not what it says it is')
    // Copied, so that a chunk does not live on for its end.
    this.#rest = bytes.slice()
    return pieces
  }

  #take(type: string, box: Uint8Array<ArrayBuffer>, pieces: Piece[]): void {
    const open = (this.#open ??= { init: false, boxes: [] })
    open.boxes.push(box)
    if (type === 'moov') {
      open.init = true
      this.#scales = scalesOf(box)
      this.#pictures = picturesOf(box)
    } else if (type === 'moof') {
      open.start = startOf(box, this.#scales)
      open.key = keyOf(box, this.#pictures)
    }
    if (type !== 'moov' && type !== 'mdat') return
    pieces.push({ init: open.init, bytes: join(open.boxes), start: open.start, key: open.key })
    this.#open = undefined
  }
}

function boxAt(bytes: Uint8Array, at: number): { type: string; size: number; head: number } | undefined {
  if (bytes.length - at < 8) return undefined
  const data = view(bytes)
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
  const size = data.getUint32(at)
  if (size !== 1) return { type, size: Math.max(8, size), head: 8 }
  return bytes.length - at < 16 ? undefined : { type, size: Math.max(16, Number(data.getBigUint64(at + 8))), head: 16 }
}

function* children(box: Uint8Array, skip = 8): Generator<{ type: string; body: Uint8Array; box: Uint8Array }> {
  for (let at = skip; ;) {
    const found = boxAt(box, at)
    if (found === undefined || at + found.size > box.length) return
    yield { type: found.type, body: box.subarray(at + found.head, at + found.size), box: box.subarray(at, at + found.size) }
    at += found.size
  }
}

const child = (box: Uint8Array, type: string): { body: Uint8Array; box: Uint8Array } | undefined => {
  for (const found of children(box)) if (found.type === type) return found
  return undefined
}

// The time scale of each track.
function scalesOf(moov: Uint8Array): Map<number, number> {
  const scales = new Map<number, number>()
  for (const { type, box } of children(moov)) {
    const head = type === 'trak' ? child(box, 'tkhd')?.body : undefined
    const media = type === 'trak' ? child(box, 'mdia')?.box : undefined
    const times = media === undefined ? undefined : child(media, 'mdhd')?.body
    if (head === undefined || times === undefined) continue
    scales.set(view(head).getUint32(head[0] === 1 ? 20 : 12), view(times).getUint32(times[0] === 1 ? 20 : 12))
  }
  return scales
}

// When the first track of a fragment begins.
function startOf(moof: Uint8Array, scales: ReadonlyMap<number, number>): number | undefined {
  const traf = child(moof, 'traf')?.box
  const head = traf === undefined ? undefined : child(traf, 'tfhd')?.body
  const time = traf === undefined ? undefined : child(traf, 'tfdt')?.body
  const scale = head === undefined ? undefined : scales.get(view(head).getUint32(4))
  if (time === undefined || scale === undefined) return undefined
  return (time[0] === 1 ? Number(view(time).getBigUint64(4)) : view(time).getUint32(4)) / scale
}

// The tracks of pictures.
function picturesOf(moov: Uint8Array): Set<number> {
  const pictures = new Set<number>()
  for (const { type, box } of children(moov)) {
    const head = type === 'trak' ? child(box, 'tkhd')?.body : undefined
    const media = type === 'trak' ? child(box, 'mdia')?.box : undefined
    const handler = media === undefined ? undefined : child(media, 'hdlr')?.body
    if (head === undefined || handler === undefined || String.fromCharCode(...handler.subarray(8, 12)) !== 'vide') continue
    pictures.add(view(head).getUint32(head[0] === 1 ? 20 : 12))
  }
  return pictures
}

// Of a sample that no decoder can begin with (ISO/IEC 14496-12, 8.8.3.1).
const NON_SYNC = 0x10000

// Whether a fragment has a key frame of the picture; undefined without a picture.
function keyOf(moof: Uint8Array, pictures: ReadonlySet<number>): boolean | undefined {
  let key: boolean | undefined
  for (const { type, box } of children(moof)) {
    const head = type === 'traf' ? child(box, 'tfhd')?.body : undefined
    const run = type === 'traf' ? child(box, 'trun')?.body : undefined
    if (head === undefined || run === undefined || !pictures.has(view(head).getUint32(4))) continue
    key ||= flagsOf(head, run).some((flags) => (flags & NON_SYNC) === 0)
  }
  return key
}

// The flags of the samples of a run: its own for the first, of each sample, or the default of the fragment (8.8.7, 8.8.8).
function flagsOf(head: Uint8Array, run: Uint8Array): number[] {
  const [of, fields] = [view(head), view(run)]
  const has = fields.getUint32(0) & 0xffffff
  const count = fields.getUint32(4)
  const defaults = of.getUint32(0) & 0xffffff
  const size = [1, 1, 2, 8, 16].reduce((sum, bit) => sum + (defaults & bit ? 4 : 0), 8)
  const common = defaults & 0x20 ? of.getUint32(size) : 0
  let at = 8 + (has & 1 ? 4 : 0)
  const first = has & 4 ? fields.getUint32(at) : undefined
  if (has & 4) at += 4
  if ((has & 0x400) === 0) return first === undefined ? [common] : count > 1 ? [first, common] : [first]
  const each = [0x100, 0x200, 0x400, 0x800].reduce((sum, bit) => sum + (has & bit ? 4 : 0), 0)
  const inside = (has & 0x100 ? 4 : 0) + (has & 0x200 ? 4 : 0)
  return Array.from({ length: count }, (_, i) => fields.getUint32(at + i * each + inside))
}

const EBML = 0x1a45dfa3
const SEGMENT = 0x18538067
const CLUSTER = 0x1f43b675
const TIMESTAMP = 0xe7
const TRACKS = 0x1654ae6b

// Segments and clusters, whose size nobody knows, are gone into; all else is whole before it is given on.
class WebmCutter implements Cutter {
  #rest = new Uint8Array(0)
  #init: Uint8Array<ArrayBuffer>[] = []
  #media: Uint8Array<ArrayBuffer>[] = []
  #time: number | undefined
  #isOpening = false

  push(chunk: Uint8Array<ArrayBuffer>): Piece[] {
    let bytes = this.#rest.length === 0 ? chunk : join([this.#rest, chunk])
    const pieces: Piece[] = []
    const flush = (): void => {
      // A cluster is not begun before its time is known.
      if (this.#isOpening) return
      if (this.#media.length > 0) pieces.push({ init: false, bytes: join(this.#media), start: this.#time })
      this.#media = []
    }
    for (;;) {
      const element = elementAt(bytes)
      if (element === undefined) break
      const { id, head, size } = element
      const inside = id === SEGMENT || id === CLUSTER
      const length = inside ? head : head + size
      if (bytes.length < length) break
      const whole = bytes.subarray(0, length)
      bytes = bytes.subarray(length)
      if (id === EBML) {
        this.#isOpening = false
        flush()
        this.#init = [whole]
      } else if (this.#init.length > 0) {
        this.#init.push(whole)
        if (id !== TRACKS) continue
        pieces.push({ init: true, bytes: join(this.#init) })
        this.#init = []
      } else {
        if (id === CLUSTER) {
          flush()
          this.#isOpening = true
        }
        if (id === TIMESTAMP) {
          this.#isOpening = false
          this.#time = whole.subarray(head).reduce((sum, byte) => sum * 256 + byte, 0) / 1000
        }
        this.#media.push(whole)
      }
    }
    flush()
    if (bytes.length > MOST) throw new RangeError('The stream is not what it says it is')
    this.#rest = bytes.slice()
    return pieces
  }
}

// The id and size of the element that begins here; a size of which nobody knows is Infinity.
function elementAt(bytes: Uint8Array): { id: number; head: number; size: number } | undefined {
  if (bytes.length === 0) return undefined
  const idLength = Math.clz32(bytes[0]!) - 23
  const first = bytes[idLength]
  const sizeLength = first === undefined ? 1 : Math.clz32(first) - 23
  if (idLength > 4 || sizeLength > 8) throw new RangeError('The stream is not what it says it is')
  const head = idLength + sizeLength
  if (first === undefined) return undefined
  if (bytes.length < head) return undefined
  const id = bytes.subarray(0, idLength).reduce((sum, byte) => sum * 256 + byte, 0)
  let size = first & (0xff >> sizeLength)
  let unknown = size === 0xff >> sizeLength
  for (const byte of bytes.subarray(idLength + 1, head)) {
    size = size * 256 + byte
    unknown &&= byte === 0xff
  }
  return { id, head, size: unknown ? Infinity : size }
}
