import { html, svg, type TemplateResult } from 'lit';

/** Line icons on a 20 × 20 grid, drawn with the colour of the text around them. They never stand alone: words are beside them, or a label on the button. */
const SHAPES = {
  normal: svg`<circle cx="10" cy="10" r="7.5"/><path d="m6.6 10.3 2.3 2.3 4.5-5"/>`,
  anomalous: svg`<path d="M10 2.8 18 16.7H2z"/><path d="M10 8v4M10 14.4v.1"/>`,
  'sensor-fault': svg`<rect x="7.5" y="2.5" width="5" height="8.5" rx="2.5"/><path d="M4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v2.5M3 3l14 14"/>`,
  learning: svg`<path d="M10 3.5 1.8 7.5 10 11.5l8.2-4zM5 9.5V14c2.8 2.3 7.2 2.3 10 0V9.5"/>`,
  muted: svg`<path d="M5.5 8a4.5 4.5 0 0 1 9 0c0 4 1.7 5.2 1.7 5.2H3.8S5.5 12 5.5 8zM8.5 16.3a1.7 1.7 0 0 0 3 0M3 3l14 14"/>`,
  off: svg`<path d="M10 2.8v6.4M6 5.2a6.5 6.5 0 1 0 8 0"/>`,
  unknown: svg`<circle cx="10" cy="10" r="7.5"/><path d="M7.9 7.9a2.2 2.2 0 1 1 3.2 2.1c-.8.4-1.1.8-1.1 1.6M10 14v.1"/>`,
  test: svg`<path d="M7.5 2.8h5M8.3 2.8v5L3.6 15.6a1.2 1.2 0 0 0 1 1.7h10.8a1.2 1.2 0 0 0 1-1.7L11.7 7.8v-5M6.2 12h7.6"/>`,
  sound: svg`<path d="M2.5 10h1.8l1.9-4.5 3 9.5 2.8-11 2.2 8 1.3-2h2"/>`,
  play: svg`<path d="M6 4.2v11.6l9.3-5.8z"/>`,
  close: svg`<path d="m5 5 10 10M15 5 5 15"/>`,
  clock: svg`<circle cx="10" cy="10" r="7.5"/><path d="M10 5.8V10l2.8 1.8"/>`,
  check: svg`<path d="m4 10.5 4 4 8-9"/>`,
  link: svg`<circle cx="10" cy="10" r="3.2" fill="currentColor"/>`,
  logout: svg`<path d="M8 3H4v14h4M12.5 6.5 16 10l-3.500 3.500M16 10H7.500"/>`,
  down: svg`<path d="m5 7.500 5 5 5-5"/>`,
} as const;

export type IconName = keyof typeof SHAPES;

export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.7"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${SHAPES[name]}</svg>`;
}
