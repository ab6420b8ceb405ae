import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import { Mp4Demuxer } from '../../lib/formats/mp4.js'
import type { TimedSource } from './latency.js'
import { type Program, type Scope, start } from './programs.js'
import { freePort } from './wait.js'

/** What ffmpeg has put, and whoever reads it while it grows. */
interface Thing {
  readonly chunks: Buffer[]
  readonly readers: Set<ServerResponse>
  done: boolean
}

interface Part {
  readonly name: string
  readonly duration: number
  readonly begin: number
  readonly independent: boolean
  readonly segment: number
  readonly bytes: Buffer
  readonly born: number
}

/** Seconds of a part, of a segment, and segments in the window. */
const PART = 0.4
const SEGMENT = 2
const WINDOW = 8
/** Of the picture's track in the MP4, as it is asked of ffmpeg. */
const TIMESCALE = 90_000

const TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  mpd: 'application/dash+xml',
  m4s: 'video/mp4',
  mp4: 'video/mp4',
}

/**
 * Stands in for a server that packages: it shows that the judges can tell good from bad. ffmpeg's own muxers make HLS
 * (`/hls/live.m3u8`), low-latency DASH (`/dash/live.mpd`) and one fragment per frame, which it serves as an endless response
 * (`/live.mp4`) and cuts into LL-HLS (`/low.m3u8`). It knows one stream, and no errors.
 */
export class StandIn {
  readonly #server: Server
  readonly #things = new Map<string, Thing>()
  readonly #listeners = new Set<ServerResponse>()
  readonly #waiting = new Set<() => void>()
  readonly #demuxer = new Mp4Demuxer()
  #ffmpeg: Program | undefined
  #header: Buffer = Buffer.alloc(0)
  #group: Buffer[] = []
  #parts: Part[] = []
  #part: { bytes: Buffer[]; independent: boolean; begin: number } | undefined
  #sound: bigint | undefined
  #segment = 0
  #count = 0
  #frozen = false
  /** When the media's clock was at 0, in milliseconds since 1970. */
  #epoch: number | undefined
  /** Where it listens. */
  readonly port: number

  private constructor(port: number) {
    this.port = port
    this.#server = createServer((message, response) => this.#answer(message, response))
    this.#server.keepAliveTimeout = 60_000
  }

