/** A range of the media's own clock, in seconds. */
export interface Range {
  /** The earliest that can be played. */
  readonly start: number
  /** The newest. */
  readonly end: number
}

/** What the statistics show of an engine. */
export interface EngineFacts {
  /** Its codecs as RFC 6381 writes them, or a media type; empty while unknown. */
  readonly codecs: string
  /** Bits a second that come in, or are offered; left out where unknown. */
  readonly bitrate?: number | undefined
  /** Seconds behind live that it aims at; left out where it has no aim. */
  readonly target?: number | undefined
}

/** A quality or a language that can be chosen. */
export interface Option {
  /** What the engine knows it by. */
  readonly id: string
  /** For people. */
  readonly label: string
  /** Whether it is chosen. */
  readonly chosen: boolean
}

/** What hears an {@link Engine}. */
export interface EngineOwner {
  /** There is something to play, and the element is to be started. */
  ready(): void
  /** The stream is over, or has gone; it may come back. */
  ended(): void
  /** It cannot go on; the reason is for statistics. */
  failed(reason: string): void
  /** Qualities, captions or facts have changed. */
  changed(): void
}

/** Something that plays one address in a media element. */
export interface Engine {
  /** Its name. */
  readonly name: 'instant' | 'shaka' | 'element'
  /**
   * Begins to play an address. Where the engine plays already, it goes on with the new one, with as little of a gap as can be.
   * @param type the media type with codecs
   */
  load(url: string, type: string): Promise<void>
  /** Seconds behind live; `undefined` while unknown. */
  readonly delay: number | undefined
  /** What can be played now; `undefined` where there is no going back. */
  readonly seekable: Range | undefined
  /** What the statistics show. */
  readonly facts: EngineFacts
  /** Qualities to choose from; none where there is but one. */
  readonly qualities: readonly Option[]
  /** Captions to choose from. */
  readonly captions: readonly Option[]
  /** Chooses a quality; `undefined` leaves it to the engine. */
  chooseQuality(id: string | undefined): void
  /** Shows captions; `undefined` shows none. */
  chooseCaptions(id: string | undefined): void
  /** Goes to a time of {@link Engine.seekable}, and stays as far behind from then on. */
  seek(time: number): void
  /** Goes to what is live. */
  goLive(): void
  /** It stood still. */
  stalled(): void
  /** Ends it and leaves the element empty. */
  destroy(): Promise<void>
}
