import { readFileSync } from 'node:fs'
import t from 'tap'
import { crc32Mpeg } from '../../lib/bytes/crc.js'
import type { Frame } from '../../lib/formats/frame.js'
import { MpegTsDemuxer, probeMpegTs } from '../../lib/formats/mpeg-ts.js'
import { checkDemuxer, cut, demux } from '../helpers/demuxer.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const h264 = fixture('h264-aac.mpegts')

/** Clears every random_access_indicator, so that the NAL units must tell. */
const withoutIndicator = (stream: Buffer): Buffer => {
  const out = Buffer.from(stream)
  for (let at = 0; at < out.length; at += 188) if (out[at + 3]! & 0x20 && out[at + 4]! > 0) out[at + 5]! &= ~0x40
  return out
}
/** The same packets with 16 bytes of parity behind each. */
const withParity = (stream: Buffer): Buffer =>
  Buffer.concat(Array.from(cut(stream, [188]), (packet) => Buffer.concat([packet, Buffer.alloc(16, 0x55)])))
const run = (stream: Buffer): Frame[] => demux(new MpegTsDemuxer(), [stream])
/** Where in the stream the sync frames begin, in packets. */
const starts = (stream: Buffer): number[] => {
  let at = 0
  return run(stream).flatMap(({ bytes, sync }) => {
    at += bytes.length
    return sync ? [(at - bytes.length) / 188] : []
  })
}

