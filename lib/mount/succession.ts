import type { Demuxer, FormatName } from '../formats/frame.js'
import type { Mount } from './mount.js'

/** Formats whose players know only the head with which they began. */
const ONE_HEAD: ReadonlySet<FormatName> = new Set(['mp4', 'webm', 'matroska'])

/**
 * Why a player cannot go on with another mount on the same connection: a part of a sentence.
 * @returns `undefined` where it can
 */
export function whyNotFollow(from: Mount, to: Mount): string | undefined {
  if (from === to) return 'it is the same mount'
  const here = from.source?.demuxer
  const there = to.source?.demuxer
  if (here === undefined || there === undefined || !from.ready || !to.ready) return 'what they send is not known yet; try again in a moment'
  if (here.format !== there.format || typeOf(here) !== typeOf(there))
    return `one sends ${nameOf(here)}, the other ${nameOf(there)}, and no player changes its format in the middle of a stream`
  // Tried with ffmpeg, which most players are made of: it stops at a second head of FLV, and goes on with the first head of the others here.
  if (here.format === 'flv') return 'players stop where another FLV stream begins'
  if (ONE_HEAD.has(here.format) && factsOf(here) !== factsOf(there))
    return `their codecs or pictures are not the same, and players of ${here.format} know only those with which they began`
  return undefined
}

const typeOf = ({ contentType }: Demuxer): string => contentType.split(';', 1)[0]!
const nameOf = (demuxer: Demuxer): string => `${demuxer.format} (${typeOf(demuxer)})`
const factsOf = ({ tracks }: Demuxer): string =>
  tracks
    .map(({ codec, codecs, width, height, sampleRate, channels }) => [codec, codecs, width, height, sampleRate, channels].join())
    .join(' ')
