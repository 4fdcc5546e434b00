"""What web, worker and command line build alike out of the settings: the keys, the database, Redis, the pack. Only entry points use it."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from redis.asyncio import Redis

from app.core.clock import Clock, system_clock
from app.core.database import Database
from app.core.errors import NotConfigured
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.redis_client import connect_redis
from app.delivery.lines import Inventory, load_inventory, one_line
from app.intake.photo_store import BucketStore, FolderStore, PhotoStore
from app.intake.spool_folder import Spool
from app.packs import pack_file
from app.packs.counties import load_counties
from app.packs.texts import Texts
from app.pipeline import Hotline
from app.pipeline_subscribers import Answering
from app.places.atlas import Atlas
from app.places.gazetteer import Gazetteer
from app.places.streets import STREETS_FILE, Streets
from app.rights.topics import Rights
from app.settings import Settings
from app.subscribers.waiting_stops import WaitingStops
from app.telephony.rest import TwilioRest
from app.triage.lexicon import Lexicon
from app.verification.queue import TaskQueue


@dataclass(frozen=True)
class Parts:
    """The clients of one process, open."""

    settings: Settings
    database: Database
    redis: Redis
    hotline: Hotline
    photos: PhotoStore
    spool: Spool
    waiting_stops: WaitingStops


@asynccontextmanager
async def open_parts(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Parts]:
    """Build everything a process needs and close it at the end. Raises NotConfigured or KeyProblem."""
    if not settings.database_url or not settings.redis_url:
        raise NotConfigured(
            "VIGIA_DATABASE_URL and VIGIA_REDIS_URL are not set; `vigia up` and `vigia demo` bring their own servers"
        )
    database = build_database(settings, clock)
    redis = connect_redis(settings.redis_url)
    spool = Spool(settings.spool_folder, database.keys)
    try:
        hotline, photos = build_hotline(settings, redis), build_photo_store(settings)
        yield Parts(settings, database, redis, hotline, photos, spool, WaitingStops(redis, database.keys))
    finally:
        await redis.aclose()
        await database.close()


def build_database(settings: Settings, clock: Clock = system_clock) -> Database:
    """A pool of connections of its own. Raises KeyProblem."""
    assert settings.database_url is not None  # open_parts has refused otherwise
    keys = Keys(settings.keys.get_secret_value(), settings.hash_key.get_secret_value())
    return Database(settings.database_url, keys, clock, new_id)


def build_hotline(settings: Settings, redis: Redis) -> Hotline:
    """Load the pack. Raises ValueError or FileNotFoundError when a file of it is missing or malformed, NotConfigured where that of our
    lines is."""
    pack = tomllib.loads(pack_file(settings.pack, "pack.toml").read_text(encoding="utf-8"))
    return Hotline(
        lexicon=Lexicon.from_pack(settings.pack),
        atlas=Atlas(replace(Gazetteer.from_pack(settings.pack), streets=Streets.open(settings.data / STREETS_FILE))),
        counties=load_counties(settings.pack),
        texts=Texts.from_pack(settings.pack, settings.hotline_name),
        rights=Rights.from_pack(settings.pack),
        queue=TaskQueue(redis),
        redis=redis,
        time_zone=pack["time_zone"],
        alert_lifetime=settings.alert_lifetime,
        answering=Answering.of(settings.pack, settings.lines),
        inventory=build_inventory(settings),
        public_url=settings.public_url,
    )


def build_photo_store(settings: Settings) -> PhotoStore:
    """Where photos lie: the bucket of the settings, else a folder under VIGIA_DATA."""
    if not settings.photos:
        return FolderStore(settings.data / "photos")
    return BucketStore(
        settings.photos,
        endpoint=settings.photos_endpoint or "",
        region=settings.photos_region,
        key_id=settings.photos_key_id,
        secret=settings.photos_secret.get_secret_value(),
    )


def build_inventory(settings: Settings) -> Inventory:
    """Our lines, as VIGIA_SENDERS names them, else the first of VIGIA_LINES. Raises NotConfigured saying what is wrong in the file."""
    if settings.senders is None:
        return one_line(settings.segments_per_second, settings.lines[0] if settings.lines else "")
    inventory = load_inventory(settings.senders)
    unknown = [line.name for line in inventory.lines if line.number and line.number not in settings.lines]
    if unknown:  # what people answer would not be known for ours
        raise NotConfigured(f"{settings.senders}: the numbers of {', '.join(unknown)} are not in VIGIA_LINES")
    return inventory


def build_carrier(settings: Settings) -> TwilioRest:
    """The client that can send. Raises NotConfigured naming what is missing."""
    wanted = {
        "TWILIO_ACCOUNT_SID": settings.account_sid,
        "TWILIO_API_KEY_SID": settings.api_key_sid,
        "TWILIO_API_KEY_SECRET": settings.api_key_secret.get_secret_value(),
        "VIGIA_LINES": settings.lines and settings.lines[0],
    }
    if missing := [name for name, value in wanted.items() if not value]:
        raise NotConfigured(f"the worker can't send: {', '.join(missing)} not set")
    return TwilioRest(
        settings.account_sid,
        settings.api_key_sid,
        settings.api_key_secret.get_secret_value(),
        settings.lines[0],
        whatsapp=settings.whatsapp_line,
        several=settings.senders is not None,
        api_url=settings.api_url,
    )
