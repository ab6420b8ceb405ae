import fc from 'fast-check'
import type { Test } from 'tap'
import type { Demuxer, Frame } from '../../lib/formats/frame.js'

/** How many cases a property is tried with: a share in `npm test`, all in `npm run fuzz`. */
export const RUNS = Number(process.env['FUZZ_RUNS'] ?? 100)

/** The options of every fast-check property: as many runs as asked for, from a seed that a failure prints. */
export const property = (share = 1): { numRuns: number; seed?: number } => {
  const seed = process.env['FUZZ_SEED']
  return {
    numRuns: Math.max(1, Math.round(RUNS * share)),
    ...(process.env['FUZZ_RUNS'] === undefined ? { seed: 1 } : seed === undefined ? {} : { seed: Number(seed) }),
  }
}

/** All frames of an input that is pushed in the given chunks. */
export function demux(demuxer: Demuxer, chunks: Iterable<Buffer>): Frame[] {
  const frames: Frame[] = []
  for (const chunk of chunks) frames.push(...demuxer.push(chunk))
  frames.push(...demuxer.end())
  return frames
}

/** Cuts bytes after the given lengths, again and again, to the end. */
export function* cut(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + Math.max(1, lengths[i % lengths.length] ?? bytes.length)
    yield bytes.subarray(at, end)
    at = end
  }
}

const outline = (frames: readonly Frame[]): string =>
  frames.map((f) => `${f.bytes.length}${f.sync ? `*${f.header.length}:${f.header.toString('base64').slice(0, 400)}` : ''}`).join(' ')
const join = (frames: readonly Frame[]): Buffer => Buffer.concat(frames.map((f) => f.bytes))

/**
 * Holds a demuxer to what every demuxer promises: frames are the input, byte for byte, equal for every chunking; damage never throws,
 * never grows what comes out, and a clean stream after it is found again.
 * @param samples whole, undamaged streams, named
 */
export async function checkDemuxer(t: Test, make: () => Demuxer, samples: Readonly<Record<string, Buffer>>): Promise<void> {
  const inputs = Object.values(samples)
  const anySample = fc.constantFrom(...inputs)
  const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 3000 })), { minLength: 1, maxLength: 20 })

  for (const [name, input] of Object.entries(samples)) {
    const demuxer = make()
    const whole = demux(demuxer, [input])
    t.ok(join(whole).equals(input), `${name}: the frames, concatenated, are the input`)
    t.equal(demuxer.skipped, 0, `${name}: nothing is skipped`)
    t.ok(
      whole.some((f) => f.sync),
      `${name}: a listener can start somewhere`,
    )
    t.equal(outline(demux(make(), cut(input, [1]))), outline(whole), `${name}: equal frames byte by byte`)
  }

  t.doesNotThrow(() => {
    const known = new Map(inputs.map((input) => [input, outline(demux(make(), [input]))]))
    fc.assert(
      fc.property(anySample, lengths, (input, sizes) => outline(demux(make(), cut(input, sizes))) === known.get(input)),
      property(0.25),
    )
  }, 'equal frames for every chunking')

  t.doesNotThrow(() => {
    const damage = fc.array(
      fc.record({
        at: fc.nat(1_000_000),
        kind: fc.constantFrom('flip', 'cut', 'insert', 'zero'),
        size: fc.integer({ min: 1, max: 600 }),
        value: fc.nat(255),
      }),
      { minLength: 1, maxLength: 12 },
    )
    fc.assert(
      fc.property(anySample, damage, lengths, (input, faults, sizes) => {
        let bytes = Buffer.from(input)
        for (const { at, kind, size, value } of faults) {
          const from = at % Math.max(1, bytes.length)
          if (kind === 'flip') bytes[from] = value
          else if (kind === 'zero') bytes.subarray(from, from + size).fill(0)
          else if (kind === 'cut') bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + size)])
          else bytes = Buffer.concat([bytes.subarray(0, from), Buffer.alloc(size, value), bytes.subarray(from)])
        }
        const demuxer = make()
        const frames = demux(demuxer, cut(bytes, sizes))
        const out = join(frames)
        if (out.length > bytes.length) throw new Error(`${out.length} bytes came out of ${bytes.length}`)
        if (out.length + demuxer.skipped !== bytes.length)
          throw new Error(`${out.length} came out and ${demuxer.skipped} were skipped of ${bytes.length}`)
        if (outline(frames) !== outline(demux(make(), [bytes]))) throw new Error('damaged input gives other frames in other chunks')
      }),
      property(0.5),
    )
  }, 'damaged and cut input: no throw, nothing invented, every byte passed on or counted, equal frames for every chunking')

  t.doesNotThrow(() => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), lengths, (bytes, sizes) => {
        const demuxer = make()
        const out = join(demux(demuxer, cut(Buffer.from(bytes), sizes)))
        return out.length + demuxer.skipped === bytes.length
      }),
      property(0.25),
    )
  }, 'random input: no throw, every byte passed on or counted')

  t.doesNotThrow(() => {
    for (const input of inputs) {
      const demuxer = make()
      const garbage = Buffer.alloc(1500, 0xa5)
      const half = Math.floor(input.length / 2)
      const frames = demux(demuxer, [input.subarray(0, half), garbage, input.subarray(half), input])
      if (
        !join(frames)
          .subarray(-Math.floor(input.length / 4))
          .equals(input.subarray(-Math.floor(input.length / 4)))
      )
        throw new Error('the stream after the damage is not found again')
    }
  }, 'a clean stream after garbage is found again')
}
