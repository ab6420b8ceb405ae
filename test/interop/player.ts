import t from 'tap'
import { openBrowser } from '../helpers/browser.js'
import { formatNamed, media, send } from '../helpers/ffmpeg.js'
import { needs, type Program } from '../helpers/programs.js'
import { Sender } from '../helpers/sender.js'
import { startFloecast } from '../helpers/server.js'
import { Viewer } from '../helpers/viewer.js'
import { sleep, until } from '../helpers/wait.js'

/*
 * The player of our pages in a real browser, fed by real sources: it plays, changes how near to live it is, and outlives whatever a source does.
 */

t.setTimeout(300_000)

const TS = formatNamed('MPEG-TS H.264 and AAC')
const WEBM = formatNamed('WebM VP8 and Vorbis')

t.test('the player plays what sources send, as near to live as is wished, and outlives what they do', async (t) => {
  if (!needs(t, 'ffmpeg', 'chromium')) return
  const server = await startFloecast(t)
  const browser = await openBrowser(t)
  const publish = async (name: string, path: string): Promise<Program> => {
    const format = formatNamed(name)
    const program = send(t, format, await media(format), `icecast://${server.login}@127.0.0.1:${server.port}${path}`)
    await until(`${name} to be on the air`, () => server.mount(path))
    return program
  }
  const view = async (attributes: string): Promise<Viewer> => Viewer.open(await browser.newPage(), server, attributes)

  await t.test('it waits for a source, plays it in every mode, and goes on with the next ones', async (t) => {
    const viewer = await view('mount="/tv" autoplay muted')
    await until('the waiting screen', async () => (await viewer.see()).text.includes('Not on the air yet'))
    let source = await publish(TS.name, '/tv')
    const delays: number[] = []
    for (const mode of ['instant', 'low', 'safe']) {
      if (mode !== 'instant') await viewer.choose(mode)
      await viewer.plays(mode, mode === 'instant' ? 'mp4' : 'm3u8')
      await sleep(mode === 'safe' ? 3000 : 1500)
      const before = await viewer.see()
      await sleep(1500)
      const after = await viewer.see()
      t.ok(after.frames - before.frames > 0.7 * 15 * (after.time - before.time), `${mode}: none is left out`, { before, after })
      t.ok(after.time > before.time && after.frames > before.frames && after.width === 320, `${mode}: pictures are decoded`, {
        before,
        after,
      })
      delays.push(after.delay ?? NaN)
    }
    t.ok(delays[0]! < delays[1]! && delays[1]! < delays[2]!, 'each as near as it says', { delays })
    await viewer.choose('instant')
    await viewer.plays('instant')

    await source.stop('SIGKILL')
    await until('it to say that the source has gone', async () => (await viewer.see()).text.includes('interrupted'))
    source = await publish(TS.name, '/tv')
    await viewer.plays('instant', 'mp4')
    await source.stop('SIGKILL')
    await until('it to say that the source has gone', async () => (await viewer.see()).text.includes('interrupted'))
    source = await publish(WEBM.name, '/tv')
    await viewer.plays('instant', 'webm')
    t.ok(viewer.isFirst, 'nothing of it took a reload')
    t.same(viewer.complaints, [], 'and the browser had nothing to complain about')
    await viewer.page.close()
    await source.stop('SIGKILL')
  })

  await t.test('a clock that jumps back by a day stops nothing', async (t) => {
    const sender = new Sender(t, server.url('/jump'))
    const file = await media(TS)
    await sender.play(file, 86_400)
    await until('the mount', () => server.mount('/jump'))
    const viewers = await Promise.all([view('mount="/jump" autoplay muted'), view('mount="/jump" autoplay muted')])
    await viewers[0].plays('instant')
    await viewers[1].choose('low')
    await viewers[1].plays('low')
    await sender.play(file, 0)
    // Until what came before is over.
    await sleep(4000)
    for (const [i, mode] of ['instant', 'low'].entries()) {
      const before = await viewers[i]!.plays(mode)
      t.ok(before.width === 320, `${mode} goes on`, before)
      t.same(viewers[i]!.complaints, [])
      t.ok(viewers[i]!.isFirst)
      await viewers[i]!.page.close()
    }
  })

  await t.test('sound has a player of its own, with what plays', async (t) => {
    const source = await publish('MP3', '/radio')
    const viewer = await view('mount="/radio" autoplay muted')
    await viewer.plays('instant', 'mp3')
    const login = `Basic ${Buffer.from(server.login).toString('base64')}`
    await fetch(server.url('/admin/metadata?mount=/radio&mode=updinfo&charset=utf-8&song=Ice%20Choir%20-%20%3Cb%3EDrift'), {
      headers: { authorization: login },
    })
    const told = Date.now()
    await until('the title', async () => (await viewer.see()).text.includes('<b>Drift'), { timeout: 15_000 })
    const system = (): Promise<string> =>
      viewer.page.evaluate(
        '(({ metadata: { title, artist, album }, playbackState }) => [title, artist, album, playbackState].join(" | "))(navigator.mediaSession)',
      )
    await until('the system to know it', async () => (await system()) === '<b>Drift | Ice Choir | /radio | playing')
    t.comment(`${Date.now() - told} ms from the title to the lock screen`)
    await viewer.page.locator('floecast-player .sound-on').click()
    t.equal(await viewer.page.evaluate("document.querySelector('floecast-player').video.muted"), false, 'the button switches the sound on')
    await viewer.choose('safe')
    await viewer.plays('safe')
    t.same(viewer.complaints, [])
    await viewer.page.close()
    await source.stop('SIGKILL')
  })

  await t.test('what comes in gusts plays without stalls, and what nobody plays is told', async (t) => {
    const sources = [await publish(WEBM.name, '/web'), await publish('Ogg Theora and Vorbis', '/old')]
    const [web, old] = [await view('mount="/web" autoplay muted'), await view('mount="/old" autoplay muted')]
    await until('it to say why', async () => (await old.see()).text.includes('Theora: browsers dropped it. Open it in VLC.'))
    t.match(await old.page.locator('floecast-player a.pill').first().getAttribute('href'), `vlc://${server.url('/old')}`)
    const { stalls } = await web.plays('instant', 'webm')
    await sleep(5000)
    const after = await web.plays('instant', 'webm')
    t.ok(after.stalls - stalls <= 1, 'it stands still no more', after)
    t.same([...web.complaints, ...old.complaints], [])
    for (const source of sources) await source.stop('SIGKILL')
  })
})
