/** What the service says of itself: each feed, the store, the connection to the broker. */
import type { HealthCheck } from '../sinks/http/index.js';
import type { MqttSink } from '../sinks/mqtt/index.js';
import type { Store } from '../store/index.js';
import type { FeedMonitor } from './feed-monitor.js';

/** Faults in which nothing is delivered. */
const DOWN: ReadonlySet<string | null> = new Set(['no-data', 'device-gone']);

export function feedHealth(monitor: FeedMonitor): HealthCheck {
  const name = `feed ${monitor.feed}`;
  const { failure, ended, model, quietMs } = monitor;
  const wrong = failure ?? model.broken ?? monitor.openEvents.find(({ code }) => DOWN.has(code))?.words;
  if (wrong !== undefined) return { name, ok: false, detail: wrong };
  const heard = quietMs === null ? 'no window yet' : `last window ${(quietMs / 1000).toFixed(1)} s ago`;
  const detail = ended ? 'ended' : heard;
  // null: a feed that need not deliver all the time.
  const { staleAfterMs } = model.decider.settings;
  const ok = staleAfterMs === null || ended || (quietMs !== null && quietMs < staleAfterMs);
  const drift = model.drift?.note;
  return { name, ok, detail: drift ? `${detail}; ${drift}` : detail };
}

export function storeHealth(store: Store): HealthCheck {
  const { degradation, reason } = store.health();
  return { name: 'store', ok: degradation === 'none', detail: reason ?? 'fine' };
}

export function mqttHealth(mqtt: MqttSink): HealthCheck {
  const { connected, broker, failure, refused } = mqtt.health();
  const detail = refused === null ? `connected to ${broker}` : `connected to ${broker}; ${refused}`;
  return { name: 'mqtt', ok: connected, detail: connected ? detail : (failure ?? 'connecting') };
}
