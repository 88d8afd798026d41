"""The overview that formats for people share: verdict, questions, counts, map, steps, changes, deadlines, evidence.

Made from the published document alone, in one pass over its findings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from contribaudit.core.advise.report import Counts
from contribaudit.core.advise.verdict import headline, rest_on, verdict_word
from contribaudit.core.model import policy
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.names import WORKSPACES
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.phrases import counted
from contribaudit.exporters.changed import CountedChange, caused_at, counted_changes
from contribaudit.exporters.report_v1 import FindingV1, OrganizationV1, ReportV1, StepV1, SubjectV1
from contribaudit.exporters.tally import FindingGroup, Place, Question, Tally, badness, weakness, worse
from contribaudit.exporters.text import ORDER, called, safe_text, spaces_read

FAMILIES = {
    "DC": "Contribution",
    "AI": "AI access",
    "DR": "Location",
    "SP": "Sub-processors",
    "GV": "Governance",
}
"""Titles by the prefix of a check's ID, in reading order; an unknown prefix is its own title."""
QUESTIONS = {"DC": "Data contribution", "AI": "AI", "DR": "Location"}
"""The families that every report answers, whatever its policy asks."""
NAMED_SITES = 12
NOBODY = "nobody"
NO_EVIDENCE = "rulebook alone"
"""The label for passes that need no evidence."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that expires or falls due."""

    day: str
    in_days: int
    what: str


