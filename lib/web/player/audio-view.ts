import { css, html, nothing, type TemplateResult } from 'lit'

/** What is shown where there are no pictures. */
export interface AudioView {
  /** The stream's name, or the mount's. */
  readonly name: string
  /** What plays. */
  readonly title: string
  /** Who plays it; empty where the title says all. */
  readonly artist: string
  /** What played before, newest first. */
  readonly before: readonly string[]
}

/** Draws the face of an audio player: waves, and what plays. */
export function renderAudio({ name, title, artist, before }: AudioView): TemplateResult {
  return html`<div class="face">
    <canvas class="waves" aria-hidden="true"></canvas>
    <div class="titles">
      ${title === '' ? nothing : html`<p class="station" dir="auto">${name}</p>`}
      <p class="title" dir="auto">${title || name}</p>
      ${artist === '' ? nothing : html`<p class="artist" dir="auto">${artist}</p>`}
    </div>
    ${
      before.length === 0
        ? nothing
        : html`<div class="before">
            <p>Before</p>
            <ol>
              ${before.slice(0, 4).map((one) => html`<li dir="auto">${one}</li>`)}
            </ol>
          </div>`
    }
  </div>`
}

/** The look of it: calm, in the colours of the page. */
export const AUDIO_STYLES = css`
  .stage.audio {
    aspect-ratio: auto;
    min-height: 240px;
    background: var(--surface, #fff);
    color: var(--ink, #0d1b26);
    border: 1px solid var(--_line);
    --_ring: var(--_ice);
  }
  .audio .face {
    position: relative;
    display: grid;
    grid-template-columns: 1fr auto;
    align-items: start;
    gap: 16px;
    min-height: 238px;
    padding: 24px 24px 72px;
  }
  .audio .waves {
    position: absolute;
    inset: auto 0 52px;
    width: 100%;
    height: 96px;
    color: var(--_ice);
    opacity: 0.35;
  }
  .audio .titles {
    position: relative;
    min-width: 0;
  }
  .audio .station {
    color: var(--soft, #51687a);
    font-size: 13px;
  }
  .audio .title {
    font-size: 22px;
    line-height: 1.25;
    font-weight: 600;
    overflow-wrap: anywhere;
    display: -webkit-box;
    -webkit-line-clamp: 2;
    -webkit-box-orient: vertical;
    overflow: hidden;
  }
  .audio .artist {
    font-size: 17px;
    color: var(--soft, #51687a);
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .audio .before {
    position: relative;
    max-width: 260px;
    font-size: 13px;
    color: var(--soft, #51687a);
  }
  .audio .before p {
    font-weight: 600;
  }
  .audio .before ol {
    list-style: none;
  }
  .audio .before li {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .audio .bar {
    background: none;
    padding-top: 8px;
  }
  .audio .bar button:hover,
  .audio .bar button[aria-expanded='true'],
  .audio .bar button[aria-pressed='true'] {
    background: color-mix(in srgb, var(--_ice) 14%, transparent);
  }
  .audio input[type='range'] {
    accent-color: var(--_ice);
  }
  .audio input[type='range']::-webkit-slider-runnable-track {
    background: color-mix(in srgb, var(--soft, #51687a) 45%, transparent);
  }
  .audio input[type='range']::-moz-range-track {
    background: color-mix(in srgb, var(--soft, #51687a) 45%, transparent);
  }
  .audio input[type='range']::-webkit-slider-thumb {
    background: var(--_ice);
  }
  .audio input[type='range']::-moz-range-thumb {
    background: var(--_ice);
  }
  .audio .on .dot {
    background: var(--live, #d7263d);
  }
  .audio .sound-on {
    inset: auto 56px 10px auto;
    min-height: 36px;
    box-shadow: none;
  }
  .audio .veil {
    padding-bottom: 24px;
    background: var(--surface, #fff);
    color: inherit;
  }
  .audio .veil .soft {
    color: var(--soft, #51687a);
  }
  .audio .veil.over {
    background: color-mix(in srgb, var(--surface, #fff) 88%, transparent);
  }
  :host([embed]) .stage.audio {
    border: 0;
    min-height: 0;
  }
  :host([embed]) .audio .face {
    padding-top: 56px;
  }
  :host([embed]) .audio .before {
    display: none;
  }
  :host([embed]) .audio .strip .modes {
    --_surface: var(--surface, #fff);
    --_line: var(--line, #d9e4ec);
    --_ice: var(--ice, #0a7ea4);
    --on-ice: light-dark(#fff, #06202c);
    color: inherit;
  }
  :host([embed]) .audio .strip :is(.delay, .notice) {
    color: inherit;
    text-shadow: none;
  }
  @container player (max-width: 620px) {
    .audio .before {
      display: none;
    }
    .audio .face {
      grid-template-columns: 1fr;
      padding: 18px 16px 72px;
    }
  }
`
