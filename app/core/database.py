"""PostgreSQL: one pool a process, one transaction a request or job, committed before the answer leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from time import monotonic
from typing import Any, Final, TypeVar
from uuid import UUID

import psycopg
import structlog
from psycopg.pq import PipelineStatus, TransactionStatus
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, Connection, Executable, Result, Row, Select, Table, inspect, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.event import listens_for
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import configure_mappers
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util.concurrency import greenlet_spawn
from sqlmodel import SQLModel

from app.core.clock import Clock
from app.core.ids import NewId
from app.core.keys import Keys
from app.core.round_trip import BEGIN, COMMIT, ROLLBACK, Found, Prepared, Statement, round_trip

log = structlog.get_logger(__name__)

Nudge = Callable[[], Awaitable[None]]

Heard = Callable[[list[Found]], None]
"""What to do with the rows of a statement that was put off."""
Model = TypeVar("Model", bound=SQLModel)
T = TypeVar("T")


WAIT_SECONDS: Final = 4.0
"""So long a transaction waits for a connection while all are in use."""


UNTRIED_SECONDS: Final = 1.0
"""A connection that was used so recently is taken to be alive."""


NUDGES_SECONDS: Final = 1.0
"""So long all nudges of a transaction may take together: a Redis that takes connections and never answers must not make what is committed
look as if the database were away."""


def lock_statement(purpose: str, key: str) -> Statement:
    """What `Transaction.lock` runs, to be run together with what comes after it."""
    return "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": f"{purpose}\x1f{key}"}


READ_ONLY: Final = "25006"
"""The SQLSTATE of a server that takes nothing in: a standby, or one whose operator made it so."""

IDLE_SECONDS: Final = 30.0
"""After so long without a word inside a transaction the server ends it (PostgreSQL's idle_in_transaction_session_timeout). Ours last
milliseconds; only a process that was suspended, or whose machine is gone without a word, keeps one open, and with it locks that all the
others wait for."""

PUT_OUT: Final = "25P03"
"""The SQLSTATE that whoever was idle for too long hears when it comes back."""

FORGOTTEN: Final = "26000"
"""The SQLSTATE of a connection whose prepared statements were thrown away behind our back. The next try prepares them anew."""


def is_away(error: BaseException) -> bool:
    """Whether an error tells of a database that can't do anything now (down, restarting, full, too slow, read-only) and not of what it
    was asked. Trying again later is right."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout | OSError | TimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in {READ_ONLY, PUT_OUT, FORGOTTEN}


def table_of(model: type[SQLModel]) -> Table:
    """The SQLAlchemy table that `model` declares."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def row_as(model: type[Model], values: Mapping[str, Any]) -> Model:
    """A row of the model's table as an object of it, made as SQLAlchemy's own loading makes one: without asking again whether what the
    table held is right, which costs more than reading it. `values` has every column."""
    made: Model = inspect(model).class_manager.new_instance()
    made.__dict__.update(values)
    return made


@dataclass
class Transaction:
    """One unit of work: a connection inside BEGIN, the instant it began, and what it may need to write a row.

    Nothing here commits: the `Database.transaction` block does, once, at its end. `after_commit` holds nudges to Redis that make things
    quicker and that may be lost, because a sweeper finds from PostgreSQL whatever they would have told.

    The same connection is used in two ways: by `query` in the driver's own words, which the path of every text takes since building,
    compiling and running a statement of SQLAlchemy costs the processor ten times as much; and by `execute`, `get`, `find` … with
    SQLAlchemy's statements, which is the way to write everything else. Errors are SQLAlchemy's either way.
    """

    _held: PoolProxiedConnection
    _engine: AsyncEngine
    keys: Keys
    now: datetime
    new_id: NewId
    after_commit: list[Nudge] = field(default_factory=list)
    before_commit: list[tuple[Statement, Heard | None]] = field(default_factory=list)

    @cached_property
    def driver(self) -> psycopg.AsyncConnection[Any]:
        """The driver's connection, inside this transaction. For a library that writes in it; everything else goes through `query`."""
        driver = self._held.driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        return driver

    @cached_property
    def _prepared(self) -> Prepared:
        prepared: Prepared = self._held.info.setdefault("prepared", {})
        return prepared

    @cached_property
    def connection(self) -> AsyncConnection:
        """The same as SQLAlchemy's connection."""
        return AsyncConnection(self._engine, Connection(self._engine.sync_engine, self._held))

    async def query(self, statement: str, parameters: Mapping[str, Any]) -> list[Found]:
        """The rows, by column name, of a statement in psycopg's own words (`%(name)s`). Raises what SQLAlchemy raises."""
        return (await self.query_together((statement, parameters)))[0]

    async def query_together(self, *statements: Statement) -> list[list[Found]]:
        """The rows of several statements, which run one after another and each see what the ones before did, in one round trip."""
        waiting, self.before_commit = self.before_commit, []
        found = await self._send([*(statement for statement, _ in waiting), *statements])
        for (_, heard), rows in zip(waiting, found, strict=False):
            if heard is not None:
                heard(rows)
        return found[len(waiting) :]

    def execute_later(self, statement: str, parameters: Mapping[str, Any], heard: Heard | None = None) -> None:
        """Run a statement (in psycopg's own words) whose result this transaction needs no more: in one round trip with the next statement
        or the commit. `heard` is given its rows before the nudges run."""
        self.before_commit.append(((statement, parameters), heard))

    async def commit(self) -> None:
        """End it well. Only `Database.transaction` does."""
        if self.before_commit or self.driver.pgconn.transaction_status != TransactionStatus.IDLE:
            await self.query_together(COMMIT)

    async def undo(self) -> None:
        """Roll back. A connection on which that can't be done is dropped, and the server ends what it was doing there."""
        if not self._held.is_valid:
            return  # SQLAlchemy found it broken and dropped it
        pgconn = self.driver.pgconn
        try:
            if pgconn.transaction_status != TransactionStatus.IDLE:
                with suppress(psycopg.Error):
                    await round_trip(self.driver, self._prepared, [ROLLBACK])
        finally:
            if pgconn.transaction_status != TransactionStatus.IDLE or pgconn.pipeline_status != PipelineStatus.OFF:
                pgconn.finish()
                if self._held.is_valid:
                    await greenlet_spawn(self._held.invalidate)

    async def execute(
        self, statement: Executable, parameters: Any = None, options: Mapping[str, Any] | None = None
    ) -> Result[Any]:
        """Run a statement; `options` are SQLAlchemy's execution options."""
        if self.before_commit:
            await self.query_together()
        return await self.connection.execute(statement, parameters, execution_options=options)

    async def _send(self, statements: Sequence[Statement]) -> list[list[Found]]:
        first = [BEGIN] if self.driver.pgconn.transaction_status == TransactionStatus.IDLE else []
        try:
            return (await round_trip(self.driver, self._prepared, [*first, *statements]))[len(first) :]
        except psycopg.Error as error:
            if error.sqlstate == FORGOTTEN:
                self._prepared.clear()
            raise _told(error, self.driver) from error

    async def all(self, statement: Executable) -> Sequence[Row[Any]]:
        """Every row."""
        rows: Sequence[Row[Any]] = (await self.execute(statement)).all()
        return rows

    async def first(self, statement: Executable) -> Row[Any] | None:
        """The first row, or None."""
        return (await self.execute(statement)).first()

    async def scalar(self, statement: Executable) -> Any:
        """The first column of the first row, or None."""
        return (await self.execute(statement)).scalar()

    async def get(self, model: type[Model], *where: ColumnElement[bool], lock: bool = False) -> Model | None:
        """The one row of `model` that fits, as an object of it, or None. `lock` keeps others from changing it until this ends."""
        statement = select(table_of(model)).where(*where)
        row = await self.first(statement.with_for_update() if lock else statement)
        return None if row is None else row_as(model, dict(row._mapping))

    async def find(self, model: type[Model], statement: Select[Any]) -> list[Model]:
        """Every row of a `select(table_of(model))…` as objects of `model`."""
        return [row_as(model, dict(row._mapping)) for row in await self.all(statement)]

    async def add(self, row: SQLModel) -> None:
        """Insert one row."""
        table = table_of(type(row))
        await self.execute(table.insert().values({c.name: getattr(row, c.name) for c in table.c if _given(row, c.name)}))

    async def lock(self, purpose: str, key: str) -> None:
        """Wait for a lock that lasts until the end of this transaction; two holders of one (purpose, key) never overlap."""
        await self.query(*lock_statement(purpose, key))

    async def try_lock(self, purpose: str, key: str) -> bool:
        """The same lock, if nobody has it now. Returns whether it is ours."""
        statement, parameters = lock_statement(purpose, key)
        [found] = await self.query(statement.replace("pg_advisory", "pg_try_advisory") + " AS ours", parameters)
        return bool(found["ours"])

    def seal(self, value: str | bytes, table: str, column: str, row: UUID) -> bytes:
        """`value` sealed for this cell."""
        return self.keys.seal(value, table, column, row)

    def unseal(self, sealed: bytes, table: str, column: str, row: UUID) -> str:
        """The text sealed for this cell. Raises KeyProblem."""
        return self.keys.unseal(sealed, table, column, row)


def _given(row: SQLModel, column: str) -> bool:
    """Whether the row says something of this column; what it leaves None is left to the table's own default."""
    return getattr(row, column, None) is not None


class Database:
    """A pool of connections and what a transaction is given."""

    def __init__(
        self, url: str, keys: Keys, clock: Clock, new_id: NewId, *, pool_size: int = 10, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        configure_mappers()  # which a table's first constructor would do, and `row_as` calls none
        self.keys = keys
        self.clock = clock
        self.new_id = new_id
        self._turns = asyncio.Semaphore(pool_size)
        self.engine: AsyncEngine = create_async_engine(
            with_driver(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_reset_on_return=None,  # `transaction` gives back none that is inside of one
            hide_parameters=True,  # an error must not carry what a person wrote into a log
            connect_args={"connect_timeout": 4, "application_name": "vigia", "prepare_threshold": 3},
        )
        _ping_after_idling(self.engine)
        _put_out_after(self.engine, idle_seconds)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One transaction: committed when the block ends well, rolled back when it raises; then the nudges run."""
        await self._wait_in_line()
        try:
            held = await self._take_connection()
            work = Transaction(held, self.engine, self.keys, self.clock(), self.new_id)
            try:
                yield work
                await work.commit()
            except BaseException:
                await work.undo()
                raise
            finally:
                held.close()
        finally:
            self._turns.release()
        if work.after_commit:
            await run_nudges(work.after_commit)

    async def run(self, step: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run one step in a transaction of its own."""
        async with self.transaction() as work:
            return await step(work)

    async def close(self) -> None:
        """Give every connection back to PostgreSQL."""
        await self.engine.dispose()

    async def _wait_in_line(self) -> None:
        """First come, first served: the pool's own queue lets who comes at the right moment pass by who has waited for long."""
        if self._turns.locked():
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turns.acquire()
        else:
            await self._turns.acquire()

    async def _take_connection(self) -> PoolProxiedConnection:
        try:
            return await self.engine.raw_connection()
        except psycopg.Error as error:
            raise _told(error) from error


def _put_out_after(engine: AsyncEngine, idle_seconds: float) -> None:
    """Have the server end what is idle inside a transaction for so long. Set on each connection once it is there and not with its start-up
    packet, where a pooler may refuse it and the `options` of VIGIA_DATABASE_URL stand."""

    @listens_for(engine.sync_engine, "connect")
    def set_patience(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET idle_in_transaction_session_timeout = {round(1000 * idle_seconds)}")
        cursor.close()
        connection.commit()


def _ping_after_idling(engine: AsyncEngine) -> None:
    """Have a connection tried before it is used if nobody used it for a while, or since another was lost, so that a restart of PostgreSQL
    is met here and not by the statement. Trying every time would cost the busy path a round trip a text."""
    lost_at = 0.0

    @listens_for(engine.sync_engine, "invalidate")
    def note_loss(_connection: DBAPIConnection, _record: ConnectionPoolEntry, _error: BaseException | None) -> None:
        nonlocal lost_at
        lost_at = monotonic()

    @listens_for(engine.sync_engine, "checkin")
    def note_return(_connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info["idle_since"] = monotonic()

    @listens_for(engine.sync_engine, "checkout")
    def try_if_doubtful(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        if record.info.get("idle_since", 0.0) > max(lost_at, monotonic() - UNTRIED_SECONDS):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


async def run_nudges(nudges: Sequence[Nudge]) -> None:
    """Run each nudge; what Redis can't take, or not in time, is logged and dropped, as the sweeper will do its work."""
    try:
        async with asyncio.timeout(NUDGES_SECONDS):
            for nudge in nudges:
                try:
                    await nudge()
                except (RedisError, OSError) as error:
                    log.warning("nudge_lost", error=type(error).__name__)
    except TimeoutError:
        log.warning("nudges_late")


def with_driver(url: str) -> str:
    """The URL with SQLAlchemy's name for psycopg 3, whichever of the usual schemes it came with."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


def without_driver(url: str) -> str:
    """The URL as libpq reads it."""
    return "postgresql://" + url.partition("://")[2]


def _told(error: psycopg.Error, driver: psycopg.AsyncConnection[Any] | None = None) -> DBAPIError:
    """An error of the driver as SQLAlchemy would have told it."""
    lost = driver is None or driver.closed
    told = DBAPIError.instance(None, None, error, psycopg.Error, connection_invalidated=lost)
    assert isinstance(told, DBAPIError)
    return told
