import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { readAvcConfig } from '../../lib/codecs/h264.js'
import { readHevcConfig } from '../../lib/codecs/h265.js'
import { FlacDemuxer } from '../../lib/formats/flac.js'
import { FlvDemuxer } from '../../lib/formats/flv.js'
import { FlvPacketReader } from '../../lib/formats/flv-packets.js'
import type { Frame } from '../../lib/formats/frame.js'
import { createMediaTrack } from '../../lib/formats/media-track.js'
import { MpegTsDemuxer } from '../../lib/formats/mpeg-ts.js'
import { MpegTsMuxer, canMuxMpegTs } from '../../lib/formats/mpeg-ts-muxer.js'
import { MpegTsPacketReader } from '../../lib/formats/mpeg-ts-packets.js'
import type { MediaTrack, Packet, PacketReader } from '../../lib/formats/packet.js'
import { cut, demux, property } from '../helpers/demuxer.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const run = (reader: PacketReader, frames: readonly Frame[]): Packet[] => [...reader.read(frames), ...reader.end()]
const runTs = (stream: Buffer, sizes: readonly number[] = [stream.length]): Packet[] =>
  run(new MpegTsPacketReader(), demux(new MpegTsDemuxer(), cut(stream, sizes)))
const runFlv = (stream: Buffer, sizes: readonly number[] = [stream.length]): Packet[] =>
  run(new FlvPacketReader(), demux(new FlvDemuxer(), cut(stream, sizes)))
const of = (packets: readonly Packet[], kind: string): Packet[] => packets.filter(({ track }) => track.kind === kind)
/** All that can be told of packets, and which tracks are one object. */
const outline = (packets: readonly Packet[]): string => {
  const tracks = [...new Set(packets.map(({ track }) => track))]
  return packets
    .map((p) => `${tracks.indexOf(p.track)} ${p.dts} ${p.pts} ${p.duration} ${p.key} ${p.data.length} ${p.data.toString('base64', 0, 60)}`)
    .join('\n')
}
const whole = (packets: readonly Packet[]): unknown[] =>
  packets.map(({ track: { id }, dts, pts, duration, key, data }) => ({ id, dts, pts, duration, key, data: data.toString('latin1') }))
/** What is wrong with the times of packets, in words. */
const faults = (packets: readonly Packet[]): string[] => {
  const last = new Map<number, Packet>()
  return packets.flatMap((packet) => {
    const { track, dts, pts, duration, data } = packet
    const before = last.get(track.id)
    last.set(track.id, packet)
    const found: string[] = []
    if (!Number.isSafeInteger(dts) || !Number.isSafeInteger(pts) || pts < dts) found.push(`dts ${dts}, pts ${pts}`)
    if (data.length === 0) found.push('no data')
    if (track.kind === 'audio' && (duration <= 0 || !packet.key || dts !== pts)) found.push(`audio of ${duration}`)
    if (before && dts <= before.dts) found.push(`${dts} after ${before.dts}`)
    if (before && track.kind === 'audio' && dts !== before.dts + before.duration)
      found.push(`${dts} after ${before.dts} + ${before.duration}`)
    return found
  })
}

const TS = [
  // Counts, key frames, first dts as ffprobe tells them.
  { name: 'h264-aac.mpegts', video: [38, 4, 126_000], audio: [66, 1024] },
  { name: 'h264-mp3.mpegts', video: [25, 3, 128_255], audio: [40, 1152] },
  { name: 'h264-ac3.m2ts', video: [25, 3, 126_000], audio: [29, 1536] },
  { name: 'h264-open-gop-opus.mpegts', video: [25, 3, 126_000], audio: [51, 960] },
  { name: 'hevc-aac.mpegts', video: [25, 3, 126_000], audio: [45, 1024] },
  { name: 'h264-eac3.mpegts', video: [15, 2, 126_000], audio: [18, 1536] },
  { name: 'aac-latm.mpegts', audio: [27, 1024] },
  { name: 'h264-intra-refresh.mpegts', video: [25, 3, 126_000] },
  { name: 'aac-only.mpegts', audio: [45, 1024] },
  { name: 'mpeg2-ac3.mpegts', audio: [29, 1536] },
] as const
const streams = TS.map(({ name }) => fixture(name))
const h264 = fixture('h264-aac.mpegts')
const flv = fixture('h264-aac.flv')
const withParity = (stream: Buffer): Buffer =>
  Buffer.concat(Array.from(cut(stream, [188]), (packet) => Buffer.concat([packet, Buffer.alloc(16, 0x55)])))

