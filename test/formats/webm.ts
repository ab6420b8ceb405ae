import { readFileSync } from 'node:fs'
import t from 'tap'
import { ID, readElementHead, readElements, writeElement, writeElementHead } from '../../lib/formats/ebml.js'
import type { Frame } from '../../lib/formats/frame.js'
import { MAX_FRAME_SIZE } from '../../lib/formats/frame.js'
import { probeWebm, WebmDemuxer } from '../../lib/formats/webm.js'
import { checkDemuxer, cut, demux } from '../helpers/demuxer.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const join = (frames: readonly Frame[]): Buffer => Buffer.concat(frames.map((frame) => frame.bytes))

const number = (id: number, value: number): Buffer => writeElement(id, Buffer.from([value >> 24, value >> 16, value >> 8, value]))
const text = (id: number, value: string): Buffer => writeElement(id, Buffer.from(value))
const block = (track: number, time: number, key: boolean, size = 30): Buffer =>
  writeElement(ID.SimpleBlock, Buffer.concat([Buffer.from([0x80 | track, time >> 8, time, key ? 0x80 : 0]), Buffer.alloc(size, track)]))
const group = (track: number, time: number, key: boolean): Buffer =>
  writeElement(
    ID.BlockGroup,
    Buffer.concat([
      writeElement(ID.Block, Buffer.concat([Buffer.from([0x80 | track, time >> 8, time, 0]), Buffer.alloc(20, track)])),
      ...(key ? [] : [writeElement(ID.ReferenceBlock, Buffer.from([0xd8]))]),
    ]),
  )
const cluster = (time: number, blocks: readonly Buffer[], known = true): Buffer => {
  const body = Buffer.concat([number(ID.Timestamp, time), ...blocks])
  return Buffer.concat([writeElementHead(ID.Cluster, known ? body.length : Infinity), body])
}
const entry = (track: number, type: number, codec: string): Buffer =>
  writeElement(ID.TrackEntry, Buffer.concat([number(ID.TrackNumber, track), number(ID.TrackType, type), text(ID.CodecId, codec)]))
const ebml = writeElement(ID.EBML, text(ID.DocType, 'webm'))
const begin = (...tracks: readonly Buffer[]): Buffer =>
  Buffer.concat([ebml, writeElementHead(ID.Segment, Infinity), writeElement(ID.Tracks, Buffer.concat(tracks))])
const AUDIO = entry(1, 2, 'A_OPUS')
const VIDEO = entry(2, 1, 'V_VP8')

const samples = Object.fromEntries(
  [
    'vp8-vorbis.webm',
    'av1-opus.webm',
    'h264-aac.mkv',
    'h264-aac-file.mkv',
    'opus.webm',
    'mediarecorder-h264-opus.mkv',
    'mediarecorder-opus.webm',
  ].map((name) => [name, fixture(name)]),
)

t.test('WebmDemuxer keeps what every demuxer promises', (t) => checkDemuxer(t, () => new WebmDemuxer(), samples))

t.test('names format, tracks and titles', (t) => {
  const seen = ['vp8-vorbis.webm', 'vp9-opus.webm', 'av1-opus.webm', 'h264-aac.mkv', 'mediarecorder-h264-opus.mkv', 'opus.webm'].map(
    (name) => {
      const demuxer = new WebmDemuxer()
      const frames = demux(demuxer, [fixture(name)])
      const codecs = demuxer.tracks.map((track) => track.codecs ?? '?').join()
      const { width, height, frameRate } = demuxer.tracks.find((track) => track.kind === 'video') ?? {}
      return [demuxer.contentType, codecs, `${width}x${height}@${frameRate}`, frames.filter((frame) => frame.sync).length]
    },
  )
  t.same(seen, [
    ['video/webm', 'vp8,vorbis', '128x72@25', 3],
    ['video/webm', 'vp09.00.10.08,opus', '128x72@25', 3],
    ['video/webm', 'av01.0.00M.08,opus', '128x72@25', 3],
    ['video/x-matroska', 'avc1.64000a,mp4a.40.2', '128x72@25', 3],
    ['video/x-matroska', 'opus,avc1.42c015', '320x240@undefined', 3],
    ['audio/webm', 'opus', 'undefinedxundefined@undefined', 3],
  ])
  const demuxer = new WebmDemuxer()
  t.same([demuxer.format, demuxer.tracks, demuxer.comments], ['webm', [], {}])
  demux(demuxer, [fixture('vp8-vorbis.webm')])
  t.match(demuxer.comments, { title: 'Harbour', artist: 'Floe' })
  t.match(demuxer.tracks[1], { kind: 'audio', codec: 'Vorbis', sampleRate: 48_000, channels: 1 })
  t.end()
})

