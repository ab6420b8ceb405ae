import { type Frame, NO_HEADER } from '../formats/frame.js'
import { OggMuxer } from '../formats/ogg-muxer.js'
import type { CodecId, MediaTrack, Muxer, Packet } from '../formats/packet.js'
import { createMuxer, headOf } from './container.js'
import type { OutputFormat } from './output-formats.js'
import { silence } from './silence.js'

/** One kind of track of what goes out: it stays while items come and go. All its times are in its own ticks. */
class Course {
  track: MediaTrack
  /** The item's track that becomes this one. */
  source: MediaTrack | undefined
  /** What is added to the item's times, in seconds. */
  shift = 0
  /** Where the sound ends; where the last picture is decoded; how long a picture is shown. */
  end: number
  last = -Infinity
  step: number
  /** When the last picture of all is over, in seconds. */
  shown = 0

  constructor(track: MediaTrack, time: number) {
    this.track = track
    this.end = Math.round(time * track.timescale)
    this.step = Math.round(track.timescale / (track.frameRate ?? USUAL_RATE))
  }
}

/**
 * One stream that goes out: packets of items, one item after the other, become one run of frames of a container. Times never go back; sound goes on by
 * its samples, and where an item has none for a while, silence is put in, if its codec can be had silent.
 */
export class Lane {
  /** When all that was written is over, in seconds. */
  end: number
  /** How many pictures were written. */
  frames = 0
  /** The last key frame that was written. */
  key: Packet | undefined
  readonly #container: OutputFormat
  readonly #courses = new Map<MediaTrack['kind'], Course>()
  #muxer: Muxer | undefined
  #isNew = false
  #isSilent = false

  /**
   * Makes a lane with nothing in it.
   * @param start where it begins, in seconds
   */
  constructor(container: OutputFormat, start: number) {
    this.#container = container
    this.end = start
  }

  /** What goes out, pictures first. */
  get tracks(): readonly MediaTrack[] {
    return [...this.#courses.values()].map(({ track }) => track).toSorted((a, b) => a.id - b.id)
  }

  /** Whether tracks of an item can follow what has gone out without the container beginning anew. */
  follows(tracks: readonly MediaTrack[]): boolean {
    return tracks.every((track) => {
      const course = this.#courses.get(track.kind)
      return course === undefined ? this.#muxer === undefined : isSame(track, course.track) || this.#canChange(course.track, track)
    })
  }

  /**
   * Begins with another item. What earlier items had and this one has not goes on as silence, or as the last picture.
   * @param shift what is to be added to its times, in seconds
   */
  begin(tracks: readonly MediaTrack[], shift: number): void {
    for (const course of this.#courses.values()) course.source = undefined
    for (const track of tracks) this.#adopt(track, shift)
    this.#isSilent = tracks.every(({ kind }) => kind === 'video')
  }

  /** Writes packets of the item, in their order. */
  write(packets: readonly Packet[]): Frame[] {
    const written: Packet[] = []
    const frames: Frame[] = []
    for (const packet of packets) {
      const course = this.#courses.get(packet.track.kind)
      if (course?.source === undefined) continue
      if (packet.track !== course.source) {
        // What waits belongs to the muxer in force.
        this.#mux(written.splice(0), frames)
        this.#adopt(packet.track, course.shift)
      }
      if (packet.track.kind === 'audio') this.#takeAudio(course, packet, written)
      else this.#takeVideo(course, packet, written)
    }
    this.#mux(written, frames)
    return frames
  }

  /** Tells in the stream what plays from now on, where the container can: Ogg alone. */
  setTitle(title: string): void {
    if (this.#muxer instanceof OggMuxer) this.#muxer.comment({ title })
  }

  /** Ends an item: sound that is shorter than pictures goes on as silence. */
  finish(): Frame[] {
    const written: Packet[] = []
    const audio = this.#courses.get('audio')
    if (audio !== undefined) this.#fill(audio, this.end, written)
    const frames: Frame[] = []
    this.#mux(written, frames)
    return frames
  }

  #adopt(track: MediaTrack, shift: number): void {
    const { kind } = track
    let course = this.#courses.get(kind)
    if (course === undefined) {
      course = new Course({ ...track, id: IDS[kind] }, this.end)
      this.#courses.set(kind, course)
      this.#isNew = true
    } else if (!isSame(track, course.track)) {
      const { timescale } = course.track
      const isSoft = this.#canChange(course.track, track)
      // Pictures keep their clock, sound has that of its samples.
      course.track = { ...track, id: IDS[kind], timescale: kind === 'video' ? timescale : track.timescale }
      course.end = Math.round((course.end * course.track.timescale) / timescale)
      if (!isSoft) this.#isNew = true
    }
    course.source = track
    course.shift = shift
    if (track.frameRate !== undefined) course.step = Math.round(course.track.timescale / track.frameRate)
  }

  // MPEG-TS brings the parameters with the media.
  #canChange(before: MediaTrack, after: MediaTrack): boolean {
    return this.#container === 'ts' && before.codecId === after.codecId
  }

  #takeAudio(course: Course, packet: Packet, written: Packet[]): void {
    const { timescale } = course.track
    const { duration } = packet
    const time = Math.round((packet.dts / packet.track.timescale + course.shift) * timescale)
    const stray = time - course.end
    // What would be heard twice is left out; what is missing is silent. Less than a frame is the rounding of clocks and containers.
    if (stray <= -duration && duration > 0) return
    if (stray > duration) this.#fill(course, time / timescale, written)
    const dts = Math.abs(time - course.end) <= duration ? course.end : Math.max(course.end, time)
    this.#giveAudio(course, { ...packet, track: course.track, dts, pts: dts }, written)
  }

