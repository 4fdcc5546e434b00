"""What is counted. Labels are kinds and states; never a number, a name or a place."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

TEXTS_RECEIVED: Final = Counter("vigia_texts_received", "Texts that arrived", ["channel"])
TEXTS_RECOVERED: Final = Counter("vigia_texts_recovered", "Texts whose webhook never reached us, found in Twilio's log")
SECONDS_TO_ANSWER: Final = Histogram(
    "vigia_seconds_to_answer",
    "From a text's arrival to its committed answer",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
OUTBOX_WAITING: Final = Gauge("vigia_outbox_waiting", "Texts that wait to be sent", ["lane"])
TASKS_OPEN: Final = Gauge("vigia_tasks_open", "Tasks by state", ["state"])
LEASES_ENDED: Final = Counter("vigia_leases_ended", "Claims that ended because the volunteer went silent")
SILENT_REPORTS: Final = Counter(
    "vigia_silent_reports", "Reports given to volunteers without a place, as the sender went silent"
)
COUNTS_THAT_DIFFER: Final = Gauge("vigia_messages_that_do_not_add_up", "Messages whose recipients are not all accounted for")
DOUBTS_SETTLED: Final = Counter("vigia_doubts_settled", "Texts of unknown outcome that were looked up in Twilio's log")
LINE_PAUSED: Final = Gauge("vigia_line_paused", "1 while Twilio or the carriers refuse our account or number")
LANES_STOPPED: Final = Gauge("vigia_lanes_stopped", "Lanes that the circuit breaker stopped; a person lets them go again")
TEXTS_REFUSED: Final = Counter("vigia_texts_refused", "Texts that Twilio or a carrier refused", ["kind"])
