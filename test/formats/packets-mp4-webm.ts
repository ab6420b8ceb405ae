import fc from 'fast-check'
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { readAvcConfig } from '../../lib/codecs/h264.js'
import { splitLengthPrefixed } from '../../lib/codecs/nal.js'
import { writeXiphLacing } from '../../lib/codecs/xiph.js'
import { DecodeClock } from '../../lib/formats/decode-clock.js'
import { ID, writeElement, writeElementHead, writeFloat, writeString, writeUnsigned } from '../../lib/formats/ebml.js'
import { MAX_FRAME_SIZE, NO_HEADER, type Demuxer, type Frame } from '../../lib/formats/frame.js'
import { writeBox } from '../../lib/formats/mp4-boxes.js'
import { Mp4PacketReader } from '../../lib/formats/mp4-packets.js'
import { Mp4Demuxer } from '../../lib/formats/mp4.js'
import { MpegTsPacketReader } from '../../lib/formats/mpeg-ts-packets.js'
import { MpegTsDemuxer } from '../../lib/formats/mpeg-ts.js'
import { NalVideo } from '../../lib/formats/nal-video.js'
import type { MediaTrack, Packet, PacketReader } from '../../lib/formats/packet.js'
import { WebmMuxer, writeWebmInit, writeWebmSegment } from '../../lib/formats/webm-muxer.js'
import { WebmPacketReader } from '../../lib/formats/webm-packets.js'
import { WebmDemuxer } from '../../lib/formats/webm.js'
import { AutoDemuxer } from '../../lib/formats/detect.js'
import { createPacketReader } from '../../lib/formats/packets.js'
import { cut, demux, property } from '../helpers/demuxer.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const isWebm = (bytes: Buffer): boolean => bytes.length < 4 || bytes.readUInt32BE(0) === 0x1a45dfa3
const makeDemuxer = (bytes: Buffer): Demuxer => (isWebm(bytes) ? new WebmDemuxer() : new Mp4Demuxer())
const makeReader = (bytes: Buffer): PacketReader => (isWebm(bytes) ? new WebmPacketReader() : new Mp4PacketReader())
const readAll = (frames: readonly Frame[], reader: PacketReader): Packet[] => [...reader.read(frames), ...reader.end()]
const packetsOf = (bytes: Buffer, reader = makeReader(bytes)): Packet[] => readAll(demux(makeDemuxer(bytes), [bytes]), reader)
const line = ({ track, dts, pts, duration, key, data }: Packet): string =>
  `${track.id} ${track.codecs} ${dts} ${pts} ${duration} ${key} ${data.length} ${data.toString('base64', 0, 24)}`
const outline = (packets: readonly Packet[]): string => packets.map(line).join('\n')
const of = (packets: readonly Packet[], kind: string): Packet[] => packets.filter(({ track }) => track.kind === kind)

const timesOf = (name: string, kind: string, count: number): number[][] =>
  of(packetsOf(samples.get(name)!), kind)
    .slice(0, count)
    .map(({ pts, dts, duration }) => [pts, dts, duration])
// Decoding times at a start are worked out anew, and so is the first block of Vorbis.
const withoutDts = ({ track, pts, key, data }: Packet): string =>
  `${track.id} ${pts} ${key} ${data.length} ${data.toString('base64', 0, 24)}`
const inMilliseconds = ({ track, pts, key, data }: Packet): string =>
  `${track.codecs} ${Math.round((pts * 1000) / track.timescale)} ${key} ${data.length} ${data.toString('base64', 0, 24)}`
const isGrowing = (times: readonly (readonly number[])[]): boolean =>
  times.every(([dts, pts], i) => dts! <= pts! && (i === 0 || dts! > times[i - 1]![0]!))
/** The packet at another time. */
const moved = (packet: Packet, ms: number, key = packet.key): Packet => {
  const time = Math.round((ms * packet.track.timescale) / 1000)
  return { ...packet, key, pts: time, dts: time }
}
// Lengths of four bytes fill a sample exactly.
const filled = ({ data }: Packet): boolean => splitLengthPrefixed(data, 4).reduce((sum, unit) => sum + 4 + unit.length, 0) === data.length
/** A sample with lengths of two bytes. */
const shorten = (sample: Buffer): Buffer =>
  Buffer.concat(splitLengthPrefixed(sample, 4).flatMap((unit) => [Buffer.from([unit.length >> 8, unit.length & 255]), unit]))

const NAMES = [
  'h264-aac.mp4',
  'h264-aac-frames.mp4',
  'h264-aac-offsets.mp4',
  'hevc-opus.mp4',
  'aac.mp4',
  'mediarecorder-h264-opus.mp4',
  'h264-aac.mkv',
  'h264-aac-file.mkv',
  'av1-opus.webm',
  'vp9-opus.webm',
  'vp8-vorbis.webm',
  'opus.webm',
  'mediarecorder-h264-opus.mkv',
  'mediarecorder-vp8-opus.webm',
]
const samples = new Map(NAMES.map((name) => [name, fixture(name)]))

