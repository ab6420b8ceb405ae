import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny'
import { createFile, type ISOFile, Log, MP4BoxBuffer } from 'mp4box'
import t from 'tap'
import type { Track } from '../../lib/formats/frame.js'
import { createMediaTrack, type TrackFacts } from '../../lib/formats/media-track.js'
import { findBox, readBoxes } from '../../lib/formats/mp4-boxes.js'
import { readFragment } from '../../lib/formats/mp4-fragment.js'
import { writeInit } from '../../lib/formats/mp4-init.js'
import { readMovie } from '../../lib/formats/mp4-movie.js'
import { Mp4Muxer } from '../../lib/formats/mp4-muxer.js'
import { writePart } from '../../lib/formats/mp4-part.js'
import { writeEmsg, writePrft, writeStyp } from '../../lib/formats/mp4-prefix.js'
import { Mp4Demuxer } from '../../lib/formats/mp4.js'
import type { CodecId, MediaTrack, Packet } from '../../lib/formats/packet.js'
import { demux, property } from '../helpers/demuxer.js'

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')
const isHex = (bytes: Buffer, digits: string): boolean => bytes.equals(hex(digits))
const picture = ({ width = 0, height = 0 }): string => `${width}x${height}`
const audible = ({ sampleRate, channels }: Partial<Track>): string => `${sampleRate}/${channels}`
const types = (body: Buffer): string => Array.from(readBoxes(body), ({ type }) => type).join(' ')
const begin = ({ dts, track }: Packet): number => (dts - BASE) / track.timescale
const at = (seconds: number, timescale: number): number => Math.round(seconds * timescale)

/** Where the times of the fixtures are moved to: beyond 32 bits. */
const BASE = 2 ** 33 + 7

function createTrack(codecId: CodecId, config: Buffer, facts: TrackFacts): MediaTrack {
  const track = createMediaTrack(codecId, config, facts)
  if (track === undefined) throw new Error(`no track of ${codecId}`)
  return track
}

interface Stream {
  readonly track: MediaTrack
  readonly packets: readonly Packet[]
}

/** One track of a fixture, as mediabunny reads it; its packets follow one another at an even pace. */
async function open(
  name: string,
  id: number,
  codecId: CodecId,
  ticks: number,
  configure: (description: Buffer, first: Buffer) => Buffer = (description) => description,
): Promise<Stream> {
  const source = new BufferSource(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)))
  const input = new Input({ formats: ALL_FORMATS, source })
  const isVideo = ['h264', 'hevc', 'vp8', 'vp9', 'av1'].includes(codecId)
  const found = isVideo ? await input.getPrimaryVideoTrack() : await input.getPrimaryAudioTrack()
  if (found === null) throw new Error(`nothing of ${codecId} in ${name}`)
  const { description } = (await found.getDecoderConfig()) ?? {}
  const pieces = []
  for await (const piece of new EncodedPacketSink(found).packets()) pieces.push(piece)
  const bytes = ArrayBuffer.isView(description)
    ? Buffer.from(description.buffer, description.byteOffset, description.byteLength)
    : Buffer.alloc(0)
  const config = configure(bytes, Buffer.from(pieces[0]!.data))
  const facts = found.isVideoTrack()
    ? { id, width: found.displayWidth, height: found.displayHeight, frameRate: 25 }
    : found.isAudioTrack()
      ? { id, sampleRate: found.sampleRate, channels: found.numberOfChannels, language: 'swe' }
      : { id }
  const track = createTrack(codecId, config, facts)
  const start = pieces[0]!.timestamp
  const packets = pieces.map((piece, i): Packet => {
    const dts = BASE + i * ticks
    const pts = isVideo ? BASE + at(piece.timestamp - start, track.timescale) : dts
    return { track, dts, pts, duration: ticks, key: piece.type === 'key', data: Buffer.from(piece.data) }
  })
  input.dispose()
  return { track, packets }
}