/** The packets of a stream of 188 bytes, each given to a function that gives what takes its place. */
const mapPackets = (stream: Buffer, map: (packet: Buffer, index: number) => Buffer | undefined): Buffer =>
  Buffer.concat(Array.from(cut(stream, [188]), (packet, i) => map(packet, i) ?? Buffer.alloc(0)))
const pidOf = (packet: Buffer): number => packet.readUInt16BE(1) & 0x1fff
const payloadAt = (packet: Buffer): number => (packet[3]! & 0x20 ? 5 + packet[4]! : 4)

/** Moves every PTS and DTS. */
const shift = (stream: Buffer, by: number): Buffer =>
  mapPackets(stream, (original) => {
    const packet = Buffer.from(original)
    const at = payloadAt(packet)
    if ((packet[1]! & 0x40) === 0 || packet.readUIntBE(at, 3) !== 1) return packet
    const stamps = packet[at + 7]! >> 6
    for (let i = 0; i < (stamps === 3 ? 2 : stamps === 2 ? 1 : 0); i++) {
      const from = at + 9 + 5 * i
      const bits = BigInt(`0x${packet.toString('hex', from, from + 5)}`)
      const time = ((bits >> 33n) & 7n) * 0x4000_0000n + ((bits >> 17n) & 0x7fffn) * 0x8000n + ((bits >> 1n) & 0x7fffn)
      const next = (time + BigInt(by)) % (1n << 33n)
      const out = (bits & 0xf1_0001_0001n) | ((next >> 30n) << 33n) | (((next >> 15n) & 0x7fffn) << 17n) | ((next & 0x7fffn) << 1n)
      Buffer.from(out.toString(16).padStart(10, '0'), 'hex').copy(packet, from)
    }
    return packet
  })

/** The types of the NAL units of samples; -1 for what is no NAL unit. */
const types = (packets: readonly Packet[], typeOf: (byte: number) => number): number[] => {
  const found = new Set<number>()
  for (const { data } of packets) {
    let at = 0
    for (; at < data.length; at += 4 + data.readUInt32BE(at)) found.add(typeOf(data[at + 4]!))
    if (at !== data.length) found.add(-1)
  }
  return [...found].toSorted((a, b) => a - b)
}

/** What of packets stays when their times are moved. */
const strip = (packets: readonly Packet[], by: number): unknown[] =>
  packets.map(({ track, dts, pts, key, data }) => [
    track.id,
    Math.abs(dts - (by * track.timescale) / 90_000),
    pts - dts,
    key,
    data.toString('latin1'),
  ])

