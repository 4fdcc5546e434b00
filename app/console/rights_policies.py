"""County policies: what each agency does with ICE, since when, says who; searched, and written anew by a person with a source."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from app.console.access import Organizer, SignedIn
from app.console.flash import go
from app.console.rendering import render
from app.core.errors import BadInput, NotFound
from app.core.requests import Work
from app.pipeline import Hotline
from app.rights.policies import AgencyType, Detainers, Model, PolicyFacts, write_policies
from app.rights.policy_records import current_policies, write_policy

router = APIRouter(prefix="/policies")

PATH: Final = "/console/policies"


class Written(BaseModel):
    """The form; an empty date is none."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    agency: str = ""
    agency_type: str = ""
    model: str = ""
    detainers: str = ""
    signed_on: str = ""
    ended_on: str = ""
    source: str = ""
    as_of: str = ""
    stands_until: str = ""
    note: str = ""


@router.get("")
async def policies(
    request: Request, work: Work, _viewer: SignedIn, q: Annotated[str, Query(max_length=60)] = "", county: str = ""
) -> Response:
    """Every agency's record whose county, agency or model is searched for; with `county` and `q` of one agency, the form that writes it."""
    hotline = request.state.hotline
    everything = await current_policies(work, hotline.rights.policies)
    sought = q.casefold().split()
    listed = [facts for facts in everything if facts.fips in hotline.counties and _matches(hotline, facts, sought)]
    changing = next((facts for facts in listed if facts.fips == county), None)
    return render(
        request,
        "policies.html",
        policies=listed[:1] if changing else listed,
        known=sum(facts.model is not Model.UNKNOWN for facts in everything),
        everything=len(everything),
        changing=changing,
        q=q,
        today=work.now.date(),
        agency_types=list(AgencyType),
        models=list(Model),
        detainers=list(Detainers),
        counties=hotline.counties,
    )


@router.get("/export.csv")
async def export(request: Request, work: Work, _viewer: SignedIn) -> Response:
    """Every record as a CSV file, as `vigia policies import` reads it."""
    text = write_policies(await current_policies(work, request.state.hotline.rights.policies))
    headers = {"content-disposition": 'attachment; filename="policies.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/{county}")
async def write(request: Request, work: Work, viewer: Organizer, county: str, written: Annotated[Written, Form()]) -> Response:
    """Write an agency's record anew, under the viewer's name. The earlier one is kept."""
    if county not in request.state.hotline.counties:
        raise NotFound("There is no such county.")
    try:
        facts = PolicyFacts.model_validate(written.model_dump() | {"fips": county, "reviewed_by": viewer.alias})
    except ValidationError as error:
        raise BadInput("An agency, a source and the day it was true are needed; dates must be in order.") from error
    if facts.as_of > work.now.date():
        raise BadInput("The day it was true can't be in the future.")
    await write_policy(work, facts, viewer.id)
    return go(f"{PATH}?q={facts.fips}", "policy_written", place=facts.agency)


def _matches(hotline: Hotline, facts: PolicyFacts, sought: list[str]) -> bool:
    name = hotline.counties.by_fips(facts.fips).name
    words = f"{name} {facts.fips} {facts.agency} {facts.model}".casefold()
    return all(part in words for part in sought)
