"""The hosts that links in broadcasts may lead to: an administrator's list."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.broadcasts.links import host_of
from app.core.database import Transaction
from app.core.errors import BadInput, NotAllowed
from app.records.broadcasts import allowed_host
from app.records.events import record
from app.volunteers.tables import Role, Volunteer


async def allowed_hosts(work: Transaction) -> frozenset[str]:
    """Every host of the list."""
    return frozenset((await work.execute(select(allowed_host.c.host))).scalars())


async def allow_host(work: Transaction, typed: str, by: Volunteer) -> str:
    """Put a host on the list. Returns its name. Raises NotAllowed, or BadInput for what is no host or hides where it leads."""
    _need_administrator(by)
    host = host_of(typed)
    if host is None:
        raise BadInput("Write a host such as example.org. Link shorteners can't be listed: nobody sees where they lead.")
    added = insert(allowed_host).values(host=host, added_by=by.id, added_at=work.now).on_conflict_do_nothing()
    if (await work.execute(added.returning(allowed_host.c.host))).first() is not None:
        await record(work, "host.allowed", actor_id=by.id, host=host)
    return host


async def forbid_host(work: Transaction, host: str, by: Volunteer) -> None:
    """Take a host off the list; broadcasts with links to it are held from now on. Raises NotAllowed."""
    _need_administrator(by)
    gone = allowed_host.delete().where(allowed_host.c.host == host).returning(allowed_host.c.host)
    if (await work.execute(gone)).first() is not None:
        await record(work, "host.forbidden", actor_id=by.id, host=host)


def _need_administrator(who: Volunteer) -> None:
    if Role.ADMIN not in who.roles:
        raise NotAllowed("Only administrators change the list of hosts.")
