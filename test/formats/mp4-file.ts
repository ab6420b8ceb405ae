import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AutoDemuxer } from '../../lib/formats/detect.js'
import { Mp4File } from '../../lib/formats/mp4-file.js'
import type { Packet } from '../../lib/formats/packet.js'
import { createPacketReader } from '../../lib/formats/packets.js'

const PLAIN = 'test/fixtures/h264-aac-plain.mp4'

async function packetsOf(path: string, from?: number): Promise<Packet[]> {
  const file = await Mp4File.open(path)
  if (file === undefined) return []
  const packets: Packet[] = []
  for await (const packet of file.packets(from)) packets.push(packet)
  await file.close()
  return packets
}

const seconds = ({ pts, track }: Packet): number => pts / track.timescale

t.test('a plain MP4 file has the packets of the stream that it was made of, at the same times', async (t) => {
  const demuxer = new AutoDemuxer()
  const frames = [...demuxer.push(readFileSync('test/fixtures/h264-aac.mkv')), ...demuxer.end()]
  const reader = createPacketReader(demuxer.format)!
  const stream = [...reader.read(frames), ...reader.end()]
  const file = await packetsOf(PLAIN)
  for (const kind of ['video', 'audio'] as const) {
    const [a, b] = [stream, file].map((packets) => packets.filter(({ track }) => track.kind === kind))
    t.equal(a!.length, b!.length, kind)
    t.strictSame(
      b!.map(({ data, key }) => [data.toString('base64'), key]),
      a!.map(({ data, key }) => [data.toString('base64'), key]),
    )
    const shift = seconds(b![0]!) - seconds(a![0]!)
    t.ok(
      b!.every((packet, i) => Math.abs(seconds(packet) - seconds(a![i]!) - shift) < 0.002),
      'each is shown as long after the first one',
    )
    t.ok(
      b!.every((packet, i) => i === 0 || packet.dts > b![i - 1]!.dts),
      'times grow',
    )
  }
})

t.test('it can be begun in the middle, with the key frame before', async (t) => {
  const [first, ...others] = await packetsOf(PLAIN, 1.2)
  t.match(first, { key: true, track: { kind: 'video' } })
  t.equal(Math.round((first!.pts / first!.track.timescale) * 1000), 981)
  t.ok(others.every(({ pts, track }) => pts / track.timescale >= 0.98))
})

t.test('fragmented MP4 and all else is left to others, and damage never throws', async (t) => {
  t.equal(await Mp4File.open('test/fixtures/h264-aac.mp4'), undefined)
  t.equal(await Mp4File.open('test/fixtures/mp3-stereo.mp3'), undefined)
  const whole = readFileSync(PLAIN)
  const path = join(t.testdir(), 'damaged.mp4')
  const moov = whole.indexOf('moov')
  let seed = 7
  const random = (below: number): number => (seed = (seed * 48_271) % 0x7fffffff) % below
  for (let round = 0; round < 150; round++) {
    const damaged = Buffer.from(whole.subarray(0, round % 3 === 0 ? random(whole.length) : whole.length))
    for (let i = 0; i < 6; i++) damaged[Math.min(damaged.length - 1, moov + random(Math.max(1, whole.length - moov)))] = random(256)
    writeFileSync(path, damaged)
    for (const packet of await packetsOf(path)) if (!Number.isSafeInteger(packet.dts)) t.fail('a time that is no number')
  }
})
