"""The story of the demo, from a text on a phone to a county that knows, and that nothing of it leaks."""

from __future__ import annotations

import redis as redis_sync
from sqlalchemy import create_engine, inspect, text

from app.core.database import with_driver
from app.packs.texts import Texts
from app.simulator.story import is_kept_for_later, tell_story
from tests.conftest import LogBook
from tests.journeys.conftest import Line

SAID = ("camionetas de la migra", "black ice on the road", "dos camionetas")


async def test_a_county_comes_to_know_what_three_neighbours_saw(line: Line, log_book: LogBook) -> None:
    steps: list[str] = []
    await tell_story(
        "everything", line.simulator, line.web, line.links, lambda step, state="done", detail="": steps.append(step)
    )

    assert steps[-1] == "Nobody else got it, and nobody got it twice"
    numbers = [phone["number"] for phone in await line.devices.get("phones")]
    assert len(numbers) > 10
    assert log_book.errors() == []
    leaks = [*_in_text("the log", log_book.text.getvalue(), numbers)]
    leaks += _in_text("Redis", _everything_in_redis(str(line.settings.redis_url)), numbers)
    for table, content in _every_table(str(line.settings.database_url)).items():
        leaks += _in_text(f"the table {table}", content, numbers)
    assert leaks == []


def test_the_story_knows_the_answer_that_is_given_while_the_database_is_away() -> None:
    texts = Texts.from_pack("us_nc", "Vigia")

    assert [is_kept_for_later(texts.say("answers.kept", language)) for language in ("en", "es")] == [True, True]
    assert not is_kept_for_later(texts.say("answers.welcome", "es"))


def _in_text(where: str, content: str, numbers: list[str]) -> list[str]:
    """Every number (with or without +1) and every sentence of the story that stands in what should not hold it."""
    secrets = [*numbers, *(number.removeprefix("+1") for number in numbers), *SAID]
    return [f"{where} holds …{secret[-6:]}" for secret in secrets if secret in content]


def _everything_in_redis(url: str) -> str:
    with redis_sync.Redis.from_url(url, decode_responses=True) as client:
        keys = [str(key) for key in client.scan_iter("*")]
        readers = {"zset": lambda k: client.zrange(k, 0, -1), "hash": client.hgetall, "string": client.get}
        return "\n".join(f"{key} {readers[str(client.type(key))](key)}" for key in keys)


def _every_table(url: str) -> dict[str, str]:
    """Every row of every table as text, bytes in hexadecimal and as what they would read."""
    engine = create_engine(with_driver(url))
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        found = {
            table: "\n".join(
                " ".join(v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in row)
                for row in connection.execute(text(f'SELECT * FROM "{table}"'))  # noqa: S608  # names come from the catalog
            )
            for table in tables
        }
    engine.dispose()
    # Our own line is no secret, and each text is kept with the line that it came to.
    return {table: content.replace(line_number, "") for table, content in found.items() for line_number in ["+19195550100"]}
