"""Setting what goes wrong, over JSON: /simulator/api/faults."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from app.simulator.exchange import Exchange
from app.simulator.faults import Fault, Plan
from app.simulator.plans import PLANS


class PlanNamed(BaseModel):
    """A plan by its name, with the seed that its chance is drawn from (None: the one that the simulator has)."""

    model_config = ConfigDict(extra="forbid")

    plan: Literal[tuple(PLANS)] = Field()  # type: ignore[valid-type]  # the names are data
    seed: int | None = None


def control_faults(exchange: Exchange) -> APIRouter:
    """The routes of /simulator/api/faults."""
    router = APIRouter(prefix="/simulator/api/faults")

    def told() -> dict[str, Any]:
        exchange.feed.publish("faults")
        return faults_view(exchange)

    @router.get("")
    async def listed() -> dict[str, Any]:
        return faults_view(exchange)

    @router.post("", status_code=201)
    async def add(fault: Fault) -> dict[str, Any]:
        try:
            exchange.faults.add(fault)
        except ValueError as error:
            raise HTTPException(409, str(error)) from error
        return told()

    @router.put("")
    async def replace(plan: Plan | PlanNamed) -> dict[str, Any]:
        if isinstance(plan, PlanNamed):
            plan = PLANS[plan.plan].model_copy(update={"seed": plan.seed})
        exchange.faults.replace(plan)
        return told()

    @router.delete("")
    async def clear() -> dict[str, Any]:
        exchange.faults.clear()
        return told()

    @router.get("/plans")
    async def plans() -> dict[str, Plan]:
        return PLANS

    return router


def faults_view(exchange: Exchange) -> dict[str, Any]:
    """The seed, the faults that may still happen and how often each has happened."""
    return {
        "seed": exchange.faults.seed,
        "faults": [fault.model_dump(mode="json") for fault in exchange.faults.listed()],
        "happened": dict(exchange.faults.happened),
    }
