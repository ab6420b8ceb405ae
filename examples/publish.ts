/*
 * This example shows how to:
 *  1. publish MP3 files to an Icecast server, or to floecast, without any encoder
 *  2. send them at the pace at which they are heard
 *  3. tell the title of each
 *  4. go on when the server goes away and comes back
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { SourceClient } from '../lib/client/index.js'
import { Mp3Demuxer } from '../lib/formats/index.js'

const [address = 'http://source:hackme@localhost:8000/live.mp3', ...files] = process.argv.slice(2)
// Seconds that the server, and the players behind it, are ahead of what is heard.
const LEAD = 2

const source = new SourceClient(address, { contentType: 'audio/mpeg', name: 'From files', reconnect: true })
source.on('connect', () => console.log('connected'))
source.on('reconnecting', ({ delay, error }) => console.log(`${error.message}; again in ${delay} ms`))

async function* play(): AsyncGenerator<Buffer> {
  const began = performance.now()
  let sent = 0
  for (const file of files) {
    const demuxer = new Mp3Demuxer()
    const frames = [...demuxer.push(await readFile(file)), ...demuxer.end()]
    const { title = basename(file, '.mp3'), artist } = demuxer.comments
    console.log(`${title}, ${frames.length} frames`)
    source.setMetadata({ title, ...(artist !== undefined && { artist }) }).catch((error: Error) => console.error(error.message))
    // Tags and tables between the songs are of no use in a stream.
    for (const { bytes } of frames.filter(({ sync }) => sync)) {
      yield bytes
      // ISO/IEC 11172-3 and 13818-3: a layer III frame has 1152 samples, and half as many at the lower rates.
      const sampleRate = demuxer.tracks[0]?.sampleRate ?? 44_100
      sent += (sampleRate >= 32_000 ? 1152 : 576) / sampleRate
      const ahead = sent - LEAD - (performance.now() - began) / 1000
      if (ahead > 0) await sleep(ahead * 1000)
    }
  }
}

try {
  await pipeline(play, source)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