/** What must hold for all packets of one reader. */
function check(packets: readonly Packet[]): string[] {
  const last = new Map<number, Packet>()
  const faults: string[] = []
  for (const packet of packets) {
    const { track, dts, pts, duration, key, data } = packet
    const before = last.get(track.id)
    if (![dts, pts, duration].every((time) => Number.isSafeInteger(time))) faults.push(`no whole numbers: ${line(packet)}`)
    if (pts < dts || duration < 0 || data.length === 0) faults.push(`makes no sense: ${line(packet)}`)
    if (before !== undefined && dts <= before.dts) faults.push(`not after ${before.dts}: ${line(packet)}`)
    if (track.kind === 'audio' && !key) faults.push(`audio that is no key: ${line(packet)}`)
    last.set(track.id, packet)
  }
  return faults
}

t.test('packets of every fixture: counts, key frames, growing times, the codec strings of the demuxer', async (t) => {
  const seen: unknown[] = []
  for (const [name, bytes] of samples) {
    const demuxer = makeDemuxer(bytes)
    const reader = makeReader(bytes)
    const packets = readAll(demux(demuxer, [bytes]), reader)
    const [video, audio] = [of(packets, 'video'), of(packets, 'audio')]
    t.strictSame(check(packets), [], name)
    t.equal(reader.pending, false, name)
    const codecs = reader.tracks.map((track) => track.codecs)
    t.strictSame(
      codecs,
      demuxer.tracks.map((track) => track.codecs),
      name,
    )
    t.ok(
      packets.every(({ track }) => reader.tracks.includes(track)),
      `${name}: one object a track`,
    )
    if (/h264|hevc/.test(name)) t.ok(video.every(filled), `${name}: NAL units`)
    seen.push([name, video.length, video.filter(({ key }) => key).length, audio.length])
  }
  // As ffprobe counts them, without the audio before the first key frame.
  t.strictSame(seen, [
    ['h264-aac.mp4', 35, 3, 67],
    ['h264-aac-frames.mp4', 35, 3, 66],
    ['h264-aac-offsets.mp4', 35, 3, 67],
    ['hevc-opus.mp4', 35, 3, 71],
    ['aac.mp4', 0, 0, 67],
    ['mediarecorder-h264-opus.mp4', 30, 2, 36],
    ['h264-aac.mkv', 35, 3, 67],
    ['h264-aac-file.mkv', 35, 3, 67],
    ['av1-opus.webm', 35, 3, 70],
    ['vp9-opus.webm', 35, 3, 70],
    ['vp8-vorbis.webm', 35, 3, 67],
    ['opus.webm', 0, 0, 71],
    ['mediarecorder-h264-opus.mkv', 39, 3, 44],
    ['mediarecorder-vp8-opus.webm', 27, 2, 30],
  ])
})

t.test('times are those that ffprobe shows, with and without B-frames', async (t) => {
  t.strictSame(timesOf('h264-aac.mp4', 'video', 6), [
    [1280, 0, 640],
    [3200, 640, 640],
    [1920, 1280, 640],
    [2560, 1920, 640],
    [5120, 2560, 640],
    [3840, 3200, 640],
  ])
  // Matroska stores 21, 141, 61, 101, 261, 181 ms and nothing of decoding.
  t.strictSame(timesOf('h264-aac.mkv', 'video', 6), [
    [1890, -5310, 3600],
    [12_690, -1710, 3600],
    [5490, 1890, 3600],
    [9090, 5490, 3600],
    [23_490, 9090, 3600],
    [16_290, 12_690, 3600],
  ])
  // CMAF's negative offsets: the first picture is shown at 0.
  t.strictSame(timesOf('hevc-opus.mp4', 'video', 4), [
    [0, -1024, 512],
    [1536, -512, 512],
    [1024, 0, 512],
    [512, 512, 512],
  ])
  t.strictSame(timesOf('opus.webm', 'audio', 2), [
    [-312, -312, 960],
    [696, 696, 960],
  ])
  t.strictSame(timesOf('aac.mp4', 'audio', 2), [
    [0, 0, 1024],
    [1024, 1024, 1024],
  ])
  t.strictSame(timesOf('vp8-vorbis.webm', 'audio', 2)[1], [720, 720, 1024])
  t.strictSame(timesOf('mediarecorder-h264-opus.mkv', 'video', 2), [
    [4860, 4860, 0],
    [15_570, 15_570, 0],
  ])
})

t.test('packets are equal for every chunking and however frames are handed over', async (t) => {
  for (const [name, bytes] of samples) {
    const whole = outline(packetsOf(bytes))
    for (const sizes of [[1], [977], [5, 4096]]) {
      const [demuxer, reader] = [makeDemuxer(bytes), makeReader(bytes)]
      const packets: Packet[] = []
      for (const chunk of cut(bytes, sizes)) packets.push(...reader.read(demuxer.push(chunk)))
      packets.push(...reader.read(demuxer.end()), ...reader.end())
      if (outline(packets) !== whole) t.fail(`${name} in ${sizes.join()}`)
    }
  }
})