t.test('MpegTsPacketReader finds every packet of every codec, with growing times, exact durations and the right key frames', async (t) => {
  for (const { name, ...expected } of TS) {
    const demuxer = new MpegTsDemuxer()
    const reader = new MpegTsPacketReader()
    const packets = run(reader, demux(demuxer, [fixture(name)]))
    const [video, audio] = [of(packets, 'video'), of(packets, 'audio')]
    t.strictSame(faults(packets), [], name)
    t.strictSame(
      {
        ...(video.length > 0 && { video: [video.length, video.filter(({ key }) => key).length, video[0]!.dts] }),
        ...(audio.length > 0 && { audio: [audio.length, audio[0]!.duration] }),
      },
      expected,
      name,
    )
    const known = demuxer.tracks.filter(({ codec }) => codec !== 'MPEG-2 video')
    // The demuxer does not look into LATM.
    const told = name === 'aac-latm.mpegts' ? [{ kind: 'audio', codecs: 'mp4a.40.2', sampleRate: 44_100, channels: 1 }] : undefined
    t.strictSame(
      reader.tracks.map(({ kind, codecs, width, height, frameRate, sampleRate, channels }) => ({
        kind,
        codecs,
        ...(kind === 'video' ? { width, height, frameRate } : { sampleRate, channels }),
      })),
      told ?? known.map((track) => Object.fromEntries(Object.entries(track).filter(([member]) => member !== 'codec'))),
      `${name}: what the demuxer tells of its tracks`,
    )
    t.notOk(reader.pending, name)
    t.equal(new Set(packets.map(({ track }) => track)).size, reader.tracks.length, `${name}: one object for each track`)
    for (const track of reader.tracks)
      t.same(createMediaTrack(track.codecId, track.config, { ...track }), { ...track }, `${name}: the configuration can be read`)
  }
})

t.test('pictures are NAL units behind lengths without delimiters and without the parameter sets of the configuration', async (t) => {
  const [avc, hevc] = [of(runTs(h264), 'video'), of(runTs(fixture('hevc-aac.mpegts')), 'video')]
  t.strictSame(
    types(avc, (byte) => byte & 31),
    [1, 5, 6],
  )
  t.ok(
    types(hevc, (byte) => (byte >> 1) & 63).every((type) => (type >= 0 && type < 32) || type === 39),
    'HEVC',
  )
  const config = readHevcConfig(hevc[0]!.track.config)
  t.strictSame([config?.vps.length, config?.sps.length, config?.pps.length, config?.lengthSize], [1, 1, 1, 4])
})

t.test('a picture that only an indicator calls a key frame is none; languages are read', async (t) => {
  const lying = mapPackets(h264, (original) => {
    const packet = Buffer.from(original)
    if (pidOf(packet) === 0x100 && packet[3]! & 0x20 && packet[4]! > 0) packet[5]! |= 0x40
    return packet
  })
  t.equal(outline(runTs(lying)), outline(runTs(h264)))
  const languages = runTs(fixture('h264-eac3.mpegts')).map(({ track: { kind, language } }) => `${kind} ${language}`)
  t.strictSame(new Set(languages), new Set(['video undefined', 'audio deu']))
})

t.test('MpegTsPacketReader gives equal packets for every chunking and for packets of 188 and 204 bytes', async (t) => {
  for (const stream of streams) t.equal(outline(runTs(stream, [1])), outline(runTs(stream)))
  t.equal(outline(runTs(withParity(h264))), outline(runTs(h264)), '204 bytes a packet')
  t.doesNotThrow(() => {
    const known = new Map(streams.map((stream) => [stream, outline(runTs(stream))]))
    const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(fc.constantFrom(...streams), sizes, (stream, lengths) => outline(runTs(stream, lengths)) === known.get(stream)),
      property(0.2),
    )
  })
  const frames = demux(new MpegTsDemuxer(), [h264])
  const reader = new MpegTsPacketReader()
  t.equal(outline([...frames.flatMap((frame) => reader.read([frame])), ...reader.end()]), outline(runTs(h264)), 'frame by frame')
})

t.test('a reader may begin at any sync frame, and knows the tracks that are still to come', async (t) => {
  const frames = demux(new MpegTsDemuxer(), [h264])
  const all = whole(of(runTs(h264), 'video'))
  const starts = frames.flatMap(({ sync }, i) => (sync ? [i] : []))
  t.equal(starts.length, 4)
  for (const start of starts) {
    const packets = whole(of(run(new MpegTsPacketReader(), frames.slice(start)), 'video'))
    t.strictSame(packets, all.slice(-packets.length))
  }
  const reader = new MpegTsPacketReader()
  t.notOk(reader.pending, 'nothing is named before the first frame')
  const seen: string[] = []
  for (const frame of frames) {
    reader.read([frame])
    const state = `${reader.tracks.map(({ kind }) => kind).join('+')}${reader.pending ? ' …' : ''}`
    if (seen.at(-1) !== state) seen.push(state)
  }
  t.strictSame(seen, ['', ' …', 'video …', 'video+audio'])
})

