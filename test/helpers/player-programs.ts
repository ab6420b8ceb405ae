import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Program, start } from './programs.js'

/** A program that people listen with: a row of the table in docs/clients.md. */
export interface PlayerProgram {
  readonly name: string
  /** The Debian package that brings it. */
  readonly package: string
  readonly programs: readonly string[]
  /** Whether every run of the tests has it; the others are for `npm run interop`. */
  readonly daily?: true
  /** Starts it without screen and sound card, so that it prints the titles that it is told. */
  open(t: Test, url: string, folder: string): Program
}

const UTF8 = { LC_ALL: 'C.UTF-8' } as const

const mpd: PlayerProgram['open'] = (t, url, folder) => {
  const config = join(folder, 'mpd-in.conf')
  const socket = join(folder, 'mpd-in.sock')
  writeFileSync(config, `bind_to_address "${socket}"\nzeroconf_enabled "no"\naudio_output {\n  type "null"\n  name "N"\n}\n`)
  const steer = `until mpc -q clear 2>/dev/null; do sleep 0.2; done; mpc -q add "${url}"; mpc -q play`
  // It ends when there is nobody left to ask.
  const look = 'while mpc current -f %title%; do sleep 0.5; done'
  return start(t, 'sh', ['-c', `(${steer}; ${look}) & exec mpd --no-daemon --stderr ${config}`], { env: { ...UTF8, MPD_HOST: socket } })
}

const streamripper: PlayerProgram['open'] = (t, url, folder) => {
  const into = join(folder, 'ripped')
  mkdirSync(into, { recursive: true })
  return start(t, 'streamripper', [url, '-d', into, '--codeset-metadata=UTF-8'], { env: UTF8 })
}

const vlc: PlayerProgram['open'] = (t, url) => {
  const quiet = '-I oldrc --rc-fake-tty --aout=dummy --ignore-config -vv'.split(' ')
  const program = start(t, 'cvlc', [...quiet, url], { unprivileged: true, env: UTF8 })
  // Titles by ICY are among what `-vv` prints; for others it has to be asked.
  const asking = setInterval(() => program.child.stdin?.write('get_title\n'), 500)
  void program.ended.then(() => clearInterval(asking))
  return program
}

/** The rows. */
export const PLAYERS: readonly PlayerProgram[] = [
  {
    name: 'VLC',
    package: 'vlc-bin',
    programs: ['cvlc'],
    daily: true,
    open: vlc,
  },
  {
    name: 'mpv',
    package: 'mpv',
    programs: ['mpv'],
    daily: true,
    open: (t, url) => start(t, 'mpv', [...'--no-config --vo=null --ao=null --ytdl=no'.split(' '), url]),
  },
  {
    name: 'mplayer',
    package: 'mplayer',
    programs: ['mplayer'],
    open: (t, url) => start(t, 'mplayer', [...'-noconfig all -nocache -vo null -ao null -nolirc -noconsolecontrols'.split(' '), url]),
  },
  {
    name: 'ffplay',
    package: 'ffmpeg',
    programs: ['ffplay'],
    daily: true,
    open: (t, url) => start(t, 'ffplay', [...'-nodisp -v verbose'.split(' '), url], { env: { SDL_AUDIODRIVER: 'dummy' } }),
  },
  {
    name: 'GStreamer playbin',
    package: 'gstreamer1.0-tools',
    programs: ['gst-launch-1.0'],
    open: (t, url) => start(t, 'gst-launch-1.0', [...'-t playbin audio-sink=fakesink'.split(' '), `uri=${url}`], { env: UTF8 }),
  },
  { name: 'MPD', package: 'mpd', programs: ['mpd', 'mpc'], open: mpd },
  { name: 'streamripper', package: 'streamripper', programs: ['streamripper'], daily: true, open: streamripper },
  {
    name: 'curl',
    package: 'curl',
    programs: ['curl'],
    daily: true,
    open: (t, url) => start(t, 'curl', ['-sS', '-N', '-H', 'Icy-MetaData: 1', url]),
  },
]
