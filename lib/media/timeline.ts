import type { MediaTrack, Packet } from '../formats/packet.js'
import { firstPeriod, type Period } from './period.js'

/** What hears a {@link Timeline}. */
export interface TimelineOwner {
  /** Another period begins: tracks or clock are others from here on. */
  begin(period: Period): void
  /** A packet, with times of the mount's timeline and a duration: 0 only for the packet of Vorbis that primes a decoder. */
  write(packet: Packet): void
}

/** Seconds that one track may pause while another goes on, and seconds that all may: more is taken for another clock. */
const PAUSE = 10
const SILENCE = 1
/** Seconds that a track's clock may fall back. */
const BACKWARD = 1
/** Seconds that the times of audio may stray from the count of its samples before they are believed instead. */
const STRAY = 0.02
/** Seconds after which the frame that follows is not awaited any longer: pictures may be rare. */
const PATIENCE = 0.5
/** Seconds of the timeline before its first period, so that what is shown before it, by a little, is still after 0. */
const LEAD = 10
/** Seconds after which a period begins without a key frame, for want of one. */
const KEYLESS = 10
/** The most packets that wait for the first key frame of a period, and the most that are left out as those of a clock that is gone. */
const MAX_WAITING = 512
const MAX_STRAGGLERS = 256

/** A track on its way. All its times are in ticks. */
class Course {
  readonly track: MediaTrack
  /** What is to be added to the source's times. */
  readonly offset: number
  /** The source's own time that the next packet should have. */
  expected: number | undefined
  /** Where the last packet ends, in the mount's timeline. */
  end = -Infinity
  /** The last packet, while the next is awaited to tell how long it is shown. */
  held: Packet | undefined
  /** How long the last packet was whose duration is known. */
  duration = 0

  constructor(track: MediaTrack, zero: number) {
    this.track = track
    this.offset = Math.round(zero * track.timescale)
  }
}

/**
 * Gives the packets of a mount's sources, one after the other, one timeline that never jumps and never goes back: where a source's clock jumps, its
 * tracks change, or another source takes over, another {@link Period} begins, at the time that has passed on the wall.
 */
export class Timeline {
  /** When the timeline is at 0, in milliseconds since 1970. */
  readonly origin: number
  /** Of the periods that begin from now on: see {@link Period.partial}. */
  partial = false
  readonly #owner: TimelineOwner
  readonly #courses = new Map<number, Course>()
  #period: Period | undefined
  #periods: number
  #end = 0
  /** Whether a period is to begin. */
  #fresh = true
  /** What has come before its first key frame. */
  #waiting: Packet[] = []
  /** The source's clock, and the one that it had before it jumped, in seconds; how often that one was seen since. */
  #clock: number | undefined
  #former: number | undefined
  #stragglers = 0
  /** The source's clock when the wait for a key frame began. */
  #since: number | undefined

  /** @param now milliseconds since 1970 */
  constructor(owner: TimelineOwner, now: number) {
    this.#owner = owner
    this.origin = now - LEAD * 1000
    this.#periods = firstPeriod(now)
  }

  /** The period in force. */
  get period(): Period | undefined {
    return this.#period
  }

  /** How far the timeline has come, in seconds. */
  get end(): number {
    return this.#end
  }

  /** Says that the next packets come from another source, or that this one has begun anew. What is held back is given first. */
  cut(): void {
    this.flush()
    this.#restart()
    this.#clock = undefined
    this.#former = undefined
  }

