import { request } from 'node:http'
import { type Program, type Scope, start } from './programs.js'
import { SOURCE_PASSWORD } from './server.js'

/** Bytes of a packet of MPEG-TS. */
const PACKET = 188

/** What becomes of a packet of MPEG-TS on its way: as many of them as it returns go on. */
export type Way = (packet: Buffer, number: number) => number

/** A source of MPEG-TS in real time, whose clock begins where it is told, and which may lose and double packets; what it sends goes on in one and the same request. */
export class Sender {
  readonly #t: Scope
  readonly #upload
  readonly #way: Way
  #program: Program | undefined
  #rest: Buffer = Buffer.alloc(0)
  #count = 0

  constructor(t: Scope, url: string, way: Way = () => 1) {
    this.#t = t
    this.#way = way
    const authorization = `Basic ${Buffer.from(`source:${SOURCE_PASSWORD}`).toString('base64')}`
    this.#upload = request(url, { method: 'PUT', headers: { authorization, 'content-type': 'video/mp2t' } })
    this.#upload.on('error', () => {})
    t.teardown(() => this.#upload.destroy())
  }

  /** Sends a file from its beginning on, whose clock begins at so many seconds. */
  async play(file: string, offset: number): Promise<void> {
    await this.#program?.stop('SIGKILL')
    const line = `-hide_banner -nostdin -v error -re -i ${file} -c copy -output_ts_offset ${offset} -muxdelay 0 -f mpegts -`
    this.#program = start(this.#t, 'ffmpeg', line.split(' '))
    this.#program.child.stdout?.removeAllListeners('data').on('data', (chunk: Buffer) => this.write(chunk))
  }

  /** Sends bytes. */
  write(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#rest, chunk])
    const packets: Buffer[] = []
    let at = 0
    for (; at + PACKET <= bytes.length; at += PACKET) {
      const packet = bytes.subarray(at, at + PACKET)
      for (let copies = this.#way(packet, this.#count++); copies > 0; copies--) packets.push(packet)
    }
    this.#rest = bytes.subarray(at)
    this.#upload.write(Buffer.concat(packets))
  }
}
