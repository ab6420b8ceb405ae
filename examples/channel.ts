/*
 * This example shows how to:
 *  1. run a channel: films and songs of a folder as one stream without a break, whatever their sizes and codecs
 *  2. let your program decide what comes next, while it runs
 *  3. hear what is on the air, and end in order
 */
import { expand, findFfmpeg, Playlist } from '../lib/client/index.js'
import { createOutput, Streamer } from '../lib/streamer/index.js'

const [folder = 'films', to = 'http://source:hackme@localhost:8000/live'] = process.argv.slice(2)

/** What comes next: a stand-in for whatever your program knows of its listeners. */
const films = await expand([folder])
const choose = () => films[Math.floor(Math.random() * films.length)]!

const ffmpeg = await findFfmpeg()
const playlist = new Playlist([choose(), choose()])
const output = createOutput({ quality: 'medium' }, { encoders: await ffmpeg.encoders() })
const streamer = new Streamer({ playlist, output, ffmpeg, to })

let current: string | null = null
streamer.on('change', () => {
  const { entries, current: now } = streamer.state
  if (now === null || now === current) return
  current = now
  console.log(`On the air: ${entries.find(({ id }) => id === now)?.title}`)
  // The one after the next is chosen now, so that there is always one to open ahead of its turn; what has played leaves the list.
  for (const { id, state } of entries) if (state === 'played' || state === 'skipped') playlist.remove(id)
  playlist.add([choose()])
})

process.once('SIGINT', () => void streamer.do({ do: 'stop' }))
streamer.start()
try {
  await streamer.end
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
