import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Test } from 'tap'
import { desktop } from './desktop.js'
import { formatNamed, send } from './ffmpeg.js'
import { obs } from './obs.js'
import { type Program, run, start } from './programs.js'
import { SOURCE_PASSWORD } from './server.js'
import { type Client, curl, ezstream, ffmpeg, liquidsoap, oggfwd, shout, type Target, vlcSource } from './source-programs.js'
import { freePort } from './wait.js'

/** A program that stations send with: a row of the table in docs/clients.md. */
export interface Encoder extends Omit<Client, 'open' | 'encodes'> {
  /** The Debian package that brings it. */
  readonly package: string
  /** How a title gets from it to the server: within what it sends, or by a request of its own; without, it tells none. */
  readonly titles?: 'in its stream' | 'by a command'
  /** Whether it is to use TLS. */
  readonly secure?: true
  /** Whether every run of the tests has it; the others are for `npm run interop`. */
  readonly daily?: true
  /** Starts it with a file that has a title. */
  open(t: Test, target: Target, path: string, file: string, folder: string): Program | Promise<Program>
  /** Has it tell a title, where it does not find that in the file. */
  tell?(title: string, folder: string): Promise<unknown>
}

/** Any of ffmpeg's formats, by its own protocol for Icecast. */
const ffmpegWith =
  (format: string, ...options: readonly string[]): Client['open'] =>
  (t, { host, port, login, certificate }, path, file) =>
    send(t, formatNamed(format), file, `icecast://${login}@${host}:${port}${path}`, [
      ...(certificate === undefined ? [] : ['-tls', '1']),
      ...options,
    ])

const play = (file: string): string => `mksafe(single("${resolve(file)}"))`

const ices: Client['open'] = (t, { host, port }, path, file, folder) => {
  writeFileSync(join(folder, 'ices.txt'), `${resolve(file)}\n`)
  writeFileSync(
    join(folder, 'ices.xml'),
    `<ices><background>0</background><logpath>${folder}</logpath><logfile>ices.log</logfile><loglevel>4</loglevel><consolelog>1</consolelog>
<stream><metadata><name>Ices</name></metadata>
  <input><module>playlist</module><param name="type">basic</param><param name="file">${folder}/ices.txt</param></input>
  <instance><hostname>${host}</hostname><port>${port}</port><password>${SOURCE_PASSWORD}</password><mount>${path}</mount></instance>
</stream></ices>
`,
  )
  return start(t, 'ices2', [join(folder, 'ices.xml')])
}

const darkice: Encoder['open'] = async (t, { host, port }, path, _, folder) => {
  const env = await desktop(t)
  writeFileSync(
    join(folder, 'darkice.cfg'),
    `[general]
duration = 0
bufferSecs = 1
realtime = no
[input]
device = default
sampleRate = 44100
bitsPerSample = 16
channel = 2
[icecast2-0]
bitrateMode = cbr
format = mp3
bitrate = 128
server = ${host}
port = ${port}
password = ${SOURCE_PASSWORD}
mountPoint = ${path.slice(1)}
`,
  )
  return start(t, 'darkice', ['-c', join(folder, 'darkice.cfg')], { env })
}

/** Where butt takes its commands, by the folder it runs in. */
const buttPorts = new Map<string, number>()

/** butt, as an Icecast or as a SHOUTcast source, which is what the number means. */
const butt =
  (type: 0 | 1): Encoder['open'] =>
  async (t, { host, port }, path, _, folder) => {
    const env = await desktop(t)
    const commands = await freePort()
    buttPorts.set(folder, commands)
    writeFileSync(
      join(folder, 'butt.cfg'),
      `[main]
server = S
srv_ent = S
num_of_srv = 1
num_of_icy = 0
connect_at_startup = 1
check_for_update = 0
[audio]
device = default
samplerate = 44100
bitrate = 128
channel = 2
codec = mp3
[S]
address = ${host}
port = ${port}
password = ${SOURCE_PASSWORD}
type = ${type}
tls = 0
mount = ${path.slice(1)}
usr = source
`,
    )
    return start(t, 'butt', ['-c', join(folder, 'butt.cfg'), '-p', String(commands)], { env })
  }

const tellButt = (title: string, folder: string): Promise<unknown> => run('butt', ['-u', title, '-p', String(buttPorts.get(folder))])

/** MPD, steered by mpc through a socket of its own. */
const mpd: Client['open'] = (t, { host, port }, path, file, folder) => {
  const config = join(folder, 'mpd-out.conf')
  const socket = join(folder, 'mpd-out.sock')
  const output = { type: 'shout', name: 'S', host, port, mount: path, user: 'source', password: SOURCE_PASSWORD, protocol: 'icecast2' }
  const sound = { encoder: 'lame', bitrate: 128, format: '44100:16:2', tls: 'disabled' }
  const lines = Object.entries({ ...output, ...sound }).map(([name, value]) => `  ${name} "${value}"\n`)
  writeFileSync(config, `bind_to_address "${socket}"\nzeroconf_enabled "no"\naudio_output {\n${lines.join('')}}\n`)
  // A socket that is left over from before refuses, so this waits for the new one.
  const steer = `until mpc -q clear 2>/dev/null; do sleep 0.2; done; mpc -q add "file://${resolve(file)}"; mpc -q repeat on; mpc -q play`
  return start(t, 'sh', ['-c', `(${steer}) & exec mpd --no-daemon --stderr ${config}`], { env: { MPD_HOST: socket } })
}

