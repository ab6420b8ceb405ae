import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import type { MountStatus } from '../../lib/index.js'
import { beaconAddress, mountAddress, serverAddress, vlcAddress } from '../../lib/web/player/address.js'
import type { MountFacts } from '../../lib/web/player/facts.js'
import { LatencyController, MOST_BEHIND } from '../../lib/web/player/latency.js'
import { choose, isSame, plansFor, type Support } from '../../lib/web/player/pick.js'
import { cutterFor } from '../../lib/web/player/pieces.js'
import { StallWatch } from '../../lib/web/player/stalls.js'
import { Watch } from '../../lib/web/player/watch.js'
import { Ways } from '../../lib/web/player/ways.js'
import { behind, clock } from '../../lib/web/player/words.js'

t.test('a server is found from where the script, the page or an attribute says', async (t) => {
  const page = 'https://fans.example/band/tour.html'
  const script = 'https://radio.example/stream/assets/player-3F2K.js'
  t.equal(serverAddress({ page, script }), 'https://radio.example/stream')
  t.equal(serverAddress({ page, script: 'http://localhost:8000/assets/player.js' }), 'http://localhost:8000')
  t.equal(serverAddress({ page, script, prefix: '' }), 'https://fans.example')
  t.equal(serverAddress({ page, script, prefix: '/radio' }), 'https://fans.example/radio')
  t.equal(serverAddress({ page, script, prefix: '/radio/', server: 'https://a.example/x/' }), 'https://a.example/x')
  t.equal(mountAddress('https://a.example/x', 'live show/ü', 'm3u8'), 'https://a.example/x/live%20show/%C3%BC.m3u8')
  t.equal(vlcAddress('https://a.example/live'), 'vlc://https://a.example/live')
  const beacon = new URL(
    beaconAddress('https://a.example', '/live', { protocol: 'll-hls', session: 'abc', stalls: 2, stalled: 812.4, delay: 1400.6 }),
  )
  t.equal(beacon.pathname, '/live.media/beacon')
  t.same(Object.fromEntries(beacon.searchParams), {
    protocol: 'll-hls',
    session: 'abc',
    stalls: '2',
    stalled: '812',
    delay: '1401',
    CMCD: 'sid="abc"',
  })
})

/** Plays a source against the controller: what comes when, and how the playhead fares. */
function simulate(controller: LatencyController, { gust, seconds, join = 0 }: { gust: number; seconds: number; join?: number }) {
  const step = 0.05
  let [end, position, dry, fastest, jumps] = [join, join, 0, 1, 0]
  let late = 0
  let wasDry = true
  for (let now = join; now < join + seconds; now += step) {
    // What was made until now comes in gusts.
    const made = Math.floor(now / gust + 1e-9) * gust
    if (made > end + 1e-9) {
      end = made
      controller.arrived(end, now)
    }
    const { rate, jump } = controller.step(position, join, end, now)
    if (jump !== undefined) {
      jumps++
      position = jump
    }
    fastest = Math.max(fastest, rate)
    const wanted = position + rate * step
    const isDry = wanted > end
    if (isDry && !wasDry) {
      dry++
      if (now > join + seconds / 2) late++
      controller.stalled(now)
    }
    wasDry = isDry
    position = Math.min(end, wanted)
  }
  return { dry, late, fastest, jumps, delay: controller.delay(position, join + seconds) ?? NaN }
}

t.test('a steady source is held at the least distance, a gusty one as far as its gusts need', async (t) => {
  const steady = simulate(new LatencyController({ floor: 0.35 }), { gust: 0.05, seconds: 60, join: 100 })
  t.ok(steady.delay < 0.6, 'a steady one is near', steady)
  t.equal(steady.late, 0)
  for (const gust of [0.5, 1, 2]) {
    const seen = simulate(new LatencyController({ floor: 0.35 }), { gust, seconds: 60, join: 100 })
    t.equal(seen.late, 0, `gusts of ${gust} s lead to no stalls once they are known`)
    t.ok(seen.delay >= gust * 0.9 && seen.delay < gust + 1.5, `and it stays no farther behind than they need`, seen)
    t.ok(seen.fastest <= 1.1, 'it is never hurried by more than a tenth')
  }
})

