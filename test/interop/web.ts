import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { FORMATS, type Format, codecs, formatNamed, media, send } from '../helpers/ffmpeg.js'
import { mpv } from '../helpers/mpv.js'
import { type Judge, type Player, openChromium, openFirefox, tell } from '../helpers/players.js'
import { needs, which } from '../helpers/programs.js'
import { type TestServer, startServer } from '../helpers/server.js'
import { vlc } from '../helpers/vlc.js'
import { until } from '../helpers/wait.js'

/*
 * What each source becomes without transcoding, and who plays it. What is seen is the table of docs/forms.md.
 */

t.setTimeout(3_600_000)

/** Seconds that each player plays. */
const SECONDS = Number(process.env['FLOECAST_INTEROP_SECONDS'] ?? 10)
/** Milliseconds in which the first picture or sound must be there. */
const START = Number(process.env['FLOECAST_INTEROP_START'] ?? 2000)
/** How often a player that failed may try again: the machine is busy with a source, a server and other players. */
const TRIES = 3
/** Players that run at the same time: more would make the machine the measure. */
const TOGETHER = Number(process.env['FLOECAST_INTEROP_TOGETHER'] ?? 3)
const TABLE = 'docs/forms.md'

/** A source whose sound is another's. */
const withSound = (from: string, name: string, codec: string, ...encode: readonly string[]): Format => {
  const format = formatNamed(from)
  const at = format.encode.indexOf('-c:a')
  return {
    ...format,
    name,
    encode: [...format.encode.slice(0, at), '-c:a', ...encode],
    file: `${codec}.${format.file}`,
    codecs: ['h264', codec],
  }
}

const SOURCES: readonly Format[] = [
  ...FORMATS,
  withSound('MPEG-TS H.264 and AAC', 'MPEG-TS H.264 and MP3', 'mp3', 'libmp3lame', '-b:a', '128k'),
  withSound('MPEG-TS H.264 and AAC', 'MPEG-TS H.264 and AC-3', 'ac3', 'ac3', '-b:a', '128k'),
  withSound('Matroska H.264 and AAC', 'Matroska H.264 and FLAC', 'flac', 'flac'),
]

/** The sources that are judged unless all are asked for. */
const EVERY_DAY = ['MPEG-TS H.264 and AAC']

/** A form of a mount: the end of its address, and what of a page plays it. */
interface Form {
  readonly name: string
  readonly ending: string
  readonly players: readonly Player[]
  /** Whether a source of these codecs has it. */
  has(all: readonly string[]): boolean
}

const within = (all: readonly string[], ...known: readonly string[]): boolean => all.every((codec) => known.includes(codec))
const CMAF = ['h264', 'hevc', 'av1', 'vp9', 'aac', 'opus', 'flac', 'ac3'] as const
const WEBM = ['vp8', 'vp9', 'av1', 'opus', 'vorbis'] as const
const TS = ['h264', 'hevc', 'aac', 'mp3', 'ac3', 'opus'] as const

const FORMS: readonly Form[] = [
  {
    name: 'HLS',
    ending: '.m3u8',
    players: ['shaka', 'hls.js'],
    // MP3 has no place in MP4 that every browser knows: packed audio, or MPEG-TS beside H.264.
    has: (all) => within(all, ...CMAF) || within(all, 'h264', 'mp3'),
  },
  { name: 'DASH', ending: '.mpd', players: ['shaka', 'dash.js'], has: (all) => within(all, ...CMAF) || within(all, ...WEBM) },
  { name: 'MP4', ending: '.mp4', players: ['instant'], has: (all) => within(all, ...CMAF) },
  { name: 'WebM', ending: '.webm', players: ['instant'], has: (all) => within(all, ...WEBM) },
  { name: 'MPEG-TS', ending: '.ts', players: [], has: (all) => all.length > 1 && within(all, ...TS) },
  { name: 'AAC', ending: '.aac', players: ['element'], has: (all) => all.includes('aac') },
  { name: 'MP3', ending: '.mp3', players: ['element'], has: (all) => all.includes('mp3') },
  { name: 'Opus', ending: '.opus', players: ['element'], has: (all) => all.includes('opus') },
]

/** What each browser of Debian's has no decoder for. */
const DEAF: Readonly<Record<Judge['name'], readonly string[]>> = { Chromium: ['hevc', 'ac3'], Firefox: ['ac3'] }

