import type { InputDevice } from '../client/ffmpeg-devices.js'
import { inputArguments } from '../client/ffmpeg-input.js'
import { sourceKind } from '../client/playlist-item.js'
import { type MediaFacts } from '../client/probe-facts.js'
import { FloecastError } from '../errors.js'
import type { Output } from './output.js'
import { mainStream } from './output-list.js'

/** What ffmpeg reads for an item. */
export interface ConversionInput {
  /** Arguments that open all inputs. */
  readonly args: readonly string[]
  /** Where the pictures are, as filters name them; `undefined` where there are none. */
  readonly video: string | undefined
  /** Where the sound is. */
  readonly audio: string | undefined
  /** Where a picture is that belongs to sound: a cover. */
  readonly cover: string | undefined
  /** Whether it comes as it happens. */
  readonly isLive: boolean
}

/** What a file or an address is read as. */
export function mediaInput(source: string, facts: MediaFacts, at: number, isLive: boolean): ConversionInput {
  const open = inputArguments(source)
  const video = mainStream(facts, 'video')
  const audio = mainStream(facts, 'audio')
  const cover = video === undefined ? facts.streams.find(({ kind, isCover }) => kind === 'video' && isCover) : undefined
  const seek = at > 0 && !facts.isPicture ? ['-ss', String(at)] : []
  return {
    // A cover is there at the beginning alone, so it is read by itself.
    args: [...seek, ...open, ...(cover === undefined ? [] : open)],
    video: label(0, video),
    audio: label(0, audio),
    cover: label(1, cover),
    isLive,
  }
}

/** A stream as filters name it. */
function label(input: number, stream: { readonly index: number } | undefined): string | undefined {
  return stream === undefined ? undefined : `${input}:${stream.index}`
}

/**
 * What a device is read as. A camera and the screen come with the first microphone, if there is one; a microphone comes alone; `test:` is a moving test
 * picture with a tone, and `still:` a dark picture and silence.
 * @throws FloecastError `DEVICE_MISSING`
 */
export function deviceInput(source: string, devices: readonly InputDevice[], { video, audio, rungs, lowLatency }: Output): ConversionInput {
  const [kind = '', ...rest] = source.split(':')
  const name = rest.join(':')
  const { width = 1280, height = 720 } = rungs[0] ?? {}
  const rate = formatRate(video?.frameRate ?? 25)
  const none = { cover: undefined, isLive: false }
  if (kind === 'test') {
    const tone = lavfi(`sine=frequency=440:beep_factor=4:sample_rate=${audio.sampleRate}`)
    return { args: [...lavfi(`testsrc2=size=${width}x${height}:rate=${rate}`), ...tone], video: '0:0', audio: '1:0', ...none }
  }
  if (kind === 'still') return { args: [], video: undefined, audio: undefined, ...none }
  const options = ['-thread_queue_size', '256', ...(lowLatency ? LIVE : [])]
  const open = (device: InputDevice): string[] => [
    ...options,
    ...captureOptions(device, width, height, rate),
    '-f',
    device.format,
    '-i',
    device.id,
  ]
  const microphones = devices.filter((device) => device.kind === 'microphone')
  if (kind === 'microphone') {
    const device = choose(microphones, 'microphone', name)
    return { args: open(device), video: undefined, audio: '0:a', cover: undefined, isLive: true }
  }
  const pictures = choose(
    devices.filter((device) => device.kind === (kind === 'screen' ? 'screen' : 'camera')),
    kind,
    name,
  )
  const [microphone] = microphones
  const args = [...open(pictures), ...(microphone === undefined ? [] : open(microphone))]
  return { args, video: '0:v', audio: microphone === undefined ? undefined : '1:a', cover: undefined, isLive: true }
}

/** Whether a source has to be named as a device to ffmpeg. */
export function isDevice(source: string): boolean {
  return sourceKind(source) === 'device' || source === 'still:'
}

/** A rate as ffmpeg takes it: `25`, or `30000/1001` for what television calls 29.97. */
export function formatRate(rate: number): string {
  const thousands = Math.round(rate * 1.001) * 1000
  const isNtsc = Math.abs(rate - Math.round(rate)) > 0.005 && Math.abs(thousands / 1001 - rate) < 0.005
  return isNtsc ? `${thousands}/1001` : String(Math.round(rate * 1000) / 1000)
}

function lavfi(graph: string): string[] {
  return ['-f', 'lavfi', '-i', graph]
}

function choose(devices: readonly InputDevice[], kind: string, name: string): InputDevice {
  const asked = name.trim().toLowerCase()
  const found =
    asked === ''
      ? devices[0]
      : (devices.find((device) => device.id === name || device.name.toLowerCase() === asked) ??
        devices.find((device) => device.name.toLowerCase().includes(asked)))
  if (found !== undefined) return found
  const list = devices.map((device) => (device.id === device.name ? device.id : `${device.id} (${device.name})`)).join(', ')
  const instead = list === '' ? `no ${kind === 'webcam' ? 'camera' : kind} was found` : `there are: ${list}`
  throw new FloecastError('DEVICE_MISSING', { device: name === '' ? kind : name, instead })
}

function captureOptions({ format, kind }: InputDevice, width: number, height: number, rate: string): string[] {
  switch (format) {
    case 'v4l2':
      // What a camera does not offer, the driver rounds.
      return ['-framerate', rate, '-video_size', `${width}x${height}`]
    case 'avfoundation':
      return kind === 'microphone' ? [] : ['-framerate', '30', '-pixel_format', 'uyvy422']
    case 'dshow':
      return ['-rtbufsize', '128M']
    case 'x11grab':
    case 'gdigrab':
      return ['-framerate', rate]
    default:
      return []
  }
}

/** Of a device nothing waits at the input; of anything else that would lose the beginning. */
const LIVE = ['-fflags', 'nobuffer', '-flags', 'low_delay']
