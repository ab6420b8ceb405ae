import { css } from 'lit'

/** The look of the player: the tokens of our pages where there are any, and the same values elsewhere. */
export const STYLES = css`
  :host {
    --_ice: var(--ice, #0a7ea4);
    --_ink: var(--ink, currentcolor);
    --_soft: var(--soft, #51687a);
    --_line: var(--line, #d9e4ec);
    --_surface: var(--surface, #fff);
    --_live: #ff5a6b;
    --_radius: var(--radius, 10px);
    --_quick: var(--quick, 150ms ease);
    display: block;
    container: player / inline-size;
    color: var(--_ink);
    font: 15px/1.4 var(--font, system-ui, sans-serif);
    font-variant-numeric: tabular-nums;
    text-align: start;
  }
  :host([hidden]) {
    display: none;
  }
  * {
    box-sizing: border-box;
  }
  p,
  dl,
  dd,
  ol {
    margin: 0;
    padding: 0;
  }
  button,
  input {
    font: inherit;
    color: inherit;
  }
  button {
    cursor: pointer;
  }
  :focus-visible {
    outline: 2px solid var(--_ring, var(--_ice));
    outline-offset: 2px;
  }
  svg {
    width: 22px;
    height: 22px;
    display: block;
    fill: currentcolor;
  }
  .stroke {
    fill: none;
    stroke: currentcolor;
    stroke-width: 1.8;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .stage {
    --_ring: #5cc8ec;
    position: relative;
    overflow: hidden;
    aspect-ratio: 16 / 9;
    border-radius: var(--_radius);
    background: #0b1620;
    color: #e6f0f6;
  }
  :host([embed]),
  :host([embed]) .stage {
    height: 100%;
    width: 100%;
    aspect-ratio: auto;
    border-radius: 0;
  }
  .stage:fullscreen {
    border-radius: 0;
    aspect-ratio: auto;
  }
  .stage.idle {
    cursor: none;
  }
  video {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
  }
  .audio video,
  .blank video {
    visibility: hidden;
  }

  .veil {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 8px;
    padding: 20px;
    text-align: center;
    background: radial-gradient(120% 120% at 50% 0%, #17394a 0%, #0b1620 62%);
  }
  .veil.over {
    background: #0b1620b8;
  }
  .veil > svg {
    width: 44px;
    height: 44px;
    color: #5cc8ec;
  }
  .veil .name {
    font-size: 22px;
    line-height: 1.25;
    font-weight: 600;
    overflow-wrap: anywhere;
    display: -webkit-box;
    -webkit-line-clamp: 2;
    -webkit-box-orient: vertical;
    overflow: hidden;
  }
  .veil .soft {
    color: #9bb3c4;
    max-width: 46ch;
  }
  .veil.waits > svg rect {
    animation: drift 5s ease-in-out infinite alternate;
  }
  .veil.waits > svg rect:nth-child(2) {
    animation-direction: alternate-reverse;
  }
  @keyframes drift {
    from {
      transform: translateX(-1.5px);
    }
    to {
      transform: translateX(1.5px);
    }
  }
  .links {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: 8px;
    margin-top: 8px;
  }
  .pill {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-height: 40px;
    padding: 0 18px;
    border: 0;
    border-radius: 20px;
    background: #5cc8ec;
    color: #06202c;
    font-weight: 600;
    text-decoration: none;
    transition: background var(--_quick);
  }
  .pill:hover {
    background: #86d8f3;
  }
  .pill.plain {
    background: #21384a;
    color: #e6f0f6;
  }
  .pill.plain:hover {
    background: #2b4a61;
  }
  .play-big {
    display: grid;
    place-content: center;
    width: 76px;
    height: 76px;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: #5cc8ec;
    color: #06202c;
    transition: transform var(--_quick);
  }
  .play-big svg {
    width: 38px;
    height: 38px;
  }
  .play-big:hover {
    transform: scale(1.05);
  }
  .sound-on {
    position: absolute;
    inset-inline-start: 16px;
    bottom: 64px;
    box-shadow: 0 2px 12px #0008;
  }
  .spinner {
    position: absolute;
    inset: 0;
    margin: auto;
    width: 44px;
    height: 44px;
    border: 3px solid #e6f0f633;
    border-top-color: #5cc8ec;
    border-radius: 50%;
    animation: turn 1s linear infinite;
    pointer-events: none;
  }
  @keyframes turn {
    to {
      transform: rotate(1turn);
    }
  }

  .strip {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 12px;
    padding-top: 10px;
    min-height: 46px;
  }
  .strip .delay {
    color: var(--_soft);
    font-size: 13px;
  }
  .notice {
    font-size: 13px;
    color: var(--_soft);
    flex-basis: 100%;
  }
  .modes {
    display: inline-flex;
    padding: 3px;
    border: 1px solid var(--_line);
    border-radius: 10px;
    background: var(--_surface);
  }
  .modes button {
    min-height: 30px;
    padding: 0 14px;
    border: 0;
    border-radius: 7px;
    background: none;
    font-size: 13px;
    transition: background var(--_quick);
  }
  .modes button:hover {
    background: color-mix(in srgb, var(--_ice) 12%, transparent);
  }
  .modes button[aria-checked='true'] {
    background: var(--_ice);
    color: var(--on-ice, #fff);
    font-weight: 600;
  }
  :host([embed]) .strip {
    position: absolute;
    top: 0;
    inset-inline-end: 0;
    padding: 12px;
    justify-content: flex-end;
    transition: opacity var(--_quick);
  }
  :host([embed]) .strip .modes {
    --_surface: #0b1620cc;
    --_line: #21384a;
    --_ice: #5cc8ec;
    --on-ice: #06202c;
    color: #e6f0f6;
  }
  :host([embed]) .strip :is(.delay, .notice) {
    color: #e6f0f6;
    text-shadow: 0 0 4px #000;
  }
  :host([embed]) .idle .strip {
    opacity: 0;
    pointer-events: none;
  }

  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
    }
  }
`