/** A packet with a payload, filled up by an adaptation field. */
const packet = (pid: number, payload: Buffer, { start = false, counter = 0, flags = 0 } = {}): Buffer => {
  const out = Buffer.alloc(188, 0xff)
  const room = 184 - payload.length
  out.set([0x47, (start ? 0x40 : 0) | (pid >> 8) | flags, pid & 255, (room > 0 ? 0x30 : 0x10) | (counter & 15)])
  if (room > 0) out[4] = room - 1
  if (room > 1) out[5] = 0
  payload.copy(out, 188 - payload.length)
  return out
}
const section = (tableId: number, id: number, version: number, body: Buffer): Buffer => {
  const size = body.length + 9
  const head = Buffer.from([tableId, 0xb0 | (size >> 8), size & 255, id >> 8, id & 255, 0xc1 | (version << 1), 0, 0])
  const bytes = Buffer.concat([head, body, Buffer.alloc(4)])
  bytes.writeUInt32BE(crc32Mpeg(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}
const PMT_PID = 0x1000
const VIDEO = 0x100
const AUDIO = 0x101
const patOf = (version = 0): Buffer => section(0, 1, version, Buffer.from([0, 1, 0xe0 | (PMT_PID >> 8), PMT_PID & 255]))
/** A program map; `info` bytes of descriptors make it long. */
const pmtOf = (streams: readonly (readonly [type: number, pid: number])[], { version = 0, info = 0 } = {}): Buffer => {
  const descriptors = Array.from({ length: info / 100 }, () => Buffer.concat([Buffer.from([0x80, 98]), Buffer.alloc(98, 7)]))
  const entries = streams.map(([type, pid]) => Buffer.from([type, 0xe0 | (pid >> 8), pid & 255, 0xf0, 0]))
  return section(2, 1, version, Buffer.concat([Buffer.from([0xe1, 0, 0xf0 | (info >> 8), info & 255]), ...descriptors, ...entries]))
}
const psi = (pid: number, bytes: Buffer, counter = 0): Buffer[] => {
  const whole = Buffer.concat([Buffer.from([0]), bytes])
  return Array.from(cut(whole, [184]), (part, i) => packet(pid, part, { start: i === 0, counter: counter + i }))
}
const pes = (...nals: string[]): Buffer =>
  Buffer.concat([
    Buffer.from('000001e0000080800521000100010000', 'hex').subarray(0, 14),
    ...nals.map((nal) => Buffer.from(`00000001${nal}`, 'hex')),
  ])
const videoStart = (...nals: string[]): Buffer => packet(VIDEO, pes(...nals), { start: true })
const SPS = '6742c00ad902c4ec0440000003004000000783c48992'
const nothing = packet(0x1fff, Buffer.alloc(184, 0xff))

t.test('MpegTsDemuxer keeps what every demuxer promises', (t) =>
  checkDemuxer(t, () => new MpegTsDemuxer(), {
    'H.264': h264,
    'H.264, told by NAL units': withoutIndicator(h264),
    'HEVC, told by NAL units': withoutIndicator(fixture('hevc-aac.mpegts')),
    'audio alone': fixture('aac-only.mpegts'),
    '192 bytes a packet': fixture('h264-ac3.m2ts'),
    '204 bytes a packet': withParity(fixture('h264-mp3.mpegts')),
  }),
)

t.test('the tracks are named by the program map and told by their own bytes', async (t) => {
  const H264 = { kind: 'video', codec: 'H.264', codecs: 'avc1.64000a', width: 128, height: 72, frameRate: 25 }
  const AAC = { kind: 'audio', codec: 'AAC', codecs: 'mp4a.40.2', sampleRate: 44_100, channels: 1 }
  const AC3 = { kind: 'audio', codec: 'AC-3', codecs: 'ac-3', sampleRate: 44_100, channels: 1 }
  const expected = {
    'h264-aac.mpegts': [H264, AAC],
    'h264-mp3.mpegts': [H264, { kind: 'audio', codec: 'MP3', codecs: 'mp4a.40.34', sampleRate: 44_100, channels: 1 }],
    'hevc-aac.mpegts': [{ ...H264, codec: 'HEVC', codecs: 'hvc1.1.6.L30.90' }, AAC],
    'h264-open-gop-opus.mpegts': [H264, { kind: 'audio', codec: 'Opus', codecs: 'opus', sampleRate: 48_000, channels: 1 }],
    'mpeg2-ac3.mpegts': [{ kind: 'video', codec: 'MPEG-2 video', width: 128, height: 72, frameRate: 25 }, AC3],
    'h264-ac3.m2ts': [H264, AC3],
    'aac-only.mpegts': [AAC],
  }
  for (const [name, tracks] of Object.entries(expected)) {
    const demuxer = new MpegTsDemuxer()
    demux(demuxer, [fixture(name)])
    t.same(demuxer.tracks, tracks, name)
  }
})

t.test('a listener can start at every key frame, whether an indicator tells it or the NAL units', async (t) => {
  for (const [name, count] of [
    ['h264-aac.mpegts', 4],
    ['h264-open-gop-opus.mpegts', 3],
    ['h264-intra-refresh.mpegts', 3],
    ['hevc-aac.mpegts', 3],
    ['mpeg2-ac3.mpegts', 3],
  ] as const) {
    const stream = fixture(name)
    t.equal(starts(stream).length, count, name)
    t.same(starts(withoutIndicator(stream)), starts(stream), `${name}, told by NAL units`)
  }
  for (const { header } of run(h264).filter(({ sync }) => sync)) {
    t.same(
      [header.length, header.readUInt16BE(1) & 0x1fff, header.readUInt16BE(189) & 0x1fff],
      [376, 0, PMT_PID],
      'the header is PAT and PMT',
    )
  }
})

t.test('a stream without video lets a listener start at every audio packet that begins a frame', async (t) => {
  const frames = run(fixture('aac-only.mpegts'))
  t.equal(frames.filter(({ sync }) => sync).length, 3)
  t.ok(frames.filter(({ sync }) => sync).every(({ bytes, header }) => bytes[1]! & 0x40 && header.length === 376))
})

t.test('tables that span packets and tables that change make the header from then on', async (t) => {
  const pat = psi(0, patOf())
  const long = psi(PMT_PID, pmtOf([[0x1b, VIDEO]], { info: 300 }))
  const changed = psi(PMT_PID, pmtOf([[0x24, VIDEO], [0x0f, AUDIO]], { version: 1 }), 2) // prettier-ignore
  const idr = videoStart(SPS, '6588ff')
  const irap = videoStart('2601ff')
  // The parts of a table may stand apart.
  const stream = [idr, ...pat, long[0]!, nothing, long[1]!, idr, nothing, ...changed, idr, irap]
  const demuxer = new MpegTsDemuxer()
  const frames = demux(demuxer, [Buffer.concat(stream)])
  t.same(
    frames.map(({ sync }) => sync),
    stream.map((bytes, i) => i === 5 || bytes === irap),
    'no sync before the tables are there; the codec is the one that the newest tables name',
  )
  t.ok(frames[5]!.header.equals(Buffer.concat([...pat, ...long])))
  t.ok(frames.at(-1)!.header.equals(Buffer.concat([...pat, ...changed])))
  t.same(demuxer.tracks.map(({ codec }) => codec), ['HEVC', 'AAC']) // prettier-ignore

  const broken = Buffer.from(changed[0]!)
  broken[180]! ^= 1
  t.ok(
    run(Buffer.concat([...pat, ...long, broken, idr]))
      .at(-1)!
      .header.equals(Buffer.concat([...pat, ...long])),
    'a wrong checksum is no table',
  )
})

t.test(
  'what is held back is released: by the next picture, after a bounded number of packets, at the end, where sync is lost',
  async (t) => {
    const tables = [...psi(0, patOf()), ...psi(PMT_PID, pmtOf([[0x1b, VIDEO]]))]
    const open = videoStart('0910', '060501')
    const sizes = (...more: Buffer[]): string =>
      run(Buffer.concat([...tables, ...more]))
        .slice(2)
        .map(({ bytes, sync }) => `${bytes.length / 188}${sync ? '*' : ''}`)
        .join(' ')
    t.equal(sizes(open, nothing, videoStart('419a'), nothing, nothing, nothing), '2 1 1 1 1')
    t.equal(sizes(open, nothing), '2')
    t.equal(sizes(open, ...Array.from({ length: 200 }, () => nothing)), `128${' 1'.repeat(73)}`)
    t.equal(sizes(open, packet(VIDEO, Buffer.from('ffff000001')), packet(VIDEO, Buffer.from([0x65, 0, 0]))), '3')
    t.equal(sizes(open, nothing, packet(VIDEO, Buffer.from('00000165', 'hex')), nothing), '3* 1', 'a start code behind other packets')
    t.equal(
      sizes(open, packet(VIDEO, Buffer.from('0000', 'hex')), packet(VIDEO, Buffer.from('0165', 'hex'))),
      '3*',
      'a start code in two packets',
    )
    t.equal(sizes(open, nothing, Buffer.alloc(500), ...Array.from({ length: 6 }, () => nothing)), '2 1 1 1 1 1 1')
  },
)

t.test('a stream without key frames still lets listeners in', async (t) => {
  const tables = [...psi(0, patOf()), ...psi(PMT_PID, pmtOf([[0x1b, VIDEO], [0x0f, AUDIO]]))] // prettier-ignore
  const filler = Buffer.concat(Array.from({ length: 45_000 }, () => nothing))
  const plain = videoStart('0910', '419a')
  const withSps = videoStart('0910', SPS, '419a')
  const after = (count: number, bytes: Buffer): boolean =>
    run(Buffer.concat([...tables, ...Array.from({ length: count }, () => filler), bytes])).at(-1)!.sync
  t.same(
    [after(0, withSps), after(1, plain), after(1, withSps), after(2, plain)],
    [false, false, true, true],
    'after 8 MiB behind parameter sets, after 16 MiB anywhere',
  )

  const audio = packet(AUDIO, Buffer.from('000001c0000080800521000100010000', 'hex'), { start: true })
  const frames = run(Buffer.concat([...tables, ...Array.from({ length: 258 }, () => audio)]))
  t.equal(frames.findIndex(({ sync }) => sync), 258, 'at audio, when the announced video never comes') // prettier-ignore
})

t.test('packets that tell nothing pass on: null, scrambled, and marked as damaged', async (t) => {
  const tables = [...psi(0, patOf()), ...psi(PMT_PID, pmtOf([[0x1b, VIDEO]]))]
  const idr = videoStart(SPS, '6588ff')
  const scrambled = Buffer.from(idr)
  scrambled[3]! |= 0x80
  const damaged = Buffer.from(idr)
  damaged[1]! |= 0x80
  const stream = Buffer.concat([...tables, nothing, scrambled, damaged, idr, nothing])
  const demuxer = new MpegTsDemuxer()
  const frames = demux(demuxer, [stream])
  t.equal(demuxer.skipped, 0)
  t.ok(Buffer.concat(frames.map(({ bytes }) => bytes)).equals(stream))
  t.same(frames.filter(({ sync }) => sync).map(({ bytes }) => bytes), [idr]) // prettier-ignore
})

t.test('packets come out without waiting for those behind them', async (t) => {
  const demuxer = new MpegTsDemuxer()
  const half = 188 * 70
  demuxer.push(h264.subarray(0, half))
  const late = Array.from(cut(h264.subarray(half), [188]), (bytes) => demuxer.push(bytes).length)
  t.ok(late.every((count) => count === 1))
})

t.test('probeMpegTs knows the packets, and says when it needs more', async (t) => {
  for (const name of ['h264-aac.mpegts', 'h264-ac3.m2ts']) t.equal(probeMpegTs(fixture(name).subarray(0, 1000)), true, name)
  t.equal(probeMpegTs(withParity(h264)), true, '204 bytes a packet')
  t.equal(probeMpegTs(h264.subarray(100, 3000)), true, 'from within a packet')
  t.equal(probeMpegTs(h264.subarray(0, 300)), undefined)
  t.equal(probeMpegTs(Buffer.alloc(0)), undefined)
  t.equal(probeMpegTs(fixture('h264-aac.flv')), false)
})
