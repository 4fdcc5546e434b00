"""Lists as Twilio's REST gives them: filtered by date, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlencode

from app.simulator.refusals import Refusal

PAGE_SIZE: Final = 50
LARGEST_PAGE: Final = 1000


class _Listed(Protocol):
    @property
    def sid(self) -> str: ...


Listed = TypeVar("Listed", bound=_Listed)


@dataclass(frozen=True, slots=True)
class DateFilter:
    """Instants from `start` to `end`, both included; something without an instant is never within."""

    start: datetime | None = None
    end: datetime | None = None

    @classmethod
    def of(cls, query: Mapping[str, str], name: str) -> DateFilter:
        """The filter that `name`, `name<` and `name>` in a query make. A day alone means all of it. Raises `Refusal` on anything else."""
        start = end = None
        if exact := query.get(name):
            day = _instant(exact)[0].date()
            start, end = datetime.combine(day, time.min, UTC), datetime.combine(day, time.max, UTC)
        if after := query.get(f"{name}>"):
            start = _instant(after)[0]
        if before := query.get(f"{name}<"):
            end = _instant(before)[1]
        return cls(start, end)

    def holds(self, instant: datetime | None) -> bool:
        """Whether `instant` is within, by whole seconds as Twilio stores them."""
        if self.start is None and self.end is None:
            return True
        if instant is None:
            return False
        second = instant.replace(microsecond=0)
        return (self.start is None or second >= self.start) and (self.end is None or second <= self.end)


def page_json(
    path: str, key: str, query: Mapping[str, str], found: Iterable[Listed], render: Callable[[Listed], dict[str, Any]]
) -> dict[str, Any]:
    """One page of `found` (newest first) under `key`, with the links that the official client follows.

    The next page starts after a token (the last SID seen), so that what arrives meanwhile neither repeats nor hides anything.
    """
    size = min(max(_whole(query.get("PageSize"), PAGE_SIZE), 1), LARGEST_PAGE)
    number = max(_whole(query.get("Page"), 0), 0)
    rest = list(found)
    token = query.get("PageToken", "").removeprefix("PA")
    if token:
        place = next((index for index, item in enumerate(rest) if item.sid == token), None)
        if place is None:
            raise Refusal(20404)
        rest = rest[place + 1 :]
    else:
        rest = rest[number * size :]
    shown, more = rest[:size], len(rest) > size
    filters = {name: value for name, value in query.items() if name not in {"Page", "PageSize", "PageToken"}}

    def address(page: int, **token: str) -> str:
        return f"{path}?{urlencode({**filters, 'PageSize': size, 'Page': page, **token})}"

    return {
        key: [render(item) for item in shown],
        "end": number * size + max(len(shown) - 1, 0),
        "first_page_uri": address(0),
        "next_page_uri": address(number + 1, PageToken=f"PA{shown[-1].sid}") if more else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": address(number - 1) if number else None,
        "start": number * size,
        "uri": address(number),
    }


def meta_page_json(
    base_url: str,
    path: str,
    key: str,
    query: Mapping[str, str],
    found: Iterable[Listed],
    render: Callable[[Listed], dict[str, Any]],
) -> dict[str, Any]:
    """The same page as Twilio's newer APIs give it: whole addresses, in `meta`."""
    page = page_json(path, key, query, found, render)

    def whole(uri: str | None) -> str | None:
        return None if uri is None else base_url + uri

    return {
        key: page[key],
        "meta": {
            "first_page_url": whole(page["first_page_uri"]),
            "key": key,
            "next_page_url": whole(page["next_page_uri"]),
            "page": page["page"],
            "page_size": page["page_size"],
            "previous_page_url": whole(page["previous_page_uri"]),
            "url": whole(page["uri"]),
        },
    }


def _instant(text: str) -> tuple[datetime, datetime]:
    try:
        if len(text) == len("2026-11-24"):
            day = date.fromisoformat(text)
            start = datetime.combine(day, time.min, UTC)
            return start, start + timedelta(days=1, seconds=-1)
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(20001, status=400) from error
    instant = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    return instant, instant


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() else otherwise