  #takeVideo(course: Course, packet: Packet, written: Packet[]): void {
    const { track } = course
    const at = (ticks: number): number => Math.round((ticks / packet.track.timescale + course.shift) * track.timescale)
    const dts = Math.max(at(packet.dts), course.last + 1, 0)
    if (dts - course.last <= track.timescale) course.step = dts - course.last
    course.last = dts
    const pts = Math.max(at(packet.pts), dts)
    const moved = { ...packet, track, dts, pts, duration: Math.round((packet.duration * track.timescale) / packet.track.timescale) }
    written.push(moved)
    this.frames++
    if (packet.key) this.key = moved
    course.shown = Math.max(course.shown, (pts + (moved.duration || course.step)) / track.timescale)
    this.end = Math.max(this.end, course.shown)
    const audio = this.#isSilent ? this.#courses.get('audio') : undefined
    if (audio !== undefined) this.#fill(audio, (dts + (moved.duration || course.step)) / track.timescale, written)
  }

  // Silence up to a time, in whole frames.
  #fill(course: Course, until: number, written: Packet[]): void {
    const { track } = course
    const quiet = silence(track)
    if (quiet === undefined) return
    const end = Math.round(until * track.timescale)
    while (course.end + quiet.duration <= end)
      this.#giveAudio(course, { track, dts: course.end, pts: course.end, duration: quiet.duration, key: true, data: quiet.data }, written)
  }

  #giveAudio(course: Course, packet: Packet, written: Packet[]): void {
    course.end = packet.dts + packet.duration
    this.end = Math.max(this.end, course.end / course.track.timescale)
    written.push(packet)
  }

  #mux(packets: readonly Packet[], frames: Frame[]): void {
    if (packets.length === 0) return
    if (this.#muxer === undefined || this.#isNew) {
      this.#muxer = createMuxer(this.#container, this.tracks)
      const head = headOf(this.#muxer)
      if (head !== undefined) frames.push({ bytes: head, sync: false, header: NO_HEADER })
    }
    this.#isNew = false
    frames.push(...this.#muxer.write(packets))
  }
}

/** Whether a decoder that was set up for one track takes packets of the other. */
function isSame(a: MediaTrack, b: MediaTrack): boolean {
  return (
    a.codecId === b.codecId &&
    (SELF_CONTAINED.has(a.codecId) || a.config.equals(b.config)) &&
    a.width === b.width &&
    a.height === b.height &&
    a.sampleRate === b.sampleRate &&
    a.channels === b.channels
  )
}

/** What needs no configuration from outside, so that others of it are as good. */
const SELF_CONTAINED: ReadonlySet<CodecId> = new Set(['vp8', 'vp9', 'opus'])
const IDS: Readonly<Record<MediaTrack['kind'], number>> = { video: 1, audio: 2 }
/** Pictures a second where nobody tells. */
const USUAL_RATE = 25
