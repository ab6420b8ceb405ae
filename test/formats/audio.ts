import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { writeAdtsHeader } from '../../lib/codecs/aac.js'
import { writeMpegAudioHeader } from '../../lib/codecs/mpeg-audio.js'
import { AdtsDemuxer, probeAdts } from '../../lib/formats/adts.js'
import { FlacDemuxer, probeFlac } from '../../lib/formats/flac.js'
import { MAX_FRAME_SIZE, type Frame } from '../../lib/formats/frame.js'
import { Mp3Demuxer, probeMp3 } from '../../lib/formats/mp3.js'
import { probeOgg } from '../../lib/formats/ogg.js'
import { checkDemuxer, cut, demux } from '../helpers/demuxer.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
const mp3 = fixture('mp3-stereo.mp3')
const mono = fixture('mp3-mono-22k-vbr.mp3')
const mp2 = fixture('mp2-mono.mp2')
const aac = fixture('adts-lc.aac')
const flac = fixture('flac-mono.flac')
const syncs = (frames: readonly Frame[]): Frame[] => frames.filter((frame) => frame.sync)
const id3 = (size: number): Buffer => {
  const tag = Buffer.alloc(10 + size)
  tag.write('ID3\x04', 'latin1')
  for (let i = 0; i < 4; i++) tag[6 + i] = (size >> (21 - 7 * i)) & 0x7f
  return tag
}

t.test('Mp3Demuxer', async (t) => {
  await checkDemuxer(t, () => new Mp3Demuxer(), {
    mp3,
    mono,
    mp2,
    'another rate, then another layer': Buffer.concat([mp3, mono, mp2]),
    'a tag at the end': Buffer.concat([mono, Buffer.from(`TAG${'x'.repeat(125)}`)]),
  })

  const demuxer = new Mp3Demuxer()
  const frames = demux(demuxer, [mp3])
  t.strictSame(demuxer.tracks, [{ kind: 'audio', codec: 'MP3', codecs: 'mp4a.40.34', sampleRate: 44_100, channels: 2, bitrate: 48_000 }])
  t.strictSame(demuxer.comments, { title: 'Grüße', artist: 'Någon' })
  t.strictSame(
    frames.slice(0, 3).map((f) => f.sync),
    [false, false, true],
    'the ID3 tag and the Info table are no place to start',
  )
  demuxer.push(mono)
  demuxer.push(mono)
  t.strictSame(
    demuxer.tracks,
    [{ kind: 'audio', codec: 'MP3', codecs: 'mp4a.40.34', sampleRate: 22_050, channels: 1 }],
    'a changed stream, of no constant bit rate',
  )

  const live = new Mp3Demuxer()
  live.push(mp3.subarray(0, 4000))
  const next = demux(new Mp3Demuxer(), [mp3]).reduce((ends, f) => [...ends, (ends.at(-1) ?? 0) + f.bytes.length], [] as number[])
  const whole = next.find((end) => end > 4000)!
  t.equal(live.push(mp3.subarray(4000, whole)).length, 1, 'in sync, a frame is given with its last byte')

  const joined = new Mp3Demuxer()
  const rest = demux(joined, [mp3.subarray(1000)])
  t.ok(joined.skipped > 0 && joined.skipped < 200, 'a stream that begins within a frame loses that one')
  t.ok(Buffer.concat(rest.map((f) => f.bytes)).equals(mp3.subarray(1000 + joined.skipped)))
  const short = new Mp3Demuxer()
  t.equal(demux(short, [mp3.subarray(0, -1)]).length, frames.length - 1, 'a last frame that is cut off is left out')

  const large = new Mp3Demuxer()
  const parts = demux(large, cut(Buffer.concat([id3(MAX_FRAME_SIZE + 5), mono]), [65_536]))
  const outline = parts.slice(0, 3).map((f) => `${f.bytes.length} ${f.sync}`)
  t.strictSame(
    outline,
    [`${MAX_FRAME_SIZE} false`, '15 false', `${parts[2]!.bytes.length} true`],
    'a tag larger than a frame may be comes in pieces',
  )
  t.equal(large.skipped, 0)
})

t.test('AdtsDemuxer', async (t) => {
  const changed = Buffer.concat(
    Array.from({ length: 5 }, () =>
      Buffer.concat([writeAdtsHeader({ objectType: 2, sampleRateIndex: 6, channelConfig: 1 }, 90), Buffer.alloc(90, 7)]),
    ),
  )
  await checkDemuxer(t, () => new AdtsDemuxer(), {
    aac,
    'another rate': Buffer.concat([aac, changed]),
    'a tag before': Buffer.concat([id3(63), aac]),
  })
  const demuxer = new AdtsDemuxer()
  t.equal(syncs(demux(demuxer, [aac])).length, 88)
  t.strictSame(demuxer.tracks, [{ kind: 'audio', codec: 'AAC', codecs: 'mp4a.40.2', sampleRate: 44_100, channels: 2 }])
  demuxer.push(changed)
  t.strictSame(demuxer.tracks, [{ kind: 'audio', codec: 'AAC', codecs: 'mp4a.40.5', sampleRate: 24_000, channels: 1 }])
})

