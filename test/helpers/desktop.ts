import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Scope, start } from './programs.js'
import { temporary } from './server.js'
import { until } from './wait.js'

/** What a program must be told to find a screen and a sound card: variables of its environment. */
export type Desktop = Readonly<Record<string, string>>

const open = new WeakMap<Scope, Promise<Desktop>>()

/** A screen that nobody looks at and a sound card that nobody hears, for programs that will not run without; they go with the test. */
export function desktop(t: Scope): Promise<Desktop> {
  let opened = open.get(t)
  if (opened === undefined) open.set(t, (opened = openDesktop(t)))
  return opened
}

async function openDesktop(t: Scope): Promise<Desktop> {
  const home = temporary(t)
  const socket = join(home, 'pulse.sock')
  writeFileSync(join(home, '.asoundrc'), 'pcm.!default { type pulse }\nctl.!default { type pulse }\n')
  const screen = start(t, 'Xvfb', '-displayfd 1 -screen 0 1024x768x24 -nolisten tcp'.split(' '))
  const modules = ['module-null-sink', `module-native-protocol-unix socket=${socket} auth-anonymous=1`]
  const sound = start(t, 'pulseaudio', ['-n', '--exit-idle-time=-1', '--daemonize=no', ...modules.flatMap((name) => ['-L', name])], {
    env: { HOME: home, XDG_RUNTIME_DIR: home },
  })
  await until('a screen and a sound card', () => {
    if (!screen.isRunning || !sound.isRunning) throw new Error(`${screen.output}\n${sound.output}`)
    return screen.stdout.endsWith('\n') && existsSync(socket)
  })
  return {
    DISPLAY: `:${screen.stdout.trim()}`,
    PULSE_SERVER: `unix:${socket}`,
    HOME: home,
    XDG_RUNTIME_DIR: home,
    XDG_CONFIG_HOME: join(home, '.config'),
  }
}
