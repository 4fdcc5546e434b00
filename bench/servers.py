"""What a measurement runs against: embedded servers with the durability of production, and our processes, each started and stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.core.keys import new_key
from app.operations.embedded import EmbeddedPostgres, EmbeddedValkey
from app.operations.migrations import migrate

TOKEN = "a token for measuring"


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """PostgreSQL and Valkey in a temporary folder; gives the environment of our processes."""
    with tempfile.TemporaryDirectory(prefix="vigia-bench-") as folder:
        postgres, valkey = EmbeddedPostgres(Path(folder) / "postgres"), EmbeddedValkey(Path(folder) / "valkey")
        try:
            environment = {
                "VIGIA_DATABASE_URL": postgres.start(),
                "VIGIA_REDIS_URL": valkey.start(),
                "VIGIA_KEYS": new_key(),
                "VIGIA_HASH_KEY": new_key(),
                "VIGIA_DATA": folder,  # whatever an earlier run left in a spool would send every text of this one to the disk
                "VIGIA_LINES": "+19195550100",
                "VIGIA_LOG_LEVEL": "ERROR",
                "TWILIO_ACCOUNT_SID": "ACsimulator0000000000000000000000a",
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_API_KEY_SID": "SKsimulator0000000000000000000000a",
                "TWILIO_API_KEY_SECRET": "a secret for measuring",
                "TWILIO_API_URL": "http://localhost:1",
            }
            migrate(environment["VIGIA_DATABASE_URL"])
            yield environment
        finally:
            valkey.stop()
            postgres.stop()


def free_port() -> int:
    """A port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(words: Sequence[str], environment: Mapping[str, str], ready: str | None = None) -> Iterator[int]:
    """A Python process of ours, waited for until `ready` answers, and stopped at the end. Gives its number."""
    running = subprocess.Popen([sys.executable, *words], env={**os.environ, **environment}, start_new_session=True)
    try:
        if ready is not None:
            _wait_for(ready, running)
        yield running.pid
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()


def _wait_for(url: str, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120  # where others work, too, the first start of a fresh copy takes more than half a minute
    while time.monotonic() < until and running.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310  # loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"{url} never answered")
