/** A value of Adobe's Action Message Format, version 0. Dates are numbers (milliseconds), what is not understood is `undefined`. */
export type AmfValue = number | boolean | string | null | undefined | readonly AmfValue[] | AmfObject

/** An object of AMF 0, or one of its arrays with names. */
export type AmfObject = ReadonlyMap<string, AmfValue>

/** Objects in objects: more than any metadata has, fewer than the stack holds. */
const MAX_DEPTH = 16

/** Reads values of AMF 0 (the specification of 2007), one behind the other, until the bytes end or make no sense. */
export function readAmf(bytes: Buffer): AmfValue[] {
  const values: AmfValue[] = []
  const cursor: Cursor = { bytes, at: 0 }
  try {
    while (cursor.at < bytes.length) values.push(readValue(cursor, 0))
  } catch (error) {
    // Buffer's own range check says that the bytes are cut; anything else is a fault of ours.
    if (!(error instanceof RangeError)) throw error
  }
  return values
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

function readValue(cursor: Cursor, depth: number): AmfValue {
  const { bytes } = cursor
  const marker = bytes.readUInt8(cursor.at++)
  switch (marker) {
    case 0:
      return bytes.readDoubleBE((cursor.at += 8) - 8)
    case 1:
      return bytes.readUInt8(cursor.at++) !== 0
    case 2:
      return readString(cursor, bytes.readUInt16BE((cursor.at += 2) - 2))
    case 3:
      return readObject(cursor, depth)
    case 5:
      return null
    case 6:
      return undefined
    case 8:
      // The count before a named array is a hint: many writers leave it at 0.
      cursor.at += 4
      return readObject(cursor, depth)
    case 10: {
      const values: AmfValue[] = []
      for (let count = bytes.readUInt32BE((cursor.at += 4) - 4); count > 0; count--) values.push(readDeeper(cursor, depth))
      return values
    }
    case 11:
      return bytes.readDoubleBE((cursor.at += 10) - 10)
    case 12:
      return readString(cursor, bytes.readUInt32BE((cursor.at += 4) - 4))
    default:
      throw new RangeError(`Cannot read AMF marker ${marker}`)
  }
}

function readDeeper(cursor: Cursor, depth: number): AmfValue {
  if (depth >= MAX_DEPTH) throw new RangeError('Cannot read AMF values that are nested so deep')
  return readValue(cursor, depth + 1)
}

function readString(cursor: Cursor, size: number): string {
  if (cursor.at + size > cursor.bytes.length) throw new RangeError('Cannot read a string that is cut')
  return cursor.bytes.toString('utf8', cursor.at, (cursor.at += size))
}

function readObject(cursor: Cursor, depth: number): AmfObject {
  const object = new Map<string, AmfValue>()
  for (;;) {
    const name = readString(cursor, cursor.bytes.readUInt16BE((cursor.at += 2) - 2))
    if (name === '' && cursor.bytes[cursor.at] === 9) {
      cursor.at++
      return object
    }
    object.set(name, readDeeper(cursor, depth))
  }
}
