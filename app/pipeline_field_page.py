"""The main job for a verifier's page: what they send from it is what they would have texted. `pipeline_field.py` is the page before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.core.database import Transaction
from app.hotline import Hotline
from app.intake.page_answers import keep_page_answer, keep_page_photo
from app.pipeline_field import Said, take_said
from app.records.verification import Outcome
from app.verification.answers import Answer as FieldAnswer
from app.verification.field_link import open_link


class Tap(StrEnum):
    """The buttons of the page. The outcomes have the values that they are texted by."""

    HERE = "here"
    SAFE = "safe"
    HELP = "help"
    NOTE = "note"
    CONFIRM = "confirm"
    POLICE = "police"
    NOTHING = "nothing"
    GONE = "gone"
    UNABLE = "unable"


MEANINGS: Final[dict[Tap, FieldAnswer | Outcome]] = {
    Tap.HERE: FieldAnswer.HERE,
    Tap.SAFE: FieldAnswer.SAFE,
    **{Tap(outcome.value): outcome for outcome in Outcome},
}


@dataclass(frozen=True)
class PageAnswer:
    """One form of the page: which button, what was chosen and written (in one text, as they would have texted it), the bytes of a photo,
    and the form's own number, by which a copy is known."""

    tap: Tap
    words: str
    photo: bytes
    sent: UUID
    language: str


async def hear_from_page(work: Transaction, hotline: Hotline, token: str, answer: PageAnswer) -> None:
    """Take in what a verifier sends from their page; a copy of it changes nothing. What comes when it is no longer asked for is kept as a
    late text is. Raises LinkEnded."""
    opened = await open_link(work, token, lock=True)
    made, about, person = opened.made, opened.about, opened.verifier
    assert person.contact_id is not None  # as a link opens only for who has a phone
    words = answer.words or answer.tap.value.upper()
    message = await keep_page_answer(work, person.contact_id, answer.sent, words, int(bool(answer.photo)))
    if message is None:
        return
    if answer.photo:
        await keep_page_photo(work, message, about.id, answer.photo)
    meaning = MEANINGS.get(answer.tap)
    if answer.tap is Tap.SAFE and answer.words:
        meaning = None  # more than that they are well: a person reads it
    said = Said(hotline, made, about, message, answer.words, answer.language, meaning, needs_help=answer.tap is Tap.HELP)
    await take_said(work, said)
