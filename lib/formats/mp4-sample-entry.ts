import { writeOpusHead } from '../codecs/opus.js'
import type { TrackFacts } from './media-track.js'
import { readBoxes, type Box } from './mp4-boxes.js'
import { readEsds } from './mp4-esds.js'
import type { CodecId } from './packet.js'
import { SampleReader } from './sample-reader.js'

/**
 * Makes what reads the samples that a sample entry of `stsd` describes.
 * @param kind what the track's handler says
 * @param facts what the container says of the track beside the entry
 * @returns `undefined` when the codec cannot be repackaged, or the entry makes no sense
 */
export function readSampleEntry(kind: 'audio' | 'video', { type, body }: Box, facts: TrackFacts): SampleReader | undefined {
  if (kind === 'video') {
    const codecId = VIDEO[type]
    if (codecId === undefined || body.length < 78) return undefined
    const [width, height] = [body.readUInt16BE(24), body.readUInt16BE(26)]
    const picture = width > 0 && height > 0 ? { width, height } : {}
    const config = content(body.subarray(78), CONFIGS[codecId]!)
    // vpcC is a FullBox.
    return new SampleReader(codecId, codecId === 'vp8' || codecId === 'vp9' ? config?.subarray(4) : config, { ...facts, ...picture })
  }
  if (body.length < 28) return undefined
  const sound = { ...facts, timescale: undefined, sampleRate: body.readUInt32BE(24) >>> 16, channels: body.readUInt16BE(16) }
  // QuickTime's versions 1 and 2 of the sound description are longer.
  const version = body.readUInt16BE(8)
  const boxes = body.subarray(28 + (version === 1 ? 16 : version === 2 ? 36 : 0))
  switch (type) {
    case 'mp4a': {
      const stream = readEsds(content(boxes, 'esds') ?? content(content(boxes, 'wave') ?? EMPTY, 'esds') ?? EMPTY)
      const codecId = stream && OBJECTS[stream.object]
      if (codecId === undefined) return undefined
      return new SampleReader(codecId, stream!.config.length > 0 ? stream!.config : undefined, {
        ...sound,
        ...(stream!.bitrate > 0 && { bitrate: stream!.bitrate }),
      })
    }
    case '.mp3':
      return new SampleReader('mp3', undefined, sound)
    case 'Opus': {
      const head = content(boxes, 'dOps')
      return head && new SampleReader('opus', readDops(head), sound)
    }
    case 'fLaC':
      // A FullBox head and the header of the block, then STREAMINFO, with which the blocks begin.
      return new SampleReader('flac', content(boxes, 'dfLa')?.subarray(8, 42), sound)
    case 'ac-3':
      return new SampleReader('ac3', content(boxes, 'dac3'), sound)
    case 'ec-3':
      return new SampleReader('eac3', content(boxes, 'dec3'), sound)
    default:
      return undefined
  }
}

function content(boxes: Buffer, type: string): Buffer | undefined {
  for (const box of readBoxes(boxes)) if (box.type === type) return box.body
  return undefined
}

// version 1 | channels 1 | pre-skip 2 | input rate 4 | gain 2 | family 1 | mapping, big-endian
function readDops(body: Buffer): Buffer | undefined {
  if (body.length < 11) return undefined
  return writeOpusHead({
    channels: body[1]!,
    preSkip: body.readUInt16BE(2),
    inputSampleRate: body.readUInt32BE(4),
    outputGain: body.readInt16BE(8),
    mappingFamily: body[10]!,
    mapping: body.subarray(11),
  })
}

const EMPTY = Buffer.alloc(0)

const VIDEO: Readonly<Record<string, CodecId>> = {
  avc1: 'h264',
  avc3: 'h264',
  hvc1: 'hevc',
  hev1: 'hevc',
  vp08: 'vp8',
  vp09: 'vp9',
  av01: 'av1',
}

const CONFIGS: Readonly<Partial<Record<CodecId, string>>> = { h264: 'avcC', hevc: 'hvcC', vp8: 'vpcC', vp9: 'vpcC', av1: 'av1C' }

// objectTypeIndication: MPEG-4 and MPEG-2 AAC, MPEG-2 and MPEG-1 layer III, AC-3, E-AC-3, and Xiph's Vorbis.
const OBJECTS: Readonly<Record<number, CodecId>> = {
  0x40: 'aac',
  0x66: 'aac',
  0x67: 'aac',
  0x68: 'aac',
  0x69: 'mp3',
  0x6b: 'mp3',
  0xa5: 'ac3',
  0xa6: 'eac3',
  0xdd: 'vorbis',
}
