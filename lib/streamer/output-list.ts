import type { MediaFacts, MediaStream } from '../client/probe-facts.js'

/** What the items of a list have in common. */
export interface Agreement {
  /** The parameters of all their pictures; `undefined` when none has any. */
  readonly video: MediaStream | undefined
  /** The parameters of all their sound. */
  readonly audio: MediaStream
}

/** The stream that is played of a kind: the one that is marked so, or the first; covers are none. */
export function mainStream({ streams }: MediaFacts, kind: 'video' | 'audio'): MediaStream | undefined {
  const own = streams.filter((stream) => stream.kind === kind && !stream.isCover && stream.codec !== 'unknown')
  return own.find(({ isDefault }) => isDefault) ?? own[0]
}

/**
 * What all items of a list have in common.
 * @returns `undefined` when they differ in a codec, its profile, the pictures' size, format or rate, or the sound's rate or channels; or when one
 * has no sound
 */
export function agreementOf(items: readonly MediaFacts[]): Agreement | undefined {
  const first = items.find(({ isPicture }) => !isPicture)
  const audio = first && mainStream(first, 'audio')
  if (first === undefined || audio === undefined) return undefined
  const video = mainStream(first, 'video')
  const agrees = items.every((facts) => {
    const own = mainStream(facts, 'video')
    const sound = mainStream(facts, 'audio')
    if (sound === undefined || facts.isPicture || (own === undefined) !== (video === undefined)) return false
    return isLike(sound, audio) && (own === undefined || video === undefined || isLike(own, video))
  })
  return agrees ? { video, audio } : undefined
}

/** Whether two streams have the same parameters, as far as they are known before they are read. */
export function isLike(a: MediaStream, b: MediaStream): boolean {
  const isSame = SAME.every((name) => a[name] === b[name])
  return isSame && isRate(a.frameRate, b.frameRate)
}

/** Whether two rates of pictures are the same, up to how exactly containers tell them. */
export function isRate(a: number | undefined, b: number | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && Math.abs(a - b) < b * 0.0005)
}

const SAME = [
  'codec',
  'profile',
  'width',
  'height',
  'pixelFormat',
  'pixelAspect',
  'rotation',
  'isInterlaced',
  'sampleRate',
  'channels',
] as const
