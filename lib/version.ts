/** The version of floecast, as in package.json. */
export const VERSION = '0.1.0'

/** The Server header: players such as VLC look for a value that begins with Icecast before they treat a stream as live. */
export const SERVER = `Icecast-compatible floecast/${VERSION}`
