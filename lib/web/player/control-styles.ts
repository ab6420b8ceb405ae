import { css } from 'lit'

/** The look of the bar of controls, its menus, and the statistics. */
export const CONTROL_STYLES = css`
  .bar {
    position: absolute;
    inset: auto 0 0;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px;
    padding: 36px 10px 8px;
    background: linear-gradient(#0b162000, #0b1620d9 60%);
    transition: opacity var(--_quick);
  }
  .idle .bar {
    opacity: 0;
    pointer-events: none;
  }
  .bar > .space {
    flex: 1;
  }
  .bar button {
    display: grid;
    place-content: center;
    min-width: 40px;
    height: 40px;
    padding: 0;
    border: 0;
    border-radius: 8px;
    background: none;
    transition: background var(--_quick);
  }
  .bar button:hover,
  .bar button[aria-expanded='true'],
  .bar button[aria-pressed='true'] {
    background: #e6f0f626;
  }
  .bar .live {
    display: inline-flex;
    align-items: center;
    gap: 7px;
    padding: 0 10px;
    font-size: 13px;
    font-weight: 600;
    white-space: nowrap;
  }
  .dot {
    width: 9px;
    height: 9px;
    border-radius: 50%;
    background: #9bb3c4;
  }
  .on .dot {
    background: var(--_live);
    animation: breathe 2.4s ease-in-out infinite;
  }
  @keyframes breathe {
    50% {
      opacity: 0.45;
    }
  }
  input[type='range'] {
    appearance: none;
    height: 24px;
    margin: 0;
    background: none;
    cursor: pointer;
    accent-color: #5cc8ec;
  }
  input[type='range']::-webkit-slider-runnable-track {
    height: 4px;
    border-radius: 2px;
    background: #e6f0f659;
  }
  input[type='range']::-moz-range-track {
    height: 4px;
    border-radius: 2px;
    background: #e6f0f659;
  }
  input[type='range']::-webkit-slider-thumb {
    appearance: none;
    width: 14px;
    height: 14px;
    margin-top: -5px;
    border-radius: 50%;
    background: #5cc8ec;
  }
  input[type='range']::-moz-range-thumb {
    width: 14px;
    height: 14px;
    border: 0;
    border-radius: 50%;
    background: #5cc8ec;
  }
  .volume {
    width: 84px;
  }
  .seek {
    flex-basis: 100%;
    display: flex;
    align-items: center;
    gap: 10px;
    padding: 0 8px;
    font-size: 13px;
  }
  .seek input {
    flex: 1;
    min-width: 0;
  }
  .menu {
    position: absolute;
    inset-inline-end: 10px;
    bottom: 56px;
    min-width: 150px;
    max-height: calc(100% - 70px);
    overflow: auto;
    padding: 6px;
    border-radius: 10px;
    background: #12212ef2;
    color: #e6f0f6;
    box-shadow: 0 6px 24px #0008;
  }
  .menu button {
    display: block;
    width: 100%;
    min-height: 36px;
    padding: 0 12px;
    border: 0;
    border-radius: 7px;
    background: none;
    text-align: start;
  }
  .menu button:hover {
    background: #e6f0f61f;
  }
  .menu button[aria-checked='true'] {
    color: #5cc8ec;
    font-weight: 600;
  }
  .menu button[aria-checked='true']::after {
    content: ' ✓';
  }
  .statistics {
    position: absolute;
    top: 12px;
    inset-inline-start: 12px;
    max-width: calc(100% - 24px);
    max-height: calc(100% - 70px);
    overflow: auto;
    padding: 10px 14px;
    border-radius: 10px;
    background: #0b1620e0;
    color: #e6f0f6;
    font-size: 13px;
  }
  .statistics dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 2px 14px;
  }
  .statistics dt {
    color: #9bb3c4;
  }
  .statistics dd {
    overflow-wrap: anywhere;
  }
  @container player (max-width: 520px) {
    .volume {
      display: none;
    }
    .bar {
      padding: 28px 4px 4px;
      gap: 0;
    }
    .bar button {
      min-width: 36px;
    }
    .veil {
      padding: 12px;
      gap: 4px;
    }
    .pill {
      min-height: 36px;
      padding: 0 14px;
      font-size: 13px;
    }
    .pill svg {
      width: 18px;
      height: 18px;
    }
    .links {
      gap: 6px;
      margin-top: 4px;
    }
    .veil .name {
      font-size: 17px;
    }
    .veil > svg {
      width: 30px;
      height: 30px;
    }
    .veil .soft {
      font-size: 13px;
    }
    .play-big {
      width: 60px;
      height: 60px;
    }
    .statistics {
      font-size: 12px;
      padding: 6px 10px;
    }
  }
`
