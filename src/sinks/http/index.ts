export { loginOf } from './bind.js';
export { openHttpSink } from './http-sink.js';
export type {
  Credentials,
  DashboardData,
  FeedInfo,
  HealthCheck,
  HttpLimits,
  HttpSink,
  HttpSinkOptions,
  SpectrogramFrames,
} from './types.js';
export { DEFAULT_LIMITS } from './types.js';
