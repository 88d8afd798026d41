"""The first screen in values: verdict, questions, counts, where, what to do, what changed, what runs out, how we know.

Made from the published document alone, for every format that people read. Its findings are gone through once.
"""

from __future__ import annotations

import re
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from contribaudit import catalogue
from contribaudit.core.advise.report import Counts
from contribaudit.core.advise.verdict import headline, rest_on, verdict_word
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.several import counted
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import spoken
from contribaudit.core.resolve.plans import WORKSPACES
from contribaudit.exporters.report_v1 import ChangeV1, FindingV1, JsonValue, OrganizationV1, ReportV1, StepV1, SubjectV1
from contribaudit.exporters.saved import changes_of
from contribaudit.exporters.text import ORDER, display, happenings, safe_text, spaces_read, what_happened

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
_STATED = {"contribution": "DC", "ai": "AI", "location": "DR"}
"""The same by the words that a report has for them where a statement asks what its letters do not say."""
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
    from contribaudit.rulebook.loader import app_titles  # its shapes take longer to import than a first paint may

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


def _worse(one: FindingV1) -> tuple[int, bool, tuple[int, int, str]]:
    """What fails goes before what the plan does not offer, and that before what is unverified, as in `Tally.word`."""
    return group(one["outcome"]), one["outcome"] == Outcome.NOT_ACHIEVABLE.value, _rank(one)


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
    def open(self) -> bool:
        """Whether anything of it fails or is unverified."""
        return any(self.by_outcome[one] for one in (*VIOLATED, *UNPROVEN))

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

    organization: str
    """Its ID; "" for what is about all organizations together."""
    name: str
    plan: str
    cells: tuple[Tally, ...]
    """One for each family."""
    sites: tuple[Place, ...] = ()
    """Of an organization, or of several sites together, worst first."""
    site: bool = False
    unread: str = ""
    """Of an organization of which nothing was read in this run, why, in a few words."""

    @property
    def whole(self) -> Tally:
        """All families together."""
        return Tally(sum((cell.by_outcome for cell in self.cells), Counter()))


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do, as `contribaudit next` tells it."""

    kind: str
    severity: str
    """"" for what cannot be resolved."""
    minutes: int
    what: str
    command: str
    findings: tuple[str, ...]
    """IDs of those that it settles."""

    @property
    def number(self) -> int:
        """How many findings it settles."""
        return len(self.findings)


@dataclass(frozen=True, slots=True)
class Happened:
    """A change as people count them."""

    when: str
    """Between which two runs."""
    first_seen: datetime
    at: datetime | None
    """When its event says that it was done; None where no event is known."""
    what: str
    """The setting's ID; "new" or "gone"."""
    about: Subject
    subject: str
    """Its alias, short for apps."""
    called: str
    """What people say for the subject."""
    title: str
    """Of the setting; "" for an app or space that is new or gone."""
    told: str
    """The value before and after; of what is new or gone what it is."""
    actor: str
    """"" where nobody is known to have done it."""
    cause: str
    """"" where nobody looked for one."""
    explained: bool
    ticket: str

    @property
    def sentence(self) -> str:
        """What changed, without the subject: "Location: EU -> US", "new (Standard)"."""
        if self.title:
            return f"{self.title}: {self.told}"
        return f"{self.what} ({self.told})" if self.told else self.what


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
    changed: str = ""
    """What made it so since the run before: "on Tue 24 Nov 14:02 by ops@acme.example (no ticket)"."""


