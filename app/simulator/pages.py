"""The page with the phones: server-rendered, kept fresh by its own small script, and whole without it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

import jinja2
from fastapi import APIRouter, File, Form, HTTPException, Query, Request, UploadFile
from jinja2_fragments import render_block
from pydantic import BaseModel
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.core.languages import INTERFACE_LANGUAGES, interface_language, page_templates
from app.simulator import inbound, ringing, views, voice
from app.simulator.exchange import Exchange, UnknownPhone
from app.simulator.media import Attachment
from app.simulator.messages import Channel
from app.simulator.phones import spoken
from app.simulator.staging import Mode, Stage, StoryPlaying

FOLDER: Final = Path(__file__).parent
TEMPLATE: Final = "phones.html"
LANGUAGE_COOKIE: Final = "vigia_language"
PARTS: Final = frozenset({"phones", "thread", "call", "story", "log"})
A_YEAR_S: Final = 365 * 24 * 3600

NOTHING_TO_SEND: Final = "there is nothing to send"

Act = Literal["keys", "speech", "silence", "recording", "hangup", "away", "answer", "decline"]


class StoryGiven(BaseModel):
    """Which story to play: the neighbours' reports, or everything with the volunteers' part."""

    mode: Mode


def pages(exchange: Exchange, stage: Stage, zone: str) -> APIRouter:
    """The routes under /simulator that people use. `zone` is the IANA name of the clock that the page shows."""
    router = APIRouter(prefix="/simulator", include_in_schema=False)

    def context(request: Request, selected: str | None, failure: str = "") -> dict[str, Any]:
        phone = exchange.phones.get(selected or "")
        if phone is not None:
            exchange.look_at(phone.number)
        return {
            "language": language_of(request),
            "languages": INTERFACE_LANGUAGES,
            "failure": failure,
            "phone": phone,
            "groups": views.phone_rows(exchange, selected),
            "unread": views.total_unread(exchange.phones.values()),
            "bubbles": views.thread(exchange, phone, zone) if phone else [],
            "call": views.open_call(exchange, phone.number) if phone else None,
            "lines": list(exchange.account.lines.values()),
            "log": views.log_lines(exchange, zone),
            "errors": sum(entry.level == "error" for entry in exchange.entries),
            "stage": stage,
            "free_number": _free_number(exchange),
            "spoken": spoken,
        }

    def page(request: Request, selected: str | None, *, failure: str = "", status: int = 200) -> Response:
        shown = context(request, selected, failure)
        html = environment_of(shown["language"]).get_template(TEMPLATE).render(shown)
        return remember_language(request, HTMLResponse(html, status_code=status))

    async def done(request: Request, selected: str | None, act: Callable[[], Awaitable[object]]) -> Response:
        """Carry out a form's act, then show the page again: by redirect to a browser, by an empty answer to the page's script."""
        scripted = request.headers.get("x-simulator") == "script"
        try:
            await act()
        except (UnknownPhone, ValueError, voice.WrongMoment, StoryPlaying, LookupError) as error:
            return Response(str(error), 422) if scripted else page(request, selected, failure=str(error), status=422)
        if scripted:
            return Response(status_code=204, headers={"X-Phone": selected or ""})
        return RedirectResponse("/simulator/" + (f"?{urlencode({'phone': selected})}" if selected else ""), 303)

    @router.get("/")
    async def phones(request: Request, phone: Annotated[str | None, Query()] = None) -> Response:
        return page(request, phone)

    @router.get("/parts/{part}")
    async def one_part(request: Request, part: str, phone: Annotated[str | None, Query()] = None) -> Response:
        if part not in PARTS:
            raise HTTPException(404)
        shown = context(request, phone)
        return HTMLResponse(render_block(environment_of(shown["language"]), TEMPLATE, part, **shown))

    @router.post("/phones")
    async def make_phone(
        request: Request,
        number: Annotated[str, Form()] = "",
        name: Annotated[str, Form(max_length=60)] = "",
        county: Annotated[str, Form(max_length=60)] = "",
        language: Annotated[str, Form(max_length=12)] = "en",
    ) -> Response:
        wanted = _plain_number(number) or _free_number(exchange)

        async def act() -> None:
            exchange.make_phone(wanted, name.strip(), county.strip(), language)

        return await done(request, wanted if exchange.any_number or spoken(wanted) != wanted else None, act)

    @router.post("/texts")
    async def text(
        request: Request,
        phone: Annotated[str, Form()],
        body: Annotated[str, Form(max_length=1600)] = "",
        line: Annotated[str | None, Form()] = None,
        channel: Annotated[Channel, Form()] = Channel.SMS,
        files: Annotated[list[UploadFile] | None, File()] = None,
    ) -> Response:
        attached = [
            Attachment(file.content_type or "application/octet-stream", await file.read())
            for file in files or ()
            if file.filename
        ]

        async def act() -> None:
            if not body and not attached:
                raise ValueError(NOTHING_TO_SEND)
            message = inbound.take_in(exchange, phone, body, line, attached, channel)
            exchange.spawn(inbound.hand_over(exchange, message, exchange.line(message.to)))

        return await done(request, phone, act)

    @router.get("/media/{message_sid}/{media_sid}")
    async def picture(message_sid: str, media_sid: str) -> Response:
        message = exchange.messages.get(message_sid)
        for media in message.media if message else ():
            if media.sid == media_sid and not media.source:
                return Response(media.content, media_type=media.content_type)
        raise HTTPException(404)

    @router.post("/calls")
    async def call(request: Request, phone: Annotated[str, Form()], line: Annotated[str | None, Form()] = None) -> Response:
        return await done(request, phone, lambda: voice.call(exchange, phone, line))

    @router.post("/calls/{sid}")
    async def on_the_line(
        request: Request, sid: str, act: Annotated[Act, Form()], value: Annotated[str, Form(max_length=1000)] = ""
    ) -> Response:
        if sid not in exchange.calls:
            raise HTTPException(404)
        return await done(request, exchange.calls[sid].phone, lambda: _on_the_line(exchange, sid, act, value.strip()))

    @router.post("/trouble")
    async def trouble(request: Request, phone: Annotated[str, Form()], code: Annotated[str, Form()] = "") -> Response:
        async def act() -> None:
            exchange.trouble(phone, int(code) if code else None)

        return await done(request, phone, act)

    @router.post("/story")
    async def story(request: Request) -> Response:
        as_json = request.headers.get("content-type", "").startswith("application/json")
        given = await request.json() if as_json else {"mode": (await request.form()).get("mode")}
        try:
            wanted = StoryGiven.model_validate(given)
        except ValueError as error:
            raise HTTPException(422, "mode is reports or everything") from error
        selected = request.query_params.get("phone")
        if not as_json:
            return await done(request, selected, lambda: _begin(stage, wanted.mode))
        try:
            stage.begin(wanted.mode)
        except (StoryPlaying, LookupError) as error:
            raise HTTPException(409, str(error)) from error
        return Response(status_code=202)

    return router


@cache
def environment_of(language: str) -> jinja2.Environment:
    """The simulator's templates in a language."""
    return page_templates(FOLDER / "templates", language)


