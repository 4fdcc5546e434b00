"""The public page where anyone signs a phone up for alerts: the phone itself must then answer YES. No account and no outside request."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.console.phrases import mark
from app.console.posters import code_for, order_for
from app.console.rendering import language_of, render, translator
from app.core.errors import NotFound
from app.core.requests import Work
from app.pipeline import wake_all
from app.pipeline_subscribers import ask_phone_to_confirm
from app.subscribers.nearness import only_zip
from app.subscribers.sign_up import Asked, BadNumber, TooManySignUps

router = APIRouter()

PROBLEMS: Final = {
    BadNumber: mark("That is not a phone number of the United States. Write it with its area code."),
    TooManySignUps: mark("Too many people are signing up right now. Please text JOIN and your county to us instead."),
}
"""What the page says of each refusal."""

NO_SUCH_ZIP: Final = mark("We know no such ZIP code in this state. You may leave it out.")


@router.get("/join")
async def join_page(request: Request, county: str = "") -> Response:
    """The form."""
    return _page(request, county=county)


@router.post("/join")
async def join(
    request: Request,
    work: Work,
    number: Annotated[str, Form(max_length=40)],
    county: Annotated[str, Form(max_length=5)],
    hours: Annotated[Literal["any", "day"], Form()] = "any",
    near: Annotated[str, Form(max_length=20)] = "",
    website: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Ask the phone. Whatever is known of the number, the page says the same, so that nobody learns who subscribes. `near` is their
    ZIP code, which they may leave out; `website` a field that people don't see and programs fill in."""
    hotline = request.state.hotline
    if county not in hotline.counties:
        raise NotFound("There is no such county.")
    if near.strip() and only_zip(near) not in hotline.gazetteer.zips:
        return _page(request, county=county, near=near, problem=NO_SUCH_ZIP, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if not website:
        asked = Asked(number, county, hours == "any", language_of(request), only_zip(near) or "")
        try:
            await ask_phone_to_confirm(work, hotline.texts, hotline.counties, asked)
        except (BadNumber, TooManySignUps) as refusal:
            return _page(request, county=county, near=near, problem=PROBLEMS[type(refusal)], status=refusal.status)
        wake_all(work, hotline)
    return _page(request, county=county, asked=True)


def _page(
    request: Request,
    *,
    county: str,
    near: str = "",
    problem: str = "",
    asked: bool = False,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    counties, lines = request.state.hotline.counties, request.state.settings.lines
    language = language_of(request)
    chosen = counties.by_fips(county) if county in counties else None
    words = order_for(chosen, language) if chosen else None
    return render(
        request,
        "join.html",
        status=status,
        counties=counties,
        chosen=chosen,
        near=near,
        asked=asked,
        problem=translator(request)(problem) if problem else "",
        words=words,
        code=code_for(lines[0], words) if lines and words else None,
    )
