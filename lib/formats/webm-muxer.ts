import type { Frame } from './frame.js'
import type { MediaTrack, Muxer, Packet } from './packet.js'
export class WebmMuxer implements Muxer {
  readonly contentType = 'video/webm'
  constructor(_tracks: readonly MediaTrack[]) {}
  write(_packets: readonly Packet[]): Frame[] {
    return []
  }
}
export function writeWebmInit(_tracks: readonly MediaTrack[]): Buffer {
  return Buffer.alloc(0)
}
export function writeWebmSegment(_tracks: readonly MediaTrack[], _packets: readonly Packet[]): Buffer {
  return Buffer.alloc(0)
}
