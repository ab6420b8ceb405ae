import { isAbsolute, join } from 'node:path'
import { Document } from 'yaml'
import { parseXml, type XmlElement } from '../lib/icy/xml.js'
import { serverOptions, VERSION } from '../lib/index.js'
import { ConfigError } from './config.js'
import { addressOf, MountReader } from './icecast-mount.js'
import { isOn, milliseconds, named, Notes, slashed, textOf } from './icecast-notes.js'
import { AUTHENTICATION, DIRECTORY, GENERAL, LIMITS, LOGGING, PATHS, SECURITY } from './icecast-reasons.js'

/** What has become of an Icecast configuration. */
export interface Converted {
  /** The same as a configuration of ours, with comments. */
  readonly yaml: string
  /** What has no effect here: the tag, and why, in a sentence each. */
  readonly notes: readonly string[]
}

/**
 * Converts a configuration of Icecast 2.4, or what is like it in those of 2.5 and Icecast-KH.
 * @param text of the XML file
 * @param file its name, for comments and messages
 * @throws {@link ConfigError} when it is none
 */
export function convertIcecast(text: string, file: string): Converted {
  const root = parseXml(text)
  if (root === undefined) throw new ConfigError(file, ['it is not well-formed XML; xmllint says where'])
  if (root.name !== 'icecast') throw new ConfigError(file, [`its first tag is <${root.name}>, but has to be <icecast>`])
  const reader = new Reader()
  reader.read(root)
  return { yaml: reader.write(file), notes: reader.notes.list }
}

interface Port {
  readonly port: number
  readonly host?: string
}

class Reader {
  readonly notes = new Notes()
  readonly #document = new Document({})
  readonly #mounts = new MountReader(this.notes)
  readonly #ports: Port[] = []
  readonly #shoutcastPorts: Port[] = []
  readonly #proxies: string[] = []
  readonly #directories: { readonly url: string; readonly interval?: number }[] = []
  #shoutcastMount: string | undefined
  readonly #aliases: Record<string, string> = {}
  #logdir = ''
  #filesServed = true
  #onDemand = false
  #isRelaying = false
  #certificate: string | undefined
  #key: string | undefined

