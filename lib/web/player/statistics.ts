import { html, type TemplateResult } from 'lit'
import type { Engine } from './engine.js'
import { behind, bits } from './words.js'

/** What the statistics are taken from. */
export interface Measured {
  readonly video: HTMLVideoElement
  readonly engine: Engine | undefined
  /** What the mount's address ends in. */
  readonly ending: string
  readonly stalls: number
  /** Pictures decoded in the last second. */
  readonly rate: number
}

const ENGINES = { instant: 'Instant (Media Source Extensions)', shaka: 'Shaka Player', element: 'Media element' } as const
const FORMS: Readonly<Record<string, string>> = { m3u8: 'HLS', mpd: 'DASH', mp4: 'MP4', webm: 'WebM', ts: 'MPEG-TS' }

/** Seconds that can be played without anything more coming. */
function ahead({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = 0; i < buffered.length; i++)
    if (currentTime >= buffered.start(i) - 0.1 && currentTime <= buffered.end(i)) return buffered.end(i) - currentTime
  return 0
}

/** Draws the statistics. */
export function renderStatistics({ video, engine, ending, stalls, rate }: Measured): TemplateResult {
  const quality = video.getVideoPlaybackQuality()
  const facts = engine?.facts
  const rows: [string, string][] = [
    ['Player', engine === undefined ? 'none' : `${ENGINES[engine.name]}, ${FORMS[ending] ?? ending.toUpperCase()}`],
    ['Codecs', /codecs="([^"]*)"/.exec(facts?.codecs ?? '')?.[1]?.replaceAll(',', ', ') ?? facts?.codecs ?? ''],
    ...(video.videoWidth > 0
      ? ([
          ['Picture', `${video.videoWidth} × ${video.videoHeight}, ${Math.round(rate)} fps`],
          ['Pictures', `${quality.totalVideoFrames} decoded, ${quality.droppedVideoFrames} dropped`],
        ] satisfies [string, string][])
      : []),
    ...(facts?.bitrate === undefined ? [] : ([['Bit rate', bits(facts.bitrate)]] satisfies [string, string][])),
    ['Delay', `${behind(engine?.delay) || 'unknown'}${facts?.target === undefined ? '' : `, wants ${facts.target.toFixed(1)} s`}`],
    ['Buffer', `${ahead(video).toFixed(1)} s`],
    ['Speed', `${video.playbackRate.toFixed(2)} ×`],
    ['Stalls', String(stalls)],
  ]
  return html`<div class="statistics" role="region" aria-label="Statistics">
    <dl>
      ${rows.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
  </div>`
}
