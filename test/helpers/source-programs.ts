import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Test } from 'tap'
import { codecs, formatNamed, framemd5, listen, media, send } from './ffmpeg.js'
import { difference, parseFramemd5 } from './framemd5.js'
import { needs, type Program, start, which } from './programs.js'
import { SOURCE_PASSWORD, temporary, type TestServer } from './server.js'
import { until } from './wait.js'

/** Where a source program connects to: a server, or what stands in front of it. */
export interface Target {
  readonly host: string
  readonly port: number
  /** `source:PASSWORD`, as it stands in an address. */
  readonly login: string
  /** The file of the certificate that the server must show; without it the connection is plain. */
  readonly certificate?: string
}

/** A source program: how it is started, and whether it sends the file's own packets or encodes for itself. */
export interface Client {
  readonly name: string
  readonly programs: readonly string[]
  readonly format: string
  readonly encodes?: true
  /** Where the stream appears if not at the path that it is given: SHOUTcast sources name none. */
  readonly appears?: string
  /** Starts it. `folder` is for files that it needs. */
  open(t: Test, target: Target, path: string, file: string, folder: string): Program
}

type Open = Client['open']

const url = ({ host, port, certificate }: Target, path: string): string =>
  `${certificate === undefined ? 'http' : 'https'}://${host}:${port}${path}`

/** The variable by which programs with OpenSSL find the one certificate that they are to trust. */
const trust = ({ certificate }: Target): Record<string, string> => (certificate === undefined ? {} : { SSL_CERT_FILE: certificate })

/** curl, as slow as the music; among its options, `FILE` stands for the file, and `-` makes it read a pipe. */
export const curl =
  (...options: readonly string[]): Open =>
  (t, target, path, file) => {
    const { certificate, login } = target
    const given = options.map((option) => (option === 'FILE' ? file : option))
    const trusted = certificate === undefined ? [] : ['--cacert', certificate]
    const fixed = ['-sS', '-i', '--limit-rate', '32k', '-u', login, '-H', 'Content-Type: audio/mpeg']
    return start(t, 'curl', [...fixed, ...trusted, ...given, url(target, path)], options.includes('-') ? { input: readFileSync(file) } : {})
  }

/** ffmpeg with MP3, by its own protocol for Icecast or by plain HTTP. */
export const ffmpeg =
  (address: 'icecast' | 'http', ...options: readonly string[]): Open =>
  (t, target, path, file) => {
    const { host, port, login, certificate } = target
    // Its Icecast protocol passes no certificate on to TLS, so there it cannot verify.
    const secure = certificate === undefined ? [] : address === 'icecast' ? ['-tls', '1'] : ['-tls_verify', '1', '-ca_file', certificate]
    const scheme = address === 'http' && certificate !== undefined ? 'https' : address
    return send(t, formatNamed('MP3'), file, `${scheme}://${login}@${host}:${port}${path}`, [...secure, ...options])
  }

/** ezstream, which is built upon libshout. */
export const ezstream =
  (tls: 'none' | 'may' | 'required', password = SOURCE_PASSWORD): Open =>
  (t, { host, port, certificate }, path, file, folder) => {
    const config = join(folder, `ezstream-${path.slice(1)}.xml`)
    const trusted = certificate === undefined ? '' : `<ca_file>${certificate}</ca_file>`
    writeFileSync(
      config,
      `<ezstream>
  <servers><server><protocol>HTTP</protocol><hostname>${host}</hostname><port>${port}</port><password>${password}</password><tls>${tls}</tls>${trusted}</server></servers>
  <streams><stream><mountpoint>${path}</mountpoint><format>MP3</format><stream_name>Ez</stream_name></stream></streams>
  <intakes><intake><type>file</type><filename>${resolve(file)}</filename></intake></intakes>
</ezstream>`,
      { mode: 0o600 },
    )
    return start(t, 'ezstream', ['-v', '-c', config])
  }

/** oggfwd, which is built upon libshout and takes TLS where there is any. */
export const oggfwd: Open = (t, target, path, file) =>
  start(t, 'oggfwd', ['-n', 'Name', '-p', target.host, String(target.port), SOURCE_PASSWORD, path], {
    input: readFileSync(file),
    env: trust(target),
  })

