import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openBrowser, playInPage } from '../helpers/browser.js'
import { FORMATS, type Format, codecs, framemd5, keyFrames, listen, media, send } from '../helpers/ffmpeg.js'
import { difference, parseFramemd5 } from '../helpers/framemd5.js'
import { mpv } from '../helpers/mpv.js'
import { needs } from '../helpers/programs.js'
import { Recorder } from '../helpers/recorder.js'
import { startServer, temporary } from '../helpers/server.js'
import { vlc } from '../helpers/vlc.js'
import { sleep, until } from '../helpers/wait.js'

t.setTimeout(600_000)

/** Streams that run at the same time: more would make the machine the measure. */
const TOGETHER = 4
/** Bytes that a listener gets at once: few, so that the slowest stream is soon past them. */
const BURST = 16_384
/** Milliseconds after which the listeners come, at the earliest. */
const LATE = 5000

const only = process.env['FLOECAST_INTEROP_FORMATS']?.split(',')
const formats = FORMATS.filter(({ name }) => only?.includes(name) ?? true)

t.test('every format that ffmpeg sends reaches whoever joins late', async (t) => {
  if (!needs(t, 'ffmpeg', 'ffprobe', 'cvlc', 'mpv', 'chromium')) return
  const server = await startServer(t, { burstSize: BURST })
  const browser = await openBrowser(t)
  const folder = temporary(t)

  const judge = async (format: Format, file: string, path: string) => {
    const recorder = await Recorder.open(t, server.port)
    const source = send(t, format, file, `icecast://${server.login}@127.0.0.1:${recorder.port}${path}`)
    await until(`${format.name} to be on the air`, () => {
      if (!source.isRunning) throw new Error(source.stderr)
      return server.mount(path)
    })
    await sleep(LATE)
    await until('more than a burst to be sent', () => recorder.length > 3 * BURST)
    const url = server.url(path)
    const [probed, strict, watched, played, heard] = await Promise.all([
      codecs(url),
      listen(url, 4),
      vlc(url, format.codecs.length > 1),
      mpv(url),
      format.page === undefined ? undefined : playInPage(browser, format.page, url),
    ])
    const complaints = source.stderr.trim()
    await source.stop('SIGKILL')
    const record = join(folder, `${path.slice(1)}.${format.file}`)
    writeFileSync(record, recorder.body)
    const sent = parseFramemd5(await framemd5(record))
    const wrong = difference(sent, parseFramemd5(strict.framemd5), await keyFrames(record))
    return { format, probed, strict, watched, played, heard, complaints, wrong }
  }

  for (let at = 0; at < formats.length; at += TOGETHER) {
    const group = formats.slice(at, at + TOGETHER)
    const files: string[] = []
    for (const format of group) files.push(await media(format))
    const results = await Promise.all(group.map((format, i) => judge(format, files[i] ?? '', `/${at + i}`)))
    for (const { format, probed, strict, watched, played, heard, complaints, wrong } of results)
      await t.test(format.name, async (t) => {
        const hasVideo = format.codecs.length > 1
        t.equal(complaints, '', 'the source has nothing to complain about')
        t.strictSame(probed.codecs, format.codecs, 'ffprobe finds the codecs that were sent', { output: probed.output })
        t.equal(wrong, '', 'what came is what was sent, packet by packet, from a key frame on')
        t.equal(strict.complaints, '', 'a strict decoder finds no fault')
        const decoded = hasVideo ? Math.min(watched.video, watched.audio) : watched.audio
        t.ok(decoded > 10 && watched.corrupted === 0, 'VLC decodes all of it', { watched })
        t.ok(played.seconds > 1 && (!hasVideo || played.frames > 10), 'mpv plays it', { played })
        if (heard === undefined) return
        t.ok(heard.error === '' && heard.seconds > 1 && heard.width > 0 === hasVideo, 'Chromium plays it', { heard })
      })
  }
})
