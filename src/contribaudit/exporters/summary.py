"""The first screen in values: verdict, questions, counts, where, what to do, what changed, what runs out, how we know.

Made from the published document alone, for every format that people read. Its findings are gone through once.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from contribaudit import catalogue
from contribaudit.core.advise.report import Counts
from contribaudit.core.advise.verdict import headline, rest_on, verdict_word
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import spoken
from contribaudit.core.resolve.plans import WORKSPACES
from contribaudit.exporters.json_v1 import step_row
from contribaudit.exporters.report_v1 import ChangeV1, FindingV1, JsonValue, ReportV1, StepV1, SubjectV1
from contribaudit.exporters.saved import changes_of, report_of
from contribaudit.exporters.text import ORDER, display, happenings, plural, safe_text, spaces_read, what_happened
from contribaudit.rulebook.loader import app_titles

FAMILIES = {
    "DC": "Contribution",
    "AI": "AI access",
    "DR": "Residency",
    "SP": "Sub-processors",
    "GV": "Governance",
}
"""By the letters that a check's ID begins with, in reading order; other letters stand for themselves."""
QUESTIONS = {"DC": "Data contribution", "AI": "AI", "DR": "Location"}
"""The families that every report answers for, whatever its policy asks."""
VIOLATED = ("fail", "conflict", "not_achievable")
UNPROVEN = ("unknown", "stale")
_OUTCOMES = frozenset(one.value for one in Outcome)
NAMED_SITES = 12
NAMED_SUBJECTS = 60
NOBODY = "nobody"
NO_EVIDENCE = "rulebook alone"
"""What a pass rests on that needs no evidence."""


def words(word: str) -> str:
    """ "not_achievable" as people read it."""
    return Outcome(word).words if word in _OUTCOMES else word


def label(subject: SubjectV1) -> str:
    """What to call a subject: its alias, short for apps; what a terminal or a reader cannot see is marked."""
    return safe_text(subject["alias"]).removeprefix("app:") or safe_text(subject["id"])


def called(subject: SubjectV1) -> str:
    """What people say for a subject: "Jira on acme.atlassian.net"; what nobody can see in it is marked."""
    title = app_titles().get(subject["app"].strip().casefold(), "")
    about = Subject("", Kind(subject["kind"]), subject["id"])
    return safe_text(spoken(about, subject["alias"], subject["name"], subject["app"], title))


def told(value: JsonValue) -> str:
    """A value as people read it."""
    return display(tuple(value) if isinstance(value, list) else value)


def group(outcome: str) -> int:
    """0 for what fails, 1 for what is unverified, 2 for the rest."""
    return 0 if outcome in VIOLATED else 1 if outcome in UNPROVEN else 2


def gravest_first(findings: Iterable[FindingV1]) -> list[FindingV1]:
    """What fails, what is unverified, the rest; each by severity, check and subject."""
    return sorted(findings, key=lambda one: (*_rank(one), label(one["subject"])))


def _rank(one: FindingV1) -> tuple[int, int, str]:
    return group(one["outcome"]), Severity(one["severity"]).rank, one["check"]


