"""Who is on the roster: adding a person, changing what they may do, suspending them, letting them back. Aliases only; a phone number stands
sealed in its contact."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from app.core.database import Transaction
from app.core.errors import BadInput, Conflict, NotAllowed, NotFound
from app.core.languages import INTERFACE_LANGUAGES
from app.records.events import record
from app.records.phone_book import contact_for
from app.telephony.addresses import can_be_texted, canonical_number
from app.volunteers.access import end_sessions
from app.volunteers.profile import Profile, check_profile, differences, profile_of
from app.volunteers.tables import Role, Standing, Volunteer, volunteer

ALIAS: Final = re.compile(r"[^\W_][\w .'-]{0,38}[\w.]|[^\W_]")
"""What an alias may look like: up to 40 letters, digits, spaces and a few marks."""


async def add_volunteer(
    work: Transaction,
    alias: str,
    *,
    roles: Sequence[str],
    languages: Sequence[str],
    counties: Sequence[str],
    trained: bool,
    number: str | None,
    skills: Sequence[str] = (),
    by: UUID | None = None,
) -> Volunteer:
    """Put a person on the roster whom the hotline knows, as `enlist` does."""
    profile = Profile(tuple(roles), tuple(languages), tuple(counties), skills=tuple(skills), trained=trained)
    return await enlist(work, alias, profile, number=number, by=by)


async def enlist(
    work: Transaction, alias: str, profile: Profile, *, number: str | None = None, by: UUID | None = None
) -> Volunteer:
    """Put a person on the roster. `number` is their phone, sealed at once; `by` who adds them, None for the command line. Raises BadInput
    for what can't be used, Conflict for an alias or a phone that somebody has."""
    alias = " ".join(alias.split())
    if not ALIAS.fullmatch(alias):
        raise BadInput("An alias is up to 40 letters, digits, spaces, dots or dashes.")
    check_profile(profile, has_phone=bool(number and number.strip()))
    await work.lock("roster", "alias")
    if await work.first(select(volunteer.c.id).where(func.lower(volunteer.c.alias) == alias.lower())):
        raise Conflict("Somebody has this alias already. Choose another.")
    language = profile.languages[0]
    phone = await _phone(work, number, language) if number and number.strip() else None
    added = Volunteer(
        id=work.new_id(),
        alias=alias,
        **_columns(profile),
        interface_language=language if language in INTERFACE_LANGUAGES else "en",
        contact_id=phone,
        created_at=work.now,
    )
    await work.add(added)
    await record(
        work,
        "volunteer.added",
        added.id,
        actor_id=by,
        alias=alias,
        roles=list(profile.roles),
        trained=profile.trained,
        vetting=profile.vetting,
        trainee=profile.trainee,
    )
    return added


async def change_volunteer(work: Transaction, person: Volunteer, wanted: Profile, by: Volunteer) -> set[str]:
    """Change what a person may do and what is known of them; every field that differs is an act of its own in the audit chain. Returns
    their names. Raises BadInput for what nobody can be, NotAllowed for taking the role of the last administrator away."""
    was = profile_of(person)
    check_profile(wanted, has_phone=person.contact_id is not None)
    if Role.ADMIN in was.roles and Role.ADMIN not in wanted.roles:
        await _keep_an_admin(work, person)
    changed = differences(was, wanted)
    if not changed:
        return set()
    await work.execute(volunteer.update().where(volunteer.c.id == person.id).values(**_columns(wanted)))
    for name, value in _columns(wanted).items():
        setattr(person, name, value)
    for field, (before, after) in changed.items():
        told = {"was": _plain(before), "now": _plain(after)}
        await record(work, "volunteer.changed", person.id, actor_id=by.id, county=None, alias=person.alias, field=field, **told)
    return set(changed)


async def list_volunteers(work: Transaction) -> list[Volunteer]:
    """Everybody, in the order of their aliases."""
    return await work.find(Volunteer, select(volunteer).order_by(func.lower(volunteer.c.alias)))


