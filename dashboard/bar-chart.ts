import { css, html, LitElement, nothing, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { ContributionAxis } from '../src/contracts.js';
import { formatScore } from './format.js';
import { shared } from './shared-styles.js';

const TITLES: Readonly<Record<ContributionAxis['axis'], string>> = {
  band: 'By frequency',
  second: 'By time in the window',
  pixel: 'By place in the picture',
  column: 'By column',
};
const MOST_ROWS = 12;

/** Where an event's energy comes from along one axis: columns for bands and seconds, rows for named columns. */
@customElement('auscult-bar-chart')
export class BarChart extends LitElement {
  static override styles = [
    shared,
    css`
      figcaption {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0 var(--space-3);
        margin-bottom: var(--space-2);
      }
      svg.columns {
        display: block;
        width: 100%;
        height: 96px;
        border-bottom: 1px solid var(--line-strong);
      }
      .ends {
        display: flex;
        justify-content: space-between;
        gap: var(--space-3);
        padding-top: var(--space-1);
      }
      rect {
        fill: color-mix(in srgb, var(--accent) 55%, var(--surface));
      }
      rect.top {
        fill: var(--anomalous);
      }
      .rows {
        display: grid;
        grid-template-columns: minmax(0, max-content) minmax(25%, 1fr) max-content;
        gap: var(--space-1) var(--space-3);
        align-items: center;
      }
      .rows span {
        overflow-wrap: anywhere;
      }
      .rows svg {
        display: block;
        width: 100%;
        height: 10px;
      }
    `,
  ];

  @property({ attribute: false }) axis: ContributionAxis | null = null;

  override render() {
    const { axis } = this;
    if (!axis || axis.values.length === 0) return nothing;
    const top = mostToBlame(axis, 3);
    const words = top.map((index) => axis.labels[index] ?? '').join(', ');
    return html`<figure>
      <figcaption class="small"><strong>${TITLES[axis.axis]}</strong><span class="soft">most: ${words}</span></figcaption>
      ${axis.axis === 'column' ? this.renderRows(axis) : this.renderColumns(axis, new Set(top), words)}
    </figure>`;
  }

  private renderColumns({ axis, labels, values }: ContributionAxis, top: ReadonlySet<number>, words: string) {
    const highest = Math.max(...values, Number.EPSILON);
    const width = 100 / values.length;
    const middle = labels[Math.floor(labels.length / 2)] ?? '';
    return html`<svg class="columns" viewBox="0 0 100 100" preserveAspectRatio="none" role="img"
        aria-label="${TITLES[axis]}: most from ${words}">
        ${values.map((value, index) => {
          const height = Math.max(0.8, (Math.max(0, value) / highest) * 100);
          return svg`<rect class=${top.has(index) ? 'top' : ''} x=${index * width + width * 0.1} y=${100 - height}
            width=${width * 0.8} height=${height}><title>${labels[index]}: ${formatScore(value)}</title></rect>`;
        })}
      </svg>
      <div class="ends small soft"><span>${labels[0]}</span>${labels.length > 4 ? html`<span>${middle}</span>` : nothing}<span>${labels.at(-1)}</span></div>`;
  }

  private renderRows(axis: ContributionAxis) {
    const rows = mostToBlame(axis, MOST_ROWS);
    const highest = Math.max(...axis.values, Number.EPSILON);
    return html`<div class="rows small">
      ${rows.map((index, rank) => {
        const value = axis.values[index] ?? 0;
        const share = Math.max(0.5, (Math.max(0, value) / highest) * 100);
        return html`<span>${axis.labels[index]}</span>
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect class=${rank < 3 ? 'top' : ''} width=${share} height="10" rx="1"></rect>
          </svg>
          <span class="number">${formatScore(value)}</span>`;
      })}
    </div>`;
  }
}

/** Indices of the highest values, highest first. */
function mostToBlame({ values }: ContributionAxis, count: number): number[] {
  return values
    .map((value, index) => ({ value, index }))
    .sort((a, b) => b.value - a.value)
    .slice(0, count)
    .map(({ index }) => index);
}
