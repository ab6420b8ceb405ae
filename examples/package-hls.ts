/*
 * This example shows how to:
 *  1. cut a film or a stream of your own into segments for HLS, without a server and without transcoding
 *  2. write the playlists that name them: any web server can serve the folder, and every browser plays it
 *  3. go on for as long as the source goes on: with - it reads a live stream from its standard input
 */
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AutoDemuxer, type Frame } from '../lib/formats/index.js'
import { formatMediaPlaylist, formatMultivariantPlaylist, hlsRenditions, mediaPlaylist, multivariantPlaylist } from '../lib/hls/index.js'
import { systemClock } from '../lib/index.js'
import { Feed, Presentation, type Segment } from '../lib/media/index.js'

const [file = 'examples/demo.mp4', folder = 'hls'] = process.argv.slice(2)
const isLive = file === '-'
mkdirSync(folder, { recursive: true })

const demuxer = new AutoDemuxer()
const feed = new Feed(Date.now())
// A playlist of a live stream tells of the last minute; that of a film, of half an hour, all of which stays in memory until then.
const settings = { segmentDuration: 2, partDuration: undefined, segmentCount: isLive ? 30 : 900, maxSize: 1_073_741_824 }
const presentation = new Presentation({ complete: save }, settings, feed.timeline.origin, systemClock)
feed.attach(presentation)

/** Writes a segment, and the playlists that name it now. */
function save(segment: Segment): void {
  for (const id of hlsRenditions(presentation)) {
    const entry = mediaPlaylist(presentation, id).segments.find(({ sequence }) => sequence === segment.sequence)
    if (entry === undefined) continue
    writeFileSync(join(folder, entry.uri), Buffer.concat(segment.bytes(id)))
    const init = segment.writers.get(id)?.init
    if (entry.init !== undefined && init !== undefined) writeFileSync(join(folder, entry.init), init)
  }
  writePlaylists(false)
}

function writePlaylists(ended: boolean): void {
  for (const id of hlsRenditions(presentation))
    writeFileSync(join(folder, `${id}.m3u8`), formatMediaPlaylist({ ...mediaPlaylist(presentation, id), ended }))
  writeFileSync(join(folder, 'index.m3u8'), formatMultivariantPlaylist(multivariantPlaylist([{ presentation, folder: '' }])))
}

function push(frames: readonly Frame[]): void {
  if (!demuxer.detected || frames.length === 0) return
  if (!begun) feed.start(demuxer.format)
  begun = true
  feed.push(
    frames,
    Date.now(),
    demuxer.tracks.some(({ kind }) => kind === 'video'),
  )
}

let begun = false
for await (const chunk of isLive ? process.stdin : createReadStream(file)) push(demuxer.push(chunk))
push(demuxer.end())
feed.end(Date.now())
presentation.end()
if (hlsRenditions(presentation).length === 0)
  throw new Error(`Cannot package ${file}: HLS has no place for ${demuxer.tracks.map(({ codec }) => codec).join(' and ')}`)
writePlaylists(true)
console.log(`${presentation.segments.length} segments; play ${join(folder, 'index.m3u8')}`)
