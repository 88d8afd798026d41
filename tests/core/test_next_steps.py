"""The queue: one step for what one action settles, most severe first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contribaudit import catalogue
from contribaudit.core.advise.deadlines import Deadline, DeadlineKind
from contribaudit.core.advise.next_steps import next_steps
from contribaudit.core.advise.report import Report, RunLine
from contribaudit.core.advise.steps import NextStep, StepKind, to_do
from contribaudit.core.advise.waiting import DueScreen, Row
from contribaudit.core.model.finding import Finding, Outcome, Severity
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.model.times import start_of
from tests.builders import NOW, ORG, app, collection, collections, evidence, facts, finding, state_of

ACCESS, TRIAL = SettingId("ai.access"), SettingId("trial")
ANNA = "anna@acme.example"


def report(*findings: Finding, failed: str = "") -> Report:
    """A judged run with these findings; `failed` names a collector that was refused."""
    runs = collections(collection(failed, "forbidden", scope="read:x")) if failed else None
    state = state_of(*facts(app("one"), alias="app:acme/one"), *facts(app("two"), alias="app:acme/two"), runs=runs)
    return Report("1", state, RunLine(1, None, NOW, NOW, True, 1), "test", "", findings, (), ())


def steps(*findings: Finding, **more: object) -> list[tuple[StepKind, Severity | None]]:
    return [(one.kind, one.severity) for one in next_steps(report(*findings), **more)]  # type: ignore[arg-type]


def only(*findings: Finding, operator: str = "", failed: str = "") -> NextStep:
    (step,) = next_steps(report(*findings, failed=failed), operator=operator)
    return step


def test_nothing_to_do() -> None:
    assert steps(finding(Outcome.PASS), finding(Outcome.WAIVED), finding(Outcome.NO_SUCH_SETTING)) == []


def test_what_one_action_settles_is_one_step() -> None:
    """Findings of one check and setting, at the highest severity among them."""
    step = only(finding(subject=app("one")), finding(subject=app("two"), severity=Severity.CRITICAL))
    assert (step.kind, step.severity) == (StepKind.FIX, Severity.CRITICAL)
    assert step.minutes == only(finding()).minutes + 1
    assert step.subjects == (app("two"), app("one"))
    assert "Confluence (ari:cloud:two), Confluence (ari:cloud:one)" in step.text


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.STALE, Outcome.CONFLICT])
def test_what_one_screen_shows_is_one_look(outcome: Outcome) -> None:
    """Whatever checks doubt it; the screen says how long it takes."""
    doubted = [finding(outcome, setting=ACCESS, check=check, subject=app("one")) for check in ("AI-01", "AI-03")]
    step = only(*doubted)
    (screen, *_) = [one for one in report().state.rulebook.screens if ACCESS in one.settings]
    assert (step.kind, step.minutes, step.subjects) == (StepKind.LOOK, screen.minutes(1), (app("one"),))
    assert step.command == f"contribaudit attest --screen {screen.id}", "with one organization none is named"
    assert f"2 values {outcome}" in step.text


@pytest.mark.parametrize("apps", [1, 2, 26])
def test_a_look_takes_its_seconds_for_each_value(apps: int) -> None:
    """Of as many apps as the screen shows; what another check doubts, too, is the same value."""
    subjects = [app(f"n{number}") for number in range(apps)]
    doubted = [
        finding(Outcome.UNKNOWN, setting=setting, check=check, subject=subject)
        for subject in subjects
        for setting in (ACCESS, TRIAL)
        for check in ("AI-01", "AI-03")
    ]
    state = state_of(*(one for subject in subjects for one in facts(subject, alias=f"app:acme/{subject.id}")))
    screens = {one.id: one for one in state.rulebook.screens}
    looks = next_steps(replace(report(*doubted), state=state))
    assert {one.screen: one.minutes for one in looks} == {
        name: -(-(screens[name].seconds.look + screens[name].seconds.value * apps) // 60)
        for name in ("rovo-access", "subscriptions")
    }


def test_an_app_that_no_screen_lists_is_looked_at_by_itself() -> None:
    """AI of its own stands on screens of other apps, so that none of them would settle it."""
    step = only(
        finding(Outcome.UNKNOWN, reason_code="not_read", setting=SettingId("ai.own_setting"), subject=app("one"))
    )
    assert step.kind is StepKind.LOOK
    assert step.command == f"contribaudit attest ai.own_setting VALUE --subject {app('one').id}"


@pytest.mark.parametrize(
    ("code", "kind", "command"),
    [
        ("policy_names_no_plan", StepKind.DECIDE, "contribaudit policy show"),
        ("no_record", StepKind.DECIDE, "contribaudit policy show"),
        ("no_event_found", StepKind.DECIDE, "contribaudit changes annotate ab12 --ticket TICKET"),
        ("nothing_to_compare", StepKind.RENEW, "contribaudit audit"),
        ("never_exported", StepKind.RENEW, "contribaudit evidence export DIR"),
        ("unknown_app", StepKind.RENEW, "contribaudit doctor"),
        ("review_overdue", StepKind.RENEW, "contribaudit doctor"),
        ("located_not_pinned", StepKind.FIX, "contribaudit checks show DR-01"),
        ("spaces_not_read", StepKind.FIX, "contribaudit login --site all"),
        ("not_verifiable_today", StepKind.NOBODY, "contribaudit checks show DR-01"),
    ],
)
def test_what_no_screen_shows_is_told_by_the_code(code: str, kind: StepKind, command: str) -> None:
    open_one = finding(Outcome.UNKNOWN, reason_code=code, observed=("ab12",), reason="why it is so")
    step = only(open_one)
    assert (step.kind, step.command) == (kind, command)
    assert step.findings == (open_one,)
    assert "why it is so" in step.text or kind in (StepKind.NOBODY, StepKind.FIX)


def test_the_policy_entry_is_named_with_its_table_and_key() -> None:
    """One entry is one step, whatever checks wait for it; another check's rule is another entry."""
    undecided = [
        finding(Outcome.FAIL, check="DC-05", reason_code="no_decision", setting=SettingId("contribution.in_app")),
        finding(Outcome.UNKNOWN, check="DC-22", reason_code="opt_out_not_dated", setting="contribution.in_app"),
    ]
    step = only(*(replace(one, title="As decided") for one in undecided))
    assert "contribaudit decide contribution.in_app VALUE" in step.text
    assert step.text.startswith("As decided (DC-05) and 1 more check: ")
    realms = [
        finding(Outcome.UNKNOWN, check=check, reason_code="policy_names_no_realm") for check in ("DR-01", "DR-05")
    ]
    found = next_steps(report(*realms))
    assert [f'[[rule]] check = "{check}"' in one.text for check, one in zip(("DR-01", "DR-05"), found, strict=True)]
    assert len(found) == 2