t.test('times go on over the wrap of 33 bits, for audio and video together', async (t) => {
  for (const at of [250_000, 200_000, 130_000]) {
    const by = 2 ** 33 - at
    const packets = runTs(shift(h264, by))
    const expected = runTs(h264)
    t.strictSame(faults(packets), [], `wrap at ${at}`)
    t.strictSame(strip(of(packets, 'video'), by), strip(of(expected, 'video'), 0), `wrap at ${at}`)
    const [first, second] = [of(packets, 'audio')[0]!, of(expected, 'audio')[0]!]
    t.ok(Math.abs(first.dts - second.dts - (by * 44_100) / 90_000) < 2)
  }
})

t.test('doubled packets change nothing, a lost one costs one picture or the frames of one audio PES packet', async (t) => {
  const doubled = mapPackets(h264, (packet) => (packet[3]! & 0x10 && pidOf(packet) >= 0x100 ? Buffer.concat([packet, packet]) : packet))
  t.equal(outline(runTs(doubled)), outline(runTs(h264)))
  const all = runTs(h264)
  const indices = Array.from(cut(h264, [188])).flatMap((packet, i) => (pidOf(packet) === 0x100 && (packet[1]! & 0x40) === 0 ? [i] : []))
  // The first picture brings the parameter sets.
  for (const lost of indices.filter((_, i) => i > 10 && i % 9 === 0)) {
    const packets = runTs(mapPackets(h264, (packet, i) => (i === lost ? undefined : packet)))
    t.equal(of(packets, 'video').length, of(all, 'video').length - 1)
    t.equal(of(packets, 'audio').length, of(all, 'audio').length)
    t.ok(
      of(packets, 'video').every(({ data }) => of(all, 'video').some((other) => other.data.equals(data))),
      'no picture is damaged',
    )
  }
  const audio = Array.from(cut(h264, [188])).flatMap((packet, i) => (pidOf(packet) === 0x101 ? [i] : []))
  const lost = audio[Math.floor(audio.length / 2)]!
  const packets = of(runTs(mapPackets(h264, (packet, i) => (i === lost ? undefined : packet))), 'audio')
  const known = new Map(of(all, 'audio').map(({ dts, data }) => [dts, data]))
  t.ok(packets.length < known.size && packets.length > known.size / 2)
  t.ok(
    packets.every(({ dts, data }) => known.get(dts)?.equals(data)),
    'the frames after the gap keep their times',
  )
})

t.test('other parameter sets make another track under the same number, the same ones do not', async (t) => {
  const [a, b] = [fixture('h264-mp3.mpegts'), fixture('h264-open-gop-opus.mpegts')]
  const tracksOf = (stream: Buffer): MediaTrack[] => [...new Set(of(runTs(stream), 'video').map(({ track }) => track))]
  t.equal(tracksOf(Buffer.concat([a, a])).length, 1)
  const changed = tracksOf(Buffer.concat([a, b]))
  t.equal(changed.length, 2)
  t.equal(changed[0]!.id, changed[1]!.id)
  t.notSame(changed[0]!.config, changed[1]!.config)
  const audio = of(runTs(Buffer.concat([a, b])), 'audio').map(({ track: { codecId } }) => codecId)
  t.strictSame([...new Set(audio)], ['mp3', 'opus'], 'the program map changes')
})

