import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import t from 'tap'
import { diagnosis, type Diagnosis } from '../../lib/api/doctor.js'
import type { Track } from '../../lib/formats/frame.js'
import { Health } from '../../lib/media/health.js'
import type { HealthMeasures } from '../../lib/media/health-measures.js'
import { basic } from '../../lib/server/auth.js'
import { FINDINGS, findingsOf } from '../../lib/server/doctor.js'
import type { Patient } from '../../lib/server/doctor-check.js'
import type { MountForms } from '../../lib/api/index.js'
import { createServer } from '../../lib/server/server.js'
import { AAC, H264, stream } from '../helpers/media.js'
import { NOON } from '../helpers/studio.js'
import { until } from '../helpers/wait.js'

const FORMS: MountForms = {
  hls: { url: '', type: '', media: ['video/mp4; codecs="avc1.64000a,mp4a.40.2"'], lowLatency: true, segmentDuration: 2, rewind: 14 },
  dash: null,
  instant: [{ form: 'mp4', url: '', type: 'video/mp4', media: ['video/mp4; codecs="avc1.64000a,mp4a.40.2"'] }],
}

/** What three minutes of a clean stream measure. */
const WELL = ((): HealthMeasures => {
  const health = new Health()
  health.start()
  for (const { packet, at } of stream(180, { video: { ...H264, frameRate: 25 }, audio: AAC })) health.take([packet], NOON + at * 1000)
  return health.measures(NOON + 180_000)
})()

interface Changes {
  readonly patient?: Partial<Patient>
  readonly measures?: Partial<HealthMeasures>
  /** Of the track of pictures, and of that of sound. */
  readonly video?: Partial<HealthMeasures['tracks'][number]>
  readonly audio?: Partial<HealthMeasures['tracks'][number]>
}

function patient({ patient: others = {}, measures = {}, video = {}, audio = {} }: Changes = {}): Patient {
  const tracks = WELL.tracks.map((track) => ({ ...track, ...(track.kind === 'video' ? video : audio) }))
  return {
    format: 'mpeg-ts',
    tracks: [H264, AAC],
    measures: { ...WELL, tracks, ...measures },
    forms: FORMS,
    instant: true,
    segmentDuration: 2,
    playsIn: [{ where: 'Chromium', verdict: 'yes', why: 'By MP4.' }],
    ...others,
  }
}

const ids = (changes?: Changes): string[] => findingsOf(patient(changes)).map(({ id }) => id)
const keys = (some: Partial<NonNullable<HealthMeasures['keyFrames']>>): Changes => ({
  measures: { keyFrames: { ...WELL.keyFrames!, ...some } },
})
const arrival = (some: Partial<HealthMeasures['arrival']>, others: Partial<Patient> = {}): Changes => ({
  measures: { arrival: { ...WELL.arrival, ...some } },
  patient: others,
})
const drift = (ppm: number, error = 1): Changes => ({ measures: { drift: { ppm, error, seconds: 600 } } })
const viewers = (stalling: number, reports = 100): Changes => ({
  measures: { viewers: { reports, stalling, stalls: stalling * 2, stalled: stalling, delay: 1 } },
})
const sends = (...tracks: readonly Track[]): Changes => ({ patient: { tracks } })
const frames = (seen: number, declared = 25): Changes => ({ video: { frameRate: { seen, declared } } })

