import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { writeAdtsHeader } from '../../lib/codecs/aac.js'
import { id3Size, readId3, writeId3 } from '../../lib/codecs/id3.js'
import { readVorbisComments, writeVorbisComments } from '../../lib/codecs/vorbis.js'
import { readXiphLacing, writeXiphLacing } from '../../lib/codecs/xiph.js'
import { AdtsMuxer } from '../../lib/formats/adts-muxer.js'
import { AudioPacketReader } from '../../lib/formats/audio-packets.js'
import { AutoDemuxer } from '../../lib/formats/detect.js'
import { FlacMuxer } from '../../lib/formats/flac-muxer.js'
import { NO_HEADER, type FormatName, type Frame } from '../../lib/formats/frame.js'
import { createMediaTrack } from '../../lib/formats/media-track.js'
import { Mp3Demuxer } from '../../lib/formats/mp3.js'
import { Mp3Muxer } from '../../lib/formats/mp3-muxer.js'
import { OggDemuxer } from '../../lib/formats/ogg.js'
import { OggMuxer } from '../../lib/formats/ogg-muxer.js'
import { pagePackets, readPage, writePage } from '../../lib/formats/ogg-page.js'
import { OggPacketReader } from '../../lib/formats/ogg-packets.js'
import { isPackable, writePackedAudio } from '../../lib/formats/packed-audio.js'
import type { CodecId, MediaTrack, Muxer, Packet } from '../../lib/formats/packet.js'
import { createPacketReader } from '../../lib/formats/packets.js'
import { cut, demux, property } from '../helpers/demuxer.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const mp3 = fixture('mp3-stereo.mp3')
const mono = fixture('mp3-mono-22k-vbr.mp3')
const mp2 = fixture('mp2-mono.mp2')
const aac = fixture('adts-lc.aac')
const flac = fixture('flac-mono.flac')
const opus = fixture('ogg-opus.opus')
const vorbis = fixture('ogg-vorbis.ogg')
const oggFlac = fixture('ogg-flac.ogg')
const theora = fixture('ogg-theora-vorbis.ogv')
const speex = fixture('ogg-speex.ogg')

const framesOf = (bytes: Buffer, sizes: readonly number[] = [bytes.length]): { format: FormatName; frames: Frame[] } => {
  const demuxer = new AutoDemuxer()
  const frames = demux(demuxer, cut(bytes, sizes))
  return { format: demuxer.format, frames }
}
const read = (format: FormatName, frames: readonly Frame[]): Packet[] => {
  const reader = createPacketReader(format)!
  return [...reader.read(frames), ...reader.end()]
}
const packetsOf = (bytes: Buffer): Packet[] => {
  const { format, frames } = framesOf(bytes)
  return read(format, frames)
}
const ogg = (bytes: Buffer): Frame[] => demux(new OggDemuxer(), [bytes])
const outline = (packets: readonly Packet[]): string[] =>
  packets.map(({ track, dts, pts, duration, data, key }) =>
    [track.id, track.codecId, dts, pts - dts, duration, key, data.toString('base64url')].join(' '),
  )
const sum = (packets: readonly Packet[]): number => packets.reduce((total, { duration }) => total + duration, 0)
const isEven = (packets: readonly Packet[]): boolean =>
  packets.every(({ pts, dts }, i) => pts === dts && pts === (i === 0 ? pts : packets[i - 1]!.pts + packets[i - 1]!.duration))
const adts = (sampleRateIndex: number, channelConfig: number, count: number): Buffer =>
  Buffer.concat(
    Array.from({ length: count }, (_, i) =>
      Buffer.concat([writeAdtsHeader({ objectType: 2, sampleRateIndex, channelConfig }, 90), Buffer.alloc(90, i + 1)]),
    ),
  )

