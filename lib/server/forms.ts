import type { FormStatus, MountForms, SegmentedForm } from '../api/status.js'
import { dashRenditions } from '../dash/views.js'
import { FloecastError } from '../errors.js'
import type { MediaTrack } from '../formats/packet.js'
import { hlsContainer, hlsRenditions } from '../hls/views.js'
import type { FileName } from '../media/names.js'
import { type Container, containerOf, FILES, tracksOf } from '../media/rendition.js'
import { formType } from '../mount/instant.js'
import type { Mount } from '../mount/mount.js'
import type { Mounts } from '../mount/mounts.js'

/** What `/<mount>.m3u8` is. */
export const HLS_TYPE = 'application/vnd.apple.mpegurl'
/** What `/<mount>.mpd` is. */
export const DASH_TYPE = 'application/dash+xml'

/**
 * Says which forms a mount has: what is switched on, what its codecs allow, and what no mount of that name stands in the way of.
 * @param url the whole URL of the mount
 */
export function formsOf(mount: Mount, mounts: Mounts, url: string): MountForms {
  const { broadcast, settings, source } = mount
  const { presentation } = broadcast
  const period = source === undefined ? undefined : presentation?.period
  const isFree = (ending: string): boolean => mounts.get(`${mount.name}.${ending}`)?.source === undefined
  let hls: SegmentedForm | null = null
  let dash: SegmentedForm | null = null
  if (presentation !== undefined && period !== undefined) {
    const { segmentDuration, segmentCount, dvr = 0 } = presentation.settings
    const lowLatency = presentation.partDuration !== undefined
    const times = { segmentDuration, rewind: Math.max(dvr, segmentDuration * segmentCount) }
    const container = hlsContainer(presentation, 'main')
    if (settings.hls.enabled && container !== undefined && hlsRenditions(presentation).length > 0 && isFree('m3u8'))
      hls = {
        url: `${url}.m3u8`,
        type: HLS_TYPE,
        media: [segmentType(container, tracksOf(period, 'main'))],
        lowLatency: lowLatency && container !== 'packed',
        ...times,
      }
    const sets = settings.dash && isFree('mpd') ? dashRenditions(period).map((id) => tracksOf(period, id)) : []
    if (sets.length > 0)
      dash = {
        url: `${url}.mpd`,
        type: DASH_TYPE,
        media: [...new Set(sets.map((tracks) => segmentType(containerOf(tracks)!, tracks)))],
        lowLatency,
        ...times,
      }
  }
  const instant = [...(source === undefined ? [] : broadcast.forms)]
    // Ogg is the same under both names where it holds Opus.
    .filter(([form, tracks]) => isFree(form) && !(form === 'ogg' && tracks[0]?.codecId === 'opus'))
    .map(([form, tracks]) => {
      const type = formType(form, tracks)
      return { form, url: `${url}.${form}`, type, media: [withCodecs(type, tracks)] }
    })
  return { hls, dash, instant }
}

/**
 * Throws where a file of segments belongs to what is switched off; further audio tracks belong to both HLS and DASH.
 * @throws FloecastError FORM_OFF
 */
export function offerFile({ name, settings }: Mount, { rendition, kind, period }: FileName): void {
  const isDash = rendition === 'video' || rendition === 'audio' || kind === 'time' || period !== undefined
  const isHls = rendition === 'main' || kind === 'part'
  const { dash, hls } = settings
  if (!dash && (isDash || !hls.enabled)) throw new FloecastError('FORM_OFF', { form: 'DASH', mount: name })
  if (!hls.enabled && (isHls || !dash)) throw new FloecastError('FORM_OFF', { form: 'HLS', mount: name })
}

/** A form that a page can play without a script: one endless stream or, where browsers play none, HLS, which some play by themselves. */
export function playableForm({ instant, hls }: MountForms, video: boolean): FormStatus | undefined {
  const kind = video ? 'video/' : 'audio/'
  const stream = instant.find(({ form, type }) => form !== 'ts' && type.startsWith(kind))
  return stream ?? (hls?.media[0]?.startsWith(kind) === true ? hls : undefined)
}

function segmentType(container: Container, tracks: readonly MediaTrack[]): string {
  const { video, audio } = FILES[container]
  return withCodecs(tracks.some(({ kind }) => kind === 'video') ? video : audio, tracks)
}

// A bare stream of AAC or MP3 says all by its type, and browsers know it by that alone.
const withCodecs = (type: string, tracks: readonly MediaTrack[]): string =>
  BARE.has(type) ? type : `${type}; codecs="${tracks.map(({ codecs }) => codecs).join()}"`
const BARE: ReadonlySet<string> = new Set(['audio/aac', 'audio/mpeg'])
