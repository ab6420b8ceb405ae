import t from 'tap'
import type { MountStatus } from '../../lib/api/status.js'
import { isWanted, Ordering } from '../../lib/web/status/order.js'
import { bitrateWords, clockWords, factsOf, formerTitles, plural, sizeWord } from '../../lib/web/parts/units.js'

const track = {
  kind: 'video' as const,
  codec: 'H.264',
  codecs: null,
  width: 1280,
  height: 720,
  frameRate: 25,
  sampleRate: null,
  channels: null,
  bitrate: null,
}
const sound = {
  ...track,
  kind: 'audio' as const,
  codec: 'MP3',
  width: null,
  height: null,
  frameRate: null,
  sampleRate: 44_100,
  channels: 2,
}

const mount = (name: string, more: Partial<MountStatus> = {}): MountStatus => ({
  mount: `/${name}`,
  live: true,
  url: '',
  group: null,
  name,
  description: null,
  genre: null,
  website: null,
  public: false,
  contentType: null,
  format: null,
  tracks: [],
  bitrate: null,
  listeners: 0,
  protocols: { progressive: 0, instant: 0, hls: 0, 'll-hls': 0, dash: 0 },
  methods: { connection: 0, id: 0, address: 0 },
  listenerPeak: 0,
  maxListeners: null,
  slowListeners: 0,
  bytesReceived: 0,
  bytesSent: 0,
  rate: 0,
  connected: null,
  ended: null,
  source: null,
  title: null,
  titles: [],
  warnings: [],
  forms: { hls: null, dash: null, instant: [] },
  picture: null,
  playlists: { m3u: '', pls: '', xspf: '', vclt: '' },
  ...more,
})

t.test('mounts keep their places while only numbers change', async (t) => {
  const ordering = new Ordering()
  const names = (mounts: readonly MountStatus[], now: number): string =>
    ordering
      .sort(mounts, 'viewers', now)
      .map(({ name }) => name)
      .join(' ')
  t.equal(names([mount('a'), mount('b', { listeners: 5 }), mount('c', { live: false, listeners: 9 })], 0), 'b a c', 'live ones first')
  t.equal(names([mount('a', { listeners: 7 }), mount('b'), mount('c', { live: false })], 5_000), 'b a c')
  t.equal(names([mount('a', { listeners: 7 }), mount('b'), mount('c', { live: false })], 10_000), 'a b c', 'but not for ever')
  t.equal(names([mount('b'), mount('a', { listeners: 1 }), mount('d', { listeners: 8 })], 10_001), 'd a b', 'nor when others come')
  const byName = new Ordering().sort([mount('10'), mount('9'), mount('Ä'), mount('a')], 'name', 0)
  t.same(
    byName.map(({ name }) => name),
    ['9', '10', 'a', 'Ä'],
  )
})

t.test('all words that somebody looks for must be said of a mount', async (t) => {
  const night = mount('night', {
    name: 'Night Radio',
    genre: 'Ambient',
    title: { display: 'Loscil – Falls', artist: null, title: null, url: null },
  })
  t.ok(isWanted(night, ' FALLS ambient ') && isWanted(night, '/night'))
  t.notOk(isWanted(night, 'night jazz'))
})

t.test('numbers are told as people tell them', async (t) => {
  t.same(
    [bitrateWords(128_000), bitrateWords(2_449_000), bitrateWords(12_000_000), bitrateWords(999_600)],
    ['128 kbit/s', '2.4 Mbit/s', '12 Mbit/s', '1 Mbit/s'],
  )
  t.same(
    [clockWords(5), clockWords(3599), clockWords(4364), clockWords(273_700), clockWords(-3)],
    ['0:05', '59:59', '1:12:44', '3 d 4 h', '0:00'],
  )
  t.same([plural(1, 'viewer'), plural(1204, 'viewer')], ['1 viewer', '1,204 viewers'])
  t.same(
    [
      track,
      { ...track, width: 3840, height: 2160, frameRate: 50 },
      { ...track, width: 1080, height: 1920 },
      { ...track, width: 640, height: 352 },
    ].map(sizeWord),
    ['720p', '4K50', '1080p upright', '640×352'],
  )
  t.same(factsOf(mount('a', { tracks: [track, sound], rate: 125_000 })), ['720p', 'H.264 + MP3', '1 Mbit/s'])
  t.same(factsOf(mount('a', { tracks: [sound], bitrate: 128_000 })), ['MP3', '44.1 kHz', 'stereo', '128 kbit/s'])
  const titles = ['B', 'A'].map((display) => ({ display, time: '' }))
  t.same(formerTitles(mount('a', { titles, title: { display: 'B', artist: null, title: null, url: null } })), [titles[1]])
  t.same(formerTitles(mount('a', { titles })), titles, 'what has stopped is before, too')
})
