"""Every finding with what it is searched, sorted and grouped by, worked out once for a board."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from contribaudit.core.advise.report import Report
from contribaudit.core.alias import alias_of
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.exporters.text import plain, shown

QUIET = (Outcome.PASS, Outcome.NO_SUCH_SETTING, Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT)
"""Outcomes that ask for nothing."""
_PAUSE_EVERY = 2000


@cache
def families() -> dict[str, str]:
    """The family of each check. All checks are imported for it, which is too much before the first paint."""
    from contribaudit import checks

    return {check.id: check.family.value for check in checks.ALL}


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One finding as the table knows it."""

    finding: Finding
    label: str
    """What people call the subject, plain."""
    site: str
    app: str
    family: str
    """"" for a check that this version does not have."""
    grade: str
    """That of its weakest evidence; "" where there is none."""
    organization: str
    """Its name."""
    newly: bool
    """Violated or unproven, and not so in the run before."""
    hay: str
    """Everything that a word may be found in, without case."""

    @property
    def quiet(self) -> bool:
        """True for a finding that asks for nothing, a fragile pass apart."""
        return self.finding.outcome in QUIET and not self.finding.fragile


class FindingIndex:
    """The findings of one report, in its order, and by place what is asked of all of them with every key."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self.rows = rows
        self.hays = [row.hay for row in rows]
        self.outcomes = [row.finding.outcome for row in rows]
        self.severities = [row.finding.severity for row in rows]
        self.quiet = [row.quiet for row in rows]

    def place_of(self, finding: Finding) -> int | None:
        """Where the same check of the same subject stands, be it of another report."""
        wanted = (finding.check, finding.subject)
        places = (place for place, row in enumerate(self.rows) if (row.finding.check, row.finding.subject) == wanted)
        return next(places, None)


def index_of(report: Report, pause: Callable[[], None] = lambda: None) -> FindingIndex:
    """The index. `pause` is called now and then, for a thread that shares its interpreter with a screen."""
    state = report.state
    called: dict[Subject, tuple[str, str, str, str]] = {}
    new = {(one.check, one.subject) for one in report.newly}
    rows = []
    for number, one in enumerate(report.findings):
        if number % _PAUSE_EVERY == 0:
            pause()
        subject = one.subject
        if subject not in called:
            place = state.place(subject)
            site = place.site or (subject.id if subject.kind is Kind.SITE else "")
            alias = plain(alias_of(state, subject)).removeprefix("app:")
            name = plain(place.name)
            label = alias
            if subject.kind is Kind.ORGANIZATION:
                label = name
            elif subject.kind is Kind.SPACE and name not in (alias, subject.id):
                label = f"{alias} {name}"
            called[subject] = (
                label,
                plain(site),
                plain(place.app),
                plain(state.organization_name(subject.organization)),
            )
        label, site, app, organization = called[subject]
        grade = max((each.grade for each in one.evidence), key=lambda grade: grade.rank, default="")
        parts = (
            one.check,
            one.title,
            one.reason,
            label,
            subject.id,
            site,
            one.setting or "",
            shown(one.expected),
            shown(one.observed),
            one.outcome,
            one.severity,
            organization,
        )
        rows.append(
            Row(
                one,
                label,
                site,
                app,
                families().get(one.check, ""),
                str(grade),
                organization,
                (one.check, subject) in new,
                " ".join(parts).casefold(),
            )
        )
    return FindingIndex(tuple(rows))


def _grave(one: Finding) -> int:
    if one.outcome.violates:
        return 0
    if one.outcome.unproven:
        return 1
    return 2 if one.outcome not in QUIET else 3


def _yours(one: Finding) -> bool:
    """False for what no setting of the customer's can mend: it comes after what they can change."""
    return one.outcome is not Outcome.NOT_ACHIEVABLE


SORTS: dict[str, Callable[[Row], tuple[object, ...]]] = {
    "gravity": lambda row: (
        _grave(row.finding),
        row.finding.severity.rank,
        not _yours(row.finding),
        row.finding.check,
        row.label,
    ),
    "check": lambda row: (row.finding.check, _grave(row.finding), row.label),
    "subject": lambda row: (row.label.casefold(), _grave(row.finding), row.finding.check),
    "outcome": lambda row: (row.finding.outcome.value, row.finding.severity.rank, row.finding.check, row.label),
    "due": lambda row: (row.finding.due_at is None, row.finding.due_at or 0, _grave(row.finding), row.label),
}
"""How the table can be ordered, in the order in which the key goes through them."""
GROUPS: dict[str, Callable[[Row], str]] = {
    "": lambda _row: "",
    "site": lambda row: row.site or "no site",
    "check": lambda row: f"{row.finding.check} {plain(row.finding.title)}",
    "family": lambda row: (row.family or "other").replace("_", " "),
    "outcome": lambda row: row.finding.outcome.words,
}
"""What findings can stand together by."""


def ordered(index: FindingIndex, sort: str) -> list[int]:
    """Every place of the index in this order."""
    key, rows = SORTS[sort], index.rows
    return sorted(range(len(rows)), key=lambda place: key(rows[place]))


@dataclass(frozen=True, slots=True)
class Heading:
    """A line above findings that stand together."""

    title: str
    count: int


def grouped(index: FindingIndex, places: list[int], group: str) -> list[int | Heading]:
    """The places with a heading above each group; groups by name, within them the order stays."""
    if not group:
        return list(places)
    title_of, rows = GROUPS[group], index.rows
    members: dict[str, list[int]] = defaultdict(list)
    for place in places:
        members[title_of(rows[place])].append(place)
    lines: list[int | Heading] = []
    for title in sorted(members):
        lines.append(Heading(title, len(members[title])))
        lines += members[title]
    return lines
