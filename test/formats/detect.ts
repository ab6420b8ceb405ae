import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Frame } from '../../lib/formats/index.js'
import { AutoDemuxer, describeBitrate, describeMedia, RawDemuxer } from '../../lib/formats/index.js'
import { checkDemuxer, cut, demux } from '../helpers/demuxer.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))

const FORMATS: readonly (readonly [file: string, format: string, contentType: string])[] = [
  ['vp8-vorbis.webm', 'webm', 'video/webm'],
  ['opus.webm', 'webm', 'audio/webm'],
  ['h264-aac.mkv', 'matroska', 'video/x-matroska'],
  ['mediarecorder-vp8-opus.webm', 'webm', 'video/webm'],
  ['h264-aac.mp4', 'mp4', 'video/mp4'],
  ['aac.mp4', 'mp4', 'audio/mp4'],
  ['h264-aac-plain.mp4', 'mp4', 'video/mp4'],
  ['h264-aac.mpegts', 'mpeg-ts', 'video/mp2t'],
  ['h264-mp3.mpegts', 'mpeg-ts', 'video/mp2t'],
  ['h264-aac.flv', 'flv', 'video/x-flv'],
  ['mp3-only.flv', 'flv', 'video/x-flv'],
  ['ogg-opus.opus', 'ogg', 'audio/ogg'],
  ['ogg-theora-vorbis.ogv', 'ogg', 'video/ogg'],
  ['ogg-flac.ogg', 'ogg', 'audio/ogg'],
  ['flac-mono.flac', 'flac', 'audio/flac'],
  ['adts-lc.aac', 'adts', 'audio/aac'],
  ['mp3-stereo.mp3', 'mp3', 'audio/mpeg'],
  ['mp3-mono-22k-vbr.mp3', 'mp3', 'audio/mpeg'],
]

/** What is passed on as it came depends on the chunks by design: here it is one frame, so that the rest can be compared. */
class SteadyDemuxer extends AutoDemuxer {
  readonly #raw: Frame[] = []
  override push(chunk: Buffer): Frame[] {
    return this.#steady(super.push(chunk))
  }
  override end(): Frame[] {
    const frames = this.#steady(super.end())
    return this.#raw.length === 0 ? frames : [{ ...this.#raw[0]!, bytes: Buffer.concat(this.#raw.map((frame) => frame.bytes)) }]
  }
  #steady(frames: Frame[]): Frame[] {
    if (this.format !== 'raw') return frames
    this.#raw.push(...frames)
    return []
  }
}

t.test('AutoDemuxer keeps what every demuxer promises', (t) => {
  const names = ['opus.webm', 'aac.mp4', 'h264-aac.mpegts', 'adts-lc.aac', 'ogg-vorbis.ogg']
  return checkDemuxer(t, () => new SteadyDemuxer('audio/aac'), Object.fromEntries(names.map((name) => [name, fixture(name)])))
})

t.test('the bytes decide whatever is announced, and soon', (t) => {
  for (const announced of [undefined, 'audio/mpeg', 'video/webm', 'application/ogg', 'text/plain']) {
    const found = FORMATS.map(([file]) => {
      const demuxer = new AutoDemuxer(announced)
      let taken = 0
      for (const chunk of cut(fixture(file), [500])) {
        demuxer.push(chunk)
        if (!demuxer.detected) taken += chunk.length
      }
      return [file, demuxer.format, demuxer.contentType, taken <= 9000]
    })
    t.same(
      found,
      FORMATS.map((row) => [...row, true]),
      `announced as ${announced}`,
    )
  }
  t.end()
})

t.test('before it is sure it is raw and gives nothing; then it gives all', (t) => {
  const demuxer = new AutoDemuxer('Video/WebM; codecs="vp8, vorbis"')
  t.same([demuxer.detected, demuxer.format, demuxer.contentType, demuxer.tracks, demuxer.skipped], [false, 'raw', 'video/webm', [], 0])
  t.equal(new AutoDemuxer().contentType, 'application/octet-stream')
  const input = fixture('vp8-vorbis.webm')
  t.same(demuxer.push(input.subarray(0, 20)), [])
  t.same(demuxer.settle(), [], 'settling takes the announced format')
  t.same([demuxer.detected, demuxer.format], [true, 'webm'])
  const frames = [...demuxer.push(input.subarray(20)), ...demuxer.end()]
  t.ok(Buffer.concat(frames.map((frame) => frame.bytes)).equals(input))
  t.match(demuxer.comments, { title: 'Harbour' })
  t.end()
})

t.test('what no format claims is passed on as it came', (t) => {
  const text = Buffer.from('NSVf, or anything else. '.repeat(5000))
  for (const announced of ['video/nsv', 'video/webm']) {
    const demuxer = new AutoDemuxer(announced)
    const frames = demux(demuxer, cut(text, [1000]))
    t.same([demuxer.format, demuxer.contentType, demuxer.detected], ['raw', announced, true])
    t.ok(Buffer.concat(frames.map((frame) => frame.bytes)).equals(text))
    t.ok(frames.every((frame) => frame.sync && frame.header.length === 0))
    t.ok(frames[0]!.bytes.length <= 65_536, 'no more than 64 KiB are held back')
  }
  const short = new AutoDemuxer('video/nsv')
  t.same(short.settle(), [], 'nothing to settle on')
  t.equal(short.detected, false)
  t.same(short.push(Buffer.from('NSVf')), [])
  t.equal(Buffer.concat(short.settle().map((frame) => frame.bytes)).toString(), 'NSVf')
  t.equal(short.detected, true)
  t.same(short.settle(), [])
  t.same(new AutoDemuxer().end(), [])
  t.end()
})

t.test('the warning of the format found comes through', (t) => {
  const demuxer = new AutoDemuxer()
  demux(demuxer, [fixture('h264-aac-plain.mp4')])
  t.match(demuxer.warning, /Send fragmented MP4/)
  t.equal(new AutoDemuxer().warning, undefined)
  t.end()
})

t.test('RawDemuxer makes every chunk a frame that a listener may start with', (t) => {
  const demuxer = new RawDemuxer()
  const chunks = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('two')]
  t.same(
    demux(demuxer, chunks).map((frame) => [frame.bytes.toString(), frame.sync, frame.header.length]),
    [
      ['one', true, 0],
      ['two', true, 0],
    ],
  )
  t.same([demuxer.format, demuxer.contentType, demuxer.skipped], ['raw', 'application/octet-stream', 0])
  t.end()
})

t.test('a format and its tracks are described in the words of people', (t) => {
  t.equal(
    describeMedia('mpeg-ts', [
      { kind: 'video', codec: 'H.264', width: 1280, height: 720, frameRate: 30_000 / 1001 },
      { kind: 'audio', codec: 'AAC', sampleRate: 44_100, channels: 2, bitrate: 128_000 },
      { kind: 'data', codec: 'ID3' },
    ]),
    'MPEG-TS  H.264 1280×720 29.97 fps + AAC 44.1 kHz stereo 128 kbit/s',
  )
  t.equal(describeMedia('raw', []), 'an unknown format, passed on as it comes')
  t.equal(describeBitrate(2_512_000), '2.51 Mbit/s')
  t.end()
})
