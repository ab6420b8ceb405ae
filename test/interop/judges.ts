import t from 'tap'
import { TimedSource, latencyOf } from '../helpers/latency.js'
import { type Judge, type Player, openChromium, openFirefox, tell } from '../helpers/players.js'
import { needs, which } from '../helpers/programs.js'
import { StandIn } from '../helpers/stand-in.js'
import { sleep, until } from '../helpers/wait.js'

t.setTimeout(300_000)

const seconds = Number(process.env['FLOECAST_INTEROP_SECONDS'] ?? 8)

/** What plays what of the stand-in, and how many milliseconds behind the encoder it may at most be. */
const FORMS: readonly { readonly player: Player; readonly path: string; readonly low: boolean; readonly behind: number }[] = [
  { player: 'instant', path: '/live.mp4', low: true, behind: 1500 },
  { player: 'hls.js', path: '/low.m3u8', low: true, behind: 4000 },
  { player: 'shaka', path: '/dash/live.mpd', low: true, behind: 4000 },
  { player: 'dash.js', path: '/dash/live.mpd', low: true, behind: 5000 },
  { player: 'shaka', path: '/hls/live.m3u8', low: false, behind: 15_000 },
  { player: 'hls.js', path: '/hls/live.m3u8', low: false, behind: 15_000 },
]

t.test('the judges play what is good, know the latency of every picture, and see what is bad', async (t) => {
  if (!needs(t, 'ffmpeg', 'chromium')) return
  const judges: Judge[] = [await openChromium(t)]
  if (which('firefox-esr') !== undefined) judges.push(await openFirefox(t))
  const source = TimedSource.open(t)
  const standIn = await StandIn.open(t, source)
  await until('the stand-in to have something of everything', () => standIn.isReady, { timeout: 30_000 })
  await sleep(3000)

  const judge = async ({ name, play }: Judge): Promise<void> => {
    for (const { player, path, low, behind } of FORMS) {
      const seen = await play({ player, url: standIn.url(path), low, seconds, timeCode: true })
      const latency = latencyOf(source, seen)
      const what = `${name}, ${player}, ${path}`
      t.comment(what, JSON.stringify(latency), tell(seen))
      t.ok(seen.startMs !== undefined && seen.seconds > seconds * 0.7 && seen.width === 576, `${what}: plays`, { seen: tell(seen) })
      t.ok(latency.pictures > seconds * 12 && latency.medianMs > 50 && latency.medianMs < behind, `${what}: latency`, { latency })
    }
    const gone = await play({ player: 'hls.js', url: standIn.url('/gone.m3u8'), timeout: 4000 })
    t.ok(gone.startMs === undefined && gone.seconds === 0 && gone.errors.length > 0, `${name}: what is not there does not play`)
  }
  await Promise.all(judges.map(judge))

  for (const { name, play } of judges) {
    const frozen = play({ player: 'instant', url: standIn.url('/live.mp4'), seconds: 5 })
    await sleep(3000)
    standIn.freeze(2000)
    const seen = await frozen
    t.ok(seen.stalls > 0 && seen.stalledMs > 500, `${name}: a stream that stops for two seconds is seen to stall`, { seen: tell(seen) })
  }
  t.equal(source.complaints, '')
})
