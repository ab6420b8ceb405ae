import type { FormatName, Track } from '../lib/formats/frame.js'
import type { Logger } from '../lib/log.js'
import type { AccessEntry } from '../lib/server/access-log.js'

/** Who is connected, as far as a log tells of it. */
interface Peer {
  readonly details: { readonly address: string; readonly agent: string }
}
interface LiveSource extends Peer {
  readonly demuxer: { readonly format: FormatName; readonly tracks: readonly Track[] }
}
interface Named {
  readonly name: string
}

/** The part of a server that tells what happens. */
export interface EventSource {
  /** Adds a listener for one kind of event. */
  on: ((event: 'source' | 'format', listener: (source: LiveSource, mount: Named) => void) => unknown) &
    ((event: 'end', listener: (source: LiveSource, mount: Named, reason: string) => void) => unknown) &
    ((event: 'listener' | 'departure', listener: (listener: Peer, mount: Named) => void) => unknown) &
    ((event: 'warning', listener: (sentence: string, mount: Named) => void) => unknown) &
    ((event: 'access', listener: (entry: AccessEntry) => void) => unknown)
}

const FORMATS: Readonly<Record<FormatName, string>> = {
  mp3: 'MP3',
  adts: 'AAC (ADTS)',
  flac: 'FLAC',
  ogg: 'Ogg',
  webm: 'WebM',
  matroska: 'Matroska',
  'mpeg-ts': 'MPEG-TS',
  flv: 'FLV',
  mp4: 'MP4',
  raw: 'an unknown format, passed on as it comes',
}

const round = (n: number): string => String(Math.round(n * 100) / 100)

function formatTrack({ codec, width, height, frameRate, sampleRate, channels, bitrate }: Track): string {
  const layout = channels === undefined ? undefined : ({ 1: 'mono', 2: 'stereo', 6: '5.1' }[channels] ?? `${channels} channels`)
  return [
    codec,
    width !== undefined && height !== undefined && `${width}×${height}`,
    frameRate !== undefined && `${round(frameRate)} fps`,
    sampleRate !== undefined && `${round(sampleRate / 1000)} kHz`,
    layout,
    bitrate !== undefined && bitrate > 0 && `${Math.round(bitrate / 1000)} kbit/s`,
  ]
    .filter(Boolean)
    .join(' ')
}

/** A format and its tracks for people: `MPEG-TS  H.264 1280×720 25 fps + AAC 48 kHz stereo`. */
export function formatMedia(format: FormatName, tracks: readonly Track[]): string {
  const parts = tracks.filter(({ kind }) => kind !== 'data').map(formatTrack)
  return [FORMATS[format], parts.join(' + ')].filter(Boolean).join('  ')
}

const peer = ({ details: { address, agent } }: Peer, { name }: Named): object => ({ mount: name, address, agent })

/** Writes one line per event of the mounts; listeners that come and go only at the level debug. */
export function logEvents(server: EventSource, logger: Logger): void {
  server.on('source', (source, mount) => logger.info(peer(source, mount), 'source connected'))
  server.on('format', ({ demuxer: { format, tracks } }, mount) =>
    logger.info({ mount: mount.name, media: formatMedia(format, tracks) }, 'on the air'),
  )
  server.on('end', (_, mount, reason) => logger.info({ mount: mount.name }, `source gone: ${reason}`))
  server.on('listener', (listener, mount) => logger.debug(peer(listener, mount), 'listener connected'))
  server.on('departure', (listener, mount) => logger.debug(peer(listener, mount), 'listener gone'))
  server.on('warning', (sentence, mount) => logger.warn({ mount: mount.name }, sentence))
}
