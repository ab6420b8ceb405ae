import type { Mount } from '../mount/mount.js'
import { effectiveSettings, mountKey, type MountSettings, protocolOptions, type ServerSettings } from '../options/index.js'
import { type Audience, audienceOf, type ListeningProtocol } from './audience.js'
import type { MediaContext } from './media-request.js'

/** What is needed to tell what a change does: who is there. */
export type EffectsContext = Pick<MediaContext, 'mounts' | 'viewers' | 'clock'>

/** A way in or out: what people call it, whether a mount has it, and who uses it. */
interface Way {
  readonly name: string
  readonly has: (settings: MountSettings) => boolean
  readonly users: readonly ListeningProtocol[]
}

const OUT: readonly Way[] = [
  { name: 'Progressive streams', has: ({ progressive }) => progressive, users: ['progressive'] },
  { name: 'Instant streams', has: ({ instant }) => instant, users: ['instant'] },
  { name: 'HLS', has: ({ hls }) => hls.enabled, users: ['hls', 'll-hls'] },
  { name: 'DASH', has: ({ dash }) => dash, users: ['dash'] },
]
const IN = [
  { name: 'Icecast', protocol: 'icecast' },
  { name: 'SHOUTcast', protocol: 'shoutcast' },
  { name: 'Webcast', protocol: 'webcast' },
] as const

/** A mount before and after a change. */
interface Turn {
  readonly mount: Mount
  readonly before: MountSettings
  readonly after: MountSettings
  readonly audience: Audience
}

