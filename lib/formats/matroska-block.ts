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
  return { number, time: body.readInt16BE(size), key: flags >= 0x80, laced: (flags & 6) !== 0, payload: body.subarray(size + 3) }
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
