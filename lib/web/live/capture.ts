import { captureProblem, LiveProblem, type SourceKind } from './problem.js'
import type { Quality } from './qualities.js'

/** What to capture. */
export interface CaptureWish {
  readonly kind: SourceKind
  readonly quality: Quality
  /** Of a camera; empty for the one that the browser takes. */
  readonly camera: string
  /** Of a microphone; empty for the one that the browser takes, `none` for no sound of it. */
  readonly microphone: string
  /** What plays the file, for a file. */
  readonly player: HTMLVideoElement | undefined
}

/** No microphone. */
export const NONE = 'none'

const PICTURES_A_SECOND = 30

/** Pictures and sound as they come from a device, and what lets go of them. */
export class Capture {
  /** What is to be sent. */
  readonly stream: MediaStream
  /** Where it comes from. */
  readonly kind: SourceKind
  /** What there is to know of it, in one sentence; empty where all is as wished. */
  readonly note: string
  readonly #inputs: readonly MediaStream[]
  readonly #mixer: AudioContext | undefined

  private constructor(stream: MediaStream, kind: SourceKind, note: string, inputs: readonly MediaStream[], mixer?: AudioContext) {
    this.stream = stream
    this.kind = kind
    this.note = note
    this.#inputs = inputs
    this.#mixer = mixer
  }

  /**
   * Asks for what is wished; the browser asks whoever sits before it.
   * @throws LiveProblem with a sentence that says why not
   */
  static async open(wish: CaptureWish): Promise<Capture> {
    const { kind } = wish
    try {
      if (kind === 'file') return fileCapture(wish, (stream) => new Capture(stream, kind, '', [stream]))
      if (kind === 'screen') return await this.#screen(wish)
      const { stream, note } = await deviceStream(wish)
      return new Capture(stream, kind, note, [stream])
    } catch (error) {
      throw captureProblem(kind, error)
    }
  }

  // The screen's own sound, the microphone, or both in one.
  static async #screen(wish: CaptureWish): Promise<Capture> {
    const { width, height } = wish.quality
    const size = { width: { max: width }, height: { max: height }, frameRate: { ideal: PICTURES_A_SECOND } }
    const screen = await navigator.mediaDevices.getDisplayMedia({ video: size, audio: true })
    if (wish.microphone === NONE) return new Capture(screen, 'screen', '', [screen])
    let voice: MediaStream
    try {
      voice = await navigator.mediaDevices.getUserMedia({ audio: deviceOf(wish.microphone) })
    } catch {
      return new Capture(screen, 'screen', 'There is no microphone, so your voice is not sent.', [screen])
    }
    if (screen.getAudioTracks().length === 0)
      return new Capture(new MediaStream([...screen.getVideoTracks(), ...voice.getAudioTracks()]), 'screen', '', [screen, voice])
    const mixer = new AudioContext()
    const both = mixer.createMediaStreamDestination()
    for (const one of [screen, voice]) mixer.createMediaStreamSource(one).connect(both)
    const stream = new MediaStream([...screen.getVideoTracks(), ...both.stream.getAudioTracks()])
    return new Capture(stream, 'screen', '', [screen, voice], mixer)
  }

  /** Lets go of the devices. */
  close(): void {
    for (const track of [this.stream, ...this.#inputs].flatMap((one) => one.getTracks())) track.stop()
    void this.#mixer?.close()
  }
}

const deviceOf = (id: string): true | MediaTrackConstraints => (id === '' ? true : { deviceId: { exact: id } })

const ask = (constraints: MediaStreamConstraints): Promise<MediaStream> => navigator.mediaDevices.getUserMedia(constraints)

async function deviceStream({ kind, quality, camera, microphone }: CaptureWish): Promise<{ stream: MediaStream; note: string }> {
  if (kind === 'microphone') return { stream: await ask({ audio: deviceOf(microphone === NONE ? '' : microphone) }), note: '' }
  const video = {
    ...(camera !== '' && { deviceId: { exact: camera } }),
    width: { ideal: quality.width },
    height: { ideal: quality.height },
    frameRate: { ideal: PICTURES_A_SECOND },
  }
  if (microphone === NONE) return { stream: await ask({ video }), note: '' }
  try {
    return { stream: await ask({ video, audio: deviceOf(microphone) }), note: '' }
  } catch (error) {
    // Browsers refuse both where one of them is missing.
    if (!(error instanceof Error) || error.name !== 'NotFoundError' || microphone !== '') throw error
    return { stream: await ask({ video }), note: 'There is no microphone, so no sound is sent.' }
  }
}

type Captured = HTMLVideoElement & { captureStream?: () => MediaStream; mozCaptureStream?: () => MediaStream }

function fileCapture<T>({ player }: CaptureWish, make: (stream: MediaStream) => T): T {
  const video: Captured | undefined = player
  if (video === undefined || video.readyState < HTMLMediaElement.HAVE_METADATA) throw new LiveProblem('Choose a file first.')
  const stream = video.captureStream?.() ?? video.mozCaptureStream?.()
  if (stream === undefined)
    throw new LiveProblem('This browser cannot send a file; use Chrome, Edge or Firefox, or floecast-source in a terminal.')
  return make(stream)
}

/** A camera or a microphone that can be chosen. */
export interface Device {
  readonly id: string
  readonly label: string
}

/** What there is; names are told only once the page may use one of the kind. */
export async function listDevices(): Promise<{ cameras: Device[]; microphones: Device[] }> {
  const all = await navigator.mediaDevices.enumerateDevices()
  const some = (kind: MediaDeviceKind, word: string): Device[] =>
    all
      .filter((one) => one.kind === kind && one.deviceId !== '' && one.deviceId !== 'default' && one.deviceId !== 'communications')
      .map(({ deviceId, label }, i) => ({ id: deviceId, label: label || `${word} ${i + 1}` }))
  return { cameras: some('videoinput', 'Camera'), microphones: some('audioinput', 'Microphone') }
}
