import type { AnswerOf, Operations } from '../../api/index.js'
import { byteSize } from './units.js'

type Settings = AnswerOf<Operations['getSettings']>
type Timings = AnswerOf<Operations['getMount']>['settings']

/** What is needed to say where a way in or out goes by. */
export interface WayFacts {
  /** The ports that are open, where the server has opened any. */
  readonly ports: Settings['ports']
  /** The mount of sources that cannot name one. */
  readonly shoutcastMount: string
  /** What holds for mounts that have no settings of their own. */
  readonly timings: Timings
}

/**
 * By which port a way in or out goes, and how fast: a few words each.
 * @param way a key of the setting `protocols`
 */
export function factsOfWay(way: string, { ports, shoutcastMount, timings }: WayFacts): string[] {
  const { hls, sourceTimeout, burstSize } = timings
  const port = ports === null ? 'the ports of the program around it' : `port ${ports.main}`
  const both = ports?.tls === true ? `${port}, plain or TLS` : port
  const silence = `a source is gone after ${sourceTimeout / 1000} s of silence`
  switch (way) {
    case 'icecast':
      return [both, 'the address names the mount', silence]
    case 'shoutcast':
      return ports === null || ports.shoutcast === null
        ? [both, `mount ${shoutcastMount}`, silence]
        : [`port ${ports.shoutcast}`, `encoders are told ${ports.shoutcast - 1} and add 1`, `mount ${shoutcastMount}`, silence]
    case 'webcast':
      return [both, ports?.tls === true ? 'addresses begin with ws:// or wss://' : 'addresses begin with ws://', silence]
    case 'progressive':
      return [both, `begins with ${byteSize(burstSize)} of audio, or at a key frame`]
    case 'hls':
      return [both, `segments of ${hls.segmentDuration} s, the last ${hls.segmentCount} are listed`]
    case 'lowLatency':
      return [both, `parts of ${hls.partDuration} s at most, players stay three of them behind`]
    case 'dash':
      return [both, `segments of ${hls.segmentDuration} s, as HLS has them`]
    case 'instant':
      return [both, 'frame by frame, about half a second behind']
    default:
      return [both]
  }
}
