"""The newest reports of a county as they are compared with a new one: found by one narrow query, unsealed once each.

Unsealing and reading a report costs more than comparing it, and a burst compares the same few dozen again and again. So each process
remembers what it made of a report, under the version of its row: PostgreSQL gives a row another `xmin` each time it is changed, and a
report that was added to, moved or forgotten is therefore read anew.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.incidents.likeness import Account
from app.records.incidents import Report, report

WINDOW: Final = timedelta(hours=6)
"""An incident that nobody reported for this long is over; the same place later is another event."""

MOST_COMPARED: Final = 60
"""The newest reports of a county that a new one is compared with, so that a flood does not slow the next report."""

MOST_REMEMBERED: Final = 3_000
"""Reports that a process remembers: MOST_COMPARED of each of the counties of one half of a state."""

NEWEST: Final = """
    SELECT CAST(txid_current() & 4294967295 AS text) AS own, array_to_string(ARRAY(
        SELECT r.id || ' ' || r.incident_id || ' ' || r.xmin
        FROM report r JOIN incident i ON i.id = r.incident_id
        WHERE r.county = %(county)s AND r.received_at > %(since)s AND r.state = 'joined' AND r.id <> %(new)s
            AND i.county = %(county)s AND i.last_report_at > %(since)s AND i.state = ANY(%(states)s)
        ORDER BY r.received_at DESC LIMIT %(most)s
    ), ' ') AS newest
"""
"""One value for all of them: dozens of rows would cost this process more to take in than to compare."""

_WANTED: Final = (
    "id", "contact_id", "language", "kind", "county", "place", "latitude", "longitude", "text_sealed", "reading_sealed", "received_at",
)  # fmt: skip

_remembered: OrderedDict[str, tuple[str, Account]] = OrderedDict()
"""By the id of the report, as text, which Python compares quicker."""


def find_newest(new: Report, states: Sequence[str], now: datetime) -> tuple[str, Mapping[str, Any]]:
    """The statement that finds what `new` is compared with: the reports of its county, of the last hours, of incidents in `states`."""
    most = {"county": new.county, "since": now - WINDOW, "new": new.id, "states": list(states), "most": MOST_COMPARED}
    return NEWEST, most


async def read_accounts(work: Transaction, found: Mapping[str, str], new: Report, account: Account) -> dict[str, list[Account]]:
    """The accounts that `find_newest` found, by the id of their incident, oldest first. `account`, that of `new`, is remembered too."""
    newest = found["newest"].split()[::-1]
    versions, incidents, ids = newest[0::3], newest[1::3], newest[2::3]
    known: dict[str, Account] = {}  # what is read may push out of memory what was known, and other texts do so meanwhile
    for report_id, version in zip(ids, versions, strict=True):
        known_version, remembered = _remembered.get(report_id, _NOTHING)
        if remembered is not None and known_version == version:
            known[report_id] = remembered
            _remembered.move_to_end(report_id)
    if len(known) < len(ids):
        known |= await _read(work, {one: version for one, version in zip(ids, versions, strict=True) if one not in known})
    groups: dict[str, list[Account]] = {}
    for report_id, incident_id in zip(ids, incidents, strict=True):
        if report_id in known:  # else it was removed since
            groups.setdefault(incident_id, []).append(known[report_id])
    # `new` is the row that this transaction is writing; should it not commit, none has that version
    _remember(str(new.id), found["own"], account)
    return groups


def account_of(told: Report | Any, words: str, details: Mapping[str, str]) -> Account:
    """A report as it is compared; `details` are its SALUTE fields."""
    return Account(
        report_id=str(told.id),
        county=told.county,
        minute=told.received_at.timestamp() / 60,
        text=words,
        place=told.place,
        point=(told.latitude, told.longitude) if told.latitude is not None and told.longitude is not None else None,
        kind=told.kind,
        salute=details,
        source=str(told.contact_id),
        language=told.language,
    )


async def _read(work: Transaction, versions: Mapping[str, str]) -> dict[str, Account]:
    read: dict[str, Account] = {}
    ids = [UUID(report_id) for report_id in versions]
    for row in await work.all(select(*(report.c[name] for name in _WANTED)).where(report.c.id.in_(ids))):
        words = work.unseal(row.text_sealed, "report", "text", row.id) if row.text_sealed else ""
        reading = json.loads(work.unseal(row.reading_sealed, "report", "reading", row.id)) if row.reading_sealed else {}
        read[str(row.id)] = account_of(row, words, reading.get("salute", {}))
        _remember(str(row.id), versions[str(row.id)], read[str(row.id)])
    return read


def _remember(report_id: str, version: str, account: Account) -> None:
    _remembered[report_id] = version, account
    while len(_remembered) > MOST_REMEMBERED:
        _remembered.popitem(last=False)


_NOTHING: Final = ("", None)
