"""From a screen's facts to HTML: strict templates, the reader's language and clock, the frame that every page shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import jinja2
from babel.dates import format_datetime
from babel.numbers import format_decimal
from fastapi import Request
from jinja2_fragments import render_block
from starlette.responses import HTMLResponse

from app.console.access import has_role
from app.console.flash import FLASHES, forget_flash, read_flash
from app.console.phrases import mark, word_for
from app.core.clock import local_time
from app.core.languages import INTERFACE_LANGUAGES, interface_language, page_templates, translations
from app.packs.place_words import place_in
from app.packs.reading_words import reason_in
from app.pipeline import Hotline
from app.volunteers.tables import Role, Volunteer

FOLDER: Final = Path(__file__).parent
LANGUAGE_COOKIE: Final = "vigia_language"
MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Entry:
    """One entry of the header's menu: where it leads, its words, its key on the keyboard (after "g"), and whose it is."""

    path: str
    words: str
    key: str
    roles: tuple[Role, ...]


MENU: Final = (
    Entry("/console/", mark("Board"), "b", (Role.DISPATCHER, Role.ORGANIZER)),
    Entry("/console/offers", mark("My offers"), "o", (Role.VERIFIER,)),
    Entry("/console/alerts", mark("Alerts"), "a", (Role.DISPATCHER, Role.ORGANIZER)),
    Entry("/console/broadcasts", mark("Broadcasts"), "d", (Role.ORGANIZER, Role.ADMIN)),
    Entry("/console/inbox", mark("Inbox"), "i", (Role.DISPATCHER, Role.ORGANIZER)),
    Entry("/console/subscribers", mark("Subscribers"), "s", (Role.ORGANIZER, Role.ADMIN)),
    Entry("/console/rights", mark("Rights"), "r", tuple(Role)),
    Entry("/console/landmarks", mark("Landmarks"), "l", (Role.ORGANIZER,)),
    Entry("/console/reveals", mark("Numbers shown"), "n", (Role.LEAD,)),
    Entry("/console/shifts", mark("Shifts"), "h", tuple(Role)),
    Entry("/console/coverage", mark("Coverage"), "v", (Role.DISPATCHER, Role.ORGANIZER, Role.ADMIN)),
    Entry("/console/people", mark("People"), "p", (Role.ADMIN,)),
    Entry("/console/break-glass", mark("Break-glass"), "x", (Role.ADMIN,)),
    Entry("/console/audit", mark("Audit"), "u", (Role.ADMIN,)),
)


def render(
    request: Request,
    template: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    block: str | None = None,
    language: str | None = None,
    **facts: Any,
) -> HTMLResponse:
    """A page, or one block of it for a live part. The frame finds the viewer in `request.state`, if somebody is signed in. `language` is
    given where a page is meant for others than its reader."""
    language = language or language_of(request)
    environment = _environment(language)
    hotline: Hotline = request.state.hotline
    now: datetime = request.state.database.clock()
    shown = _frame(request, language) | {
        "now": now,
        "clock": partial(_clock, zone=hotline.time_zone, language=language, now=now),
        "lasting": partial(_lasting, ngettext=translations(language).ngettext),
        "ago": partial(_ago, now=now, ngettext=translations(language).ngettext),
        "county_label": partial(_county_label, hotline, language),
    }
    shown |= facts
    if block is not None:
        return HTMLResponse(render_block(environment, template, block, **shown), status)
    flash = read_flash(request)
    shown["flash"] = translations(language).gettext(FLASHES[flash[0]]) % flash[1] if flash else ""
    response = HTMLResponse(environment.get_template(template).render(shown), status)
    if flash:
        forget_flash(response)
    return response


def is_live_part(request: Request) -> bool:
    """Whether HTMX asks for a part of a page that is open already."""
    return request.headers.get("hx-request") == "true"


