import type { Page } from 'playwright-core'
import t from 'tap'
import { faultsOf } from '../helpers/axe.js'
import { openBrowser } from '../helpers/browser.js'
import { formatNamed, media, send } from '../helpers/ffmpeg.js'
import { needs } from '../helpers/programs.js'
import { ADMIN_PASSWORD, SOURCE_PASSWORD, startServer, type TestServer } from '../helpers/server.js'
import { until } from '../helpers/wait.js'

/*
 * The public pages in Chromium, with real sources.
 */

t.setTimeout(300_000)

/** Milliseconds within which a title is on every page after its source has told it. */
const NEWS = 15_000

const retitle = (server: TestServer, mount: string, song: string): Promise<Response> =>
  fetch(server.url(`/admin/metadata?mode=updinfo&mount=${mount}&song=${encodeURIComponent(song)}`), {
    headers: { authorization: `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}` },
  })

/** Runs a script in the page, where names of the browser are known. */
const look = <T>(page: Page, script: string): Promise<T> => page.evaluate(script)

/** Bytes that a page has had over the network for itself and its assets. */
const WEIGHT = `performance.getEntries().filter(({ entryType, name }) => entryType === 'navigation' || name.includes('/assets/')).reduce((sum, one) => sum + one.transferSize, 0)`

t.test('pages tell what is on the air, and what changes of it', async (t) => {
  if (!needs(t, 'ffmpeg', 'chromium')) return
  const server = await startServer(t)
  const browser = await openBrowser(t)
  const faults: string[] = []
  const open = async (path: string, width = 1280): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width, height: 800 } })
    page.on('pageerror', (error) => faults.push(`${path}: ${error.message}`))
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(`${path}: ${message.text()}`)
    })
    await page.goto(server.url(path))
    return page
  }

  const status = await open('/')
  t.match(await status.textContent('h1'), 'Nothing is on the air yet')
  const light = await look<number>(status, WEIGHT)
  t.ok(light > 5000 && light <= 150_000, `the first page weighs ${light} bytes, 150,000 at most`)
  await status.getByRole('tab', { name: 'ffmpeg' }).click()
  t.match(await status.textContent('[role=tabpanel]'), `icecast://source:PASSWORD@127.0.0.1:${server.port}/live`)

  const [film, song] = [formatNamed('MPEG-TS H.264 and AAC'), formatNamed('MP3')]
  const to = (mount: string): string => `icecast://source:${SOURCE_PASSWORD}@127.0.0.1:${server.port}${mount}`
  send(t, film, await media(film), to('/tv'), ['-ice_name', 'Harbour <b>TV</b>'])
  send(t, song, await media(song), to('/radio.mp3'), ['-ice_name', 'راديو'])
  await status.waitForSelector('mount-card >> nth=1', { timeout: 15_000 })
  t.pass('cards come by themselves')
  t.equal(await status.textContent('.card:has([href="/tv"]) .name'), 'Harbour <b>TV</b>', 'markup is text')
  await status.waitForSelector('.card:has([href="/tv"]) canvas.shown', { timeout: 15_000 })
  t.equal(
    await look(
      status,
      `{
      const { data } = document.querySelector('.card canvas.shown').getContext('2d').getImageData(0, 0, 160, 90)
      new Set(data).size > 8
    }`,
    ),
    true,
    'with the picture of the last key frame',
  )

  const mount = await open('/tv', 390)
  const radio = await open('/radio.mp3', 1920)
  for (const [page, path] of [
    [mount, '/tv'],
    [radio, '/radio.mp3'],
  ] as const) {
    const title = `Title of ${path} ${'long '.repeat(30)}`.trim()
    await retitle(server, path, title)
    const shown = (where: Page, selector: string): Promise<void> => where.locator(selector, { hasText: title }).waitFor({ timeout: NEWS })
    await t.resolves(
      Promise.all([shown(page, '.about-mount .now'), shown(status, `.card:has([href="${path}"]) .now`)]),
      `the title of ${path} is there in time`,
    )
  }
  t.equal((await mount.title()).startsWith('Title of /tv'), true, 'in the tab, too')
  await status.getByRole('button', { name: 'Addresses of Harbour' }).click()
  await status.waitForSelector('dialog[open] qr-code path[d^=M]')
  t.match(await status.textContent('dialog'), /\/tv\.m3u8[^]*\/tv\.mpd[^]*<iframe src=/)
  await status.keyboard.press('Escape')

  for (const page of [status, mount, radio])
    t.equal(await look(page, 'document.documentElement.scrollWidth <= innerWidth'), true, 'nothing is wider than the page')
  await status.getByRole('button', { name: 'Theme' }).click()
  await status.getByRole('button', { name: 'Theme' }).click()
  await status.reload()
  t.equal(await look(status, 'document.documentElement.dataset.theme'), 'dark', 'the theme stays')
  const embeds = [await open('/embed/tv'), await open('/embed/radio.mp3', 390)]
  t.match(await look(embeds[0]!, 'document.querySelector("floecast-player").shadowRoot !== null'), true)
  for (const [width, scheme, rules] of [
    [390, 'light', ''],
    [1280, 'light', ''],
    [390, 'dark', ", runOnly: ['color-contrast']"],
  ] as const)
    for (const page of [status, mount, radio, ...embeds]) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
      const { pathname } = new URL(page.url())
      t.strictSame(await faultsOf(page, rules), [], `axe-core finds no serious fault on ${pathname}, ${scheme}, ${width} wide`)
    }
  t.same(faults, [], 'and no page complains')
  const heavy = await (await browser.newContext()).newPage()
  await heavy.goto(server.url('/tv'))
  await heavy.locator('floecast-player [data-mode="low"]').click()
  // The policy of the page lets nobody evaluate texts within it, which waiting there would.
  await until('shaka to be loaded', () =>
    look<boolean>(heavy, `document.querySelector('floecast-player').playback.engine?.name === 'shaka' && ${WEIGHT} > 150_000`),
  )
  const weight = await look<number>(heavy, WEIGHT)
  t.ok(weight <= 1_000_000, `a page with both players weighs ${weight} bytes, a million at most`)
  await until('the player to be counted', async () => Number((await server.mount('/tv'))?.['listeners']) >= 1)
  t.match(await status.textContent('.card:has([href="/tv"]) .audience'), /viewers?/)
})
