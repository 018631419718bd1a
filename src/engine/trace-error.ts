import { InternalError } from '../contracts.js';

/** A function that cannot be recorded: an op without kernel, a value read while tracing, something baked in. */
export class TraceError extends InternalError {
  override name = 'TraceError';
}