const vpcC = hex('000a82 020202 0000')
const streams: readonly Stream[] = await Promise.all([
  open('h264-aac.mp4', 1, 'h264', 3600),
  open('hevc-opus.mp4', 2, 'hevc', 3600),
  open('vp8-vorbis.webm', 3, 'vp8', 3600, () => vpcC),
  open('vp9-opus.webm', 4, 'vp9', 3600, () => vpcC),
  open('av1-opus.webm', 5, 'av1', 3600, (_, first) => Buffer.concat([hex('81000c00'), first.subarray(0, 2 + first[1]!)])),
  open('h264-aac.mp4', 6, 'aac', 1024),
  open('hevc-opus.mp4', 7, 'opus', 960),
  open('flac-mono.flac', 8, 'flac', 1152, (description) => description.subarray(8)),
  open('mp3-stereo.mp3', 9, 'mp3', 1152, () => Buffer.alloc(0)),
  open('mp3-mono-22k-vbr.mp3', 10, 'mp3', 576, () => Buffer.alloc(0)),
  open('vp8-vorbis.webm', 11, 'vorbis', 1024),
  open('h264-ac3.m2ts', 12, 'ac3', 1536, () => hex('500800')),
  open('h264-ac3.m2ts', 13, 'eac3', 1536, () => hex('0100 60 02 00')),
])
const stream = (codecId: CodecId): Stream => streams.find(({ track }) => track.codecId === codecId)!

// It reads a dfLa too far and says so each time; what is none of its own words means errors only.
Log.setLogLevel(() => {})

/** What mp4box makes of a whole stream. */
function parse(bytes: Buffer): ISOFile {
  const file = createFile()
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(Uint8Array.from(bytes).buffer, 0))
  file.flush()
  return file
}

t.test('initialization sections say of every codec what its track says', (t) => {
  const said = streams.map(({ track }) => {
    const init = writeInit([track])
    const theirs = parse(init).getInfo().tracks[0]!
    const movie = readMovie(findBox(init, ['moov'])!)
    const [ours] = movie.tracks
    t.equal(movie.fragmented, true)
    t.match(ours, { id: track.id, timescale: track.timescale, track: { kind: track.kind, codec: track.codec } }, track.codecs)
    t.match([theirs.id, theirs.timescale, theirs.language], [track.id, track.timescale, track.language ?? 'und'], track.codecs)
    const all =
      track.kind === 'video'
        ? [picture(track), picture(ours!.track), picture(theirs.video!)]
        : [audible(track), audible(ours!.track), audible({ sampleRate: theirs.audio!.sample_rate, channels: theirs.audio!.channel_count })]
    t.equal(new Set(all).size, 1, `${track.codecs}: ${all.join()}`)
    return [track.codecs, ours!.track.codecs, theirs.codec, findBox(init, ['ftyp'])!.toString('latin1', 8)].join()
  })
  t.strictSame(said, [
    'avc1.64000a,avc1.64000a,avc1.64000a,iso6mp41cmfc',
    'hvc1.1.6.L30.90,hvc1.1.6.L30.90,hvc1.1.6.L30.90,iso6mp41cmfc',
    'vp8,vp08.00.10.08,vp08.00.10.08,iso6mp41cmfc',
    'vp09.00.10.08,vp09.00.10.08,vp09.00.10.08,iso6mp41cmfc',
    'av01.0.00M.08,av01.0.00M.08,av01.0.00M.08,iso6mp41cmfcav01',
    'mp4a.40.2,mp4a.40.2,mp4a.40.2,iso6mp41cmfc',
    'opus,opus,Opus,iso6mp41cmfc',
    'flac,flac,fLaC,iso6mp41cmfc',
    'mp4a.40.34,mp4a.6B,mp4a.6b,iso6mp41cmfc',
    'mp4a.40.34,mp4a.69,mp4a.69,iso6mp41cmfc',
    'vorbis,mp4a.DD,mp4a.dd,iso6mp41cmfc',
    'ac-3,ac-3,ac-3,iso6mp41cmfc',
    'ec-3,ec-3,ec-3,iso6mp41cmfc',
  ])
  t.end()
})

