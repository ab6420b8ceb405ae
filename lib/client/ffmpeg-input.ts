import { fileURLToPath } from 'node:url'
import { sourceKind } from './playlist-item.js'

/**
 * ffmpeg's arguments that open a file or an address, with `-i` and its name last. A file's name may be anything: it is never taken for an option or a
 * protocol. What is opened may lead to others of its own kind only: a playlist from the network never to a file.
 * @param source a path, a `file:` URL, an address, or `-` for what is written to it
 */
export function inputArguments(source: string): string[] {
  if (source === '-') return ['-protocol_whitelist', 'pipe', '-i', 'pipe:0']
  if (sourceKind(source) === 'stdin') return ['-protocol_whitelist', 'pipe', '-i', 'pipe:0']
  if (sourceKind(source) !== 'address') {
    const path = /^file:\/\//i.test(source) ? fileURLToPath(source) : source
    return ['-protocol_whitelist', 'file,crypto,data', '-i', `file:${path}`]
  }
  const [scheme = ''] = source.toLowerCase().split(':', 1)
  const options = OPTIONS.find(([schemes]) => schemes.test(scheme))?.[1] ?? []
  return [...options, '-protocol_whitelist', `${scheme.replace(/^(rtmp).*/, '$1,$&')},${NETWORK}`, '-i', source]
}

const NETWORK = 'http,https,httpproxy,tls,tcp,udp,rtp,crypto,data'
/** Microseconds that a server may be silent. */
const SILENCE = '10000000'

const OPTIONS: readonly (readonly [schemes: RegExp, options: readonly string[]])[] = [
  // By TCP nothing is lost on the way, and it passes where UDP does not.
  [/^rtsps?$/, ['-rtsp_transport', 'tcp']],
  [/^https?$/, ['-rw_timeout', SILENCE, '-reconnect', '1', '-reconnect_streamed', '1', '-reconnect_delay_max', '5']],
  [/^(rtmp|tcp|tls)/, ['-rw_timeout', SILENCE]],
]