t.test('a start at any sync frame gives the same packets from there on', async (t) => {
  for (const [name, bytes] of samples) {
    const frames = demux(makeDemuxer(bytes), [bytes])
    const all = readAll(frames, makeReader(bytes)).map(withoutDts)
    for (const [i, frame] of frames.entries()) {
      if (!frame.sync) continue
      const late = readAll(frames.slice(i), makeReader(bytes))
      if (check(late).length > 0) t.fail(`${name} from frame ${i}: ${check(late)[0]}`)
      const tail = late.map(withoutDts)
      if (tail.length === 0 || tail.join('\n') !== all.slice(-tail.length).join('\n')) t.fail(`${name} from frame ${i} is another stream`)
    }
  }
})

t.test('damaged input never throws, and what comes out of it makes sense', async (t) => {
  const fault = fc.record({
    at: fc.nat(1_000_000),
    kind: fc.constantFrom('flip', 'cut', 'zero'),
    size: fc.integer({ min: 1, max: 300 }),
    value: fc.nat(255),
  })
  fc.assert(
    fc.property(
      fc.constantFrom(...samples.values()),
      fc.array(fault, { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      (input, faults, early) => {
        let bytes = Buffer.from(input)
        for (const { at, kind, size, value } of faults) {
          const from = at % (early ? 2000 : bytes.length)
          if (kind === 'flip') bytes[from] = value
          else if (kind === 'zero') bytes.subarray(from, from + size).fill(0)
          else bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + size)])
        }
        for (const { dts, pts, duration } of readAll(demux(makeDemuxer(input), [bytes]), makeReader(input))) {
          if (![dts, pts, duration].every((time) => Number.isSafeInteger(time)) || pts < dts) throw new Error(`${dts} ${pts} ${duration}`)
        }
      },
    ),
    property(3),
  )
  // The frames themselves may be anything, too.
  fc.assert(
    fc.property(fc.constantFrom(...samples.values()), fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { maxLength: 30 }), (input, flips) => {
      const frames = demux(makeDemuxer(input), [input]).map((frame) => ({
        ...frame,
        bytes: Buffer.from(frame.bytes),
        header: Buffer.from(frame.header),
      }))
      for (const [at, value] of flips) {
        const { bytes, header } = frames[at % frames.length]!
        if (bytes.length > 0) bytes[at % bytes.length] = value
        if (header.length > 0) header[(at * 7) % header.length] = value
      }
      readAll(frames, makeReader(input))
    }),
    property(),
  )
  t.pass('nothing was thrown')
})

/* MP4 by hand */

const words = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => bytes.writeUInt32BE(value >>> 0, i * 4))
  return bytes
}
const vp8Entry = writeBox(
  'vp08',
  Buffer.alloc(24),
  words(0x00800048),
  Buffer.alloc(50),
  writeBox('vpcC', words(0x01000000), Buffer.from([0, 10, 0x82, 2, 2, 2, 0, 0])),
)
const opusEntry = writeBox(
  'Opus',
  Buffer.alloc(16),
  words(0x00020010, 0, 0xbb800000),
  writeBox('dOps', Buffer.from('0002013800000bb80000000000'.slice(0, 22), 'hex')),
)
const trak = (id: number, timescale: number, handler: string, entry: Buffer, edits?: Buffer): Buffer =>
  writeBox(
    'trak',
    writeBox('tkhd', words(0, 0, 0, id, 0, 0)),
    ...(edits ? [writeBox('edts', edits)] : []),
    writeBox(
      'mdia',
      writeBox('mdhd', words(0, 0, 0, timescale, 0, 0x11c70000)),
      writeBox('hdlr', words(0, 0), Buffer.from(handler)),
      writeBox('minf', writeBox('stbl', writeBox('stsd', words(0, 1), entry))),
    ),
  )
const moov = (...edits: readonly (Buffer | undefined)[]): Buffer =>
  writeBox(
    'moov',
    writeBox('mvhd', words(0, 0, 0, 1000, 0), Buffer.alloc(80)),
    trak(1, 1000, 'vide', vp8Entry, edits[0]),
    trak(2, 48_000, 'soun', opusEntry, edits[1]),
    writeBox('mvex', writeBox('trex', words(0, 1, 1, 40, 6, 0x1010000)), writeBox('trex', words(0, 2, 1, 960, 3, 0))),
  )
const traf = (...boxes: readonly Buffer[]): Buffer => writeBox('traf', ...boxes)
const tfhd = (flags: number, ...fields: readonly number[]): Buffer => writeBox('tfhd', words(flags, ...fields))
const tfdt = (version: number, ...time: readonly number[]): Buffer => writeBox('tfdt', words(version << 24, ...time))
const trun = (flags: number, ...fields: readonly number[]): Buffer => writeBox('trun', words(flags, ...fields))
const moof = (...trafs: readonly Buffer[]): Buffer => writeBox('moof', writeBox('mfhd', words(0, 1)), ...trafs)
// Opus of 20 ms begins with 8; anything serves as VP8.
const pieces = (text: string): Buffer => Buffer.from(text.replaceAll('o', '\x08'), 'latin1')
const ftyp = writeBox('ftyp', Buffer.from('isom'), words(0))
const readMp4 = (fragments: readonly Buffer[], header = Buffer.concat([ftyp, moov()])): string[] => {
  const frames = fragments.map((bytes) => ({ bytes, sync: bytes.includes('moof'), header }))
  return readAll(frames, new Mp4PacketReader()).map(
    ({ track, dts, pts, duration, key, data }) =>
      `${track.id} ${dts} ${pts} ${duration} ${key ? 'key' : '-'} ${data.toString('latin1').replaceAll('\x08', 'o')}`,
  )
}

