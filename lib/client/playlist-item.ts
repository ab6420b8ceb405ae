import { basename, extname } from 'node:path'
import { cleanText } from '../icy/text.js'

/** Something that can be put on a list. */
export interface PlaylistItem {
  /** Where it comes from: the path of a file, an address, a device such as `webcam:` or `webcam:/dev/video1`, or `-` for standard input. */
  readonly source: string
  /** What listeners are told while it plays; without it, it is made of the source. */
  readonly title?: string | undefined
  /** How long it is, in seconds, if that is known. */
  readonly duration?: number | undefined
}

/** An entry of a `Playlist`, as it stands at a moment. */
export interface PlaylistEntry {
  /** What names it, for as long as it is in the list. */
  readonly id: string
  /** Where it comes from, as in {@link PlaylistItem.source}. */
  readonly source: string
  /** What listeners are told while it plays. */
  readonly title: string
  /** How long it is, in seconds; `undefined` while that is not known, and for what does not end by itself. */
  readonly duration: number | undefined
  /** Where it stands in this round through the list. */
  readonly state: 'waiting' | 'next' | 'playing' | 'played' | 'skipped'
  /** Why it is skipped; `undefined` unless it is. */
  readonly reason: string | undefined
}

/** What a source is: a file, an address, a device, or standard input. */
export type SourceKind = 'file' | 'address' | 'device' | 'stdin'

const DEVICES: Readonly<Record<string, string>> = {
  webcam: 'Webcam',
  screen: 'Screen',
  microphone: 'Microphone',
  test: 'Test picture',
}

// What follows a colon makes an address of no other name: file names have colons, too, and ffmpeg knows prefixes that open any file.
const ADDRESS = /^(https?|rtsps?|rtmps?|rtmpe|rtp|srt|udp|tcp|mmsh?|icecast|ftps?|sftp|rist):\/\//i
const DEVICE = /^(webcam|screen|microphone|test):/

/** What a source is. Whatever is neither an address, nor the name of a device, nor `-`, is the path of a file. */
export function sourceKind(source: string): SourceKind {
  if (source === '-') return 'stdin'
  return DEVICE.test(source) ? 'device' : ADDRESS.test(source) ? 'address' : 'file'
}

/** A title for a source that has none: the name of its file without the ending, the last part of an address, or what the device is. */
export function titleOf(source: string): string {
  switch (sourceKind(source)) {
    case 'stdin':
      return 'Standard input'
    case 'device':
      return DEVICES[source.slice(0, source.indexOf(':'))]!
    case 'file':
      return nameOf(source)
    case 'address':
      return nameOfAddress(source)
    default:
      return source
  }
}

function nameOfAddress(address: string): string {
  if (!URL.canParse(address)) return cleanText(address)
  const { pathname, host } = new URL(address)
  return nameOf(decodePath(pathname).replace(/\/+$/, '')) || host
}

function nameOf(path: string): string {
  const name = basename(path)
  // Only what looks like an ending is one: "No. 5" has none.
  return cleanText(/^\.[a-z\d]{1,5}$/i.test(extname(name)) ? name.slice(0, -extname(name).length) : name)
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
