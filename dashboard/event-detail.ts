import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Event, EventLabel } from '../src/contracts.js';
import './bar-chart.js';
import { formatDuration, formatFull, formatP, formatScore } from './format.js';
import { icon } from './icons.js';
import { shared } from './shared-styles.js';
import './sound-compare.js';
import { eventTitle, KIND_LOOKS, LABEL_WORDS } from './words.js';

const LABELS: readonly EventLabel[] = ['true-alarm', 'false-alarm', 'unsure'];

/** Everything about one event, in a sheet that slides over the page: words, times, evidence, explanation, judgement; the slot is for news. */
@customElement('auscult-event-detail')
export class EventDetail extends LitElement {
  static override styles = [
    shared,
    css`
      dialog {
        width: min(640px, 100vw);
        max-width: none;
        height: 100dvh;
        max-height: none;
        margin: 0 0 0 auto;
        padding: 0;
        border-width: 0 0 0 1px;
        overflow: hidden auto;
        overscroll-behavior: contain;
      }
      header {
        position: sticky;
        top: 0;
        z-index: 1;
        display: flex;
        align-items: flex-start;
        gap: var(--space-3);
        padding: var(--space-4) var(--space-5);
        background: var(--surface);
        border-bottom: 1px solid var(--line);
      }
      header > div {
        flex: 1;
        min-width: 0;
      }
      h2 {
        margin-top: 6px;
        font-size: 19px;
      }
      .body {
        display: grid;
        gap: var(--space-5);
        padding: var(--space-5);
      }
      .words {
        font-size: 17px;
        line-height: 1.45;
      }
      dl {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(190px, 1fr));
        gap: var(--space-3) var(--space-4);
      }
      dt {
        font-size: 12.5px;
        color: var(--ink-soft);
      }
      dd {
        overflow-wrap: anywhere;
        font-variant-numeric: tabular-nums;
      }
      h3 {
        margin-bottom: var(--space-2);
      }
      img {
        display: block;
        width: 100%;
        border-radius: var(--radius-small);
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2);
      }
      .charts {
        display: grid;
        gap: var(--space-4);
      }
      details {
        border-top: 1px solid var(--line);
        padding-top: var(--space-3);
      }
      summary {
        cursor: pointer;
        color: var(--ink-soft);
      }
      details dl {
        grid-template-columns: 1fr;
        margin-top: var(--space-3);
      }
      code {
        font-size: 12px;
        overflow-wrap: anywhere;
      }
      @media (max-width: 480px) {
        header,
        .body {
          padding-inline: var(--space-4);
        }
      }
    `,
  ];

  @property({ attribute: false }) event: Event | null = null;
  /** True when the feed hears: an anomaly's recording will be there when it ends. */
  @property({ type: Boolean }) isSound = false;
  @property({ attribute: false }) nowMs = Date.now();

  override render() {
    const { event } = this;
    return html`<dialog aria-labelledby="title" @close=${this.closed} @click=${this.clicked}>
      ${event ? html`${this.renderHeader(event)}<div class="body">${this.renderBody(event)}</div>` : nothing}
      <slot></slot>
    </dialog>`;
  }

  override updated(): void {
    const dialog = this.renderRoot.querySelector('dialog');
    if (!dialog) return;
    if (this.event && !dialog.open) dialog.showModal();
    else if (!this.event && dialog.open) dialog.close();
  }

  private renderHeader(event: Event) {
    const look = KIND_LOOKS[event.kind];
    return html`<header>
      <div>
        <span class="badge ${look.tone}">${icon(look.icon)} ${eventTitle(event)}</span>
        <h2 id="title">${event.machine}</h2>
      </div>
      <button class="quiet" aria-label="Close" @click=${this.dismiss}>${icon('close')}</button>
    </header>`;
  }

  private renderBody(event: Event) {
    return html`<p class="words">${event.words}</p>
      <div class="buttons">
        ${
          event.acknowledgedMs === null
            ? html`<button class="primary" data-acknowledge @click=${() => this.emit('acknowledge-event', event)}>${icon('check')} Acknowledge</button>`
            : html`<span class="badge tone-normal" data-acknowledged>${icon('check')} Acknowledged ${formatFull(event.acknowledgedMs)}</span>`
        }
      </div>
      ${this.renderClip(event)} ${this.renderFacts(event)} ${this.renderExplanation(event)} ${this.renderLabels(event)}
      ${this.renderProvenance(event)}`;
  }

  private renderClip({ kind, clip, clearedMs, contribution }: Event) {
    if (clip === null) {
      return clearedMs === null && this.isSound && kind === 'anomaly'
        ? html`<p class="small soft">The recording is stored when the event ends.</p>`
        : nothing;
    }
    return html`<section aria-labelledby="clip">
      <h3 id="clip">${contribution?.nearestNormal ? 'Listen and compare' : 'Recording'}</h3>
      <auscult-sound-compare .clip=${clip} .contribution=${contribution}></auscult-sound-compare>
    </section>`;
  }

  private renderFacts(event: Event) {
    const lasted = formatDuration((event.clearedMs ?? this.nowMs) - event.raisedMs);
    return html`<section aria-label="Figures"><dl>
      <div><dt>Raised</dt><dd>${formatFull(event.raisedMs)}</dd></div>
      <div><dt>Cleared</dt><dd>${event.clearedMs === null ? `Ongoing for ${lasted}` : `${formatFull(event.clearedMs)}, after ${lasted}`}</dd></div>
      ${
        event.kind === 'anomaly'
          ? html`<div><dt>Peak score</dt><dd>${formatScore(event.peak)} against a threshold of ${formatScore(event.threshold)}</dd></div>
              <div><dt>Peak at</dt><dd>${formatFull(event.peakMs)}</dd></div>
              <div><dt>p-value</dt><dd>${formatP(event.pValue)}</dd></div>`
          : nothing
      }
      <div><dt>Feed</dt><dd>${event.feed}</dd></div>
    </dl></section>`;
  }

  private renderExplanation({ contribution }: Event) {
    if (contribution === null || contribution.axes.length === 0) return nothing;
    return html`<section aria-labelledby="why">
      <h3 id="why">What made it unusual</h3>
      <div class="charts">${contribution.axes.map((axis) => html`<auscult-bar-chart .axis=${axis}></auscult-bar-chart>`)}</div>
    </section>`;
  }

  private renderLabels(event: Event) {
    if (event.kind !== 'anomaly') return nothing;
    return html`<section aria-labelledby="judge">
      <h3 id="judge">Was it right to alert?</h3>
      <div class="buttons" role="group" aria-labelledby="judge">
        ${LABELS.map(
          (
            label,
          ) => html`<button aria-pressed=${event.label === label} @click=${() => this.emit('label-event', { event, label })}>
            ${LABEL_WORDS[label]}
          </button>`,
        )}
      </div>
    </section>`;
  }

  private renderProvenance({ id, modelDigest, configDigest }: Event) {
    return html`<details class="small">
      <summary>Provenance</summary>
      <dl>
        <div><dt>Event</dt><dd><code>${id}</code></dd></div>
        <div><dt>Model</dt><dd><code>${modelDigest}</code></dd></div>
        <div><dt>Configuration</dt><dd><code>${configDigest}</code></dd></div>
      </dl>
    </details>`;
  }

  /** A click on the shade beside the sheet. */
  private clicked({ target }: MouseEvent): void {
    if (target instanceof HTMLDialogElement) this.dismiss();
  }

  private dismiss(): void {
    this.renderRoot.querySelector('dialog')?.close();
  }

  private closed(): void {
    this.emit('close-event', null);
  }

  private emit(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