/** The one sample entry of a track's initialization section: its own fields, and the box inside. */
function entry(track: MediaTrack): { head: Buffer; config: Buffer } {
  const [box] = readBoxes(findBox(writeInit([track]), ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd'])!.subarray(8))
  const head = track.kind === 'video' ? 78 : 28
  const [config] = readBoxes(box!.body.subarray(head))
  return { head: box!.body.subarray(0, head), config: config!.body }
}

t.test('an initialization section holds several tracks, configurations byte for byte, and what does not fit 16 bits', (t) => {
  const tracks = [stream('h264'), stream('aac'), stream('opus')].map(({ track }) => track)
  const init = writeInit(tracks)
  t.equal(types(init), 'ftyp moov')
  t.equal(types(findBox(init, ['moov'])!), 'mvhd trak trak trak mvex')
  t.equal(types(findBox(init, ['moov', 'mvex'])!), 'trex trex trex')
  t.equal(findBox(init, ['ftyp'])!.toString('latin1'), 'iso6\0\0\0\0iso6mp41', 'a CMAF header would have one track')
  t.equal(findBox(init, ['moov', 'mvhd'])!.readUInt32BE(96), 8, 'next_track_ID')

  for (const codecId of ['h264', 'hevc', 'av1', 'ac3', 'eac3'] as const)
    t.ok(entry(stream(codecId).track).config.equals(stream(codecId).track.config), codecId)
  for (const codecId of ['vp8', 'vp9'] as const) t.ok(entry(stream(codecId).track).config.equals(Buffer.concat([hex('01000000'), vpcC])))
  const flac = stream('flac').track
  t.ok(entry(flac).config.equals(Buffer.concat([hex('00000000 80000022'), flac.config])))
  const family = hex('4f70757348656164 01 06 3801 80bb0000 0100 01 04 02 00 04 01 02 03 05')
  const surround = createTrack('opus', family, { id: 1 })
  t.ok(isHex(entry(surround).config, '00 06 0138 0000bb80 0001 01 0402 000401020305'), 'dOps is big-endian')
  t.equal(entry(surround).head.readUInt16BE(16), 6)
  t.throws(() => writeInit([{ ...surround, config: Buffer.alloc(3) }]), /OpusHead/)

  const rate = (track: MediaTrack, sampleRate: number): number =>
    entry({ ...track, sampleRate, timescale: sampleRate }).head.readUInt32BE(24) / 65_536
  const aac = stream('aac').track
  t.strictSame(
    [44_100, 96_000, 192_000, 176_400].map((value) => rate(flac, value)),
    [44_100, 48_000, 48_000, 44_100],
  )
  t.strictSame(
    [44_100, 96_000].map((value) => rate(aac, value)),
    [44_100, 0],
  )
  // | ES_Descriptor | DecoderConfigDescriptor: 0x40, AudioStream, buffer size, rates | DecoderSpecificInfo | SLConfigDescriptor |
  const asc = aac.config.toString('hex')
  const esds = entry({ ...aac, bitrate: 0x010203 }).config
  t.ok(isHex(esds, `00000000 0380808025 000000 0480808017 4015000000 00010203 00010203 0580808005 ${asc} 0680808001 02`))
  const language = (value: string | undefined): string => parse(writeInit([{ ...aac, language: value }])).getInfo().tracks[0]!.language
  t.strictSame(['deu', undefined, 'english', 'ÄÖÜ', ''].map(language), ['deu', 'und', 'und', 'und', 'und'])
  t.end()
})

/** The samples of a stream of one or more tracks, as mp4box and {@link readFragment} find them. */
function readBack(tracks: readonly MediaTrack[], parts: readonly Buffer[]): Map<number, unknown[]> {
  const whole = Buffer.concat([writeInit(tracks), ...parts])
  const file = parse(whole)
  const found = new Map<number, unknown[]>()
  for (const { id } of tracks) {
    const samples = file.getTrackById(id).samples.map(({ dts, cts, duration, is_sync, offset, size }) => {
      return [dts, cts, duration, is_sync, whole.toString('hex', offset, offset + size)]
    })
    found.set(id, samples)
  }
  return found
}

const told = ({ dts, pts, duration, key, data }: Packet): unknown[] => [dts, pts, duration, key, data.toString('hex')]

t.test('writePart writes what mp4box and readFragment read, and gives the packets as views of the part', (t) => {
  const tracks = [stream('aac'), stream('h264'), stream('opus')].map(({ track }) => track)
  const piece = fc.record({
    which: fc.nat(2),
    size: fc.oneof(fc.constant(5), fc.nat(40)),
    duration: fc.oneof(fc.constant(1024), fc.integer({ min: 1, max: 0xffff_ffff })),
    key: fc.boolean(),
    shift: fc.oneof(fc.constant(0), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  })
  const start = fc.tuple(...tracks.map(() => fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: 2 ** 52 }))))
  const before = fc.array(
    fc.integer({ min: 0, max: 9 }).map((size) => writeStyp(['msdh', ...Array<string>(size).fill('msix')])),
    { maxLength: 2 },
  )
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 12 }),
        start,
        before,
        fc.nat(0xffff_ffff),
        (pieces, starts, boxes, sequence) => {
          const clock = [...starts]
          const packets = pieces.map(({ which, size, duration, key, shift }, i): Packet => {
            const dts = clock[which]!
            clock[which] = dts + duration
            return { track: tracks[which]!, dts, pts: dts + shift, duration, key, data: Buffer.alloc(size, i + 1) }
          })
          const part = writePart({ sequence, packets, before: boxes })

          const found = readBack(tracks, [part.bytes])
          const [moof] = [...readBoxes(part.bytes)].filter(({ type }) => type === 'moof')
          for (const { id } of tracks) {
            const own = packets.filter(({ track }) => track.id === id)
            if (JSON.stringify(found.get(id)) !== JSON.stringify(own.map(told)))
              throw new Error(`mp4box reads ${JSON.stringify(found.get(id))}`)
            const sum = readFragment(moof!.body, { id, defaults: { duration: 77, flags: 0 } })
            const expected = {
              samples: own.length,
              duration: own.reduce((all, { duration }) => all + duration, 0),
              lastDuration: own.at(-1)?.duration ?? 0,
              startsWithKey: own[0]?.key ?? false,
              hasKey: own.some(({ key }) => key),
            }
            if (JSON.stringify(sum) !== JSON.stringify(expected)) throw new Error(`readFragment says ${JSON.stringify(sum)}`)
          }
          if (findBox(moof!.body, ['mfhd'])!.readUInt32BE(4) !== sequence) throw new Error('another sequence number')
          const order = [...readBoxes(moof!.body)].slice(1).map(({ body }) => findBox(body, ['tfhd'])!.readUInt32BE(4))
          if (order.includes(1) && order[0] !== 1) throw new Error('video does not come first')

          return (
            part.packets.length === packets.length &&
            part.packets.every((packet, i) => {
              const { track, data } = packets[i]!
              const isView = packet.data.buffer === part.bytes.buffer && packet.data.equals(data)
              return isView && packet.track === track && JSON.stringify(told(packet)) === JSON.stringify(told(packets[i]!))
            })
          )
        },
      ),
      property(0.5),
    )
  })
  t.end()
})

