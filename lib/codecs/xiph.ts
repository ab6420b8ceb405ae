// count - 1: 1 | sizes of all but the last, each as bytes of 255 and one below | packets
/**
 * Puts packets into one block in Xiph lacing, as Matroska's CodecPrivate holds Vorbis headers.
 * @param packets 1 to 256 of them
 */
export function writeXiphLacing(packets: readonly Buffer[]): Buffer {
  const sizes = packets.slice(0, -1).flatMap(({ length }) => [...Array<number>(Math.floor(length / 255)).fill(255), length % 255])
  return Buffer.concat([Buffer.from([packets.length - 1, ...sizes]), ...packets])
}

/** The packets of a block in Xiph lacing, as views; `undefined` when it is cut off. */
export function readXiphLacing(bytes: Buffer): Buffer[] | undefined {
  const count = bytes[0]
  if (count === undefined) return undefined
  const sizes: number[] = []
  let at = 1
  while (sizes.length < count) {
    let size = 0
    for (; bytes[at] === 255; at++) size += 255
    if (at >= bytes.length) return undefined
    sizes.push(size + bytes[at++]!)
  }
  const packets: Buffer[] = []
  for (const size of sizes) {
    packets.push(bytes.subarray(at, at + size))
    at += size
  }
  if (at > bytes.length) return undefined
  return [...packets, bytes.subarray(at)]
}
