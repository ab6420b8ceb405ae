import { type Duplex, duplexPair } from 'node:stream'
import t from 'tap'
import { MpegTsMuxer } from '../../lib/formats/mpeg-ts-muxer.js'
import type { MediaTrack } from '../../lib/formats/packet.js'
import { IcyDecoder } from '../../lib/icy/decoder.js'
import { IcyEncoder } from '../../lib/icy/encoder.js'
import { createMetadata, formatMetadata } from '../../lib/icy/metadata.js'
import type { Period } from '../../lib/media/period.js'
import { type Form, formOf, formTracks } from '../../lib/mount/instant.js'
import { Listener } from '../../lib/mount/listener.js'
import { Mounts } from '../../lib/mount/mounts.js'
import type { Outlet } from '../../lib/mount/outlet.js'
import { serverOptions } from '../../lib/options/index.js'
import { FakeClock } from '../helpers/clock.js'
import { AAC, H264, stream } from '../helpers/media.js'
import { NOON, Studio } from '../helpers/studio.js'

const request = { method: 'GET', target: '/tv.mp4', version: 'HTTP/1.1' }

/** Until connections have taken what there is: some turns of the event loop, and pulses of the mount. */
async function settled(clock?: FakeClock): Promise<void> {
  for (let i = 0; i < 12; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    clock?.pass(25)
  }
}

interface Ear {
  readonly listener: Listener
  readonly client: Duplex
  readonly heard: () => Buffer
  readonly isOver: () => boolean
}

function listen(outlet: Outlet, { icy = false, reading = true } = {}): Ear {
  const [client, server] = duplexPair()
  const chunks: Buffer[] = []
  let over = false
  if (reading) client.on('data', (chunk: Buffer) => chunks.push(chunk))
  client.on('end', () => (over = true))
  client.on('close', () => (over = true))
  const listener = new Listener(1, server, outlet, {
    request,
    address: '127.0.0.1',
    agent: '',
    connected: 0,
    answer: () => ({ head: Buffer.from('HEAD'), encoder: icy ? new IcyEncoder(100) : undefined }),
  })
  outlet.join(listener)
  return { listener, client, heard: () => Buffer.concat(chunks), isOver: () => over }
}

/** The boxes of what a listener got, behind its head: by type, and for fragments whether they begin with a key frame of video. */
function boxes(bytes: Buffer): string[] {
  const found: string[] = []
  let at = bytes.toString('latin1', 0, 4) === 'HEAD' ? 4 : 0
  while (at + 8 <= bytes.length) {
    const size = bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (at + size > bytes.length) throw new Error(`half a ${type}`)
    if (type !== 'mdat') found.push(type)
    // The type of the first NAL unit tells what a fragment has.
    else found.push(`mdat ${bytes[at + 12]!.toString(16)}`)
    at += size
  }
  return found
}

/** The times of the fragments, in seconds, by track: each is that of a tfdt. */
function times(bytes: Buffer): Map<number, number[]> {
  const found = new Map<number, number[]>()
  for (let at = bytes.indexOf('tfdt'); at >= 0; at = bytes.indexOf('tfdt', at + 4)) {
    const track = bytes.readUInt32BE(bytes.lastIndexOf('tfhd', at) + 8)
    const time = Number(bytes.readBigUInt64BE(at + 8)) / (track === 1 ? 90_000 : 44_100)
    found.set(track, [...(found.get(track) ?? []), time])
  }
  return found
}

t.test('the first who asks starts a form, and it stops some seconds after the last has gone', async (t) => {
  const studio = new Studio()
  t.equal(studio.broadcast.stream('mp4'), undefined, 'nothing is there yet')
  studio.play(5)
  const asked = studio.broadcast.stream('mp4')!
  t.equal(studio.broadcast.stream('mp4'), asked, 'one for all')
  studio.play(11, { from: 5 })
  t.equal(studio.broadcast.streams.size, 0, 'who has asked and does not come leaves nothing behind')
  const kept = studio.broadcast.stream('mp4')!
  const first = listen(kept)
  studio.play(15, { from: 16 })
  t.equal(studio.broadcast.streams.get('mp4'), kept)
  first.client.end()
  await settled()
  t.equal(studio.listeners.length, 0)
  studio.play(8, { from: 31 })
  const second = listen(studio.broadcast.stream('mp4')!)
  t.equal(studio.listeners.length, 1)
  second.client.end()
  await settled()
  studio.play(9, { from: 39 })
  t.equal(studio.broadcast.streams.get('mp4'), kept, 'only the last time counts')
  studio.play(2, { from: 48 })
  t.equal(studio.broadcast.streams.size, 0)
  const { end } = kept.queue
  studio.play(1, { from: 50 })
  t.equal(kept.queue.end, end, 'and nothing is written any more')
  for (const form of ['webm', 'mp3', 'opus', 'ogg'] as const) t.equal(studio.broadcast.stream(form), undefined, form)
  for (const form of ['ts', 'aac'] as const) t.ok(studio.broadcast.stream(form), form)
  t.equal(formOf('mp4'), 'mp4')
  t.equal(formOf('constructor'), undefined)
  t.equal(new Studio({ instant: false }).broadcast.stream('mp4'), undefined)
})

