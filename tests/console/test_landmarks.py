"""Landmarks that organizers add: understood in texts at once, changed, undone, explained when they can't be used."""

from __future__ import annotations

import asyncio
import re
from functools import partial

import pytest
from sqlalchemy import select

from app.core.live import CHANNEL, Listener, Topic
from app.pipeline_places import follow_landmarks, read_landmarks
from app.places.locate import locate
from app.records.events import event
from tests.console.conftest import Browser, Desk

PLAZA = {
    "name": "Plaza Los Girasoles",
    "kind": "landmark",
    "county": "37063",
    "town": "Durham",
    "aliases": "los girasoles, girasoles de la miami\nsunflower plaza",
    "point": "https://maps.google.com/?q=35.9940,-78.8986",
}


def says(desk: Desk, text: str) -> tuple[str, ...]:
    return locate(text, desk.hotline.gazetteer).counties


async def refreshed(desk: Desk) -> bool:
    return await desk.database.run(partial(read_landmarks, desk.hotline.atlas))


async def path_of(client: Browser) -> str:
    page = (await client.get("/console/landmarks")).text
    found = re.search(r"/console/landmarks/[0-9a-f-]{36}", page)
    assert found is not None
    return found[0]


async def test_a_landmark_is_understood_in_texts_by_every_name_and_however_it_is_spelled(desk: Desk) -> None:
    olga = await desk.browser("Olga")
    assert says(desk, "hay migra en los girasoles") == ()
    assert (await olga.post("/console/landmarks", data=PLAZA)).status_code == 303
    assert await refreshed(desk)
    assert not await refreshed(desk)
    for text in ("hay migra en los girasoles", "ICE at the Sunflower Plaza", "están en la plaza los jirasoles"):
        assert says(desk, text) == ("37063",), text
    where = locate("ICE at the sunflower plaza", desk.hotline.gazetteer)
    assert where.label == "Plaza Los Girasoles, Durham"
    assert where.point == (35.994, -78.8986)


async def test_a_text_that_names_a_new_landmark_is_placed_without_a_question(desk: Desk) -> None:
    await (await desk.browser("Olga")).post("/console/landmarks", data=PLAZA)
    await refreshed(desk)
    reply = await desk.texts("+19195550177", "hay agentes de la migra afuera de los girasoles, traen chaleco")
    assert reply is not None
    assert "Dónde" not in reply
    assert "Plaza Los Girasoles" in (await (await desk.browser("Ana")).get("/console/")).text


async def test_every_process_hears_of_a_landmark_while_it_runs(desk: Desk) -> None:
    redis = desk.hotline.redis
    olga = await desk.browser("Olga")
    async with redis.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(CHANNEL)
        await olga.post("/console/landmarks", data=PLAZA)
        async with asyncio.timeout(30):
            while (message := await channel.get_message(timeout=1)) is None:
                continue
        assert message["data"] == Topic.PLACES.value

    listener = Listener(redis)
    tasks = [
        asyncio.create_task(listener.run()),
        asyncio.create_task(follow_landmarks(desk.hotline.atlas, desk.database, listener)),
    ]
    try:
        async with asyncio.timeout(30):
            while says(desk, "en los girasoles") == ():
                await redis.ping()
            await olga.post(f"{await path_of(olga)}/remove")
            while says(desk, "en los girasoles") != ():
                await redis.publish(CHANNEL, Topic.PLACES.value)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_change_and_a_removal_can_be_undone_and_every_act_has_an_author(desk: Desk) -> None:
    olga = await desk.browser("Olga")
    await olga.post("/console/landmarks", data=PLAZA)
    path = await path_of(olga)
    assert "girasoles de la miami" in (await olga.get(path)).text
    await olga.post(path, data=PLAZA | {"county": "37183", "town": "Raleigh", "point": ""})
    await refreshed(desk)
    assert says(desk, "en los girasoles") == ("37183",)
    await olga.post(f"{path}/undo")
    await refreshed(desk)
    assert says(desk, "en los girasoles") == ("37063",)
    await olga.post(f"{path}/remove")
    await refreshed(desk)
    assert says(desk, "en los girasoles") == ()
    assert (await olga.post(f"{path}/remove")).status_code == 409
    await olga.post(f"{path}/undo")
    await refreshed(desk)
    assert says(desk, "en los girasoles") == ("37063",)
    async with desk.database.transaction() as work:
        acts = await work.all(
            select(event.c.verb, event.c.actor_id).where(event.c.verb.like("landmark.%")).order_by(event.c.id)
        )
    assert [act.verb for act in acts] == [
        "landmark.added", "landmark.changed", "landmark.restored", "landmark.removed", "landmark.restored",
    ]  # fmt: skip
    assert {act.actor_id for act in acts} == {desk.people["Olga"].id}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "Ok"}, "four letters"),
        ({"county": ""}, "county"),
        ({"aliases": "la 5"}, "four letters"),
        ({"aliases": "Raleigh"}, "would be misread"),
        ({"aliases": "camioneta"}, "would be misread"),
        ({"aliases": "walmart"}, "would be misread"),
        ({"point": "somewhere"}, "not understood"),
        ({"point": "35.7796, -78.6382"}, "another county"),
        ({"kind": "county"}, "needed"),
    ],
)
async def test_what_would_make_texts_be_misread_is_refused_in_words(desk: Desk, wrong: dict[str, str], words: str) -> None:
    answer = await (await desk.browser("Olga")).post("/console/landmarks", data=PLAZA | wrong)
    assert answer.status_code == 422
    assert words in answer.text


async def test_the_page_of_landmarks_speaks_spanish(desk: Desk) -> None:
    olga = await desk.browser("Olga")
    await olga.post("/console/landmarks", data=PLAZA)
    await olga.post("/console/language", data={"language": "es"})
    page = (await olga.get("/console/landmarks")).text
    assert "Lugares conocidos" in page
    assert "Quitar" in page