t.test('packets, samples and tracks are those of the stream', async (t) => {
  const told = [mp3, mono, mp2, aac, adts(6, 1, 5), adts(4, 0, 5), flac, opus, vorbis, oggFlac, theora, speex].map((bytes) => {
    const { format, frames } = framesOf(bytes)
    const reader = createPacketReader(format)!
    const packets = reader.read(frames)
    if (!isEven(packets) || reader.end().length > 0 || reader.pending) return 'not even'
    if (packets.some(({ track }) => track !== reader.tracks[0]) || reader.tracks.length > 1) return 'several tracks'
    const track = reader.tracks[0]
    if (track === undefined) return packets.length
    const { id, kind, codecs, timescale, sampleRate, channels, config } = track
    return [packets.length, packets[0]!.pts, sum(packets), id, kind, codecs, timescale, sampleRate, channels, config.length].join(' ')
  })
  t.strictSame(told, [
    '78 0 89856 1 audio mp4a.40.34 44100 44100 2 0',
    '41 0 23616 1 audio mp4a.40.34 22050 22050 1 0',
    0,
    '88 0 90112 1 audio mp4a.40.2 44100 44100 2 2',
    '5 0 5120 1 audio mp4a.40.5 24000 24000 1 2',
    0,
    '20 0 22050 1 audio flac 22050 22050 1 34',
    // What the pre-skip drops at the start and the last granule at the end counts as well.
    '101 0 96960 1 audio opus 48000 48000 2 19',
    `88 0 88640 1 audio vorbis 44100 44100 1 ${packetsOf(vorbis)[0]!.track.config.length}`,
    '39 0 44100 1 audio flac 44100 44100 1 34',
    `88 0 88640 1 audio vorbis 44100 44100 1 ${packetsOf(theora)[0]!.track.config.length}`,
    0,
  ])
  t.strictSame(
    packetsOf(aac).map(({ data }) => data.length),
    framesOf(aac).frames.map(({ bytes }) => bytes.length - 7),
    'AAC comes without its ADTS headers',
  )
  const protectedAac = Buffer.concat(
    Array.from({ length: 3 }, () => {
      const frame = Buffer.concat([writeAdtsHeader({ objectType: 2, sampleRateIndex: 4, channelConfig: 2 }, 92), Buffer.alloc(92, 9)])
      frame[1] = 0xf0
      return frame
    }),
  )
  t.strictSame(
    packetsOf(protectedAac).map(({ data }) => data.length),
    [90, 90, 90],
    'nor without their checksums',
  )
  const [id, comments, setup] = readXiphLacing(packetsOf(vorbis)[0]!.track.config)!
  t.strictSame([id![0], comments!.length, setup![0], setup!.length > 1000], [1, 16, 5, true], 'a Vorbis configuration holds empty comments')
  t.equal(createPacketReader('raw'), undefined)
})

const chained = Buffer.concat([opus, vorbis, oggFlac, speex, theora, opus, opus])
const inputs: [FormatName, Buffer][] = [
  ['mp3', Buffer.concat([mp3, mono, mp2, mp3])],
  ['adts', Buffer.concat([aac, adts(6, 1, 5), aac])],
  ['flac', Buffer.concat([flac, flac])],
  ['ogg', chained],
]

t.test('packets are equal for every chunking', async (t) => {
  const known = inputs.map(([format, bytes]) => outline(read(format, framesOf(bytes).frames)).join('\n'))
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(fc.nat(inputs.length - 1), fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }), (i, sizes) => {
        const [format, bytes] = inputs[i]!
        const demuxer = new AutoDemuxer()
        const reader = createPacketReader(format)!
        const packets = [...cut(bytes, sizes)].flatMap((chunk) => reader.read(demuxer.push(chunk)))
        packets.push(...reader.read(demuxer.end()), ...reader.end())
        return outline(packets).join('\n') === known[i]
      }),
      property(0.2),
    )
  })
})

t.test('one may begin at every sync frame', async (t) => {
  const fails: string[] = []
  for (const bytes of [mp3, aac, flac, opus, vorbis, oggFlac, theora]) {
    const { format, frames } = framesOf(bytes)
    const whole = read(format, frames)
    // The start of a last page cannot be told by its granule, which trims it.
    const lastPage = format === 'ogg' ? frames.length - 1 : frames.length
    for (let i = 0; i < lastPage; i++) {
      if (!frames[i]!.sync) continue
      const late = read(format, frames.slice(i))
      const rest = whole.slice(whole.length - late.length)
      const offset = format === 'ogg' ? 0 : rest[0]!.pts
      for (const [j, { data, pts, duration }] of late.entries()) {
        const other = rest[j]!
        // The first Vorbis packet after a start gives no samples.
        const isSilent = j === 0 && other.track.codecId === 'vorbis'
        const same = isSilent
          ? duration === 0 && pts === other.pts + other.duration
          : pts === other.pts - offset && duration === other.duration
        if (!same || !data.equals(other.data)) fails.push(`${format}: packet ${j} from frame ${i} is at ${pts}, not ${other.pts - offset}`)
      }
      if (late.length === 0) fails.push(`${format}: nothing from frame ${i}`)
    }
  }
  t.strictSame(fails, [])
})