class Overview:
    """Everything that is not a row of the list of findings."""

    def __init__(self, document: ReportV1) -> None:
        self.document = document
        self.counts: Counter[str] = Counter()
        self.newly: Counter[str] = Counter()
        """Outcomes of findings that fail or are unverified and were not so in the last whole run."""
        self._newly = frozenset(document["newly"])
        self.fragile = 0
        """Passes that a plan default alone, or a trial, holds up."""
        self.oldest: tuple[str, str] | None = None
        """When the oldest evidence of a pass was observed, and its grade."""
        self._by_severity: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._by_family: defaultdict[str, Tally] = defaultdict(Tally)
        self._by_place: defaultdict[tuple[str, str, str], Tally] = defaultdict(Tally)
        """By organization, site ("" for all of the organization) and family."""
        self._sites: defaultdict[str, set[str]] = defaultdict(set)
        self._groups: dict[str, FindingGroup] = {}
        self._by_question: defaultdict[str, Tally] = defaultdict(Tally)
        self._worst: dict[str, FindingV1] = {}
        """By question."""
        self._days: Counter[tuple[date, str]] = Counter()
        self._rest_on: Counter[tuple[tuple[Grade, bool], ...]] = Counter()
        for one in document["findings"]:
            self._count(one)

    def _count(self, one: FindingV1) -> None:
        outcome, organization, site = one["outcome"], one["organization"], one["subject"]["site"]
        family = one["check"].partition("-")[0]
        self.counts[outcome] += 1
        self.newly[outcome] += one["id"] in self._newly
        self.fragile += one["fragile"]
        self._by_severity[one["severity"]][outcome] += 1
        self._by_family[family].by_outcome[outcome] += 1
        self._by_place[organization, "", family].by_outcome[outcome] += 1
        if site:
            self._sites[organization].add(site)
            self._by_place[organization, site, family].by_outcome[outcome] += 1
        if outcome == Outcome.PASS.value:
            for each in one["evidence"]:
                if self.oldest is None or each["observed_at"] < self.oldest[0]:
                    self.oldest = each["observed_at"], each["grade"]
            self._rest_on[tuple((Grade(each["grade"]), bool(each["confirmed_by"])) for each in one["evidence"])] += 1
        elif outcome != Outcome.NO_SUCH_SETTING.value:
            check = one["check"]
            if check not in self._groups:
                self._groups[check] = FindingGroup(check, one["title"], Severity(one["severity"]))
            self._groups[check].add(one)
        for question in self.questions_of(one["check"]):
            self._by_question[question].by_outcome[outcome] += 1
            if question not in self._worst or _worse(one) < _worse(self._worst[question]):
                self._worst[question] = one
        if one["waiver"] is not None:
            self._days[date.fromisoformat(one["waiver"]["expires"]), "{} under a waiver that ends"] += 1
        if one["due_at"] is not None:
            self._days[datetime.fromisoformat(one["due_at"]).date(), "{} due"] += 1

    def groups(self) -> list[FindingGroup]:
        """Findings that do not pass, by check: what fails, what is unverified, the rest; gravest first."""
        return sorted(
            self._groups.values(), key=lambda one: (not one.fails, not one.open, one.severity.rank, one.check)
        )

    def questions_of(self, check: str) -> list[str]:
        """The questions that a check answers, as keys of `QUESTIONS`: by its letters, or by who asks it."""
        asking = self.document["policy"]["questions"].get(check)
        letters = check.partition("-")[0]
        return [letters] * (letters in QUESTIONS) if asking is None else [_STATED[one] for one in asking]

    def questions(self) -> list[Question]:
        """Data contribution, AI and location, each with its worst fact."""
        return [self._question(family, name) for family, name in QUESTIONS.items()]

    def _question(self, family: str, name: str) -> Question:
        word = self._by_question[family].word
        if word == "none":
            return Question(name, "not asked", "this policy does not ask about it")
        worst = self._worst[family]
        if word == "pass" and group(worst["outcome"]) == 2:
            return Question(name, word, safe_text(worst["title"]))
        subject, reason = worst["subject"], safe_text(worst["reason"])
        fact = reason if self.is_wide(subject) else f"{called(subject)}: {reason}"
        return Question(name, word, fact, self._changed(family, subject))

    def _changed(self, family: str, subject: SubjectV1) -> str:
        """Who changed what the finding is about since the run before, where somebody is known to have."""
        for change in self.document["changes"]:
            about = change["subject"]
            mine = (about["kind"], about["id"]) == (subject["kind"], subject["id"])
            if mine and change["actor"] and _is_about(change["setting"], family):
                when = _at(change["cause"] or "")
                at = f" {when:%a %d %b %H:%M}" if when else " an unknown day"
                ticket = safe_text(change["ticket"]) or "no ticket"
                return f"on{at} by {safe_text(change['actor'])} ({ticket})"
        return ""

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
        organizations = counted(held["organizations"], "organization")
        if held["organizations"] != named:
            organizations = f"{held['organizations']:,} of {counted(named, 'organization')}"
        parts = [organizations, counted(held["sites"], "site"), counted(held["apps"], "app")]
        spaces = spaces_read(Counts(**held))
        lists = [row for row in self.document["collection"] if row["collector"] == WORKSPACES]
        others = sum(row["read"] for row in lists) - held["apps_read"]
        beside = ""
        if others > 0 and all(row["status"] == "ok" for row in lists):
            entries = counted(others, "administration entry is not an app", "administration entries are not apps")
            beside = f"; {entries}"
        return ", ".join([*parts, *([spaces] if spaces else [])]) + beside

    def _read_whole(self) -> tuple[int, int]:
        """How many organizations were looked at without a gap, and at how many the run looked."""
        looked = [one["id"] for one in self.document["organizations"] if not one["left_out"]]
        bad = {row["organization"] for row in self.document["collection"] if row["status"] != "ok"}
        ran = {row["organization"] for row in self.document["collection"]}
        return sum(1 for one in looked if one in ran - bad), len(looked)

    @property
    def read(self) -> str:
        """How much was read: "2/2 orgs 14/14 sites 60/60 apps 9,012 of 9,040 spaces (28 unseen)"."""
        held = self.document["inventory"]
        whole, looked = self._read_whole()
        listed = {
            row["organization"]
            for row in self.document["collection"]
            if row["collector"] == WORKSPACES and row["status"] == "ok"
        }
        # A list that broke off may hold more than anybody ever saw.
        more = "" if all(one["left_out"] or one["id"] in listed for one in self.document["organizations"]) else "+"
        parts = [
            f"{whole}/{looked} orgs",
            f"{held['sites_read']:,}/{held['sites']:,}{more} sites",
            f"{held['apps_read']:,}/{held['apps']:,}{more} apps",
            spaces_read(Counts(**held)),
        ]
        return " ".join(part for part in parts if part)

    def coverage(self) -> list[str]:
        """What was read of what is known, a phrase each."""
        held = self.document["inventory"]
        whole, looked = self._read_whole()
        spaces = spaces_read(Counts(**held))
        return [
            f"{whole} of {counted(looked, 'organization')} read without gaps",
            f"{held['sites_read']:,} of {counted(held['sites'], 'site')}",
            f"{held['apps_read']:,} of {counted(held['apps'], 'app')}",
            *([spaces] if spaces else []),
        ]

    def map(self) -> list[Place]:
        """Every organization with its sites, weakest first; last what is about all of them together.

        What fails is weaker than what the plan does not offer, that than an organization of which nothing was read, and
        that than what is unverified. Organizations at which the run did not look come after the others.
        """
        found: list[Place] = []
        for about in self.document["organizations"]:
            identity = about["id"]
            sites = [Place(identity, site, "", self._cells(identity, site)) for site in self._sites[identity]]
            sites.sort(key=lambda one: (*_badness(one.cells), one.name))
            found.append(
                Place(
                    identity,
                    about["name"],
                    about["highest_plan"] or "",
                    self._cells(identity, ""),
                    tuple(sites),
                    unread=self._unread(about),
                )
            )
        aside = {one["id"] for one in self.document["organizations"] if one["left_out"]}
        found.sort(key=lambda one: (one.organization in aside, *_weakness(one), one.name.casefold()))
        if any(key[0] == "" for key in self._by_place):
            found.append(Place("", "All organizations together", "", self._cells("", "")))
        return found

    def _unread(self, about: OrganizationV1) -> str:
        if about["left_out"]:
            return "not looked at in this run"
        rows = [row for row in self.document["collection"] if row["organization"] == about["id"]]
        reasons = [row["reason"] for row in rows if row["status"] == "failed"]
        if about["unread_reason"]:
            reasons = [about["unread_reason"].removeprefix("nothing could be read: ")]
        elif len(reasons) < len(rows) or not rows:
            return ""
        return Counter(reason.partition(": ")[0] for reason in reasons).most_common(1)[0][0]

    def _cells(self, organization: str, site: str) -> tuple[Tally, ...]:
        return tuple(self._by_place.get((organization, site, family), Tally()) for family in self.families)

    def places(self) -> list[Place]:
        """The map as rows, in words: sites beyond the first dozen of an organization are one row."""
        known = {one["id"]: one for one in self.document["organizations"]}
        found: list[Place] = []
        for one in self.map():
            about, name = known.get(one.organization), safe_text(one.name)
            if one.unread:
                name += f" ({'' if about and about['left_out'] else 'not read: '}{safe_text(one.unread)})"
            plan = safe_text(one.plan or "plan unknown") if about else ""
            found.append(replace(one, name=name, plan=plan))
            found += [replace(site, name=safe_text(site.name), site=True) for site in one.sites[:NAMED_SITES]]
            rest = one.sites[NAMED_SITES:]
            if rest:
                sums = zip(*(site.cells for site in rest), strict=True)
                cells = tuple(Tally(sum((cell.by_outcome for cell in column), Counter())) for column in sums)
                found.append(Place(one.organization, counted(len(rest), "more site"), "", cells, rest, site=True))
        return found

    @cached_property
    def steps(self) -> list[Task]:
        """What to do, gravest first, and last what cannot be resolved yet.

        A report of an earlier version holds no steps: then each check with something open is one.
        """
        rows = self.document["next"] or [self._step(one) for one in self.groups() if one.open]
        return [
            Task(
                row["kind"],
                row["severity"] or "",
                row["minutes"],
                safe_text(row["text"]),
                safe_text(row["command"]),
                tuple(row["findings"]),
            )
            for row in rows
        ]

    def _step(self, its: FindingGroup) -> StepV1:
        first = its.findings[0]
        wanted = [one for one in self.document["findings"] if one["check"] == its.check and group(one["outcome"]) < 2]
        return {
            "kind": "fix" if its.fails else "look",
            "severity": its.severity.value,
            "minutes": 5,
            "due_at": None,
            "text": f"{first['remediation'].rstrip('.') or first['reason']} ({its.title})",
            "command": f"contribaudit checks show {its.check}",
            "organization": first["organization"],
            "findings": [one["id"] for one in wanted],
        }

    def tasks(self) -> list[Task]:
        """The steps that somebody can take."""
        return [one for one in self.steps if one.kind != NOBODY]

    @property
    def nobodys(self) -> str:
        """What cannot be resolved yet, as a sentence without a full stop; "" where there is nothing of the sort."""
        return next((one.what for one in self.steps if one.kind == NOBODY), "")

    def changes(self) -> list[Happened]:
        """What changed since the run before, a new app as one."""
        return happened(self.document["changes"])

    def endings(self) -> list[Ending]:
        """What runs out by the report itself: keys, waivers, windows; soonest first."""
        document = self.document
        today = datetime.fromisoformat(document["as_of"]).date()
        days = self._days.copy()
        if document["key_days_left"] is not None:
            days[today + timedelta(days=document["key_days_left"]), "an API key ends"] += 1
        return [
            Ending(day.isoformat(), (day - today).days, what.format(counted(number, "finding")))
            for (day, what), number in sorted(days.items())
        ]

    def grades(self) -> list[tuple[str, int]]:
        """What passes rest on: the grade of each one's weakest evidence, strongest grade first."""
        return [(grade.value if grade is not None else NO_EVIDENCE, number) for grade, number in self._known[0].items()]

    @property
    def confirmed(self) -> int:
        """Passes that rest on nothing attested that a second person did not confirm."""
        return self._known[1]

    @cached_property
    def _known(self) -> tuple[dict[Grade | None, int], int]:
        return rest_on(self._rest_on.elements())

    def known_by(self) -> list[tuple[str, int]]:
        """The grades, and last how many of the passes a second person confirmed."""
        return [*self.grades(), *([("confirmed by a second person", self.confirmed)] if self.confirmed else [])]


