import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { isTheoraKeyFrame } from '../../lib/codecs/theora.js'
import type { Frame } from '../../lib/formats/frame.js'
import { pagePackets, pageSize, readPage, writePage, type Page } from '../../lib/formats/ogg-page.js'
import { OggDemuxer } from '../../lib/formats/ogg.js'
import { checkDemuxer, demux, property } from '../helpers/demuxer.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const opus = fixture('ogg-opus.opus')
const vorbis = fixture('ogg-vorbis.ogg')
const flac = fixture('ogg-flac.ogg')
const speex = fixture('ogg-speex.ogg')
const theora = fixture('ogg-theora-vorbis.ogv')
const chained = Buffer.concat([opus, vorbis, flac, speex, theora, opus])

const syncs = (frames: readonly Frame[]): Frame[] => frames.filter((frame) => frame.sync)
const join = (frames: readonly Frame[]): Buffer => Buffer.concat(frames.map((frame) => frame.bytes))
const pages = (bytes: Buffer): Page[] => {
  const all: Page[] = []
  for (let at = 0; at < bytes.length;) {
    const size = pageSize(bytes.subarray(at))!
    all.push(readPage(bytes.subarray(at, at + size))!)
    at += size
  }
  return all
}

// Pages of one logical stream, written packet by packet: each list of packets is a page; a packet that ends with '…' goes on in the next.
const stream = (
  serial: number,
  list: readonly { packets: readonly Buffer[]; granule?: bigint; bos?: boolean; eos?: boolean; open?: boolean }[],
): Buffer[] => {
  let continued = false
  return list.map(({ packets, granule = 0n, bos = false, eos = false, open = false }, sequence) => {
    const lacing = packets.flatMap(({ length }, i) => {
      const full = Array.from({ length: Math.floor(length / 255) }, () => 255)
      return open && i === packets.length - 1 ? full : [...full, length % 255]
    })
    const page = writePage({
      continued,
      bos,
      eos,
      granule,
      serial,
      sequence,
      lacing: Uint8Array.from(lacing),
      body: Buffer.concat(packets),
    })
    continued = open
    return page
  })
}
const opusHead = Buffer.from('OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0', 'latin1')
const tags = (title: string, padding = 0): Buffer => {
  const entry = Buffer.from(`TITLE=${title}`)
  const head = Buffer.alloc(20)
  head.write('OpusTags', 'latin1')
  head.writeUInt32LE(1, 12)
  head.writeUInt32LE(entry.length, 16)
  return Buffer.concat([head, entry, Buffer.alloc(padding)])
}
const sound = (size: number): Buffer => Buffer.alloc(size, 0xfc)

// The tags begin on one page, go on on a second, and end on a third, which already holds sound.
const spread = stream(7, [
  { packets: [opusHead], bos: true },
  { packets: [tags('Spread', 1234).subarray(0, 510)], granule: -1n, open: true },
  { packets: [tags('Spread', 1234).subarray(510, 1020)], granule: -1n, open: true },
  { packets: [tags('Spread', 1234).subarray(1020), sound(40), sound(255)], granule: 960n, open: true },
  { packets: [sound(20), sound(30)], granule: 2880n },
  { packets: [sound(50), sound(60)], granule: 4800n, eos: true },
])
const skeleton = [
  ...stream(1, [{ packets: [Buffer.from('fishead\0'.padEnd(64, '\0'), 'latin1')], bos: true }]),
  ...stream(2, [{ packets: [opusHead], bos: true }]),
  ...stream(1, [{ packets: [] }, { packets: [Buffer.from('fisbone\0'.padEnd(52, '\0'), 'latin1')] }]).slice(1),
  ...stream(2, [{ packets: [] }, { packets: [tags('Skeleton')] }]).slice(1),
  ...stream(1, [{ packets: [] }, { packets: [] }, { packets: [Buffer.alloc(0)], eos: true }]).slice(2),
  ...stream(2, [{ packets: [] }, { packets: [] }, { packets: [sound(9)], granule: 960n }, { packets: [sound(9)], granule: 1920n }]).slice(
    2,
  ),
]

t.test('OggDemuxer', async (t) => {
  await checkDemuxer(t, () => new OggDemuxer(), {
    opus,
    vorbis,
    flac,
    speex,
    theora,
    chained,
    spread: Buffer.concat(spread),
    skeleton: Buffer.concat(skeleton),
  })
})

const audio = (codec: string, sampleRate: number, channels: number): object => ({
  kind: 'audio',
  codec,
  codecs: codec.toLowerCase(),
  sampleRate,
  channels,
})

