/*
 * This example shows how to:
 *  1. find out the format of a file or stream, and what it carries, from its bytes
 *  2. see where in it a listener can start
 */
import { createReadStream } from 'node:fs'
import { AutoDemuxer, type Frame } from '../lib/formats/index.js'

const demuxer = new AutoDemuxer()
let bytes = 0
let frames = 0
let starts = 0
const count = (more: readonly Frame[]): void => {
  for (const frame of more) {
    if (frame.sync && ++starts <= 10) console.log(`a listener can start at byte ${bytes}, after ${frame.header.length} bytes of header`)
    bytes += frame.bytes.length
    frames++
  }
}
for await (const chunk of createReadStream(process.argv[2] ?? 'examples/demo.mp4')) count(demuxer.push(chunk))
count(demuxer.end())

console.log(
  `${demuxer.format} (${demuxer.contentType}): ${bytes} bytes in ${frames} frames, ${starts} of them starts, ${demuxer.skipped} bytes skipped`,
)
console.table(demuxer.tracks)
