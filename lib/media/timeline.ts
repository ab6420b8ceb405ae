import type { MediaTrack, Packet } from '../formats/packet.js'
import { firstPeriod, type Period } from './period.js'

/** What hears a {@link Timeline}. */
export interface TimelineOwner {
  /** Another period begins: tracks or clock are others from here on. */
  begin(period: Period): void
  /** A packet, with times of the mount's timeline and a duration: 0 only for the packet of Vorbis that primes a decoder. */
  write(packet: Packet): void
}

/** Seconds that all tracks may pause, and seconds that a track's clock may fall back: more is taken for another clock. */
const SILENCE = 1
const BACKWARD = 1
/** Seconds that tracks may lie apart; one that begins further from the others has a clock of its own. */
const APART = 10
/** Seconds that the times of audio may stray from the count of its samples before they are believed instead. */
const STRAY = 0.02
/** Seconds that other tracks go on before the frame that follows is not awaited any longer: pictures may be rare. */
const PATIENCE = 0.5
/** Seconds of the timeline before its first period, so that what is shown before it, by a little, is still after 0. */
const LEAD = 10
/** Milliseconds after which a period begins without a key frame, or without pictures, for want of them. */
const KEYLESS = 10_000
/** The most packets that wait for the first key frame of a period. */
const MAX_WAITING = 512
/** The most packets, and seconds of a track, that are left out as those of a clock that is gone. */
const MAX_STRAGGLERS = 256
const MAX_STRAGGLING = 3
/** Seconds by which a source may stay behind the wall, and milliseconds for how long: then it has paused without its clock, or is too slow. */
const LAG = 3
const LAGGING = 20_000
/** Seconds between decoding and showing above which the one or the other is nonsense. */
const MAX_DELAY = 10

/** A track on its way. All its times are in ticks. */
class Course {
  readonly track: MediaTrack
  /** What is to be added to the source's times. */
  offset: number
  /** The source's own time that the next packet should have. */
  expected: number | undefined
  /** Where the last packet of audio ends, and where the last of video begins, in the mount's timeline. */
  end = -Infinity
  last = -Infinity
  /** The last packet, while the next is awaited to tell how long it is shown, and how far the timeline was when it came. */
  held: Packet | undefined
  heldAt = 0
  /** How far apart the last two frames of video were. */
  duration = 0

  constructor(track: MediaTrack, zero: number) {
    this.track = track
    this.offset = Math.round(zero * track.timescale)
  }

  /** Where a packet lies in the mount's timeline, in seconds. */
  at({ dts }: Packet): number {
    return (dts + this.offset) / this.track.timescale
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
  /** Where all that was given ends: of decoding, and of showing. */
  #end = 0
  #shown = 0
  /** Where the period before ended. */
  #floor = 0
  /** The latest time of a packet in this period. */
  #clock = 0
  /** Whether a period is to begin, since when, and what has come for it. */
  #fresh = true
  #since: number | undefined
  #waiting: Packet[] = []
  readonly #seen = new Set<MediaTrack>()
  /** When a track other than the primary one changed: the next key frame begins another period. */
  #due: number | undefined
  /** The least by which the primary track was behind the wall of late, in seconds, and since when. */
  #lag = Infinity
  #lagSince = 0
  /** What may be the first of another clock, or a single time that is wrong. */
  #suspect: Packet | undefined
  /** Where tracks were before the clock jumped, in seconds; how far it jumped; how many packets of before have come since. */
  readonly #former = new Map<number, { readonly from: number; at: number }>()
  #jump = 0
  #stragglers = 0

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
    this.#restart()
    this.#waiting = []
    this.#former.clear()
  }

