import { discoveryTopic } from './home-assistant.js';
import type { MqttMessage } from './messages.js';
import type { Topics } from './topics.js';

/**
 * Takes back what a broker has retained of a machine that is not monitored any more, or its last state would count for ever and
 * Home Assistant would go on showing it.
 * @param prefix null for no Home Assistant
 */
export function farewellMessages(topics: Topics, prefix: string | null, machine: string): MqttMessage[] {
  const retained = [topics.state(machine), ...(prefix === null ? [] : [discoveryTopic(topics, prefix, machine)])];
  return retained.map((topic) => ({ topic, payload: '', qos: 1, retain: true }));
}
