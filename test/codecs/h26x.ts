import t from 'tap'
import { h264Codecs, isH264KeyFrame, readAvcConfig, readH264Sps, writeAvcConfig } from '../../lib/codecs/h264.js'
import { h265Codecs, isH265KeyFrame, readH265Sps, readHevcConfig, writeHevcConfig } from '../../lib/codecs/h265.js'
import { hasRecoveryPoint, splitAnnexB, splitLengthPrefixed, unescapeNal } from '../../lib/codecs/nal.js'
import { readAc3Frame, readAc3Header, writeDac3, writeDec3 } from '../../lib/codecs/ac3.js'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

// What x264 and x265 wrote, and what ffprobe reads in it.
const H264_SPS: Readonly<Record<string, [sps: string, codecs: string, width: number, height: number, frameRate: number]>> = {
  'High, cropped': ['67640028acb403c0113f2e022000007d20001d4c01e30654', 'avc1.640028', 1920, 1080, 30_000 / 1001],
  'fields and macroblocks': ['6764001eacd940b424d8088000000300800000190f8a14cb', 'avc1.64001e', 720, 576, 25],
  '4:2:2, 10 bits': ['677a000ab6cd9424be223f011000000300100000030300f1225960', 'avc1.7a000a', 130, 66, 24],
  '4:4:4, scaling lists': ['67f4000b919b28497c7c7e0220000003002000000c81e28532c0', 'avc1.f4000b', 130, 66, 50],
  'Constrained Baseline': ['6742c00ad902c4ec0440000003004000000783c48992', 'avc1.42c00a', 176, 144, 15],
  monochrome: ['6764000af365092f8f8bc05b20000003002000000781e244b2c0', 'avc1.64000a', 130, 70, 30],
}
const H265_SPS: typeof H264_SPS = {
  'Main, cropped': [
    '42010101600000030090000003000003007ba003c0801107cb965654a4c2f01680800001f48000753004',
    'hvc1.1.6.L123.90',
    1920,
    1080,
    60_000 / 1001,
  ],
  'Main 10, scaling lists': [
    '42010102200000030090000003000003001ea0112049f4d96566924e5780b4040000030004000003006020',
    'hvc1.2.4.L30.90',
    136,
    70,
    24,
  ],
  '4:2:2, High tier': [
    '4201012408000003009d08000003000096b0112049f6d96566924caf016808000003000800000300c840',
    'hvc1.4.10.H150.9D.8',
    136,
    70,
    25,
  ],
  '4:4:4, temporal layers': [
    '4201010408000003009e0800000300001e900224093ef2cacd24995e02d010000003001000000301e080',
    'hvc1.4.10.L30.9E.8',
    136,
    70,
    30,
  ],
}

t.test('a sequence parameter set tells size, frame rate and codec', async (t) => {
  for (const [name, [bytes, codecs, width, height, frameRate]] of Object.entries(H264_SPS)) {
    const sps = readH264Sps(hex(bytes))
    t.match(sps, { width, height, frameRate }, `H.264 ${name}`)
    t.equal(h264Codecs(sps!), codecs, `H.264 ${name}`)
  }
  for (const [name, [bytes, codecs, width, height, frameRate]] of Object.entries(H265_SPS)) {
    const sps = readH265Sps(hex(bytes))
    t.match(sps, { width, height, frameRate }, `HEVC ${name}`)
    t.equal(h265Codecs(sps!), codecs, `HEVC ${name}`)
  }
})

t.test('a sequence parameter set that is cut or damaged never throws, and is refused when its size is not there', async (t) => {
  t.doesNotThrow(() => {
    for (const [bytes] of [...Object.values(H264_SPS), ...Object.values(H265_SPS)]) {
      const whole = hex(bytes)
      for (let size = 0; size < whole.length; size++) {
        readH264Sps(whole.subarray(0, size))
        readH265Sps(whole.subarray(0, size))
        for (const value of [0, 0x55, 0xff]) {
          const damaged = Buffer.from(whole)
          damaged[size] = value
          readH264Sps(damaged)
          readH265Sps(damaged)
        }
      }
    }
  })
  t.equal(readH264Sps(hex('67640028acb4')), undefined)
  t.equal(readH265Sps(hex(H265_SPS['Main, cropped']![0]).subarray(0, 20)), undefined)
  t.equal(readH264Sps(hex('68ebecb22c')), undefined, 'a picture parameter set is none')
})

