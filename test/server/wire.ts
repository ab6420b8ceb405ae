import { readdirSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import t from 'tap'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'

const folder = join(import.meta.dirname, '../wire/sources')
const capture = (name: string): Buffer => readFileSync(join(folder, name))
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

// The main connections of sources that Icecast itself, or a server that knows the protocol better, lets in.
const REFUSED: Record<string, RegExp> = {
  'ffmpeg-http-post-default': /^HTTP\/1\.1 401/,
  'ffmpeg-nopass': /^HTTP\/1\.1 401/,
  'libshout-http-badpass': /^HTTP\/1\.0 401/,
  'libshout-http-text': /^HTTP\/1\.0 401/,
  'libshout-http-tls2817': /^HTTP\/1\.1 200/,
  'libshout-http-tlsnoplain': /^HTTP\/1\.0 400/,
  'libshout-icy-badpass': /^invalid password/,
  'libshout-roar': /^HTTP\/1\.0 400/,
  'vlc-mp3-twoport.icyport0': /^invalid password/,
}
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.request.bin') && !/\.(conn|admin)\d/.test(file))
  .map((file) => file.replace('.request.bin', ''))

interface Outcome {
  readonly reply: string
  readonly mount: string | undefined
  readonly received: number
  readonly format: string | undefined
}

/** What becomes of a capture that is sent in pieces of the given sizes, the last of which is repeated. */
async function replay(server: Server, bytes: Buffer, sizes: readonly number[]): Promise<Outcome> {
  const [near, far] = duplexPair()
  const reply: Buffer[] = []
  far.on('data', (chunk: Buffer) => reply.push(chunk))
  far.on('error', () => {})
  server.handle(near as unknown as Socket)
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + (sizes[i] ?? sizes.at(-1)!)
    far.write(bytes.subarray(at, end))
    at = end
    // The answer to a login may be waited for by the real client, and takes a few turns of the loop.
    if (i % 16 === 0) await settled()
  }
  for (let i = 0; i < 12; i++) await settled()
  const mount = [...server.mounts].find(({ source }) => source !== undefined)
  const outcome = {
    // The clock may strike between two replays.
    reply: String(Buffer.concat(reply)).replaceAll(/^Date: .*/gm, 'Date:'),
    mount: mount?.name,
    received: mount?.source?.bytesReceived ?? 0,
    format: mount?.source?.demuxer.format,
  }
  far.destroy()
  mount?.source?.close('the test is over')
  for (let i = 0; i < 4; i++) await settled()
  return outcome
}

t.test('every captured source is let in, from its very bytes, whole and byte by byte', async (t) => {
  const server = createServer({ auth: basic({ source: 'hackme', admin: 'admin' }) })
  for (const name of names) {
    const bytes = capture(`${name}.request.bin`)
    const whole = await replay(server, bytes, [bytes.length])
    const refusal = REFUSED[name]
    if (refusal !== undefined) {
      t.match(whole.reply, refusal, `${name} is answered`)
      t.equal(whole.mount, undefined)
    } else {
      t.match(whole.reply, /(^|\n)(HTTP\/1\.0 200 OK\r\n|OK2\r\n|OK\r\n)/, `${name} is let in`)
      t.ok(whole.mount !== undefined, `${name} has its mount: ${whole.mount}`)
    }
    // The first part byte by byte; the rest of the media in larger pieces, for time.
    const head = Array.from({ length: Math.min(1200, bytes.length) }, () => 1)
    const split = await replay(server, bytes, [...head, 997])
    t.same(split, whole, `${name}: the same byte by byte`)
  }
  await server.close()
})
