"""A post that is looked at once more right before its bytes go to the network, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from starlette.types import Receive, Scope, Send

from app.simulator.server import loopback_socket, serving
from app.telephony.pooled_http import PooledHttp, TooLate, sent_only_while


@dataclass
class Company:
    """A server that counts what reaches it."""

    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})


@pytest.fixture
async def company() -> AsyncIterator[tuple[Company, PooledHttp, str]]:
    counting = Company()
    async with serving(counting, loopback_socket()) as address:
        http = PooledHttp(address)
        yield counting, http, f"{address}/Messages.json"
        await http.close()


async def test_a_post_whose_moment_ended_while_it_waited_for_its_connection_reaches_nobody(
    company: tuple[Company, PooledHttp, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    counting, http, url = company
    late = False
    with sent_only_while(lambda: not late):
        assert (await http.request("POST", url, data={"Body": "one"})).status_code == 201
    connector = http.session().connector
    assert connector is not None
    connect: Callable[..., object] = connector.connect

    async def slow(*args: object, **options: object) -> object:
        nonlocal late
        connection = await connect(*args, **options)  # type: ignore[misc]  # whatever aiohttp's own signature is
        late = True
        return connection

    monkeypatch.setattr(connector, "connect", slow)
    with sent_only_while(lambda: not late), pytest.raises(TooLate):
        await http.request("POST", url, data={"Body": "two"})
    monkeypatch.undo()
    assert (await http.request("POST", url, data={"Body": "three"})).status_code == 201

    assert counting.bodies == [b"Body=one", b"Body=three"]


async def test_what_is_only_asked_for_is_not_held_up(company: tuple[Company, PooledHttp, str]) -> None:
    counting, http, url = company
    with sent_only_while(lambda: False):
        assert (await http.request("GET", url)).status_code == 201
    assert counting.bodies == [b""]
