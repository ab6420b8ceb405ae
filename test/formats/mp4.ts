import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Frame } from '../../lib/formats/frame.js'
import { MAX_FRAME_SIZE } from '../../lib/formats/frame.js'
import { findBox, readBoxes, readBoxHead, writeBox } from '../../lib/formats/mp4-boxes.js'
import { readFragment } from '../../lib/formats/mp4-fragment.js'
import { Mp4Demuxer, probeMp4 } from '../../lib/formats/mp4.js'
import { checkDemuxer, cut, demux } from '../helpers/demuxer.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const join = (frames: readonly Frame[]): Buffer => Buffer.concat(frames.map((frame) => frame.bytes))
const types = (bytes: Buffer): string => Array.from(readBoxes(bytes), (box) => box.type).join(' ')
const words = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => bytes.writeUInt32BE(value, i * 4))
  return bytes
}

const KEY = 0x2000000
const NOT = 0x1010000
const ftyp = writeBox('ftyp', Buffer.from('isom'), words(0))
const trak = (id: number, handler: string, samples = 0): Buffer =>
  writeBox(
    'trak',
    writeBox('tkhd', words(0, 0, 0, id, 0, 0)),
    writeBox(
      'mdia',
      writeBox('mdhd', words(0, 0, 0, 1000, 0, 0)),
      writeBox('hdlr', words(0, 0), Buffer.from(handler)),
      writeBox(
        'minf',
        writeBox(
          'stbl',
          writeBox('stsd', words(0, 0)),
          writeBox('stts', words(0, samples)),
          writeBox('stss', words(0, 0)),
          writeBox('stsz', words(0, 4, samples)),
        ),
      ),
    ),
  )
const trex = (id: number, flags: number): Buffer => writeBox('trex', words(0, id, 1, 40, 0, flags))
const moov = (flags: number, ...traks: readonly Buffer[]): Buffer =>
  writeBox('moov', ...traks, writeBox('mvex', trex(1, flags), trex(2, 0)))
/** A traf whose tfhd and trun have just what is given. */
const traf = (id: number, has: { tfhd?: number; first?: number; samples?: readonly number[]; count?: number }): Buffer => {
  const run = (has.first === undefined ? 0 : 4) | (has.samples === undefined ? 0 : 0x400)
  const trun = words(run, has.samples?.length ?? has.count ?? 1, ...(has.first === undefined ? [] : [has.first]), ...(has.samples ?? []))
  const tfhd = has.tfhd === undefined ? words(0x20000, id) : words(0x20020, id, has.tfhd)
  return writeBox('traf', writeBox('tfhd', tfhd), writeBox('trun', trun))
}
const moof = (...trafs: readonly Buffer[]): Buffer => writeBox('moof', writeBox('mfhd', words(0, 1)), ...trafs)
const mdat = (size: number): Buffer => writeBox('mdat', Buffer.alloc(size, 7))
const syncs = (input: Buffer): string =>
  demux(new Mp4Demuxer(), [input])
    .map((frame) => (frame.sync ? '*' : '-'))
    .join('')

const samples = Object.fromEntries(
  ['h264-aac.mp4', 'h264-aac-frames.mp4', 'hevc-opus.mp4', 'aac.mp4', 'mediarecorder-h264-opus.mp4'].map((name) => [name, fixture(name)]),
)

t.test('Mp4Demuxer keeps what every demuxer promises', (t) => checkDemuxer(t, () => new Mp4Demuxer(), samples))

t.test('names tracks, titles and media type', (t) => {
  const seen = Object.values(samples).map((bytes) => {
    const demuxer = new Mp4Demuxer()
    const frames = demux(demuxer, [bytes])
    const codecs = demuxer.tracks.map((track) => track.codecs ?? '?').join()
    const { width, height, frameRate } = demuxer.tracks.find((track) => track.kind === 'video') ?? {}
    return [demuxer.contentType, codecs, `${width}x${height}@${frameRate}`, frames.filter((frame) => frame.sync).length, demuxer.warning]
  })
  t.same(seen, [
    ['video/mp4', 'avc1.64000a,mp4a.40.2', '128x72@25', 3, undefined],
    ['video/mp4', 'avc1.64000a,mp4a.40.2', '128x72@25', 3, undefined],
    ['video/mp4', 'hvc1.1.6.L30.90,opus', '128x72@25', 3, undefined],
    ['audio/mp4', 'mp4a.40.2', 'undefinedxundefined@undefined', 5, undefined],
    ['video/mp4', 'opus,avc1.42c015', '320x240@14.428', 2, undefined],
  ])
  const demuxer = new Mp4Demuxer()
  t.same([demuxer.format, demuxer.contentType, demuxer.tracks, demuxer.comments], ['mp4', 'video/mp4', [], {}])
  demux(demuxer, [samples['h264-aac.mp4']!])
  t.match(demuxer.comments, { title: 'Dawn' })
  t.match(demuxer.tracks[1], { kind: 'audio', codec: 'AAC', sampleRate: 48_000, channels: 1 })
  t.end()
})

