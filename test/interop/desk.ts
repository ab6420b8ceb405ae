import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { faultsOf } from '../helpers/axe.js'
import { openBrowser } from '../helpers/browser.js'
import { formatNamed, media } from '../helpers/ffmpeg.js'
import { needs, start } from '../helpers/programs.js'
import { SOURCE_PASSWORD, startFloecast, temporary } from '../helpers/server.js'
import { until } from '../helpers/wait.js'

/*
 * The page of `floecast-source --ui`, as somebody uses it who has never seen it: in Chromium with its made-up camera, against the built program and a server of ours.
 */

t.setTimeout(240_000)

const CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']
const BINARY = 'dist/bin/floecast-source.js'
const FILM = formatNamed('MPEG-TS H.264 and AAC')

interface Seen {
  readonly state: string
  readonly mode: string
  readonly time: number
  readonly width: number
}

/** Milliseconds that a machine with much else to do may take. */
const PATIENCE = { timeout: 40_000 }

/** Waits until a player shows pictures that go on. */
async function plays(page: Page): Promise<Seen> {
  let last: Seen | undefined
  return until(
    'the player to play',
    async () => {
      const seen: Seen = await page.evaluate(`(() => {
        const { video, playback } = document.querySelector('floecast-player')
        return { state: playback.state, mode: playback.mode, time: video.currentTime, width: video.videoWidth }
      })()`)
      const goesOn = seen.state === 'playing' && seen.width > 0 && last !== undefined && seen.time > last.time
      last = seen
      return goesOn ? seen : undefined
    },
    PATIENCE,
  )
}

t.test('a newcomer streams files and a camera from the page', async (t) => {
  if (!needs(t, 'chromium', 'ffmpeg')) return
  const server = await startFloecast(t, { config: 'mounts:\n  /live:\n    name: Harbour\n' })
  const folder = temporary(t)
  const [home, kept, config] = ['home', 'kept', 'config'].map((name) => join(folder, name)) as [string, string, string]
  for (const one of [home, kept, config]) mkdirSync(one)
  const film = await media(FILM, 20)
  copyFileSync(film, join(folder, 'Harbour at dawn.ts'))
  copyFileSync(film, join(home, 'Night train.ts'))
  const env = { HOME: home, TMPDIR: kept, XDG_CONFIG_HOME: config }
  const program = start(t, process.execPath, [BINARY, '--ui'], { env, input: '' })
  const address = await until('the address', () => /http:\S+token=\S+/.exec(program.stdout)?.[0])

  const browser = await openBrowser(t, CAMERA)
  const faults: string[] = []
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(String(error)))
  await page.goto(address)
  await page.getByRole('button', { name: 'Connect' }).waitFor()
  t.notMatch(page.url(), 'token', 'the token does not stay in the address')
  t.strictSame(await faultsOf(page, ''), [], 'axe-core finds no serious fault on the empty page')

  // What is missing, and what is wrong, stands where it belongs.
  const connect = page.getByRole('button', { name: 'Connect' })
  await connect.click()
  t.match(await page.locator('#to-server-problem').textContent(), /Say where the server is/)
  await page.getByLabel('Server', { exact: true }).fill(`http://source:wrong@127.0.0.1:${server.port}/live`)
  t.equal(await page.getByLabel('Mount').inputValue(), '/live', 'an address that is pasted goes into its fields')
  await page.getByRole('button', { name: 'Check' }).click()
  await page
    .locator('#to-password-problem')
    .getByText(/wrong password/)
    .waitFor()
  await page.getByLabel('Password', { exact: true }).fill(SOURCE_PASSWORD)
  await page.getByRole('button', { name: 'Check' }).click()
  await page.getByText(/All is well/).waitFor()

  await page.locator('input[type=file]').setInputFiles(join(folder, 'Harbour at dawn.ts'))
  await page.getByRole('listitem').filter({ hasText: 'Harbour at dawn' }).first().waitFor()
  await page.getByRole('button', { name: 'From this computer' }).click()
  await page.getByRole('dialog').getByText('Night train.ts').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click()
  const titles = (): Promise<string[]> => page.locator('.programme .title').allTextContents()
  await until('both', async () => (await titles()).length === 2)
  await page.getByRole('button', { name: 'Move Night train up' }).press('Enter')
  await until('the other order', async () => (await titles())[0] === 'Night train')
  t.pass('a list is made by hand and by keyboard')
  await page.getByLabel('Loop').check()

  const viewer = await context.newPage()
  viewer.on('pageerror', (error) => faults.push(String(error)))
  await viewer.goto(server.url('/live'))
  await page.bringToFront()
  let clicked = Date.now()
  await connect.click()
  const first = await plays(viewer)
  t.comment(`${Date.now() - clicked} ms from Connect to the picture of a viewer who waited; ${first.mode}`)
  t.equal(first.mode, 'instant')
  await page.getByRole('button', { name: 'Stop' }).waitFor()
  await until('the title', async () => String((await server.mount('/live'))?.['title']).includes('Night train'), PATIENCE)
  await page.getByRole('button', { name: 'Next', exact: true }).click()
  await until('the next title', async () => String((await server.mount('/live'))?.['title']).includes('Harbour at dawn'), PATIENCE)
  t.pass('viewers are told what plays')

  await page.getByText('Camera, screen or microphone').click()
  await page.getByRole('radio', { name: /Light/ }).check()
  clicked = Date.now()
  await page.getByRole('button', { name: 'Take over' }).click()
  await page.getByRole('button', { name: 'Back to the list' }).waitFor(PATIENCE)
  await until('the camera on the air', async () => String((await server.mount('/live'))?.['title']).includes('Camera'), PATIENCE)
  t.comment(`${Date.now() - clicked} ms from Take over to the camera's title`)
  await plays(viewer)
  t.strictSame(await faultsOf(page, ''), [], 'axe-core finds no serious fault while it streams')
  await page.getByRole('button', { name: 'Back to the list' }).click()
  await until('the list again', async () => !String((await server.mount('/live'))?.['title']).includes('Camera'), PATIENCE)
  await plays(viewer)
  t.pass('the camera takes over and gives back')

  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByText(/The stream has ended/).waitFor(PATIENCE)
  await until('the mount to be free', async () => (await server.mount('/live')) === undefined, PATIENCE)
  t.equal((await titles()).length, 2, 'the list is there for another time')
  await connect.click()
  await until('it to be live again', () => server.mount('/live'), PATIENCE)
  await plays(viewer)
  t.pass('and it starts again')

  const dropped = readdirSync(kept)
  t.equal(dropped.length, 1, 'what was dropped lies in one folder')
  t.equal(await program.stop('SIGINT', 15_000), 0, program.output)
  t.notOk(existsSync(join(kept, dropped[0]!)), 'and is deleted at the end')
  t.strictSame(faults, [], 'no page has failed')
})
