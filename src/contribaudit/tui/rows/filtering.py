"""Filters, sorts and groups findings. A filter has words, and facets such as `outcome:fail site:acme -check:DR`.

The values by which findings are searched, sorted and grouped are computed once per board.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from contribaudit.core.advise.report import Report
from contribaudit.core.advise.steps import NextStep, to_do
from contribaudit.core.judge.check import Check
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import alias_of, called
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import display, safe_text

QUIET = (Outcome.PASS, Outcome.NO_SUCH_SETTING, Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT)
"""Outcomes that require no action."""
_PAUSE_EVERY = 2000


@cache
def known_checks() -> dict[str, Check]:
    """The checks by ID. The first call imports all of them, which takes too long before the first paint."""
    from contribaudit import checks

    return {check.id: check for check in checks.ALL}


class About(NamedTuple):
    """What every finding about one subject has in common; facts about an app are "" for any other subject."""

    label: str
    """The subject's display name as plain text, as the filter takes it: "acme.atlassian.net/jira-software"."""
    called: str
    """What people call the subject: "Jira on acme.atlassian.net"."""
    site: str
    app: str
    organization: str
    """The organization's name."""
    realm: str = ""
    """The app's location and the groups that contain it, in lower case like its plan: "de eea"."""
    plan: str = ""
    pinned: str = ""
    """ "yes", "no" or "unknown"."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A finding with the values that the table, the filter and the sorting need."""

    finding: Finding
    about: About
    check: str
    """The check's ID and slug in lower case; the ID alone for a check that this version does not have."""
    family: str
    """"" for a check that this version does not have."""
    grade: str
    """The grade of the weakest evidence; "" without evidence."""
    newly: bool
    """Whether the finding is violated or unproven, and was not so in the run before."""
    hay: str
    """All text that a word of the filter is searched in, in lower case."""
    step: str
    """Number of the step that settles the finding, as on the Next screen; "" if no step does now."""

    @property
    def quiet(self) -> bool:
        """Whether the finding requires no action and is not a fragile pass."""
        return self.finding.outcome in QUIET and not self.finding.fragile


