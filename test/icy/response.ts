import t from 'tap'
import fc from 'fast-check'
import { FloecastError } from '../../lib/errors.js'
import { ResponseReader, type Answer } from '../../lib/icy/index.js'
import { cut, property } from '../helpers/demuxer.js'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

// All heads of some bytes (a 100 is followed by another), in plain values, and what follows them; or the code of the error.
const read = (chunks: Iterable<Buffer>): { heads: unknown[]; rest: string } => {
  const reader = new ResponseReader()
  const heads: unknown[] = []
  const rest: Buffer[] = []
  let done = false
  try {
    for (const chunk of chunks) {
      if (done) {
        rest.push(chunk)
        continue
      }
      let answer = reader.push(chunk)
      while (answer !== undefined && !done) {
        heads.push(plain(answer))
        done = !(answer.kind === 'response' && answer.status === 100)
        if (!done) answer = reader.push(reader.rest)
      }
      if (done) rest.push(reader.rest)
    }
  } catch (error) {
    if (!(error instanceof FloecastError)) throw error
    heads.push(error.code)
  }
  return { heads, rest: Buffer.concat(rest).toString('latin1') }
}
const plain = (answer: Answer): unknown => (answer.kind === 'response' ? { ...answer, headers: [...answer.headers] } : answer)
const response = (version: string, status: number, reason: string, headers: [string, string][] = []): unknown => ({
  kind: 'response',
  version,
  status,
  reason,
  headers,
})

const CASES: [text: string, heads: unknown[], rest: string][] = [
  ['HTTP/1.0 200 OK\r\n\r\nmedia', [response('HTTP/1.0', 200, 'OK')], 'media'],
  [
    'HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\nHTTP/1.0 200 OK\r\n\r\n',
    [response('HTTP/1.1', 100, 'Continue', [['Content-Length', '0']]), response('HTTP/1.0', 200, 'OK')],
    '',
  ],
  [
    'ICY 200 OK\nicy-name:Caf\xe9\nicy-metaint:16\n\n\xff\xfb',
    [
      response('ICY', 200, 'OK', [
        ['icy-name', 'Café'],
        ['icy-metaint', '16'],
      ]),
    ],
    '\xff\xfb',
  ],
  ['HTTP/1.1 404\r\n\r\n', [response('HTTP/1.1', 404, '')], ''],
  ['\r\n\r\nHTTP/1.1 403 Mountpoint in use\r\n\r\n', [response('HTTP/1.1', 403, 'Mountpoint in use')], ''],
  ['OK2\r\nicy-caps:11\r\n\r\n', [{ kind: 'login', accepted: true, line: 'OK2' }], 'icy-caps:11\r\n\r\n'],
  ['OK\r\n', [{ kind: 'login', accepted: true, line: 'OK' }], ''],
  ['Invalid Password\r\n', [{ kind: 'login', accepted: false, line: 'Invalid Password' }], ''],
  ['HTTP/1.1 20 OK\r\n\r\n', ['ANSWER_UNREADABLE'], ''],
  ['HTTP/1.1 200 OK\r\nLocation : /\r\n\r\n', ['ANSWER_UNREADABLE'], ''],
  ['ID3\x03\x00\x00', ['ANSWER_UNREADABLE'], ''],
  [`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(3000)}`, ['ANSWER_UNREADABLE'], ''],
  ['HTTP/1.1 200 OK\r\nDate: no', [], ''],
]

t.test('ResponseReader reads the answers of HTTP, ICY and SHOUTcast', async (t) => {
  for (const [text, heads, rest] of CASES) t.same(read([bytes(text)]), { heads, rest }, JSON.stringify(text.slice(0, 40)))
})

t.test('ResponseReader reads the same however the answer is cut', async (t) => {
  const different: string[] = []
  for (const [text] of CASES.filter(([input]) => input.length < 200)) {
    const whole = JSON.stringify(read([bytes(text)]))
    for (let at = 0; at <= text.length; at++)
      if (JSON.stringify(read([bytes(text.slice(0, at)), bytes(text.slice(at))])) !== whole) different.push(`${text} at ${at}`)
    if (JSON.stringify(read([...bytes(text)].map((byte) => Buffer.of(byte)))) !== whole) different.push(`${text} bytewise`)
  }
  t.same(different, [])
})

t.test('ResponseReader throws nothing but a FloecastError, whatever comes', async (t) => {
  const parts = fc.oneof(fc.constantFrom('HTTP/1.0 200 OK', 'ICY', 'OK2', '\r\n', '\n', 'a: b', '\0'), fc.string({ maxLength: 8 }))
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(parts), sizes, (words, lengths) => {
        const input = bytes(words.join(''))
        return JSON.stringify(read(cut(input, lengths))) === JSON.stringify(read([input]))
      }),
      property(),
    ),
  )
})
