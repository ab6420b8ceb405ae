import { EventEmitter } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { parseConfig, serverOptionsOf } from '../../bin/config.js'
import { convertIcecast } from '../../bin/icecast-xml.js'
import { run } from '../../bin/run.js'
import type { World } from '../../bin/world.js'
import { basic, createServer } from '../../lib/index.js'

const folder = mkdtempSync(join(tmpdir(), 'floecast-icecast-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const convert = (inside: string): { config: ReturnType<typeof parseConfig>; notes: readonly string[]; yaml: string } => {
  const { yaml, notes } = convertIcecast(`<icecast>${inside}</icecast>`, 'icecast.xml')
  return { yaml, notes, config: parseConfig(yaml) }
}

// What Debian 12 installs, without its comments.
const DEBIAN = `
<location>Earth</location><admin>icemaster@localhost</admin>
<limits><clients>100</clients><sources>2</sources><queue-size>524288</queue-size><client-timeout>30</client-timeout><header-timeout>15</header-timeout>
<source-timeout>10</source-timeout><burst-on-connect>1</burst-on-connect><burst-size>65535</burst-size></limits>
<authentication><source-password>hackme</source-password><relay-password>hackme2</relay-password><admin-user>admin</admin-user><admin-password>hackme3</admin-password></authentication>
<hostname>localhost</hostname><listen-socket><port>8000</port></listen-socket>
<http-headers><header name="Access-Control-Allow-Origin" value="*" /></http-headers>
<fileserve>1</fileserve>
<paths><basedir>/usr/share/icecast2</basedir><logdir>/var/log/icecast2</logdir><webroot>/usr/share/icecast2/web</webroot>
<adminroot>/usr/share/icecast2/admin</adminroot><alias source="/" destination="/status.xsl"/></paths>
<logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>3</loglevel><logsize>10000</logsize></logging>
<security><chroot>0</chroot></security>`

t.test('the configuration that Debian installs takes effect, and the rest is named once', async (t) => {
  const { config, notes, yaml } = convert(DEBIAN)
  t.match(config, {
    port: 8000,
    host: undefined,
    shoutcastPort: false,
    hostname: 'localhost',
    location: 'Earth',
    admin: 'icemaster@localhost',
    limits: { maxListeners: 100, maxSources: 2, headerTimeout: 15_000 },
    passwords: { source: 'hackme', admin: 'hackme3', adminUser: 'admin' },
    log: { level: 'info', accessLog: '/var/log/icecast2/access.log', errorLog: '/var/log/icecast2/error.log', maxSize: 10_240_000 },
    mounts: { '/*': { burstSize: 65_535, sourceTimeout: 10_000, queueSize: undefined } },
  })
  t.strictSame(
    notes.map((note) => /^<([\w-]+)>/.exec(note)?.[1]),
    ['client-timeout', 'relay-password', 'basedir', 'adminroot'],
  )
  for (const note of notes) t.match(note, /^<[\w-]+>.*: .{10,}/, 'each has a reason')
  t.notMatch(notes.join(), 'hackme2', 'and no password is told')
  for (const note of notes) t.ok(yaml.includes(`#   ${note}`))
})

// Every tag that Icecast 2.4.4 reads: those that mean something here, and those that do not.
const TAGS: readonly (readonly [xml: string, expected: object])[] = [
  ['<source-password>s</source-password>', { passwords: { source: 's' } }],
  ['<shoutcast-mount>live.mp3</shoutcast-mount>', { shoutcastMount: '/live.mp3', shoutcastPort: 8001 }],
  ['<limits><burst-size>9</burst-size><burst-on-connect>0</burst-on-connect></limits>', { mounts: { '/*': { burstSize: 0 } } }],
  ['<limits><burst-on-connect>0</burst-on-connect><burst-size>9</burst-size></limits>', { mounts: { '/*': { burstSize: 0 } } }],
  ['<limits><queue-size>99999</queue-size></limits>', { mounts: { '/*': { queueSize: 99_999 } } }],
  ['<authentication><admin-user>root</admin-user></authentication>', { passwords: { adminUser: 'root' } }],
  [
    '<mount><mount-name>/a</mount-name><authentication type="htpasswd"><option name="filename" value="/etc/l"/><option name="allow_duplicate_users" value="0"/></authentication></mount>',
    { mounts: { '/a': { authentication: { htpasswd: '/etc/l', allowDuplicateUsers: false } } } },
  ],
  [
    '<mount><mount-name>/a</mount-name><authentication type="url"><option name="listener_add" value="http://u:p%40@10.0.0.1/x"/><option name="stream_auth" value="http://10.0.0.1/y"/><option name="auth_header" value="icecast-auth-user: 1"/><option name="headers" value="x-a, x-b"/></authentication></mount>',
    {
      mounts: {
        '/a': {
          authentication: {
            url: {
              listenerAdd: 'http://10.0.0.1/x',
              streamAuth: 'http://10.0.0.1/y',
              username: 'u',
              password: 'p@',
              headers: ['x-a', 'x-b'],
            },
          },
        },
      },
    },
  ],
  [
    '<mount><mount-name>/a</mount-name><authentication><role type="static" name="anna"><option name="password" value="w"/></role><role type="anonymous" deny-all="*"/></authentication></mount>',
    { mounts: { '/a': { authentication: { users: { anna: 'w' } } } } },
  ],
  ['<mount><mount-name>/a</mount-name><authentication><role type="anonymous"/></authentication></mount>', { mounts: { '/a': {} } }],
  [
    '<listen-socket><port>80</port><bind-address>127.0.0.1</bind-address></listen-socket><listen-socket><port>443</port><ssl>1</ssl></listen-socket>',
    { port: 80, host: '127.0.0.1', alsoListen: [{ port: 443 }] },
  ],
  [
    '<listen-socket><port>8000</port><shoutcast-mount>/s</shoutcast-mount></listen-socket><listen-socket><port>9001</port><shoutcast-compat>1</shoutcast-compat></listen-socket>',
    { port: 8000, shoutcastPort: 9001, shoutcastMount: '/s', alsoListen: [] },
  ],
  [
    '<http-headers><header name="X-Station" value="Harbour"/></http-headers>',
    { mounts: { '/*': { headers: { 'X-Station': 'Harbour' } } } },
  ],
  ['<logging><loglevel>4</loglevel><accesslog>/a.log</accesslog></logging>', { log: { level: 'debug', accessLog: '/a.log' } }],
  [
    '<paths><logdir>/l</logdir></paths><logging><errorlog>e.log</errorlog><playlistlog>p.log</playlistlog><logsize>10</logsize><logarchive>1</logarchive></logging>',
    { log: { errorLog: '/l/e.log', playlistLog: '/l/p.log', maxSize: 10_240, archive: true } },
  ],
  [
    '<security><chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>',
    { user: 'nobody', group: 'nogroup' },
  ],
  ['<paths><ssl-certificate>/c.pem</ssl-certificate></paths>', { tls: { certificate: '/c.pem', key: '/c.pem' } }],
  [
    '<paths><allow-ip>/allow</allow-ip><deny-ip>/deny</deny-ip><deny-agents>/agents</deny-agents></paths>',
    { access: { allowFile: '/allow', denyFile: '/deny', denyAgentsFile: '/agents' } },
  ],
  ['<paths><webroot>/web</webroot></paths>', { webroot: '/web' }],
  ['<fileserve>0</fileserve><paths><webroot>/web</webroot></paths>', { webroot: undefined }],
  [
    '<paths><alias source="/" destination="/status.xsl"/><alias source="/foo" destination="/bar"/><alias source="é" dest="b"/></paths>',
    { aliases: { '/foo': '/bar', '/é': '/b' } },
  ],
  ['<mount><mount-name>/a</mount-name><charset>ISO8859-2</charset></mount>', { mounts: { '/a': { charset: 'ISO8859-2' } } }],
  ['<paths><x-forwarded-for>10.0.0.1</x-forwarded-for></paths>', { trustedProxies: ['10.0.0.1'] }],
  [
    `<mount type="normal"><mount-name>/a</mount-name><username>u</username><password>p</password><max-listeners>5</max-listeners><hidden>1</hidden><public>0</public>
     <max-listener-duration>3600</max-listener-duration><queue-size>8</queue-size><burst-size>7</burst-size><source-timeout>6</source-timeout>
     <mp3-metadata-interval>4096</mp3-metadata-interval><stream-name>N</stream-name><stream-description>D</stream-description><stream-url>U</stream-url><genre>G</genre>
     <fallback-mount>/b</fallback-mount><fallback-override>0</fallback-override><fallback-when-full>1</fallback-when-full>
     <dump-file>/srv/dump/a-%Y.mp3</dump-file><http-headers><header name="X-A" value="1"/></http-headers><on-connect>/etc/come</on-connect><on-disconnect>/etc/go</on-disconnect></mount>`,
    {
      mediaDir: '/srv/dump',
      mounts: {
        '/a': {
          sourceUser: 'u',
          sourcePassword: 'p',
          maxListeners: 5,
          hidden: true,
          public: false,
          maxListenerDuration: 3600,
          queueSize: 8,
          burstSize: 7,
          sourceTimeout: 6000,
          metaint: 4096,
          name: 'N',
          description: 'D',
          url: 'U',
          genre: 'G',
          fallback: '/b',
          fallbackOverride: false,
          fallbackWhenFull: true,
          dump: 'a-%Y.mp3',
          headers: { 'X-A': '1' },
          onConnect: '/etc/come',
          onDisconnect: '/etc/go',
        },
      },
    },
  ],
  [
    '<paths><webroot>/web</webroot></paths><mount type="default"><genre>All</genre><public>1</public></mount><mount><mount-name>/a</mount-name><genre>Own</genre><intro>/i.mp3</intro></mount><mount><mount-name>/b</mount-name><no-yp>1</no-yp></mount>',
    {
      mounts: {
        '/*': { genre: 'All', public: true },
        '/a': { genre: 'Own', public: true, intro: '/web/i.mp3' },
        '/b': { genre: 'All', public: false },
      },
    },
  ],
  [
    '<directory><yp-url>http://dir.xiph.org/cgi-bin/yp-cgi</yp-url><touch-interval>300</touch-interval></directory>',
    { directories: [{ url: 'http://dir.xiph.org/cgi-bin/yp-cgi', interval: 300 }] },
  ],
  [
    '<relays-on-demand>1</relays-on-demand><master-server>up.example</master-server><master-server-port>8010</master-server-port><master-update-interval>60</master-update-interval><master-username>u</master-username><master-password>p</master-password>' +
      '<relay><server>10.0.0.1</server><port>8001</port><mount>/o n.mp3</mount><local-mount>/copy</local-mount><on-demand>0</on-demand><username>me</username><password>secret</password></relay>' +
      '<relay><server>::1</server><mount>live</mount></relay><mount><mount-name>/copy</mount-name><genre>G</genre></mount>',
    {
      relays: {
        allowPrivate: true,
        master: { url: 'http://up.example:8010/', user: 'u', password: 'p', interval: 60, onDemand: true },
      },
      mounts: {
        '/copy': { relay: ['http://10.0.0.1:8001/o%20n.mp3'], relayUser: 'me', relayPassword: 'secret', onDemand: false, genre: 'G' },
        '/live': { relay: ['http://[::1]:8000/live'], onDemand: true },
      },
    },
  ],
]
const WITHOUT = `
<server-id>x</server-id><icelogin>1</icelogin>
<relay><server>x</server><bind>x</bind><relay-shoutcast-metadata>1</relay-shoutcast-metadata></relay><directory><yp-url>http://x</yp-url><yp-url-timeout>1</yp-url-timeout></directory>
<limits><threadpool>1</threadpool><client-timeout>1</client-timeout></limits><authentication><relay-user>x</relay-user><relay-password>x</relay-password></authentication>
<listen-socket><port>1</port><so-sndbuf>1</so-sndbuf></listen-socket>
<mount><mount-name>/a</mount-name><no-mount>1</no-mount><cluster-password>x</cluster-password>
<bitrate>1</bitrate><type>x</type><subtype>x</subtype><authentication type="htpasswd"></authentication></mount>
<paths><basedir>x</basedir><adminroot>x</adminroot><pidfile>x</pidfile>
<ssl-allowed-ciphers>x</ssl-allowed-ciphers><mime-types>x</mime-types></paths><security><chroot>1</chroot></security>`

t.test('each tag of 2.4.4 takes effect, or is named with a reason of its own', async (t) => {
  for (const [xml, expected] of TAGS) {
    const { config, notes } = convert(xml)
    t.match(config, expected, xml.slice(0, 60))
    t.strictSame(notes, [], 'and nothing is left')
  }
  const { notes } = convert(WITHOUT)
  const tags = [...WITHOUT.matchAll(/<([a-z-]+)/g)].map(([, tag]) => tag!)
  const structure =
    /^(limits|authentication|listen-socket|port|mount|mount-name|logging|paths|security|relay|server|directory|yp-url|user)$/
  for (const tag of tags.filter((one) => !structure.test(one))) {
    const note = notes.find((one) => one.startsWith(`<${tag}>`))
    t.ok(note !== undefined && !note.endsWith('nothing of the kind'), `${tag}: ${note}`)
  }
  t.equal(new Set(notes).size, notes.length, 'each once')
})

t.test('a closed mount that is not understood stays closed', async (t) => {
  for (const inner of [
    'type="cmd"><option name="listener_add" value="/bin/x"/>',
    'type="htpasswd">',
    'type="url"><option name="listener_add" value="nowhere"/>',
    '>',
  ]) {
    const { config, notes } = convert(`<mount><mount-name>/a</mount-name><authentication ${inner}</authentication></mount>`)
    t.strictSame(config.mounts['/a']?.authentication?.users, {}, inner)
    t.match(notes.join(), /^<authentication> \/a/)
  }
})

t.test('a fallback that is a file of the pages is a mount that plays it', (t) => {
  const web = join(folder, 'web')
  mkdirSync(web)
  writeFileSync(join(web, 'silence.mp3'), '')
  const { config } = convert(
    `<paths><webroot>${web}</webroot></paths><mount><mount-name>/a</mount-name><fallback-mount>/silence.mp3</fallback-mount></mount>` +
      '<mount><mount-name>/b</mount-name><fallback-mount>/a</fallback-mount></mount><mount><mount-name>/c</mount-name><fallback-mount>/no.mp3</fallback-mount></mount>',
  )
  t.strictSame(Object.keys(config.mounts), ['/a', '/b', '/c', '/silence.mp3'])
  t.match(config.mounts['/silence.mp3'], { file: join(web, 'silence.mp3'), hidden: true })
  t.end()
})

t.test('what cannot be is told, and never stands in the way', async (t) => {
  const { notes, config } = convert(
    '<kartoffelsalat/><limits><clients>many</clients></limits><mount><mount-name>/a*b</mount-name></mount><mount><mount-name>/a</mount-name><burst-size>5s</burst-size><metadata-interval>0</metadata-interval><dump-file>/x/%P</dump-file></mount><mount/>',
  )
  t.match(notes, [
    /kartoffelsalat/,
    /clients> many: a whole number/,
    /\/a\*b: a \*/,
    /burst-size> 5s/,
    /no mount-name/,
    /metaint 0/,
    /dump "%P"/,
  ])
  t.match(config, { mounts: { '/a': {} } })
  t.throws(() => convertIcecast('<icecast>', 'x.xml'), /not well-formed/)
  t.throws(() => convertIcecast('<shoutcast/>', 'x.xml'), /its first tag is <shoutcast>/)
  const hostile = convert(
    '<location>: #{[&quot;&#10;port: 1</location><mount><mount-name>/: #&quot;a</mount-name><genre>- x: &amp;y</genre></mount>',
  )
  t.strictSame([hostile.config.location, hostile.config.port], [': #{["\nport: 1', 8000])
  t.match(hostile.config.mounts, { '/: #"a': { genre: '- x: &y' } })
})

t.test('the program converts, and serves', async (t) => {
  const file = join(folder, 'icecast.xml')
  writeFileSync(file, `<icecast>${DEBIAN.replace('access.log', '-').replace('error.log', '-').replace('8000', '0')}</icecast>`)
  const world = (...argv: string[]): World & { out: string; err: string } => {
    const all = {
      argv,
      env: { XDG_STATE_HOME: folder },
      stdin: Readable.from([]),
      stdout: { write: (text: string): unknown => (all.out += text) },
      stderr: { write: (text: string): unknown => (all.err += text) },
      signals: new EventEmitter(),
      exit: (): void => {},
      out: '',
      err: '',
    }
    return all
  }
  const converting = world('convert', file)
  t.equal(await run(converting), 0)
  t.match(converting.out, /^# Converted from .*icecast\.xml/)
  t.equal(parseConfig(converting.out).passwords.source, 'hackme')
  const checking = world('--check', '--icecast', file)
  t.equal(await run(checking), 0)
  t.match(checking.err, /no effect: <relay-password>: /)
  t.equal(await run(world('convert')), 2)
  const serving = world('--icecast', file, '--port', '0', '--host', '127.0.0.1')
  const ended = run(serving)
  while (!serving.out.includes('"listening"')) await new Promise((resolve) => setTimeout(resolve, 10))
  const { port }: { port: number } = JSON.parse(serving.out.split('\n').find((line) => line.includes('"listening"'))!)
  const headers = { Authorization: `Basic ${btoa('admin:hackme3')}` }
  t.equal((await fetch(`http://127.0.0.1:${port}/admin/listmounts`, { headers })).status, 200)
  t.match(serving.out, /no effect: <client-timeout> 30: /)
  serving.signals.emit('SIGTERM')
  t.equal(await ended, 0)
})

t.test('what AzuraCast writes takes effect, and it reads from the answers what it looks for', async (t) => {
  const xml = readFileSync(join(import.meta.dirname, '../fixtures/azuracast-icecast.xml'), 'utf8')
  const { yaml, notes } = convertIcecast(xml, 'icecast.xml')
  t.strictSame(
    notes.map((note) => /^<([\w-]+)>/.exec(note)?.[1]),
    ['client-timeout', 'relay-password', 'listenurl', 'listenurl', 'basedir', 'adminroot', 'pidfile', 'ssl-allowed-ciphers'],
  )
  const config = parseConfig(yaml)
  const station = '/var/azuracast/stations/harbour/config'
  t.match(config, {
    trustedProxies: ['127.0.0.1'],
    access: { denyFile: `${station}/icecast_banned_ips.txt`, denyAgentsFile: `${station}/icecast_banned_agents.txt` },
    tls: { certificate: '/var/azuracast/acme/ssl.crt', key: '/var/azuracast/acme/ssl.key' },
    log: { accessLog: `${station}/icecast_access.log`, errorLog: false, level: 'warn' },
    limits: { maxListeners: 2500, maxSources: 2 },
    webroot: '/usr/local/share/icecast/web',
    mounts: {
      '/radio.mp3': { name: 'Harbour Radio', charset: 'UTF8', maxListenerDuration: 86_400 },
      '/mobile.mp3': { hidden: true, charset: 'ISO8859-1', fallback: '/radio.mp3', fallbackOverride: true },
    },
  })

  // Its lists are in a place of their own here.
  const denyAgentsFile = join(folder, 'agents.txt')
  writeFileSync(denyAgentsFile, '*Ripper*\n')
  const { source, admin } = config.passwords
  const server = createServer({ ...serverOptionsOf(config), access: { denyAgentsFile }, auth: basic({ source: source!, admin: admin! }) })
  t.teardown(() => server.close())
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const sockets: Socket[] = []
  t.teardown(() => sockets.forEach((socket) => socket.destroy()))
  const open = (head: string): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    socket.write(`${head}\r\n\r\n`)
    return socket.resume()
  }
  open(
    `SOURCE /radio.mp3 HTTP/1.0\r\nAuthorization: Basic ${btoa('source:harbour-source')}\r\nContent-Type: audio/mpeg\r\nice-bitrate: 128`,
  ).write(readFileSync(join(import.meta.dirname, '../fixtures/mp3-stereo.mp3')))
  const headers = { Authorization: `Basic ${btoa('admin:harbour-admin')}` }
  const get = async (path: string, more: Record<string, string> = {}): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { ...headers, ...more } })).text()
  while (server.mounts.get('/radio.mp3')?.contentType !== 'audio/mpeg') await new Promise((resolve) => setTimeout(resolve, 10))
  for (const [address, agent] of [
    ['192.0.2.1', 'VLC/3'],
    ['192.0.2.2', 'AppleCoreMedia/1.0'],
    ['192.0.2.3', 'Stream Ripper 1'],
  ])
    open(`GET /radio.mp3 HTTP/1.0\r\nX-Forwarded-For: ${address}\r\nUser-Agent: ${agent}`)
  while (server.mounts.get('/radio.mp3')!.audience < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  await get('/admin/metadata?mount=/radio.mp3&mode=updinfo&charset=UTF-8&song=Olaf%20-%20D%C3%A6mring')

  const stats = await get('/admin/stats')
  const [, live = ''] = /<source mount="\/radio\.mp3">([^]*?)<\/source>/.exec(stats) ?? []
  for (const [name, value] of Object.entries({ title: 'Olaf - Dæmring', listeners: '2', bitrate: '128', server_type: 'audio/mpeg' }))
    t.equal(new RegExp(`<${name}>(.*?)</${name}>`).exec(live)?.[1], value, name)
  const clients = await get('/admin/listclients?mount=%2Fradio.mp3')
  t.match(clients, '<listeners>2</listeners>')
  const told = [...clients.matchAll(/<listener\b[^>]*>([^]*?)<\/listener>/g)].map(([, one = '']) =>
    ['ID', 'IP', 'UserAgent', 'Connected'].map((name) => new RegExp(`<${name}>(.*?)</${name}>`).exec(one)?.[1]),
  )
  t.match(
    told.toSorted((a, b) => (a[1]! < b[1]! ? -1 : 1)),
    [
      [/^\d+$/, '192.0.2.1', 'VLC/3', /^\d+$/],
      [/^\d+$/, '192.0.2.2', 'AppleCoreMedia/1.0', /^\d+$/],
    ],
  )
  const { icestats } = JSON.parse(await get('/status-json.xsl'))
  t.match(icestats.source, { listeners: 2, bitrate: 128, server_type: 'audio/mpeg', title: 'Olaf - Dæmring', listenurl: /\/radio\.mp3$/ })
})
