import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { LiveMel } from '../src/sinks/http/protocol.js';
import { MIN_DB, type SpectrogramMessage, STEP_DB } from '../src/sinks/http/spectrogram-frame.js';
import { VIRIDIS } from './colour-map.js';
import { formatHz } from './format.js';
import { bandOf, centreHz } from './mel-scale.js';
import { shared } from './shared-styles.js';
import { SpectrogramRing } from './spectrogram-ring.js';

const SHOWN_S = 20;
/** Frames arrive in bursts; the picture runs this far behind so that it can move evenly. */
const RESERVE_S = 4;
const FRAME_INTERVAL_MS = 50;
const CALM_INTERVAL_MS = 2_000;
const TICKS_HZ = [125, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000];
const AXIS_LEFT = 52;
const AXIS_BOTTOM = 22;
const TOP = 6;

/** The live log-mel picture of the watched feed: 20 s, frequency upwards, colour for level. */
@customElement('auscult-spectrogram')
export class SpectrogramView extends LitElement {
  static override styles = [
    shared,
    css`
      canvas {
        display: block;
        width: 100%;
        height: clamp(200px, 24vw, 280px);
      }
      .legend {
        display: flex;
        align-items: center;
        flex-wrap: wrap;
        justify-content: flex-end;
        gap: var(--space-2);
        padding-top: var(--space-1);
      }
      .legend canvas {
        width: 120px;
        height: 8px;
        border-radius: 4px;
      }
    `,
  ];

  @property() label = '';
  @property({ attribute: false }) mel: LiveMel | null = null;
  @state() private loudest = '';
  @state() private rangeWords = '';

  private ring: SpectrogramRing | null = null;
  private readonly picture = document.createElement('canvas');
  private shown = 0;
  private drawnAt = 0;
  private animation = 0;
  private described = 0;
  private readonly calm = matchMedia('(prefers-reduced-motion: reduce)');

