"""Who hears first of what is near: a ZIP code that a subscriber may give and need not, kept as a keyed hash beside their alerts and nowhere
else. It goes when those end; the database alone tells nobody where anyone lives."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from uuid import UUID

from app.core.database import Transaction
from app.core.keys import Keys
from app.subscribers.tables import Topic, subscription

ZIP_KIND: Final = "zip"
"""The kind of fingerprint (`Keys.fingerprint`)."""

BARE: Final = frozenset({"zip", "zip code", "my zip", "my zip code", "mi zip", "codigo postal", "mi codigo postal"})

TAKES_BACK: Final = frozenset({"off", "none", "no", "delete", "forget", "borrar", "olvidar", "ninguno"})

_ORDER: Final = re.compile(
    r"(?:my |mi |el )?(?:zip(?: ?code)?|c[oó]digo postal)(?: is| es| de)?[ :#]*(\d{5})(?:-\d{4})?"
    r"|(?:my |mi |el )?(?:zip(?: ?code)?|c[oó]digo postal)[ :]+(\w+)"
)
_NO_ZIP: Final = re.compile(r"(?:no|sin) (?:zip(?: ?code)?|c[oó]digo postal)")
_CODE: Final = re.compile(r"(?<!\d)(\d{5})(?:-\d{4})?(?!\d)")


def read_zip_order(text: str) -> str | None:
    """The ZIP code of a text that gives the sender's: "ZIP 27701", "mi código postal es 27701". An empty string takes it back ("ZIP OFF");
    the bare word, or one with something else behind it, comes back as it is and names none. None where the text says something else.
    Pure."""
    plain = " ".join(text.split()).strip(" .,;!?¿¡").casefold()
    if _NO_ZIP.fullmatch(plain):
        return ""
    found = _ORDER.fullmatch(plain)
    if found is None:
        return plain if plain.replace("ó", "o") in BARE else None
    said: str = found[1] or found[2]
    return "" if said in TAKES_BACK else said


def only_zip(text: str) -> str | None:
    """The ZIP code in a text that holds exactly one number of five digits. Pure."""
    found = set(_CODE.findall(text))
    return found.pop() if len(found) == 1 else None


def zip_hash_of(keys: Keys, code: str) -> bytes:
    """The keyed hash that stands for a ZIP code: 32 bytes."""
    return keys.fingerprint(ZIP_KIND, code)


def zip_behind(keys: Keys, known_as: bytes, codes: Collection[str]) -> str | None:
    """The one of these ZIP codes that a hash stands for, so that a person can be told what is held; None where it is none of them."""
    return next((code for code in codes if zip_hash_of(keys, code) == known_as), None)


async def keep_zip(work: Transaction, who: UUID, known_as: bytes | None) -> bool:
    """Keep (None: forget) where a subscriber lives, beside each county that they get alerts for. Returns whether they get any."""
    kept = await work.execute(
        subscription.update()
        .where(
            subscription.c.contact_id == who,
            subscription.c.topic == Topic.ALERTS.value,
            subscription.c.ended_at.is_(None),
        )
        .values(zip_hash=known_as)
        .returning(subscription.c.id)
    )
    return bool(kept.all())
