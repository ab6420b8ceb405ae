import { readFileSync } from 'node:fs'
import t from 'tap'
import { readAmf } from '../../lib/formats/amf.js'
import { FlvDemuxer, probeFlv } from '../../lib/formats/flv.js'
import { type Frame, MAX_FRAME_SIZE } from '../../lib/formats/frame.js'
import { checkDemuxer, demux } from '../helpers/demuxer.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const h264 = fixture('h264-aac.flv')
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

const FILE_HEAD = hex('464c5601 05 00000009 00000000')
/** A tag and its size, which may be told wrong. */
const tag = (type: number, data: Buffer, { time = 0, size = 11 + data.length } = {}): Buffer => {
  const head = Buffer.alloc(11)
  head[0] = type
  head.writeUIntBE(data.length, 1, 3)
  head.writeUIntBE(time & 0xffffff, 4, 3)
  head[7] = time >>> 24
  const tail = Buffer.alloc(4)
  tail.writeUInt32BE(size)
  return Buffer.concat([head, data, tail])
}
const audio = (...data: string[]): Buffer => tag(8, hex(data.join('')))
const video = (...data: string[]): Buffer => tag(9, hex(data.join('')))
const fourcc = (name: string): string => Buffer.from(name).toString('hex')
const run = (...parts: Buffer[]): { frames: Frame[]; demuxer: FlvDemuxer } => {
  const demuxer = new FlvDemuxer()
  return { frames: demux(demuxer, [Buffer.concat(parts)]), demuxer }
}
const syncs = (...parts: Buffer[]): boolean[] =>
  run(FILE_HEAD, ...parts)
    .frames.slice(1)
    .map(({ sync }) => sync)

/** The tags of a stream. */
const tags = (stream: Buffer): Buffer[] => {
  const out: Buffer[] = []
  for (let at = 13; at < stream.length; at += out.at(-1)!.length) out.push(stream.subarray(at, at + 15 + stream.readUIntBE(at + 1, 3)))
  return out
}
/** The same stream with its video in the enhanced form. */
const enhanced = (stream: Buffer): Buffer =>
  Buffer.concat([
    stream.subarray(0, 13),
    ...tags(stream).map((bytes) => {
      if (bytes[0] !== 9) return bytes
      const [kind, packet] = [bytes[11]! & 0x70, bytes[12]!]
      const data = bytes.subarray(packet === 1 ? 13 : 16, -4)
      return tag(9, Buffer.concat([Buffer.from([0x80 | kind | packet]), Buffer.from('avc1'), data]), { time: bytes.readUIntBE(4, 3) })
    }),
  ])

t.test('FlvDemuxer keeps what every demuxer promises', (t) =>
  checkDemuxer(t, () => new FlvDemuxer(), {
    'H.264': h264,
    'H.264, enhanced RTMP': enhanced(h264),
    'audio alone': fixture('mp3-only.flv'),
    'a stream that begins anew': Buffer.concat([h264, enhanced(h264)]),
  }),
)

t.test('tracks come from the sequence headers, what these leave open from the metadata', async (t) => {
  const tracks = [
    { kind: 'video', codec: 'H.264', codecs: 'avc1.64000a', width: 128, height: 72, frameRate: 25 },
    { kind: 'audio', codec: 'AAC', codecs: 'mp4a.40.2', sampleRate: 44_100, channels: 1, bitrate: 23_438 },
  ]
  for (const stream of [h264, enhanced(h264)]) {
    const { demuxer } = run(stream)
    t.same(demuxer.tracks, tracks)
    t.same(demuxer.comments, { title: 'Harbour at dawn' })
  }
  t.match(run(fixture('mp3-only.flv')).demuxer.tracks, [{ kind: 'audio', codec: 'MP3', sampleRate: 44_100, channels: 1 }])
})

