import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, relative } from 'node:path'
import type { XmlElement } from '../lib/icy/xml.js'
import { mountOptions } from '../lib/options/index.js'
import { readAuthentication } from './icecast-authentication.js'
import { isOn, milliseconds, named, type Notes, slashed, textOf } from './icecast-notes.js'
import { MOUNT, NOTHING, RELAY } from './icecast-reasons.js'

/** What is set for a mount, by our keys. */
export type MountTree = Record<string, string | number | boolean | object>

/** Reads the mounts of an Icecast configuration. As in Icecast, what a mount does not say, `type="default"` says, and then the limits. */
export class MountReader {
  /** What the limits and the headers of the whole server say of every mount. */
  readonly general: MountTree = {}
  /** Folder of files that are told by a relative path. */
  webroot = ''
  /** Folder of recordings, once one has an absolute path. */
  mediaDir: string | undefined
  readonly #notes: Notes
  readonly #mounts = new Map<string, MountTree>()
  readonly #relays = new Map<string, MountTree>()
  #default: MountTree = {}

  constructor(notes: Notes) {
    this.#notes = notes
  }

  /** What is set for each mount, and for all others under `/*`. */
  get all(): [name: string, settings: MountTree][] {
    const others = this.#checked({ ...this.general, ...this.#default }, 'all mounts')
    const names = new Set([...this.#mounts.keys(), ...this.#relays.keys()])
    const all = [...names].map((name): [string, MountTree] => {
      const own = { ...this.#mounts.get(name), ...this.#relays.get(name) }
      return [name, { ...others, ...this.#checked(own, name) }]
    })
    // In Icecast, a fallback that is no mount is a file of its own pages.
    const files = new Map<string, MountTree>()
    for (const { fallback } of [others, ...all.map(([, settings]) => settings)]) {
      if (typeof fallback !== 'string' || names.has(fallback)) continue
      const file = join(this.webroot, fallback)
      if (this.webroot !== '' && existsSync(file)) files.set(fallback, { file, hidden: true })
    }
    return [...(Object.keys(others).length > 0 ? [['/*', others] satisfies [string, MountTree]] : []), ...all, ...files]
  }

  /** Reads a `mount`. */
  read(element: XmlElement): void {
    const settings: MountTree = {}
    for (const child of element.children) this.#tag(child, settings)
    const name = slashed(textOf(element, 'mount-name') ?? '')
    const [authentication] = named(element, 'authentication')
    const who = authentication && readAuthentication(authentication, name || 'all mounts', this.#notes)
    if (who !== undefined) settings['authentication'] = who
    if (element.attributes['type'] === 'default') this.#default = settings
    else if (name === '') this.#notes.add('<mount>: it has no mount-name')
    else if (/\*./.test(name)) this.#notes.add(`<mount> ${name}: a * may stand at the end of a name alone`)
    else this.#mounts.set(name, settings)
  }

  /** Reads a `relay`; what it does not say of `on-demand`, the whole server says. */
  relay(element: XmlElement, onDemand: boolean): void {
    const text = (name: string): string => textOf(element, name) ?? ''
    const mount = slashed(text('mount')) || '/'
    const name = slashed(text('local-mount')) || mount
    if (text('server') === '') return this.#notes.add(`<relay> ${name}: it has no server`)
    for (const child of element.children) if (!RELAY_TAGS.test(child.name)) this.#notes.skip(child, RELAY)
    const user = text('username')
    const relayPassword = text('password')
    this.#relays.set(name, {
      relay: addressOf(text('server'), text('port'), mount),
      ...(user !== '' && { relayUser: user }),
      ...(relayPassword !== '' && { relayPassword }),
      ...(isOn(textOf(element, 'on-demand') ?? (onDemand ? '1' : '0')) && { onDemand: true }),
    })
  }

  /** Reads `http-headers`, of the server or of a mount. */
  headers(element: XmlElement, settings: MountTree): void {
    const found: Record<string, string> = {}
    for (const { attributes } of named(element, 'header')) {
      const { name = '', value = '', type = 'static', status } = attributes
      // It is in every answer already.
      if (/^access-control-allow-origin$/i.test(name) && value === '*') continue
      if (type === 'static' && status === undefined) found[name] = value
      else this.#notes.add(`<header> ${name}: headers go out with streams alone, the same for all`)
    }
    if (Object.keys(found).length > 0) settings['headers'] = found
  }

  #tag(element: XmlElement, settings: MountTree): void {
    const { name, text } = element
    const put = (key: string, value: string | number | boolean | undefined): void => {
      if (value !== undefined && value !== '') settings[key] = value
    }
    const key = KEYS[name]
    if (name === 'mount-name' || name === 'authentication') return
    if (name === 'dump-file') return this.#dump(text, settings)
    if (name === 'http-headers') return this.headers(element, settings)
    if (name === 'intro') return put('intro', join(this.webroot, text))
    if (name === 'fallback-mount') return put('fallback', slashed(text))
    if (key === undefined) return this.#notes.skip(element, MOUNT)
    const [ours, kind] = key
    if (kind === 'text') return put(ours, text)
    if (kind === 'flag') return text === '-1' ? undefined : put(ours, isOn(text))
    if (kind === 'not') return isOn(text) ? put(ours, false) : undefined
    if (text === '-1' || text === 'unlimited') return
    const number = this.#notes.number(element)
    return put(ours, kind === 'seconds' ? milliseconds(number) : number)
  }

  // All recordings lie below one folder; the first absolute path says which.
  #dump(path: string, settings: MountTree): void {
    if (isAbsolute(path)) this.mediaDir ??= dirname(path.replace(/%.*/, '_'))
    const place = isAbsolute(path) ? relative(this.mediaDir ?? '/', path) : path
    if (place.startsWith('..')) this.#notes.add(`<dump-file> ${path}: all recordings lie below one folder, mediaDir (${this.mediaDir})`)
    else settings['dump'] = place
  }

  // Keeps what can be set for a mount, and names the rest.
  #checked(settings: MountTree, mount: string): MountTree {
    return Object.fromEntries(
      Object.entries(settings).filter(([key, value]) => {
        const schema = SCHEMAS.get(key)
        if (schema?.safeParse(value).success === true) return true
        const shown = key.includes('assword') ? '' : ` ${JSON.stringify(value)}`
        this.#notes.add(`${mount}, ${key}${shown}: ${schema === undefined ? NOTHING : 'no such value can be set here'}`)
        return false
      }),
    )
  }
}

const RELAY_TAGS = /^(server|port|mount|local-mount|on-demand|username|password)$/

/** The address of a mount of another server, or of the server itself. */
export function addressOf(host: string, port: string, path = '/'): string {
  const literal = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return `http://${literal}:${port || '8000'}${encodeURI(path)}`
}

const SCHEMAS: ReadonlyMap<string, { safeParse(value: unknown): { success: boolean } }> = new Map(Object.entries(mountOptions.shape))

const KEYS: Readonly<Record<string, readonly [key: string, kind: 'text' | 'flag' | 'not' | 'number' | 'seconds']>> = {
  username: ['sourceUser', 'text'],
  password: ['sourcePassword', 'text'],
  'on-connect': ['onConnect', 'text'],
  'on-disconnect': ['onDisconnect', 'text'],
  'stream-name': ['name', 'text'],
  'stream-description': ['description', 'text'],
  'stream-url': ['url', 'text'],
  genre: ['genre', 'text'],
  charset: ['charset', 'text'],
  hidden: ['hidden', 'flag'],
  public: ['public', 'flag'],
  'no-yp': ['public', 'not'],
  'fallback-override': ['fallbackOverride', 'flag'],
  'fallback-when-full': ['fallbackWhenFull', 'flag'],
  'max-listeners': ['maxListeners', 'number'],
  'max-listener-duration': ['maxListenerDuration', 'number'],
  'queue-size': ['queueSize', 'number'],
  'burst-size': ['burstSize', 'number'],
  'source-timeout': ['sourceTimeout', 'seconds'],
  'mp3-metadata-interval': ['metaint', 'number'],
  'icy-metadata-interval': ['metaint', 'number'],
  'metadata-interval': ['metaint', 'number'],
}
