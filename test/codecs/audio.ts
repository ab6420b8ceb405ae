import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { aacCodecs, aacName, adtsCodecs, readAacConfig, readAdtsHeader, writeAacConfig, writeAdtsHeader } from '../../lib/codecs/aac.js'
import { readFlacFrameHeader, readFlacInfo, writeFlacInfo } from '../../lib/codecs/flac.js'
import { id3Size, readId3 } from '../../lib/codecs/id3.js'
import {
  mpegAudioCodecs,
  mpegAudioDuration,
  mpegAudioName,
  readMpegAudioHeader,
  writeMpegAudioHeader,
} from '../../lib/codecs/mpeg-audio.js'
import { opusSamples, readOpusHead, writeOpusHead } from '../../lib/codecs/opus.js'
import { isTheoraKeyFrame, readTheoraHead } from '../../lib/codecs/theora.js'
import { readVorbisComments, readVorbisHead, readVorbisModes, vorbisBlockSize, vorbisSamples } from '../../lib/codecs/vorbis.js'
import { pagePackets, pageSize, readPage } from '../../lib/formats/ogg-page.js'
import { property } from '../helpers/demuxer.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

// The numbers of Vorbis comments and of ID3, and an ID3 text with the byte that names its encoding.
const number = (value: number): Buffer => Buffer.from([value & 255, value >> 8, 0, 0])
const synchsafe = (value: number): number[] => [value >> 21, value >> 14, value >> 7, value].map((part) => part & 0x7f)
const text = (encoding: number, value: Buffer): Buffer => Buffer.concat([Buffer.from([encoding]), value])
const tag = (major: number, flags: number, ...frames: Buffer[]): Buffer => {
  const body = Buffer.concat(frames)
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([major, 0, flags, ...synchsafe(body.length)]), body])
}
const frame = (id: string, content: Buffer, format = 0): Buffer =>
  Buffer.concat([Buffer.from(id), Buffer.from([...synchsafe(content.length), 0, format]), content])

t.test('MPEG audio: every header is written as it was read, and the reserved values are none', async (t) => {
  let valid = 0
  const differ: string[] = []
  for (let bits = 0; bits < 1 << 21; bits += 1) {
    const header = Buffer.from([0xff, 0xe0 | (bits >> 16), (bits >> 8) & 255, bits & 255])
    const values = readMpegAudioHeader(header)
    if (values === undefined) continue
    valid++
    if ((bits & 0x1f) === 0 && !writeMpegAudioHeader(values).equals(header)) differ.push(header.toString('hex'))
  }
  t.strictSame(differ, [])
  // 7 pairs of version and layer, 14 bit rates, 3 sample rates, and 10 bits of which 2 make emphasis, with 3 values.
  t.equal(valid, 7 * 2 * 14 * 3 * 4 * 16 * 4 * 3)
  const header = readMpegAudioHeader(hex('00 fffb9064'), 1)!
  t.match(header, { version: 1, layer: 3, bitrate: 128_000, sampleRate: 44_100, mode: 'joint', channels: 2, frameSize: 417, samples: 1152 })
  t.strictSame([mpegAudioName(header), mpegAudioCodecs(header), mpegAudioDuration(header)], ['MP3', 'mp4a.40.34', 1152 / 44_100])
  t.throws(() => writeMpegAudioHeader({ ...header, bitrate: 130_000 }), RangeError)
})

t.test('AAC: ADTS headers and AudioSpecificConfig', async (t) => {
  const header = readAdtsHeader(fixture('adts-lc.aac'))!
  t.match(header, { objectType: 2, sampleRate: 44_100, channelConfig: 2, headerSize: 7, samples: 1024 })
  const config = readAacConfig(writeAacConfig(header))!
  t.match(config, { objectType: 2, sampleRate: 44_100, channels: 2, sbr: undefined, samples: 1024, outputSampleRate: 44_100 })
  t.strictSame([aacName(config), aacCodecs(config)], ['AAC', 'mp4a.40.2'])
  const written = readAdtsHeader(writeAdtsHeader({ objectType: 2, sampleRateIndex: 6, channelConfig: 7 }, 8000))!
  t.match(written, { objectType: 2, sampleRate: 24_000, channelConfig: 7, frameSize: 8007 })
  t.equal(adtsCodecs(written), 'mp4a.40.5', 'LC at a low rate is taken for HE-AAC')
  t.throws(() => writeAdtsHeader(header, 8185), RangeError)
  t.throws(() => writeAacConfig({ ...header, channelConfig: 0 }), RangeError)

  const read = (digits: string): unknown => {
    const { sampleRate, outputSampleRate, channels, sbr, ps, ...rest } = readAacConfig(hex(digits))!
    return [
      sampleRate,
      outputSampleRate,
      channels,
      sbr,
      ps,
      aacName({ ...rest, sampleRate, outputSampleRate, channels, sbr, ps }),
      rest.samples,
    ]
  }
  t.strictSame(read('2b 92 08 00'), [22_050, 44_100, 2, true, undefined, 'HE-AAC', 1024], 'explicit, hierarchical')
  t.strictSame(read('13 90 56 e5 a0'), [22_050, 44_100, 2, true, undefined, 'HE-AAC', 1024], 'backward-compatible')
  t.strictSame(read('13 88 56 e5 a5 48 80'), [22_050, 44_100, 1, true, true, 'HE-AAC v2', 1024], 'backward-compatible, parametric stereo')
  t.strictSame(read('eb 8a 08 00'), [22_050, 44_100, 1, true, true, 'HE-AAC v2', 1024], 'explicit, parametric stereo')
  t.strictSame(read('12 14'), [44_100, 44_100, 2, undefined, undefined, 'AAC', 960], '960 samples a frame')
  // Object type 2, 48 kHz, no channel configuration: front pair and a single one, back pair, one LFE, no comment.
  t.strictSame(read('11 80 04 c8 44 00 20 00 c5 00'), [48_000, 48_000, 6, undefined, undefined, 'AAC', 1024], 'a program config element')
  t.strictSame([hex(''), hex('12'), hex('f8')].map(readAacConfig), [undefined, undefined, undefined], 'cut off')
})