t.test('FlacDemuxer', async (t) => {
  await checkDemuxer(t, () => new FlacDemuxer(), { flac, 'another fLaC': Buffer.concat([flac, flac]) })
  const demuxer = new FlacDemuxer()
  const frames = demux(demuxer, [flac])
  t.equal(syncs(frames).length, 20)
  t.strictSame(demuxer.tracks, [{ kind: 'audio', codec: 'FLAC', codecs: 'flac', sampleRate: 22_050, channels: 1 }])
  t.equal(demuxer.comments['title'], 'Grüße')
  const last = frames.at(-1)!
  const late = new FlacDemuxer()
  const again = demux(late, [last.header, last.bytes])
  t.ok(
    late.skipped === 0 && again.at(-1)!.sync && again.at(-1)!.header.equals(last.header),
    'the header goes before any frame and is itself read back',
  )
  t.strictSame(late.comments, demuxer.comments)

  const damaged = Buffer.from(flac)
  damaged[8500] = damaged[8500]! ^ 1
  const other = new FlacDemuxer()
  t.equal(syncs(demux(other, [damaged])).length, 19, 'a frame whose CRC does not hold is left out, and only that')

  const from = flac.indexOf(frames.find((f) => f.sync)!.bytes) + 100
  const headless = new FlacDemuxer()
  const found = syncs(demux(headless, [flac.subarray(from)]))
  t.equal(found.length, 19, 'a stream without fLaC is framed as well')
  const decoder = new FlacDemuxer()
  decoder.push(found[0]!.header)
  t.strictSame(decoder.tracks, demuxer.tracks, 'and has a STREAMINFO from a frame header')
})

t.test('a format is told from its first bytes, and no other is mistaken for it', async (t) => {
  const probes = { mp3: probeMp3, adts: probeAdts, flac: probeFlac, ogg: probeOgg }
  const ogg = fixture('ogg-flac.ogg')
  const inputs: [string, Buffer][] = [
    ['mp3', mp3],
    ['mp3', mono],
    ['mp3', mp2],
    ['mp3', mp3.subarray(777)],
    ['mp3', Buffer.concat([id3(70_000), mp3]).subarray(0, 65_536)],
    ['adts', aac],
    ['adts', aac.subarray(500)],
    ['adts', Buffer.concat([id3(100), aac])],
    ['flac', flac],
    ['flac', flac.subarray(9000)],
    ['ogg', ogg],
    ['ogg', fixture('ogg-vorbis.ogg').subarray(5000)],
  ]
  for (const [name, input] of inputs) {
    for (const [other, probe] of Object.entries(probes)) {
      const verdicts = new Set<boolean | undefined>()
      for (let size = 0; size <= Math.min(input.length, 65_536); size += size < 200 ? 1 : 997) verdicts.add(probe(input.subarray(0, size)))
      verdicts.add(probe(input))
      if (verdicts.has(name !== other)) t.fail(`${other} says ${[...verdicts].join()} to ${name}`)
      if (name === other && !verdicts.has(true)) t.fail(`${name} of ${input.length} bytes is not known`)
    }
  }
  const ts = Buffer.from(aac.subarray(0, 188 * 60))
  for (let at = 0; at < ts.length; at += 188) ts[at] = 0x47
  t.strictSame(
    Object.values(probes).map((probe) => probe(ts)),
    [false, false, false, false],
    'MPEG-TS with AAC in it',
  )
  const mp4 = Buffer.concat([Buffer.from('\0\0\0\x18ftypiso5', 'latin1'), mp3])
  t.strictSame(
    Object.values(probes).map((probe) => probe(mp4)),
    [false, false, false, false],
    'MP4 with MP3 in it',
  )
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        let state = seed | 1
        const noise = Buffer.alloc(65_536)
        for (let i = 0; i < noise.length; i++) {
          state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
          // Many bytes 0xff, so that sync words come often.
          noise[i] = state & 0x7000000 ? state >>> 16 : 0xff
        }
        return Object.values(probes).every((probe) => probe(noise) === false)
      }),
      // Three headers in a row come up by chance once in some ten thousand such inputs, so these are always the same hundred.
      { numRuns: 100, seed: 1 },
    )
  })
})

t.test('a frame of every size that MPEG audio has is cut at its end', async (t) => {
  const fails: string[] = []
  for (const version of [1, 2, 2.5] as const) {
    for (const layer of [1, 2, 3] as const) {
      if (version === 2.5 && layer !== 3) continue
      for (const sampleRate of version === 1
        ? [44_100, 48_000, 32_000]
        : version === 2
          ? [22_050, 24_000, 16_000]
          : [11_025, 12_000, 8000]) {
        for (const bitrate of [64_000, 160_000]) {
          const head = writeMpegAudioHeader({
            version,
            layer,
            sampleRate,
            bitrate,
            mode: 'joint',
            modeExtension: 2,
            padding: true,
            protected: false,
            flags: 4,
            private: false,
          })
          const samples = layer === 1 ? 384 : layer === 2 || version === 1 ? 1152 : 576
          const slot = layer === 1 ? 4 : 1
          const size = (Math.floor((samples * bitrate) / sampleRate / 8 / slot) + 1) * slot
          const stream = Buffer.concat(Array.from({ length: 3 }, () => Buffer.concat([head, Buffer.alloc(size - 4)])))
          const frames = demux(new Mp3Demuxer(), [stream])
          if (frames.map((f) => f.bytes.length).join() !== [size, size, size].join())
            fails.push(`${version} ${layer} ${sampleRate} ${bitrate}`)
        }
      }
    }
  }
  t.strictSame(fails, [])
})