t.test('what is the same for all samples is written once', (t) => {
  const { track } = stream('h264')
  const part = (...pieces: readonly [duration: number, size: number, key: boolean, shift: number][]): string => {
    let dts = 0
    const packets = pieces.map(([duration, size, key, shift]): Packet => {
      dts += duration
      return { track, dts: dts - duration, pts: dts - duration + shift, duration, key, data: Buffer.alloc(size) }
    })
    const moof = findBox(writePart({ sequence: 1, packets }).bytes, ['moof', 'traf'])!
    return `${findBox(moof, ['tfhd'])!.toString('hex', 1, 4)} ${findBox(moof, ['trun'])!.toString('hex', 0, 4)} ${moof.length}`
  }
  t.equal(part([40, 9, true, 0]), '020038 01000001 68')
  t.equal(part([40, 9, true, 80], [40, 9, true, 0], [40, 9, true, 0]), '020038 01000801 80')
  t.equal(part([40, 9, true, 0], [40, 8, false, 0], [40, 7, false, 0]), '020028 01000205 80')
  t.equal(part([40, 9, true, 0], [41, 8, false, 0], [40, 7, true, -1]), '020000 01000f01 104')
  const packet = { track, dts: 0, pts: 0, duration: 1, key: true, data: Buffer.alloc(1) }
  t.throws(() => writePart({ sequence: 1, packets: [] }), RangeError)
  t.throws(() => writePart({ sequence: 1, packets: [{ ...packet, dts: -1 }] }), RangeError)
  t.throws(() => writePart({ sequence: 1, packets: [{ ...packet, pts: 2 ** 31 }] }), RangeError)
  t.throws(() => writePart({ sequence: 1, packets: [{ ...packet, duration: 2 ** 32 }] }), RangeError)
  t.end()
})

