import type { Playing } from '../api/doctor.js'
import type { FormatName, Track } from '../formats/frame.js'
import type { MountForms } from '../api/index.js'

/** How surely something plays. */
type Chance = 'yes' | 'perhaps' | 'no'
/** The browsers, in the order of the tables. */
export const BROWSERS = ['Chromium', 'Firefox', 'Safari'] as const
type Chances = readonly [chromium: Chance, firefox: Chance, safari: Chance]

const EVERYWHERE: Chances = ['yes', 'yes', 'yes']
const NOWHERE: Chances = ['no', 'no', 'no']

/**
 * What browsers decode, by the codec's usual name. Chromium and Firefox were asked themselves (`MediaSource.isTypeSupported`, Chromium 156 and Firefox
 * 153 of Debian); of Safari it is what Apple says. `perhaps` is a matter of the device: HEVC in Chromium and AV1 in Safari need hardware.
 */
const DECODES: Readonly<Record<string, Chances>> = {
  'H.264': EVERYWHERE,
  HEVC: ['perhaps', 'yes', 'yes'],
  VP8: ['yes', 'yes', 'perhaps'],
  VP9: ['yes', 'yes', 'perhaps'],
  AV1: ['yes', 'yes', 'perhaps'],
  AAC: EVERYWHERE,
  'HE-AAC': EVERYWHERE,
  'HE-AAC v2': EVERYWHERE,
  'AAC LATM': EVERYWHERE,
  MP3: EVERYWHERE,
  Opus: ['yes', 'yes', 'perhaps'],
  FLAC: EVERYWHERE,
  Vorbis: ['yes', 'yes', 'perhaps'],
  'AC-3': ['no', 'no', 'yes'],
  'E-AC-3': ['no', 'no', 'yes'],
  ALAC: ['no', 'no', 'yes'],
}

/** Where a picture has more than 8 bits or more colour than 4:2:0, as its codec string says; `undefined` for pictures that all decoders know. */
export function pictureFormat({ codecs = '' }: Pick<Track, 'codecs'>): { readonly name: string; readonly chances: Chances } | undefined {
  const [kind = '', first = '', second = ''] = codecs.split('.')
  if (kind === 'avc1' || kind === 'avc3') {
    const name = AVC_PROFILES[Number.parseInt(first.slice(0, 2), 16)]
    return name === undefined ? undefined : { name, chances: ['yes', 'perhaps', 'no'] }
  }
  if (kind === 'hvc1' || kind === 'hev1')
    return Number(first.replace(/\D/g, '')) >= 4
      ? { name: 'HEVC with range extensions (4:2:2 or 4:4:4)', chances: ['perhaps', 'perhaps', 'perhaps'] }
      : undefined
  if (kind === 'vp09' && Number(first) % 2 === 1) return { name: 'VP9 of 4:2:2 or 4:4:4', chances: ['yes', 'perhaps', 'no'] }
  if (kind === 'av01' && Number(first) > 0 && second !== '') return { name: 'AV1 of 4:2:2 or 4:4:4', chances: ['yes', 'perhaps', 'no'] }
  return undefined
}

// H.264 annex A: the profiles above High.
const AVC_PROFILES: Readonly<Record<number, string>> = {
  110: 'H.264 of 10 bits (High 10)',
  122: 'H.264 of 4:2:2 (High 4:2:2)',
  244: 'H.264 of 4:4:4 (High 4:4:4 Predictive)',
  44: 'H.264 of 4:4:4 (CAVLC 4:4:4 Intra)',
}

/** Whether Chromium, Firefox and Safari decode a track, in this order. */
export function decodes(track: Track): Chances {
  const known = DECODES[track.codec] ?? NOWHERE
  const { chances = known } = (track.kind === 'video' && pictureFormat(track)) || {}
  return [least(known[0], chances[0]), least(known[1], chances[1]), least(known[2], chances[2])]
}

/** The first track of pictures and the first of sound: what all forms carry. */
export function mainTracks(tracks: readonly Track[]): Track[] {
  return (['video', 'audio'] as const).flatMap((kind) => tracks.filter((track) => track.kind === kind).slice(0, 1))
}

/** One way in which a mount can be played: what people call it, whether it has pictures, and which browsers know its container. */
interface Way {
  readonly name: string
  readonly video: boolean
  readonly chances: Chances
}

/** How browsers take containers: by their own `<video>`, by Media Source Extensions, or by HLS of their own. */
const CONTAINERS: Readonly<Record<string, Chances>> = {
  mp4: EVERYWHERE,
  webm: ['yes', 'yes', 'perhaps'],
  'x-matroska': ['yes', 'yes', 'no'],
  // Scripts repackage it for Firefox, but not every sound in it.
  mp2t: ['yes', 'perhaps', 'yes'],
  mpeg: EVERYWHERE,
  aac: EVERYWHERE,
  flac: EVERYWHERE,
  ogg: ['yes', 'yes', 'perhaps'],
}