t.test('the header is ftyp and moov, one buffer for all fragments; small boxes travel with the fragment after them', (t) => {
  const extra = [
    writeBox('styp', Buffer.from('msdh'), words(0)),
    writeBox('prft', words(0, 0)),
    writeBox('abcd', words(1)),
    writeBox('emsg', words(0)),
  ]
  const fragment = Buffer.concat([...extra, moof(traf(1, { first: KEY })), writeBox('free'), mdat(20)])
  const head = Buffer.concat([ftyp, moov(NOT, trak(1, 'vide'))])
  const input = Buffer.concat([head, fragment, fragment, writeBox('mfra', words(0))])
  const frames = demux(new Mp4Demuxer(), cut(input, [5]))
  t.same(
    frames.map((frame) => types(frame.bytes)),
    ['ftyp', 'moov', 'styp prft abcd emsg moof free mdat', 'styp prft abcd emsg moof free mdat', 'mfra'],
  )
  t.ok(frames[2]!.sync && frames[3]!.sync && frames[2]!.header.equals(head))
  t.equal(frames[2]!.header, frames[3]!.header)
  t.end()
})

t.test('sync comes from trun, its samples, tfhd, trex, in that order, of the first video track', (t) => {
  const track = { id: 1, defaults: { duration: 40, flags: NOT } }
  const starts = (...trafs: readonly Buffer[]): boolean => readFragment(moof(...trafs).subarray(8), track).startsWithKey
  t.equal(starts(traf(1, {})), false, 'trex')
  t.equal(starts(traf(1, { tfhd: KEY })), true, 'tfhd before trex')
  t.equal(starts(traf(1, { tfhd: KEY, samples: [NOT, KEY] })), false, 'sample before tfhd')
  t.equal(starts(traf(1, { tfhd: NOT, samples: [NOT, NOT], first: KEY })), true, 'first sample before samples')
  t.equal(starts(traf(2, { tfhd: KEY }), traf(1, { tfhd: NOT })), false, 'of its own track')
  t.same(readFragment(moof(traf(1, { tfhd: NOT, count: 0xffffffff, first: KEY })).subarray(8), track), {
    samples: 0xffffffff,
    duration: 0xffffffff * 40,
    lastDuration: 40,
    startsWithKey: true,
    hasKey: true,
  })
  const head = Buffer.concat([ftyp, moov(NOT, trak(2, 'soun'), trak(1, 'vide'))])
  const fragments = [[traf(2, { tfhd: KEY })], [traf(1, {})], [traf(2, {}), traf(1, { first: KEY })], [traf(1, { count: 0 })]]
  t.equal(syncs(Buffer.concat([head, ...fragments.flatMap((trafs) => [moof(...trafs), mdat(8)])])), '----*-')
  t.end()
})

t.test('key frames that never begin a fragment do not lock listeners out for ever', (t) => {
  const head = Buffer.concat([ftyp, moov(NOT, trak(1, 'vide'))])
  const late = Buffer.concat([moof(traf(1, { samples: [NOT, KEY, NOT] })), mdat(8)])
  const early = Buffer.concat([moof(traf(1, { samples: [KEY, NOT] })), mdat(8)])
  const none = Buffer.concat([moof(traf(1, { count: 250 })), mdat(8)])
  t.equal(syncs(Buffer.concat([head, early, late, late, late, late, early, late])), '--*--***-')
  t.equal(syncs(Buffer.concat([head, none, none, none, none, none, none, none, none])), '-----*---*'.slice(0, 10))
  t.end()
})