t.test('the header has what a listener needs and nothing about the end of the stream', (t) => {
  const input = fixture('h264-aac-file.mkv')
  const first = demux(new WebmDemuxer(), [input]).find((frame) => frame.sync)!
  const segment = [...readElements(first.header)][1]!
  const children = [...readElements(segment.body)]
  t.same(readElementHead(segment.bytes)?.size, Infinity, 'the Segment has no size')
  t.ok(
    children.every((child) => ([ID.Info, ID.Tracks, ID.Tags] as number[]).includes(child.id)),
    'no SeekHead, Cues, Void',
  )
  const info = children.find((child) => child.id === ID.Info)!
  t.notOk(
    [...readElements(info.body)].some((child) => child.id === ID.Duration),
    'no Duration',
  )
  t.equal(first.bytes.readUInt32BE(0), ID.Cluster, 'the first start is a cluster')
  t.end()
})

t.test('a start inside a cluster is led in by the head of a cluster with the time in force', (t) => {
  const head = begin(AUDIO, VIDEO)
  const blocks = Array.from({ length: 60 }, (_, i) => (i % 3 ? block(1, i * 20, true) : block(2, i * 20, i % 30 === 0)))
  for (const known of [true, false]) {
    const input = Buffer.concat([head, cluster(7_000, [block(1, 0, true), ...blocks], known)])
    const frames = demux(new WebmDemuxer(), [input])
    const starts = frames.filter((frame) => frame.sync)
    t.equal(starts.length, 2, 'two key frames')
    t.equal(starts[0]!.header, starts[1]!.header, 'the header is one buffer')
    const tail = starts[0]!.header.subarray(head.length)
    t.same([...readElements(tail)].length, 1)
    t.ok(starts[0]!.header.subarray(0, head.length).equals(head))
    const from = frames.indexOf(starts[1]!)
    // What a listener gets reads as a stream of its own, whose first block is the key frame at the same time.
    const joined = demux(new WebmDemuxer(), [Buffer.concat([starts[1]!.header, ...frames.slice(from).map((frame) => frame.bytes)])])
    const again = joined.find((frame) => frame.sync)!
    t.ok(again.bytes.subarray(-starts[1]!.bytes.length).equals(starts[1]!.bytes))
    const opening = [...readElements([...readElements(again.bytes)][0]!.body)]
    t.equal(opening[0]!.body.readUIntBE(2, 6), 7_000)
  }
  t.end()
})

t.test('a cluster that opens with a key block needs no more than the header', (t) => {
  const head = begin(AUDIO, VIDEO)
  const input = Buffer.concat([
    head,
    cluster(0, [block(2, 0, true), block(1, 5, true), block(2, 40, false)]),
    cluster(80, [group(2, 0, true), group(2, 40, false), block(1, 50, true)]),
    cluster(200, [block(2, 0, false), block(2, 40, true)]),
  ])
  const frames = demux(new WebmDemuxer(), cut(input, [7]))
  t.same(
    frames.map((frame) => (frame.sync ? frame.header.length - head.length : '-')),
    ['-', '-', '-', 0, '-', '-', 0, '-', '-', '-', 22],
  )
  t.ok(join(frames).equals(input))
  t.end()
})