def test_rules_that_ask_for_what_there_is_not_are_one_step() -> None:
    """Of what else there is not is another."""
    nothing = finding(Outcome.UNKNOWN, reason_code="nothing_looked_at", reason="no connector was seen", title="T")
    checked = [replace(nothing, check=check) for check in ("AI-12", "AI-13")]
    step, other = sorted(next_steps(report(*checked, replace(nothing, reason="no site"))), key=lambda one: one.text)
    assert step.text.startswith("T (AI-12) and 1 more check: ")
    assert len(other.findings) == 1


def test_a_ticket_is_asked_for_each_change() -> None:
    asked = finding(Outcome.UNKNOWN, check="GV-03", reason_code="no_event_found", observed=("ab12", "cd34", "ef56"))
    assert only(asked).minutes == 3 * only(replace(asked, observed=("ab12",))).minutes


def test_a_word_that_the_rulebook_lacks_is_one_step_for_every_check() -> None:
    strange = [
        finding(
            Outcome.UNKNOWN, check=check, reason_code="unknown_app", setting=SettingId("app.type_key"), observed=word
        )
        for check, word in (("DC-18", "whiteboard"), ("DR-06", "whiteboard"), ("DR-06", "robot"))
    ]
    assert sorted(len(one.findings) for one in next_steps(report(*strange))) == [1, 2]


def test_a_collector_that_was_refused_is_one_fix() -> None:
    refused = finding(Outcome.UNKNOWN, reason_code="collector_failed", setting=None)
    step = only(refused, refused, failed="policies")
    assert (step.kind, step.command) == (StepKind.FIX, "contribaudit doctor")
    assert "read:x" in step.text


