import type { Event, EventKind, EventLabel, LearnProgress, MachineState, TroubleCode } from '../src/contracts.js';
import type { IconName } from './icons.js';

/** The words that stand for states, kinds and labels everywhere on the page. */
export const STATE_WORDS: Readonly<Record<MachineState, string>> = {
  normal: 'Normal',
  anomalous: 'Anomaly',
  off: 'Off',
  learning: 'Learning',
  muted: 'Muted',
  'sensor-fault': 'Sensor fault',
  unknown: 'No data yet',
};

export const KIND_WORDS: Readonly<Record<EventKind, string>> = {
  anomaly: 'Anomaly',
  'sensor-fault': 'Sensor fault',
  test: 'Test alert',
};

export const KIND_LOOKS: Readonly<Record<EventKind, { readonly icon: IconName; readonly tone: string }>> = {
  anomaly: { icon: 'anomalous', tone: 'tone-anomalous' },
  'sensor-fault': { icon: 'sensor-fault', tone: 'tone-sensor-fault' },
  test: { icon: 'test', tone: 'tone-test' },
};

export const LABEL_WORDS: Readonly<Record<EventLabel, string>> = {
  'true-alarm': 'True alarm',
  'false-alarm': 'False alarm',
  unsure: 'Unsure',
};

export const LEARNING_WORDS: Readonly<Record<LearnProgress['stage'], string>> = {
  recording: 'Recording:',
  training: 'Training:',
  switching: 'Switching over:',
  done: 'Learned:',
  failed: 'Not learned:',
};

const TROUBLE_WORDS: Readonly<Record<TroubleCode, string>> = {
  'device-gone': 'device gone',
  'no-data': 'no data',
  silence: 'dead silence',
  clipping: 'clipping',
  'dc-offset': 'constant offset',
  stuck: 'stuck value',
  'not-finite': 'invalid samples',
  'wrong-rate': 'wrong sample rate',
  late: 'late data',
  overrun: 'samples lost',
  'bad-file': 'unreadable file',
  'bad-row': 'unreadable row',
  'bad-image': 'unreadable picture',
  'column-missing': 'column without values',
  'column-stuck': 'frozen column',
  'column-changed': 'column not seen to move before',
};

/** "Anomaly", "Sensor fault: dead silence". */
export function eventTitle({ kind, code }: Event): string {
  return code === null ? KIND_WORDS[kind] : `${KIND_WORDS[kind]}: ${TROUBLE_WORDS[code]}`;
}