t.test('MP4: defaults, offsets, times and several mdat of a fragment', async (t) => {
  // Sizes, durations and flags from trex; data behind each other without offsets; times run on where tfdt is missing.
  const plain = moof(traf(tfhd(0, 1), tfdt(0, 100), trun(4, 2, 0)), traf(tfhd(0, 2), tfdt(1, 0, 4800), trun(0, 2)))
  const data = writeBox('mdat', pieces('abcdefghijklo12o45'))
  const on = moof(traf(tfhd(0, 1), trun(0, 1)), traf(tfhd(0, 2), trun(0, 1)))
  t.strictSame(readMp4([Buffer.concat([plain, data]), Buffer.concat([on, writeBox('mdat', pieces('uvwxyzo89'))])]), [
    '1 100 100 40 key abcdef',
    '2 4800 4800 960 key o12',
    '2 5760 5760 960 key o45',
    '1 140 140 40 - ghijkl',
    '2 6720 6720 960 key o89',
    '1 180 180 40 - uvwxyz',
  ])
  // tfhd before trex, trun before tfhd; data_offset from the moof; two runs; a negative composition offset, for which all are decoded earlier.
  const own = (base: number): Buffer =>
    moof(
      traf(
        tfhd(0x20038, 1, 50, 2, 0x2000000),
        tfdt(0, 1000),
        trun(0xf01, 2, base + 4, 30, 1, 0x2000000, 60, 30, 3, 0x1010000, 0),
        trun(0x01000801, 2, base, 20, 0xffffffec),
      ),
    )
  const size = own(0).length
  t.strictSame(readMp4([Buffer.concat([own(size + 8), writeBox('mdat', pieces('yyzzabbb'))])]), [
    '1 980 1060 30 key a',
    '1 1010 1030 30 - bbb',
    '1 1040 1080 50 key yy',
    '1 1090 1090 50 key zz',
  ])
  // A second mdat in a frame of its own.
  const split = moof(traf(tfhd(0x20000, 1), tfdt(0, 0), trun(4, 1, 0), trun(1, 1, 0)))
  split.writeInt32BE(split.length + 8 + 6 + 8, split.length - 4)
  t.strictSame(readMp4([Buffer.concat([split, writeBox('mdat', pieces('abcdef'))]), writeBox('mdat', pieces('ghijkl'))]), [
    '1 0 0 40 key abcdef',
    '1 40 40 40 - ghijkl',
  ])
  // Offsets from the start of the stream, data that are not there, and a count that nobody could mean.
  const absolute = moof(traf(tfhd(1, 1, 0, 5000), tfdt(0, 0), trun(5, 0xffffffff, 8, 0)))
  t.strictSame(readMp4([Buffer.concat([absolute, writeBox('mdat', pieces('abcdef??'))])]), ['1 0 0 40 key abcdef'])
  // An edit list puts the video off by 250 ms and begins the sound behind its priming.
  const header = Buffer.concat([
    ftyp,
    moov(writeBox('elst', words(0, 2, 250, -1, 0x10000, 0, 80, 0x10000)), writeBox('elst', words(0x1000000, 1, 0, 0, 0, 312, 0x10000))),
  ])
  t.strictSame(readMp4([Buffer.concat([plain, data])], header).slice(0, 2), ['2 4488 4488 960 key o12', '2 5448 5448 960 key o45'])
  t.equal(readMp4([Buffer.concat([plain, data])], header)[2], '1 270 270 40 key abcdef')
})

t.test('MP4: the same moov keeps the tracks, another one changes those that differ', async (t) => {
  const reader = new Mp4PacketReader()
  const fragment = Buffer.concat([moof(traf(tfhd(0, 1), tfdt(0, 0), trun(4, 1, 0))), writeBox('mdat', pieces('abcdef'))])
  const header = Buffer.concat([ftyp, moov()])
  const tracksAfter = (frames: readonly Frame[]): readonly MediaTrack[] => {
    reader.read(frames)
    return reader.tracks
  }
  t.strictSame(tracksAfter([{ bytes: fragment, sync: false, header }]), [], 'what comes before the first sync frame is left out')
  const [video, audio] = tracksAfter([{ bytes: fragment, sync: true, header }])
  t.match(
    [video, audio],
    [
      { id: 1, codecs: 'vp8', width: 128, height: 72, timescale: 1000, language: 'dng' },
      { id: 2, codecs: 'opus' },
    ],
  )
  const again = tracksAfter([
    { bytes: moov(), sync: false, header },
    { bytes: fragment, sync: true, header: Buffer.from(header) },
  ])
  t.ok(again[0] === video && again[1] === audio)
  const other = tracksAfter([{ bytes: moov(undefined, writeBox('elst', words(0, 1, 0, 312, 0x10000))), sync: false, header }])
  t.ok(other[0] === video && other[1] !== audio)
})

