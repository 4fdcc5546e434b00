"""Organizers' own words for alerts, in every language, each change a version that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import UniqueConstraint, func, select
from sqlmodel import Field, SQLModel

from app.core.database import Transaction, table_of
from app.core.errors import BadInput, Conflict, NotFound
from app.records.columns import document, instant
from app.records.events import record

LONGEST_TITLE: Final = 60


class AlertTemplate(SQLModel, table=True):
    """A situation that organizers have words for. `version` is the newest."""

    __tablename__ = "alert_template"

    id: UUID = Field(primary_key=True)
    title: str = Field(max_length=LONGEST_TITLE)
    version: int = 1
    created_at: datetime = instant()
    removed_at: datetime | None = instant(nullable=True)


class AlertTemplateVersion(SQLModel, table=True):
    """The words as one person wrote them once; never changed."""

    __tablename__ = "alert_template_version"
    __table_args__ = (UniqueConstraint("template_id", "version"),)

    id: UUID = Field(primary_key=True)
    template_id: UUID = Field(foreign_key="alert_template.id")
    version: int
    texts: dict[str, str] = document()
    author_id: UUID = Field(foreign_key="volunteer.id")
    at: datetime = instant()


alert_template = table_of(AlertTemplate)
alert_template_version = table_of(AlertTemplateVersion)


async def add_template(work: Transaction, title: str, texts: Mapping[str, str], by: UUID) -> AlertTemplate:
    """Save words under a title. `texts` were reviewed. Raises BadInput, or Conflict where the title is taken."""
    title = " ".join(title.split())
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise BadInput("Give it a title of at most 60 characters.")
    await work.lock("alert_template", "title")
    taken = select(alert_template.c.id).where(
        func.lower(alert_template.c.title) == title.lower(), alert_template.c.removed_at.is_(None)
    )
    if await work.first(taken):
        raise Conflict("There is a template of that title already. Change that one, or choose another title.")
    made = AlertTemplate(id=work.new_id(), title=title, version=1, created_at=work.now)
    await work.add(made)
    await _write(work, made, texts, by)
    return made


async def change_template(work: Transaction, template_id: UUID, texts: Mapping[str, str], by: UUID, seen: int) -> AlertTemplate:
    """Save other words as the next version. `seen` is the version that the writer changed. Raises NotFound, or Conflict where somebody
    changed it meanwhile."""
    held = await get_template(work, template_id, lock=True)
    if held.version != seen:
        raise Conflict("Somebody changed this at the same moment. Look again.")
    held.version += 1
    await work.execute(alert_template.update().where(alert_template.c.id == held.id).values(version=held.version))
    await _write(work, held, texts, by)
    return held


async def remove_template(work: Transaction, template_id: UUID, by: UUID) -> AlertTemplate:
    """Offer it no longer; its versions stay. Raises NotFound."""
    held = await get_template(work, template_id, lock=True)
    await work.execute(alert_template.update().where(alert_template.c.id == held.id).values(removed_at=work.now))
    await record(work, "template.removed", held.id, actor_id=by, title=held.title)
    return held


async def get_template(work: Transaction, template_id: UUID, *, lock: bool = False) -> AlertTemplate:
    """One that is offered. Raises NotFound."""
    held = await work.get(AlertTemplate, alert_template.c.id == template_id, alert_template.c.removed_at.is_(None), lock=lock)
    if held is None:
        raise NotFound("There is no such template.")
    return held


async def list_templates(work: Transaction) -> Sequence[AlertTemplate]:
    """Every one that is offered, by title."""
    offered = select(alert_template).where(alert_template.c.removed_at.is_(None))
    return await work.find(AlertTemplate, offered.order_by(func.lower(alert_template.c.title)))


async def versions_of(work: Transaction, template_id: UUID) -> Sequence[AlertTemplateVersion]:
    """Every version of one, the newest first."""
    kept = select(alert_template_version).where(alert_template_version.c.template_id == template_id)
    return await work.find(AlertTemplateVersion, kept.order_by(alert_template_version.c.version.desc()))


async def _write(work: Transaction, of: AlertTemplate, texts: Mapping[str, str], by: UUID) -> None:
    await work.add(
        AlertTemplateVersion(
            id=work.new_id(), template_id=of.id, version=of.version, texts=dict(texts), author_id=by, at=work.now
        )
    )
    await record(work, "template.saved", of.id, actor_id=by, title=of.title, version=of.version)
