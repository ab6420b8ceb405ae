import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { faultsOf } from '../helpers/axe.js'
import { openBrowser } from '../helpers/browser.js'
import { formatNamed, media, send } from '../helpers/ffmpeg.js'
import { needs, type Program } from '../helpers/programs.js'
import { floecast, statusOf, temporary } from '../helpers/server.js'
import { freePort, until } from '../helpers/wait.js'

/*
 * The panel at /admin/, as people use it: in a browser, against the program as it is built, with a file to keep settings in.
 */

t.setTimeout(120_000)

const ADMIN = 'plank-north-77'
const SOURCE = 'tide-amber-41'
const NEW_SOURCE = 'gull-quartz-19'
const PAGES = ['overview', 'mounts', 'mounts/%2Flive', 'listeners', 'recordings', 'protocols', 'people', 'log']

const CONFIG = `# The harbour's own server.
passwords:
  source: ${SOURCE}
  admin: ${ADMIN}
mounts:
  /live:
    name: Harbour # as on the sign
`

interface Panel {
  readonly port: number
  readonly file: string
  readonly program: Program
}

async function startPanel(t: Test, folder: string, port: number): Promise<Panel> {
  const file = join(folder, 'floecast.yaml')
  const env = { FLOECAST_HOST: '127.0.0.1', FLOECAST_STATE_DIR: join(folder, 'state') }
  const program = floecast(t, [file, '--port', String(port), '--log', 'json'], { env })
  await until('the server to answer', async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).status === 200)
  return { port, file, program }
}

/** What a source of this password is answered, before it has sent anything. */
const knock = (port: number, password: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { Authorization: `Basic ${btoa(`source:${password}`)}`, 'Content-Type': 'audio/mpeg', Expect: '100-continue' }
    const asked = request({ port, host: '127.0.0.1', method: 'PUT', path: '/knock', headers })
    const done = (status: number): void => {
      resolve(status)
      asked.destroy()
    }
    asked.on('continue', () => done(100)).on('response', ({ statusCode = 0 }) => done(statusCode))
    asked.on('error', reject)
    asked.flushHeaders()
  })

async function openPanel(browser: Browser, port: number, scheme: 'light' | 'dark', faults: string[]): Promise<Page> {
  const context = await browser.newContext({ colorScheme: scheme, reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    // A wrong password is a fault to the browser, but not to us.
    if (message.type() === 'error' && !message.location().url.endsWith('/api/v1/session')) faults.push(message.text())
  })
  await page.goto(`http://127.0.0.1:${port}/admin/`)
  return page
}

