"""The verbs of the queue, on one server and on a cluster of three alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis, RedisCluster

from app.core.redis_client import connect_redis
from app.records.reading import Kind
from app.records.states import TaskState
from app.records.verification import Task
from app.verification.lanes import lanes_of, line_of, place_of, skip_line_of
from app.verification.queue import KEYS, Picture, TaskQueue
from app.verification.urgency import LONGEST_HEAD_START, head_start, score
from tests.verification.cluster import cluster

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
DURHAM, WAKE = "37063", "37183"
EVERYWHERE = lanes_of([], [], [])
ANA, BEN = uuid4(), uuid4()


def a_task(minute: float = 0, county: str | None = DURHAM, language: str = "en", skill: str = "", fence: int = 0) -> Task:
    return Task(
        id=uuid4(),
        incident_id=uuid4(),
        county=county,
        language=language,
        skill=skill,
        fence=fence,
        created_at=NOON + timedelta(minutes=minute),
    )


def held(task: Task, who: UUID, fence: int = 1, until: datetime = LATER) -> Task:
    return task.model_copy(update={"state": TaskState.LEASED.value, "holder_id": who, "lease_until": until, "fence": fence})


def waiting(task: Task, fence: int = 1) -> Task:
    return task.model_copy(update={"state": TaskState.WAITING.value, "holder_id": None, "lease_until": None, "fence": fence})


@pytest.fixture(scope="module")
def three_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with cluster(tmp_path_factory.mktemp("cluster")) as port:
        yield port


Servers = Redis | RedisCluster


@pytest.fixture(params=["one server", "a cluster"])
async def servers(request: pytest.FixtureRequest) -> AsyncIterator[Servers]:
    if request.param == "one server":
        single = connect_redis(request.getfixturevalue("redis_url"))
        yield single
        await single.aclose()
        return
    client = RedisCluster(host="127.0.0.1", port=request.getfixturevalue("three_nodes"), decode_responses=True)
    await client.flushall(target_nodes=RedisCluster.PRIMARIES)
    yield client
    await client.aclose()


@pytest.fixture
def queue(servers: Servers) -> TaskQueue:
    return TaskQueue(servers)


async def pulled(queue: TaskQueue, who: UUID = ANA, lanes: list[str] | None = None) -> UUID | None:
    return await queue.pull(who, LATER, EVERYWHERE if lanes is None else lanes)


async def test_the_first_place_comes_first_whatever_its_lane(queue: TaskQueue) -> None:
    second, first = a_task(2, county=WAKE, language="es"), a_task(1, county=None, skill="detention")
    for one in (second, first):
        await queue.offer(one)

    assert [await pulled(queue), await pulled(queue), await pulled(queue)] == [first.id, second.id, None]


@pytest.mark.parametrize(
    ("counties", "languages", "skills", "fits"),
    [
        ([DURHAM], ["es"], ["urgent"], True),
        ([], [], [], True),
        ([WAKE, DURHAM], ["en", "es"], ["detention", "urgent"], True),
        ([WAKE], ["es"], ["urgent"], False),
        ([DURHAM], ["en"], ["urgent"], False),
        ([DURHAM], ["es"], ["detention"], False),
    ],
)
async def test_a_task_is_given_by_county_language_and_skill(
    queue: TaskQueue, counties: list[str], languages: list[str], skills: list[str], fits: bool
) -> None:
    await queue.offer(a_task(language="es", skill="urgent"))

    assert (await pulled(queue, lanes=lanes_of(counties, languages, skills)) is not None) is fits


async def test_a_task_of_no_known_county_or_language_and_without_a_skill_is_for_everyone(queue: TaskQueue) -> None:
    one = a_task(county=None, language="")
    await queue.offer(one)

    assert await pulled(queue, lanes=lanes_of([WAKE], ["es"], ["urgent"])) == one.id


async def test_a_task_that_moves_is_found_only_where_it_went(queue: TaskQueue) -> None:
    one = a_task()
    await queue.offer(one)
    await queue.offer(one.model_copy(update={"county": WAKE}))

    assert await pulled(queue, lanes=lanes_of([DURHAM], [], [])) is None
    assert await pulled(queue, lanes=lanes_of([WAKE], [], [])) == one.id


async def test_who_passes_a_task_on_is_never_shown_it_again_and_others_are(queue: TaskQueue) -> None:
    one, next_one = a_task(1), a_task(2)
    for task in (one, next_one):
        await queue.offer(task)
    assert await pulled(queue) == one.id
    await queue.skip(waiting(one), ANA)

    assert await pulled(queue) == next_one.id
    assert await pulled(queue) is None
    assert await pulled(queue, BEN) == one.id


async def test_the_queue_knows_who_holds_what(queue: TaskQueue) -> None:
    one = a_task()
    await queue.offer(one)
    await pulled(queue)
    by_ana, _ = await queue.look()
    before = await queue.transfer(held(one, BEN, fence=2))
    by_ben, _ = await queue.look()
    await queue.release(waiting(one, fence=2))
    by_none, _ = await queue.look()

    assert by_ana is not None and by_ana.holders == {one.id: ANA}
    assert before == ANA
    assert by_ben is not None and by_ben.holders == {one.id: BEN}
    assert by_none is not None and by_none.holders == {}
    assert await queue.counts() == (1, 0)


async def test_a_lease_that_is_over_ends_and_a_renewed_one_goes_on(queue: TaskQueue) -> None:
    over, renewed = a_task(1), a_task(2)
    for one in (over, renewed):
        await queue.offer(one)
        await pulled(queue)
    await queue.renew(held(renewed, ANA, until=LATER + timedelta(minutes=5)))

    assert await queue.expire(LATER) == [over.id]
    assert await queue.counts() == (1, 1)
    assert await pulled(queue, BEN) == over.id


async def test_news_under_an_old_fence_changes_nothing(queue: TaskQueue) -> None:
    one = a_task()
    await queue.renew(held(one, BEN, fence=2))
    await queue.release(waiting(one, fence=1))
    await queue.skip(waiting(one, fence=1), ANA)
    await queue.finish(one.id, 1)
    await queue.transfer(held(one, ANA, fence=1))
    seen, _ = await queue.look()

    assert seen is not None and seen.holders == {one.id: BEN}


async def test_nothing_is_left_of_what_is_finished(queue: TaskQueue, servers: Servers) -> None:
    one = a_task()
    await queue.offer(one)
    await pulled(queue)
    await queue.skip(waiting(one), ANA)
    await queue.finish(one.id, 1)

    assert (await queue.look())[0] == Picture(0, 0, 0, {})
    for key in KEYS[:-1]:
        assert not await servers.exists(key)


async def test_a_queue_drawn_anew_holds_what_it_held(queue: TaskQueue, servers: Servers) -> None:
    tasks = [a_task(n, county=(DURHAM, WAKE, None)[n % 3], language=("en", "es", "")[n % 3]) for n in range(50)]
    for one in tasks:
        await queue.offer(one)
    first = await pulled(queue)
    await queue.skip(waiting(tasks[0]), ANA)
    second = await pulled(queue)
    before, _ = await queue.look()
    for key in KEYS:
        await servers.delete(key)
    table = [waiting(tasks[0]), held(tasks[1], ANA), *tasks[2:]]
    drawn = await queue.rebuild([line_of(one) for one in table], [(tasks[1].id, ANA, LATER)], [skip_line_of(tasks[0].id, ANA)])

    assert (first, second, drawn) == (tasks[0].id, tasks[1].id, 50)
    assert (await queue.look())[0] == before
    assert [await pulled(queue), await pulled(queue, BEN)] == [tasks[2].id, tasks[0].id]


async def test_a_long_queue_is_drawn_in_parts_and_at_once(queue: TaskQueue) -> None:
    tasks = [a_task(n / 60) for n in range(4500)]
    assert await queue.rebuild([line_of(one) for one in tasks]) == 4500
    assert await queue.counts() == (4500, 0)
    assert await pulled(queue) == tasks[0].id
    assert await queue.rebuild([]) == 0
    assert await queue.counts() == (0, 0)


async def test_a_queue_that_changed_since_the_table_was_read_is_left_alone(queue: TaskQueue) -> None:
    one, two = a_task(1), a_task(2)
    await queue.offer(one)
    _, changes = await queue.look()
    await queue.offer(two)

    assert await queue.rebuild([line_of(one)], changes=changes) is None
    assert await queue.counts() == (2, 0)


async def test_a_queue_that_somebody_tampered_with_contradicts_itself(queue: TaskQueue, servers: Servers) -> None:
    await queue.offer(a_task())
    await pulled(queue)
    await servers.delete(KEYS[2])

    assert (await queue.look())[0] is None


moments = st.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # the zone is added
kinds = st.tuples(st.sampled_from(list(Kind)), st.booleans())


@given(earlier=moments, wait=st.timedeltas(timedelta(seconds=1), timedelta(days=30)), one=kinds, other=kinds)
def test_no_task_is_overtaken_by_one_that_comes_later_than_the_bound(
    earlier: datetime, wait: timedelta, one: tuple[Kind, bool], other: tuple[Kind, bool]
) -> None:
    first, then = _placed(earlier, one), _placed(earlier + LONGEST_HEAD_START + wait, other)

    assert place_of(first) < place_of(then)


@given(came=st.tuples(moments, moments), one=kinds, other=kinds, now=moments)
def test_the_place_in_the_queue_is_the_order_of_the_scores(
    came: tuple[datetime, datetime], one: tuple[Kind, bool], other: tuple[Kind, bool], now: datetime
) -> None:
    first, then = _placed(came[0], one), _placed(came[1], other)
    ahead = score(first.created_at, first.head_start, now) - score(then.created_at, then.head_start, now)
    if abs(ahead) > 0.002:
        assert (place_of(first) < place_of(then)) == (ahead > 0)


def _placed(at: datetime, about: tuple[Kind, bool]) -> Task:
    return a_task().model_copy(
        update={"created_at": at, "head_start": round(head_start(about[0], urgent=about[1]).total_seconds())}
    )