t.test('a listener can start at key frames, after file header, metadata and the sequence headers', async (t) => {
  const all = tags(h264)
  const { frames } = run(h264)
  const starts = frames.filter(({ sync }) => sync)
  t.equal(starts.length, 3)
  t.ok(starts.every(({ bytes }) => bytes[0] === 9 && bytes[11] === 0x17 && bytes[12] === 1))
  t.ok(starts[0]!.header.equals(Buffer.concat([h264.subarray(0, 13), ...all.slice(0, 3)])))
  t.ok(starts.every(({ header }) => header === starts[0]!.header), 'one and the same Buffer') // prettier-ignore

  const other = video('17 00 000000 0142c00affe10000 010000')
  const again = run(h264, other, ...all.slice(3)).frames.filter(({ sync }) => sync)
  t.equal(again.length, 6)
  t.ok(again[2]!.header.includes(all[1]!))
  t.notOk(again[3]!.header.includes(all[1]!), 'a changed sequence header takes the place of the old one')
  t.ok(again[3]!.header.includes(other))
})

t.test('key frames are known in every codec, older and enhanced', async (t) => {
  t.same(syncs(video('12 aa'), video('22 aa'), video('14 aa'), video('52 00')), [true, false, true, false], 'without sequence headers')
  t.same(
    syncs(video('1c 00 000000 01'), video('1c 01 000000 aa'), video('2c 01 000000 aa'), video('1c 02 000000')),
    [false, true, false, false],
    'HEVC as number 12',
  )
  const [hvc1, av01] = [fourcc('hvc1'), fourcc('av01')]
  t.same(syncs(video('90', hvc1, '01'), video('91', hvc1, '000000aa'), video('93', hvc1, 'aa'), video('a3', hvc1, 'aa'), video('92', hvc1)), [false, true, true, false, false], 'HEVC by FourCC') // prettier-ignore
  t.same(
    syncs(video('90', av01, '81'), video('94', av01, '02'), video('91', av01, 'aa'), video('95', av01, 'aa')),
    [false, false, true, false],
    'AV1',
  )
  t.same(
    syncs(video('97 02 aabbcc 01', av01, 'aa'), video('a7 02 aabbcc 01', av01, 'aa'), video('97 02')),
    [true, false, false],
    'behind a modifier',
  )
  t.same(
    syncs(video('96 00', av01, '00 81'), video('96 01', av01, '00 aa'), video('a6 01', av01, '01 aa')),
    [false, true, false],
    'in a multitrack',
  )
})

t.test('enhanced sequence headers and HDR metadata of every track stand in the header', async (t) => {
  const setup = [
    video('90', fourcc('hvc1'), '01 01 60000000 900000000000 7b f000 fc fd f8 f8 0000 0f 00'),
    video('94', fourcc('hvc1'), '02 0009'),
    video('96 00', fourcc('vp09'), '01 01000000 00 1f 80 020202 0000'),
    video('96 00', fourcc('av01'), '02 81080c00'),
    audio('90', fourcc('Opus'), '4f7075734865616401023801 80bb0000 0000 00'),
    audio('95 00', fourcc('fLaC'), '01 664c6143 80000022 10001000 000000 000000 0ac442f0 00000000', '00'.repeat(16)),
  ]
  const { frames, demuxer } = run(FILE_HEAD, ...setup, video('91', fourcc('hvc1'), '000000aa'))
  t.ok(frames.at(-1)!.header.equals(Buffer.concat([FILE_HEAD, ...setup])))
  t.match(demuxer.tracks, [
    { codec: 'HEVC', codecs: 'hvc1.1.6.L123.90' },
    { codec: 'VP9', codecs: 'vp09.00.31.08' },
    { codec: 'AV1', codecs: 'av01.0.08M.08' },
    { codec: 'Opus', codecs: 'opus', sampleRate: 48_000, channels: 2 },
    { codec: 'FLAC', codecs: 'flac', sampleRate: 44_100, channels: 2 },
  ])
})

