"""What Twilio posts to us, as schema classes: nothing that came over the wire goes further without passing one of these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from app.core.errors import BadInput
from app.telephony.addresses import WHATSAPP_PREFIX, Channel

Sid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}[0-9A-Za-z]{8,62}$")]
"""SM…, MM…, CA…, RE… and whatever Twilio thinks of next: two letters and letters or digits. A real person is never refused for a SID."""

Address = Annotated[str, StringConstraints(min_length=1, max_length=320)]


class TwilioForm(BaseModel):
    """Common to all: unknown fields are ignored, and text is taken as it is."""

    model_config = ConfigDict(extra="ignore", frozen=True)


MOST_MEDIA: Final = 10
"""A message carries at most ten files (twilio.com, "Media subresource")."""

MEDIA_PATH: Final = re.compile(r"/2010-04-01/Accounts/AC\w{1,62}/Messages/\w{2,64}/Media/(ME\w{8,62})(?:$|[?#])")
"""How Twilio's address of a file ends, whatever host it names: of all of it only the file's SID is used."""


NOT_IN_A_TYPE: Final = re.compile(r"[^a-z0-9!#$&^_.+/-]")
"""What no name of a media type holds (RFC 6838, section 4.2)."""


class Attachment(BaseModel):
    """A file that came with a text: Twilio's SID of it (empty when its address is none of Twilio's), and what it is said to be."""

    model_config = ConfigDict(frozen=True)

    sid: str
    declared_type: str


class TextForm(TwilioForm):
    """An inbound SMS, MMS or WhatsApp message. Who somebody is on WhatsApp (ProfileName) is not read, so it can't be kept."""

    sid: Sid = Field(validation_alias="MessageSid")
    sender: Address = Field(validation_alias="From")
    line: Address = Field(validation_alias="To")
    body: str = Field("", validation_alias="Body")
    media_count: int = Field(0, ge=0, le=100, validation_alias="NumMedia")
    opt_out_type: str = Field("", validation_alias="OptOutType")
    latitude: float | None = Field(None, ge=-90, le=90, validation_alias="Latitude")
    longitude: float | None = Field(None, ge=-180, le=180, validation_alias="Longitude")
    place_name: str = Field("", validation_alias="Label")
    place_address: str = Field("", validation_alias="Address")
    media: tuple[Attachment, ...] = Field((), validation_alias="media")

    @model_validator(mode="before")
    @classmethod
    def _gather_media(cls, fields: Any) -> Any:
        """MediaUrl0, MediaContentType0, MediaUrl1 … as one tuple."""
        found = []
        for number in range(MOST_MEDIA):
            url = str(fields.get(f"MediaUrl{number}") or "")
            if url:
                known = MEDIA_PATH.search(url)
                declared = str(fields.get(f"MediaContentType{number}") or "").lower().partition(";")[0]
                found.append(Attachment(sid=known[1] if known else "", declared_type=NOT_IN_A_TYPE.sub("", declared)[:64]))
        return {**fields, "media": tuple(found)}

    @field_validator("media_count", "latitude", "longitude", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("media_count", mode="before")
    @classmethod
    def _none_is_zero(cls, value: object) -> object:
        return value or 0

    @property
    def words(self) -> str:
        """What it says: the text, and the coordinates and names of a pin that was sent along."""
        if self.latitude is None or self.longitude is None:
            return self.body
        pin = (self.place_name, self.place_address, f"{self.latitude:.5f}, {self.longitude:.5f}")
        return "\n".join(dict.fromkeys(part for part in (self.body, *pin) if part))

    @property
    def is_picture_or_pin(self) -> bool:
        """Whether it is a photo or a place with no words beside it."""
        return not self.body.strip() and (self.media_count > 0 or self.latitude is not None)

    @property
    def channel(self) -> Channel:
        """How it came."""
        if self.sender.startswith(WHATSAPP_PREFIX):
            return Channel.WHATSAPP
        return Channel.MMS if self.media_count else Channel.SMS


class StatusForm(TwilioForm):
    """What became of a text that we sent."""

    sid: Sid = Field(validation_alias="MessageSid")
    status: str = Field(validation_alias="MessageStatus", max_length=32)
    error_code: int | None = Field(None, validation_alias="ErrorCode")

    @field_validator("error_code", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        return None if value == "" else value


class CallForm(TwilioForm):
    """A step of a call: its start, a key pressed, words spoken, a recording made, its end."""

    sid: Sid = Field(validation_alias="CallSid")
    caller: Address = Field("anonymous", validation_alias="From")
    line: Address = Field("", validation_alias="To")
    status: str = Field("", validation_alias="CallStatus", max_length=32)
    digits: str = Field("", validation_alias="Digits", max_length=64)
    speech: str = Field("", validation_alias="SpeechResult")
    recording_sid: str = Field("", validation_alias="RecordingSid", max_length=64)
    recording_url: str = Field("", validation_alias="RecordingUrl", max_length=2000)
    recording_seconds: int = Field(0, ge=0, validation_alias="RecordingDuration")
    recording_status: str = Field("", validation_alias="RecordingStatus", max_length=32)

    @field_validator("recording_seconds", mode="before")
    @classmethod
    def _empty_is_zero(cls, value: object) -> object:
        return value or 0


Form = TypeVar("Form", bound=TwilioForm)


def read_form(schema: type[Form], fields: Mapping[str, object]) -> Form:
    """`fields` as a `schema`. Raises BadInput that names the fields that are missing or wrong, and never their values."""
    try:
        return schema.model_validate(dict(fields))
    except ValidationError as error:
        wrong = sorted({str(problem["loc"][0]) for problem in error.errors(include_input=False, include_url=False)})
        raise BadInput(f"missing or malformed: {', '.join(wrong)}") from None
