import { once } from 'node:events'
import t from 'tap'
import { parseArguments } from '../../bin/arguments.js'
import { formatBanner } from '../../bin/banner.js'
import { Demo } from '../../bin/demo.js'
import { basic, createServer, type Mount, silent, type Source } from '../../lib/index.js'

t.test(
  'the demo is a source like any other: it goes on the air with a title, comes back when cut off, and ends when told to',
  async (t) => {
    const demo = new Demo(silent)
    const server = createServer({
      auth: basic({ source: 'hackme' }),
      ...demo.extend({ mounts: { '/demo': { maxListeners: 7 }, '/live': {} } }),
    })
    t.teardown(() => server.close())
    t.equal(server.mounts.settingsOf('/demo').maxListeners, 7)
    const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
    const format = once(server, 'format')
    const titled = once(server, 'metadata')
    demo.start('127.0.0.1', port)
    const [source, mount] = (await format) as [Source, Mount]
    t.match(
      source.demuxer.tracks.map(({ codecs }) => codecs),
      [/^avc1\.4d/, 'mp4a.40.2'],
    )
    await titled
    t.match(mount.metadata, { artist: 'floecast', title: /^\w/ })

    // Nobody else may publish there, not even with the general password.
    const response = await fetch(`http://127.0.0.1:${port}/demo`, {
      method: 'PUT',
      headers: { authorization: `Basic ${btoa('source:hackme')}`, 'content-type': 'video/mp4' },
      body: 'x',
    })
    t.equal(response.status, 401)

    const again = once(server, 'source')
    source.close('it was asked to')
    await again
    const ended = once(server, 'end')
    demo.stop()
    t.match(await ended, [{}, {}, 'it closed the connection'])
  },
)

t.test('--demo is known to the command line and to the banner', async (t) => {
  t.same([parseArguments(['--demo']).demo, parseArguments([]).demo], [true, false])
  const welcome = { version: '1', port: 8000, host: undefined, network: undefined, secure: undefined, coloured: false }
  const banner = formatBanner({ ...welcome, passwords: { made: {}, kept: [] }, demo: true })
  t.match(banner, /^ {2}Demo +browser +http:\/\/localhost:8000\/ +plays in every browser\n +HLS +http:\/\/localhost:8000\/demo\.m3u8 /m)
  t.match(banner, /^ +DASH +http:\/\/localhost:8000\/demo\.mpd\n +VLC +vlc http:\/\/localhost:8000\/demo$/m)
})