async function signIn(page: Page, user: string, password: string): Promise<void> {
  await page.getByLabel('Name').fill(user)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const goTo = async (page: Page, place: string): Promise<void> => {
  await page.evaluate(`location.hash = '#/${place}'`)
  await page.locator('main h1').waitFor()
}

const confirm = (page: Page, word: string): Promise<void> =>
  page.getByRole('dialog').getByRole('button', { name: word, exact: true }).click()

t.test('an administrator runs a server from the panel', async (t) => {
  if (!needs(t, 'chromium', 'ffmpeg')) return
  const folder = temporary(t)
  writeFileSync(join(folder, 'floecast.yaml'), CONFIG)
  const port = await freePort()
  const { program, file } = await startPanel(t, folder, port)
  const sound = await media(formatNamed('MP3'), 60)
  const onAir = (password: string): Promise<Program> => {
    const source = send(t, formatNamed('MP3'), sound, `icecast://source:${password}@127.0.0.1:${port}/live`)
    return until('/live to be on the air', async () => ((await statusOf(port, '/live')) === undefined ? undefined : source))
  }
  const source = await onAir(SOURCE)
  const browser = await openBrowser(t)
  const faults: string[] = []
  const page = await openPanel(browser, port, 'light', faults)

  await signIn(page, 'admin', 'wrong-password')
  t.match(await page.getByRole('alert').textContent(), 'wrong', 'a wrong password is answered by a sentence')
  await signIn(page, 'admin', ADMIN)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.getByRole('link', { name: /^\/live/ }).waitFor()
  t.pass('the right one opens the panel, which knows what is live')

  await goTo(page, 'protocols')
  const hls = page.getByRole('switch', { name: 'HLS for the server', exact: true })
  await hls.click()
  await page.locator('.dialog-body :is(p, li)').first().waitFor()
  t.pass('what HLS off will do is told first')
  t.equal(await hls.getAttribute('aria-checked'), 'true', 'and not done yet')
  await confirm(page, 'Switch off')
  await page.locator('[aria-label="HLS for the server"][aria-checked=false]').waitFor()
  t.equal((await fetch(`http://127.0.0.1:${port}/live.m3u8`)).status, 404, 'HLS is off at once')
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.locator('[aria-label="HLS for the server"][aria-checked=true]').waitFor()
  t.equal((await fetch(`http://127.0.0.1:${port}/live.m3u8`)).status, 200, 'and on again when that is undone')

  await goTo(page, 'mounts/%2Flive')
  await page.getByLabel('Name', { exact: true }).fill('Harbour <b>at</b> dawn')
  await page.getByRole('button', { name: 'Save' }).click()
  const change = page.getByRole('dialog').getByRole('button', { name: 'Change', exact: true })
  const saved = page.getByText('/live has been changed.')
  await change.or(saved).first().waitFor()
  if (await change.isVisible()) await change.click()
  await saved.waitFor()
  t.match(
    readFileSync(file, 'utf8'),
    /Harbour <b>at<\/b> dawn.*# as on the sign/,
    'the name of a mount is written to the file, whose comments stay',
  )

  await goTo(page, 'people')
  await page.getByRole('button', { name: 'Change source password' }).click()
  await page.getByLabel('New password').fill(NEW_SOURCE)
  await confirm(page, 'Change')
  await page.getByText('The source password is changed.').waitFor()
  t.strictSame(
    [await knock(port, SOURCE), (await knock(port, NEW_SOURCE)) < 300],
    [401, true],
    'the old source password is refused, the new one taken',
  )
  t.ok(source.isRunning, 'and the source that is connected stays')

  await goTo(page, 'mounts/%2Flive')
  await page.getByRole('button', { name: 'Kick the source' }).click()
  await confirm(page, 'Kick it')
  await page.getByText('Off the air. The mount plays').waitFor()
  t.equal(await statusOf(port, '/live'), undefined, 'a source that is kicked is gone')

  await goTo(page, 'people')
  await page.getByRole('button', { name: 'Ban an address' }).click()
  await page.getByLabel('Address or range').fill('203.0.113.0/24')
  await page.getByLabel('Reason').fill('Takes too much')
  await confirm(page, 'Ban')
  await page.getByRole('table', { name: 'Bans' }).getByText('203.0.113.0/24').waitFor()
  await page.getByRole('button', { name: 'Let in 203.0.113.0/24' }).click()
  await page.getByText('Nobody is banned').waitFor()
  t.pass('an address is banned and let in again')

  await page.getByRole('button', { name: 'Add person' }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('anna')
  await page.getByRole('dialog').getByLabel('Password').fill('reef-copper-58')
  await confirm(page, 'Add')
  await page.getByRole('table', { name: 'People' }).getByText('anna').waitFor()
  const anna = await openPanel(browser, port, 'dark', faults)
  await signIn(anna, 'anna', 'reef-copper-58')
  await anna.getByRole('heading', { name: 'Overview' }).waitFor()
  t.equal(await anna.getByRole('link', { name: 'Protocols' }).count(), 0, 'somebody who may only look does not see what they may not do')
  await goTo(anna, 'mounts/%2Flive')
  await anna.getByRole('heading', { name: 'Settings' }).waitFor()
  t.equal(await anna.getByLabel('Genre').isDisabled(), true, 'nor can they change a setting')

  await page.getByRole('button', { name: 'Make token' }).click()
  await page.getByLabel('What it is for').fill('A robot')
  await confirm(page, 'Make')
  const token = await page.getByLabel('To copy').inputValue()
  await confirm(page, 'Done')
  const overview = (bearer: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/api/v1/overview`, { headers: { Authorization: `Bearer ${bearer}` } })
  t.equal((await overview(token)).status, 200, 'a token opens the API')
  t.notMatch(await page.content(), token, 'and is not shown again')

  await onAir(NEW_SOURCE)
  // In the dark only the colours are others.
  for (const [width, scheme, rules] of [
    [1280, 'light', ''],
    [1280, 'dark', ", runOnly: ['color-contrast']"],
    [390, 'light', ''],
  ] as const) {
    await page.setViewportSize({ width, height: 800 })
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    for (const place of PAGES) {
      await goTo(page, place)
      await until('all to be there', async () => (await page.locator('.skeleton').count()) === 0)
      t.strictSame(await faultsOf(page, rules), [], `axe-core finds no serious fault on ${place}, ${scheme}, ${width} wide`)
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 })
  await goTo(page, 'log')
  await page.getByText(/anna/).first().waitFor()
  t.pass('the trail tells who changed what')

  t.equal(await program.stop('SIGTERM', 10_000), 0, 'the server ends in order, with pages open')
  await page.getByText('The server does not answer').waitFor()
  const faultsBefore = faults.splice(0)
  t.strictSame(
    faultsBefore.filter((text) => !text.includes('ERR_')),
    [],
    'no page logs an error',
  )

  await startPanel(t, folder, port)
  t.strictSame([await knock(port, SOURCE), (await knock(port, NEW_SOURCE)) < 300], [401, true], 'the new password survives a restart')
  t.equal((await overview(token)).status, 200, 'and so does the token')
  await page.getByText('The server does not answer').waitFor({ state: 'hidden', timeout: 15_000 })
  await goTo(page, 'people')
  await page.getByRole('table', { name: 'People' }).getByText('anna').waitFor()
  t.pass('and people, and the session')
})
