"""What comes after the apps of today: new apps (DR-05), and Marketplace apps inside them (DR-07, DR-08)."""

from __future__ import annotations

from contribaudit.catalogue.data_residency import DEFAULT_REALM, MARKETPLACE_UNPINNED
from contribaudit.checks.data_residency.pinning import may_have_residency
from contribaudit.checks.parts import evidence_of, none_among_apps, not_verifiable, unread
from contribaudit.checks.reading import ATTESTED, beyond, fragile_in_trial, list_of, unless_no_screen
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind


def default_realm(case: Case) -> Verdict:
    """DR-05: a new app starts in a realm of the rule's `expect`. Apps that exist stay where they are: DR-01."""
    wanted = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    allowed = case.state.rulebook.realm_codes(wanted)
    setting = DEFAULT_REALM.id
    if not allowed:
        reason = "the policy names no realm: set expect in its rule"
        return Verdict(Outcome.UNKNOWN, "policy_names_no_realm", reason, setting)
    seen = case.state.read(case.subject, setting)
    if not isinstance(seen, Observed) or not isinstance(seen.value, str):
        return unread(seen, wanted)
    evidence = evidence_of(seen)
    realm = case.state.rulebook.realm(seen.value)
    if realm is None:
        reason = f"the rulebook does not know the realm {seen.value!r}"
        return Verdict(Outcome.UNKNOWN, "unknown_realm", reason, setting, wanted, seen.value, evidence)
    met = realm.code in allowed
    reason = f"new apps start in {realm.code} ({realm.title})"
    reason += "" if met else f", the policy allows {', '.join(sorted(allowed))}"
    outcome, code = (Outcome.PASS, "realm_allowed") if met else (Outcome.FAIL, "realm_not_allowed")
    return Verdict(outcome, code, reason, setting, wanted, realm.code, evidence)


def marketplace_apps(case: Case) -> Verdict:
    """DR-07: every Marketplace app in the app is shown as Pinned, but those that the rule's `expect` accepts."""
    accepted = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    setting = MARKETPLACE_UNPINNED
    unpinned = list_of(case.state, case.subject, setting, accepted)
    if isinstance(unpinned, Verdict):
        return unless_no_screen(case, setting, unpinned)
    evidence = evidence_of(case.state.read(case.subject, setting.id))
    strangers = beyond(case, unpinned, accepted)
    if strangers:
        reason = f"Marketplace apps that are not pinned: {', '.join(strangers)}"
        return Verdict(Outcome.FAIL, "marketplace_app_unpinned", reason, setting.id, accepted, unpinned, evidence)
    what = "every Marketplace app that is not pinned is accepted" if unpinned else "every Marketplace app is pinned"
    return Verdict(Outcome.PASS, "marketplace_apps_held", what, setting.id, accepted, unpinned, evidence)


DR_05 = Check(
    id="DR-05",
    family=Family.DATA_RESIDENCY,
    kind=Kind.ORGANIZATION,
    reads=(DEFAULT_REALM.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(default_realm),
    expectation=Expectation(Shape.WORDS, "realms"),
)
DR_07 = Check(
    id="DR-07",
    family=Family.DATA_RESIDENCY,
    kind=Kind.APP,
    reads=(MARKETPLACE_UNPINNED.id, names.APP_TYPE_KEY),
    outcomes=ATTESTED | {Outcome.NO_SUCH_SETTING},
    judge=fragile_in_trial(marketplace_apps),
    applies=may_have_residency,
    expectation=Expectation(Shape.WORDS, means="Marketplace apps that are accepted unpinned", example='["Draw.io"]'),
    when_none=none_among_apps("can be held in a realm"),
)
DR_08 = Check(
    id="DR-08",
    family=Family.DATA_RESIDENCY,
    kind=Kind.ORGANIZATION,
    reads=(MARKETPLACE_UNPINNED.id,),
    outcomes=frozenset((Outcome.UNKNOWN,)),
    judge=not_verifiable(
        MARKETPLACE_UNPINNED.id, "where the remotes of Forge apps keep data is in their manifests, which are not read"
    ),
)
