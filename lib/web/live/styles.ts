import { css } from 'lit'

/** The look of the element; colours and sizes come from the tokens of the page. */
export const STYLES = css`
  :host {
    display: block;
    color: var(--ink);
    font: var(--size-2, 15px) / 1.5 var(--font);
    font-variant-numeric: tabular-nums;
  }
  * {
    box-sizing: border-box;
  }
  [hidden] {
    display: none !important;
  }
  p,
  h3,
  fieldset {
    margin: 0;
  }
  .all {
    display: grid;
    grid-template-columns: minmax(0, 3fr) minmax(280px, 2fr);
    gap: 24px;
    align-items: start;
  }
  .stage {
    position: relative;
    display: grid;
    overflow: hidden;
    aspect-ratio: 16 / 9;
    border-radius: var(--radius, 10px);
    background: #071019;
    color: #e6f0f6;
  }
  .stage > * {
    grid-area: 1 / 1;
    min-width: 0;
  }
  video {
    width: 100%;
    height: 100%;
    min-height: 0;
    object-fit: contain;
  }
  video.mirror {
    transform: scaleX(-1);
  }
  .veil {
    display: grid;
    gap: 8px;
    place-content: center;
    justify-items: center;
    padding: 24px;
    text-align: center;
  }
  .veil svg {
    width: 40px;
    height: 40px;
    opacity: 0.7;
  }
  .badge {
    z-index: 1;
    display: inline-flex;
    align-items: center;
    align-self: start;
    justify-self: start;
    gap: 8px;
    margin: 12px;
    padding: 4px 12px;
    border-radius: 999px;
    background: #071019cc;
    color: #e6f0f6;
    font-size: var(--size-1, 13px);
    font-weight: 600;
  }
  .dot {
    width: 9px;
    height: 9px;
    border-radius: 50%;
    background: #9bb3c4;
  }
  .live .dot {
    background: #ff5a6b;
    animation: pulse 2s ease-in-out infinite;
  }
  @keyframes pulse {
    50% {
      opacity: 0.35;
    }
  }
  .level {
    --level: 0;
    height: 6px;
    margin-top: 8px;
    overflow: hidden;
    border-radius: 3px;
    background: var(--line);
  }
  .level::after {
    display: block;
    width: 100%;
    height: 100%;
    background: linear-gradient(to right, var(--good) 70%, var(--warn) 88%, var(--live));
    clip-path: inset(0 calc(100% - var(--level) * 100%) 0 0);
    content: '';
  }
  .front,
  .side {
    display: grid;
    gap: 16px;
    min-width: 0;
  }
  fieldset {
    min-width: 0;
    padding: 0;
    border: 0;
  }
  legend,
  .label {
    display: block;
    margin-bottom: 4px;
    padding: 0;
    font-weight: 500;
  }
  .kinds,
  .qualities {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    gap: 8px;
  }
  .qualities {
    grid-template-columns: repeat(3, minmax(0, 1fr));
  }
  .choice {
    position: relative;
    display: grid;
    align-content: start;
    justify-items: center;
    gap: 2px;
    padding: 10px 4px;
    border: 1px solid var(--edge, light-dark(#7f94a3, #5e7a8d));
    border-radius: 8px;
    background: var(--surface);
    font-size: var(--size-1, 13px);
    text-align: center;
    cursor: pointer;
    transition: border-color var(--quick);
  }
  .choice svg {
    width: 22px;
    height: 22px;
  }
  .choice input {
    position: absolute;
    inset: 0;
    margin: 0;
    opacity: 0;
    cursor: pointer;
  }
  .choice:has(:checked) {
    border-color: var(--ice);
    background: color-mix(in srgb, var(--ice) 12%, var(--surface));
    box-shadow: inset 0 0 0 1px var(--ice);
    font-weight: 600;
  }
  .choice:has(:focus-visible) {
    outline: 2px solid var(--ice);
    outline-offset: 2px;
  }
  .choice:has(:disabled) {
    opacity: 0.55;
  }
  .choice .soft {
    font-weight: 400;
  }
  svg {
    fill: none;
    stroke: currentColor;
    stroke-width: 1.6;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  select,
  input[type='text'] {
    width: 100%;
    min-width: 0;
    min-height: 40px;
    padding: 8px 12px;
    border: 1px solid var(--edge, light-dark(#7f94a3, #5e7a8d));
    border-radius: 8px;
    background: var(--surface);
    color: inherit;
    font: inherit;
  }
  input[type='file'] {
    width: 100%;
    font: inherit;
    font-size: var(--size-1, 13px);
  }
  :focus-visible {
    outline: 2px solid var(--ice);
    outline-offset: 2px;
  }
  .soft {
    color: var(--soft);
  }
  .small {
    font-size: var(--size-1, 13px);
  }
  .row {
    display: flex;
    gap: 8px;
  }
  button {
    min-height: 40px;
    padding: 8px 16px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--surface);
    color: var(--ink);
    font: inherit;
    font-weight: 500;
    white-space: nowrap;
    cursor: pointer;
  }
  button:disabled {
    opacity: 0.55;
    cursor: default;
  }
  .go {
    width: 100%;
    min-height: 52px;
    border-color: var(--ice);
    background: var(--ice);
    color: var(--on-ice);
    font-size: var(--size-3, 17px);
    font-weight: 600;
  }
  .go.stop {
    border-color: light-dark(#c01f34, #ff7584);
    background: light-dark(#c01f34, #ff7584);
    color: light-dark(#fff, #2b0509);
  }
  .problem {
    padding: 8px 12px;
    border: 1px solid var(--warn);
    border-radius: 8px;
    overflow-wrap: anywhere;
  }
  @media (max-width: 899px) {
    .all {
      grid-template-columns: minmax(0, 1fr);
      gap: 16px;
    }
  }
  @media (max-width: 479px) {
    .kinds {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .live .dot {
      animation: none;
    }
  }
`
