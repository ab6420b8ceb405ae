import { AudioSampleEntry, Box, BoxParser, DataStream, FullBox, type SampleEntry, VisualSampleEntry } from 'mp4box'
import { readFlacInfo } from '../codecs/flac.js'
import { readOpusHead } from '../codecs/opus.js'
import type { CodecId, MediaTrack } from './packet.js'

/**
 * Writes the initialization section of fragmented MP4: `ftyp`, and a `moov` that lists the tracks and no samples (ISO/IEC 14496-12; with a
 * single track a CMAF header, ISO/IEC 23000-19).
 * @param tracks in the order in which they are to be listed; their `track_ID` is {@link MediaTrack.id}
 * @throws RangeError when a configuration makes no sense
 */
export function writeInit(tracks: readonly MediaTrack[]): Buffer {
  const brands = ['iso6', 'mp41']
  // A CMAF header has one track; AV1 in ISOBMFF clause 2.1 asks for its own brand.
  if (tracks.length === 1) brands.push('cmfc')
  if (tracks.some((track) => track.codecId === 'av1')) brands.push('av01')
  const stream = new DataStream()
  make(new BOX.ftyp(), { major_brand: 'iso6', minor_version: 0, compatible_brands: brands }).write(stream)
  make(
    new BOX.moov(),
    {},
    make(new BOX.mvhd(), {
      ...UNTIMED,
      timescale: 1000,
      rate: 0x10000,
      volume: 1,
      matrix: IDENTITY,
      next_track_id: Math.max(0, ...tracks.map((track) => track.id)) + 1,
    }),
    ...tracks.map(makeTrak),
    make(new BOX.mvex(), {}, ...tracks.map(makeTrex)),
  ).write(stream)
  return Buffer.from(stream.buffer)
}

function makeTrak(track: MediaTrack): Box {
  const { id, kind, timescale, language, width = 0, height = 0 } = track
  const isVideo = kind === 'video'
  return make(
    new BOX.trak(),
    {},
    make(new BOX.tkhd(), {
      ...UNTIMED,
      flags: 3, // enabled, in the movie
      track_id: id,
      volume: isVideo ? 0 : 1,
      matrix: IDENTITY,
      width: width * 0x10000,
      height: height * 0x10000,
    }),
    make(
      new BOX.mdia(),
      {},
      make(new BOX.mdhd(), { ...UNTIMED, timescale, language: packLanguage(language) }),
      make(new BOX.hdlr(), { handler: isVideo ? 'vide' : 'soun', name: isVideo ? 'Video' : 'Audio' }),
      make(
        new BOX.minf(),
        {},
        isVideo ? make(new BOX.vmhd(), { flags: 1, graphicsmode: 0, opcolor: [0, 0, 0] }) : make(new BOX.smhd(), { balance: 0 }),
        make(new BOX.dinf(), {}, make(new BOX.dref(), { entries: [new BOX['url ']()] })),
        make(
          new BOX.stbl(),
          {},
          make(new BOX.stsd(), { entries: [makeSampleEntry(track)] }),
          new BOX.stts(),
          make(new BOX.stsc(), { first_chunk: [], samples_per_chunk: [], sample_description_index: [] }),
          make(new BOX.stsz(), { sample_size: 0, sample_sizes: [] }),
          make(new BOX.stco(), { chunk_offsets: [] }),
        ),
      ),
    ),
  )
}

/** Every fragment brings its own defaults. */
function makeTrex({ id }: MediaTrack): Box {
  return make(new BOX.trex(), {
    track_id: id,
    default_sample_description_index: 1,
    default_sample_duration: 0,
    default_sample_size: 0,
    default_sample_flags: 0,
  })
}

function makeSampleEntry(track: MediaTrack): SampleEntry {
  const { kind, codecId, timescale, width = 0, height = 0, channels = 0 } = track
  const [type, makeConfig] = ENTRIES[codecId]
  const common = { type, data_reference_index: 1 }
  if (kind === 'video') {
    const picture = { width, height, horizresolution: 0x480000, vertresolution: 0x480000, frame_count: 1, compressorname: '', depth: 24 }
    return make(new VisualSampleEntry(), { ...common, ...picture }, makeConfig(track))
  }
  let samplerate = timescale
  // FLAC in ISOBMFF clause 3.3.1: a rate that 16 bits cannot hold is halved until they can; elsewhere it is 0.
  while (samplerate > 0xffff) samplerate = codecId === 'flac' ? Math.floor(samplerate / 2) : 0
  return make(new AudioSampleEntry(), { ...common, channel_count: channels, samplesize: sampleSize(track), samplerate }, makeConfig(track))
}