/** For each finding, what is just not bad enough, and what is. */
const CASES: Readonly<Record<string, readonly [fine: Changes, wrong: Changes]>> = {
  'unknown-format': [{}, { patient: { format: 'raw', tracks: [] } }],
  'silent-track': [{ audio: { silent: 4.9 } }, { audio: { silent: 5 } }],
  'video-codec': [sends({ kind: 'video', codec: 'VP9' }, AAC), sends({ kind: 'video', codec: 'Theora' }, AAC)],
  'audio-codec': [sends(H264, { kind: 'audio', codec: 'Opus' }), sends(H264, { kind: 'audio', codec: 'AC-3' })],
  'picture-format': [sends({ ...H264, codecs: 'avc1.64001f' }, AAC), sends({ ...H264, codecs: 'avc1.6e001f' }, AAC)],
  level: [sends({ ...H264, codecs: 'avc1.64002a' }, AAC), sends({ ...H264, codecs: 'avc1.640033' }, AAC)],
  'no-instant': [
    { patient: { tracks: [H264, { kind: 'audio', codec: 'MP3' }], forms: { ...FORMS, instant: [] }, instant: false } },
    { patient: { tracks: [H264, { kind: 'audio', codec: 'MP3' }], forms: { ...FORMS, instant: [] } } },
  ],
  'no-sound': [sends(AAC), sends(H264)],
  'sample-rate': [sends(H264, { ...AAC, sampleRate: 48_000 }), sends(H264, { ...AAC, sampleRate: 96_000 })],
  'mp3-variable': [{ audio: { codec: 'AAC', variable: true } }, { audio: { codec: 'MP3', variable: true } }],
  speed: [arrival({ speed: 0.985 }), arrival({ speed: 0.97 })],
  'key-frames': [keys({ median: 2.1, longest: 2.1 }), keys({ median: 10, longest: 10 })],
  'key-frames-uneven': [keys({ median: 1, longest: 2.1 }), keys({ median: 2, longest: 4 })],
  'key-frames-dense': [keys({ median: 0.5, longest: 0.5 }), keys({ median: 0.04, longest: 0.04 })],
  gusts: [arrival({ gust: 0.45, gap: 0.45 }, { format: 'mp4' }), arrival({ gust: 1, gap: 1 }, { format: 'mp4' })],
  gaps: [arrival({ gap: 0.4 }), arrival({ gap: 0.6 })],
  skew: [{ measures: { skew: -0.4 } }, { measures: { skew: 0.6 } }],
  drift: [drift(150, 60), drift(-150)],
  jumps: [{}, { measures: { jumps: { count: 1, last: -3 }, discontinuities: 1 } }],
  discontinuities: [{ measures: { jumps: { count: 1, last: 2 }, discontinuities: 1 } }, { measures: { discontinuities: 1 } }],
  damage: [{ measures: { damage: { minute: 0, total: 5000 } } }, { measures: { damage: { minute: 188, total: 188 } } }],
  'missing-sound': [{ audio: { missing: 0.04 } }, { audio: { missing: 0.2 } }],
  'frame-rate': [frames(23), frames(20)],
  'frame-rate-high': [frames(60, 60), frames(90, 90)],
  reorder: [{ measures: { reorder: { frames: true, delay: 0.08 } } }, { measures: { reorder: { frames: true, delay: 0.24 } } }],
  peaks: [{ measures: { rate: { now: 1, minute: 100, peak: 190 } } }, { measures: { rate: { now: 1, minute: 100, peak: 250 } } }],
  stalls: [viewers(4), viewers(10)],
  restarts: [{ measures: { restarts: 2 } }, { measures: { restarts: 3 } }],
}

