import { hasPictures, type MountFacts } from './facts.js'

/** What a browser can play. */
export interface Support {
  /** Whether it plays a type through Media Source Extensions; false for all where it has none. */
  source(type: string): boolean
  /** Whether a media element plays a type by itself. */
  element(type: string): boolean
  /** Whether it has Media Source Extensions, of either kind. */
  readonly hasSource: boolean
}

/** How near to live: *Instant* some tenths of a second, *Low* one or two seconds, *Safe* some six. */
export type Mode = 'instant' | 'low' | 'safe'

/** All modes, nearest to live first. */
export const MODES: readonly Mode[] = ['instant', 'low', 'safe']

/** One way to play a mount. */
export interface Way {
  /** What plays it. */
  readonly engine: 'instant' | 'shaka' | 'element'
  /** What the mount's address ends in: `mp4`, `m3u8` … */
  readonly ending: string
  /** Its media type with codecs, where one says all. */
  readonly type: string
  /** What the server counts its viewers as. */
  readonly protocol: 'instant' | 'hls' | 'll-hls' | 'dash'
  /** Seconds of a segment, where there are segments. */
  readonly segmentDuration?: number
}

/** What can be done with a mount in a browser. */
export interface Choice {
  /** For each mode the ways to play, best first; none where there is no way. */
  readonly ways: Readonly<Record<Mode, readonly Way[]>>
  /** Why nothing plays, and what would: sentences for people. Empty when there is a way. */
  readonly why: string
  /** The same for the sound alone of a mount whose pictures cannot be shown, and whose sound can. */
  readonly sound: readonly Way[]
}

const HLS_TYPE = 'application/vnd.apple.mpegurl'

/** Says how a mount that is live can be played. */
export function choose(mount: MountFacts, support: Support): Choice {
  const { forms } = mount
  const isVideo = hasPictures(mount)
  const fits = (type: string): boolean => type.startsWith('video/') === isVideo
  const all = endless(mount, support)
  const instant = all.filter(({ engine, type }) => engine === 'instant' && fits(type))
  const elements = all.filter(({ engine, type }) => engine === 'element' && fits(type))
  const low: Way[] = []
  const safe: Way[] = []
  for (const [form, ending, protocol] of [
    [forms.hls, 'm3u8', 'hls'],
    [forms.dash, 'mpd', 'dash'],
  ] as const) {
    if (form === null || !form.media.every((type) => support.source(type) || isTaken(type, support))) continue
    const way = { engine: 'shaka', ending, type: form.media.join(' '), segmentDuration: form.segmentDuration } as const
    safe.push({ ...way, protocol })
    if (form.lowLatency) low.push({ ...way, protocol: protocol === 'hls' ? 'll-hls' : 'dash' })
  }
  if (!support.hasSource && forms.hls !== null && support.element(HLS_TYPE))
    safe.push({ engine: 'element', ending: 'm3u8', type: HLS_TYPE, protocol: 'hls' })
  // What the element plays by itself runs some seconds behind.
  if (safe.length === 0 || !isVideo) safe.push(...elements)
  const ways = { instant, low, safe }
  const none = MODES.every((mode) => ways[mode].length === 0)
  return {
    ways,
    why: none ? reason(mount, support) : '',
    sound: none && isVideo ? all.filter(({ type }) => type.startsWith('audio/')) : [],
  }
}

/** A way to play, and the mode that it is of. */
export interface Plan {
  readonly mode: Mode
  readonly way: Way
}

/** All ways to play a mount, best first: as wished, else calmer, else nearer to live. */
export function plansFor({ ways, sound }: Choice, wish: Mode, soundOnly = false): readonly Plan[] {
  if (soundOnly) return sound.map((way) => ({ mode: way.engine === 'instant' ? 'instant' : 'safe', way }))
  const from = MODES.indexOf(wish)
  const order = [...MODES.slice(from), ...MODES.slice(0, from).toReversed()]
  return order.flatMap((mode) => ways[mode].map((way) => ({ mode, way })))
}

/** Whether two ways are the same. */
export const isSame = (a: Way, b: Way): boolean => keyOf(a) === keyOf(b)

/** Tells ways apart. An instant stream says by itself that pictures come or go; what a playlist has is read once, so one with pictures is another than one without. */
export const keyOf = ({ engine, ending, protocol, type }: Way): string =>
  `${engine} ${ending} ${protocol}${engine !== 'instant' && type.includes('video/') ? ' with pictures' : ''}`

function endless({ forms }: MountFacts, support: Support): Way[] {
  return forms.instant.flatMap(({ form, media }): Way[] => {
    const [type] = media
    if (type === undefined) return []
    const way = { ending: form, type, protocol: 'instant' } as const
    return [
      ...(support.source(type) ? [{ ...way, engine: 'instant' } as const] : []),
      ...(support.element(type) ? [{ ...way, engine: 'element' } as const] : []),
    ]
  })
}

// Shaka Player writes MPEG-TS anew as MP4 where the browser takes only that. What it makes of bare MP3, Firefox does not play: there the element alone does.
function isTaken(type: string, support: Support): boolean {
  if (!support.hasSource) return false
  const codecs = /^video\/mp2t; codecs="([^"]*)"/.exec(type)?.[1]?.split(',') ?? []
  return (
    codecs.length > 0 &&
    codecs.every((codec) => support.source(`video/mp4; codecs="${/^mp4a\.(6b|69|40\.34)$/i.test(codec) ? 'mp3' : codec}"`))
  )
}

/** What no browser plays any more, or never did, and what to do about it. */
const GONE: Readonly<Record<string, string>> = {
  Theora: 'browsers dropped it',
  Speex: 'browsers do not know it',
  'MPEG-2 Video': 'browsers do not know it',
  'MPEG-1 Video': 'browsers do not know it',
  MP2: 'browsers do not know it',
}

// Why nothing plays: the codec that stands in the way, if one does.
function reason(mount: MountFacts, support: Support): string {
  for (const { kind, codec, codecs } of mount.tracks) {
    const gone = GONE[codec]
    if (gone !== undefined) return `${codec}: ${gone}. Open it in VLC.`
    if (kind !== 'video' && kind !== 'audio') continue
    const types = codecs === null ? [] : ['mp4', 'webm'].map((container) => `${kind}/${container}; codecs="${codecs}"`)
    if (types.length > 0 && support.hasSource && !types.some((type) => support.source(type)))
      return `${codec}: this browser cannot play it. Another browser may, and VLC does.`
  }
  const { hls, dash, instant } = mount.forms
  if (!support.hasSource && (hls !== null || dash !== null || instant.length > 0))
    return 'This browser cannot play live streams. A newer one can, and VLC does.'
  const codecs = mount.tracks.filter(({ kind }) => kind === 'video' || kind === 'audio').map(({ codec }) => codec)
  if (hls === null && dash === null && instant.length === 0 && codecs.length > 0)
    return `${codecs.join(' with ')} comes in no form that browsers play. Open it in VLC.`
  return 'This browser cannot play this stream. Open it in VLC.'
}
