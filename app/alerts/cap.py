"""An alert as a CAP 1.2 document, and as an entry of an Atom feed. Pure.

OASIS Common Alerting Protocol 1.2 (CAP-v1.2-os, July 2010), section 3.2: the order of the elements is that of its schema, and a time is
written with its offset, never with Z. A correction takes an alert back, so it is a Cancel; an all-clear is an Update whose responseType is
AllClear. Nothing here names a person, and the place stands in it only where the installation allows that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from app.packs.counties import County
from app.packs.texts import Texts
from app.records.alerts import TELLING, Alert, AlertType
from app.rights.topics import Rights

CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM: Final = "http://www.w3.org/2005/Atom"
CAP_TYPE: Final = "application/cap+xml"
LOCALES: Final = {"en": "en-US", "es": "es-US"}
MESSAGE_TYPES: Final = {
    AlertType.ALERT: "Alert",
    AlertType.UPDATE: "Update",
    AlertType.CORRECTION: "Cancel",
    AlertType.ALL_CLEAR: "Update",
}
KILOMETERS_A_DEGREE: Final = 111.2
"""Of latitude; a degree of longitude is shorter everywhere but at the equator."""

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed that never had an entry was last changed: the element is required."""


@dataclass(frozen=True)
class Issuer:
    """Who publishes: the hotline's name, its address (`https://…` without a slash at the end), and what is allowed. `coarseness` in
    degrees; `exercise`: everything published is a rehearsal."""

    name: str
    url: str
    coarseness: float
    names_place: bool
    exercise: bool

    @property
    def sender(self) -> str:
        """CAP's sender: one word that only we use."""
        return self.url.partition("://")[2]


@dataclass(frozen=True)
class Published:
    """An alert that may be published: the row, those that it updates, takes back or closes (the newest first), whether somebody trained
    confirmed it from the place, and where it is (latitude, longitude; None where that is unknown)."""

    alert: Alert
    earlier: tuple[Alert, ...]
    seen_on_site: bool
    point: tuple[float, float] | None

    @property
    def sent(self) -> datetime:
        """The instant of the second signature."""
        assert self.alert.approved_at is not None  # PostgreSQL holds a CHECK on it, and only approved alerts are published
        return self.alert.approved_at


def cap_document(told: Published, county: County, issuer: Issuer, texts: Texts, rights: Rights) -> bytes:
    """The whole document, in UTF-8, with an info block for each language."""
    kind = AlertType(told.alert.type)
    root = Element("alert", xmlns=CAP)
    _put(root, "identifier", identifier(told.alert))
    _put(root, "sender", issuer.sender)
    _put(root, "sent", instant_text(told.sent))
    exercise = issuer.exercise or told.alert.exercise
    _put(root, "status", "Exercise" if exercise else "Actual")
    _put(root, "msgType", MESSAGE_TYPES[kind])
    _put(root, "scope", "Public")
    if exercise:
        _put(root, "note", "Exercise. This is a rehearsal and no real event.")
    references = [
        f"{issuer.sender},{identifier(one)},{instant_text(one.approved_at)}"
        for one in reversed(told.earlier)
        if one.approved_at
    ]
    if references:
        _put(root, "references", " ".join(references))
    for language in (one for one in texts.by_language if one not in told.alert.fallbacks):
        info = SubElement(root, "info")
        _put(info, "language", LOCALES[language])
        _put(info, "category", "Security")
        _put(info, "event", _words(texts, "feed.event", language, county))
        _put(info, "responseType", "Monitor" if kind in TELLING else "AllClear")
        _put(info, "urgency", "Immediate" if kind in TELLING else "Past")
        _put(info, "severity", "Unknown")  # a hotline says what it saw and does not grade it
        _put(info, "certainty", _certainty(kind, told))
        _put(info, "effective", instant_text(told.sent))
        _put(info, "expires", instant_text(told.alert.expires_at))
        _put(info, "senderName", issuer.name)
        _put(info, "headline", headline(told, county, issuer, texts, language))
        _put(info, "description", description(told, county, issuer, texts, language))
        if kind in TELLING:
            _put(info, "instruction", rights.line(language))
        _put(info, "web", f"{issuer.url}/feeds/alerts/{told.alert.code}.cap.xml")
        _put_area(info, told, county, issuer, language)
    return _document(root)


