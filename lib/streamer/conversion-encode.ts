import type { AudioOutput, Output, Rung, VideoOutput } from './output.js'

/** Arguments that encode pictures. Encoders are told all that decoders are set up with, so that it is the same for every item. */
export function videoArguments({ encoder, codec, keyFrames }: VideoOutput, { videoBitrate }: Rung, lowLatency: boolean): string[] {
  const keys = String(keyFrames)
  const rate = [
    '-b:v',
    String(videoBitrate),
    '-maxrate',
    String(Math.round(videoBitrate * 1.2)),
    '-bufsize',
    String(videoBitrate * (lowLatency ? 1 : 2)),
  ]
  const common = ['-c:v', encoder, ...rate, '-g', keys]
  const fixed = [...common, '-keyint_min', keys]
  switch (encoder) {
    case 'libx264':
      return [
        ...fixed,
        ...'-sc_threshold 0 -preset veryfast -profile:v high -flags +cgop -x264-params chromaloc=0'.split(' '),
        ...(lowLatency ? ['-tune', 'zerolatency', '-bf', '0'] : ['-bf', '2']),
      ]
    case 'libx265': {
      const params = `keyint=${keys}:min-keyint=${keys}:scenecut=0:open-gop=0:info=0:log-level=none${lowLatency ? '' : ':bframes=2'}`
      return [...common, '-preset', 'veryfast', ...(lowLatency ? ['-tune', 'zerolatency'] : []), '-tag:v', 'hvc1', '-x265-params', params]
    }
    case 'libvpx':
      return [...fixed, '-deadline', 'realtime', '-cpu-used', '6', '-auto-alt-ref', '0', '-lag-in-frames', '0', '-error-resilient', '0']
    case 'libvpx-vp9':
      return [...fixed, '-deadline', 'realtime', '-cpu-used', '8', '-row-mt', '1', '-auto-alt-ref', '0', '-lag-in-frames', '0']
    case 'libsvtav1':
      // Its own rate control takes no maximum.
      return [
        '-c:v',
        encoder,
        '-b:v',
        String(videoBitrate),
        '-g',
        keys,
        '-preset',
        '10',
        '-svtav1-params',
        `scd=0:irefresh-type=2${lowLatency ? ':pred-struct=1' : ''}`,
      ]
    case 'libaom-av1':
      return [...fixed, '-usage', 'realtime', '-cpu-used', '8', '-row-mt', '1', '-lag-in-frames', '0']
    default:
      // Chips decide for themselves where key frames stand, unless each is asked for.
      return [...common, '-bf', '0', ...(codec === 'hevc' ? ['-tag:v', 'hvc1'] : []), '-force_key_frames', `expr:not(mod(n,${keys}))`]
  }
}

/** Arguments that encode sound. */
export function audioArguments({ encoder, bitrate, sampleRate, channels }: AudioOutput): string[] {
  const rate = bitrate === undefined ? [] : ['-b:a', String(bitrate)]
  return [
    '-c:a',
    encoder,
    ...rate,
    '-ar',
    String(sampleRate),
    '-ac',
    String(channels),
    ...(encoder === 'libmp3lame' ? ['-write_xing', '0'] : []),
  ]
}

/** The container between ffmpeg and us. */
export type Carrier = 'mp4' | 'matroska'

/** Which container carries an output: MP4 counts time exactly, but not everything goes into it. */
export function carrierOf(codecs: readonly string[]): Carrier {
  return codecs.includes('vp8') || codecs.includes('vorbis') ? 'matroska' : 'mp4'
}

/** Arguments that write a container to a pipe, in pieces of a fifth of a second, or of a frame where delay counts. */
export function carrierArguments(carrier: Carrier, isQuick: boolean, pipe: number): string[] {
  const plain = ['-map_metadata', '-1', '-map_chapters', '-1', '-flush_packets', '1']
  if (carrier === 'matroska')
    return [
      ...plain,
      '-cluster_time_limit',
      isQuick ? '40' : '200',
      '-live',
      '1',
      '-avoid_negative_ts',
      'disabled',
      '-f',
      'matroska',
      `pipe:${pipe}`,
    ]
  // The moov waits for the first fragment: only then are the times known that encoders begin with. A fragment for every frame by ffmpeg's own flag
  // spoils times (5.1), one of a hundredth of a second is the same without.
  const fragment = isQuick ? 10_000 : 200_000
  const words = `-movflags +delay_moov+default_base_moof -frag_duration ${fragment} -video_track_timescale 90000 -strict -2 -f mp4 pipe:${pipe}`
  return [...plain, ...words.split(' ')]
}

/** Which pipe a rung comes out of: standard error is 2. */
export function pipeOf(rung: number): number {
  return rung === 0 ? 1 : rung + 2
}

/** What a decoder is set up with depends on the parts of an output that are listed here. */
export function codecsOf({ video, audio }: Output): string[] {
  return video === undefined ? [audio.codec] : [video.codec, audio.codec]
}
