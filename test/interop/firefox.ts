import t from 'tap'
import { Firefox } from '../helpers/firefox.js'
import { formatNamed, media, send } from '../helpers/ffmpeg.js'
import { needs } from '../helpers/programs.js'
import { startFloecast } from '../helpers/server.js'
import { until } from '../helpers/wait.js'

/*
 * Our pages and their player in Debian's Firefox, with real sources.
 */

t.setTimeout(240_000)

interface Seen {
  readonly state: string
  readonly mode: string
  readonly ending: string
  readonly engine: string
  readonly time: number
  readonly frames: number
  readonly width: number
  readonly stalls: number
  readonly text: string
}

const SEE = `(() => {
  const player = document.querySelector('floecast-player')
  const { video, playback, shadowRoot } = player
  return {
    state: playback.state, mode: playback.mode, ending: playback.way?.ending, engine: playback.engine?.name, stalls: playback.watch.total, time: video.currentTime,
    frames: video.getVideoPlaybackQuality().totalVideoFrames, width: video.videoWidth, text: shadowRoot.textContent.replaceAll(/\\s+/g, ' '),
  }
})()`

/** Waits until the player of the page plays like that, and goes on for a while. */
async function plays(firefox: Firefox, mode: string, ending: string): Promise<Seen> {
  let last: Seen | undefined
  let moved = 0
  return until(
    `the player to play .${ending} on ${mode}`,
    async () => {
      const seen = await firefox.evaluate<Seen>(SEE)
      const isIt = seen.state === 'playing' && seen.mode === mode && seen.ending === ending
      moved = isIt && last !== undefined && seen.time > last.time ? moved + 1 : 0
      last = seen
      return moved >= 3 ? seen : undefined
    },
    { every: 200, timeout: 30_000 },
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(last)} ${firefox.complaints.join('; ')}`)
  })
}

const inPlayer = (selector: string): string =>
  `document.querySelector('floecast-player').shadowRoot.querySelector(${JSON.stringify(selector)})`

t.test('the player plays in Firefox what it plays in Chromium', async (t) => {
  if (!needs(t, 'ffmpeg', 'firefox-esr')) return
  const server = await startFloecast(t, {
    config: 'mounts:\n  /tv:\n    name: Harbour\n  /dash:\n    hls:\n      enabled: false\n    instant: false\n',
  })
  const publish = async (name: string, path: string): Promise<void> => {
    const format = formatNamed(name)
    send(t, format, await media(format), `icecast://${server.login}@127.0.0.1:${server.port}${path}`)
    await until(`${name} to be on the air`, () => server.mount(path))
  }
  const firefox = await Firefox.open(t)

  await firefox.goto(server.url('/tv'))
  await until('the waiting screen', async () => (await firefox.evaluate<Seen>(SEE)).text.includes('Not on the air yet'))
  await publish('MPEG-TS H.264 and AAC', '/tv')
  for (const mode of ['instant', 'low', 'safe', 'instant']) {
    if ((await firefox.evaluate<Seen>(SEE)).mode !== mode) await firefox.click(inPlayer(`[data-mode="${mode}"]`))
    const ending = mode === 'instant' ? 'mp4' : 'm3u8'
    const before = await plays(firefox, mode, ending)
    const after = await plays(firefox, mode, ending)
    t.ok(after.frames > before.frames && after.width === 320, `${mode}: pictures are decoded`, { before, after })
  }
  await firefox.click(inPlayer('.sound-on'))
  t.equal(await firefox.evaluate("document.querySelector('floecast-player').video.muted"), false, 'the button switches the sound on')

  for (const [name, path, mode, ending] of [
    ['MPEG-TS H.264 and AAC', '/dash', 'low', 'mpd'],
    ['MP3', '/radio', 'safe', 'mp3'],
    ['AAC (ADTS)', '/aac', 'instant', 'mp4'],
    ['Ogg Opus', '/opus', 'instant', 'mp4'],
  ] as const) {
    await publish(name, path)
    await firefox.goto(server.url(path))
    await plays(firefox, mode, ending)
    t.pass(`${name} plays by .${ending}`)
  }
  await firefox.click(inPlayer('[data-mode="low"]'))
  await plays(firefox, 'low', 'm3u8')
  t.same(firefox.complaints, [], 'and the browser has nothing to complain about')
})
