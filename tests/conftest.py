"""What tests stand on: real PostgreSQL, real Valkey, the simulator over real HTTP, a clock that moves when told.

One PostgreSQL cluster serves the whole run, started by whoever coordinates the workers; each test gets a database of its own, cloned from a
migrated template. Each worker has a Valkey of its own, emptied for each test. VIGIA_TEST_DATABASE_URL and VIGIA_TEST_REDIS_URL name servers
to use instead.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
import redis as redis_sync
from pydantic import SecretStr
from redis.asyncio import Redis

from app.assembly import build_hotline
from app.core.clock import ManualClock
from app.core.database import Database, without_driver
from app.core.ids import new_id
from app.core.keys import Keys, new_key
from app.core.logs import set_up_logging
from app.core.redis_client import connect_redis
from app.operations.embedded import EmbeddedPostgres, EmbeddedValkey
from app.operations.migrations import migrate
from app.pipeline import Hotline
from app.settings import Settings

TEMPLATE = "vigia_template"
HOTLINE_NUMBER = "+19195550100"
NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """The coordinator starts the cluster and tells the workers where it is."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    folder = Path(tempfile.mkdtemp(prefix="vigia-tests-"))
    given = os.environ.get("VIGIA_TEST_DATABASE_URL")
    postgres = None if given else EmbeddedPostgres(folder / "postgres", forgetful=True)
    url = given or (postgres.start() if postgres else "")
    with psycopg.connect(without_driver(url), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(in_database(url, TEMPLATE))
    os.environ["VIGIA_TEST_CLUSTER"] = url
    config.stash[CLUSTER] = Cluster(folder, postgres)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    cluster = config.stash.get(CLUSTER, None)
    if cluster is not None:
        if cluster.postgres is not None:
            cluster.postgres.stop()
        shutil.rmtree(cluster.folder, ignore_errors=True)


@dataclass
class Cluster:
    """The embedded cluster of a run and its folder."""

    folder: Path
    postgres: EmbeddedPostgres | None


CLUSTER = pytest.StashKey[Cluster]()


def in_database(url: str, name: str) -> str:
    """The URL of another database of the same cluster."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """This worker's Valkey."""
    if given := os.environ.get("VIGIA_TEST_REDIS_URL"):
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="vigia-valkey-"))
    server = EmbeddedValkey(folder)
    yield server.start()
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url() -> Iterator[str]:
    """A fresh database with the newest schema, gone afterwards."""
    cluster, name = os.environ["VIGIA_TEST_CLUSTER"], f"t_{uuid4().hex}"
    with psycopg.connect(without_driver(cluster), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        yield in_database(cluster, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def redis_url(valkey: str) -> str:
    """An empty Redis."""
    with redis_sync.Redis.from_url(valkey) as client:
        client.flushall()
    return valkey


@pytest.fixture
def clock() -> ManualClock:
    """A Monday at noon in North Carolina, until it is moved."""
    return ManualClock(NOON)


@pytest.fixture(scope="session")
def keys() -> Keys:
    """A ring of one key."""
    return Keys(new_key(), new_key())


@pytest.fixture
async def database(database_url: str, keys: Keys, clock: ManualClock) -> AsyncIterator[Database]:
    """The database under the manual clock."""
    opened = Database(database_url, keys, clock, new_id, pool_size=20)
    yield opened
    await opened.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of the empty Redis."""
    client = connect_redis(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Settings of a test hotline against a simulator that may or may not run."""
    return Settings(
        _env_file=None,
        database_url=database_url,
        redis_url=redis_url,
        data=tmp_path / "data",
        keys=SecretStr(new_key()),
        hash_key=SecretStr(new_key()),
        lines=(HOTLINE_NUMBER,),
        account_sid="ACsimulator0000000000000000000000a",
        auth_token=SecretStr("a token of the simulator"),
        api_key_sid="SKsimulator0000000000000000000000a",
        api_key_secret=SecretStr("a secret of the simulator"),
        api_url="http://localhost:1",
        segments_per_second=500,
        unknown_grace=timedelta(0),
    )


@pytest.fixture
async def hotline(settings: Settings, redis: Redis) -> Hotline:
    """What every step of the pipeline reads: the North Carolina pack and this test's Redis."""
    return build_hotline(settings, redis)


@dataclass
class LogBook:
    """Everything that was logged during a test, and the lines of level error."""

    text: StringIO = field(default_factory=StringIO)

    def errors(self) -> list[str]:
        """The lines at error level or above."""
        return [
            line for line in self.text.getvalue().splitlines() if '"level": "error"' in line or '"level": "critical"' in line
        ]


@pytest.fixture
def log_book() -> Iterator[LogBook]:
    """The log of this test, as the processes would write it."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    book = LogBook()
    set_up_logging("test", as_json=True, level="INFO", stream=book.text)
    yield book
    root.handlers[:] = before
    root.setLevel(level)
