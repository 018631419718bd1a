import { html, LitElement, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Command, Event, EventLabel, LearnProgress } from '../src/contracts.js';
import type { LiveFeed, LiveMachine, LiveVerdict, ServerMessage, Session } from '../src/sinks/http/protocol.js';
import type { SpectrogramMessage } from '../src/sinks/http/spectrogram-frame.js';
import './action-dialog.js';
import type { PendingAction } from './action-dialog.js';
import { ApiError, fetchCurve, fetchEvent, fetchEvents, fetchSession, logout, sendCommand } from './api.js';
import { appStyles } from './app-styles.js';
import { EventBook } from './event-book.js';
import './event-detail.js';
import './event-list.js';
import { localTimes } from './format.js';
import { icon } from './icons.js';
import { type LinkState, LiveLink } from './live-link.js';
import './login-form.js';
import './machine-card.js';
import { HISTORY_MS, ScoreHistory } from './score-history.js';
import { shared } from './shared-styles.js';
import './spectrogram-view.js';
import type { SpectrogramView } from './spectrogram-view.js';
import { eventTitle, LEARNING_WORDS } from './words.js';

const PAGE_EVENTS = 25;
const TOAST_MS = 7_000;

/** The page: keeps what the server says, hands it to the parts, and sends what they ask for. */
@customElement('auscult-app')
export class App extends LitElement {
  static override styles = [shared, appStyles];

  @state() private session: Session | null = null;
  @state() private linkState: LinkState = 'connecting';
  @state() private site = '';
  @state() private machines: readonly LiveMachine[] = [];
  @state() private verdicts: ReadonlyMap<string, LiveVerdict> = new Map();
  @state() private watched: string | null = null;
  /** What the sheet shows, whatever the list holds. */
  @state() private detail: Event | null = null;
  @state() private pending: PendingAction | null = null;
  @state() private toast: { readonly text: string; readonly failed: boolean } | null = null;
  @state() private announcement = '';
  @state() private loading = false;
  @state() private nowMs = Date.now();

  @query('auscult-spectrogram') private readonly spectrogram!: SpectrogramView | null;

  private readonly book = new EventBook();
  /** Of the service that this page came from. */
  private version: string | null = null;
  private readonly histories = new Map<string, ScoreHistory>();
  /** Server's clock minus ours. */
  private clockOffsetMs = 0;
  private soundHidden = false;
  private clockTimer = 0;
  private toastTimer = 0;
  private readonly link = new LiveLink({
    message: (message) => this.receive(message),
    spectrogram: (message) => this.showSpectrogram(message),
    state: (linkState) => {
      this.linkState = linkState;
    },
    refused: () => void this.checkSession(),
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.clockTimer = setInterval(() => this.advanceClock(), 1_000);
    void this.checkSession().then(() => this.session?.granted && this.link.open());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.clockTimer);
    this.link.close();
  }

  override render() {
    if (this.session === null && this.machines.length === 0) return this.renderBanner();
    if (this.session && !this.session.granted) {
      return html`<auscult-login @logged-in=${this.loggedIn}></auscult-login>`;
    }
    return html`${this.renderHeader()} ${this.renderBanner()}
      <main
        @watch-feed=${(e: CustomEvent<string>) => this.chooseSound(this.watched === e.detail ? null : e.detail)}
        @machine-action=${(e: CustomEvent<PendingAction>) => {
          this.pending = e.detail;
        }}
        @open-event=${(e: CustomEvent<Event>) => this.openEvent(e.detail)}
        @acknowledge-event=${(e: CustomEvent<Event>) => void this.acknowledge(e.detail)}
      >
        <div class="left">${this.renderMachines()} ${this.renderSound()}</div>
        ${this.renderEvents()}
      </main>
      ${this.renderDialogs()} ${this.renderNews(this.detail === null)}`;
  }

  // ------------------------------------------------------------ parts

  private renderHeader() {
    return html`<header>
      <img src="/icon.svg" alt="" width="30" height="30" />
      <h1>Auscult<span class="site soft">${this.site}</span></h1>
      ${this.renderSummary()}
      <span class="spring"></span>
      <span class="link ${this.linkState}" data-link=${this.linkState}>${icon('link')} ${LINK_WORDS[this.linkState]}</span>
      ${
        this.session?.loginRequired
          ? html`<button class="quiet" @click=${this.logOut}>${icon('logout')} Log out</button>`
          : nothing
      }
    </header>`;
  }

  private renderSummary() {
    if (this.machines.length === 0) return nothing;
    const wanting = this.machines.filter(needsAttention).length;
    const count = `${this.machines.length} ${this.machines.length === 1 ? 'machine' : 'machines'}`;
    const words =
      wanting === 0 ? 'nothing needs attention' : `${wanting} ${wanting === 1 ? 'needs' : 'need'} attention`;
    return html`<p class="summary soft">${count}, <span class=${wanting > 0 ? 'wanting' : ''}>${words}</span></p>`;
  }

  private renderBanner() {
    if (this.linkState !== 'lost') return nothing;
    return html`<p class="banner" role="alert">
      ${icon('clock')} Connection to the service lost. What is shown may be old; reconnecting…
    </p>`;
  }