const runs = (bytes: Buffer): MediaTrack[] => {
  const tracks = packetsOf(bytes).map(({ track }) => track)
  return tracks.filter((track, i) => track !== tracks[i - 1])
}

t.test('other parameters are another track, and times run on', async (t) => {
  for (const [format, bytes] of inputs) {
    const packets = packetsOf(bytes)
    const ends = packets.map(({ pts, duration, track }) => (pts + duration) / track.timescale)
    const jumps = packets.filter(({ pts, track }, i) => i > 0 && Math.abs(pts / track.timescale - ends[i - 1]!) > 1 / track.timescale)
    t.equal(jumps.length, 0, `${format}: in seconds, no packet leaves a gap or overlaps`)
  }
  t.strictSame(
    inputs.map(([, bytes]) => runs(bytes).map(({ codecs, timescale }) => `${codecs} ${timescale}`)),
    [
      ['mp4a.40.34 44100', 'mp4a.40.34 22050', 'mp4a.40.34 44100'],
      ['mp4a.40.2 44100', 'mp4a.40.5 24000', 'mp4a.40.2 44100'],
      ['flac 22050'],
      // One opus at the end: two chains alike; the one at the start was too long ago.
      ['opus 48000', 'vorbis 44100', 'flac 44100', 'vorbis 44100', 'opus 48000'],
    ],
  )
  t.equal(runs(Buffer.concat([vorbis, theora])).length, 1, 'chains that differ in their comments alone share the very same track')
  const reader = new OggPacketReader()
  reader.read(ogg(opus))
  const [before] = reader.tracks
  // The same serial number, as of an encoder that was started again.
  const again = reader.read(ogg(opus))
  t.equal(reader.tracks[0], before)
  t.strictSame([again.length, again[0]!.pts], [101, 96_960], 'an encoder that starts again under the same serial number is another chain')
  reader.read(ogg(speex))
  t.strictSame(reader.tracks, [], 'a chain of what cannot be repackaged has no tracks')
})

// The packets of a page's stream laid anew: so many segments to a page.
const repage = (bytes: Buffer, segments: number): Buffer => {
  const pages = ogg(bytes).map((frame) => readPage(frame.bytes)!)
  const headers = pages.filter(({ granule }) => granule === 0n)
  const whole = read('ogg', ogg(bytes))
  const table: { size: number; body: Buffer; granule: bigint; begins: boolean }[] = whole.flatMap(({ data, pts, duration }) => {
    const count = Math.floor(data.length / 255) + 1
    return Array.from({ length: count }, (_, i) => ({
      size: i < count - 1 ? 255 : data.length % 255,
      body: data.subarray(255 * i, 255 * i + 255),
      granule: i < count - 1 ? -1n : BigInt(pts + duration),
      begins: i === 0,
    }))
  })
  const out = headers.map((page) => writePage(page))
  for (let at = 0; at < table.length; at += segments) {
    const part = table.slice(at, at + segments)
    out.push(
      writePage({
        continued: !part[0]!.begins,
        bos: false,
        eos: at + segments >= table.length,
        granule: part.reduce((granule, one) => (one.granule > granule ? one.granule : granule), -1n),
        serial: headers[0]!.serial,
        sequence: headers.length + at / segments,
        lacing: Uint8Array.from(part.map(({ size }) => size)),
        body: Buffer.concat(part.map(({ body }) => body)),
      }),
    )
  }
  return Buffer.concat(out)
}

