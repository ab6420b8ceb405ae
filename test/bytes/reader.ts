import t from 'tap'
import fc from 'fast-check'
import { Reader } from '../../lib/bytes/reader.js'

t.test('a Reader gives back what went in, however it was cut', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.array(fc.nat(30)), (chunks, sizes) => {
        const reader = new Reader()
        const input = Buffer.concat(chunks)
        for (const chunk of chunks) reader.push(Buffer.from(chunk))
        const out: Buffer[] = []
        for (const size of sizes) {
          const seen = reader.peek(size)
          const taken = reader.take(size)
          if ((seen === undefined) !== size > input.length - Buffer.concat(out).length) return false
          if (taken !== undefined) {
            if (!taken.equals(seen!)) return false
            out.push(taken)
          }
        }
        out.push(Buffer.from(reader.peekAll()))
        return Buffer.concat(out).equals(input)
      }),
    ),
  )
})

t.test('a Reader does not copy a run that lies in one chunk', async (t) => {
  const reader = new Reader()
  const chunk = Buffer.from('abcdef')
  reader.push(chunk)
  reader.skip(1)
  t.equal(reader.take(3)!.buffer, chunk.buffer)
  t.equal(reader.length, 2)
  t.throws(() => reader.skip(3), RangeError)
})
