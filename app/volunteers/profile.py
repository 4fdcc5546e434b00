"""What a volunteer may do and what is known of them: one record that a form fills, checked as a whole. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from app.core.errors import BadInput
from app.volunteers.tables import Role, Vetting, Volunteer

ZONE: Final = re.compile(r"[^\W_][\w .'-]{0,38}[\w.]")
"""What the name of a town or of a part of one may look like."""

MOST_ZONES: Final = 12

ASK_TO_BE_KNOWN: Final = frozenset({Role.ADMIN, Role.ORGANIZER, Role.LEAD})
"""Roles that nobody new is given: they sign, lead or administer."""

NOT_ALONE: Final = frozenset({Role.ADMIN, Role.LEAD, Role.BACKUP})
"""Roles that are counted on alone, so not a trainee's."""


@dataclass(frozen=True)
class Profile:
    """What an administrator decides about a person. `counties` are FIPS codes, empty for every county; `skills` empty for every work."""

    roles: tuple[str, ...]
    languages: tuple[str, ...]
    counties: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    drives: bool = False
    trained: bool = False
    vetting: str = Vetting.KNOWN.value
    trainee: bool = False


def profile_of(person: Volunteer) -> Profile:
    """The profile that a person has."""
    return Profile(
        tuple(person.roles),
        tuple(person.languages),
        tuple(person.counties),
        tuple(person.zones),
        tuple(person.skills),
        person.drives,
        person.trained,
        person.vetting,
        person.trainee,
    )


def check_profile(wanted: Profile, *, has_phone: bool) -> None:
    """Raises BadInput for what nobody can be."""
    if not wanted.roles or set(wanted.roles) - set(Role):
        raise BadInput("Choose at least one role.")
    if {Role.BACKUP, Role.LEAD} & set(wanted.roles) and Role.DISPATCHER not in wanted.roles:
        raise BadInput("A lead, and who is on backup, must be a dispatcher too.")
    if not wanted.languages:
        raise BadInput("Choose at least one language.")
    if Role.VERIFIER in wanted.roles and not has_phone:
        raise BadInput("A verifier needs a phone that can be texted.")
    if wanted.vetting == Vetting.NEW and ASK_TO_BE_KNOWN & set(wanted.roles):
        raise BadInput("Nobody new can be a lead, an organizer or an administrator yet.")
    if wanted.trainee and NOT_ALONE & set(wanted.roles):
        raise BadInput("A trainee can't be a lead, on backup or an administrator: nobody is there to help them.")


def read_zones(words: str) -> tuple[str, ...]:
    """The zones of a line with commas, each once. Raises BadInput for what is no name of a place, or too many."""
    zones = tuple(dict.fromkeys(" ".join(zone.split()) for zone in words.split(",") if zone.strip()))
    if len(zones) > MOST_ZONES or not all(ZONE.fullmatch(zone) for zone in zones):
        raise BadInput("Write up to twelve towns or parts of towns, with commas between them.")
    return zones


def differences(was: Profile, then: Profile) -> dict[str, tuple[Sequence[str] | str | bool, Sequence[str] | str | bool]]:
    """The fields in which two profiles differ, each with both values."""
    return {
        field.name: (getattr(was, field.name), getattr(then, field.name))
        for field in fields(Profile)
        if getattr(was, field.name) != getattr(then, field.name)
    }
