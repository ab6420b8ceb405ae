import { readdir, readFile } from 'node:fs/promises'

/** Something that ffmpeg can record from. */
export interface InputDevice {
  /** What it is. */
  readonly kind: 'camera' | 'microphone' | 'screen'
  /** What people call it. */
  readonly name: string
  /** The name of ffmpeg's input format, as after `-f`. */
  readonly format: string
  /** What ffmpeg calls it, as after `-i`. */
  readonly id: string
}

/** Runs ffmpeg with arguments, and gives all that it writes. */
type Ask = (...args: readonly string[]) => Promise<string>

/** Lists the cameras, microphones and screens of a platform; what cannot be asked is left out. */
export async function listDevices(ask: Ask, platform: NodeJS.Platform): Promise<readonly InputDevice[]> {
  if (platform === 'darwin') return parseAvfoundation(await ask('-f', 'avfoundation', '-list_devices', 'true', '-i', ''))
  if (platform === 'win32') return [...parseDshow(await ask('-f', 'dshow', '-list_devices', 'true', '-i', 'dummy')), DESKTOP]
  const pulse = parseSources('pulse', await ask('-sources', 'pulse'))
  // Where there is PulseAudio or PipeWire, ALSA's devices are the same ones again.
  const microphones = pulse.length > 0 ? pulse : parseSources('alsa', await ask('-sources', 'alsa'))
  return [...(await listCameras()), ...microphones, ...x11()]
}

/** Reads what `ffmpeg -sources` prints of PulseAudio or ALSA: `* id [name] (kind)`, a star before the one in use. */
export function parseSources(format: 'pulse' | 'alsa', text: string): InputDevice[] {
  const found: (InputDevice & { readonly isUsed: boolean })[] = []
  for (const [, star, id = '', name = ''] of text.matchAll(/^([ *]) (\S+) \[(.*?)\](?: \([\w, ]*\))?\r?$/gm)) {
    // What goes to the speakers can be recorded, too, but is no microphone.
    if (id.endsWith('.monitor') || id === 'null') continue
    found.push({ kind: 'microphone', name: name || id, format, id, isUsed: star === '*' })
  }
  const order = found.toSorted((a, b) => Number(b.isUsed) - Number(a.isUsed))
  return order.map(({ kind, name, id }) => ({ kind, name, format, id }))
}

/** Reads what ffmpeg prints of AVFoundation: `[0] name`, under a line for video and one for audio. */
export function parseAvfoundation(text: string): InputDevice[] {
  const found: InputDevice[] = []
  let isAudio = false
  for (const line of text.split('\n')) {
    if (/AVFoundation (video|audio) devices/.test(line)) isAudio = line.includes('audio')
    const [, index, name = ''] = /\] \[(\d+)\] (.+?)\r?$/.exec(line) ?? []
    if (index === undefined) continue
    const kind = isAudio ? 'microphone' : name.startsWith('Capture screen') ? 'screen' : 'camera'
    found.push({ kind, name, format: 'avfoundation', id: isAudio ? `:${index}` : index })
  }
  return found
}

/** Reads what ffmpeg prints of DirectShow: `"name" (video)`; before ffmpeg 5 the kind stood in a line above. */
export function parseDshow(text: string): InputDevice[] {
  const found: InputDevice[] = []
  let above = 'video'
  for (const line of text.split('\n')) {
    above = /DirectShow (video|audio) devices/.exec(line)?.[1] ?? above
    const [, name, told] = /\] {1,2}"([^"@][^"]*)"(?: \((\w+)[^)]*\))?\s*$/.exec(line) ?? []
    if (name === undefined) continue
    const isAudio = (told ?? above) === 'audio'
    found.push({ kind: isAudio ? 'microphone' : 'camera', name, format: 'dshow', id: `${isAudio ? 'audio' : 'video'}=${name}` })
  }
  return found
}

const DESKTOP: InputDevice = { kind: 'screen', name: 'Desktop', format: 'gdigrab', id: 'desktop' }

function x11(): InputDevice[] {
  const display = process.env['DISPLAY'] ?? ''
  return display === '' ? [] : [{ kind: 'screen', name: `Screen ${display}`, format: 'x11grab', id: display }]
}

async function listCameras(): Promise<InputDevice[]> {
  const names = await readdir(CAMERAS).catch(() => [])
  const read = async (node: string, file: string): Promise<string> =>
    (await readFile(`${CAMERAS}/${node}/${file}`, 'utf8').catch(() => '')).trim()
  const found = await Promise.all(
    names.map(async (node): Promise<InputDevice | undefined> => {
      // A camera's further nodes carry no pictures, but data about them.
      if (((await read(node, 'index')) || '0') !== '0') return undefined
      return { kind: 'camera', name: (await read(node, 'name')) || node, format: 'v4l2', id: `/dev/${node}` }
    }),
  )
  return found.filter((device) => device !== undefined).toSorted((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }))
}

const CAMERAS = '/sys/class/video4linux'
