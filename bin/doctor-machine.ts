import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Finding } from './finding.js'
import { reasonOf } from './reason.js'
import type { Config } from './schema.js'

/** The oldest Node.js that runs floecast; `engines` of package.json says the same. */
const NODE = [20, 19] as const
/** Files that are open besides those of listeners and sources: logs, segments, pages, connections that come and go. */
const OTHER_FILES = 200
const MEBIBYTE = 1_048_576
const LITTLE = 1_024
const TOO_LITTLE = 100

/** Whether Node.js is new enough. */
export function checkNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > NODE[0] || (major === NODE[0] && minor >= NODE[1])) return { check: 'node', state: 'good', message: `Node.js ${version}` }
  return {
    check: 'node',
    state: 'bad',
    message: `Node.js ${version} is too old`,
    advice: `Install ${NODE.join('.')} or a later one.`,
  }
}

/** Whether the time can be right: segments are named by it, and certificates and signed links end by it. */
export function checkClock(now = Date.now()): Finding {
  const time = new Date(now).toISOString()
  if (now < statSync(fileURLToPath(import.meta.url)).mtimeMs - 86_400_000)
    return {
      check: 'clock',
      state: 'bad',
      message: `the clock says ${time}, when this program was not there yet`,
      advice: 'Set the clock.',
    }
  const folder = '/run/systemd/timesync'
  if (existsSync(folder) && !existsSync(`${folder}/synchronized`))
    return {
      check: 'clock',
      state: 'warning',
      message: `the clock says ${time}, and has not been set from the network yet`,
      advice: 'See timedatectl.',
    }
  return { check: 'clock', state: 'good', message: `the clock says ${time}` }
}

/** Whether the process may open as many files as there may be listeners. */
export function checkFiles({ limits: { maxListeners, maxSources } }: Config, limits = readLimits()): Finding {
  const found = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1]
  const wanted = maxListeners + maxSources + OTHER_FILES
  if (found === undefined) return { check: 'files', state: 'good', message: 'this system does not tell how many files may be open' }
  if (found === 'unlimited' || Number(found) >= wanted)
    return { check: 'files', state: 'good', message: `${found} files may be open, and ${maxListeners} listeners may come` }
  return {
    check: 'files',
    state: 'warning',
    message: `only ${found} files may be open, too few for ${maxListeners} listeners`,
    advice: `Raise the limit to ${wanted} (LimitNOFILE of systemd, ulimit -n, --ulimit of Docker), or lower limits.maxListeners.`,
  }
}

const readLimits = (): string => (existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '')

/** Whether a folder is there or can be made, can be written to, and has room. */
export function checkFolder(check: 'state' | 'media', folder: string): Finding {
  // What is not there yet is made in the nearest folder that is.
  let place = folder
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place)
  try {
    if (!statSync(place).isDirectory())
      return { check, state: 'bad', message: `${place} is no folder`, advice: `Remove it, or name another folder in ${check}Dir.` }
    accessSync(place, constants.W_OK | constants.X_OK)
    const { bavail, bsize } = statfsSync(place)
    const free = Math.floor((bavail * bsize) / MEBIBYTE)
    const message = `${folder} ${place === folder ? 'can be written' : 'can be made'}, ${shown(free)} are free`
    if (free >= LITTLE) return { check, state: 'good', message }
    return { check, state: free < TOO_LITTLE ? 'bad' : 'warning', message, advice: 'Make room there, or name another folder.' }
  } catch (error) {
    const advice = `Give it to the user that runs floecast (chown), or name another folder in ${check}Dir.`
    return { check, state: 'bad', message: `${place} cannot be used: ${reasonOf(error)}`, advice }
  }
}

const shown = (mebibytes: number): string => (mebibytes < LITTLE ? `${mebibytes} MiB` : `${Math.floor(mebibytes / 1024)} GiB`)
