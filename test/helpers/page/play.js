/* Runs in a browser: plays one address with one player, and watches the media element as somebody in front of it would. */
import { playInstantly } from './instant.js'

/** Blocks of a time code across the picture; see test/helpers/latency.ts. */
const BLOCKS = 24
/** How long the media's clock must stand still for a stall, in milliseconds. */
const STALL = 250

const errors = []
const report = (text) => {
  if (errors.length < 20) errors.push(String(text).slice(0, 400))
}
const complain = console.error.bind(console)
console.error = (...words) => {
  report(`console: ${words.map(String).join(' ')}`)
  complain(...words)
}
addEventListener('error', (event) => report(event.message || 'An error in the page'))
addEventListener('unhandledrejection', (event) => report(`Unhandled: ${event.reason}`))

/** Each player begins to play and gives back what ends it, and its own idea of its latency in seconds. */
const PLAYERS = {
  async shaka(video, { url, low, config }) {
    const { shaka } = globalThis
    shaka.polyfill.installAll()
    const player = new shaka.Player()
    player.addEventListener('error', ({ detail }) =>
      report(`shaka ${detail.severity === 2 ? 'fatal ' : ''}${detail.code} ${JSON.stringify(detail.data)}`),
    )
    await player.attach(video)
    // What it calls latency counts from its own presentation delay, which is PART-HOLD-BACK.
    player.configure({ streaming: { lowLatencyMode: low, liveSync: { enabled: low, targetLatency: 0.3, targetLatencyTolerance: 0.2 } } })
    player.configure(config)
    await player.load(url)
    await video.play()
    return { end: () => player.destroy(), latency: () => player.getStats().liveLatency }
  },
  'hls.js'(video, { url, low, config }) {
    const { Hls } = globalThis
    const hls = new Hls({ lowLatencyMode: low, maxLiveSyncPlaybackRate: low ? 1.2 : 1, ...config })
    hls.on(Hls.Events.ERROR, (_, { fatal, details, error, response }) => {
      // It calls an error what it has given up by itself.
      if (details !== Hls.ErrorDetails.INTERNAL_ABORTED)
        report(`hls.js ${fatal ? 'fatal ' : ''}${details} ${error?.message ?? ''} ${response?.code ?? ''}`)
    })
    hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play().catch(report))
    hls.loadSource(url)
    hls.attachMedia(video)
    return { end: () => hls.destroy(), latency: () => hls.latency }
  },
  'dash.js'(video, { url, low, config }) {
    const { dashjs } = globalThis
    const player = dashjs.MediaPlayer().create()
    for (const event of ['ERROR', 'PLAYBACK_ERROR'])
      player.on(dashjs.MediaPlayer.events[event], ({ error }) =>
        report(`dash.js ${error?.code ?? ''} ${error?.message ?? JSON.stringify(error)}`),
      )
    player.updateSettings({ streaming: { liveCatchup: { enabled: low } } })
    player.updateSettings(config)
    player.initialize(video, url, true)
    return { end: () => player.destroy(), latency: () => player.getCurrentLiveLatency() }
  },
  instant: (video, { url }) => playInstantly(video, url, report),
  async element(video, { url }) {
    video.src = url
    await video.play()
    return { end: () => video.removeAttribute('src'), latency: () => undefined }
  },
}

let canvas
/** The number that the picture's first rows carry, or undefined when there is none or it is two pictures at once. */
function readTimeCode(video) {
  const width = video.videoWidth
  canvas ??= new OffscreenCanvas(width, 1).getContext('2d', { willReadFrequently: true })
  if (canvas.canvas.width !== width) canvas.canvas.width = width
  canvas.drawImage(video, 0, 8, width, 1, 0, 0, width, 1)
  const { data } = canvas.getImageData(0, 0, width, 1)
  const bits = Array.from({ length: BLOCKS }, (_, i) => (data[4 * Math.floor(((i + 0.5) * width) / BLOCKS)] > 127 ? 1 : 0))
  const [white, black, ...rest] = bits
  const number = rest.slice(0, 16).reduce((sum, bit, i) => sum + bit * 2 ** i, 0)
  const check = rest.slice(16).every((bit, i) => bit !== rest[i])
  return white === 1 && black === 0 && check ? number : undefined
}