t.test('who is far behind jumps, and who is a little behind hurries', async (t) => {
  const controller = new LatencyController({ floor: 0.4 })
  for (let now = 0; now <= 20; now += 0.05) controller.arrived(100 + now, now)
  const target = controller.target(20)
  t.same(controller.step(120 - target, 100, 120, 20), { rate: 1 })
  const far = controller.step(110, 100, 120, 20)
  t.ok(far.jump !== undefined && Math.abs(120 - target - far.jump) < 0.1, 'it jumps to its place', far)
  const near = controller.step(120 - target - 1, 100, 120, 20)
  t.ok(near.rate > 1 && near.rate <= 1.1 && near.jump === undefined, 'it hurries', near)
  t.ok(controller.step(120 - 0.1, 100, 120, 20).rate < 1, 'too near to live it slows down')
  t.ok((controller.step(90, 100, 120, 20).jump ?? 0) >= 100, 'what has been thrown away is skipped')
  t.equal(controller.step(99.97, 100, 100.2, 20).jump, 100.15, 'and so is the smallest gap')
  controller.restart()
  t.same(controller.step(120, 100, 120, 21), { rate: 1 }, 'of a new timeline nothing is known')
})

t.test('the distance stays between its bounds whatever comes', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 5, noNaN: true }), fc.double({ min: -10, max: 1e5, noNaN: true })), { maxLength: 80 }),
      (all) => {
        const controller = new LatencyController({ floor: 0.35 })
        let now = 0
        for (const [wait, end] of all) {
          now += wait
          controller.arrived(end, now)
          const target = controller.target(now)
          const { rate } = controller.step(end - 1, 0, end, now)
          if (!(target >= 0.35 && target <= MOST_BEHIND + 2 && rate >= 0.9 && rate <= 1.1)) return false
        }
        return true
      },
    ),
  )
})

t.test('stalls are counted by the clock of the media, and three in half a minute are too many', async (t) => {
  const watch = new StallWatch()
  let [now, position] = [0, 0]
  const run = (milliseconds: number, moves: boolean, wants = true): number => {
    let begun = 0
    for (const end = now + milliseconds; now < end; now += 50) {
      if (moves) position += 0.05
      if (watch.tick(position, now, wants)) begun++
    }
    return begun
  }
  t.equal(run(3000, false), 0, 'where it begins is no stall')
  t.notOk(watch.hasMoved)
  t.equal(run(1000, true), 0)
  t.ok(watch.hasMoved, 'what goes on tells that it plays')
  t.equal(run(1000, false), 1, 'one that lasts is one')
  t.ok(watch.isStill)
  t.equal(run(500, true), 0)
  t.equal(run(5000, false, false), 0, 'a pause is none')
  t.notOk(watch.tooMany(now))
  run(500, true)
  run(400, false)
  run(500, true)
  run(400, false)
  run(500, true)
  t.ok(watch.tooMany(now))
  t.notOk(watch.tooMany(now + 31_000), 'they are forgotten')
  const { stalls, stalled } = watch.take()
  t.equal(stalls, 3)
  t.ok(stalled > 1500 && stalled < 2500, 'how long they took is told', { stalled })
  t.same(watch.take(), { stalls: 0, stalled: 0 }, 'once')
})

