import { chosenVolume, keepVolume } from './preferences.js'

/** How loud a media element is, as the viewer wishes it. */
export class Volume {
  readonly #media: HTMLMediaElement
  #wantsSilence = false

  constructor(media: HTMLMediaElement) {
    this.#media = media
  }

  /** Whether the viewer has switched the sound off, and not the browser. */
  get wantsSilence(): boolean {
    return this.#wantsSilence
  }

  /** Begins as loud as it was the last time. */
  begin(muted: boolean): void {
    this.#media.muted = muted
    this.#media.volume = chosenVolume()
  }

  /** Switches the sound off or on. */
  mute(muted: boolean): void {
    this.#media.muted = muted
    this.#wantsSilence = muted
    if (!muted && this.#media.volume === 0) this.set(0.5)
  }

  /** Sets how loud it is, from 0 to 1, and remembers it. */
  set(volume: number): void {
    this.#media.volume = Math.min(1, Math.max(0, volume))
    this.#media.muted = this.#media.volume === 0
    this.#wantsSilence = this.#media.muted
    keepVolume(this.#media.volume)
  }
}
