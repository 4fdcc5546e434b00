"""Two people read a rights text and stand behind it, for a time: then it is sent without the mark that says nobody has.

What they approve is the wording itself, not the topic: when the pack brings a new one, the approved one stays in force until the new one is
approved, too. When its time is over it is not sent any more, and an honest sentence is sent in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction, row_as
from app.core.errors import BadInput, Conflict, NotFound
from app.records.events import record
from app.rights.tables import RightsApproval, RightsWording, rights_approval, rights_wording
from app.rights.topics import Rights, State, Topic, Wording

APPROVALS_NEEDED: Final = 2
"""Different people who must approve a wording in a language before it counts as reviewed in it."""

LONGEST_APPROVAL: Final = timedelta(days=366)
"""Law changes: nobody approves a text for longer than this."""

FORMS: Final = ("short", "long", "voice")

LAST_APPROVED: Final = """
    SELECT DISTINCT ON (topic, language) * FROM rights_wording WHERE approved_at IS NOT NULL ORDER BY topic, language, approved_at DESC
"""


@dataclass(frozen=True)
class Reviewed:
    """How one text stands: the wording that waits for approval (the pack's), the one that was approved last if there is one, and who has
    approved the waiting one so far."""

    waiting: Wording
    approved: RightsWording | None
    state: State
    approvers: Sequence[UUID]

    @property
    def is_new(self) -> bool:
        """Whether the waiting wording is another than the approved one, or that one has run out."""
        return self.state is not State.APPROVED or self.approved is None or self.approved.digest != digest_of(self.waiting)


async def in_force(work: Transaction, rights: Rights) -> Rights:
    """The texts of the pack as they are to be sent today: the approved wordings, and how each stands."""
    rows = await _last_approved(work)
    if not rows:
        return rights
    topics: dict[str, Topic] = {}
    for name, topic in rights.topics.items():
        wordings, states = dict(topic.wordings), dict(topic.states)
        for language, wording in topic.wordings.items():
            held = rows.get((name, language))
            if held is not None:
                wordings[language] = wording.model_copy(update={form: getattr(held, form) for form in FORMS})
                states[language] = _state(held, work.now.date())
        topics[name] = topic.model_copy(update={"wordings": wordings, "states": states})
    return Rights(topics, rights.policies)


async def reviewed(work: Transaction, rights: Rights, topic: str, language: str) -> Reviewed:
    """How one text stands. Raises NotFound where the pack has no such text."""
    waiting = _waiting(rights, topic, language)
    held = (await _last_approved(work)).get((topic, language))
    begun = await _begun(work, topic, language, waiting)
    approvers = []
    if begun is not None:
        rows = await work.execute(select(rights_approval.c.volunteer_id).where(rights_approval.c.wording_id == begun.id))
        approvers = list(rows.scalars())
    return Reviewed(waiting, held, _state(held, work.now.date()) if held else State.UNREVIEWED, approvers)


async def approve_text(
    work: Transaction, rights: Rights, topic: str, language: str, digest: str, expires_on: date, by: UUID
) -> State:
    """One person approves the wording that they read (`digest` says which), until a day. Returns how the text stands then: the second
    person's approval puts it in force, until the earlier of their two days. Raises NotFound, Conflict where the wording has changed since
    or this person approved it already, BadInput for a day that is past or too far."""
    await work.lock("rights", f"{topic}.{language}")
    waiting = _waiting(rights, topic, language)
    if digest != digest_of(waiting):
        raise Conflict("The words have changed since you opened the page. Please read them again.")
    today = work.now.date()
    if not today < expires_on <= today + LONGEST_APPROVAL:
        raise BadInput("The review date must be after today and within a year.")
    begun = await _begun(work, topic, language, waiting)
    if begun is None:
        forms = {form: getattr(waiting, form) for form in FORMS}
        begun = RightsWording(
            id=work.new_id(), topic=topic, language=language, digest=digest, begun_at=work.now, expires_on=expires_on, **forms
        )
        await work.add(begun)
    given = select(rights_approval.c.volunteer_id).where(rights_approval.c.wording_id == begun.id)
    approvers = set((await work.execute(given)).scalars())
    if by in approvers:
        raise Conflict("You approved this text already. It needs another person's approval.")
    await work.add(RightsApproval(id=work.new_id(), wording_id=begun.id, volunteer_id=by, approved_at=work.now))
    complete = len(approvers) + 1 >= APPROVALS_NEEDED
    values = {"expires_on": min(begun.expires_on, expires_on), "approved_at": work.now if complete else None}
    await work.execute(rights_wording.update().where(rights_wording.c.id == begun.id).values(values))
    await record(work, "rights.approved", begun.id, actor_id=by, topic=topic, language=language, complete=complete)
    return State.APPROVED if complete else State.UNREVIEWED


async def withdraw_text(work: Transaction, topic: str, language: str, by: UUID) -> None:
    """Somebody found a fault in an approved text: from now on it is not sent, until two people approve it again. Raises Conflict where none
    is in force."""
    await work.lock("rights", f"{topic}.{language}")
    held = (await _last_approved(work)).get((topic, language))
    today = work.now.date()
    if held is None or _state(held, today) is not State.APPROVED:
        raise Conflict("No approved text is in force here.")
    await work.execute(
        rights_wording.update().where(rights_wording.c.id == held.id).values(expires_on=today - timedelta(days=1))
    )
    await record(work, "rights.withdrawn", held.id, actor_id=by, topic=topic, language=language)


def digest_of(wording: Wording) -> str:
    """What tells one wording from another: SHA-256 of its forms."""
    return hashlib.sha256("\0".join(getattr(wording, form) for form in FORMS).encode()).hexdigest()


def changes(before: str, after: str) -> list[tuple[str, str]]:
    """How a text changed, as runs of words, each `same`, `gone` or `new`. Pure."""
    old, new = before.split(), after.split()
    runs: list[tuple[str, str]] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            runs.append(("same", " ".join(old[i:j])))
            continue
        if i < j:
            runs.append(("gone", " ".join(old[i:j])))
        if k < m:
            runs.append(("new", " ".join(new[k:m])))
    return runs


def _waiting(rights: Rights, topic: str, language: str) -> Wording:
    if topic not in rights.topics or language not in rights.topics[topic].wordings:
        raise NotFound("There is no such text.")
    return rights.topics[topic].wordings[language]


def _state(held: RightsWording, today: date) -> State:
    return State.APPROVED if held.expires_on >= today else State.STALE


async def _begun(work: Transaction, topic: str, language: str, waiting: Wording) -> RightsWording | None:
    return await work.get(
        RightsWording,
        rights_wording.c.topic == topic,
        rights_wording.c.language == language,
        rights_wording.c.digest == digest_of(waiting),
        rights_wording.c.approved_at.is_(None),
    )


async def _last_approved(work: Transaction) -> dict[tuple[str, str], RightsWording]:
    return {(row["topic"], row["language"]): row_as(RightsWording, row) for row in await work.query(LAST_APPROVED, {})}
