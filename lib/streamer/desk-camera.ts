import { PassThrough } from 'node:stream'
import { deskHello, deskTitle } from '../api/desk.js'

/** What is needed of a WebSocket; those of ws are such. */
export interface CameraSocket {
  on(event: 'message', listener: (data: Message, isBinary: boolean) => void): unknown
  on(event: 'error', listener: () => void): unknown
  once(event: 'close', listener: () => void): unknown
  /** Reads no further. */
  pause(): void
  /** Reads on. */
  resume(): void
  /** Says something. */
  send(text: string): void
  /** Says farewell. */
  close(code: number, reason?: string): void
}

type Message = Buffer | ArrayBuffer | Buffer[]

// RFC 6455 7.4.1.
const ENDED = 1000
const INVALID = 1002
/** Bytes that may wait while nobody reads: a second of a good camera. */
const WAITING = 1_048_576

/** Who gets what a camera sends. */
export interface CameraViewer {
  /** Takes the bytes once the first of them have come, and the title, if there is one; who destroys them ends the connection. */
  take(bytes: PassThrough, mime: string, title: string | undefined): void
  /** Hears of another title. */
  retitle(title: string): void
}

/** Reads a WebSocket of the subprotocol `webcast`: a hello that tells the media type, titles, and the bytes of a `MediaRecorder`. */
export function readCamera(ws: CameraSocket, viewer: CameraViewer): void {
  let mime: string | undefined
  let title: string | undefined
  let bytes: PassThrough | undefined
  const begin = (): PassThrough => {
    const begun = new PassThrough({ highWaterMark: WAITING })
    begun.on('drain', () => ws.resume())
    begun.on('error', () => {})
    begun.once('close', () => ws.close(ENDED))
    viewer.take(begun, mime!, title)
    return begun
  }
  ws.on('error', () => {})
  ws.on('message', (data, isBinary) => {
    if (mime === undefined) {
      mime = isBinary ? undefined : deskHello.safeParse(read(data)).data?.data.mime
      if (mime === undefined) return ws.close(INVALID, 'the first message is no hello with a mime')
      // Who hears that begins at once; it is no part of the protocol as Liquidsoap has it.
      return ws.send('{"type":"hello"}')
    }
    if (!isBinary) {
      const other = deskTitle.safeParse(read(data)).data?.data.title || title
      if (other !== undefined && other !== title && bytes !== undefined) viewer.retitle(other)
      title = other
    } else {
      bytes ??= begin()
      if (!bytes.writableEnded && !bytes.destroyed && !bytes.write(chunkOf(data))) ws.pause()
    }
  })
  ws.once('close', () => bytes?.end())
}

function read(data: Message): unknown {
  try {
    return JSON.parse(chunkOf(data).toString())
  } catch {
    return undefined
  }
}

const chunkOf = (data: Message): Buffer => (Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data))