class FindingIndex:
    """The findings of one report in its order, with lists, by place, of the values that every key press needs."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self.rows = rows
        self.hays = [row.hay for row in rows]
        self.outcomes = [row.finding.outcome for row in rows]
        self.severities = [row.finding.severity for row in rows]
        self.quiet = [row.quiet for row in rows]
        self._values: dict[str, list[str]] = {}

    def values(self, facet: str) -> list[str]:
        """Every value that findings have for a facet, sorted; computed when first asked for."""
        if facet not in self._values:
            words = {word for row in self.rows for word in _MEANS[facet](row).split(None if facet in _WORDS else "\n")}
            self._values[facet] = sorted(words - {""})
        return self._values[facet]

    def place_of(self, finding: Finding) -> int | None:
        """The place of the finding with the same check and subject, also for one of another report; None if missing."""
        key = (finding.check, finding.subject)
        places = (place for place, row in enumerate(self.rows) if (row.finding.check, row.finding.subject) == key)
        return next(places, None)


def label_of(state: State, subject: Subject) -> str:
    """The display name of a subject in the table and the filter, as plain text."""
    alias = safe_text(alias_of(state, subject)).removeprefix("app:")
    name = safe_text(state.place(subject).name)
    if subject.kind is Kind.ORGANIZATION:
        return name
    return f"{alias} {name}" if subject.kind is Kind.SPACE and name not in (alias, subject.id) else alias


def index_of(
    report: Report,
    pause: Callable[[], None] = lambda: None,
    steps: Sequence[NextStep] = (),
) -> FindingIndex:
    """The index of a report's findings. `steps` are those of the Next screen.

    `pause` is called now and then, so that a thread leaves the interpreter to the screen.
    """
    state = report.state
    # A saved report has no observations: its findings tell where an app is.
    seen_at = {one.subject: display(one.observed) for one in report.findings if one.setting == names.REALM}
    new = {(one.check, one.subject) for one in report.newly}
    settled = {
        (one.check, one.subject): str(number) for number, step in enumerate(to_do(steps), 1) for one in step.findings
    }

    @cache
    def about(subject: Subject) -> About:
        place = state.place(subject)
        return About(
            label_of(state, subject),
            safe_text(called(state, subject)),
            safe_text(place.site or (subject.id if subject.kind is Kind.SITE else "")),
            safe_text(place.app),
            safe_text(state.organization_name(subject.organization)),
            *(_app_facts(state, subject, seen_at.get(subject, "")) if subject.kind is Kind.APP else ()),
        )

    rows = []
    for number, finding in enumerate(report.findings):
        if number % _PAUSE_EVERY == 0:
            pause()
        key = (finding.check, finding.subject)
        rows.append(_row(finding, about(finding.subject), newly=key in new, step=settled.get(key, "")))
    return FindingIndex(tuple(rows))


def _row(finding: Finding, about: About, *, newly: bool, step: str) -> Row:
    check = known_checks().get(finding.check)
    check_name = check.called if check else finding.check
    words = (
        check_name,
        finding.title,
        finding.reason,
        about.label,
        about.called,
        finding.subject.id,
        about.site,
        finding.setting or "",
        display(finding.expected),
        display(finding.observed),
        finding.outcome,
        finding.severity,
        about.organization,
    )
    return Row(
        finding,
        about,
        check=check_name.casefold(),
        family=check.family.value if check else "",
        grade=str(max((each.grade for each in finding.evidence), key=lambda grade: grade.rank, default="")),
        newly=newly,
        hay=" ".join(words).casefold(),
        step=step,
    )


def _app_facts(state: State, app: Subject, displayed: str) -> tuple[str, str, str]:
    """The app's location with its groups, plan and pinning; `displayed` is the location that a finding shows."""
    realm, plan, pinned = (state.value(app, one) for one in (names.REALM, names.PLAN, names.PINNED))
    word = realm.value if realm is not None and isinstance(realm.value, str) and realm.value else displayed or "unknown"
    known_realm = state.rulebook.realm(word)
    code = known_realm.code if known_realm is not None else word
    groups = [name for name, codes in state.rulebook.realm_groups.items() if code in codes]
    plans = display(plan.value) if plan is not None and plan.value is not None else "unknown"
    pin_state = ("yes" if pinned.value is True else "no") if pinned is not None else "unknown"
    return " ".join(one.replace(" ", "-") for one in (code, *groups)).casefold(), plans.casefold(), pin_state


def _grave(finding: Finding) -> int:
    if finding.outcome.violates:
        return 0
    if finding.outcome.unproven:
        return 1
    return 2 if finding.outcome not in QUIET else 3


SORTS: dict[str, Callable[[Row], tuple[object, ...]]] = {
    "gravity": lambda row: (
        _grave(row.finding),
        row.finding.severity.rank,
        row.finding.outcome is Outcome.NOT_ACHIEVABLE,  # no setting of the customer can mend it
        row.finding.check,
        row.about.label,
    ),
    "check": lambda row: (row.finding.check, _grave(row.finding), row.about.label),
    "subject": lambda row: (row.about.label.casefold(), _grave(row.finding), row.finding.check),
    "outcome": lambda row: (row.finding.outcome.value, row.finding.severity.rank, row.finding.check, row.about.label),
    "due": lambda row: (row.finding.due_at is None, row.finding.due_at or 0, _grave(row.finding), row.about.label),
}
"""Sort orders of the table, in the order in which the key cycles through them."""
GROUPS: dict[str, Callable[[Row], str]] = {
    "": lambda _row: "",
    "site": lambda row: row.about.site or "no site",
    "check": lambda row: f"{row.finding.check} {safe_text(row.finding.title)}",
    "family": lambda row: (row.family or "other").replace("_", " "),
    "outcome": lambda row: row.finding.outcome.words,
}
"""Ways to group findings: each gives the title of a finding's group."""


def ordered(index: FindingIndex, sort: str) -> list[int]:
    """Every place of the index in this sort order."""
    key, rows = SORTS[sort], index.rows
    return sorted(range(len(rows)), key=lambda place: key(rows[place]))


@dataclass(frozen=True, slots=True)
class Heading:
    """A line above a group of findings."""

    title: str
    count: int


