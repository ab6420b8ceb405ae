import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { faultsOf } from '../helpers/axe.js'
import { openBrowser } from '../helpers/browser.js'
import { codecs } from '../helpers/ffmpeg.js'
import { mpv } from '../helpers/mpv.js'
import { needs, which } from '../helpers/programs.js'
import { ADMIN_PASSWORD, startFloecast } from '../helpers/server.js'
import { freePort, until } from '../helpers/wait.js'
import { vlc } from '../helpers/vlc.js'

/*
 * Going live from a browser: Chromium's made-up camera and microphone, and viewers of all kinds who come when it is on the air for a while.
 */

t.setTimeout(240_000)

const CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']

/** Stands between the browser and the server, and breaks connections when it is told to. */
class Line {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(port: number, target: number) {
    this.port = port
    this.#server = createServer((near) => {
      const far = connect(target, '127.0.0.1')
      for (const one of [near, far]) {
        this.#sockets.add(one)
        one.on('error', () => one.destroy()).on('close', () => this.#sockets.delete(one))
      }
      near.on('close', () => far.destroy())
      far.on('close', () => near.destroy())
      near.pipe(far).pipe(near)
    })
  }

  static async open(t: Test, target: number): Promise<Line> {
    const line = new Line(await freePort(), target)
    await new Promise<void>((resolve) => line.#server.listen(line.port, '127.0.0.1', resolve))
    t.teardown(() => {
      line.#server.close()
      line.cut()
    })
    return line
  }

  cut(): void {
    for (const one of this.#sockets) one.destroy()
  }
}

interface Seen {
  readonly state: string
  readonly mode: string
  readonly time: number
  readonly width: number
  readonly delay: number | undefined
}

const see = (page: Page): Promise<Seen> =>
  page.evaluate(`(() => {
    const { video, playback } = document.querySelector('floecast-player')
    return { state: playback.state, mode: playback.mode, time: video.currentTime, width: video.videoWidth, delay: playback.engine?.delay }
  })()`)

/** Waits until a player shows pictures that go on. */
async function plays(page: Page): Promise<Seen> {
  let last: Seen | undefined
  return until(
    'the instant player to play',
    async () => {
      const seen = await see(page)
      const goesOn = seen.state === 'playing' && seen.width > 0 && last !== undefined && seen.time > last.time
      last = seen
      return goesOn ? seen : undefined
    },
    { timeout: 30_000 },
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(last)}`)
  })
}

t.test('a browser goes live, and everybody sees it', async (t) => {
  if (!needs(t, 'chromium', 'ffprobe')) return
  // Known by its name, it has a page that waits.
  const server = await startFloecast(t, { config: 'mounts:\n  /live:\n    name: Harbour\n' })
  const line = await Line.open(t, server.port)
  const browser = await openBrowser(t, CAMERA)
  const faults: string[] = []
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(String(error)))
  const status = async (): Promise<{ live: boolean; title: { display: string } | null; tracks: { codec: string }[] } | undefined> => {
    const answer = await fetch(server.url('/api/v1/status'))
    const { mounts }: { mounts: { mount: string; live: boolean; title: { display: string } | null; tracks: { codec: string }[] }[] } =
      JSON.parse(await answer.text())
    return mounts.find(({ mount }) => mount === '/live')
  }

  await page.goto(`http://127.0.0.1:${line.port}/admin/live`)
  t.match(page.url(), /\/admin\/#\/live$/, 'the page has an address that one can say')
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(ADMIN_PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Go live' }).waitFor()

  const viewer = await context.newPage()
  viewer.on('pageerror', (error) => faults.push(String(error)))
  await viewer.goto(server.url('/live'), { waitUntil: 'networkidle' }).catch(() => {})
  await page.bringToFront()
  await page.getByRole('radio', { name: /Light/ }).check()
  const go = page.getByRole('button', { name: 'Go live', exact: true })
  const clicked = Date.now()
  await go.click()
  const first = await plays(viewer)
  t.comment(
    `${Date.now() - clicked} ms from the click to the picture of a viewer who waited; ${first.mode}, ${first.delay?.toFixed(2) ?? '?'} s behind live`,
  )
  t.equal(first.mode, 'instant', 'a viewer who waits sees it by the instant stream')
  await page.getByText('Live', { exact: true }).first().waitFor()

  await page.getByLabel('Title').fill('Dawn over the harbour')
  await page.getByRole('button', { name: 'Set', exact: true }).click()
  await until('the title', async () => (await status())?.title?.display === 'Dawn over the harbour')
  t.pass('viewers are told the title')

  const { codecs: found, output } = await codecs(server.url('/live'))
  t.ok(found.length === 2, `ffprobe joins late and finds ${found.join(' and ')}`)
  t.equal(output.trim(), '', 'and complains of nothing')
  if (which('cvlc') !== undefined) {
    const watched = await vlc(server.url('/live'), true)
    t.ok(watched.video > 10 && watched.audio > 10, `VLC decodes ${watched.video} pictures and ${watched.audio} blocks of sound`)
  }
  if (which('mpv') !== undefined) {
    const played = await mpv(server.url('/live'))
    t.ok(played.seconds > 1, `mpv plays ${played.seconds.toFixed(1)} s`)
  }
  const segments = await codecs(server.url('/live.m3u8'))
  t.equal(segments.codecs.length, 2, 'and it is there by HLS')

  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.getByRole('link', { name: /^Go live/ }).click()
  t.equal((await status())?.live, true, 'it goes on while one looks elsewhere')

  line.cut()
  await page.getByText('Connecting again', { exact: true }).first().waitFor()
  await page.getByText('Live', { exact: true }).first().waitFor()
  await plays(viewer)
  t.pass('it connects again by itself when the line breaks, and the viewer sees it')

  await page.getByRole('radio', { name: 'Sound only' }).check()
  await until('sound alone', async () => (await status())?.tracks.length === 1)
  t.equal((await status())?.live, true, 'what is sent can be changed while it is on the air')
  await page.getByRole('radio', { name: 'Camera' }).check()
  await until('the picture to be back', async () => (await status())?.tracks.length === 2)
  await plays(viewer)

  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await until('the end', async () => (await status())?.live !== true)
  await go.click()
  await until('the next start', async () => (await status())?.live === true)
  await plays(viewer)
  t.pass('it stops, and starts again')
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await go.waitFor()

  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    t.strictSame(await faultsOf(page), [], `axe-core finds no serious fault, ${scheme}`)
  }
  await page.getByRole('combobox', { name: 'Mount' }).fill('/admin/x')
  await go.click()
  await page.getByText('belongs to the server itself').waitFor()
  t.pass('what the server refuses is told in its own words')
  await page.evaluate(`navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') }`)
  await page.getByRole('radio', { name: 'Sound only' }).check()
  await page.getByRole('button', { name: 'Try it' }).click()
  await page.getByText('You have not allowed this page to use the microphone').waitFor()
  t.pass('a permission that is not given is told in a sentence')
  t.strictSame(faults, [], 'no page throws an error')
})