t.test('damaged and random bytes never throw', async (t) => {
  const damage = fc.array(fc.record({ at: fc.nat(1_000_000), size: fc.integer({ min: 1, max: 400 }), value: fc.nat(255) }), {
    minLength: 1,
    maxLength: 12,
  })
  const anyStream = fc.constantFrom(...streams, flv, fixture('mp3-only.flv'))
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(anyStream, damage, fc.boolean(), (stream, faulty, isCut) => {
        let bytes = Buffer.from(stream)
        for (const { at, size, value } of faulty) {
          const from = at % bytes.length
          if (isCut) bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + size)])
          else bytes.fill(value, from, from + (size & 7) + 1)
        }
        for (const packets of [runTs(bytes), runFlv(bytes)])
          for (const { dts, pts, data, duration } of packets)
            if (!Number.isSafeInteger(dts) || pts < dts || data.length === 0 || duration < 0)
              throw new Error(`${dts} ${pts} ${data.length}`)
      }),
      property(0.6),
    ),
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (random) => {
        // Frames that no demuxer made.
        const bytes = Buffer.from(random)
        const frame = { bytes, sync: true, header: bytes }
        for (const reader of [new MpegTsPacketReader(), new FlvPacketReader()]) run(reader, [frame, frame])
      }),
      property(0.5),
    ),
  )
})

const tag = (type: number, time: number, data: Buffer): Buffer => {
  const bytes = Buffer.alloc(11 + data.length + 4)
  bytes[0] = type
  bytes.writeUIntBE(data.length, 1, 3)
  bytes.writeUIntBE(time % 0x100_0000, 4, 3)
  bytes[7] = Math.floor(time / 0x100_0000) & 255
  data.copy(bytes, 11)
  bytes.writeUInt32BE(11 + data.length, 11 + data.length)
  return bytes
}
const bytes = (...parts: (Buffer | string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part as string, 'latin1'))))
const FLV_HEAD = bytes('FLV', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0)
const AUDIO_HEAD = bytes('FLV', 1, 4, 0, 0, 0, 9, 0, 0, 0, 0)
/** The tags of an FLV stream, without its head. */
const tagsOf = (stream: Buffer): Buffer[] =>
  demux(new FlvDemuxer(), [stream]).flatMap(({ bytes: tagBytes }, i) => (i === 0 ? [] : [tagBytes]))
/** Moves the times of an FLV stream by milliseconds. */
const shiftFlv = (stream: Buffer, by: number): Buffer =>
  Buffer.concat([
    FLV_HEAD,
    ...tagsOf(stream).map((old) => tag(old[0]!, (by + old[7]! * 0x100_0000 + old.readUIntBE(4, 3)) % 2 ** 32, old.subarray(11, -4))),
  ])

const isSetup = (data: Buffer): boolean => (data[0] === 8 && data[12] === 0) || (data[0] === 9 && data[12] === 0)

t.test('FlvPacketReader finds every packet, with growing times and exact durations, over the wrap of 32 bits as well', async (t) => {
  const demuxer = new FlvDemuxer()
  const reader = new FlvPacketReader()
  const packets = run(reader, demux(demuxer, [flv]))
  const [video, audio] = [of(packets, 'video'), of(packets, 'audio')]
  t.strictSame(faults(packets), [])
  t.strictSame([video.length, video.filter(({ key }) => key).length, audio.length, audio[0]!.duration], [25, 3, 45, 1024])
  t.strictSame([...new Set(video.slice(1).map(({ dts }, i) => dts - video[i]!.dts))], [3600])
  t.ok(
    video.some(({ dts, pts }) => pts > dts),
    'composition times',
  )
  t.strictSame(
    reader.tracks.map(({ kind, codecs, timescale, id }) => ({ kind, codecs, timescale, id })),
    [
      { kind: 'video', codecs: demuxer.tracks[0]!.codecs, timescale: 90_000, id: 1 },
      { kind: 'audio', codecs: demuxer.tracks[1]!.codecs, timescale: 44_100, id: 2 },
    ],
  )
  t.notOk(reader.pending)
  t.equal(outline(runFlv(flv, [1])), outline(packets), 'byte by byte')
  t.equal(outline(runFlv(flv, [700, 13, 1, 4000])), outline(packets))
  for (const by of [2 ** 24 - 300, 2 ** 32 - 300]) {
    const shifted = runFlv(shiftFlv(flv, by))
    t.strictSame(faults(shifted), [])
    t.strictSame(
      of(shifted, 'video').map(({ dts }) => dts - by * 90),
      video.map(({ dts }) => dts),
    )
  }
  const mp3 = runFlv(fixture('mp3-only.flv'))
  t.strictSame(faults(mp3), [])
  t.strictSame([mp3.length > 35, mp3[0]!.track.codecId, mp3[0]!.duration], [true, 'mp3', 1152])
})

