"""`make bench`: all measurements, as text for people or `--json` for scripts."""

import argparse
import asyncio
import functools
import json
import platform
import statistics
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import callbacks, durable, echo, frames, start
from benchmarks.dingtalk import loss
from benchmarks.stages import DINGTALK, FEISHU, QQ, Platform
from benchmarks.wecom import measure as wecom

GOAL_RATE, GOAL_CPU = 0.70, 1.6
GOAL_CALLBACK_RATE = 0.5
PARTS = ("import", "frames", "echo", "durable", "callbacks", "wecom", "dingtalk", "qq", "loss", "memory")


def main() -> None:
    """Measure and report; nothing is asserted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--messages", type=int, default=4000, help="messages per client and turn")
    parser.add_argument("--turns", type=int, default=5, help="turns of each client, in alternation")
    parser.add_argument("--callbacks", type=int, default=10_000, metavar="N", help="callbacks per server and turn")
    parser.add_argument("--memory", type=int, default=100_000, metavar="N", help="messages of the memory run; 0: none")
    parser.add_argument("--no-sdk", action="store_true", help="leave the official SDK's client out")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part only; may be repeated")
    options = parser.parse_args()
    say = _Progress(quiet=options.json)
    report: dict[str, Any] = {"machine": f"{platform.machine()}, Python {platform.python_version()}"}

    parts = options.only or PARTS
    if "import" in parts:
        say("import imbridge ...")
        report["import"] = start.run()
    if "frames" in parts:
        say("frame to acknowledgement ...")
        report["frames_us"] = frames.run()
    if "echo" in parts:
        report["echo"] = asyncio.run(_echo(FEISHU, options, say))
    if "durable" in parts:
        report["durable"] = asyncio.run(durable.run(options.messages, options.turns, say))
    if "callbacks" in parts:
        report["callbacks"] = asyncio.run(_callbacks(options, say))
    if "wecom" in parts:
        report["wecom"] = asyncio.run(_wecom(options, say))
    if "dingtalk" in parts:
        report["dingtalk"] = asyncio.run(_echo(DINGTALK, options, say))
    if "qq" in parts:
        report["qq"] = asyncio.run(_echo(QQ, options, say))
    if "loss" in parts:
        report["loss"] = asyncio.run(loss.run(say))
    if "memory" in parts and options.memory:
        report["memory"] = asyncio.run(_memory(options.memory, say))
    print(json.dumps(report, indent=2) if options.json else _text(report))


async def _echo(where: Platform, options: argparse.Namespace, say: "_Progress") -> dict[str, Any]:
    runs: dict[str, list[echo.Run]] = {name: [] for name in where.clients}
    for turn in range(options.turns):
        for name in ("minimal", "imbridge"):
            say(f"{where.title}, echo, turn {turn + 1} of {options.turns}: {name} ...")
            runs[name].append(await echo.measure(where, name, messages=options.messages, conversations=50))
    if not options.no_sdk:
        say(f"{where.title}, echo: the official SDK (fewer messages, it is slow) ...")
        runs[where.sdk].append(await echo.measure(where, where.sdk, messages=300, conversations=50))
    result: dict[str, Any] = {name: echo.medians(found) for name, found in runs.items() if found}
    pairs = list(zip(runs["minimal"], runs["imbridge"], strict=True))
    # Neighbouring turns meet the same machine: the ratio of each pair, and of these the middle one.
    result["rate_ratio"] = statistics.median(ours.rate / theirs.rate for theirs, ours in pairs)
    result["cpu_ratio"] = statistics.median(ours.cpu_per_1000 / theirs.cpu_per_1000 for theirs, ours in pairs)
    return result


async def _callbacks(options: argparse.Namespace, say: "_Progress") -> dict[str, Any]:
    runs: dict[str, list[callbacks.Run]] = {name: [] for name in callbacks.SERVERS}

    async def measure(name: str) -> None:
        say(f"callbacks: {name} ...")
        runs[name].append(await callbacks.measure(name, requests=options.callbacks))

    await measure("nothing")
    for _ in range(options.turns):
        await measure("by hand")
        await measure("imbridge")
    if not options.no_sdk:
        await measure("lark_oapi")
    return callbacks.summary(runs)


async def _wecom(options: argparse.Namespace, say: "_Progress") -> dict[str, Any]:
    result: dict[str, Any] = {}
    for mode in wecom.MODES:
        runs: dict[str, list[callbacks.Run]] = {name: [] for name in wecom.SERVERS}
        for turn in range(options.turns):
            for name in ("by hand", "imbridge"):
                say(f"WeCom, {mode}, turn {turn + 1} of {options.turns}: {name} ...")
                runs[name].append(await wecom.measure(name, mode, requests=options.messages))
        if mode == "passive" and not options.no_sdk:
            runs["wechatpy"].append(await wecom.measure("wechatpy", mode, requests=options.messages))
        result[mode] = callbacks.medians(runs)
    return result


async def _memory(messages: int, say: "_Progress") -> dict[str, Any]:
    def progress(done: int) -> None:
        say(f"memory: {done:,} of {messages:,} messages ...")

    run = await echo.measure(FEISHU, "imbridge", messages=messages, conversations=50, samples=10, progress=progress)
    rss = [round(value, 1) for value in run.rss_mib]
    return {"messages": messages, "rss_mib": rss, "rate": run.rate, "cpu_per_1000": run.cpu_per_1000}


class _Progress:
    def __init__(self, *, quiet: bool) -> None:
        self._show = not quiet and sys.stderr.isatty()

    def __call__(self, text: str) -> None:
        if self._show:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _text(report: dict[str, Any]) -> str:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    lines = [f"imbridge benchmarks on {report['machine']}"]
    for name, write in _SECTIONS.items():
        if name in report:
            lines += ["", *write(report[name])]
    return "\n".join(lines)


def _import_text(started: dict[str, Any]) -> list[str]:
    loaded = ", ".join(started["heavy"]) or "no network library and no SDK"
    return [
        (
            f"import imbridge       {started['seconds']:.2f} s, {started['rss_mib']:.0f} MiB, loads {loaded}"
            "   (goal: 0.3 s, 50 MiB)"
        )
    ]


def _frames_text(cost: dict[str, float]) -> list[str]:
    named = {"by hand: frame, JSON, ack": "by_hand", "imbridge, frame to ack": "to_ack"}
    named["imbridge, frame to skill"] = "to_skill"
    return ["CPU per event, microseconds", *_bars({name: cost[key] for name, key in named.items()})]


def _echo_text(where: Platform, echoed: dict[str, Any]) -> list[str]:
    clients = [name for name in where.clients if name in echoed]
    return [
        f"{where.title}, echo over the emulator, 50 conversations, messages a second",
        *_bars({name: echoed[name]["rate"] for name in clients}),
        "",
        "CPU milliseconds per message",
        *_bars({name: echoed[name]["cpu_per_1000"] for name in clients}),
        "",
        *_latencies(echoed, clients),
        "",
        (
            f"imbridge beside the minimal client: {echoed['rate_ratio']:.0%} of its rate (goal: {GOAL_RATE:.0%}), "
            f"{echoed['cpu_ratio']:.2f} times its CPU (goal: {GOAL_CPU})"
        ),
        (
            f"(the emulator and the people share the machine: "
            f"{echoed['imbridge']['emulator_cpu_per_1000']:.2f} ms CPU per message of their own)"
        ),
    ]


def _callbacks_text(found: dict[str, Any]) -> list[str]:
    servers = [name for name in callbacks.SERVERS if name in found]
    return [
        f"Callbacks, encrypted and signed, {callbacks.CONNECTIONS} connections, requests a second ({found['server']})",
        *_bars({name: found[name]["rate"] for name in servers}),
        "",
        "CPU microseconds per callback ('nothing' answers 200 to anything: the HTTP server's own part)",
        *_bars({name: found[name]["cpu_us"] for name in servers}),
        "",
        *_latencies(found, servers),
        "",
        (
            f"imbridge beside the hand-written address: {found['rate_ratio']:.0%} of its rate "
            f"(goal: at least {GOAL_CALLBACK_RATE:.0%}), {found['cpu_ratio']:.2f} times its CPU, "
            f"{found['own_cpu_ratio']:.1f} times without the HTTP server's part"
        ),
    ]


def _wecom_text(found: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for mode, told in found.items():
        how = "answered by message/send" if mode == "send" else "answered in the callback itself"
        servers = [name for name in wecom.SERVERS if name in told]
        lines += [
            f"WeCom, {how}, {wecom.PEOPLE} people, messages a second ({told['server']})",
            *_bars({name: told[name]["rate"] for name in servers}),
            "",
            "CPU microseconds per message",
            *_bars({name: told[name]["cpu_us"] for name in servers}),
            "",
            *_latencies(told, servers),
            "",
            (
                f"imbridge beside the hand-written server: {told['rate_ratio']:.0%} of its rate "
                f"(goal: {GOAL_RATE:.0%}), {told['cpu_ratio']:.2f} times its CPU (goal: {GOAL_CPU})"
            ),
            "",
        ]
    return lines[:-1]


def _memory_text(memory: dict[str, Any]) -> list[str]:
    return [
        f"Memory over {memory['messages']:,} messages, MiB at each tenth",
        "  " + "  ".join(f"{value:.1f}" for value in memory["rss_mib"]),
    ]


_SECTIONS: dict[str, Callable[[Any], list[str]]] = {
    "import": _import_text,
    "frames_us": _frames_text,
    "echo": functools.partial(_echo_text, FEISHU),
    "durable": durable.text,
    "callbacks": _callbacks_text,
    "wecom": _wecom_text,
    "dingtalk": functools.partial(_echo_text, DINGTALK),
    "qq": functools.partial(_echo_text, QQ),
    "loss": loss.text,
    "memory": _memory_text,
}


def _latencies(found: dict[str, Any], names: list[str]) -> list[str]:
    rows = (f"  {name:<24} {found[name]['p50_ms']:7.1f}  {found[name]['p99_ms']:7.1f}" for name in names)
    return ["Latency, milliseconds        p50      p99", *rows]


def _bars(values: dict[str, float]) -> list[str]:
    most = max(values.values())
    return [f"  {name:<26} {value:10.3g}  {'█' * max(1, round(value / most * 40))}" for name, value in values.items()]


if __name__ == "__main__":
    main()
