import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { expand, Playlist, type PlaylistEntry, readPlaylist, sourceKind, titleOf } from '../../lib/client/index.js'
import { Lot } from '../../lib/client/lot.js'

const states = (playlist: Playlist): string => playlist.entries.map(({ source, state }) => `${source}:${state}`).join(' ')
const play = (playlist: Playlist, count: number): string =>
  Array.from({ length: count }, () => playlist.next()?.source ?? '-')
    .join('')
    .replace(/-+$/, '-')

t.test('a list is played in its order, once or for ever, from any entry', async (t) => {
  const once = new Playlist('abc')
  t.equal(states(once), 'a:next b:waiting c:waiting')
  t.equal(once.current, undefined)
  t.equal(play(once, 2), 'ab')
  t.equal(states(once), 'a:played b:playing c:next')
  t.equal(play(once, 3), 'c-')
  t.equal(states(once), 'a:played b:played c:played')
  once.add(['d'])
  t.equal(once.upcoming?.source, 'd', 'what is added after the end goes on')
  t.equal(play(once, 2), 'd-')
  t.equal(once.previous()?.source, 'd', 'before the end is the last entry')

  t.equal(play(new Playlist('abc', { loop: true, startAt: 2 }), 6), 'bcabca')
  t.throws(() => new Playlist('abc', { startAt: 4 }), RangeError)
  t.equal(play(new Playlist([], { loop: true }), 1), '-')
  t.equal(play(new Playlist('a', { loop: true }), 3), 'aaa')

  const looped = new Playlist('abc', { loop: true })
  t.equal(play(looped, 1), 'a')
  t.equal(looped.previous()?.source, 'c')
  t.equal(looped.upcoming?.source, 'a')
  looped.loop = false
  t.equal(looped.upcoming, undefined)
  t.equal(looped.jump('2')?.source, 'b')
  t.equal(looped.jump('9'), undefined)
  t.equal(looped.previous()?.source, 'a')
  t.equal(looped.previous()?.source, 'a', 'the first entry begins anew')
})

t.test('a list can be changed while it plays, and every change is told', async (t) => {
  const playlist = new Playlist([{ source: 'films/a.mkv', duration: 3 }, { source: 'b', title: 'Bee' }, 'c'])
  const told: string[] = []
  playlist.on('current', (entry) => told.push(entry?.title ?? 'end'))
  playlist.on('skip', ({ title, reason }: PlaylistEntry) => told.push(`${title}: ${reason}`))
  let changes = 0
  playlist.on('change', () => changes++)
  playlist.next()
  playlist.next()
  const [added] = playlist.add(['x', 'y'], '2')
  t.equal(playlist.entries.map(({ title }) => title).join(), 'a,x,y,Bee,c')
  t.equal(playlist.current?.title, 'Bee', 'it goes on playing')
  t.ok(playlist.move('3', added!.id))
  t.equal(playlist.entries.map(({ title }) => title).join(), 'a,c,x,y,Bee')
  t.equal(playlist.upcoming, undefined)
  t.ok(playlist.move('1', null))
  t.equal(playlist.upcoming?.title, 'a')
  t.notOk(
    playlist.move('1', '77') || playlist.move('77', null) || playlist.move('1', '1') || playlist.remove('77') || playlist.skip('77', ''),
  )
  t.ok(playlist.remove('2'), 'what plays is taken out')
  t.equal(playlist.current?.title, 'a')
  t.equal(playlist.previous()?.title, 'y')
  t.ok(playlist.describe('1', { title: 'Film', duration: 4 }))
  t.match(playlist.get('1'), { source: 'films/a.mkv', title: 'Film', duration: 4, state: 'next' })
  t.ok(playlist.skip('1', 'no video or audio could be read'))
  t.match(playlist.get('1'), { state: 'skipped', reason: 'no video or audio could be read' })
  t.equal(playlist.next(), undefined)
  t.equal(playlist.jump('1')?.reason, undefined, 'who jumps to it wants it')
  for (const { id } of playlist.entries) playlist.remove(id)
  t.equal(playlist.length, 0)
  t.same(told, ['a', 'Bee', 'a', 'y', 'Film: no video or audio could be read', 'end', 'Film', 'end'])
  t.equal(changes, 17)
})

t.test('what cannot be played is left out for a round, and a list of nothing else ends', async (t) => {
  const playlist = new Playlist('abc', { loop: true })
  playlist.skip('2', 'broken')
  t.equal(play(playlist, 2), 'ac')
  t.equal(play(playlist, 3), 'abc', 'it gets another chance')
  playlist.skip('1', 'gone')
  t.equal(playlist.upcoming?.source, 'b', 'the next round is known to begin without it')
  t.equal(play(playlist, 3), 'bca')
  for (const bad of [new Playlist('abc', { loop: true }), new Playlist('abc', { loop: true, shuffle: true, seed: 1 })]) {
    let tried = 0
    for (let entry = bad.next(); entry !== undefined && tried < 20; entry = bad.next(), tried++) bad.skip(entry.id, 'broken')
    t.equal(tried, 3)
  }
  const alone = new Playlist('a', { loop: true })
  alone.next()
  t.ok(alone.remove('1'))
  t.equal(alone.next(), undefined)
})