  /**
   * Takes the next packet.
   * @param tracks what the source has now
   * @param now milliseconds since 1970
   */
  push(packet: Packet, tracks: readonly MediaTrack[], now: number): void {
    const seconds = packet.dts / packet.track.timescale
    if (this.#isStraggler(seconds)) return
    const course = this.#courses.get(packet.track.id)
    if (!this.#fresh) {
      const leaps = this.#leaps(packet, course, seconds)
      if (leaps || course?.track !== packet.track) {
        this.flush()
        this.#restart()
        this.#former = leaps ? this.#clock : undefined
        this.#stragglers = 0
        if (leaps) this.#clock = undefined
      }
    }
    this.#clock = Math.max(seconds, this.#clock ?? seconds)
    if (this.#fresh && !this.#begin(packet, tracks, seconds, now)) return
    this.#take(packet)
  }

  /** Gives what is still held back: no more packets come for now. */
  flush(): void {
    for (const course of this.#courses.values()) this.#release(course)
  }

  #restart(): void {
    this.#courses.clear()
    this.#fresh = true
    this.#waiting = []
    this.#since = undefined
  }

  // When a clock jumps, packets of other tracks may still come that have the times of before.
  #isStraggler(seconds: number): boolean {
    if (this.#former === undefined) return false
    const isOld = Math.abs(seconds - this.#former) < Math.abs(seconds - (this.#clock ?? seconds))
    if (!isOld) return false
    if (++this.#stragglers <= MAX_STRAGGLERS) return true
    this.#former = undefined
    return false
  }

  #leaps({ track, dts }: Packet, course: Course | undefined, seconds: number): boolean {
    if (seconds - this.#clock! > SILENCE) return true
    if (course?.expected === undefined) return false
    const leap = (dts - course.expected) / track.timescale
    return leap > PAUSE || leap < -BACKWARD
  }

  // A period begins with a key frame of its primary track; what came just before it for other tracks is not lost.
  #begin(packet: Packet, tracks: readonly MediaTrack[], seconds: number, now: number): boolean {
    const primary = tracks.find(({ kind }) => kind === 'video') ?? tracks[0]
    this.#since ??= seconds
    if (packet.track !== primary || !(packet.key || seconds - this.#since > KEYLESS)) {
      if (packet.track.kind === 'audio' && this.#waiting.push(packet) > MAX_WAITING) this.#waiting.shift()
      return false
    }
    // The time on the wall, unless the source has been faster than that.
    const start = Math.max((now - this.origin) / 1000, this.#end)
    for (const track of tracks) this.#courses.set(track.id, new Course(track, start - packet.pts / primary.timescale))
    this.#fresh = false
    this.#period = {
      number: this.#periods++,
      tracks: tracks.toSorted((a, b) => Number(a.kind === 'audio') - Number(b.kind === 'audio')),
      primary,
      partial: this.partial,
      start,
      delay: (packet.pts - packet.dts) / primary.timescale,
      date: this.origin + start * 1000,
    }
    this.#owner.begin(this.#period)
    const waiting = this.#waiting
    this.#waiting = []
    for (const early of waiting) this.#take(early)
    return true
  }

  #take(packet: Packet): void {
    const course = this.#courses.get(packet.track.id)
    if (course?.track !== packet.track) return
    course.expected = packet.dts + packet.duration
    if (packet.track.kind === 'audio') this.#takeAudio(course, packet)
    else this.#takeVideo(course, packet)
    for (const { held, track } of this.#courses.values())
      if (held !== undefined && this.#end - held.dts / track.timescale > PATIENCE) this.#release(this.#courses.get(track.id)!)
  }

  #takeAudio(course: Course, packet: Packet): void {
    const { timescale } = packet.track
    const { duration } = packet
    let dts = packet.dts + course.offset
    const stray = (dts - course.end) / timescale
    // What has been heard already is left out.
    if (stray < -STRAY && dts + duration <= course.end) return
    if (stray <= STRAY) dts = course.end
    if ((dts + duration) / timescale <= this.#period!.start) return
    course.end = dts + duration
    this.#give({ ...packet, dts, pts: dts + Math.max(0, packet.pts - packet.dts), duration })
  }

  #takeVideo(course: Course, packet: Packet): void {
    const dts = Math.max(packet.dts + course.offset, course.end)
    const { held } = course
    if (held !== undefined) {
      course.held = undefined
      course.duration = Math.max(1, dts - held.dts)
      this.#give({ ...held, duration: course.duration })
    }
    const timed = { ...packet, dts, pts: Math.max(dts, packet.pts + course.offset) }
    course.end = dts + Math.max(1, packet.duration)
    if (packet.duration === 0) course.held = timed
    else {
      course.duration = packet.duration
      this.#give(timed)
    }
  }

  #release(course: Course): void {
    const { held, track } = course
    if (held === undefined) return
    course.held = undefined
    const duration = course.duration || Math.round(track.timescale / (track.frameRate ?? 25))
    course.end = held.dts + duration
    this.#give({ ...held, duration })
  }

  #give(packet: Packet): void {
    this.#end = Math.max(this.#end, (packet.dts + packet.duration) / packet.track.timescale)
    this.#owner.write(packet)
  }
}
