import t from 'tap'
import { parseCmcd } from '../../lib/server/viewer-ids.js'
import { Viewers } from '../../lib/server/viewers.js'
import type { Sighting } from '../../lib/server/viewership.js'

const EXPIRY = 6000

/** Requests of one sender: what they have in common, and what each has of its own. */
function sender(viewers: Viewers, common: Partial<Sighting>): (now: number, more?: Partial<Sighting>) => boolean {
  return (now, more) =>
    viewers.see({
      mount: '/tv',
      protocol: 'hls',
      address: '192.0.2.1',
      agent: 'Player/1',
      bytes: 100,
      expiry: EXPIRY,
      now,
      ...common,
      ...more,
    })
}

t.test('a viewer lasts for the expiry after its last request, and its time is from the first to the last', async (t) => {
  const viewers = new Viewers()
  const one = sender(viewers, {})
  t.equal(viewers.count('/tv', 0).total, 0)
  for (let now = 1000; now <= 61_000; now += 2000) one(now)
  t.match(viewers.count('/tv', 61_000 + EXPIRY - 1), { total: 1, peak: 1, watched: 60_000, methods: { id: 0, address: 1 } })
  t.strictSame(viewers.list('/tv', 62_000), [
    { id: 1, address: '192.0.2.1', agent: 'Player/1', since: 1000, seen: 61_000, bytes: 3100, protocol: 'hls', method: 'address' },
  ])
  t.match(viewers.count('/tv', 61_000 + EXPIRY), { total: 0, peak: 1, watched: 60_000 })
  t.equal(viewers.size, 0, 'nothing is kept of who is gone')
  one(100_000)
  one(101_000)
  t.match(viewers.count('/tv', 101_000), { total: 1, peak: 1, watched: 61_000 }, 'who comes again is new, and the time adds up')
  t.strictSame(viewers.list('/other', 101_000), [])
})

t.test('playlists with an id and segments without one are one viewer', async (t) => {
  const viewers = new Viewers()
  const one = sender(viewers, {})
  one(0)
  one(10, { session: 'abc', protocol: 'll-hls' })
  one(20)
  one(30, { session: 'abc', playback: 'UUID-1' })
  one(40, { playback: 'UUID-1', sid: 'cmcd' })
  one(50, { sid: 'cmcd', address: '198.51.100.7' })
  one(60, { address: '198.51.100.7' })
  t.match(viewers.count('/tv', 100), { total: 1, methods: { id: 1, address: 0 }, protocols: { 'll-hls': 1, hls: 0 } })
  t.match(viewers.list('/tv', 100), [{ address: '198.51.100.7', bytes: 700, since: 0, method: 'id' }], 'also where its address changes')
  one(70)
  t.equal(viewers.count('/tv', 100).total, 2, 'nobody is left at the address of before')
})

t.test('viewers behind one address are as many as their ids, and at least one', async (t) => {
  const viewers = new Viewers()
  const one = sender(viewers, {})
  for (let now = 0; now < 4000; now += 1000)
    for (const session of ['a', 'b', 'c']) {
      one(now, { session })
      one(now)
    }
  t.match(viewers.count('/tv', 4000), { total: 3, peak: 3, methods: { id: 3 } })
  t.strictSame(
    viewers.list('/tv', 4000).map(({ bytes }) => bytes),
    [800, 800, 800],
    'bytes go to whoever asked last',
  )
  const other = sender(viewers, { agent: 'Other/2' })
  other(4000)
  other(4001)
  t.match(viewers.count('/tv', 4001), { total: 4, methods: { id: 3, address: 1 } }, 'another player is another viewer')
  one(4002, { session: 'x'.repeat(65) })
  t.equal(viewers.count('/tv', 4002).total, 4, 'what is too long is no id')
})

t.test('the protocol is the one played now: parts make HLS low-latency, until they cease', async (t) => {
  const viewers = new Viewers()
  const one = sender(viewers, { session: 'a' })
  const protocol = (now: number): string | undefined => viewers.list('/tv', now)[0]?.protocol
  one(0)
  t.equal(protocol(0), 'hls')
  one(10, { protocol: 'll-hls' })
  one(20)
  t.equal(protocol(20), 'll-hls')
  for (let now = 1000; now < 10 + EXPIRY; now += 1000) one(now)
  t.equal(protocol(6000), 'll-hls')
  one(10 + EXPIRY)
  t.equal(protocol(10 + EXPIRY), 'hls')
  one(7000, { protocol: 'dash' })
  t.equal(protocol(7000), 'dash')
  t.match(viewers.count('/tv', 7000), { total: 1, protocols: { hls: 0, 'll-hls': 0, dash: 1 } })
  one(7001, { mount: '/radio' })
  t.match([viewers.count('/tv', 7001).total, viewers.count('/radio', 7001).total], [1, 1], 'each mount counts for itself')
})

