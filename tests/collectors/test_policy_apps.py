"""What a policy lists that is no app of the organization anchors the organization, so that no change goes unseen."""

from __future__ import annotations

from typing import Any

import pytest

from contribaudit.collectors.policies import POLICIES
from contribaudit.collectors.policy_apps import match_listed_apps
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.core.model.observation import Observation, Observed, Unavailable, Value

from .probe import ORG, listed

APP = "ari:cloud:confluence::site/11111111-1111-4111-8111-111111111111"
SPACE = "ari:cloud:confluence:11111111-1111-4111-8111-111111111111:space/7"
AI, USE = "generative-ai", "ugc-data-use-preferences"


def policy(kind: str, *resources: tuple[str, str]) -> dict[str, Any]:
    """A policy that lists these things, each with a status."""
    entries = [{"id": identity, "applicationStatus": status} for identity, status in resources]
    return {"id": "p", "type": "policy", "attributes": {"type": kind, "status": "enabled", "resources": entries}}


def matched(*policies: dict[str, Any], total: int = 1) -> dict[tuple[str, str], Observation]:
    """What the policies say, by subject and setting, beside a list of apps that holds one and announces `total`."""
    app = {"id": APP, "type": "workspaces", "attributes": {"typeKey": "confluence"}, "relationships": {}}
    apps = listed(WORKSPACES, [app], meta={"total": total})
    said = listed(POLICIES, policies)
    by_collector = match_listed_apps((*apps.collections, *said.collections), {**apps.by_collector, **said.by_collector})
    return {(one.subject.id, one.setting): one for one in by_collector["policies"]}


def state_of(observation: Observation) -> Value:
    """The digests of a signal."""
    assert isinstance(observation, Observed)
    return observation.value


@pytest.mark.parametrize(
    "identity",
    [
        SPACE,
        "ari:cloud:platform::site/11111111-1111-4111-8111-111111111111",
        "ari:cloud:wiki::site/11111111-1111-4111-8111-111111111111",
        "11111111-1111-4111-8111-111111111111",
    ],
)
@pytest.mark.parametrize("kind", [AI, USE])
def test_what_is_no_app_moves_the_signal_of_the_organization(kind: str, identity: str) -> None:
    signal = f"signal.policy.{kind}"
    without, enabled, applying = (
        matched(policy(kind, *listing)) for listing in ((), ((identity, "enabled"),), ((identity, "applying"),))
    )
    assert len({state_of(one[ORG, signal]) for one in (without, enabled, applying)}) == 3
    assert {subject for subject, _ in enabled} == {ORG}
    assert (ORG, f"settled.{signal}") not in enabled
    assert (ORG, f"settled.{signal}") in applying


def test_an_app_under_data_contribution_moves_the_signal_of_the_organization() -> None:
    """Every setting there is the organization's, and what the policy lists may be its include list."""
    signal = f"signal.policy.{USE}"
    assert state_of(matched(policy(USE))[ORG, signal]) != state_of(matched(policy(USE, (APP, "applied")))[ORG, signal])


@pytest.mark.parametrize("spelling", [APP.upper(), f" {APP}"])
def test_an_app_in_another_spelling_is_the_app_of_the_list(spelling: str) -> None:
    residency = policy("data-residency", (spelling, "applied"))
    residency["attributes"]["rule"] = {"in": ["EU"]}
    seen = matched(policy(AI, (spelling, "enabled")), residency | {"id": "q"})
    usual = matched(policy(AI, (APP, "enabled")), residency | {"id": "q"})
    assert isinstance(seen[APP, "residency.move"], Observed)
    assert {subject for subject, _ in seen} == {ORG, APP}
    assert state_of(seen[ORG, f"signal.policy.{AI}"]) == state_of(usual[ORG, f"signal.policy.{AI}"])


def test_an_app_in_two_spellings_has_the_state_of_both() -> None:
    once = matched(policy(AI, (APP, "enabled")))
    twice = matched(policy(AI, (APP, "enabled"), (APP.upper(), "disabled")))
    state = state_of(twice[APP, f"signal.policy.{AI}"])
    assert isinstance(state, tuple)
    assert len(state) == 2
    assert state != state_of(once[APP, f"signal.policy.{AI}"])


def test_where_the_list_of_apps_is_incomplete_nobody_knows_what_the_signal_covers() -> None:
    """The signal is then unread rather than moved, since a moved one would stay stale after the next run."""
    seen = matched(policy(AI, (SPACE, "enabled")), total=2)[ORG, f"signal.policy.{AI}"]
    assert isinstance(seen, Unavailable)
    assert seen.code == "apps_unread"
    assert isinstance(matched(policy(AI, (APP, "enabled")), total=2)[ORG, f"signal.policy.{AI}"], Observed)