t.test('who joins late begins with the header and the newest key frame, at once, and hears everything from there on', async (t) => {
  const studio = new Studio()
  // The key frames are two seconds apart.
  studio.play(7.5)
  const outlet = studio.broadcast.stream('mp4')!
  const early = listen(outlet)
  await settled(studio.clock)
  t.strictSame(boxes(early.heard()).slice(0, 4), ['ftyp', 'moov', 'moof', 'mdat 65'])
  studio.play(4, { from: 7.5, gop: 1000 })
  const late = listen(outlet)
  await settled(studio.clock)
  studio.play(1, { from: 11.5, gop: 1000 })
  await settled(studio.clock)
  t.strictSame(boxes(late.heard()).slice(0, 4), ['ftyp', 'moov', 'moof', 'mdat 65'])
  const all = early.heard().subarray(4)
  const some = late.heard().subarray(4)
  const media = some.subarray(some.indexOf('moof') - 4)
  t.ok(all.includes(media.subarray(0, -1)), 'both hear the same')
  for (const heard of [all, some])
    for (const [track, list] of times(heard)) {
      const steps = list.slice(1).map((time, i) => time - list[i]!)
      t.ok(
        steps.every((step) => step > 0 && step < 0.9),
        `track ${track} goes on`,
      )
    }
  studio.end()
  await settled(studio.clock)
  t.ok(early.isOver() && late.isOver(), 'the end of the source is the end of it')
  t.equal(studio.broadcast.streams.size, 0)
})

t.test('another configuration comes inline with its header, the same goes on without, and what has no such form ends', async (t) => {
  const studio = new Studio()
  studio.play(5)
  const { broadcast } = studio
  const mp4 = listen(broadcast.stream('mp4')!)
  const aac = listen(broadcast.stream('aac')!)
  // The clock jumps: nothing else has changed.
  studio.play(5, { from: 5000 })
  await settled(studio.clock)
  t.equal(boxes(mp4.heard()).filter((type) => type === 'moov').length, 1)
  // The same encoder again, on another connection.
  studio.mux([H264, AAC])
  broadcast.restart()
  studio.play(5)
  await settled(studio.clock)
  t.equal(boxes(mp4.heard()).filter((type) => type === 'moov').length, 1)
  const list = times(mp4.heard()).get(1)!
  t.ok(list.every((time, i) => i === 0 || time > list[i - 1]!))
  // Another encoder takes over.
  const other: MediaTrack = { ...AAC, timescale: 48_000, sampleRate: 48_000, config: Buffer.from('1190', 'hex') }
  studio.mux([H264, other])
  broadcast.restart()
  studio.play(5, { audio: other, from: 20 })
  await settled(studio.clock)
  const types = boxes(mp4.heard())
  t.equal(types.filter((type) => type === 'moov').length, 2)
  t.strictSame(types.slice(types.lastIndexOf('moov') + 1, types.lastIndexOf('moov') + 3), ['moof', 'mdat 65'], 'then a key frame')
  const late = listen(broadcast.stream('mp4')!)
  await settled(studio.clock)
  t.equal(boxes(late.heard()).filter((type) => type === 'moov').length, 1, 'newcomers get the newest alone')
  t.notOk(aac.isOver())
  // Pictures alone: there is no sound to listen to.
  studio.mux([H264])
  broadcast.restart()
  studio.play(5, { audio: undefined, from: 30 })
  await settled(studio.clock)
  t.ok(aac.isOver())
  t.notOk(mp4.isOver())
  t.equal(broadcast.stream('aac'), undefined)
  t.equal(boxes(mp4.heard()).filter((type) => type === 'moov').length, 3)
})