  private renderMachines() {
    const machines = this.machines.length > 6 ? [...this.machines].sort(attentionFirst) : this.machines;
    return html`<section aria-labelledby="machines">
      <h2 id="machines">Machines</h2>
      <div class="cards">
        ${repeat(
          machines,
          ({ machine }) => machine,
          (machine) => html`<auscult-machine-card
            data-machine=${machine.machine}
            .machine=${machine}
            .verdicts=${this.verdicts}
            .histories=${this.histories}
            .alert=${this.book.alertOf(machine.machine)}
            .nowMs=${this.nowMs}
            .watched=${this.watched}
          ></auscult-machine-card>`,
        )}
      </div>
    </section>`;
  }

  private renderSound() {
    const feed = this.watchedFeed();
    if (!feed?.mel) return nothing;
    return html`<section class="panel sound" aria-labelledby="sound">
      <div class="sound-head">
        <h2 id="sound">Live sound<span class="soft">${feed.feed}</span></h2>
        <button class="quiet" @click=${() => this.chooseSound(null)}>${icon('close')} Hide</button>
      </div>
      <auscult-spectrogram .mel=${feed.mel} label=${feed.feed}></auscult-spectrogram>
    </section>`;
  }

  private renderEvents() {
    return html`<auscult-event-list
      .events=${this.book.events}
      .machines=${this.machines.map(({ machine }) => machine)}
      .machine=${this.book.machine}
      .more=${this.book.next !== null}
      .loading=${this.loading}
      .nowMs=${this.nowMs}
      @load-more=${() => void this.loadEvents(true)}
      @filter-machine=${(e: CustomEvent<string | null>) => this.filter(e.detail)}
    ></auscult-event-list>`;
  }

  /** What is said of the moment. While the sheet is open it is said there: everything beside it can be neither seen nor heard. */
  private renderNews(here: boolean) {
    const toast = here ? this.toast : null;
    return html`<p class="visually-hidden" aria-live="polite" data-announcement>${here ? this.announcement : ''}</p>
      <div class="toasts" role="status">
        ${toast ? html`<p class="toast ${toast.failed ? 'failed' : ''}">${toast.text}</p>` : nothing}
      </div>`;
  }

  private renderDialogs() {
    const event = this.detail;
    return html`<auscult-event-detail
        .event=${event}
        .isSound=${event !== null && this.feeds().find(({ feed }) => feed === event.feed)?.modality === 'audio'}
        .nowMs=${this.nowMs}
        @close-event=${() => this.openEvent(null)}
        @acknowledge-event=${(e: CustomEvent<Event>) => void this.acknowledge(e.detail)}
        @label-event=${(e: CustomEvent<{ event: Event; label: EventLabel }>) => void this.label(e.detail)}
        >${this.renderNews(event !== null)}</auscult-event-detail
      >
      <auscult-action-dialog
        .pending=${this.pending}
        @close-action=${() => {
          this.pending = null;
        }}
        @send-command=${(e: CustomEvent<Command>) => void this.send(e.detail)}
      ></auscult-action-dialog>`;
  }

  // ------------------------------------------------------------ what the server says

  private receive(message: ServerMessage): void {
    if (message.type === 'hello') this.greet(message);
    else if (message.type === 'alive') this.setClock(message.nowMs);
    else if (message.type === 'verdicts') this.takeVerdicts(message.verdicts);
    else if (message.type === 'state') this.takeState(message);
    else if (message.type === 'learning') this.takeLearning(message.progress);
    else {
      if (message.change === 'raised') this.announce(message.event);
      this.put(message.event);
    }
  }

  private takeState({ machine, state: now, atMs }: ServerMessage & { type: 'state' }): void {
    this.machines = this.machines.map((known) =>
      known.machine === machine && known.state !== now ? { ...known, state: now, sinceMs: atMs } : known,
    );
    this.updateTitle();
  }

  private takeLearning(learning: LearnProgress): void {
    this.machines = this.machines.map((known) => ({
      ...known,
      feeds: known.feeds.map((feed) => (feed.feed === learning.feed ? { ...feed, learning } : feed)),
    }));
    if (learning.stage === 'done' || learning.stage === 'failed')
      this.announcement = `${learning.machine}: ${LEARNING_WORDS[learning.stage]} ${learning.message}`;
  }

  private greet({ site, version, machines, nowMs, openEvents }: ServerMessage & { type: 'hello' }): void {
    this.version ??= version;
    // A page that stays open over an upgrade would not understand the service for ever.
    if (version !== this.version) location.reload();
    this.site = site;
    this.setClock(nowMs);
    this.machines = machines;
    this.book.setOpen(openEvents);
    this.updateTitle();
    this.histories.clear();
    this.takeVerdicts(this.feeds().flatMap(({ verdict }) => verdict ?? []));
    for (const { feed } of this.feeds()) void this.seedHistory(feed);
    void this.loadEvents(false);
    if (this.detail) void this.refresh(this.detail.id);
    const first = this.soundHidden ? undefined : this.feeds().find(({ mel }) => mel !== null);
    this.watch((this.watchedFeed() ?? first)?.feed ?? null);
    this.advanceClock();
  }

