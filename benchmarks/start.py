"""What `import imbridge` costs: time and memory in a fresh interpreter, and what it loads."""

import json
import subprocess
import sys
from typing import Any

_SCRIPT = """
import json, sys, time
wall, cpu = time.perf_counter(), time.process_time()
import imbridge
wall, cpu, modules = time.perf_counter() - wall, time.process_time() - cpu, len(sys.modules)
import psutil
print(json.dumps({
    "seconds": wall,
    "cpu_seconds": cpu,
    "rss_mib": psutil.Process().memory_info().rss / (1 << 20),
    "modules": modules,
    "heavy": sorted({"aiohttp", "lark_oapi", "yaml", "google.protobuf", "cryptography"} & set(sys.modules)),
}))
"""


def run(turns: int = 9) -> dict[str, Any]:
    """The best of several fresh interpreters: what the machine does otherwise only makes it slower."""
    results: list[dict[str, Any]] = []
    for _ in range(turns):
        done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True)  # noqa: S603 - our own script
        results.append(json.loads(done.stdout))
    return min(results, key=lambda result: float(result["seconds"]))
