"""The outbox: a message, its text in each language, and one delivery for each person who gets it."""

from __future__ import annotations

from datetime import date, datetime
from enum import IntEnum, StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import instant, one_of, sealed
from app.records.states import DeliveryState


class Lane(IntEnum):
    """Priority of a text: a lower number never waits behind a higher (DESIGN section 5, delivery)."""

    REPLY = 0
    DISPATCH = 1
    ALERT = 2
    CORRECTION = 3
    RIGHTS = 4
    BROADCAST = 5


class Skipped(StrEnum):
    """Why a text was not sent after all."""

    STOPPED = "stopped"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    UNREACHABLE = "unreachable"
    LEFT = "left"  # the county was
    PAUSED = "paused"
    REVOKED = "revoked"
    QUIET = "quiet_hours"  # over before the night is
    CAPPED = "capped"  # had as many broadcasts this week as one person gets


class Waits(StrEnum):
    """Why a text is still waiting; what stands in a row is written by the statement that held it back, the rest follows from how things
    stand (`delivery.waiting`)."""

    HALTED = "halted"
    MESSAGE_HELD = "message_held"  # by a person, this message alone
    LANE_STOPPED = "lane_stopped"
    PAUSED = "line_paused"
    PROTECTED = "protected"  # the person got enough for now
    STOP = "stop_waits"  # the person said stop, and a machine that is cut off has not been able to write that down
    NIGHT = "night"
    AGAIN = "again"  # it was tried, and is tried again later
    ALLOWANCE = "allowance"  # what carriers take a day is kept for what can't wait
    BEHIND = "behind"  # what is more urgent goes first
    PACE = "pace"  # carriers take only so many a second
    SENDING = "sending"
    ASKING = "asking"  # no answer came, and Twilio's log is asked


class OutgoingMessage(SQLModel, table=True):
    """Something that one or many people are told. `about` names the record it speaks of; `recipients` is fixed when it is planned. While
    `paused_at` is set nothing more of it goes."""

    __tablename__ = "outgoing_message"
    __table_args__ = (Index("ix_outgoing_message_paused", "id", postgresql_where=text("paused_at IS NOT NULL")),)

    id: UUID = Field(primary_key=True)
    lane: int
    purpose: str = Field(max_length=32)
    about_id: UUID | None = Field(default=None, index=True)
    recipients: int = 0
    created_at: datetime = instant(index=True)
    expires_at: datetime = instant()
    withdrawn_at: datetime | None = instant(nullable=True)
    paused_at: datetime | None = instant(nullable=True)


class OutgoingText(SQLModel, table=True):
    """The words of a message in one language, with its length in segments."""

    __tablename__ = "outgoing_text"
    __table_args__ = (
        UniqueConstraint("message_id", "language"),
        Index("ix_outgoing_text_words_kept", "message_id", postgresql_where=text("body_sealed IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    message_id: UUID = Field(foreign_key="outgoing_message.id", ondelete="CASCADE")
    language: str = Field(max_length=8)
    body_sealed: bytes | None = sealed()
    segments: int = 1


class Delivery(SQLModel, table=True):
    """One text to one person. `line` names the line that it goes out from, "" where there is only one. In a message a lower `turn` goes
    first, and within a turn chance decides (`id`). `reason` says why it was skipped, or is held back until `not_before`. `fence` grows
    with each claim, `attempts` with each try that Twilio took and that came to nothing; `rank` keeps late callbacks from turning time back.
    `sid` is that of the last try whose SID is known."""

    __table_args__ = (
        one_of("state", DeliveryState),
        UniqueConstraint("message_id", "contact_id"),
        CheckConstraint("state <> 'skipped' OR reason IS NOT NULL", name="skipped_for_a_reason"),
        Index(
            "ix_delivery_due",
            *("line", "lane", "message_id", "turn", "id"),
            postgresql_where=text("state = 'pending' AND not_before IS NULL"),
        ),
        Index("ix_delivery_held", "not_before", postgresql_where=text("state = 'pending' AND not_before IS NOT NULL")),
        Index("ix_delivery_open", "lease_until", postgresql_where=text("state IN ('sending', 'unknown')")),
        Index("ix_delivery_watched", "claimed_at", postgresql_where=text("error_code IN (21610, 30007, 30034)")),
    )

    id: UUID = Field(primary_key=True)
    message_id: UUID = Field(foreign_key="outgoing_message.id", ondelete="CASCADE")
    contact_id: UUID = Field(foreign_key="contact.id", index=True)
    lane: int
    line: str = Field(default="", max_length=32, sa_column_kwargs={"server_default": ""})
    turn: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": "0"})
    language: str = Field(max_length=8)
    state: str = Field(default=DeliveryState.PENDING.value, max_length=16)
    reason: str | None = Field(default=None, max_length=32)
    not_before: datetime | None = instant(nullable=True)
    fence: int = 0
    lease_until: datetime | None = instant(nullable=True)
    attempts: int = 0
    sid: str | None = Field(default=None, unique=True, max_length=64)
    rank: int = 0
    error_code: int | None = None
    created_at: datetime = instant()
    claimed_at: datetime | None = instant(nullable=True)
    sent_at: datetime | None = instant(nullable=True)
    done_at: datetime | None = instant(nullable=True)


class OutboundSwitch(SQLModel, table=True):
    """The kill switch: one row that every sender reads before every batch. People turn `halted`; `paused_until` is the machine's own, for
    as long as Twilio takes nothing from us. `pauses` counts how often in a row that was found, by texts that were claimed since
    `paused_at`."""

    __tablename__ = "outbound_switch"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    halted: bool = False
    reason: str | None = Field(default=None, max_length=400)
    changed_at: datetime = instant()
    paused_at: datetime | None = instant(nullable=True)
    paused_until: datetime | None = instant(nullable=True)
    pause_code: int | None = None
    pauses: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class LaneHalt(SQLModel, table=True):
    """A lane that the circuit breaker stopped, and the error code for which; a person lets it go again."""

    __tablename__ = "lane_halt"

    lane: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    error_code: int
    texts: int
    since: datetime = instant()


class LineSlot(SQLModel, table=True):
    """Which line tells the people of a slot: everybody is in one of 256 by their contact's id, and so hears from the same line every time.
    Empty where there is only one line. Written by the worker from VIGIA_SENDERS."""

    __tablename__ = "line_slot"

    slot: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    line: str = Field(max_length=32)


class BrandDay(SQLModel, table=True):
    """How many segments a brand has sent on a day of the carriers' clock (midnight Pacific): what T-Mobile's allowance counts."""

    __tablename__ = "brand_day"

    brand: str = Field(primary_key=True, max_length=32)
    day: date = Field(primary_key=True)
    segments: int = 0


class ParkedStatus(SQLModel, table=True):
    """A callback about a SID that we don't know, or not yet: the highest that came, kept until its text is found."""

    __tablename__ = "parked_status"

    sid: str = Field(primary_key=True, max_length=64)
    status: str = Field(max_length=32)
    rank: int
    error_code: int | None = None
    heard_at: datetime = instant(index=True)


outgoing_message = table_of(OutgoingMessage)
outgoing_text = table_of(OutgoingText)
delivery = table_of(Delivery)
outbound_switch = table_of(OutboundSwitch)
lane_halt = table_of(LaneHalt)
line_slot = table_of(LineSlot)
brand_day = table_of(BrandDay)
parked_status = table_of(ParkedStatus)
