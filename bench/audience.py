"""Subscribers by the hundred thousand, written with COPY."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from app.core.clock import system_clock
from app.core.database import Database
from app.core.ids import new_id
from app.core.keys import Keys
from app.places.gazetteer import Gazetteer
from app.subscribers.nearness import zip_hash_of


def open_database(environment: Mapping[str, str], pool_size: int = 10) -> Database:
    """The database of a measurement."""
    keys = Keys(environment["VIGIA_KEYS"], environment["VIGIA_HASH_KEY"])
    return Database(environment["VIGIA_DATABASE_URL"], keys, system_clock, new_id, pool_size=pool_size)


def middles() -> dict[str, tuple[float, float]]:
    """The ZIP codes of the pack and where they are."""
    return Gazetteer.from_pack("us_nc").zip_middles


def subscribe_many(environment: Mapping[str, str], counties: Mapping[str, int]) -> None:
    """Make phones and subscribe the first n of them to each county, half of them English, half Spanish; two in three gave a ZIP code."""
    keys = Keys(environment["VIGIA_KEYS"], environment["VIGIA_HASH_KEY"])
    now = system_clock()
    with psycopg.connect(environment["VIGIA_DATABASE_URL"]) as connection, connection.cursor() as cursor:
        ids = [new_id() for _ in range(max(counties.values()))]
        columns = "id, number_hash, number_sealed, language, language_chosen, created_at"
        with cursor.copy(f"COPY contact ({columns}) FROM STDIN") as copy:
            for n, who in enumerate(ids):
                number = f"+1{200 + n // 10_000:03d}555{n % 10_000:04d}"
                sealed = keys.seal(number, "contact", "number", who)
                copy.write_row((who, keys.fingerprint("phone", number), sealed, "es" if n % 2 else "en", True, now))
        columns = "id, contact_id, county, topic, any_hour, created_at, zip_hash"
        zips = [zip_hash_of(keys, code) for code in middles()]
        with cursor.copy(f"COPY subscription ({columns}) FROM STDIN") as copy:
            for county, people in counties.items():
                for n, who in enumerate(ids[:people]):
                    near = zips[n * 7919 % len(zips)] if n % 3 else None
                    copy.write_row((new_id(), who, county, "alerts", True, now, near))
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE contact, subscription")