def grouped(index: FindingIndex, places: list[int], group: str) -> list[int | Heading]:
    """The places with a heading above each group; groups are sorted by title, places keep their order within one."""
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


_TOKEN = re.compile(r'(-?)(?:([a-z]+):)?("[^"]*"?|\S+)', re.IGNORECASE)
_MEANS: dict[str, Callable[[Row], str]] = {
    "outcome": lambda row: row.finding.outcome.value,
    "severity": lambda row: row.finding.severity.value,
    "check": lambda row: row.check,
    "site": lambda row: row.about.site.casefold(),
    "app": lambda row: row.about.app.casefold(),
    "family": lambda row: row.family,
    "grade": lambda row: row.grade,
    "kind": lambda row: row.finding.subject.kind.value,
    "setting": lambda row: (row.finding.setting or "").casefold(),
    "org": lambda row: f"{row.finding.subject.organization} {row.about.organization}".casefold(),
    "id": lambda row: row.finding.subject.id.casefold(),
    "subject": lambda row: row.about.label.casefold(),
    "step": lambda row: row.step,
    "reason": lambda row: row.finding.reason_code,
    "realm": lambda row: row.about.realm,
    "plan": lambda row: row.about.plan,
    "pinned": lambda row: row.about.pinned,
}
FACETS = (*_MEANS, "is")
"""Words that are allowed before a colon."""
_WHOLE = frozenset(("outcome", "severity", "grade", "kind", "id", "subject", "step"))
_STARTS = frozenset(("check", "setting"))
_WORDS = frozenset(("realm", "pinned"))
IS: dict[str, Callable[[Row], bool]] = {
    "bad": lambda row: row.finding.outcome.violates,
    "unverified": lambda row: row.finding.outcome.unproven,
    "fragile": lambda row: row.finding.fragile,
    "new": lambda row: row.newly,
    "waived": lambda row: row.finding.waiver is not None,
    "due": lambda row: row.finding.due_at is not None,
    "open": lambda row: row.finding.outcome.is_open,
}
"""The values of `is:`."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition of the filter: a word, or a facet with values."""

    facet: str
    """"" for a word, which is searched everywhere."""
    values: tuple[str, ...]
    """Alternatives in lower case; one of them must fit."""
    negated: bool = False

    def fits(self, row: Row) -> bool:
        """Whether the finding meets the condition."""
        if not self.facet:
            met = any(value in row.hay for value in self.values)
        elif self.facet == "is":
            met = any(IS[value](row) for value in self.values if value in IS)
        else:
            met = self._facet_fits(_MEANS[self.facet](row))
        return met is not self.negated

    def _facet_fits(self, has: str) -> bool:
        if self.facet in _WHOLE:
            return has in self.values
        if self.facet in _WORDS:
            return any(value in has.split() for value in self.values)
        if self.facet in _STARTS:
            return any(_name_matches(name, value) for name in has.split() or [""] for value in self.values)
        return any(value in has if value else not has for value in self.values)


def _name_matches(name: str, value: str) -> bool:
    return fnmatchcase(name, value) if set(value) & set("*?[") else name.startswith(value)


def parse(text: str) -> tuple[Term, ...]:
    """The filter's terms; a finding must meet all of them.

    A facet takes several values with commas. Values of outcome, severity, grade, kind, id, subject and step match
    exactly, those of check and setting match beginnings, the others match parts; `site:""` matches findings without a
    site. Text before a colon that is no facet belongs to the word, so that people can search for
    "app:acme.atlassian.net/jira" as they read it.
    """
    terms = []
    for minus, head, rest in _TOKEN.findall(text):
        quoted_text = rest.startswith('"')
        rest = rest.strip('"') if quoted_text else rest
        facet = head.casefold()
        app_alias = facet == "app" and "/" in rest
        if facet in FACETS and not app_alias:
            values = [rest] if quoted_text else rest.split(",")
            folded = tuple(_normalized(facet, value) for value in values if value or quoted_text)
            if folded:
                terms.append(Term(facet, folded, bool(minus)))
        else:
            word = f"{head}:{rest}" if head and not app_alias else rest
            half_typed = word.endswith(":") and word[:-1].casefold() in FACETS
            if word and not half_typed:
                terms.append(Term("", (word.casefold(),), bool(minus)))
    return tuple(terms)


