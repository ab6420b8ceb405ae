import type { Clock } from '../clock.js'
import type { FormatName, Frame, Track } from '../formats/frame.js'
import { FileWriter, type FileWriterOwner } from '../media/file-writer.js'
import type { MediaFolder } from '../media/folder.js'
import { strftime } from './strftime.js'

/** What is recorded now, as status pages show it. */
export interface RecordingState {
  /** The name of the file below the folder for media; while it is being written, it ends in `.part` there. */
  readonly file: string
  /** Bytes of it that are on disk. */
  readonly bytes: number
  /** When it was begun, in milliseconds since 1970. */
  readonly since: number
  /** Why recording has stopped before the source did: a part of a sentence. */
  readonly error: string | undefined
}

/** What hears how recordings go. */
export interface RecordingOwner {
  /** A file is whole. */
  recorded(file: string, bytes: number): void
  /** Recording has stopped; the reason is a part of a sentence. */
  unrecorded(file: string, reason: string): void
}

/** What the bytes have told of a source: what names of files depend on. */
export interface Recorded {
  readonly format: FormatName
  readonly tracks: readonly Track[]
}

/** Bytes between two sync frames that are held back, as they may be the header of what follows: of Ogg, every song has its own. */
const MAX_HELD = 262_144

/**
 * Writes down what a source sends: the header, and its frames from a sync frame on. Where the header changes, another file begins, so that each file
 * plays by itself.
 */
export class Recording implements FileWriterOwner {
  /** The pattern of its names. */
  readonly pattern: string
  readonly #folder: MediaFolder
  readonly #mount: string
  readonly #owner: RecordingOwner
  readonly #clock: Clock
  #writer: FileWriter | undefined
  #since = 0
  #header: Buffer | undefined
  #held: Buffer[] = []
  #heldSize = 0
  #error: string | undefined

  /**
   * @param pattern of names, as the option `dump` has it
   * @param mount the name of the mount
   */
  constructor(folder: MediaFolder, pattern: string, mount: string, owner: RecordingOwner, clock: Clock) {
    this.#folder = folder
    this.pattern = pattern
    this.#mount = mount
    this.#owner = owner
    this.#clock = clock
  }

