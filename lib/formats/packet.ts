import type { Frame, Track } from './frame.js'

/** The codecs that can be repackaged, by the names that ffmpeg has for them. */
export type CodecId = 'h264' | 'hevc' | 'vp8' | 'vp9' | 'av1' | 'aac' | 'opus' | 'vorbis' | 'flac' | 'mp3' | 'ac3' | 'eac3'

/**
 * An elementary stream with all that a muxer must know of it. It never changes: other parameters are another object, and while
 * they are the same it is the very same object.
 */
export interface MediaTrack extends Track {
  readonly kind: 'audio' | 'video'
  /** Its number, unique among the tracks of its source, from 1 on; it stays when the parameters change. */
  readonly id: number
  /** Its codec. */
  readonly codecId: CodecId
  /** The codec as RFC 6381 writes it, from the bitstream, as browsers take it for ISO BMFF: `avc1.64001f`, `mp4a.40.2`, `opus`, `flac`. */
  readonly codecs: string
  /** Ticks a second of its packets' times: the sample rate for audio (48000 for Opus), 90000 for most video. */
  readonly timescale: number
  /**
   * The decoder configuration, in the form that ISO BMFF or Matroska store: an AVCDecoderConfigurationRecord (h264),
   * HEVCDecoderConfigurationRecord (hevc), VPCodecConfigurationRecord without version and flags (vp8, vp9), AV1CodecConfigurationRecord
   * (av1), AudioSpecificConfig (aac), OpusHead packet (opus), STREAMINFO of 34 bytes (flac), the three header packets in Xiph lacing as
   * in Matroska's CodecPrivate (vorbis), AC3SpecificBox or EC3SpecificBox body (ac3, eac3); empty for mp3.
   */
  readonly config: Buffer
  /** Its language as ISO 639-2 writes it, such as `eng`, where the source tells. */
  readonly language?: string | undefined
}

/** What a decoder takes in one piece, and when it is to be shown: an access unit. */
export interface Packet {
  /** Whose it is; another object than before means other parameters from here on. */
  readonly track: MediaTrack
  /** When it is decoded, in ticks of the track. Grows from packet to packet of a track, across the wrap of a container's clock, unless the source's clock jumps. */
  readonly dts: number
  /** When it is shown, in ticks of the track; never before {@link Packet.dts}. */
  readonly pts: number
  /** How long it is shown, in ticks of the track: exact for audio; 0 for video where the container does not tell. */
  readonly duration: number
  /** Whether decoding can start with it; true for audio. */
  readonly key: boolean
  /**
   * Its bytes as ISO BMFF stores a sample: NAL units with lengths of 4 bytes for h264 and hevc (without access unit delimiters), no
   * ADTS header for aac, a whole frame with its header for mp3, ac3, eac3 and flac, a temporal unit without temporal delimiters for av1. A view:
   * not to be written to.
   */
  readonly data: Buffer
}

/**
 * Reads packets from the frames of one format. It begins with any sync frame, whose {@link Frame.header} tells the tracks; what comes before the
 * first is left out. It never throws on what a source sends: what makes no sense is left out. What it holds is bounded.
 */
export interface PacketReader {
  /** The tracks whose parameters are known by now and whose codec can be repackaged. */
  readonly tracks: readonly MediaTrack[]
  /** Whether the container names audio or video that can be repackaged but whose parameters have not come yet. */
  readonly pending: boolean
  /** Takes the next frames, and gives the packets that they complete, in the order of the stream. */
  read(frames: readonly Frame[]): Packet[]
  /** Says that no more frames come, and gives what is still held back. */
  end(): Packet[]
}

/** Writes packets as one byte stream of a format: frames that listeners can be served, each sync frame with the header that a newcomer gets first. */
export interface Muxer {
  /** The media type of what it writes, such as `video/mp4`. */
  readonly contentType: string
  /** Takes the next packets, in the order of the stream, of the tracks that it was made for; the times of each track do not jump. */
  write(packets: readonly Packet[]): Frame[]
}