def atom_feed(entries: list[tuple[Published, County]], issuer: Issuer, texts: Texts, language: str = "en") -> bytes:
    """The Atom feed (RFC 4287) of what is published, the newest first; each entry links to its CAP document."""
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": LOCALES[language]})
    here = f"{issuer.url}/feeds/alerts.atom"
    _put(feed, "id", here)
    title = f"{issuer.name}: {texts.by_language[language]['feed.title']}"
    _put(feed, "title", _marked(title, texts, language, exercise=issuer.exercise))
    _put(feed, "updated", _rfc3339(max((told.sent for told, _ in entries), default=NEVER)))
    SubElement(feed, "link", rel="self", type="application/atom+xml", href=here)
    _put(SubElement(feed, "author"), "name", issuer.name)
    for told, county in entries:
        entry = SubElement(feed, "entry")
        _put(entry, "id", f"urn:uuid:{told.alert.id}")
        _put(entry, "title", headline(told, county, issuer, texts, language))
        _put(entry, "updated", _rfc3339(told.sent))
        _put(entry, "published", _rfc3339(told.sent))
        SubElement(entry, "category", term=MESSAGE_TYPES[AlertType(told.alert.type)])
        href = f"{issuer.url}/feeds/alerts/{told.alert.code}.cap.xml"
        SubElement(entry, "link", rel="alternate", type=CAP_TYPE, href=href)
        _put(entry, "summary", description(told, county, issuer, texts, language))
    return _document(feed)


def headline(told: Published, county: County, issuer: Issuer, texts: Texts, language: str) -> str:
    """One line: what, and in which county."""
    words = _words(texts, f"feed.{told.alert.type}", language, county, _code(told))
    return _marked(words, texts, language, exercise=issuer.exercise or told.alert.exercise)


def description(told: Published, county: County, issuer: Issuer, texts: Texts, language: str) -> str:
    """The words that two people signed, where the place may be named; else only the county."""
    if issuer.names_place:
        return told.alert.texts[language]
    return _words(texts, f"feed.{told.alert.type}_more", language, county, _code(told))


def identifier(of: Alert) -> str:
    """CAP's identifier: ours alone, the same for ever, without spaces."""
    return f"vigia.{of.code}"


def instant_text(instant: datetime) -> str:
    """CAP's dateTime: with an offset, and -00:00 for UTC (section 3.2.1: Z must not be used)."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S}-00:00"


def coarse(point: tuple[float, float], coarseness: float) -> tuple[float, float]:
    """The nearest point of a grid of `coarseness` degrees, as (latitude, longitude): everything of one cell looks the same."""
    latitude, longitude = (round(round(degrees / coarseness) * coarseness, 4) for degrees in point)
    return latitude, longitude


def _certainty(kind: AlertType, told: Published) -> str:
    """Observed, where somebody trained stood there; what was taken back is unknown again, whatever it may have been."""
    if kind is AlertType.CORRECTION:
        return "Unknown"
    return "Observed" if told.seen_on_site else "Likely"


def _put_area(info: Element, told: Published, county: County, issuer: Issuer, language: str) -> None:
    area = SubElement(info, "area")
    _put(area, "areaDesc", county.label(language))
    if issuer.names_place and told.point is not None:
        latitude, longitude = coarse(told.point, issuer.coarseness)
        radius = ceil(issuer.coarseness * KILOMETERS_A_DEGREE / 2**0.5 * 10) / 10  # half the diagonal: the place lies inside
        _put(area, "circle", f"{latitude},{longitude} {radius}")
    for name in ("SAME", "FIPS6"):
        geocode = SubElement(area, "geocode")
        _put(geocode, "valueName", name)
        _put(geocode, "value", f"0{county.fips}")


def _code(told: Published) -> str:
    """The code that people know it by: that of the first alert."""
    return next((one.code for one in reversed(told.earlier) if one.type == AlertType.ALERT), told.alert.code)


def _words(texts: Texts, key: str, language: str, county: County, code: str = "") -> str:
    return texts.by_language[language][key].format(name=texts.name, county=county.label(language), code=code)


def _marked(words: str, texts: Texts, language: str, *, exercise: bool) -> str:
    return f"{texts.by_language[language]['feed.exercise']} {words}" if exercise else words


def _rfc3339(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _put(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text


def _document(root: Element) -> bytes:
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written
