"""Landmarks of ours: the places that neighbours name and no list holds. What is written here is understood in texts at once."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from app.console.access import Organizer
from app.console.flash import go
from app.console.rendering import render
from app.core.database import Transaction
from app.core.errors import BadInput
from app.core.live import Topic, wake
from app.core.requests import Work
from app.places.atlas import check_facts
from app.places.links import points_in
from app.records.landmarks import (
    Landmark,
    LandmarkFacts,
    LandmarkKind,
    add_landmark,
    change_landmark,
    get_landmark,
    list_landmarks,
    remove_landmark,
    undo_landmark,
)

router = APIRouter(prefix="/landmarks")

PATH: Final = "/console/landmarks"


class Written(BaseModel):
    """The form: `point` is a pair of numbers or a map link, or empty."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = ""
    kind: str = "landmark"
    county: str = ""
    town: str = ""
    aliases: str = ""
    point: str = ""


@router.get("")
async def landmarks(request: Request, work: Work, _viewer: Organizer) -> Response:
    """Every landmark in use, the removed ones, and the form that adds one."""
    return await _page(request, work)


@router.get("/{landmark_id}")
async def landmark_form(request: Request, work: Work, _viewer: Organizer, landmark_id: UUID) -> Response:
    """The form that changes one."""
    held = await get_landmark(work, landmark_id)
    return await _page(request, work, changing=held)


@router.post("")
async def add(request: Request, work: Work, viewer: Organizer, written: Annotated[Written, Form()]) -> Response:
    """Add one."""
    added = await add_landmark(work, _facts(request, written), viewer.id)
    return _done(request, work, "landmark_added", added)


@router.post("/{landmark_id}")
async def change(
    request: Request, work: Work, viewer: Organizer, landmark_id: UUID, written: Annotated[Written, Form()]
) -> Response:
    """Change one."""
    changed = await change_landmark(work, landmark_id, _facts(request, written), viewer.id)
    return _done(request, work, "landmark_changed", changed)


@router.post("/{landmark_id}/remove")
async def remove(request: Request, work: Work, viewer: Organizer, landmark_id: UUID) -> Response:
    """Take one out of use."""
    return _done(request, work, "landmark_removed", await remove_landmark(work, landmark_id, viewer.id))


@router.post("/{landmark_id}/undo")
async def undo(request: Request, work: Work, viewer: Organizer, landmark_id: UUID) -> Response:
    """Put a removed one back, or undo the last change of one."""
    return _done(request, work, "landmark_restored", await undo_landmark(work, landmark_id, viewer.id))


def _facts(request: Request, written: Written) -> LandmarkFacts:
    latitude, longitude = _point(written.point)
    values: Mapping[str, Any] = written.model_dump(exclude={"point"}) | {"latitude": latitude, "longitude": longitude}
    try:
        facts = LandmarkFacts.model_validate(values)
    except ValidationError as error:
        raise BadInput("A name of four letters or more and a county are needed, and at most twenty other names.") from error
    check_facts(facts, request.state.hotline.gazetteer)
    return facts


def _point(said: str) -> tuple[float | None, float | None]:
    if not said:
        return None, None
    points = points_in(said).points
    if not points:
        raise BadInput("The point is not understood. Paste a map link, or numbers such as 35.9940, -78.8986.")
    latitude, longitude, _ = points[0]
    return latitude, longitude


def _done(request: Request, work: Transaction, flash: str, held: Landmark) -> Response:
    work.after_commit.append(wake(request.state.hotline.redis, Topic.PLACES))
    return go(PATH, flash, place=held.name)


async def _page(request: Request, work: Transaction, changing: Landmark | None = None) -> Response:
    return render(
        request,
        "landmarks.html",
        status=HTTPStatus.OK,
        landmarks=await list_landmarks(work),
        removed=await list_landmarks(work, removed=True),
        changing=changing,
        kinds=[kind.value for kind in LandmarkKind],
        counties=request.state.hotline.counties,
    )