t.test('sequence headers that come again change nothing, others make another track', async (t) => {
  const tags = tagsOf(flv)
  const setups = tags.filter(isSetup)
  t.equal(setups.length, 2)
  const repeated = Buffer.concat([FLV_HEAD, ...tags.flatMap((data, i) => (i % 7 === 6 ? [...setups, data] : [data]))])
  t.equal(outline(runFlv(repeated)), outline(runFlv(flv)))
  const config = of(runTs(fixture('h264-mp3.mpegts')), 'video')[0]!.track.config
  const other = tag(9, 400, bytes(0x17, 0, 0, 0, 0, config))
  const half = Math.floor(tags.length / 2)
  const changed = runFlv(Buffer.concat([FLV_HEAD, ...tags.slice(0, half), other, ...tags.slice(half)]))
  const tracks = [...new Set(of(changed, 'video').map(({ track }) => track))]
  t.strictSame([tracks.length, tracks[0]?.id, tracks[1]?.id], [2, 1, 1])
  t.ok(tracks[1]?.config.equals(config))
  const again = runFlv(Buffer.concat([flv, flv]))
  t.equal(new Set(again.map(({ track }) => track)).size, 2, 'a second file of the same')
  const reader = new FlvPacketReader()
  const frames = demux(new FlvDemuxer(), [Buffer.concat([FLV_HEAD, setups[0]!, ...tags.filter((data) => data[0] === 9)])])
  reader.read(frames)
  t.ok(reader.pending, 'the file header names audio that has not come')
})

