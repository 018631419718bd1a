/** Where a running service can be spoken to, beside its database: `service.json`. No secret is in it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StorageError } from '../sources/storage-error.js';
import { lockInstance } from './instance-lock.js';

export interface ServiceAddress {
  readonly pid: number;
  /** Address of the page; null when it is switched off. */
  readonly page: string | null;
  /** Address of the broker, without credentials; null when MQTT is switched off. */
  readonly broker: string | null;
}

const fileOf = (dataDir: string): string => join(dataDir, 'service.json');

/** A convenience: where it cannot be written, commands from the shell do not find the service, and say so. */
export function writeServiceAddress(dataDir: string, address: ServiceAddress): void {
  try {
    writeFileSync(fileOf(dataDir), `${JSON.stringify(address)}\n`);
  } catch {
    rmSync(fileOf(dataDir), { force: true });
  }
}

export function removeServiceAddress(dataDir: string): void {
  rmSync(fileOf(dataDir), { force: true });
}

/** null when there is none that can be read. */
export function readServiceAddress(dataDir: string): ServiceAddress | null {
  try {
    return JSON.parse(readFileSync(fileOf(dataDir), 'utf8')) as ServiceAddress;
  } catch {
    return null;
  }
}

/**
 * Takes the data folder for this process, as a service does.
 * @returns gives it back; null when another process has it   @throws {StorageError} when the disk refuses
 */
export function takeDataFolder(dataDir: string): (() => void) | null {
  try {
    return lockInstance(join(dataDir, 'auscult.sqlite'));
  } catch (error) {
    if (error instanceof StorageError && error.failure === 'busy') return null;
    throw error;
  }
}
