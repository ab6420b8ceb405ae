/** The size and type that every box of ISO/IEC 14496-12 begins with. */
export interface BoxHead {
  /** Four characters, such as `moof`. */
  readonly type: string
  /** Bytes of the whole box, head included; `Infinity` when it runs to the end of the stream. */
  readonly size: number
  /** Bytes of the head itself: 8, or 16 with a 64-bit size. */
  readonly headSize: number
}

/** A box inside another. */
export interface Box {
  /** Four characters, such as `trak`. */
  readonly type: string
  /** Its content. */
  readonly body: Buffer
  /** The whole box, head included. */
  readonly bytes: Buffer
}

/**
 * Reads the head of a box.
 *
 * ```text
 * | size: 4 bytes; 1 = in 64 bits behind the type, 0 = to the end | type: 4 characters | size: 8 bytes? | body |
 * ```
 * @returns `undefined` when bytes are missing, `null` when no box can begin like this
 */
export function readBoxHead(bytes: Buffer, at = 0): BoxHead | null | undefined {
  if (at + 8 > bytes.length) return undefined
  const type = bytes.toString('latin1', at + 4, at + 8)
  let size = bytes.readUInt32BE(at)
  let headSize = 8
  if (size === 1) {
    if (at + 16 > bytes.length) return undefined
    headSize = 16
    size = bytes.readUInt32BE(at + 8) * 2 ** 32 + bytes.readUInt32BE(at + 12)
  } else if (size === 0) size = Infinity
  return size < headSize || (size !== Infinity && !Number.isSafeInteger(size)) ? null : { type, size, headSize }
}

/** Goes over the boxes in a body; ends at the first that does not fit. */
export function* readBoxes(body: Buffer): Generator<Box> {
  for (let at = 0; at < body.length;) {
    const head = readBoxHead(body, at)
    if (!head) return
    const end = head.size === Infinity ? body.length : at + head.size
    if (end > body.length) return
    yield { type: head.type, body: body.subarray(at + head.headSize, end), bytes: body.subarray(at, end) }
    at = end
  }
}

/** The body of the first box on a path of types, such as `['mdia', 'minf', 'stbl']`; `undefined` when one is missing. */
export function findBox(body: Buffer, path: readonly string[]): Buffer | undefined {
  let found: Buffer | undefined = body
  for (const type of path) {
    let child: Buffer | undefined
    for (const box of readBoxes(found)) {
      if (box.type !== type) continue
      child = box.body
      break
    }
    if (child === undefined) return undefined
    found = child
  }
  return found
}

/** Writes a box of the given content. */
export function writeBox(type: string, ...content: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(8)
  const box = Buffer.concat([head, ...content])
  box.writeUInt32BE(box.length, 0)
  box.write(type, 4, 'latin1')
  return box
}
