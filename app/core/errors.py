"""Errors that a person is shown: a stable code, a sentence for people, and the HTTP status that fits."""

from __future__ import annotations

from http import HTTPStatus


class VigiaError(Exception):
    """Something that can't be done, said in words that help. `code` is for programs and translations, `message` for people."""

    code = "error"
    status = HTTPStatus.BAD_REQUEST

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(VigiaError):
    """What was asked for isn't here."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND


class NotAllowed(VigiaError):
    """This person may not do this."""

    code = "not_allowed"
    status = HTTPStatus.FORBIDDEN


class Conflict(VigiaError):
    """The world moved on meanwhile: someone else did it, or it is no longer in the state that this needs."""

    code = "conflict"
    status = HTTPStatus.CONFLICT


class BadInput(VigiaError):
    """What was given can't be used, and says why."""

    code = "bad_input"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class SignatureRefused(VigiaError):
    """A request to a Twilio route that Twilio did not sign."""

    code = "signature_refused"
    status = HTTPStatus.FORBIDDEN


class Unavailable(VigiaError):
    """Not now: something we need is away. Trying again is right."""

    code = "unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class NotConfigured(RuntimeError):
    """A setting that this process can't do without is missing; the message names it."""
