"""Remedies: what kind of step can resolve a finding, decided by the code of its reason.

`REMEDIES` has every code that an answer other than a pass can have and that is not simply a wrong setting. A code may
have several remedies: the first that is possible in the given state counts, and the last always is. For a finding
that waits for a source that was not read, this module also says which source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from contribaudit.core.judge.baseline import BASELINE_EXPIRED, NOT_IN_BASELINE
from contribaudit.core.judge.check import Check
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import Grade, SettingId, Unavailable
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.snapshot import Collection
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.contribution_scope import NOT_ON_EVERY_APP, ON_NO_APP
from contribaudit.core.resolve.provisions import RULE_UNDER_REVIEW
from contribaudit.core.resolve.state import OrganizationState, State, once_per_state, shown_on

SPACES_PREFIX = "spaces_"
"""The prefix of the collectors that list spaces, each with a token of its own."""
_EVENTS, _NONE = "events", ""
_COLLECTORS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("apps_unread", "no_apps", "plan_unread", "plan_not_told", "site_not_known", "parent_not_known",
         "unclear_apps", "nothing_looked_at", "rule_not_certain"),
        (names.WORKSPACES,),
    ),
    "inventory_not_whole": (names.WORKSPACES, names.POLICIES),
    "signal_unread": (names.POLICIES,),
    "log_unread": (_EVENTS,),
    "not_read": (_NONE,),
}  # fmt: skip
"""The collectors whose lists a reason's code is about."""
_NOT_COVERED = "organization_not_covered"
"""Code of a finding that waits for every source that is not optional."""
_NOT_OFFERED = ("forbidden", "key_refused", "not_found", "organization_not_found")
"""Codes by which an optional source says that the plan or the key does not include it."""
_SPACES_READ = (names.SPACE_COUNT,)
"""The settings by which a check shows that it needs the listings of spaces."""


@dataclass(frozen=True, slots=True)
class UnreadSource:
    """An organization that was not read at all (`collection` is None), or a collector that did not finish there."""

    place: OrganizationState
    collection: Collection | None = None

    @property
    def cause(self) -> tuple[str, str, str | None]:
        """A key that is equal for sources with the same remedy: organization, code, missing scope."""
        if self.collection is None:
            return self.place.id, "", None
        return self.place.id, self.collection.code, self.collection.missing_scope


def needed_collectors(
    checks: Iterable[Check],
    promises: Mapping[str, Iterable[SettingId]],
    find_setting: Callable[[SettingId], Setting],
    listings: Iterable[str] = (),
) -> frozenset[str]:
    """Names of the collectors that checks need: those that promise what checks read, and the list of apps for checks
    about apps, their values or the highest plan. `listings` are the collectors that list spaces.
    """
    needed: set[str] = set()
    for check in checks:
        reads = frozenset(check.reads)
        needed |= {collector for collector, promised in promises.items() if not reads.isdisjoint(promised)}
        about_apps = check.kind is Kind.APP or any(Kind.APP in find_setting(one).kinds for one in reads)
        if about_apps or names.HIGHEST_PLAN in reads:
            needed.add(names.WORKSPACES)
        if not reads.isdisjoint(_SPACES_READ):
            needed |= set(listings)
    return frozenset(needed)


def needed_and_unread(state: State, findings: Iterable[Finding], needed: frozenset[str]) -> list[UnreadSource]:
    """The sources that were not read completely although the rules need them, organization by organization.

    Needed are the collectors in `needed`, and the sources that an unverified finding waits for. An optional source
    counts where reading broke off, not where the plan or the key does not include it.
    """
    incomplete = _incomplete_sources(state)
    if not incomplete:
        return []
    awaited = {
        (source.place.id, source.collection.collector)
        for one in findings
        if one.outcome.unproven and (one.reason_code == _NOT_COVERED or _awaited_collectors(state, one))
        for source in unread_sources(state, one)
        if source.collection is not None
    }
    return [
        one
        for one in incomplete
        if one.collection is None
        or (
            (one.collection.collector in needed or (one.place.id, one.collection.collector) in awaited)
            and not (one.collection.optional and one.collection.code in _NOT_OFFERED)
        )
    ]


