"""The schema: brought up to date by Alembic, from the command line and at the start of demo and up."""

from __future__ import annotations

import io
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

ROOT = Path(__file__).parents[2]


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema. Safe to run again, and by several at once: Alembic's table is locked."""
    command.upgrade(_config(url), "head")


def unmigrated_changes(url: str) -> str | None:
    """What the tables declared in code have that the newest migration lacks, or None when they agree."""
    try:
        command.check(_config(url))
    except CommandError as error:
        return str(error)
    return None


def _config(url: str) -> Config:
    config = Config(ROOT / "alembic.ini", stdout=io.StringIO())
    config.set_main_option("script_location", str(ROOT / "alembic"))
    config.attributes["url"] = url
    return config
