import t from 'tap'
import fc from 'fast-check'
import { FloecastError } from '../../lib/errors.js'
import {
  ChunkedDecoder,
  cleanText,
  createMetadata,
  decodeText,
  formatMetadata,
  formatStreamHeaders,
  IcyDecoder,
  IcyEncoder,
  metadataFromQuery,
  parseHeaders,
  parseMetadata,
  streamHeaders,
  streamInfo,
  type Metadata,
  type StreamInfo,
} from '../../lib/icy/index.js'
import { cut, property } from '../helpers/demuxer.js'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const info = (text: string): StreamInfo => streamInfo(parseHeaders(bytes(text)))
const unicode = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x2ff }), fc.integer({ min: 0x1f600, max: 0x1f64f })), { maxLength: 40 })
  .map((points) => String.fromCodePoint(...points))
const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 10 })

t.test('text is UTF-8 when it can be, else what Windows means by ISO-8859-1, else what the charset says', async (t) => {
  t.same([decodeText(bytes('Caf\xc3\xa9')), decodeText(bytes('Caf\xe9')), decodeText(bytes('it\x92s \x80'))], ['Café', 'Café', 'it’s €'])
  t.equal(decodeText(bytes('Caf\xc3\xa9'), 'ISO-8859-1'), 'CafÃ©')
  t.equal(decodeText(bytes('Caf\xe9'), 'UTF-8'), 'Café', 'UTF-8 that is none')
  t.equal(decodeText(bytes('\xcf\xf0\xe8'), 'windows-1251'), 'При')
  t.same([decodeText(bytes('\xc3\xa9'), 'klingon'), decodeText(bytes('\xc3\xa9'), '')], ['é', 'é'])
  t.equal(cleanText(' a\r\nb\0\x7f\x85\u2028c '), 'a  b    c')
  t.same([cleanText('a😀b', 2), cleanText('a😀b', 3), cleanText('abc', 2)], ['a', 'a😀', 'ab'])
})

t.test('what a source says about its stream, in all three dialects', async (t) => {
  t.same(
    info(
      'ice-name: Lab Radio \xc3\xa9\r\nice-public: 1\r\nice-genre:\r\nIce-Description: d\r\nICE-URL: http://e/\r\nice-audio-info: bitrate=128;samplerate=44100;channels=2;quality=3%2e0\r\n',
    ),
    {
      name: 'Lab Radio é',
      description: 'd',
      url: 'http://e/',
      public: true,
      bitrate: 128,
      sampleRate: 44100,
      channels: 2,
      quality: 3,
      audioInfo: 'bitrate=128;samplerate=44100;channels=2;quality=3.0',
    },
  )
  t.match(info('ice-audio-info: ice-bitrate=96;ice-channels=1; ice-samplerate=48000\n'), { bitrate: 96, channels: 1, sampleRate: 48000 })
  t.same(info('icy-name:Liq icy \xe9\nicy-pub:0\nicy-br:64\nicy-genre:G\nicy-url:http://u\n'), {
    name: 'Liq icy é',
    public: false,
    bitrate: 64,
    genre: 'G',
    url: 'http://u',
  })
  t.same(info('x-audiocast-bitrate: 96\nx-audiocast-public: 1\nx-audiocast-name: D\nx-audiocast-description: d\n'), {
    bitrate: 96,
    public: true,
    name: 'D',
    description: 'd',
  })
  t.same(info('ice-audio-info:\nice-bitrate: Quality 5\nice-public: perhaps\nice-name:\x01\n'), {}, 'what says nothing is left out')
  t.same(info('ice-audio-info: quality=-1;;=;x;bitrate=0\n'), { quality: -1, audioInfo: 'quality=-1;;=;x;bitrate=0' })
  t.equal(info('ice-name: a\nIce-Name: b\n').name, 'b', 'the last Ice-Name counts')
  t.equal(info(`ice-description: ${'x'.repeat(5000)}\n`).description?.length, 1024)

  const all = { name: 'Café', description: 'a\r\nSet-Cookie: x', genre: 'g', url: 'http://u/', public: false, bitrate: 128 }
  t.equal(
    formatStreamHeaders(all, 16_000).toString(),
    'icy-br:128\r\nice-audio-info: bitrate=128\r\nicy-description:a  Set-Cookie: x\r\nicy-genre:g\r\nicy-name:Café\r\nicy-pub:0\r\nicy-url:http://u/\r\nicy-metaint:16000\r\n',
    "Icecast 2.4's headers, in its order and spelling",
  )
  t.same([formatStreamHeaders({}).length, streamHeaders({ audioInfo: 'channels=2' })], [0, [['ice-audio-info', 'channels=2']]])
  t.doesNotThrow(
    () =>
      fc.assert(
        fc.property(fc.record({ name: unicode, genre: fc.string(), description: unicode }), (fields) => {
          const out = formatStreamHeaders(fields, 8192)
          const again = streamInfo(parseHeaders(out))
          return (
            !/[\r\n]/.test(out.toString().replaceAll('\r\n', '')) &&
            (again.name ?? '') === cleanText(fields.name) &&
            (again.description ?? '') === cleanText(fields.description) &&
            parseHeaders(out).get('icy-metaint') === '8192'
          )
        }),
        property(),
      ),
    'stream headers come back as they went, and stay one line each',
  )
})