t.test('who joins where pictures have gone or come back hears only tracks that the content type tells', async (t) => {
  const studio = new Studio()
  studio.play(2)
  const { broadcast } = studio
  const first = listen(broadcast.stream('mp4')!)
  await settled(studio.clock)
  for (const [tracks, type] of [
    [[AAC], 'audio/mp4'],
    [[H264, AAC], 'video/mp4'],
  ] as const) {
    studio.mux(tracks)
    broadcast.restart()
    studio.play(3, tracks.length === 1 ? { video: undefined, from: 10 } : { from: 20 })
    const late = listen(broadcast.stream('mp4')!)
    t.match(broadcast.stream('mp4')!.contentType, type)
    studio.play(2, tracks.length === 1 ? { video: undefined, from: 13 } : { from: 23 })
    await settled(studio.clock)
    t.equal(boxes(late.heard()).filter((box) => box === 'moov').length, 1, `${type}: one header`)
    t.equal(late.heard().includes('avcC'), tracks.length === 2)
    t.ok(boxes(late.heard()).filter((box) => box === 'moof').length > 5, 'and media')
    late.client.destroy()
  }
  t.notOk(first.isOver(), 'and who was there goes on')
})

t.test('a viewer who lags goes on at a newer key frame, and one who is overtaken is dropped', async (t) => {
  const studio = new Studio({ queueSize: 400_000 })
  studio.play(5, { size: 4000 })
  const outlet = studio.broadcast.stream('mp4')!
  const slow = listen(outlet, { reading: false })
  // 100 kB/s: the queue is four seconds long.
  for (let i = 0; i < 6; i++) {
    studio.play(0.5, { from: 5 + i / 2, size: 4000, gop: 25 })
    await settled(studio.clock)
  }
  const chunks: Buffer[] = []
  slow.client.on('data', (chunk: Buffer) => chunks.push(chunk))
  for (let i = 0; i < 6; i++) {
    await settled(studio.clock)
    studio.play(0.5, { from: 8 + i / 2, size: 4000, gop: 25 })
  }
  await settled(studio.clock)
  const types = boxes(Buffer.concat(chunks))
  t.ok(slow.listener.skips > 0)
  t.ok(types.length > 20 && types.every((type) => /^(ftyp|moov|moof|mdat (65|41|21))$/.test(type)), 'nothing is cut in two')
  const dead = listen(outlet, { reading: false })
  for (let i = 0; i < 20; i++) {
    studio.play(1, { from: 11 + i, size: 4000 })
    await settled(studio.clock)
  }
  t.ok(dead.listener.overtaken)
  t.equal(studio.listeners.length, 1)
})

t.test('twins of sound alone tell titles to those who ask', async (t) => {
  const studio = new Studio()
  studio.play(3)
  const outlet = studio.broadcast.stream('aac')!
  t.ok(outlet.icy)
  t.equal(outlet.contentType, 'audio/aac')
  t.equal(studio.broadcast.stream('mp4')!.icy, false)
  const plain = listen(outlet)
  const icy = listen(outlet, { icy: true })
  studio.play(2, { from: 3 })
  studio.metadataBlock = Buffer.from(formatMetadata(createMetadata({ title: 'Harbour' })))
  studio.play(2, { from: 5 })
  await settled(studio.clock)
  const titles: string[] = []
  const decoder = new IcyDecoder(100)
  const audio: Buffer[] = []
  for (const part of decoder.push(icy.heard().subarray(4))) {
    if (Buffer.isBuffer(part)) audio.push(part)
    else titles.push(part.display)
  }
  t.ok(titles.some((title) => title.includes('Harbour')))
  const sound = Buffer.concat(audio)
  t.ok(
    plain
      .heard()
      .subarray(4)
      .includes(sound.subarray(0, sound.length - 200)),
    'between the titles is the same sound',
  )
  // Whole ADTS frames.
  const frames = plain.heard().subarray(4)
  const syncs: number[] = []
  for (let at = 0; at < frames.length;) {
    syncs.push(frames.readUInt16BE(at) & 0xfff6)
    at += ((frames[at + 3]! & 3) << 11) | (frames[at + 4]! << 3) | (frames[at + 5]! >> 5)
  }
  t.ok(syncs.length > 120 && syncs.every((sync) => sync === 0xfff0))
})

