"""Pictures go with texts both ways, and only the account gets to see them."""

from __future__ import annotations

import httpx2
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient

from app.simulator.account import SIMULATED_ACCOUNT_SID
from app.simulator.media import LARGEST_MMS
from app.simulator.terms import Terms
from tests.devices import Unexpected
from tests.simulator.conftest import LINE, TOKEN, Room

ROSA = "+19195550123"
PICTURE = bytes.fromhex("89504e470d0a1a0a") + b"not much of a picture"

pytestmark = pytest.mark.filterwarnings(
    "ignore:.* deprecated and will be removed in:DeprecationWarning"
)  # twilio 9.13 on aiohttp 3.14


async def test_a_picture_comes_with_an_address_that_only_the_account_may_open(room: Room) -> None:
    handed = await room.devices(ROSA).texts("look", files=[("image/png", PICTURE), ("image/jpeg", b"another")])
    [got] = room.hotline.got
    address = got.form["MediaUrl0"]
    async with httpx2.AsyncClient(trust_env=False) as http:
        nobody = await http.get(address)
        account = await http.get(address, auth=(SIMULATED_ACCOUNT_SID, TOKEN))

    assert handed["sid"].startswith("MM")
    assert (got.form["NumMedia"], got.form["MediaContentType0"], got.form["MediaContentType1"]) == (
        "2",
        "image/png",
        "image/jpeg",
    )
    assert address.startswith(f"{room.url}/2010-04-01/Accounts/{SIMULATED_ACCOUNT_SID}/Messages/{handed['sid']}/Media/ME")
    assert (nobody.status_code, nobody.json()["code"]) == (401, 20003)
    assert (account.content, account.headers["content-type"]) == (PICTURE, "image/png")


async def test_media_are_open_to_all_where_the_account_wants_that(room: Room) -> None:
    room.exchange.terms = Terms(media_needs_credentials=False)
    await room.devices(ROSA).texts("", files={"image/png": PICTURE})
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.get(room.hotline.got[0].form["MediaUrl0"])

    assert answer.content == PICTURE


async def test_media_are_listed_fetched_and_deleted_by_the_official_client(room: Room) -> None:
    handed = await room.devices(ROSA).texts("look", files=[("image/png", PICTURE), ("image/jpeg", b"another")])
    async with AsyncTwilioHttpClient() as http:
        message = room.client(http=http).messages(handed["sid"])
        first, second = await message.media.list_async()
        fetched = await message.media(first.sid).fetch_async()
        await message.media(first.sid).delete_async()
        left = await message.media.list_async()
        with pytest.raises(TwilioRestException) as gone:
            await message.media(first.sid).fetch_async()

    assert (fetched.content_type, fetched.parent_sid, fetched.account_sid) == (
        "image/png",
        handed["sid"],
        SIMULATED_ACCOUNT_SID,
    )
    assert [media.sid for media in left] == [second.sid]
    assert (gone.value.status, gone.value.code) == (404, 20404)


async def test_deleting_a_message_deletes_its_media(room: Room) -> None:
    handed = await room.devices(ROSA).texts("look", files={"image/png": PICTURE})
    async with AsyncTwilioHttpClient() as http:
        await room.client(http=http).messages(handed["sid"]).delete_async()
    async with httpx2.AsyncClient(trust_env=False) as plain:
        answer = await plain.get(room.hotline.got[0].form["MediaUrl0"], auth=(SIMULATED_ACCOUNT_SID, TOKEN))

    assert answer.status_code == 404


async def test_a_client_sends_pictures_by_their_address(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        sent = await client.messages.create_async(
            to=ROSA, from_=LINE, media_url=[f"{room.hotline.url}/map.png", f"{room.hotline.url}/voice.mp3"]
        )
        await room.exchange.settled()
        ended = await client.messages(sent.sid).fetch_async()
        types = [media.content_type for media in await client.messages(sent.sid).media.list_async()]

    assert sent.sid.startswith("MM")
    assert (ended.status, ended.num_media, ended.num_segments, ended.price) == ("delivered", "2", "1", "-0.02200")
    assert types == ["image/png", "audio/mpeg"]


async def test_a_phone_can_not_send_more_than_a_phone_can(room: Room) -> None:
    rosa = room.devices(ROSA)
    with pytest.raises(Unexpected, match="at most 10 files"):
        await rosa.texts("look", files=[("image/png", PICTURE)] * 11)
    with pytest.raises(Unexpected, match="at most 5 MB"):
        await rosa.texts("look", files={"image/png": bytes(LARGEST_MMS + 1)})

    assert not room.exchange.messages


async def test_a_picture_is_attached_and_shown_on_the_page_without_a_script(room: Room) -> None:
    async with room.browser() as browser:
        page = await browser.post(
            "/simulator/texts", data={"phone": ROSA, "body": "look"}, files={"files": ("van.png", PICTURE, "image/png")}
        )
        [message] = room.exchange.messages.values()
        shown = await browser.get(f"/simulator/media/{message.sid}/{message.media[0].sid}")
        nothing = await browser.post("/simulator/texts", data={"phone": ROSA, "body": ""})
    await room.exchange.settled()

    assert f'src="/simulator/media/{message.sid}/{message.media[0].sid}"' in page.text
    assert shown.content == PICTURE
    assert nothing.status_code == 422
    assert room.hotline.got[0].form["NumMedia"] == "1"