@dataclass(slots=True)
class Tally:
    """How many findings have each outcome, of one family in one place."""

    by_outcome: Counter[str] = field(default_factory=Counter)

    @property
    def applies(self) -> int:
        """All but what has no such setting."""
        return self.by_outcome.total() - self.by_outcome["no_such_setting"]

    @property
    def failed(self) -> int:
        """Fails, and somebody can change it."""
        return self.by_outcome["fail"] + self.by_outcome["conflict"]

    @property
    def unreachable(self) -> int:
        """What the plan does not offer."""
        return self.by_outcome["not_achievable"]

    @property
    def unproven(self) -> int:
        """Unknown or stale."""
        return self.by_outcome["unknown"] + self.by_outcome["stale"]

    @property
    def word(self) -> str:
        """The worst of it: "fail", "not achievable", "unverified", "pass", or "none" where nothing applies."""
        if self.failed:
            return "fail"
        if self.unreachable:
            return "not achievable"
        if self.unproven:
            return "unverified"
        return "pass" if self.applies else "none"

    @property
    def told(self) -> str:
        """The counts behind the word."""
        parts = [(self.failed, "fail"), (self.unreachable, "not achievable"), (self.unproven, "unverified")]
        beside = [(self.by_outcome[one], words(one)) for one in ("waived", "pending", "exempt", "not_yet_effective")]
        return ", ".join(f"{number} {word}" for number, word in (*parts, *beside) if number)


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the map: an organization, one of its sites, or several sites together."""

    name: str
    plan: str
    site: bool
    cells: tuple[Tally, ...]
    """One for each family."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do, as `contribaudit next` tells it."""

    kind: str
    severity: str
    """"" for what cannot be resolved."""
    minutes: int
    number: int
    """How many findings it settles."""
    what: str
    command: str
    check: str
    """The check that all of them are of; "" where they are of several."""
    outcome: str
    """Which findings of the check they are: "g" and their group, or the number of their outcome among all; "" where
    neither tells them from others.
    """