/** Whether a player must play it: what is not required is only looked at. */
function mustPlay({ name, codecs: all }: Format, { ending }: Form, browser: Judge['name']): boolean {
  // What ffmpeg packs into pages, clusters and fragments of a second or two comes in gusts: whoever stays less than that behind has to wait for the next.
  if (/^(Ogg|WebM|Matroska|fragmented)/i.test(name) && (ending === '.mp4' || ending === '.webm')) return false
  if (all.some((codec) => DEAF[browser].includes(codec))) return false
  // Firefox's Media Source Extensions know neither `audio/mpeg` nor MPEG-TS.
  return !(browser === 'Firefox' && ending === '.m3u8' && all.includes('mp3'))
}

/** One judgement: who, of which form, and what is wrong; empty when it plays as it should. */
interface Verdict {
  readonly form: string
  readonly who: string
  readonly wrong: string
  readonly required: boolean
}

const faults = (...pairs: readonly (readonly [boolean, string])[]): string =>
  pairs.flatMap(([isFault, sentence]) => (isFault ? [sentence] : [])).join('; ')

/** Runs work of which only so much goes on at the same time, in its order. */
async function together<T>(work: readonly (() => Promise<T>)[], limit: number): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < work.length; at = next++) {
      const one = work[at]
      if (one !== undefined) results[at] = await one()
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
  return results
}

/** Tries again what has not played: that a player plays is what is asked, not that the machine had time for it. */
const again = (work: () => Promise<Verdict>) => async (): Promise<Verdict> => {
  let verdict = await work()
  for (let tries = 1; verdict.wrong !== '' && verdict.required && tries < TRIES; tries++) verdict = await work()
  return verdict
}

/** Everything that judges one form of a mount. */
function judgements(format: Format, form: Form, url: string, browsers: readonly Judge[]): (() => Promise<Verdict>)[] {
  // The twins of a mount carry its sound alone.
  const sound = ['.aac', '.mp3', '.opus'].includes(form.ending)
  const hasVideo = format.codecs.length > 1 && !sound
  const carried = sound ? format.codecs.slice(-1) : format.codecs
  const verdict = (who: string, required: boolean, wrong: string): Verdict => ({ form: form.name, who, required, wrong })
  const inPages = browsers.flatMap((browser) =>
    form.players.map((player) =>
      again(async () => {
        const seen = await browser.play({ player, url, seconds: SECONDS })
        const wrong = faults(
          [seen.startMs === undefined, 'it never began'],
          [(seen.startMs ?? 0) > START, `it began only after ${seen.startMs} ms`],
          [seen.stalls > 0, 'it stalled'],
          [seen.startMs !== undefined && seen.seconds < SECONDS * 0.9, `it played only ${seen.seconds} s of ${SECONDS}`],
          [seen.width > 0 !== hasVideo, hasVideo ? 'no picture' : 'a picture that is not there'],
          [seen.errors.length > 0, seen.errors.join(', ')],
        )
        return verdict(
          `${browser.name}, ${player}`,
          mustPlay({ ...format, codecs: carried }, form, browser.name),
          wrong === '' ? '' : `${wrong} (${tell(seen)})`,
        )
      }),
    ),
  )
  const programs = [
    async () => {
      const found = await codecs(url)
      const wrong =
        JSON.stringify([...new Set(found.codecs)]) === JSON.stringify(carried) ? '' : `it finds ${found.codecs.join(', ')}: ${found.output}`
      return verdict('ffprobe', true, wrong)
    },
    async () => {
      const { video, audio, corrupted, output } = await vlc(url, hasVideo)
      const decoded = hasVideo ? Math.min(video, audio) : audio
      return verdict(
        'VLC',
        // Its DASH knows MP4 and MPEG-TS alone.
        form.ending !== '.mpd' || within(format.codecs, ...CMAF),
        decoded > 10 && corrupted === 0 ? '' : `${video} pictures, ${audio} blocks of sound, ${corrupted} corrupted: ${output.slice(-400)}`,
      )
    },
    async () => {
      const { frames, seconds, output } = await mpv(url)
      return verdict(
        'mpv',
        true,
        seconds > 1 && (!hasVideo || frames > 10) ? '' : `${seconds} s, ${frames} pictures: ${output.slice(-400)}`,
      )
    },
  ]
  return [...inPages, ...programs.map(again)]
}

/** The status that an address answers with: of an endless answer, too. */
async function statusOf(url: string): Promise<number> {
  const abort = new AbortController()
  try {
    return (await fetch(url, { signal: abort.signal })).status
  } finally {
    abort.abort()
  }
}

