import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Contribution } from '../src/contracts.js';
import { clipUrl } from './api.js';
import { drawClip, secondsAt } from './clip-canvas.js';
import { type ClipPicture, loadClip, paint, sharedRange } from './clip-picture.js';
import { formatHz } from './format.js';
import { icon } from './icons.js';
import { shared } from './shared-styles.js';

type Side = 'event' | 'normal';
const SIDES: readonly Side[] = ['event', 'normal'];
const TITLES: Readonly<Record<Side, string>> = { event: 'The event', normal: 'Normal sound most like it' };
const LABELS: Readonly<Record<Side, string>> = {
  event: 'Recording of the event',
  normal: 'Recording of normal sound',
};

/** An event's sound beside the normal sound most like it: two players, pictures on one scale of time, pitch and level. */
@customElement('auscult-sound-compare')
export class SoundCompare extends LitElement {
  static override styles = [
    shared,
    css`
      .sides {
        display: grid;
        gap: var(--space-4);
      }
      figcaption {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0 var(--space-3);
        margin-bottom: var(--space-1);
      }
      canvas {
        display: block;
        width: 100%;
        height: 140px;
        cursor: pointer;
      }
      audio {
        display: block;
        width: 100%;
        margin-top: var(--space-1);
      }
      .below {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: var(--space-2) var(--space-3);
        margin-top: var(--space-3);
      }
    `,
  ];

  /** SHA-256 of the event's recording. */
  @property() clip = '';
  @property({ attribute: false }) contribution: Contribution | null = null;
  @state() private pictures: Partial<Record<Side, ClipPicture>> = {};
  @state() private problems: Partial<Record<Side, string>> = {};
  @state() private playing: Side | null = null;

  private readonly images = new Map<Side, HTMLCanvasElement>();
  private loading = new AbortController();
  private animation = 0;
  private readonly resized = new ResizeObserver(() => this.draw());

  override connectedCallback(): void {
    super.connectedCallback();
    this.resized.observe(this);
    if (this.hasUpdated) this.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resized.disconnect();
    this.loading.abort();
    cancelAnimationFrame(this.animation);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('contribution')?.nearestNormal?.clip;
    if (changed.has('clip') || (changed.has('contribution') && before !== this.digestOf('normal'))) this.load();
  }

  override updated(): void {
    this.draw();
  }

  override render() {
    const sides = SIDES.filter((side) => this.digestOf(side));
    return html`<div class="sides">${sides.map((side) => this.renderSide(side))}</div>
      ${
        sides.length > 1
          ? html`<div class="below">
              <button data-switch @click=${this.switch}>${icon('sound')} ${this.switchWords}</button>
              ${this.renderScale()}
            </div>`
          : nothing
      }`;
  }

  private renderSide(side: Side) {
    const problem = this.problems[side];
    const distance = this.contribution?.nearestNormal?.distanceDb;
    const apart =
      side === 'normal' && distance !== undefined ? `${distance.toFixed(1)} dB from it on average` : nothing;
    return html`<figure data-side=${side}>
      <figcaption class="small"><strong>${TITLES[side]}</strong><span class="soft number">${apart}</span></figcaption>
      ${
        problem
          ? html`<p class="small soft">${problem}</p>`
          : html`<canvas role="img" aria-label=${this.describe(side)} @click=${(click: MouseEvent) => this.seek(side, click)}></canvas>
              <audio
                controls
                preload="metadata"
                src="${clipUrl(this.digestOf(side) ?? '')}.wav"
                aria-label=${LABELS[side]}
                @play=${() => this.started(side)}
                @pause=${() => this.stopped(side)}
                @seeked=${() => this.draw()}
              ></audio>`
      }
    </figure>`;
  }

  private renderScale() {
    const shown = SIDES.flatMap((side) => this.pictures[side] ?? []);
    if (shown.length === 0) return nothing;
    const [low, high] = sharedRange(shown).map((dB) => String(Math.round(dB)).replace('-', '−'));
    return html`<span class="small soft number">Both: ${low} to ${high} dB, dark to bright</span>`;
  }

  private get switchWords(): string {
    if (this.playing === null) return 'Play the event';
    return this.playing === 'event' ? 'Switch to normal' : 'Switch to the event';
  }

