import type { XmlElement } from '../lib/icy/xml.js'
import { authenticationOptions } from '../lib/options/index.js'
import { isOn, named, type Notes } from './icecast-notes.js'

type Tree = Record<string, unknown>

/** Addresses of Icecast's URL authentication, and what else it has, by our keys. */
const URL_KEYS: Readonly<Record<string, string>> = {
  listener_add: 'listenerAdd',
  client_add: 'listenerAdd',
  listener_remove: 'listenerRemove',
  client_remove: 'listenerRemove',
  stream_auth: 'streamAuth',
  mount_add: 'mountAdd',
  mount_remove: 'mountRemove',
  username: 'username',
  password: 'password',
  auth_header: 'authHeader',
  timelimit_header: 'timelimitHeader',
  header_prefix: 'headerPrefix',
}
/** Nobody: what is not understood must not open a mount that was closed. */
const NOBODY: Tree = { users: {} }

/**
 * Reads the `authentication` of a mount: that of Icecast 2.4 and Icecast-KH with its type, or the roles of 2.5.
 * @param mount its name, for what is told
 * @returns the option `authentication`; `undefined` where everybody may listen
 */
export function readAuthentication(element: XmlElement, mount: string, notes: Notes): Tree | undefined {
  const roles = named(element, 'role')
  const settings: Tree = {}
  for (const one of roles.length > 0 ? roles : [element]) {
    const { type = '', name = '', ...attributes } = one.attributes
    const options = new Map(named(one, 'option').map(({ attributes: { name: key = '', value = '' } }) => [key, value.trim()]))
    // Roles are asked in their order: what comes after one for everybody changes nothing.
    if (type === 'anonymous' && !Object.keys(attributes).some((key) => key.startsWith('deny-'))) break
    if (type === 'htpasswd') Object.assign(settings, readHtpasswd(options))
    else if (type === 'url') settings['url'] = readUrl(options, mount, notes)
    else if (type === 'static')
      settings['users'] = { ...asTree(settings['users']), [options.get('username') ?? name]: options.get('password') ?? '' }
    else if (type !== 'anonymous')
      notes.add(`<authentication> ${mount}, ${type || 'without a type'}: floecast asks by htpasswd, url or static`)
  }
  const isEmpty = Object.keys(settings).length === 0
  if (isEmpty && roles.some(({ attributes: { type } }) => type === 'anonymous')) return undefined
  if (!isEmpty && authenticationOptions.safeParse(settings).success) return settings
  notes.add(
    `<authentication> ${mount}: nobody may listen there until its option authentication says who, for what stands here is not understood`,
  )
  return NOBODY
}

function readHtpasswd(options: ReadonlyMap<string, string>): Tree {
  const duplicate = options.get('allow_duplicate_users') ?? options.get('allow-duplicate-users')
  return {
    htpasswd: options.get('filename') ?? options.get('file') ?? '',
    ...(duplicate !== undefined && !isOn(duplicate) && { allowDuplicateUsers: false }),
  }
}

function readUrl(options: ReadonlyMap<string, string>, mount: string, notes: Notes): Tree {
  const url: Tree = {}
  for (const [name, value] of options) {
    const key = URL_KEYS[name]
    if (value === '') continue
    if (name === 'headers') url['headers'] = value.split(',').map((header) => header.trim())
    else if (name === 'presume_innocent') url['presumeInnocent'] = isOn(value)
    else if (key === undefined) notes.add(`<option> ${name} of ${mount}: floecast knows nothing of the kind`)
    else if (!/^https?:\/\/[^/]*@/i.test(value) || !URL.canParse(value)) url[key] = value
    else {
      // A password in an address becomes one beside it.
      const address = new URL(value)
      url['username'] ??= decodeURIComponent(address.username)
      url['password'] ??= decodeURIComponent(address.password)
      address.username = ''
      address.password = ''
      url[key] = address.href
    }
  }
  return url
}

const asTree = (value: unknown): Tree => (typeof value === 'object' && value !== null ? { ...value } : {})
