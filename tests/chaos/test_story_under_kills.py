"""The story ends right whatever is killed, flushed or restarted under it: real processes, real signals."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis as redis_sync

from app.operations.embedded import EmbeddedPostgres
from app.simulator.story import tell_story
from tests.chaos.ports import quiet_ports

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

ALIASES = ("Ana", "Beto", "Luz", "Sam", "Olga", "Tomas")


@dataclass
class Demo:
    """A running `vigia demo`: its addresses and links, and how to do harm to it."""

    process: asyncio.subprocess.Process
    data: Path
    web: str
    simulator: str
    links: dict[str, str]

    def kill(self, name: str) -> None:
        """SIGKILL one of its processes, which the demo starts again."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it died by an earlier kill while we looked
                if child.cmdline()[2:4] == ["app.cli", name]:
                    child.send_signal(signal.SIGKILL)

    def flush_redis(self) -> None:
        with redis_sync.Redis.from_url((self.data / "valkey" / "url").read_text(encoding="utf-8")) as client:
            client.flushall()

    def restart_postgres(self) -> None:
        postgres = EmbeddedPostgres(self.data / "postgres")
        postgres.start()
        postgres.restart(crash=True)


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    with tempfile.TemporaryDirectory(prefix="vigia-chaos-") as folder:
        port, complaints = quiet_ports()[0], Path(folder) / "complaints"
        with complaints.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "app.cli", "demo", "--headless", "--port", str(port), "--data", folder, "--unknown-grace", "2",
                stdout=asyncio.subprocess.PIPE, stderr=errors, env=os.environ,
            )  # fmt: skip
        try:
            said = await _until_ready(process, complaints.read_text)
            simulator = re.search(r"phones\s+(\S+)/simulator/", said)
            assert simulator is not None
            links = {alias: re.search(rf"{alias}\s+(http\S+)", said) for alias in ALIASES}
            found = {alias: link[1] for alias, link in links.items() if link}
            yield Demo(process, Path(folder), f"http://localhost:{port}", simulator[1], found)
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.communicate()


async def _until_ready(process: asyncio.subprocess.Process, complaints: Callable[[], str]) -> str:
    """What the demo said until it was ready; when it never is, what it complained of."""
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(150):
            while "Ctrl-C" not in said:
                line = await process.stdout.readline()
                assert line, f"the demo ended: {said}\n{complaints()}"
                said += line.decode()
    except TimeoutError:
        raise AssertionError(f"the demo was not ready in time: {said}\n{complaints()}") from None
    return said


async def play(demo: Demo, harm: Callable[[int, str], None]) -> list[str]:
    """Play the story; at the beginning of each step some harm is done."""
    steps: list[str] = []

    def tell(step: str, state: Any = "done", detail: str = "") -> None:
        if state == "doing":
            harm(len(steps), step)
            steps.append(step)

    await tell_story("everything", demo.simulator, demo.web, demo.links, tell)
    return steps


async def test_the_worker_is_killed_at_every_step(demo: Demo) -> None:
    steps = await play(demo, lambda n, step: demo.kill("worker"))

    assert steps[-1] == "Nobody else got it, and nobody got it twice"


async def test_the_web_is_killed_at_every_step(demo: Demo) -> None:
    steps = await play(demo, lambda n, step: demo.kill("web"))

    assert steps[-1] == "Nobody else got it, and nobody got it twice"


async def test_redis_is_flushed_at_every_step_and_postgresql_crashes_in_the_middle(demo: Demo) -> None:
    def harm(n: int, step: str) -> None:
        demo.flush_redis()
        if n % 4 == 3:
            demo.restart_postgres()

    steps = await play(demo, harm)

    assert steps[-1] == "Nobody else got it, and nobody got it twice"


async def test_the_worker_dies_while_the_alert_goes_out(demo: Demo) -> None:
    """Killed again and again in the second after the approval, when texts are being sent."""
    tasks: list[asyncio.Task[None]] = []

    async def again_and_again() -> None:
        for _ in range(6):
            await asyncio.sleep(0.2)
            demo.kill("worker")

    def harm(n: int, step: str) -> None:
        if "approves it" in step:
            tasks.append(asyncio.create_task(again_and_again()))

    steps = await play(demo, harm)
    await asyncio.gather(*tasks)

    assert steps[-1] == "Nobody else got it, and nobody got it twice"
    assert json.dumps(steps).count("approves it") == 1