t.test('the boxes before a part say what they were given and travel with it', (t) => {
  const { track, packets } = stream('opus')
  const message = Buffer.from('ID3 and so on')
  const event = { timescale: 48_000, time: 2 ** 40 + 1, id: 7, scheme: 'https://aomedia.org/emsg/ID3', value: 'ä', message }
  const before = [
    writeStyp(['msdh', 'msix']),
    writePrft({ trackId: 7, wallclock: Date.UTC(2036, 1, 7, 6, 28, 15, 250), mediaTime: BASE, flags: 24 }),
    writeEmsg({ ...event, duration: 96_000 }),
    writeEmsg(event),
  ]
  const { bytes } = writePart({ sequence: 1, packets: packets.slice(0, 3), before })
  const [styp, prft, emsg, endless] = readBoxes(bytes)
  t.equal(styp!.body.toString('latin1'), 'msdh\0\0\0\0msdhmsix')
  // The last second of NTP's first era, and a quarter.
  t.ok(isHex(prft!.body, '01000018 00000007 ffffffff 40000000 0000000200000007'))
  t.equal(writePrft({ trackId: 1, wallclock: Date.UTC(2036, 1, 7, 6, 28, 16), mediaTime: 0 }).toString('hex', 16, 24), '0'.repeat(16))
  t.ok(isHex(emsg!.body.subarray(0, 24), '01000000 0000bb80 0000010000000001 00017700 00000007'))
  t.equal(emsg!.body.toString('utf8', 24), 'https://aomedia.org/emsg/ID3\0ä\0ID3 and so on')
  t.equal(endless!.body.readUInt32BE(16), 0xffff_ffff)
  const theirs = parse(Buffer.concat([writeInit([track]), bytes]))
  t.match(theirs.getBoxes('emsg', true)[0], {
    presentation_time: 2 ** 40 + 1,
    event_duration: 96_000,
    scheme_id_uri: event.scheme,
  })
  t.match(theirs.getBoxes('prft', true)[0], { ref_track_id: 7, media_time: BASE, flags: 24 })
  const frames = demux(new Mp4Demuxer(), [Buffer.concat([writeInit([track]), bytes])])
  t.ok(frames.length === 3 && frames[2]!.bytes.equals(bytes) && frames[2]!.sync)
  t.end()
})

/** Packets of several streams in the order of their times. */
function interleave(...parts: readonly Stream[]): Packet[] {
  return parts.flatMap(({ packets }) => packets).toSorted((a, b) => begin(a) - begin(b))
}

t.test('what Mp4Muxer writes, Mp4Demuxer cuts into the same frames, and mp4box reads as the same packets', (t) => {
  const mixes = [
    ...streams.map((one) => [one]),
    [stream('h264'), stream('aac')],
    [stream('opus'), stream('av1')],
    [stream('aac'), stream('opus')],
  ]
  for (const mix of mixes) {
    const tracks = mix.map(({ track }) => track)
    const name = tracks.map(({ codecs }) => codecs).join()
    const muxer = new Mp4Muxer(tracks)
    const packets = interleave(...mix)
    const frames = muxer.write(packets)
    const demuxer = new Mp4Demuxer()
    const seen = demux(demuxer, [muxer.header, ...frames.map(({ bytes }) => bytes)]).slice(2)
    t.equal(seen.length, frames.length, name)
    t.ok(
      seen.every(({ bytes, sync, header }, i) => bytes.equals(frames[i]!.bytes) && sync === frames[i]!.sync && header.equals(muxer.header)),
      `${name}: equal frames, starts and header`,
    )
    t.ok(frames.every(({ header }) => header === muxer.header))
    t.equal(`${demuxer.contentType}; codecs="${demuxer.tracks.map(({ codecs }) => codecs).join()}"`, muxer.contentType)
    const found = readBack(
      tracks,
      frames.map(({ bytes }) => bytes),
    )
    for (const { track, packets: own } of mix) t.strictSame(found.get(track.id), own.map(told), name)
  }
  t.end()
})

