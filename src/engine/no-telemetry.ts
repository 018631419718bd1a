/**
 * Nothing that a machine sounds like leaves it: ONNX Runtime reports sessions, names of model files and a device id to its maker unless
 * this is set before its library loads (its `docs/Privacy.md`; Linux and macOS since 1.29). Workers inherit it from the main thread,
 * whose environment alone the library sees.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
