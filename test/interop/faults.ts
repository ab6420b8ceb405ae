import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openBrowser } from '../helpers/browser.js'
import { formatNamed, media } from '../helpers/ffmpeg.js'
import { needs } from '../helpers/programs.js'
import { Sender } from '../helpers/sender.js'
import { startFloecast, temporary } from '../helpers/server.js'
import { Viewer } from '../helpers/viewer.js'
import { sleep, until } from '../helpers/wait.js'

/*
 * What goes wrong with a source of MPEG-TS, and the player of our pages in a real browser: near to live and a little further behind, it goes on without a reload.
 */

t.setTimeout(400_000)

/** Seconds from one key frame to the next of the source that has few. */
const GOP = process.env['FLOECAST_INTEROP_ALL'] === '1' ? 40 : 16
/** So many of its groups of pictures there are. */
const LENGTH = 5
/** Clocks of 90 kHz and 33 bits begin again after so many seconds. */
const WRAP = 2 ** 33 / 90_000

/** All play on, and nobody had to help. */
const goOn = async (t: Test, viewers: readonly Viewer[], modes: readonly string[], when: string): Promise<void> => {
  for (const [i, mode] of modes.entries()) {
    // Their count begins again with each beginning of the player.
    let { frames, width } = await viewers[i]!.plays(mode)
    await until(`${mode} to show more pictures`, async () => {
      const before = frames
      ;({ frames, width } = await viewers[i]!.see())
      return frames > before
    })
    t.equal(width, 320, `${mode} shows pictures ${when}`)
    t.same(viewers[i]!.complaints, [])
    t.ok(viewers[i]!.isFirst, 'on the page as it was loaded')
  }
}

const leave = (viewers: readonly Viewer[]): Promise<unknown> => Promise.all(viewers.map(({ page }) => page.close()))

t.test('whatever happens to MPEG-TS on its way, players go on', async (t) => {
  if (!needs(t, 'ffmpeg', 'chromium')) return
  const server = await startFloecast(t)
  const browser = await openBrowser(t)
  const view = async (mount: string, modes: readonly string[]): Promise<Viewer[]> => {
    await until(`${mount} to be there`, () => server.mount(mount))
    const viewers: Viewer[] = []
    for (const mode of modes) {
      const viewer = await Viewer.open(await browser.newPage(), server, `mount="${mount}" autoplay muted`)
      if (mode !== 'instant') await viewer.choose(mode)
      viewers.push(viewer)
    }
    return viewers
  }
  const modes = ['instant', 'low'] as const
  const file = await media(formatNamed('MPEG-TS H.264 and AAC'))

  await t.test('a clock of 33 bits begins again', async (t) => {
    const sender = new Sender(t, server.url('/wrap'))
    const ahead = 10
    const began = performance.now()
    await sender.play(file, WRAP - ahead)
    const viewers = await view('/wrap', modes)
    await goOn(t, viewers, modes, 'before')
    // Until what came before is over.
    await sleep(Math.max(0, (ahead + 4) * 1000 - (performance.now() - began)))
    await goOn(t, viewers, modes, 'afterwards')
    await leave(viewers)
  })

  await t.test('packets are lost and doubled', async (t) => {
    let [lost, doubled] = [0, 0]
    const sender = new Sender(t, server.url('/harm'), (_, number) => {
      if (number % 331 === 330) return (lost++, 0)
      return number % 241 === 240 ? (doubled++, 2) : 1
    })
    await sender.play(file, 0)
    const viewers = await view('/harm', modes)
    await goOn(t, viewers, modes, 'at first')
    await sleep(4000)
    await goOn(t, viewers, modes, 'and goes on doing so')
    t.ok(lost > 3 && doubled > 3, 'in spite of the damage', { lost, doubled })
    await leave(viewers)
  })

  await t.test('a source begins in the middle, and has few key frames', async (t) => {
    const rare = join(temporary(t), 'rare.ts')
    const size = `testsrc2=size=320x180:rate=15:duration=${GOP * LENGTH}`
    const sound = `sine=duration=${GOP * LENGTH}`
    const line = `-hide_banner -v error -f lavfi -i ${size} -f lavfi -i ${sound} -c:v libx264 -preset ultrafast -g ${GOP * 15} -sc_threshold 0`
    execFileSync('ffmpeg', [...line.split(' '), '-c:a', 'aac', '-muxdelay', '0', '-f', 'mpegts', rare])
    const bytes = readFileSync(rare)
    const rate = bytes.length / (GOP * LENGTH)
    const sender = new Sender(t, server.url('/rare'))
    const skipped = GOP / 2
    let at = Math.floor(rate * skipped)
    const began = performance.now()
    const timer = setInterval(() => {
      const to = Math.min(bytes.length, Math.floor(rate * (skipped + (performance.now() - began) / 1000)))
      if (to > at) sender.write(bytes.subarray(at, to))
      at = to
    }, 40)
    t.teardown(() => clearInterval(timer))
    await sleep(1000)
    const viewers = await view('/rare', modes)
    await sleep(Math.max(0, (GOP - skipped) * 1000 - (performance.now() - began)))
    await goOn(t, viewers, modes, 'once there was a key frame')
    const [late] = await view('/rare', ['instant'])
    await goOn(t, [late!], ['instant'], 'to whoever comes later')
    const { delay = NaN } = await late!.see()
    t.ok(delay < 3, 'who is as near to live as others', { delay })
    await leave([...viewers, late!])
  })
})