class Overview:
    """Everything in a report except the list of findings."""

    def __init__(self, document: ReportV1) -> None:
        self.document = document
        self.counts: Counter[str] = Counter()
        self.newly: Counter[str] = Counter()
        """Outcomes of findings that fail or are unverified and were not so in the last complete run."""
        self._newly = frozenset(document["newly"])
        self.fragile = 0
        """How many passes rest on a plan default alone, or on a trial."""
        self.oldest: tuple[str, str] | None = None
        """When the oldest evidence of a pass was observed, and its grade."""
        self._by_severity: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._by_family: defaultdict[str, Tally] = defaultdict(Tally)
        self._by_place: defaultdict[tuple[str, str, str], Tally] = defaultdict(Tally)
        """By organization, site ("" for the whole organization) and family."""
        self._sites: defaultdict[str, set[str]] = defaultdict(set)
        self._groups: dict[str, FindingGroup] = {}
        self._by_question: defaultdict[str, Tally] = defaultdict(Tally)
        self._worst: dict[str, FindingV1] = {}
        """The worst finding of each question."""
        self._days: Counter[tuple[date, str]] = Counter()
        self._rest_on: Counter[tuple[tuple[Grade, bool], ...]] = Counter()
        for one in document["findings"]:
            self._count_finding(one)

    def _count_finding(self, finding: FindingV1) -> None:
        outcome, organization, site = finding["outcome"], finding["organization"], finding["subject"]["site"]
        family = self.chapter(finding["check"])
        self.counts[outcome] += 1
        self.newly[outcome] += finding["id"] in self._newly
        self.fragile += finding["fragile"]
        self._by_severity[finding["severity"]][outcome] += 1
        self._by_family[family].by_outcome[outcome] += 1
        self._by_place[organization, "", family].by_outcome[outcome] += 1
        if site:
            self._sites[organization].add(site)
            self._by_place[organization, site, family].by_outcome[outcome] += 1
        if outcome == Outcome.PASS.value:
            for evidence in finding["evidence"]:
                if self.oldest is None or evidence["observed_at"] < self.oldest[0]:
                    self.oldest = evidence["observed_at"], evidence["grade"]
            self._rest_on[
                tuple((Grade(evidence["grade"]), bool(evidence["confirmed_by"])) for evidence in finding["evidence"])
            ] += 1
        elif outcome != Outcome.NO_SUCH_SETTING.value:
            check = finding["check"]
            if check not in self._groups:
                self._groups[check] = FindingGroup(check, finding["title"], Severity(finding["severity"]))
            self._groups[check].add(finding)
        for question in self.questions_of(finding["check"]):
            self._by_question[question].by_outcome[outcome] += 1
            if question not in self._worst or worse(finding) < worse(self._worst[question]):
                self._worst[question] = finding
        if finding["waiver"] is not None:
            self._days[date.fromisoformat(finding["waiver"]["expires"]), "{} under a waiver that ends"] += 1
        if finding["due_at"] is not None:
            self._days[datetime.fromisoformat(finding["due_at"]).date(), "{} due"] += 1

    def groups(self) -> list[FindingGroup]:
        """Findings that do not pass, by check: those that fail, then unverified, then others; most severe first."""
        return sorted(
            self._groups.values(), key=lambda one: (not one.fails, not one.open, one.severity.rank, one.check)
        )

    def questions_of(self, check: str) -> list[str]:
        """The questions that a check answers, as keys of `QUESTIONS`: by its prefix, or by what the policy asks."""
        asking = self.document["policy"]["questions"].get(check)
        letters = check.partition("-")[0]
        return [letters] * (letters in QUESTIONS) if asking is None else [policy.QUESTIONS[one] for one in asking]

    def chapter(self, check: str) -> str:
        """The family under which a check is listed: its prefix, unless the policy asks it only for other questions."""
        letters, questions = check.partition("-")[0], self.questions_of(check)
        return letters if letters in questions or not questions else questions[0]

    def questions(self) -> list[Question]:
        """Data contribution, AI and location, each with its worst fact."""
        return [self._question(family, name) for family, name in QUESTIONS.items()]

    def _question(self, family: str, name: str) -> Question:
        word = self._by_question[family].word
        if word == "none":
            return Question(name, "not asked", "this policy does not ask about it")
        worst = self._worst[family]
        if worst["outcome"] == Outcome.PASS.value and Severity(worst["severity"]) is Severity.INFO:
            return Question(name, "not asked", "this policy asks nothing above info about it")
        if word == "pass":
            return Question(name, word, safe_text(worst["title"]))
        subject, reason = worst["subject"], safe_text(worst["reason"])
        fact = reason if self.is_wide(subject) else f"{called(subject)}: {reason}"
        return Question(name, word, fact, self._who_changed(family, subject))

    def _who_changed(self, family: str, subject: SubjectV1) -> str:
        """Who changed the subject since the previous run, in a setting that concerns the family; "" when unknown."""
        for change in self.document["changes"]:
            about = change["subject"]
            same_subject = (about["kind"], about["id"]) == (subject["kind"], subject["id"])
            if same_subject and change["actor"] and _is_about(change["setting"], family):
                when = caused_at(change["cause"] or "")
                at = f" {when:%a %d %b %H:%M}" if when else " an unknown day"
                ticket = safe_text(change["ticket"]) or "no ticket"
                return f"on{at} by {safe_text(change['actor'])} ({ticket})"
        return ""

    def is_wide(self, subject: SubjectV1) -> bool:
        """True when the subject is all that the report covers, so that its name adds nothing."""
        single = len(self.document["organizations"]) == 1
        return subject["kind"] == "company" or (subject["kind"] == "organization" and single)

    @property
    def applies(self) -> int:
        """The number of findings, without those with "no setting"."""
        return self.counts.total() - self.counts["no_such_setting"]

    @property
    def applying(self) -> str:
        """How many findings apply, in words: "57 findings apply", "1 finding applies"."""
        return f"{counted(self.applies, 'finding')} {'applies' if self.applies == 1 else 'apply'}"

    @property
    def ordered_counts(self) -> list[tuple[str, int]]:
        """Outcomes that occur with their numbers, in the order of reports."""
        return [(one.value, self.counts[one.value]) for one in ORDER if self.counts[one.value]]

    @property
    def headline(self) -> str:
        """The verdict in one sentence, the same in every format."""
        return self.escaped_headline(safe_text)

    def escaped_headline(self, escape: Callable[[str], str]) -> str:
        """The headline with the names of checks that a run leaves out, which are read text, escaped for a format."""
        run = self.document["run"]
        return headline(run["exit_code"], Severity(run["fail_on"]), dict(self.by_severity()), escape(run["selection"]))

    @property
    def word(self) -> str:
        """PASS, FAIL or UNVERIFIED."""
        return verdict_word(self.document["run"]["exit_code"])

    @cached_property
    def families(self) -> dict[str, str]:
        """The families that occur, in reading order: prefix to title."""
        titles = {key: title for key, title in FAMILIES.items() if key in self._by_family}
        return titles | {key: safe_text(key) for key in sorted(self._by_family) if key not in titles}

    def by_family(self) -> list[tuple[str, Counter[str]]]:
        """The outcomes of each family that occurs."""
        return [(title, self._by_family[key].by_outcome) for key, title in self.families.items()]

    def by_severity(self) -> list[tuple[str, Counter[str]]]:
        """The outcomes of each severity that occurs, most severe first."""
        return [(one.value, self._by_severity[one.value]) for one in Severity if one.value in self._by_severity]

    @property
    def inventory(self) -> str:
        """What was seen, in numbers: "1 organization, 5 sites, 13 apps; 1 administration entry is not an app"."""
        counts, named = self.document["inventory"], len(self.document["organizations"])
        organizations = counted(counts["organizations"], "organization")
        if counts["organizations"] != named:
            organizations = f"{counts['organizations']:,} of {counted(named, 'organization')}"
        parts = [organizations, counted(counts["sites"], "site"), counted(counts["apps"], "app")]
        spaces = spaces_read(Counts(**counts))
        lists = [row for row in self.document["collection"] if row["collector"] == WORKSPACES]
        others = sum(row["read"] for row in lists) - counts["apps_read"]
        not_apps = ""
        if others > 0 and all(row["status"] == "ok" for row in lists):
            entries = counted(others, "administration entry is not an app", "administration entries are not apps")
            not_apps = f"; {entries}"
        return ", ".join([*parts, *([spaces] if spaces else [])]) + not_apps

    def _complete_organizations(self) -> tuple[int, int]:
        """How many organizations were read completely, and how many the run was to read."""
        looked = [one["id"] for one in self.document["organizations"] if not one["left_out"]]
        bad = {row["organization"] for row in self.document["collection"] if row["status"] != "ok"}
        ran = {row["organization"] for row in self.document["collection"]}
        return sum(1 for one in looked if one in ran - bad), len(looked)

    @property
    def read(self) -> str:
        """How much was read: "2/2 orgs 14/14 sites 60/60 apps 9,012 of 9,040 spaces (28 unseen)"."""
        counts = self.document["inventory"]
        whole, looked = self._complete_organizations()
        listed = {
            row["organization"]
            for row in self.document["collection"]
            if row["collector"] == WORKSPACES and row["status"] == "ok"
        }
        # An incomplete list may hold more than was ever seen.
        more = "" if all(one["left_out"] or one["id"] in listed for one in self.document["organizations"]) else "+"
        parts = [
            f"{whole}/{looked} orgs",
            f"{counts['sites_read']:,}/{counts['sites']:,}{more} sites",
            f"{counts['apps_read']:,}/{counts['apps']:,}{more} apps",
            spaces_read(Counts(**counts)),
        ]
        return " ".join(part for part in parts if part)

    def coverage(self) -> list[str]:
        """How much was read of what is known, in phrases."""
        counts = self.document["inventory"]
        whole, looked = self._complete_organizations()
        spaces = spaces_read(Counts(**counts))
        return [
            f"{whole} of {counted(looked, 'organization')} read without gaps",
            f"{counts['sites_read']:,} of {counted(counts['sites'], 'site')}",
            f"{counts['apps_read']:,} of {counted(counts['apps'], 'app')}",
            *([spaces] if spaces else []),
        ]

    def map(self) -> list[Place]:
        """Every organization with its sites, weakest first; last, what concerns all of them together.

        Order of weakness: failures, settings that the plan does not offer, organizations that could not be read,
        unverified findings. Organizations that the run left out come last.
        """
        places: list[Place] = []
        for about in self.document["organizations"]:
            identity = about["id"]
            sites = [Place(identity, site, "", self._cells(identity, site)) for site in self._sites[identity]]
            sites.sort(key=lambda one: (*badness(one.cells), one.name))
            places.append(
                Place(
                    identity,
                    about["name"],
                    about["highest_plan"] or "",
                    self._cells(identity, ""),
                    tuple(sites),
                    unread=self._unread_words(about),
                )
            )
        aside = {one["id"] for one in self.document["organizations"] if one["left_out"]}
        places.sort(key=lambda one: (one.organization in aside, *weakness(one), one.name.casefold()))
        if any(key[0] == "" for key in self._by_place):
            places.append(Place("", "All organizations together", "", self._cells("", "")))
        return places

    def _unread_words(self, about: OrganizationV1) -> str:
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
        """The map as rows, with safe texts. An organization's sites beyond the first NAMED_SITES share a row."""
        organizations = {one["id"]: one for one in self.document["organizations"]}
        places: list[Place] = []
        for one in self.map():
            about, name = organizations.get(one.organization), safe_text(one.name)
            if one.unread:
                name += f" ({'' if about and about['left_out'] else 'not read: '}{safe_text(one.unread)})"
            plan = safe_text(one.plan or "plan unknown") if about else ""
            places.append(replace(one, name=name, plan=plan))
            places += [replace(site, name=safe_text(site.name), site=True) for site in one.sites[:NAMED_SITES]]
            rest = one.sites[NAMED_SITES:]
            if rest:
                sums = zip(*(site.cells for site in rest), strict=True)
                cells = tuple(Tally(sum((cell.by_outcome for cell in column), Counter())) for column in sums)
                places.append(Place(one.organization, counted(len(rest), "more site"), "", cells, rest, site=True))
        return places

    def tasks(self) -> list[StepV1]:
        """The steps that somebody can take now, most severe first."""
        return [one for one in self.document["next"] if one["kind"] != NOBODY]

    @property
    def nobodys(self) -> str:
        """What cannot be resolved yet, as a sentence without a full stop; "" for nothing."""
        return next((safe_text(one["text"]) for one in self.document["next"] if one["kind"] == NOBODY), "")

    def changes(self) -> list[CountedChange]:
        """The changes since the previous run as people count them."""
        from contribaudit.exporters.saved import changes_of, subject_of

        changes = self.document["changes"]
        subjects = {subject_of(one["organization"], one["subject"]): one["subject"] for one in changes}
        return counted_changes(changes_of(changes), subjects.__getitem__)

    def endings(self) -> list[Ending]:
        """What expires or falls due according to the report: keys, waivers, windows; soonest first."""
        document = self.document
        today = datetime.fromisoformat(document["as_of"]).date()
        days = self._days.copy()
        if document["key_days_left"] is not None:
            days[today + timedelta(days=document["key_days_left"]), "an API key expires"] += 1
        return [
            Ending(day.isoformat(), (day - today).days, what.format(counted(number, "finding")))
            for (day, what), number in sorted(days.items())
        ]

    def grades(self) -> list[tuple[str, int]]:
        """The evidence of passes: the grade of each one's weakest evidence, strongest grade first."""
        return [
            (grade.value if grade is not None else NO_EVIDENCE, number)
            for grade, number in self._evidence_counts[0].items()
        ]

    @property
    def confirmed(self) -> int:
        """How many passes rest on attestations that a second person confirmed."""
        return self._evidence_counts[1]

    @cached_property
    def _evidence_counts(self) -> tuple[dict[Grade | None, int], int]:
        return rest_on(self._rest_on.elements())

    def known_by(self) -> list[tuple[str, int]]:
        """The grades, and last the number of passes that a second person confirmed."""
        return [*self.grades(), *([("confirmed by a second person", self.confirmed)] if self.confirmed else [])]


_SETTINGS = {
    "DC": ("contribution.", "signal.policy.ugc-data-use-preferences"),
    "AI": ("ai.", "gateway.rovo", "gateway.ai", "signal.policy.generative-ai", "signal.workspace.policy"),
    "DR": ("residency.", "gateway.regions"),
}
"""Prefixes of the settings whose changes concern a question."""


def _is_about(setting: str, family: str) -> bool:
    return setting.startswith(_SETTINGS.get(family, ()))