  read(root: XmlElement): void {
    // Whatever other tags are read against comes first.
    for (const paths of named(root, 'paths')) {
      this.#logdir = textOf(paths, 'logdir') ?? this.#logdir
      this.#mounts.webroot = textOf(paths, 'webroot') ?? this.#mounts.webroot
    }
    this.#onDemand = isOn(textOf(root, 'relays-on-demand') ?? '0')
    for (const element of root.children) this.#top(element)
    this.#listen()
    this.#master(root)
    this.#set('directories', this.#directories.length > 0 ? this.#directories : undefined)
    this.#set('shoutcastMount', this.#shoutcastMount)
    this.#set('tls.certificate', this.#certificate)
    this.#set('tls.key', this.#certificate === undefined ? undefined : (this.#key ?? this.#certificate))
    this.#set('trustedProxies', this.#proxies.length > 0 ? this.#proxies : undefined)
    this.#set('webroot', this.#filesServed ? this.#mounts.webroot : undefined)
    for (const [path, standsFor] of Object.entries(this.#aliases)) this.#document.setIn(['aliases', path], standsFor)
    this.#set('mediaDir', this.#mounts.mediaDir)
    for (const [name, settings] of this.#mounts.all) this.#document.setIn(['mounts', name], this.#document.createNode(settings))
  }

  write(file: string): string {
    const head = [
      ` Converted from ${file.replaceAll(/[\p{Cc}]/gu, ' ')} by floecast ${VERSION}.`,
      ' floecast --print-config explains every key; floecast --check FILE says whether this file is right.',
    ]
    const { list } = this.notes
    this.#document.commentBefore = head.join('\n')
    if (list.length > 0) this.#document.comment = [' What has no effect here:', ...list.map((line) => `   ${line}`)].join('\n')
    return this.#document.toString({ lineWidth: 0 })
  }

  #top(element: XmlElement): void {
    const { name, text, children } = element
    const groups: Readonly<Record<string, (child: XmlElement) => void>> = {
      limits: (child) => this.#limit(child),
      authentication: (child) => this.#authentication(child),
      logging: (child) => this.#log(child),
      paths: (child) => this.#path(child),
      security: (child) => this.#security(child),
    }
    const group = Object.hasOwn(groups, name) ? groups[name] : undefined
    if (group !== undefined) for (const child of children) group(child)
    else if (name === 'location' || name === 'admin' || name === 'hostname') this.#set(name, text)
    else if (name === 'source-password') this.#set('passwords.source', text)
    else if (name === 'shoutcast-mount') this.#shoutcast(text)
    else if (name === 'listen-socket') this.#socket(element)
    else if (name === 'fileserve') this.#filesServed = isOn(text)
    else if (name === 'http-headers') this.#mounts.headers(element, this.#mounts.general)
    else if (name === 'mount') this.#mounts.read(element)
    else if (name === 'relay') {
      this.#mounts.relay(element, this.#onDemand)
      this.#isRelaying = true
    } else if (name === 'directory') this.#directory(element)
    else if (name !== 'relays-on-demand' && !name.startsWith('master-')) this.notes.skip(element, GENERAL)
  }

  #directory(element: XmlElement): void {
    let url = ''
    let interval: number | undefined
    for (const child of element.children) {
      if (child.name === 'yp-url') url = child.text
      else if (child.name === 'touch-interval') interval = this.notes.number(child)
      else this.notes.skip(child, DIRECTORY)
    }
    if (!/^https?:\/\//i.test(url)) this.notes.add(`<directory>: ${url || 'its yp-url'} is no http address`)
    else this.#directories.push({ url, ...(interval !== undefined && { interval }) })
  }

  #master(root: XmlElement): void {
    const text = (name: string): string => textOf(root, `master-${name}`) ?? ''
    if (text('server') !== '') {
      this.#isRelaying = true
      this.#set('relays.master.url', addressOf(text('server'), text('server-port')))
      this.#set('relays.master.user', text('username'))
      this.#set('relays.master.password', text('password'))
      const [interval] = named(root, 'master-update-interval')
      this.#set('relays.master.interval', interval && this.notes.number(interval))
      if (this.#onDemand) this.#set('relays.master.onDemand', true)
    }
    // Whoever writes a configuration by hand may well mean the own network.
    if (this.#isRelaying) this.#set('relays.allowPrivate', true)
  }

  #limit(element: XmlElement): void {
    const { name, text } = element
    const { general } = this.#mounts
    const key = LIMIT_KEYS[name]
    if (name === 'burst-on-connect') {
      if (!isOn(text)) general['burstSize'] = 0
      return
    }
    if (key === undefined) return this.notes.skip(element, LIMITS)
    const number = this.notes.number(element)
    const value = name.endsWith('-timeout') ? milliseconds(number) : number
    // Icecast's default is ours for audio; video has a larger one.
    if (value === undefined || (key === 'queueSize' && value === ICECAST_QUEUE)) return
    if (key.startsWith('limits.')) this.#set(key, value)
    // Without burst, its size does not matter.
    else if (key !== 'burstSize' || general['burstSize'] !== 0) general[key] = value
  }

  #authentication(element: XmlElement): void {
    const { name, text } = element
    if (name === 'source-password') this.#set('passwords.source', text)
    else if (name === 'admin-password') this.#set('passwords.admin', text)
    else if (name === 'admin-user') this.#set('passwords.adminUser', text === 'admin' ? undefined : text)
    else this.notes.skip(element, AUTHENTICATION)
  }

  #socket(element: XmlElement): void {
    const host = textOf(element, 'bind-address')
    let port: number | undefined
    for (const child of element.children) {
      if (child.name === 'port') port = this.notes.number(child)
      else if (child.name === 'shoutcast-mount') this.#shoutcast(child.text)
      // With a certificate, every port speaks TLS as well as plain text.
      else if (!/^(bind-address|ssl|tls|shoutcast-compat)$/.test(child.name)) this.notes.skip(child, GENERAL)
    }
    const ports = isOn(textOf(element, 'shoutcast-compat') ?? '0') ? this.#shoutcastPorts : this.#ports
    if (port === undefined) this.notes.add('<listen-socket>: it names no port')
    else ports.push({ port, ...(host !== undefined && host !== '' && { host }) })
  }

  #shoutcast(text: string): void {
    const mount = slashed(text)
    if (this.#shoutcastMount !== undefined && this.#shoutcastMount !== mount)
      this.notes.add(`<shoutcast-mount> ${mount}: SHOUTcast encoders have one mount; others give /mount:password as their password`)
    else this.#shoutcastMount = mount
  }

