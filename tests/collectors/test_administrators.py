"""Who administers the organization: by account ID and group, and never their names or mail addresses."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contribaudit.collectors import ADMINISTRATORS, AI_ROLES
from contribaudit.collectors.collect import collect_all
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.snapshot import CollectionStatus, Snapshot
from contribaudit.simulator import Fault, parse_fault
from contribaudit.simulator.values import User
from tests.flow.audits import Bench, of_check, simulated

PEOPLE, GROUPS = "organization.administrators", "organization.administrator_groups"
RULE = '[[rule]]\ncheck = "GV-02"\nexpect = ["557058:0000", "557058:0001"]\n'


def read(bench: Bench, key: str = "demo-key") -> Snapshot:
    async def run() -> Snapshot:
        async with bench.connect(key)() as client:
            return await collect_all(client, (ADMINISTRATORS, AI_ROLES))

    return asyncio.run(run())


def told(snapshot: Snapshot) -> dict[str, object]:
    return {
        one.setting: one.value if isinstance(one, Observed) else one.code
        for one in snapshot.observations
        if one.setting in (PEOPLE, GROUPS)
    }


def test_people_and_groups_that_administer(tmp_path: Path) -> None:
    """Whoever holds another role is not among them; of a person the account ID alone is kept."""
    with simulated(tmp_path) as bench:
        organization = bench.organization
        resource = f"ari:cloud:platform::org/{organization.id}"
        organization.change(organization.group("ai-users"), roles={resource: ("atlassian/org-admin",)})
        snapshot = read(bench)
        group = organization.group("ai-users").id
    assert told(snapshot) == {PEOPLE: ("557058:0000", "557058:0001"), GROUPS: (group,)}
    row = snapshot.collections[0]
    assert (row.status, row.read, row.requests, row.optional) == (CollectionStatus.OK, 2, 1, True)
    kept = b"".join(snapshot.raw.values())
    assert b"example" not in kept
    assert b"Admin" not in kept


def test_many_administrators_are_read_page_by_page(tmp_path: Path) -> None:
    with simulated(tmp_path) as bench:
        directory = bench.organization.directories[0].id
        more = [
            User(f"557058:9{number:03}", "x", "x@y.example", directory, ("atlassian/org-admin",))
            for number in range(150)
        ]
        bench.organization.users.extend(more)
        people = told(read(bench))[PEOPLE]
        assert isinstance(people, tuple)
        assert len(people) == 152


def test_nobody_at_all_is_no_answer(tmp_path: Path) -> None:
    """Every organization has an administrator, so an empty list shows that the key may not see them."""
    with simulated(tmp_path) as bench:
        bench.organization.users.clear()
        snapshot = read(bench)
        assert told(snapshot)[PEOPLE] == "empty_list"
        assert snapshot.collections[0].status is CollectionStatus.PARTIAL


@pytest.mark.parametrize(
    ("fault", "people", "groups"),
    [
        ("403-b@groups-search", ("557058:0000", "557058:0001"), None),
        ("no-id@groups-search", ("557058:0000", "557058:0001"), ()),
        ("no-id@users-search", None, ()),
        ("no-links@users-search", None, ()),
    ],
)
def test_what_was_not_read_whole_is_no_list(tmp_path: Path, fault: str, people: object, groups: object) -> None:
    with simulated(tmp_path, faults=[parse_fault(fault)]) as bench:
        found = told(snapshot := read(bench))
    assert (found.get(PEOPLE), found.get(GROUPS)) == (people, groups)
    assert {one.status for one in snapshot.collections} != {CollectionStatus.OK}


def test_a_key_that_may_not_see_them_is_told_its_scope(tmp_path: Path) -> None:
    """GV-02 is unknown with the scope; the run is complete all the same."""
    with simulated(tmp_path, faults=[Fault("403-b", "users-search")]) as bench:
        report = bench.audit(RULE)
        (finding,) = of_check(report, "GV-02")
    assert (finding.outcome.value, finding.reason_code) == ("unknown", "forbidden")
    assert "read:directories:admin" in finding.reason
    assert report.run.complete


def test_a_new_administrator_fails_the_next_run(tmp_path: Path) -> None:
    """And is a change."""
    with simulated(tmp_path) as bench:
        (before,) = of_check(bench.audit(RULE), "GV-02")
        directory = bench.organization.directories[0].id
        bench.organization.users.append(User("557058:0666", "M", "m@x.example", directory, ("atlassian/org-admin",)))
        report = bench.audit(RULE)
        (after,) = of_check(report, "GV-02")
    assert (before.outcome.value, after.outcome.value) == ("pass", "fail")
    assert "557058:0666" in after.reason
    assert PEOPLE in {change.setting for change in report.changes}
