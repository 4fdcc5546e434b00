"""`vigia simulator` runs alone, says how to use it, and not beside anything real."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from twilio.rest import Client

from app.core.errors import VigiaError
from app.operations.simulate import Alone, configured, introduction
from app.settings import Settings
from app.simulator.server import address_of, loopback_socket


@contextmanager
def started(*more: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`vigia simulator` with nothing else in its environment; gives the process and its address."""
    with loopback_socket() as listener:
        port = address_of(listener).rpartition(":")[2]
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "simulator", "--port", port, *more],
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process, f"http://localhost:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def said_until(process: subprocess.Popen[str], word: str) -> str:
    """What the process prints up to the line with `word`."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            break
    return "".join(lines)


@pytest.mark.filterwarnings("ignore:.* deprecated and will be removed in:DeprecationWarning")
def test_it_runs_without_database_or_settings_and_what_it_prints_works() -> None:
    with started("--token", "a token of mine", "--sms-url", "http://127.0.0.1:1/sms", "--seed", "4") as (process, url):
        said = said_until(process, "Application startup complete")
        python = re.search(r"    from twilio.*?Hello\"\)", said, re.DOTALL)
        assert python is not None
        found: dict[str, Client] = {}
        exec(re.sub(r"^    ", "", python[0], flags=re.MULTILINE), found)  # noqa: S102 - what it prints must run as it is
        [listed] = found["client"].messages.list()
        faults = httpx2.get(f"{url}/simulator/api/faults", trust_env=False).json()

    assert listed.body == "Hello"
    assert "http://127.0.0.1:1/sms" in said
    assert faults["faults"] == []


def test_it_refuses_to_start_beside_a_real_account() -> None:
    with started(TWILIO_ACCOUNT_SID="AC" + "0" * 32) as (process, _url):
        assert process.stdout is not None
        said = process.stdout.read()

    assert "refuses to start beside a real Twilio account" in said
    assert "Traceback" not in said
    assert process.returncode == 1


def test_a_real_account_is_refused_on_the_command_line_too() -> None:
    with started("--account", "AC" + "0" * 32) as (process, _url):
        assert process.stdout is not None
        said = process.stdout.read()

    assert "never beside a real one" in said
    assert process.returncode == 1


def test_the_environment_says_what_the_command_line_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("TWILIO_", "VIGIA_")):
            monkeypatch.delenv(name)
    config = configured(
        Alone(8001, voice_url="http://127.0.0.1:9/voice"),
        Settings(_env_file=None),
        {"VIGIA_SIMULATOR_SMS_URL": "http://127.0.0.1:9/sms"},
    )

    [line] = config.lines
    assert (line.sms_url, line.voice_url, line.voice_status_url) == ("http://127.0.0.1:9/sms", "http://127.0.0.1:9/voice", "")
    assert config.account_sid in introduction(config)
    with pytest.raises(VigiaError):
        configured(Alone(8001), Settings(_env_file=None, TWILIO_ACCOUNT_SID="AC" + "1" * 32), {})
