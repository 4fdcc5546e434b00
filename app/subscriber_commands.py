"""`vigia subscribers …`: bringing in a list, figures, and opening a sealed list."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.plain_errors import told_plainly
from app.settings import Settings

if TYPE_CHECKING:
    from app.pipeline_import import Imported

subscribers = typer.Typer(help="Who asked to be told.", no_args_is_help=True)


@subscribers.command("import")
def bring_in(
    file: Annotated[
        Path, typer.Argument(help="A CSV file: phone, county, language, topics, consent_wording, consent_date, source.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say line by line what would happen, and change nothing.")] = False,
) -> None:
    """Bring in people who agreed elsewhere. Where the proof is weak their phone is asked first; whoever once said stop stays out."""
    import tomllib

    from app.operations.machine import open_database
    from app.packs import pack_file
    from app.packs.counties import load_counties
    from app.packs.texts import Texts
    from app.pipeline_import import Home, import_list
    from app.subscribers.importing import Outcome, Weighed

    def tell(one: Weighed) -> None:
        if one.outcome not in {Outcome.SUBSCRIBED, Outcome.ALREADY}:
            typer.echo(f"line {one.line.number}: {one.outcome.value}{': ' + one.line.wrong if one.line.wrong else ''}")

    async def run() -> Imported:
        settings = Settings()
        pack = tomllib.loads(pack_file(settings.pack, "pack.toml").read_text(encoding="utf-8"))
        home = Home(Texts.from_pack(settings.pack, settings.hotline_name), load_counties(settings.pack), pack["time_zone"])
        async with open_database(settings) as database:
            with file.open(encoding="utf-8-sig", newline="", errors="replace") as lines:
                return await import_list(database, home, lines, dry=dry_run, tell=tell)

    with told_plainly():
        result = asyncio.run(run())
        counts = ", ".join(f"{count} {outcome.value}" for outcome, count in sorted(result.outcomes.items()))
        typer.echo(f"{result.lines} lines: {counts or 'none'}.{' Nothing was changed.' if dry_run else ''}")


@subscribers.command("figures")
def print_figures() -> None:
    """Print how many people asked for what, by county and language, as CSV; small figures are left out."""

    from app.operations.machine import open_database
    from app.packs.counties import load_counties
    from app.subscribers.figures import figures, write_figures

    async def run() -> str:
        settings = Settings()
        names = {county.fips: county.name for county in load_counties(settings.pack)}
        async with open_database(settings) as database, database.transaction() as work:
            return write_figures(await figures(work), names)

    with told_plainly():
        typer.echo(asyncio.run(run()), nl=False)


@subscribers.command("open")
def open_sealed(file: Annotated[Path, typer.Argument(help="A sealed list that the console gave out.")]) -> None:
    """Print a sealed list as CSV. It needs VIGIA_KEYS."""
    from app.operations.machine import ring_of
    from app.subscribers.sealed_list import open_list

    with told_plainly(), file.open(encoding="ascii", errors="replace") as lines:
        for line in open_list(ring_of(Settings()), lines):
            sys.stdout.write(f"{line}\n")
