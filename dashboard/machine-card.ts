import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import type { Event, LearnProgress } from '../src/contracts.js';
import type { LiveFeed, LiveMachine, LiveVerdict } from '../src/sinks/http/protocol.js';
import { formatDuration, formatP, formatScore } from './format.js';
import { icon } from './icons.js';
import './score-chart.js';
import type { ScoreHistory } from './score-history.js';
import { shared } from './shared-styles.js';
import { stateBadge } from './state-badge.js';
import { eventTitle, KIND_LOOKS, LEARNING_WORDS } from './words.js';

/** What a card asks of the page. */
export type MachineAction = 'mute' | 'unmute' | 'learn' | 'roll-back' | 'test-alert';

/** A feed that has told nothing for so long is called late. */
const LATE_MS = 15_000;
/** What learning has come to is shown this long. */
const LEARNING_SHOWN_MS = 86_400_000;

/** One machine: its state, each feed's score and curve, its open alert, and what can be done. */
@customElement('auscult-machine-card')
export class MachineCard extends LitElement {
  static override styles = [
    shared,
    css`
      .panel {
        display: flex;
        flex-direction: column;
        height: 100%;
        overflow: hidden;
      }
      .panel.alarmed {
        border-color: color-mix(in srgb, var(--anomalous) 55%, var(--line));
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-2) var(--space-3);
        padding: var(--space-4) var(--space-4) 0;
      }
      h3 {
        font-size: 16px;
        flex: 1 1 auto;
      }
      .alert {
        display: flex;
        gap: var(--space-3);
        align-items: flex-start;
        margin: var(--space-3) var(--space-4) 0;
        padding: var(--space-3);
        border-radius: var(--radius-small);
        background: color-mix(in srgb, var(--tone) 9%, var(--surface));
      }
      .alert > svg {
        color: var(--tone);
        margin-top: 3px;
      }
      .alert .text {
        flex: 1;
        min-width: 0;
      }
      .alert .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2);
        margin-top: var(--space-2);
      }
      .feed {
        padding: var(--space-3) var(--space-4) 0;
      }
      .learning {
        margin-bottom: var(--space-3);
        padding: var(--space-2) var(--space-3);
        border-radius: var(--radius-small);
        background: color-mix(in srgb, var(--ink) 5%, var(--surface));
      }
      .learning.failed {
        background: color-mix(in srgb, var(--anomalous) 9%, var(--surface));
      }
      .learning progress {
        display: block;
        width: 100%;
        height: 6px;
        margin-top: var(--space-2);
      }
      .figures {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: var(--space-1) var(--space-5);
        margin-bottom: var(--space-2);
      }
      .figures dt {
        color: var(--ink-soft);
        font-size: 12.5px;
      }
      .figures dd {
        font-size: 15px;
        font-weight: 550;
        font-variant-numeric: tabular-nums;
      }
      .figures .now dd {
        font-size: 26px;
        font-weight: 600;
        line-height: 1.15;
        letter-spacing: -0.02em;
      }
      .figures .now.over dd {
        color: var(--anomalous);
      }
      footer {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1);
        margin-top: auto;
        padding: var(--space-3) var(--space-3);
      }
      footer .spring {
        flex: 1;
      }
      footer button {
        padding-inline: 9px;
        font-size: 13.5px;
        overflow-wrap: anywhere;
      }
      @media (max-width: 480px) {
        .alert {
          gap: var(--space-2);
        }
        .figures {
          display: grid;
          grid-template-columns: 1fr 1fr;
          align-items: end;
          gap: var(--space-2) var(--space-4);
        }
        footer {
          display: grid;
          grid-template-columns: repeat(3, 1fr);
        }
        footer [aria-pressed] {
          grid-column: 1 / -1;
        }
        footer .spring {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) machine: LiveMachine | null = null;
  @property({ attribute: false }) verdicts: ReadonlyMap<string, LiveVerdict> = new Map();
  @property({ attribute: false }) histories: ReadonlyMap<string, ScoreHistory> = new Map();
  /** The open event to be shown, `EventBook.alertOf`; null: none is open. */
  @property({ attribute: false }) alert: Event | null = null;
  @property({ attribute: false }) nowMs = Date.now();
  /** Feed whose spectrogram is shown. */
  @property() watched: string | null = null;

  override render() {
    const { machine } = this;
    if (!machine) return nothing;
    const alarmed = machine.state === 'anomalous' ? 'alarmed' : '';
    return html`<article class="panel ${alarmed}" aria-labelledby="name">
      <header>
        <h3 id="name">${machine.machine}</h3>
        ${stateBadge(machine.state)}
        ${machine.sinceMs === null ? nothing : html`<span class="small soft number">${formatDuration(this.nowMs - machine.sinceMs)}</span>`}
      </header>
      ${this.alert ? keyed(this.alert.id, this.renderAlert(this.alert)) : nothing} ${machine.feeds.map((feed) => this.renderFeed(feed, machine))}
      ${this.renderActions(machine)}
    </article>`;
  }

  private renderAlert(event: Event) {
    const look = KIND_LOOKS[event.kind];
    const age = formatDuration(this.nowMs - event.raisedMs);
    return html`<div class="alert ${look.tone}">
      ${icon(look.icon)}
      <div class="text">
        <strong>${eventTitle(event)}</strong> <span class="small soft">${age} ago</span>
        <p class="small words">${event.words}</p>
        <div class="buttons">
          ${
            event.acknowledgedMs === null
              ? html`<button class="primary" @click=${() => this.emit('acknowledge-event', event)}>${icon('check')} Acknowledge</button>`
              : html`<span class="badge tone-normal">${icon('check')} Acknowledged</span>`
          }
          <button @click=${() => this.emit('open-event', event)}>Details</button>
        </div>
      </div>
    </div>`;
  }

  private renderFeed({ feed, modality, learning }: LiveFeed, machine: LiveMachine) {
    const verdict = this.verdicts.get(feed) ?? null;
    const history = this.histories.get(feed) ?? null;
    const over = verdict?.statistic != null && verdict.threshold !== null && verdict.statistic > verdict.threshold;
    const named = machine.feeds.length > 1 || feed !== machine.machine;
    return html`<section class="feed" aria-label="Feed ${feed}">
      ${named ? html`<p class="small soft">${feed} · ${modality}</p>` : nothing} ${learning ? this.renderLearning(learning) : nothing}
      <dl class="figures">
        <div class="now ${over ? 'over' : ''}"><dt>Score now</dt><dd data-score>${formatScore(verdict?.statistic)}</dd></div>
        <div><dt>Threshold</dt><dd>${formatScore(verdict?.threshold)}</dd></div>
        <div title="Share of normal windows that score at least as high"><dt>p-value</dt><dd>${formatP(verdict?.pValue)}</dd></div>
        ${this.renderCondition(verdict)}
      </dl>
      <auscult-score-chart
        .history=${history}
        .revision=${history?.revision ?? 0}
        .nowMs=${this.nowMs}
        label="${machine.machine}, ${feed}"
      ></auscult-score-chart>
    </section>`;
  }

  /** How far learning is, then what it can promise or why it failed, for a day. */
  private renderLearning({ stage, share, message, atMs }: LearnProgress) {
    const over = stage === 'done' || stage === 'failed';
    if (over && this.nowMs - atMs > LEARNING_SHOWN_MS) return nothing;
    const words = LEARNING_WORDS[stage];
    return html`<div class="learning ${stage}" data-learning=${stage} role="status">
      <p class="small"><strong>${words}</strong> ${message}</p>
      ${over ? nothing : html`<progress max="1" .value=${share} aria-label=${words}></progress>`}
    </div>`;
  }

  private renderCondition(verdict: LiveVerdict | null) {
    if (!verdict) return nothing;
    const lateMs = this.nowMs - verdict.toldMs;
    if (lateMs > LATE_MS) {
      return html`<div><dt>Last heard</dt><dd>${formatDuration(lateMs)} ago</dd></div>`;
    }
    const words = { off: 'Off', starting: 'Starting', running: 'Running' };
    return html`<div><dt>Operation</dt><dd>${words[verdict.operating]}</dd></div>`;
  }

  private renderActions(machine: LiveMachine) {
    const audible = machine.feeds.filter((feed) => feed.mel !== null);
    return html`<footer>
      ${audible.map(
        ({ feed }) => html`<button
          class="quiet"
          aria-pressed=${feed === this.watched}
          @click=${() => this.emit('watch-feed', feed)}
        >
          ${icon('sound')} Show sound${audible.length > 1 ? ` of ${feed}` : ''}
        </button>`,
      )}
      <span class="spring"></span>
      ${
        machine.state === 'muted'
          ? html`<button class="quiet" @click=${() => this.act('unmute')}>End mute…</button>`
          : html`<button class="quiet" @click=${() => this.act('mute')}>Mute…</button>`
      }
      <button class="quiet" @click=${() => this.act('learn')}>Learn…</button>
      <button class="quiet" @click=${() => this.act('roll-back')}>Go back…</button>
      <button class="quiet" @click=${() => this.act('test-alert')}>Test…</button>
    </footer>`;
  }

  private act(action: MachineAction): void {
    this.emit('machine-action', { machine: this.machine?.machine ?? '', action });
  }

  private emit(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