def unread_sources(state: State, finding: Finding) -> list[UnreadSource]:
    """The unread sources that the finding may wait for; empty where everything that it needs was read.

    Its code names them, or else its setting. Where neither does, it may wait for any source that is not optional.
    """
    organization = finding.subject.organization
    incomplete = [one for one in _incomplete_sources(state) if organization in (one.place.id, "")]
    if not incomplete:
        return []
    awaited = _awaited_collectors(state, finding)
    return [one for one in incomplete if one.collection is None or _may_be(one.collection, awaited)]


def unread_spaces(state: State, organization: str) -> list[UnreadSource]:
    """The listings of spaces that were not read to their end in the organization."""
    place = state.organizations[organization]
    return [
        UnreadSource(place, one)
        for one in place.collections.values()
        if one.collector.startswith(SPACES_PREFIX) and not one.complete
    ]


@once_per_state
def _incomplete_sources(state: State) -> tuple[UnreadSource, ...]:
    """Every source that was not read completely, organization by organization."""
    incomplete: list[UnreadSource] = []
    for place in state.looked_at:
        runs = place.collections.values()
        incomplete += [UnreadSource(place, one) for one in runs if not one.complete]
        incomplete += [] if runs else [UnreadSource(place)]
    return tuple(incomplete)


def _may_be(collection: Collection, awaited: tuple[str, ...]) -> bool:
    return collection.collector in awaited if awaited else not collection.optional


def _awaited_collectors(state: State, finding: Finding) -> tuple[str, ...]:
    """Names of the collectors that the finding waits for; empty where that is not known."""
    if finding.reason_code in _COLLECTORS:
        return _COLLECTORS[finding.reason_code]
    seen = state.read(finding.subject, finding.setting) if finding.setting is not None else None
    return (seen.source,) if isinstance(seen, Unavailable) and seen.code == finding.reason_code and seen.source else ()


SECOND_PERSON = "second_person_missing"
GRADE_NOT_ACCEPTED = "grade_not_accepted"
REVIEW_OVERDUE = "review_overdue"


class Remedy(StrEnum):
    """The kind of action that settles a finding."""

    REMEDY = "remedy"
    """What the check's remediation says: mostly a change of a setting at Atlassian."""
    ACCEPTANCE = "acceptance"
    """A waiver or another plan: no setting gives what is wanted."""
    LOOK = "look"
    """A look at one console screen. Possible where the rulebook knows a screen that shows the setting."""
    CONFIRMATION = "confirmation"
    POLICY = "policy"
    """An entry of the policy file; ENTRIES says which."""
    TICKET = "ticket"
    APPROVAL = "approval"
    """Approval of a baseline."""
    SOURCE = "source"
    """A repair of an unread source: a key, a scope, the network. Possible where a source was not read completely."""
    SPACES = "spaces"
    """A token that lists spaces."""
    READING = "reading"
    """Another audit."""
    DOCUMENTS = "documents"
    """Another reading of a vendor's page, or a review of its change."""
    EVIDENCE = "evidence"
    """Another export of evidence."""
    RULEBOOK = "rulebook"
    """An update of the rulebook, which lacks a word or a review."""
    TIME = "time"
    """Waiting for a date."""
    PAST = "past"
    """None: something was not recorded at the time, and cannot be any more."""
    UNPUBLISHED = "unpublished"
    """None: no source has the value."""


