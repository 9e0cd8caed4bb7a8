"""Echo over the emulator: rate, CPU and latency of one client process, measured from outside.

The emulator and the people who talk run in this process; each client runs in one of its own, one after the other, in
turns, so that all of them meet the same machine. Every conversation says something, waits for the echo, and goes on.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from benchmarks.stages import Platform


@dataclass
class Run:
    """One client, one turn."""

    client: str
    messages: int
    seconds: float
    cpu_seconds: float
    own_cpu_seconds: float
    latencies: list[float]
    rss_mib: list[float]

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def cpu_per_1000(self) -> float:
        """CPU seconds of the client per 1,000 messages."""
        return self.cpu_seconds / self.messages * 1000

    def percentile(self, share: float) -> float:
        """Latency in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


async def measure(
    platform: Platform,
    client: str,
    *,
    messages: int,
    conversations: int,
    samples: int = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> Run:
    """Run one of a platform's clients through `messages` echoes; `samples`: how often to look at its memory."""
    async with platform.stage(conversations) as stage:
        environ = {**os.environ, **stage.environ}
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", platform.clients[client], env=environ)
        try:
            while not stage.connected():
                await asyncio.sleep(0.01)
                if process.returncode is not None:
                    raise RuntimeError(f"{client} ended with status {process.returncode}")
            latencies: list[float] = []
            left = messages

            async def talk(number: int, budget: int | None = None) -> None:
                nonlocal left
                turn = 0
                while left > 0 if budget is None else turn < budget:
                    if budget is None:
                        left -= 1
                    turn += 1
                    text = f"message {turn} of conversation {number}: 今天天气怎么样？"
                    started = time.perf_counter()
                    await stage.exchange(number, text)
                    if budget is None:
                        latencies.append(time.perf_counter() - started)

            await asyncio.gather(*(talk(n, 5) for n in range(conversations)))  # connections open, caches filled
            watched, here = psutil.Process(process.pid), psutil.Process()
            before, own_before = _cpu(watched), _cpu(here)
            rss = [_rss(watched)]
            started = time.perf_counter()
            talking = asyncio.gather(*(talk(n) for n in range(conversations)))
            while not talking.done():
                await asyncio.wait((talking,), timeout=0.5)
                progress(messages - left)
                if samples and len(rss) <= (messages - left) * samples // messages:
                    rss.append(_rss(watched))
            await talking
            seconds = time.perf_counter() - started
            rss.append(_rss(watched))
            return Run(client, messages, seconds, _cpu(watched) - before, _cpu(here) - own_before, latencies, rss)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
            if stage.violations():
                print(f"warning: {client} broke the platform's rules: {stage.violations()[0]}", file=sys.stderr)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _rss(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / (1 << 20)


def medians(runs: list[Run]) -> dict[str, float]:
    """What a client's turns come to."""
    return {
        "rate": statistics.median(run.rate for run in runs),
        "cpu_per_1000": statistics.median(run.cpu_per_1000 for run in runs),
        "p50_ms": statistics.median(run.percentile(0.50) for run in runs),
        "p99_ms": statistics.median(run.percentile(0.99) for run in runs),
        "emulator_cpu_per_1000": statistics.median(run.own_cpu_seconds / run.messages * 1000 for run in runs),
    }
