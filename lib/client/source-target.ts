import { type Credentials, formatBasic } from '../icy/basic.js'
import { mountPath } from '../icy/path.js'
import { cleanText, percentDecode } from '../icy/text.js'
import { VERSION } from '../version.js'
import type { ConnectOptions } from './exchange.js'

/** How a source announces itself. */
export type SourceProtocol = 'put' | 'source' | 'shoutcast'

/** What a source says of itself, and how. */
export interface SourceOptions extends ConnectOptions {
  /** The media type of what is written, such as `audio/mpeg`, `application/ogg` or `video/mp2t`. */
  readonly contentType: string
  /** `put` for Icecast 2.4 and newer, and floecast; `source` for older Icecast; `shoutcast` for SHOUTcast 1. Default `put`. */
  readonly protocol?: SourceProtocol
  /** Name of the stream. */
  readonly name?: string
  /** What the stream is about. */
  readonly description?: string
  /** Genres of the stream. */
  readonly genre?: string
  /** The stream's own web site. */
  readonly url?: string
  /** Whether directories may list the stream. */
  readonly public?: boolean
  /** Further header lines, such as `ice-audio-info`. */
  readonly headers?: Readonly<Record<string, string>>
  /** SHOUTcast only: the port that takes titles. Default one less than the address's, as is the rule there. */
  readonly metadataPort?: number
}

/** What plays now. */
export interface MetadataFields {
  /** The title; without an artist, the whole line that players show. */
  readonly title?: string
  /** Who plays it. */
  readonly artist?: string
  /** An address that goes with it, such as a cover. */
  readonly url?: string
}

const AGENT = `floecast/${VERSION}`

/** Where a source publishes and what it says there: an address and options that have been looked at, and the requests made of them. */
export class SourceTarget {
  /** The address without user name and password. */
  readonly url: URL
  /** The path of the mount. */
  readonly mount: string
  /** Who publishes. */
  readonly credentials: Credentials
  /** What the source says of itself. */
  readonly options: SourceOptions

  /** @throws TypeError when the address or an option is not what it may be */
  constructor(address: string | URL, options: SourceOptions) {
    if (!URL.canParse(String(address)))
      throw new TypeError('Cannot publish: the address must be like http://source:PASSWORD@host:8000/live')
    const url = new URL(address)
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError(`Cannot publish by ${url.protocol} use http: or https:`)
    if (!/^[\w.+-]+\/[\w.+-]+/.test(options.contentType))
      throw new TypeError(`Cannot publish as "${options.contentType}": give a media type such as audio/mpeg in contentType`)
    for (const [name, value] of Object.entries(options.headers ?? {}))
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[\r\n\0]/.test(value)) throw new TypeError(`Cannot send the header "${name}"`)
    const mount = mountPath(url.pathname)
    if (mount === undefined) throw new TypeError(`Cannot publish to "${url.pathname}": a mount is a path such as /live`)
    this.credentials = { user: String(percentDecode(url.username)) || 'source', password: String(percentDecode(url.password)) }
    url.username = url.password = ''
    this.url = url
    this.mount = mount
    this.options = options
  }

  /** Whether it is published as SHOUTcast 1 has it: without a mount, with a password for a name. */
  get isShoutcast(): boolean {
    return this.options.protocol === 'shoutcast'
  }

  /** What is being done, to follow the word "Cannot" in errors. */
  get doing(): string {
    return this.isShoutcast ? `publish to ${this.url.host}` : `publish to ${this.mount} on ${this.url.host}`
  }

  /** What is being done when a title is told, to follow the word "Cannot" in errors. */
  get telling(): string {
    return this.isShoutcast ? `set the title on ${this.adminUrl.host}` : `set the title of ${this.mount} on ${this.url.host}`
  }

  /** Where the server takes titles, and is asked about the mount. */
  get adminUrl(): URL {
    const url = new URL(this.url)
    if (this.isShoutcast) url.port = String(this.options.metadataPort ?? Number(url.port || 80) - 1)
    return url
  }

  /** The head that opens the stream, of `PUT` or `SOURCE`. */
  formatHead(): Buffer {
    const put = this.options.protocol !== 'source'
    const { contentType, name, description, genre, url, public: listed, headers } = this.options
    return formatLines(`${put ? 'PUT' : 'SOURCE'} ${this.url.pathname}${this.url.search} HTTP/1.${put ? 1 : 0}`, [
      ['Host', this.url.host],
      ...this.#authorization(),
      ['User-Agent', AGENT],
      ['Content-Type', contentType],
      ...(put ? [['Expect', '100-continue'] as const, ['Connection', 'close'] as const] : []),
      ['ice-name', name],
      ['ice-description', description],
      ['ice-genre', genre],
      ['ice-url', url],
      ['ice-public', listed === undefined ? undefined : String(Number(listed))],
      ...Object.entries(headers ?? {}),
    ])
  }

  /** The line with the password that opens a stream of SHOUTcast. */
  formatLogin(): Buffer {
    const { user, password } = this.credentials
    return Buffer.from(`${user === 'source' ? '' : `${user}:`}${password}\r\n`)
  }

  /** The header lines that follow when SHOUTcast has taken the password. */
  formatIcyHeaders(): Buffer {
    const { contentType, name, genre, url, public: listed = false, headers } = this.options
    return formatLines(undefined, [
      ['content-type', contentType],
      ['icy-name', name],
      ['icy-genre', genre],
      ['icy-url', url],
      ['icy-pub', String(Number(listed))],
      ...Object.entries(headers ?? {}),
    ])
  }

  /** A request to `/admin/metadata`, or `/admin.cgi` of SHOUTcast, with the source's credentials and these parameters. */
  formatAdminRequest(parameters: readonly (readonly [name: string, value: string | undefined])[]): Buffer {
    const who = this.isShoutcast ? (['pass', this.credentials.password] as const) : (['mount', this.mount] as const)
    const query = [who, ...parameters].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]))
    const target = `${this.isShoutcast ? '/admin.cgi' : '/admin/metadata'}?${query.join('&')}`
    return formatLines(`GET ${target} HTTP/1.${this.isShoutcast ? 0 : 1}`, [
      ['Host', this.adminUrl.host],
      ...(this.isShoutcast ? [] : this.#authorization()),
      // SHOUTcast takes titles from browsers only.
      ['User-Agent', this.isShoutcast ? `${AGENT} (Mozilla compatible)` : AGENT],
      ['Connection', 'close'],
    ])
  }

  #authorization(): [name: string, value: string][] {
    return this.credentials.password === '' ? [] : [['Authorization', formatBasic(this.credentials)]]
  }
}

/** A head: its first line, if it has one, and those of the given header lines that say something. */
function formatLines(first: string | undefined, headers: readonly (readonly [name: string, value: string | undefined])[]): Buffer {
  const lines = headers.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${cleanText(value)}`]))
  return Buffer.from([...(first === undefined ? [] : [first]), ...lines, '', ''].join('\r\n'))
}
