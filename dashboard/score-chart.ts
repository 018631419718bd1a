import { css, html, LitElement, unsafeCSS } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import uPlot from 'uplot';
import uplotCss from 'uplot/dist/uPlot.min.css';
import { formatMinute, formatPower, formatScore } from './format.js';
import { HISTORY_MS, type ScoreHistory } from './score-history.js';
import { shared } from './shared-styles.js';

const HEIGHT = 132;

/** Ten minutes of a feed's score against its threshold. Drawn only while it can be seen. */
@customElement('auscult-score-chart')
export class ScoreChart extends LitElement {
  static override styles = [
    unsafeCSS(uplotCss),
    shared,
    css`
      .frame {
        height: ${HEIGHT}px;
      }
      .empty {
        display: grid;
        place-items: center;
        height: ${HEIGHT}px;
        border-radius: var(--radius-small);
        background: var(--sunken);
        color: var(--ink-soft);
        font-size: 13px;
      }
    `,
  ];

  @property({ attribute: false }) history: ScoreHistory | null = null;
  /** `history.revision`, so that a change of it is noticed. */
  @property({ type: Number }) revision = 0;
  @property({ attribute: false }) nowMs = Date.now();
  @property() label = '';

  private plot: uPlot | null = null;
  private visible = true;
  private readonly scheme = matchMedia('(prefers-color-scheme: dark)');
  private readonly resized = new ResizeObserver(() => this.fit());
  private readonly seen = new IntersectionObserver((entries) =>
    this.setVisible(entries.at(-1)?.isIntersecting === true),
  );

  override connectedCallback(): void {
    super.connectedCallback();
    this.scheme.addEventListener('change', this.rebuild);
    this.resized.observe(this);
    this.seen.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.scheme.removeEventListener('change', this.rebuild);
    this.resized.disconnect();
    this.seen.disconnect();
    this.destroyPlot();
  }

  private get hasPoints(): boolean {
    return this.history?.latestMs != null;
  }

  override render() {
    return this.hasPoints
      ? html`<div class="frame" role="img" aria-label=${this.description()}></div>`
      : html`<div class="empty">Waiting for the first score</div>`;
  }

  override updated(): void {
    if (!this.hasPoints) this.destroyPlot();
    else if (this.visible) this.draw();
  }

  private description(): string {
    const highest = formatScore(this.history?.highest ?? null);
    return `${this.label}: score of the last 10 minutes, highest ${highest}. The figures above give the score now and the threshold.`;
  }

  private draw(): void {
    const frame = this.renderRoot.querySelector<HTMLElement>('.frame');
    if (!frame || !this.history) return;
    if (this.plot && this.plot.root.parentElement !== frame) this.destroyPlot();
    const data = this.history.chartData();
    this.plot ??= new uPlot(this.plotOptions(Math.max(120, frame.clientWidth)), data, frame);
    this.plot.batch(() => {
      this.plot?.setData(data, false);
      this.plot?.setScale('x', { min: (this.endMs() - HISTORY_MS) / 1000, max: this.endMs() / 1000 });
    });
  }

  /** The clock, unless what is shown is a replay of another time. */
  private endMs(): number {
    const latestMs = this.history?.latestMs ?? this.nowMs;
    return Math.abs(this.nowMs - latestMs) > HISTORY_MS / 2 ? latestMs : Math.max(this.nowMs, latestMs);
  }

  private plotOptions(width: number): uPlot.Options {
    const ink = this.token('--ink-soft');
    const grid = { stroke: this.token('--line'), width: 1 };
    const axis = { stroke: ink, grid, ticks: { show: false }, font: `11px ${this.token('--font')}` };
    return {
      width,
      height: HEIGHT,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: true, auto: false }, y: { range: (_plot, low, high) => scoreRange(low, high) } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 22,
          gap: 4,
          space: 46,
          incrs: [60, 120, 300],
          values: (_plot, ticks) => ticks.map((s) => formatMinute(s * 1000)),
        },
        { ...axis, size: 44, gap: 6, space: 32, values: (_plot, ticks) => ticks.map(shortNumber) },
      ],
      hooks: { draw: [nameThreshold] },
      series: [
        {},
        this.line('--accent', 1.6, 0.1),
        this.line('--anomalous', 2.4, 0.16),
        { ...this.line('--ink-soft', 1.4, 0), dash: [5, 4] },
      ],
    };
  }

  private line(token: string, width: number, fill: number): uPlot.Series {
    const stroke = this.token(token);
    const alpha = Math.round(fill * 255)
      .toString(16)
      .padStart(2, '0');
    const points = fill > 0 ? { show: true, size: 5, fill: stroke, filter: alone } : { show: false };
    return { stroke, width, points, ...(fill > 0 ? { fill: `${stroke}${alpha}` } : {}) };
  }

  private token(name: string): string {
    return getComputedStyle(this).getPropertyValue(name).trim();
  }

  private fit(): void {
    const width = this.renderRoot.querySelector('.frame')?.clientWidth ?? 0;
    if (this.plot && width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  private setVisible(visible: boolean): void {
    this.visible = visible;
    if (visible) this.requestUpdate();
  }

  private destroyPlot(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  private readonly rebuild = (): void => {
    this.destroyPlot();
    this.requestUpdate();
  };
}

/** Scores without a neighbour that a line could go to, as pictures and slow rows have them: they are drawn as dots. */
function alone(plot: uPlot, series: number): number[] {
  const scores = Array.from(plot.data[series] ?? []);
  return scores.flatMap((score, i) => (score != null && scores[i - 1] == null && scores[i + 1] == null ? i : []));
}

/** Writes "threshold" at the left end of its line. */
function nameThreshold(plot: uPlot): void {
  const level = Array.from(plot.data[3] ?? []).findLast((value) => value !== null);
  if (level == null) return;
  const { ctx, bbox } = plot;
  const y = plot.valToPos(level, 'y', true);
  const above = y - bbox.top > 18 * devicePixelRatio;
  const stroke = plot.series[3]?.stroke;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.fillStyle = String(typeof stroke === 'function' ? stroke(plot, 3) : stroke);
  ctx.textAlign = 'left';
  ctx.textBaseline = above ? 'bottom' : 'top';
  ctx.fillText('threshold', bbox.left + 4 * devicePixelRatio, y + (above ? -3 : 3) * devicePixelRatio);
  ctx.restore();
}

/** Both ends with a little air, and never so close that noise fills the picture. */
function scoreRange(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const span = Math.max(high - low, Math.abs(high) * 0.05, 1e-3);
  return [low - span * 0.06, high + span * 0.12];
}

function shortNumber(value: number): string {
  if (Math.abs(value) >= 1e6) return formatPower(value);
  const compact = Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
  return (Math.abs(value) >= 10_000 ? compact.format(value) : String(Number(value.toPrecision(4)))).replace('-', '−');
}