t.test('updinfo: every way to tell a title', async (t) => {
  const queries: Record<string, Metadata | undefined> = {
    'mode=updinfo&mount=%2fa&song=A%20%2d+T': { display: 'A - T', title: 'A - T' },
    'title=T&artist=A': { display: 'A - T', title: 'T', artist: 'A' },
    'title=T&artist=A&song=A+by+T&url=http%3a%2f%2fu': { display: 'A by T', title: 'T', artist: 'A', url: 'http://u' },
    'artist=A': { display: 'A', title: '', artist: 'A' },
    'title=T': { display: 'T', title: 'T' },
    'song=': { display: '', title: '' },
    'url=u': { display: 'old', title: 'old', url: 'u' },
    'url=': { display: 'old', title: 'old' },
    'song=x%0d%0Ay': { display: 'x  y', title: 'x  y' },
    'song=%C3%A9': { display: 'é', title: 'é' },
    'song=%E9': { display: 'é', title: 'é' },
    'song=é': { display: 'é', title: 'é' },
    'song=%C3%A9&charset=latin1': { display: 'Ã©', title: 'Ã©' },
    'charset=UTF%2d8&song=%C3%A9': { display: 'é', title: 'é' },
    'song=%CF%F0&charset=cp1251': { display: 'Пр', title: 'Пр' },
    'song=%e9&charset=nonsense': { display: 'é', title: 'é' },
    'song=100%&song=50%25%zz': { display: '50%%zz', title: '50%%zz' },
    'mode=updinfo': undefined,
    '': undefined,
  }
  t.same(
    Object.fromEntries(Object.keys(queries).map((query) => [query, metadataFromQuery(query, { display: 'old', title: 'old', url: 'o' })])),
    queries,
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('song', 'title', 'url', 'charset', '=', '&', '%', 'e9', '%c3', 'utf-16', 'é', 'iso-2022-jp', '+')),
        (parts) => {
          const metadata = metadataFromQuery(parts.join(''))
          return metadata === undefined || metadata.display.length <= 1024
        },
      ),
      property(),
    ),
  )
})

