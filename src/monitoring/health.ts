/** What the service says of itself: each feed, the store, the connection to the broker. */
import type { HealthCheck } from '../sinks/http/index.js';
import type { MqttSink } from '../sinks/mqtt/index.js';
import type { Store } from '../store/index.js';
import type { FeedMonitor } from './feed-monitor.js';
import { staleAfterMs } from './feed-settings.js';

/** @param live true for feeds that should deliver all the time */
export function feedHealth(monitor: FeedMonitor, live: boolean, nowMs: number): HealthCheck {
  const name = `feed ${monitor.feed}`;
  const { lastWindowMs: last } = monitor;
  const detail = last === null ? 'no window yet' : `last window ${((nowMs - last) / 1000).toFixed(1)} s ago`;
  const down = monitor.openEvents.find(({ code }) => code === 'no-data');
  if (down) return { name, ok: false, detail: down.words };
  const ok = !live || (last !== null && nowMs - last < staleAfterMs);
  const drift = monitor.model.drift?.note;
  return { name, ok, detail: drift ? `${detail}; ${drift}` : detail };
}

export function storeHealth(store: Store): HealthCheck {
  const { degradation, reason } = store.health();
  return { name: 'store', ok: degradation === 'none', detail: reason ?? 'fine' };
}

export function mqttHealth(mqtt: MqttSink): HealthCheck {
  const { connected, broker, failure } = mqtt.health();
  return { name: 'mqtt', ok: connected, detail: connected ? `connected to ${broker}` : (failure ?? 'connecting') };
}
