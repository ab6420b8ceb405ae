import t from 'tap'
import type { InputDevice, MediaFacts, MediaStream } from '../../lib/client/index.js'
import { createOutput, planItem } from '../../lib/streamer/index.js'

const stream = (kind: 'video' | 'audio', codec: string, more: Partial<MediaStream> = {}): MediaStream => ({
  index: kind === 'video' ? 0 : 1,
  kind,
  codec,
  isDefault: true,
  isCover: false,
  ...more,
})
const picture = (more: Partial<MediaStream> = {}): MediaStream =>
  stream('video', 'h264', {
    profile: 'High',
    width: 1920,
    height: 1080,
    pixelAspect: 1,
    rotation: 0,
    frameRate: 25,
    pixelFormat: 'yuv420p',
    isInterlaced: false,
    bitrate: 4_000_000,
    keyInterval: 2,
    duration: 60,
    ...more,
  })
const sound = (more: Partial<MediaStream> = {}): MediaStream =>
  stream('audio', 'aac', { profile: 'LC', sampleRate: 48_000, channels: 2, ...more })
const facts = (...streams: MediaStream[]): MediaFacts => ({ source: 'a.mp4', format: 'mov', duration: 60.02, isPicture: false, streams })
const film = facts(picture(), sound())
const song = facts(stream('audio', 'mp3', { index: 0, sampleRate: 44_100, channels: 2 }))
const encoders = {
  encoders: new Set(['libx264', 'libvpx', 'libvpx-vp9', 'aac', 'libopus', 'libmp3lame', 'flac', 'libvorbis', 'h264_nvenc']),
}
const after = (args: readonly string[], name: string): string | undefined =>
  args.includes(name) ? args[args.indexOf(name) + 1] : undefined

t.test('what is not said is what the items have where all agree, and the quality where they do not', async (t) => {
  const usual = createOutput({}, encoders)
  t.match(usual, { format: 'ts', contentType: 'video/mp2t', video: { codec: 'h264', encoder: 'libx264', frameRate: 25, keyFrames: 50 } })
  t.match(usual, {
    audio: { codec: 'aac', sampleRate: 48_000, channels: 2 },
    rungs: [{ width: 1280, height: 720, videoBitrate: 2_500_000 }],
  })
  const agreed = createOutput({}, encoders, [film, film])
  t.match(agreed.rungs, [{ width: 1920, height: 1080 }])
  const other = facts(picture({ width: 640, height: 360, frameRate: 60 }), sound({ sampleRate: 44_100 }))
  t.match(createOutput({}, encoders, [other, film]), { rungs: [{ width: 1280, height: 720 }], video: { frameRate: 30 } })
  t.match(createOutput({ quality: 'low' }, encoders, [film, film]).rungs, [{ width: 640, height: 360 }])
  t.match(createOutput({}, encoders, [song, song]), { format: 'mp3', video: undefined, rungs: [], audio: { sampleRate: 44_100 } })
  t.match(createOutput({}, encoders, [facts(sound({ index: 0 }))]), { format: 'adts' })
  t.match(createOutput({ videoCodec: 'vp8' }, encoders), { format: 'webm', audio: { codec: 'opus' } })
  t.match(createOutput({ quality: 'copy' }, encoders), { copy: 'always' })
  const odd = facts(picture({ width: 853, height: 480 }), sound())
  t.match(createOutput({}, encoders, [odd]).rungs, [{ width: 1280, height: 720 }], 'encoders take even sizes')
})

t.test('a ladder goes down from the highest, and all have the shape of the picture', async (t) => {
  const { rungs } = createOutput({ ladder: [480, 1080, 720], videoBitrate: 5_000_000 }, encoders)
  t.strictSame(
    rungs.map(({ width, height }) => [width, height]),
    [
      [1920, 1080],
      [1280, 720],
      [854, 480],
    ],
  )
  t.equal(rungs[0]!.videoBitrate, 5_000_000)
  t.ok(rungs[1]!.videoBitrate > rungs[2]!.videoBitrate)
})

