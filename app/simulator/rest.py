"""Twilio's REST: the 2010-04-01 API, and of the newer ones Messaging Services and Lookup."""

from __future__ import annotations

from fastapi import APIRouter

from app.simulator.exchange import Exchange
from app.simulator.outbound import API_VERSION
from app.simulator.rest_calls import serve_calls
from app.simulator.rest_door import Door
from app.simulator.rest_messages import serve_messages
from app.simulator.rest_numbers import serve_numbers
from app.simulator.rest_services import serve_lookup, serve_services


def twilio_rest(exchange: Exchange) -> APIRouter:
    """All routes for the exchange's account."""
    door = Door(exchange, f"/{API_VERSION}/Accounts/{{account_sid}}")
    for serve in (serve_messages, serve_calls, serve_numbers):
        serve(door, exchange)
    newer = Door(exchange, "")
    serve_services(newer, exchange)
    serve_lookup(newer, exchange)
    everything = APIRouter()
    everything.include_router(door.router)
    everything.include_router(newer.router)
    return everything
