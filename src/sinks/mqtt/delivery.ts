import type { Outbox } from '../../store/index.js';
import type { Bell } from './bell.js';
import type { MqttMessage } from './messages.js';

/** Messages on their way at a time. */
const BATCH = 32;
/** Look this often even when nobody rang. */
const POLL_MS = 1_000;

export interface DeliveryOptions {
  readonly outbox: Outbox;
  readonly bell: Bell;
  /** Resolves at the broker's confirmation. */
  readonly publish: (message: MqttMessage) => Promise<void>;
  readonly onDelivered: () => void;
}

/**
 * Delivers the outbox in order, at least once: a message is forgotten only when the broker has confirmed it. MQTT keeps the order of
 * messages of one QoS on one connection, so a batch may be under way at once; a lost connection rejects, and the next delivery starts
 * with the oldest that was not confirmed.
 * @param signal ends the loop when the outbox is empty, after what is under way
 */
export async function deliver(
  { outbox, bell, publish, onDelivered }: DeliveryOptions,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const batch = outbox.pending(BATCH);
    if (batch.length === 0) {
      if (signal.aborted) return;
      await bell.wait(POLL_MS, signal);
      continue;
    }
    await Promise.all(
      batch.map(async (message) => {
        await publish(message);
        outbox.delivered(message.id);
        onDelivered();
      }),
    );
  }
}
