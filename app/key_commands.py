"""`vigia keys …`: making a key, and sealing everything anew under the newest."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import typer

from app.core.keys import new_key
from app.plain_errors import told_plainly
from app.settings import Settings

if TYPE_CHECKING:
    from app.operations.rotation import Resealed

keys = typer.Typer(help="Keys that seal what people wrote.", no_args_is_help=True)


@keys.command("new")
def make_key() -> None:
    """Print a fresh key for VIGIA_KEYS or VIGIA_HASH_KEY."""
    typer.echo(new_key())


@keys.command("rotate")
def rotate() -> None:
    """Seal everything anew under the first key of VIGIA_KEYS, while the hotline runs (docs/operating.md says how a key gets there). It
    can be stopped and run again at any time. Exits 1 while anything is left under an older key."""
    from app.operations.machine import open_database
    from app.operations.rotation import old_keys_until, reseal

    def tell(one: Resealed) -> None:
        if one.anew or one.closed:
            typer.echo(f"{one.anew:>9}  {one.of.table.name}.{one.of.column.name}{_closed(one.closed)}")

    async def run() -> tuple[list[Resealed], str]:
        async with open_database(Settings()) as database:
            return await reseal(database, tell), f"{old_keys_until(database.clock()):%Y-%m-%d}"

    with told_plainly():
        done, until = asyncio.run(run())
        closed, left = sum(one.closed for one in done), sum(one.left for one in done)
        if closed:
            sys.exit(
                f"{closed} values open with no key of VIGIA_KEYS. Put the key that sealed them back at its end and run this again."
            )
        if left:
            sys.exit(
                f"{left} values are left under an older key: they were in use, or a process that was not started again writes them."
            )
        typer.echo(
            f"Everything in the database is sealed under the newest key. Keep the older ones until {until}: photos and what waits"
        )
        typer.echo(
            "on disk may still need them; lists that the console gave out need them for as long as you keep those lists."
        )


def _closed(count: int) -> str:
    return f" ({count} open with no key)" if count else ""