t.test('MP4: a fragment in pieces is put together, one that is too large is left out', async (t) => {
  const large = moof(traf(tfhd(0x20000, 1), tfdt(0, 0), trun(0x205, 2, 0, 0, MAX_FRAME_SIZE, 6)))
  large.writeInt32BE(large.length + 8, large.indexOf('trun') + 12)
  const rest = Buffer.concat([Buffer.alloc(MAX_FRAME_SIZE, 1), pieces('abcdef')])
  const input = Buffer.concat([
    ftyp,
    moov(),
    large,
    writeBox('mdat', rest),
    moof(traf(tfhd(0, 1), trun(4, 1, 0))),
    writeBox('mdat', pieces('ghijkl')),
  ])
  const frames = demux(new Mp4Demuxer(), cut(input, [1_000_000]))
  t.equal(frames.length, 5)
  const packets = readAll(frames, new Mp4PacketReader())
  t.strictSame(
    packets.map(({ data, dts }) => [data.length, dts]),
    [
      [MAX_FRAME_SIZE, 0],
      [6, 40],
      [6, 80],
    ],
  )
  t.equal(packets[1]!.data.toString(), 'abcdef')
  // 80 MiB in pieces of the same memory.
  const huge = moof(traf(tfhd(0x20000, 1), tfdt(0, 0), trun(0x205, 1, 0, 0, 20 * MAX_FRAME_SIZE)))
  const piece = Buffer.concat([huge, words(20 * MAX_FRAME_SIZE + 8), Buffer.from('mdat'), Buffer.alloc(MAX_FRAME_SIZE - huge.length - 8)])
  const header = Buffer.concat([ftyp, moov()])
  const last = Buffer.alloc(huge.length + 8)
  const stream = [piece, ...Array.from<Buffer>({ length: 19 }).fill(Buffer.alloc(MAX_FRAME_SIZE)), last]
  const next = Buffer.concat([moof(traf(tfhd(0, 1), trun(4, 1, 0))), writeBox('mdat', pieces('ghijkl'))])
  const left = readAll(
    [...stream, next].map((bytes, i) => ({ bytes, sync: i === 0, header })),
    new Mp4PacketReader(),
  )
  t.strictSame(
    left.map(({ data }) => data.toString()),
    ['ghijkl'],
  )
})

t.test('NAL units: other lengths, start codes, delimiters, parameter sets in the samples', async (t) => {
  const [first, second] = of(packetsOf(samples.get('h264-aac.mp4')!), 'video')
  const { track } = first!
  const facts = { id: 1, timescale: 1000, width: 128, height: 72 }
  const units = splitLengthPrefixed(first!.data, 4)
  const record = Buffer.from(track.config)
  record[4] = 0xfd
  const two = new NalVideo('h264', record, facts)
  t.ok(two.track!.config.equals(track.config))
  t.equal(two.reorder, 2)
  t.ok(two.read(shorten(first!.data), true)!.data.equals(first!.data))
  t.ok(two.read(shorten(second!.data), false)!.data.equals(second!.data))

  const four = new NalVideo('h264', track.config, facts)
  t.equal(four.read(first!.data, true)!.data, first!.data, 'nothing is copied where nothing changes')
  t.ok(four.read(Buffer.concat([Buffer.from([0, 0, 0, 2, 9, 0x10]), first!.data]), true)!.data.equals(first!.data))
  t.equal(four.read(Buffer.from([0, 0, 0, 9, 1]), true), undefined)

  // avc3 without sets, and blocks with start codes: both take what the first key frame brings.
  const { sps, pps } = readAvcConfig(track.config)!
  const empty = new NalVideo('h264', Buffer.from([1, 100, 0, 10, 0xff, 0xe0, 0]), facts)
  const none = new NalVideo('h264', undefined, facts)
  t.equal(empty.read(second!.data, false), undefined)
  const bring = [...sps, ...pps, ...units]
  const lengths = Buffer.concat(bring.flatMap((unit) => [words(unit.length), unit]))
  const starts = Buffer.concat(bring.flatMap((unit) => [words(1), unit]))
  for (const [video, sample] of [
    [empty, lengths],
    [none, starts],
  ] as const) {
    const read = video.read(sample, true)!
    t.match(read.track, { codecs: track.codecs, timescale: 1000 })
    t.strictSame([read.key, video.reorder, video.track === read.track], [true, 2, true])
    t.ok(readAvcConfig(read.track.config)!.sps[0]!.equals(sps[0]!))
    t.equal(video.read(sample, true)!.track, read.track)
  }
  // Other sets from some key frame on: another track.
  const baseline = of(packetsOf(samples.get('mediarecorder-h264-opus.mkv')!), 'video')[0]!
  const sets = readAvcConfig(baseline.track.config)!
  const changed = four.read(
    Buffer.concat([...sets.sps, ...sets.pps, ...splitLengthPrefixed(baseline.data, 4)].flatMap((unit) => [words(unit.length), unit])),
    true,
  )!
  t.equal(changed.track.codecs, baseline.track.codecs)
  t.equal(four.track, changed.track)
})

