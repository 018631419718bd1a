"""Answers one measurement a line, so that the bench can take turns with its peer."""
import json
import statistics
import sys
import time


def median_ms(work, warm, runs):
    for _ in range(warm):
        work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def serve(name, measure):
    """Says who it is; then for every line {"work", "threads", "warm", "runs"} on stdin one {"ms"} on stdout."""
    print(json.dumps({"peer": name}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        work = measure(request["work"], request["threads"])
        print(json.dumps({"ms": median_ms(work, request["warm"], request["runs"])}), flush=True)
