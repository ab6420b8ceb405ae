import { Program } from './programs.js'
import { sleep } from './wait.js'

/** What mpv made of a stream. */
export interface Played {
  /** Pictures shown; 0 for sound alone. */
  readonly frames: number
  /** Seconds that the clock went on. */
  readonly seconds: number
  /** What it printed. */
  readonly output: string
}

/** Lets mpv play a stream for some seconds, without screen and sound card. */
export async function mpv(url: string, seconds = 2): Promise<Played> {
  const program = new Program('mpv', [
    ...'--no-config --vo=null --ao=null --ytdl=no'.split(' '),
    // Not its own count of frames, which it only guesses, and not where the container states no frame rate.
    '--term-status-msg=rate=${=estimated-vf-fps} at=${=time-pos} ',
    url,
  ])
  const isPlaying = (): boolean => program.output.split(' at=').length > 10
  // Not by `--length`: the clock of a stream that is joined late may start far from 0.
  for (const end = Date.now() + 15_000; program.isRunning && !isPlaying() && Date.now() < end;) await sleep(100)
  await Promise.race([sleep(seconds * 1000), program.ended])
  await program.stop()
  const times = [...program.output.matchAll(/ at=([\d.]+)/g)].map((found) => Number(found[1]))
  const rates = [...program.output.matchAll(/rate=([\d.]+)/g)].map((found) => Number(found[1]))
  const seen = times.length > 1 ? (times.at(-1) ?? 0) - (times[0] ?? 0) : 0
  return { frames: Math.round(seen * (rates.at(-1) ?? 0)), seconds: seen, output: program.output.replaceAll(/rate=\S* at=\S*/g, '') }
}