def test_one_key_that_is_refused_is_one_renewal_whatever_it_stopped() -> None:
    """A collector that waits for something else is another step, though no finding waits for it alone."""
    runs = collections(
        collection("workspaces", "key_refused"),
        collection("policies", "key_refused"),
        collection("api_keys", "timeout"),
    )
    state = state_of(*facts(app("one")), runs=runs)
    unread = finding(Outcome.UNKNOWN, reason_code="collector_failed", setting=None)
    whole = replace(report(unread), state=state)
    renewed, retried = sorted(next_steps(whole), key=lambda one: -len(one.findings))
    assert (renewed.kind, renewed.command) == (StepKind.RENEW, "contribaudit login")
    assert "workspaces, policies were not read completely" in renewed.text
    assert (retried.kind, retried.findings, retried.severity) == (StepKind.FIX, (), unread.severity)


def test_an_organization_that_is_not_known_says_what_to_compare() -> None:
    runs = collections(collection("workspaces", "organization_not_found"))
    unread = finding(Outcome.UNKNOWN, reason_code="collector_failed", setting=None)
    (step,) = next_steps(replace(report(unread), state=state_of(*facts(app("one")), runs=runs)))
    assert step.text.endswith("; compare its ID in the configuration with admin.atlassian.com/o/ID")


def test_the_last_line_counts_what_nobody_can_settle_and_says_why() -> None:
    day = NOW + timedelta(days=9)
    queue = next_steps(
        report(
            finding(
                Outcome.UNKNOWN,
                check="GV-02",
                title="A",
                reason_code="not_verifiable_today",
                severity=Severity.CRITICAL,
            ),
            finding(Outcome.PENDING, check="DC-22", title="B", due_at=day),
            finding(Outcome.UNKNOWN, check="DC-21", title="C", reason_code="day_of_change_not_known"),
            finding(severity=Severity.INFO),
        )
    )
    assert [one.kind for one in queue] == [StepKind.FIX, StepKind.NOBODY]
    assert to_do(queue) == [queue[0]]
    last = queue[-1]
    assert (last.minutes, last.severity, last.due, len(last.findings)) == (0, None, day, 3)
    assert last.text == (
        "3 findings cannot be resolved yet. 1 has no data source: A (GV-02); "
        "1 was not recorded in time: C (DC-21); 1 waits for a scheduled date: B (DC-22), "
        f"the first on {day:%Y-%m-%d}"
    )


def test_what_no_setting_gives_is_decided_and_not_fixed() -> None:
    assert only(finding(Outcome.NOT_ACHIEVABLE)).kind is StepKind.DECIDE


@pytest.mark.parametrize(
    ("operator", "said"),
    [("", "not the person"), ("bert@acme.example", "you may"), ("Anna@Acme.example", "someone other than you")],
)
def test_nobody_is_asked_to_confirm_their_own(operator: str, said: str) -> None:
    seen = replace(evidence(Grade.ATTESTED), attested_by=ANNA)
    waiting = finding(Outcome.UNKNOWN, reason_code="second_person_missing", setting=ACCESS, evidence=(seen,))
    step = only(waiting, operator=operator)
    assert (step.kind, step.minutes) == (StepKind.CONFIRM, 1)
    assert said in step.text
    assert ANNA in step.text


@pytest.mark.parametrize("code", ["no_decision", "one_person", "other_than_decided", "records_from_before"])
def test_a_decision_that_is_missing_is_decided_and_not_fixed(code: str) -> None:
    assert only(finding(reason_code=code, subject=organization_subject(ORG))).kind is StepKind.DECIDE


def test_two_who_attested_alone_are_one_step_for_a_finding() -> None:
    """The first is confirmed first; a value that has its second person waits for nobody."""
    seen = [
        replace(evidence(Grade.ATTESTED), attested_by=who) for who in (ANNA, "bert@acme.example", "cara@acme.example")
    ]
    seen[0] = replace(seen[0], confirmed_by="dora@acme.example")
    waiting = finding(Outcome.UNKNOWN, reason_code="second_person_missing", setting=ACCESS, evidence=tuple(seen))
    assert "bert@acme.example" in only(waiting).text