t.test('a metadata block is what players read', async (t) => {
  const block = formatMetadata(createMetadata({ artist: 'A', title: 'é', url: 'http://u' }))
  t.same([block[0], block.length, block.toString('utf8', 1).replace(/\0+$/, '')], [3, 49, "StreamTitle='A - é';StreamUrl='http://u';"])
  t.equal(formatMetadata(createMetadata({})).toString('latin1'), "\x01StreamTitle='';\0")
  t.equal(formatMetadata({ display: "it's; ';x'", title: '' }).toString().slice(1, 31), "StreamTitle='it's; ’;x'';\0\0\0\0\0")
  t.same(
    parseMetadata(bytes("\x02StreamTitle='it's; ';x';\0\0\0\0\0\0\0\0")),
    { display: "it's; ';x", title: "it's; ';x" },
    "Icecast's own unescaped titles",
  )
  t.match(parseMetadata(bytes("\x03StreamTitle='Caf\xe9';StreamUrl='';\0\0\0")), { display: 'Café', url: undefined })
  t.match(parseMetadata(bytes("\x01StreamTitle='(n")), { display: '(n' }, 'a corrupt block')
  t.same(
    [parseMetadata(bytes('\0')), parseMetadata(bytes('\x01garbage')), parseMetadata(Buffer.alloc(0))],
    [undefined, undefined, undefined],
  )
  const long = formatMetadata({ display: '😀'.repeat(2000), title: '', url: 'http://u' })
  t.same(
    [long.length, long.includes('StreamUrl'), /^StreamTitle='(😀)+';\0*$/u.test(long.toString('utf8', 1))],
    [4081, false, true],
    'cut at a character',
  )

  const text = fc.oneof(
    unicode,
    fc.array(fc.constantFrom("'", ';', 'a', 'StreamUrl', '=', '€', ' ')).map((parts) => parts.join('')),
  )
  t.doesNotThrow(
    () =>
      fc.assert(
        fc.property(text, fc.option(text, { nil: undefined }), (song, url) => {
          const metadata = createMetadata({ song, ...(url !== undefined && { url }) })
          const again = parseMetadata(formatMetadata(metadata))
          return again?.display === metadata.display.replaceAll("';", '’;') && again.url === metadata.url?.replaceAll("';", '’;')
        }),
        property(2),
      ),
    'parse(format(x)) = x, but for an apostrophe before a semicolon',
  )
  t.doesNotThrow(
    () =>
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => (parseMetadata(Buffer.from(junk))?.display ?? '').length <= 1024),
        property(),
      ),
    'junk never throws',
  )
})

const heard = (chunks: Iterable<Buffer>): string => {
  const decoder = new IcyDecoder(7)
  const items = [...chunks].flatMap((chunk) => decoder.push(chunk))
  const media = Buffer.concat(items.filter((item) => Buffer.isBuffer(item)))
  return JSON.stringify([media.toString('hex'), items.filter((item) => !Buffer.isBuffer(item))])
}

t.test('IcyEncoder and IcyDecoder', async (t) => {
  const title = formatMetadata(createMetadata({ song: 'A' }))
  const encoder = new IcyEncoder(10)
  const quiet = Buffer.alloc(9)
  t.equal(encoder.encode(quiet, title), quiet, 'bytes without a block go through untouched')
  t.equal(encoder.left, 1)
  t.same(encoder.encode(bytes('ab'), title), Buffer.concat([bytes('a'), title, bytes('b')]))
  t.same(encoder.encode(bytes('123456789'), Buffer.from(title)), bytes('123456789\0'), 'a title goes once')
  const many = new IcyEncoder(2)
  t.same(many.encode(bytes('abcde'), title), Buffer.concat([bytes('ab'), title, bytes('cd\0e')]))
  for (const metaint of [0, -1, 1.5, NaN]) t.throws(() => new IcyEncoder(metaint), RangeError)
  t.throws(() => new IcyDecoder(NaN), RangeError)

  const part = fc.record({ media: fc.uint8Array({ maxLength: 120 }), song: fc.constantFrom('', 'A', 'B - é', 'x'.repeat(300)) })
  t.doesNotThrow(
    () =>
      fc.assert(
        fc.property(fc.array(part, { maxLength: 20 }), fc.integer({ min: 1, max: 60 }), sizes, (parts, metaint, lengths) => {
          const out = new IcyEncoder(metaint)
          const titles = new Map(['', 'A', 'B - é', 'x'.repeat(300)].map((song) => [song, formatMetadata(createMetadata({ song }))]))
          // What must be heard at which byte.
          const expected: [number, string][] = []
          let sent = 0
          const wire: Buffer[] = []
          for (const { media, song } of parts) {
            const next = metaint - (sent % metaint)
            if (media.length >= next && expected.at(-1)?.[1] !== song) expected.push([sent + next, song])
            wire.push(out.encode(Buffer.from(media), titles.get(song)!))
            sent += media.length
          }
          const decoder = new IcyDecoder(metaint)
          const titled: [number, string][] = []
          const media: Buffer[] = []
          let size = 0
          for (const chunk of cut(Buffer.concat(wire), lengths))
            for (const item of decoder.push(chunk))
              if (Buffer.isBuffer(item)) {
                media.push(item)
                size += item.length
              } else titled.push([size, item.display])
          return (
            Buffer.concat(media).equals(Buffer.concat(parts.map((p) => p.media))) && JSON.stringify(titled) === JSON.stringify(expected)
          )
        }),
        property(),
      ),
    'what is encoded comes back, titles at their byte, for every chunking',
  )
  t.doesNotThrow(
    () =>
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 2000 }), sizes, (junk, lengths) => {
          return heard([Buffer.from(junk)]) === heard(cut(Buffer.from(junk), lengths))
        }),
        property(0.5),
      ),
    'junk never throws and gives the same in every chunking',
  )
})