t.test('every finding begins at its threshold, says what to change, and is a heading of docs/doctor.md', (t) => {
  for (const [id, [fine, wrong]] of Object.entries(CASES)) {
    t.notOk(ids(fine).includes(id), `${id} is not found too early`)
    const found = findingsOf(patient(wrong)).find((one) => one.id === id)
    t.match(
      found,
      { severity: /^(bad|warn)$/, sentence: /^[A-Z0-9].*[^.]\.$/, advice: /^[A-Z].*[^.]\.$/ },
      `${id}: ${found?.sentence} ${found?.advice}`,
    )
    t.notMatch(`${found?.sentence} ${found?.advice}`, /NaN|undefined|null|Infinity/)
  }
  t.notOk(ids(arrival({ gust: 2, gap: 2.1 }, { format: 'webm' })).includes('gaps'), 'gusts have gaps of their own')
  t.strictSame([...FINDINGS].toSorted(), ['off-air', 'well', ...Object.keys(CASES)].toSorted(), 'no finding is left out here')
  const headings = [...readFileSync('docs/doctor.md', 'utf8').matchAll(/^### (.*)$/gm)].map(([, heading = '']) => heading)
  t.strictSame(new Set(headings), new Set(FINDINGS), 'and none in docs/doctor.md')
  t.end()
})

t.test('the worst comes first, and where nothing is wrong stands one good sentence', (t) => {
  const well = findingsOf(patient())
  t.equal(well.length, 1)
  t.match(well[0], {
    id: 'well',
    severity: 'good',
    sentence: /^All is well: H.264 128×72 and AAC 44.1 kHz stereo at \d+ kbit\/s, key frames 2 s apart; it plays in Chromium\.$/,
    advice: null,
  })
  t.match(findingsOf(patient({ measures: { seconds: 20 } }))[0]?.sentence, /^So far all is well/)
  const many = findingsOf(
    patient({ measures: { ...keys({ median: 10, longest: 10 }).measures, restarts: 4, skew: 1 }, audio: { missing: 3 } }),
  )
  t.strictSame(
    many.map(({ severity }) => severity),
    ['bad', 'bad', 'warn', 'warn'],
  )
  t.match(many[0], {
    sentence: 'Key frames are 10 s apart.',
    advice: 'Set the encoder’s key-frame interval to 2 s, so that players start quickly.',
    figure: { name: 'key-frame interval', value: 10, unit: 's' },
  })
  t.match(findingsOf(patient(keys({ median: 2, open: 25 })))[0], { severity: 'bad', sentence: 'No key frame has come for 25 s.' })
  t.end()
})

/** What a mount's doctor says of each fixture: findings, then Chromium, Firefox and Safari. */
const FILES: Readonly<Record<string, readonly [type: string, findings: RegExp, verdicts: string]>> = {
  'h264-aac.mpegts': ['video/mp2t', /^key-frames-dense$/, 'yes yes yes'],
  'h264-ac3.m2ts': ['video/mp2t', /audio-codec/, 'no no yes'],
  'h264-mp3.mpegts': ['video/mp2t', /no-instant/, 'yes perhaps yes'],
  'hevc-aac.mpegts': ['video/mp2t', /video-codec/, 'perhaps yes yes'],
  'mpeg2-ac3.mpegts': ['video/mp2t', /video-codec,audio-codec/, 'no no no'],
  'ogg-theora-vorbis.ogv': ['video/ogg', /video-codec/, 'partly partly partly'],
  'vp8-vorbis.webm': ['video/webm', /key-frames-dense/, 'yes yes perhaps'],
  'av1-opus.webm': ['video/webm', /key-frames-dense/, 'yes yes perhaps'],
  'mp3-stereo.mp3': ['audio/mpeg', /^well$/, 'yes yes yes'],
  'mp2-mono.mp2': ['audio/mpeg', /audio-codec/, 'no no no'],
  'ogg-speex.ogg': ['audio/ogg', /audio-codec/, 'no no no'],
  'ogg-opus.opus': ['audio/ogg', /^well$/, 'yes yes perhaps'],
}

t.test('the API examines what is on the air, and says who can play it', async (t) => {
  const server = createServer({ auth: basic({ source: 'hackme', admin: 'letmein' }) })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => server.close())
  const ask = async (mount: string, login = 'admin:letmein'): Promise<{ status: number; body: Diagnosis }> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/mounts/${encodeURIComponent(mount)}/doctor`, {
      headers: login === '' ? {} : { authorization: `Basic ${btoa(login)}` },
    })
    return {
      status: response.status,
      body: JSON.parse(response.headers.get('content-type')?.includes('json') ? await response.text() : 'null'),
    }
  }
  t.equal((await ask('nothing')).status, 404)
  t.equal((await ask('nothing', '')).status, 401)
  for (const [file, [type, findings, verdicts]] of Object.entries(FILES)) {
    const mount = `a/${file.replace('.', '-')}`
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.write(`SOURCE /${mount} HTTP/1.0\r\nAuthorization: Basic ${btoa('source:hackme')}\r\nContent-Type: ${type}\r\n\r\n`)
    socket.write(readFileSync(`test/fixtures/${file}`))
    let body: Diagnosis | undefined
    await until(`${file} to be known`, async () => {
      body = (await ask(mount)).body
      return body !== null && body.playsIn !== undefined && body.playsIn.length > 0
    })
    await until(`${file} to be examined`, async () => {
      body = (await ask(mount)).body
      return findings.test(body.findings.map(({ id }) => id).join())
    }).catch(() => {})
    t.strictSame(diagnosis.parse(body), body, `${file}: the answer is as its schema says`)
    t.match(body!.findings.map(({ id }) => id).join(), findings, file)
    t.equal(
      body!.playsIn
        .slice(0, 3)
        .map(({ verdict }) => verdict)
        .join(' '),
      verdicts,
      `${file}: ${body!.playsIn.map(({ where, why }) => `${where}: ${why}`).join(' ')}`,
    )
    for (const { why } of body!.playsIn) t.match(why, /^[A-Z].*[^.]\.$/)
  }
  const mount = 'a/h264-aac-mpegts'
  for (let i = 0; i < 10; i++)
    await fetch(`http://127.0.0.1:${port}/${mount}.media/beacon?protocol=hls&stalls=1&stalled=500&delay=1500`, { method: 'POST' })
  const { body } = await ask(mount)
  t.match(body.measures?.viewers, { reports: 10, stalling: 10, stalls: 10, stalled: 5, delay: 1.5 })
  t.match(body.findings[0], { id: 'stalls', severity: 'bad' })
})