  private describe(side: Side): string {
    const seconds = this.pictures[side]?.seconds.toFixed(1);
    const bands = (this.contribution?.bands ?? []).map(
      ({ fromHz, toHz }) => `${formatHz(fromHz)} to ${formatHz(toHz)}`,
    );
    const marked = bands.length > 0 ? `, marked: ${bands.join(', ')}` : '';
    return `Spectrogram: ${TITLES[side].toLowerCase()}${seconds ? `, ${seconds} seconds` : ''}${marked}`;
  }

  private digestOf(side: Side): string | undefined {
    return side === 'event' ? this.clip || undefined : this.contribution?.nearestNormal?.clip;
  }

  // -------------------------------------------------------------- loading and drawing

  private load(): void {
    this.loading.abort();
    this.loading = new AbortController();
    this.pictures = {};
    this.problems = {};
    this.images.clear();
    for (const side of SIDES) void this.loadSide(side, this.loading.signal);
  }

  private async loadSide(side: Side, signal: AbortSignal): Promise<void> {
    const digest = this.digestOf(side);
    if (!digest) return;
    try {
      const picture = await loadClip(`${clipUrl(digest)}.wav`, signal);
      if (signal.aborted) return;
      this.pictures = { ...this.pictures, [side]: picture };
      this.paintAll();
    } catch (error) {
      if (!signal.aborted) this.problems = { ...this.problems, [side]: (error as Error).message };
    }
  }

  /** All of them, since they share their colours. */
  private paintAll(): void {
    const shown = SIDES.flatMap((side) => this.pictures[side] ?? []);
    const range = sharedRange(shown);
    for (const side of SIDES) {
      const picture = this.pictures[side];
      const image = picture && paint(picture, range);
      if (!image) continue;
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [image.width, image.height];
      canvas.getContext('2d')?.putImageData(image, 0, 0);
      this.images.set(side, canvas);
    }
  }

  private get axisSeconds(): number {
    return Math.max(1, ...SIDES.map((side) => this.pictures[side]?.seconds ?? 0));
  }

  private draw(): void {
    const style = getComputedStyle(this);
    const token = (name: string): string => style.getPropertyValue(name).trim();
    const palette = {
      ground: token('--sunken'),
      ink: token('--ink-soft'),
      mark: token('--anomalous'),
      font: token('--font'),
    };
    for (const side of SIDES) {
      const [picture, image] = [this.pictures[side], this.images.get(side)];
      const canvas = this.find<HTMLCanvasElement>(side, 'canvas');
      if (!picture || !image || !canvas) continue;
      const atSeconds = this.find<HTMLAudioElement>(side, 'audio')?.currentTime ?? 0;
      const spans = side === 'event' ? this.spansIn(picture) : [];
      const bands = this.contribution?.bands ?? [];
      drawClip(canvas, { picture, image, axisSeconds: this.axisSeconds, atSeconds, spans, bands }, palette);
    }
  }

  /** What of the event's times lies within its recording, seconds from its start. */
  private spansIn({ startMs, seconds }: ClipPicture): { from: number; to: number }[] {
    if (startMs === null) return [];
    return (this.contribution?.times ?? [])
      .map(({ fromMs, toMs }) => ({ from: (fromMs - startMs) / 1000, to: (toMs - startMs) / 1000 }))
      .filter(({ from, to }) => from >= 0 && to <= seconds);
  }

  private find<T extends HTMLElement>(side: Side, tag: 'canvas' | 'audio'): T | null {
    return this.renderRoot.querySelector<T>(`[data-side="${side}"] ${tag}`);
  }

  // -------------------------------------------------------------- playing

  private started(side: Side): void {
    for (const other of SIDES) if (other !== side) this.find<HTMLAudioElement>(other, 'audio')?.pause();
    this.playing = side;
    cancelAnimationFrame(this.animation);
    const follow = (): void => {
      this.draw();
      if (this.playing !== null) this.animation = requestAnimationFrame(follow);
    };
    follow();
  }

  private stopped(side: Side): void {
    if (this.playing === side) this.playing = null;
  }

  /** The one that does not play goes on, from its start when it had ended. */
  private readonly switch = (): void => {
    const next = this.playing === 'event' ? 'normal' : 'event';
    const audio = this.find<HTMLAudioElement>(next, 'audio');
    void audio?.play().catch(() => {});
  };

  private seek(side: Side, { target, offsetX }: MouseEvent): void {
    const audio = this.find<HTMLAudioElement>(side, 'audio');
    const seconds = this.pictures[side]?.seconds ?? 0;
    if (audio && target instanceof HTMLCanvasElement)
      audio.currentTime = Math.min(seconds, secondsAt(target, offsetX, this.axisSeconds));
  }
}
