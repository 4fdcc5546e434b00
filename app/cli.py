"""The `vigia` command. Each command says in one sentence what it does; `vigia COMMAND --help` says the rest."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from app.core.logs import set_up_logging
from app.key_commands import keys
from app.plain_errors import told_plainly
from app.settings import Settings
from app.subscriber_commands import subscribers

if TYPE_CHECKING:
    from app.core.database import Transaction

main = typer.Typer(
    name="vigia", help="The backend of a community rapid-response hotline.", no_args_is_help=True, add_completion=False
)
audit = typer.Typer(help="The chain of who did what.", no_args_is_help=True)
main.add_typer(keys, name="keys")
main.add_typer(audit, name="audit")
places = typer.Typer(help="What the hotline knows of places.", no_args_is_help=True)
main.add_typer(places, name="places")

policies = typer.Typer(help="What counties do with ICE.", no_args_is_help=True)
main.add_typer(policies, name="policies")
partners = typer.Typer(help="Partner organizations that are told of alerts by signed webhooks.", no_args_is_help=True)
main.add_typer(partners, name="partners")
main.add_typer(subscribers, name="subscribers")

Input = Annotated[Path | None, typer.Argument(help="A file of JSON lines; standard input if absent.")]
Result = TypeVar("Result")


@main.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the console; the simulator takes the next free one.")] = 8000,
    data: Annotated[Path, typer.Option(help="Folder of the demo's servers and keys.")] = Path(".vigia"),
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
    play: Annotated[
        bool, typer.Option("--play", help="Play the story, print each step, and exit 0 if all of it held.")
    ] = False,
    unknown_grace: Annotated[int, typer.Option(hidden=True)] = 20,
) -> None:
    """Run everything on this machine against simulated phones, with people to play."""
    from app.operations.demo import run_demo

    set_up_logging("demo", as_json=False, level="WARNING")
    with told_plainly():
        sys.exit(asyncio.run(run_demo(port=port, data=data, headless=headless, play=play, unknown_grace=unknown_grace)))


@main.command()
def up(port: Annotated[int, typer.Option(help="Port of the web process.")] = 8000) -> None:
    """Run the hotline on one real machine: settings from .env, embedded servers where no URL is set, real Twilio."""
    from app.operations.up import run_up

    with told_plainly():
        settings = Settings()
        set_up_logging("up", as_json=settings.log_json, level=settings.log_level)
        sys.exit(asyncio.run(run_up(settings, port)))


@main.command()
def web(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Run one web process."""
    import uvicorn

    # Paths can hold tokens, so there is no access log. The signed address is VIGIA_PUBLIC_URL: no proxy header is believed.
    uvicorn.run(
        "app.main:application", factory=True, host=host, port=port, access_log=False, log_config=None,
        proxy_headers=False, timeout_graceful_shutdown=5, server_header=False,
    )  # fmt: skip


@main.command()
def worker() -> None:
    """Run one worker process: the only one that can send."""
    from app.worker import main as run_worker

    with told_plainly():
        run_worker()


@main.command()
def simulator(
    port: Annotated[int, typer.Option(help="Port to listen on, on loopback only.")] = 8001,
    account: Annotated[str, typer.Option(help="Account SID: ACsimulat and 25 more characters.")] = "",
    token: Annotated[str, typer.Option(help="Auth token, with which webhooks are signed.")] = "",
    sms_url: Annotated[str, typer.Option(help="Where texts to the line are posted.")] = "",
    voice_url: Annotated[str, typer.Option(help="Where calls to the line are posted.")] = "",
    seed: Annotated[int | None, typer.Option(help="Makes chance repeatable.")] = None,
) -> None:
    """Run a Twilio on this machine, with phones in the browser. It needs nothing else, also for code that is not ours."""
    from app.operations.simulate import Alone, run_simulator

    with told_plainly():
        run_simulator(Alone(port, account, token, sms_url, voice_url, seed))


@main.command()
def migrate() -> None:
    """Bring the database of VIGIA_DATABASE_URL to the newest schema."""
    from app.operations.migrations import migrate as bring_up_to_date

    with told_plainly():
        settings = Settings()
        if not settings.database_url:
            raise typer.BadParameter("VIGIA_DATABASE_URL is not set; `vigia up` migrates its embedded server by itself")
        bring_up_to_date(settings.database_url)
        typer.echo("The schema is up to date.")


@main.command()
def doctor() -> None:
    """Check every part of this installation and say how to mend what is wrong."""
    from app.operations.doctor import examine

    findings = asyncio.run(examine())
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.well else 'MEND'} {finding.what}{'' if finding.well else f': {finding.mend}'}")
    sys.exit(0 if all(finding.well for finding in findings) else 1)


@main.command()
def invite(alias: Annotated[str, typer.Argument(help="The alias of the first administrator.")]) -> None:
    """Make the first administrator, or a new link for one, and print the link that signs them in once."""
    from app.operations.invite import invite_administrator

    typer.echo(in_transaction(lambda work, settings: invite_administrator(work, alias, settings.public_url)))