t.test('tracks, comments and content type are those of the chain that plays', async (t) => {
  const demuxer = new OggDemuxer()
  const seen = [opus, vorbis, flac, speex, theora].map((bytes) => {
    demuxer.push(bytes)
    return [demuxer.contentType, demuxer.comments['title'], demuxer.comments['artist'], demuxer.tracks]
  })
  t.strictSame(seen, [
    ['audio/ogg', 'Grüße', 'Någon', [audio('Opus', 48_000, 2)]],
    ['audio/ogg', 'Zwei', undefined, [{ ...audio('Vorbis', 44_100, 1), bitrate: 48_000 }]],
    ['audio/ogg', 'Drei', undefined, [audio('FLAC', 44_100, 1)]],
    ['audio/ogg', undefined, undefined, [audio('Speex', 16_000, 1)]],
    [
      'video/ogg',
      'Vier',
      undefined,
      [
        { kind: 'video', codec: 'Theora', codecs: 'theora', width: 128, height: 72, frameRate: 15, bitrate: 60_000 },
        { ...audio('Vorbis', 44_100, 1), bitrate: 48_000 },
      ],
    ],
  ])
})

t.test('who starts at a sync frame gets every header packet of its chain and then whole packets', async (t) => {
  const fails: string[] = []
  let starts = 0
  for (const [name, input] of Object.entries({
    opus,
    vorbis,
    flac,
    speex,
    theora,
    chained,
    spread: Buffer.concat(spread),
    skeleton: Buffer.concat(skeleton),
  })) {
    const frames = demux(new OggDemuxer(), [input])
    for (const [i, frame] of frames.entries()) {
      if (!frame.sync) continue
      starts++
      const late = new OggDemuxer()
      const again = demux(late, [frame.header, ...frames.slice(i).map((f) => f.bytes)])
      const headers = pages(frame.header)
      const first = again[headers.length]!
      if (late.skipped > 0 || !first.sync || !first.header.equals(frame.header) || !first.bytes.equals(frame.bytes))
        fails.push(`${name} ${i}: not read back`)
      if (syncs(again).length !== syncs(frames.slice(i)).length) fails.push(`${name} ${i}: other sync frames`)
      if (readPage(frame.bytes)!.continued) fails.push(`${name} ${i}: begins within a packet`)
      if (headers.some((page) => page.lacing.at(-1) === 255 && page === headers.at(-1)))
        fails.push(`${name} ${i}: the header ends within a packet`)
    }
  }
  t.strictSame(fails, [])
  t.ok(starts > 50)
})

t.test('a page with the end of the headers and the first sound goes into the header without the sound', async (t) => {
  const frames = demux(new OggDemuxer(), spread)
  t.strictSame(
    frames.map((f) => f.sync),
    [false, false, false, false, false, true],
    'nor is a page that begins within a packet a place to start',
  )
  const packets = pages(frames[5]!.header).flatMap((page) => [...pagePackets(page)])
  t.strictSame(Buffer.concat(packets.map((p) => p.bytes)), Buffer.concat([opusHead, tags('Spread', 1234)]))
  t.ok(packets.at(-1)!.ends)
})

t.test('with video, only a page that begins with a key frame is a place to start', async (t) => {
  const frames = demux(new OggDemuxer(), [theora])
  const all = frames.map((f) => readPage(f.bytes)!)
  const serial = all[0]!.serial
  const isKey = all.map(
    (page) => page.serial === serial && !page.continued && page.granule > 0n && isTheoraKeyFrame([...pagePackets(page)][0]!.bytes),
  )
  t.strictSame(
    frames.map((f) => f.sync),
    isKey,
  )
  t.equal(syncs(frames).length, 3)
})

t.test('groups, and streams about other streams', async (t) => {
  const demuxer = new OggDemuxer()
  const frames = demux(demuxer, skeleton)
  t.strictSame(
    frames.map((f) => f.sync),
    [false, false, false, false, false, true, true],
  )
  t.equal(
    frames[5]!.header.length,
    skeleton.slice(0, 5).reduce((sum, page) => sum + page.length, 0),
    'Skeleton is all in the header',
  )
  t.equal(demuxer.comments['title'], 'Skeleton')
})

t.test('frames of one chain share one header, and a new chain brings its own', async (t) => {
  const frames = syncs(demux(new OggDemuxer(), [chained]))
  const headers = frames.map((f) => f.header)
  t.equal(new Set(headers).size, 6)
  t.ok(headers[0]!.equals(headers.at(-1)!), 'the first song again, with the same header')
})

