"""The whole list of subscribers, sealed line by line with the hotline's own keys, for moving it elsewhere or for a court's order.

It leaves only as a file that nobody can read without VIGIA_KEYS: the administrator who downloads it has no keys, and the operator who has
them has no button. No copy stays here, and no address leads to one: the answer to the form is the file.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import select

from app.core.database import Database
from app.core.errors import BadInput
from app.core.keys import KeyProblem, Keys
from app.records.contacts import contact
from app.subscribers.tables import subscription

KIND: Final = "vigia-subscribers-1"
HEADER: Final = ("phone", "county", "topic", "language", "any_hour", "since", "stopped")


async def sealed_list(database: Database, which: UUID) -> AsyncIterator[str]:
    """The lines of the file: what it is, then one sealed line a subscription, read from the database as they go out."""
    yield json.dumps({"kind": KIND, "id": str(which)}) + "\n"
    yield seal_line(database.keys, which, 0, HEADER)
    columns = (contact.c.id, contact.c.number_sealed, contact.c.language, contact.c.stopped_at)
    wishes = (subscription.c.county, subscription.c.topic, subscription.c.any_hour, subscription.c.created_at)
    statement = (
        select(*columns, *wishes)
        .join(subscription, subscription.c.contact_id == contact.c.id)
        .where(contact.c.number_sealed.is_not(None), subscription.c.ended_at.is_(None))
    )
    number = 0
    async with database.transaction() as work, work.connection.stream(statement) as rows:
        async for row in rows:
            number += 1
            phone = work.unseal(row.number_sealed, "contact", "number", row.id)
            since: datetime = row.created_at
            cells = (
                phone,
                row.county,
                row.topic,
                row.language or "",
                str(row.any_hour),
                f"{since:%Y-%m-%d}",
                str(bool(row.stopped_at)),
            )
            yield seal_line(database.keys, which, number, cells)
    yield seal_line(database.keys, which, -1, (str(number),))


def seal_line(keys: Keys, which: UUID, number: int, cells: Iterable[str]) -> str:
    """One line of the file: its cells as CSV, sealed for this file and this place in it."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return base64.b64encode(keys.seal(out.getvalue(), KIND, "line", uuid5(which, str(number)))).decode() + "\n"


def open_list(keys: Keys, lines: Iterable[str]) -> Iterator[str]:
    """The CSV lines of a sealed file. Raises BadInput where it is none, was altered, or its end is missing; KeyProblem without its key."""
    each = iter(lines)
    try:
        head = json.loads(next(each, ""))
        which = UUID(head["id"]) if head["kind"] == KIND else None
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput("This is no sealed list of subscribers.") from error
    if which is None:
        raise BadInput("This is no sealed list of subscribers.")
    number, pending = 0, next(each, None)
    while pending is not None:
        following = next(each, None)
        place = number if following is not None else -1
        try:
            opened = keys.unseal(base64.b64decode(pending, validate=False), KIND, "line", uuid5(which, str(place)))
        except KeyProblem:
            if following is None:
                raise BadInput("The file is not whole: its end is missing or was altered.") from None
            raise
        if following is None:
            if opened != str(number - 1):
                raise BadInput("The file is not whole: lines are missing.")
            return
        yield opened
        number, pending = number + 1, following
    raise BadInput("The file is not whole: its end is missing or was altered.")
