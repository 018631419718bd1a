import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type Event, type EventChange, MACHINE_STATES, type MachineState, type Verdict } from '../../contracts.js';
import type { HealthCheck } from './types.js';

/** Prometheus figures of one sink, in a registry of their own. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly registers = [this.registry];
  private readonly windows = this.counter('auscult_windows_total', 'Windows judged', ['feed']);
  private readonly events = this.counter('auscult_events_total', 'Event changes', ['machine', 'kind', 'change']);
  private readonly state = this.gauge('auscult_machine_state', '1 for the state a machine is in', ['machine', 'state']);
  private readonly score = this.gauge('auscult_score', 'Smoothed score of the newest window', ['feed']);
  private readonly threshold = this.gauge('auscult_threshold', 'Threshold the score is compared with', ['feed']);
  private readonly healthy = this.gauge('auscult_healthy', '1 while this part works', ['check']);
  readonly clients = this.gauge('auscult_live_clients', 'Pages connected', []);
  readonly droppedFrames = this.counter(
    'auscult_live_dropped_total',
    'Spectrogram messages not sent to slow pages',
    [],
  );
  readonly requests = this.counter('auscult_http_requests_total', 'Requests answered', ['status']);

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 100 });
  }

  verdict({ feed, statistic, threshold }: Verdict): void {
    this.windows.inc({ feed });
    if (Number.isFinite(statistic)) this.score.set({ feed }, statistic);
    if (Number.isFinite(threshold)) this.threshold.set({ feed }, threshold);
  }

  event({ machine, kind }: Event, change: EventChange): void {
    this.events.inc({ machine, kind, change });
  }

  machineState(machine: string, current: MachineState): void {
    for (const state of MACHINE_STATES) this.state.set({ machine, state }, state === current ? 1 : 0);
  }

  async text(checks: readonly HealthCheck[]): Promise<{ readonly type: string; readonly body: string }> {
    this.healthy.reset();
    for (const { name, ok } of checks) this.healthy.set({ check: name }, ok ? 1 : 0);
    return { type: this.registry.contentType, body: await this.registry.metrics() };
  }

  close(): void {
    this.registry.clear();
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: this.registers });
  }

  private gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: this.registers });
  }
}
