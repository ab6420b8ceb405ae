/* Runs in a browser: a small player for one endless response of fMP4 or WebM, by fetch and Media Source Extensions. */

/** Seconds behind the newest frame that it aims at; what stalls makes it larger. */
const TARGET = 0.2
/** Seconds more than the target at which it jumps instead of hurrying. */
const TOO_FAR = 1.5

const hex = (byte) => byte.toString(16).padStart(2, '0')
const two = (number) => String(number).padStart(2, '0')

/** How each sample description or CodecPrivate tells its codec as RFC 6381 writes it; `at` is where the box's payload begins. */
const BOXES = {
  avcC: (b, at) => `avc1.${hex(b[at + 1])}${hex(b[at + 2])}${hex(b[at + 3])}`,
  hvcC(b, at) {
    let flags = 0
    for (let i = 0; i < 32; i++) flags = (flags | (((b[at + 2 + (i >> 3)] >> (7 - (i & 7))) & 1) << i)) >>> 0
    const constraints = [...b.subarray(at + 6, at + 12)]
    while (constraints.at(-1) === 0) constraints.pop()
    const space = ['', 'A', 'B', 'C'][b[at + 1] >> 6]
    const tier = (b[at + 1] >> 5) & 1 ? 'H' : 'L'
    return [
      'hvc1',
      `${space}${b[at + 1] & 31}`,
      flags.toString(16),
      `${tier}${b[at + 12]}`,
      ...constraints.map((n) => n.toString(16)),
    ].join('.')
  },
  vpcC: (b, at) => `vp09.${two(b[at + 4])}.${two(b[at + 5])}.${two(b[at + 6] >> 4)}`,
  av1C: (b, at) => `av01.${b[at + 1] >> 5}.${two(b[at + 1] & 31)}${b[at + 2] & 128 ? 'H' : 'M'}.${b[at + 2] & 64 ? 10 : two(8)}`,
  esds(b, at) {
    // ES_Descriptor (3) holds DecoderConfigDescriptor (4), and that DecoderSpecificInfo (5); lengths have up to four bytes.
    const body = (tag) => {
      let end = tag + 1
      while (b[end] & 128) end++
      return end + 1
    }
    const config = body(body(at + 4) + 3)
    return b[config] === 0x40 ? `mp4a.40.${b[body(config + 13)] >> 3}` : `mp4a.${hex(b[config])}`
  },
  dOps: () => 'opus',
  dfLa: () => 'flac',
  dac3: () => 'ac-3',
  dec3: () => 'ec-3',
}
const MATROSKA = { V_VP8: 'vp8', V_VP9: 'vp9', V_AV1: 'av01.0.04M.08', A_OPUS: 'opus', A_VORBIS: 'vorbis' }

/** The media type that the first bytes call for, or undefined while they do not tell. */
function typeOf(bytes) {
  const text = new TextDecoder('latin1').decode(bytes)
  if (text.startsWith('\x1aE\xdf\xa3')) {
    const codecs = Object.keys(MATROSKA).filter((name) => text.includes(name))
    return codecs.length === 0 ? undefined : `video/webm; codecs="${codecs.map((name) => MATROSKA[name]).join(', ')}"`
  }
  if (!text.includes('moof')) return undefined
  const found = Object.keys(BOXES).filter((name) => text.includes(name))
  return `video/mp4; codecs="${found.map((name) => BOXES[name](bytes, text.indexOf(name) + 4)).join(', ')}"`
}

const join = (chunks) => {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

/** Plays an endless response. `report` takes what goes wrong. It gives back what ends it, and how far it is behind what has come. */
export async function playInstantly(video, url, report) {
  const abort = new AbortController()
  const response = await fetch(url, { signal: abort.signal })
  if (!response.ok) throw new Error(`The server answers ${response.status}`)
  const reader = response.body.getReader()

  let chunks = []
  const stated = response.headers.get('content-type') ?? ''
  let type = /codecs/.test(stated) ? stated : undefined
  while (type === undefined) {
    const { value, done } = await reader.read()
    if (done) throw new Error('The stream ended before it told its codecs')
    chunks.push(value)
    type = typeOf(join(chunks))
  }
  if (!MediaSource.isTypeSupported(type)) throw new Error(`This browser does not play ${type}`)

  const source = new MediaSource()
  video.src = URL.createObjectURL(source)
  await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }))
  const buffer = source.addSourceBuffer(type)
  buffer.addEventListener('error', () => report('The source buffer failed'))
  let target = TARGET

  const edge = () => (video.buffered.length === 0 ? undefined : video.buffered.end(video.buffered.length - 1))
  const hold = () => {
    const end = edge()
    if (end === undefined) return
    const begin = video.buffered.start(video.buffered.length - 1)
    const behind = end - video.currentTime
    if (video.currentTime < begin || behind > target + TOO_FAR) video.currentTime = Math.max(begin, end - target)
    video.playbackRate = behind > target + 0.5 ? 1.2 : behind > target + 0.1 ? 1.06 : 1
    if (video.paused && !video.ended) void video.play().catch((error) => report(String(error)))
  }
  const step = () => {
    try {
      if (buffer.updating || source.readyState !== 'open') return
      hold()
      const begin = video.buffered.length === 0 ? 0 : video.buffered.start(0)
      if (chunks.length > 0) {
        const bytes = join(chunks)
        chunks = []
        buffer.appendBuffer(bytes)
      } else if (video.currentTime - begin > 10) buffer.remove(0, video.currentTime - 5)
    } catch (error) {
      report(String(error))
    }
  }
  let hasPlayed = false
  video.addEventListener('playing', () => (hasPlayed = true))
  video.addEventListener('waiting', () => {
    if (hasPlayed && target < 1) target += 0.1
  })
  buffer.addEventListener('updateend', step)
  step()

  void (async () => {
    try {
      for (;;) {
        const { value, done } = await reader.read()
        if (done) break
        chunks.push(value)
        step()
      }
      report('The stream ended')
    } catch (error) {
      if (!abort.signal.aborted) report(String(error))
    }
  })()
  return { end: () => abort.abort(), latency: () => (edge() === undefined ? undefined : edge() - video.currentTime), type }
}