  private takeVerdicts(verdicts: readonly LiveVerdict[]): void {
    const merged = new Map(this.verdicts);
    for (const verdict of verdicts) {
      merged.set(verdict.feed, verdict);
      this.historyOf(verdict.feed).add(verdict);
    }
    this.verdicts = merged;
  }

  private historyOf(feed: string): ScoreHistory {
    const known = this.histories.get(feed) ?? new ScoreHistory();
    this.histories.set(feed, known);
    return known;
  }

  /** A curve that cannot be had leaves the chart to fill by itself. */
  private async seedHistory(feed: string): Promise<void> {
    const history = this.historyOf(feed);
    const endMs = history.latestMs ?? Date.now() + this.clockOffsetMs;
    const curve = await fetchCurve(feed, endMs - HISTORY_MS).catch(() => null);
    if (curve && this.histories.get(feed) === history) history.seed(curve);
    this.requestUpdate();
  }

  private put(event: Event): void {
    this.book.put(event);
    if (this.detail?.id === event.id) this.detail = event;
    this.requestUpdate();
  }

  private updateTitle(): void {
    const wanting = this.machines.filter(needsAttention).length;
    document.title = wanting > 0 ? `(${wanting}) Auscult` : 'Auscult';
  }

  private announce(event: Event): void {
    this.announcement = `New alert. ${event.machine}: ${eventTitle(event)}. ${event.words}`;
  }

  private showSpectrogram(message: SpectrogramMessage): void {
    if (this.watchedFeed()?.index === message.feedIndex) this.spectrogram?.push(message);
  }

  private setClock(nowMs: number): void {
    this.clockOffsetMs = nowMs - Date.now();
  }

  private advanceClock(): void {
    this.nowMs = Date.now() + this.clockOffsetMs;
  }

  // ------------------------------------------------------------ what the reader does

  /** What the reader hid stays hidden after a reconnection. */
  private chooseSound(feed: string | null): void {
    this.soundHidden = feed === null;
    this.watch(feed);
  }

  private watch(feed: string | null): void {
    this.watched = feed;
    this.spectrogram?.clear();
    // Asked for once the picture is there to take it.
    void this.updateComplete.then(() => this.link.watch(feed));
  }

  private openEvent(event: Event | null): void {
    this.detail = event;
    this.announcement = ''; // not again where it is said from now on
  }

  private filter(machine: string | null): void {
    this.book.machine = machine;
    void this.loadEvents(false);
  }

  private async loadEvents(append: boolean): Promise<void> {
    this.loading = true;
    const { machine } = this.book;
    this.book.awaitPage();
    try {
      const page = await fetchEvents(machine, append ? this.book.next : null, PAGE_EVENTS);
      if (machine === this.book.machine) this.book.setPage(page, append);
    } catch (error) {
      this.fail(error);
    }
    this.loading = false;
    this.requestUpdate();
  }

  private async acknowledge({ machine, id }: Event): Promise<void> {
    await this.send({ command: 'acknowledge', machine, eventId: id });
    await this.refresh(id);
  }

  private async label({ event: { machine, id }, label }: { event: Event; label: EventLabel }): Promise<void> {
    await this.send({ command: 'label', machine, eventId: id, label, note: null });
    await this.refresh(id);
  }

  private async refresh(id: string): Promise<void> {
    const event = await fetchEvent(id).catch(() => null);
    if (event) this.put(event);
  }

  private async send(command: Command): Promise<void> {
    try {
      this.say(await sendCommand(command), false);
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (error instanceof ApiError && error.status === 401) void this.checkSession();
    this.say(error instanceof Error ? error.message : String(error), true);
  }

  private say(text: string, failed: boolean): void {
    clearTimeout(this.toastTimer);
    this.toast = { text: localTimes(text), failed };
    this.toastTimer = setTimeout(() => {
      this.toast = null;
    }, TOAST_MS);
  }

  // ------------------------------------------------------------ login

  /** An unreachable service says nothing about the login: what was known stays. */
  private async checkSession(): Promise<void> {
    const session = await fetchSession().catch(() => null);
    if (session) this.session = session;
    if (session && !session.granted) this.link.close();
    if (!session && !this.session) this.session = { granted: true, loginRequired: false };
  }

  private async loggedIn(): Promise<void> {
    await this.checkSession();
    if (this.session?.granted) this.link.open();
  }

  private async logOut(): Promise<void> {
    this.link.close();
    await logout().catch(() => null);
    location.reload();
  }

  private feeds(): readonly LiveFeed[] {
    return this.machines.flatMap(({ feeds }) => feeds);
  }

  private watchedFeed(): LiveFeed | undefined {
    return this.feeds().find(({ feed }) => feed === this.watched);
  }
}

const LINK_WORDS: Readonly<Record<LinkState, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Reconnecting',
};

function needsAttention({ state: now }: LiveMachine): boolean {
  return now === 'anomalous' || now === 'sensor-fault';
}

function attentionFirst(a: LiveMachine, b: LiveMachine): number {
  return Number(needsAttention(b)) - Number(needsAttention(a));
}
