/** How good a stream is to be. */
export interface Quality {
  readonly id: 'low' | 'medium' | 'high'
  /** In a word. */
  readonly label: string
  /** What it means, and what it takes. */
  readonly words: string
  /** Most pixels of the picture. */
  readonly width: number
  readonly height: number
  /** Bits a second. */
  readonly video: number
  readonly audio: number
}

/** All that there is to choose from, the least first. */
export const QUALITIES: readonly Quality[] = [
  { id: 'low', label: 'Light', words: '360p, 1 Mbit/s upload', width: 640, height: 360, video: 600_000, audio: 64_000 },
  { id: 'medium', label: 'Good', words: '720p, 3 Mbit/s upload', width: 1280, height: 720, video: 2_200_000, audio: 128_000 },
  { id: 'high', label: 'Best', words: '1080p, 7 Mbit/s upload', width: 1920, height: 1080, video: 5_000_000, audio: 160_000 },
]
/** What is chosen at first. */
export const USUAL: Quality = QUALITIES[1]!