const dechunk = (chunks: Iterable<Buffer>): { body: Buffer; rest: Buffer; end: string } => {
  const decoder = new ChunkedDecoder()
  const body: Buffer[] = []
  const rest: Buffer[] = []
  try {
    for (const chunk of chunks)
      if (decoder.done) rest.push(chunk)
      else {
        body.push(...decoder.push(chunk))
        rest.push(decoder.rest)
      }
  } catch (error) {
    if (!(error instanceof FloecastError)) throw error
    return { body: Buffer.alloc(0), rest: Buffer.alloc(0), end: error.code }
  }
  return { body: Buffer.concat(body), rest: Buffer.concat(rest), end: decoder.done ? 'done' : 'more' }
}
const end = (text: string): string => {
  const { body, rest, end: state } = dechunk([bytes(text)])
  return `${body.toString()}|${rest.toString()}|${state}`
}

t.test('ChunkedDecoder takes the body out of its chunks', async (t) => {
  const cases: Record<string, string> = {
    '3\r\nabc\r\n0\r\n\r\nGET': 'abc|GET|done',
    '00A;ext="1"\r\n0123456789\r\n0\r\nTrailer: x\r\nb\r\n\r\n': '0123456789||done',
    'a \nabcdefghij\n0\n\nx': 'abcdefghij|x|done',
    '3\r\nab': 'ab||more',
    '0\r\n': '||more',
    'g\r\n': '||BAD_REQUEST', '\r\n': '||BAD_REQUEST', ';\r\n': '||BAD_REQUEST', '-1\r\n': '||BAD_REQUEST', '0x1\r\n': '||BAD_REQUEST', ' 1\r\na': '||BAD_REQUEST',
    '1\ra': '||BAD_REQUEST', '1\r\nab': '||BAD_REQUEST', '1\r\na\r\r\n': '||BAD_REQUEST', 'fffffffffffffff\r\n': '||BAD_REQUEST',
  } // prettier-ignore
  t.same(Object.fromEntries(Object.keys(cases).map((text) => [text, end(text)])), cases)
  t.equal(end(`${'0'.repeat(1025)}1\r\n`), '||BAD_REQUEST', 'a size line has an end')
  t.equal(end(`1;${'x'.repeat(1100)}`), '||BAD_REQUEST')
  t.equal(end(`0\r\n${'a: b\r\n'.repeat(3000)}`), '||BAD_REQUEST', 'trailers have an end')
  t.doesNotThrow(
    () =>
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 })), fc.boolean(), sizes, (runs, upper, lengths) => {
          const hex = (size: number): string => (upper ? size.toString(16).toUpperCase() : size.toString(16))
          const coded = Buffer.concat([
            ...runs.flatMap((run) => [bytes(`${hex(run.length)}\r\n`), run, bytes('\r\n')]),
            bytes('0\r\n\r\nrest'),
          ])
          const { body, rest, end: state } = dechunk(cut(coded, lengths))
          return body.equals(Buffer.concat(runs)) && rest.toString() === 'rest' && state === 'done'
        }),
        property(),
      ),
    'any body, in any chunks, cut anywhere',
  )
  const junk = fc
    .array(fc.constantFrom('0', '1', 'a', 'F', ';', '\r', '\n', '\r\n', 'x: y', ' ', '0\r\n\r\n', '3\r\nabc\r\n'), { maxLength: 30 })
    .map((parts) => bytes(parts.join('')))
  t.doesNotThrow(
    () =>
      fc.assert(
        fc.property(junk, sizes, (input, lengths) => JSON.stringify(dechunk([input])) === JSON.stringify(dechunk(cut(input, lengths)))),
        property(3),
      ),
    'damage is a BAD_REQUEST, in every chunking',
  )
})