t.test('Opus: heads are written as they were read; packets tell how long they are', async (t) => {
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.nat(65_535),
        fc.nat(0xffffffff),
        fc.integer({ min: -32_768, max: 32_767 }),
        fc.constantFrom(0, 1, 255),
        (channels, preSkip, inputSampleRate, outputGain, mappingFamily) => {
          const mapping = mappingFamily === 0 ? Buffer.alloc(0) : Buffer.from([1, 0, ...Array.from({ length: channels }, (_, i) => i)])
          const head = { channels, preSkip, inputSampleRate, outputGain, mappingFamily, mapping }
          return fc.stringify(readOpusHead(writeOpusHead(head))) === fc.stringify(head)
        },
      ),
      property(0.5),
    )
  })
  t.equal(readOpusHead(Buffer.from('OpusHead')), undefined)
  // SILK 60 ms, hybrid 20 ms, CELT 2.5 ms twice, CELT 20 ms by three, 48 × 20 ms, nothing
  t.strictSame(
    [[3 << 3], [13 << 3], [(16 << 3) | 1], [(31 << 3) | 3, 3], [(31 << 3) | 3, 48], []].map((bytes) => opusSamples(Buffer.from(bytes))),
    [2880, 960, 240, 2880, 0, 0],
  )
})

t.test('FLAC: STREAMINFO is written as it was read; a frame header is one only with its CRC', async (t) => {
  const flac = fixture('flac-mono.flac')
  const info = readFlacInfo(flac.subarray(8))!
  t.strictSame(info, { minBlockSize: 1152, maxBlockSize: 1152, sampleRate: 22_050, channels: 1, bitsPerSample: 16 })
  const largest = { minBlockSize: 16, maxBlockSize: 65_535, sampleRate: 655_350, channels: 8, bitsPerSample: 32 }
  t.strictSame([readFlacInfo(writeFlacInfo(info)), readFlacInfo(writeFlacInfo(largest))], [info, largest])
  // The only frame of the first example in RFC 9639 appendix D.
  t.strictSame(readFlacFrameHeader(hex('00 fff869180000bf'), 1), {
    blockSize: 1,
    sampleRate: 44_100,
    channels: 2,
    bitsPerSample: 16,
    variable: false,
    number: 0,
    headerSize: 7,
  })
  t.equal(readFlacFrameHeader(hex('fff869180000be')), undefined)
  t.equal(readFlacFrameHeader(hex('fff869180000')), undefined)
})

t.test('Vorbis, Theora: identification headers; a comment header cut anywhere gives what is there', async (t) => {
  const vorbis = fixture('ogg-vorbis.ogg')
  t.strictSame(readVorbisHead(vorbis.subarray(28, 58)), { channels: 1, sampleRate: 44_100, bitrate: 48_000, blockSizes: [256, 2048] })
  const theora = fixture('ogg-theora-vorbis.ogv')
  t.strictSame(readTheoraHead(theora.subarray(28, 70)), { width: 128, height: 72, frameRate: 15, bitrate: 60_000, granuleShift: 6 })
  t.equal(readVorbisHead(theora.subarray(28)), undefined)
  t.equal(readTheoraHead(vorbis.subarray(28)), undefined)
  t.strictSame(
    [[0x00], [0x40], [0x80], []].map((bytes) => isTheoraKeyFrame(Buffer.from(bytes))),
    [true, false, false, false],
  )

  const entries = ['TITLE=Ärger', 'Artist=A', 'ARTIST=B', 'empty=', 'no name', '__proto__=x', `METADATA_BLOCK_PICTURE=${'x'.repeat(99)}`]
  const bytes = Buffer.concat([
    number(3),
    Buffer.from('me!'),
    number(entries.length),
    ...entries.flatMap((entry) => [number(Buffer.byteLength(entry)), Buffer.from(entry)]),
  ])
  t.strictSame(Object.entries(readVorbisComments(bytes)), [
    ['title', 'Ärger'],
    ['artist', 'A, B'],
    ['__proto__', 'x'],
  ])
  t.doesNotThrow(() => {
    for (let end = 0; end < bytes.length; end++) readVorbisComments(bytes.subarray(0, end))
  })
})