t.test('audio lets a listener start when there is no video, or none comes', async (t) => {
  const [config, sound] = [audio('af 00 1208'), audio('af 01 aa')]
  t.same(syncs(config, sound, sound), [false, false, false], 'video is announced')
  const silent = Buffer.from(FILE_HEAD)
  silent[4] = 4
  const starts = (...parts: Buffer[]): boolean[] => run(silent, ...parts).frames.map(({ sync }) => sync)
  t.same(starts(config, sound, sound), [false, false, true, true])
  t.same(starts(config, sound, video('27 01 000000 aa'), sound), [false, false, true, false, false], 'video that was not announced counts')
  t.equal(syncs(...Array.from({ length: 300 }, () => sound)).indexOf(true), 256)
})

t.test('a stream without key frames lets listeners in after a while', async (t) => {
  const inter = tag(9, Buffer.concat([hex('27 01 000000'), Buffer.alloc(1_000_000)]))
  t.equal(syncs(...Array.from({ length: 10 }, () => inter)).indexOf(true), 9)
})

t.test('a tag larger than a frame may be comes in pieces; a size that is damaged does not hold the stream up', async (t) => {
  const large = tag(9, Buffer.concat([hex('17 01 000000'), Buffer.alloc(9_000_000, 0x77)]))
  const sound = audio('af 01 aa')
  const { frames, demuxer } = run(FILE_HEAD, large, sound)
  t.same(frames.map(({ bytes }) => bytes.length), [13, MAX_FRAME_SIZE, MAX_FRAME_SIZE, large.length - 2 * MAX_FRAME_SIZE, sound.length]) // prettier-ignore
  t.same(frames.map(({ sync }) => sync), [false, true, false, false, false]) // prettier-ignore
  t.equal(demuxer.skipped, 0)

  const broken = Buffer.from(sound)
  broken[1] = 0xff
  const many = Array.from({ length: 300_000 }, () => sound)
  const live = new FlvDemuxer()
  const early = live.push(Buffer.concat([FILE_HEAD, broken, ...many]))
  t.equal(early.length, many.length + 1, 'the tags behind it come out before the stream ends')
  t.equal(live.skipped, broken.length)
  t.equal(run(FILE_HEAD, broken, sound, sound).frames.length, 3, 'also when the stream ends soon')
})

t.test('tags whose sizes are told wrong are believed when the next tag stands in its place', async (t) => {
  const wrong = tag(8, hex('af 01 aa'), { size: 0 })
  const right = audio('af 01 aa')
  const { frames, demuxer } = run(FILE_HEAD, wrong, wrong, right)
  t.equal(frames.length, 4)
  t.equal(demuxer.skipped, 0)
})

t.test('metadata that is cut, deep or strange never throws', async (t) => {
  const [script] = tags(h264)
  const values = script!.subarray(11, -4)
  t.equal(readAmf(values).length, 2)
  t.doesNotThrow(() => {
    for (let size = 0; size < values.length; size++) readAmf(values.subarray(0, size))
    readAmf(hex('03000161'.repeat(50_000)))
    readAmf(hex('0affffffff05'))
  })
  t.same(readAmf(hex('01 01 05 06 0b 4059000000000000 0000 0c 00000002 6869 0a 00000001 02 0001 61 08 00000000 0001 61 01 00 0000 09')), [
    true,
    null,
    undefined,
    100,
    'hi',
    ['a'],
    new Map([['a', false]]),
  ])
  const named = tag(18, Buffer.concat([hex('02 000d'), Buffer.from('@setDataFrame'), hex('02 000a'), Buffer.from('onMetaData'), hex('03 0005'), Buffer.from('title'), hex('02 0001 78 0000 09')])) // prettier-ignore
  t.same(run(FILE_HEAD, named).demuxer.comments, { title: 'x' })
})

t.test('probeFlv knows the file header, and says when it needs more', async (t) => {
  t.equal(probeFlv(h264), true)
  for (const size of [0, 1, 3, 4, 11]) t.equal(probeFlv(h264.subarray(0, size)), undefined, `${size} bytes`)
  t.equal(probeFlv(Buffer.from('FLVx')), false)
  t.equal(probeFlv(Buffer.from('OggS')), false)
})