NOT_ACTIONABLE = (Remedy.UNPUBLISHED, Remedy.PAST, Remedy.TIME)
"""Remedies of findings that cannot be resolved yet."""
_LOOK = (Remedy.LOOK, Remedy.REMEDY)
_SOURCE = (Remedy.SOURCE, Remedy.READING)
REMEDIES: Mapping[str, tuple[Remedy, ...]] = {
    # Somebody looks, or looks again.
    **dict.fromkeys(
        (
            "attestations_differ", "signal_moved", "plan_changed", "plan_not_recorded", "app_left", "revoked",
            "nothing_attested",
            "only_predicted",
            "exemption_not_evidenced", "screenshot_missing", "screen_not_recorded", "screen_not_known",
            "generation_not_known", "list_older_than_switch", "trial_ended", "not_disconnected",
            "disconnect_not_seen_done", "spaces_not_counted", "review_before_first_listing", "unknown_entry",
            "ambiguous_entry", "space_key_reused", "app_name_reused", "listed_without_setting", "switch_against_plan",
            "plan_may_not_count", "sources_differ", "not_for_this_account", "limited_or_allowed",
            "exemption_on_another_screen", "exemption_not_on_plan", "exemption_in_trial", NOT_ON_EVERY_APP, ON_NO_APP,
            "trial_may_include_ai",
        ),
        _LOOK,
    ),
    "not_read": (Remedy.LOOK, Remedy.SOURCE, Remedy.READING),
    "gateway_silent": (Remedy.LOOK, Remedy.SOURCE, Remedy.READING),
    "no_evidence": (Remedy.LOOK, Remedy.SOURCE, Remedy.READING),
    "evidence_too_old": (Remedy.LOOK, Remedy.READING),
    "evidence_from_the_future": (Remedy.LOOK, Remedy.READING),
    "unknown_word": (Remedy.LOOK, Remedy.RULEBOOK),
    **dict.fromkeys(("null", "missing_key", "wrong_type", "contradicting_entries"), (Remedy.LOOK, Remedy.UNPUBLISHED)),
    SECOND_PERSON: (Remedy.CONFIRMATION,),
    # A source is read.
    **dict.fromkeys(
        (
            "api_error", "unreachable", "dns", "tls", "connection_refused", "timeout", "key_refused", "token_refused",
            "forbidden", "not_found", "organization_not_found", "rate_limited", "server_failed", "unexpected_answer",
            "cursor_refused", "key_missing", "keyring_unusable", "count_mismatch", "empty_list", "no_total",
            "list_not_whole", "total_changed", "repeated_entries", "no_envelope", "more_than_read", "query_refused",
            "other_organization", "unknown_policy_type", "unknown_type",
            "entry_without_id", "wrong_organization", "no_keys", "apps_unread",
            "inventory_not_whole", "collector_failed", "organization_not_covered", "log_unread",
        ),
        _SOURCE,
    ),
    "no_apps": (Remedy.SOURCE,),
    "signal_unread": (Remedy.SOURCE, Remedy.LOOK, Remedy.READING),
    **dict.fromkeys(
        ("plan_unread", "plan_not_told", "site_not_known", "parent_not_known"), (Remedy.SOURCE, Remedy.UNPUBLISHED)
    ),
    "unclear_apps": (Remedy.SOURCE, Remedy.RULEBOOK),
    **dict.fromkeys(("spaces_not_read", "spaces_unseen", "no_token", "no_cloud_id"), (Remedy.SPACES,)),
    **dict.fromkeys(
        ("nothing_to_compare", "moving_overdue", "scheduled_overdue", "move_to_come", "unreadable_date"),
        (Remedy.READING,),
    ),
    **dict.fromkeys(("never_exported", "packs_out_of_reach"), (Remedy.EVIDENCE,)),
    **dict.fromkeys(
        ("provision_changed", "pages_not_archived", "pages_read_long_ago", "no_documents", "documents_disagree",
         RULE_UNDER_REVIEW),
        (Remedy.DOCUMENTS,),
    ),
    **dict.fromkeys(
        ("unknown_app", "unknown_realm", "unknown_region", "unknown_plan_word", "plan_with_groups_not_known",
         REVIEW_OVERDUE),
        (Remedy.RULEBOOK,),
    ),
    # Somebody decides.
    **dict.fromkeys(
        (
            "policy_names_no_plan", "policy_names_nobody", "policy_names_no_realm", "policy_names_no_space",
            "policy_names_no_group",
            "policy_names_no_days", "policy_word_unknown", "no_record", "records_from_before", "opt_out_not_dated",
            "no_decision", "one_person", "other_than_decided", "nothing_to_choose", "space_ambiguous",
            "space_not_found",
        ),
        (Remedy.POLICY,),
    ),
    "nothing_looked_at": (Remedy.SOURCE, Remedy.POLICY),
    "rule_not_certain": (Remedy.SOURCE, Remedy.POLICY),
    GRADE_NOT_ACCEPTED: (Remedy.LOOK, Remedy.POLICY),
    "no_event_found": (Remedy.TICKET,),
    **dict.fromkeys((NOT_IN_BASELINE, BASELINE_EXPIRED), (Remedy.APPROVAL,)),
    # A setting at Atlassian is changed, although nothing is known to be wrong.
    **dict.fromkeys(
        ("located_not_pinned", "no_place", "several_realms", "several_policies", "policy_and_realm_differ",
         "policy_not_enabled", "region_elsewhere"),
        (Remedy.REMEDY,),
    ),
    # The vendor's list is imported, or its change is reviewed, as the check's remediation says.
    **dict.fromkeys(
        ("never_imported", "no_list", "list_too_old", "not_reviewed", "no_places_named", "may_be_outside",
         "places_not_understood", "training_may_apply", "purpose_not_understood", "not_understood"),
        (Remedy.REMEDY,),
    ),
    # Nobody can resolve it.
    **dict.fromkeys(
        (
            "not_verifiable_today", "not_documented", "deletion_not_verifiable", "free_beside_paid", "no_switch",
            "holding_not_shown", "no_group_shown", "policies_not_shown", "moving_without_time",
            "scheduled_without_time", "log_empty", "plan_of_inactive_app", "unreadable_host", "no_statement_on_ai",
            "sandbox",
        ),
        (Remedy.UNPUBLISHED,),
    ),
    **dict.fromkeys(("day_of_change_not_known", "history_has_gaps", "log_has_holes"), (Remedy.PAST,)),
}  # fmt: skip
_OTHERWISE = (Remedy.LOOK, Remedy.SOURCE, Remedy.REMEDY)