/** The program of libshout itself: `auto` asks for an upgrade (RFC 2817), then tries plain, then TLS from the first byte. */
export const shout =
  (mode: 'disabled' | 'auto' | 'auto_no_plain' | 'rfc2817' | 'rfc2818'): Open =>
  (t, target, path, file) =>
    start(
      t,
      'shout',
      [
        ...`--format ogg -H ${target.host} -P ${target.port} --mount ${path} --user source --pass ${SOURCE_PASSWORD}`.split(' '),
        ...`--tls-mode ${mode} --station-name Shout`.split(' '),
      ],
      { input: readFileSync(file), env: trust(target) },
    )

/** VLC with Ogg, over libshout. */
export const vlcSource: Open = (t, { host, port, login }, path, file) =>
  start(
    t,
    'cvlc',
    [
      ...'-I dummy --ignore-config -v'.split(' '),
      resolve(file),
      '--sout',
      `#std{access=shout,mux=ogg,dst=${login}@${host}:${port}${path}}`,
    ],
    { unprivileged: true },
  )

/** liquidsoap with a tone; `output` is its script's last line. */
export const liquidsoap =
  (output: (target: Target, path: string) => string): Open =>
  (t, target, path, _, folder) => {
    const script = join(folder, `${path.slice(1)}.liq`)
    writeFileSync(script, `settings.init.allow_root.set(true)\nsettings.log.stdout.set(true)\n${output(target, path)}\n`)
    return start(t, 'liquidsoap', [script], { cwd: folder, env: trust(target) })
  }

/** What became of a source program. */
interface Verdict {
  /** Why it is not on the air; empty if it is. */
  readonly fault: string
  readonly probed: readonly string[]
  readonly wrong: string
  readonly complaints: string
}

async function hear(t: Test, server: TestServer, client: Client, target: Target, path: string, folder: string): Promise<Verdict> {
  const file = await media(formatNamed(client.format))
  const shown = client.appears ?? path
  const program = client.open(t, target, path, file, folder)
  try {
    await until(
      `${client.name} to be on the air`,
      async () => {
        if (await server.mount(shown)) return true
        if (!program.isRunning) throw new Error(program.output)
        return false
      },
      // liquidsoap alone takes eight seconds to start, on a machine that does nothing else.
      { timeout: 60_000, every: 200 },
    )
  } catch (error) {
    return { fault: `${String(error)} ${error instanceof Error ? String(error.cause) : ''}`, probed: [], wrong: '', complaints: '' }
  }
  const [probed, heard] = await Promise.all([codecs(server.url(shown)), listen(server.url(shown), 4)])
  await program.stop()
  const wrong =
    client.encodes === true ? '' : difference(parseFramemd5(await framemd5(file)), parseFramemd5(heard.framemd5), new Set(), false)
  return { fault: '', probed: probed.codecs, wrong, complaints: heard.complaints }
}

/**
 * Lets each program publish, some at the same time, and judges what a listener hears: the codec, every packet, and no fault.
 * @param targetOf where a program connects to; the server itself when it is left out
 */
export async function hearAll(
  t: Test,
  server: TestServer,
  clients: readonly Client[],
  targetOf: (client: Client) => Target | Promise<Target> = () => server,
): Promise<void> {
  const folder = temporary(t)
  for (let at = 0; at < clients.length; at += TOGETHER) {
    const group = clients.slice(at, at + TOGETHER)
    const results = await Promise.all(
      group.map(async (client, i) => {
        if (client.programs.some((name) => which(name) === undefined)) return undefined
        return hear(t, server, client, await targetOf(client), `/client${at + i}`, folder)
      }),
    )
    for (const [i, client] of group.entries())
      await t.test(client.name, async (t) => {
        const result = results[i]
        if (!needs(t, 'ffmpeg', 'ffprobe', ...client.programs) || result === undefined) return
        t.equal(result.fault, '', 'it gets on the air')
        if (result.fault !== '') return
        t.strictSame(result.probed, formatNamed(client.format).codecs, 'ffprobe finds the codec')
        t.equal(result.wrong, '', 'what came is what was sent')
        t.equal(result.complaints, '', 'a strict decoder finds no fault')
      })
  }
}

/** Programs that run at the same time. */
const TOGETHER = 8