t.test('FlvPacketReader reads the codecs of enhanced RTMP', async (t) => {
  const at = (name: string, kind: string): Packet[] => of(runTs(fixture(name)), kind)
  const [hevc, avc] = [at('hevc-aac.mpegts', 'video'), at('h264-aac.mpegts', 'video')]
  const sound = {
    Opus: at('h264-open-gop-opus.mpegts', 'audio'),
    'ac-3': at('h264-ac3.m2ts', 'audio'),
    mp4a: at('h264-aac.mpegts', 'audio'),
  }
  const video = (fourCc: string, config: Buffer, packets: readonly Packet[], head = 1): Buffer[] => [
    tag(9, 0, bytes(0x90, fourCc, config)),
    ...packets.map(({ key, dts, pts, data }, i) => {
      const composition = Buffer.alloc(head === 1 ? 3 : 0)
      if (head === 1) composition.writeUIntBE(Math.round((pts - dts) / 90), 0, 3)
      return tag(9, i * 40, bytes(0x80 | (key ? 0x10 : 0x20) | head, fourCc, composition, data))
    }),
  ]
  for (const [fourCc, packets] of [
    ['hvc1', hevc],
    ['avc1', avc],
  ] as const) {
    const read = runFlv(Buffer.concat([FLV_HEAD, ...video(fourCc, packets[0]!.track.config, packets)]))
    t.strictSame(
      read.map(({ data, key, pts, dts }) => [data.toString('latin1'), key, pts - dts]),
      packets.map(({ data, key, pts, dts }) => [data.toString('latin1'), key, pts - dts]),
      fourCc,
    )
    t.strictSame({ ...read[0]!.track, id: 1 }, { ...packets[0]!.track, id: 1 }, fourCc)
  }
  const small = bytes(
    Buffer.from([1, ...hevc[0]!.track.config.subarray(1, 21), hevc[0]!.track.config[21]! & ~3]),
    hevc[0]!.track.config.subarray(22),
  )
  const one = bytes(1, 0x26, Buffer.from([2, 0x26, 1]))
  const short = runFlv(Buffer.concat([FLV_HEAD, tag(9, 0, bytes(0x90, 'hvc1', small)), tag(9, 0, bytes(0x93, 'hvc1', one))]))
  t.strictSame(
    [short[0]?.data.toString('hex'), readHevcConfig(short[0]!.track.config)?.lengthSize],
    ['0000000126000000022601', 4],
    'lengths become 4 bytes long',
  )

  const vp9Key = Buffer.from('82498342000efc0b3400', 'hex')
  const vp9 = runFlv(
    Buffer.concat([FLV_HEAD, tag(9, 0, bytes(0x91, 'vp09', vp9Key)), tag(9, 40, bytes(0xa1, 'vp09', Buffer.from([0x86, 0])))]),
  )
  t.same(
    vp9.map(({ track: { codecId, codecs, width }, key, dts }) => ({ codecId, codecs, width, key, dts })),
    [true, false].map((key) => ({ codecId: 'vp9', codecs: vp9[0]?.track.codecs, width: vp9[0]?.track.width, key, dts: key ? 0 : 3600 })),
  )
  t.match(vp9[0]?.track.codecs, /^vp09\.00\.\d\d\.08$/)

  for (const [fourCc, packets] of Object.entries(sound)) {
    const { config, timescale } = packets[0]!.track
    const first = packets[0]!.dts
    const read = runFlv(
      Buffer.concat([
        AUDIO_HEAD,
        tag(8, 0, bytes(0x90, fourCc, config)),
        ...packets.map(({ dts, data }) => tag(8, Math.floor(((dts - first) * 1000) / timescale), bytes(0x91, fourCc, data))),
      ]),
    )
    t.strictSame(faults(read), [], fourCc)
    t.strictSame(
      read.map(({ dts, data }) => [dts, data.toString('latin1')]),
      packets.map(({ dts, data }) => [dts - first, data.toString('latin1')]),
      `${fourCc}: times of milliseconds become samples again`,
    )
    t.same({ ...read[0]!.track, id: 1 }, { ...packets[0]!.track, id: 1 })
  }
  const flac = demux(new FlacDemuxer(), [fixture('flac-mono.flac')]).filter(({ sync }) => sync)
  const head = fixture('flac-mono.flac').subarray(0, 42)
  const flacRead = runFlv(
    Buffer.concat([
      AUDIO_HEAD,
      tag(8, 0, bytes(0x90, 'fLaC', head)),
      ...flac.map(({ bytes: data }, i) => tag(8, Math.floor((i * 1_152_000) / 22_050), bytes(0x91, 'fLaC', data))),
    ]),
  )
  t.strictSame(faults(flacRead), [])
  t.strictSame([flacRead.length, flacRead[0]?.track.codecs, flacRead[0]?.duration], [flac.length, 'flac', 1152])
})