t.test('a playback that neither goes on nor says why is seen, and whoever rests is left in peace', async (t) => {
  const media = { currentTime: 0, paused: true, seeking: false }
  const told: string[] = []
  let [phase, isMeant, now]: ['starting' | 'playing' | undefined, boolean, number] = ['starting', true, 0]
  const watch = new Watch(media, {
    phase: () => phase,
    isMeant: () => isMeant,
    stalled: (tooOften) => told.push(tooOften ? 'stalled too often' : 'stalled'),
    stuck: () => told.push('stuck'),
    moves: () => told.push('moves'),
    proven: () => told.push('proven'),
  })
  const run = (milliseconds: number, speed = 0): string[] => {
    for (const end = now + milliseconds; now < end; now += 100) {
      media.currentTime += speed / 10
      watch.look(now)
    }
    return told.splice(0)
  }
  watch.restart(now)
  t.same(run(14_000), [], 'the first picture may take a while')
  t.same(run(2000), ['stuck'], 'but not for ever, even if nothing was ever started')
  media.paused = false
  t.ok(run(300, 1).includes('moves'), 'what moves has begun, though no event may tell')
  media.seeking = true
  watch.restart(now)
  t.same(run(16_000), ['stuck'], 'nor may a seek that never ends')
  phase = undefined
  t.same(run(60_000), [], 'nothing is expected of what is not there')
  phase = 'playing'
  media.seeking = false
  watch.restart(now)
  t.same(run(20_000, 1), [])
  t.same(run(4000), ['stalled'])
  t.same(run(2000), ['stuck'])
  media.paused = true
  t.notOk(run(20_000).includes('stuck'), 'a pause lasts as long as it lasts')
  media.paused = false
  isMeant = false
  t.notOk(run(20_000).includes('stuck'), 'and nobody looks at a page that is hidden')
  isMeant = true
  watch.restart(now)
  t.ok(run(31_000, 1).includes('proven'), 'what has played for a while is trusted again')
})

