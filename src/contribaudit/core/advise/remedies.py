"""How a finding comes to be settled: by what sort of thing, told by the code of its reason and by nothing else.

`WAYS` holds every code that an answer other than a pass can have and that is not simply a wrong setting. A code may
have several ways; the first that is open in the given state counts, and the last one always is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from contribaudit.core.judge.baseline import BASELINE_EXPIRED, NOT_IN_BASELINE
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import Grade
from contribaudit.core.resolve.exemption import NOT_ON_EVERY_APP, ON_NO_APP
from contribaudit.core.resolve.screens import shown_on
from contribaudit.core.resolve.state import State
from contribaudit.core.sources import unread_sources

SECOND_PERSON = "second_person_missing"
GRADE_NOT_ACCEPTED = "grade_not_accepted"
REVIEW_OVERDUE = "review_overdue"


class Way(StrEnum):
    """What settles a finding."""

    REMEDY = "remedy"
    """What the check's remediation says: a setting at Atlassian, mostly."""
    ACCEPTANCE = "acceptance"
    """A waiver or another plan: no setting gives what is wanted."""
    LOOK = "look"
    """A look at one console screen. Open where the rulebook knows a screen that shows the setting."""
    CONFIRMATION = "confirmation"
    POLICY = "policy"
    """An entry of the policy file; ENTRIES tells which."""
    TICKET = "ticket"
    APPROVAL = "approval"
    """A baseline."""
    SOURCE = "source"
    """A source that was not read: a key, a scope, the network. Open where a collector did not come to its end."""
    SPACES = "spaces"
    """A token that lists spaces."""
    READING = "reading"
    """One more audit."""
    EVIDENCE = "evidence"
    """One more export."""
    RULEBOOK = "rulebook"
    """A word or a review that the rulebook lacks."""
    TIME = "time"
    """Nothing but its day."""
    PAST = "past"
    """What nobody can make good: it was not recorded at the time."""
    UNPUBLISHED = "unpublished"
    """What no source tells."""


NOBODYS = (Way.UNPUBLISHED, Way.PAST, Way.TIME)
"""What nobody can settle now."""
_LOOK = (Way.LOOK, Way.REMEDY)
_SOURCE = (Way.SOURCE, Way.READING)
WAYS: Mapping[str, tuple[Way, ...]] = {
    # Somebody looks, or looks again.
    **dict.fromkeys(
        (
            "attestations_differ", "signal_moved", "plan_changed", "revoked", "nothing_attested", "only_predicted",
            "exemption_not_evidenced", "screenshot_missing", "screen_not_recorded", "screen_not_known",
            "generation_not_known", "list_older_than_switch", "trial_ended", "not_disconnected",
            "disconnect_not_seen_done", "spaces_not_counted", "review_before_first_listing", "unknown_entry",
            "ambiguous_entry", "space_key_reused", "listed_without_setting", "switch_against_plan",
            "exemption_on_another_screen", "exemption_not_on_plan", "exemption_in_trial", NOT_ON_EVERY_APP, ON_NO_APP,
        ),
        _LOOK,
    ),
    "not_read": (Way.LOOK, Way.SOURCE, Way.READING),
    "no_evidence": (Way.LOOK, Way.SOURCE, Way.READING),
    "evidence_too_old": (Way.LOOK, Way.READING),
    "evidence_from_the_future": (Way.LOOK, Way.READING),
    "unknown_word": (Way.LOOK, Way.RULEBOOK),
    **dict.fromkeys(("null", "missing_key", "wrong_type", "contradicting_entries"), (Way.LOOK, Way.UNPUBLISHED)),
    SECOND_PERSON: (Way.CONFIRMATION,),
    # A source is read.
    **dict.fromkeys(
        (
            "api_error", "unreachable", "dns", "tls", "connection_refused", "timeout", "key_refused", "token_refused",
            "forbidden", "not_found", "organization_not_found", "rate_limited", "server_failed", "unexpected_answer",
            "cursor_refused", "key_missing", "keyring_unusable", "count_mismatch", "empty_list", "no_total",
            "list_not_whole", "total_changed", "repeated_entries", "no_envelope",
            "other_organization", "unknown_policy_type",
            "entry_without_id", "wrong_organization", "no_keys", "apps_unread",
            "inventory_not_whole", "collector_failed", "organization_not_covered", "log_unread",
        ),
        _SOURCE,
    ),
    "no_apps": (Way.SOURCE,),
    "signal_unread": (Way.SOURCE, Way.LOOK, Way.READING),
    **dict.fromkeys(
        ("plan_unread", "plan_not_told", "site_not_known", "parent_not_known"), (Way.SOURCE, Way.UNPUBLISHED)
    ),
    "unclear_apps": (Way.SOURCE, Way.RULEBOOK),
    **dict.fromkeys(("spaces_not_read", "spaces_unseen", "no_token", "no_cloud_id"), (Way.SPACES,)),
    **dict.fromkeys(("nothing_to_compare", "moving_overdue", "scheduled_overdue"), (Way.READING,)),
    **dict.fromkeys(("never_exported", "packs_out_of_reach"), (Way.EVIDENCE,)),
    **dict.fromkeys(
        ("unknown_app", "unknown_realm", "unknown_plan_word", "plan_with_groups_not_known", REVIEW_OVERDUE),
        (Way.RULEBOOK,),
    ),
    # Somebody makes up their mind.
    **dict.fromkeys(
        (
            "policy_names_no_plan", "policy_names_no_realm", "policy_names_no_space", "policy_names_no_group",
            "policy_names_no_days", "policy_word_unknown", "no_record", "records_from_before", "opt_out_not_dated",
            "no_decision", "one_person", "other_than_decided", "nothing_to_choose", "space_ambiguous",
            "space_not_found",
        ),
        (Way.POLICY,),
    ),
    "nothing_looked_at": (Way.SOURCE, Way.POLICY),
    "rule_not_certain": (Way.SOURCE, Way.POLICY),
    GRADE_NOT_ACCEPTED: (Way.LOOK, Way.POLICY),
    "no_event_found": (Way.TICKET,),
    **dict.fromkeys((NOT_IN_BASELINE, BASELINE_EXPIRED), (Way.APPROVAL,)),
    # Something at Atlassian is set otherwise, although nothing is known to be wrong.
    **dict.fromkeys(
        ("located_not_pinned", "no_place", "several_realms", "several_policies", "policy_and_realm_differ",
         "policy_not_enabled"),
        (Way.REMEDY,),
    ),
    # Nobody can.
    **dict.fromkeys(
        (
            "not_verifiable_today", "not_documented", "deletion_not_verifiable", "free_beside_paid", "no_switch",
            "holding_not_shown", "no_group_shown", "policies_not_shown", "moving_without_time",
            "scheduled_without_time", "log_empty", "plan_of_inactive_app", "unreadable_host", "no_statement_on_ai",
        ),
        (Way.UNPUBLISHED,),
    ),
    **dict.fromkeys(("day_of_change_not_known", "history_has_gaps", "log_has_holes"), (Way.PAST,)),
}  # fmt: skip
_OTHERWISE = (Way.LOOK, Way.SOURCE, Way.REMEDY)

