import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { explain, nameSource } from '../../lib/client/ffmpeg-complaint.js'
import { parseAvfoundation, parseDshow, parseSources } from '../../lib/client/ffmpeg-devices.js'
import { inputArguments } from '../../lib/client/ffmpeg-input.js'
import { FfmpegRun } from '../../lib/client/ffmpeg-run.js'
import { ffmpeg, findFfmpeg, installLine, probe } from '../../lib/client/index.js'
import { readFacts } from '../../lib/client/probe-facts.js'

// A program that says its version and lists its encoders as ffmpeg does, and otherwise does what its last argument says.
const standIn = (t: Test, code: string): string => {
  const path = join(t.testdir(), 'ffmpeg')
  writeFileSync(
    path,
    `#!${process.execPath}
const fs = require('node:fs')
const args = process.argv.slice(2)
if (args[0] === '-version') console.log('ffmpeg version n7.1.2-3 Copyright (c) the developers')
else if (args.includes('-encoders')) console.log('Encoders:\\n V..... = Video\\n ------\\n V....D libx264              H.264\\n A....D aac                  AAC')
else { ${code} }`,
  )
  chmodSync(path, 0o755)
  return path
}
const say = (said: string, source?: string): string => explain(said.split('\n'), source).message
const avfoundation = (said: string): string => `[AVFoundation indev @ 0x7f8] ${said}\n`

