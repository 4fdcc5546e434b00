"""Every setting: its type, its unit and a sentence of help. `.env.example` and `docs/settings.md` are written from this file.

Settings come from the environment, then from a file `.env`. Values that would make the hotline unsafe are refused here, at the start.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SIMULATED_ACCOUNT = "ACsimulat"
"""How the account SID of a simulator begins; Twilio's own are hexadecimal after AC, so the two can't be confused."""

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def _twilio(name: str) -> AliasChoices:
    return AliasChoices(f"TWILIO_{name}", f"twilio_{name.lower()}")


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(env_prefix="VIGIA_", env_file=".env", extra="ignore", populate_by_name=True)

    database_url: str | None = Field(None, description="PostgreSQL 16 or later. Empty: an embedded server under VIGIA_DATA.")
    redis_url: str | None = Field(None, description="Redis 7 or later, or Valkey. Empty: an embedded server under VIGIA_DATA.")
    data: Path = Field(
        Path(".vigia"),
        description="Folder of the embedded servers, of sealed photos, of the spool, and of the keys that the demo makes.",
    )
    photos: str | None = Field(
        None,
        description="Bucket for sealed photos (s3://name or s3://name/folder). Empty: a folder under VIGIA_DATA that web and worker share.",
    )
    photos_endpoint: str | None = Field(None, description="Address of the S3-compatible store. Empty: Amazon's own.")
    photos_region: str = Field("us-east-1", description="Region of the bucket.")
    photos_key_id: str = Field("", description="Access key of the bucket.")
    photos_secret: SecretStr = Field(SecretStr(""), description="Secret of that access key.")
    spool: Path | None = Field(
        None,
        description="Folder on this machine's own disk for what arrives while the database is away. Empty: a folder under VIGIA_DATA.",
    )
    public_url: str = Field(
        "http://localhost:8000",
        description="The address at which Twilio and volunteers reach us. Signatures are checked against it, never against headers.",
    )
    keys: SecretStr = Field(
        SecretStr(""),
        description="Keys that seal numbers and texts: base64, newest first, with commas. `vigia keys new` makes one.",
    )
    hash_key: SecretStr = Field(
        SecretStr(""), description="Key by which phone numbers are found again: base64. It never changes once in use."
    )
    pack: str = Field("us_nc", description="The state pack: a folder of app/packs.")
    hotline_name: str = Field("Vigia", max_length=20, description="The name that texts begin with. Keep to GSM-7 letters.")
    lines: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Our own phone numbers, in E.164 form, with commas. Texts go out from the first."
    )
    whatsapp_line: str = Field(
        "", description="Number of our WhatsApp sender, in E.164 form. Empty: replies to WhatsApp that come later go by SMS."
    )
    segments_per_second: float = Field(
        1.0,
        gt=0,
        le=1000,
        description="How many SMS segments a second one line may send (Twilio: 1 for a long code, 3 toll-free).",
    )
    senders: Path | None = Field(
        None,
        description="TOML file of all our lines: numbers, Messaging Services, toll-free numbers, short codes, campaigns "
        "(docs/operating.md). Empty: the first of VIGIA_LINES alone.",
    )
    alert_lifetime: timedelta = Field(
        timedelta(hours=2), description="After this long an alert is over and unsent texts of it are dropped."
    )
    unknown_grace: timedelta = Field(
        timedelta(seconds=20),
        description="So long a text whose outcome is unknown waits for its callback before Twilio's log is asked.",
    )
    recover_every: timedelta = Field(
        timedelta(minutes=1), description="How often Twilio's log is read for texts whose webhook never reached us."
    )
    recover_grace: timedelta = Field(
        timedelta(seconds=45),
        description="So long such a text is left to Twilio's own retries before it is taken in from the log.",
    )
    feeds: bool = Field(
        True, description="Whether /feeds shows verified alerts and incidents to everyone (CAP, Atom, GeoJSON)."
    )
    feeds_delay: timedelta = Field(
        timedelta(minutes=30),
        ge=timedelta(0),
        description="So long after approval alerts come into the feeds (incidents: after confirmation). Corrections come at once.",
    )
    feeds_coarseness: float = Field(
        0.1,
        ge=0.01,
        le=1,
        description="Points in the feeds lie on a grid of so many degrees (0.1 is about 11 km, 7 miles).",
    )
    feeds_place: bool = Field(
        False,
        description="Whether alerts in the feeds carry the texted words, which name the place, and a coarse circle; else just the county.",
    )
    partners_private: bool = Field(
        False,
        description="For rehearsals: whether webhooks to partners may go to this machine and private networks, and by http.",
    )
    cover_from: int = Field(
        7, ge=0, le=23, description="The hour of the day from which every county should have somebody on duty."
    )
    cover_until: int = Field(
        22, ge=1, le=24, description="The hour of the day until which it should. With 0 before: around the clock."
    )
    session_lifetime: timedelta = Field(timedelta(hours=12), description="How long a volunteer stays signed in.")
    log_json: bool = Field(False, description="Write log lines as JSON.")
    log_level: str = Field("INFO", description="Least level that is logged.")
    metrics_token: SecretStr = Field(SecretStr(""), description="Bearer token for /metrics. Empty: only loopback may read it.")
    worker_metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of loopback on which the worker shows its own metrics. 0: nowhere."
    )
    demo: bool = Field(False, description="Whether this is a demo against the simulator. Set by `vigia demo`.")
    simulator_url: str | None = Field(None, description="Address of the simulator. Set by `vigia demo`.")

    account_sid: str = Field("", validation_alias=_twilio("ACCOUNT_SID"), description="Twilio account SID.")
    auth_token: SecretStr = Field(
        SecretStr(""),
        validation_alias=_twilio("AUTH_TOKEN"),
        description="Twilio auth token, with which Twilio signs requests.",
    )
    auth_token_next: SecretStr = Field(
        SecretStr(""),
        validation_alias=_twilio("AUTH_TOKEN_NEXT"),
        description="The second token while the first is being changed.",
    )
    api_key_sid: str = Field(
        "", validation_alias=_twilio("API_KEY_SID"), description="Twilio API key, with which the worker sends."
    )
    api_key_secret: SecretStr = Field(
        SecretStr(""),
        validation_alias=_twilio("API_KEY_SECRET"),
        description="Secret of the API key. Only the worker needs it.",
    )
    api_url: str | None = Field(
        None,
        validation_alias=_twilio("API_URL"),
        description="Twilio's REST address, where it is not the usual one (the simulator).",
    )

    @field_validator("lines", mode="before")
    @classmethod
    def _split_lines(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("public_url", "simulator_url", "api_url", "photos_endpoint", mode="after")
    @classmethod
    def _no_trailing_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else value

    @model_validator(mode="after")
    def _refuse_what_is_unsafe(self) -> Self:
        public = urlsplit(self.public_url)
        simulated = self.account_sid.startswith(SIMULATED_ACCOUNT)
        if public.scheme not in {"http", "https"} or not public.hostname:
            raise ValueError("VIGIA_PUBLIC_URL must be a whole address such as https://hotline.example.org")
        if public.scheme == "http" and public.hostname not in LOOPBACK:
            raise ValueError(
                "VIGIA_PUBLIC_URL must begin with https:// except on this machine: texts would cross the net in the clear"
            )
        if self.demo and self.account_sid and not simulated:
            raise ValueError("the demo refuses to run beside a real Twilio account: unset TWILIO_ACCOUNT_SID")
        if simulated and self.api_url is None:
            raise ValueError("a simulated account needs TWILIO_API_URL, the address of the simulator")
        if self.api_url and not simulated and urlsplit(self.api_url).hostname in LOOPBACK:
            raise ValueError("TWILIO_API_URL points to this machine, but TWILIO_ACCOUNT_SID is a real account's")
        if self.partners_private and self.account_sid and not simulated:
            raise ValueError("VIGIA_PARTNERS_PRIVATE is for rehearsals: it lets webhooks into private networks")
        if self.photos and (urlsplit(self.photos).scheme != "s3" or not urlsplit(self.photos).netloc):
            raise ValueError("VIGIA_PHOTOS must name a bucket, such as s3://vigia-photos, or be empty")
        store = urlsplit(self.photos_endpoint or "https://")
        if store.scheme != "https" and store.hostname not in LOOPBACK:
            raise ValueError("VIGIA_PHOTOS_ENDPOINT must begin with https:// except on this machine")
        if self.cover_from == self.cover_until:
            raise ValueError("VIGIA_COVER_UNTIL must differ from VIGIA_COVER_FROM; around the clock is 0 and 24")
        if self.hash_key.get_secret_value() and self.hash_key.get_secret_value() in self.keys.get_secret_value():
            raise ValueError("VIGIA_HASH_KEY must not be one of VIGIA_KEYS: it outlives them")
        return self

    @property
    def spool_folder(self) -> Path:
        """Where requests wait on disk while the database is away; web processes and worker of one machine share it."""
        return self.spool or self.data / "spool"

    @property
    def covered_hours(self) -> tuple[int, int]:
        """The hours of the day between which somebody should be on duty."""
        return self.cover_from, self.cover_until

    @property
    def rehearsing(self) -> bool:
        """Whether nobody's phone is real here: a demo, a drill, anything against the simulator. What is published says so."""
        return self.demo or self.account_sid.startswith(SIMULATED_ACCOUNT)

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """The tokens with which a request of Twilio's may be signed: one, or two while they are being changed."""
        return tuple(t.get_secret_value() for t in (self.auth_token, self.auth_token_next) if t.get_secret_value())


def environment_name(field: str) -> str:
    """The environment variable that sets `field`."""
    alias = Settings.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"VIGIA_{field.upper()}"


def shown_default(field: str) -> str:
    """The default of `field` as it would be written in the environment."""
    value = Settings.model_fields[field].default
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        return f"PT{seconds // 3600}H" if seconds % 3600 == 0 else f"PT{seconds}S"
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or value == () else str(value)


def env_example() -> str:
    """The text of `.env.example`."""
    parts = ["# Settings of Vigía. Copy to .env and fill in. Written by `make fix` from app/settings.py.\n"]
    for name, field in Settings.model_fields.items():
        parts.append(f"# {field.description}\n{environment_name(name)}={shown_default(name)}\n")
    return "\n".join(parts)


def settings_page() -> str:
    """The text of `docs/settings.md`."""
    rows = [
        f"| `{environment_name(name)}` | {shown_default(name) and f'`{shown_default(name)}`'} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    head = "# Settings\n\nWritten by `make fix` from `app/settings.py`. Durations are ISO 8601 (`PT2H` is two hours).\n"
    return "\n".join([head, "| variable | default | what it does |", "|---|---|---|", *rows, ""])
