"""The people of the hotline, and how they sign in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import instant, one_of, words


class Role(StrEnum):
    """What a volunteer may do. A person can have several. A `backup` is a dispatcher who is called upon when nobody takes something urgent;
    a `lead` is one who hears of it when that did not help, and who may take work out of another's hands."""

    DISPATCHER = "dispatcher"
    VERIFIER = "verifier"
    ORGANIZER = "organizer"
    ADMIN = "admin"
    BACKUP = "backup"
    LEAD = "lead"


class Standing(StrEnum):
    """Whether a volunteer may act now."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class Vetting(StrEnum):
    """How well the hotline knows a volunteer. Somebody `new` does not yet lead, sign or administer."""

    NEW = "new"  # came by themselves
    KNOWN = "known"  # somebody of the hotline vouches for them
    VETTED = "vetted"  # interviewed, and references were asked


class LinkPurpose(StrEnum):
    """What a sign-in link is for: an invitation works once, a demo link for as long as the demo."""

    INVITE = "invite"
    DEMO = "demo"


class Volunteer(SQLModel, table=True):
    """A person of the hotline, under an alias. An empty `counties` means any county, an empty `skills` any work. `trained`: may observe on
    site. `zones` are towns and parts of towns that they know. A `trainee` learns beside others: nobody counts on them alone. `exercises`:
    asked to get practice alerts.

    `on_shift` is presence: it ends by itself at `on_shift_until`. `followed_at` is the beginning of the last planned shift that presence
    followed, so that who then says OFF stays off. `told_of_end` is the end of a shift that they were told of beforehand, so that they
    are told once.
    """

    __table_args__ = (one_of("standing", Standing), one_of("vetting", Vetting))

    id: UUID = Field(primary_key=True)
    alias: str = Field(unique=True, max_length=40)
    roles: list[str] = words()
    languages: list[str] = words()
    counties: list[str] = words()
    skills: list[str] = words(sa_column_kwargs={"server_default": "{}"})
    standing: str = Field(default=Standing.ACTIVE.value, max_length=16)
    trained: bool = False
    zones: list[str] = words(sa_column_kwargs={"server_default": "{}"})
    drives: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    vetting: str = Field(default=Vetting.KNOWN.value, max_length=16, sa_column_kwargs={"server_default": "known"})
    trainee: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    exercises: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    on_shift: bool = True
    on_shift_until: datetime | None = instant(nullable=True)
    followed_at: datetime | None = instant(nullable=True)
    told_of_end: datetime | None = instant(nullable=True)
    quiet_from: int | None = None  # the hours of the day, in `quiet_zone`, from and until which they are not asked
    quiet_until: int | None = None
    quiet_zone: str | None = Field(default=None, max_length=40)
    interface_language: str = Field(default="en", max_length=8)
    contact_id: UUID | None = Field(default=None, foreign_key="contact.id", unique=True)
    created_at: datetime = instant()


class SignInLink(SQLModel, table=True):
    """A link that signs one volunteer in; only the hash of its token is kept."""

    __tablename__ = "sign_in_link"
    __table_args__ = (one_of("purpose", LinkPurpose),)

    token_hash: bytes = Field(primary_key=True)
    volunteer_id: UUID = Field(foreign_key="volunteer.id", ondelete="CASCADE")
    purpose: str = Field(max_length=16)
    expires_at: datetime = instant()
    used_at: datetime | None = instant(nullable=True)


class ConsoleSession(SQLModel, table=True):
    """A browser that is signed in; only the hash of its cookie is kept."""

    __tablename__ = "console_session"

    token_hash: bytes = Field(primary_key=True)
    volunteer_id: UUID = Field(foreign_key="volunteer.id", index=True, ondelete="CASCADE")
    created_at: datetime = instant()
    seen_at: datetime = instant()
    expires_at: datetime = instant()


volunteer = table_of(Volunteer)
sign_in_link = table_of(SignInLink)
console_session = table_of(ConsoleSession)