t.test('packets go on across pages, and a lost page costs only what it holds of them', async (t) => {
  const fails: string[] = []
  for (const [name, bytes] of [
    ['flac by 1', repage(oggFlac, 1)],
    ['flac by 3', repage(oggFlac, 3)],
    ['flac by 5', repage(oggFlac, 5)],
    ['opus by 1', repage(opus, 1)],
    ['opus by 7', repage(opus, 7)],
    ['opus', opus],
    ['vorbis', vorbis],
  ] as const) {
    const frames = ogg(bytes)
    const whole = new Map(read('ogg', frames).map((packet) => [packet.data.toString('base64'), packet]))
    const same = name === 'vorbis' || bytes === opus ? bytes : name.startsWith('flac') ? oggFlac : opus
    if (outline([...whole.values()]).join() !== outline(packetsOf(same)).join()) fails.push(`${name}: other packets`)
    // The page before the last is kept: where the last one starts cannot be told by its granule, which trims it.
    for (let lost = 1; lost < frames.length - 2; lost++) {
      const page = readPage(frames[lost]!.bytes)!
      if (page.granule === 0n) continue
      const left = read('ogg', frames.toSpliced(lost, 1))
      const missing = whole.size - left.length
      const held = [...pagePackets(page)].length
      const wrong = left.filter(({ data, pts, duration, track: { codecId } }) => {
        const other = whole.get(data.toString('base64'))
        if (other === undefined) return true
        return pts !== other.pts && !(codecId === 'vorbis' && duration === 0)
      })
      // Without its first page a stream begins with the next that begins a packet.
      const isFirst = frames.slice(0, lost).every(({ sync }) => !sync)
      if (wrong.length > 0 || (missing > held && !isFirst))
        fails.push(`${name}: without page ${lost} ${missing} miss, ${wrong.length} are wrong`)
    }
  }
  t.strictSame(fails, [])
})

const shift = (from: number, by: bigint): Packet[] => {
  const frames = ogg(opus).map((frame, i) => {
    const page = readPage(frame.bytes)!
    return i < from ? frame : { ...frame, bytes: writePage({ ...page, granule: page.granule + by }) }
  })
  return read('ogg', frames)
}

t.test('a gap in the granules is a gap in time; small errors are none', async (t) => {
  const [plain, gap, early, off] = [shift(99, 0n), shift(6, 48_000n), shift(6, -9_600n), shift(6, 480n)]
  const moved = plain.findIndex(({ pts }, i) => gap[i]!.pts !== pts)
  t.ok(moved > 10)
  t.strictSame([gap[moved]!.pts - plain[moved]!.pts, early[moved]!.pts - plain[moved]!.pts], [48_000, -9_600])
  t.strictSame(outline(off), outline(plain))
  const negative = shift(2, -5000n)
  t.strictSame([negative[0]!.pts, isEven(negative.slice(0, -20))], [0, true], 'what starts before 0 starts at 0')
})

const check = (packets: readonly Packet[]): boolean =>
  packets.every(
    ({ dts, pts, duration, data }) =>
      Number.isSafeInteger(dts) && dts === pts && Number.isSafeInteger(duration) && duration >= 0 && data.length > 0,
  )

t.test('damaged input never throws, and times stay whole numbers', async (t) => {
  t.doesNotThrow(() => {
    const damage = fc.array(fc.tuple(fc.nat(1_000_000), fc.nat(255), fc.nat(300)), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(fc.nat(inputs.length - 1), damage, (i, faults) => {
        let bytes = Buffer.from(inputs[i]![1])
        for (const [at, value, size] of faults) {
          const from = at % bytes.length
          bytes[from] = value
          if (size > 200) bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + size)])
        }
        const { format, frames } = framesOf(bytes)
        // A damaged head may hide what it is.
        return format === 'raw' || check(read(format, frames))
      }),
      property(0.5),
    )
  }, 'bytes')
  t.doesNotThrow(() => {
    const pages = ogg(chained).map(({ bytes }) => readPage(bytes)!)
    const headers = [...new Set(ogg(chained).map(({ header }) => header))]
    const one = fc.record({
      from: fc.nat(pages.length - 1),
      header: fc.nat(headers.length - 1),
      sync: fc.boolean(),
      continued: fc.boolean(),
      bos: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      eos: fc.boolean(),
      granule: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -1n, max: 2n ** 50n }), fc.constant(960n)),
      sequence: fc.nat(5),
    })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), (list) => {
        const frames = list.map(({ from, header, sync, ...rest }) => ({
          bytes: writePage({ ...pages[from]!, ...rest }),
          sync,
          header: headers[header]!,
        }))
        return check(read('ogg', frames))
      }),
      property(),
    )
  }, 'well-formed pages in any order')
  t.doesNotThrow(() => {
    const frame = fc.record({
      bytes: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      sync: fc.boolean(),
      header: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    })
    fc.assert(
      fc.property(fc.constantFrom(...inputs.map(([format]) => format)), fc.array(frame), (format, frames) => check(read(format, frames))),
      property(),
    )
  }, 'frames of noise')
})

