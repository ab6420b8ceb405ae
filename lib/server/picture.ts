import { FloecastError } from '../errors.js'
import { lastPicture } from '../media/picture.js'
import type { Presentation } from '../media/presentation.js'
import type { Reply } from './reply.js'

/** Milliseconds for which a picture is given again. */
const FRESH = 5_000

const made = new WeakMap<Presentation, { time: number; contentType: string; body: readonly Buffer[] }>()

/**
 * Answers with the last key frame, which is made for the first who asks and shared by all others for five seconds. Whoever looks at it is no viewer.
 * @param now milliseconds of the clock
 * @throws FloecastError FILE_NOT_FOUND where there is none
 */
export function givePicture(presentation: Presentation, now: number, reply: Reply): void {
  let picture = made.get(presentation)
  if (picture === undefined || now - picture.time >= FRESH || now < picture.time) {
    const latest = presentation.live ? lastPicture(presentation) : undefined
    if (latest === undefined) throw new FloecastError('FILE_NOT_FOUND', { file: 'picture' })
    picture = { time: now, contentType: latest.contentType, body: [latest.bytes] }
    made.set(presentation, picture)
  }
  const { contentType, body } = picture
  reply.send({ status: 200, contentType, cacheControl: 'max-age=5', body, ranges: true })
}