/** Sends one source and judges all that the server makes of it. */
async function judge(t: Test, server: TestServer, browsers: readonly Judge[], format: Format, path: string): Promise<Verdict[]> {
  // Long enough for all who judge it: some twelve players, and three programs for each of up to six forms.
  const file = await media(format, 60 + Math.ceil((12 * (SECONDS + 6) + 160) / TOGETHER))
  const source = send(t, format, file, `icecast://${server.login}@127.0.0.1:${server.port}${path}`)
  await until(`${format.name} to be on the air`, () => {
    if (!source.isRunning) throw new Error(source.stderr)
    return server.mount(path)
  })
  const expected = FORMS.filter((form) => form.has(format.codecs))
  for (const form of expected)
    await until(`${path}${form.ending}`, async () => (await statusOf(server.url(path + form.ending))) === 200, { timeout: 15_000 }).catch(
      () => undefined,
    )
  const statuses = await Promise.all(FORMS.map((form) => statusOf(server.url(path + form.ending))))
  t.strictSame(
    FORMS.filter((_, at) => statuses[at] === 200).map(({ name }) => name),
    expected.map(({ name }) => name),
    'it has the forms that its codecs allow, and no others',
  )
  const there = FORMS.filter((form, at) => statuses[at] === 200 && expected.includes(form))
  const verdicts = await together(
    there.flatMap((form) => judgements(format, form, server.url(path + form.ending), browsers)),
    TOGETHER,
  )
  t.ok(source.isRunning, 'the source outlasts its judges')
  t.equal(source.stderr.trim(), '', 'the source has nothing to complain about')
  await source.stop('SIGKILL')
  for (const { form, who, wrong, required } of verdicts)
    if (required) t.equal(wrong, '', `${form}: ${who} plays it`)
    else t.comment(`${form}: ${who} ${wrong === '' ? 'plays it, though it need not' : `does not play it: ${wrong.slice(0, 200)}`}`)
  return verdicts
}

/** The page that tells which source can be played as what, and by whom. */
function table(rows: readonly (readonly [Format, readonly Verdict[]])[]): string {
  const cell = (verdicts: readonly Verdict[], form: Form): string => {
    const who = verdicts.filter((one) => one.form === form.name && one.wrong === '' && one.who !== 'ffprobe').map((one) => one.who)
    const names = [...new Set(who.map((one) => one.split(', ')[0] ?? one))]
    const players = (name: string): string =>
      who.flatMap((one) => (one.startsWith(`${name}, `) ? [one.slice(name.length + 2)] : [])).join(', ')
    return names.map((name) => (who.includes(name) ? name : `${name} (${players(name)})`)).join(', ') || '–'
  }
  const lines = rows.map(([format, verdicts]) => `| ${[format.name, ...FORMS.map((form) => cell(verdicts, form))].join(' | ')} |`)
  return `# What a source becomes, and who plays it

Nothing is transcoded: a form is there when its container can carry the source's codecs. \`npm run interop\` sends each source to a mount, plays every form of
it, and holds this table true. *Instant* is the page's own player: one endless response, by fetch and Media Source Extensions.

| source | ${FORMS.map(({ name, ending }) => `${name} \`${ending}\``).join(' | ')} |
| --- |${' --- |'.repeat(FORMS.length)}
${lines.join('\n')}
`
}

const skip = process.env['FLOECAST_INTEROP_SERVER'] === 'icecast2' ? 'Icecast packages nothing' : false

t.test('every source can be played in every form that its codecs allow', { skip }, async (t) => {
  if (!needs(t, 'ffmpeg', 'ffprobe', 'cvlc', 'mpv', 'chromium')) return
  const server = await startServer(t)
  const hasFirefox = which('firefox-esr') !== undefined
  // One source with every kind of form is enough for every day; `npm run interop` takes them all.
  const only = process.env['FLOECAST_INTEROP_FORMATS']?.split(',') ?? (process.env['FLOECAST_INTEROP_ALL'] === '1' ? undefined : EVERY_DAY)
  const rows: [Format, Verdict[]][] = []
  for (const [at, format] of SOURCES.entries())
    if (only?.includes(format.name) ?? true)
      await t.test(format.name, async (t) => {
        // New ones each time, so that what one source does to a browser is not held against the next.
        const browsers = [await openChromium(t), ...(hasFirefox ? [await openFirefox(t)] : [])]
        rows.push([format, await judge(t, server, browsers, format, `/web${at}`)])
      })

  // Less than all of it makes no table.
  if (only !== undefined || !hasFirefox) return
  const text = table(rows)
  if (process.env['FLOECAST_WRITE_DOCS'] === '1') writeFileSync(TABLE, text)
  else {
    const known = existsSync(TABLE) ? readFileSync(TABLE, 'utf8') : ''
    const missing = SOURCES.filter(({ name }) => !known.includes(`| ${name} `)).map(({ name }) => name)
    t.strictSame(missing, [], `${TABLE} has a row for every source; FLOECAST_WRITE_DOCS=1 writes it anew`)
  }
})
