import type { MediaTrack, Packet } from '../formats/packet.js'
import type { Item } from './item.js'
import type { Lane } from './lane.js'
import { PacketStream } from './packet-stream.js'
import { silence } from './silence.js'

/**
 * Makes an item without an end of what has gone out: the last key frame of each rung, again and again, and silence.
 * @returns `undefined` when nothing has gone out, or its sound cannot be had silent
 */
export async function freeze(lanes: readonly Lane[]): Promise<Item | undefined> {
  const rungs: PacketStream[] = []
  for (const { key, tracks } of lanes) {
    const [track] = tracks
    const still = key === undefined ? track && silentPacket(track) : { ...key, duration: Math.round(key.track.timescale * STEP) }
    const kind = still?.track.kind
    const stream = still && (await PacketStream.open(repeat(still), { video: kind === 'video', audio: kind === 'audio' }))
    if (stream === undefined) return undefined
    rungs.push(stream)
  }
  const close = async (): Promise<void> => {
    for (const rung of rungs) await rung.close()
  }
  return { rungs, way: 'copy', note: undefined, duration: undefined, title: undefined, close }
}

function silentPacket(track: MediaTrack): Packet | undefined {
  const quiet = silence(track)
  return quiet && { track, dts: 0, pts: 0, duration: quiet.duration, key: true, data: quiet.data }
}

async function* repeat(packet: Packet): AsyncGenerator<readonly Packet[], void, undefined> {
  for (let time = 0; ; time += packet.duration) yield [{ ...packet, dts: time, pts: time }]
}

/** Seconds between two pictures: a browser that joins waits no longer for one. */
const STEP = 0.5
