"""What is written on disk while the database is away: one sealed file for each request of Twilio's, and its name. Pure.

    waiting/3f0c…e1     FORMAT, then the sealed JSON of a `Spooled`

The name is a keyed hash of what makes the request the one it is (its SID; of a call, its step too), so that a copy finds the file of the
first, and nobody learns from a listing who wrote. The seal binds the name: a file that was renamed or altered does not open.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from app.core.keys import KeyProblem, Keys

FORMAT: Final = b"vigia-spool-1\n"

CELL: Final = ("spool", "request")
"""Where a spooled request belongs, as sealed values are bound to a table and a column."""


class Unreadable(ValueError):
    """A file of the spool that can't be read: cut short, altered, or sealed with a key that is gone. The message says which."""


class Request(StrEnum):
    """What Twilio asked of us."""

    TEXT = "text"
    CALL = "call"  # a call begins, or its caller answers
    CALL_NEWS = "call_news"  # a call has ended, or its voicemail is there


class Spooled(BaseModel):
    """One request that waits for the database: what it is, its form as Twilio sent it, when it came (`order` tells apart what came at the
    same instant), and `told`, the answer that was given. `step` and `turn` are those of a call's path."""

    model_config = ConfigDict(frozen=True)

    request: Request
    form: tuple[tuple[str, str], ...]
    received_at: AwareDatetime
    order: UUID
    told: str | None = None
    step: str | None = None
    turn: int = 0

    @property
    def fields(self) -> dict[str, str]:
        """The form by name; of a name that came twice the last, as everywhere."""
        return dict(self.form)


def spooled(
    request: Request,
    form: Iterable[tuple[str, object]],
    received_at: datetime,
    order: UUID,
    *,
    told: str | None = None,
    step: str | None = None,
    turn: int = 0,
) -> Spooled:
    """A request to put on disk."""
    pairs = tuple((name, str(value)) for name, value in form)
    return Spooled(request=request, form=pairs, received_at=received_at, order=order, told=told, step=step, turn=turn)


def name_of(keys: Keys, request: Request, *identity: object) -> str:
    """The file name of a request, the same for every copy of it: 32 hexadecimal digits that tell nothing without the key."""
    return keys.fingerprint(f"spool.{request}", "\x1f".join(str(part) for part in identity))[:16].hex()


def packed(keys: Keys, name: str, entry: Spooled) -> bytes:
    """The content of the file `name`."""
    return FORMAT + keys.seal(entry.model_dump_json(), *CELL, UUID(name))


def unpacked(keys: Keys, name: str, content: bytes) -> Spooled:
    """What the file `name` holds. Raises Unreadable."""
    if not content.startswith(FORMAT):
        raise Unreadable("it is empty, cut short or none of ours")
    try:
        return Spooled.model_validate_json(keys.unseal_bytes(content.removeprefix(FORMAT), *CELL, UUID(name)))
    except ValidationError:
        raise Unreadable("it is of a version that this one does not read") from None
    except (KeyProblem, ValueError) as error:
        raise Unreadable(str(error) if isinstance(error, KeyProblem) else "its name is none of ours") from None
