"""HTTP callbacks, encrypted and signed: rate, CPU and latency of one server process, measured from outside.

The load comes from a process of its own; so does each server, one after the other, in turns, so that all of them meet
the same machine. A server has answered a request when it may be forgotten: what it then does with the event counts too,
as long as the load runs.
"""

import asyncio
import json
import os
import statistics
import sys
from dataclasses import dataclass
from typing import Any

import psutil

from benchmarks.load import WARM_UP
from benchmarks.servers.serve import HTTP, LOOP
from imbridge.emulators.feishu import FeishuEmulator

SERVERS = {
    "nothing": "benchmarks.servers.nothing",
    "by hand": "benchmarks.servers.minimal",
    "imbridge": "benchmarks.servers.bridge",
    "lark_oapi": "benchmarks.servers.lark",
}
CONNECTIONS = 50


@dataclass
class Run:
    """One server, one turn."""

    requests: int
    seconds: float
    cpu_seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of the server per request."""
        return self.cpu_seconds / self.requests * 1e6

    def percentile(self, share: float) -> float:
        """Latency in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


async def measure(server: str, *, requests: int) -> Run:
    """Run one server through `requests` events."""
    async with FeishuEmulator() as feishu:
        feishu.add_app(app_id="cli_bench", app_secret="bench-secret")  # for imbridge, which asks who its bot is
        environ = {**os.environ, "FEISHU_BASE_URL": feishu.base_url}
        process = await _start(SERVERS[server], environ)
        load = None
        try:
            port = (await _line(process))["port"]
            load = await _start("benchmarks.load", environ, str(port), str(requests), str(CONNECTIONS))
            assert load.stdin is not None
            assert load.stdout is not None
            if await load.stdout.readline() != b"ready\n":
                raise RuntimeError(f"{server} did not serve the warm-up")
            watched = psutil.Process(process.pid)
            before = _cpu(watched)
            load.stdin.write(b"go\n")
            result = await _line(load)
            cpu = _cpu(watched) - before
            process.terminate()
            handled = (await _line(process))["handled"]
            if handled != requests + WARM_UP:
                raise RuntimeError(f"{server} handled {handled} of {requests + WARM_UP} events")
            return Run(requests, result["seconds"], cpu, result["latencies"])
        finally:
            for one in (load, process):
                if one is not None:
                    if one.returncode is None:
                        one.kill()
                    await one.communicate()


async def _start(module: str, environ: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=pipe, stdout=pipe, env=environ, limit=1 << 26
    )


async def _line(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"the process ended with status {await process.wait()}")
    return json.loads(line)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def medians(runs: dict[str, list[Run]]) -> dict[str, Any]:
    """What the turns of each server come to, and imbridge beside the hand-written one, which has as many turns."""
    result: dict[str, Any] = {
        name: {
            "rate": statistics.median(run.rate for run in found),
            "cpu_us": statistics.median(run.cpu_us for run in found),
            "p50_ms": statistics.median(run.percentile(0.50) for run in found),
            "p99_ms": statistics.median(run.percentile(0.99) for run in found),
        }
        for name, found in runs.items()
        if found
    }
    pairs = list(zip(runs["by hand"], runs["imbridge"], strict=True))
    # Neighbouring turns meet the same machine: the ratio of each pair, and of these the middle one.
    result["rate_ratio"] = statistics.median(ours.rate / theirs.rate for theirs, ours in pairs)
    result["cpu_ratio"] = statistics.median(ours.cpu_us / theirs.cpu_us for theirs, ours in pairs)
    result["server"] = f"uvicorn, {LOOP}, {HTTP}"
    return result


def summary(runs: dict[str, list[Run]]) -> dict[str, Any]:
    """The same, and without what the HTTP server itself costs."""
    result = medians(runs)
    hand, ours, floor = (result[name]["cpu_us"] for name in ("by hand", "imbridge", "nothing"))
    return {**result, "own_cpu_ratio": (ours - floor) / (hand - floor)}
