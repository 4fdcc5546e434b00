"""What happens to a photo when its worker is killed at any step, its sender is erased meanwhile, or two are at it at once."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select, text

from app.intake import photos
from app.intake.photos import settle_photo
from app.pipeline_photos import place_found
from app.privacy.holdings import erase_number, holdings_of
from app.records.deliveries import delivery
from app.records.incidents import Report, report
from app.records.photos import SETTLE_PHOTO
from tests.pictures import DURHAM_POINT, a_picture, opened
from tests.post import LINE, REPORT, ROSA, Post

KEN = "+19195550111"


class Killed(BaseException):
    """The worker is gone, without a word."""


STEPS = ("fetch_media", "develop", "put", "written", "forget_media", "done")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_worker_that_is_killed_at_any_step_leaves_one_photo(
    post: Post, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    await post.texts(a_picture(point=DURHAM_POINT))
    owner, name = {
        "fetch_media": (post.rest, "fetch_media"),
        "develop": (photos, "develop_apart"),
        "put": (post.store, "put"),
        "written": (photos, "_write_down"),
        "forget_media": (post.rest, "forget_media"),
        "done": (photos, "_done"),
    }[step]
    really = getattr(owner, name)

    async def dies(*args: object, **given: object) -> object:
        result = await really(*args, **given) if after else None
        raise Killed(str(result))

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, dies)
        with pytest.raises(Killed):
            await post.settles()
    await post.settles()

    kept = await post.photo()
    assert (kept.state, kept.due_since, post.shelf.files, len(post.files())) == ("kept", None, {}, 1)
    assert opened(await post.picture() or b"").size == (320, 240)
    async with post.database.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(delivery)) == 1


async def test_who_erases_themselves_has_their_photos_deleted_here_and_there(post: Post) -> None:
    await post.texts(a_picture(), body=REPORT)
    await post.texts(b"BEGIN:VCARD", body=REPORT, kind="text/vcard")
    await post.settles()
    async with post.database.transaction() as work:
        assert (await holdings_of(work, ROSA))["photos, sealed"] == 1
    await post.receives({"MessageSid": "SM00000012", "From": ROSA, "To": LINE, "Body": "BORRAR"})
    assert await post.jobs() == 4
    await post.settles()

    assert {(p.state, p.due_since, p.glimpse_sealed) for p in await post.photos()} == {("forgotten", None, None)}
    assert (post.files(), post.shelf.files) == ([], {})


@pytest.mark.parametrize("step", ["fetch_media", "develop_apart", "put"])
async def test_who_is_erased_while_their_photo_is_being_fetched_leaves_none(
    post: Post, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The erasure and even its own job come and go between two steps of the job that fetches."""
    await post.texts(a_picture(point=DURHAM_POINT))
    found = await post.photo()
    owner = {"fetch_media": post.rest, "develop_apart": photos, "put": post.store}[step]
    really = getattr(owner, step)

    async def overtaken(*args: object) -> object:
        monkeypatch.setattr(owner, step, really)
        async with post.database.transaction() as work:
            await erase_number(work, ROSA)
        media = dict(post.shelf.files)
        await settle_photo(post.database, post.rest, post.store, found.id, place_found(post.hotline))
        post.shelf.files |= media  # Twilio's deletion may lag
        return await really(*args)

    monkeypatch.setattr(owner, step, overtaken)
    await settle_photo(post.database, post.rest, post.store, found.id, place_found(post.hotline))

    assert ((await post.photo()).state, post.files()) == ("forgotten", [])
    async with post.database.transaction() as work:
        [told] = await work.find(Report, select(report))
    assert told.county is None  # and nothing was learned from it


async def test_two_workers_at_once_keep_one_photo(post: Post) -> None:
    await post.texts(a_picture(point=DURHAM_POINT))
    await asyncio.gather(*(post.settles() for _ in range(3)))

    assert (len(post.files()), (await post.photo()).state) == (1, "kept")
    async with post.database.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(delivery)) == 1


async def test_whoever_sends_photos_by_the_dozen_waits_behind_the_others(post: Post) -> None:
    for _ in range(4):
        await post.texts(*[b""] * 10, body=REPORT)
    await post.texts(b"", body=REPORT, sender=KEN)

    async with post.database.transaction() as work:
        waiting = await work.execute(
            text("SELECT priority FROM procrastinate_jobs WHERE task_name = :job ORDER BY id"), {"job": SETTLE_PHOTO}
        )
        priorities = [row.priority for row in waiting]
    assert priorities[-1] == 0
    assert [priorities[0], priorities[9], priorities[10], priorities[39]] == [0, 0, -1, -3]
