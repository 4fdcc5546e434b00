"""Running several of our processes as one command: each is started, started again when it dies, and stopped when the command is."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import httpx2
import structlog

log = structlog.get_logger(__name__)

PAUSE_SECONDS: Final = 0.3
"""Between a death and the next start."""

STOP_SECONDS: Final = 10.0
"""What a process gets to finish what it has in hand before it is killed."""


@dataclass(frozen=True)
class Process:
    """One of our processes: its name, the words after `vigia`, and its environment beside the inherited one."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]


class Supervisor:
    """Keeps processes running until told to stop."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self._processes = processes
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False

    def start(self) -> None:
        """Start every process, and keep each running."""
        self._keepers = [asyncio.create_task(self._keep(process)) for process in self._processes]

    async def stop(self) -> None:
        """Ask every process to stop, in the reverse order of starting, and wait for it."""
        self._stopping = True
        for process in reversed(self._processes):
            running = self._running.get(process.name)
            if running is not None and running.returncode is None:
                running.terminate()
                with suppress(TimeoutError):
                    async with asyncio.timeout(STOP_SECONDS):
                        await running.wait()
                if running.returncode is None:
                    running.kill()
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    def kill(self, name: str) -> None:
        """Kill a process as a machine would (SIGKILL); it is started again. For drills and chaos tests."""
        running = self._running.get(name)
        if running is not None and running.returncode is None:
            running.send_signal(signal.SIGKILL)

    async def _keep(self, process: Process) -> None:
        while not self._stopping:
            running = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app.cli",
                *process.words,
                env={**os.environ, **process.environment},
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop the others in order
            )
            self._running[process.name] = running
            await running.wait()
            if not self._stopping:
                log.warning("process_died", name=process.name, status=running.returncode)
                await asyncio.sleep(PAUSE_SECONDS)


async def wait_until_ready(url: str, seconds: float = 120.0) -> None:
    """Wait until `url` answers 200. Raises TimeoutError."""
    async with asyncio.timeout(seconds), httpx2.AsyncClient(trust_env=False) as client:
        while True:
            with suppress(httpx2.HTTPError):
                if (await client.get(url)).status_code == 200:
                    return
            await asyncio.sleep(0.1)
