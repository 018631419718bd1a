import { createHash } from 'node:crypto';
import { MACHINE_STATES, type MachineState } from '../../contracts.js';
import type { MqttMessage } from './messages.js';
import type { Topics } from './topics.js';

const MUTE_MINUTES = 60;

export interface DiscoveryOptions {
  readonly topics: Topics;
  /** Home Assistant's discovery prefix, "homeassistant" unless changed there. */
  readonly prefix: string;
  readonly machine: string;
  /** Several that are heard of one machine have a score each. */
  readonly feeds?: readonly string[];
  /** Version of Auscult. */
  readonly version: string;
}

/** Where Home Assistant says that it has started, with the payload "online". */
export function birthTopic(prefix: string): string {
  return `${prefix}/status`;
}

/**
 * Tells Home Assistant of one machine as one device with its entities ("device discovery", since 2024.12), retained.
 * https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
 */
export function discoveryMessage({ topics, prefix, machine, feeds = [], version }: DiscoveryOptions): MqttMessage {
  const id = deviceId(topics, machine);
  const payload = {
    device: {
      identifiers: [id],
      name: machine,
      manufacturer: 'Auscult',
      model: 'Machine monitor',
      sw_version: version,
    },
    origin: { name: 'Auscult', sw_version: version },
    availability: [
      {
        topic: topics.status,
        value_template: '{{ value_json.status }}',
        payload_available: 'online',
        payload_not_available: 'offline',
      },
    ],
    qos: 1,
    components: { ...components(topics, machine, id), ...scores(topics.score(machine), feeds, id) },
  };
  return { topic: discoveryTopic(topics, prefix, machine), payload: JSON.stringify(payload), qos: 1, retain: true };
}

/** Where a machine is told of; nothing retained there: Home Assistant forgets the device. */
export function discoveryTopic(topics: Topics, prefix: string, machine: string): string {
  return `${prefix}/device/${deviceId(topics, machine)}/config`;
}

function components(topics: Topics, machine: string, id: string) {
  const state_topic = topics.state(machine);
  const command_topic = topics.command(machine);
  const problem = (state: MachineState) => ({
    platform: 'binary_sensor',
    device_class: 'problem',
    state_topic,
    value_template: `{{ 'ON' if value_json.state == '${state}' else 'OFF' }}`,
  });
  const button = (command: object) => ({ platform: 'button', command_topic, payload_press: JSON.stringify(command) });
  const entities = {
    anomaly: { name: 'Anomaly', ...problem('anomalous') },
    sensor_fault: { name: 'Sensor fault', entity_category: 'diagnostic', ...problem('sensor-fault') },
    state: {
      platform: 'sensor',
      name: 'State',
      device_class: 'enum',
      options: MACHINE_STATES,
      state_topic,
      value_template: '{{ value_json.state }}',
    },
    acknowledge: { name: 'Acknowledge', ...button({ command: 'acknowledge' }) },
    mute: { name: `Mute for ${MUTE_MINUTES} minutes`, ...button({ command: 'mute', minutes: MUTE_MINUTES }) },
  };
  return Object.fromEntries(
    Object.entries(entities).map(([key, entity]) => [key, { unique_id: `${id}_${key}`, ...entity }]),
  );
}

/**
 * All feeds of a machine tell their scores on one topic. What is none of an entity's own renders as '', which a numeric sensor leaves
 * unread; a component that has nothing but its platform is taken back.
 */
function scores(state_topic: string, feeds: readonly string[], id: string) {
  const sensor = (key: string, name: string, value_template: string) => ({
    unique_id: `${id}_${key}`,
    ...{ platform: 'sensor', name, state_class: 'measurement', suggested_display_precision: 2 },
    ...{ state_topic, value_template },
  });
  if (feeds.length < 2) return { score: sensor('score', 'Score', '{{ value_json.statistic }}') };
  const own = feeds.map((feed) => {
    const key = `score_${shortDigest(feed)}`;
    const template = `{{ value_json.statistic if value_json.feed == ${JSON.stringify(feed)} }}`;
    return [key, sensor(key, `Score ${feed}`, template)];
  });
  return { score: { platform: 'sensor' }, ...Object.fromEntries(own) };
}

/** Of the characters that Home Assistant takes in a topic; a name with others gets a digest so that no two become one. */
function deviceId({ base, site }: Topics, machine: string): string {
  const name = `${base}_${site}_${machine}`;
  const plain = name.replaceAll(/[^a-zA-Z0-9_-]/g, '-');
  const ambiguous = plain !== name || [base, site, machine].some((part) => part.includes('_'));
  if (!ambiguous) return plain;
  return `${plain.slice(0, 100)}_${shortDigest(JSON.stringify([base, site, machine]))}`;
}

function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