  // The first socket is the port; SHOUTcast encoders have the one that is theirs, else the one after it.
  #listen(): void {
    const [first = { port: 8000 }, ...others] = this.#ports
    const [shoutcast, ...more] = this.#shoutcastPorts
    this.#set('port', first.port)
    this.#set('host', first.host)
    this.#set('shoutcastPort', shoutcast?.port ?? (this.#shoutcastMount === undefined ? false : first.port + 1))
    if (others.length + more.length > 0) this.#set('alsoListen', [...others, ...more])
  }

  #log(element: XmlElement): void {
    const { name, text } = element
    const key = LOG_FILES[name]
    // Icecast-KH and 2.5 have tags within.
    const file = text || (textOf(element, 'name') ?? '')
    // There the log goes anyway, and a device is nothing to rotate.
    if (name === 'errorlog' && /^\/dev\/std(err|out)$/.test(file)) return
    if (name === 'loglevel') this.#set('log.level', LEVELS[text.toLowerCase()] ?? 'info')
    else if (key !== undefined && file !== '' && file !== '-') this.#set(key, isAbsolute(file) ? file : join(this.#logdir, file))
    else if (name === 'logsize') this.#set('log.maxSize', (this.notes.number(element) ?? 0) * 1024 || undefined)
    else if (name === 'logarchive') this.#set('log.archive', isOn(text) || undefined)
    else this.notes.skip(element, LOGGING)
  }

  #security(element: XmlElement): void {
    if (element.name === 'changeowner') for (const { name, text } of element.children) this.#set(name === 'group' ? 'group' : 'user', text)
    else if (element.text !== '0') this.notes.skip(element, SECURITY)
  }

  #path(element: XmlElement): void {
    const { name, text } = element
    if (name === 'logdir' || name === 'webroot') return
    if (name === 'alias') return this.#alias(element)
    if (name === 'ssl-certificate' || name === 'tls-certificate') this.#certificate = text
    else if (name === 'ssl-private-key' || name === 'tls-key') this.#key = text
    else if (Object.hasOwn(ACCESS_KEYS, name)) this.#set(`access.${ACCESS_KEYS[name]}`, text)
    else if (name === 'x-forwarded-for') this.#proxies.push(text)
    else this.notes.skip(element, PATHS)
  }

  // At / is the page that lists what is live, as Icecast's own aliases have it.
  #alias({ attributes }: XmlElement): void {
    const source = slashed(attributes['source'] ?? '')
    const destination = slashed(attributes['destination'] ?? attributes['dest'] ?? '')
    if (source === '/') return
    if (serverOptions.shape.aliases.safeParse({ ...this.#aliases, [source]: destination }).success) this.#aliases[source] = destination
    else
      this.notes.add(
        `<alias> ${source}: a path stands for a mount, a file or a page, not for another alias, and none is below /admin or /api`,
      )
    if (attributes['port'] !== undefined || attributes['bind-address'] !== undefined)
      this.notes.add(`<alias> ${source}: it holds at every port and address`)
  }

  #set(path: string, value: unknown): void {
    if (value !== undefined && value !== '') this.#document.setIn(path.split('.'), this.#document.createNode(value))
  }
}

const ICECAST_QUEUE = 524_288

const LIMIT_KEYS: Readonly<Record<string, string>> = {
  clients: 'limits.maxListeners',
  'max-listeners': 'limits.maxListeners',
  sources: 'limits.maxSources',
  'header-timeout': 'limits.headerTimeout',
  'source-timeout': 'sourceTimeout',
  'queue-size': 'queueSize',
  'burst-size': 'burstSize',
}

const ACCESS_KEYS: Readonly<Record<string, string>> = { 'allow-ip': 'allowFile', 'deny-ip': 'denyFile', 'deny-agents': 'denyAgentsFile' }

const LOG_FILES: Readonly<Record<string, string>> = {
  accesslog: 'log.accessLog',
  errorlog: 'log.errorLog',
  playlistlog: 'log.playlistLog',
}

const LEVELS: Readonly<Record<string, string>> = {
  '4': 'debug',
  debug: 'debug',
  '3': 'info',
  info: 'info',
  information: 'info',
  '2': 'warn',
  warn: 'warn',
  warning: 'warn',
  '1': 'error',
  error: 'error',
}
