"""Our lines: what is unsafe is refused by name, and a campaign's pace binds its numbers together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from app.assembly import build_inventory
from app.core.errors import NotConfigured
from app.delivery.lines import Inventory, Kind, carriers, load_inventory
from app.settings import Settings

SERVICE = "MG0123456789abcdef0123456789abcdef"
CAMPAIGN = {"name": "alerts", "class": "standard_low"}
LONG = {"name": "main", "kind": "long_code", "number": "+19195550100", "campaign": "alerts"}
FREE = {"name": "free", "kind": "toll_free", "number": "+18885550100", "verified": True}
SHORT = {"name": "short", "kind": "short_code", "number": "55501"}

FILE = """
[[campaign]]
name = "alerts"
class = "standard_low"

[[line]]
name = "main"
kind = "long_code"
number = "+19195550100"
campaign = "alerts"
"""


def inventory(*lines: dict[str, Any], campaigns: tuple[dict[str, Any], ...] = (CAMPAIGN,)) -> Inventory:
    return Inventory.model_validate({"line": list(lines), "campaign": list(campaigns)})


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (LONG | {"campaign": None}, "30034"),
        (LONG | {"campaign": "other"}, "no campaign is called other"),
        (LONG | {"number": ""}, "a number or a service"),
        (LONG | {"service": SERVICE}, "not both"),
        (LONG | {"numbers": 5}, "belong into a service"),
        (LONG | {"number": "55501"}, "begins with"),
        (LONG | {"number": "0919555"}, "pattern"),
        (LONG | {"name": "9195550100"}, "pattern"),
        (LONG | {"name": "line9195550100"}, "pattern"),
        (LONG | {"segments_per_second": 75}, "carriers let 1 of that kind send 10"),
        (LONG | {"kind": "plain"}, "kind must be one of"),
        (LONG | {"speed": 5}, "Extra inputs"),
        (FREE | {"verified": False}, "30032"),
        (FREE | {"campaign": "alerts"}, "only long codes"),
        (SHORT | {"number": "+19195550100"}, "5 or 6 digits"),
    ],
)
def test_a_line_that_carriers_would_not_take_is_refused_and_the_reason_said(line: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        inventory(line)


def test_lines_and_campaigns_are_told_apart_by_name_and_number() -> None:
    with pytest.raises(ValidationError, match="same name"):
        inventory(LONG, LONG | {"number": "+17045550100"})
    with pytest.raises(ValidationError, match="same number"):
        inventory(LONG, LONG | {"name": "other"})
    with pytest.raises(ValidationError, match="class must be one of"):
        inventory(LONG, campaigns=({"name": "alerts", "class": "gold"},))
    with pytest.raises(ValidationError, match="one T-Mobile allowance"):
        inventory(LONG, campaigns=(CAMPAIGN, {"name": "news", "class": "standard_mid"}))
    with pytest.raises(ValidationError, match="at least 1"):
        inventory()


def test_numbers_of_one_campaign_share_its_pace_in_proportion_and_others_add_to_it() -> None:
    many = inventory(LONG, LONG | {"name": "pool", "number": "", "service": SERVICE, "numbers": 7}, FREE, SHORT)

    paces = {line.name: many.pace_of(line) for line in many.lines}

    assert paces == pytest.approx({"main": 0.5, "pool": 3.5, "free": 3.0, "short": 100.0})
    assert many.pace == pytest.approx(107.0)
    [(brand, allowed, part)] = many.brands()
    assert (brand, allowed) == ("brand", 10_000)
    assert part == pytest.approx(4 / 107)


def test_what_a_file_says_of_a_campaign_overrides_its_class() -> None:
    own = inventory(LONG, campaigns=(CAMPAIGN | {"att_per_minute": 30, "tmobile_per_day": 500},))

    assert own.pace == pytest.approx(0.5)
    assert list(own.brands()) == [("brand", 500, 1.0)]


def test_a_file_that_is_wrong_says_where(tmp_path: Path) -> None:
    file = tmp_path / "senders.toml"
    with pytest.raises(NotConfigured, match="can't be read"):
        load_inventory(file)
    file.write_text("[[line", encoding="utf-8")
    with pytest.raises(NotConfigured, match="not TOML"):
        load_inventory(file)
    file.write_text(FILE.replace('campaign = "alerts"', ""), encoding="utf-8")
    with pytest.raises(NotConfigured, match=r"line\.0: .*30034"):
        load_inventory(file)


def test_the_numbers_of_the_file_must_be_ours(tmp_path: Path) -> None:
    file = tmp_path / "senders.toml"
    file.write_text(FILE, encoding="utf-8")
    ours = Settings(_env_file=None, senders=file, lines=("+19195550100",), auth_token=SecretStr("t"))

    assert [line.name for line in build_inventory(ours).lines] == ["main"]
    with pytest.raises(NotConfigured, match="the numbers of main are not in VIGIA_LINES"):
        build_inventory(ours.model_copy(update={"lines": ("+17045550188",)}))


def test_without_a_file_there_is_one_line_at_the_pace_of_the_settings() -> None:
    [line] = build_inventory(Settings(_env_file=None, segments_per_second=7, lines=("+19195550100",))).lines

    assert (line.name, line.kind, line.number, line.pace) == ("main", Kind.PLAIN, "+19195550100", 7.0)


def test_the_table_of_carriers_is_whole() -> None:
    table = carriers()

    assert set(table.kinds) == set(Kind) - {Kind.PLAIN}
    assert sum(table.shares.values()) == pytest.approx(1.0)
    assert set(table.prices) == {"segment", *table.shares}
    assert 0.008 < table.dollars_a_segment < 0.02