@main.command()
def triage(file: Input = None) -> None:
    """Read texts (JSON lines of id and text) and print what each says and where it is. Nothing is stored, nothing need run."""
    from app.operations.reading import triage_lines
    from app.places.streets import STREETS_FILE, Streets

    with told_plainly():
        settings = Settings(_env_file=None)
        for line in triage_lines(rows_of(file), settings.pack, Streets.open(settings.data / STREETS_FILE)):
            typer.echo(json.dumps(line, ensure_ascii=False))


@main.command()
def cluster(file: Input = None) -> None:
    """Say which reports (JSON lines of group, id, text, minute) would be one incident."""
    from app.operations.reading import cluster_lines

    with told_plainly():
        for line in cluster_lines(list(rows_of(file)), Settings(_env_file=None).pack):
            typer.echo(json.dumps(line, ensure_ascii=False))


@main.command()
def halt(reason: Annotated[str, typer.Option(help="Why; kept in the log.")] = "from the command line") -> None:
    """Stop all outbound texts within three seconds, without the web process."""
    from app.delivery.switch import halt as stop_everything

    in_transaction(lambda work, _settings: stop_everything(work, reason))
    typer.echo("Outbound texts are halted. `vigia resume` lets them go again.")


@main.command()
def resume(reason: Annotated[str, typer.Option(help="Why; kept in the log.")] = "from the command line") -> None:
    """Let outbound texts go again."""
    from app.delivery.switch import resume_sending

    in_transaction(lambda work, _settings: resume_sending(work, reason))
    typer.echo("Outbound texts go again.")


