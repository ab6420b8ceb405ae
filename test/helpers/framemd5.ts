/** One packet in the output of ffmpeg's `-f framemd5`. */
export interface HashedPacket {
  readonly stream: number
  /** When it is shown, in seconds on the file's own clock. Decoding times are not compared: Matroska has none, and ffmpeg guesses. */
  readonly pts: number
  readonly size: number
  readonly hash: string
}

/** The packets of a `-f framemd5` output, by stream, and what kind each stream is. */
export interface Hashes {
  readonly packets: readonly (readonly HashedPacket[])[]
  /** `video` or `audio`, by stream. */
  readonly kinds: readonly string[]
}

/** Packets at the start whose times are not compared. */
const GUESSED = 10

/** Reads what `ffmpeg -c copy -f framemd5` prints. */
export function parseFramemd5(text: string): Hashes {
  const ticks: number[] = []
  const kinds: string[] = []
  const packets: HashedPacket[][] = []
  for (const line of text.split('\n')) {
    const head = /^#(tb|media_type) (\d+): (\S+)/.exec(line)
    if (head !== null) {
      const stream = Number(head[2])
      if (head[1] === 'media_type') kinds[stream] = head[3] ?? ''
      else {
        const [above, below] = (head[3] ?? '').split('/').map(Number)
        ticks[stream] = (above ?? 1) / (below ?? 1)
      }
      continue
    }
    if (line.startsWith('#') || line.trim() === '') continue
    const [stream, , pts, , size, hash] = line.split(',').map((part) => part.trim())
    // A cut last line has no whole hash.
    if (hash === undefined || hash.length !== 32) continue
    const index = Number(stream)
    const list = (packets[index] ??= [])
    list.push({ stream: index, pts: Number(pts) * (ticks[index] ?? 1), size: Number(size), hash })
  }
  return { packets: Array.from(kinds, (_, i) => packets[i] ?? []), kinds }
}

/**
 * Says in a sentence how what a late listener got differs from what was sent; an empty text if it does not: each stream's packets
 * are an unbroken run of the source's, from the joining point on, at the same distances in time, and the first picture is a key frame.
 * @param late whether the run must begin after the source's first packet
 */
export function difference(sent: Hashes, got: Hashes, keys: ReadonlySet<string>, late = true): string {
  if (got.kinds.length === 0) return 'nothing came'
  if (got.kinds.join() !== sent.kinds.join()) return `the streams are ${got.kinds.join(' and ')}, not ${sent.kinds.join(' and ')}`
  for (const [stream, packets] of got.packets.entries()) {
    const kind = `stream ${stream} (${got.kinds[stream]})`
    const source = sent.packets[stream] ?? []
    const first = packets[0]
    if (first === undefined || packets.length <= GUESSED) return `${kind}: only ${packets.length} packets came`
    if (got.kinds[stream] === 'video' && !keys.has(first.hash)) return `${kind}: the first picture is no key frame that was sent`
    // Equal packets may stand next to each other (silence): the run is where the longest stretch agrees.
    let best = 0
    let from = -1
    for (let at = 0; at < source.length; at++) {
      let length = 0
      while (length < packets.length && source[at + length]?.hash === packets[length]?.hash) length++
      if (length > best) [best, from] = [length, at]
    }
    if (best < packets.length) {
      const wrong = packets[best]
      return `${kind}: packet ${best} of ${packets.length} (${wrong?.size} bytes) is not the one that followed in the source (run from ${from})`
    }
    if (late && from === 0) return `${kind}: it came from the source's very first packet on, so nothing was joined late`
    // The first pages of Ogg FLAC give ffmpeg no time when they are joined late: it guesses, and is right from the next page on.
    const drift = source.slice(from + GUESSED, from + packets.length).map((packet, i) => packet.pts - (packets[i + GUESSED]?.pts ?? 0))
    const spread = Math.max(...drift) - Math.min(...drift)
    if (spread > 0.005) return `${kind}: the distances in time differ by ${spread.toFixed(3)} s`
  }
  return ''
}

/** Where what was got lies in what was sent: the longest stretch of it that is an unbroken run there. */
export interface Run {
  /** The place of its first item in what was sent; -1 when nothing agrees. */
  readonly from: number
  /** The place of its first item in what was got. */
  readonly at: number
  /** How many items agree. */
  readonly length: number
}

/** Finds the longest run of what was got that is in what was sent, too, item by item. */
export function longestRun(sent: readonly string[], got: readonly string[]): Run {
  const places = new Map<string, number[]>()
  for (const [at, item] of sent.entries()) places.set(item, [...(places.get(item) ?? []), at])
  let best: Run = { from: -1, at: 0, length: 0 }
  for (let at = 0; at < got.length - best.length; at++)
    for (const from of places.get(got[at]!) ?? []) {
      let length = 0
      while (at + length < got.length && sent[from + length] === got[at + length]) length++
      if (length > best.length) best = { from, at, length }
    }
  return best
}
