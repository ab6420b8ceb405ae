import type { Headers } from './headers.js'
import { cleanText, decodeText, percentDecode } from './text.js'

/** What a source says about its stream in the head of its request. */
export interface StreamInfo {
  /** The stream's name. */
  readonly name?: string
  /** What the stream is about. */
  readonly description?: string
  /** Genres, separated as the source likes. */
  readonly genre?: string
  /** The stream's own web site. */
  readonly url?: string
  /** Whether directories may list the stream. */
  readonly public?: boolean
  /** Kilobits a second, as people write it. */
  readonly bitrate?: number
  /** Samples a second. */
  readonly sampleRate?: number
  /** Audio channels. */
  readonly channels?: number
  /** The encoder's quality setting: Vorbis -1 to 10. */
  readonly quality?: number
  /** The `ice-audio-info` as it was sent, percent-decoded, such as `bitrate=128;channels=2`. */
  readonly audioInfo?: string
}

/**
 * Reads what a source says about its stream, from the headers of Icecast (`ice-*`), SHOUTcast (`icy-*`) and Icecast 1
 * (`x-audiocast-*`). What is missing, empty or no number is left out; text is cleaned and at most 1024 characters long.
 */
export function streamInfo(headers: Headers): StreamInfo {
  const value = (...names: string[]): string | undefined => {
    for (const name of names) {
      const text = cleanText(headers.get(name) ?? '')
      if (text !== '') return text
    }
    return undefined
  }
  const audioInfo = cleanText(decodeText(percentDecode(value('ice-audio-info') ?? '')))
  // libshout says bitrate=128, butt says ice-bitrate=128.
  const audio = new Map<string, string>()
  for (const pair of audioInfo.split(';')) {
    const at = pair.indexOf('=')
    if (at > 0) audio.set(pair.slice(0, at).trim().toLowerCase().replace(/^ice-/, ''), pair.slice(at + 1).trim())
  }
  return withoutUndefined({
    name: value('ice-name', 'icy-name', 'x-audiocast-name'),
    description: value('ice-description', 'icy-description', 'x-audiocast-description'),
    genre: value('ice-genre', 'icy-genre', 'x-audiocast-genre'),
    url: value('ice-url', 'icy-url', 'x-audiocast-url'),
    public: flag(value('ice-public', 'icy-pub', 'icy-public', 'x-audiocast-public')),
    bitrate: count(value('ice-bitrate', 'icy-br', 'x-audiocast-bitrate')) ?? count(audio.get('bitrate')),
    sampleRate: count(audio.get('samplerate')) ?? count(value('ice-samplerate', 'icy-sr')),
    channels: count(audio.get('channels')) ?? count(value('ice-channels')),
    quality: decimal(audio.get('quality') ?? value('ice-quality')),
    audioInfo: audioInfo === '' ? undefined : audioInfo,
  })
}

/**
 * The headers that tell a listener about the stream, in Icecast 2.4's order. `icy-br` comes once, though Icecast often says it twice.
 * @param metaint bytes between two metadata blocks, when the listener gets them
 */
export function streamHeaders(info: StreamInfo, metaint?: number): [name: string, value: string][] {
  const headers: [string, string][] = []
  const add = (name: string, value: string | number | undefined): void => {
    const text = cleanText(String(value ?? ''))
    if (text !== '') headers.push([name, text])
  }
  add('icy-br', info.bitrate)
  add('ice-audio-info', info.audioInfo ?? (info.bitrate === undefined ? undefined : `bitrate=${info.bitrate}`))
  add('icy-description', info.description)
  add('icy-genre', info.genre)
  add('icy-name', info.name)
  add('icy-pub', info.public === undefined ? undefined : Number(info.public))
  add('icy-url', info.url)
  add('icy-metaint', metaint)
  return headers
}

/**
 * The lines of {@link streamHeaders} as bytes, in UTF-8, each ended by CRLF, to stand at the end of a response head. There is
 * no space after the colon of `icy-*`, as in every Icecast: old players look for just that.
 */
export function formatStreamHeaders(info: StreamInfo, metaint?: number): Buffer {
  const lines = streamHeaders(info, metaint).map(([name, value]) => `${name}:${name.startsWith('icy-') ? '' : ' '}${value}\r\n`)
  return Buffer.from(lines.join(''))
}

const flag = (text: string | undefined): boolean | undefined => {
  if (text === undefined) return undefined
  return /^(1|true|yes|on)$/i.test(text) ? true : /^(0|-1|false|no|off)$/i.test(text) ? false : undefined
}

// The number that a text starts with: some sources say `128 kbps` or `128,128`.
const count = (text: string | undefined): number | undefined => {
  const digits = /^\d{1,9}/.exec(text ?? '')?.[0]
  return digits === undefined || Number(digits) === 0 ? undefined : Number(digits)
}

const decimal = (text: string | undefined): number | undefined => {
  const digits = /^-?\d{1,6}([.,]\d{1,6})?/.exec(text ?? '')?.[0]
  return digits === undefined ? undefined : Number(digits.replace(',', '.'))
}

const withoutUndefined = (info: { [K in keyof StreamInfo]: StreamInfo[K] | undefined }): StreamInfo =>
  Object.fromEntries(Object.entries(info).filter(([, value]) => value !== undefined))