const gstreamer: Client['open'] = (t, { host, port }, path, file) => {
  const line = `filesrc location=${resolve(file)} ! decodebin ! audioconvert ! lamemp3enc target=bitrate bitrate=128 ! shout2send`
  const to = `sync=true ip=${host} port=${port} password=${SOURCE_PASSWORD} mount=${path}`
  return start(t, 'gst-launch-1.0', `${line} ${to}`.split(' '))
}

const DESKTOP = ['Xvfb', 'pulseaudio'] as const
const MP3 = { format: 'MP3' } as const
const VORBIS = { format: 'Ogg Vorbis' } as const
const IN_STREAM = { titles: 'in its stream' } as const
const BY_COMMAND = { titles: 'by a command' } as const

/** The rows. */
export const ENCODERS: readonly Encoder[] = [
  { ...VORBIS, ...IN_STREAM, daily: true, name: 'ffmpeg', package: 'ffmpeg', programs: ['ffmpeg'], open: ffmpegWith('Ogg Vorbis') },
  {
    ...MP3,
    ...IN_STREAM,
    daily: true,
    name: 'ffmpeg `-legacy_icecast 1`',
    package: 'ffmpeg',
    programs: ['ffmpeg'],
    open: ffmpeg('icecast', '-legacy_icecast', '1'),
  },
  {
    ...MP3,
    ...IN_STREAM,
    daily: true,
    name: 'ffmpeg with a chunked PUT',
    package: 'ffmpeg',
    programs: ['ffmpeg'],
    open: ffmpeg('http', '-method', 'PUT'),
  },
  {
    ...VORBIS,
    ...IN_STREAM,
    daily: true,
    secure: true,
    name: 'ffmpeg `-tls 1`',
    package: 'ffmpeg',
    programs: ['ffmpeg'],
    open: ffmpegWith('Ogg Vorbis'),
  },
  { ...MP3, ...IN_STREAM, name: 'curl `-T`', package: 'curl', programs: ['curl'], open: curl('-T', '-') },
  { ...MP3, ...BY_COMMAND, daily: true, name: 'ezstream', package: 'ezstream', programs: ['ezstream'], open: ezstream('none') },
  {
    ...MP3,
    ...BY_COMMAND,
    secure: true,
    name: 'ezstream with TLS',
    package: 'ezstream',
    programs: ['ezstream'],
    open: ezstream('required'),
  },
  { ...VORBIS, ...IN_STREAM, daily: true, name: 'oggfwd', package: 'oggfwd', programs: ['oggfwd'], open: oggfwd },
  {
    ...VORBIS,
    ...IN_STREAM,
    daily: true,
    name: 'shout (libshout)',
    package: 'libshout-tools',
    programs: ['shout'],
    open: shout('auto'),
  },
  { ...VORBIS, ...IN_STREAM, daily: true, name: 'VLC as a source', package: 'vlc-bin', programs: ['cvlc'], open: vlcSource },
  {
    ...MP3,
    ...BY_COMMAND,
    name: 'liquidsoap `output.icecast`',
    package: 'liquidsoap',
    programs: ['liquidsoap'],
    open: (t, target, path, file, folder) =>
      liquidsoap(
        ({ host, port }) =>
          `output.icecast(%mp3(bitrate=128), host="${host}", port=${port}, password="${SOURCE_PASSWORD}", mount="${path}", ${play(file)})`,
      )(t, target, path, file, folder),
  },
  {
    ...MP3,
    ...BY_COMMAND,
    appears: '/stream',
    name: 'liquidsoap `output.shoutcast`',
    package: 'liquidsoap',
    programs: ['liquidsoap'],
    open: (t, target, path, file, folder) =>
      liquidsoap(
        ({ host, port }) =>
          `output.shoutcast(%mp3(bitrate=128), host="${host}", port=${port}, password="${SOURCE_PASSWORD}", ${play(file)})`,
      )(t, target, path, file, folder),
  },
  { ...VORBIS, ...IN_STREAM, daily: true, name: 'ices2', package: 'ices2', programs: ['ices2'], open: ices },
  { ...MP3, name: 'darkice', package: 'darkice', programs: ['darkice', ...DESKTOP], open: darkice },
  {
    ...MP3,
    ...BY_COMMAND,
    name: 'butt',
    package: 'butt',
    programs: ['butt', ...DESKTOP],
    open: butt(1),
    tell: tellButt,
  },
  {
    ...MP3,
    ...BY_COMMAND,
    appears: '/stream',
    name: 'butt as a SHOUTcast source',
    package: 'butt',
    programs: ['butt', ...DESKTOP],
    open: butt(0),
    tell: tellButt,
  },
  { ...MP3, ...BY_COMMAND, name: 'MPD with its shout output', package: 'mpd', programs: ['mpd', 'mpc'], open: mpd },
  {
    ...MP3,
    ...BY_COMMAND,
    name: 'GStreamer shout2send',
    package: 'gstreamer1.0-plugins-good',
    programs: ['gst-launch-1.0'],
    open: gstreamer,
  },
  {
    format: 'WebM VP8 and Vorbis',
    name: 'OBS with its custom ffmpeg output',
    package: 'obs-studio',
    programs: ['obs', ...DESKTOP],
    open: obs,
  },
]
