"""A bucket on loopback that speaks as much of S3 as the photo store uses, and checks the signature of every request (AWS Signature V4)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

NOT_FOUND: Final = (404, "NoSuchKey")
REFUSED: Final = (403, "SignatureDoesNotMatch")


class Bucket:
    """One bucket, addressed by path: PUT, GET and DELETE of an object."""

    def __init__(self, name: str, *, key_id: str, secret: str) -> None:
        self.name = name
        self.key_id = key_id
        self.secret = secret
        self.objects: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The bucket as an ASGI application."""
        if scope["type"] == "lifespan":
            for answer in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{answer}.complete"})
            return
        request = Request(scope, receive)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        if not self._is_signed(request, body):
            return _error(*REFUSED)
        bucket, _, key = unquote(request.url.path).lstrip("/").partition("/")
        if bucket != self.name or not key:
            return _error(404, "NoSuchBucket")
        match request.method:
            case "PUT":
                self.objects[key] = body
                return Response(headers=_tag(body))
            case "DELETE":
                self.objects.pop(key, None)
                return Response(status_code=204)
            case "GET" if key in self.objects:
                content = self.objects[key]
                headers = _tag(content) | {"Last-Modified": "Mon, 02 Mar 2026 17:00:00 GMT"}
                return Response(content, headers=headers, media_type="application/octet-stream")
            case _:
                return _error(*NOT_FOUND)

    def _is_signed(self, request: Request, body: bytes) -> bool:
        """Whether the request carries our signature over its method, path, headers and body."""
        scheme, _, fields = request.headers.get("authorization", "").partition(" ")
        parts = dict(part.strip().split("=", 1) for part in fields.split(",") if "=" in part)
        if scheme != "AWS4-HMAC-SHA256" or not parts.get("Credential", "").startswith(f"{self.key_id}/"):
            return False
        digest = request.headers["x-amz-content-sha256"]
        if digest not in {"UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()}:
            return False
        names = parts["SignedHeaders"]
        headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names.split(";"))
        path = quote(unquote(request.url.path), safe="/-_.~")
        canonical = f"{request.method}\n{path}\n{request.url.query}\n{headers}\n{names}\n{digest}"
        scope = parts["Credential"].split("/", 1)[1]
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = "\n".join((scheme, request.headers["x-amz-date"], scope, hashed))
        key = f"AWS4{self.secret}".encode()
        for step in scope.split("/"):
            key = hmac.digest(key, step.encode(), hashlib.sha256)
        return hmac.compare_digest(hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest(), parts["Signature"])


def _tag(content: bytes) -> dict[str, str]:
    return {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"'}


def _error(status: int, code: str) -> Response:
    words = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Response(words, status_code=status, media_type="application/xml")
