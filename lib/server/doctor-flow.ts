import type { FormatName } from '../formats/frame.js'
import type { HealthMeasures } from '../media/health-measures.js'
import { decodes, mainTracks } from './browsers.js'
import { type Check, figure, graded, round, THRESHOLDS as T, times } from './doctor-check.js'

/** How muxers are told to send smaller pieces, by format. */
const SMALLER: Readonly<Partial<Record<FormatName, string>>> = {
  mp4: 'Make fragments shorter: ffmpeg’s -movflags +frag_every_frame, or -frag_duration 200000.',
  webm: 'Make clusters shorter and send them at once: ffmpeg’s -cluster_time_limit 200 -flush_packets 1.',
  matroska: 'Make clusters shorter and send them at once: ffmpeg’s -cluster_time_limit 200 -flush_packets 1.',
  ogg: 'Make pages shorter: ffmpeg’s -page_duration 100000.',
}

const limitsOf = ({ tracks }: HealthMeasures): readonly [least: number, bad: number] =>
  tracks.some(({ kind }) => kind === 'video') ? [T.gap, T.gapBad] : [T.gapSound, T.gapSoundBad]

/** How media flows: findings by the name that is a heading of docs/doctor.md, the weightiest first. */
export const FLOW_CHECKS: Readonly<Record<string, Check>> = {
  'silent-track': ({ tracks, measures }) => {
    const quiet = measures.tracks.find(({ silent }) => silent >= T.silent)
    if (quiet !== undefined)
      return {
        severity: 'bad',
        sentence: `${quiet.kind === 'video' ? 'No pictures have' : 'No sound has'} come for ${round(quiet.silent)} s, while ${quiet.kind === 'video' ? 'sound goes' : 'pictures go'} on.`,
        advice: `Look at the encoder’s ${quiet.kind === 'video' ? 'video' : 'audio'} input: it has stopped.`,
        figure: figure('silence', quiet.silent, 's'),
      }
    const absent = mainTracks(tracks).find(
      (track) => track.kind !== 'data' && decodes(track).includes('yes') && !measures.tracks.some(({ kind }) => kind === track.kind),
    )
    if (absent === undefined || measures.tracks.length === 0 || measures.seconds < 2 * T.silent) return undefined
    return {
      severity: 'bad',
      sentence: `The source announces ${absent.kind === 'video' ? 'pictures' : 'sound'}, but none comes that can be read.`,
      advice: `Look at the encoder’s ${absent.kind} input, or leave that track out.`,
      figure: null,
    }
  },
  speed: ({ measures }) => {
    const { speed } = measures.arrival
    if (speed === null || (speed >= T.slow && speed <= T.fast)) return undefined
    const isSlow = speed < 1
    return {
      severity: isSlow ? 'bad' : 'warn',
      sentence: `The source sends ${isSlow ? 'slower' : 'faster'} than it plays: ${round(speed, 2)} s of media a second${isSlow ? ', so every player stalls' : ''}.`,
      advice: isSlow
        ? 'Lower the encoder’s load (a faster preset, a smaller picture) or its bit rate, or find a better network.'
        : 'Send in real time: ffmpeg’s -re before its input.',
      figure: figure('speed', speed, '×'),
    }
  },
  'key-frames': ({ measures, segmentDuration }) => {
    const { keyFrames } = measures
    if (keyFrames === null) return undefined
    // One that is long overdue counts as it is: it may never come.
    const isOverdue = keyFrames.open > Math.max(T.keyFramesBad, 2 * (keyFrames.median ?? 0))
    const apart = isOverdue ? keyFrames.open : keyFrames.median
    if (apart === null || apart <= segmentDuration * T.keyFrameRoom) return undefined
    return {
      severity: graded(apart, T.keyFramesBad),
      sentence: isOverdue ? `No key frame has come for ${round(apart)} s.` : `Key frames are ${round(apart)} s apart.`,
      advice: `Set the encoder’s key-frame interval to ${segmentDuration} s, so that players start quickly.`,
      figure: figure('key-frame interval', apart, 's'),
    }
  },
  'key-frames-uneven': ({ measures, segmentDuration }) => {
    const { median = null, longest = null } = measures.keyFrames ?? {}
    if (median === null || longest === null || median > segmentDuration * T.keyFrameRoom) return undefined
    if (longest <= segmentDuration * T.keyFrameRoom || longest < median * T.keyFramesUneven) return undefined
    return {
      severity: 'warn',
      sentence: `Key frames are mostly ${round(median)} s apart, but up to ${round(longest)} s.`,
      advice: `Set a fixed key-frame interval of ${segmentDuration} s (x264: keyint and min-keyint the same, scenecut=0).`,
      figure: figure('longest key-frame interval', longest, 's'),
    }
  },
  'key-frames-dense': ({ measures, segmentDuration }) => {
    const { median = null } = measures.keyFrames ?? {}
    if (median === null || median >= T.keyFramesDense) return undefined
    return {
      severity: 'warn',
      sentence: `Key frames are only ${round(median, 2)} s apart, which costs much of the bit rate.`,
      advice: `Set the encoder’s key-frame interval to ${segmentDuration} s.`,
      figure: figure('key-frame interval', median, 's'),
    }
  },
  gusts: ({ format, measures }) => {
    const { gust } = measures.arrival
    const [least, bad] = limitsOf(measures)
    const advice = SMALLER[format]
    if (gust === null || gust < least || advice === undefined) return undefined
    return {
      severity: graded(gust, bad),
      sentence: `Media comes in gusts of ${round(gust)} s, and no player can be closer to live than that.`,
      advice,
      figure: figure('gust', gust, 's'),
    }
  },
  gaps: ({ format, measures }) => {
    const { gap, gust } = measures.arrival
    const [least, bad] = limitsOf(measures)
    // What comes in gusts has gaps of the same length.
    const own = gap === null ? 0 : gap - (SMALLER[format] === undefined ? 0 : (gust ?? 0))
    if (gap === null || own < least) return undefined
    return {
      severity: graded(gap, bad),
      sentence: `Media arrives unevenly: again and again nothing comes for ${round(gap)} s.`,
      advice: 'Look at the network between encoder and server (a cable rather than Wi-Fi), or lower the bit rate.',
      figure: figure('gap', gap, 's'),
    }
  },
  skew: ({ measures }) => {
    const { skew } = measures
    if (skew === null || Math.abs(skew) < T.skew) return undefined
    return {
      severity: graded(Math.abs(skew), T.skewBad),
      sentence: `Sound is sent ${round(Math.abs(skew), 2)} s ${skew > 0 ? 'before' : 'behind'} the pictures that belong to it, and players have to wait for the later one.`,
      advice:
        'Set the encoder’s audio and video delays alike (in OBS: the sync offset), or let ffmpeg interleave with -max_interleave_delta.',
      figure: figure('skew', skew, 's'),
    }
  },
  drift: ({ measures }) => {
    const { drift, arrival } = measures
    if (drift === null || Math.abs(drift.ppm) < T.drift || Math.abs(drift.ppm) < 3 * drift.error) return undefined
    // That is no clock any more.
    if (arrival.speed !== null && (arrival.speed < T.slow || arrival.speed > T.fast)) return undefined
    const hourly = (Math.abs(drift.ppm) * 3600) / 1e6
    return {
      severity: 'warn',
      sentence: `The source’s clock runs ${Math.round(Math.abs(drift.ppm))} ppm ${drift.ppm > 0 ? 'fast' : 'slow'}: ${round(hourly)} s an hour, after which players skip or pause now and then.`,
      advice: 'Keep the encoder’s clock by NTP, and let its sound device set the pace (ffmpeg’s -af aresample=async=1).',
      figure: figure('drift', drift.ppm, 'ppm'),
    }
  },
  jumps: ({ measures }) => {
    const { count, last } = measures.jumps
    if (count === 0 || last === null) return undefined
    return {
      severity: graded(count, T.breaksBad),
      sentence: `The source’s clock has leapt ${times(count)} in ten minutes, the last time by ${round(last)} s.`,
      advice: 'Let the encoder make times that go on (ffmpeg’s -fflags +genpts, or one input rather than several behind each other).',
      figure: figure('leaps in ten minutes', count, ''),
    }
  },
  discontinuities: ({ measures }) => {
    const count = measures.discontinuities - measures.jumps.count
    if (count <= 0) return undefined
    return {
      severity: graded(count, T.breaksBad),
      sentence: `Players had to begin anew ${times(count)} in ten minutes, because the stream’s parameters changed or its pictures stayed away.`,
      advice: 'Keep codec, size and sample rate the same for as long as the encoder runs.',
      figure: figure('discontinuities in ten minutes', count, ''),
    }
  },
  damage: ({ measures }) => {
    const { minute } = measures.damage
    if (minute === 0) return undefined
    const share = measures.rate.minute ? (minute * 8) / (measures.rate.minute * Math.min(60, measures.seconds)) : 0
    return {
      severity: graded(share, T.damageBad),
      sentence: `${minute} damaged bytes were left out in the last minute.`,
      advice: 'Look at the network between encoder and server, and at what muxes the stream.',
      figure: figure('damage', minute, 'bytes a minute'),
    }
  },
  'missing-sound': ({ measures }) => {
    const missing = Math.max(0, ...measures.tracks.map((track) => track.missing))
    if (missing < T.missing) return undefined
    return {
      severity: graded(missing, T.missingBad),
      sentence: `${round(missing, 2)} s of sound were missing in the last minute.`,
      advice: 'Look at the encoder’s audio input (buffer overruns), and lower its load.',
      figure: figure('missing sound', missing, 's a minute'),
    }
  },
  'frame-rate': ({ measures }) => {
    const { seen = null, declared = null } = measures.tracks.find(({ kind }) => kind === 'video')?.frameRate ?? {}
    if (seen === null || declared === null || seen >= declared * T.frameRate) return undefined
    return {
      severity: seen < declared * T.frameRateBad ? 'bad' : 'warn',
      sentence: `Only ${round(seen)} of ${round(declared)} pictures a second come.`,
      advice: 'Lower the encoder’s load (a faster preset, a smaller picture), or set the frame rate that the camera really gives.',
      figure: figure('frame rate', seen, 'pictures a second'),
    }
  },
  'frame-rate-high': ({ measures }) => {
    const seen = measures.tracks.find(({ kind }) => kind === 'video')?.frameRate?.seen ?? null
    if (seen === null || seen <= T.frameRateMost) return undefined
    return {
      severity: 'warn',
      sentence: `${round(seen)} pictures a second come, more than most devices decode.`,
      advice: 'Set the encoder’s frame rate to 60 or less.',
      figure: figure('frame rate', seen, 'pictures a second'),
    }
  },
  reorder: ({ measures }) => {
    const { frames = false, delay = 0 } = measures.reorder ?? {}
    if (!frames || delay < T.reorder) return undefined
    return {
      severity: 'warn',
      sentence: `Pictures wait up to ${round(delay, 2)} s for others (B-frames), and every viewer with them.`,
      advice: 'Set the encoder’s B-frames to 0 (x264: -bf 0, or -tune zerolatency) where the delay matters.',
      figure: figure('delay by B-frames', delay, 's'),
    }
  },
  peaks: ({ measures }) => {
    const { minute, peak } = measures.rate
    if (
      minute === null ||
      peak === null ||
      measures.seconds < 60 ||
      !measures.tracks.some(({ kind }) => kind === 'video') ||
      peak <= minute * T.peak
    )
      return undefined
    return {
      severity: 'warn',
      sentence: `The bit rate peaks at ${round(peak / minute)} times its average, where networks that bear the average stall.`,
      advice: 'Set the encoder’s rate control to CBR, or its maximum to at most twice the average (-maxrate, -bufsize).',
      figure: figure('peak', peak / minute, '×'),
    }
  },
  stalls: ({ measures }) => {
    const { reports, stalling, stalls, stalled } = measures.viewers
    const share = stalling / reports
    if (reports < T.reports || share < T.stalls) return undefined
    return {
      severity: graded(share, T.stallsBad),
      sentence: `Viewers stall: ${stalling} of ${reports} reports in five minutes tell of it, ${round(stalls === 0 ? stalled : stalled / stalls)} s each time.`,
      advice: 'If the source is well, lower its bit rate, or add a smaller quality to the mount’s group.',
      figure: figure('reports with stalls', share * 100, '%'),
    }
  },
  restarts: ({ measures }) => {
    const { restarts } = measures
    if (restarts < T.restarts) return undefined
    return {
      severity: 'warn',
      sentence: `The source has come again ${times(restarts)} in the last hour.`,
      advice: 'Look at the encoder’s log and at the network between encoder and server.',
      figure: figure('reconnections in an hour', restarts, ''),
    }
  },
}