t.test('listeners of every form are listeners of the mount, and count for its limit', async (t) => {
  const clock = new FakeClock(NOON)
  const events: string[] = []
  const mounts = new Mounts(
    serverOptions.parse({ mounts: { '/tv': { maxListeners: 3, sourceTimeout: 1e6, takeover: true } } }),
    (event, ...args) => events.push(`${event} ${String(args.length)}`),
    clock,
  )
  const publish = (): { send: (seconds: number, from: number, audio?: MediaTrack) => void } => {
    const muxer = new MpegTsMuxer([H264, AAC])
    const source = mounts.publish(
      '/tv',
      {},
      {
        address: '',
        agent: '',
        request,
        user: '',
        contentType: 'video/mp2t',
        connected: clock.now(),
        disconnect: () => {},
      },
    )
    return {
      send: (seconds, from) => {
        for (const { packet } of stream(seconds, { video: H264, audio: AAC, from }))
          for (const { bytes } of muxer.write([packet])) source.push(bytes, clock.now())
        clock.pass(seconds * 1000)
      },
    }
  }
  const first = publish()
  first.send(5, 0)
  const sockets: Duplex[] = []
  const join = (form?: Form): Listener => {
    const [client, server] = duplexPair()
    client.resume()
    sockets.push(client)
    return mounts.listen(
      '/tv',
      server,
      { request, address: '', agent: '', connected: 0, answer: () => ({ head: Buffer.alloc(1), encoder: undefined }) },
      form,
    )
  }
  join()
  join('mp4')
  join('aac')
  t.throws(() => join('ts'), /max listeners/)
  t.throws(() => join('webm'), /max listeners|no browser/)
  const mount = mounts.get('/tv')!
  t.equal(mount.everyone.length, 3)
  t.equal(mounts.listeners, 3)
  sockets[1]!.end()
  await settled()
  t.strictSame([mount.everyone.length, mounts.listeners], [2, 2])
  t.throws(() => join('webm'), /no browser/)
  // Another source takes over, from its own beginning: everyone goes on.
  const before = mount.broadcast.presentation!.nextSequence
  const second = publish()
  second.send(5, 777)
  t.equal(mount.everyone.length, 2)
  t.ok(mount.broadcast.presentation!.nextSequence > before)
  t.equal(new Set(mount.broadcast.presentation!.segments.map(({ writers }) => writers.period)).size, 2, 'in a period of its own')
  // With other settings, what was made for the old ones ends.
  const { presentation } = mount.broadcast
  let told: boolean | undefined
  presentation!.wait(
    'x',
    () => false,
    (ready) => (told = ready),
  )
  mounts.configure(serverOptions.parse({ mounts: { '/tv': { sourceTimeout: 1e6, takeover: true, hls: { segmentDuration: 4 } } } }))
  publish().send(5, 0)
  t.not(mount.broadcast.presentation, presentation)
  t.equal(told, false)
  await settled()
  t.equal(mount.everyone.length, 1, 'the listener of the mount itself')
  mounts.close()
})

const make = (...tracks: MediaTrack[]): Period => ({
  number: 1,
  tracks,
  primary: tracks[0]!,
  partial: false,
  start: 0,
  delay: 0,
  date: 0,
})
const codec = (track: MediaTrack, codecId: MediaTrack['codecId']): MediaTrack => ({ ...track, codecId })

t.test('a form has the tracks that it can carry', (t) => {
  const forms: Form[] = ['mp4', 'webm', 'ts', 'aac', 'mp3', 'opus', 'ogg']
  const has = (period: Period): string => forms.filter((form) => formTracks(form, period).length > 0).join()
  t.equal(has(make(H264, AAC)), 'mp4,ts,aac')
  t.equal(has(make(AAC)), 'mp4,aac')
  t.equal(has(make(codec(H264, 'vp8'), codec(AAC, 'vorbis'))), 'webm,ogg')
  t.equal(has(make(codec(H264, 'vp9'), codec(AAC, 'opus'))), 'mp4,webm,opus,ogg')
  t.equal(has(make(codec(AAC, 'mp3'))), 'mp3')
  t.equal(has(make(H264, codec(AAC, 'mp3'))), 'ts,mp3')
  t.equal(has(make(codec(AAC, 'flac'))), 'mp4,ogg')
  t.equal(has({ ...make(AAC), partial: true }), 'aac')
  t.end()
})
