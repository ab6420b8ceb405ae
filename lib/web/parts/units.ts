import type { MountStatus, TrackStatus } from '../../api/status.js'

/** A number with the word for what it counts: `1 viewer`, `1,204 viewers`. */
export function plural(count: number, word: string): string {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`
}

/** Bits a second for people: `128 kbit/s`, `2.4 Mbit/s`. */
export function bitrateWords(bits: number): string {
  return bits >= 999_500 ? `${trim(bits / 1_000_000)} Mbit/s` : `${Math.round(bits / 1000)} kbit/s`
}

const trim = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, ''))

/** Bits a second that a mount takes: as stated, else as they came of late; 0 where nothing is known. */
export function bitsOf({ bitrate, rate }: MountStatus): number {
  return bitrate ?? rate * 8
}

/** The picture's size in a word, as people call it: `720p`, `4K`, `640×360`. */
export function sizeWord({ width, height, frameRate }: TrackStatus): string {
  if (width === null || height === null || width === 0 || height === 0) return ''
  const lines = Math.min(width, height)
  if (!LINES.has(lines)) return `${width}×${height}`
  const fast = frameRate !== null && frameRate > 45 ? Math.round(frameRate) : ''
  return `${lines === 2160 ? '4K' : `${lines}p`}${fast}${height > width ? ' upright' : ''}`
}

const LINES: ReadonlySet<number> = new Set([240, 360, 480, 576, 720, 1080, 1440, 2160])

/** A track with all that is known of it, for whoever points at the short form: `H.264 1280×720, 25 pictures a second`. */
export function trackWords({ codec, codecs, width, height, frameRate, sampleRate, channels }: TrackStatus): string {
  const words = [codec]
  if (width && height) words.push(`${width}×${height}`)
  if (frameRate) words.push(`${Number(frameRate.toFixed(2))} pictures a second`)
  if (sampleRate) words.push(`${sampleRate / 1000} kHz`)
  if (channels) words.push(CHANNELS[channels] ?? `${channels} channels`)
  if (codecs) words.push(codecs)
  return words.join(', ')
}

const CHANNELS: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1' }

/** What a mount sends, in a few words: `720p`, `H.264 + AAC`, `2.4 Mbit/s`. */
export function factsOf(mount: MountStatus): string[] {
  const tracks = mount.tracks.filter(({ kind }) => kind !== 'data')
  const video = tracks.find(({ kind }) => kind === 'video')
  const audio = tracks.find(({ kind }) => kind === 'audio')
  const words = [
    video === undefined ? '' : sizeWord(video),
    tracks.map(({ codec }) => codec).join(' + '),
    video === undefined && audio?.sampleRate ? `${audio.sampleRate / 1000} kHz` : '',
    video === undefined && audio?.channels ? (CHANNELS[audio.channels] ?? `${audio.channels} channels`) : '',
  ]
  const bits = bitsOf(mount)
  if (bits > 0) words.push(bitrateWords(bits))
  return words.filter((word) => word !== '')
}

/** All that is known of what a mount sends, a line for each track. */
export function exactFacts(mount: MountStatus): string {
  const lines = mount.tracks.map(trackWords)
  const bits = bitsOf(mount)
  if (bits > 0) lines.push(`${Math.round(bits).toLocaleString('en')} bit/s`)
  return lines.join('\n')
}

/** Whether a mount shows pictures. */
export function hasVideo({ tracks }: MountStatus): boolean {
  return tracks.some(({ kind }) => kind === 'video')
}

/** Seconds as a clock shows them: `4:05`, `1:12:44`, `3 d 4 h`. */
export function clockWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [days, hours, minutes, rest] = [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60]
  if (days > 0) return `${days} d ${hours} h`
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** A moment, as short as it can be told: the time today, the day before that. */
export function momentWords(iso: string, now = Date.now()): string {
  const date = new Date(iso)
  const isToday = date.toDateString() === new Date(now).toDateString()
  return isToday
    ? date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : date.toLocaleDateString([], { day: 'numeric', month: 'short' })
}

/** A moment in full. */
export function exactMoment(iso: string): string {
  return new Date(iso).toLocaleString()
}

/** The name of a mount for people: as it calls itself, else its path. */
export function nameOf({ name, mount }: MountStatus): string {
  return name === null || name === '' ? mount : name
}

/** Titles that a mount has played before the one that it plays, newest first. */
export function formerTitles({ titles, title }: MountStatus): MountStatus['titles'] {
  return titles[0]?.display === title?.display ? titles.slice(1) : titles
}
