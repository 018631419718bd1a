/** Debian programs that some tests need. */
import { execFileSync } from 'node:child_process';

/** True when the program can be started; tests that need it name the package that brings it. */
export function hasProgram(name: string): boolean {
  try {
    execFileSync('which', [name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