def _normalized(facet: str, value: str) -> str:
    folded = value.casefold()
    return folded.replace("-", "_").replace(" ", "_") if facet in ("outcome", "family") else folded


_LISTED = ("outcome", "severity", "grade", "kind", "family", "realm", "plan", "pinned")
"""Facets with few values, where a value that no finding has is probably a mistake."""


def hint(text: str, index: FindingIndex) -> str:
    """A suggestion for a facet or value that does not exist; "" if the filter contains no probable mistake."""
    for _, head, rest in _TOKEN.findall(text):
        facet, value = head.casefold(), rest.strip('"')
        if facet and facet not in FACETS and "/" not in value:
            near = get_close_matches(facet, FACETS, 1, 0.6)
            if near:
                return f"No facet {facet}: did you mean {near[0]}:{value}?"
        if facet == "is" or facet in _LISTED:
            words = sorted(IS) if facet == "is" else index.values(facet)
            for word in value.split(","):
                folded = _normalized(facet, word)
                if not word or any(folded == one or (facet == "plan" and folded in one) for one in words):
                    continue
                near = get_close_matches(folded, words, 1, 0.5)
                guess = f": did you mean {facet}:{near[0]}?" if near else f", only {', '.join(words)}" if words else ""
                return f"No finding has {facet}:{word}{guess}"
    return ""


def quoted(text: str) -> str:
    """A value in the filter's syntax, in quotes if necessary; quotation marks inside it are dropped."""
    bare = text.replace('"', "")
    return bare if re.fullmatch(r"[^\s,\"]+", bare) else f'"{bare}"'


def filtered(index: FindingIndex, order: Sequence[int], terms: Iterable[Term], *, hide_passes: bool) -> list[int]:
    """The places in `order` whose findings meet every term, in the same order."""
    hays, left = index.hays, list(order)
    if hide_passes:
        left = [place for place in left if not index.quiet[place]]
    for term in terms:
        if term.facet:
            left = _of_facet(index, left, term)
            continue
        word, negated = term.values[0], term.negated
        left = [place for place in left if (word in hays[place]) is not negated]
    return left


class Narrowing:
    """`filtered` made fast for typing: a further letter or word searches only the previous result."""

    def __init__(self) -> None:
        self._from: tuple[FindingIndex, Sequence[int], bool] | None = None
        """The arguments of the previous call, compared by identity."""
        self._terms: tuple[Term, ...] = ()
        self._left: list[int] = []

    def filtered(
        self, index: FindingIndex, order: Sequence[int], terms: tuple[Term, ...], *, hide_passes: bool
    ) -> list[int]:
        """The same result as `filtered`."""
        before = self._from
        same = before is not None and before[0] is index and before[1] is order and before[2] == hide_passes
        if same and _narrower(terms, self._terms):
            left = filtered(index, self._left, terms[max(0, len(self._terms) - 1) :], hide_passes=False)
        else:
            left = filtered(index, order, terms, hide_passes=hide_passes)
        self._from, self._terms, self._left = (index, order, hide_passes), terms, left
        return left


def _narrower(new: tuple[Term, ...], old: tuple[Term, ...]) -> bool:
    """Whether every finding that meets the new terms certainly meets the old ones."""
    if not old:
        return True
    *head, last = old
    if len(new) < len(old) or list(new[: len(head)]) != head:
        return False
    term = new[len(head)]
    longer = (
        not last.facet and not term.facet and not last.negated and not term.negated and last.values[0] in term.values[0]
    )
    return longer or term == last


def _of_facet(index: FindingIndex, places: list[int], term: Term) -> list[int]:
    """The places whose findings meet the term. Values repeat, so each distinct value is tested once."""
    rows = index.rows
    means = _MEANS.get(term.facet)
    if means is None:
        return [place for place in places if term.fits(rows[place])]
    tested: dict[str, bool] = {}
    left = []
    for place in places:
        has = means(rows[place])
        fits = tested.get(has)
        if fits is None:
            fits = tested[has] = term.fits(rows[place])
        if fits:
            left.append(place)
    return left
