import { basename } from 'node:path'
import { FloecastError } from '../errors.js'

/**
 * Makes one sentence for people of what ffmpeg or ffprobe has complained about.
 * @param lines of its standard error, oldest first
 * @param source what it was reading, a path, an address or the name of a device; without it, errors of reading name what ffmpeg names
 */
export function explain(lines: readonly string[], source?: string): FloecastError {
  const text = lines.join('\n')
  const encoder = /Unknown encoder '([^']+)'/.exec(text)?.[1]
  if (encoder !== undefined)
    return new FloecastError('ENCODER_MISSING', { encoder, instead: 'choose another one (ffmpeg -encoders lists them)' })
  const refused =
    /\[(\w+) @ [^\]]+\] \[error\] (Cannot load \S+|No device available|.*not supported.*|Error setting .*|No capable devices found|Failed to set value .*)/.exec(
      text,
    )
  if (refused !== null && /opening encoder|initializing output/i.test(text))
    return new FloecastError('FFMPEG_FAILED', { reason: `the encoder ${refused[1]} does not work here (${refused[2]})` })
  const missing =
    /(?:No such filter|Unknown decoder|Unknown input format|Unrecognized option|Protocol not found|Option not found)[^\n]*/.exec(text)?.[0]
  if (missing !== undefined && !/Option not found/.test(missing))
    return new FloecastError('FFMPEG_FAILED', { reason: missing.replace(/\.$/, '') })
  for (const [pattern, reason] of REASONS) {
    const found = pattern.exec(text)
    if (found === null) continue
    const named = nameSource(
      source ?? found.groups?.['name'] ?? lines.map((line) => NAMED.exec(line)?.[1]).findLast((name) => name !== undefined),
    )
    return new FloecastError('MEDIA_UNREADABLE', { source: named, reason: reason.replace('{1}', found[1] ?? '') })
  }
  // The first complaint is the cause, the last one only says that nothing comes of it.
  const worst = lines.find((line) => /\[(error|fatal|panic)\]/.test(line)) ?? lines.at(-1) ?? ''
  return new FloecastError('FFMPEG_FAILED', { reason: worst.replace(/^(\[[^\]]*\]\s*)+/, '') || 'it does not say why' })
}

/** What people call a source: a file by its name, an address without its password. */
export function nameSource(source: string | undefined): string {
  if (source === undefined) return 'the input'
  if (/^\w[\w+.-]+:\/\//.test(source) && URL.canParse(source)) {
    const url = new URL(source)
    url.password = url.username = ''
    return String(url)
  }
  return source.startsWith('/dev/') ? source : basename(source.replace(/^file:/, '')) || source
}

/** A line that begins with what was to be opened. */
const NAMED = /^\[(?:error|fatal)\] (.+?): (?:Invalid data|No such|Permission denied|Input\/output|Is a directory|Device or resource)/

/** What ffmpeg says, and what that means; the first that fits counts. */
const REASONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/Device or resource busy|already in use/i, 'it is in use by another program; close that one'],
  [/Cannot open display/, 'there is no screen here (DISPLAY does not name one)'],
  [
    /Could not find (?:video|audio)(?: only)? device|(?:Video|Audio) device not found|Cannot open (?:video|audio) device|cannot open audio device/i,
    'there is no such device',
  ],
  [/No such process|No such device/, 'there is no such device'],
  [/Failed to resolve hostname ([^:\s]+)/, 'there is no host called {1}'],
  [/Connection refused/, 'nobody answers there (connection refused)'],
  [/Connection timed out|Operation timed out|ETIMEDOUT/i, 'no answer came in time'],
  [/Network is unreachable|No route to host/, 'the network does not lead there'],
  [
    /(?:Server returned |HTTP error )40[13]|(?:401|403) (?:Unauthorized|Forbidden)|authorization failed/i,
    'the server wants a user name and password, or refuses these',
  ],
  [/(?:Server returned |HTTP error )404|404 (?:Not Found|Stream Not Found)/i, 'the server has nothing at that address'],
  [/(?:Server returned |HTTP error )(\d\w\w)/, 'the server answers {1}'],
  [/Is a directory/, 'it is a folder'],
  [/Permission denied|Operation not permitted/, 'this user may not read it'],
  [/not on whitelist/, 'it leads to an address of a kind that is not followed from there'],
  [
    /does not contain any stream|matches no streams|Invalid data found|moov atom not found|could not find codec parameters/i,
    'it holds no video or audio that can be read',
  ],
  [/No such file or directory/, 'there is no such file'],
  [/Input\/output error/, 'reading fails (input/output error)'],
]