/** Says what other settings do to those who are there, and to those who come, a sentence each. */
export function effectsOf(context: EffectsContext, before: ServerSettings, after: ServerSettings): string[] {
  const turns = [...context.mounts].map((mount): Turn => {
    return {
      mount,
      before: effectiveSettings(before, mount.name),
      after: effectiveSettings(after, mount.name),
      audience: audienceOf(context, mount),
    }
  })
  return [
    ...waysIn(turns),
    ...waysOut(turns),
    ...lowLatency(turns),
    ...silent(turns, before, after),
    ...mounts(turns, before, after),
    ...server(context, before, after),
  ]
}

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`
const where = (turns: readonly Turn[]): string => (turns.length === 1 ? turns[0]!.mount.name : count(turns.length, 'mount'))
const verb = (number: number, one: string, many: string): string => (number === 1 ? one : many)

function waysIn(turns: readonly Turn[]): string[] {
  return IN.flatMap(({ name, protocol }) => {
    const cut = turns.filter(({ mount, before, after }) => before[protocol] && !after[protocol] && mount.source?.protocol === protocol)
    if (cut.length === 0) return []
    const total = cut.reduce((sum, { audience }) => sum + audience.total, 0)
    const lost = total === 0 ? '' : `, and ${count(total, 'listener')} with ${verb(cut.length, 'it', 'them')}`
    return [
      `${name} off: the ${verb(cut.length, 'source', 'sources')} of ${where(cut)} ${verb(cut.length, 'is', 'are')} disconnected${lost}`,
    ]
  })
}

function waysOut(turns: readonly Turn[]): string[] {
  return OUT.flatMap(({ name, has, users }) => {
    const changed = turns.filter(({ before, after }) => has(before) !== has(after))
    const off = changed.filter(({ after }) => !has(after))
    const numberOf = ({ audience }: Turn): number => users.reduce((sum, user) => sum + audience.protocols[user], 0)
    const used = off.filter((turn) => numberOf(turn) > 0)
    if (used.length === 0) return []
    const number = used.reduce((sum, turn) => sum + numberOf(turn), 0)
    const rest = OUT.filter((way) => way.name !== name && used.every(({ after }) => way.has(after))).map((way) => way.name)
    const stays = rest.length === 0 ? 'nothing else is on for them' : `${inWords(rest)} ${verb(rest.length, stayOf(rest[0]!), 'stay')}`
    return [`${name} off: ${count(number, 'viewer')} of ${where(used)} ${verb(number, 'loses', 'lose')} ${itOf(name)}; ${stays}`]
  })
}

const itOf = (name: string): string => (name.endsWith('streams') ? 'them' : 'it')
const stayOf = (name: string): string => (name.endsWith('streams') ? 'stay' : 'stays')
// Within a sentence, a word that is no name begins small.
const inWords = (names: readonly string[]): string =>
  list(names.map((name) => name.replace(/^[PI](?=\w+ )/, (letter) => letter.toLowerCase())))

function lowLatency(turns: readonly Turn[]): string[] {
  const changed = turns.filter(
    ({ mount, before, after }) =>
      mount.source !== undefined && before.hls.lowLatency !== after.hls.lowLatency && (after.hls.enabled || after.dash),
  )
  return [true, false].flatMap((on) => {
    const some = changed.filter(({ after }) => after.hls.lowLatency === on)
    const number = some.reduce(
      (sum, { audience: { protocols } }) => sum + protocols['ll-hls'] + protocols.dash + (on ? protocols.hls : 0),
      0,
    )
    if (some.length === 0) return []
    const who = number === 0 ? 'nobody is cut off' : `${count(number, 'viewer')} ${verb(number, 'goes', 'go')} on`
    const how = on ? 'players come nearer to live' : 'players fall some seconds further behind live'
    return [`Low latency ${on ? 'on' : 'off'} for ${where(some)}: with the next key frame ${how}; ${who}`]
  })
}

// What is switched without anybody there to feel it.
function silent(turns: readonly Turn[], before: ServerSettings, after: ServerSettings): string[] {
  const names: Readonly<Record<keyof ServerSettings['protocols'], string>> = {
    icecast: 'Icecast',
    shoutcast: 'SHOUTcast',
    webcast: 'Webcast',
    progressive: 'Progressive streams',
    hls: 'HLS',
    lowLatency: 'Low latency',
    dash: 'DASH',
    instant: 'Instant streams',
  }
  const isFelt = (name: string): boolean =>
    [...waysIn(turns), ...waysOut(turns), ...lowLatency(turns)].some((text) => text.startsWith(name))
  return protocolOptions.keyof().options.flatMap((key) => {
    if (before.protocols[key] === after.protocols[key] || isFelt(names[key])) return []
    return after.protocols[key]
      ? [`${names[key]} on, wherever the mount has it on`]
      : [`${names[key]} off everywhere: nobody uses ${itOf(names[key])} now`]
  })
}

// Settings of mounts that hold for what is on the air only when the source connects again.
const LATER = ['segmentDuration', 'partDuration'] as const
// What is told of by itself.
const TOLD: ReadonlySet<string> = new Set(['icecast', 'shoutcast', 'webcast', 'progressive', 'hls', 'dash', 'instant'])

function mounts(turns: readonly Turn[], before: ServerSettings, after: ServerSettings): string[] {
  const keys = [...new Set([...Object.keys(before.mounts), ...Object.keys(after.mounts)])]
  const sentences = keys.flatMap((key) => {
    const [old, now] = [before.mounts[key], after.mounts[key]]
    if (old !== undefined && now === undefined) {
      const other = mountKey(after, key.replace(/\*$/, ''))
      return [`${key}: its own settings are removed; ${other === undefined ? 'the defaults' : `those of ${other}`} hold instead`]
    }
    if (old === undefined && now !== undefined) return [`${key} gets settings of its own`]
    return []
  })
  return [...sentences, ...turns.flatMap((turn) => oneMount(turn))]
}

function oneMount({ mount, before, after, audience }: Turn): string[] {
  const { name, source } = mount
  const isLive = source !== undefined
  const sentences: string[] = []
  const changed = new Set(
    Object.keys(after).filter((key) => JSON.stringify(pick(before, key)) !== JSON.stringify(pick(after, key)) && !TOLD.has(key)),
  )
  const tell = (key: string, sentence: string | undefined): void => {
    if (!changed.delete(key) || sentence === undefined) return
    sentences.push(`${name}: ${sentence}`)
  }
  const stays = isLive ? '; the one that is connected stays' : ''
  tell(
    'sourcePassword',
    after.sourcePassword === undefined
      ? `sources need the general password from now on${stays}`
      : `sources need the new password from now on${stays}`,
  )
  const most = after.maxListeners ?? Infinity
  const many = mount.connected
  tell(
    'maxListeners',
    most < many
      ? `${many} listen, so nobody more is let in until fewer than ${most} do; nobody is dropped`
      : `at most ${after.maxListeners ?? 'any number of'} listeners`,
  )
  tell('hidden', after.hidden ? 'it leaves the status pages; who has its address can still listen' : 'it is on the status pages again')
  tell(
    'dump',
    !isLive
      ? undefined
      : after.dump === undefined
        ? 'its recording ends now'
        : before.dump === undefined
          ? 'recording begins now'
          : 'another recording begins now',
  )
  tell('group', isLive && audience.total > 0 ? 'players find its qualities elsewhere; those who watch go on' : undefined)
  const disk = before.dvr > 0 === after.dvr > 0
  if (isLive)
    tell(
      'dvr',
      disk ? 'players can go back as far as that is kept' : `players can ${after.dvr > 0 ? '' : 'not '}go back from the next source on`,
    )
  if (isLive)
    for (const key of LATER)
      if (before.hls[key] !== after.hls[key])
        sentences.push(`${name}: hls.${key} is another from the next source on, for players rely on it`)
  const queue = changed.has('queueSize') && after.queueSize !== undefined
  if (queue && many > 0) tell('queueSize', 'listeners who are further behind than that are dropped')
  if (isLive && changed.size > 0)
    sentences.push(`${name}: ${list([...changed])} ${verb(changed.size, 'holds', 'hold')} at once; nobody is dropped`)
  return sentences
}

const pick = (settings: MountSettings, key: string): unknown => Object.entries(settings).find(([one]) => one === key)?.[1]

function server({ mounts: all }: EffectsContext, before: ServerSettings, after: ServerSettings): string[] {
  const sentences: string[] = []
  if (before.maxListeners !== after.maxListeners && after.maxListeners < all.listeners)
    sentences.push(`${all.listeners} listen, so nobody more is let in until fewer than ${after.maxListeners} do; nobody is dropped`)
  if (before.maxSources !== after.maxSources && after.maxSources < all.sources)
    sentences.push(`${all.sources} sources are connected, so no more are let in until fewer than ${after.maxSources} are; none is dropped`)
  const others = (
    [
      'hostname',
      'location',
      'admin',
      'maxSources',
      'maxListeners',
      'maxConnections',
      'headerSize',
      'headerTimeout',
      'hookTimeout',
      'shoutcastMount',
      'trustedProxies',
    ] as const
  ).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
  if (others.length > 0 && sentences.length === 0)
    sentences.push(`${list(others)} ${verb(others.length, 'holds', 'hold')} at once; nobody is dropped`)
  return sentences
}
