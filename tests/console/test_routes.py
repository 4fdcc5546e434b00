"""Who may open what: every route of the console against every role, by declaration and by trying."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.console.access import signed_in, signed_in_briefly
from app.console.application import create_console
from app.volunteers.tables import Role
from tests.console.conftest import Desk

EVERYBODY = frozenset(Role)
D, V, ORG, A = Role.DISPATCHER, Role.VERIFIER, Role.ORGANIZER, Role.ADMIN

PUBLIC = {("GET", "/login/{token}"), ("POST", "/login/{token}"), ("POST", "/speak"), ("GET", "/join"), ("POST", "/join")} | {
    ("GET", "/field/{token}"),
    ("POST", "/field/{token}"),
}

BROADCAST_ACTS = ("propose", "approve", "return", "take-back", "pause", "resume", "cancel")

LEAST: dict[tuple[str, str], frozenset[Role]] = {
    ("POST", "/logout"): EVERYBODY,
    ("POST", "/language"): EVERYBODY,
    ("POST", "/shift"): EVERYBODY,
    ("GET", "/shifts"): EVERYBODY,
    ("POST", "/shifts/weekly"): EVERYBODY,
    ("POST", "/shifts/weekly/{shift_id}/remove"): EVERYBODY,
    ("POST", "/shifts/once"): EVERYBODY,
    ("POST", "/shifts/miss"): EVERYBODY,
    ("POST", "/shifts/swaps"): EVERYBODY,
    ("POST", "/shifts/swaps/{number}/take"): EVERYBODY,
    ("POST", "/shifts/swaps/{number}/keep"): EVERYBODY,
    ("POST", "/shifts/swaps/{number}/assign"): frozenset({Role.LEAD}),
    ("POST", "/shifts/swaps/{number}/refuse"): frozenset({Role.LEAD}),
    ("POST", "/shifts/note"): EVERYBODY,
    ("GET", "/coverage"): frozenset({D, ORG, A}),
    ("GET", "/"): EVERYBODY,
    ("GET", "/live"): EVERYBODY,
    ("GET", "/rights"): EVERYBODY,
    ("GET", "/policies"): EVERYBODY,
    ("GET", "/policies/export.csv"): EVERYBODY,
    ("POST", "/policies/{county}"): frozenset({ORG}),
    ("GET", "/rights/{topic}/{language}"): EVERYBODY,
    ("POST", "/rights/{topic}/{language}/approve"): frozenset({ORG}),
    ("POST", "/rights/{topic}/{language}/withdraw"): frozenset({ORG}),
    ("POST", "/tasks/pull"): frozenset({D}),
    ("GET", "/incidents/{code}"): frozenset({D, ORG}),
    ("POST", "/incidents/{code}/renew"): frozenset({D}),
    ("POST", "/incidents/{code}/release"): frozenset({D}),
    ("POST", "/incidents/{code}/skip"): frozenset({D}),
    ("POST", "/incidents/{code}/transfer"): frozenset({D}),
    ("POST", "/incidents/{code}/break"): frozenset({Role.LEAD}),
    ("POST", "/incidents/{code}/offer"): frozenset({D}),
    ("POST", "/incidents/{code}/ask"): frozenset({D}),
    ("POST", "/incidents/{code}/decide"): frozenset({D}),
    ("POST", "/incidents/{code}/decision/undo"): frozenset({D}),
    ("POST", "/incidents/{code}/merge"): frozenset({D}),
    ("POST", "/incidents/{code}/split"): frozenset({D}),
    ("POST", "/incidents/{code}/undo"): frozenset({D}),
    ("POST", "/incidents/{code}/reports/{report_id}/kind"): frozenset({D}),
    ("POST", "/incidents/{code}/reports/{report_id}/language"): frozenset({D}),
    ("POST", "/incidents/{code}/reports/{report_id}/place"): frozenset({D}),
    ("POST", "/incidents/{code}/county"): frozenset({D}),
    ("POST", "/incidents/{code}/alert"): frozenset({D, ORG}),
    ("POST", "/incidents/{code}/update"): frozenset({D, ORG}),
    ("GET", "/incidents/{code}/contacts/{which}"): frozenset({D, Role.LEAD}),
    ("POST", "/incidents/{code}/contacts/{which}"): frozenset({D, Role.LEAD}),
    ("POST", "/incidents/{code}/contacts/{which}/size"): frozenset({D, Role.LEAD}),
    ("POST", "/incidents/{code}/contacts/{which}/call"): frozenset({D, Role.LEAD}),
    ("POST", "/incidents/{code}/contacts/{which}/end"): frozenset({D, Role.LEAD}),
    ("POST", "/incidents/{code}/contacts/{which}/number"): frozenset({D, Role.LEAD}),
    ("GET", "/reveals"): frozenset({Role.LEAD}),
    ("POST", "/exercises"): EVERYBODY,
    ("GET", "/alerts/new"): frozenset({D, ORG}),
    ("POST", "/alerts/new"): frozenset({D, ORG}),
    ("POST", "/alerts/lint"): frozenset({D, ORG}),
    ("GET", "/alerts/templates"): frozenset({D, ORG}),
    ("GET", "/alerts/templates/{template_id}"): frozenset({D, ORG}),
    ("POST", "/alerts/templates"): frozenset({ORG}),
    ("POST", "/alerts/templates/{template_id}"): frozenset({ORG}),
    ("POST", "/alerts/templates/{template_id}/remove"): frozenset({ORG}),
    ("GET", "/break-glass"): frozenset({ORG, A}),
    ("POST", "/break-glass"): frozenset({A}),
    ("POST", "/break-glass/{glass_id}/end"): frozenset({A}),
    ("POST", "/break-glass/review/{alert_id}"): frozenset({ORG, A}),
    ("POST", "/alerts/{code}/alone"): frozenset({ORG}),
    ("POST", "/alerts/{code}/extend"): frozenset({D, ORG}),
    ("POST", "/alerts/{code}/close"): frozenset({D, ORG}),
    ("POST", "/alerts/{code}/let-end"): frozenset({ORG}),
    ("POST", "/alerts/{code}/pause"): frozenset({ORG}),
    ("POST", "/alerts/{code}/resume"): frozenset({ORG}),
    ("POST", "/alerts/{code}/cancel"): frozenset({ORG}),
    ("GET", "/alerts"): frozenset({D, ORG}),
    ("GET", "/alerts/{code}"): frozenset({D, ORG}),
    ("POST", "/alerts/{code}/approve"): frozenset({ORG}),
    ("POST", "/alerts/{code}/return"): frozenset({ORG}),
    ("GET", "/broadcasts"): frozenset({ORG, A}),
    ("POST", "/broadcasts"): frozenset({ORG}),
    ("GET", "/broadcasts/new"): frozenset({ORG}),
    ("GET", "/broadcasts/{code}"): frozenset({ORG}),
    ("GET", "/broadcasts/{code}/edit"): frozenset({ORG}),
    ("POST", "/broadcasts/{code}/edit"): frozenset({ORG}),
    **{("POST", f"/broadcasts/{{code}}/{act}"): frozenset({ORG}) for act in BROADCAST_ACTS},
    ("POST", "/broadcasts/hosts"): frozenset({A}),
    ("POST", "/broadcasts/hosts/remove"): frozenset({A}),
    ("GET", "/offers"): frozenset({V}),
    ("POST", "/offers/zone"): frozenset({V}),
    ("GET", "/inbox"): frozenset({D, ORG}),
    ("GET", "/photos/{photo_id}"): frozenset({D, ORG}),
    ("GET", "/recordings/{recording_id}"): frozenset({D}),
    ("GET", "/subscribers"): frozenset({ORG, A}),
    ("GET", "/subscribers/figures.csv"): frozenset({ORG, A}),
    ("POST", "/subscribers/import"): frozenset({A}),
    ("POST", "/subscribers/export"): frozenset({A}),
    ("GET", "/poster"): frozenset({ORG}),
    ("GET", "/landmarks"): frozenset({ORG}),
    ("POST", "/landmarks"): frozenset({ORG}),
    ("GET", "/landmarks/{landmark_id}"): frozenset({ORG}),
    ("POST", "/landmarks/{landmark_id}"): frozenset({ORG}),
    ("POST", "/landmarks/{landmark_id}/remove"): frozenset({ORG}),
    ("POST", "/landmarks/{landmark_id}/undo"): frozenset({ORG}),
    ("GET", "/people"): frozenset({A}),
    ("POST", "/people"): frozenset({A}),
    ("GET", "/people/{alias}"): frozenset({A}),
    ("POST", "/people/{alias}"): frozenset({A}),
    ("POST", "/people/{alias}/link"): frozenset({A}),
    ("POST", "/people/{alias}/suspend"): frozenset({A}),
    ("POST", "/people/{alias}/restore"): frozenset({A}),
    ("GET", "/audit"): frozenset({A}),
    ("GET", "/switch"): frozenset({ORG, A}),
    ("POST", "/switch"): frozenset({ORG, A}),
}
"""The least that each role needs. A route that is not here fails the test, whatever it declares."""

NOBODYS = "019ab0c0-0000-7000-8000-000000000000"

ONE_OF_EACH = {D: "Ana", V: "Luz", ORG: "Olga", A: "Ada"}


def declared(dependant: Dependant) -> frozenset[Role] | None:
    """The roles that a route lets in by its declaration; None when it asks for nobody."""
    found: frozenset[Role] | None = None
    for inner in dependant.dependencies:
        roles = getattr(inner.call, "roles", None)
        if roles is not None:
            return frozenset(roles)
        if inner.call in {signed_in, signed_in_briefly}:
            found = EVERYBODY
    return found


def routes() -> Iterator[tuple[str, APIRoute]]:
    for route in _all_routes(create_console().routes):
        for method in route.methods or ():
            yield method, route


def _all_routes(found: object) -> Iterator[APIRoute]:
    for route in found:  # type: ignore[attr-defined]  # a list of Starlette's routes
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _all_routes(route.original_router.routes)


def test_every_route_lets_in_exactly_the_roles_that_need_it() -> None:
    found = {(method, route.path): declared(route.dependant) for method, route in routes()}
    assert {key for key, roles in found.items() if roles is None} == PUBLIC
    assert {key: roles for key, roles in found.items() if roles is not None} == LEAST


async def test_nobody_who_is_not_signed_in_gets_past_the_door(desk: Desk) -> None:
    stranger = await desk.stranger()
    for method, path in LEAST:
        answer = await stranger.request(method, _filled(path))
        assert answer.status_code == 401, (method, path)
        assert "Ana" not in answer.text


async def test_a_role_that_does_not_need_a_page_is_refused_in_words(desk: Desk) -> None:
    for role, alias in ONE_OF_EACH.items():
        client = await desk.browser(alias)
        for (method, path), roles in LEAST.items():
            if role in roles or path == "/live":
                continue
            answer = await client.request(method, _filled(path), data={"reason": "x"} if method == "POST" else None)
            assert answer.status_code == 403, (role, method, path)
            assert "This page belongs to another role" in answer.text


def _filled(path: str) -> str:
    filled = path.format(
        code="AC1234",
        alias="Beto",
        recording_id=NOBODYS,
        report_id=NOBODYS,
        photo_id=NOBODYS,
        shift_id=NOBODYS,
        number="1",
        which=NOBODYS,
        landmark_id=NOBODYS,
        template_id=NOBODYS,
        glass_id=NOBODYS,
        alert_id=NOBODYS,
        token="t",
        topic="door",
        language="en",
        county="37063",
    )
    return f"/console{filled}"
