"""The hotline with Twilio's shelf of media beside it: texts with files arrive, the jobs of their photos are done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import select, text

from app.core.database import Database, Transaction
from app.intake.photo_store import FolderStore
from app.intake.photos import open_photo, settle_photo
from app.pipeline import Hotline, receive_text
from app.pipeline_photos import place_found
from app.records.photos import SETTLE_PHOTO, Photo, photo
from app.simulator.server import address_of, loopback_socket, serving
from app.telephony.forms import TextForm, read_form
from app.telephony.rest import TwilioRest
from tests.pictures import ACCOUNT, KEY, SECRET, MediaShelf

ROSA, LINE = "+19195550110", "+19195550100"
REPORT = "ICE agents in vests outside the Walmart on Roxboro Rd in Durham right now"
SIDS = count(1)


@dataclass
class Post:
    """One hotline and one shelf; `asked` is what each text was answered."""

    database: Database
    hotline: Hotline
    shelf: MediaShelf
    rest: TwilioRest
    store: FolderStore
    asked: list[str | None] = field(default_factory=list)

    async def texts(self, *files: bytes, body: str = "", kind: str = "image/jpeg", sender: str = ROSA) -> str:
        """A text with these files arrives; returns its SID."""
        sid = f"MM{next(SIDS):032d}"
        fields = {"MessageSid": sid, "From": sender, "To": LINE, "Body": body, "NumMedia": str(len(files))}
        for number, content in enumerate(files):
            media = f"ME{next(SIDS):032d}"
            self.shelf.files[media] = content
            url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media/{media}"
            fields |= {f"MediaUrl{number}": url, f"MediaContentType{number}": kind}
        await self.receives(fields)
        return sid

    async def receives(self, fields: dict[str, str]) -> str | None:
        async with self.database.transaction() as work:
            self.asked.append(await receive_text(work, self.hotline, read_form(TextForm, fields)))
        return self.asked[-1]

    async def settles(self) -> None:
        """Every photo's job is done once."""
        for found in await self.photos():
            await settle_photo(self.database, self.rest, self.store, found.id, place_found(self.hotline))

    async def photos(self) -> list[Photo]:
        async with self.database.transaction() as work:
            return await work.find(Photo, select(photo).order_by(photo.c.received_at, photo.c.place))

    async def photo(self) -> Photo:
        [found] = await self.photos()
        return found

    async def picture(self) -> bytes | None:
        found = await self.photo()
        async with self.database.transaction() as work:
            return await open_photo(work, self.store, found)

    def files(self) -> list[Path]:
        return [file for file in self.store.folder.rglob("*") if file.is_file()]

    async def runs(self, step: Callable[[Transaction], Awaitable[int]]) -> int:
        async with self.database.transaction() as work:
            return await step(work)

    async def jobs(self, name: str = SETTLE_PHOTO) -> int:
        async with self.database.transaction() as work:
            row = await work.execute(text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :name"), {"name": name})
            return int(row.scalar_one())


@asynccontextmanager
async def open_post(database: Database, hotline: Hotline, folder: Path) -> AsyncIterator[Post]:
    """The shelf and the CDN that it sends on to, served on loopback while the block runs."""
    shelf = MediaShelf()
    twilio, cdn = loopback_socket(), loopback_socket()
    shelf.onward = address_of(cdn)
    rest = TwilioRest(ACCOUNT, KEY, SECRET, LINE, api_url=address_of(twilio), file_hosts=("127.0.0.1",))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(shelf.application(), twilio))
        await stack.enter_async_context(serving(shelf.application(), cdn))
        yield Post(database, hotline, shelf, rest, FolderStore(folder))
        await rest.close()
