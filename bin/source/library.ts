import { checkSource, expand, findFfmpeg, type Playlist, type SourceClientOptions } from '../../lib/client/index.js'
import type { Logger } from '../../lib/log.js'
import { Streamer } from '../../lib/streamer/index.js'
import type { OptionValues } from './arguments.js'
import type { Machinery, Page, PageStart } from './machinery.js'
import { decideOutput } from './output.js'
import { readMemory, writeMemory } from './page.js'
import { configFile } from './profiles.js'

// Milliseconds that a server may take to say whether it takes the stream.
const PATIENCE = 2_500

/** How a source announces itself, of its options. */
function protocolOf({ protocol }: OptionValues): Pick<SourceClientOptions, 'protocol'> {
  return protocol === 'put' || protocol === 'source' || protocol === 'shoutcast' ? { protocol } : {}
}

/** What the server is told of the stream, and how. */
function announcementOf(values: OptionValues): Omit<SourceClientOptions, 'contentType'> {
  const { name, description, genre } = values
  const said = Object.entries({ name, description, genre }).filter(([, value]) => typeof value === 'string')
  return { ...protocolOf(values), ...Object.fromEntries(said), ...(values.public === true && { public: true }) }
}

async function make(playlist: Playlist, address: URL, values: OptionValues, logger: Logger): Promise<Streamer> {
  const { output, ffmpeg, notice } = await decideOutput(playlist, values)
  const warnings = notice === undefined ? [] : [notice]
  return new Streamer({ playlist, output, ffmpeg, to: address, source: announcementOf(values), logger, warnings })
}

async function openPage({ sources, address, values, env }: PageStart, logger: Logger): Promise<Page> {
  // Servers and routers are loaded for those alone who want a page.
  const { Desk } = await import('../../lib/streamer/desk.js')
  const file = configFile(env, 'page.json')
  const kept = await readMemory(file)
  const given = address && {
    server: address.origin,
    mount: decodeURIComponent(address.pathname),
    user: decodeURIComponent(address.username) || 'source',
    protocol: protocolOf(values).protocol ?? 'put',
    quality: kept?.quality ?? 'medium',
    name: typeof values.name === 'string' ? values.name : (kept?.name ?? ''),
    password: address.password === '' ? undefined : decodeURIComponent(address.password),
  }
  const items = await expand(sources)
  return await Desk.open({
    open: ({ playlist, address: to, protocol, quality, name }) =>
      make(playlist, new URL(to), { ...values, protocol, quality, ...(name !== '' && { name }) }, logger),
    check: ({ address: to, protocol }) => checkSource(to, { protocol, timeout: PATIENCE }),
    sources: items.map(({ source }) => source),
    loop: values.loop === true,
    shuffle: values.shuffle === true,
    memory: given ?? kept,
    // A password of the command line was meant for this time.
    keepsPassword: given === undefined && kept?.password !== undefined,
    remember: (memory) => writeMemory(file, memory),
    problem: await findFfmpeg().then(
      () => undefined,
      (error: Error) => error.message,
    ),
    logger,
  })
}

/** The program, as it is in the library. */
export const library: Machinery = {
  expand: (sources) => expand(sources),
  async check(address, values) {
    await checkSource(address, { ...protocolOf(values), timeout: PATIENCE })
  },
  make,
  page: openPage,
  async devices() {
    const found = await (await findFfmpeg()).devices()
    if (found.length === 0) return 'No camera, microphone or screen was found.\n'
    const wide = Math.max(...found.map(({ name }) => name.length))
    return found.map(({ kind, name, id }) => `${kind.padEnd(10)}  ${name.padEnd(wide)}  ${id}\n`).join('')
  },
}
