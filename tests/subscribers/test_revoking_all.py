"""One act ends every subscription, and nothing but people's own words brings one back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from app.cli import main
from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline
from app.records.deliveries import Lane
from app.records.events import event
from app.settings import Settings
from app.subscribers.consent import revoke_all
from tests.subscribers.phones import DURHAM, Phone, fates, tell


async def test_nobody_is_subscribed_any_more_and_each_has_it_in_the_ledger(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    phones = [Phone(database, hotline, f"+1919555011{digit}") for digit in range(4)]
    for phone in phones:
        await phone.texts("JOIN Durham")
    clock.advance(timedelta(hours=1))
    await phones[3].texts("STOP")
    clock.advance(timedelta(hours=1))
    alert, reply = await tell(database, DURHAM), await tell(database, DURHAM, Lane.REPLY)

    async with database.transaction() as work:
        assert await revoke_all(work, "a phone with the list was lost") == 3

    assert await fates(database, alert) == [("skipped", "revoked")] * 3
    assert await fates(database, reply) == [("pending", None)] * 3
    assert (await tell(database, DURHAM)).recipients == 0
    assert [line.kind for line in await phones[0].ledger()] == ["opt_in", "revoke"]
    async with database.transaction() as work:
        [facts] = (await work.execute(select(event.c.facts).where(event.c.verb == "consent.revoked_all"))).scalars()
    assert (facts["people"], facts["texts_skipped"], facts["reason"]) == (3, 3, "a phone with the list was lost")


@pytest.mark.parametrize("stopped_before", [False, True])
async def test_start_brings_nothing_back_but_join_does(
    database: Database, hotline: Hotline, clock: ManualClock, stopped_before: bool
) -> None:
    phone = Phone(database, hotline)
    await phone.texts("JOIN Durham")
    if stopped_before:
        await phone.texts("STOP")
    clock.advance(timedelta(hours=1))
    async with database.transaction() as work:
        await revoke_all(work, "a drill")
    clock.advance(timedelta(hours=1))

    assert "which county" in str(await phone.texts("START"))
    assert (await tell(database, DURHAM)).recipients == 0
    await phone.texts("Durham")
    assert (await tell(database, DURHAM)).recipients == 1


def test_the_command_asks_again_before_it_does_anything(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIA_DATABASE_URL", str(settings.database_url))
    monkeypatch.setenv("VIGIA_REDIS_URL", str(settings.redis_url))
    monkeypatch.setenv("VIGIA_KEYS", settings.keys.get_secret_value())
    monkeypatch.setenv("VIGIA_HASH_KEY", settings.hash_key.get_secret_value())
    command = CliRunner()

    refused = command.invoke(main, ["revoke-all", "--reason", "a drill"], input="yes\n")
    done = command.invoke(main, ["revoke-all", "--reason", "a drill"], input="REVOKE\n")

    assert (refused.exit_code, done.exit_code) == (1, 0)
    assert "Nothing was changed" in refused.output
    assert "0 people were subscribed" in done.output
