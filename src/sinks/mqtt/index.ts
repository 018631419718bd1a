export type { TlsOptions } from '../../sources/mqtt/connection.js';
export { type EmbeddedBroker, type EmbeddedBrokerOptions, openEmbeddedBroker } from './embedded-broker.js';
export type { WatchedTopic } from './greeting.js';
export { eventMessage, type MqttMessage, PAYLOAD_VERSION } from './messages.js';
export { type MqttHealth, MqttSink, type MqttSinkOptions } from './mqtt-sink.js';
export { mqttTopics, type Topics } from './topics.js';
