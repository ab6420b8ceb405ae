import { AdtsDemuxer, probeAdts } from './adts.js'
import { FlacDemuxer, probeFlac } from './flac.js'
import { FlvDemuxer, probeFlv } from './flv.js'
import type { Demuxer, FormatName, Frame, Track } from './frame.js'
import { Mp3Demuxer, probeMp3 } from './mp3.js'
import { Mp4Demuxer, probeMp4 } from './mp4.js'
import { MpegTsDemuxer, probeMpegTs } from './mpeg-ts.js'
import { OggDemuxer, probeOgg } from './ogg.js'
import { RawDemuxer } from './raw.js'
import { probeWebm, WebmDemuxer } from './webm.js'

/** The most bytes that are held back to find out what they are. */
const MAX_HEAD_SIZE = 65_536

const UNKNOWN = 'application/octet-stream'

/**
 * Finds out which format a stream has, then cuts it into frames as that format's demuxer does. The bytes decide; what the source
 * announced counts only where they leave the choice.
 *
 * Until then it holds bytes back, 64 KiB at most, and names itself `raw`. What no format claims is passed on as it came.
 */
export class AutoDemuxer implements Demuxer {
  readonly #announced: string
  /** The formats that the bytes have not ruled out. */
  #candidates: readonly Candidate[] = CANDIDATES
  #held: Buffer[] = []
  #heldSize = 0
  /** How many of the held bytes the candidates have seen. */
  #seen = 0
  #demuxer: Demuxer | undefined
  #mislabelled = false

  /** @param contentType the media type that the source announced; it may be wrong, and parameters after `;` are ignored */
  constructor(contentType?: string) {
    this.#announced = contentType?.split(';', 1)[0]!.trim().toLowerCase() || UNKNOWN
  }

  /** Whether the format is settled, be it as `raw`. */
  get detected(): boolean {
    return this.#demuxer !== undefined
  }

  /** The format found; `raw` before that. */
  get format(): FormatName {
    return this.#demuxer?.format ?? 'raw'
  }

  /** The media type that fits the bytes; what was announced before the format is found, and for `raw`. */
  get contentType(): string {
    return this.#demuxer?.contentType ?? this.#announced
  }

  /** The elementary streams found so far. */
  get tracks(): readonly Track[] {
    return this.#demuxer?.tracks ?? []
  }

  /** Bytes left out so far because they were damaged. */
  get skipped(): number {
    return this.#demuxer?.skipped ?? 0
  }

  /** Titles and other comments that the stream itself carries. */
  get comments(): Readonly<Record<string, string>> {
    return this.#demuxer?.comments ?? {}
  }