  /** How it stands; `undefined` before there is anything to be written. */
  get state(): RecordingState | undefined {
    const writer = this.#writer
    return writer && { file: writer.name, bytes: writer.bytes, since: this.#since, error: this.#error }
  }

  /** Takes the next frames of the source, which is known to be this. */
  push(frames: readonly Frame[], source: Recorded): void {
    for (const frame of frames) {
      if (this.#error !== undefined) return
      this.#take(frame, source)
    }
  }

  /** Says that the source has gone: the file is closed. */
  end(): void {
    this.#release()
    this.#writer?.close()
  }

  finished({ name, bytes }: FileWriter): void {
    if (bytes > 0) this.#owner.recorded(name, bytes)
  }

  failed(writer: FileWriter, reason: string): void {
    this.#held = []
    this.#heldSize = 0
    // A former file that could not be closed is no reason to stop this one.
    if (writer === this.#writer) this.#error = reason
    this.#owner.unrecorded(writer.name, reason)
  }

  #take({ bytes, sync, header }: Frame, source: Recorded): void {
    if (sync && (this.#header === undefined || !isSameHeader(header, this.#header, source.format))) this.#begin(header, source)
    if (this.#writer === undefined) return
    if (sync) {
      this.#header = header
      this.#release()
      this.#writer.write(bytes)
      return
    }
    this.#held.push(bytes)
    this.#heldSize += bytes.length
    if (this.#heldSize > MAX_HELD) this.#release()
  }

  #begin(header: Buffer, source: Recorded): void {
    // The new header has come as frames, too: they belong to the new file alone.
    const held = Buffer.concat(this.#held)
    if (header.length > 0 && held.length >= header.length && held.subarray(-header.length).equals(header))
      this.#held = [held.subarray(0, -header.length)]
    this.end()
    this.#since = this.#clock.now()
    const name = recordingName(this.pattern, { time: new Date(this.#since), mount: this.#mount, ending: endingOf(source) })
    this.#writer = new FileWriter(this.#folder, name, this, this.#clock)
    this.#writer.write(header)
  }

  #release(): void {
    const held = this.#held
    this.#held = []
    this.#heldSize = 0
    for (const bytes of held) this.#writer?.write(bytes)
  }
}

function isSameHeader(a: Buffer, b: Buffer, format: FormatName): boolean {
  if (a === b || a.equals(b)) return true
  if (format === 'webm' || format === 'matroska') return withoutCluster(a).equals(withoutCluster(b))
  if (format !== 'mpeg-ts' || a.length !== b.length) return false
  // The tables of MPEG-TS come again and again: continuity counters, and with 192 bytes the times of arrival, are other ones.
  const size = [188, 192, 204].find((one) => a.length % one === 0 && a[one === 192 ? 4 : 0] === SYNC_BYTE) ?? a.length
  const start = size === 192 ? 4 : 0
  for (let at = start; at < a.length; at += size) {
    const end = at + 188
    if (a.readUInt16BE(at + 1) !== b.readUInt16BE(at + 1) || !a.subarray(at + 4, end).equals(b.subarray(at + 4, end))) return false
  }
  return true
}

// Who begins inside of a cluster of Matroska is given its head, which is another for each cluster.
function withoutCluster(header: Buffer): Buffer {
  const at = header.indexOf(CLUSTER, Math.max(0, header.length - MAX_CLUSTER_HEAD))
  return at < 0 ? header : header.subarray(0, at)
}

const SYNC_BYTE = 0x47
/** The id of a Cluster, and the most bytes of its head with its Timestamp. */
const CLUSTER = Buffer.from([0x1f, 0x43, 0xb6, 0x75])
const MAX_CLUSTER_HEAD = 24

/** The most letters that a name takes of anything, as files have names of at most 255 bytes. */
const MAX_FIELD = 48

/** The name of a file, as a pattern says. What comes from elsewhere can neither name a folder nor hide the file. */
export function recordingName(pattern: string, { time, mount, ending }: { time: Date; mount: string; ending: string }): string {
  const base = pattern.endsWith('.*') ? pattern.slice(0, -1) + ending : pattern
  // Field by field, so that nothing in a value is taken for a field.
  return base.replaceAll(/%[\w%]|\{mount\}/g, (field) => (field === '{mount}' ? tame(mount.slice(1)) : tame(strftime(field, time))))
}

/** Whether a file can be a recording of a mount, by its name and the mount's pattern. */
export function isRecordingOf(pattern: string, mount: string, name: string): boolean {
  const source = pattern
    .split(/(%[\w%]|\{mount\}|\.\*$)/)
    .map((part, i) =>
      i % 2 === 0 ? literal(part) : part === '{mount}' ? literal(tame(mount.slice(1))) : part === '.*' ? '\\.\\w+' : shapeOf(part),
    )
    .join('')
  // The second of a name has a number before its ending.
  const dot = source.lastIndexOf('\\.')
  return new RegExp(`^${source.slice(0, dot < 0 ? undefined : dot)}(-\\d+)?${dot < 0 ? '' : source.slice(dot)}$`, 'u').test(name)
}

// Fields have a fixed width wherever they can, so that there is one way to read a name.
const shapeOf = (field: string): string => SHAPES[field.slice(1)] ?? literal(tame(field))

const SHAPES: Readonly<Record<string, string>> = {
  Y: '\\d{4}',
  j: '\\d{3}',
  e: '[ \\d]\\d',
  s: '\\d{9,12}',
  F: '\\d{4}-\\d\\d-\\d\\d',
  T: '\\d\\d:\\d\\d:\\d\\d',
  b: '[A-Z][a-z]{2}',
  a: '[A-Z][a-z]{2}',
  B: '[A-Z][a-z]{2,8}',
  A: '[A-Z][a-z]{5,8}',
  Z: '[\\w+:-]{1,10}',
  '%': '%',
  y: '\\d\\d',
  m: '\\d\\d',
  d: '\\d\\d',
  H: '\\d\\d',
  M: '\\d\\d',
  S: '\\d\\d',
}

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, (sign) => (sign === '-' ? sign : `\\${sign}`))

const tame = (text: string): string =>
  text
    .slice(0, MAX_FIELD)
    .replaceAll(/[^\p{L}\p{N}%:+_. -]/gu, '_')
    .replace(/^\.+/, '_')

/** What the names of files end in, by what is in them. */
function endingOf({ format, tracks }: Recorded): string {
  if (format === 'ogg') {
    if (tracks.some(({ kind }) => kind === 'video')) return 'ogv'
    return tracks.length > 0 && tracks.every(({ codec }) => codec === 'Opus') ? 'opus' : 'ogg'
  }
  return ENDINGS[format]
}

const ENDINGS: Readonly<Record<Exclude<FormatName, 'ogg'>, string>> = {
  mp3: 'mp3',
  adts: 'aac',
  flac: 'flac',
  webm: 'webm',
  matroska: 'mkv',
  'mpeg-ts': 'ts',
  flv: 'flv',
  mp4: 'mp4',
  raw: 'bin',
}
