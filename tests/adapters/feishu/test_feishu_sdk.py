"""The official SDK's client over our transport, in processes of their own: its import warns, and cannot be undone."""

import json
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from imbridge.adapters.feishu.services import sdk as sdk_module
from imbridge.protocol import ConfigError

pytestmark = pytest.mark.timeout(240)  # a busy machine takes long to start a process

SCRIPT = Path(__file__).parent / "scripts" / "sdk.py"


@pytest.fixture(scope="module", params=[False, True], ids=["", "preloaded"])
def preloaded(request: pytest.FixtureRequest) -> bool:
    """Whether the application uses the SDK itself."""
    return bool(request.param)


@pytest.fixture(scope="module")
def found(preloaded: bool) -> dict[str, Any]:
    """What the script has found."""
    options = ["preloaded"] if preloaded else []
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *options], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    result: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
    return result


def test_it_is_loaded_on_demand_and_off_the_loop(found: dict[str, Any], preloaded: bool) -> None:
    assert found["loaded_before"] is found["not_loaded_by_other_calls"] is preloaded
    assert found["ticks"] > 0
    assert found["shared"]
    assert found["real"]
    assert found["threads"] == []


def test_it_calls(found: dict[str, Any]) -> None:
    assert found["sent"] == [0, True, "from acreate"]
    assert json.loads(found["got"]) == {"text": "from acreate"}
    assert found["image"] == [0, 0, True]
    assert found["refused"] == [True, False]
    assert found["generic"] == "Demo Bot"
    assert found["app_token"] == 0
    assert found["path"] == "a/b"
    assert found["violations"] == []


def test_many_calls_share_connections_and_one_token(found: dict[str, Any]) -> None:
    assert found["many"] == [0]
    assert 0 < found["connections"] <= 52
    assert found["token_requests"] == 1


def test_an_expired_token_is_renewed_once(found: dict[str, Any]) -> None:
    assert found["after_expiry"] == [[0], 2]


def test_as_a_person(found: dict[str, Any]) -> None:
    assert "acts as a person" in found["as_nobody"]
    assert found["as_alice"] == "Alice"


def test_the_token_goes_to_the_platform_only(found: dict[str, Any]) -> None:
    assert "not for another address" in found["elsewhere"]


def test_a_gateway_is_not_taken_for_the_platform(found: dict[str, Any]) -> None:
    assert "HTTP 502 without JSON" in found["gateway"]
    assert "the platform has a problem (code None, HTTP 502)" in found["app_token_gateway"]


def test_blocking_calls_work_in_threads_and_nowhere_else(found: dict[str, Any]) -> None:
    assert "asyncio.to_thread" in found["blocking"]
    assert found["sync"] == [0, "sync", 0]


def test_a_blocking_call_after_the_end_says_so(found: dict[str, Any]) -> None:
    assert "event loop has ended" in found["loop_gone"]


def test_others_who_use_the_sdk_keep_what_they_have(found: dict[str, Any], preloaded: bool) -> None:
    code, transport, apart, token_requests, cache = found["others"]
    assert code == 0
    assert transport == "lark_oapi.core.http.transport"
    assert apart
    assert token_requests == 1, "the SDK's own client fetches its own token"
    assert cache
    assert found["handlers"] == [True, 1 if preloaded else 0]
    assert found["level"] == (logging.ERROR if preloaded else logging.NOTSET)


def test_without_the_sdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lark_oapi", None)
    # In a thread, as it is meant to be: it leaves its thread without an event loop.
    with ThreadPoolExecutor(1) as thread, pytest.raises(ConfigError, match=r"pip install 'imbridge\[feishu\]'"):
        thread.submit(sdk_module._imported).result()
