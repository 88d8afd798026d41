"""Over generated organizations: what was not read, is null or is an unknown word never passes."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observation, Value
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.subject import Kind, Subject
from tests.builders import (
    ABSENT,
    RULEBOOK,
    UNREAD,
    Gone,
    app,
    evaluated,
    facts,
    policy_list,
    policy_of,
    rule,
    state_of,
)

ODD: tuple[Value | Gone, ...] = (None, UNREAD, ABSENT, "", "simulated", "EUR")
CHOICES: dict[str, tuple[Value | Gone, ...]] = {
    "type_key": ("confluence", "jira-software", "trello", "jira-admin", *ODD),
    "plan": ("Free", "Standard", "Enterprise", ("Standard", "Enterprise"), *ODD),
    "realm": ("EU", "European Union", "DE", "Global", *ODD),
    "status": ("online", "offline", *ODD),
    "move": ("applied", "applying", "scheduled", *ODD),
    "policy_realms": (("EU",), ("DE",), ("EU", "DE"), (), None, UNREAD, ABSENT),
}
APPS = st.lists(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CHOICES.items()}), max_size=4)
POLICY = policy_of(
    rule("DR-01", expect=("EU",)), rule("DR-02"), rule("DR-03"), rule("DC-06"), written_for_plan="enterprise"
)


def observations_of(apps: Sequence[dict[str, Value | Gone]]) -> list[Observation]:
    """What is said of the apps, and of the list of policies."""
    found: list[Observation] = [policy_list("p-eu")]
    for number, said in enumerate(apps):
        found += facts(app(str(number)), **said)
    return found


def outcomes(observations: Sequence[Observation], policy: AuditPolicy = POLICY) -> dict[tuple[str, Subject], Outcome]:
    """The outcome of every finding."""
    found = evaluated(state_of(*observations), policy).findings
    return {(one.check, one.subject): one.outcome for one in found}


def words_of(plan: Value | Gone) -> tuple[Value | Gone, ...]:
    """The plan's words, one or several."""
    return plan if isinstance(plan, tuple) else (plan,)


@given(APPS)
def test_a_pass_rests_on_known_words_alone(apps: list[dict[str, Value | Gone]]) -> None:
    """Each check that passes had every value that its question needs."""
    found = outcomes(observations_of(apps))
    for (check, subject), outcome in found.items():
        if outcome is not Outcome.PASS:
            continue
        if check == "DC-06":
            real = [one for one in apps if one["type_key"] not in ("jira-admin", ABSENT)]
            enterprise = [one for one in real if "Enterprise" in words_of(one["plan"])]
            assert any(one["status"] == "online" for one in enterprise)
            continue
        assert subject.kind is Kind.APP
        said = apps[int(subject.id.rpartition(":")[2])]
        if check in ("DR-01", "DR-02"):
            assert said["realm"] in ("EU", "European Union", "DE")
        if check == "DR-01":
            assert said["realm"] != "DE"
        if check == "DR-02":
            assert said["move"] == "applied"
            assert said["plan"] in ("Standard", "Enterprise", ("Standard", "Enterprise"))
            assert said["policy_realms"] == (("DE",) if said["realm"] == "DE" else ("EU",))
        if check == "DR-03":
            assert said["plan"] in ("Standard", "Enterprise")
            assert said["type_key"] in ("confluence", "jira-software")


@given(APPS, st.randoms())
def test_the_order_of_observations_says_nothing(apps: list[dict[str, Value | Gone]], random: Random) -> None:
    """Findings are the same however the answers are mixed."""
    said = observations_of(apps)
    mixed = list(said)
    random.shuffle(mixed)
    assert outcomes(mixed) == outcomes(said)


@given(APPS, st.sampled_from(["realm", "move", "plan"]), st.sampled_from(ODD))
def test_losing_a_value_never_turns_a_finding_into_a_pass(
    apps: list[dict[str, Value | Gone]], name: str, odd: Value | Gone
) -> None:
    """Whatever is taken away or made unknown, what did not pass before does not pass for it."""
    before = outcomes(observations_of(apps))
    after = outcomes(observations_of([{**one, name: odd} for one in apps]))
    passed = {key for key, outcome in after.items() if outcome is Outcome.PASS}
    assert passed <= {key for key, outcome in before.items() if outcome is Outcome.PASS} | _freed(before, name)


def _freed(before: dict[tuple[str, Subject], Outcome], name: str) -> set[tuple[str, Subject]]:
    """DR-02 rests on the plan only to say that none is possible: where that is unread, the policy itself decides."""
    if name != "plan":
        return set()
    return {key for key, outcome in before.items() if key[0] == "DR-02" and outcome is Outcome.NOT_ACHIEVABLE}


def test_the_rulebook_knows_none_of_the_odd_words() -> None:
    """Otherwise the tables above would test nothing."""
    odd = [word for word in ODD if isinstance(word, str)]
    assert not any(RULEBOOK.realm(one) or RULEBOOK.plan(one) or RULEBOOK.app(one) or RULEBOOK.move(one) for one in odd)