const mux = (muxer: Muxer, packets: readonly Packet[], sizes: readonly number[] = [1]): Frame[] => {
  const frames: Frame[] = []
  for (let at = 0, i = 0; at < packets.length; i++) {
    const end = at + sizes[i % sizes.length]!
    frames.push(...muxer.write(packets.slice(at, end)))
    at = end
  }
  return frames
}
const join = (frames: readonly Frame[]): Buffer => Buffer.concat(frames.map(({ bytes }) => bytes))
const muxers: [string, Buffer, (track: MediaTrack) => Muxer][] = [
  ['adts', aac, (track) => new AdtsMuxer(track)],
  ['mp3', mp3, (track) => new Mp3Muxer(track)],
  ['flac', flac, (track) => new FlacMuxer(track)],
  ['opus in ogg', opus, (track) => new OggMuxer(track, { serial: 7 })],
  ['vorbis in ogg', vorbis, (track) => new OggMuxer(track, { serial: 0xffffffff })],
  ['flac in ogg', oggFlac, (track) => new OggMuxer(track, { serial: 9 })],
]

t.test('what a muxer writes is read back', async (t) => {
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(
        fc.constantFrom(...muxers),
        fc.nat(10),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 9 }),
        ([name, bytes, make], from, sizes) => {
          const packets = packetsOf(bytes).slice(from)
          const { track } = packets[0]!
          const muxer = make(track)
          const frames = mux(muxer, packets, sizes)
          const { format, frames: again } = framesOf(join(frames))
          const back = read(format, again)
          // Vorbis begins where its first packet ends.
          const zero = packets[0]!.pts + (track.codecId === 'vorbis' ? packets[0]!.duration : 0)
          const wrong = packets.filter(({ data, pts, duration }, i) => {
            const other = back[i]
            const isStart = i === 0 && track.codecId === 'vorbis'
            return !other?.data.equals(data) || (!isStart && (other.pts !== pts - zero || other.duration !== duration))
          })
          if (wrong.length > 0 || back.length !== packets.length) throw new Error(`${name}: ${wrong.length} of ${packets.length} are wrong`)
          if (!back[0]!.track.config.equals(track.config)) throw new Error(`${name}: another configuration`)
          // A listener may start at every sync frame, and finds the frames as they were written.
          const start = frames.findLastIndex(({ sync }) => sync)
          const late = framesOf(Buffer.concat([frames[start]!.header, frames[start]!.bytes])).frames
          if (!late.some(({ sync, bytes: own }) => sync && own.equals(frames[start]!.bytes)) && format === 'ogg')
            throw new Error(`${name}: the last frame is no start`)
          if (join(again).length !== join(frames).length) throw new Error(`${name}: bytes were skipped`)
          return frames.every(({ header }) => header === frames.at(-1)!.header)
        },
      ),
      property(0.5),
    )
  })
  t.strictSame(
    muxers.map(([, bytes, make]) => make(packetsOf(bytes)[0]!.track).contentType),
    ['audio/aac', 'audio/mpeg', 'audio/flac', 'audio/ogg', 'audio/ogg', 'audio/ogg'],
  )
  const others = muxers.map(([, bytes, make]) => make(packetsOf(bytes)[0]!.track).write(packetsOf(flac)))
  t.strictSame(others.flat(), [], 'packets of other tracks are left out')
})

const trackOf = (codecId: CodecId, config: Buffer): MediaTrack =>
  createMediaTrack(codecId, config, { id: 1, sampleRate: 44_100, channels: 2 })!

