import { css } from 'lit';

/** Rules that every component starts from. Colours and spaces are page.css's tokens. */
export const shared = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    display: block;
    min-width: 0;
  }
  :host([hidden]) {
    display: none;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  dl,
  dd,
  figure {
    margin: 0;
    padding: 0;
  }
  h1,
  h2,
  h3,
  p,
  figcaption {
    min-width: 0;
    overflow-wrap: anywhere;
  }
  ul {
    list-style: none;
  }
  h2 {
    font-size: 17px;
    font-weight: 650;
    line-height: 1.3;
    letter-spacing: -0.01em;
  }
  h3 {
    font-size: 15px;
    font-weight: 650;
    line-height: 1.35;
  }
  svg.icon {
    width: 1.15em;
    height: 1.15em;
    flex: none;
    vertical-align: -0.2em;
  }
  .soft {
    color: var(--ink-soft);
  }
  .small {
    font-size: 13px;
  }
  .number {
    font-variant-numeric: tabular-nums;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .panel {
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    box-shadow: var(--shadow);
  }
  button,
  select,
  input {
    font: inherit;
    color: inherit;
  }
  button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-height: 36px;
    padding: 5px 12px;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-small);
    background: var(--surface);
    font-size: 14px;
    font-weight: 550;
    line-height: 1.3;
    cursor: pointer;
  }
  button:hover:not(:disabled) {
    background: var(--sunken);
  }
  button:disabled {
    color: var(--ink-soft);
    border-color: var(--line);
    cursor: default;
  }
  button.primary {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--on-accent);
  }
  button.primary:hover:not(:disabled) {
    background: color-mix(in srgb, var(--accent) 88%, var(--ink));
  }
  button.quiet {
    border-color: transparent;
    background: transparent;
    color: var(--ink-soft);
  }
  button.quiet:hover:not(:disabled) {
    background: var(--sunken);
    color: var(--ink);
  }
  button[aria-pressed='true'] {
    background: color-mix(in srgb, var(--accent) 12%, var(--surface));
    border-color: var(--accent);
    color: var(--accent);
  }
  select,
  input {
    min-height: 36px;
    padding: 5px 10px;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-small);
    background: var(--surface);
    font-size: 14px;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .badge {
    --tone: var(--unknown);
    display: inline-flex;
    align-items: center;
    gap: 6px;
    padding: 2px 10px 2px 8px;
    border-radius: 999px;
    background: color-mix(in srgb, var(--tone) 11%, var(--surface));
    color: var(--tone);
    font-size: 13px;
    font-weight: 600;
    line-height: 20px;
  }
  .tone-normal {
    --tone: var(--normal);
  }
  .tone-anomalous {
    --tone: var(--anomalous);
  }
  .tone-sensor-fault {
    --tone: var(--sensor-fault);
  }
  .tone-learning {
    --tone: var(--learning);
  }
  .tone-muted {
    --tone: var(--muted);
  }
  .tone-off {
    --tone: var(--off);
  }
  .tone-unknown {
    --tone: var(--unknown);
  }
  .tone-test {
    --tone: var(--test);
  }
  dialog {
    color: var(--ink);
    background: var(--surface);
    border: 1px solid var(--line);
  }
  dialog::backdrop {
    background: rgb(8 12 18 / 45%);
  }
  @media (pointer: coarse) {
    button,
    select,
    input {
      min-height: 44px;
    }
  }
`;