t.test('damage', async (t) => {
  const list = pages(vorbis).map((page) => writePage(page))
  t.ok(Buffer.concat(list).equals(vorbis), 'pages are written as they were read')
  const broken = list.map((page) => Buffer.from(page))
  broken[5]![40] = broken[5]![40]! ^ 0xff
  const demuxer = new OggDemuxer()
  const frames = demux(demuxer, broken)
  t.ok(join(frames).equals(Buffer.concat(list.toSpliced(5, 1))), 'a page whose CRC does not hold is left out, and only that')
  t.equal(demuxer.skipped, list[5]!.length)

  const noSetup = new OggDemuxer()
  t.equal(syncs(demux(noSetup, list.toSpliced(1, 1))).length, 0, 'nobody starts without all headers')
  const again = new OggDemuxer()
  t.ok(syncs(demux(again, [...list.toSpliced(1, 1), vorbis])).length > 0, 'until the next chain')

  const grouped = pages(theora).map((page) => writePage(page))
  const audioSerial = readPage(grouped[1]!)!.serial
  const lost = grouped.findIndex((page, i) => i > 1 && readPage(page)!.serial === audioSerial)
  const half = new OggDemuxer()
  t.equal(syncs(demux(half, grouped.toSpliced(lost, 1))).length, 2, 'a stream whose header is lost does not take the others with it')
  t.strictSame(
    half.tracks.map((track) => track.codec),
    ['Theora'],
  )
  t.ok(pages(syncs(demux(new OggDemuxer(), grouped.toSpliced(lost, 1)))[0]!.header).every((page) => page.serial !== audioSerial))

  const long = Array.from({ length: 17 }, () => ({ packets: [sound(64_770)], granule: -1n, open: true }))
  const huge = stream(9, [
    { packets: [opusHead], bos: true },
    { packets: [Buffer.concat([tags('x'), sound(483)])], granule: -1n, open: true },
    ...long,
  ])
  const bounded = new OggDemuxer()
  t.equal(syncs(demux(bounded, [...huge, opus])).length, 11, 'a header that does not end is given up, and the next chain is found')
  t.equal(bounded.skipped, 0)
})

t.test('where no page begins with a packet, some pages within which one begins are places to start', async (t) => {
  const list = Array.from({ length: 20 }, (_, i) => ({
    packets: [...(i === 0 ? [] : [sound(100)]), sound(255)],
    granule: BigInt(i),
    open: true,
  }))
  const frames = demux(new OggDemuxer(), stream(3, [{ packets: [opusHead], bos: true }, { packets: [tags('x')] }, ...list]))
  t.strictSame(
    frames.flatMap((f, i) => (f.sync ? [i] : [])),
    [2, 6, 10, 14, 18],
  )
})

t.test('writePage and readPage are each other’s inverse, and damage shows', async (t) => {
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(
        fc.record({
          continued: fc.boolean(),
          bos: fc.boolean(),
          eos: fc.boolean(),
          granule: fc.bigInt({ min: -1n, max: 2n ** 62n }),
          serial: fc.nat(0xffffffff),
          sequence: fc.nat(0xffffffff),
          lacing: fc.uint8Array({ maxLength: 255 }),
        }),
        fc.nat(),
        (head, at) => {
          const body = Buffer.alloc(
            head.lacing.reduce((sum, length) => sum + length, 0),
            0x5a,
          )
          const page = { ...head, body }
          const bytes = writePage(page)
          const back = readPage(bytes)!
          const packets = [...pagePackets(back)]
          const same = { ...back, lacing: Uint8Array.from(back.lacing) }
          const damaged = Buffer.from(bytes)
          damaged[at % bytes.length]! ^= 0x10
          return (
            pageSize(bytes) === bytes.length &&
            Object.entries(page).every(([key, value]) => fc.stringify(value) === fc.stringify(Reflect.get(same, key))) &&
            Buffer.concat(packets.map((p) => p.bytes)).equals(body) &&
            packets.filter((p) => p.ends).length === head.lacing.filter((length) => length < 255).length &&
            readPage(damaged) === undefined
          )
        },
      ),
      property(0.5),
    )
  })
  t.throws(
    () =>
      writePage({
        continued: false,
        bos: false,
        eos: false,
        granule: 0n,
        serial: 0,
        sequence: 0,
        lacing: Uint8Array.of(3),
        body: Buffer.alloc(2),
      }),
    RangeError,
  )
})