t.test('options that do not go together are one sentence that says what does', async (t) => {
  const cases: readonly (readonly [options: Parameters<typeof createOutput>[0], code: string, sentence: RegExp])[] = [
    [
      { format: 'webm', videoCodec: 'h264' },
      'OUTPUT_REFUSED',
      /webm does not hold h264; it holds vp9, vp8 or av1, and ts, fmp4 or matroska would hold h264$/,
    ],
    [{ format: 'mp3', size: { width: 640, height: 360 } }, 'OUTPUT_REFUSED', /mp3 holds sound alone, so size makes no sense/],
    [{ format: 'ts', audioCodec: 'vorbis' }, 'OUTPUT_REFUSED', /ts does not hold vorbis; .* webm, matroska or ogg would hold vorbis$/],
    [{ format: 'mp3', channels: 6 }, 'OUTPUT_REFUSED', /mp3 has 2 channels at most/],
    [{ audioCodec: 'opus', sampleRate: 44_100 }, 'OUTPUT_REFUSED', /48000/],
    [{ size: { width: 641, height: 360 } }, 'OUTPUT_REFUSED', /size\.width/],
    [{ videoCodec: 'hevc' }, 'ENCODER_MISSING', /^The encoder libx265 is not in this ffmpeg; it can encode h264$/],
  ]
  for (const [options, code, message] of cases) t.throws(() => createOutput(options, encoders), { code, message })
  t.equal(createOutput({ videoCodec: 'hevc' }).video?.encoder, 'libx265', 'without an ffmpeg nothing is known of encoders')
  t.equal(createOutput({ hardware: true }, { ...encoders, hardware: ['h264_nvenc'] }).video?.encoder, 'h264_nvenc')
  t.equal(createOutput({}, { ...encoders, hardware: ['h264_nvenc'] }).video?.encoder, 'libx264')
})

t.test('an item is copied by itself only where that is the same as encoding it', async (t) => {
  const output = createOutput({}, encoders, [film])
  const way = (item: MediaFacts, to = output): string => planItem('a.mp4', item, to).way
  t.equal(way(film), 'copy')
  t.match(planItem('a.mp4', film, output), { note: undefined, outputs: 1, carrier: 'mp4', duration: 60.02 })
  const against: readonly MediaFacts[] = [
    facts(picture({ width: 1280 }), sound()),
    facts(picture({ frameRate: 30 }), sound()),
    facts(picture({ codec: 'hevc' }), sound()),
    facts(picture({ profile: 'High 10' }), sound()),
    facts(picture({ pixelFormat: 'yuv444p' }), sound()),
    facts(picture({ isInterlaced: true }), sound()),
    facts(picture({ rotation: 90 }), sound()),
    facts(picture({ keyInterval: 30 }), sound()),
    facts(picture({ bitrate: 40_000_000 }), sound()),
    facts(picture(), sound({ sampleRate: 44_100 })),
    facts(picture(), sound({ channels: 6 })),
    facts(picture(), sound({ profile: 'HE-AAC' })),
    facts(picture()),
    song,
  ]
  for (const item of against) t.equal(way(item), 'convert')
  t.equal(way(film, createOutput({ copy: 'never' }, encoders, [film])), 'convert')
  t.equal(way(film, createOutput({ ladder: [1080, 720] }, encoders, [film])), 'convert')
  const always = createOutput({ quality: 'copy' }, encoders)
  t.equal(way(against[0]!, always), 'copy')
  t.throws(() => planItem('/films/a.avi', facts(stream('video', 'mpeg4'), sound()), always), {
    code: 'OUTPUT_REFUSED',
    message: /a\.avi cannot go out as it is: ts does not hold its mpeg4/,
  })
})

