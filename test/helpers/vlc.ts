import { Program } from './programs.js'
import { sleep } from './wait.js'

/** What VLC says about a stream that it has played for a while. */
export interface Watched {
  readonly video: number
  readonly audio: number
  readonly corrupted: number
  readonly discontinuities: number
  /** What it printed. */
  readonly output: string
}

/** How much it must have decoded before it is asked no longer. */
const ENOUGH = 20

/** Lets VLC play a stream for some seconds, without screen and sound card, and asks it for its statistics. */
export async function vlc(url: string, hasVideo: boolean, seconds = 4): Promise<Watched> {
  const quiet = ['--no-video-title-show', '--vout=dummy', '--aout=dummy', '--ignore-config', '--no-media-library']
  const program = new Program('cvlc', ['-I', 'oldrc', '--rc-fake-tty', ...quiet, '-v', url], { unprivileged: true })
  const count = (name: string): number => Number(new RegExp(`${name}\\s*:\\s*(\\d+)`).exec(statistics)?.[1] ?? 0)
  let statistics = ''
  // Slow machines get more time.
  for (let tries = 0; tries < 8 && program.isRunning; tries++) {
    await sleep(tries === 0 ? seconds * 1000 : 2000)
    program.child.stdin?.write('stats\n')
    await sleep(300)
    statistics = program.stdout.slice(program.stdout.lastIndexOf('begin of statistical info'))
    if (count('audio decoded') > ENOUGH && (!hasVideo || count('video decoded') > ENOUGH)) break
  }
  program.child.stdin?.end('quit\n')
  await program.stop('SIGTERM', 2000)
  return {
    video: count('video decoded'),
    audio: count('audio decoded'),
    corrupted: count('demux corrupted'),
    discontinuities: count('discontinuities'),
    output: program.output,
  }
}