/** A browser that plays what matches. */
const browser = (source: RegExp, element: RegExp = /^$/): Support => ({
  source: (type) => source.test(type),
  element: (type) => element.test(type),
  hasSource: source.source !== '^$',
})
const CHROMIUM = browser(
  /^(?!audio\/ogg).*avc1|mp4a\.40\.2|opus|vp8|vp9|^(?!audio\/ogg).*vorbis|^audio\/(mpeg|aac)$|flac/,
  /^audio\/|^video\/(mp4|webm)/,
)
const FIREFOX = browser(/^(?!video\/mp2t).*(avc1|mp4a\.40\.2|opus|vp8|vp9|vorbis|flac|codecs="mp3")/, /^audio\/|^video\/(mp4|webm)/)
// Safari, and an iPhone whose media source is the managed kind: both take MP4 alone, and play HLS by themselves as well.
const SAFARI = browser(/^(video|audio)\/mp4; codecs="(avc1|hvc1|mp4a\.40\.2|opus|flac|,)/, /mpegurl|^audio\/(mpeg|aac|mp4)|^video\/mp4/)
const PHONE = browser(/^$/, /mpegurl|^audio\/(mpeg|aac)/)

const segmented = (...media: string[]) => ({ media, lowLatency: true, segmentDuration: 2, rewind: 14 })
const mount = (tracks: MountFacts['tracks'], forms: Partial<MountFacts['forms']>): MountFacts => ({
  mount: '/live',
  live: true,
  group: null,
  name: null,
  description: null,
  format: null,
  tracks,
  connected: null,
  title: null,
  titles: [],
  forms: { hls: null, dash: null, instant: [], ...forms },
})
const H264 = { kind: 'video', codec: 'H.264', codecs: 'avc1.64001f' }
const AAC = { kind: 'audio', codec: 'AAC', codecs: 'mp4a.40.2' }
const instant = (form: string, type: string) => ({ form, type: type.split(';')[0]!, media: [type] })

const ways = (status: MountFacts, support: Support, wish: 'instant' | 'low' | 'safe' = 'instant') =>
  plansFor(choose(status, support), wish).map(({ mode, way }) => `${mode} ${way.engine} ${way.ending} ${way.protocol}`)

t.test('the ways to play are those that the browser knows, as near to live as is wished', async (t) => {
  const both = 'video/mp4; codecs="avc1.64001f,mp4a.40.2"'
  const tv = mount([H264, AAC], {
    hls: segmented(both),
    dash: segmented('video/mp4; codecs="avc1.64001f"', 'audio/mp4; codecs="mp4a.40.2"'),
    instant: [instant('mp4', both), instant('aac', 'audio/aac')],
  })
  t.same(ways(tv, CHROMIUM), [
    'instant instant mp4 instant',
    'low shaka m3u8 ll-hls',
    'low shaka mpd dash',
    'safe shaka m3u8 hls',
    'safe shaka mpd dash',
  ])
  t.same(ways(tv, SAFARI), ways(tv, CHROMIUM), 'where there is a media source of any kind, the same ways are taken')
  t.match(ways(tv, CHROMIUM, 'low')[0], 'low shaka')
  t.match(ways(tv, CHROMIUM, 'safe').at(-1), 'instant instant', 'what is nearer than wished comes last')
  t.same(ways(tv, PHONE), ['safe element m3u8 hls'], 'a phone without Media Source Extensions plays HLS by itself')

  const radio = mount([{ kind: 'audio', codec: 'MP3', codecs: 'mp4a.40.34' }], {
    hls: { ...segmented('audio/mpeg'), lowLatency: false },
    instant: [instant('mp3', 'audio/mpeg')],
  })
  t.same(ways(radio, CHROMIUM), ['instant instant mp3 instant', 'safe shaka m3u8 hls', 'safe element mp3 instant'])
  t.same(ways(radio, FIREFOX), ['safe element mp3 instant'], 'where MP3 is no media source, the element plays it alone')
  t.same(ways(radio, PHONE), ['safe element m3u8 hls', 'safe element mp3 instant'])
  const web = mount([{ kind: 'video', codec: 'VP8', codecs: 'vp8' }], {
    dash: segmented('video/webm; codecs="vp8"', 'audio/webm; codecs="vorbis"'),
    instant: [instant('webm', 'video/webm; codecs="vp8,vorbis"'), instant('ogg', 'audio/ogg; codecs="vorbis"')],
  })
  t.same(ways(web, CHROMIUM), ['instant instant webm instant', 'low shaka mpd dash', 'safe shaka mpd dash'])
})

t.test('a way that never played is left alone at once, one that has played when it fails too often', async (t) => {
  const both = 'video/mp4; codecs="avc1.64001f,mp4a.40.2"'
  const tv = mount([H264, AAC], { hls: segmented(both), instant: [instant('mp4', both)] })
  const all = new Ways(CHROMIUM, 'instant')
  t.same([all.modes, all.plans, all.next], [[], [], undefined], 'nothing is known of a mount that is not live')
  all.update(tv)
  const first = all.next!
  t.equal(first.mode, 'instant')
  for (const _ of [1, 2]) all.fail(first.way, true)
  t.same(all.next, first)
  all.fail(first.way, true)
  t.equal(all.next?.mode, 'low')
  all.fail(all.next!.way, false)
  t.equal(all.next?.mode, 'safe')
  t.equal(all.calmer('instant')?.mode, 'low')
  t.equal(all.calmer('safe'), undefined, 'nothing is calmer than Safe')
  all.want('instant')
  t.same(all.next, first, 'whoever wishes for it gets it again')
  all.update(mount([H264], {}))
  t.notOk(all.has(first.way))
  all.update(undefined)
  t.equal(all.next, undefined)
})

t.test('where pictures come or go, a playlist is another way to play, and an instant stream the same', async (t) => {
  const plans = ['video/mp4; codecs="avc1.64001f,mp4a.40.2"', 'audio/mp4; codecs="mp4a.40.2"'].map((type) =>
    plansFor(
      choose(mount(type.startsWith('video/') ? [H264, AAC] : [AAC], { hls: segmented(type), instant: [instant('mp4', type)] }), CHROMIUM),
      'instant',
    ),
  )
  const [both, sound] = plans.map((all) => (mode: string) => all.find((plan) => plan.mode === mode)!.way)
  t.notOk(isSame(both!('low'), sound!('low')))
  t.notOk(isSame(both!('safe'), sound!('safe')))
  t.ok(isSame(both!('instant'), sound!('instant')))
})

t.test('where nothing plays, it is said why, and what would', async (t) => {
  const theora = mount([{ kind: 'video', codec: 'Theora', codecs: null }], { instant: [instant('ogg', 'audio/ogg; codecs="vorbis"')] })
  const choice = choose(theora, CHROMIUM)
  t.equal(choice.why, 'Theora: browsers dropped it. Open it in VLC.')
  t.same(
    plansFor(choice, 'instant', true).map(({ way }) => way.ending),
    ['ogg'],
    'its sound alone could be played',
  )
  const ac3 = { kind: 'audio', codec: 'AC-3', codecs: 'ac-3' }
  const film = mount([H264, ac3], { hls: segmented('video/mp4; codecs="avc1.64001f,ac-3"') })
  t.equal(
    choose(film, browser(/^video\/mp4; codecs="avc1[^,]*"$/)).why,
    'AC-3: this browser cannot play it. Another browser may, and VLC does.',
  )
  t.match(choose(mount([H264, AAC], {}), CHROMIUM).why, /comes in no form that browsers play/)
  t.match(choose(mount([H264], { dash: segmented('video/mp4; codecs="avc1.64001f"') }), PHONE).why, /A newer one can/)
  t.equal(choose(mount([H264], { dash: segmented('video/mp4; codecs="avc1.64001f"') }), CHROMIUM).why, '')
})

t.test('a response is cut into the same pieces however it comes', async (t) => {
  for (const [file, type, start] of [
    ['h264-aac-frames.mp4', 'video/mp4; codecs="x"', 0],
    ['vp8-vorbis.webm', 'video/webm; codecs="x"', 0],
  ] as const) {
    const bytes = new Uint8Array(readFileSync(`test/fixtures/${file}`))
    const cut = (size: number) => {
      const cutter = cutterFor(type)
      const pieces = []
      for (let at = 0; at < bytes.length; at += size) pieces.push(...cutter.push(bytes.subarray(at, at + size)))
      return pieces
    }
    const whole = cut(bytes.length)
    t.equal(whole[0]?.init, true, `${file}: a head comes first`)
    t.equal(whole.filter(({ init }) => init).length, 1)
    if (file.endsWith('.mp4')) t.equal(whole.filter(({ key }) => key === true).length, 3, 'it is known which have key frames')
    t.ok(Math.abs((whole.find((piece) => piece.start !== undefined)?.start ?? NaN) - start) < 0.2, 'and media with a time')
    for (const size of [1, 7, 100, 4096]) {
      const pieces = cut(size)
      t.equal(Buffer.concat(pieces.map((piece) => piece.bytes)).compare(Buffer.concat(whole.map((piece) => piece.bytes))), 0, `by ${size}`)
      t.equal(pieces.filter(({ init }) => init).length, 1)
    }
    // Another stream in the middle of the first.
    const cutter = cutterFor(type)
    t.equal([...cutter.push(bytes), ...cutter.push(bytes)].filter(({ init }) => init).length, 2, 'a second head is seen')
  }
  t.same(cutterFor('audio/mpeg').push(new Uint8Array([1, 2])), [{ init: false, bytes: new Uint8Array([1, 2]) }])
  t.throws(() => cutterFor('video/webm').push(new Uint8Array(9)), RangeError)
})

t.test('times are told in words', async (t) => {
  t.same([undefined, 0.01, 0.42, 6.24, 12.4, 200, 9000].map(behind), [
    '',
    'live',
    '0.4 s behind',
    '6.2 s behind',
    '12 s behind',
    '3 min behind',
    '2.5 h behind',
  ])
  t.same([5, 65, 3723].map(clock), ['0:05', '1:05', '1:02:03'])
})

t.test('the player can be given what the status says', async (t) => {
  // The compiler is the judge here.
  t.type(give, 'function')
})

function give(status: MountStatus): MountFacts {
  return status
}