@dataclass(frozen=True, slots=True)
class Happened:
    """A change as people count them."""

    when: str
    what: str
    subject: str
    told: str
    title: str
    """Of the setting; "" for an app or space that is new or gone."""
    called: str
    """What people say for the subject."""
    actor: str
    """"" where nobody is known to have done it."""
    cause: str
    """"" where nobody looked for one."""
    explained: bool
    ticket: str


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that runs out."""

    day: str
    in_days: int
    what: str


@dataclass(slots=True)
class FindingGroup:
    """Findings of one check that do not pass."""

    check: str
    title: str
    severity: Severity
    """The gravest of theirs."""
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[FindingV1] = field(default_factory=list)
    """The first few, those that fail first."""

    @property
    def number(self) -> int:
        """How many findings they are."""
        return self.outcomes.total()

    @property
    def fails(self) -> bool:
        """Whether one of them is fail, conflict or not achievable."""
        return any(one in self.outcomes for one in VIOLATED)

    @property
    def open(self) -> bool:
        """Whether one of them fails or is unverified."""
        return self.fails or any(one in self.outcomes for one in UNPROVEN)

    @property
    def ordered(self) -> list[tuple[str, int]]:
        """Their outcomes, gravest first, and how many have each."""
        return sorted(self.outcomes.items(), key=lambda one: (group(one[0]), -one[1], one[0]))

    @property
    def in_short(self) -> list[tuple[str, int]]:
        """How many fail, are unverified, and neither."""
        counts = Counter(dict.fromkeys(range(3), 0))
        for outcome, number in self.outcomes.items():
            counts[group(outcome)] += number
        return [("fail", counts[0]), ("unverified", counts[1]), ("other", counts[2])]

    def add(self, one: FindingV1) -> None:
        """Count it, and keep it where it is among the gravest."""
        self.severity = min(self.severity, Severity(one["severity"]), key=lambda each: each.rank)
        self.outcomes[one["outcome"]] += 1
        if len(self.findings) < NAMED_SUBJECTS or _rank(one) < _rank(self.findings[-1]):
            insort(self.findings, one, key=_rank)
            del self.findings[NAMED_SUBJECTS:]


@dataclass(frozen=True, slots=True)
class Question:
    """One of the three things that the product is asked: data contribution, AI, location."""

    name: str
    word: str
    """The worst outcome, as `Tally.word` has it; "not asked" where the policy asks nothing about it."""
    fact: str
    """The worst finding, in a sentence without a full stop; of passes, the title of the gravest check. May be ""."""


class Overview:
    """Everything that is not a row of the list of findings."""

    def __init__(self, document: ReportV1) -> None:
        self.document = document
        self.counts: Counter[str] = Counter()
        self.fragile = 0
        """Passes that a plan default alone, or a trial, holds up."""
        self._by_severity: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._by_family: defaultdict[str, Tally] = defaultdict(Tally)
        self._by_place: defaultdict[tuple[str, str, str], Tally] = defaultdict(Tally)
        """By organization, site ("" for all of the organization) and family."""
        self._sites: defaultdict[str, set[str]] = defaultdict(set)
        self._groups: dict[str, FindingGroup] = {}
        self._worst: dict[str, FindingV1] = {}
        self._days: Counter[tuple[date, str]] = Counter()
        self._rest_on: Counter[tuple[tuple[Grade, bool], ...]] = Counter()
        for one in document["findings"]:
            self._count(one)

    def _count(self, one: FindingV1) -> None:
        outcome, organization, site = one["outcome"], one["organization"], one["subject"]["site"]
        family = one["check"].partition("-")[0]
        self.counts[outcome] += 1
        self.fragile += one["fragile"]
        self._by_severity[one["severity"]][outcome] += 1
        self._by_family[family].by_outcome[outcome] += 1
        self._by_place[organization, "", family].by_outcome[outcome] += 1
        if site:
            self._sites[organization].add(site)
            self._by_place[organization, site, family].by_outcome[outcome] += 1
        if outcome == Outcome.PASS.value:
            self._rest_on[tuple((Grade(each["grade"]), bool(each["confirmed_by"])) for each in one["evidence"])] += 1
        elif outcome != Outcome.NO_SUCH_SETTING.value:
            check = one["check"]
            if check not in self._groups:
                self._groups[check] = FindingGroup(check, one["title"], Severity(one["severity"]))
            self._groups[check].add(one)
        if family not in self._worst or _rank(one) < _rank(self._worst[family]):
            self._worst[family] = one
        if one["waiver"] is not None:
            self._days[date.fromisoformat(one["waiver"]["expires"]), "{} under a waiver that ends"] += 1
        if one["due_at"] is not None:
            self._days[datetime.fromisoformat(one["due_at"]).date(), "{} due"] += 1

    def groups(self) -> list[FindingGroup]:
        """Findings that do not pass, by check: what fails, what is unverified, the rest; gravest first."""
        return sorted(
            self._groups.values(), key=lambda one: (not one.fails, not one.open, one.severity.rank, one.check)
        )

    def questions(self) -> list[Question]:
        """Data contribution, AI and location, each with its worst fact."""
        return [self._question(family, name) for family, name in QUESTIONS.items()]

    def _question(self, family: str, name: str) -> Question:
        word = self._by_family[family].word if family in self._by_family else "none"
        if word == "none":
            return Question(name, "not asked", "this policy does not ask about it")
        worst = self._worst[family]
        if word == "pass" and group(worst["outcome"]) == 2:
            return Question(name, word, safe_text(worst["title"]))
        subject, reason = worst["subject"], safe_text(worst["reason"])
        return Question(name, word, reason if self.is_wide(subject) else f"{called(subject)}: {reason}")

    def is_wide(self, subject: SubjectV1) -> bool:
        """Whether it is all that the report is about, so that its name adds nothing."""
        single = len(self.document["organizations"]) == 1
        return subject["kind"] == "company" or (subject["kind"] == "organization" and single)

    @property
    def applies(self) -> int:
        """How many findings there are but for what has no such setting."""
        return self.counts.total() - self.counts["no_such_setting"]

    @property
    def ordered_counts(self) -> list[tuple[str, int]]:
        """Outcomes that occur, in the order in which reports list them."""
        return [(one.value, self.counts[one.value]) for one in ORDER if self.counts[one.value]]

    @property
    def headline(self) -> str:
        """The verdict in one sentence, the same in every format."""
        run = self.document["run"]
        return headline(run["exit_code"], Severity(run["fail_on"]), dict(self.by_severity()))

    @property
    def word(self) -> str:
        """PASS, FAIL or UNVERIFIED."""
        return verdict_word(self.document["run"]["exit_code"])

    @property
    def violated(self) -> int:
        """Findings that are fail, conflict or not achievable."""
        return sum(self.counts[one] for one in VIOLATED)

    @property
    def unproven(self) -> int:
        """Findings that are unknown or stale."""
        return sum(self.counts[one] for one in UNPROVEN)

    @cached_property
    def families(self) -> dict[str, str]:
        """The families that occur, in reading order: letters to title."""
        known = {key: title for key, title in FAMILIES.items() if key in self._by_family}
        return known | {key: safe_text(key) for key in sorted(self._by_family) if key not in known}

    def by_family(self) -> list[tuple[str, Counter[str]]]:
        """Outcomes of each family."""
        return [(title, self._by_family[key].by_outcome) for key, title in self.families.items()]

    def by_severity(self) -> list[tuple[str, Counter[str]]]:
        """Outcomes of each severity that occurs, gravest first."""
        return [(one.value, self._by_severity[one.value]) for one in Severity if one.value in self._by_severity]

    @property
    def inventory(self) -> str:
        """What was seen, in numbers: "1 organization, 5 sites, 13 apps; 1 administration entry is not an app"."""
        held, named = self.document["inventory"], len(self.document["organizations"])
        organizations = plural(held["organizations"], "organization")
        if held["organizations"] != named:
            organizations = f"{held['organizations']} of {plural(named, 'organization')}"
        parts = [organizations, plural(held["sites"], "site"), plural(held["apps"], "app")]
        spaces = spaces_read(Counts(**held))
        lists = [row for row in self.document["collection"] if row["collector"] == WORKSPACES]
        others = sum(row["read"] for row in lists) - held["apps_read"]
        beside = ""
        if others > 0 and all(row["status"] == "ok" for row in lists):
            more = "entry is not an app" if others == 1 else "entries are not apps"
            beside = f"; {others} administration {more}"
        return ", ".join([*parts, *([spaces] if spaces else [])]) + beside

    def coverage(self) -> list[str]:
        """What was read of what is known, a phrase each."""
        held = self.document["inventory"]
        looked = [one for one in self.document["organizations"] if not one["left_out"]]
        bad = {row["organization"] for row in self.document["collection"] if row["status"] != "ok"}
        ran = {row["organization"] for row in self.document["collection"]}
        whole = sum(1 for one in looked if one["id"] in ran - bad)
        spaces = spaces_read(Counts(**held))
        return [
            f"{whole} of {plural(len(looked), 'organization')} read without a gap",
            f"{held['sites_read']} of {plural(held['sites'], 'site')}",
            f"{held['apps_read']} of {plural(held['apps'], 'app')}",
            *([spaces] if spaces else []),
        ]

    def places(self) -> list[Place]:
        """Every organization, beneath it its sites, worst first; sites beyond the first dozen are one row."""
        tallies, sites = self._by_place, self._sites
        known = {one["id"]: one for one in self.document["organizations"]}
        found: list[Place] = []
        for organization in [*known, *([""] if any(key[0] == "" for key in tallies) else [])]:
            about = known.get(organization)
            name = safe_text(about["name"]) if about else "All organizations together"
            plan = safe_text(about["highest_plan"] or "plan unknown") if about else ""

            def row(site: str, organization: str = organization) -> tuple[Tally, ...]:
                return tuple(tallies.get((organization, site, family), Tally()) for family in self.families)

            if about and about["left_out"]:
                name += " (not looked at in this run)"
            elif about and about["unread_reason"]:
                name += f" (not read: {safe_text(about['unread_reason'])})"
            found.append(Place(name, plan, False, row("")))
            ordered = sorted(sites[organization], key=lambda site: (*_badness(row(site)), site))
            found += [Place(safe_text(site), "", True, row(site)) for site in ordered[:NAMED_SITES]]
            rest = ordered[NAMED_SITES:]
            if rest:
                together = tuple(
                    Tally(sum((one.by_outcome for one in column), Counter()))
                    for column in zip(*map(row, rest), strict=True)
                )
                found.append(Place(f"{plural(len(rest), 'more site')}", "", True, together))
        return found

    @cached_property
    def steps(self) -> list[Task]:
        """What to do, gravest first, and last what cannot be resolved yet.

        A report of an earlier version holds no steps: its findings then tell them, as far as they do by themselves.
        """
        rows = self.document["next"]
        if not rows and (self.violated or self.unproven):
            rows = [step_row(one) for one in report_of(self.document).steps]
        known = {one["id"]: one for one in self.document["findings"]} if rows else {}
        alike = Counter(key for one in known.values() for key in _alike(one))
        return [_task(row, [known[each] for each in row["findings"] if each in known], alike) for row in rows]

    def tasks(self) -> list[Task]:
        """The steps that somebody can take."""
        return [one for one in self.steps if one.kind != NOBODY]

    @property
    def nobodys(self) -> str:
        """What cannot be resolved yet, as a sentence without a full stop; "" where there is nothing of the sort."""
        return next((one.what for one in self.steps if one.kind == NOBODY), "")

    def changes(self) -> list[Happened]:
        """What changed since the run before, a new app as one."""
        changes = changes_of(self.document)
        by_id: Mapping[str, ChangeV1] = {one["id"]: one for one in self.document["changes"]}
        found: list[Happened] = []
        for one in happenings(changes):
            first = one.changes[0]
            kind, text = what_happened(one)
            since = f"{first.last_seen:%Y-%m-%d %H:%M} to " if first.last_seen else "by "
            # What nobody can explain of it counts for all of it.
            main = next((change for change in one.changes if not change.explained), first)
            cause = main.cause or ""
            actor = next((change.actor for change in one.changes if change.actor), "") or ""
            if actor and actor not in cause:
                cause += f" ({actor})" if cause else actor
            ticket = next((change.ticket for change in one.changes if change.ticket), "")
            named = by_id[first.id]["subject"]
            found.append(
                Happened(
                    f"{since}{first.first_seen:%Y-%m-%d %H:%M}Z",
                    kind,
                    label(named),
                    text,
                    "" if one.appeared or one.vanished else safe_text(catalogue.find(first.setting).title),
                    called(named),
                    safe_text(actor),
                    safe_text(cause),
                    one.has_cause,
                    safe_text(ticket),
                )
            )
        return found

    def endings(self) -> list[Ending]:
        """What runs out by the report itself: keys, waivers, windows; soonest first."""
        document = self.document
        today = datetime.fromisoformat(document["as_of"]).date()
        days = self._days.copy()
        if document["key_days_left"] is not None:
            days[today + timedelta(days=document["key_days_left"]), "an API key ends"] += 1
        return [
            Ending(day.isoformat(), (day - today).days, what.format(plural(number, "finding")))
            for (day, what), number in sorted(days.items())
        ]

    def known_by(self) -> list[tuple[str, int]]:
        """What passes rest on: the grade of each one's weakest evidence, strongest grade first, and how many of them a
        second person confirmed.
        """
        grades, two = rest_on(self._rest_on.elements())
        told = [(grade.value if grade is not None else NO_EVIDENCE, number) for grade, number in grades.items()]
        return [*told, *([("confirmed by a second person", two)] if two else [])]


def _alike(one: FindingV1) -> tuple[tuple[str, str], tuple[str, str]]:
    """The check with each choice of outcomes that shows the finding in the list."""
    outcome = one["outcome"]
    return (one["check"], f"g{group(outcome)}"), (one["check"], str(list(Outcome).index(Outcome(outcome))))


def _task(row: StepV1, its: list[FindingV1], alike: Counter[tuple[str, str]]) -> Task:
    shared = Counter(key for one in its for key in _alike(one))
    alone = [key for key, number in shared.items() if number == len(its) == alike[key]]
    check, outcome = alone[0] if alone else ("", "")
    return Task(
        row["kind"],
        row["severity"] or "",
        row["minutes"],
        len(row["findings"]),
        safe_text(row["text"]),
        safe_text(row["command"]),
        safe_text(check),
        outcome,
    )


def _badness(cells: tuple[Tally, ...]) -> tuple[int, int, int]:
    return (
        -sum(cell.failed for cell in cells),
        -sum(cell.unreachable for cell in cells),
        -sum(cell.unproven for cell in cells),
    )