def language_of(request: Request) -> str:
    """The language to show: what the address or the cookie asks for, else what the browser wants."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return interface_language(chosen, request.headers.get("accept-language"))


def remember_language(request: Request, response: Response) -> Response:
    """The response, keeping a language that the address asked for in a cookie."""
    if request.query_params.get("lang") in INTERFACE_LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language_of(request), max_age=A_YEAR_S, httponly=True, samesite="lax", path="/")
    return response


async def _on_the_line(exchange: Exchange, sid: str, act: Act, value: str) -> None:
    acts: Mapping[str, Callable[[], Awaitable[object]]] = {
        "keys": lambda: voice.press(exchange, sid, value, then_wait=False),
        "speech": lambda: voice.say(exchange, sid, value),
        "silence": lambda: voice.stay_silent(exchange, sid),
        "recording": lambda: voice.leave_message(exchange, sid, int(value or 5)),
        "hangup": lambda: voice.hang_up(exchange, sid),
        "away": lambda: voice.put_away(exchange, sid),
        "answer": lambda: _decide(exchange, sid, ringing.pick_up),
        "decline": lambda: _decide(exchange, sid, ringing.decline),
    }
    await acts[act]()


async def _decide(exchange: Exchange, sid: str, decide: Callable[[Exchange, str], None]) -> None:
    decide(exchange, sid)


async def _begin(stage: Stage, mode: Mode) -> None:
    stage.begin(mode)


def _free_number(exchange: Exchange) -> str:
    for area in ("919", "984", "704", "336"):
        try:
            return exchange.free_number(area)
        except ValueError:
            continue
    return ""


def _plain_number(written: str) -> str:
    digits = "".join(letter for letter in written if letter.isdecimal())
    if len(digits) == 10:
        return f"+1{digits}"
    return f"+{digits}" if digits else ""
