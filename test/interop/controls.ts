import t from 'tap'
import { openBrowser } from '../helpers/browser.js'
import { formatNamed, media, send } from '../helpers/ffmpeg.js'
import { needs } from '../helpers/programs.js'
import { ADMIN_PASSWORD, startFloecast } from '../helpers/server.js'
import { Viewer } from '../helpers/viewer.js'
import { until } from '../helpers/wait.js'

/*
 * The player's controls in Chromium, by mouse and by keyboard, on a ladder of two qualities.
 */

t.setTimeout(240_000)

t.test('menus, keys and a pause do what they say', async (t) => {
  if (!needs(t, 'ffmpeg', 'chromium')) return
  const server = await startFloecast(t, { config: 'mounts:\n  /tv-a:\n    group: /tv\n  /tv-b:\n    group: /tv\n' })
  for (const [name, path] of [
    ['MPEG-TS H.264 and AAC', '/tv-a'],
    ['fragmented MP4 H.264 and AAC', '/tv-b'],
  ] as const) {
    const format = formatNamed(name)
    send(t, format, await media(format), `icecast://${server.login}@127.0.0.1:${server.port}${path}`)
    await until(`${path} to be on the air`, () => server.mount(path))
  }
  const browser = await openBrowser(t)
  const viewer = await Viewer.open(await browser.newPage(), server, 'mount="/tv-a" autoplay muted')
  const { page } = viewer
  const player = page.locator('floecast-player')
  const look = <T>(expression: string): Promise<T> =>
    page.evaluate(`(({ video, playback, shadowRoot }) => ${expression})(document.querySelector('floecast-player'))`)
  await viewer.plays('instant')
  t.equal(await player.getByRole('button', { name: 'Quality' }).count(), 0, 'there is no menu of one quality')
  await viewer.choose('low')
  await viewer.plays('low')
  t.equal(await player.getByRole('button', { name: 'Captions' }).count(), 0, 'nor one of no captions')

  const button = player.getByRole('button', { name: 'Quality' })
  await button.focus()
  await page.keyboard.press('Enter')
  const choices = player.getByRole('menuitemradio')
  t.equal(await choices.count(), 3, 'both qualities are offered, and a choice between them')
  t.equal(new Set(await choices.allTextContents()).size, 3, 'under names of their own')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await button.focus()
  await page.keyboard.press('Enter')
  t.equal(await choices.nth(1).getAttribute('aria-checked'), 'true', 'what is chosen by the keyboard is')
  await page.keyboard.press('Escape')
  await until('the focus to be back', () => look('shadowRoot.activeElement?.getAttribute("aria-label") === "Quality"'))
  t.pass('who leaves a menu is at its button')

  await player.locator('video').click()
  t.equal(await look('video.paused'), true, 'a click pauses')
  // What the page hears of the mount from now on is no reason to begin anew.
  const authorization = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`
  await fetch(server.url('/admin/metadata?mode=updinfo&mount=/tv-a&song=News'), { headers: { authorization } })
  await until('news of the mount', () => look('playback.mount.title?.display === "News"'))
  t.equal((await viewer.see()).state, 'playing', 'the picture and the controls stay')
  await page.keyboard.press('k')
  t.equal(await look('video.paused'), false, 'keys work after a click')
  await page.keyboard.press('m')
  t.equal(await look('video.muted'), false)
  await page.keyboard.press('ArrowDown')
  t.equal(await look('video.volume < 1'), true)
  await page.keyboard.press('f')
  await until('the full screen', () => look('document.fullscreenElement !== null'))
  await page.keyboard.press('f')
  await until('the end of it', () => look('document.fullscreenElement === null'))
  await page.keyboard.press(' ')
  t.equal(await look('video.paused'), true)
  t.same(viewer.complaints, [], 'and the browser has nothing to complain about')
})