t.test('NAL units are found behind start codes of 3 and 4 bytes, and behind lengths', async (t) => {
  const units = [hex('0910'), hex('67640028'), hex('65880000 0300ff')]
  const annexB = Buffer.concat([hex('00000001'), units[0]!, hex('000001'), units[1]!, hex('00000001'), units[2]!, hex('0000')])
  t.same(splitAnnexB(annexB), units)
  const prefixed = Buffer.concat(units.flatMap((unit) => [Buffer.from([0, unit.length]), unit]))
  t.same(splitLengthPrefixed(prefixed, 2), units)
  t.same(splitLengthPrefixed(prefixed.subarray(0, -1), 2), units.slice(0, 2), 'a cut one is left out')
  t.same(splitAnnexB(hex('ffff')), [])
  t.same(unescapeNal(hex('00000301 000003 000003')), hex('00000100000000'))
})

t.test('a key frame is an IDR or IRAP picture, or one behind a recovery point', async (t) => {
  const [delimiter, sps, idr, slice] = [hex('0910'), hex('67640028'), hex('6588'), hex('419a')]
  const recovery = hex('0605 03 aabbcc 0601 8480'.replace('0605', '0605'))
  t.ok(isH264KeyFrame([delimiter, sps, idr]))
  t.notOk(isH264KeyFrame([delimiter, sps, slice]))
  t.notOk(isH264KeyFrame([delimiter]))
  t.notOk(isH264KeyFrame([]))
  t.ok(isH264KeyFrame([delimiter, recovery, slice]), 'the second message of the SEI')
  t.notOk(isH264KeyFrame([slice, recovery]), 'a recovery point behind a slice belongs to no picture before it')
  t.notOk(hasRecoveryPoint(hex('0503aabbcc80')))
  t.ok(hasRecoveryPoint(hex(`05ff01${'11'.repeat(256)}060184`)), 'behind a message of more than 255 bytes')
  for (const [type, key] of [
    [1, false],
    [16, true],
    [19, true],
    [20, true],
    [21, true],
    [0, false],
    [9, false],
  ] as const)
    t.equal(isH265KeyFrame([hex('4601'), Buffer.from([type << 1, 1, 0x80])]), key, `HEVC nal_unit_type ${type}`)
  t.ok(isH265KeyFrame([hex('4e01 0601 8480'), hex('0201')]))
})

t.test('a decoder configuration record gives its parameter sets, and is refused when cut', async (t) => {
  const sps = hex(H264_SPS['High, cropped']![0])
  const avc = Buffer.concat([hex('0164002affe1'), Buffer.from([0, sps.length]), sps, hex('01000468ebecb2')])
  t.same(readAvcConfig(avc), { lengthSize: 4, sps: [sps], pps: [hex('68ebecb2')] })
  for (let size = 0; size < avc.length; size++) if (readAvcConfig(avc.subarray(0, size)) !== undefined) t.fail(`cut to ${size}`)

  const hevcSps = hex(H265_SPS['Main, cropped']![0])
  const head = hex('01 01 60000000 900000000000 7b f000 fc fd f8 f8 0000 0f')
  const sets = [
    hex('03 a00001 0002 4001'),
    Buffer.concat([hex('a10001'), Buffer.from([0, hevcSps.length]), hevcSps]),
    hex('a20001 0003 4401c1'),
  ]
  const hevc = Buffer.concat([head, ...sets])
  const config = readHevcConfig(hevc)!
  t.same(config.sps, [hevcSps])
  t.same(config.vps, [hex('4001')])
  t.same(config.pps, [hex('4401c1')])
  t.equal(config.lengthSize, 4)
  t.equal(h265Codecs(config), 'hvc1.1.6.L123.90')
  for (let size = 0; size < hevc.length; size++) if (readHevcConfig(hevc.subarray(0, size)) !== undefined) t.fail(`cut to ${size}`)
})