t.test('DecodeClock learns how far pictures are reordered where nobody says it, and never goes back', async (t) => {
  const track = of(packetsOf(samples.get('h264-aac.mkv')!), 'video')[0]!.track
  const run = (pts: readonly number[], reorder?: number): (readonly number[])[] => {
    const clock = new DecodeClock()
    const packets: Packet[] = []
    pts.forEach((time, i) => packets.push(...clock.push({ track, pts: time, duration: 0, key: i % 12 === 0, data: NO_HEADER }, reorder)))
    packets.push(...clock.reset())
    return packets.map((packet) => [packet.dts, packet.pts])
  }
  const order = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 11, 10].map((place) => place * 3600)
  const more = [...order, ...order.map((pts) => pts + 12 * 3600)]
  const expected = more.map((pts, i) => [(i - 1) * 3600, pts])
  t.strictSame(run(more), expected, 'learned')
  t.strictSame(run(more, 1), expected, 'stated')
  t.strictSame(
    run(more.toSorted((a, b) => a - b)),
    more.map((_, i) => [i * 3600, i * 3600]),
    'not reordered',
  )
  // Reordered further than stated; leading pictures of an open group; both stay in order.
  t.ok(isGrowing(run(more, 0)))
  t.strictSame(
    run(
      [3, 1, 2, 6, 4, 5].map((place) => place * 3600),
      1,
    ).map(([, pts]) => pts),
    [10_800, 21_600, 14_400, 18_000],
  )
  // A jump is passed on.
  t.strictSame(
    run([0, 3600, 9_000_000, 9_003_600], 0),
    [0, 3600, 9_000_000, 9_003_600].map((pts) => [pts, pts]),
  )
  const back = new DecodeClock()
  const times = [900_000, 903_600, 0, 3600]
    .flatMap((pts) => back.push({ track, pts, duration: 0, key: true, data: NO_HEADER }, 0))
    .map(({ dts }) => dts)
  t.strictSame(times, [900_000, 903_600, 0, 3600])
})

/* Matroska by hand */

const master = (id: number, ...children: readonly Buffer[]): Buffer => writeElement(id, Buffer.concat(children))
const opusHead = Buffer.from('4f7075734865616401023801803ebb00000000'.slice(0, 38), 'hex')
const audioEntry = (...more: readonly Buffer[]): Buffer =>
  master(
    ID.TrackEntry,
    writeUnsigned(ID.TrackNumber, 1),
    writeUnsigned(ID.TrackType, 2),
    writeString(ID.CodecId, 'A_OPUS'),
    writeElement(ID.CodecPrivate, opusHead),
    master(ID.Audio, writeFloat(ID.SamplingFrequency, 48_000), writeUnsigned(ID.Channels, 2)),
    ...more,
  )
const entryOf = (codec: string): Buffer =>
  master(
    ID.TrackEntry,
    writeUnsigned(ID.TrackNumber, 1),
    writeUnsigned(ID.TrackType, 2),
    writeString(ID.CodecId, codec),
    master(ID.Audio, writeFloat(ID.SamplingFrequency, 44_100), writeUnsigned(ID.Channels, 1)),
  )
const begin = (scale: number, ...entries: readonly Buffer[]): Buffer =>
  Buffer.concat([
    master(ID.EBML, writeString(ID.DocType, 'matroska')),
    writeElementHead(ID.Segment, Infinity),
    master(ID.Info, writeUnsigned(ID.TimestampScale, scale)),
    master(ID.Tracks, ...entries),
  ])
const block = (id: number, time: number, flags: number, payload: Buffer): Buffer =>
  writeElement(id, Buffer.concat([Buffer.from([0x81, time >> 8, time & 255, flags]), payload]))
const cluster = (time: number, ...blocks: readonly Buffer[]): Buffer =>
  Buffer.concat([writeElementHead(ID.Cluster, Infinity), writeUnsigned(ID.Timestamp, time), ...blocks])
const readMkv = (bytes: Buffer): string[] =>
  packetsOf(bytes, new WebmPacketReader()).map(
    ({ track, pts, duration, data }) => `${track.id} ${pts} ${duration} ${data.toString('latin1').replaceAll('\x08', 'o')}`,
  )

t.test('Matroska: lacing of every kind, stripped headers, TimestampScale, CodecDelay', async (t) => {
  const [a, b, c] = ['o1', 'o22', 'o333'].map(pieces)
  const frames = [a!, b!, c!]
  // EBML lacing: the first size, then differences with a bias of 63.
  const ebml = Buffer.concat([Buffer.from([2, 0x82, 0x80 | (1 + 63)]), ...frames])
  const fixed = Buffer.concat([Buffer.from([2]), a!, pieces('o3'), pieces('o4')])
  const input = Buffer.concat([
    begin(1_000_000, audioEntry(writeUnsigned(ID.CodecDelay, 6_500_000))),
    cluster(
      1000,
      block(ID.SimpleBlock, 0, 0x82, writeXiphLacing(frames)),
      block(ID.SimpleBlock, 60, 0x86, ebml),
      block(ID.SimpleBlock, 120, 0x84, fixed),
      master(ID.BlockGroup, block(ID.Block, 180, 0, a!), writeUnsigned(ID.BlockDuration, 20)),
      block(ID.SimpleBlock, 200, 0x86, Buffer.from([9, 0x40])),
    ),
  ])
  const expected = ['o1', 'o22', 'o333', 'o1', 'o22', 'o333', 'o1', 'o3', 'o4', 'o1'].map(
    (text, i) => `1 ${48_000 + i * 960 - 312} 960 ${text}`,
  )
  t.strictSame(readMkv(input), expected)

  const compression = (algorithm: number): Buffer =>
    master(
      ID.ContentEncodings,
      master(
        ID.ContentEncoding,
        master(ID.ContentCompression, writeUnsigned(ID.ContentCompAlgo, algorithm), writeElement(ID.ContentCompSettings, pieces('o'))),
      ),
    )
  const stripped = (algorithm: number): string[] =>
    readMkv(Buffer.concat([begin(100_000, audioEntry(compression(algorithm))), cluster(10, block(ID.SimpleBlock, 5, 0x80, pieces('xyz')))]))
  t.strictSame(stripped(3), ['1 72 960 oxyz'], 'ticks of 0.1 ms')
  t.strictSame(stripped(0), [], 'compressed')

  // A second Segment: the same entry is the same track.
  const reader = new WebmPacketReader()
  const packets = packetsOf(Buffer.concat([input, input]), reader)
  t.ok(packets.length === 20 && packets.every(({ track }) => track === packets[0]!.track))
})

