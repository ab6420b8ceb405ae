import { H264_NAL, h264NalType, readAvcConfig, readH264Sps } from '../codecs/h264.js'
import { H265_NAL, h265NalType, readH265Sps, readHevcConfig } from '../codecs/h265.js'
import { joinLengthPrefixed, splitAnnexB, splitLengthPrefixed } from '../codecs/nal.js'
import { AnnexBVideo, type VideoUnit } from './annex-b-video.js'
import { createMediaTrack, type TrackFacts } from './media-track.js'
import type { MediaTrack } from './packet.js'

/**
 * Brings samples of H.264 or HEVC as MP4 and Matroska store them into the form of packets: lengths of 4 bytes, no access unit delimiters. Where
 * the container has no parameter sets, or samples bring others than it has, they are taken from the samples. Samples with start codes, which
 * MediaRecorder makes, are read as well.
 */
export class NalVideo {
  readonly #codecId: 'h264' | 'hevc'
  readonly #facts: TrackFacts
  readonly #delimiter: number
  #lengthSize = 4
  /** The parameter sets of the record. */
  #sets: readonly Buffer[] = []
  #track: MediaTrack | undefined
  #reorder: number | undefined
  /** What reads parameter sets from the samples, once the record's are not those in force. */
  #inBand: AnnexBVideo | undefined
  #inBandTrack: MediaTrack | undefined

  /** @param record the decoder configuration record, where the container has one */
  constructor(codecId: 'h264' | 'hevc', record: Buffer | undefined, facts: TrackFacts) {
    this.#codecId = codecId
    this.#facts = facts
    this.#delimiter = codecId === 'h264' ? H264_NAL.delimiter : H265_NAL.delimiter
    const sets = record && this.#readRecord(record)
    if (sets === undefined) this.#inBand = new AnnexBVideo(codecId, facts)
    else {
      this.#sets = sets
      this.#open(record!)
    }
  }

  /** The track, once its parameter sets are there. */
  get track(): MediaTrack | undefined {
    return this.#track
  }

  /** How many pictures may precede one in decoding and follow it on the screen, where the parameter sets tell. */
  get reorder(): number | undefined {
    return this.#reorder
  }

  /**
   * Takes a sample.
   * @param isKey whether the container says that decoding can start here
   * @returns `undefined` when it has no picture, or none of its track is known
   */
  read(sample: Buffer, isKey: boolean): VideoUnit | undefined {
    const plain = this.#inBand === undefined && this.#lengthSize === 4 && this.#isPlain(sample, isKey)
    if (plain) return { track: this.#track!, key: isKey, data: sample }
    const units = this.#split(sample).filter((unit) => this.#type(unit) !== this.#delimiter)
    if (this.#inBand === undefined && isKey && units.some((unit) => this.#isOther(unit))) {
      this.#inBand = new AnnexBVideo(this.#codecId, this.#facts)
      // What the record holds is still in force where the sample brings no other.
      units.unshift(...this.#sets)
    }
    if (this.#inBand === undefined) {
      return units.length === 0 ? undefined : { track: this.#track!, key: isKey, data: joinLengthPrefixed(units) }
    }
    const unit = this.#inBand.push(Buffer.concat(units.flatMap((bytes) => [START_CODE, bytes])), isKey)
    if (unit === undefined) return undefined
    if (unit.track !== this.#inBandTrack) {
      this.#inBandTrack = unit.track
      this.#readRecord(unit.track.config)
      this.#open(unit.track.config)
    }
    return this.#track && { ...unit, track: this.#track }
  }

  /** The sets of a record, and from them the reordering; `undefined` when it makes no sense or has no sequence parameter set. */
  #readRecord(record: Buffer): Buffer[] | undefined {
    const avc = this.#codecId === 'h264' ? readAvcConfig(record) : undefined
    const hevc = this.#codecId === 'hevc' ? readHevcConfig(record) : undefined
    const config = avc ?? hevc
    if (config === undefined) return undefined
    this.#lengthSize = config.lengthSize
    const [sps] = config.sps
    if (sps === undefined || config.pps.length === 0) return undefined
    this.#reorder = (avc ? readH264Sps(sps) : readH265Sps(sps))?.reorder
    return [...(hevc?.vps ?? []), ...config.sps, ...config.pps]
  }

  #open(record: Buffer): void {
    const at = this.#codecId === 'h264' ? 4 : 21
    let config = record
    if ((record[at]! & 3) !== 3) {
      config = Buffer.from(record)
      config[at] = record[at]! | 3
    }
    this.#track = createMediaTrack(this.#codecId, config, this.#facts)
    // A record that is whole and yet tells nothing: the samples may.
    if (this.#track === undefined) this.#inBand ??= new AnnexBVideo(this.#codecId, this.#facts)
  }

  #type(unit: Buffer): number {
    return this.#codecId === 'h264' ? h264NalType(unit[0]!) : h265NalType(unit[0]!)
  }

  #isSet(type: number): boolean {
    return this.#codecId === 'h264' ? type === H264_NAL.sps || type === H264_NAL.pps : type >= H265_NAL.vps && type <= H265_NAL.pps
  }

  #isOther(unit: Buffer): boolean {
    return this.#isSet(this.#type(unit)) && !this.#sets.some((set) => set.equals(unit))
  }

  /** Whether a sample of lengths of 4 bytes can be taken as it is. */
  #isPlain(sample: Buffer, isKey: boolean): boolean {
    let at = 0
    while (at + 4 < sample.length) {
      const end = at + 4 + sample.readUInt32BE(at)
      if (end > sample.length || end === at + 4) return false
      const type = this.#codecId === 'h264' ? h264NalType(sample[at + 4]!) : h265NalType(sample[at + 4]!)
      if (type === this.#delimiter || (isKey && this.#isSet(type) && this.#isOther(sample.subarray(at + 4, end)))) return false
      at = end
    }
    return at === sample.length && at > 0
  }

  #split(sample: Buffer): Buffer[] {
    const units = splitLengthPrefixed(sample, this.#lengthSize)
    const size = units.reduce((sum, { length }) => sum + this.#lengthSize + length, 0)
    const isAnnexB = size !== sample.length && sample.length > 4 && (sample.readUIntBE(0, 3) === 1 || sample.readUInt32BE(0) === 1)
    return isAnnexB ? splitAnnexB(sample) : units
  }
}

const START_CODE = Buffer.from([0, 0, 0, 1])
