import { aacCodecs, aacName, readAacConfig } from '../codecs/aac.js'
import { av1Codecs, readAv1C, readAv1Sequence } from '../codecs/av1.js'
import { h264Codecs, readAvcConfig, readH264Sps } from '../codecs/h264.js'
import { h265Codecs, readH265Sps, readHevcConfig } from '../codecs/h265.js'
import { splitAnnexB } from '../codecs/nal.js'
import { readVp8KeyFrame, VP8_CODECS } from '../codecs/vp8.js'
import { readVp9KeyFrame, vp9Codecs, vp9Level } from '../codecs/vp9.js'
import type { Vp9Config } from '../codecs/vp9.js'
import type { Track } from './frame.js'

/** What a decoder configuration or a key frame adds to what a container says of a track. */
export type TrackDetails = Partial<Omit<Track, 'kind'>>

/** Of an `avcC`: the codec string, and the picture where the sequence parameter set can be read. */
export function describeAvc(bytes: Buffer): TrackDetails {
  const config = readAvcConfig(bytes)
  const sps = config?.sps[0] && readH264Sps(config.sps[0])
  if (sps) return describeSps(sps, h264Codecs(sps))
  // The profile and level of the record itself (ISO/IEC 14496-15 5.3.3.1) are the same three bytes.
  return config ? { codecs: h264Codecs({ profile: bytes[1]!, constraints: bytes[2]!, level: bytes[3]! }) } : {}
}

/** Of an `hvcC`. */
export function describeHevc(bytes: Buffer): TrackDetails {
  const config = readHevcConfig(bytes)
  if (config === undefined) return {}
  const sps = config.sps[0] && readH265Sps(config.sps[0])
  return sps ? describeSps(sps, h265Codecs(config)) : { codecs: h265Codecs(config) }
}

/** Of an `av1C`: the codec string, and the picture where it holds a sequence header. */
export function describeAv1(bytes: Buffer): TrackDetails {
  const config = readAv1C(bytes)
  if (config === undefined) return {}
  const sequence = readAv1Sequence(bytes.subarray(4))
  return { codecs: av1Codecs(config), width: sequence?.width, height: sequence?.height }
}

/** Of an AudioSpecificConfig: name, codec string, and what comes out of the decoder. */
export function describeAac(bytes: Buffer): TrackDetails {
  const config = readAacConfig(bytes)
  if (config === undefined) return { codec: 'AAC' }
  return {
    codec: aacName(config),
    codecs: aacCodecs(config),
    sampleRate: config.outputSampleRate,
    channels: config.ps ? 2 : config.channels,
  }
}

/** Of what `vpcC` or Matroska's CodecPrivate says of VP9; a level that is not stated is worked out from the picture. */
export function describeVp9(config: Vp9Config, width: number | undefined, height: number | undefined, frameRate?: number): TrackDetails {
  const level = config.level || (width && height ? vp9Level(width, height, frameRate) : undefined)
  return { codecs: vp9Codecs({ ...config, level }) }
}

/** Of the first key frame, for containers that store no configuration: parameter sets stand in the stream itself. */
export function describeKeyFrame(codec: string, frame: Buffer, frameRate?: number): TrackDetails {
  switch (codec) {
    case 'VP8': {
      const picture = readVp8KeyFrame(frame)
      return picture ? { codecs: VP8_CODECS, ...picture } : {}
    }
    case 'VP9': {
      const picture = readVp9KeyFrame(frame)
      if (picture === undefined) return {}
      const { width, height } = picture
      return { ...describeVp9(picture, width, height, frameRate), width, height }
    }
    case 'AV1': {
      const sequence = readAv1Sequence(frame)
      return sequence ? { codecs: av1Codecs(sequence), width: sequence.width, height: sequence.height } : {}
    }
    case 'H.264':
      for (const nal of splitAnnexB(frame)) {
        const sps = readH264Sps(nal)
        if (sps) return describeSps(sps, h264Codecs(sps))
      }
      return {}
    case 'HEVC':
      for (const nal of splitAnnexB(frame)) {
        const sps = readH265Sps(nal)
        if (sps) return describeSps(sps, h265Codecs(sps))
      }
      return {}
    default:
      return {}
  }
}

function describeSps(sps: { width: number; height: number; frameRate?: number | undefined }, codecs: string): TrackDetails {
  return { codecs, width: sps.width, height: sps.height, ...(sps.frameRate ? { frameRate: sps.frameRate } : {}) }
}