_DECISION = "decide, and record it with `contribaudit decide {setting} VALUE`"
_RECORDS = "update both, and record it with `contribaudit decide governance.records updated`"
SWITCH_OFF = "narrow these rules in the policy, or disable them with enabled = false and a reason"
"""The entry for a rule that asks for something that does not exist; the finding's reason says what."""
ENTRIES: Mapping[str, str] = {
    "policy_names_no_plan": 'write written_for_plan = "PLAN" at the top of your policy file (see `contribaudit init`)',
    "policy_names_nobody": 'write expect = ["ID"] into [[rule]] check = "{check}" of the policy',
    "policy_names_no_realm": 'write expect = ["REALM"] into [[rule]] check = "{check}" of the policy',
    "policy_names_no_space": 'write expect = ["SPACE"] into [[rule]] check = "{check}" of the policy',
    "policy_names_no_group": 'write expect = ["GROUP"] into [[rule]] check = "{check}" of the policy',
    "policy_names_no_days": 'write expect = "DAYS" into [[rule]] check = "{check}" of the policy',
    "policy_word_unknown": 'write a known word as expect of [[rule]] check = "{check}" in the policy',
    "space_ambiguous": 'name the space by its ID in expect of [[rule]] check = "{check}" in the policy',
    "space_not_found": 'name the space again in expect of [[rule]] check = "{check}" in the policy',
    "no_record": _RECORDS,
    "records_from_before": _RECORDS,
    "opt_out_not_dated": _DECISION,
    "no_decision": _DECISION,
    "one_person": 'name a second person in the [[decision]] with setting = "{setting}" of the policy',
    "other_than_decided": "set {setting} as decided, or record another decision: `contribaudit decide {setting} VALUE`",
    "nothing_to_choose": SWITCH_OFF,
    "nothing_looked_at": SWITCH_OFF,
    "rule_not_certain": 'write [[rule]] check = "{check}" of the policy without a where that depends on it',
    GRADE_NOT_ACCEPTED: 'add the grade to accept in [evidence] of the policy, or to [[rule]] check = "{check}"',
}
"""What to write and where, by code, for every code that the policy may settle."""


def remedy_of(state: State, finding: Finding) -> Remedy | None:
    """The remedy that settles the finding; None where there is nothing to settle."""
    match finding.outcome:
        case Outcome.PASS:  # most findings pass
            return None
        case Outcome.PENDING:
            return Remedy.TIME
        case Outcome.NOT_ACHIEVABLE:
            return Remedy.ACCEPTANCE
        case Outcome.FAIL:
            return Remedy.POLICY if finding.reason_code in ENTRIES else Remedy.REMEDY
        case Outcome.UNKNOWN | Outcome.STALE | Outcome.CONFLICT:
            remedies = REMEDIES.get(finding.reason_code, _OTHERWISE)
            return next((remedy for remedy in remedies[:-1] if _remedy_applies(state, finding, remedy)), remedies[-1])
        case _:
            return None


def _remedy_applies(state: State, finding: Finding, remedy: Remedy) -> bool:
    if remedy is Remedy.SOURCE:
        return bool(unread_sources(state, finding))
    if finding.reason_code == GRADE_NOT_ACCEPTED and any(one.grade is Grade.ATTESTED for one in finding.evidence):
        return False  # another look gives the same grade
    return remedy is not Remedy.LOOK or bool(shown_on(state, finding.setting))