_DECISION = 'write a [[decision]] with setting = "{setting}" into the policy'
_RECORDS = 'write a [[decision]] with setting = "governance.records" into the policy'
SWITCH_OFF = "narrow these rules in the policy, or switch them off with enabled = false and a reason"
"""The entry where a rule asks for what there is not; what there is not, the finding's reason tells."""
ENTRIES: Mapping[str, str] = {
    "policy_names_no_plan": 'write written_for_plan = "PLAN" at the top of the policy',
    "policy_names_no_realm": 'write expect = ["REALM"] into [[rule]] check = "{check}" of the policy',
    "policy_names_no_space": 'write expect = ["SPACE"] into [[rule]] check = "{check}" of the policy',
    "policy_names_no_group": 'write expect = ["GROUP"] into [[rule]] check = "{check}" of the policy',
    "policy_names_no_days": 'write expect = "DAYS" into [[rule]] check = "{check}" of the policy',
    "policy_word_unknown": 'write a known word as expect of [[rule]] check = "{check}" in the policy',
    "space_ambiguous": 'name the space by its ID in expect of [[rule]] check = "{check}" in the policy',
    "space_not_found": 'name the space anew in expect of [[rule]] check = "{check}" in the policy',
    "no_record": _RECORDS,
    "records_from_before": _RECORDS,
    "opt_out_not_dated": _DECISION,
    "no_decision": _DECISION,
    "one_person": 'name a second person in the [[decision]] with setting = "{setting}" of the policy',
    "other_than_decided": "set {setting} as decided, or write a new [[decision]] into the policy",
    "nothing_to_choose": SWITCH_OFF,
    "nothing_looked_at": SWITCH_OFF,
    "rule_not_certain": 'write [[rule]] check = "{check}" of the policy without a where that rests on it',
    GRADE_NOT_ACCEPTED: 'add the grade to accept in [evidence] of the policy, or to [[rule]] check = "{check}"',
}
"""What to write where, by code, for every code that the policy may settle."""


def way_of(state: State, finding: Finding) -> Way | None:
    """What settles the finding; None where there is nothing to settle."""
    match finding.outcome:
        case Outcome.PASS:  # of most findings, and so asked first
            return None
        case Outcome.PENDING:
            return Way.TIME
        case Outcome.NOT_ACHIEVABLE:
            return Way.ACCEPTANCE
        case Outcome.FAIL:
            return Way.POLICY if finding.reason_code in ENTRIES else Way.REMEDY
        case Outcome.UNKNOWN | Outcome.STALE | Outcome.CONFLICT:
            ways = WAYS.get(finding.reason_code, _OTHERWISE)
            return next((way for way in ways[:-1] if _open(state, finding, way)), ways[-1])
        case _:
            return None


def _open(state: State, finding: Finding, way: Way) -> bool:
    if way is Way.SOURCE:
        return bool(unread_sources(state, finding))
    if finding.reason_code == GRADE_NOT_ACCEPTED and any(one.grade is Grade.ATTESTED for one in finding.evidence):
        return False  # another look gives the same grade
    return way is not Way.LOOK or bool(shown_on(state, finding.setting))
