import { describe, expect, it } from 'vitest';
import { MachineStates } from '../../src/monitoring/machine-states.js';

describe('MachineStates', () => {
  it("takes the most urgent of a machine's feeds, and tells only changes", () => {
    const states = new MachineStates();
    expect(states.get('m')).toBe('unknown');
    expect(states.set('m', 'sound', 'normal')).toBe('normal');
    expect(states.set('m', 'picture', 'sensor-fault')).toBe('sensor-fault');
    expect(states.set('m', 'sound', 'anomalous')).toBe('anomalous');
    expect(states.set('m', 'picture', 'normal')).toBeNull();
    expect(states.set('m', 'sound', 'normal')).toBe('normal');
    expect(states.get('other')).toBe('unknown');
  });
});