async def get_volunteer(work: Transaction, alias: str, *, lock: bool = False) -> Volunteer:
    """The person with an alias. Raises NotFound."""
    found = await work.get(Volunteer, volunteer.c.alias == alias, lock=lock)
    if found is None:
        raise NotFound("There is nobody with this alias.")
    return found


async def suspend(work: Transaction, person: Volunteer, by: Volunteer) -> None:
    """Take every right away, at once, in every browser. Raises NotAllowed for oneself and for the last administrator."""
    if person.id == by.id:
        raise NotAllowed("You can't suspend yourself; another administrator can.")
    if Role.ADMIN in person.roles:
        await _keep_an_admin(work, person)
    await _stand(work, person, Standing.SUSPENDED)
    await end_sessions(work, person.id)
    await record(work, "volunteer.suspended", person.id, actor_id=by.id, alias=person.alias)


async def restore(work: Transaction, person: Volunteer, by: Volunteer) -> None:
    """Let a suspended person act again; they need a new link to sign in."""
    await _stand(work, person, Standing.ACTIVE)
    await record(work, "volunteer.restored", person.id, actor_id=by.id, alias=person.alias)


async def set_quiet_hours(work: Transaction, person: Volunteer, hours: tuple[int, int], zone: str) -> None:
    """From one hour until another, on clocks in `zone`, this person is not asked to go anywhere; equal hours mean no such hours."""
    begins, ends = hours if hours[0] != hours[1] else (None, None)
    values = {"quiet_from": begins, "quiet_until": ends, "quiet_zone": zone}
    await work.execute(volunteer.update().where(volunteer.c.id == person.id).values(values))
    await record(work, "volunteer.quiet_hours", person.id, actor_id=person.id, begins=begins, ends=ends)


async def set_interface_language(work: Transaction, person: Volunteer, language: str) -> None:
    """Remember the language in which a volunteer reads the console. Raises BadInput for one that it does not have."""
    if language not in INTERFACE_LANGUAGES:
        raise BadInput("The console does not have this language.")
    await work.execute(volunteer.update().where(volunteer.c.id == person.id).values(interface_language=language))
    person.interface_language = language


async def _keep_an_admin(work: Transaction, leaves: Volunteer) -> None:
    """Two who would take each other's role away in the same moment wait for each other, so that one stays."""
    await work.lock("roster", "administrators")
    stays = await work.first(
        select(volunteer.c.id).where(
            volunteer.c.id != leaves.id,
            volunteer.c.standing == Standing.ACTIVE.value,
            volunteer.c.roles.contains([Role.ADMIN.value]),
        )
    )
    if stays is None:
        raise NotAllowed("The hotline needs an administrator. Make somebody else one first.")


def _columns(profile: Profile) -> dict[str, Any]:
    return {
        field.name: list(value) if isinstance(value := getattr(profile, field.name), tuple) else value
        for field in fields(Profile)
    }


def _plain(value: Sequence[str] | str | bool) -> str | bool | list[str]:
    return value if isinstance(value, str | bool) else list(value)


async def _stand(work: Transaction, person: Volunteer, standing: Standing) -> None:
    off_duty = {"on_shift": False, "on_shift_until": None} if standing is Standing.SUSPENDED else {}
    await work.execute(volunteer.update().where(volunteer.c.id == person.id).values(standing=standing.value, **off_duty))
    person.standing = standing.value


async def _phone(work: Transaction, number: str, language: str) -> UUID:
    canonical = canonical_number(number)
    if not can_be_texted(canonical):
        raise BadInput("That is not a phone number that can be texted.")
    contact_id = await contact_for(work, canonical, language)
    if await work.first(select(volunteer.c.id).where(volunteer.c.contact_id == contact_id)):
        raise Conflict("Somebody on the roster has this phone already.")
    return contact_id
