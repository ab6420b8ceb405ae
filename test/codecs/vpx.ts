import { readFileSync } from 'node:fs'
import t from 'tap'
import { av1Codecs, isAv1KeyFrame, readAv1C, readAv1Sequence, withoutAv1Delimiter, writeAv1C } from '../../lib/codecs/av1.js'
import { isVp8KeyFrame, readVp8KeyFrame } from '../../lib/codecs/vp8.js'
import { isVp9KeyFrame, readVp9KeyFrame, readVp9Private, readVpcC, vp9Codecs, vp9Level, writeVpConfig } from '../../lib/codecs/vp9.js'
import { ID, readElementHead, readElements, writeElementHead } from '../../lib/formats/ebml.js'

/** The payloads of the blocks of track 1, and whether each is marked as a key frame. */
function blocks(name: string): { key: boolean; payload: Buffer }[] {
  const bytes = readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
  const found: { key: boolean; payload: Buffer }[] = []
  const walk = (body: Buffer): void => {
    for (const element of readElements(body)) {
      if (element.id === ID.Segment || element.id === ID.Cluster) walk(element.body)
      if (element.id !== ID.SimpleBlock || element.body[0] !== 0x81) continue
      found.push({ key: element.body[3]! >= 0x80, payload: element.body.subarray(4) })
    }
  }
  walk(bytes)
  return found
}

t.test('the key-frame tests agree with what the muxer says of every block', (t) => {
  const cases = [
    ['vp8-vorbis.webm', isVp8KeyFrame],
    ['vp9-opus.webm', isVp9KeyFrame],
    ['av1-opus.webm', isAv1KeyFrame],
  ] as const
  for (const [name, test] of cases) {
    const all = blocks(name)
    t.ok(all.length > 20 && all.some((block) => block.key) && all.some((block) => !block.key), `${name} has frames of both kinds`)
    t.same(
      all.map((block) => test(block.payload)),
      all.map((block) => block.key),
      name,
    )
  }
  t.end()
})

t.test('the first key frame tells picture and profile; what is cut off or none tells nothing', (t) => {
  const [vp8, vp9, av1] = ['vp8-vorbis.webm', 'vp9-opus.webm', 'av1-opus.webm'].map((name) => blocks(name)[0]!.payload)
  t.same(readVp8KeyFrame(vp8!), { width: 128, height: 72 })
  t.same(readVp9KeyFrame(vp9!), { profile: 0, bitDepth: 8, chroma: 1, width: 128, height: 72 })
  t.same(readAv1Sequence(av1!), { profile: 0, level: 0, tier: 0, bitDepth: 8, width: 128, height: 72, chroma: 12 })
  // The first four bytes are those of the CodecPrivate that ffmpeg wrote; then comes the sequence header as the stream has it.
  const record = writeAv1C(av1!)!
  t.equal(record.toString('hex', 0, 6), '81000c000a0a')
  t.ok(av1!.includes(record.subarray(4)))
  t.equal(writeAv1C(vp8!), undefined)
  t.same(withoutAv1Delimiter(Buffer.from([0x12, 0, 9])), Buffer.from([9]))
  t.equal(withoutAv1Delimiter(av1!), av1)
  t.same(readVpcC(Buffer.concat([Buffer.from([1, 0, 0, 0]), writeVpConfig({ profile: 1, level: 31, bitDepth: 10, chroma: 3 })])), {
    profile: 1,
    level: 31,
    bitDepth: 10,
  })
  t.doesNotThrow(() => {
    for (let size = 0; size < 40; size++) {
      for (const frame of [vp8!, vp9!, av1!]) {
        const short = frame.subarray(0, size)
        const found = [readVp8KeyFrame(short), readVp9KeyFrame(short), readAv1Sequence(short), isAv1KeyFrame(short)]
        if (size < 4 && found.some((value) => value)) throw new Error(`${size} bytes told something`)
      }
    }
  })
  t.equal(isVp8KeyFrame(Buffer.alloc(0)), false)
  t.equal(isVp9KeyFrame(Buffer.from([0x8c, 0])), false, 'show_existing_frame is no key frame')
  t.equal(isVp9KeyFrame(Buffer.from([0x00, 0, 0])), false, 'no frame marker')
  t.end()
})