_CAUSED_AT = re.compile(r" on (\d{4}-\d\d-\d\d \d\d:\d\d)Z")
"""The time of the event in the sentence on a cause."""
_SETTINGS = {
    "DC": ("contribution.", "signal.policy.ugc-data-use-preferences"),
    "AI": ("ai.", "gateway.rovo", "gateway.ai", "signal.policy.generative-ai", "signal.workspace.policy"),
    "DR": ("residency.", "gateway.regions"),
}
"""What a change of which setting says something of a question."""


def _is_about(setting: str, family: str) -> bool:
    return setting.startswith(_SETTINGS.get(family, ()))


def happened(changes: Sequence[ChangeV1]) -> list[Happened]:
    """Changes as people count them, a new app as one, in the order in which each first occurs."""
    subjects = {(one["organization"], one["subject"]["kind"], one["subject"]["id"]): one["subject"] for one in changes}
    found: list[Happened] = []
    for one in happenings(changes_of(changes)):
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
        subject = subjects[first.subject.organization, first.subject.kind.value, first.subject.id]
        title = "" if one.appeared or one.vanished else safe_text(catalogue.find(first.setting).title)
        found.append(
            Happened(
                when=f"{since}{first.first_seen:%Y-%m-%d %H:%M}Z",
                first_seen=first.first_seen,
                at=_at(cause) if actor else None,
                what=kind,
                about=first.subject,
                subject=label(subject),
                called=called(subject),
                title=title,
                told=text,
                actor=safe_text(actor),
                cause=safe_text(cause),
                explained=one.has_cause,
                ticket=safe_text(ticket),
            )
        )
    return found


def _at(cause: str) -> datetime | None:
    """The moment that a cause's sentence gives its event."""
    found = _CAUSED_AT.search(cause)
    return datetime.fromisoformat(found[1]) if found else None


def deeds(changes: Sequence[Happened]) -> list[tuple[Happened, int]]:
    """Changes of one subject by one deed together: what says most, and how many more; unexplained first."""
    by_deed: dict[tuple[Subject, str], list[Happened]] = {}
    for one in changes:
        by_deed.setdefault((one.about, one.cause), []).append(one)
    found = [(min(its, key=lambda each: each.what.startswith("signal.")), len(its) - 1) for its in by_deed.values()]
    return sorted(found, key=lambda one: one[0].explained)


def _weakness(place: Place) -> tuple[int, int, bool, int]:
    failed, unreachable, unproven = _badness(place.cells)
    return failed, unreachable, not place.unread, unproven


def _badness(cells: tuple[Tally, ...]) -> tuple[int, int, int]:
    return (
        -sum(cell.failed for cell in cells),
        -sum(cell.unreachable for cell in cells),
        -sum(cell.unproven for cell in cells),
    )
