import fc from 'fast-check'
import t from 'tap'
import { BitReader } from '../../lib/bytes/bits.js'
import { crc16, crc32Mpeg, crc32Ogg, crc8 } from '../../lib/bytes/crc.js'
import { property } from '../helpers/demuxer.js'

t.test('each CRC gives the check value of its catalogue entry, and goes on from a part', async (t) => {
  const check = Buffer.from('123456789')
  t.strictSame([crc8(check), crc16(check), crc32Ogg(check), crc32Mpeg(check)], [0xf4, 0xfee8, 0x89a1897f, 0x0376e6e7])
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, at) =>
        [crc8, crc16, crc32Ogg, crc32Mpeg].every((crc) => crc(bytes) === crc(bytes.subarray(at), crc(bytes.subarray(0, at)))),
      ),
      property(),
    )
  })
})

t.test('BitReader reads what a string of bits says, and zeros past the end', async (t) => {
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.array(fc.nat(32), { maxLength: 12 }), (bytes, widths) => {
        const bits = [...bytes].map((b) => b.toString(2).padStart(8, '0')).join('')
        const reader = new BitReader(Buffer.from(bytes))
        let at = 0
        return widths.every((n) => {
          const want = Number.parseInt(bits.slice(at, at + n).padEnd(n, '0') || '0', 2)
          at += n
          return reader.read(n) === want && reader.left === Math.max(0, bits.length - at) && reader.overrun === at > bits.length
        })
      }),
      property(),
    )
  })
  // 1 | 010 | 011 | 00100 | 00101 | 0001000, then as signed numbers
  const golomb = Buffer.from([0b10100110, 0b01000010, 0b10001000])
  const unsigned = new BitReader(golomb)
  t.strictSame(
    Array.from({ length: 6 }, () => unsigned.ue()),
    [0, 1, 2, 3, 4, 7],
  )
  const signed = new BitReader(golomb)
  t.strictSame(
    Array.from({ length: 6 }, () => signed.se()),
    [0, 1, -1, 2, -2, 4],
  )
  const largest = new BitReader(Buffer.from([0, 0, 0, 1, 255, 255, 255, 254]))
  t.equal(largest.ue(), 2 ** 32 - 2)
  const none = new BitReader(Buffer.alloc(20))
  none.ue()
  t.equal(none.overrun, true, 'more leading zeros than any number has')
  const short = new BitReader(Buffer.from([1]))
  short.skip(8)
  t.equal(short.overrun, false)
  t.equal(short.ue(), 0)
  t.equal(short.overrun, true)
})
