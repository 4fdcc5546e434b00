"""A PostgreSQL of a test's own, to stall, kill and restart, and a web process in front of it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx2
import psutil
import psycopg
from twilio.request_validator import RequestValidator

from app.assembly import Parts, open_parts
from app.core.database import without_driver
from app.main import create_app
from app.operations.embedded import EmbeddedPostgres
from app.operations.migrations import migrate
from app.pipeline_late import marks_of, replay_of
from app.settings import Settings
from app.simulator.server import address_of, loopback_socket, serving
from tests.conftest import HOTLINE_NUMBER, TEMPLATE, in_database

REPLAYED_SECONDS = 30.0


class Cluster:
    """One PostgreSQL that nobody else uses."""

    def __init__(self, folder: Path) -> None:
        self.server = EmbeddedPostgres(folder)  # keeps what it committed through a crash
        self.url = self.server.start()
        with (folder / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write("\nrecovery_init_sync_method = syncfs\n")  # after a crash, or each file of each database is opened
        self._run(f"CREATE DATABASE {TEMPLATE}")
        migrate(in_database(self.url, TEMPLATE))

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of an empty database with the newest schema, gone afterwards."""
        name = f"t_{uuid4().hex}"
        self.start()
        self._run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        yield in_database(self.url, name)
        self.start()
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def start(self) -> None:
        """It runs; a busy machine may need longer than pg_ctl is waited for."""
        for last in (False, False, True):
            try:
                self.server.start()
            except subprocess.TimeoutExpired:
                if last:
                    raise
            else:
                return

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Every process of it stands still: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def crash(self) -> None:
        """It dies at once, as if the power had gone."""
        self.server._pg_ctl("stop", "-m", "immediate")

    def _run(self, command: str) -> None:
        with psycopg.connect(without_driver(self.url), autocommit=True) as connection:
            connection.execute(command.encode())

    def _signal(self, number: signal.Signals) -> None:
        postmaster = psutil.Process(int((self.server.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0]))
        for process in [postmaster, *postmaster.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)


@dataclass
class Web:
    """A web process that answers Twilio, and what stands behind it."""

    address: str
    settings: Settings
    parts: Parts
    client: httpx2.AsyncClient

    async def post(self, path: str, form: Mapping[str, str]) -> httpx2.Response:
        """A request that Twilio signed."""
        url = f"{self.address}{path}"
        signature = RequestValidator(self.settings.auth_tokens[0]).compute_signature(url, dict(form))
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
        return await self.client.post(url, content=urlencode(form).encode(), headers=headers)

    async def text(self, body: str, sender: str = "+19195550110", sid: str | None = None, **more: str) -> httpx2.Response:
        """A text that somebody sent."""
        sid = sid or f"SM{uuid4().hex}"
        return await self.post(
            "/twilio/messages", {"MessageSid": sid, "From": sender, "To": HOTLINE_NUMBER, "Body": body, "NumMedia": "0", **more}
        )

    async def replayed(self) -> None:
        """Return when nothing waits on disk any more: this test and the web take it in, whoever comes first."""
        parts = self.parts
        replay = replay_of(parts.hotline, parts.spool, parts.database, marks_of(parts.hotline, parts.waiting_stops))
        async with asyncio.timeout(REPLAYED_SECONDS):
            while not parts.spool.is_empty():
                await replay.run()
                await asyncio.sleep(0)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What PostgreSQL says, by a connection of the test's own."""
        with psycopg.connect(without_driver(str(self.settings.database_url))) as connection:
            return connection.execute(statement.encode()).fetchall()

    def waiting(self) -> int:
        """How many requests wait on disk."""
        return sum(1 for _ in (self.parts.spool.folder / "waiting").iterdir())


@asynccontextmanager
async def web_of(settings: Settings) -> AsyncIterator[Web]:
    """The web application of these settings, over HTTP."""
    listener = loopback_socket()
    settings = settings.model_copy(update={"public_url": address_of(listener)})
    limits = httpx2.Limits(max_connections=200)
    async with (
        serving(create_app(settings), listener) as address,
        open_parts(settings) as parts,
        httpx2.AsyncClient(trust_env=False, timeout=30, limits=limits) as client,
    ):
        yield Web(address, settings, parts, client)
