import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Event } from '../src/contracts.js';
import { formatDuration, formatFull, formatWhen, timeZoneName } from './format.js';
import { icon } from './icons.js';
import { shared } from './shared-styles.js';
import { eventTitle, KIND_LOOKS, LABEL_WORDS } from './words.js';

/** Events from the newest to the oldest, a page at a time, of one machine or all. */
@customElement('auscult-event-list')
export class EventList extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
      }
      section {
        display: flex;
        flex: 1;
        flex-direction: column;
        min-width: 0;
        overflow: hidden;
      }
      .scroll {
        overflow: hidden auto;
        min-height: 0;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: var(--space-2) var(--space-3);
        padding: var(--space-4) var(--space-4) var(--space-3);
      }
      .head label {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        min-width: 0;
      }
      select {
        max-width: 200px;
      }
      li {
        border-top: 1px solid var(--line);
      }
      li button {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 0 var(--space-3);
        width: 100%;
        padding: var(--space-3) var(--space-4);
        border: 0;
        border-radius: 0;
        text-align: left;
        font-weight: 400;
        justify-content: stretch;
        align-items: start;
      }
      li button:focus-visible {
        outline-offset: -3px;
      }
      .mark {
        --tone: var(--unknown);
        display: grid;
        place-items: center;
        width: 32px;
        height: 32px;
        border-radius: 50%;
        background: color-mix(in srgb, var(--tone) 11%, var(--surface));
        color: var(--tone);
        font-size: 15px;
      }
      .mark.tone-anomalous {
        --tone: var(--anomalous);
      }
      .mark.tone-sensor-fault {
        --tone: var(--sensor-fault);
      }
      .mark.tone-test {
        --tone: var(--test);
      }
      .top {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0 var(--space-3);
      }
      .title {
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .words {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
        overflow-wrap: anywhere;
      }
      .tags {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 2px var(--space-3);
        margin-top: 2px;
      }
      .open {
        color: var(--anomalous);
        font-weight: 600;
      }
      .empty {
        padding: var(--space-5) var(--space-4) var(--space-6);
        border-top: 1px solid var(--line);
        color: var(--ink-soft);
      }
      .more {
        padding: var(--space-3) var(--space-4);
        border-top: 1px solid var(--line);
      }
      .more button {
        width: 100%;
      }
    `,
  ];

  @property({ attribute: false }) events: readonly Event[] = [];
  @property({ attribute: false }) machines: readonly string[] = [];
  /** Shown machine; null for all. */
  @property({ attribute: false }) machine: string | null = null;
  @property({ type: Boolean }) more = false;
  @property({ type: Boolean }) loading = false;
  @property({ attribute: false }) nowMs = Date.now();

  override render() {
    return html`<section class="panel" aria-labelledby="title">
      <div class="head">
        <div>
          <h2 id="title">Events</h2>
          <p class="small soft">Times in ${timeZoneName()}</p>
        </div>
        <label class="small"><span class="soft">Machine</span>
          <select @change=${this.filter} .value=${this.machine ?? ''}>
            <option value="">All</option>
            ${this.machines.map((name) => html`<option value=${name} ?selected=${name === this.machine}>${name}</option>`)}
          </select>
        </label>
      </div>
      <div class="scroll">${this.renderList()}
      ${
        this.more
          ? html`<div class="more"><button ?disabled=${this.loading} @click=${() => this.emit('load-more')}>
              ${icon('down')} ${this.loading ? 'Loading…' : 'Load more'}
            </button></div>`
          : nothing
      }</div>
    </section>`;
  }

  private renderList() {
    if (this.events.length === 0) {
      return html`<p class="empty">${this.loading ? 'Loading…' : 'Nothing unusual so far.'}</p>`;
    }
    // By id: who is on one when another comes stays on it.
    const items = repeat(
      this.events,
      ({ id }) => id,
      (event) => this.renderEvent(event),
    );
    return html`<ul aria-label="Events, newest first">${items}</ul>`;
  }

  private renderEvent(event: Event) {
    const look = KIND_LOOKS[event.kind];
    return html`<li><button data-event=${event.id} @click=${() => this.emit('open-event', event)}>
      <span class="mark ${look.tone}">${icon(look.icon)}</span>
      <span>
        <span class="top">
          <span class="title">${event.machine}</span>
          <time class="small soft number" datetime=${new Date(event.raisedMs).toISOString()} title=${formatFull(event.raisedMs)}
            >${formatWhen(event.raisedMs, this.nowMs)}</time>
        </span>
        <span class="small words">${eventTitle(event)}${event.words ? ` · ${event.words}` : ''}</span>
        <span class="tags small soft">
          ${
            event.clearedMs === null
              ? html`<span class="open">Ongoing, ${formatDuration(this.nowMs - event.raisedMs)}</span>`
              : html`<span>Lasted ${formatDuration(event.clearedMs - event.raisedMs)}</span>`
          }
          ${event.acknowledgedMs === null ? nothing : html`<span>${icon('check')} Acknowledged</span>`}
          ${event.label === null ? nothing : html`<span>${LABEL_WORDS[event.label]}</span>`}
          ${event.clip === null ? nothing : html`<span>${icon('play')} Clip</span>`}
        </span>
      </span>
    </button></li>`;
  }

  private filter(change: globalThis.Event): void {
    const { value } = change.target as HTMLSelectElement;
    this.emit('filter-machine', value === '' ? null : value);
  }

  private emit(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