t.test('Matroska: AC-3, E-AC-3, MP3 and old AAC ids need no CodecPrivate', async (t) => {
  for (const [name, codec] of [
    ['h264-ac3.m2ts', 'A_AC3'],
    ['h264-eac3.mpegts', 'A_EAC3'],
    ['h264-mp3.mpegts', 'A_MPEG/L3'],
    ['h264-aac.mpegts', 'A_AAC/MPEG4/LC'],
  ] as const) {
    const sound = of(readAll(demux(new MpegTsDemuxer(), [fixture(name)]), new MpegTsPacketReader()), 'audio').slice(0, 3)
    const bytes = Buffer.concat([
      begin(1_000_000, entryOf(codec)),
      cluster(0, ...sound.map(({ data }, i) => block(ID.SimpleBlock, i * 50, 0x80, data))),
    ])
    const reader = new WebmPacketReader()
    const packets = packetsOf(bytes, reader)
    t.strictSame(
      packets.map(({ data, duration }) => [duration, data.toString('hex')]),
      sound.map(({ data, duration }) => [duration, data.toString('hex')]),
      name,
    )
    const { codecs, config, sampleRate, channels } = sound[0]!.track
    t.match(reader.tracks[0], { codecs, config, sampleRate, channels }, name)
  }
})

t.test('Matroska: a block in pieces is put together', async (t) => {
  const large = Buffer.concat([pieces('o'), Buffer.alloc(MAX_FRAME_SIZE + 10, 7)])
  const input = Buffer.concat([
    begin(1_000_000, audioEntry()),
    writeElement(ID.Attachments, Buffer.alloc(MAX_FRAME_SIZE + 50)),
    cluster(0, block(ID.SimpleBlock, 0, 0x80, large), block(ID.SimpleBlock, 20, 0x80, pieces('oo'))),
  ])
  const packets = readAll(demux(new WebmDemuxer(), cut(input, [999_999])), new WebmPacketReader())
  t.strictSame(
    packets.map(({ data, pts }) => [data.length, pts]),
    [
      [large.length, 0],
      [2, 960],
    ],
  )
  t.ok(packets[0]!.data.equals(large))
})

t.test('WebmMuxer: what it writes is read again, from every sync frame; segments hold the same', async (t) => {
  for (const name of ['vp8-vorbis.webm', 'vp9-opus.webm', 'av1-opus.webm', 'opus.webm', 'mediarecorder-vp8-opus.webm']) {
    const source = new WebmPacketReader()
    const packets = packetsOf(samples.get(name)!, source)
    const muxer = new WebmMuxer(source.tracks)
    const frames = packets.flatMap((packet) => muxer.write([packet]))
    t.equal(muxer.contentType.split(';')[0], packets.some(({ track }) => track.kind === 'video') ? 'video/webm' : 'audio/webm')
    t.equal(frames.length, packets.length, `${name}: a frame a packet`)
    const expected = packets.map(inMilliseconds).join('\n')
    const starts = frames.flatMap(({ sync }, i) => (sync ? [i] : []))
    t.ok(starts.length >= 2, `${name}: places to start at`)
    for (const start of starts) {
      const bytes = Buffer.concat([muxer.header, ...frames.slice(start).map((frame) => frame.bytes)])
      const reader = new WebmPacketReader()
      const read = packetsOf(bytes, reader).map(inMilliseconds)
      if (read.length !== packets.length - start || !expected.endsWith(read.join('\n'))) t.fail(`${name} from frame ${start}`)
      t.strictSame(
        reader.tracks.map(({ codecs, width, height, sampleRate, channels, config }) => ({
          codecs,
          width,
          height,
          sampleRate,
          channels,
          config,
        })),
        source.tracks.map(({ codecs, width, height, sampleRate, channels, config }) => ({
          codecs,
          width,
          height,
          sampleRate,
          channels,
          config,
        })),
      )
    }
    const segments = [packets.slice(0, 40), packets.slice(40)].map((part) => writeWebmSegment(source.tracks, part))
    t.equal(
      packetsOf(Buffer.concat([writeWebmInit(source.tracks), ...segments]))
        .map(inMilliseconds)
        .join('\n'),
      expected,
      `${name}: segments`,
    )
  }
})

