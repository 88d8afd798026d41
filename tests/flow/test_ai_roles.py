"""Groups that hold the role for AI, over the socket: requests, what is lost, what changes, a key without the scope."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from contribaudit.core.advise.report import Report
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observed, Value
from contribaudit.core.model.snapshot import Collection, CollectionStatus
from contribaudit.simulator import Fault, Organization
from tests.administrator import set_ai_role

from .audits import of_check, simulated
from .faulty import EVERYTHING, outcomes

SCOPE = "read:groups:admin"
AI_USERS, ADMINS = "b1000000-0000-4000-8000-000000000002", "b1000000-0000-4000-8000-000000000001"
JIRA = "tidy/jira-software"


def without_the_scope(organization: Organization) -> None:
    """The key is as before, but for the scope for groups."""
    scopes = organization.key("demo-key").scopes
    assert scopes is not None
    assert SCOPE in scopes
    organization.change(organization.key("demo-key"), scopes=scopes - {SCOPE})


def roles(report: Report) -> Collection:
    """What became of the collector."""
    return next(one for one in report.collections if one.collector == "ai_roles")


def held(report: Report) -> dict[str, Value]:
    """What each group holds the role on, as far as it was read."""
    return {
        one.subject.id: one.value
        for one in report.state.everything()
        if one.setting == "group.ai_access" and isinstance(one, Observed)
    }


def test_only_groups_with_the_role_are_asked_one_request_each(tmp_path: Path) -> None:
    """One search and one request for the one group that holds it; its name is what reports call it."""
    with simulated(tmp_path) as bench:
        report = bench.audit(EVERYTHING)
        found = roles(report)
        assert (found.status, found.read, found.requests) == (CollectionStatus.OK, 1, 3)
        assert held(report) == {AI_USERS: (bench.organization.app(JIRA).id,)}
        (stranger,) = of_check(bench.audit('[[rule]]\ncheck = "AI-07"\nexpect = []\n'), "AI-07")
        assert (stranger.outcome, stranger.observed) == (Outcome.FAIL, ("ai-users",))


def test_a_key_without_the_scope_reads_all_the_rest(tmp_path: Path) -> None:
    """The exit code and every other answer stay; AI-07, GV-02 and DC-10 name the scope."""
    with simulated(tmp_path) as bench:
        bench.audit(EVERYTHING)  # some answers compare with the run before
        whole = bench.audit(EVERYTHING)
        without_the_scope(bench.organization)
        report = bench.audit(EVERYTHING)
        assert (roles(report).status, roles(report).missing_scope) == (CollectionStatus.FAILED, SCOPE)
        assert [one.collector for one in report.collections if one.code] == ["ai_roles"]
        assert report.run.exit_code == whole.run.exit_code
        before, after = outcomes(whole), outcomes(report)
        assert {row[0] for row in before.keys() | after.keys() if before.get(row) != after.get(row)} == {
            "AI-07",
            "GV-02",
        }
        for check in ("AI-07", "GV-02", "DC-10"):
            (found,) = of_check(report, check)
            assert SCOPE in found.reason
        assert report.changes == ()


def test_what_was_not_read_this_time_is_not_taken_from_the_last(tmp_path: Path) -> None:
    """A group's roles get lost: the list is whole, that group is open, and nothing has changed."""
    with simulated(tmp_path) as bench:
        bench.audit(EVERYTHING)
        bench.faults[:] = [Fault("500", "group-role-assignments")]
        report = bench.audit(EVERYTHING)
        assert (roles(report).status, roles(report).code) == (CollectionStatus.PARTIAL, "server_failed")
        assert held(report) == {}
        assert report.changes == ()


def test_a_group_that_is_given_the_role_is_a_change(tmp_path: Path) -> None:
    """The list of groups, the new one's name and what it holds; taken away again, it is in the list no more."""
    with simulated(tmp_path) as bench:
        bench.audit(EVERYTHING)
        set_ai_role(bench.organization, "org-admins", JIRA, True)
        given = bench.audit(EVERYTHING)
        assert set(held(given)) == {AI_USERS, ADMINS}
        changed = {(one.setting, one.after) for one in given.changes if one.setting.startswith(("ai.", "group."))}
        assert ("ai.access.role_groups", (ADMINS, AI_USERS)) in changed
        set_ai_role(bench.organization, "org-admins", JIRA, False)
        taken = bench.audit(EVERYTHING)
        assert set(held(taken)) == {AI_USERS}


def test_groups_on_several_pages_are_all_asked(tmp_path: Path) -> None:
    """More groups than a page and a batch hold: each once, in few requests beside."""

    def many(organization: Organization) -> None:
        first = organization.group("ai-users")
        organization.groups = [replace(first, id=f"g-{number}", name=f"group {number}") for number in range(130)]

    with simulated(tmp_path, edit=many) as bench:
        report = bench.audit('[[rule]]\ncheck = "AI-07"\n')
        found = roles(report)
        assert (found.status, found.read, found.requests) == (CollectionStatus.OK, 130, 2 + 1 + 130)
        assert len(held(report)) == 130