def language_of(request: Request) -> str:
    """The language to show: the volunteer's own, else the browser's."""
    viewer: Volunteer | None = getattr(request.state, "viewer", None)
    chosen = viewer.interface_language if viewer else request.cookies.get(LANGUAGE_COOKIE)
    return interface_language(chosen, request.headers.get("accept-language"))


def translator(request: Request) -> Callable[[str], str]:
    """The gettext of the reader's language."""
    return translations(language_of(request)).gettext


def _frame(request: Request, language: str) -> dict[str, Any]:
    """What the frame around every page shows."""
    viewer: Volunteer | None = getattr(request.state, "viewer", None)
    settings = request.state.settings
    return {
        "language": language,
        "languages": INTERFACE_LANGUAGES,
        "path": request.url.path,
        "viewer": viewer,
        "menu": [entry for entry in MENU if viewer is not None and has_role(viewer, *entry.roles)],
        "may": lambda *roles: viewer is not None and has_role(viewer, *(Role(role) for role in roles)),
        "mark": getattr(request.state, "mark", 0),
        "switch": getattr(request.state, "switch", None),
        "owes_note": getattr(request.state, "owes_note", False),
        "hotline_name": settings.hotline_name,
        "demo": settings.demo,
        "demo_links": getattr(request.state, "demo_links", ()) if settings.demo else (),
        "simulator_url": settings.simulator_url if settings.demo else None,
    }


@cache
def _environment(language: str) -> jinja2.Environment:
    environment = page_templates(FOLDER / "templates", language)
    environment.globals["word"] = lambda group, value: translations(language).gettext(word_for(group, value))
    environment.filters["place"] = partial(place_in, language=language)
    environment.filters["reason"] = partial(reason_in, language=language)
    environment.filters["number"] = partial(format_decimal, locale=language)
    return environment


def _clock(instant: datetime, *, zone: str, language: str, now: datetime) -> str:
    """The time as people in the state read it; with its day when that is not today."""
    there = instant.astimezone(ZoneInfo(zone))
    hour = local_time(instant, zone, language)
    if there.date() == now.astimezone(ZoneInfo(zone)).date():
        return hour
    return f"{format_datetime(there, 'd MMM', locale=language)}, {hour}"


def _ago(instant: datetime, *, now: datetime, ngettext: Callable[[str, str, int], str]) -> str:
    """How long ago something was, in the largest unit that fits."""
    seconds = max(int((now - instant).total_seconds()), 0)
    if seconds < MINUTE:
        return ngettext("just now", "just now", 1)
    if seconds < HOUR:
        return ngettext("%(num)d min ago", "%(num)d min ago", seconds // MINUTE) % {"num": seconds // MINUTE}
    if seconds < DAY:
        return ngettext("%(num)d h ago", "%(num)d h ago", seconds // HOUR) % {"num": seconds // HOUR}
    return ngettext("%(num)d day ago", "%(num)d days ago", seconds // DAY) % {"num": seconds // DAY}


def _lasting(time: timedelta, *, ngettext: Callable[[str, str, int], str]) -> str:
    """How long something takes, in its largest unit; a minute and more is rounded up."""
    seconds = max(1, round(time.total_seconds()))
    if seconds < MINUTE:
        return ngettext("%(num)d second", "%(num)d seconds", seconds) % {"num": seconds}
    minutes = -(-seconds // MINUTE)
    if minutes < 2 * HOUR // MINUTE:
        return ngettext("%(num)d minute", "%(num)d minutes", minutes) % {"num": minutes}
    hours = -(-seconds // HOUR)
    return ngettext("%(num)d hour", "%(num)d hours", hours) % {"num": hours}


def _county_label(hotline: Hotline, language: str, fips: str | None) -> str:
    if fips is None or fips not in hotline.counties:
        return translations(language).gettext(NO_COUNTY)
    label = hotline.counties.by_fips(fips).label(language)
    return label[:1].upper() + label[1:]


NO_COUNTY: Final = mark("County not known")