@main.command()
def plan(
    subscribers: Annotated[
        int, typer.Option(min=0, help="How many people. Absent: the subscribers of the counties named.")
    ] = 0,
    county: Annotated[list[str] | None, typer.Option(help="A county, by name or FIPS code; may be repeated.")] = None,
    segments: Annotated[int, typer.Option(min=1, max=10, help="Segments of the text.")] = 2,
    senders: Annotated[Path | None, typer.Option(help="A file of lines, as VIGIA_SENDERS names one.")] = None,
    within: Annotated[str, typer.Option(help="How soon everybody shall know: 90s, 15m, 2h, 1d.")] = "15m",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how long telling so many people takes, what it costs, and which numbers would make it quicker."""
    from app.assembly import build_inventory
    from app.delivery.lines import load_inventory
    from app.operations.sending_plan import count_people, duration, make_plan, plan_as_json, plan_in_words

    with told_plainly():
        settings = Settings()
        inventory = load_inventory(senders) if senders else build_inventory(settings)
        goal = duration(within)
        if not subscribers:
            subscribers = in_transaction(lambda work, settings: count_people(work, settings.pack, county or []))
        made = make_plan(subscribers, segments, inventory, holds=settings.alert_lifetime, within=goal)
        typer.echo(json.dumps(plan_as_json(made), indent=1) if as_json else plan_in_words(made))


@main.command()
def drill(
    scenario: Annotated[str, typer.Argument(help="A drill that comes along, or a TOML file. Absent: list them.")] = "",
    seed: Annotated[int, typer.Option(help="Makes chance repeatable.")] = 1,
    verifiers: Annotated[int, typer.Option(min=1, max=60, help="How many go and look.")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rehearse a scripted operation in simulated time, with simulated people, and print a score card; exit 1 if a target is missed."""
    from app.operations.drill import play_alone
    from app.operations.drill_scenario import find_scenario, list_scenarios

    set_up_logging("drill", as_json=False, level="ERROR")
    with told_plainly():
        if not scenario:
            for name, known in list_scenarios():
                typer.echo(f"{name}  {known.title}. {known.about}")
            return
        card = asyncio.run(play_alone(find_scenario(scenario), seed, verifiers, Path(scenario).stem))
        typer.echo(json.dumps(card.as_json(), indent=1) if as_json else card.in_words())
        sys.exit(0 if card.met else 1)


@main.command("revoke-all")
def revoke_everyone(
    reason: Annotated[str, typer.Option(help="Why; kept in the log and in the ledger of each person.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask again.")] = False,
) -> None:
    """End every subscription at once, for good: nobody gets an alert any more until they ask for it again."""
    from app.subscribers.consent import revoke_all

    if not yes and typer.prompt("This can't be undone. Type REVOKE to end every subscription") != "REVOKE":
        typer.echo("Nothing was changed.")
        sys.exit(1)
    people = in_transaction(lambda work, _settings: revoke_all(work, reason))
    typer.echo(f"{people} people were subscribed. Nobody is now; whoever wants alerts texts JOIN again.")


@main.command()
def holdings(phone: Annotated[str, typer.Argument(help="The number, as anyone would write it.")]) -> None:
    """List exactly what is held about a phone number."""
    from app.privacy.holdings import holdings_of

    for what, count in in_transaction(lambda work, _settings: holdings_of(work, phone)).items():
        typer.echo(f"{count:>6}  {what}")


@main.command()
def erase(phone: Annotated[str, typer.Argument(help="The number, as anyone would write it.")]) -> None:
    """Forget a phone number and what it wrote, here at once and at Twilio by the worker."""
    from app.privacy.holdings import erase_number

    known = in_transaction(lambda work, _settings: erase_number(work, phone))
    typer.echo("Erased." if known else "Nothing is held about that number.")


@audit.command("verify")
def audit_verify() -> None:
    """Walk the audit chain; exit 1 if any act was edited, removed or reordered."""
    from app.records.events import verify_chain

    report = in_transaction(lambda work, _settings: verify_chain(work))
    if report.broken_at is None:
        typer.echo(f"{report.acts} acts, all as they were written. Head: {report.head or 'none'}")
        return
    typer.echo(f"The chain breaks at act {report.broken_at}: it or what came before it was altered.")
    sys.exit(1)


@places.command("import-streets")
def places_import_streets(
    files: Annotated[list[Path], typer.Argument(help="Zipped Census files, one a county: tl_2024_37063_addrfeat.zip.")],
) -> None:
    """Read Census address ranges (ADDRFEAT or EDGES) into the street index, so that addresses and corners are understood."""
    from app.operations.streets import NotStreets, import_streets
    from app.packs.counties import load_counties
    from app.places.streets import STREETS_FILE

    with told_plainly():
        settings = Settings()
        counties = load_counties(settings.pack)
        for file in files:
            try:
                done = import_streets(file, settings.data / STREETS_FILE, [county.fips for county in counties])
            except NotStreets as error:
                sys.exit(f"{error}. Nothing of this file was kept.")
            name = counties.by_fips(done.county).label("en")
            typer.echo(f"{name}: {done.streets} streets, {done.segments} stretches of house numbers, {done.corners} corners.")
        typer.echo("Restart web and worker to read with them.")


@policies.command("import")
def policies_import(
    file: Annotated[Path, typer.Argument(help="A CSV file, its columns as `vigia policies export` writes them.")],
) -> None:
    """Write down what agencies do with ICE. A record that is new or different takes the place of the agency's earlier one."""
    from app.packs.counties import load_counties
    from app.rights.policies import policies_of_pack, read_policies
    from app.rights.policy_records import import_policies

    with told_plainly():
        pack = Settings().pack
        read = read_policies(file.read_text(encoding="utf-8"), [county.fips for county in load_counties(pack)])
        changed = in_transaction(lambda work, _settings: import_policies(work, policies_of_pack(pack), read))
        typer.echo(f"{len(read)} records read, {changed} of them new or different.")


@policies.command("export")
def policies_export() -> None:
    """Print every record as CSV."""
    from app.rights.policies import policies_of_pack, write_policies
    from app.rights.policy_records import current_policies

    found = in_transaction(lambda work, settings: current_policies(work, policies_of_pack(settings.pack)))
    typer.echo(write_policies(found), nl=False)


@partners.command("add")
def partners_add(
    name: Annotated[str, typer.Argument(help="What we call them. One that exists gets a new secret and a fresh start.")],
    url: Annotated[str, typer.Argument(help="Where their server takes webhooks: https://…")],
) -> None:
    """Add a partner and print the secret by which it knows us. The secret is shown only now."""
    from app.core.outside import check_address
    from app.records.partners import add_partner

    async def add(work: Transaction, settings: Settings) -> str:
        check_address(url, private=settings.partners_private)
        return await add_partner(work, name, url)

    typer.echo(in_transaction(add))


@partners.command("list")
def partners_list() -> None:
    """List the partners, their addresses and how they fare."""
    from app.records.partners import list_partners

    for partner, url in in_transaction(lambda work, _settings: list_partners(work)):
        fares = "off: add it again to go on" if partner.disabled_at else f"{partner.failures} failures in a row"
        typer.echo(f"{partner.name}  {url}  {fares}")


@partners.command("remove")
def partners_remove(name: Annotated[str, typer.Argument(help="The name of the partner.")]) -> None:
    """Remove a partner: nothing more is sent to it."""
    from app.records.partners import remove_partner

    in_transaction(lambda work, _settings: remove_partner(work, name))
    typer.echo("Removed.")


def rows_of(file: Path | None) -> Iterator[dict[str, Any]]:
    """The rows of a JSON lines file. Exits with the number of a line that is none."""
    text = sys.stdin.read() if file is None else file.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise typer.BadParameter(f"line {number} is not JSON: {error.msg}") from error
            if not isinstance(row, dict) or not isinstance(row.get("text"), str):
                raise typer.BadParameter(f"line {number} has no text")
            yield row


def in_transaction(step: Callable[[Transaction, Settings], Awaitable[Result]]) -> Result:
    """Run one transaction against the database of the settings."""
    from app.operations.machine import open_database

    async def run() -> Result:
        settings = Settings()
        async with open_database(settings) as database, database.transaction() as work:
            return await step(work, settings)

    with told_plainly():
        return asyncio.run(run())
    raise AssertionError("told_plainly exits")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
