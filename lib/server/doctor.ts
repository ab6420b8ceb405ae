import type { Diagnosis, Finding } from '../api/doctor.js'
import { describeBitrate, describeTrack } from '../formats/describe.js'
import type { Mount } from '../mount/mount.js'
import type { Mounts } from '../mount/mounts.js'
import { BROWSERS, list, mainTracks, playsIn } from './browsers.js'
import type { Check, Patient } from './doctor-check.js'
import { CODEC_CHECKS } from './doctor-codecs.js'
import { FLOW_CHECKS } from './doctor-flow.js'
import { formsOf } from './forms.js'

/** Seconds after which figures mean something. */
const YOUNG = 60
const SEVERITIES: readonly Finding['severity'][] = ['bad', 'warn', 'good']

// What stands first weighs more among what is equally bad.
const CHECKS: Readonly<Record<string, Check>> = { ...CODEC_CHECKS, ...FLOW_CHECKS }

/** All findings there are: headings of docs/doctor.md. */
export const FINDINGS: readonly string[] = ['off-air', ...Object.keys(CHECKS), 'well']

/** Says what is wrong with a source, worst first; where nothing is, one good sentence. */
export function findingsOf(patient: Patient): Finding[] {
  const found = Object.entries(CHECKS).flatMap(([id, check]): Finding[] => {
    const finding = check(patient)
    return finding === undefined ? [] : [{ id, ...finding }]
  })
  if (found.length > 0) return found.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
  return [{ id: 'well', severity: 'good', sentence: wellOf(patient), advice: null, figure: null }]
}

/**
 * Examines what a mount's source sends.
 * @param now milliseconds since 1970
 */
export function examine(mount: Mount, mounts: Mounts, now: number): Diagnosis {
  const { source, broadcast, settings, name } = mount
  if (source === undefined || !mount.ready) {
    const sentence = source === undefined ? 'Nothing is on the air.' : 'A source has connected, but has not sent enough to tell what it is.'
    const finding: Finding = { id: 'off-air', severity: 'warn', sentence, advice: 'Start the encoder, and look at its log.', figure: null }
    return { mount: name, findings: [finding], measures: null, playsIn: [] }
  }
  const { format, tracks } = source.demuxer
  const measures = broadcast.health.measures(now)
  const forms = formsOf(mount, mounts, '')
  const players = playsIn(format, tracks, forms)
  const { segmentDuration } = settings.hls
  const findings = findingsOf({ format, tracks, measures, forms, instant: settings.instant, segmentDuration, playsIn: players })
  return { mount: name, findings, measures, playsIn: players }
}

function wellOf({ tracks, measures, playsIn: players }: Patient): string {
  const { rate, keyFrames, seconds } = measures
  const bits = rate.minute === null ? '' : ` at ${describeBitrate(rate.minute)}`
  const keys = keyFrames?.median == null ? '' : `, key frames ${Math.round(keyFrames.median * 10) / 10} s apart`
  const where = BROWSERS.filter((name) => players.some((one) => one.where === name && one.verdict === 'yes'))
  const plays = where.length === 0 ? '' : `; it plays in ${list(where)}`
  const young = seconds < YOUNG ? 'So far all is well' : 'All is well'
  return `${young}: ${list(mainTracks(tracks).map(describeTrack))}${bits}${keys}${plays}.`
}
