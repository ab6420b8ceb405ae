import { z } from 'zod'
import { serverOptions } from '../lib/index.js'
import { password } from '../lib/options/index.js'

// An option that is added to the server shows up here by itself, at the top level.
const {
  maxSources,
  maxListeners,
  maxConnections,
  headerSize,
  headerTimeout,
  mounts,
  mediaDir,
  trustedProxies,
  proxyProtocol,
  hostname,
  ...more
} = serverOptions.shape

const portNumber = z.int().min(0).max(65_535).meta({ unit: 'port' })
const file = z.string().min(1).meta({ allowed: 'the path of a file' })

const logFile = z.union([file, z.literal(false)]).default(false)

/** Everything that a configuration file can say: the options of the server, and what only the program around it needs. */
export const configSchema = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .optional()
      .describe('Address to listen on; all addresses of the machine, IPv4 and IPv6, when left out')
      .meta({ examples: ['127.0.0.1'], allowed: 'an address or the name of this machine' }),
    port: portNumber.default(8000).describe('Port for sources, listeners and pages'),
    shoutcastPort: z
      .union([portNumber, z.literal(false)])
      .optional()
      .describe('Port for SHOUTcast encoders; the one after port when left out, false for none')
      .meta({ examples: [8001] }),
    alsoListen: z
      .array(z.strictObject({ port: portNumber, host: z.string().min(1).optional() }))
      .default([])
      .describe('Further ports that take everything, each with the address to listen on or none for all: [{ port: 8080 }]')
      .meta({ allowed: 'a list of ports: [{ port: 8080 }, { port: 8081, host: 127.0.0.1 }]' }),
    hostname,
    ...more,
    passwords: z
      .strictObject({
        source: password
          .optional()
          .describe('Password of sources (user name: source)')
          .meta({ examples: ['say-something-secret'] }),
        admin: password
          .optional()
          .describe('Password of the administrator (user name: admin)')
          .meta({ examples: ['say-something-else'] }),
        adminUser: z.string().min(1).default('admin').describe('User name of the administrator'),
      })
      .prefault({})
      .describe(
        'Passwords, plain or as a hash (floecast --hash-password makes one). Those that are left out are made and shown at the first start, and only their hashes are kept in the state folder',
      ),
    tls: z
      .strictObject({
        certificate: file.describe('File of the certificate and its chain, PEM').meta({ examples: ['/etc/floecast/fullchain.pem'] }),
        key: file.describe('File of the private key, PEM').meta({ examples: ['/etc/floecast/privkey.pem'] }),
      })
      .optional()
      .describe(
        'Certificate for encrypted connections (https): every port then speaks TLS as well as plain text. The files are read again when they change',
      ),
    limits: z
      .strictObject({ maxSources, maxListeners, maxConnections, headerSize, headerTimeout })
      .prefault({})
      .describe('How much the server takes on'),
    trustedProxies,
    proxyProtocol,
    user: z
      .string()
      .min(1)
      .optional()
      .describe('User to go on as once the ports, the certificate and the logs are open, where floecast is started as root')
      .meta({ examples: ['floecast'] }),
    group: z
      .string()
      .min(1)
      .optional()
      .describe('Group to go on in; that of user when left out')
      .meta({ examples: ['floecast'] }),
    stateDir: file
      .optional()
      .describe('Folder for what floecast keeps between starts; floecast in $XDG_STATE_HOME or ~/.local/state when left out')
      .meta({ examples: ['/var/lib/floecast'], allowed: 'the path of a folder' }),
    mediaDir: mediaDir.describe(
      'Folder for what dvr and dump keep on disk, for this server alone; media in the state folder when left out',
    ),
    log: z
      .strictObject({
        level: z
          .enum(['debug', 'info', 'warn', 'error'])
          .default('info')
          .describe('Least important kind of event shown: debug, info, warn or error'),
        format: z
          .enum(['pretty', 'json'])
          .optional()
          .describe('pretty is for people, json for machines; when left out pretty on a terminal and json elsewhere')
          .meta({ examples: ['json'] }),
        accessLog: logFile.describe(
          "File for one line per request in Icecast's format, opened again on SIGHUP and SIGUSR2; false for none",
        ),
        playlistLog: logFile.describe("File for one line per title in Icecast's format; false for none"),
        errorLog: logFile.describe('File for what happens, in place of standard output; false for that'),
        maxSize: z
          .int()
          .min(0)
          .default(0)
          .describe('Bytes after which each of these files is begun anew; 0 leaves that to logrotate')
          .meta({ unit: 'bytes' }),
        archive: z
          .boolean()
          .default(false)
          .describe('Keep every file that was full, under the time when it was; otherwise only the last one, as .old'),
      })
      .prefault({})
      .describe('What is written about what happens'),
    mounts,
  })
  .refine(({ port, shoutcastPort }) => port === 0 || port !== shoutcastPort, {
    path: ['shoutcastPort'],
    params: { allowed: 'another port than port, or false' },
  })
  .refine(({ user, group }) => group === undefined || user !== undefined, {
    path: ['user'],
    params: { allowed: 'the name of a user, where there is a group' },
  })

/** A configuration with every default filled in. */
export type Config = z.output<typeof configSchema>
