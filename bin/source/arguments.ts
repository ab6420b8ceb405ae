import { readCommandLine, UsageError, type CommandOption } from '../command-line.js'

/** An option, and what its value may be: one of some words, or what an expression allows, with words for it. */
interface SourceOption extends CommandOption {
  readonly words?: readonly string[]
  readonly pattern?: RegExp
  readonly allowed?: string
}

const options = {
  to: { type: 'string', short: 't', example: 'http://source:PASSWORD@localhost:8000/live' },
  password: { type: 'string', example: 'tide-amber-41' },
  protocol: { type: 'string', example: 'put', words: ['put', 'source', 'shoutcast'] },
  wait: { type: 'boolean' },
  name: { type: 'string', example: "'Harbour TV'" },
  description: { type: 'string', example: "'Ships, day and night'" },
  genre: { type: 'string', example: 'Nature' },
  public: { type: 'boolean' },

  webcam: { type: 'boolean', open: true },
  screen: { type: 'boolean', open: true },
  microphone: { type: 'boolean', open: true },
  test: { type: 'boolean' },
  url: { type: 'string', example: 'rtsp://camera.local/stream' },
  'list-devices': { type: 'boolean' },

  loop: { type: 'boolean' },
  once: { type: 'boolean' },
  shuffle: { type: 'boolean' },
  'start-at': { type: 'string', example: '3', pattern: /^[1-9]\d{0,8}$/, allowed: 'the number of an entry, 1 or more' },

  quality: { type: 'string', short: 'q', example: 'medium', words: ['low', 'medium', 'high', 'copy'] },
  copy: { type: 'boolean' },
  'video-codec': { type: 'string', example: 'h264', words: ['h264', 'hevc', 'vp8', 'vp9', 'av1'] },
  'audio-codec': { type: 'string', example: 'aac', words: ['aac', 'opus', 'mp3', 'flac', 'vorbis'] },
  format: { type: 'string', short: 'f', example: 'ts', words: ['ts', 'fmp4', 'webm', 'matroska', 'ogg', 'mp3', 'adts', 'flac'] },
  size: { type: 'string', example: '1280x720', pattern: /^[1-9]\d{1,4}[x×][1-9]\d{1,4}$/i, allowed: 'width x height, such as 1280x720' },
  'frame-rate': { type: 'string', example: '25', pattern: /^\d{1,3}(\.\d+)?$/, allowed: 'pictures a second, such as 25 or 29.97' },
  'video-bitrate': { type: 'string', example: '2500k', pattern: /^\d+(\.\d+)?[kM]?$/i, allowed: 'bits a second, such as 2500k or 2.5M' },
  'audio-bitrate': { type: 'string', example: '128k', pattern: /^\d+(\.\d+)?[kM]?$/i, allowed: 'bits a second, such as 128k' },
  ladder: {
    type: 'string',
    example: '1080,720,480',
    pattern: /^[1-9]\d{1,3}(,[1-9]\d{1,3})*$/,
    allowed: 'heights with commas between them, such as 1080,720,480',
  },
  hardware: { type: 'boolean' },
  'low-latency': { type: 'boolean' },

  ffmpeg: { type: 'string', example: '/opt/ffmpeg/bin/ffmpeg' },

  profile: { type: 'string', example: 'home' },
  'save-profile': { type: 'string', example: 'home' },

  json: { type: 'boolean' },
  plain: { type: 'boolean' },
  ui: { type: 'boolean' },
  verbose: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const satisfies Record<string, SourceOption>

/** The name of an option of `floecast-source`. */
export type OptionName = keyof typeof options

/** What options are set to, by their names; switches that are on are `true`. */
export type OptionValues = { readonly [Name in OptionName]?: string | true }

/** What the command line asks for. */
export interface SourceArguments {
  /** What to stream, in this order: paths, folders, patterns, lists, addresses, devices such as `webcam:`, and `-`. */
  readonly sources: readonly string[]
  /** What the options are set to; each value is one that is allowed. */
  readonly values: OptionValues
}

/** What `--help` says. */
export const HELP = `floecast-source [what to stream …] --to http://source:PASSWORD@host:8000/live

  floecast-source                              asks what it needs to know
  floecast-source film.mp4 --to ADDRESS        streams a film
  floecast-source films/ --loop --to ADDRESS   streams a folder, over and over
  floecast-source --webcam --to ADDRESS        streams the camera
  floecast-source --ui                         the same on a page in your browser

What to stream: files, folders, patterns ('films/*.mkv'), playlists (m3u, pls, xspf), addresses, - for standard
input, and
  --webcam[=DEVICE]  --screen[=DEVICE]  --microphone[=DEVICE]  --test  --url ADDRESS
  --list-devices                 say which cameras and microphones there are, and end
  --loop  --shuffle  --once      begin anew at the end; draw the order by lot; end after the last entry (as usual)
  --start-at N                   begin with this entry, counted from 1

Where to:
  --to ADDRESS                   server, password and mount; the mount is /live where none is given
  --password PASSWORD            the password of sources; or put it in FLOECAST_SOURCE_PASSWORD
  --protocol put|source|shoutcast    how to send (put; source for Icecast before 2.4; shoutcast for SHOUTcast 1)
  --wait                         when the server is away at the start, keep trying
  --name, --description, --genre TEXT    what the server tells of the stream
  --public                       let directories list it

How it looks and sounds (as it is, where that is safe; else H.264 and AAC):
  --quality low|medium|high|copy     all of the following at once (medium)
  --copy                         never convert: skip what does not fit
  --video-codec h264|hevc|vp8|vp9|av1    --audio-codec aac|opus|mp3|flac|vorbis
  --format ts|fmp4|webm|matroska|ogg|mp3|adts|flac
  --size 1280x720  --frame-rate 25  --video-bitrate 2500k  --audio-bitrate 128k
  --ladder 1080,720,480          several qualities at once, each on a mount of its own
  --hardware                     encode on the graphics card, where ffmpeg can
  --low-latency                  as near to live as the encoder can, for more bits
  --ffmpeg PATH                  which ffmpeg to use, in place of the one that is installed

Profiles keep all of this under a name, readable by you alone:
  --save-profile NAME            keep what this command line says; the password too
  --profile NAME                 use it; what else is given goes before it

What you see:
  --plain                        lines, as when the output is no terminal
  --json                         one JSON object a line for programs; commands are read from standard input
  --ui                           a page at a local address, to steer it with
  --verbose                      tell what ffmpeg and the connection say
  --help, --version

Keys: n next, p previous, space pause, a add, w webcam, arrows and enter to choose, q quit.
It ends with 0 after the end, 1 when it was refused or cannot go on, 2 when the command line makes no sense.
`

const SWITCHED_DEVICES = ['webcam', 'screen', 'microphone'] as const

/**
 * Reads a command line.
 * @param argv without node and the script
 * @throws UsageError
 */
export function parseSourceArguments(argv: readonly string[]): SourceArguments {
  const given = readCommandLine('floecast-source', argv, options)
  const sources: string[] = []
  const values: { -readonly [Name in OptionName]?: string | true } = {}
  for (const [at, { name, value }] of given.entries()) {
    if (name === undefined) {
      // The device of the switch before it has been taken with that.
      if (!isDeviceOf(given[at - 1], value)) sources.push(value ?? '')
    } else if (name === 'url') sources.push(value ?? '')
    else if (name === 'test') sources.push('test:')
    else if (isDevice(name)) {
      const next = given[at + 1]
      sources.push(`${name}:${value ?? (next?.name === undefined && isDeviceOf(given[at], next?.value) ? next?.value : '')}`)
    } else if (isOption(name)) values[name] = check(name, value)
  }
  if (values.loop === true && values.once === true)
    throw new UsageError('Cannot use both --loop and --once: --loop begins anew at the end, --once ends there.')
  if (values.json === true && values.ui === true) throw new UsageError('Cannot use both --json and --ui: choose one.')
  if (values.copy === true && values.ladder !== undefined)
    throw new UsageError('Cannot use both --copy and --ladder: several sizes need to be encoded.')
  return { sources, values }
}

const isOption = (name: string): name is OptionName => Object.hasOwn(options, name)
const isDevice = (name: string | undefined): boolean => SWITCHED_DEVICES.some((one) => one === name)

// `--webcam /dev/video1` and `--webcam 1` name a device; anything else that follows is something to stream.
function isDeviceOf(option: { name: string | undefined; value: string | undefined } | undefined, value: string | undefined): boolean {
  return option !== undefined && isDevice(option.name) && option.value === undefined && /^(\/dev\/.+|\d+|:\d[\d.]*)$/.test(value ?? '')
}

function check(name: OptionName, value: string | undefined): string | true {
  if (value === undefined) return true
  const { words, pattern, allowed }: SourceOption = options[name]
  if (words !== undefined && !words.includes(value))
    throw new UsageError(`Cannot use --${name} ${value}: allowed is ${words.slice(0, -1).join(', ')} or ${words.at(-1)}.`)
  if (pattern !== undefined && !pattern.test(value)) throw new UsageError(`Cannot use --${name} ${value}: allowed is ${allowed}.`)
  return value
}

/** Whether a profile that was kept may say this; its values are checked as if they had been typed. @throws UsageError */
export function checkValues(values: Readonly<Record<string, string | true>>): OptionValues {
  const words = Object.entries(values).flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}=${value}`]))
  return parseSourceArguments(words).values
}