t.test('MpegTsMuxer writes what MpegTsPacketReader reads again, whole and as segments whose counters run on', async (t) => {
  for (const { name } of TS) {
    const packets = runTs(fixture(name))
    const tracks = [...new Set(packets.map(({ track }) => track))].toSorted((a, b) => a.id - b.id)
    const muxer = new MpegTsMuxer(tracks)
    const frames = Array.from({ length: Math.ceil(packets.length / 3) }, (_, i) => muxer.write(packets.slice(3 * i, 3 * i + 3))).flat()
    const stream = Buffer.concat(frames.map(({ bytes: written }) => written))
    const again = runTs(stream)
    // The order of tracks among each other may be another, as PES packets hold several frames of audio.
    for (const { id, config } of tracks) {
      const mine = again.filter(({ track }) => config.equals(track.config))
      t.strictSame(
        whole(mine.map((packet) => ({ ...packet, track: { ...packet.track, id } }))),
        whole(packets.filter(({ track }) => track.id === id)),
        name,
      )
    }
    const hasVideo = tracks.some(({ kind }) => kind === 'video')
    const syncs = frames.filter(({ sync }) => sync)
    if (hasVideo) t.equal(syncs.length, of(packets, 'video').filter(({ key }) => key).length, `${name}: sync frames are key frames`)
    t.ok(syncs.length > 0 && syncs.every(({ header }) => header.length === 376), `${name}: the tables are the header`)
    const late = frames.slice(frames.indexOf(syncs.at(-1)!))
    const joined = demux(new MpegTsDemuxer(), [Buffer.concat([late[0]!.header, ...late.map(({ bytes: written }) => written)])])
    t.ok(run(new MpegTsPacketReader(), joined).length > 0, `${name}: a listener can join`)

    const cuts = hasVideo ? packets.flatMap(({ track, key }, i) => (track.kind === 'video' && key ? [i] : [])) : [0, 20]
    const segmenter = new MpegTsMuxer(tracks)
    const segments = cuts.map((from, i) => segmenter.segment(packets.slice(from, cuts[i + 1])))
    const counters = new Map<number, number>()
    const broken: string[] = []
    for (const packet of cut(Buffer.concat(segments), [188])) {
      const [pid, counter] = [pidOf(packet), packet[3]! & 15]
      const before = counters.get(pid)
      if (before !== undefined && counter !== ((before + 1) & 15)) broken.push(`${pid}: ${counter} after ${before}`)
      counters.set(pid, counter)
    }
    t.strictSame(broken, [], `${name}: counters`)
    const begins = segments.map((segment) => Array.from(cut(segment.subarray(0, 376), [188]), pidOf))
    t.strictSame(new Set(begins.map(String)), new Set(['0,4096']), `${name}: every segment begins with the tables`)
    t.equal(of(runTs(Buffer.concat(segments)), 'video').length, of(packets.slice(cuts[0]), 'video').length, name)
  }
})

t.test('MpegTsMuxer writes times modulo 33 bits, FLV as well, and refuses what MPEG-TS cannot carry', async (t) => {
  const packets = runTs(shift(h264, 2 ** 33 - 150_000))
  const tracks = [...new Set(packets.map(({ track }) => track))]
  const again = runTs(new MpegTsMuxer(tracks).segment(packets))
  t.strictSame(faults(again), [])
  t.strictSame(
    of(again, 'video').map(({ dts, pts }) => [dts % 2 ** 33, pts - dts]),
    of(packets, 'video').map(({ dts, pts }) => [dts % 2 ** 33, pts - dts]),
  )
  const fromFlv = runFlv(flv)
  const flvTracks = [...new Set(fromFlv.map(({ track }) => track))]
  const written = runTs(new MpegTsMuxer(flvTracks).segment(fromFlv))
  for (const kind of ['video', 'audio'])
    t.strictSame(
      of(written, kind).map(({ dts, pts, key, data }) => [dts, pts, key, data.length]),
      of(fromFlv, kind).map(({ dts, pts, key, data }) => [dts, pts, key, data.length]),
    )
  const avc = readAvcConfig(tracks.find(({ kind }) => kind === 'video')!.config)
  t.strictSame([avc?.sps.length, avc?.pps.length, avc?.lengthSize], [1, 1, 4])
  const vp9 = createMediaTrack('vp9', Buffer.from([0, 10, 0x82, 2, 2, 2, 0, 0]), { id: 1, width: 16, height: 16 })!
  t.notOk(canMuxMpegTs(vp9))
  t.throws(() => new MpegTsMuxer([vp9]), RangeError)
  t.throws(() => new MpegTsMuxer([]), RangeError)
  t.strictSame(new MpegTsMuxer(tracks).write([{ ...fromFlv[0]!, track: vp9 }]), [], 'packets of another codec are left out')
})