t.test('ffmpeg is found with its version and encoders, or the error says how to install it', async (t) => {
  const program = await findFfmpeg({ path: standIn(t, '') })
  t.equal(program.version, '7.1.2')
  t.strictSame([...(await program.encoders())], ['libx264', 'aac'])
  t.equal(program.encoders(), program.encoders(), 'it is asked once')
  t.strictSame(await program.hardwareEncoders(), [], 'what it does not have is not tried')
  await t.rejects(findFfmpeg({ path: join(t.testdirName, 'none') }), { code: 'FFMPEG_MISSING', message: /install it \(.*ffmpeg/ })
  const sudo = process.getuid?.() === 0 ? '' : 'sudo '
  t.equal(installLine('linux', 'NAME="Debian"\nID=debian\n'), `${sudo}apt install ffmpeg`)
  t.equal(installLine('linux', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n'), `${sudo}apt install ffmpeg`)
  t.equal(installLine('linux', 'ID=arch\n'), `${sudo}pacman -S ffmpeg`)
  t.equal(installLine('linux', ''), 'https://ffmpeg.org/download.html')
  t.equal(installLine('darwin'), 'brew install ffmpeg')
  t.equal(installLine('win32'), 'winget install Gyan.FFmpeg')
})

t.test('a run gives its outputs and its end, takes input, and tells why it failed', async (t) => {
  const two = new FfmpegRun(standIn(t, "fs.writeSync(1, 'one'); fs.writeSync(3, 'two')"), [], { outputs: 2 })
  t.strictSame(await Promise.all(two.outputs.map((output) => text(output))), ['one', 'two'])
  t.strictSame(await two.end, { problem: undefined, complaints: [] })
  const echo = new FfmpegRun(standIn(t, 'process.stdin.pipe(process.stdout)'), [], { input: true })
  echo.input!.end('media')
  t.equal(await text(echo.outputs[0]!), 'media')
  const failing = new FfmpegRun(standIn(t, "console.error('[error] a.mkv: Permission denied'); process.exitCode = 1"), [], {
    source: '/films/a.mkv',
  })
  t.match((await failing.end).problem, { code: 'MEDIA_UNREADABLE', message: 'Cannot read a.mkv: this user may not read it' })
  const absent = new FfmpegRun(join(t.testdirName, 'none'), [])
  t.match((await absent.end).problem, { code: 'FFMPEG_FAILED', message: /does not start/ })
  t.equal((await buffer(absent.outputs[0]!)).length, 0)
})

t.test('a run that is stopped ends without a problem, even while nobody reads and when it does not listen', async (t) => {
  const stubborn = new FfmpegRun(standIn(t, "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.stdout.write('x')"), [])
  await new Promise((resolve) => stubborn.outputs[0]!.once('data', resolve))
  t.equal((await stubborn.stop()).problem, undefined)
  t.throws(() => process.kill(stubborn.pid!, 0), 'the process is gone')
  const abort = new AbortController()
  const full = new FfmpegRun(standIn(t, 'for (;;) fs.writeSync(1, Buffer.alloc(65536))'), [], { signal: abort.signal })
  abort.abort()
  t.equal((await full.end).problem, undefined)
  const killed = new FfmpegRun(standIn(t, 'setInterval(() => {}, 1000); process.stdout.write("x")'), [])
  await new Promise((resolve) => killed.outputs[0]!.once('data', resolve))
  process.kill(killed.pid!, 'SIGKILL')
  t.match((await killed.end).problem, { code: 'FFMPEG_FAILED', message: /ended from outside \(SIGKILL\)/ })
})

t.test('ffmpeg() is a stream of the bytes that ends as ffmpeg does', async (t) => {
  t.equal(await text(ffmpeg([], { path: standIn(t, "process.stdout.write('media'.repeat(50000))") })), 'media'.repeat(50000))
  const path = standIn(t, "process.stdout.write('x'); console.error(\"[fatal] Unknown encoder 'libx265'\"); process.exitCode = 1")
  await t.rejects(text(ffmpeg([], { path })), { code: 'ENCODER_MISSING', message: /^The encoder libx265 is not in this ffmpeg/ })
  await t.rejects(text(ffmpeg([], { path: join(t.testdirName, 'none') })), { code: 'FFMPEG_MISSING' })
  const idle = ffmpeg([], { path: standIn(t, 'setInterval(() => {}, 1000)') })
  idle.destroy()
  await t.resolves(new Promise((resolve) => idle.once('close', resolve)), 'it can be ended before it has begun')
})

t.test('what ffmpeg says becomes a sentence for people', async (t) => {
  const cases: readonly (readonly [said: string, source: string | undefined, sentence: string])[] = [
    [
      '[error] file:t.txt: Invalid data found when processing input',
      'lists/t.txt',
      'Cannot read t.txt: it holds no video or audio that can be read',
    ],
    [
      '[error] file:t.txt: Invalid data found when processing input',
      undefined,
      'Cannot read t.txt: it holds no video or audio that can be read',
    ],
    [
      '[mp4 @ 0x55] [error] moov atom not found\n[error] file:a: Invalid data found',
      'a',
      'Cannot read a: it holds no video or audio that can be read',
    ],
    [
      '[error] /dev/video0: Device or resource busy',
      '/dev/video0',
      'Cannot read /dev/video0: it is in use by another program; close that one',
    ],
    [
      '[v4l2 @ 0x5] [error] Cannot open video device /dev/video0: No such file or directory',
      '/dev/video0',
      'Cannot read /dev/video0: there is no such device',
    ],
    [
      '[x11grab @ 0x5] [error] Cannot open display :0, error 1.',
      'screen',
      'Cannot read screen: there is no screen here (DISPLAY does not name one)',
    ],
    [
      '[tcp @ 0x5] [error] Failed to resolve hostname cam.invalid: Name or service not known',
      'rtsp://u:p@cam.invalid/1',
      'Cannot read rtsp://cam.invalid/1: there is no host called cam.invalid',
    ],
    [
      '[http @ 0x5] [error] HTTP error 404 Not Found\n[error] http://h/x: Server returned 404 Not Found',
      'http://h/x',
      'Cannot read http://h/x: the server has nothing at that address',
    ],
    [
      '[h264_nvenc @ 0x5] [error] Cannot load libcuda.so.1\n[error] Error initializing output stream 0:0',
      undefined,
      'ffmpeg has failed: the encoder h264_nvenc does not work here (Cannot load libcuda.so.1)',
    ],
    [
      "[error] Unrecognized option 'foo'.\n[fatal] Error splitting the argument list: Option not found",
      undefined,
      "ffmpeg has failed: Unrecognized option 'foo'",
    ],
    ['[mp4 @ 0x5] [error] something nobody knows\n[error] Conversion failed!', undefined, 'ffmpeg has failed: something nobody knows'],
    ['', undefined, 'ffmpeg has failed: it does not say why'],
  ]
  for (const [said, source, sentence] of cases) t.equal(say(said, source), sentence)
  t.equal(nameSource('http://me:secret@host/live'), 'http://host/live', 'a password is not told')
})

t.test('a name is never taken for an option or a protocol, and a playlist leads only to its own kind', async (t) => {
  for (const name of ['-y.mp4', 'http:x.mp4', '100%d.mp4', 'a b.mp4', 'ü.mkv', 'pipe:1', '/tmp/x:y.mp4'])
    t.strictSame(inputArguments(name), ['-protocol_whitelist', 'file,crypto,data', '-i', `file:${name}`])
  t.strictSame(inputArguments('file:///tmp/a%20b.mp4').slice(-1), ['file:/tmp/a b.mp4'])
  const web = inputArguments('https://host/list.m3u8')
  t.notMatch(web[web.indexOf('-protocol_whitelist') + 1], /file/)
  t.match(inputArguments('rtsp://cam/1'), ['-rtsp_transport', 'tcp'])
})

t.test('devices are read from what ffmpeg prints on each platform', async (t) => {
  t.strictSame(
    parseSources(
      'pulse',
      'Auto-detected sources for pulse:\n  alsa_output.pci.monitor [Monitor of Speakers] (none)\n  alsa_input.usb [USB microphone] (none)\n* alsa_input.pci [Built-in Audio] (none)\n',
    ),
    [
      { kind: 'microphone', name: 'Built-in Audio', format: 'pulse', id: 'alsa_input.pci' },
      { kind: 'microphone', name: 'USB microphone', format: 'pulse', id: 'alsa_input.usb' },
    ],
  )
  t.strictSame(parseSources('pulse', 'Auto-detected sources for pulse:\nCannot list sources: Generic error in an external library'), [])
  t.strictSame(
    parseAvfoundation(
      [
        'AVFoundation video devices:',
        '[0] FaceTime HD Camera',
        '[1] Capture screen 0',
        'AVFoundation audio devices:',
        '[0] MacBook Microphone',
      ]
        .map(avfoundation)
        .join(''),
    ).map(({ kind, name, id }) => [kind, name, id]),
    [
      ['camera', 'FaceTime HD Camera', '0'],
      ['screen', 'Capture screen 0', '1'],
      ['microphone', 'MacBook Microphone', ':0'],
    ],
  )
  const camera = { kind: 'camera', name: 'Integrated Camera', format: 'dshow', id: 'video=Integrated Camera' }
  const microphone = { kind: 'microphone', name: 'Microphone (USB)', format: 'dshow', id: 'audio=Microphone (USB)' }
  const now =
    '[dshow @ 0] "Integrated Camera" (video)\r\n[dshow @ 0]   Alternative name "@device_pnp_x"\r\n[dshow @ 0] "Microphone (USB)" (audio)\r\n'
  t.strictSame(parseDshow(now), [camera, microphone])
  const before =
    '[dshow @ 0] DirectShow video devices (some may be both)\n[dshow @ 0]  "Integrated Camera"\n[dshow @ 0]     Alternative name "@device"\n[dshow @ 0] DirectShow audio devices\n[dshow @ 0]  "Microphone (USB)"\n'
  t.strictSame(parseDshow(before), [camera, microphone])
})

t.test('the facts of a file are read from what ffprobe prints', async (t) => {
  const packets = [0, 2, 3, 5].map((time) => ({ stream_index: 0, pts_time: String(time), flags: time === 3 ? '__' : 'K_' }))
  const told = {
    packets,
    streams: [
      {
        index: 0,
        codec_type: 'video',
        codec_name: 'h264',
        profile: 'High',
        level: 31,
        width: 1920,
        height: 1080,
        sample_aspect_ratio: '4:3',
        avg_frame_rate: '30000/1001',
        pix_fmt: 'yuv420p',
        field_order: 'tt',
        tags: { DURATION: '00:01:02.500000000' },
        disposition: { default: 1 },
        side_data_list: [{ side_data_type: 'Display Matrix', rotation: -90 }],
      },
      {
        index: 1,
        codec_type: 'audio',
        codec_name: 'aac',
        sample_rate: '44100',
        channels: 2,
        tags: { language: 'deu', TITLE: 'of the track' },
      },
      { index: 2, codec_type: 'video', codec_name: 'mjpeg', disposition: { attached_pic: 1 } },
    ],
    format: { format_name: 'matroska,webm', bit_rate: '800000', tags: { TITLE: 'Dawn', ARTIST: 'Sea' } },
  }
  const facts = readFacts('a.mkv', JSON.stringify(told))!
  t.match(facts, { title: 'Dawn', artist: 'Sea', duration: 62.5, bitrate: 800_000, isPicture: false })
  t.match(facts.streams[0], { rotation: 90, pixelAspect: 4 / 3, isInterlaced: true, keyInterval: 3, level: 31, isDefault: true })
  t.match(facts.streams[1], { kind: 'audio', sampleRate: 44_100, channels: 2, language: 'deu' })
  t.equal(facts.streams[2]!.isCover, true)
  t.equal(readFacts('x', '{}'), undefined)
  const drawn = { streams: [{ index: 0, codec_type: 'video', codec_name: 'ansi' }], format: { format_name: 'tty' } }
  t.equal(readFacts('x.txt', JSON.stringify(drawn)), undefined, 'text is no picture')
  await t.rejects(probe(join(t.testdir(), 'none.mp4'), { path: process.execPath }), {
    code: 'MEDIA_UNREADABLE',
    message: /there is no such file/,
  })
})