t.test('a shuffled list plays each entry once a round, none twice in a row, and the same way with the same seed', async (t) => {
  for (const size of [1, 2, 3, 7])
    for (let seed = 1; seed <= 40; seed++) {
      const sources = 'abcdefg'.slice(0, size)
      const playlist = new Playlist(sources, { loop: true, shuffle: true, seed, startAt: size })
      let all = ''
      for (let i = 0; i < 6 * size; i++) {
        const expected = playlist.upcoming?.source
        const { source } = playlist.next()!
        if (source !== expected) t.fail(`${source} plays, but ${expected} was said to`)
        all += source
      }
      const rounds = all.match(new RegExp(`.{${size}}`, 'g')) ?? []
      if (all[0] !== sources.at(-1)) t.fail('it starts with another entry')
      if (!rounds.every((round) => round.split('').toSorted().join('') === sources)) t.fail(`an entry is left out: ${rounds.join()}`)
      if (size > 1 && /(.)\1/.test(all)) t.fail(`an entry comes twice: ${all}`)
      if (play(new Playlist(sources, { loop: true, shuffle: true, seed, startAt: size }), 6 * size) !== all) t.fail('another order')
    }
  const lot = new Lot(5)
  const sums = [0, 0, 0, 0]
  for (let i = 0; i < 4000; i++) sums[lot.shuffle([0, 1, 2, 3]).indexOf(0)]!++
  t.ok(
    sums.every((sum) => sum > 900 && sum < 1100),
    `any place is as likely: ${sums.join()}`,
  )
})

t.test('a day of short items leaves a list as large as it was', async (t) => {
  const playlist = new Playlist('abcdefghij', { loop: true, shuffle: true, seed: 3 })
  // 24 hours of items of 3 s, each with a failure and a change now and then.
  const size = (): number => JSON.stringify(playlist.entries).length
  let first = 0
  for (let i = 0; i < 28_800; i++) {
    const entry = playlist.next()
    if (i % 100 === 50) playlist.skip(playlist.upcoming!.id, 'broken')
    if (i % 100 === 70) playlist.move(playlist.upcoming!.id, null)
    if (entry && i % 100 === 90) playlist.remove(playlist.add(['x'], entry.id)[0]!.id)
    if (i === 1000) first = size()
  }
  t.equal(playlist.length, 10)
  t.ok(size() < first + 200, `${first} → ${size()}`)
})

t.test('playlists of all kinds and alphabets are read, and what is relative begins where they lie', async (t) => {
  const base = '/radio/list'
  const m3u =
    '#EXTM3U\r\n#PLAYLIST:Night\r\n#EXTINF:123,Någon - Låt\r\nsongs/a.mp3\r\n\r\n#EXTINF:-1 tvg-id="a,b" group="x",Live, now\r\nhttp://h/live\r\n/abs.mp3\n# note\nfile:///x%20y.ogg\nconcat:/etc/passwd'
  const expected = [
    { source: '/radio/songs/a.mp3', title: 'Någon - Låt', duration: 123 },
    { source: 'http://h/live', title: 'Live, now' },
    { source: '/abs.mp3' },
    { source: '/x y.ogg' },
    // ffmpeg would open what follows such a prefix.
    { source: '/radio/concat:/etc/passwd' },
  ]
  t.same(readPlaylist(Buffer.from(m3u), base), expected)
  t.same(readPlaylist(Buffer.from(`\uFEFF${m3u}`), base), expected)
  t.same(readPlaylist(Buffer.from(m3u, 'latin1'), base), expected)
  const pls = '[playlist]\nFile2=b.ogg\nTitle2=B\nLength2=-1\nFile1=http://h:8000/a\nLength1=60\nTitle3=none\nNumberOfEntries=2'
  t.same(readPlaylist(pls, base), [
    { source: 'http://h:8000/a', duration: 60 },
    { source: '/radio/b.ogg', title: 'B' },
  ])
  const xspf = `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE playlist [<!ENTITY x "boom">]><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>
    <track><location>my%20song.mp3</location><creator>A &amp; B</creator><title>&#x43; &x;</title><duration>1500</duration></track>
    <track><location>file:///m/%C3%A5.ogg</location></track><track><title>nowhere</title></track></trackList></playlist>`
  t.same(readPlaylist(xspf, base), [{ source: '/radio/my song.mp3', title: 'A & B - C &x;', duration: 1.5 }, { source: '/m/å.ogg' }])
  t.same(readPlaylist('<playlist><trackList>', base), [])
  t.same(
    readPlaylist('a.mp3\n/b.mp3\nfile:///etc/passwd\nwebcam:\nrtsp://cam/1\nhttps://x/y\n-', 'http://h/lists/a.m3u').map(
      ({ source }) => source,
    ),
    ['http://h/lists/a.mp3', 'http://h/b.mp3', 'rtsp://cam/1', 'https://x/y'],
    'a list from the network names nothing of this machine',
  )
  t.same(
    ['-', 'webcam:', 'test:', 'RTSP://x/y', 'webcam.mp4', 'a:b.mp3', 'file:///a'].map((source) => sourceKind(source)),
    ['stdin', 'device', 'device', 'address', 'file', 'file', 'file'],
  )
  t.same(
    ['/a/Harbour at dawn.mkv', 'No. 5', 'webcam:/dev/video0', 'http://h/a%20b.mp3?x', 'http://h:1/', 'rtsp://cam/%zz', '-'].map(titleOf),
    ['Harbour at dawn', 'No. 5', 'Webcam', 'a b', 'h:1', '%zz', 'Standard input'],
  )
})

