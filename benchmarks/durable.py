"""What it costs that messages survive: the durable bridge beside the one in memory and the hand-written client.

All in one run, in turns, so that they meet the same machine; what counts are their ratios.
"""

import statistics
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks import acks, echo
from benchmarks.stages import FEISHU

CLIENTS = {
    "by hand": "benchmarks.clients.minimal",
    "in memory": "benchmarks.clients.bridge",
    "durable": "benchmarks.clients.durable",
}
PLATFORM = replace(FEISHU, clients=CLIENTS)
FEW, MANY = 50, 200
"""Conversations, each of which says something when it has its answer: with few of them, all of them wait for the disk
together, and what is measured is how long two commits take; with many, how much a bridge can do."""
GOAL_RATE = 0.5
"""Of the rate in memory."""
GOAL_MS = 50.0
"""From frame to acknowledgement, the slowest of a hundred."""
RATE, SECONDS = 1000.0, 5.0
"""At which that is to hold, in messages a second."""


async def run(messages: int, turns: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure all of them in turns."""
    runs: dict[str, list[echo.Run]] = {name: [] for name in CLIENTS}
    crowd: dict[str, list[echo.Run]] = {name: [] for name in CLIENTS}
    waits: dict[str, list[acks.Acks]] = {name: [] for name in CLIENTS}
    quiet: dict[str, list[acks.Acks]] = {name: [] for name in CLIENTS}
    for turn in range(turns):
        for name in CLIENTS:
            say(f"durable: echo, turn {turn + 1} of {turns}: {name} ...")
            runs[name].append(await echo.measure(PLATFORM, name, messages=messages, conversations=FEW))
    for turn in range(turns):
        for name in CLIENTS:
            say(f"durable: echo with {MANY} conversations, turn {turn + 1} of {turns}: {name} ...")
            crowd[name].append(await echo.measure(PLATFORM, name, messages=messages, conversations=MANY))
    for turn in range(turns):
        for name, module in CLIENTS.items():
            say(f"durable: frame to ack, turn {turn + 1} of {turns}: {name} ...")
            waits[name].append(await acks.measure(module, rate=RATE, seconds=SECONDS))
            quiet[name].append(await acks.measure(module, rate=RATE, seconds=SECONDS, silent=True))
    result: dict[str, Any] = {name: echo.medians(found) for name, found in runs.items()}
    for name, found in waits.items():
        result[name]["ack_p50_ms"] = statistics.median(one.percentile(0.50) for one in found)
        result[name]["ack_p99_ms"] = statistics.median(one.percentile(0.99) for one in found)
        result[name]["ack_best_p99_ms"] = min(one.percentile(0.99) for one in found)
        result[name]["refused"] = sum(one.refused for one in found)
        result[name]["spoken"] = statistics.median(one.spoken for one in found)
        result[name]["silent_ack_p99_ms"] = statistics.median(one.percentile(0.99) for one in quiet[name])
    # Neighbouring turns meet the same machine: the ratio of each pair, and of these the middle one.
    for some, end in ((runs, ""), (crowd, "_many")):
        pairs = list(zip(some["in memory"], some["durable"], strict=True))
        result["rate_ratio" + end] = statistics.median(ours.rate / theirs.rate for theirs, ours in pairs)
        result["cpu_ratio" + end] = statistics.median(ours.cpu_per_1000 / theirs.cpu_per_1000 for theirs, ours in pairs)
        result["rate_met" + end] = result["rate_ratio" + end] >= GOAL_RATE
    for name, crowded in crowd.items():
        result[name]["rate_many"] = statistics.median(one.rate for one in crowded)
    result["ack_met"] = result["durable"]["ack_p99_ms"] < GOAL_MS
    return result


def text(found: dict[str, Any]) -> list[str]:
    """For people."""
    rows = (
        f"  {name:<12}{found[name]['rate']:>10.0f}{found[name]['cpu_per_1000']:>10.2f}{found[name]['p50_ms']:>9.1f}"
        f"{found[name]['p99_ms']:>9.1f}{found[name]['ack_p50_ms']:>14.1f}{found[name]['ack_p99_ms']:>9.1f}"
        f"{found[name]['silent_ack_p99_ms']:>10.1f}{found[name]['spoken']:>9.0f}/s{found[name]['rate_many']:>14.0f}"
        for name in CLIENTS
    )
    wait, silent = found["durable"]["ack_p99_ms"], found["durable"]["silent_ack_p99_ms"]
    return [
        f"Messages that survive (SQLite, synchronous=full), echo over the emulator of Feishu, {FEW} conversations;",
        f"and from frame to acknowledgement while people speak at {RATE:.0f} messages a second",
        f"              messages  CPU ms a  latency, ms       frame to ack, ms     nobody   people  messages/s, {MANY}",
        "              a second   message    p50      p99          p50      p99 answers p99  came to  conversations",
        *rows,
        "",
        (
            f"durable beside in memory, {MANY} conversations: {found['rate_ratio_many']:.0%} of its rate "
            f"(goal: {GOAL_RATE:.0%}, {_met(found['rate_met_many'])}), {found['cpu_ratio_many']:.2f} times its CPU"
        ),
        (
            f"with {FEW}, all of which wait for the same commits: {found['rate_ratio']:.0%} "
            f"({_met(found['rate_met'])}), {found['cpu_ratio']:.2f} times its CPU"
        ),
        f"told to deliver again meanwhile, in all turns: {found['durable']['refused']}",
        f"frame to ack, p99: {wait:.1f} ms (goal: {GOAL_MS:.0f} ms, {_met(found['ack_met'])});",
        (
            "while a skill listens and says nothing, so that the emulated platform has little to do: "
            f"{silent:.1f} ms ({_met(silent < GOAL_MS)})"
        ),
    ]


def _met(whether: bool) -> str:
    return "met" if whether else "NOT met"