  /** What is wrong with the stream, and what the source should send instead: what the format has to say, else a wrong media type. */
  get warning(): string | undefined {
    if (this.#demuxer === undefined) return undefined
    // Only the tracks tell whether a container is audio or video.
    const known = this.#mislabelled && this.tracks.length > 0
    return (
      this.#demuxer.warning ??
      (known ? `The source calls its stream ${this.#announced}, but sends ${this.contentType}: set its content type to that` : undefined)
    )
  }

  /** Takes the next bytes and gives the frames that they complete: none before the format is settled. */
  push(chunk: Buffer): Frame[] {
    if (this.#demuxer !== undefined) return this.#demuxer.push(chunk)
    if (chunk.length === 0) return []
    this.#held.push(chunk)
    this.#heldSize += chunk.length
    // The candidates see the stream at fixed lengths, so that they decide alike however it was cut.
    for (let size = nextSize(this.#seen); size <= this.#heldSize; size = nextSize(size)) {
      const found = this.#probe(size)
      if (found !== undefined) return this.#open(found)
      if (this.#candidates.length === 0 || size === MAX_HEAD_SIZE) return this.#open(this.#guess())
    }
    return []
  }

  /**
   * Settles the format with the bytes that are there, for a source that pauses before it is clear: the announced one unless they
   * rule it out, else `raw`. Does nothing while there are none, or when it is settled already.
   */
  settle(): Frame[] {
    if (this.#demuxer !== undefined || this.#heldSize === 0) return []
    return this.#open(this.#probe(Math.min(this.#heldSize, MAX_HEAD_SIZE)) ?? this.#guess())
  }

  /** Says that no more bytes come, and gives what is still held back. */
  end(): Frame[] {
    const frames = this.settle()
    return this.#demuxer === undefined ? frames : [...frames, ...this.#demuxer.end()]
  }

  /** Shows the first bytes to the candidates; gives the one that is sure. */
  #probe(size: number): Candidate | undefined {
    this.#seen = size
    if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held, this.#heldSize)]
    const head = this.#held[0]!.subarray(0, size)
    const sure: Candidate[] = []
    this.#candidates = this.#candidates.filter((candidate) => {
      const verdict = candidate.probe(head)
      if (verdict === true) sure.push(candidate)
      return verdict !== false
    })
    return sure.find((candidate) => candidate.types.includes(this.#announced)) ?? sure[0]
  }

  #guess(): Candidate | undefined {
    return this.#candidates.find((candidate) => candidate.types.includes(this.#announced))
  }

  #open(candidate: Candidate | undefined): Frame[] {
    const demuxer = candidate === undefined ? new RawDemuxer(this.#announced) : candidate.make()
    this.#demuxer = demuxer
    this.#mislabelled = candidate !== undefined && this.#announced !== UNKNOWN && !candidate.types.includes(this.#announced)
    const held = this.#held
    this.#held = []
    return held.flatMap((chunk) => demuxer.push(chunk))
  }
}

interface Candidate {
  readonly probe: (head: Buffer) => boolean | undefined
  readonly make: () => Demuxer
  /** The media types that sources announce it with. */
  readonly types: readonly string[]
}

// Those with a magic word first: the frames of the others occur inside them.
const CANDIDATES: readonly Candidate[] = [
  {
    probe: probeWebm,
    make: () => new WebmDemuxer(),
    types: ['video/webm', 'audio/webm', 'video/x-matroska', 'audio/x-matroska', 'video/matroska', 'audio/matroska'],
  },
  {
    probe: probeMp4,
    make: () => new Mp4Demuxer(),
    types: ['video/mp4', 'audio/mp4', 'audio/x-m4a', 'audio/m4a', 'video/x-m4v', 'video/quicktime'],
  },
  {
    probe: probeOgg,
    make: () => new OggDemuxer(),
    types: ['application/ogg', 'audio/ogg', 'video/ogg', 'audio/opus', 'audio/x-ogg', 'application/x-ogg'],
  },
  { probe: probeFlv, make: () => new FlvDemuxer(), types: ['video/x-flv', 'video/flv', 'audio/x-flv'] },
  { probe: probeMpegTs, make: () => new MpegTsDemuxer(), types: ['video/mp2t', 'video/mpeg', 'audio/mp2t', 'video/mpegts'] },
  { probe: probeFlac, make: () => new FlacDemuxer(), types: ['audio/flac', 'audio/x-flac'] },
  { probe: probeAdts, make: () => new AdtsDemuxer(), types: ['audio/aac', 'audio/aacp', 'audio/x-aac', 'audio/x-hx-aac-adts'] },
  { probe: probeMp3, make: () => new Mp3Demuxer(), types: ['audio/mpeg', 'audio/mp3', 'audio/x-mpeg', 'audio/x-mp3', 'audio/mpeg3'] },
]

// Small steps first: most formats tell soon, and nobody hears anything before. 4 KiB of 128 kbit/s are a quarter of a second.
function nextSize(size: number): number {
  const step = size < 1024 ? 64 : size < 8192 ? 512 : 4096
  return Math.min(MAX_HEAD_SIZE, size - (size % step) + step)
}