t.test('mediabunny reads what Mp4Muxer writes as the packets that went in', async (t) => {
  for (const mix of [['h264', 'aac'], ['hevc', 'opus'], ['vp8', 'opus'], ['vp9', 'flac'], ['av1', 'opus'], ['mp3'], ['ac3']] as const) {
    const chosen = mix.map(stream)
    const muxer = new Mp4Muxer(chosen.map(({ track }) => track))
    const frames = muxer.write(interleave(...chosen))
    const whole = Buffer.concat([muxer.header, ...frames.map(({ bytes }) => bytes)])
    const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(whole) })
    const found = await input.getTracks()
    t.equal(found.length, mix.length)
    for (const [i, { track, packets }] of chosen.entries()) {
      const theirs = []
      const tick = (seconds: number): number => Math.round(seconds * track.timescale)
      for await (const { timestamp, duration, type, data } of new EncodedPacketSink(found[i]!).packets())
        theirs.push([tick(timestamp), tick(duration), type, Buffer.from(data).toString('hex')].join())
      const ours = packets.map(({ pts, duration, key, data }) => [pts, duration, key ? 'key' : 'delta', data.toString('hex')].join())
      t.strictSame(theirs, ours, track.codecs)
    }
    input.dispose()
  }
})

/** Of each fragment: its number, whether it is a start, and for each track how many samples it has. */
const shape = (muxer: Mp4Muxer, packets: readonly Packet[]): string =>
  muxer
    .write(packets)
    .map(({ bytes, sync }) => {
      const moof = findBox(bytes, ['moof'])!
      const runs = [...readBoxes(moof)].slice(1).map(({ body }) => {
        return `${findBox(body, ['tfhd'])!.readUInt32BE(4)}:${findBox(body, ['trun'])!.readUInt32BE(4)}`
      })
      return `${findBox(moof, ['mfhd'])!.readUInt32BE(4)}${sync ? '*' : '-'}${runs.join('+')}`
    })
    .join(' ')

/** How long each of the packets at these times is written to last. */
const durations = (track: MediaTrack, times: readonly number[], duration: number): unknown[] => {
  const frames = new Mp4Muxer([track]).write(times.map((dts) => ({ track, dts, pts: dts, duration, key: true, data: Buffer.alloc(3) })))
  return frames.map(({ bytes }) => readFragment(findBox(bytes, ['moof'])!, { id: track.id, defaults: { duration: 0, flags: 0 } }).duration)
}

t.test('Mp4Muxer flushes video at once, joins audio that comes together, and guesses what is not known', (t) => {
  const video = stream('h264')
  const audio = stream('aac')
  const [v, a] = [video.packets, audio.packets]
  const muxer = new Mp4Muxer([audio.track, video.track])
  t.equal(muxer.contentType, 'video/mp4; codecs="mp4a.40.2,avc1.64000a"')
  t.equal(new Mp4Muxer([stream('mp3').track, stream('vp8').track]).contentType, 'video/mp4; codecs="mp4a.6B,vp08.00.10.08"')
  t.equal(shape(muxer, [v[0]!, a[0]!, a[1]!, v[1]!, a[2]!]), '1*1:1 2-6:2 3-1:1 4-6:1')
  t.equal(shape(muxer, []), '')
  t.equal(shape(muxer, [stream('opus').packets[0]!, { ...v[2]!, track: { ...video.track } }, a[3]!]), '5-6:1', 'other tracks are left out')
  t.equal(shape(muxer, [a[4]!, a[6]!, a[7]!]), '6-6:1 7-6:2', 'what is missing is not bridged')
  const sound = new Mp4Muxer([audio.track, stream('opus').track])
  t.equal(sound.contentType, 'audio/mp4; codecs="mp4a.40.2,opus"')
  t.equal(shape(sound, [a[0]!, stream('opus').packets[0]!, a[1]!]), '1*6:2+7:1')
  const many = Array.from({ length: 70 }, (_, i) => ({ ...a[0]!, dts: i * 1024, pts: i * 1024 }))
  t.equal(shape(new Mp4Muxer([audio.track]), many), '1*6:32 2*6:32 3*6:6')

  const times = [0, 3000, 6000, 10_500, 10_500, 10_400, 90_000_000, 90_003_600]
  t.strictSame(durations({ ...video.track, frameRate: 50 }, times, 0), [1800, 3000, 3000, 4500, 4500, 4500, 4500, 3600])
  t.strictSame(durations({ ...video.track, frameRate: undefined }, [0], 0), [3600])
  t.strictSame(durations(video.track, times.slice(0, 2), 7), [7, 7])
  t.strictSame(durations(audio.track, [0], 0), [1024])
  t.end()
})
