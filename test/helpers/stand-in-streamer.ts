import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import type { StreamerCommand, StreamerState } from '../../lib/api/streamer.js'
import type { DeskStream, DeskStreamer } from '../../lib/streamer/desk-session.js'

/** Stands in for a streamer: it goes through its list when it is told, and sends nothing. */
export class StandInStreamer extends EventEmitter<{ change: [] }> implements DeskStreamer {
  readonly stream: DeskStream
  readonly end: Promise<void>
  readonly commands: StreamerCommand[] = []
  over: { readonly bytes: Readable; readonly mime: string; readonly name: string } | undefined
  /** What has been handed in. */
  received = ''
  /** What listeners were told last, besides the titles of items. */
  title = ''
  isPaused = false
  isStarted = false
  finish!: (error?: Error) => void

  constructor(stream: DeskStream) {
    super()
    this.stream = stream
    this.end = new Promise((resolve, reject) => (this.finish = (error) => (error === undefined ? resolve() : reject(error))))
    stream.playlist.on('change', () => this.emit('change'))
  }

  get state(): StreamerState {
    const { playlist, address } = this.stream
    const { host, pathname } = new URL(address)
    return {
      status: this.isPaused ? 'paused' : 'live',
      started: new Date(Date.now() - 4_364_000).toISOString(),
      targets: [
        {
          server: host,
          mount: decodeURIComponent(pathname),
          protocol: 'put',
          status: 'live',
          since: new Date(Date.now() - 4_364_000).toISOString(),
          bitrate: 2_412_000,
          bytesSent: 1_305_000_000,
          buffered: 12_000,
          dropped: 0,
          reconnects: 1,
          viewers: 18,
          problem: null,
        },
      ],
      position: 251,
      current: playlist.current?.id ?? null,
      takenOver: this.over === undefined ? null : 'Camera',
      entries: playlist.entries.map(({ id, title, source, duration, state, reason }) => ({
        id,
        title,
        source,
        duration: duration ?? null,
        state,
        way: state === 'skipped' ? null : state === 'next' ? 'convert' : 'copy',
        note: reason === undefined ? (state === 'next' ? '1920×1080 → 1280×720' : null) : `skipped: ${reason}`,
      })),
      loop: playlist.loop,
      frameRate: 25,
      frames: 109_100,
      encoder: 'ffmpeg 5.1.6, libx264',
      warnings: [],
    }
  }

  start(): void {
    this.isStarted = true
    this.stream.playlist.next()
  }

  takeOver(bytes: Readable, mime: string, name: string): void {
    this.over = { bytes, mime, name }
    bytes.on('data', (chunk: Buffer) => (this.received += chunk.toString()))
    bytes.once('close', () => {
      this.over = undefined
      this.emit('change')
    })
    this.emit('change')
  }

  setTitle(title: string): void {
    this.title = title
  }

  do(command: StreamerCommand): void {
    const { playlist } = this.stream
    this.commands.push(command)
    if (command.do === 'next') playlist.next()
    else if (command.do === 'jump') playlist.jump(command.id)
    else if (command.do === 'move') playlist.move(command.id, command.before)
    else if (command.do === 'remove') playlist.remove(command.id)
    else if (command.do === 'giveBack') this.over?.bytes.destroy()
    else if (command.do === 'pause' || command.do === 'resume') this.isPaused = command.do === 'pause'
    else if (command.do === 'stop') this.finish()
    this.emit('change')
  }
}
