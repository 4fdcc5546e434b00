"""Several statements to PostgreSQL in one packet, and their answers in one wait: what the path of every text is made of.

psycopg's own pipeline sends each statement in a packet of its own and looks after each whether there are answers yet, which costs this
process more than all that the statements are about. Here libpq's pipeline (postgresql.org, "Pipeline Mode") is filled first and sent once.
Everything else is psycopg's: the connection, its `wait` (which also ends in the server what is cancelled here), how values are written and
read, the errors.

Why not by their pipeline, and what that binds us to: docs/decisions/0021.

Each statement is prepared once a connection. Its parameters carry no types, so that PostgreSQL takes them from where they stand: the same
statement with an absent value is then no other statement, to be prepared and planned anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any, Final

import psycopg
from psycopg.abc import Buffer, PQGen, Transformer
from psycopg.adapt import PyFormat
from psycopg.adapt import Transformer as NewTransformer
from psycopg.errors import error_from_result
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

Statement = tuple[str, Mapping[str, Any]]
"""A statement in psycopg's words (`%(name)s`), and its parameters."""

Found = dict[str, Any]
"""A row by the names of its columns."""

Prepared = dict[str, bytes]
"""The statements that one connection knows, by the names it knows them under."""

BEGIN: Final[Statement] = ("BEGIN", {})
COMMIT: Final[Statement] = ("COMMIT", {})
ROLLBACK: Final[Statement] = ("ROLLBACK", {})
"""Not psycopg's own `rollback`, after which it has the connection forget all that is prepared there, some time later."""

_BOUNDS: Final = frozenset(statement for statement, _ in (BEGIN, COMMIT, ROLLBACK))


async def round_trip(
    driver: psycopg.AsyncConnection[Any], prepared: Prepared, statements: Sequence[Statement]
) -> list[list[Found]]:
    """The rows, by column name, of statements that run one after another, each seeing what the ones before did. Raises the psycopg.Error of
    the first that fails; those after it don't run."""
    transformer = NewTransformer.from_context(driver)
    calls = [_call(transformer, prepared, *statement) for statement in statements]
    results = await driver.wait(_exchange(driver.pgconn, prepared, calls))
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result, encoding=transformer.encoding)
    return [_rows(transformer, result) for result in results]


@dataclass(frozen=True, slots=True)
class _Call:
    """One statement on its way: its text with `$1` for the first parameter, the name it is prepared under (none where it begins
    or ends a transaction), its values as they travel."""

    statement: str
    text: bytes
    name: bytes
    is_new: bool
    values: Sequence[Buffer | None]


def _call(transformer: Transformer, prepared: Prepared, statement: str, parameters: Mapping[str, Any]) -> _Call:
    text, names = _numbered(statement)
    if statement in _BOUNDS:
        return _Call(statement, text, b"", is_new=False, values=())
    values = transformer.dump_sequence([parameters[name] for name in names], [PyFormat.TEXT] * len(names)) if names else ()
    name = prepared.get(statement)
    if name is not None:
        return _Call(statement, text, name, is_new=False, values=values)
    prepared[statement] = name = b"vigia_%d" % next(_names)
    return _Call(statement, text, name, is_new=True, values=values)


def _exchange(pgconn: PGconn, prepared: Prepared, calls: Sequence[_Call]) -> PQGen[list[PGresult]]:
    """What `AsyncConnection.wait` runs: all of it is sent, then taken in. One result a call; of one that could not be prepared, why."""
    pgconn.enter_pipeline_mode()
    for call in calls:
        if call.is_new:
            pgconn.send_prepare(call.name, call.text)
        if call.name:
            pgconn.send_query_prepared(call.name, call.values, result_format=Format.BINARY)
        else:
            pgconn.send_query_params(call.text, None)
    pgconn.pipeline_sync()
    yield from send(pgconn)
    results = []
    for call in calls:
        made = (yield from fetch_many(pgconn))[0] if call.is_new else None
        result = (yield from fetch_many(pgconn))[0]
        if made is not None and made.status != ExecStatus.COMMAND_OK:
            del prepared[call.statement]
            result = made
        results.append(result)
    yield from fetch_many(pgconn)  # that it ends here
    pgconn.exit_pipeline_mode()
    return results


def _rows(transformer: Transformer, result: PGresult) -> list[Found]:
    if not result.nfields:
        return []
    names = [(result.fname(column) or b"").decode() for column in range(result.nfields)]
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, lambda values: dict(zip(names, values, strict=True)))


@cache
def _numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """A statement with `$1`, `$2` … in place of its named parameters, and the names in that order."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
    return _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", statement).encode(), names


_PARAMETER: Final = re.compile(r"%\((\w+)\)s")

_names = count(1)