t.test('what is converted is told in words, and cut to whole pictures', async (t) => {
  const output = createOutput({}, encoders)
  const note = (item: MediaFacts): string | undefined => planItem('a', item, output).note
  t.equal(note(facts(picture({ frameRate: 60 }))), '1920×1080 → 1280×720, 60 → 25 fps, silence added')
  t.equal(note(song), 'waves are shown, mp3 → aac, 44100 → 48000 Hz')
  t.equal(note(facts(picture({ rotation: 90 }), sound())), '1080×1920 → 1280×720')
  const plan = planItem('a', facts(picture({ duration: 10.013 }), sound()), output, { at: 4 })
  t.equal(plan.duration, 6)
  t.equal(after(plan.args, '-ss'), '4')
  t.equal(after(plan.args, '-t'), '6.000000')
  const cover = facts(stream('audio', 'mp3', { index: 0 }), stream('video', 'mjpeg', { index: 1, isCover: true }))
  t.match(after(planItem('a', cover, output, { at: 4 }).args, '-filter_complex'), /\[1:1\].*loop/, 'a cover is read from the beginning')
  const open = planItem('-', { ...facts(picture({ duration: undefined })), duration: undefined }, output)
  t.equal(open.duration, undefined)
  t.strictSame(open.args.slice(0, 4), ['-protocol_whitelist', 'pipe', '-i', 'pipe:0'])
  t.ok(open.args.includes('-shortest'), 'silence ends with the pictures')
  const still = planItem('a', film, output, { hold: true, at: 3 })
  t.match(still, { way: 'convert', duration: undefined })
  t.throws(() => planItem('a', facts(picture()), createOutput({ format: 'mp3' }, encoders)), {
    code: 'MEDIA_UNREADABLE',
    message: /no sound/,
  })
})

t.test('a ladder is one run with a stream for each rung', async (t) => {
  const { args, outputs } = planItem('a', film, createOutput({ ladder: [720, 480, 360] }, encoders))
  t.equal(outputs, 3)
  t.strictSame(
    args.filter((arg) => arg.startsWith('pipe:')),
    ['pipe:1', 'pipe:3', 'pipe:4'],
  )
  t.match(after(args, '-filter_complex'), /asplit=3.*split=3/)
  t.match(planItem('a', film, createOutput({ videoCodec: 'vp8' }, encoders)), { carrier: 'matroska' })
})

t.test('devices are found by name or address, and one that is not there is told with those that are', async (t) => {
  const devices: InputDevice[] = [
    { kind: 'camera', name: 'Integrated Camera', format: 'v4l2', id: '/dev/video0' },
    { kind: 'camera', name: 'USB Studio', format: 'v4l2', id: '/dev/video2' },
    { kind: 'microphone', name: 'Built-in Audio', format: 'pulse', id: 'alsa_input.pci' },
  ]
  const output = createOutput({}, encoders)
  const inputs = (source: string): string[] => {
    const { args } = planItem(source, undefined, output, { devices })
    return args.filter((_, i) => args[i - 1] === '-i')
  }
  t.strictSame(inputs('webcam:'), ['/dev/video0', 'alsa_input.pci'])
  t.strictSame(inputs('webcam:studio'), ['/dev/video2', 'alsa_input.pci'])
  t.strictSame(inputs('webcam:/dev/video2'), ['/dev/video2', 'alsa_input.pci'])
  t.strictSame(inputs('microphone:'), ['alsa_input.pci'])
  t.equal(inputs('test:').length, 2)
  t.strictSame(inputs('still:'), [])
  t.throws(() => inputs('webcam:/dev/video9'), {
    code: 'DEVICE_MISSING',
    message: 'Cannot find the device /dev/video9; there are: /dev/video0 (Integrated Camera), /dev/video2 (USB Studio)',
  })
  t.throws(() => planItem('screen:', undefined, output), { code: 'DEVICE_MISSING', message: /no screen was found/ })
  t.throws(() => planItem('a.mp4', undefined, output), TypeError)
})
