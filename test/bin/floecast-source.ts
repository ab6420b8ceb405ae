import { EventEmitter } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import pc from 'picocolors'
import t, { type Test } from 'tap'
import { UsageError } from '../../bin/command-line.js'
import { HELP, parseSourceArguments } from '../../bin/source/arguments.js'
import { formatRate, formatSize, formatSpan, formatTime } from '../../bin/source/figures.js'
import { type Hand, press } from '../../bin/source/keys.js'
import type { Machinery, Stream } from '../../bin/source/machinery.js'
import { decideOutput } from '../../bin/source/output.js'
import { eventsBetween, farewellOf, summaryOf } from '../../bin/source/plain.js'
import { Profiles } from '../../bin/source/profiles.js'
import { splitWords } from '../../bin/source/questions.js'
import { run } from '../../bin/source/run.js'
import { Screen } from '../../bin/source/screen.js'
import { parseTarget, withoutPassword, withPassword } from '../../bin/source/target.js'
import { drawView, type Look } from '../../bin/source/view.js'
import { cut, fit, oneLine, widthOf, wrap } from '../../bin/source/width.js'
import { Playlist } from '../../lib/client/index.js'
import { FloecastError } from '../../lib/index.js'
import { streamerState, type StreamerCommand, type StreamerEntry, type StreamerState, type StreamerTarget } from '../../lib/api/streamer.js'
import { until as wait } from '../helpers/wait.js'

const until = (holds: () => boolean): Promise<unknown> => wait('what is to come', holds, { every: 5 })

const NOW = Date.parse('2026-11-23T11:12:44Z')

const entry = (id: string, title: string, more: Partial<StreamerEntry> = {}): StreamerEntry => ({
  id,
  title,
  source: title,
  duration: null,
  state: 'waiting',
  way: null,
  note: null,
  ...more,
})

const target = (more: Partial<StreamerTarget> = {}): StreamerTarget => ({
  server: 'localhost:8000',
  mount: '/live',
  protocol: 'put',
  status: 'live',
  since: '2026-11-23T10:00:00Z',
  bitrate: 2_400_000,
  bytesSent: 1_234_567_890,
  buffered: 0,
  dropped: 0,
  reconnects: 0,
  viewers: 18,
  problem: null,
  ...more,
})

const state = (more: Partial<StreamerState> = {}): StreamerState =>
  streamerState.parse({
    status: 'live',
    started: '2026-11-23T10:00:00Z',
    targets: [target()],
    position: 251,
    current: '3',
    takenOver: null,
    entries: [
      entry('1', 'Opening.mp4', { duration: 12, state: 'played', way: 'copy' }),
      entry('2', '東京の夜 🎬 with a name that is longer than any column that there is.mkv', {
        duration: 1234,
        state: 'played',
        way: 'copy',
      }),
      entry('3', 'Harbour at dawn.mkv', { duration: 450, state: 'playing', way: 'copy' }),
      entry('4', 'Interview.mp4', { duration: 600, state: 'next', way: 'convert', note: '1920×1080 → 1280×720' }),
      entry('5', 'trailer.webm', { state: 'skipped', note: 'no video or audio could be read' }),
    ],
    loop: false,
    frameRate: 25,
    frames: 108_900,
    encoder: null,
    warnings: [],
    ...more,
  })

const draw = (what: StreamerState, look: Partial<Look> = {}): string[] =>
  drawView(what, { columns: 100, rows: 24, now: NOW, paint: pc.createColors(false), ...look })

const bare = (line: string): string => stripVTControlCharacters(line).trimEnd()
const read = (line: string): ReturnType<typeof parseSourceArguments> => parseSourceArguments(line.split(' '))
const href = (to: string): string => parseTarget(to).href

t.test('the view shows where it sends, what plays, what comes, and the keys', (t) => {
  t.strictSame(draw(state(), { columns: 120 }), [
    '',
    '  /live on localhost:8000   ● live 01:12:44   ▲ 2.4 Mbit/s   25 fps   dropped 0 B   viewers 18',
    '    01  Opening.mp4                        played                                  copy',
    '    02  東京の夜 🎬 with a name that is…   played                                  copy',
    '  ▶ 03  Harbour at dawn.mkv                ━━━━━━━━━━━━╸──────────  04:11 / 07:30  copy',
    '    04  Interview.mp4                      next, in 3 min 19 s                     convert 1920×1080 → 1280×720',
    '    05  trailer.webm                       skipped: no video or audio could be read',
    '  n next · p previous · space pause to a still · a add · w webcam · ↑ ↓ choose · q quit',
  ])
  t.match(draw(state(), { columns: 80 })[1], /^ {2}\/live on localhost:8000 {2}● live 01:12:44 .* viewers 18$/, 'one line in 80 columns')
  t.end()
})