t.test('AdtsMuxer, Mp3Muxer and FlacMuxer take only what they can say', async (t) => {
  const lc = trackOf('aac', Buffer.from([0x12, 0x10]))
  // HE-AAC, told explicitly: its core is AAC LC of 24 kHz.
  const he = trackOf('aac', Buffer.from([0x2b, 0x11, 0x88, 0x00]))
  const long = trackOf('aac', Buffer.from([0x12, 0x14]))
  const lowDelay = trackOf('aac', Buffer.from([0xba, 0x10, 0x00]))
  for (const bad of [long, lowDelay, trackOf('mp3', NO_HEADER)]) t.throws(() => new AdtsMuxer(bad), RangeError)
  for (const bad of [lc, packetsOf(flac)[0]!.track]) t.throws(() => new Mp3Muxer(bad), RangeError)
  for (const bad of [lc, trackOf('mp3', NO_HEADER)]) t.throws(() => new FlacMuxer(bad), RangeError)
  for (const bad of [lc, { ...lc, codecId: 'vorbis' as const }]) t.throws(() => new OggMuxer(bad, { serial: 1 }), RangeError)
  const packet = (data: Buffer): Packet => ({ track: he, dts: 0, pts: 0, duration: 1024, key: true, data })
  const frames = new AdtsMuxer(he).write([packet(Buffer.alloc(50)), packet(Buffer.alloc(8185)), packet(Buffer.alloc(8184))])
  t.strictSame(
    frames.map(({ bytes, sync, header }) => [bytes.length, sync, header.length]),
    [
      [57, true, 0],
      [8191, true, 0],
    ],
    'a frame too large for ADTS is left out',
  )
  t.strictSame(createPacketReader('adts')!.read(framesOf(join([frames[0]!, frames[0]!])).frames)[0]!.track.sampleRate, 24_000)
})

t.test('OggMuxer', async (t) => {
  const packets = packetsOf(opus)
  const { track } = packets[0]!
  const make = (): OggMuxer => new OggMuxer(track, { serial: 1, comments: { title: 'Eins', 'a=b': 'c=d' } })
  const frames = make().write(packets)
  const granules = frames.map(({ bytes }) => Number(readPage(bytes)!.granule))
  t.strictSame(
    frames.map(({ sync }) => sync),
    [false, false, ...Array<boolean>(11).fill(true)],
    'the header pages, then pages of 200 ms',
  )
  t.strictSame(granules, [0, 0, ...Array.from({ length: 10 }, (_, i) => 9600 * (i + 1)), 96_960])
  t.equal(mux(make(), packets).length, 2 + packets.length, 'each write ends with a page')

  const muxer = make()
  const chain = muxer.write(packets.slice(0, 40))
  muxer.comment({ title: 'Zwei' })
  chain.push(...muxer.write(packets.slice(40, 60)))
  muxer.comment({})
  chain.push(...muxer.write([]), ...muxer.write(packets.slice(60)))
  const demuxer = new OggDemuxer()
  const titles = chain.flatMap(({ bytes }) => {
    const [frame] = demuxer.push(bytes)
    return frame!.sync ? (demuxer.comments['title'] ?? '') : []
  })
  t.strictSame([...new Set(titles)], ['Eins', 'Zwei', ''], 'other comments begin another chain')
  t.strictSame(outline(read('ogg', ogg(join(chain)))), outline(packets), 'which is the same track, and times run on')
  const pages = chain.map(({ bytes }) => readPage(bytes)!)
  t.strictSame(
    pages.filter(({ bos, eos }) => bos || eos).map(({ bos, serial }) => `${bos} ${serial}`),
    ['true 1', 'false 1', 'true 2', 'false 2', 'true 3'],
  )

  const gap = [...packets.slice(0, 10), ...packets.slice(30)]
  t.strictSame(outline(read('ogg', ogg(join(mux(make(), gap))))), outline(gap), 'a gap in time is one in the granules')

  const large = read('ogg', ogg(oggFlac)).map((packet, i) => {
    const head = packet.data.subarray(0, 20)
    return { ...packet, data: Buffer.concat([head, Buffer.alloc([0, 235, 65_005, 200_000, 64_000][i % 5]!, i)]) }
  })
  const spread = mux(new OggMuxer(large[0]!.track, { serial: 1 }), large, [7])
  t.strictSame(outline(read('ogg', ogg(join(spread)))), outline(large), 'a packet may be larger than a page')
  t.ok(spread.every(({ bytes, sync }) => !sync || !readPage(bytes)!.continued))
})

