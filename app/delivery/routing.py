"""Which line tells whom: everybody hears from the same line every time, and lines share people by how fast they are.

People are in 256 slots by their contact's id. Each slot belongs to a line, chosen so that a line which is added takes slots from all others
and one that goes gives them to all others: everybody else stays where they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from math import floor, log
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.delivery.lines import Inventory
from app.records.deliveries import delivery, line_slot
from app.records.states import DeliveryState

SLOTS: Final = 256
"""The last byte of a contact's id, which is random."""


def slots_of(paces: Mapping[str, float]) -> dict[int, str]:
    """For each slot its line, given how fast each line is. A line has its part of the slots, to within one. Pure; the same lines always
    give the same slots."""
    total = sum(paces.values())
    exact = {line: SLOTS * pace / total for line, pace in paces.items()}
    left = {line: floor(part) for line, part in exact.items()}
    for line in sorted(exact, key=lambda one: (left[one] - exact[one], one))[: SLOTS - sum(left.values())]:
        left[line] += 1
    wishes = sorted((_wish(slot, line, pace), slot, line) for slot in range(SLOTS) for line, pace in paces.items())
    slots: dict[int, str] = {}
    for _, slot, line in wishes:
        if slot not in slots and left[line]:
            slots[slot] = line
            left[line] -= 1
    return slots


async def write_slots(work: Transaction, inventory: Inventory) -> int:
    """Write down which line tells whom, and hand what waits for a line that is no more to the others. Returns how many texts that were.
    With one line there is nothing to write."""
    several = len(inventory.lines) > 1
    slots = slots_of({line.name: inventory.pace_of(line) for line in inventory.lines}) if several else {}
    await work.lock("lines", "slots")
    await work.execute(line_slot.delete())
    if slots:
        await work.execute(insert(line_slot), [{"slot": slot, "line": line} for slot, line in slots.items()])
    lines = [line.name for line in inventory.lines] if several else [""]
    theirs = select(line_slot.c.line).where(line_slot.c.slot == func.get_byte(func.uuid_send(delivery.c.contact_id), 15))
    moved = await work.execute(
        delivery.update()
        .where(delivery.c.state == DeliveryState.PENDING.value, delivery.c.line.not_in(lines))
        .values(line=func.coalesce(theirs.scalar_subquery(), ""))
        .returning(delivery.c.id)
    )
    return len(moved.all())


def _wish(slot: int, line: str, pace: float) -> float:
    """How far a slot is from a line: the least is its first wish (weighted rendezvous hashing)."""
    chance = int.from_bytes(hashlib.sha256(f"{slot} {line}".encode()).digest()[:8], "big")
    return -log((chance + 1) / (2**64 + 1)) / pace
