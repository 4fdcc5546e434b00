"""How a task is written in the queue, and which lanes a volunteer can work in. Pure.

A lane is what has to fit: county, language, skill. Its tasks stand in it by their place, which is fixed in width so that text sorts as
numbers do. `sum_of` gives each a number of 48 bits whose total tells in one look whether two queues hold the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final
from uuid import UUID

from app.core.languages import TEXT_LANGUAGES
from app.records.verification import Task

ANY_LANGUAGE: Final = ""
"""The language of a task that nobody is known to read: anybody may try it."""

NO_SKILL: Final = ""
ANY_COUNTY: Final = "*"
ANY_SKILL: Final = "*"
SUM_BITS: Final = 48

_LANE: Final = """
    concat_ws('|', coalesce(county, ''), language, skill,
        lpad((floor(extract(epoch FROM created_at) * 1000)::bigint - head_start * 1000::bigint)::text, 13, '0'))
"""
_DIGITS: Final = f"left(md5(concat_ws('|', id, {_LANE})), 12)"
_SKIP_DIGITS: Final = "left(md5(concat_ws('|', task_id, holder_id)), 12)"

LINE: Final = f"concat_ws('|', id, {_LANE}, fence, {_DIGITS})"
"""`line_of` a row of `task`, said in SQL."""

SUM: Final = f"('x' || {_DIGITS})::bit(48)::bigint"
"""`sum_of` a row of `task`, said in SQL."""

SKIP_LINE: Final = f"concat_ws('|', task_id, holder_id, {_SKIP_DIGITS})"
"""`skip_line_of` a row of `handover`, said in SQL."""

SKIP_SUM: Final = f"('x' || {_SKIP_DIGITS})::bit(48)::bigint"
"""`sum_of_skip` a row of `handover`, said in SQL."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def place_of(task: Task) -> str:
    """Its place in the queue: 13 digits, milliseconds since 1970, smaller is sooner."""
    return f"{(task.created_at - _EPOCH) // timedelta(milliseconds=1) - task.head_start * 1000:013d}"


def facts_of(task: Task) -> str:
    """What the queue keeps of a task: "county|language|skill|place|fence|sum"."""
    return f"{_lane(task)}|{task.fence}|{sum_of(task)}"


def line_of(task: Task) -> str:
    """What a rebuild carries of a task: its id and its facts."""
    return f"{task.id}|{facts_of(task)}"


def skip_line_of(task_id: UUID, who: UUID) -> str:
    """What a rebuild carries of somebody's passing a task on."""
    return f"{task_id}|{who}|{sum_of_skip(task_id, who)}"


def sum_of(task: Task) -> str:
    """The number, in twelve hexadecimal digits, of a task as it waits."""
    return _digits(f"{task.id}|{_lane(task)}")


def sum_of_skip(task_id: UUID, who: UUID) -> str:
    """The number, in twelve hexadecimal digits, of somebody's passing a task on."""
    return _digits(f"{task_id}|{who}")


def lanes_of(counties: Sequence[str], languages: Sequence[str], skills: Sequence[str]) -> list[str]:
    """The lanes in which a volunteer can work: their counties, languages and skills, each empty for all, and what asks for none."""
    where = [*counties, ""] if counties else [ANY_COUNTY]
    said = [*dict.fromkeys([*(languages or TEXT_LANGUAGES), ANY_LANGUAGE])]
    able = [*skills, NO_SKILL] if skills else [ANY_SKILL]
    return [f"{county}|{language}|{skill}|" for county, language, skill in product(where, said, able)]


def _lane(task: Task) -> str:
    return f"{task.county or ''}|{task.language}|{task.skill}|{place_of(task)}"


def _digits(said: str) -> str:
    return hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()[: SUM_BITS // 4]