t.test('no line is wider than the terminal, no picture taller, and nothing is coloured without colours', (t) => {
  const many = Array.from({ length: 120 }, (_, at) => entry(`m${at}`, `更に ${at} \u{1f469}\u200d\u{1f680} clip`, { duration: 60 + at }))
  const pictures = [
    state(),
    state({
      entries: [...state().entries, ...many],
      current: 'm60',
    }),
    state({ status: 'paused', takenOver: 'webcam' }),
    state({
      targets: ['/a', '/b', '/c'].map((mount) =>
        target({ mount, status: 'reconnecting', since: null, problem: 'x'.repeat(300), reconnects: 3, dropped: 5 }),
      ),
    }),
    state({ targets: [], entries: [], current: null, frameRate: null }),
  ]
  for (const picture of pictures)
    for (const columns of [12, 20, 33, 48, 66, 80, 110, 240])
      for (const rows of [4, 9, 24, 60])
        for (const look of [
          {},
          { selected: '4', warning: 'something is not as it should be, and it takes many words to say so' },
          { typed: '/home/me/films/東京/'.repeat(8), notice: 'Cannot add that: there is no such file.' },
        ]) {
          const lines = draw(picture, { columns, rows, ...look })
          if (lines.length >= rows) t.fail(`${lines.length} lines in ${rows}`)
          for (const line of lines) if (widthOf(line) >= columns) t.fail(`${columns} columns: ${line}`)
          if (lines.some((line) => line.includes('\u001b'))) t.fail('a control sequence')
          const coloured = draw(picture, { columns, rows, ...look, paint: pc.createColors(true) })
          if (coloured.map(bare).join('\n') !== lines.map(bare).join('\n')) t.fail('colours change the text')
        }
  t.end()
})

t.test('what plays and what comes next is seen in a list of any length', (t) => {
  const many = Array.from({ length: 500 }, (_, at) => entry(`m${at}`, `Clip ${at + 1}`, { duration: 60 }))
  many[499] = entry('m499', 'Clip 500', { duration: 60, state: 'playing', way: 'copy' })
  many[0] = entry('m0', 'Clip 1', { state: 'next' })
  const lines = draw(state({ entries: many, current: 'm499', position: 30 })).join('\n')
  t.match(lines, /▶ 500 {2}Clip 500 .* 00:30 \/ 01:00/)
  t.match(lines, /001 {2}Clip 1 .*next, in 30 s/)
  t.match(lines, /… and \d+ more/)
  t.match(draw(state({ entries: many, current: 'm499' }), { selected: 'm250' }).join('\n'), /› {2}251/, 'and what the arrows stand on')
  t.end()
})

