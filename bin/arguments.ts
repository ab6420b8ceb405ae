import { parseArgs } from 'node:util'
import type { Override } from './config.js'
import { closest } from './problems.js'

/** What the command line asks for. */
export interface Arguments {
  /** The configuration file; undefined for the defaults. */
  readonly file: string | undefined
  /** What to do instead of serving. */
  readonly task: 'serve' | 'check' | 'print-config' | 'hash-password' | 'help' | 'version'
  /** Settings that go before those of the file and the environment. */
  readonly overrides: readonly Override[]
  /** Make new passwords in place of those from the first start. */
  readonly newPasswords: boolean
  /** Publish the demo as well. */
  readonly demo: boolean
}

/** A command line that makes no sense; its message is one sentence for the user. */
export class UsageError extends Error {
  /** @param message what is wrong and what to do */
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

const options = {
  check: { type: 'boolean' },
  'print-config': { type: 'boolean' },
  'hash-password': { type: 'boolean' },
  'new-passwords': { type: 'boolean' },
  demo: { type: 'boolean' },
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  log: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

const override = (origin: string, path: string[], value: unknown): Override[] =>
  typeof value === 'string' ? [{ origin, path, value }] : []

/** What `--help` says. */
export const HELP = `floecast [config.yaml]: a streaming server that speaks Icecast and SHOUTcast

  floecast                         serve with the defaults; the first start shows the passwords
  floecast floecast.yaml           serve as the file says

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
Signals: TERM and INT end it, HUP reads the configuration again and reopens the access log.
`

/**
 * Reads a command line.
 * @param argv without node and the script
 * @throws {@link UsageError}
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals, tokens } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const known = Object.entries(options).find(([name]) => name === token.name)?.[1]
    if (!known) {
      const near = token.rawName.startsWith('--') ? closest(token.name, Object.keys(options)) : undefined
      throw new UsageError(
        `Cannot use ${token.rawName}: there is no such option${near === undefined ? '; see floecast --help' : `; did you mean --${near}?`}`,
      )
    }
    if (known.type === 'string' && (token.value === undefined || token.value === ''))
      throw new UsageError(
        `Cannot use ${token.rawName}: a value must follow, as in ${token.rawName} ${{ port: '8000', host: '127.0.0.1', log: 'json' }[token.name]}.`,
      )
    if (known.type === 'boolean' && token.value !== undefined)
      throw new UsageError(`Cannot use ${token.rawName}=${token.value}: ${token.rawName} takes no value.`)
  }
  if (positionals.length > 1)
    throw new UsageError(`Cannot use ${positionals.length} configuration files (${positionals.join(', ')}): give one.`)
  const { port, host, log } = values
  if (typeof port === 'string' && !(/^\d+$/.test(port) && Number(port) <= 65_535))
    throw new UsageError(`Cannot use --port ${port}: allowed is a port, 0 to 65535.`)
  if (typeof log === 'string' && log !== 'json' && log !== 'pretty')
    throw new UsageError(`Cannot use --log ${log}: allowed is json or pretty.`)
  const tasks = ['help', 'version', 'print-config', 'hash-password', 'check'] as const
  return {
    file: positionals[0],
    task: tasks.find((task) => values[task] === true) ?? 'serve',
    overrides: [...override('--port', ['port'], port), ...override('--host', ['host'], host), ...override('--log', ['log', 'format'], log)],
    newPasswords: values['new-passwords'] === true,
    demo: values['demo'] === true,
  }
}
