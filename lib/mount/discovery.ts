import type { Track } from '../formats/frame.js'
import { createMetadata, type Metadata } from '../icy/metadata.js'
import type { Source } from './source.js'

// Milliseconds between two warnings of damage.
const DAMAGE_INTERVAL = 10_000

/** What is new of a source since it was looked at last. */
export interface News {
  /** What its demuxer has to say, in one sentence. */
  readonly warning: string | undefined
  /** Whether its format and tracks are known and complete. */
  readonly complete: boolean
  /** A title within the stream. */
  readonly metadata: Metadata | undefined
}

/** What the bytes of one source have told: the format, its tracks, titles, damage, and how many there are a second. */
export class Discovery {
  readonly #source: Source
  #known = ''
  #announced = ''
  #comments = ''
  #warned: string | undefined
  #counted: { bytes: number; time: number }
  #damage: { bytes: number; time: number }

  /** @param source whose bytes they are; it has just connected */
  constructor(source: Source) {
    this.#source = source
    this.#counted = { bytes: 0, time: source.details.connected }
    this.#damage = { bytes: 0, time: source.details.connected }
  }

  /** Looks again, once the demuxer knows the format. */
  look(): News {
    const { format, tracks, comments, warning, skipped } = this.#source.demuxer
    const told = warning !== undefined && warning !== this.#warned
    if (told) this.#warned = warning
    // A stream may begin anywhere, so what is skipped before its first frame is no damage.
    if (this.#known === '') this.#damage.bytes = skipped
    this.#known = tracks.reduce<string>(
      (text, track) => `${text} ${track.codec} ${track.codecs} ${track.width} ${track.height} ${track.sampleRate} ${track.channels}`,
      format,
    )
    const { title, artist } = comments
    const said = title === undefined && artist === undefined ? '' : `${artist ?? ''}\n${title ?? ''}`
    const differs = said !== this.#comments
    this.#comments = said
    return {
      warning: told ? warning : undefined,
      complete: tracks.length > 0 && tracks.every(isComplete),
      metadata: differs ? createMetadata({ ...(title !== undefined && { title }), ...(artist !== undefined && { artist }) }) : undefined,
    }
  }

  /** Whether format and tracks are others than when this was asked last. */
  get changed(): boolean {
    const changed = this.#announced !== this.#known
    this.#announced = this.#known
    return changed
  }

  /** Bytes a second since this was asked last; `undefined` within a second. */
  rate(now: number): number | undefined {
    const { bytesReceived } = this.#source
    const elapsed = now - this.#counted.time
    if (elapsed < 1000) return undefined
    const rate = ((bytesReceived - this.#counted.bytes) * 1000) / elapsed
    this.#counted = { bytes: bytesReceived, time: now }
    return rate
  }

  /** A warning of damage, if there has been some and none was given of late. */
  damage(now: number): string | undefined {
    const { skipped } = this.#source.demuxer
    const { bytes, time } = this.#damage
    if (skipped === bytes) {
      // The first damage after a quiet time is told at once.
      this.#damage.time = now - DAMAGE_INTERVAL
      return undefined
    }
    if (now - time < DAMAGE_INTERVAL) return undefined
    this.#damage = { bytes: skipped, time: now }
    const seconds = Math.round((now - time) / 1000)
    return `${skipped - bytes} damaged bytes were left out in the last ${seconds} s; look at the network between the encoder and the server`
  }
}

const isComplete = ({ kind, width, sampleRate }: Track): boolean =>
  (kind === 'video' ? width : kind === 'audio' ? sampleRate : 0) !== undefined