/** What browsers play as it comes from the source, by format: the container. */
const PLAIN: Readonly<Partial<Record<FormatName, string>>> = {
  mp3: 'mpeg',
  adts: 'aac',
  flac: 'flac',
  ogg: 'ogg',
  webm: 'webm',
  matroska: 'x-matroska',
  mp4: 'mp4',
}

/**
 * Says which browsers and players can play a mount, and by which form.
 * @param tracks what its source sends
 */
export function playsIn(format: FormatName, tracks: readonly Track[], forms: MountForms): Playing[] {
  const ways = waysOf(format, tracks, forms)
  const main = mainTracks(tracks)
  const hasVideo = main.some(({ kind }) => kind === 'video')
  const found = BROWSERS.map((where, i) => {
    const chanceOf = (way: Way): Chance =>
      main.reduce<Chance>(
        (chance, track) => (way.video || track.kind === 'audio' ? least(chance, decodes(track)[i]!) : chance),
        way.chances[i]!,
      )
    const best = (video: boolean): { chance: Chance; names: string[] } => {
      const some = ways.filter((way) => way.video === video && !(where === 'Safari' && way.name === 'DASH'))
      const chance: Chance = (['yes', 'perhaps'] as const).find((one) => some.some((way) => chanceOf(way) === one)) ?? 'no'
      return { chance, names: [...new Set(some.filter((way) => chanceOf(way) === chance).map(({ name }) => name))] }
    }
    const whole = best(hasVideo)
    const unsure = main.filter((track) => decodes(track)[i] === 'perhaps').map(({ codec }) => codec)
    const missing = main.filter((track) => decodes(track)[i] === 'no').map(({ codec }) => codec)
    const known = where === 'Safari' ? ', as far as is known' : ''
    if (whole.chance === 'yes') return { where, verdict: 'yes' as const, why: `By ${list(whole.names)}${known}.` }
    if (whole.chance === 'perhaps')
      return {
        where,
        verdict: 'perhaps' as const,
        why: `By ${list(whole.names)}, ${unsure.length > 0 ? `where the device decodes ${list(unsure)}` : 'in some versions'}${known}.`,
      }
    const reason =
      missing.length > 0 ? `${where} does not decode ${list(missing)}` : 'no form that is switched on carries its codecs together'
    const sound = hasVideo ? best(false) : { chance: 'no', names: [] }
    if (sound.chance === 'no') return { where, verdict: 'no' as const, why: `${reason[0]!.toUpperCase()}${reason.slice(1)}.` }
    return { where, verdict: 'partly' as const, why: `The sound alone, by ${list(sound.names)}: ${reason}.` }
  })
  const isKnown = format !== 'raw'
  return [
    ...found,
    { where: 'VLC and mpv', verdict: isKnown ? 'yes' : 'perhaps', why: isKnown ? 'As it comes.' : 'Nobody knows what the source sends.' },
    ...(hasVideo || main.length === 0 ? [] : [radios(forms, main)]),
  ]
}

function radios({ instant }: MountForms, [sound]: readonly Track[]): Playing {
  const form = instant.find((one) => one.form === 'mp3' || one.form === 'aac')?.form
  if (form !== undefined)
    return {
      where: 'Internet radios',
      verdict: form === 'mp3' ? 'yes' : 'perhaps',
      why: form === 'mp3' ? 'By MP3.' : 'By AAC, which older ones do not know.',
    }
  return { where: 'Internet radios', verdict: 'no', why: `They know MP3 and mostly AAC, not ${sound!.codec}.` }
}

function waysOf(format: FormatName, tracks: readonly Track[], { hls, dash, instant }: MountForms): Way[] {
  const ways: Way[] = []
  const add = (name: string, types: readonly string[], isVideo = types.some((type) => type.startsWith('video/'))): void => {
    const known = types.map((type) => CONTAINERS[/\/([\w-]+)/.exec(type)?.[1] ?? ''] ?? NOWHERE)
    const chances = known.reduce<Chances>((a, b) => [least(a[0], b[0]), least(a[1], b[1]), least(a[2], b[2])], EVERYWHERE)
    ways.push({ name, video: isVideo, chances })
  }
  const hasVideo = tracks.some(({ kind }) => kind === 'video')
  if (hls !== null) add('HLS', hls.media, hasVideo)
  if (dash !== null) add('DASH', dash.media)
  // No browser plays an endless MPEG-TS.
  for (const { form, media } of instant) if (form !== 'ts') add(NAMES[form] ?? form.toUpperCase(), media)
  const plain = PLAIN[format]
  if (plain !== undefined && tracks.length > 0) add('the stream as it comes', [`${hasVideo ? 'video' : 'audio'}/${plain}`])
  return ways
}

const NAMES: Readonly<Record<string, string>> = { mp4: 'MP4', webm: 'WebM', opus: 'Ogg', ogg: 'Ogg' }
const ORDER: readonly Chance[] = ['no', 'perhaps', 'yes']
const least = (a: Chance, b: Chance): Chance => ORDER[Math.min(ORDER.indexOf(a), ORDER.indexOf(b))]!

/** Words as a sentence lists them: `HLS, DASH and MP4`. */
export const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`
