"""The baseline of `bench/intake.py`: the plainest honest route, FastAPI and SQLModel, that inserts one row, commits, and answers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Form, Response
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database import with_driver


class PlainText(SQLModel, table=True):
    """One row."""

    __tablename__ = "plain_text"

    id: int | None = Field(default=None, primary_key=True)
    sid: str = Field(unique=True)
    sender: str
    body: str


engine = create_async_engine(with_driver(os.environ["VIGIA_DATABASE_URL"]), pool_size=10, max_overflow=0)
sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    """A session that is committed before the answer."""
    async with sessions() as session, session.begin():
        yield session


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Make the table."""
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.tables["plain_text"].create, checkfirst=True)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.post("/texts")
async def text_arrives(
    session: Annotated[AsyncSession, Depends(get_session, scope="function")],
    sid: Annotated[str, Form(alias="MessageSid")],
    sender: Annotated[str, Form(alias="From")],
    body: Annotated[str, Form(alias="Body")],
) -> Response:
    """Insert and answer."""
    session.add(PlainText(sid=sid, sender=sender, body=body))
    return Response("<Response/>", media_type="text/xml")


@app.get("/")
async def ready() -> str:
    """It runs."""
    return "ok"
