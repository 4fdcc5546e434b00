"""The public feeds: alerts as Atom and CAP 1.2, incidents as GeoJSON. Verified only, delayed and coarse by setting; for anyone to read."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from app.alerts.cap import CAP_TYPE, Issuer, atom_feed, cap_document
from app.alerts.published import Delay, published_alerts, published_incidents
from app.core.errors import NotFound
from app.core.requests import Work
from app.settings import Settings

router = APIRouter(prefix="/feeds", tags=["feeds"])

FRESH_SECONDS: Final = 60
Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9]{4,12}$")]


@router.api_route("/alerts.atom", methods=["GET", "HEAD"])
async def alerts(request: Request, work: Work) -> Response:
    """Every alert that may be published, the newest first."""
    settings = open_feeds(request)
    hotline = request.state.hotline
    shelf = await published_alerts(work, settings.feeds_delay)
    entries = [(one, hotline.counties.by_fips(one.alert.county)) for one in shelf.alerts]
    body = atom_feed(entries, issuer_of(settings), hotline.texts)
    return answer(request, body, "application/atom+xml; charset=utf-8", shelf.changed)


@router.api_route("/alerts/{code}.cap.xml", methods=["GET", "HEAD"])
async def alert_as_cap(request: Request, work: Work, code: Code) -> Response:
    """One alert, or what took it back."""
    settings = open_feeds(request)
    hotline = request.state.hotline
    shelf = await published_alerts(work, settings.feeds_delay, code.upper())
    if not shelf.alerts:
        raise NotFound("There is no such alert, or it is not public.")
    told = shelf.alerts[0]
    county = hotline.counties.by_fips(told.alert.county)
    body = cap_document(told, county, issuer_of(settings), hotline.texts, hotline.rights)
    return answer(request, body, CAP_TYPE, shelf.changed)


@router.api_route("/incidents.geojson", methods=["GET", "HEAD"])
async def incidents(request: Request, work: Work) -> Response:
    """Every incident that was confirmed from the place."""
    settings = open_feeds(request)
    collection = await published_incidents(work, Delay(settings.feeds_delay, settings.feeds_coarseness))
    if settings.rehearsing:
        collection["exercise"] = True
    return answer(request, json.dumps(collection).encode(), "application/geo+json", None)


def open_feeds(request: Request) -> Settings:
    """The settings of this installation. Raises NotFound where it has no feeds."""
    settings: Settings = request.state.settings
    if not settings.feeds:
        raise NotFound("This hotline has no public feeds.")
    return settings


def issuer_of(settings: Settings) -> Issuer:
    """Who publishes here, and how much of the place."""
    return Issuer(
        settings.hotline_name,
        settings.public_url,
        settings.feeds_coarseness,
        settings.feeds_place,
        settings.rehearsing,
    )


def answer(request: Request, body: bytes, media_type: str, changed: datetime | None) -> Response:
    """The body with what caches need; 304 to whoever has it, no body to HEAD. A date counts only if it is the very one that we gave: what
    is taken back makes a feed older, and must not stay."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": f"public, max-age={FRESH_SECONDS}",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    if changed is not None:
        headers["Last-Modified"] = format_datetime(changed.astimezone(UTC), usegmt=True)
    known = request.headers.get("if-none-match")
    if known is not None:
        same = known.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in known.split(",")]
    else:
        same = changed is not None and request.headers.get("if-modified-since") == headers["Last-Modified"]
    if same:
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        return Response(headers=headers | {"Content-Length": str(len(body))}, media_type=media_type)
    return Response(body, headers=headers, media_type=media_type)
