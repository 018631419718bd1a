import { html, type TemplateResult } from 'lit';
import type { MachineState } from '../src/contracts.js';
import { icon } from './icons.js';
import { STATE_WORDS } from './words.js';

/** Icon, word and colour of a state: the word alone would do. */
export function stateBadge(state: MachineState): TemplateResult {
  return html`<span class="badge tone-${state}" data-state=${state}>${icon(state)} ${STATE_WORDS[state]}</span>`;
}
