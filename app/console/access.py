"""Who may open which screen. Every route of the console declares one of these types; a route without one is reachable by nobody's mistake,
since a test walks them all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Request

from app.console.board_mark import board_mark
from app.core.errors import NotAllowed, VigiaError
from app.core.requests import Work
from app.delivery.switch import switch_now
from app.verification.handover import owed_note
from app.volunteers.access import who_is
from app.volunteers.tables import Role, Volunteer

SESSION_COOKIE: Final = "vigia_session"


class NotSignedIn(VigiaError):
    """Nobody is signed in, or no longer."""

    code = "not_signed_in"
    status = HTTPStatus.UNAUTHORIZED


async def signed_in(request: Request, work: Work) -> Volunteer:
    """The volunteer at the browser; the page's frame learns who it is, up to where the page will know what happened, how the kill switch
    stands and whether they owe a note. Raises NotSignedIn."""
    person = await who_is(work, request.cookies.get(SESSION_COOKIE))
    if person is None:
        raise NotSignedIn("For your safety a session ends after some hours.")
    request.state.viewer = person
    request.state.mark = await board_mark(work)
    request.state.switch = await switch_now(work)
    request.state.owes_note = await owed_note(work, person.id) is not None
    return person


async def signed_in_briefly(request: Request) -> Volunteer:
    """The same for a stream: its transaction is over before the first byte leaves. Raises NotSignedIn."""
    async with request.state.database.transaction() as work:
        person = await who_is(work, request.cookies.get(SESSION_COOKIE))
    if person is None:
        raise NotSignedIn("For your safety a session ends after some hours.")
    return person


def only(*roles: Role) -> Callable[[Volunteer], Awaitable[Volunteer]]:
    """A dependency that lets in whoever has at least one of `roles`."""

    async def check(viewer: Annotated[Volunteer, Depends(signed_in)]) -> Volunteer:
        if not has_role(viewer, *roles):
            raise NotAllowed("This page belongs to another role. Ask an administrator if you need it.")
        return viewer

    check.roles = frozenset(roles)  # type: ignore[attr-defined]  # read by the test that walks every route
    return check


def has_role(viewer: Volunteer, *roles: Role) -> bool:
    """Whether a volunteer has at least one of `roles`."""
    return bool({role.value for role in roles} & set(viewer.roles))


SignedIn = Annotated[Volunteer, Depends(signed_in)]
"""Any volunteer."""

Watching = Annotated[Volunteer, Depends(signed_in_briefly)]
"""Any volunteer, on a stream."""

Dispatcher = Annotated[Volunteer, Depends(only(Role.DISPATCHER))]
"""The queue, and what is decided of an incident."""

Desk = Annotated[Volunteer, Depends(only(Role.DISPATCHER, Role.ORGANIZER))]
"""Those who read incidents and propose alerts."""

Lead = Annotated[Volunteer, Depends(only(Role.LEAD))]
"""Those who may take work out of another's hands."""

Reaching = Annotated[Volunteer, Depends(only(Role.DISPATCHER, Role.LEAD))]
"""Those who may write to people of an incident; the page asks further whether this incident is in their hands."""

Verifier = Annotated[Volunteer, Depends(only(Role.VERIFIER))]
"""Those who go and look."""

Organizer = Annotated[Volunteer, Depends(only(Role.ORGANIZER))]
"""The second signature."""

Admin = Annotated[Volunteer, Depends(only(Role.ADMIN))]
"""People and the audit trail."""

MayHalt = Annotated[Volunteer, Depends(only(Role.ORGANIZER, Role.ADMIN))]
"""Those who may stop all outbound texts."""

CoverageViewer = Annotated[Volunteer, Depends(only(Role.DISPATCHER, Role.ORGANIZER, Role.ADMIN))]
"""Those who see to it that somebody is there."""
