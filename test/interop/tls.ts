import { createHash } from 'node:crypto'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { openBrowser, playInPage } from '../helpers/browser.js'
import { makeCertificate, type Pair } from '../helpers/certificate.js'
import { formatNamed, media, send } from '../helpers/ffmpeg.js'
import { mpv } from '../helpers/mpv.js'
import { needs, run, start } from '../helpers/programs.js'
import { Recorder } from '../helpers/recorder.js'
import { SOURCE_PASSWORD, startFloecast, temporary, type TestServer } from '../helpers/server.js'
import { type Client, curl, ezstream, ffmpeg, hearAll, liquidsoap, oggfwd, shout } from '../helpers/source-programs.js'
import { until } from '../helpers/wait.js'

t.setTimeout(400_000)
t.jobs = 2
const skip = process.env['FLOECAST_INTEROP_SERVER'] === 'icecast2' ? 'another server is under test' : false

const startSecured = (t: Test, { certificate, key }: Pair, expected?: RegExp): Promise<TestServer> =>
  startFloecast(t, { config: `tls:\n  certificate: ${certificate}\n  key: ${key}\n`, ...(expected && { expected }) })

const TLS = '\x16\x03'
const UPGRADE = 'OPTIONS * HTTP'

/** How each begins, as seen on the wire. */
const CLIENTS: readonly (Client & { readonly begins: string })[] = [
  { name: 'curl', programs: ['curl'], format: 'MP3', begins: TLS, open: curl('-T', 'FILE') },
  { name: 'ffmpeg -tls 1', programs: ['ffmpeg'], format: 'MP3', begins: TLS, open: ffmpeg('icecast') },
  { name: 'ffmpeg with a PUT', programs: ['ffmpeg'], format: 'MP3', begins: TLS, open: ffmpeg('http', '-method', 'PUT') },
  { name: 'ezstream', programs: ['ezstream'], format: 'MP3', begins: UPGRADE, open: ezstream('required') },
  { name: 'oggfwd', programs: ['oggfwd'], format: 'Ogg Vorbis', begins: UPGRADE, open: oggfwd },
  { name: 'shout, by upgrade', programs: ['shout'], format: 'Ogg Vorbis', begins: UPGRADE, open: shout('rfc2817') },
  { name: 'shout, from the first byte', programs: ['shout'], format: 'Ogg Vorbis', begins: TLS, open: shout('rfc2818') },
  { name: 'shout, as it finds', programs: ['shout'], format: 'Ogg Vorbis', begins: UPGRADE, open: shout('auto') },
  {
    name: 'liquidsoap',
    programs: ['liquidsoap'],
    format: 'MP3',
    begins: TLS,
    encodes: true,
    open: liquidsoap(
      ({ host, port }, path) =>
        `output.icecast(%mp3(bitrate=128), protocol="https", host="${host}", port=${port}, password="${SOURCE_PASSWORD}", mount="${path}", sine())`,
    ),
  },
]

t.test('with a certificate, every port takes sources in TLS and in plain text', { skip, buffered: true }, async (t) => {
  if (!needs(t, 'openssl', 'ffmpeg')) return
  const pair = await makeCertificate(temporary(t), 'own')
  const server = await startSecured(t, pair)
  const recorders = new Map<Client, Recorder>()
  await hearAll(t, server, CLIENTS, async (client) => {
    const recorder = await Recorder.open(t, server.port)
    recorders.set(client, recorder)
    return { host: 'localhost', port: recorder.port, login: server.login, certificate: pair.certificate }
  })
  for (const client of CLIENTS) {
    const bytes = recorders.get(client)?.bytes.toString('latin1')
    if (bytes === undefined) continue
    t.ok(bytes.startsWith(client.begins), `${client.name} begins as it should`)
    t.notOk(/authorization|password/i.test(bytes), `${client.name} shows no password on the way`)
  }
  await hearAll(t, server, [{ name: 'ffmpeg in plain text', programs: ['ffmpeg'], format: 'MP3', open: ffmpeg('icecast') }])
})

t.test(
  'with a certificate, listeners come in TLS and in plain text, and a new certificate is taken up',
  { skip, buffered: true },
  async (t) => {
    if (!needs(t, 'openssl', 'ffmpeg', 'curl', 'mpv', 'chromium')) return
    const folder = temporary(t)
    const [first, second] = [await makeCertificate(folder, 'first'), await makeCertificate(folder, 'second')]
    const used = { certificate: join(folder, 'used.crt'), key: join(folder, 'used.key') }
    const renew = ({ certificate, key }: Pair): void => {
      copyFileSync(key, used.key)
      copyFileSync(certificate, used.certificate)
    }
    renew(first)
    const server = await startSecured(t, used)
    const file = await media(formatNamed('MP3'))
    const source = send(t, formatNamed('MP3'), file, `icecast://${server.login}@127.0.0.1:${server.port}/heard`)
    await until('the mount', () => server.mount('/heard'))
    const url = `https://localhost:${server.port}/heard`

    const kept = start(t, 'curl', ['-sS', '-N', '--cacert', first.certificate, url])
    await until('a listener in TLS to hear something', () => kept.stdoutBytes.length > 30_000)
    const [played, page, status] = await Promise.all([
      mpv(url),
      playInPage(await openBrowser(t), 'audio', url),
      run('curl', ['-sS', '--cacert', first.certificate, new URL('/status-json.xsl', url).href]),
    ])
    t.ok(played.seconds > 1, 'mpv plays it', { played })
    t.ok(page.error === '' && page.seconds > 1, 'Chromium plays it', { page })
    t.match(status.program.stdout, `"listenurl":"${url}"`, 'addresses are told as they are reached')

    const shown = async (): Promise<string> => {
      const socket: TLSSocket = connect({ port: server.port, host: 'localhost', rejectUnauthorized: false })
      try {
        await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
        return createHash('sha256').update(socket.getPeerCertificate().raw).digest('hex')
      } finally {
        socket.destroy()
      }
    }
    const [before, after] = [first, second].map(({ certificate }) => {
      const der = readFileSync(certificate, 'latin1').replaceAll(/-----.*-----|\s/g, '')
      return createHash('sha256').update(Buffer.from(der, 'base64')).digest('hex')
    })
    t.equal(await shown(), before, 'the certificate is the one that was configured')
    writeFileSync(used.certificate, 'no certificate at all\n')
    await until('the server to have looked', () => /Cannot use .*used\.crt/.test(server.program.stdout), { timeout: 60_000 })
    t.equal(await shown(), before, 'what cannot be used changes nothing')
    renew(second)
    await until('the new certificate', async () => (await shown()) === after, { timeout: 60_000, every: 500 })
    const length = kept.stdoutBytes.length
    await until('the listener of before to hear on', () => kept.stdoutBytes.length > length + 30_000)
    const heard = kept.stdoutBytes
    // The first bytes are ffmpeg's tag and Xing frame, which are not in the file.
    t.ok(kept.isRunning && readFileSync(file).includes(heard.subarray(5000)), 'who was connected loses no byte')
    await kept.stop()
    await source.stop()
  },
)
