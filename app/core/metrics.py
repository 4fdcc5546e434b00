"""What is counted. Labels are kinds and states; never a number, a name or a place."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

TEXTS_RECEIVED: Final = Counter("vigia_texts_received", "Texts that arrived", ["channel"])
TEXTS_RECOVERED: Final = Counter("vigia_texts_recovered", "Texts whose webhook never reached us, found in Twilio's log")
CALLS_RECOVERED: Final = Counter("vigia_calls_recovered", "Calls whose webhook never reached us, found in Twilio's log")
ANSWERS_RECOVERED: Final = Counter("vigia_answers_recovered", "Answers that Twilio never got and that were sent by the outbox")
LOG_LINES_UNREADABLE: Final = Counter("vigia_log_lines_unreadable", "Lines of Twilio's log that could not be taken in")
SPOOLED: Final = Counter("vigia_spooled", "Requests of Twilio's put on disk, as the database was away", ["request"])
SPOOL_REPLAYED: Final = Counter("vigia_spool_replayed", "Requests taken in again from the disk")
STOPS_NOT_ASKED: Final = Counter(
    "vigia_stops_not_asked", "Batches sent without a look at other machines' stops, as Redis was away"
)
SPOOL_WAITING: Final = Gauge("vigia_spool_waiting", "Requests that wait on disk for the database")
SPOOL_OLDEST: Final = Gauge("vigia_spool_oldest_seconds", "How long the oldest of them has waited")
SPOOL_QUARANTINED: Final = Gauge("vigia_spool_quarantined", "Files of the spool that a person must look at")
SPOOL_WRITABLE: Final = Gauge("vigia_spool_writable", "Whether a file can be put on disk (1) or not (0)")
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
