import t from 'tap'
import { recordingFormat } from '../../lib/web/live/recording-format.js'
import { captureProblem, LiveProblem } from '../../lib/web/live/problem.js'
import { QUALITIES, USUAL } from '../../lib/web/live/qualities.js'

const all = (): boolean => true
const chromium = (type: string): boolean => !type.includes('mp4a') && /webm|matroska|avc1,opus/.test(type)
const firefox = (type: string): boolean => /^(video\/webm;codecs=vp8,opus|audio\/(webm|ogg);codecs=opus|video\/webm)$/.test(type)
const failure = (name: string, message = ''): Error => Object.assign(new Error(message), { name })
const both = { video: true, audio: true }

t.test('a browser records what most viewers can play, and never holds pictures back where it need not', (t) => {
  t.match(recordingFormat(both, all), /^video\/mp4;codecs=avc1\.\w+,mp4a/, 'H.264 with AAC, where it has that')
  t.match(recordingFormat({ video: false, audio: true }, all), /^audio\/mp4;codecs=mp4a/)
  t.notMatch(recordingFormat({ video: true, audio: false }, all), /mp4a|opus/, 'no sound is announced where there is none')
  t.equal(recordingFormat(both, chromium), 'video/x-matroska;codecs=avc1,opus', 'without AAC, H.264 block by block')
  t.equal(recordingFormat(both, firefox), 'video/webm;codecs=vp8,opus')
  t.equal(recordingFormat({ video: false, audio: true }, firefox), 'audio/webm;codecs=opus')
  t.equal(
    recordingFormat(both, () => false),
    undefined,
  )
  t.end()
})

t.test('what keeps a camera, a screen, a microphone or a file away is told in one sentence', (t) => {
  for (const kind of ['camera', 'screen', 'microphone', 'file'] as const)
    for (const name of ['NotAllowedError', 'NotFoundError', 'OverconstrainedError', 'NotReadableError', 'AbortError', 'Error']) {
      const { message } = captureProblem(kind, failure(name, 'because'))
      t.match(message, /^[A-Z][^.]*[.]$/, `${kind}, ${name}: ${message}`)
    }
  const known = new LiveProblem('Choose a file first.')
  t.equal(captureProblem('file', known), known)
  t.match(captureProblem('camera', 'nonsense').message, /Cannot use the camera; try another one\./)
  t.end()
})

t.test('a better quality takes more', (t) => {
  for (const [i, one] of QUALITIES.entries()) {
    const less = QUALITIES[i - 1]
    t.ok(less === undefined || (one.video > less.video && one.height > less.height && one.audio >= less.audio), one.label)
  }
  t.ok(QUALITIES.includes(USUAL))
  t.end()
})
