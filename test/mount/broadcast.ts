import t from 'tap'
import { formatMpd } from '../../lib/dash/mpd.js'
import { manifestOf } from '../../lib/dash/views.js'
import { formatMediaPlaylist } from '../../lib/hls/playlist.js'
import { mediaPlaylist } from '../../lib/hls/views.js'
import type { MountOptions, MountSettings } from '../../lib/options/index.js'
import { mountOptions } from '../../lib/options/index.js'
import { Reader, Studio } from '../helpers/studio.js'

/** Applies other settings to what is on the air. */
function change(studio: Studio, options: MountOptions): void {
  const settings: MountSettings = mountOptions.parse(options)
  Object.assign(studio.settings, settings)
  studio.broadcast.configure()
}

const playlistOf = ({ presentation }: Studio): string => formatMediaPlaylist(mediaPlaylist(presentation, 'main'))
const manifest = (studio: Studio): string => formatMpd(manifestOf(studio.presentation, '', studio.clock.now())!)

t.test('low latency is switched with the next key frame, and players go on in the same presentation', async (t) => {
  const studio = new Studio({ hls: { segmentCount: 20 } })
  // Each playlist, and each change from one to the next, is held to RFC 8216bis.
  const reader = new Reader('main')
  studio.watch = () => reader.look(studio.presentation)
  studio.play(8)
  const { presentation } = studio
  const sequences = (): number[] => presentation.segments.map(({ sequence }) => sequence)
  t.match(playlistOf(studio), /EXT-X-PART-INF[^]*EXT-X-PART:[^]*EXT-X-PRELOAD-HINT/)
  t.match(manifest(studio), /ServiceDescription/)

  change(studio, { hls: { lowLatency: false, segmentCount: 20 } })
  t.match(playlistOf(studio), /EXT-X-PART-INF/, 'until then all stays')
  studio.play(8)
  t.equal(studio.presentation, presentation)
  const plain = playlistOf(studio)
  t.notMatch(plain, /PART|CAN-BLOCK-RELOAD/)
  t.equal(plain.match(/#EXT-X-DISCONTINUITY\n/g)?.length, 1)
  t.notMatch(manifest(studio), /ServiceDescription|availabilityTimeOffset/)
  t.match(manifest(studio), /<Period [^]*\$Number\$[^]*<Period [^]*\$Time\$/, 'and no period changes how it names its segments')
  t.ok(presentation.segments.at(-2)!.parts.length === 1, 'nothing is cut in vain')
  t.same(
    sequences(),
    sequences().map((_, i) => sequences()[0]! + i),
    'without a gap',
  )
  const [before, after] = [
    presentation.segments.findLast(({ parts }) => parts.length > 1)!,
    presentation.segments.find(({ writers }) => writers.partDuration === undefined)!,
  ]
  t.ok(Math.abs(before.start + before.duration - after.start) < 0.1, 'of time either')

  change(studio, { hls: { segmentCount: 20 } })
  studio.play(8)
  t.match(playlistOf(studio), /EXT-X-PART-INF[^]*EXT-X-PART:[^]*EXT-X-PRELOAD-HINT/)
  t.equal(playlistOf(studio).match(/#EXT-X-DISCONTINUITY\n/g)?.length, 2)
  t.notOk(studio.broadcast.fits(mountOptions.parse({ hls: { partDuration: 0.2 } })), 'but how long parts are is promised')
})

t.test('segments begin and end with the switch, in the middle of a stream', async (t) => {
  const studio = new Studio({ dash: false, hls: { enabled: false } })
  studio.play(5)
  t.equal(studio.broadcast.presentation, undefined)
  change(studio, {})
  studio.play(5)
  const { segments, live } = studio.presentation
  t.ok(live)
  t.ok(segments.length >= 2 && segments.every(({ duration }) => duration <= 2.5))
  t.ok(segments[0]!.start > 14, 'from then on')
  t.ok(segments[0]!.independent)

  const { presentation } = studio
  change(studio, { dash: false, hls: { enabled: false } })
  studio.play(5)
  change(studio, {})
  studio.play(58)
  t.equal(studio.broadcast.presentation, presentation, 'a switch touched by mistake costs nothing')
  change(studio, { dash: false, hls: { enabled: false } })
  studio.play(61)
  t.equal(studio.broadcast.presentation, undefined)
  t.equal(presentation.live, false)
})

t.test('how much is kept changes at once', async (t) => {
  const studio = new Studio()
  studio.play(30)
  const before = studio.presentation.window.length
  change(studio, { hls: { segmentCount: 3 } })
  t.ok(studio.presentation.window.length <= 4 && before > 6)
})
