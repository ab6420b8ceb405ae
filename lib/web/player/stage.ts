import { html, nothing, type TemplateResult } from 'lit'
import { vlcAddress } from './address.js'
import { renderAudio } from './audio-view.js'
import { type BarActions, type BarView, renderBar, renderMenu } from './controls.js'
import type { MountFacts } from './facts.js'
import { ICONS } from './icons.js'
import type { Playback } from './playback.js'
import { renderStatistics } from './statistics.js'
import { renderVeil } from './veils.js'

/** What the stage shows: the picture, or what stands for it, and what lies over it. */
export interface StageView {
  readonly playback: Playback | undefined
  readonly video: HTMLVideoElement
  /** The mount's name. */
  readonly mount: string
  /** What to call it. */
  readonly name: string
  /** The stream's own address. */
  readonly url: string
  /** Whether it shows pictures. */
  readonly isVideo: boolean
  /** Whether nobody is at the controls. */
  readonly isAlone: boolean
  readonly hasPoster: boolean
  /** Whether the viewer has switched the sound off. */
  readonly wantsSilence: boolean
  /** Pictures a second. */
  readonly rate: number
  readonly bar: BarView
  /** What else lies over it. */
  readonly inside: unknown
}

/** What the stage's buttons do. */
export interface StageActions extends BarActions {
  clicked(event: Event): void
  play(): void
  playSound(): void
}

/** Draws the stage. */
export function renderStage(view: StageView, act: StageActions): TemplateResult {
  const { playback, video, name, url, isVideo, bar, wantsSilence } = view
  const state = playback?.state ?? 'asking'
  const mount = playback?.mount
  const isLive = mount?.live === true
  const isPlaying = state === 'playing'
  const isIdle = isPlaying && isVideo && !video.paused && view.isAlone
  const isSilent = video.muted && !wantsSilence && (isPlaying || state === 'starting')
  const spins = state === 'starting' || state === 'asking' || (isPlaying && playback?.watch.isStill === true)
  const hasPicture = video.videoWidth > 0 || view.hasPoster
  const facts = {
    state,
    name,
    why: playback?.ways.why ?? '',
    hasSound: playback?.ways.hasSound ?? false,
    hasPicture,
    url,
    vlc: vlcAddress(url),
  }
  return html`<div
    class="stage ${!isVideo && isLive ? 'audio' : ''} ${isIdle ? 'idle' : ''}"
    role="region"
    tabindex="-1"
    aria-label="Player: ${name}"
    @click=${(event: Event) => act.clicked(event)}
    @dblclick=${(event: Event) => event.target === video && act.toggleFullScreen()}
  >
    ${video} ${!isVideo && isLive ? renderAudio({ name, ...playing(mount), before: before(mount) }) : nothing}
    ${spins ? html`<div class="spinner" role="status"><span class="visually-hidden">Loading</span></div>` : nothing}
    ${renderVeil(facts, act)}
    ${isSilent ? html`<button class="pill sound-on" @click=${() => act.toggleMute()}>${ICONS.muted} Sound on</button>` : nothing}
    ${
      bar.statistics && playback !== undefined
        ? renderStatistics({
            video,
            engine: playback.engine,
            ending: playback.way?.ending ?? '',
            stalls: playback.watch.total,
            rate: view.rate,
          })
        : nothing
    }
    ${isLive && state !== 'unplayable' && state !== 'ready' ? html`${renderBar(bar, act)}${renderMenu(bar, act)}` : nothing} ${view.inside}
  </div>`
}

const playing = ({ title }: MountFacts): { title: string; artist: string } =>
  title === null
    ? { title: '', artist: '' }
    : { title: title.title ?? title.display, artist: title.title === null ? '' : (title.artist ?? '') }

const before = ({ title, titles }: MountFacts): string[] =>
  titles.map(({ display }) => display).filter((display, i) => display !== '' && (i > 0 || display !== title?.display))
