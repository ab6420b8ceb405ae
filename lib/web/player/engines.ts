import { mountAddress } from './address.js'
import { ElementEngine } from './element-engine.js'
import type { Engine, EngineOwner } from './engine.js'
import { hasPictures, type MountFacts } from './facts.js'
import { InstantEngine } from './instant-engine.js'
import type { Mode, Way } from './pick.js'
import { ShakaEngine } from './shaka-engine.js'

/** Formats whose data come in gusts, and how many seconds they are mostly apart. */
const GUSTS: Readonly<Record<string, number>> = { ogg: 1.2, webm: 1.2, matroska: 1.2 }
/** Seconds behind live that are the least: the server sends sound in larger pieces than pictures. */
const [PICTURES, SOUND] = [0.35, 0.6]

/** What is played, and where. */
export interface Place {
  readonly video: HTMLMediaElement
  /** The server's address. */
  readonly server: string
  /** The mount's name. */
  readonly mount: string
  /** What is known of it. */
  readonly facts: MountFacts | undefined
  /** The id of this playback. */
  readonly session: string
}

/** Makes the engine for a way to play. */
export function createEngine(way: Way, mode: Mode, { video, server, mount, facts, session }: Place, owner: EngineOwner): Engine {
  if (way.engine === 'element') return new ElementEngine(video, owner)
  if (way.engine === 'shaka') {
    const isOurs = new URL(server).origin === location.origin
    return new ShakaEngine(video, owner, {
      low: mode === 'low',
      segmentDuration: way.segmentDuration ?? 2,
      session: isOurs ? session : undefined,
      time: `${mountAddress(server, mount)}.media/time`,
    })
  }
  const floor = facts === undefined || hasPictures(facts) ? PICTURES : SOUND
  return new InstantEngine(video, owner, { floor, hint: GUSTS[facts?.format ?? ''] ?? 0 })
}

/** An owner that stops to hear an engine that has been replaced. */
export const whileIn = (isIn: () => boolean, owner: EngineOwner): EngineOwner => ({
  ready: () => isIn() && owner.ready(),
  ended: () => isIn() && owner.ended(),
  failed: (reason) => isIn() && owner.failed(reason),
  changed: () => isIn() && owner.changed(),
})
