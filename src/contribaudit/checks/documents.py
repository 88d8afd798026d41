"""Watched documents: whether pages still confirm a rule's facts (GV-06, DC-19), and what was superseded (GV-08)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, timedelta

from contribaudit.checks.reading import policy_evidence, rulebook_evidence
from contribaudit.core.judge.check import Check, CheckContext, Verdict, check
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.phrases import counted, first_of, some
from contribaudit.core.model.provisions import Anchor
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.provisions import AnchorStanding, Standing, contradictions, listing_of, overtaken_in

_HOW = "run `contribaudit terms check --fetch`, or import the pages with `contribaudit terms add`"


def page_doubt(case: CheckContext, about: Callable[[Anchor], bool], days: int) -> Verdict | None:
    """The verdict when the pages may no longer confirm the facts; None when they do.

    `about` selects the facts; `days` is the greatest accepted age of the newest look at their pages.
    """
    asked = [one for one in case.state.anchored if about(one.anchor)]
    changed = [one for one in asked if one.standing.under_review]
    if changed:
        reason = first_of([one.sentence() for one in changed])
        observed = tuple(one.anchor.id for one in changed)
        return Verdict(Outcome.STALE, "provision_changed", reason, None, (), observed, page_evidence(case, changed))
    missing = sorted({one.anchor.document for one in asked if one.standing is Standing.NOT_ARCHIVED})
    if missing:
        reason = (
            f"unknown whether Atlassian's pages still support the rulebook: {_never_archived(case, missing)}; {_HOW}"
        )
        return Verdict(Outcome.UNKNOWN, "pages_not_archived", reason, None, (), tuple(missing))
    archive = case.state.documents
    read = [(when, one) for one in asked if (when := archive.read_at(one.anchor.document)) is not None]
    read_at, oldest = min(read, key=lambda pair: pair[0], default=(case.as_of, None))
    if oldest is not None and case.as_of - read_at > timedelta(days=days):
        age = counted((case.as_of - read_at).days, "day")
        unread = archive.unreadable(oldest.anchor.document)
        why = f"; the newest copy is not readable: {unread.reason}" if unread is not None else ""
        reason = f'"{_title(case, oldest.anchor.document)}" was last read {age} ago{why}'
        within, evidence = f"at most {counted(days, 'day')}", page_evidence(case, [oldest])
        return Verdict(Outcome.STALE, "pages_read_long_ago", reason, None, within, age, evidence)
    return None


def _title(case: CheckContext, document: str) -> str:
    titles = {one.name: one.title for one in case.state.rulebook.terms.documents}
    return titles.get(document, document)


def _never_archived(case: CheckContext, missing: list[str]) -> str:
    titles = [f'"{_title(case, one)}"' for one in missing]
    return f"{some(titles, 2)} {'was' if len(titles) == 1 else 'were'} never archived"


def reviewed_within(
    case: CheckContext, what: str, reviewed: date, limit: int, about: Callable[[Anchor], bool], still: str
) -> Verdict:
    """`pass` when the rulebook review is at most `limit` days old and the pages still confirm it, else why not.

    `what` begins the reason, `still` ends it when both hold; `about` selects the facts that were reviewed.
    """
    days = (case.as_of.astimezone(UTC).date() - reviewed).days
    pages = page_evidence(case, [one for one in case.state.anchored if about(one.anchor)])
    age = None, f"at most {counted(limit, 'day')}", counted(days, "day"), rulebook_evidence(case) + pages
    reason = f"{what}reviewed on {reviewed}, {counted(days, 'day')} ago"
    if not 0 <= days <= limit:  # a review dated after this audit has not happened yet
        return Verdict(Outcome.STALE, "review_overdue", reason, *age)
    return page_doubt(case, about, limit) or Verdict(Outcome.PASS, "reviewed", f"{reason}{still}", *age)


def page_evidence(case: CheckContext, seen: list[AnchorStanding]) -> tuple[Evidence, ...]:
    """The archived editions behind the facts, dated now: their age is a question of the check itself."""
    editions = {one.edition.document: one.edition for one in seen if one.edition is not None}
    return tuple(
        Evidence(
            Grade.DOCUMENTED,
            f"{name}, text {one.text_sha256[:12]} retrieved {one.retrieved_at.astimezone(UTC):%Y-%m-%d}",
            case.as_of,
        )
        for name, one in editions.items()
    )


@check(
    "GV-08",
    "no-overtaken-statements",
    Kind.COMPANY,
    outcomes={Outcome.PASS, Outcome.FAIL, Outcome.CONFLICT, Outcome.UNKNOWN},
)
def no_stale_facts(case: CheckContext) -> Verdict:
    """GV-08: neither the policy's reasons nor a watched document makes a statement that a newer document replaced.

    The policy's owner can correct a citation, so it is a `fail`. Documents that contradict each other belong to the
    vendor and are reported as two sources that disagree.
    """
    rules, archive = case.state.rulebook.terms, case.state.documents
    cited = [(where, one) for where, text in _written_reasons(case) for one in overtaken_in(rules, text)]
    evidence = policy_evidence(case, "its reasons")
    if cited:
        where, one = cited[0]
        reason = f"{where} relies on \u201c{one.statement}\u201d, but {one.replaced}"
        return Verdict(Outcome.FAIL, "overtaken_cited", reason, None, (), tuple(item.id for _, item in cited), evidence)
    lists = listing_of(case.state.subprocessors.newest)
    found = contradictions(rules, archive, lists)
    current = [look for name in archive.looks if (look := archive.current(name)) is not None]
    evidence += tuple(
        Evidence(Grade.DOCUMENTED, f"{one.document}, text {one.text_sha256[:12]}", case.as_of) for one in current
    )
    if found:
        sentences = some(
            [f"{one.document} ({one.older_on}) says \u201c{one.statement}\u201d, but {one.against}" for one in found],
            3,
            "; ",
        )
        documents = tuple(dict.fromkeys(one.document for one in found))
        return Verdict(Outcome.CONFLICT, "documents_disagree", sentences, None, (), documents, evidence)
    if not current:
        reason = f"the policy makes no outdated statement, but no document is archived to compare; {_HOW}"
        return Verdict(Outcome.UNKNOWN, "no_documents", reason)
    missing = sorted({one.anchor.document for one in case.state.anchored if one.standing is Standing.NOT_ARCHIVED})
    if missing:
        reason = f"the policy makes no outdated statement, but {_never_archived(case, missing)}; {_HOW}"
        return Verdict(Outcome.UNKNOWN, "pages_not_archived", reason, None, (), tuple(missing), evidence)
    reason = f"no outdated statement in the policy or in {len(current)} archived documents"
    return Verdict(Outcome.PASS, "nothing_overtaken", reason, None, (), (), evidence)


def _written_reasons(case: CheckContext) -> Iterator[tuple[str, str]]:
    """The location and text of each reason in the policy's rules and waivers."""
    for rule in case.policy.rules:
        yield f"the rule {rule.check} ({rule.origin})", rule.reason
    for waiver in case.policy.waivers:
        yield f"the waiver {waiver.check} ({waiver.origin})", waiver.reason


ALL: tuple[Check, ...] = (no_stale_facts,)
