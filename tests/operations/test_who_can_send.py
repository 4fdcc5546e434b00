"""The credentials to send live in the worker alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.assembly import build_carrier
from app.core.errors import NotConfigured
from app.main import web_settings
from app.operations import demo, up
from app.operations.supervise import Process
from app.settings import Settings
from tests.conftest import HOTLINE_NUMBER

SECRET = "the secret that can send"
WORKERS = {
    "VIGIA_LINES": HOTLINE_NUMBER,
    "TWILIO_ACCOUNT_SID": "ACsimulator0000000000000000000000a",
    "TWILIO_AUTH_TOKEN": "a token of the simulator",
    "TWILIO_API_KEY_SID": "SKsimulator0000000000000000000000a",
    "TWILIO_API_KEY_SECRET": SECRET,
    "TWILIO_API_URL": "http://localhost:1",
}


@pytest.mark.parametrize(
    "processes",
    [
        up.processes(WORKERS, 8000),
        demo._processes(WORKERS, 8000, 8001, "http://localhost:8000", "http://localhost:8001", {}, 0),
    ],
    ids=["up", "demo"],
)
def test_the_web_is_started_without_the_secret(processes: list[Process]) -> None:
    environments = {process.name: process.environment for process in processes}

    assert environments["worker"]["TWILIO_API_KEY_SECRET"] == SECRET
    assert environments["web"]["TWILIO_API_KEY_SECRET"] == ""
    assert SECRET not in str(environments["web"])


@pytest.mark.parametrize("from_file", [True, False])
def test_a_web_that_is_given_the_secret_forgets_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, from_file: bool) -> None:
    monkeypatch.chdir(tmp_path)
    if from_file:
        Path(".env").write_text("\n".join(f"{name}={value}" for name, value in WORKERS.items()), encoding="utf-8")
    else:
        for name, value in WORKERS.items():
            monkeypatch.setenv(name, value)
    assert Settings().api_key_secret.get_secret_value() == SECRET

    settings = web_settings()

    assert settings.account_sid == WORKERS["TWILIO_ACCOUNT_SID"]
    assert settings.api_key_secret.get_secret_value() == ""
    assert Settings().api_key_secret.get_secret_value() == (SECRET if from_file else "")
    with pytest.raises(NotConfigured, match="TWILIO_API_KEY_SECRET"):
        build_carrier(settings)