  override connectedCallback(): void {
    super.connectedCallback();
    this.animation = requestAnimationFrame(this.tick);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.animation);
  }

  /** Forgets the picture: another feed follows. */
  clear(): void {
    this.ring = null;
    this.loudest = '';
    this.rangeWords = '';
  }

  push({ levels, frames, bands, startMs }: SpectrogramMessage): void {
    if (!this.mel) return;
    const capacity = Math.ceil((SHOWN_S + RESERVE_S) * this.framesPerSecond);
    if (this.ring?.bands !== bands || this.ring.frames !== capacity) {
      this.ring = new SpectrogramRing(capacity, bands, 1000 / this.framesPerSecond);
      this.shown = 0;
    }
    this.ring.push(levels, frames, startMs);
    this.repaint(this.ring);
  }

  override render() {
    return html`<canvas
        role="img"
        aria-label="Live spectrogram of ${this.label}, last ${SHOWN_S} seconds${this.loudest ? `, loudest near ${this.loudest}` : ''}"
      ></canvas>
      <div class="legend small soft">
        ${this.loudest ? html`<span>Loudest near <span class="number">${this.loudest}</span></span>` : nothing}
        <canvas class="scale" width="256" height="1" aria-hidden="true"></canvas>
        <span class="number">${this.rangeWords || 'dB'}</span>
      </div>`;
  }

  override firstUpdated(): void {
    const context = this.renderRoot.querySelector<HTMLCanvasElement>('.scale')?.getContext('2d');
    const image = new ImageData(256, 1);
    new Uint32Array(image.data.buffer).set(VIRIDIS);
    context?.putImageData(image, 0, 0);
  }

  private get framesPerSecond(): number {
    return this.mel ? this.mel.sampleRateHz / this.mel.hopSamples : 1;
  }

  private repaint(ring: SpectrogramRing): void {
    this.picture.width = ring.frames;
    this.picture.height = ring.bands;
    this.picture.getContext('2d')?.putImageData(ring.paint(), 0, 0);
    if (ring.total - this.described < 2 * this.framesPerSecond || !this.mel) return;
    this.described = ring.total;
    const [low, high] = ring.range.map((level) => Math.round(MIN_DB + level * STEP_DB));
    this.rangeWords = `${low} to ${high} dB`.replaceAll('-', '−');
    const band = ring.loudestBand(Math.round(2 * this.framesPerSecond));
    this.loudest = formatHz(centreHz(band, ring.bands, this.mel.sampleRateHz));
  }

  private readonly tick = (atMs: number): void => {
    this.animation = requestAnimationFrame(this.tick);
    const elapsedMs = atMs - this.drawnAt;
    if (elapsedMs < (this.calm.matches ? CALM_INTERVAL_MS : FRAME_INTERVAL_MS)) return;
    this.drawnAt = atMs;
    this.advance(Math.min(elapsedMs, 1_000) / 1000);
    this.draw();
  };

  /** Moves towards the newest frame at the pace of time, a little faster when behind. */
  private advance(seconds: number): void {
    if (!this.ring) return;
    const behind = (this.ring.total - this.shown) / this.framesPerSecond;
    if (behind > RESERVE_S - 0.5 || this.calm.matches)
      this.shown = this.ring.total - (this.calm.matches ? 0 : this.framesPerSecond);
    else this.shown = Math.min(this.ring.total, this.shown + seconds * this.framesPerSecond * (behind > 1.5 ? 1.3 : 1));
  }

  private draw(): void {
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>('canvas');
    const context = canvas?.getContext('2d');
    if (!canvas || !context || canvas.clientWidth === 0) return;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const area = { x: AXIS_LEFT, y: TOP, width: width - AXIS_LEFT - 2, height: height - AXIS_BOTTOM - TOP };
    context.fillStyle = this.token('--sunken');
    context.fillRect(area.x, area.y, area.width, area.height);
    this.drawPicture(context, area);
    this.drawAxes(context, area);
  }

  private drawPicture(context: CanvasRenderingContext2D, area: Area): void {
    if (!this.ring) return;
    const columns = SHOWN_S * this.framesPerSecond;
    const right = this.ring.frames - (this.ring.total - this.shown);
    context.imageSmoothingEnabled = true;
    context.drawImage(
      this.picture,
      right - columns,
      0,
      columns,
      this.ring.bands,
      area.x,
      area.y,
      area.width,
      area.height,
    );
  }

  private drawAxes(context: CanvasRenderingContext2D, area: Area): void {
    context.fillStyle = this.token('--ink-soft');
    context.font = `11px ${this.token('--font')}`;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    const { sampleRateHz, melBands } = this.mel ?? { sampleRateHz: 16_000, melBands: 64 };
    let previousY = Number.POSITIVE_INFINITY;
    for (const hz of TICKS_HZ.filter((tick) => tick <= sampleRateHz / 2)) {
      const y = area.y + area.height * (1 - (bandOf(hz, melBands, sampleRateHz) + 0.5) / melBands);
      if (previousY - y < 14) continue;
      previousY = y;
      context.fillText(formatHz(hz), area.x - 8, Math.max(area.y + 5, y));
      context.fillRect(area.x - 4, Math.max(area.y, y) - 0.5, 4, 1);
    }
    context.textBaseline = 'alphabetic';
    const step = area.width < 420 ? 10 : 5;
    for (let seconds = 0; seconds <= SHOWN_S; seconds += step) {
      context.textAlign = seconds === 0 ? 'right' : seconds === SHOWN_S ? 'left' : 'center';
      const x = area.x + area.width * (1 - seconds / SHOWN_S);
      context.fillText(seconds === 0 ? 'now' : `−${seconds} s`, x, area.y + area.height + 16);
    }
  }

  private token(name: string): string {
    return getComputedStyle(this).getPropertyValue(name).trim();
  }
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