const folder = (t: Test, files: Readonly<Record<string, string>>): string => {
  const root = mkdtempSync(join(tmpdir(), 'floecast-test-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  return root
}

t.test('files, folders, patterns, lists and addresses become items, in natural order', async (t) => {
  const root = folder(t, {
    'films/10.mp4': '',
    'films/9.mp4': '',
    'films/part 2/1.MKV': '',
    'films/notes.txt': '',
    'films/.hidden.mp4': '',
    'Song [live].mp3': '',
    'all.m3u': '#EXTM3U\n#EXTINF:5,One\nfilms/9.mp4\nfilms\nmore.pls\nall.m3u\nmissing.mp4\nhttp://h/x',
    'more.pls': '[playlist]\nFile1=Song [live].mp3\nTitle1=Song',
    'live.m3u8': '#EXTM3U\n#EXT-X-VERSION:9\nv.m3u8',
    'empty/notes.txt': '',
    'empty.m3u': '#EXTM3U\n',
  })
  const site = createServer((request, response) => {
    if (request.url === '/list.pls')
      response.end(`[playlist]\nFile1=/${request.headers.authorization ?? 'nobody'}\nFile2=file:///etc/passwd`)
    else if (request.url === '/hls.m3u8') response.end('#EXTM3U\n#EXT-X-TARGETDURATION:2')
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  t.teardown(() => site.close())
  const at = `127.0.0.1:${(site.address() as AddressInfo).port}`
  const names = async (...sources: string[]): Promise<string[]> =>
    (await expand(sources, { folder: root })).map(({ source }) => source.replace(`${root}/`, ''))
  t.same(await names('films'), ['films/9.mp4', 'films/10.mp4', 'films/part 2/1.MKV'])
  t.same(await names('films/*'), ['films/9.mp4', 'films/10.mp4'])
  t.same(await names('films/**/*.{mkv,MKV}', 'Song [live].mp3', 'films/notes.txt'), [
    'films/part 2/1.MKV',
    'Song [live].mp3',
    'films/notes.txt',
  ])
  t.same(await names('-', 'webcam:', 'rtsp://cam/1', 'live.m3u8'), ['-', 'webcam:', 'rtsp://cam/1', 'live.m3u8'])
  t.match(await expand(['all.m3u'], { folder: root }), [
    { source: join(root, 'films/9.mp4'), title: 'One', duration: 5 },
    { source: join(root, 'films/9.mp4') },
    { source: join(root, 'films/10.mp4') },
    { source: join(root, 'films/part 2/1.MKV') },
    { source: join(root, 'Song [live].mp3'), title: 'Song' },
    { source: join(root, 'missing.mp4') },
    { source: 'http://h/x' },
  ])
  t.same(await names(`http://a:b@${at}/list.pls`), [`http://${at}/Basic%20YTpi`])
  t.same(await names(`http://${at}/hls.m3u8`), [`http://${at}/hls.m3u8`])
  const wrong = async (source: string): Promise<string> =>
    names(source).then(
      () => 'taken',
      (error: Error) => error.message,
    )
  t.equal(await wrong('none.mp4'), 'Cannot play "none.mp4": there is no such file or folder; check the path')
  t.equal(await wrong('none*.mp4'), 'Cannot play "none*.mp4": no video or audio file matches; check the pattern')
  t.equal(await wrong('empty'), 'Cannot play "empty": there is nothing to play in it')
  t.equal(await wrong('empty.m3u'), 'Cannot play "empty.m3u": there is nothing to play in it')
  t.match(await wrong('gopher://h/x'), /no address of that kind is known/)
  t.equal(await wrong(`http://a:b@${at}/x.m3u`), `Cannot play "http://${at}/x.m3u": the server says "404 Not Found"`)
  t.match(await wrong('http://127.0.0.1:1/x.m3u'), /the server cannot be reached; check the address$/)
  t.match(await wrong(' '), /it is empty/)
})
