"""Why a text is still waiting: one answer for pages and people, from what is written in its row and how things stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from app.core.database import Transaction
from app.delivery.allowance import is_for_safety_only
from app.delivery.lines import Inventory
from app.records.deliveries import Lane, Waits

WORDS: Final = {
    Waits.HALTED: ("All texts are halted. An organizer lets them go again.", "Todo está detenido. Un organizador lo reanuda."),
    Waits.MESSAGE_HELD: ("Somebody holds this message back.", "Alguien detuvo este mensaje."),
    Waits.LANE_STOPPED: (
        "Carriers took texts like this for spam. A person must look.",
        "Las operadoras lo tomaron por spam. Una persona debe mirar.",
    ),
    Waits.PAUSED: (
        "Twilio takes nothing from us just now. We try again by ourselves.",
        "Twilio no acepta nada ahora. Probamos de nuevo.",
    ),
    Waits.PROTECTED: ("The person got enough texts for now.", "La persona ya recibió bastantes mensajes por ahora."),
    Waits.STOP: (
        "A stop of this person waits to be read. Nothing is sent until it has been.",
        "Hay un mensaje de esta persona para dejar de recibir, y falta leerlo. No se envía nada hasta entonces.",
    ),
    Waits.NIGHT: ("It waits for the morning.", "Espera a la mañana."),
    Waits.AGAIN: ("It was tried and is tried again later.", "Se intentó y se intentará de nuevo."),
    Waits.ALLOWANCE: (
        "What carriers take today is kept for alerts.",
        "Lo que las operadoras aceptan hoy se guarda para las alertas.",
    ),
    Waits.BEHIND: ("More urgent texts go first.", "Primero van mensajes más urgentes."),
    Waits.PACE: ("Carriers take only so many a second.", "Las operadoras aceptan solo tantos por segundo."),
    Waits.SENDING: ("It is being sent.", "Se está enviando."),
    Waits.ASKING: (
        "No answer came from Twilio. Its log is asked before anything is sent twice.",
        "Twilio no respondió. Se consulta su registro para no enviar dos veces.",
    ),
}
"""In English and in Spanish."""

WHY = text(f"""
    WITH theirs AS (
        SELECT d.* FROM delivery d JOIN outgoing_message m ON m.id = d.message_id
        WHERE m.about_id = :about AND m.purpose = :purpose AND d.state IN ('pending', 'sending', 'unknown')
    ), lines AS (SELECT DISTINCT line FROM theirs), urgent AS (
        SELECT line, (
            SELECT o.lane FROM delivery o WHERE o.state = 'pending' AND o.not_before IS NULL AND o.line = lines.line
            ORDER BY o.lane LIMIT 1) AS lane
        FROM lines
    ), told AS (
        SELECT CASE WHEN d.not_before > :now THEN d.not_before END AS until, CASE
            WHEN d.state = 'sending' THEN '{Waits.SENDING.value}'
            WHEN d.state = 'unknown' THEN '{Waits.ASKING.value}'
            WHEN s.halted THEN '{Waits.HALTED.value}'
            WHEN m.paused_at IS NOT NULL THEN '{Waits.MESSAGE_HELD.value}'
            WHEN d.lane IN (SELECT lane FROM lane_halt) THEN '{Waits.LANE_STOPPED.value}'
            WHEN d.not_before > :now AND d.reason = '{Waits.PROTECTED.value}' THEN '{Waits.PROTECTED.value}'
            WHEN d.not_before > :now AND d.reason = '{Waits.STOP.value}' THEN '{Waits.STOP.value}'
            WHEN d.not_before > :now AND d.attempts > 0 THEN '{Waits.AGAIN.value}'
            WHEN d.not_before > :now THEN '{Waits.NIGHT.value}'
            WHEN s.paused_until > :now THEN '{Waits.PAUSED.value}'
            WHEN d.lane > {Lane.CORRECTION.value} AND d.line = ANY(CAST(:used_up AS text[])) THEN '{Waits.ALLOWANCE.value}'
            WHEN d.lane > u.lane THEN '{Waits.BEHIND.value}'
            ELSE '{Waits.PACE.value}' END AS why
        FROM theirs d JOIN outgoing_message m ON m.id = d.message_id JOIN outbound_switch s ON s.id = 1
            LEFT JOIN urgent u ON u.line = d.line
    )
    SELECT why, count(*) AS texts, min(until) AS until FROM told GROUP BY why ORDER BY texts DESC, why
""")  # noqa: S608  # built from constants


@dataclass(frozen=True)
class Waiting:
    """So many texts wait for one reason. Where it ends by itself at a known time, `until` is when the first of them goes on."""

    why: Waits
    texts: int
    until: datetime | None

    def words(self, language: str) -> str:
        """The reason for people, in Spanish or else in English."""
        return WORDS[self.why][language == "es"]


async def why_waiting(work: Transaction, about_id: UUID, purpose: str, inventory: Inventory | None = None) -> Sequence[Waiting]:
    """Why the texts about a record that have not gone yet still wait, most texts first; empty when none does. With the inventory of our
    lines also what keeps to a brand's allowance for the day."""
    used_up = await _used_up(work, inventory) if inventory else []
    rows = await work.execute(WHY, {"about": about_id, "purpose": purpose, "now": work.now, "used_up": used_up})
    return [Waiting(Waits(row.why), row.texts, row.until) for row in rows]


async def _used_up(work: Transaction, inventory: Inventory) -> list[str]:
    """The lines whose brands keep what is left of their day for what can't wait, by the names that stand in the outbox."""
    brands = [(line, campaign) for line in inventory.lines if (campaign := inventory.campaign_of(line)) is not None]
    return [
        line.name if len(inventory.lines) > 1 else ""
        for line, campaign in brands
        if await is_for_safety_only(work, campaign.brand, campaign.tmobile_per_day)
    ]