t.test('trouble, a pause and a take-over are told', (t) => {
  const away = target({
    status: 'reconnecting',
    since: null,
    reconnects: 2,
    dropped: 2_000_000,
    problem: 'Cannot publish any longer: away.',
  })
  const lines = draw(state({ targets: [away] })).join('\n')
  t.match(lines, /○ connecting again .* left out 2\.0 MB\s+2 reconnects/s)
  t.match(lines, / {2}! Cannot publish any longer: away\./)
  t.match(draw(state({ status: 'paused' })).join('\n'), /paused .*‖ 03 .*space to go on/s)
  const over = draw(state({ takenOver: 'Webcam' })).join('\n')
  t.match(over, /▶ Webcam is on the air; the list waits at 04:11.*w back to the list/s)
  t.notMatch(over, /next, in/, 'nobody knows when')
  t.match(
    draw(state(), { typed: 'films/', notice: 'No.' }).join('\n'),
    /No\.\n.*Add a file, folder, list or address: films\/ \n.*enter to add it/s,
  )
  const evil = draw(state({ entries: [entry('3', 'a\u001b[2Jb\nc\u202e', { state: 'playing' })] })).join('\n')
  t.match(evil, /a \[2Jb c {2}/, 'a title cannot move the cursor')
  t.end()
})

t.test('texts have the width that terminals give them', (t) => {
  t.strictSame(
    ['abc', 'ä', 'e\u0301', '東京', '한글', 'ｱ', 'Ａ', '🎬', '\u{1f469}\u200d\u{1f680}', '🇳🇱', '●▶━╸─×→'].map(widthOf),
    [3, 1, 1, 4, 4, 1, 2, 2, 2, 2, 7],
  )
  t.equal(cut('東京の夜', 6), '東京…')
  t.equal(fit('東京の夜', 6), '東京… ')
  t.strictSame(wrap('one two three', 7), ['one two', 'three'])
  t.equal(oneLine('a\r\nb\u0007\ud800'), 'a b \ufffd')
  t.end()
})

t.test('figures are short, and read as people read them', (t) => {
  t.strictSame([0, 59.9, 251, 4364, 360_000].map(formatTime), ['00:00', '00:59', '04:11', '01:12:44', '100:00:00'])
  t.strictSame([0, 45, 199, 3600, 4364, 90_061].map(formatSpan), ['0 s', '45 s', '3 min 19 s', '1 h', '1 h 12 min', '1 d 1 h'])
  t.strictSame([0, 999, 128_000, 2_400_000, 999_700].map(formatRate), ['0 bit/s', '999 bit/s', '128 kbit/s', '2.4 Mbit/s', '1.0 Mbit/s'])
  t.strictSame([12, 640_000, 1_234_567_890].map(formatSize), ['12 B', '640 kB', '1.2 GB'])
  t.end()
})

t.test('a key means what its line says', (t) => {
  const key = (name: string, hand: Hand = {}, what = state()): ReturnType<typeof press> => press(name, { name }, hand, what, 'webcam:')
  const command = (name: string, what?: StreamerState): unknown => key(name, {}, what).command
  t.strictSame(
    ['n', 'p', 'space', 'w', 'q'].map((name) => command(name)),
    [{ do: 'next' }, { do: 'previous' }, { do: 'pause' }, { do: 'takeOver', source: 'webcam:' }, { do: 'stop' }],
  )
  t.strictSame(command('space', state({ status: 'paused' })), { do: 'resume' })
  t.strictSame(command('w', state({ takenOver: 'webcam' })), { do: 'giveBack' })
  t.equal(command('return'), undefined)
  let { hand } = key('down')
  t.strictSame(hand, { selected: '4' })
  hand = key('down', key('down', hand).hand).hand
  t.strictSame(hand, { selected: '5' }, 'the list has an end')
  hand = key('up', hand).hand
  t.strictSame(key('return', hand), { hand: {}, command: { do: 'jump', id: '4' } })
  t.strictSame(key('escape', hand).hand, {})
  hand = key('a').hand
  for (const letter of ['q', ' ', '東', 'x'])
    hand = press(letter, { name: letter === ' ' ? 'space' : letter }, hand, state(), 'webcam:').hand
  hand = key('backspace', hand).hand
  hand = press('\u001b[A', { name: 'up' }, hand, state(), 'webcam:').hand
  t.strictSame(hand, { typed: 'q 東' }, 'letters are letters while a path is typed')
  t.strictSame(key('return', hand), { hand: {}, command: { do: 'add', sources: ['q 東'] } })
  t.strictSame(key('return', { typed: "'my film.mp4' " }).command, { do: 'add', sources: ['my film.mp4'] })
  t.strictSame(key('return', { typed: 'my\\ film.mp4' }).command, { do: 'add', sources: ['my film.mp4'] })
  t.strictSame(key('escape', { typed: 'x' }), { hand: {} })
  t.equal(press(undefined, { name: 'c', ctrl: true }, { typed: 'x' }, state(), 'webcam:').interrupt, true)
  t.end()
})

/** A terminal that knows what a Screen writes. */
class Glass {
  columns = 60
  rows = 12
  lines: string[] = ['']
  row = 0
  writes = 0
  written = 0
  cursor = true

  write(text: string): void {
    this.writes++
    this.written += text.length
    // eslint-disable-next-line no-control-regex
    for (const [part, count = '', kind] of text.matchAll(/\u001b\[(\??\d*)([A-Za-z])|[^\u001b]/g)) {
      if (kind === 'A') this.row = Math.max(0, this.row - Number(count))
      else if (kind === 'J') this.lines.splice(this.row, Infinity, '')
      else if (kind === 'h' && count === '?25') this.cursor = true
      else if (kind === 'l' && count === '?25') this.cursor = false
      else if (kind !== undefined) continue
      else if (part === '\r') this.#fresh = true
      else if (part === '\n') {
        this.row++
        this.lines[this.row] ??= ''
        this.#fresh = true
      } else {
        if (this.#fresh) this.lines[this.row] = ''
        this.#fresh = false
        this.lines[this.row] += part
      }
    }
  }
  #fresh = true
}

t.test('a screen draws in one place, writes only what has changed, and gives the cursor back', (t) => {
  const glass = new Glass()
  glass.write('before\n')
  const screen = new Screen(glass)
  t.ok(glass.cursor)
  screen.draw(['one', 'two', 'three'])
  t.notOk(glass.cursor)
  const { written } = glass
  screen.draw(['one', 'TWO', 'three'])
  t.strictSame(glass.lines, ['before', 'one', 'TWO', 'three', ''])
  t.ok(glass.written - written < 60, 'a line')
  const { writes } = glass
  screen.draw(['one', 'TWO', 'three'])
  t.equal(glass.writes, writes, 'nothing, when nothing has changed')
  screen.draw(['one'])
  t.strictSame(glass.lines, ['before', 'one', ''])
  screen.draw(['one', 'two', 'three', 'four'])
  t.strictSame(glass.lines, ['before', 'one', 'two', 'three', 'four', ''])
  screen.close()
  screen.close()
  t.ok(glass.cursor)
  t.strictSame(glass.lines.slice(0, 5), ['before', 'one', 'two', 'three', 'four'], 'what was drawn stays')
  t.end()
})

t.test('a screen that has become narrower takes back the lines that were broken', (t) => {
  const glass = new Glass()
  const screen = new Screen(glass)
  screen.draw(['x'.repeat(50), 'y'])
  glass.columns = 20
  // The terminal breaks 50 columns into three lines.
  glass.lines = ['x'.repeat(20), 'x'.repeat(20), 'x'.repeat(10), 'y', '']
  glass.row = 4
  screen.draw(['short', 'y'])
  t.strictSame(glass.lines, ['short', 'y', ''])
  t.end()
})

t.test('plain lines tell each event once', (t) => {
  const first = state({
    status: 'starting',
    targets: [target({ status: 'connecting' })],
    current: null,
    entries: state().entries.map((one) => ({ ...one, state: 'waiting' as const })),
  })
  t.strictSame(eventsBetween(undefined, first), ['/live on localhost:8000: connecting'])
  t.strictSame(eventsBetween(first, state()), [
    '/live on localhost:8000: live',
    '05 trailer.webm: skipped: no video or audio could be read',
    'plays: 03 Harbour at dawn.mkv (07:30, copy)',
  ])
  t.strictSame(eventsBetween(state(), state({ position: 252 })), [])
  const lost = state({
    targets: [target({ status: 'reconnecting', problem: 'Cannot publish any longer: away.' })],
    warnings: ['late'],
    status: 'paused',
  })
  t.strictSame(eventsBetween(state(), lost), [
    '/live on localhost:8000: connecting again: Cannot publish any longer: away.',
    'paused: a still goes out',
    'warning: late',
  ])
  t.strictSame(eventsBetween(lost, state({ warnings: ['late'], takenOver: 'Webcam' })), [
    '/live on localhost:8000: live again',
    'Webcam is on the air; the list waits',
    'no longer paused',
  ])
  t.strictSame(eventsBetween(state(), state({ entries: [...state().entries, entry('9', 'x'), entry('10', 'y')] })), ['added: 2 entries'])
  t.equal(
    summaryOf(state()),
    '/live on localhost:8000: live, 2.4 Mbit/s, viewers 18; 25 fps; dropped 0 B; 03 Harbour at dawn.mkv at 04:11 / 07:30',
  )
  t.equal(
    farewellOf(state({ targets: [target({ reconnects: 1 })] }), NOW),
    'Ended after 1 h 12 min: 1.2 GB sent to /live on localhost:8000, connected anew once.',
  )
  t.end()
})

t.test('a command line names what to stream, in its order, and what the options are', (t) => {
  t.strictSame(read('a.mp4 --webcam b.mp4 --to http://x/live --loop -q high'), {
    sources: ['a.mp4', 'webcam:', 'b.mp4'],
    values: { to: 'http://x/live', loop: true, quality: 'high' },
  })
  t.strictSame(read('--webcam /dev/video1 --webcam=2 --microphone 1 --screen x.mp4 --test --url rtsp://c/s -').sources, [
    'webcam:/dev/video1',
    'webcam:2',
    'microphone:1',
    'screen:',
    'x.mp4',
    'test:',
    'rtsp://c/s',
    '-',
  ])
  const fails: Record<string, RegExp> = {
    '--lop': /--lop: there is no such option; did you mean --loop\?/,
    '--framerate 25': /did you mean --frame-rate\?/,
    '--to': /a value must follow, as in --to http/,
    '--to --loop': /a value must follow/,
    '--loop=yes': /takes no value/,
    '--quality best': /allowed is low, medium, high or copy\./,
    '--size 720p': /allowed is width x height/,
    '--video-bitrate fast': /allowed is bits a second/,
    '--start-at 0': /1 or more/,
    '--loop --once': /both --loop and --once/,
    '--copy --ladder 1080,720': /both --copy and --ladder/,
  }
  for (const [line, sentence] of Object.entries(fails)) {
    t.throws(() => read(line), sentence)
    t.throws(() => read(line), UsageError)
  }
  for (const [, name = ''] of HELP.matchAll(/--([a-z-]+)/g))
    if (!['', 'help'].includes(name))
      t.doesNotThrow(() => {
        try {
          read(`--${name}`)
        } catch (error) {
          if (!/a value must follow/.test(String(error))) throw error
        }
      }, `--${name} is an option`)
  t.end()
})

t.test('an address may be written as people write it', (t) => {
  t.equal(href('http://source:pw@host:8000/tv'), 'http://source:pw@host:8000/tv')
  t.equal(href('localhost'), 'http://localhost:8000/live')
  t.equal(href('localhost:80'), 'http://localhost/live')
  t.equal(href('icecast://source:pw@host/x.mp3'), 'http://source:pw@host:8000/x.mp3')
  t.equal(href('https://radio.example/'), 'https://radio.example/live')
  t.equal(href('[::1]:9000/live'), 'http://[::1]:9000/live')
  for (const to of ['', 'rtmp://host/app', 'http://', 'http://source:se:cr/et@host:bad/']) t.throws(() => parseTarget(to), UsageError)
  t.throws(() => parseTarget('http://source:secret@host:bad/live'), { message: /^(?!.*secret)/ })
  t.equal(withoutPassword('rtmp://me:a/b@c@host/app'), 'rtmp://host/app')
  const secret = withPassword(new URL('http://host/live'), 'p@ss/%41 ü')
  t.equal(decodeURIComponent(secret.password), 'p@ss/%41 ü')
  t.equal(secret.username, 'source')
  t.strictSame(splitWords(`a.mp4 "b c.mp4" 'd e' f\\ g.mp4 h"i j"k`), ['a.mp4', 'b c.mp4', 'd e', 'f g.mp4', 'hi jk'])
  t.end()
})

t.test('a profile is a command line that its owner alone can read', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'floecast-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const profiles = new Profiles({ XDG_CONFIG_HOME: folder })
  t.strictSame(await profiles.names(), [])
  await t.rejects(profiles.read('home'), { message: /there are none yet/ })
  const file = await profiles.write('home', { sources: ['a.mp4', 'webcam:', '-'], values: { to: 'http://h/live', loop: true } })
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.equal(statSync(join(folder, 'floecast', 'profiles')).mode & 0o777, 0o700)
  t.strictSame(await profiles.read('home'), {
    sources: [join(process.cwd(), 'a.mp4'), 'webcam:', '-'],
    values: { to: 'http://h/live', loop: true },
  })
  t.strictSame(await profiles.names(), ['home'])
  await t.rejects(profiles.read('hom'), { message: /did you mean home\?/ })
  await t.rejects(profiles.read('../x'), UsageError)
  for (const text of ['{', '{"version":1,"sources":[],"values":{"qualty":"high"}}', '[]']) {
    writeFileSync(file, text)
    await t.rejects(profiles.read('home'), { message: /it is damaged/ })
    t.equal(readFileSync(file, 'utf8'), text)
  }
})

/** A stream that does nothing but what a test says. */
class StandIn extends EventEmitter<{ change: [] }> implements Stream {
  state = state({
    status: 'starting',
    targets: [target({ status: 'connecting', since: null })],
    current: null,
    entries: state().entries.map((one) => ({ ...one, state: 'waiting' as const })),
  })
  readonly commands: StreamerCommand[] = []
  readonly end: Promise<void>
  started = false
  #resolve!: () => void
  #reject!: (error: Error) => void

  constructor() {
    super()
    this.end = new Promise((resolve, reject) => ([this.#resolve, this.#reject] = [resolve, reject]))
    this.end.catch(() => {})
  }

  start(): void {
    this.started = true
  }

  async do(command: StreamerCommand): Promise<void> {
    this.commands.push(command)
    if (command.do === 'add') throw new Error('Cannot add that: there is no such file.')
    if (command.do === 'stop') this.#resolve()
  }

  show(next: StreamerState): void {
    this.state = next
    this.emit('change')
  }

  fail(error: Error): void {
    this.#reject(error)
  }
}

/** The program in a world of its own. */
function start(t: Test, argv: readonly string[], more: Partial<Machinery> & { tty?: boolean; env?: NodeJS.ProcessEnv } = {}) {
  const { tty = false, env = {}, ...own } = more
  const config = mkdtempSync(join(tmpdir(), 'floecast-test-'))
  t.teardown(() => rmSync(config, { recursive: true, force: true }))
  const stream = new StandIn()
  const seen: { address?: string; sources?: readonly string[]; playlist?: Playlist; checks: number } = { checks: 0 }
  const machinery: Machinery = {
    expand: async (sources) => {
      seen.sources = sources
      return sources.map((source) => ({ source }))
    },
    check: async (address) => {
      seen.address = address.href
      seen.checks++
    },
    make: async (playlist) => {
      seen.playlist = playlist
      return stream
    },
    page: async () => ({ address: 'http://127.0.0.1:1/?token=x', close: async () => {} }),
    devices: async () => 'camera   /dev/video0\n',
    ...own,
  }
  const glass = new Glass()
  const stdin = Object.assign(new PassThrough(), { isTTY: tty, raw: false, setRawMode: (on: boolean) => (stdin.raw = on) })
  const stdout = Object.assign(new PassThrough(), { isTTY: tty, columns: 90, rows: 20, write: (text: string) => (glass.write(text), true) })
  const told = { stderr: '', exit: undefined as number | undefined }
  const signals = new EventEmitter()
  const code = run(
    {
      argv,
      env: { XDG_CONFIG_HOME: config, ...env },
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      stderr: { write: (text: string) => (told.stderr += text) },
      signals,
      exit: (at) => (told.exit = at),
    },
    machinery,
  )
  return { code, stream, seen, glass, stdin, told, signals, config, lines: () => glass.lines.filter((line) => line !== '') }
}

const TO = ['--to', 'http://source:secret@localhost:8000/live'] as const

t.test('plain lines tell how it goes, and a signal ends in order', async (t) => {
  const program = start(t, ['a.mp4', 'b.mp4', '--start-at', '2', ...TO])
  await until(() => program.stream.started)
  program.stream.show(state())
  program.signals.emit('SIGTERM')
  t.equal(await program.code, 0)
  t.strictSame(program.stream.commands, [{ do: 'stop' }])
  t.equal(program.seen.address, 'http://source:secret@localhost:8000/live')
  t.equal(program.seen.playlist?.upcoming?.source, 'b.mp4')
  t.match(
    program.lines().map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, '')),
    ['/live on localhost:8000: connecting', '/live on localhost:8000: live', /trailer/, /plays: 03 Harbour/, /^Ended after /],
  )
  t.equal(program.told.stderr, '')
})

t.test('on a terminal the view is drawn, keys steer, and the terminal is given back', async (t) => {
  const program = start(t, ['a.mp4', '--webcam', '/dev/video7', ...TO], { tty: true, env: { NO_COLOR: '1' } })
  await until(() => program.stream.started)
  const { stream, stdin, glass } = program
  t.ok(stdin.raw)
  t.notOk(glass.cursor)
  stream.show(state())
  await until(() => glass.lines.join('\n').includes('▶ 03'))
  stdin.write('n')
  stdin.write('w')
  stdin.write('\u001b[B')
  stdin.write('\r')
  stdin.write('ano\r')
  await until(() => stream.commands.length === 4)
  t.strictSame(stream.commands, [
    { do: 'next' },
    { do: 'takeOver', source: 'webcam:/dev/video7' },
    { do: 'jump', id: '4' },
    { do: 'add', sources: ['no'] },
  ])
  await until(() => glass.lines.join('\n').includes('Cannot add that: there is no such file.'))
  stdin.write('q')
  t.equal(await program.code, 0)
  t.notOk(stdin.raw)
  t.ok(glass.cursor)
  t.match(glass.lines.join('\n'), /▶ 03.*Ended after/s, 'what was seen last stays')
})

t.test('a second Ctrl-C ends at once, with the terminal given back', async (t) => {
  const program = start(t, ['a.mp4', ...TO], { tty: true })
  await until(() => program.stream.started)
  program.stream.do = async (command) => void program.stream.commands.push(command)
  program.stdin.write('\u0003')
  await until(() => program.stream.commands.length === 1)
  t.equal(program.told.exit, undefined)
  program.stdin.write('\u0003')
  await until(() => program.told.exit === 1)
  t.ok(program.glass.cursor)
  t.notOk(program.stdin.raw)
  program.stream.fail(new Error('x'))
  await program.code
})

t.test('for programs each state is a line, and each line a command', async (t) => {
  const program = start(t, ['a.mp4', '--json', ...TO])
  await until(() => program.stream.started)
  program.stream.show(state())
  program.stdin.write('{"do":"next"}\n{"do":"dance"}\nhello\n')
  await until(() => program.told.stderr.includes('hello'))
  t.strictSame(program.stream.commands, [{ do: 'next' }])
  t.match(program.told.stderr, /Cannot do \{"do":"dance"\}: a command is one such as/)
  program.stdin.write('{"do":"stop"}\n')
  t.equal(await program.code, 0)
  const states = program.lines().map((line) => streamerState.parse(JSON.parse(line)))
  t.ok(states.length >= 2)
  t.strictSame(states.at(-1), state())
})

const refuses = (code: 'PASSWORD_REFUSED' | 'SERVER_UNREACHABLE') => ({
  check: async () => {
    throw new FloecastError(code, { doing: 'publish to /live', reason: 'no' })
  },
})

t.test('what is wrong is one sentence and a code', async (t) => {
  const ends = async (argv: string[], code: number, sentence: RegExp, more: Parameters<typeof start>[2] = {}): Promise<void> => {
    const program = start(t, argv, more)
    t.equal(await program.code, code, argv.join(' '))
    t.match(program.told.stderr, sentence)
    t.match(program.told.stderr, /^[^\n]+\n$/, 'one line')
    t.notOk(program.stream.started)
  }
  await ends([], 2, /Cannot stream nothing/)
  await ends(['a.mp4'], 2, /Cannot stream to nowhere: say where, as in --to http/)
  await ends(['a.mp4', '--lopp', ...TO], 2, /did you mean --loop\?/)
  await ends(['a.mp4', '--start-at', '2', ...TO], 2, /Cannot start at entry 2: the list has 1 entries/)
  await ends(['a.mp4', '--profile', 'home'], 2, /there are none yet/)
  await ends(
    ['a.mp4', ...TO],
    1,
    /Cannot publish to \/live: no, by --password, or in FLOECAST_SOURCE_PASSWORD/,
    refuses('PASSWORD_REFUSED'),
  )
  await ends(['a.mp4', ...TO], 1, /Cannot publish to \/live: no/, refuses('SERVER_UNREACHABLE'))
  await ends(['a.mp4', '--wait', ...TO], 1, /Cannot publish to \/live: no/, refuses('PASSWORD_REFUSED'))
  const failed = start(t, ['a.mp4', ...TO])
  await until(() => failed.stream.started)
  failed.stream.fail(new Error('Cannot publish to /live any longer: away'))
  t.equal(await failed.code, 1)
  t.equal(failed.told.stderr, 'Cannot publish to /live any longer: away\n')
})

t.test('a server that is away is waited for where that is wanted', async (t) => {
  const away = {
    check: async () => {
      throw new FloecastError('SERVER_UNREACHABLE', { doing: 'publish to /live', reason: 'nothing answers' })
    },
  }
  const program = start(t, ['a.mp4', '--wait', ...TO], away)
  await until(() => program.told.stderr !== '')
  t.match(program.told.stderr, /^Cannot publish to \/live: nothing answers\. Waiting for it; Ctrl-C ends\.\n$/)
  program.signals.emit('SIGINT')
  t.equal(await program.code, 0)
  t.notOk(program.stream.started)
})

t.test('a command line is kept as a profile, its password only where it is given as one', async (t) => {
  const first = start(t, ['a.mp4', '--loop', '--save-profile', 'home', ...TO])
  await until(() => first.stream.started)
  first.signals.emit('SIGINT')
  t.equal(await first.code, 0)
  t.match(first.told.stderr, /Kept as the profile home, without the password/)
  const { config } = first
  const file = readFileSync(join(config, 'floecast', 'profiles', 'home.json'), 'utf8')
  t.notMatch(file, /secret/)
  const again = start(t, ['--profile', 'home', '--quality', 'low'], { env: { XDG_CONFIG_HOME: config, FLOECAST_SOURCE_PASSWORD: 'tide' } })
  await until(() => again.stream.started)
  again.signals.emit('SIGINT')
  await again.code
  t.equal(again.seen.address, 'http://source:tide@localhost:8000/live')
  t.strictSame(again.seen.sources, [join(process.cwd(), 'a.mp4')])
  t.equal(again.seen.playlist?.loop, true)
  const third = start(t, ['--profile', 'home', '--password', 'plank', '--save-profile', 'full'], { env: { XDG_CONFIG_HOME: config } })
  await until(() => third.stream.started)
  third.signals.emit('SIGINT')
  await third.code
  const elsewhere = start(t, ['--profile', 'full', '--to', 'http://other.example/live'], { env: { XDG_CONFIG_HOME: config } })
  await until(() => elsewhere.stream.started)
  elsewhere.signals.emit('SIGINT')
  await elsewhere.code
  t.equal(elsewhere.seen.address, 'http://other.example/live', 'a password belongs to its server')
})

const decide = (sources: readonly string[], line = ''): ReturnType<typeof decideOutput> =>
  decideOutput(new Playlist(sources), line === '' ? {} : read(line).values)

t.test('without ffmpeg files go out as they are, and what needs it says how to get it', async (t) => {
  const { PATH } = process.env
  process.env['PATH'] = '/nowhere'
  t.teardown(() => void (process.env['PATH'] = PATH))
  t.match(await decide(['a.mp3', 'b.mp3']), { ffmpeg: undefined, output: { format: 'mp3', copy: 'always' } })
  t.match(await decide(['a.mp4']), { output: { format: 'ts' } })
  t.match(await decide(['a.mp4'], '--format fmp4 --copy'), { output: { format: 'fmp4' } })
  for (const [sources, line] of [
    [['webcam:'], ''],
    [['rtsp://camera/1'], ''],
    [['a.mp4'], '--quality low'],
    [['a.mp4'], '--video-bitrate 2.5M'],
  ] as const)
    await t.rejects(decide(sources, line), { code: 'FFMPEG_MISSING', message: /install/ })
  await t.rejects(decide(['a.mp4'], '--ffmpeg /nowhere/ffmpeg'), { code: 'FFMPEG_MISSING' })
  await t.rejects(decide(['a.mp3'], '--size 1281x720'), { code: 'OUTPUT_REFUSED', message: /--size: / })
})

t.test('help, version, devices and the page', async (t) => {
  const said = async (argv: string[]): Promise<string> => {
    const program = start(t, argv)
    t.equal(await program.code, 0)
    return program.glass.lines.join('\n')
  }
  t.equal(await said(['--help', 'x.mp4']), HELP)
  t.match(await said(['--version']), /^floecast-source \d/)
  t.match(await said(['--list-devices']), /camera/)
  const program = start(t, ['--ui'])
  await until(() => program.glass.lines.join('\n').includes('token=x'))
  program.signals.emit('SIGINT')
  t.equal(await program.code, 0)
})
