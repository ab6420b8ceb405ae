import { BitReader } from '../bytes/bits.js'
import { H264_NAL, h264NalType, isH264KeyFrame, writeAvcConfig } from '../codecs/h264.js'
import { H265_NAL, h265NalType, isH265KeyFrame, writeHevcConfig } from '../codecs/h265.js'
import { joinLengthPrefixed, splitAnnexB, unescapeNal } from '../codecs/nal.js'
import { createMediaTrack } from './media-track.js'
import type { MediaTrack } from './packet.js'

/** An access unit as ISO BMFF stores it. */
export interface VideoUnit {
  /** Its track: another one when the parameters are others from here on. */
  readonly track: MediaTrack
  /** Whether decoding can start here. */
  readonly key: boolean
  /** See {@link Packet.data}. */
  readonly data: Buffer
}

/** The largest parameter set that a decoder configuration record can hold. */
const MAX_SET_SIZE = 65_535

/**
 * Makes samples of the access units of a byte stream of H.264 or HEVC (Annex B). Parameter sets move into the track's configuration:
 * sets that the configuration holds are left out of samples. Others make a new track, at once for a sequence (or video) parameter set, with the
 * next key frame for picture parameter sets, which until then stay in the samples.
 */
export class AnnexBVideo {
  #track: MediaTrack | undefined
  readonly #isAvc: boolean
  readonly #id: number
  readonly #language: string | undefined
  /** The parameter sets in force, by type and id. */
  #sets = new Map<number, Buffer>()
  /** Whether they are others than the track's. */
  #isStale = false

  /** @param facts what the container says of the track */
  constructor(codecId: 'h264' | 'hevc', { id, language }: { readonly id: number; readonly language?: string | undefined }) {
    this.#isAvc = codecId === 'h264'
    this.#id = id
    this.#language = language
  }

  /** The track, once its parameter sets are there. */
  get track(): MediaTrack | undefined {
    return this.#track
  }

  /**
   * Takes an access unit.
   * @param bytes NAL units behind start codes; they are copied
   * @param isRandomAccess whether the container says that decoding can start here; an I slice must confirm that
   * @returns `undefined` when it has no picture, or none of its track is known
   */
  push(bytes: Buffer, isRandomAccess: boolean): VideoUnit | undefined {
    const units: Buffer[] = []
    let isRenewed = false
    let hasPicture = false
    let first: Buffer | undefined
    const own = new Map<number, Buffer>()
    for (const unit of splitAnnexB(bytes)) {
      const type = this.#isAvc ? h264NalType(unit[0]!) : h265NalType(unit[0]!)
      if (type === (this.#isAvc ? H264_NAL.delimiter : H265_NAL.delimiter)) continue
      units.push(unit)
      if (this.#isAvc ? type >= H264_NAL.slice && type <= H264_NAL.idr : type <= H265_NAL.lastVcl) {
        hasPicture = true
        first ??= unit
      } else if (this.#isSet(type)) isRenewed = this.#takeSet(type, unit, own) || isRenewed
    }
    if (!hasPicture || first === undefined) return undefined
    const key = this.#isAvc ? isH264KeyFrame(units) || (isRandomAccess && isIntra(first)) : isH265KeyFrame(units)
    if (this.#isStale && (key || isRenewed || this.#track === undefined)) this.#renew(own)
    const track = this.#track
    return track && { track, key, data: this.#join(units) }
  }

  #isSet(type: number): boolean {
    return this.#isAvc ? type === H264_NAL.sps || type === H264_NAL.pps : type >= H265_NAL.vps && type <= H265_NAL.pps
  }

  // Returns whether the sequence has other parameters from here on.
  #takeSet(type: number, unit: Buffer, own: Map<number, Buffer>): boolean {
    const id = this.#isAvc ? avcSetId(type, unit) : hevcSetId(type, unit)
    if (id === undefined || unit.length > MAX_SET_SIZE) return false
    const name = type * 256 + id
    const before = this.#sets.get(name)
    const isSame = before !== undefined && before.equals(unit)
    const set = isSame ? before : Buffer.from(unit)
    own.set(name, set)
    if (isSame) return false
    const pps = this.#isAvc ? H264_NAL.pps : H265_NAL.pps
    // A picture parameter set is read by the sequence's: older ones mean nothing any more.
    if (type !== pps) for (const other of this.#sets.keys()) if (other >> 8 === pps) this.#sets.delete(other)
    this.#sets.set(name, set)
    this.#isStale = true
    return type !== pps
  }

  // Makes the track of the sets in force: of those that the access unit brings, when it brings all that it takes.
  #renew(own: Map<number, Buffer>): void {
    const sets = this.#isComplete(own) ? own : this.#sets
    if (!this.#isComplete(sets)) return
    const of = (type: number): Buffer[] =>
      Array.from(sets.keys())
        .filter((name) => name >> 8 === type)
        .toSorted((a, b) => a - b)
        .slice(0, 31)
        .map((name) => sets.get(name)!)
    let config: Buffer
    try {
      config = this.#isAvc
        ? writeAvcConfig({ sps: of(H264_NAL.sps), pps: of(H264_NAL.pps) })
        : writeHevcConfig({ vps: of(H265_NAL.vps), sps: of(H265_NAL.sps), pps: of(H265_NAL.pps) })
    } catch {
      // A damaged set: what was in force stays.
      return
    }
    if (this.#track?.config.equals(config) !== true) {
      const track = createMediaTrack(this.#isAvc ? 'h264' : 'hevc', config, { id: this.#id, language: this.#language })
      if (track === undefined) return
      this.#track = track
    }
    this.#sets = sets
    this.#isStale = false
  }

  #isComplete(sets: ReadonlyMap<number, Buffer>): boolean {
    const has = (type: number): boolean => [...sets.keys()].some((name) => name >> 8 === type)
    return this.#isAvc ? has(H264_NAL.sps) && has(H264_NAL.pps) : has(H265_NAL.vps) && has(H265_NAL.sps) && has(H265_NAL.pps)
  }

  #join(units: readonly Buffer[]): Buffer {
    const isKept = (unit: Buffer): boolean => this.#isStale || !this.#isSet(this.#isAvc ? h264NalType(unit[0]!) : h265NalType(unit[0]!))
    return joinLengthPrefixed(units.filter(isKept))
  }
}

// H.264 7.3.2.1.1, 7.3.2.2: behind profile, constraints and level; at the very beginning.
function avcSetId(type: number, unit: Buffer): number | undefined {
  const bits = new BitReader(unit.subarray(type === H264_NAL.sps ? 4 : 1, 24))
  const id = bits.ue()
  return bits.overrun || id > (type === H264_NAL.sps ? 31 : 255) ? undefined : id
}

// H.265 7.3.2.1 to 7.3.2.3. Of a sequence parameter set all ids are one: streams of one layer have no use for another.
function hevcSetId(type: number, unit: Buffer): number | undefined {
  // Sets of further layers are for other decoders.
  if (unit.length < 4 || (((unit[0]! & 1) << 5) | (unit[1]! >> 3)) !== 0) return undefined
  if (type === H265_NAL.vps) return unit[2]! >> 4
  if (type === H265_NAL.sps) return 0
  const bits = new BitReader(unescapeNal(unit.subarray(2, 24)))
  const id = bits.ue()
  return bits.overrun || id > 63 ? undefined : id
}

// H.264 7.3.3: first_mb_in_slice, slice_type; 2 and 7 are I slices.
function isIntra(slice: Buffer): boolean {
  const bits = new BitReader(unescapeNal(slice.subarray(1, 12)))
  bits.ue()
  return bits.ue() % 5 === 2
}
