import { html, nothing, type TemplateResult } from 'lit'
import type { DeskList, DeskState } from '../../api/desk.js'
import type { StreamerTarget } from '../../api/streamer.js'
import '../parts/running-clock.js'
import { bitrateWords, clockWords } from '../parts/units.js'
import { icons } from './icons.js'
import { sizeWords, spanWords } from './words.js'

type Running = NonNullable<DeskState['streamer']>

const STATUS: Readonly<Record<StreamerTarget['status'], string>> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Connecting again',
  failed: 'Failed',
  ended: 'Ended',
}

/** How it goes: where to, since when, and the figures. */
export function drawTargets({ targets, status, frameRate, frames, encoder }: Running, watch: string): TemplateResult {
  const [first] = targets
  return html`<ul class="targets">
      ${targets.map(
        ({ mount, server, status: stands, since, problem }) =>
          html`<li>
            <p class="mark ${stands}">
              <span class=${stands === 'live' ? 'dot' : 'ring'}></span>${STATUS[stands]}
              ${since === null ? nothing : html`<running-clock .since=${since}></running-clock>`}
              ${status === 'paused' && stands === 'live' ? html`<span class="since">a still is shown</span>` : nothing}
            </p>
            <p class="place">
              <bdi>${mount}</bdi> <span class="soft">on <bdi>${server}</bdi></span>
            </p>
            <p class="problem" role="alert">${problem ?? ''}</p>
          </li>`,
      )}
    </ul>
    <dl class="figures">
      ${figure('Sending', bitrateWords(sum(targets, 'bitrate')), `${Math.round(sum(targets, 'bitrate')).toLocaleString('en')} bit/s`)}
      ${figure('Viewers', first?.viewers === null || first === undefined ? '–' : String(sum(targets, 'viewers')), 'as the server says')}
      ${frameRate === null ? nothing : figure('Pictures', `${Math.round(frameRate)} a second`, `${frames.toLocaleString('en')} sent`)}
      ${figure('Buffer', sizeWords(sum(targets, 'buffered')), 'waits for the network')}
      ${figure('Left out', sizeWords(sum(targets, 'dropped')), 'because the network was too slow or away')}
      ${figure('Connected anew', sum(targets, 'reconnects').toLocaleString('en'), 'times')}
      ${figure('Sent', sizeWords(sum(targets, 'bytesSent')), `${sum(targets, 'bytesSent').toLocaleString('en')} bytes`)}
    </dl>
    ${encoder === null ? nothing : html`<p class="soft small">${encoder}</p>`}
    ${watch === '' ? nothing : html`<a class="button plain" href=${watch} target="_blank" rel="noreferrer">Watch it</a>`}`
}

const sum = (
  targets: readonly StreamerTarget[],
  name: 'bitrate' | 'buffered' | 'dropped' | 'reconnects' | 'viewers' | 'bytesSent',
): number => targets.reduce((all, target) => all + (target[name] ?? 0), 0)

const figure = (label: string, value: string, exact: string): TemplateResult =>
  html`<div title=${exact}>
    <dt>${label}</dt>
    <dd>${value}</dd>
  </div>`

/** What plays, how far it is, and what comes next. */
export function drawPlaying(
  running: Running,
  list: DeskList,
  tell: (what: 'next' | 'previous' | 'pause' | 'resume' | 'giveBack') => void,
): TemplateResult {
  const { position, takenOver, status, current } = running
  const entry = list.find(({ id }) => id === current)
  const next = list.find(({ state }) => state === 'next')
  const isPaused = status === 'paused'
  const duration = takenOver === null ? (entry?.duration ?? null) : null
  const rest = duration === null ? '' : `, in ${spanWords(duration - position)}`
  const isHeld = takenOver !== null
  return html`<section class="box playing" aria-labelledby="playing-title">
    <h2 id="playing-title" class="visually-hidden">What plays</h2>
    <p class="now" dir="auto">${takenOver ?? entry?.title ?? (status === 'starting' ? 'Starting…' : 'Nothing')}</p>
    ${
      isHeld
        ? html`<p class="soft small">${entry === undefined ? 'The list is empty.' : html`The list waits at <bdi>${entry.title}</bdi>.`}</p>`
        : html`<div class="progress">
            <span>${clockWords(position)}</span>
            ${
              duration === null
                ? html`<progress aria-label="How far it is" max="1" value="0"></progress>`
                : html`<progress
                    aria-label="How far it is"
                    max=${Math.max(duration, 0.1)}
                    .value=${Math.min(position, duration)}
                  ></progress>`
            }
            <span>${duration === null ? '' : clockWords(duration)}</span>
          </div>`
    }
    <div class="transport">
      ${
        isHeld
          ? html`<button type="button" class="button plain" @click=${() => tell('giveBack')}>Back to the list</button>`
          : html`<button type="button" class="quiet" aria-label="Previous" title="Previous" @click=${() => tell('previous')}>
                ${icons.previous}
              </button>
              <button
                type="button"
                class="button plain"
                title=${isPaused ? 'Go on where it was paused' : 'Send a still and silence'}
                @click=${() => tell(isPaused ? 'resume' : 'pause')}
              >
                ${isPaused ? icons.play : icons.pause} ${isPaused ? 'Go on' : 'Pause'}
              </button>
              <button type="button" class="quiet" aria-label="Next" title="Next" @click=${() => tell('next')}>${icons.next}</button>`
      }
      ${next === undefined || isHeld ? nothing : html`<p class="soft small upcoming">Next: <bdi>${next.title}</bdi>${rest}</p>`}
    </div>
  </section>`
}
