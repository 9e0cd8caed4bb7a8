"""WeCom callbacks with their answers: verify, decrypt, parse, skill, reply; one server process, measured from outside.

The platform's side is a process of its own, and so is each server, one after the other, in turns, so that all of them
meet the same machine.
"""

import os

import psutil

from benchmarks.callbacks import Run, _cpu, _line, _start
from benchmarks.wecom.settings import WARM_UP

MODES = ("send", "passive")
SERVERS = {
    "by hand": "benchmarks.wecom.by_hand",
    "imbridge": "benchmarks.wecom.bridge",
    "wechatpy": "benchmarks.wecom.by_wechatpy",  # passive only: its client blocks
}
PEOPLE = 50


async def measure(server: str, mode: str, *, requests: int) -> Run:
    """Run one server through `requests` messages."""
    platform = await _start("benchmarks.wecom.platform", dict(os.environ), mode, str(requests), str(PEOPLE))
    process = None
    try:
        assert platform.stdin is not None
        assert platform.stdout is not None
        url = f"http://127.0.0.1:{(await _line(platform))['port']}"
        process = await _start(SERVERS[server], {**os.environ, "WECOM_BASE_URL": url, "BENCH_MODE": mode})
        platform.stdin.write(b"%d\n" % (await _line(process))["port"])
        if await platform.stdout.readline() != b"ready\n":
            raise RuntimeError(f"{server} did not serve the warm-up")
        watched = psutil.Process(process.pid)
        before = _cpu(watched)
        platform.stdin.write(b"go\n")
        result = await _line(platform)
        cpu = _cpu(watched) - before
        process.terminate()
        handled = (await _line(process))["handled"]
        if handled != requests + WARM_UP:
            raise RuntimeError(f"{server} handled {handled} of {requests + WARM_UP} messages")
        return Run(requests, result["seconds"], cpu, result["latencies"])
    finally:
        for one in (platform, process):
            if one is not None:
                if one.returncode is None:
                    one.kill()
                await one.communicate()