  /**
   * Makes the next key frame begin another period, in which all goes on without a gap.
   * @param now milliseconds since 1970
   */
  renew(now: number): void {
    if (!this.#fresh) this.#due ??= now
  }

  /**
   * Takes the next packet.
   * @param tracks what the source has now
   * @param now milliseconds since 1970
   */
  push(packet: Packet, tracks: readonly MediaTrack[], now: number): void {
    const { track, dts, pts } = packet
    if (pts < dts || pts - dts > MAX_DELAY * track.timescale) packet = { ...packet, pts: dts }
    if (this.#isStraggler(packet)) return
    if (!this.#fresh) {
      const course = this.#courses.get(track.id)
      if (course?.track !== track) {
        if (this.#defers(packet, tracks, now)) return
        if (course?.track.timescale === track.timescale && this.#leaps(packet, course)) this.#leap(packet, packet)
        else this.#restart()
      } else if (this.#leaps(packet, course)) {
        const suspect = this.#suspect
        if (suspect === undefined) {
          this.#suspect = packet
          return
        }
        // Two in a row are no mistake.
        this.#leap(suspect, packet)
        this.#place(suspect, tracks, now)
        const again = this.#courses.get(track.id)
        if (again !== undefined && this.#leaps(packet, again)) {
          this.#suspect = packet
          return
        }
      } else {
        if (this.#suspect?.track === track) this.#suspect = undefined
        if (track === this.#period!.primary) this.#watch(course.at(packet), now)
        if (this.#due !== undefined && track === this.#period!.primary && packet.key) this.#restart()
      }
    }
    this.#place(packet, tracks, now)
  }

  /** Gives what is still held back: no more packets come for now. */
  flush(): void {
    for (const course of this.#courses.values()) this.#release(course)
  }

  // Another track than the primary one changes, or comes late: pictures go on to their next key frame.
  #defers(packet: Packet, tracks: readonly MediaTrack[], now: number): boolean {
    const { primary } = this.#period!
    this.#due ??= now
    if (packet.track.kind === 'video' || primary.kind === 'audio' || !tracks.includes(primary) || now - this.#due > KEYLESS) return false
    this.#wait(packet)
    return true
  }

  #wait(packet: Packet): void {
    if (packet.track.kind === 'audio' && this.#waiting.push(packet) > MAX_WAITING) this.#waiting.shift()
  }

  #restart(): void {
    this.flush()
    this.#courses.clear()
    this.#fresh = true
    this.#since = undefined
    this.#seen.clear()
    this.#suspect = undefined
    if (this.#due === undefined) this.#waiting = []
    this.#due = undefined
  }

  // A clock has jumped: packets of other tracks may still come that have the times of before.
  #leap(first: Packet, second: Packet): void {
    const { expected = first.dts } = this.#courses.get(first.track.id)!
    this.#jump = (first.dts - expected) / first.track.timescale
    this.#stragglers = 0
    this.#former.clear()
    for (const { track, expected: next } of this.#courses.values()) {
      if (next === undefined || track === first.track || track === second.track) continue
      const at = next / track.timescale
      this.#former.set(track.id, { from: at, at })
    }
    this.#restart()
  }

  #isStraggler({ track, dts }: Packet): boolean {
    const former = this.#former.get(track.id)
    if (former === undefined) return false
    const time = dts / track.timescale
    const isOld = Math.abs(time - former.at) < Math.abs(time - former.at - this.#jump) && time - former.from < MAX_STRAGGLING
    if (isOld && ++this.#stragglers <= MAX_STRAGGLERS) {
      former.at = time
      return true
    }
    this.#former.delete(track.id)
    return false
  }

  // Where another track has gone on, a track has merely paused, for however long.
  #leaps(packet: Packet, course: Course): boolean {
    if (course.expected === undefined) return false
    const gap = (packet.dts - course.expected) / packet.track.timescale
    return gap < -BACKWARD || (gap > SILENCE && course.at(packet) - this.#clock > SILENCE)
  }

  // Players who know the time ask for what should be there: where that stays away, the timeline skips to the wall with the next key frame.
  #watch(at: number, now: number): void {
    this.#lag = Math.min(this.#lag, (now - this.origin) / 1000 - at)
    if (now - this.#lagSince < LAGGING) return
    if (this.#lag > LAG) this.#due ??= now
    this.#lag = Infinity
    this.#lagSince = now
  }

  #place(packet: Packet, tracks: readonly MediaTrack[], now: number): void {
    if (!this.#fresh) this.#take(packet)
    else if (this.#begin(packet, tracks, now)) {
      const waiting = this.#waiting
      this.#waiting = []
      const start = packet.pts / packet.track.timescale
      for (const early of waiting) if (Math.abs(early.dts / early.track.timescale - start) < APART) this.#take(early)
      this.#take(packet)
    }
  }

  // A period begins with a key frame of its primary track; what came just before it for other tracks is not lost.
  #begin(packet: Packet, tracks: readonly MediaTrack[], now: number): boolean {
    const { track, dts, pts } = packet
    if (!tracks.includes(track)) return false
    this.#since ??= now
    this.#seen.add(track)
    const isLate = now - this.#since > KEYLESS
    // Pictures that are announced may never come.
    const there = isLate ? tracks.filter((one) => this.#seen.has(one)) : tracks
    const primary = there.find(({ kind }) => kind === 'video') ?? there[0]
    if (track !== primary || !(packet.key || isLate)) {
      this.#wait(packet)
      return false
    }
    const delay = (pts - dts) / track.timescale
    // The time on the wall, unless the source has been faster than that.
    const start = Math.max((now - this.origin) / 1000, this.#end + delay, this.#shown)
    for (const one of there) this.#courses.set(one.id, new Course(one, start - pts / track.timescale))
    this.#clock = start - delay
    this.#fresh = false
    this.#period = {
      number: this.#periods++,
      tracks: there.toSorted((a, b) => Number(a.kind === 'audio') - Number(b.kind === 'audio')),
      primary,
      partial: this.partial,
      start,
      delay,
      date: this.origin + start * 1000,
    }
    this.#floor = this.#end
    this.#lag = Infinity
    this.#lagSince = now
    this.#owner.begin(this.#period)
    return true
  }

  #take(packet: Packet): void {
    const course = this.#courses.get(packet.track.id)
    if (course?.track !== packet.track) return
    if (course.expected === undefined && Math.abs(course.at(packet) - this.#clock) > APART)
      course.offset += Math.round((this.#clock - course.at(packet)) * packet.track.timescale)
    this.#clock = Math.max(this.#clock, course.at(packet))
    course.expected = packet.dts + packet.duration
    if (packet.track.kind === 'audio') this.#takeAudio(course, packet)
    else this.#takeVideo(course, packet)
    for (const other of this.#courses.values()) if (other.held !== undefined && this.#end - other.heldAt > PATIENCE) this.#release(other)
  }

  #takeAudio(course: Course, packet: Packet): void {
    const { timescale } = packet.track
    const { duration } = packet
    let dts = packet.dts + course.offset
    const stray = (dts - course.end) / timescale
    // What has been heard already is left out, and what is over before the period begins.
    if (stray < -STRAY && dts + duration <= course.end) return
    if (stray <= STRAY) dts = course.end
    if (dts / timescale < this.#floor || (dts + duration + 1) / timescale < this.#period!.start) return
    course.end = dts + duration
    this.#give({ ...packet, dts, pts: dts + packet.pts - packet.dts })
  }

  #takeVideo(course: Course, packet: Packet): void {
    const { held, last } = course
    const dts = Math.max(packet.dts + course.offset, last + 1)
    course.held = undefined
    course.last = dts
    if (dts - last <= SILENCE * packet.track.timescale) course.duration = dts - last
    if (held !== undefined) this.#give({ ...held, duration: dts - held.dts })
    const timed = { ...packet, dts, pts: Math.max(dts, packet.pts + course.offset) }
    if (packet.duration > 0) return this.#give(timed)
    course.held = timed
    course.heldAt = Math.max(this.#end, this.#period!.start)
  }

  #release(course: Course): void {
    const { held, track } = course
    if (held === undefined) return
    course.held = undefined
    this.#give({ ...held, duration: course.duration || Math.round(track.timescale / (track.frameRate ?? 25)) })
  }

  #give(packet: Packet): void {
    const { track, dts, pts, duration } = packet
    const { primary, delay } = this.#period!
    this.#end = Math.max(this.#end, (dts + duration) / track.timescale)
    this.#shown = Math.max(
      this.#shown,
      (pts + duration) / track.timescale,
      track === primary ? (dts + duration) / track.timescale + delay : 0,
    )
    this.#owner.write(packet)
  }
}