t.test('a flood of made-up ids is bounded, and those who were there stay counted', async (t) => {
  const viewers = new Viewers({ perAddress: 10, total: 25 })
  const honest = sender(viewers, { address: '203.0.113.9', session: 'me' })
  honest(0)
  const flood = (address: string): number =>
    Array.from({ length: 100 }, (_, i) => sender(viewers, { address, session: `${address} ${i}` })(i)).filter(Boolean).length
  t.equal(flood('192.0.2.1'), 10)
  t.equal(flood('2001:db8::1') + flood('2001:db8::2'), 10, 'an IPv6 /64 has one share')
  t.equal(flood('192.0.2.2'), 4, 'all of them are bounded, too')
  t.equal(viewers.size, 25)
  t.ok(honest(100))
  t.notOk(honest(100, { session: 'new', agent: 'New/1' }))
  viewers.sweep(100 + EXPIRY - 1)
  t.equal(viewers.size, 1)
  t.ok(honest(EXPIRY, { session: 'new', agent: 'New/1' }), 'room comes back when they are gone')
  t.equal(flood('192.0.2.1'), 10, 'and so does the share of the address')
  for (let i = 0; i < 1000; i++) honest(EXPIRY, { session: 'me', playback: `made up ${i}`, agent: `Agent/${i}` })
  t.equal(viewers.size, 12, 'whoever changes an id or a name all the time stays one')
  viewers.forget('/tv')
  t.match([viewers.size, viewers.count('/tv', EXPIRY).peak], [0, 0])
})

t.test('the count holds whatever comes in whatever order', async (t) => {
  let seed = 7
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
  const viewers = new Viewers()
  const seen = new Map<string, number>()
  let now = 0
  let peak = 0
  let wrong = 0
  for (let i = 0; i < 5000; i++) {
    now += random(200)
    const who = random(60)
    // Even ones have an id, odd ones an address of their own.
    const person = who % 2 === 0 ? { session: `s${who}` } : { address: `198.51.100.${who}` }
    sender(viewers, person)(now)
    seen.set(`${who}`, now)
    const alive = [...seen.values()].filter((at) => at + EXPIRY > now).length
    peak = Math.max(peak, alive)
    const count = viewers.count('/tv', now)
    const sum = count.protocols.hls + count.protocols['ll-hls'] + count.protocols.dash
    if (count.total !== alive || count.peak !== peak || sum !== alive || count.methods.id + count.methods.address !== alive) wrong++
  }
  t.equal(wrong, 0)
  viewers.sweep(now + EXPIRY)
  t.equal(viewers.size, 0)
})

t.test('CMCD tells its session from a query or a header, and nothing else', async (t) => {
  const said: [string | undefined, string | undefined, string | undefined][] = [
    ['bl=21300,sid="6e2fb550-c457-11e9-bb97-0800200c9a66",su', undefined, '6e2fb550-c457-11e9-bb97-0800200c9a66'],
    ['sid="a"', 'sid="b"', 'a'],
    ['br=3200,bs', 'cid="x,sid=\\"no\\"",sid="b\\"c",sf=h', 'b"c'],
    [undefined, 'sid="only"', 'only'],
    ['sid=bare', undefined, 'bare'],
    ['cid="sid=inside"', undefined, undefined],
    ['nsid="x",com.example-sid="y"', undefined, undefined],
    [`sid="${'x'.repeat(65)}"`, undefined, undefined],
    ['sid=""', 'sid', undefined],
    [undefined, undefined, undefined],
  ]
  t.strictSame(
    said.map(([query, header]) => parseCmcd(query, header)),
    said.map(([, , sid]) => sid),
  )
  const begin = performance.now()
  for (const text of ['a="\\', '"', ',a="\\",', 'x', 'x,', ' ']) parseCmcd(`${text.repeat(20_000)}!`, undefined)
  t.ok(performance.now() - begin < 1000, 'whatever is sent, the time stays in bounds')
})