/** What is in a file of any format. */
const readAny = (bytes: Buffer): { format: string; packets: Packet[] } => {
  const demuxer = new AutoDemuxer()
  const frames = [...demuxer.push(bytes), ...demuxer.end()]
  const reader = createPacketReader(demuxer.format)!
  return { format: demuxer.format, packets: readAll(frames, reader) }
}

t.test('WebmMuxer: Matroska holds every codec, and what it writes is read again', async (t) => {
  for (const name of [
    'h264-aac-frames.mp4',
    'h264-aac.mkv',
    'hevc-opus.mp4',
    'h264-mp3.mpegts',
    'h264-eac3.mpegts',
    'h264-ac3.m2ts',
    'vp8-vorbis.webm',
    'flac-mono.flac',
    'mp3-stereo.mp3',
  ]) {
    const { packets } = readAny(fixture(name))
    const tracks = [...new Set(packets.map(({ track }) => track))].toSorted((a, b) => b.kind.localeCompare(a.kind))
    const muxer = new WebmMuxer(tracks, 'matroska')
    t.match(muxer.contentType, tracks[0]!.kind === 'video' ? /^video\/x-matroska; codecs="/ : /^audio\/x-matroska; codecs="/)
    const read = readAny(Buffer.concat([muxer.header, ...muxer.write(packets).map(({ bytes }) => bytes)]))
    t.equal(read.format, 'matroska', name)
    for (const kind of ['video', 'audio']) {
      const [before, after] = [of(packets, kind), of(read.packets, kind)]
      t.ok(after.length === before.length && after.every(({ data }, i) => data.equals(before[i]!.data)), `${name}: ${kind}`)
      // Its ticks are milliseconds, and the delay of Opus is put on and taken off.
      const isSame = ({ pts, track }: Packet, i: number): boolean =>
        Math.abs(pts / track.timescale - before[i]!.pts / before[i]!.track.timescale) <= 0.0011 && after[i]!.key === before[i]!.key
      t.ok(after.every(isSame), 'at the same times')
      t.strictSame(after[0]?.track.config, before[0]?.track.config)
    }
    if (!name.endsWith('.webm')) t.throws(() => new WebmMuxer(tracks), /as WebM/, 'which WebM does not hold')
  }
})

t.test('WebmMuxer: clusters are short, and no time is too far from its cluster', async (t) => {
  const [audio] = packetsOf(samples.get('opus.webm')!)
  const [video] = of(packetsOf(samples.get('vp8-vorbis.webm')!), 'video')
  const syncs = (packets: readonly Packet[]): string =>
    new WebmMuxer([video!.track, audio!.track])
      .write(packets)
      .map(({ sync, bytes }) => (sync ? '*' : bytes.readUInt32BE(0) === ID.Cluster ? '+' : '-'))
      .join('')
  t.equal(
    syncs([
      moved(video!, 0),
      moved(audio!, 0),
      moved(video!, 999, false),
      moved(video!, 1000, false),
      moved(video!, 1500),
      moved(audio!, 1400),
    ]),
    '*--+*-',
  )
  t.equal(syncs([moved(video!, 100_000), moved(video!, 0), moved(video!, 90_000, false), moved(video!, 10, false)]), '**++')
  t.strictSame(
    new WebmMuxer([audio!.track]).write([0, 400, 600, 1200].map((ms) => moved(audio!, ms))).map(({ sync }) => sync),
    [true, false, true, true],
  )
  t.strictSame(new WebmMuxer([audio!.track]).write([video!]), [], 'other tracks are left out')
  const [avc] = of(packetsOf(samples.get('h264-aac.mkv')!), 'video')
  t.throws(() => new WebmMuxer([avc!.track]), RangeError)
  t.throws(() => writeWebmSegment([audio!.track], [moved(audio!, -40_000)]), RangeError)
})

t.test('mediabunny reads the same packets from what the muxer writes', async (t) => {
  for (const name of ['vp8-vorbis.webm', 'vp9-opus.webm', 'av1-opus.webm']) {
    const source = new WebmPacketReader()
    const packets = packetsOf(samples.get(name)!, source)
    const muxer = new WebmMuxer(source.tracks)
    const bytes = Buffer.concat([muxer.header, ...muxer.write(packets).map((frame) => frame.bytes)])
    const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) })
    for (const kind of ['video', 'audio'] as const) {
      const track = kind === 'video' ? await input.getPrimaryVideoTrack() : await input.getPrimaryAudioTrack()
      const read: string[] = []
      for await (const packet of new EncodedPacketSink(track!).packets()) {
        read.push(`${Math.round(packet.timestamp * 1000)} ${packet.type} ${packet.data.length}`)
      }
      // Opus' delay stays on the times.
      const delay = kind === 'audio' && /opus/.test(name) ? 6.5 : 0
      t.strictSame(
        read,
        of(packets, kind).map(
          ({ pts, track: { timescale }, key, data }) =>
            `${Math.round((pts / timescale) * 1000 + delay)} ${key ? 'key' : 'delta'} ${data.length}`,
        ),
        `${name}: ${kind}`,
      )
    }
  }
})
