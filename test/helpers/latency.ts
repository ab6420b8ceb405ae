import { request } from 'node:http'
import type { Playback } from './players.js'
import { type Program, type Scope, start } from './programs.js'

/*
 * Frame-accurate latency. The picture's first 16 rows are a time code: 24 blocks from left to right, white for 1.
 *
 *   1 0 │ 16 bits of the frame's number, lowest first │ the lowest 6 of them inverted
 *
 * The inverted bits tell a picture that a browser drew half from one frame and half from the next.
 */

const WIDTH = 576
const HEIGHT = 324
const BLOCK = WIDTH / 24
const PACKET = 188

/** How the film with time codes is made. */
export interface TimedFilm {
  /** Pictures a second; 25 unless told. */
  readonly rate?: number
  /** Seconds between key frames; 2 unless told. */
  readonly group?: number
  /** With sound; true unless told otherwise. */
  readonly sound?: boolean
}

/**
 * A live source of H.264 and AAC in MPEG-TS that ffmpeg makes in real time, whose pictures carry their numbers, and that knows
 * when the last byte of each picture came out of the encoder and went to the server.
 */
export class TimedSource {
  readonly #rate: number
  readonly #program: Program
  readonly #arrived = new Map<number, number>()
  readonly #takers = new Set<(chunk: Buffer) => void>()
  #rest: Buffer = Buffer.alloc(0)
  #first: number | undefined
  #newest = -1

  private constructor(t: Scope, { rate = 25, group = 2, sound = true }: TimedFilm) {
    this.#rate = rate
    const block = `floor(X/${BLOCK})`
    const bit = `mod(floor(N/pow(2,if(gte(${block},18),${block}-18,${block}-2))),2)`
    const one = `if(eq(${block},0),1,if(eq(${block},1),0,if(gte(${block},18),1-${bit},${bit})))`
    const film =
      `testsrc2=size=${WIDTH}x${HEIGHT - 16}:rate=${rate}[film];` +
      `color=black:size=${WIDTH}x16:rate=${rate},format=yuv420p,geq=lum='16+219*${one}':cb=128:cr=128[code];` +
      `[code][film]vstack,format=yuv420p[out]`
    const keys = String(Math.round(rate * group))
    this.#program = start(t, 'ffmpeg', [
      ...'-hide_banner -nostdin -nostats -v error -re -f lavfi -i'.split(' '),
      film.replace('[out]', ''),
      ...(sound ? '-re -f lavfi -i sine=frequency=440:sample_rate=48000'.split(' ') : []),
      ...`-c:v libx264 -preset ultrafast -tune zerolatency -threads 1 -b:v 800k -g ${keys} -keyint_min ${keys} -sc_threshold 0`.split(' '),
      ...(sound ? '-c:a aac -b:a 96k'.split(' ') : []),
      ...'-muxdelay 0 -muxpreload 0 -flush_packets 1 -max_interleave_delta 1 -f mpegts -'.split(' '),
    ])
    this.#program.child.stdout?.removeAllListeners('data').on('data', (chunk: Buffer) => this.#take(chunk))
  }

  /** Starts the source, until the test ends. */
  static open(t: Scope, film: TimedFilm = {}): TimedSource {
    return new TimedSource(t, film)
  }

  /** Hands every chunk on as it comes out of the encoder: to a request body, or to another program. */
  to(take: (chunk: Buffer) => void): void {
    this.#takers.add(take)
  }

  /** The number of the newest picture. */
  get newest(): number {
    return this.#newest
  }
  /** Pictures a second. */
  get rate(): number {
    return this.#rate
  }
  /** What the encoder complains about. */
  get complaints(): string {
    return this.#program.stderr.trim()
  }

  /** When the last byte of a picture was handed on, in milliseconds since 1970; undefined if it was not yet. */
  arrived(picture: number): number | undefined {
    return this.#arrived.get(picture)
  }

  /** Ends the source. */
  async stop(): Promise<void> {
    await this.#program.stop('SIGKILL')
  }

  #take(chunk: Buffer): void {
    for (const take of this.#takers) take(chunk)
    const at = Date.now()
    let bytes: Buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (; bytes.length >= PACKET; bytes = bytes.subarray(PACKET)) this.#look(bytes.subarray(0, PACKET), at)
    this.#rest = bytes
  }

  /** ffmpeg's muxer keeps the first video stream at PID 0x100. */
  #look(packet: Buffer, at: number): void {
    if ((packet.readUInt16BE(1) & 0x1fff) !== 0x100) return
    if ((packet.readUInt8(1) & 0x40) !== 0) {
      const adaptation = (packet.readUInt8(3) & 0x20) === 0 ? 0 : 1 + packet.readUInt8(4)
      const pes = packet.subarray(4 + adaptation)
      const pts = (pes.readUInt8(9) & 0x0e) * 2 ** 29 + (pes.readUInt16BE(10) >> 1) * 2 ** 15 + (pes.readUInt16BE(12) >> 1)
      this.#first ??= pts
      this.#newest = Math.round(((pts - this.#first) / 90_000) * this.#rate)
    }
    this.#arrived.set(this.#newest, at)
  }
}

/** Publishes a source on a mount, until the test ends: `login` is `source:PASSWORD`. */
export function publish(t: Scope, source: TimedSource, url: string, login: string): void {
  const headers = { authorization: `Basic ${Buffer.from(login).toString('base64')}`, 'content-type': 'video/mp2t' }
  const upload = request(url, { method: 'PUT', headers })
  // What the server thinks of the source is for its mount to show.
  upload.on('error', () => {})
  upload.setNoDelay(true)
  source.to((chunk) => void (upload.writable && upload.write(chunk)))
  t.teardown(() => upload.destroy())
}

/** How far the screen was behind the encoder's output. */
export interface Latency {
  /** Pictures that were measured. */
  readonly pictures: number
  /** Milliseconds from a picture's last byte at the server to the picture on the screen. */
  readonly medianMs: number
  readonly p95Ms: number
  /** Over the second half of the time alone: where it settles. */
  readonly settledMs: number
  /** Milliseconds until the first picture was shown. */
  readonly startMs: number
  /** Pictures that were never on the screen, of those between the first and the last that were. */
  readonly missed: number
}

/** The value below which that share of the numbers lies. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Compares what was on the screen with what the source sent. */
export function latencyOf(source: TimedSource, { codes, startMs }: Playback): Latency {
  const behind = codes.flatMap(([picture, at]) => {
    const arrived = source.arrived(picture)
    return arrived === undefined ? [] : [at - arrived]
  })
  const shown = new Set(codes.map(([picture]) => picture))
  const [first, last] = [Math.min(...shown), Math.max(...shown)]
  return {
    pictures: behind.length,
    medianMs: Math.round(quantile(behind, 0.5)),
    p95Ms: Math.round(quantile(behind, 0.95)),
    settledMs: Math.round(quantile(behind.slice(Math.floor(behind.length / 2)), 0.5)),
    startMs: startMs ?? Number.NaN,
    missed: shown.size === 0 ? 0 : last - first + 1 - shown.size,
  }
}