t.test('an AC-3 or E-AC-3 header tells rate and channels', async (t) => {
  t.same(readAc3Header(hex('0b77 0000 1e 40 43 fe')), { enhanced: false, sampleRate: 48_000, channels: 2 }, 'stereo')
  t.same(readAc3Header(hex('0b77 0000 5e 40 e1 fe')), { enhanced: false, sampleRate: 44_100, channels: 6 }, '5.1')
  t.same(readAc3Header(hex('0b77 02ff 3f 87 ff e0')), { enhanced: true, sampleRate: 48_000, channels: 6 }, 'E-AC-3 5.1')
  t.equal(readAc3Header(hex('0b77 0000 1e 40')), undefined)
  t.equal(readAc3Header(hex('0b76 0000 1e 40 43 fe')), undefined)
})

const size = (nal: string): string => (nal.length / 2).toString(16).padStart(4, '0')

t.test('configurations are written as ffmpeg writes them, and read again', async (t) => {
  for (const [sps, pps, tail] of [
    ['6764000cacd941419f9f011000000300100000030320f1429960', '68ebe3cb22c0', 'fdf8f800'],
    ['677a000cb6cd941419f8dc0440000003004000000c83c50a6580', '68ebe3cb22c0', 'fefafa00'],
    ['6742c00ad902c4ec0440000003004000000783c48992', '68ce3c80', ''],
  ] as const) {
    const [sets, pictures] = [[hex(sps)], [hex(pps)]]
    const bytes = writeAvcConfig({ sps: sets, pps: pictures })
    t.equal(bytes.toString('hex'), `01${sps.slice(2, 8)}ffe1${size(sps)}${sps}01${size(pps)}${pps}${tail}`)
    t.same(readAvcConfig(bytes), { lengthSize: 4, sps: sets, pps: pictures })
  }
  for (const [sps, codecs] of Object.values(H265_SPS)) {
    const sets = { vps: [hex('40010c01ffff')], sps: [hex(sps)], pps: [hex('4401c1'), hex('440122')] }
    const config = readHevcConfig(writeHevcConfig(sets))!
    t.match(config, { ...sets, lengthSize: 4 })
    t.equal(h265Codecs(config), codecs)
  }
  // 4:2:0 with 10 bits, one temporal layer that is nested.
  const main10 = writeHevcConfig({ vps: [], sps: [hex(H265_SPS['Main 10, scaling lists']![0])], pps: [] })
  t.equal(main10.toString('hex', 13, 23), 'f000fcfdfafa00000f01')
  t.throws(() => writeAvcConfig({ sps: [], pps: [] }), RangeError)
  t.throws(() => writeHevcConfig({ vps: [], sps: [], pps: [] }), RangeError)
})

t.test('an AC-3 or E-AC-3 frame tells its size, and what dac3 and dec3 say', async (t) => {
  const stereo = readAc3Frame(hex('0b77 0000 1e 40 43 fe'))!
  t.match(stereo, { frameSize: 1792, samples: 1536, isExtra: false })
  t.equal(writeDac3(stereo).toString('hex'), '1011e0')
  t.match(readAc3Frame(hex('0b77 0000 5f 40 e1 fe')), { frameSize: 1952, channels: 6, hasLowFrequency: true })
  const surround = readAc3Frame(hex('0b77 02ff 3f 87 ff e0'))!
  t.match(surround, { frameSize: 1536, samples: 1536, isExtra: false })
  t.equal(writeDec3(surround).toString('hex'), '0c00200f00')
  t.match(readAc3Frame(hex('0b77 42ff 3f 87 ff e0')), { isExtra: true })
  t.equal(readAc3Frame(hex('0b77 0000 1e 48 43 fe')), undefined, 'no sizes are known of reduced rates')
})
