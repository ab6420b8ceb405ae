import { readXiphLacing } from '../codecs/xiph.js'
import { ID, readElements } from './ebml.js'

/** What stands at the front of a block (RFC 9559 section 10). */
export interface Block {
  /** Of its track. */
  readonly number: number
  /** Relative to the cluster, in the Segment's ticks. */
  readonly time: number
  /** Whether it can be decoded without those before it. */
  readonly key: boolean
  /** Whether it holds several frames. */
  readonly laced: boolean
  /** How: 1 as Xiph does, 2 in equal sizes, 3 as EBML does; 0 when there is one. */
  readonly lacing: number
  /** Its frame, or its laced frames. */
  readonly payload: Buffer
}

// | track number: like an element's size | time: int16 | key 1, 000, invisible 1, lacing 2, discardable 1 | payload | (RFC 9559 section 10.2)
/** Reads the body of a SimpleBlock or Block; `undefined` when it is cut short or makes no sense. */
export function readBlock(body: Buffer): Block | undefined {
  const size = Math.clz32(body[0] ?? 0) - 23
  if (size > 4 || body.length < size + 3) return undefined
  const number = body.readUIntBE(0, size) - 2 ** (7 * size)
  const flags = body[size + 2]!
  const lacing = (flags >> 1) & 3
  return { number, time: body.readInt16BE(size), key: flags >= 0x80, laced: lacing !== 0, lacing, payload: body.subarray(size + 3) }
}

/**
 * Reads the body of a BlockGroup. Its block is a key frame when the group refers to no other block.
 * @param whole whether the body is; one that is not may still refer to another block
 */
export function readGroup(body: Buffer, whole: boolean): Block | undefined {
  let block: Block | undefined
  let key = whole
  for (const element of readElements(body)) {
    if (element.id === ID.Block) block = readBlock(element.body)
    else if (element.id === ID.ReferenceBlock) key = false
  }
  return block && { ...block, key }
}

/** The frames of a block (RFC 9559 section 10.3), as views; none when its lacing makes no sense. */
export function splitBlock({ lacing, payload }: Pick<Block, 'lacing' | 'payload'>): Buffer[] {
  switch (lacing) {
    case 0:
      return [payload]
    case 1:
      return readXiphLacing(payload) ?? []
    case 2: {
      const count = (payload[0] ?? 0) + 1
      const size = (payload.length - 1) / count
      if (!Number.isInteger(size) || size <= 0) return []
      return Array.from({ length: count }, (_, i) => payload.subarray(1 + i * size, 1 + (i + 1) * size))
    }
    default:
      return readEbmlLacing(payload)
  }
}

// count - 1: 1 | size of the first: like an element's size | of each but the last: its difference, with half the range taken off | frames
function readEbmlLacing(payload: Buffer): Buffer[] {
  const count = (payload[0] ?? 0) + 1
  const sizes: number[] = []
  let at = 1
  let size = 0
  for (let i = 0; i < count - 1; i++) {
    const width = Math.clz32(payload[at] ?? 0) - 23
    if (width > 4 || at + width > payload.length) return []
    const value = payload.readUIntBE(at, width) - 2 ** (7 * width)
    size = i === 0 ? value : size + value - (2 ** (7 * width - 1) - 1)
    if (size < 0) return []
    sizes.push(size)
    at += width
  }
  const frames: Buffer[] = []
  for (const each of sizes) {
    frames.push(payload.subarray(at, at + each))
    at += each
  }
  return at > payload.length ? [] : [...frames, payload.subarray(at)]
}
