import type { EventEmitter } from 'node:events'
import { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { pino, type DestinationStream, type Logger as Pino } from 'pino'
import pretty from 'pino-pretty'
import { describeMedia } from '../lib/formats/index.js'
import type { Listener, Logger, Mount, ServerEvents, Source } from '../lib/index.js'
import type { Config } from './schema.js'

type Style = Parameters<typeof styleText>[0]

const two = (n: number): string => String(n).padStart(2, '0')
const clock = (time: Date): string => `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`

/** Names and titles come from strangers: nothing in them may move the cursor, hide text or start a new line. */
const safe = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')

const shown = (value: unknown): string => safe(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

const OWN = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'mount', 'err', 'agent', 'address', 'media'])

/**
 * One event as a line for people: `12:04:31  /live   source connected   OBS 29.0.2 from 192.0.2.31`.
 * @param event an event as pino makes it
 * @param coloured whether to use colours
 */
export function formatEvent(event: Readonly<Record<string, unknown>>, coloured = false): string {
  const { level, time, msg, mount, err, agent, address, media } = event
  const style = (format: Style, text: string): string =>
    coloured && text !== '' ? styleText(format, text, { validateStream: false }) : text
  const severity = typeof level === 'number' ? level : 30
  const message = shown(msg ?? '')
  const peer = [agent === undefined || agent === '' ? '' : shown(agent), address === undefined ? '' : `from ${shown(address)}`]
  const details = Object.entries(event)
    .filter(([key, value]) => !OWN.has(key) && value !== undefined && value !== '')
    .map(([key, value]) => `${key} ${shown(value)}`)
  const reason = err === undefined ? '' : shown(typeof err === 'object' && err !== null && 'message' in err ? err.message : err)
  return [
    `${style('dim', clock(new Date(typeof time === 'number' || typeof time === 'string' ? time : Date.now())))}  ${style('cyan', shown(mount ?? '').padEnd(5))}`,
    severity >= 50 ? style('red', `error: ${message}`) : severity >= 40 ? style('yellow', `warning: ${message}`) : message,
    peer.filter(Boolean).join(' '),
    shown(media ?? ''),
    ...details.map((detail) => style('dim', detail)),
    style('red', reason),
  ]
    .filter((part) => part.trim() !== '')
    .join('   ')
}

/**
 * Makes the logger of the program.
 * @param settings the `log` part of the configuration
 * @param output where lines go
 * @param how `machine` for JSON, otherwise lines for people, in colours or without
 */
export function makeLogger(settings: Config['log'], output: DestinationStream, how: { machine: boolean; coloured: boolean }): Pino {
  const options = { level: settings.level, base: null }
  if (how.machine) return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, output)
  const lines = pretty({
    destination: new Writable({
      decodeStrings: false,
      write: (line: string, _, done) => {
        output.write(line)
        done()
      },
    }),
    colorize: false,
    hideObject: true,
    ignore: 'level,time,pid,hostname,err',
    messageFormat: (event) => formatEvent(event, how.coloured),
    errorLikeObjectKeys: [],
  })
  return pino(options, lines)
}

const peer = ({ details: { address, agent } }: Source | Listener, { name }: Mount): object => ({ mount: name, address, agent })

/** Writes one line per event of a server; listeners that come and go only at the level debug. */
export function logEvents(server: EventEmitter<ServerEvents>, logger: Logger): void {
  server.on('source', (source, mount) => logger.info(peer(source, mount), 'source connected'))
  server.on('format', ({ demuxer: { format, tracks } }, mount) =>
    logger.info({ mount: mount.name, media: describeMedia(format, tracks) }, 'on the air'),
  )
  server.on('end', (_, mount, reason) => logger.info({ mount: mount.name }, `source gone: ${reason}`))
  server.on('listener', (listener, mount) => logger.debug(peer(listener, mount), 'listener connected'))
  server.on('departure', (listener, mount) => logger.debug(peer(listener, mount), 'listener gone'))
  server.on('recorded', (file, bytes, mount) => logger.info({ mount: mount.name, file, bytes }, 'recorded'))
  server.on('failure', (sentence, mount) => logger.error({ mount: mount.name }, sentence))
  server.on('warning', (sentence, mount) => logger.warn({ mount: mount.name }, sentence))
}