t.test('Vorbis: the modes of the setup header give the samples of every packet, as the granules count them', async (t) => {
  const bytes = fixture('ogg-vorbis.ogg')
  const head = readVorbisHead(bytes.subarray(28, 58))!
  let modes: readonly boolean[] | undefined
  let part = Buffer.alloc(0)
  let previous = 0
  let samples = 0
  const counted: number[] = []
  const granules: number[] = []
  for (let at = 0, end = 0; at < bytes.length; at = end) {
    end = at + pageSize(bytes.subarray(at))!
    const page = readPage(bytes.subarray(at, end))!
    for (const packet of pagePackets(page)) {
      part = Buffer.concat([part, packet.bytes])
      if (!packet.ends) continue
      modes ??= readVorbisModes(part)
      const blockSize = vorbisBlockSize(part, head, modes ?? [])
      samples += vorbisSamples(previous, blockSize)
      previous = blockSize
      part = Buffer.alloc(0)
    }
    granules.push(Number(page.granule))
    counted.push(samples)
  }
  t.strictSame(modes, [false, true])
  // The last granule cuts the end off.
  t.strictSame(counted.slice(0, -1), granules.slice(0, -1))
  t.ok(counted.length > 8 && counted.at(-1)! >= granules.at(-1)!)
  t.equal(readVorbisModes(Buffer.from('\x05vorbis')), undefined)
  t.equal(readVorbisModes(Buffer.from(`\x05vorbis${'\0'.repeat(40)}`)), undefined)
  t.doesNotThrow(() => {
    for (let i = 0; i < 99; i++) readVorbisModes(Buffer.concat([Buffer.from('\x05vorbis'), Buffer.alloc(i, i)]))
  })
  t.equal(vorbisBlockSize(Buffer.alloc(0), head, [false]), 0)
  t.equal(vorbisBlockSize(Buffer.from([2]), head, [false]), 256, 'one mode needs no bits')
})

t.test('ID3: every version’s text frames, in every encoding', async (t) => {
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('Grüße', 'utf16le')])
  t.strictSame(
    readId3(
      tag(
        4,
        0,
        frame('TIT2', text(3, Buffer.from('Grüße\0zwei\0'))),
        frame('APIC', Buffer.alloc(50)),
        frame('TPE1', text(0, Buffer.from('Någon', 'latin1'))),
      ),
    ),
    {
      title: 'Grüße, zwei',
      artist: 'Någon',
    },
  )
  t.strictSame(readId3(tag(3, 0, frame('TIT2', text(1, utf16)), frame('TPE1', text(1, Buffer.from(utf16).swap16())), Buffer.alloc(30))), {
    title: 'Grüße',
    artist: 'Grüße',
  })
  const escaped = Buffer.concat([Buffer.from([0xff, 0, 0xfe]), Buffer.from('Grüße', 'utf16le')])
  t.strictSame(readId3(tag(4, 0, frame('TIT2', text(1, escaped), 2))), { title: 'Grüße' }, 'unsynchronised')
  t.strictSame(readId3(tag(4, 0, frame('TIT2', text(3, Buffer.from('secret')), 4))), {}, 'an encrypted frame is left alone')
  const short = Buffer.concat([Buffer.from('TT2'), Buffer.from([0, 0, 4, 0]), Buffer.from('Alt')])
  t.strictSame(readId3(tag(2, 0, short)), { title: 'Alt' })
  t.strictSame(
    [id3Size(tag(4, 0, Buffer.alloc(300))), id3Size(tag(4, 0x10, Buffer.alloc(300))), id3Size(tag(5, 0)), id3Size(Buffer.from('ID3'))],
    [310, 320, undefined, undefined],
  )
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }),
        fc.nat(255),
        fc.array(fc.tuple(fc.constantFrom('TIT2', 'TT2', 'TPE1'), fc.uint8Array({ maxLength: 40 }))),
        (major, flags, frames) => {
          readId3(tag(major, flags & 0xf0, ...frames.map(([id, content]) => Buffer.concat([Buffer.from(id), content]))))
        },
      ),
      property(),
    )
  })
})
