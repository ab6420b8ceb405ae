import { readCommandLine, UsageError, type CommandOption } from './command-line.js'
import type { Override } from './config.js'

/** What the command line asks for. */
export interface Arguments {
  /** The configuration file; undefined for the defaults. */
  readonly file: string | undefined
  /** What to do instead of serving. */
  readonly task: 'serve' | 'check' | 'print-config' | 'hash-password' | 'convert' | 'doctor' | 'help' | 'version'
  /** Whether the answer is for machines. */
  readonly json: boolean
  /** Whether the file is one of Icecast's. */
  readonly icecast: boolean
  /** Settings that go before those of the file and the environment. */
  readonly overrides: readonly Override[]
  /** Make new passwords in place of those from the first start. */
  readonly newPasswords: boolean
  /** Publish the demo as well. */
  readonly demo: boolean
}

const options = {
  check: { type: 'boolean' },
  'print-config': { type: 'boolean' },
  'hash-password': { type: 'boolean' },
  'new-passwords': { type: 'boolean' },
  icecast: { type: 'string', example: '/etc/icecast2/icecast.xml' },
  demo: { type: 'boolean' },
  json: { type: 'boolean' },
  port: { type: 'string', short: 'p', example: '8000' },
  host: { type: 'string', example: '127.0.0.1' },
  log: { type: 'string', example: 'json' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const satisfies Record<string, CommandOption>

const override = (origin: string, path: string[], value: unknown): Override[] =>
  typeof value === 'string' ? [{ origin, path, value }] : []

/** What `--help` says. */
export const HELP = `floecast [config.yaml]: a streaming server that speaks Icecast and SHOUTcast

  floecast                         serve with the defaults; the first start shows the passwords
  floecast floecast.yaml           serve as the file says
  floecast --icecast icecast.xml   serve as a configuration of Icecast says, and tell what of it has no effect
  floecast convert icecast.xml     print the same as a configuration file of floecast, and end

  floecast doctor [config.yaml]    look at all that a server depends on: limits, ports, certificate, folders, clock;
                                   a line each, --json for machines; ends with 1 where floecast could not do its work

  --port N                         port to listen on (8000)
  --host ADDRESS                   address to listen on (all)
  --log json|pretty                how to log (pretty on a terminal, json elsewhere)
  --new-passwords                  make new passwords, show them, and serve
  --demo                           have something to watch: publish a small film at /demo, over and over,
                                   for every browser (at /), by HLS (/demo.m3u8) and by DASH (/demo.mpd)

  --check                          say whether the configuration is right, and end
  --print-config                   print a configuration file with every key explained, and end
  --hash-password                  read a password from standard input, print its hash, and end
  --help, --version

What a source sends to /live is at /live for VLC and radios, on the page at / for browsers, at /live.m3u8
(HLS) and /live.mpd (DASH), and as one endless stream at /live.mp4, .webm, .ts, .aac, .mp3 or .opus.

The environment goes before the file: FLOECAST_PORT, FLOECAST_HOST, FLOECAST_SOURCE_PASSWORD,
FLOECAST_ADMIN_PASSWORD, FLOECAST_STATE_DIR.
Signals: TERM and INT end it, HUP reads the configuration again and reopens the log files, USR2 only the latter.
`

/**
 * Reads a command line.
 * @param argv without node and the script
 * @throws {@link UsageError}
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const given = readCommandLine('floecast', argv, options)
  const positionals = given.flatMap(({ name, value = '' }) => (name === undefined ? [value] : []))
  // What is given twice holds as it is given last.
  const values = new Map(given.map(({ name, value = true }) => [name, value]))
  const command = (['convert', 'doctor'] as const).find((word) => word === positionals[0])
  if (command !== undefined) positionals.shift()
  const isConvert = command === 'convert'
  if (isConvert && positionals.length === 0)
    throw new UsageError('Cannot convert nothing: name a file, as in floecast convert /etc/icecast2/icecast.xml.')
  const icecast = values.get('icecast')
  if (typeof icecast === 'string') positionals.push(icecast)
  if (positionals.length > 1)
    throw new UsageError(`Cannot use ${positionals.length} configuration files (${positionals.join(', ')}): give one.`)
  const [port, host, log] = [values.get('port'), values.get('host'), values.get('log')]
  if (typeof port === 'string' && !(/^\d+$/.test(port) && Number(port) <= 65_535))
    throw new UsageError(`Cannot use --port ${port}: allowed is a port, 0 to 65535.`)
  if (typeof log === 'string' && log !== 'json' && log !== 'pretty')
    throw new UsageError(`Cannot use --log ${log}: allowed is json or pretty.`)
  if (values.has('json') && command !== 'doctor')
    throw new UsageError('Cannot use --json here: it belongs to floecast doctor; logs have --log json.')
  const tasks = ['help', 'version', 'print-config', 'hash-password', 'check'] as const
  return {
    file: positionals[0],
    icecast: icecast !== undefined,
    task: tasks.find((task) => values.has(task)) ?? command ?? 'serve',
    overrides: [...override('--port', ['port'], port), ...override('--host', ['host'], host), ...override('--log', ['log', 'format'], log)],
    newPasswords: values.has('new-passwords'),
    demo: values.has('demo'),
    json: values.has('json'),
  }
}