// FLAC in ISOBMFF clause 3.3.1: as STREAMINFO says, or browsers refuse it. Elsewhere it is a template's 16.
function sampleSize({ codecId, config }: MediaTrack): number {
  return (codecId === 'flac' ? readFlacInfo(config)?.bitsPerSample : undefined) ?? 16
}

/** An `esds` (ISO/IEC 14496-1 clause 7.2.6), for an objectTypeIndication. */
function makeEsds({ config, bitrate = 0 }: MediaTrack, object: number): Box {
  const decoder = Buffer.alloc(13)
  decoder[0] = object
  decoder[1] = 0x15 // AudioStream, and a bit that is always 1
  decoder.writeUInt32BE(bitrate, 5)
  decoder.writeUInt32BE(bitrate, 9)
  const specific = config.length > 0 ? descriptor(5, config) : config
  // ES_ID 0 and no flags; an SLConfigDescriptor with the values that MP4 predefines.
  return full('esds', descriptor(3, Buffer.alloc(3), descriptor(4, decoder, specific), descriptor(6, Buffer.from([2]))))
}

// | tag | length in 7-bit groups, always four of them | content |
function descriptor(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  const size = body.length
  const head = Buffer.from([tag, 0x80 | ((size >> 21) & 127), 0x80 | ((size >> 14) & 127), 0x80 | ((size >> 7) & 127), size & 127])
  return Buffer.concat([head, body])
}

/** A `dOps` (Opus in ISOBMFF clause 4.3.2): an OpusHead in big-endian, of version 0. */
function makeOpusConfig({ config }: MediaTrack): Box {
  const head = readOpusHead(config)
  if (head === undefined) throw new RangeError('Cannot write an Opus track without an OpusHead')
  return make(new BOX.dOps(), {
    Version: 0,
    OutputChannelCount: head.channels,
    PreSkip: head.preSkip,
    InputSampleRate: head.inputSampleRate,
    OutputGain: head.outputGain,
    ChannelMappingFamily: head.mappingFamily,
    ...(head.mappingFamily !== 0 && {
      StreamCount: head.mapping[0]!,
      CoupledCount: head.mapping[1]!,
      ChannelMapping: [...head.mapping.subarray(2)],
    }),
  })
}

/** A box whose body is there already. mp4box takes data for the beginning of their memory, whatever they are a view of: hence the copy. */
function plain(type: string, body: Buffer): Box {
  return make(new Box(), { type, data: new Uint8Array(body) })
}

/** The same with the version and flags of a FullBox. */
function full(type: string, body: Buffer, version = 0): Box {
  return make(new FullBox(), { type, data: new Uint8Array(body), version })
}

function make<T extends Box>(box: T, fields: Partial<T>, ...children: readonly Box[]): T {
  Object.assign(box, fields)
  for (const child of children) box.addBox(child)
  return box
}

/** Three letters in 15 bits (ISO/IEC 14496-12 clause 8.4.2.3). */
function packLanguage(language = 'und'): number {
  const [a, b, c] = Buffer.from(/^[a-z]{3}$/.test(language) ? language : 'und')
  return ((a! - 0x60) << 10) | ((b! - 0x60) << 5) | (c! - 0x60)
}

const BOX = BoxParser.box

/** A live movie has no duration, and when it was made is nobody's business. */
const UNTIMED = { creation_time: 0, modification_time: 0, duration: 0 }

const IDENTITY = Int32Array.of(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)

/** The type of a codec's sample entry, and the box inside that configures the decoder. */
const ENTRIES: Readonly<Record<CodecId, readonly [type: string, makeConfig: (track: MediaTrack) => Box]>> = {
  h264: ['avc1', ({ config }) => plain('avcC', config)],
  hevc: ['hvc1', ({ config }) => plain('hvcC', config)],
  vp8: ['vp08', ({ config }) => full('vpcC', config, 1)],
  vp9: ['vp09', ({ config }) => full('vpcC', config, 1)],
  av1: ['av01', ({ config }) => plain('av1C', config)],
  aac: ['mp4a', (track) => makeEsds(track, 0x40)],
  // MPEG-1 knows the rates from 32 kHz on, MPEG-2 and 2.5 those below.
  mp3: ['mp4a', (track) => makeEsds(track, track.timescale < 32_000 ? 0x69 : 0x6b)],
  vorbis: ['mp4a', (track) => makeEsds(track, 0xdd)],
  opus: ['Opus', makeOpusConfig],
  // A STREAMINFO block that is the last of the metadata blocks, with its header (FLAC in ISOBMFF clause 3.3.2).
  flac: ['fLaC', ({ config }) => full('dfLa', Buffer.concat([Buffer.from([0x80, 0, 0, config.length]), config]))],
  ac3: ['ac-3', ({ config }) => plain('dac3', config)],
  eac3: ['ec-3', ({ config }) => plain('dec3', config)],
}