t.test('a second moov is a new header; the same one again keeps the buffer', (t) => {
  const one = Buffer.concat([ftyp, moov(NOT, trak(1, 'vide')), moof(traf(1, { first: KEY })), mdat(9)])
  const other = Buffer.concat([ftyp, moov(NOT, trak(1, 'vide'), trak(2, 'soun')), moof(traf(1, { first: KEY })), mdat(9)])
  const [a, b, c] = demux(new Mp4Demuxer(), [Buffer.concat([one, other, other])]).filter((frame) => frame.sync)
  t.notOk(a!.header.equals(b!.header))
  t.equal(b!.header, c!.header)
  t.end()
})

t.test('samples that the moov itself lists are left out of the header', (t) => {
  const listed = moov(NOT, trak(1, 'vide', 3))
  const input = Buffer.concat([ftyp, listed, mdat(12), moof(traf(1, { first: KEY })), mdat(9)])
  const start = demux(new Mp4Demuxer(), [input]).find((frame) => frame.sync)!
  const stbl = findBox(start.header.subarray(ftyp.length + 8), ['trak', 'mdia', 'minf', 'stbl'])!
  t.equal(types(stbl), 'stsd stts stsc stco stsz')
  t.ok(findBox(stbl, ['stsz'])!.equals(Buffer.alloc(12)))
  t.ok(findBox(start.header.subarray(ftyp.length + 8), ['mvex', 'trex']))
  t.end()
})

t.test('an MP4 that nobody can join passes through and says what to send instead', (t) => {
  for (const input of [fixture('h264-aac-plain.mp4'), Buffer.concat([ftyp, mdat(100)])]) {
    const demuxer = new Mp4Demuxer()
    const frames = demux(demuxer, [input])
    t.ok(join(frames).equals(input))
    t.notOk(frames.some((frame) => frame.sync))
    t.match(demuxer.warning, /Send fragmented MP4/)
  }
  const demuxer = new Mp4Demuxer()
  const offsets = demux(demuxer, [fixture('h264-aac-offsets.mp4')])
  t.same(
    offsets.flatMap((frame, i) => (frame.sync ? [i] : [])),
    [2],
    'absolute offsets hold only from the beginning',
  )
  t.match(demuxer.warning, /default_base_moof/)
  t.end()
})

t.test('large data comes in pieces, of which the first may be a start; data without a size runs to the end', (t) => {
  const head = Buffer.concat([ftyp, moov(NOT, trak(1, 'vide'))])
  const large = writeBox('mdat', Buffer.alloc(MAX_FRAME_SIZE * 2 + 77))
  const endless = Buffer.concat([words(0), Buffer.from('mdat'), Buffer.alloc(MAX_FRAME_SIZE + 3)])
  const input = Buffer.concat([head, moof(traf(1, { first: KEY })), large, moof(traf(1, {})), mdat(3), endless])
  const frames = demux(new Mp4Demuxer(), cut(input, [1_111_111]))
  t.ok(join(frames).equals(input))
  t.ok(frames.every((frame) => frame.bytes.length <= MAX_FRAME_SIZE))
  t.equal(frames.map((frame) => (frame.sync ? '*' : '-')).join(''), '--*-----')
  const cutOff = new Mp4Demuxer()
  const some = demux(cutOff, [Buffer.concat([head, moof(traf(1, { first: KEY })), mdat(100).subarray(0, 50)])])
  t.equal(some.length, 2, 'a fragment that is not whole is left out')
  t.equal(cutOff.skipped, moof(traf(1, { first: KEY })).length + 50)
  t.end()
})

t.test('probeMp4 is sure of the first box that only MP4 has', (t) => {
  t.same(
    Object.values(samples).map((bytes) => probeMp4(bytes)),
    Object.values(samples).map(() => true),
  )
  t.equal(probeMp4(ftyp.subarray(0, 7)), undefined)
  t.equal(probeMp4(writeBox('free', Buffer.alloc(20))), undefined)
  t.equal(probeMp4(Buffer.concat([writeBox('wide'), mdat(4)])), true)
  t.equal(probeMp4(Buffer.from('RIFF\0\0\0\0WAVE')), false)
  t.equal(probeMp4(Buffer.from('ffd8ffe000104a46', 'hex')), false)
  t.equal(probeMp4(Buffer.alloc(1000)), false)
  t.same(readBoxHead(Buffer.concat([words(1), Buffer.from('mdat'), words(1, 0)])), { type: 'mdat', size: 2 ** 32, headSize: 16 })
  t.end()
})