t.test('without video a listener starts at clusters, and every half second inside long ones', (t) => {
  const blocks = Array.from({ length: 200 }, (_, i) => block(1, i * 20, true))
  const frames = demux(new WebmDemuxer(), [Buffer.concat([begin(AUDIO), cluster(0, blocks), cluster(4000, blocks.slice(0, 10), false)])])
  const starts = frames.filter((frame) => frame.sync)
  t.equal(starts.length, 9)
  t.equal(new Set(starts.map((frame) => frame.header)).size, 2, 'one header for all clusters, one inside the long one')
  t.end()
})

t.test('video without key frames lets listeners in after a while; another track is no start', (t) => {
  const clusters = Array.from({ length: 50 }, (_, i) => cluster(i * 1000, [block(2, 0, false), block(1, 10, true)]))
  const frames = demux(new WebmDemuxer(), [Buffer.concat([begin(AUDIO, VIDEO), ...clusters])])
  t.same(
    frames.flatMap((frame, i) => (frame.sync ? [i] : [])),
    [3 + 30 * 2],
  )
  t.end()
})

t.test('a second head in the middle is a new header from there on; the same one again keeps the buffer', (t) => {
  const one = Buffer.concat([begin(VIDEO), cluster(0, [block(2, 0, true)], false)])
  const other = Buffer.concat([begin(VIDEO, AUDIO), cluster(0, [block(2, 0, true)], false)])
  const starts = demux(new WebmDemuxer(), [Buffer.concat([one, other, other])]).filter((frame) => frame.sync)
  t.equal(starts.length, 3)
  t.ok(starts[0]!.header.length < starts[1]!.header.length)
  t.equal(starts[1]!.header, starts[2]!.header)
  t.end()
})

t.test('what looks like a cluster inside a block is not one; unknown elements pass when a known one follows', (t) => {
  const trap = Buffer.concat([cluster(0, [block(2, 0, true)], false), Buffer.alloc(20)])
  const inside = writeElement(ID.SimpleBlock, Buffer.concat([Buffer.from([0x82, 0, 40, 0]), trap]))
  const strange = writeElement(0x5abc, Buffer.alloc(50, 1))
  const input = Buffer.concat([begin(VIDEO), cluster(0, [block(2, 0, true), inside, strange, block(2, 80, false)])])
  const demuxer = new WebmDemuxer()
  const frames = demux(demuxer, [input])
  t.equal(demuxer.skipped, 0)
  t.ok(join(frames).equals(input))
  t.equal(frames.filter((frame) => frame.sync).length, 1)
  t.end()
})

t.test('large elements come in pieces, of which the first may be a start', (t) => {
  const large = block(2, 0, true, MAX_FRAME_SIZE + 1000)
  const attachments = writeElement(ID.Attachments, Buffer.alloc(MAX_FRAME_SIZE * 2 + 5))
  const head = begin(VIDEO)
  const input = Buffer.concat([head, attachments, cluster(0, [large, block(2, 40, true)])])
  const demuxer = new WebmDemuxer()
  const frames = demux(demuxer, cut(input, [1_000_000]))
  t.ok(join(frames).equals(input))
  t.ok(frames.every((frame) => frame.bytes.length <= MAX_FRAME_SIZE))
  t.same(
    frames.map((frame) => (frame.sync ? frame.header.length - head.length : '-')),
    ['-', '-', '-', '-', '-', '-', 0, '-', 22],
  )
  const cutOff = new WebmDemuxer()
  const some = demux(cutOff, cut(input.subarray(0, -2000), [999_999]))
  t.equal(join(some).length + cutOff.skipped, input.length - 2000)
  t.end()
})

t.test('probeWebm is sure of an EBML head with a known DocType', (t) => {
  t.same(
    Object.values(samples).map((bytes) => probeWebm(bytes)),
    Object.values(samples).map(() => true),
  )
  t.equal(probeWebm(Buffer.alloc(0)), undefined)
  t.equal(probeWebm(ebml.subarray(0, 7)), undefined)
  t.equal(probeWebm(Buffer.from('ID3')), false)
  t.equal(probeWebm(writeElement(ID.EBML, text(ID.DocType, 'other'))), false)
  t.equal(probeWebm(Buffer.from('1a45dfa3ff', 'hex')), false)
  t.end()
})