/** Plays as `job` says, and tells what was seen: see `Playback` in test/helpers/players.ts. */
export async function play(job) {
  const { player, seconds, timeout, timeCode } = job
  const video = document.createElement('video')
  video.muted = true
  video.playsInline = true
  video.style.width = '100%'
  document.body.append(video)
  video.addEventListener('error', () => report(`media element: ${video.error?.message || `code ${video.error?.code}`}`))

  const begin = performance.now()
  let startMs
  let [stalls, stalledMs, jumps, played, pictures] = [0, 0, 0, 0, 0]
  const latency = []
  const codes = []
  const perSecond = []

  const onPicture = (_, { presentationTime }) => {
    pictures++
    startMs ??= presentationTime - begin
    if (timeCode) {
      const number = readTimeCode(video)
      // The two clocks of the page differ from the machine's by less than a millisecond when they are read together.
      if (number !== undefined) codes.push([number, Date.now() - performance.now() + presentationTime])
    }
    video.requestVideoFrameCallback(onPicture)
  }
  video.requestVideoFrameCallback(onPicture)

  let running
  try {
    running = await Promise.race([
      PLAYERS[player](video, job),
      new Promise((_, reject) => setTimeout(() => reject(new Error('The player did not begin in time')), timeout)),
    ])
  } catch (error) {
    report(error?.code === undefined ? error : `${player} ${error.code} ${JSON.stringify(error.data ?? error.message)}`)
  }

  // What the clock of the media does, every 50 ms.
  let [time, at, still] = [video.currentTime, performance.now(), 0]
  let firstTime
  const watch = () => {
    const now = performance.now()
    const [step, passed] = [video.currentTime - time, now - at]
    ;[time, at] = [video.currentTime, now]
    if (startMs === undefined) {
      // Sound alone shows no picture: it has begun once its clock runs.
      if (video.readyState >= 2 && video.videoWidth === 0) firstTime ??= time
      if (firstTime !== undefined && video.videoWidth === 0 && time > firstTime && step > 0 && step < 0.5)
        startMs = now - begin - step * 1000
      return
    }
    if (step < -0.01 || step > (passed / 1000) * 2 + 0.25) jumps++
    else played += step
    if (step !== 0) still = 0
    else {
      const before = still
      still += passed
      if (before < STALL && still >= STALL) {
        stalls++
        stalledMs += still
      } else if (before >= STALL) stalledMs += passed
    }
  }
  const isOver = () => {
    const now = performance.now()
    if (video.error !== null || running === undefined) return true
    return startMs === undefined ? now - begin > timeout : now - begin - startMs > seconds * 1000
  }
  let next = begin + 1000
  let lateMs = 0
  while (!isOver()) {
    const asked = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 50))
    lateMs = Math.max(lateMs, performance.now() - asked - 50)
    watch()
    if (performance.now() >= next) {
      next += 500
      const own = running?.latency()
      if (startMs !== undefined && Number.isFinite(own)) latency.push(Number(own.toFixed(3)))
      perSecond.push([Number(video.currentTime.toFixed(2)), video.playbackRate])
    }
  }
  if (startMs === undefined) report('Nothing was shown in time')
  const [width, height] = [video.videoWidth, video.videoHeight]
  const quality = video.getVideoPlaybackQuality?.()
  const seen = {
    startMs: startMs === undefined ? undefined : Math.round(startMs),
    stalls,
    stalledMs: Math.round(stalledMs),
    lateMs: Math.round(lateMs),
    jumps,
    seconds: Number(played.toFixed(2)),
    width,
    height,
    pictures,
    dropped: quality?.droppedVideoFrames ?? 0,
    latency,
    codes,
    clock: perSecond,
    errors: [...errors],
  }
  try {
    await running?.end()
  } catch {
    // What it thinks of its end is not judged.
  }
  return seen
}
