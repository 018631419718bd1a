import type { Contribution, Event, EventChange, LearnProgress, MachineState, Verdict } from '../../contracts.js';
import type { MqttMessage } from '../../sources/mqtt/connection.js';
import type { NewOutboxMessage } from '../../store/index.js';
import type { Topics } from './topics.js';

export type { MqttMessage };

/** Version of every payload; it rises when a field changes its meaning or goes. Schemas: config/schemas/mqtt-*.json. */
export const PAYLOAD_VERSION = 1;
/** Parts of a contribution that a message carries, per axis: the largest. */
const TOP_PARTS = 8;
const WORDS_LIMIT = 2_000;

/** A time for people and programs: ISO 8601 in UTC with milliseconds. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** JSON has no NaN and no infinity. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/**
 * What is written to the outbox beside the event. Raising and clearing are alerts and never dropped; an update may be.
 * @param nowMs when the message is made
 */
export function eventMessage(topics: Topics, event: Event, change: EventChange, nowMs: number): NewOutboxMessage {
  const payload = {
    version: PAYLOAD_VERSION,
    change,
    id: event.id,
    kind: event.kind,
    code: event.code,
    site: topics.site,
    machine: event.machine,
    feed: event.feed,
    raisedAt: iso(event.raisedMs),
    clearedAt: event.clearedMs === null ? null : iso(event.clearedMs),
    acknowledgedAt: event.acknowledgedMs === null ? null : iso(event.acknowledgedMs),
    label: event.label,
    peak: finite(event.peak),
    peakAt: iso(event.peakMs),
    threshold: finite(event.threshold),
    pValue: finite(event.pValue),
    words: event.words.slice(0, WORDS_LIMIT),
    contribution: event.contribution && topContribution(event.contribution),
    ...soundSummary(event.contribution),
    clip: event.clip,
    modelDigest: event.modelDigest,
    configDigest: event.configDigest,
  };
  return {
    kind: change === 'updated' ? 'telemetry' : 'alert',
    topic: topics.event(event.machine),
    payload: JSON.stringify(payload),
    qos: 1,
    retain: false,
    createdMs: nowMs,
  };
}

/** The largest parts of each axis, largest first. */
function topContribution({ energy, axes }: Contribution) {
  return {
    energy: finite(energy),
    axes: axes.map(({ axis, labels, values }) => ({
      axis,
      top: values
        .map((value, index) => ({ label: labels[index] ?? String(index), value }))
        .filter(({ value }) => Number.isFinite(value))
        .sort((a, b) => b.value - a.value)
        .slice(0, TOP_PARTS),
    })),
  };
}

/** Sound: what a person is told, in numbers. Empty and null for events of other feeds, and of packages of before. */
function soundSummary(contribution: Contribution | null) {
  const { bands = [], times = [], nearestNormal = null } = contribution ?? {};
  return {
    bandsHz: bands.map(({ fromHz, toHz, changeDb }) => ({ from: fromHz, to: toHz, changeDb })),
    seconds: times.map(({ fromMs, toMs }) => ({ from: iso(fromMs), to: iso(toMs) })),
    nearestNormal,
  };
}

export function stateMessage(topics: Topics, machine: string, state: MachineState, atMs: number): MqttMessage {
  const payload = { version: PAYLOAD_VERSION, site: topics.site, machine, state, at: iso(atMs) };
  return { topic: topics.state(machine), payload: JSON.stringify(payload), qos: 1, retain: true };
}

export function scoreMessage(topics: Topics, verdict: Verdict): MqttMessage {
  const payload = {
    version: PAYLOAD_VERSION,
    site: topics.site,
    machine: verdict.machine,
    feed: verdict.feed,
    at: iso(verdict.endMs),
    score: finite(verdict.score),
    frozenScore: finite(verdict.frozenScore ?? Number.NaN),
    statistic: finite(verdict.statistic),
    threshold: finite(verdict.threshold),
    pValue: finite(verdict.pValue),
    operating: verdict.operating,
    state: verdict.state,
  };
  return { topic: topics.score(verdict.machine), payload: JSON.stringify(payload), qos: 0, retain: false };
}

export function learningMessage(topics: Topics, progress: LearnProgress): MqttMessage {
  const { machine, feed, stage, share, atMs, message } = progress;
  const known = { stage, share: Math.round(share * 1000) / 1000, message: message.slice(0, WORDS_LIMIT) };
  const payload = { version: PAYLOAD_VERSION, site: topics.site, machine, feed, at: iso(atMs), ...known };
  return { topic: topics.learning(machine), payload: JSON.stringify(payload), qos: 1, retain: false };
}

/** `offline` is the last will, made when connecting: it cannot say when. */
export function statusMessage(topics: Topics, status: 'online' | 'offline', auscult: string): MqttMessage {
  const payload = { version: PAYLOAD_VERSION, site: topics.site, status, auscult };
  return { topic: topics.status, payload: JSON.stringify(payload), qos: 1, retain: true };
}