  /** Opens it for a source, until the test ends. */
  static async open(t: Scope, source: TimedSource): Promise<StandIn> {
    const standIn = new StandIn(await freePort())
    await new Promise<void>((resolve) => standIn.#server.listen(standIn.port, '127.0.0.1', resolve))
    t.teardown(() => {
      standIn.#server.closeAllConnections()
      standIn.#server.close()
    })
    standIn.#start(t, source)
    return standIn
  }

  /** `http://127.0.0.1:PORT/path` */
  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`
  }

  /** Whether every form can be played. */
  get isReady(): boolean {
    return this.#parts.length > 10 && ['/hls/live.m3u8', '/dash/live.mpd'].every((path) => this.#things.get(path)?.done === true)
  }
  /** What ffmpeg complains about. */
  get complaints(): string {
    return this.#ffmpeg?.stderr.trim() ?? ''
  }

  /** Sends nothing on for some milliseconds, and then what has come meanwhile: what a judge must call a stall. */
  freeze(time: number): void {
    this.#frozen = true
    setTimeout(() => {
      this.#frozen = false
      for (const response of this.#listeners) response.uncork()
    }, time)
    for (const response of this.#listeners) response.cork()
  }

  #start(t: Scope, source: TimedSource): void {
    const at = this.url('')
    this.#ffmpeg = start(t, 'ffmpeg', [
      ...'-hide_banner -nostdin -nostats -v error -probesize 100000 -analyzeduration 500000 -f mpegts -i pipe:0'.split(' '),
      ...`-map 0 -c:v copy -c:a aac -f hls -hls_segment_type fmp4 -hls_time 1 -hls_list_size 6 -method PUT ${at}/hls/live.m3u8`.split(' '),
      ...`-map 0 -c:v copy -c:a aac -tag:v avc1 -tag:a mp4a -f dash -ldash 1 -streaming 1 -use_timeline 0 -use_template 1 -seg_duration ${SEGMENT} -frag_type every_frame`.split(
        ' ',
      ),
      ...`-window_size ${WINDOW} -target_latency 1.5 -utc_timing_url ${at}/time -method PUT ${at}/dash/live.mpd`.split(' '),
      ...`-map 0 -c:v copy -c:a aac -f mp4 -use_editlist 0 -movflags frag_every_frame+empty_moov+default_base_moof+delay_moov -flush_packets 1`.split(
        ' ',
      ),
      ...`-video_track_timescale ${TIMESCALE} pipe:1`.split(' '),
    ])
    const { stdin, stdout } = this.#ffmpeg.child
    stdout?.removeAllListeners('data').on('data', (chunk: Buffer) => this.#take(chunk))
    source.to((chunk) => void (stdin?.writable === true && stdin.write(chunk)))
  }

  #take(chunk: Buffer): void {
    for (const { bytes, sync, header } of this.#demuxer.push(chunk)) {
      if (sync) {
        this.#header = header
        this.#group = []
      }
      if (this.#header.length === 0) continue
      this.#mend(bytes)
      this.#group.push(bytes)
      for (const response of this.#listeners) response.write(bytes)
      this.#addToPart(bytes, sync)
    }
  }

  /**
   * ffmpeg 5.1 gives the duration 0 and the next frame's time to sound of which two frames wait in its queue, and that makes a
   * browser drop every picture up to the next key frame (Media Source Extensions, coded frame processing).
   */
  #mend(fragment: Buffer): void {
    const head = fragment.indexOf('tfhd')
    const time = fragment.indexOf('tfdt')
    if (head < 0 || time < 0 || fragment.readUInt32BE(head + 8) !== 2) return
    // default-base-is-moof, with default duration, size and flags, and a time of 64 bits: what ffmpeg writes.
    this.#sound ??= fragment.readBigUInt64BE(time + 8)
    fragment.writeBigUInt64BE(this.#sound, time + 8)
    fragment.writeUInt32BE(1024, head + 12)
    this.#sound += 1024n
  }

  /** Parts begin at pictures; sound goes with the part that is open. */
  #addToPart(bytes: Buffer, sync: boolean): void {
    const time = pictureTime(bytes)
    if (time !== undefined) {
      const open = this.#part
      if (open !== undefined && (sync || time - open.begin >= PART * TIMESCALE - 1)) this.#closePart(open, time)
      if (sync && this.#parts.length > 0) this.#segment++
      if (this.#part === undefined) this.#part = { bytes: [], independent: sync, begin: time }
    }
    this.#part?.bytes.push(bytes)
  }

  #closePart({ bytes, independent, begin }: { bytes: Buffer[]; independent: boolean; begin: number }, time: number): void {
    const duration = (time - begin) / TIMESCALE
    const name = `/part${this.#count++}.m4s`
    const born = Date.now()
    this.#epoch ??= born - (time / TIMESCALE) * 1000
    this.#parts.push({ name, duration, begin: begin / TIMESCALE, independent, segment: this.#segment, bytes: Buffer.concat(bytes), born })
    this.#parts = this.#parts.filter(({ segment }) => segment > this.#segment - WINDOW - 2)
    this.#part = undefined
    for (const wake of this.#waiting) wake()
  }

  #answer(message: IncomingMessage, response: ServerResponse): void {
    const url = new URL(message.url ?? '/', this.url('/'))
    const path = url.pathname
    if (message.method === 'PUT' || message.method === 'POST') return this.#put(path, message, response)
    response.setHeader('cache-control', 'no-cache')
    response.setHeader('content-type', TYPES[path.split('.').at(-1) ?? ''] ?? 'text/plain')
    const part = this.#parts.find(({ name }) => name === path)
    const segment = /^\/segment(\d+)\.m4s$/.exec(path)?.[1]
    if (path === '/time') response.end(new Date().toISOString())
    else if (path === '/live.mp4') this.#join(response)
    else if (path === '/low.m3u8')
      response.end('#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,CODECS="avc1.42c015,mp4a.40.2"\nmedia.m3u8\n')
    else if (path === '/media.m3u8') this.#block(url, response)
    else if (path === '/init.mp4') response.end(this.#header)
    else if (part !== undefined) response.setHeader('x-born', part.born).end(part.bytes)
    else if (segment !== undefined)
      response.end(Buffer.concat(this.#parts.filter((one) => one.segment === Number(segment)).map(({ bytes }) => bytes)))
    else if (path === `/part${this.#count}.m4s`) this.#wait(response, () => this.#answer(message, response))
    else this.#get(path, response)
  }

  #join(response: ServerResponse): void {
    if (this.#frozen) response.cork()
    response.write(Buffer.concat([this.#header, ...this.#group]))
    this.#listeners.add(response)
    response.on('close', () => this.#listeners.delete(response))
  }

  /** Waits for the next part. */
  #wait(response: ServerResponse, call: () => void): void {
    const wake = (): void => {
      this.#waiting.delete(wake)
      call()
    }
    this.#waiting.add(wake)
    response.on('close', () => this.#waiting.delete(wake))
  }

  #block(url: URL, response: ServerResponse): void {
    const number = Number(url.searchParams.get('_HLS_msn') ?? 0)
    const part = Number(url.searchParams.get('_HLS_part') ?? 0)
    const here = this.#parts.at(-1)?.segment ?? 0
    const index = this.#parts.filter(({ segment }) => segment === here).length - 1
    if (number < here || (number === here && part <= index)) response.end(this.#playlist())
    // A part past the end of its segment is the first of the next one.
    else this.#wait(response, () => this.#block(url, response))
  }

  #playlist(): string {
    const first = Math.max(this.#parts[0]?.segment ?? 0, this.#segment - WINDOW)
    const lines = [
      `#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:${SEGMENT}\n#EXT-X-PART-INF:PART-TARGET=${PART}`,
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${(PART * 3).toFixed(3)}\n#EXT-X-MEDIA-SEQUENCE:${first}\n#EXT-X-MAP:URI="init.mp4"`,
    ]
    const newest = this.#parts.at(-1)?.segment ?? 0
    for (let segment = first; segment <= newest; segment++) {
      const parts = this.#parts.filter((one) => one.segment === segment)
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date((this.#epoch ?? 0) + (parts[0]?.begin ?? 0) * 1000).toISOString()}`)
      if (segment > newest - 3)
        for (const { name, duration, independent } of parts)
          lines.push(`#EXT-X-PART:DURATION=${duration.toFixed(5)},URI="${name.slice(1)}"${independent ? ',INDEPENDENT=YES' : ''}`)
      if (segment < this.#segment)
        lines.push(`#EXTINF:${parts.reduce((sum, { duration }) => sum + duration, 0).toFixed(5)},\nsegment${segment}.m4s`)
    }
    return `${lines.join('\n')}\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part${this.#count}.m4s"\n`
  }

  #put(path: string, message: IncomingMessage, response: ServerResponse): void {
    const thing: Thing = { chunks: [], readers: new Set(), done: false }
    // A playlist is replaced once it is whole; a segment is read while it grows.
    const isWhole = path.endsWith('.m3u8') || path.endsWith('.mpd')
    if (!isWhole) this.#things.set(path, thing)
    message.on('data', (chunk: Buffer) => {
      thing.chunks.push(chunk)
      for (const reader of thing.readers) reader.write(chunk)
    })
    message.on('end', () => {
      thing.done = true
      if (isWhole) this.#things.set(path, thing)
      for (const reader of thing.readers) reader.end()
      response.end()
      // Enough for the windows of both.
      for (const old of [...this.#things.keys()].filter((name) => /live\d|chunk/.test(name)).slice(0, -80)) this.#things.delete(old)
    })
  }

  #get(path: string, response: ServerResponse, tries = 150): void {
    const thing = this.#things.get(path)
    if (thing === undefined) {
      // A chunk is named before its first byte is there.
      if (tries > 0 && !response.destroyed) setTimeout(() => this.#get(path, response, tries - 1), 20)
      else response.writeHead(404).end()
      return
    }
    if (thing.done) {
      response.end(Buffer.concat(thing.chunks))
      return
    }
    response.write(Buffer.concat(thing.chunks))
    thing.readers.add(response)
    response.on('close', () => thing.readers.delete(response))
  }
}

/** When the picture of a fragment is decoded, on its track's clock; `undefined` for sound. The picture is ffmpeg's first track. */
function pictureTime(fragment: Buffer): number | undefined {
  const head = fragment.indexOf('tfhd')
  const time = fragment.indexOf('tfdt')
  if (head < 0 || time < 0 || fragment.readUInt32BE(head + 8) !== 1) return undefined
  return fragment.readUInt8(time + 4) === 1 ? Number(fragment.readBigUInt64BE(time + 8)) : fragment.readUInt32BE(time + 8)
}
