"""The page where people set what goes wrong: plans by name, single faults, and what has happened so far. Plain forms, no script."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.core.languages import INTERFACE_LANGUAGES
from app.simulator.exchange import Exchange
from app.simulator.failures import FAILURES
from app.simulator.faults import POSSIBLE, Fault
from app.simulator.pages import environment_of, language_of, remember_language
from app.simulator.plans import PLANS
from app.simulator.refusals import REFUSALS

TEMPLATE: Final = "faults.html"


def fault_pages(exchange: Exchange) -> APIRouter:
    """The routes of /simulator/faults."""
    router = APIRouter(prefix="/simulator/faults", include_in_schema=False)

    def page(request: Request, failure: str = "") -> Response:
        language = language_of(request)
        shown: dict[str, Any] = {
            "language": language,
            "languages": INTERFACE_LANGUAGES,
            "failure": failure,
            "plans": list(PLANS),
            "seed": exchange.faults.seed,
            "faults": exchange.faults.listed(),
            "happened": sorted(exchange.faults.happened.items()),
            "possible": {point: sorted(kinds) for point, kinds in POSSIBLE.items()},
            "codes": sorted(FAILURES.keys() | {code for code in REFUSALS if code >= 20429}),
            "terms": exchange.terms,
        }
        html = environment_of(language).get_template(TEMPLATE).render(shown)
        return remember_language(request, HTMLResponse(html, status_code=422 if failure else 200))

    def done() -> Response:
        exchange.feed.publish("faults")
        return RedirectResponse("/simulator/faults", 303)

    @router.get("")
    async def faults(request: Request) -> Response:
        return page(request)

    @router.post("/plan")
    async def plan(request: Request, name: Annotated[str, Form()], seed: Annotated[str, Form()] = "") -> Response:
        if name not in PLANS or not (seed == "" or seed.isdecimal()):
            return page(request, "a plan has one of the names below, a seed is a whole number")
        exchange.faults.replace(PLANS[name].model_copy(update={"seed": int(seed) if seed else None}))
        return done()

    @router.post("/clear")
    async def clear() -> Response:
        exchange.faults.clear()
        return done()

    @router.post("/add")
    async def add(
        request: Request,
        what: Annotated[str, Form()],
        share: Annotated[float, Form()] = 100.0,
        times: Annotated[str, Form()] = "",
        seconds: Annotated[float, Form()] = 0.0,
        code: Annotated[str, Form()] = "",
    ) -> Response:
        point, _, kind = what.partition(".")
        given = {
            "point": point,
            "kind": kind,
            "probability": share / 100,
            "times": times or None,
            "seconds": seconds,
            "code": code or None,
        }
        try:
            exchange.faults.add(Fault.model_validate(given))
        except ValidationError as error:
            return page(request, "; ".join(str(problem["msg"]) for problem in error.errors()))
        except ValueError as error:
            return page(request, str(error))
        return done()

    @router.post("/terms")
    async def terms(
        request: Request,
        opt_out: Annotated[Literal["default", "advanced", "off"], Form()] = "default",
        segments_per_s: Annotated[str, Form()] = "",
    ) -> Response:
        given = {**exchange.terms.model_dump(), "opt_out": opt_out, "segments_per_s": segments_per_s or None}
        try:
            exchange.terms = type(exchange.terms).model_validate(given)
        except ValidationError as error:
            return page(request, "; ".join(str(problem["msg"]) for problem in error.errors()))
        return done()

    return router
