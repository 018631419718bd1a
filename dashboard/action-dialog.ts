import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Command } from '../src/contracts.js';
import { formatDuration } from './format.js';
import type { MachineAction } from './machine-card.js';
import { shared } from './shared-styles.js';

export interface PendingAction {
  readonly machine: string;
  readonly action: MachineAction;
}

interface Wording {
  readonly title: string;
  readonly text: string;
  readonly confirm: string;
  /** Minutes to choose from, the first being proposed. */
  readonly minutes: readonly number[];
}

const WORDINGS: Readonly<Record<MachineAction, Wording>> = {
  mute: {
    title: 'Mute alerts',
    text: 'For this time no anomaly of the machine is raised. It is still listened to, and says that it is muted.',
    confirm: 'Mute',
    minutes: [60, 15, 240, 480, 1440],
  },
  unmute: { title: 'End the mute', text: 'Alerts are raised again from now on.', confirm: 'End mute', minutes: [] },
  learn: {
    title: 'Learn what is normal',
    text: 'The machine must run normally for the whole time: what is heard becomes the measure of normal. No anomaly is raised meanwhile. The model before is kept: Go back returns to it.',
    confirm: 'Start learning',
    minutes: [10, 5, 30, 60],
  },
  'roll-back': {
    title: 'Go back to the model before',
    text: 'What was learned last is put aside, and the model before judges again. A second time changes back.',
    confirm: 'Go back',
    minutes: [],
  },
  'test-alert': {
    title: 'Send a test alert',
    text: 'An alert marked as a test goes to everyone who receives alerts, as a real one would.',
    confirm: 'Send test alert',
    minutes: [],
  },
};

/** Asks before anything that others notice. */
@customElement('auscult-action-dialog')
export class ActionDialog extends LitElement {
  static override styles = [
    shared,
    css`
      dialog {
        width: min(420px, calc(100vw - 32px));
        padding: var(--space-5);
        border-radius: var(--radius);
      }
      form {
        display: grid;
        gap: var(--space-4);
      }
      label {
        display: grid;
        gap: var(--space-1);
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        justify-content: flex-end;
        gap: var(--space-2);
      }
    `,
  ];

  @property({ attribute: false }) pending: PendingAction | null = null;

  override render() {
    const { pending } = this;
    const wording = pending && WORDINGS[pending.action];
    return html`<dialog aria-labelledby="title" aria-describedby="text" @close=${this.closed}>
      ${
        pending && wording
          ? html`<form method="dialog" @submit=${this.confirmed}>
              <h2 id="title">${wording.title}: ${pending.machine}</h2>
              <p id="text" class="soft">${wording.text}</p>
              ${wording.minutes.length > 0 ? this.renderMinutes(wording.minutes) : nothing}
              <div class="buttons">
                <button type="button" @click=${this.dismiss}>Cancel</button>
                <button class="primary" type="submit">${wording.confirm}</button>
              </div>
            </form>`
          : nothing
      }
    </dialog>`;
  }

  override updated(): void {
    const dialog = this.renderRoot.querySelector('dialog');
    if (this.pending && dialog && !dialog.open) dialog.showModal();
  }

  private renderMinutes(minutes: readonly number[]) {
    const ascending = [...minutes].sort((a, b) => a - b);
    return html`<label class="small">For
      <select name="minutes">
        ${ascending.map((count) => html`<option value=${count} ?selected=${count === minutes[0]}>${formatDuration(count * 60_000)}</option>`)}
      </select>
    </label>`;
  }

  private confirmed({ target }: SubmitEvent): void {
    const minutes = Number(new FormData(target as HTMLFormElement).get('minutes') ?? 0);
    if (this.pending) {
      const detail = toCommand(this.pending, minutes);
      this.dispatchEvent(new CustomEvent('send-command', { detail, bubbles: true, composed: true }));
    }
  }

  private dismiss(): void {
    this.renderRoot.querySelector('dialog')?.close();
  }

  private closed(): void {
    this.dispatchEvent(new CustomEvent('close-action', { bubbles: true, composed: true }));
  }
}

function toCommand({ machine, action }: PendingAction, minutes: number): Command {
  switch (action) {
    case 'test-alert':
      return { command: 'test-alert', machine };
    case 'learn':
      return { command: 'learn', machine, minutes };
    case 'roll-back':
      return { command: 'roll-back', machine };
    default:
      return { command: 'mute', machine, minutes };
  }
}
