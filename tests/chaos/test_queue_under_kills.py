"""The queue while its workers are killed and Redis is emptied: small here, whole by `python -m tests.chaos.queue_under_kills`."""

from __future__ import annotations

import pytest

from app.core.keys import new_key
from tests.chaos.queue_under_kills import run


@pytest.mark.chaos
async def test_each_task_is_finished_exactly_once_though_a_fifth_are_killed_and_redis_forgets(
    database_url: str, redis_url: str
) -> None:
    score = await run(database_url, redis_url, (new_key(), new_key()), pullers=20, tasks=300, processes=5)

    assert score.holds, score
    assert score.killed == 4
