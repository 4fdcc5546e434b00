"""Pictures as phones send them, and a shelf of Twilio's from which they are fetched over real HTTP."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pillow_heif
from PIL import ExifTags, Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

ACCOUNT, KEY, SECRET = "ACsimulator0000000000000000000000a", "SKsimulator0000000000000000000000a", "a secret of the simulator"

DURHAM_POINT = (35.99389, -78.9)
"""In the middle of Durham, NC."""


def a_picture(
    kind: str = "JPEG",
    size: tuple[int, int] = (320, 240),
    *,
    point: tuple[float, float] | None = None,
    turned: bool = False,
) -> bytes:
    """A picture whose left half is red and whose right half is blue, with the data that a phone writes beside it."""
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    about = Image.Exif()
    about[ExifTags.Base.Make] = "A phone of somebody"
    if turned:
        about[ExifTags.Base.Orientation] = 6  # the camera was held upright: turn by 90 degrees to see it right
    if point is not None:
        where = about.get_ifd(ExifTags.IFD.GPSInfo)
        for key, value, positive, negative in (
            (ExifTags.GPS.GPSLatitude, point[0], "N", "S"),
            (ExifTags.GPS.GPSLongitude, point[1], "E", "W"),
        ):
            whole = abs(value)
            degrees, minutes = int(whole), int(whole % 1 * 60)
            where[key] = (float(degrees), float(minutes), round((whole - degrees - minutes / 60) * 3600, 3))
            where[key - 1] = positive if value >= 0 else negative
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.register_heif_opener(thumbnails=False)
    picture.save(out, kind, **({} if kind in {"GIF", "BMP"} else {"exif": about}))
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    """A picture, to be looked at."""
    return Image.open(io.BytesIO(content))


@dataclass
class MediaShelf:
    """Twilio's media resources: fetched and deleted with an API key; a fetch is sent on to a CDN, as Twilio does.

    `onward` is the CDN's address, `refuses` a status to answer instead, `seen` every request with the credentials that it showed.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    onward: str = ""
    refuses: int | None = None
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, fits: Callable[[MediaShelf], bool], seconds: float = 15.0) -> None:
        """Wait until the shelf is as it should be. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not fits(self):
                self.happened.clear()
                await self.happened.wait()

    def application(self) -> Starlette:
        """The shelf as a web application."""
        media = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{{message}}/Media/{{media}}"
        return Starlette(
            routes=[
                Route(f"{media}.json", self._delete, methods=["DELETE"]),
                Route(media, self._fetch),
                Route("/cdn/{media}", self._deliver),
                Route("/inside", self._inside),
                Route(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", self._send, methods=["GET", "POST"]),
            ]
        )

    def fetches(self) -> int:
        """How often bytes were delivered."""
        return sum(path.startswith("/cdn/") for _, path, _ in self.seen)

    async def _fetch(self, request: Request) -> Response:
        self._note(request)
        if not _is_ours(request):
            return Response(status_code=401)
        if self.refuses is not None:
            return Response(status_code=self.refuses)
        media = request.path_params["media"]
        return RedirectResponse(f"{self.onward}/cdn/{media}") if media in self.files else Response(status_code=404)

    async def _deliver(self, request: Request) -> Response:
        self._note(request)
        content = self.files[request.path_params["media"]]

        async def parts() -> AsyncIterator[bytes]:  # without a length, as nobody should believe one
            for start in range(0, len(content), 65536):
                yield content[start : start + 65536]

        return StreamingResponse(parts(), media_type="image/jpeg")

    async def _delete(self, request: Request) -> Response:
        self._note(request)
        known = _is_ours(request) and self.files.pop(request.path_params["media"], None) is not None
        return Response(status_code=204 if known else 404)

    async def _send(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse({"messages": [], "next_page_uri": None})
        async with request.form() as form:
            self.sent.append({name: str(value) for name, value in form.items()})
        self._note(request)
        return JSONResponse({"sid": f"SM{len(self.sent):032d}", "status": "queued"}, status_code=201)

    async def _inside(self, request: Request) -> Response:
        self._note(request)
        return Response(b"what only this network may see")

    def _note(self, request: Request) -> None:
        self.seen.append((request.method, request.url.path, request.headers.get("authorization")))
        self.happened.set()


def _is_ours(request: Request) -> bool:
    try:
        shown = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return shown == f"{KEY}:{SECRET}"
