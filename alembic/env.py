"""How Alembic reaches the database: by the URL that the caller passes in, or by VIGIA_DATABASE_URL."""

from __future__ import annotations

import os
from typing import Literal

from alembic import context
from sqlalchemy import create_engine, pool
from sqlalchemy.schema import SchemaItem

from app.core.database import with_driver
from app.operations.schema import METADATA

OWNED_BY_LIBRARIES = ("procrastinate_", "alembic_")


def is_ours(
    _item: SchemaItem,
    name: str | None,
    kind: Literal["schema", "table", "column", "index", "unique_constraint", "foreign_key_constraint"],
    _reflected: bool,
    _compare_to: SchemaItem | None,
) -> bool:
    """Whether autogeneration should look at this: the job library looks after its own tables."""
    return not (kind == "table" and (name or "").startswith(OWNED_BY_LIBRARIES))


url = context.config.attributes.get("url") or os.environ["VIGIA_DATABASE_URL"]
engine = create_engine(with_driver(url), poolclass=pool.NullPool, connect_args={"prepare_threshold": None})
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_object=is_ours,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
