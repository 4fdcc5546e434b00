"""A row of the results: a value beside a baseline that was measured in the same run, their ratio, and the target."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True)
class Row:
    """One measurement. `target` is the least `ratio` (or, where there is no baseline, the least `value`) that is wanted; with `at_most`
    it is the most."""

    name: str
    value: float
    baseline: float | None
    ratio: float | None
    target: float | None
    unit: str
    note: str = ""
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none yet."""
        if self.target is None:
            return None
        reached = self.ratio if self.ratio is not None else self.value
        return reached <= self.target if self.at_most else reached >= self.target


def table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    lines = [f"{'name':<34}{'value':>12}{'baseline':>12}{'ratio':>8}{'target':>8}  met"]
    for row in rows:
        baseline = "" if row.baseline is None else f"{row.baseline:,.3g}" if row.baseline < 10 else f"{row.baseline:,.0f}"
        value = f"{row.value:,.3g}" if row.value < 10 else f"{row.value:,.0f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        target = "" if row.target is None else f"{'≤' if row.at_most else ''}{row.target:g}"
        met = {True: "yes", False: "no", None: "-"}[row.met]
        lines.append(
            f"{row.name:<34}{value:>12}{baseline:>12}{ratio:>8}{target:>8}  {met:<4}{row.unit}{f'; {row.note}' if row.note else ''}"
        )
    return "\n".join(lines)


def write(rows: Sequence[Row]) -> None:
    """Write results.json."""
    RESULTS.write_text(
        json.dumps([asdict(row) | {"met": row.met} for row in rows], indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
