/** Why tags of an Icecast configuration have no effect, by tag: half a sentence each. */
export type Reasons = Readonly<Record<string, string>>

/** Of a tag that nobody knows, or that is Icecast's own affair. */
export const NOTHING = 'floecast knows nothing of the kind'

const HOOKS = 'on-connect and on-disconnect of a mount run programs; webhooks, added on the page at /admin/, tell of all else'
const OBSOLETE = 'Icecast itself has no use for it any more'
const UNIT = 'whoever starts floecast sees to it, as systemd does'

/** Of the whole server. */
export const GENERAL: Reasons = {
  'server-id': 'floecast says in all answers what it is',
  icelogin: OBSOLETE,
  'so-sndbuf': 'the system chooses the size of its buffers',
  event: HOOKS,
  'event-bindings': HOOKS,
  include: 'one file holds everything: put its content here',
}

/** Of limits. */
export const LIMITS: Reasons = {
  threadpool: OBSOLETE,
  workers: 'one process serves everyone',
  'client-timeout': 'a listener is dropped when it has fallen behind by queueSize, however long that takes',
  'queue-len': 'what is kept for slow listeners is told in bytes: queueSize',
  'min-queue-size': 'what is kept for slow listeners is told in bytes: queueSize',
  'max-bandwidth': 'listeners are limited by their number: maxListeners',
}

/** Of a directory. */
export const DIRECTORY: Reasons = {
  'yp-url-timeout': 'a directory has ten seconds to answer',
  server: 'directories are told what listeners are told: the hostname',
}

/** Of a relay. */
export const RELAY: Reasons = {
  'relay-shoutcast-metadata': 'titles are always given on',
  bind: 'the system chooses the address to call from',
  'relay-icy-metadata': 'titles are always given on',
}

/** Of who may do what. */
export const AUTHENTICATION: Reasons = {
  'relay-user': 'servers that relay from here sign in as the administrator, or one of the people added on the page at /admin/',
  'relay-password': 'servers that relay from here sign in as the administrator, or one of the people added on the page at /admin/',
  role: 'listeners are let in without a password; people who run the server are added on the page at /admin/',
}

/** Of a mount. */
export const MOUNT: Reasons = {
  'no-mount': 'a mount is there for all who know its name',
  'event-bindings': HOOKS,
  'cluster-password': OBSOLETE,
  bitrate: 'the bit rate is the one that the source sends',
  type: 'the bytes tell what a stream is',
  subtype: 'the bytes tell what a stream is',
  authentication: 'listeners are let in without a password; whoever uses the library can give an Auth that asks for one',
  'limit-rate': 'a source sends as fast as it likes; its encoder sets the bit rate',
  listenurl: 'addresses are those by which the server was asked',
}

/** Of files and addresses. */
export const PATHS: Reasons = {
  basedir: UNIT,
  adminroot: 'floecast has pages of its own',
  pidfile: UNIT,
  'ssl-allowed-ciphers': 'the ciphers are those of Node.js: TLS 1.2 and 1.3',
  'mime-types': 'the bytes tell what a stream is, and the ending what a file is',
}

/** Of the log. */
export const LOGGING: Reasons = {
  accesslog: 'without a file there is no access log',
  errorlog: 'without a file the log goes to standard output',
  playlistlog: 'without a file there is no playlist log',
}

/** Of what the program may do. */
export const SECURITY: Reasons = { chroot: 'Node.js cannot change its root; RootDirectory of systemd or a container can' }
