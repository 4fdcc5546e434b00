"""County policies as they stand: the pack's, with what people of ours wrote since in their place. Every record is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.records.events import record
from app.rights.policies import PolicyFacts
from app.rights.tables import CountyPolicy, county_policy


async def current_policies(work: Transaction, pack: Sequence[PolicyFacts]) -> list[PolicyFacts]:
    """Every agency's newest record, by county and agency."""
    rows = await work.all(select(county_policy.c.facts).where(county_policy.c.superseded_at.is_(None)))
    written = [PolicyFacts.model_validate(row.facts) for row in rows]
    held = {facts.key: facts for facts in (*pack, *written)}
    return sorted(held.values(), key=lambda facts: (facts.fips, facts.agency_type != "sheriff", facts.agency))


async def write_policy(work: Transaction, facts: PolicyFacts, by: UUID | None) -> None:
    """Put a record in the place of the agency's earlier one."""
    agency = facts.agency.casefold()
    await work.lock("policy", f"{facts.fips}.{agency}")
    earlier = (county_policy.c.fips == facts.fips, county_policy.c.agency == agency, county_policy.c.superseded_at.is_(None))
    await work.execute(county_policy.update().where(*earlier).values(superseded_at=work.now))
    row = CountyPolicy(
        id=work.new_id(),
        fips=facts.fips,
        agency=agency,
        facts=facts.model_dump(mode="json"),
        recorded_at=work.now,
        recorded_by=by,
    )
    await work.add(row)
    await record(work, "policy.recorded", row.id, actor_id=by, county=facts.fips, agency=facts.agency, model=facts.model.value)


async def import_policies(work: Transaction, pack: Sequence[PolicyFacts], policies: Iterable[PolicyFacts]) -> int:
    """Write the records that differ from what stands. Returns how many."""
    standing = {facts.key: facts for facts in await current_policies(work, pack)}
    changed = [facts for facts in policies if standing.get(facts.key) != facts]
    for facts in changed:
        await write_policy(work, facts, None)
    return len(changed)