t.test('codec strings have the real level and no optional fields', (t) => {
  t.equal(vp9Codecs({ profile: 2, level: 51, bitDepth: 10 }), 'vp09.02.51.10')
  t.equal(vp9Codecs({ profile: 0, bitDepth: 8 }), 'vp09.00.10.08')
  t.equal(av1Codecs({ profile: 0, level: 8, tier: 0, bitDepth: 8 }), 'av01.0.08M.08')
  t.equal(av1Codecs({ profile: 1, level: 19, tier: 1, bitDepth: 10 }), 'av01.1.19H.10')
  t.same(
    [
      [128, 72, 25],
      [640, 360, 30],
      [1280, 720, 30],
      [1280, 720, 60],
      [1920, 1080, 30],
      [1920, 1080, 60],
      [3840, 2160, 30],
      [3840, 2160, 60],
      [7680, 4320, 30],
      [20_000, 20_000, 60],
    ].map(([width, height, rate]) => vp9Level(width!, height!, rate)),
    [10, 21, 31, 40, 40, 41, 50, 51, 60, 62],
  )
  t.end()
})

t.test('stored configurations are read', (t) => {
  t.same(readVpcC(Buffer.from('01000000001f8203020200000000', 'hex').subarray(0, 12)), { profile: 0, level: 31, bitDepth: 8 })
  t.equal(readVpcC(Buffer.alloc(12)), undefined, 'version 0 has another form')
  t.same(
    readVp9Private(Buffer.from('01010202011f03010a040101', 'hex').subarray(0, 3)),
    { profile: 2, level: undefined, bitDepth: 8 },
    'cut off',
  )
  t.same(readVp9Private(Buffer.from('01010202012903010a', 'hex')), { profile: 2, level: 41, bitDepth: 10 })
  t.equal(readVp9Private(Buffer.from('4f707573', 'hex')), undefined)
  t.same(readAv1C(Buffer.from('81282c00', 'hex')), { profile: 1, level: 8, tier: 0, bitDepth: 8 })
  t.same(readAv1C(Buffer.from('814de000', 'hex')), { profile: 2, level: 13, tier: 1, bitDepth: 12 })
  t.equal(readAv1C(Buffer.from('01282c00', 'hex')), undefined)
  t.end()
})

t.test('element heads: unknown sizes, reserved forms and missing bytes', (t) => {
  t.same(readElementHead(Buffer.from('1f43b67501ffffffffffffff', 'hex')), { id: ID.Cluster, size: Infinity, headSize: 12 })
  t.same(readElementHead(Buffer.from('1f43b675ff', 'hex')), { id: ID.Cluster, size: Infinity, headSize: 5 })
  t.same(readElementHead(Buffer.from('a3407f', 'hex')), { id: ID.SimpleBlock, size: 127, headSize: 3 })
  t.equal(readElementHead(Buffer.from('0843', 'hex')), null, 'an id has at most four bytes')
  t.equal(readElementHead(Buffer.from('a300', 'hex')), null, 'a size has at most eight')
  t.equal(readElementHead(Buffer.from('1f43b67501ffff', 'hex')), undefined)
  t.equal(readElementHead(Buffer.alloc(0)), undefined)
  const cases = [0, 1, 126, 127, 128, 16_382, 16_383, 2 ** 28 - 2, 2 ** 28 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER, Infinity].flatMap(
    (size) => [ID.SimpleBlock, ID.DocType, ID.TimestampScale, ID.Cluster].map((id) => ({ id, size })),
  )
  t.same(
    cases.map(({ id, size }) => readElementHead(writeElementHead(id, size))),
    cases.map(({ id, size }) => ({ id, size, headSize: writeElementHead(id, size).length })),
    'write, read, equal',
  )
  t.end()
})
