import { PassThrough } from 'node:stream'
import { deskHello } from '../api/desk.js'

/** What is needed of a WebSocket; those of ws are such. */
export interface CameraSocket {
  on(event: 'message', listener: (data: Message, isBinary: boolean) => void): unknown
  on(event: 'error', listener: () => void): unknown
  once(event: 'close', listener: () => void): unknown
  /** Reads no further. */
  pause(): void
  /** Reads on. */
  resume(): void
  /** Says farewell. */
  close(code: number, reason?: string): void
}

type Message = Buffer | ArrayBuffer | Buffer[]

// RFC 6455 7.4.1.
const ENDED = 1000
const INVALID = 1002
/** Bytes that may wait while nobody reads: a second of a good camera. */
const WAITING = 1_048_576

/**
 * Reads a WebSocket of the subprotocol `webcast`: a hello that tells the media type, then the bytes of a `MediaRecorder`.
 * @param take gets the bytes once the hello has come; who destroys them ends the connection
 */
export function readCamera(ws: CameraSocket, take: (bytes: PassThrough, mime: string) => void): void {
  let bytes: PassThrough | undefined
  ws.on('error', () => {})
  ws.on('message', (data, isBinary) => {
    if (bytes === undefined) {
      const mime = isBinary ? undefined : mimeOf(data)
      if (mime === undefined) return ws.close(INVALID, 'the first message is no hello with a mime')
      bytes = new PassThrough({ highWaterMark: WAITING })
      bytes.on('drain', () => ws.resume())
      bytes.on('error', () => {})
      bytes.once('close', () => ws.close(ENDED))
      take(bytes, mime)
    } else if (isBinary && !bytes.writableEnded && !bytes.destroyed && !bytes.write(chunkOf(data))) ws.pause()
  })
  ws.once('close', () => bytes?.end())
}

function mimeOf(data: Message): string | undefined {
  try {
    return deskHello.parse(JSON.parse(chunkOf(data).toString())).data.mime
  } catch {
    return undefined
  }
}

const chunkOf = (data: Message): Buffer => (Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data))
