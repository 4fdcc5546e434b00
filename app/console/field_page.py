"""A verifier's page, opened by the link in the text after their yes: the place, and what they see in eight taps. No account, no script.

Whoever has the link acts as that verifier about that one offer, so it is treated as a secret: it stands in no log, its pages are kept by no
browser and named to no other site (Guard), and how often it may be asked for is counted.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from app.console.phrases import WORDS, mark, word_for
from app.console.rendering import LANGUAGE_COOKIE, language_of, render
from app.console.uploads import read_form_with_file
from app.core.database import Transaction
from app.core.errors import BadInput, VigiaError
from app.core.languages import interface_language, translations
from app.core.often import is_too_often
from app.core.requests import Work
from app.pipeline_field_page import PageAnswer, Tap, hear_from_page
from app.records.states import OfferState
from app.records.verification import Observation, Outcome, observation
from app.verification.field_link import FIELD_PATH, LinkEnded, Opened, hash_of, open_link

router = APIRouter(prefix="/field")

SALUTE: Final = ("size", "activity", "location", "uniform", "time", "equipment")
"""The six questions, in the order of their letters; the answers to each are the group of that name in WORDS."""

LONGEST_NOTE: Final = 600
WINDOW_SECONDS: Final = 600
MOST_ASKED: Final = 240
"""So often one link may be opened or answered on in WINDOW_SECONDS; a person needs a dozen."""

MOST_UNKNOWN: Final = 600
"""So many addresses that open nothing are looked for in WINDOW_SECONDS, whoever asks."""

Token = Annotated[str, Path(min_length=16, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class TooOften(VigiaError):
    """More was asked of one link than a person would."""

    code = "too_often"
    status = HTTPStatus.TOO_MANY_REQUESTS


class FieldForm(BaseModel):
    """The page's form. What was not chosen is empty; `sent` is the number that this copy of the form was given."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    tap: Tap
    sent: UUID
    note: str = Field("", max_length=LONGEST_NOTE)
    size: str = ""
    activity: str = ""
    location: str = ""
    uniform: str = ""
    time: str = ""
    equipment: str = ""

    def in_words(self, language: str) -> str:
        """What they chose and wrote, as one text in their language. Answers that we did not offer are left out."""
        say = translations(language).gettext
        chosen = [(part, getattr(self, part)) for part in SALUTE]
        lines = [
            f"{say(word_for('salute', part))}: {say(word_for(part, value))}" for part, value in chosen if value in WORDS[part]
        ]
        return "\n".join([*lines, self.note] if self.note else lines)


@router.get("/{token}")
async def field_page(request: Request, work: Work, token: Token, said: Tap | None = None) -> Response:
    """The page as it is now; `said` is what they sent a moment ago."""
    opened = await _open(request, work, token)
    language = _language(request, opened)
    status = HTTPStatus.GONE if opened.called_off else HTTPStatus.OK
    made = opened.made
    return render(
        request,
        "field.html",
        status=status,
        language=language,
        here=f"{FIELD_PATH}{token}",
        opened=opened,
        newest=await _newest(work, opened),
        goes=made.state == OfferState.ACCEPTED,
        asked_if_safe=made.check_asked_at is not None,
        alarmed=made.alarmed_at is not None,
        said=said,
        salute=[(part, list(WORDS[part])) for part in SALUTE],
        outcomes=list(Outcome),
        sent=uuid4(),
        longest=LONGEST_NOTE,
    )


@router.post("/{token}")
async def answer_from_field(request: Request, token: Token) -> Response:
    """Take in what they send, once, and show the page again. No transaction is open while a photo comes slowly."""
    async with request.state.database.transaction() as work:
        opened = await _open(request, work, token)
    language = _language(request, opened)
    form, picture = await _read(request)
    answer = PageAnswer(form.tap, form.in_words(language), picture, form.sent, language)
    async with request.state.database.transaction() as work:
        await hear_from_page(work, request.state.hotline, token, answer)
    return RedirectResponse(f"{FIELD_PATH}{token}?said={form.tap.value}", HTTPStatus.SEE_OTHER)


async def _read(request: Request) -> tuple[FieldForm, bytes]:
    fields = await read_form_with_file(request)
    given = fields.get("photo")
    picture = await given.read() if isinstance(given, UploadFile) else b""
    await fields.close()
    try:
        form = FieldForm.model_validate({name: value for name, value in fields.items() if isinstance(value, str)})
    except ValidationError:
        raise BadInput(mark("This form can't be read. Open the page again from the link in our text.")) from None
    return form, picture


async def _open(request: Request, work: Transaction, token: str) -> Opened:
    redis = request.state.hotline.redis
    too_often = TooOften(mark("You asked very often. Wait a few minutes, or text us instead."))
    if await is_too_often(redis, f"field:{hash_of(work.keys, token).hex()[:16]}", MOST_ASKED, WINDOW_SECONDS):
        raise too_often
    try:
        return await open_link(work, token)
    except LinkEnded:
        if await is_too_often(redis, "field:unknown", MOST_UNKNOWN, WINDOW_SECONDS):
            raise too_often from None
        raise


def _language(request: Request, opened: Opened) -> str:
    """The one they chose in this browser, else the one they text in."""
    if LANGUAGE_COOKIE in request.cookies or opened.language is None:
        return language_of(request)
    return interface_language(opened.language, None)


async def _newest(work: Transaction, opened: Opened) -> Observation | None:
    """What they found, as they told it last."""
    theirs = select(observation).where(observation.c.offer_id == opened.made.id)
    found = await work.find(Observation, theirs.order_by(observation.c.observed_at.desc(), observation.c.id.desc()).limit(1))
    return found[0] if found else None