def test_a_review_that_is_overdue_is_asked_for_once() -> None:
    """By the finding, where there is one, and not by the calendar too."""
    late = Deadline(DeadlineKind.RULEBOOK, NOW - timedelta(days=1), "the rulebook's review")
    assert len(next_steps(report(), ending=[late])) == 1
    assert (
        len(next_steps(report(finding(Outcome.STALE, reason_code="review_overdue", setting=None)), ending=[late])) == 1
    )


def test_what_runs_out_within_a_month_is_renewed() -> None:
    """What is over too; nothing later, and nothing of which no date is known."""
    ends = [-1, 12, 40, None]
    found = [
        Deadline(
            DeadlineKind.API_KEY, None if days is None else NOW + timedelta(days=days), f"key {days}", key=str(days)
        )
        for days in ends
    ]
    queue = next_steps(report(), ending=found)
    assert [(one.kind, one.text, one.days_left) for one in queue] == [
        (StepKind.RENEW, "over: key -1", -1),
        (StepKind.RENEW, "key 12", 12),
    ]
    last_day = Deadline(DeadlineKind.WAIVER, start_of(NOW.date() + timedelta(days=12)), "a waiver", whole_day=True)
    assert [one.days_left for one in next_steps(report(), ending=[last_day])] == [last_day.days_left(NOW)]
    review = Deadline(DeadlineKind.WAIVER_REVIEW, NOW + timedelta(days=3), "a waiver is to be reviewed")
    assert [one.kind for one in next_steps(report(), ending=[review])] == [StepKind.DECIDE]


def test_what_will_be_too_old_is_looked_at_again_after_all_that_is_wrong() -> None:
    (screen, *_) = [one for one in report().state.rulebook.screens if ACCESS in one.settings]
    soon = DueScreen(screen, ORG, (Row(screen, app("one"), catalogue.find(ACCESS), None, NOW),), None)
    assert steps(finding(severity=Severity.INFO), finding(setting=ACCESS), screens_due=[soon]) == [
        (StepKind.FIX, Severity.HIGH),
        (StepKind.FIX, Severity.INFO),
        (StepKind.LOOK, None),
    ]


def test_a_screen_that_findings_wait_for_is_a_step_with_its_own_estimate() -> None:
    """Also where another step settles the finding itself; nothing is told of it twice."""
    (screen, *_) = [one for one in report().state.rulebook.screens if ACCESS in one.settings]
    rows = tuple(Row(screen, app(name), catalogue.find(ACCESS), None, None) for name in ("one", "two"))
    wanted = DueScreen(screen, ORG, rows, Severity.HIGH)
    (step,) = next_steps(report(), [wanted])
    assert (step.kind, step.severity, step.minutes, step.findings) == (StepKind.LOOK, Severity.HIGH, wanted.minutes, ())
    assert step.text.endswith("2 values to record")
    doubted = finding(Outcome.UNKNOWN, setting=ACCESS, check="AI-03", subject=app("one"), severity=Severity.LOW)
    (step,) = next_steps(report(doubted), [wanted])
    assert (step.severity, step.minutes, step.findings) == (Severity.LOW, wanted.minutes, (doubted,))


def test_what_cannot_be_had_for_two_reasons_is_two_steps() -> None:
    """A sentence about one app is not told of another."""
    apart = [
        finding(Outcome.NOT_ACHIEVABLE, reason=reason, subject=app(name), remediation="Take another plan.")
        for reason, name in (("the plan is Free", "a"), ("it is Bitbucket", "b"), ("the plan is Free", "c"))
    ]
    told = {one.text.rpartition(": ")[2]: len(one.subjects) for one in next_steps(report(*apart))}
    assert told == {
        "the plan is Free (a waiver can accept it)": 2,
        "it is Bitbucket (a waiver can accept it)": 1,
    }


def test_subjects_follow_the_first_sentence_of_a_remediation() -> None:
    """It says what to do with them; the sentences after it are about other cases."""
    remediation = "Follow the move in the console. For a failed one, open the ticket."
    (step,) = next_steps(report(finding(Outcome.FAIL, subject=app("a"), remediation=remediation)))
    first, _, rest = step.text.partition("). ")
    assert first.startswith("Follow the move in the console: ")
    assert rest == "For a failed one, open the ticket"
