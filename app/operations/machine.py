"""One machine: the folder with its servers, its keys and its settings, as `vigia demo` and `vigia up` find or make it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from app.core.clock import system_clock
from app.core.database import Database
from app.core.ids import new_id
from app.core.keys import Keys, new_key
from app.operations.embedded import EmbeddedPostgres, EmbeddedValkey
from app.operations.migrations import migrate
from app.settings import Settings


@contextmanager
def servers(settings: Settings) -> Iterator[dict[str, str]]:
    """The environment that points to PostgreSQL and Redis: those of the settings, or embedded ones that run while the block does. The
    schema is brought up to date."""
    postgres = None if settings.database_url else EmbeddedPostgres(settings.data / "postgres")
    valkey = None if settings.redis_url else EmbeddedValkey(settings.data / "valkey")
    try:
        environment = {
            "VIGIA_DATABASE_URL": settings.database_url or (postgres.start() if postgres else ""),
            "VIGIA_REDIS_URL": settings.redis_url or (valkey.start() if valkey else ""),
        }
        migrate(environment["VIGIA_DATABASE_URL"])
        yield environment
    finally:
        if valkey is not None and valkey.url:
            valkey.stop()
        if postgres is not None and postgres.url:
            postgres.stop()


def keys_of(folder: Path) -> dict[str, str]:
    """The keys of this machine, made on the first start and readable by its owner alone. Without them nothing sealed can be opened."""
    file = folder / "keys.env"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        text = f"VIGIA_KEYS={new_key()}\nVIGIA_HASH_KEY={new_key()}\n"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def ring_of(settings: Settings) -> Keys:
    """The keys of the settings, else those of this machine. Raises KeyProblem."""
    secrets = settings.keys.get_secret_value(), settings.hash_key.get_secret_value()
    if not all(secrets):
        made = keys_of(settings.data)
        secrets = made["VIGIA_KEYS"], made["VIGIA_HASH_KEY"]
    return Keys(*secrets)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The database for one command: that of the settings, or the embedded one of this machine, started for the command if need be and left
    running if it ran. Raises KeyProblem without keys."""
    ring = ring_of(settings)
    postgres = None if settings.database_url else EmbeddedPostgres(settings.data / "postgres")
    ran_already = postgres is not None and (postgres.folder / "postmaster.pid").exists()
    url = settings.database_url or (postgres.start() if postgres else "")
    migrate(url)
    database = Database(url, ring, system_clock, new_id, pool_size=2)
    try:
        yield database
    finally:
        await database.close()
        if postgres is not None and not ran_already:
            postgres.stop()