t.test('packed audio begins with the time of its first packet', async (t) => {
  const told = [mp3, aac].map((bytes) => {
    const packets = packetsOf(bytes)
    const { track } = packets[0]!
    const at = (pts: number): Buffer => writePackedAudio(track, [{ ...packets[3]!, pts, dts: pts }, ...packets.slice(4)])
    return [0, 44_100, 2 ** 52, 44_100 * 100_000].map((pts) => {
      const segment = at(pts)
      const size = id3Size(segment)!
      const owner = segment.indexOf('com.apple.streaming.transportStreamTimestamp\0', 0, 'latin1')
      const back = packetsOf(segment)
      const same = back.length === packets.length - 3 && back.every(({ data }, i) => data.equals(packets[i + 3]!.data))
      return [isPackable(track), segment.toString('latin1', 10, 14), size - owner - 45, same, Number(segment.readBigUInt64BE(size - 8))]
    })
  })
  const big = Number(BigInt.asUintN(33, (2n ** 52n * 90_000n + 22_050n) / 44_100n))
  const times = [0, 90_000, big, (90_000 * 100_000) % 2 ** 33]
  const expected = times.map((time) => [true, 'PRIV', 8, true, time])
  t.strictSame(told, [expected, expected])
  const sound = packetsOf(opus)
  t.notOk(isPackable(sound[0]!.track))
  t.throws(() => writePackedAudio(sound[0]!.track, sound), RangeError)
  t.throws(() => writePackedAudio(packetsOf(mp3)[0]!.track, []), RangeError)
  const demuxer = new Mp3Demuxer()
  demuxer.push(writePackedAudio(packetsOf(mp3)[0]!.track, packetsOf(mp3)))
  t.equal(demuxer.skipped, 0)
})

t.test('tags and comments are read as they were written', async (t) => {
  const tag = writeId3([
    { id: 'PRIV', owner: 'a\0b', data: Buffer.from([0xff, 0xfb, 0, 1]) },
    { id: 'TIT2', text: 'Grüße, 世界 🎶' },
    { id: 'TXXX', description: 'StreamUrl', text: 'https://example.org/' },
    { id: 'TPE1', text: 'Någon' },
    { id: 'TALB', text: 'x'.repeat(300) },
  ])
  t.equal(id3Size(tag), tag.length)
  t.strictSame(readId3(tag), { title: 'Grüße, 世界 🎶', artist: 'Någon', album: 'x'.repeat(300) })
  t.ok(tag.includes(Buffer.from('TXXX\0\0\0\x1f\0\0\x03StreamUrl\0https://example.org/', 'latin1')))
  t.ok(tag.includes(Buffer.from('PRIV\0\0\0\x07\0\0ab\0\xff\xfb\0\x01', 'latin1')))
  t.strictSame(readId3(writeId3([])), {})

  const comments = writeVorbisComments('floecast', { title: 'Grüße =', 'Ar=tíst': 'Någon' })
  t.strictSame(readVorbisComments(comments), { title: 'Grüße =', artst: 'Någon' })

  t.doesNotThrow(() => {
    const packets = fc.array(fc.nat(1000), { minLength: 1, maxLength: 6 }).map((sizes) => sizes.map((size, i) => Buffer.alloc(size, i)))
    fc.assert(
      fc.property(packets, fc.nat(2000), (list, cutAt) => {
        const bytes = writeXiphLacing(list)
        const back = readXiphLacing(bytes)!
        readXiphLacing(bytes.subarray(0, cutAt))
        return back.length === list.length && back.every((packet, i) => packet.equals(list[i]!))
      }),
      property(),
    )
  })
  t.equal(readXiphLacing(Buffer.from([2, 255])), undefined)
  t.equal(readXiphLacing(Buffer.from([1, 5, 0])), undefined)
})

t.test('without frames there is nothing', async (t) => {
  t.strictSame(
    [new AudioPacketReader('mp3'), new OggPacketReader()].map((reader) => [reader.tracks, reader.pending, reader.read([]), reader.end()]),
    [
      [[], false, [], []],
      [[], false, [], []],
    ],
  )
})
